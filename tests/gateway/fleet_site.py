"""A host, its terminals with a big sale of yesterday each, and doors for them that are processes of their own."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from posrefund.cli.books import compare
from posrefund.cli.config import open_keystore, open_link, open_terminal
from posrefund.cli.serve_settings import serve_settings
from posrefund.cli.token_file import write_tokens
from posrefund.crypto import Key, Purpose
from posrefund.emulators.host import (
    EmulatedHost,
    HostProfile,
    HostServer,
    HostTime,
    TerminalRecord,
)
from posrefund.emulators.host import settlement_file as host_file
from posrefund.gateway import Token, digest_of
from posrefund.journal import SQLiteFleet
from posrefund.keystore import FileKeyStore
from posrefund.office import reconcile
from posrefund.terminal import Terminal
from posrefund.values import MerchantID, TerminalID
from shop import HOST_ZONE, MERCHANT, TMK, sale

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from posrefund.cli.books import BookLine

SECRET = "prt_of-the-tests-of-a-fleet"
SALE_MINOR = 1_000_000
CARD = {"entry": "051", "pan": "6200000000000005", "expiry": "3012", "sequence_number": "001"}


def door_settings(
    names: Sequence[str], journal: str, port: int, *, standby: Sequence[str] = (), **serve: Any
) -> str:
    """Return the text of a door's settings."""
    lines = "\n".join(f"{key} = {json.dumps(value)}" for key, value in serve.items())
    each = "".join(
        f'\n[[terminals]]\nid = "{name}"\nstandby = {str(name in standby).lower()}\n'
        for name in names
    )
    return (
        f"[serve]\n{lines}\n"
        '[profile]\ndialect = "unionpay"\n'
        f'[merchant]\nid = "{MERCHANT}"\n'
        f'[host]\naddress = "127.0.0.1"\nport = {port}\n'
        "connect_s = 1\nanswer_s = 20\nkeep_open_s = 60\n"
        '[keys]\nfile = "{id}.json"\npassphrase_file = "passphrase"\n'
        f"[journal]\n{journal}\n{each}"
    )


class Site:
    """One folder with the key files of all terminals, and their host in this process.

    Args:
        folder: Where.
        count: How many terminals.
        journal: The lines of ``[journal]``.
        answer_s: How long an answer is waited for.
        sales: How many sales of yesterday each has.
        in_fleet: Whether *journal* names one file for all.
    """

    def __init__(
        self,
        folder: Path,
        count: int,
        journal: str,
        *,
        answer_s: float = 20,
        sales: int = 1,
        in_fleet: bool = False,
    ) -> None:
        self.folder, self.journal, self.answer_s = folder, journal, answer_s
        self._in_fleet = in_fleet
        self.names = [TerminalID(f"{number:08d}") for number in range(1, count + 1)]
        self.today = datetime.now(HOST_ZONE)
        self.time = HostTime(self.today - timedelta(days=1), runs=True)
        records = [
            TerminalRecord(name, MerchantID(MERCHANT), Key(TMK, Purpose.KEK)) for name in self.names
        ]
        self.host = EmulatedHost(HostProfile(), records, clock=self.time)
        self.server = HostServer(self.host)
        (folder / "passphrase").write_text("only for tests")
        for name in self.names:
            FileKeyStore.create(folder / f"{name}.json", b"only for tests", tmk=TMK, test_keys=True)
        write_tokens(folder / "tokens.toml", [Token("till", "admin", digest_of(SECRET))])
        self.config = self.write("serve.toml")
        self._sell(sales)

    def write(self, name: str, *, standby: Sequence[str] = (), **serve: Any) -> Path:
        """Write a file of settings for a door, and return it."""
        path = self.folder / name
        serve = {"listen": "127.0.0.1:0", "per_second": 0, **serve}
        text = door_settings(self.names, self.journal, self.server.port, standby=standby, **serve)
        path.write_text(text.replace("answer_s = 20", f"answer_s = {self.answer_s}"))
        return path

    def terminals(self) -> Iterator[Terminal]:
        """Open each terminal in turn: in a file of its own or a database, or in one for all."""
        plans = serve_settings(self.config).terminals
        if not self._in_fleet:
            for plan in plans:
                with open_terminal(plan.settings) as terminal:
                    yield terminal
            return
        holder = next(p.settings for p in plans if p.settings.terminal == p.key_of)
        key = open_keystore(holder).journal_key
        with SQLiteFleet(plans[0].settings.journal_file or "") as fleet:
            for plan in plans:
                name, merchant = plan.settings.terminal, plan.settings.merchant
                with Terminal(
                    name,
                    merchant,
                    dialect=plan.settings.dialect,
                    keystore=open_keystore(plan.settings),
                    journal=fleet.journal(name, key=key),
                    link=open_link(plan.settings),
                ) as terminal:
                    yield terminal

    def _sell(self, sales: int) -> None:
        for terminal in self.terminals():
            terminal.sign_in(accept_clock=True)
            for number in range(1, sales + 1):
                terminal.sale(sale(f"S-{terminal.view().terminal}-{number}", SALE_MINOR))
        self.time.set(self.today)
        for terminal in self.terminals():
            terminal.sign_in(accept_clock=True)

    # --- what came of it -----------------------------------------------------------------------

    def refunded(self) -> list[int]:
        """Return the amounts of the refunds in the host's own books, sorted."""
        with self.server.lock:
            entries = self.host.ledger.entries()
        return sorted(
            e.amount_minor for e in entries if e.kind == "refund" and e.state != "reversed"
        )

    def books(self, terminal: Terminal) -> list[BookLine]:
        """Return one terminal's journal against the host's ledger, line by line."""
        name = terminal.view().terminal
        theirs = [row for row in self.host.ledger.as_data() if row["terminal"] == name]
        return compare(terminal.journal.attempts(), theirs)

    def settle(self, terminal: Terminal) -> None:
        """Read the host's complete settlement files of both days."""
        for day in (self.today - timedelta(days=1), self.today, self.today + timedelta(days=1)):
            file_day = day.date()
            text = host_file.text(self.host.ledger, file_day, self.host.profile)
            reconcile(
                terminal.journal,
                text,
                file_day=file_day,
                now=datetime.now(HOST_ZONE),
                line_count=len(text.splitlines()),
            )


class DoorProcess:
    """``posrefund serve``, listening; ended with this object."""

    def __init__(self, config: Path) -> None:
        self._errors = (config.parent / f"{config.stem}.err").open("wb")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "posrefund", "serve", "--config", str(config)],
            stdout=subprocess.PIPE,
            stderr=self._errors,
            encoding="utf-8",
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "COLUMNS": "200"},
        )
        assert self._process.stdout is not None
        self.said, said = "", ""
        while " on http" not in said:
            said = self._process.stdout.readline()
            assert said, self.said + Path(self._errors.name).read_text()
            self.said += said
        self.url = said.split(" on ")[1].split(";")[0]
        self.address = ("127.0.0.1", int(self.url.rpartition(":")[2]))

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def kill(self) -> None:
        """As the operating system does when it runs out of memory."""
        self._process.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self._process.send_signal(signal.SIGTERM)

    def wait(self, timeout_s: float = 60) -> int:
        """Return how it ended."""
        return self._process.wait(timeout_s)

    def errors(self) -> str:
        return Path(self._errors.name).read_text()

    def __enter__(self) -> DoorProcess:
        return self

    def __exit__(self, *_: object) -> None:
        if self.is_alive:
            self.terminate()
            try:
                self.wait()
            except subprocess.TimeoutExpired:
                self.kill()
                self.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._errors.close()


@dataclass(slots=True)
class Reply:
    """What a door answered.

    Attributes:
        status: Of HTTP.
        data: The body, if it is JSON; else its text.
    """

    status: int
    data: Any


async def ask(
    address: tuple[str, int],
    method: str,
    path: str,
    body: object = None,
    *,
    hang_up: bool = False,
) -> Reply | None:
    """Ask a door over a connection of its own; None where *hang_up*: the request is sent, and who sent it is gone.

    Raises:
        OSError: No connection, or it ended before the answer was whole.
    """
    reader, writer = await asyncio.open_connection(*address)
    try:
        content = b"" if body is None else json.dumps(body).encode()
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: door\r\nAuthorization: Bearer {SECRET}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\nConnection: close\r\n\r\n"
        )
        writer.write(head.encode() + content)
        await writer.drain()
        if hang_up:
            return None
        return _read(await reader.read())
    finally:
        writer.close()


def _read(answer: bytes) -> Reply:
    head, found, body = answer.partition(b"\r\n\r\n")
    if not found:
        raise ConnectionResetError("no whole answer")
    lines = head.decode().split("\r\n")
    length = next(int(x.split(":")[1]) for x in lines if x.lower().startswith("content-length"))
    if len(body) != length:
        raise ConnectionResetError("no whole answer")
    is_json = b"application/json" in head
    return Reply(int(lines[0].split()[1]), json.loads(body) if is_json else body.decode())


def refund_of(
    terminal: str, request_id: str, minor: int, sale_number: int = 1
) -> tuple[str, dict[str, Any]]:
    """Return where and with what a refund of a sale of the terminal's is asked for."""
    return f"/v1/terminals/{terminal}/refunds", {
        "request_id": request_id,
        "original_id": f"S-{terminal}-{sale_number}",
        "amount_minor": minor,
        "reason": "customer",
        "card": CARD,
    }


async def ready(address: tuple[str, int], count: int, *, within_s: float = 60) -> dict[str, Any]:
    """Return what a door says of its terminals, once *count* of them are open there."""
    async with asyncio.timeout(within_s):
        while True:
            reply = await ask(address, "GET", "/ready")
            assert reply is not None
            if reply.data["terminals"]["open"] >= count:
                found: dict[str, Any] = reply.data["terminals"]
                return found
            await asyncio.sleep(0.05)
