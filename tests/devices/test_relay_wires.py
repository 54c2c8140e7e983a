"""The relay over real lines: pseudo terminals with pyserial, TCP and TLS to the host, socat in between, the command."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from devices.relay_shop import RelayShop
from emulators.host_peer import MERCHANT, TERMINAL, TMK, make_host
from journal.builders import open_journal
from link.certificates import CA
from link.test_neutral_peers import opened, running
from posrefund.cli.config import load, open_keystore, write
from posrefund.cli.init import make_keystore
from posrefund.crypto import Key, Purpose
from posrefund.devices.passthrough import PassThrough, Relayed, RelaySettings, told_relay
from posrefund.dialects import dialect
from posrefund.emulators.device import DeviceServer
from posrefund.emulators.host import HostServer
from posrefund.emulators.passthrough_terminal import Order, PassThroughTerminal, Verdict
from posrefund.errors import LinkClosedError
from posrefund.journal import SQLiteJournal
from posrefund.link import (
    Link,
    SerialStream,
    Stream,
    TCPLink,
    TCPStream,
    TLSLink,
    TLSSettings,
)
from posrefund.testing import PTYPair
from posrefund.values import TerminalID

pytest.importorskip("pty", reason="this system has no pseudo terminals")

LONG_S = 60.0
"""Nothing that works waits for it."""


class Shop:
    """An emulated host on a port, and an emulated terminal on *line*."""

    def __init__(self, stack: ExitStack, **server: Any) -> None:
        self.host, self.time = make_host()
        self.server = stack.enter_context(HostServer(self.host, **server))
        self.terminal = PassThroughTerminal(
            terminal=TERMINAL,
            merchant=MERCHANT,
            tmk=Key(TMK, Purpose.KEK),
            ack_s=5,
            answer_s=LONG_S,
        )
        self._stack = stack

    def plug_in(self, line: Stream) -> None:
        """Put the terminal on a line that is open."""
        self.line = self._stack.enter_context(DeviceServer(self.terminal, line, is_open=True))

    def ask(self, order: Order) -> Verdict:
        """Let the terminal do *order*, whoever relays it."""
        with self.line.lock:
            done = len(self.terminal.verdicts)
            self.terminal.orders.append(order)
        deadline = time.monotonic() + LONG_S
        while time.monotonic() < deadline:
            with self.line.lock:
                if len(self.terminal.verdicts) > done:
                    return self.terminal.verdicts[-1]
            threading.Event().wait(0.01)
        raise AssertionError("no verdict")

    def play(self) -> Verdict:
        """Sign in, sell, and give 3.00 back the next day; return how that ended."""
        assert self.ask(Order("sign_in")).end == "approved"
        sold = self.ask(Order("sale", 1_000))
        assert sold.end == "approved"
        with self.server.lock:
            self.time.set(self.time() + timedelta(days=1))
        assert self.ask(Order("sign_in")).end == "approved"
        return self.ask(Order("refund", 300, rrn=sold.fields["37"], sold_on=sold.fields["13"]))

    def books(self) -> list[tuple[str, int]]:
        with self.server.lock:
            return [(entry.kind, entry.amount_minor) for entry in self.host.ledger.entries()]


class Relaying:
    """A relay in a thread of its own; its results, and the error that ended it."""

    def __init__(self, stream: Stream, link: Link, journal: SQLiteJournal) -> None:
        self.results: list[Any] = []
        self.error: Exception | None = None
        self.relay = PassThrough(
            stream,
            link,
            journal,
            dialect=dialect("unionpay"),
            clock=lambda: datetime.now(UTC),
            settings=RelaySettings(answer_s=LONG_S),
        )
        self.relay.open(LONG_S)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            while True:
                result = self.relay.serve(LONG_S)
                if result is not None:
                    self.results.append(result)
        except LinkClosedError as error:
            self.error = error

    def wait(self) -> None:
        """Wait until the line ends."""
        self._thread.join(LONG_S)
        assert not self._thread.is_alive()

    def close(self) -> None:
        self.relay.cancel()
        self.wait()
        self.relay.close()


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def relaying(stack: ExitStack, stream: Stream, link: Link, folder: Path) -> Relaying:
    journal = stack.enter_context(open_journal(folder / "journal.db"))
    return stack.enter_context(closing(Relaying(stream, link, journal)))


BOOKS = [("sale", 1_000), ("refund", 300)]


def test_refund_over_a_serial_port_and_tcp_is_booked_exactly_once(
    stack: ExitStack, tmp_path: Path
) -> None:
    shop = Shop(stack)
    pair = stack.enter_context(PTYPair())
    relay = relaying(stack, SerialStream(pair.port), TCPLink(*shop.server.address), tmp_path)
    shop.plug_in(pair.device)
    verdict = shop.play()

    assert (verdict.end, verdict.code) == ("approved", "00")
    assert shop.books() == BOOKS
    assert relay.results[-1] == Relayed("0220", "000004", TERMINAL, "000000000300", "00")


def test_refund_over_tls_is_booked_exactly_once(stack: ExitStack, tmp_path: Path) -> None:
    import ssl

    ca = CA(tmp_path)
    issued = ca.issue("127.0.0.1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(issued.certificate, issued.key)
    shop = Shop(stack, tls=context)
    pair = stack.enter_context(PTYPair())
    link = TLSLink("127.0.0.1", shop.server.port, TLSSettings(ca=ca.file))
    relaying(stack, SerialStream(pair.port), link, tmp_path)
    shop.plug_in(pair.device)

    assert shop.play().end == "approved"
    assert shop.books() == BOOKS


@pytest.mark.skipif(not shutil.which("socat"), reason="socat is not installed")
def test_refund_through_socat_between_two_ports_is_booked_exactly_once(
    stack: ExitStack, tmp_path: Path
) -> None:
    """Neither end moves the bytes: socat does."""
    shop = Shop(stack)
    till, device = tmp_path / "till", tmp_path / "device"
    words = ("socat", f"PTY,link={till},raw,echo=0", f"PTY,link={device},raw,echo=0")
    stack.enter_context(running(*words, folder=tmp_path))
    near, far = SerialStream(str(till)), SerialStream(str(device))
    opened(near)
    opened(far)
    relaying(stack, near, TCPLink(*shop.server.address), tmp_path)
    shop.plug_in(far)

    assert shop.play().end == "approved"
    assert shop.books() == BOOKS


def test_terminal_that_is_unplugged_while_the_host_is_asked_is_an_error_and_written_down(
    stack: ExitStack, tmp_path: Path
) -> None:
    shop = Shop(stack)
    pair = stack.enter_context(PTYPair())
    relay = relaying(stack, SerialStream(pair.port), TCPLink(*shop.server.address), tmp_path)
    shop.plug_in(pair.device)
    shop.ask(Order("sign_in"))
    respond = shop.host.respond

    def unplug(message: bytes) -> Any:
        pair.unplug()
        return respond(message)

    shop.host.respond = unplug  # type: ignore[method-assign]
    with shop.line.lock:
        shop.terminal.orders.append(Order("sale", 1_000))
    relay.wait()

    assert isinstance(relay.error, LinkClosedError)
    rows = [(row.kind, row.facts.get("how")) for row in relay.relay._journal.rows()]
    assert rows[-2:] == [("relay_asked", None), ("relay_ended", "answered")]
    assert shop.books() == [("sale", 1_000)]


# --- the command -----------------------------------------------------------------------------------


@pytest.fixture
def config(tmp_path: Path) -> Path:
    make_keystore(tmp_path, TMK, test_keys=True)
    return write(
        tmp_path, terminal="87654321", merchant=MERCHANT, address="127.0.0.1", port=1, answer_s=30
    )


def command(stack: ExitStack, config: Path, *words: str) -> tuple[subprocess.Popen[str], str]:
    """Start ``posrefund relay``; return it and what it listens on."""
    program = subprocess.Popen(
        [sys.executable, "-m", "posrefund", "relay", "--config", str(config), *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env=_wide(),
    )

    def end() -> None:
        program.kill()
        program.communicate()

    stack.callback(end)
    assert program.stdout is not None
    first = program.stdout.readline()
    assert first.startswith("relaying "), program.communicate()
    return program, first.split()[1]


def _wide() -> dict[str, str]:
    import os

    return {**os.environ, "COLUMNS": "200"}


def _to_port(name: str) -> Stream:
    return SerialStream(name)


def _to_tcp(name: str) -> Stream:
    address, _, port = name.rpartition(":")
    return TCPStream(address, int(port))


@pytest.mark.parametrize(
    ("words", "line_to"), [(["--pty"], _to_port), (["--tcp", "127.0.0.1:0"], _to_tcp)]
)
def test_command_relays_a_terminals_day_and_stops_when_it_is_told(
    stack: ExitStack, config: Path, words: list[str], line_to: Callable[[str], Stream]
) -> None:
    shop = Shop(stack)
    host = f"127.0.0.1:{shop.server.port}"
    program, name = command(stack, config, *words, "--host", host)
    line = line_to(name)
    opened(line)
    shop.plug_in(line)

    assert shop.play().end == "approved"
    assert shop.books() == BOOKS
    assert program.stdout is not None
    out = ""
    while "0220 000004" not in out:  # told after the answer went on: Ctrl-C must not overtake it
        line_said = program.stdout.readline()
        assert line_said
        out += line_said
    program.send_signal(signal.SIGINT)
    rest, err = program.communicate(timeout=LONG_S)
    out += rest
    assert err == ""
    assert "0220 000004: relayed; the host said 00, which only the terminal can check" in out
    assert "0220 000004：已转发" in out
    assert out.endswith("stopped\n")
    settings = load(config)
    key = open_keystore(settings).journal_key
    with SQLiteJournal(
        config.parent / "journal.db", key=key, terminal=TerminalID("87654321")
    ) as it:
        assert it.verify() == 8


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "one of --serial PORT"),
        (["--pty", "--tcp", "127.0.0.1:0"], "one of --serial PORT"),
        (["--pty", "--host", "nowhere"], "--host is ADDRESS:PORT"),
        (["--tcp", "127.0.0.1:x"], "--tcp is ADDRESS:PORT"),
        (["--serial", "/dev/ttyNONE"], "there is no such port"),
        (["--pty", "--line", "nowhere.toml"], "cannot be read"),
        (["--pty", "--tls-ca", "nowhere.pem"], "cannot be read"),
    ],
)
def test_command_that_cannot_begin_says_why(config: Path, words: list[str], said: str) -> None:
    from typer.testing import CliRunner

    from posrefund.cli.app import app

    done = CliRunner().invoke(app, ["relay", "--config", str(config), *words])
    assert done.exit_code != 0
    assert said in f"{done.output} {done.exception}"


def test_command_reads_how_the_line_is_spoken(config: Path) -> None:
    from typer.testing import CliRunner

    from posrefund.cli.app import app

    file = config.with_name("line.toml")
    file.write_text("[line]\nbase = 300\n", encoding="utf-8")
    words = ["relay", "--config", str(config), "--pty", "--line", str(file)]
    done = CliRunner().invoke(app, words)

    assert "a base of one byte" in f"{done.output} {done.exception}"


def test_words_for_people_never_call_it_approved(tmp_path: Path) -> None:
    shop = RelayShop(tmp_path / "journal.db")
    shop.link.is_down = True
    said = [told_relay(result) for result in shop.ask(shop.order)]
    shop.link.is_down = False
    shop.link.cut_after_send = True
    said += [told_relay(result) for result in shop.ask(shop.order)]
    said += [told_relay(result) for result in shop.ask(shop.order)]
    shop.close()

    assert [en for _, en in said] == [
        "0220 000004: not sent: the host cannot be reached",
        "0220 000005: in doubt, and never sent again: the line failed while it was sent",
        "0220 000006: relayed; the host said 00, which only the terminal can check",
    ]
    assert [zh for zh, _ in said] == [
        "0220 000004：未发送到主机",
        "0220 000005：结果未知，不会重发",
        "0220 000006：已转发；主机应答 00，真伪只有终端能核验",
    ]
