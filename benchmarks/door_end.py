"""The two ends of the door's benchmark, each a process: ``python -m benchmarks.door_end KIND …``.

``bare`` is a starlette handler that says one word, ``door`` the whole door over terminals with journals on the disk;
both under the same uvicorn. ``clients`` asks over connections that stay open, and prints how long each answer took.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from benchmarks.aio_far_end import MERCHANT, TMK, name_of
from posrefund.aio import AsyncTCPLink, AsyncTerminal
from posrefund.dialects import dialect
from posrefund.engine import Original
from posrefund.gateway import DoorOptions, Token, Tokens, digest_of
from posrefund.gateway.chores import Chores
from posrefund.gateway.kept import KeptTerminals
from posrefund.gateway.metrics import Metrics
from posrefund.gateway.watching import watched_door
from posrefund.journal import SQLiteFleet
from posrefund.keystore import FileKeyStore, locks
from posrefund.testing import ManualClock
from posrefund.values import PAN, RRN, STAN, Amount, BatchNumber

SECRET = "prt_of-the-benchmark"  # noqa: S105 — nobody's
_CARD = {"entry": "051", "pan": "6200000000000005", "expiry": "3012", "sequence_number": "001"}
_NOW = datetime(2026, 3, 10, 2, tzinfo=UTC)
_UNIONPAY = dialect("unionpay")


def request(terminal: str, turn: int) -> bytes:
    """Return a refund of sale *turn* of *terminal*, as it goes over the line."""
    body = json.dumps(
        {
            "request_id": f"R-{terminal}-{turn}",
            "original_id": f"S-{terminal}-{turn}",
            "reason": "customer",
            "card": _CARD,
        }
    ).encode()
    head = (
        f"POST /v1/terminals/{terminal}/refunds HTTP/1.1\r\nHost: door\r\n"
        f"Authorization: Bearer {SECRET}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


# --- servers ---------------------------------------------------------------------------------------


async def _said(_: Any) -> JSONResponse:
    return JSONResponse({"type": "Approved"})


async def _serve(app: Any, http: str) -> None:
    config = uvicorn.Config(
        app, host="127.0.0.1", port=0, http=http, ws="none", log_config=None, access_log=False,
        lifespan="on", server_header=False, timeout_graceful_shutdown=5, backlog=1024,
    )  # fmt: skip
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    print(server.servers[0].sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    server.should_exit = True
    await task


async def _bare(http: str) -> None:
    path = "/v1/terminals/{terminal}/refunds"
    await _serve(Starlette(routes=[Route(path, _said, methods=["POST"])]), http)


async def _door(http: str, terminals: int, sales: int, far_end: int, folder: Path) -> None:
    metrics = Metrics()
    with ThreadPoolExecutor(terminals + 4) as threads, SQLiteFleet(folder / "fleet.db") as fleet:

        def opening(number: int) -> AsyncTerminal:
            name = name_of(number)
            keys = FileKeyStore.create(folder / f"{name}.json", b"x", tmk=TMK, test_keys=True)
            journal = fleet.journal(name, key=bytes(32))
            metrics.watch_journal(journal)
            terminal = AsyncTerminal(
                name, MERCHANT, dialect=_UNIONPAY, keystore=keys, journal=journal,
                link=metrics.link(AsyncTCPLink(("127.0.0.1", far_end), keep_open_s=60)),
                clock=ManualClock(_NOW), executor=threads,
            )  # fmt: skip
            seen = journal.fingerprint(PAN(_CARD["pan"]))
            journal.take_in([_sale(name, n, seen) for n in range(sales)], _NOW)
            return terminal

        names = [str(name_of(number)) for number in range(terminals)]
        openings = {name: partial(opening, number) for number, name in enumerate(names)}
        options = DoorOptions(tokens=Tokens([Token("t", "admin", digest_of(SECRET))]), rate=None)
        async with KeptTerminals(openings, executor=threads, chores=Chores()) as kept:
            await kept.settled()
            while not all(each.figures and each.figures.signed_in for each in kept.standings()):
                await kept.look()
                await asyncio.sleep(0.1)
            await _serve(watched_door(kept, options, metrics), http)


def _sale(terminal: str, turn: int, fingerprint: str) -> Original:
    return Original(
        original_id=f"S-{terminal}-{turn}",
        terminal=f"9{terminal[1:]}",
        merchant=MERCHANT,
        batch=BatchNumber("000001"),
        stan=STAN(f"{turn + 1:06d}"),
        rrn=RRN(f"{terminal[-6:]}{turn:06d}"),
        transaction_date=date(2026, 3, 9),
        settlement_date=date(2026, 3, 9),
        amount=Amount(10_000),
        auth_code="123456",
        card_fingerprint=fingerprint,
    )


# --- clients ---------------------------------------------------------------------------------------


class Client(asyncio.Protocol):
    """One connection that asks every *pace_s*, or as soon as it is answered if that took longer."""

    def __init__(
        self, requests: list[bytes], took: list[float], done: asyncio.Future[None], pace_s: float
    ) -> None:
        self._requests, self._took, self._done = iter(requests), took, done
        self._buffer, self._pace_s = b"", pace_s

    def connection_made(self, transport: Any) -> None:
        """Begin."""
        self._transport = transport
        self._ask()

    def data_received(self, data: bytes) -> None:
        """Take an answer, and ask again."""
        self._buffer += data
        head, found, body = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return
        at = head.lower().index(b"content-length:") + 15
        if len(body) < int(head[at:].split(b"\r\n", 1)[0]):
            return
        if not (head.startswith(b"HTTP/1.1 200") and b'"Approved"' in body):
            self._done.set_exception(RuntimeError(f"{head[:60]!r} {body[:300]!r}"))
            return
        self._took.append(time.perf_counter() - self._began)
        self._buffer = b""
        left_s = self._began + self._pace_s - time.perf_counter()
        if left_s > 0:
            asyncio.get_running_loop().call_later(left_s, self._ask)
        else:
            self._ask()

    def _ask(self) -> None:
        asked = next(self._requests, None)
        if asked is None:
            self._transport.close()
            if not self._done.done():
                self._done.set_result(None)
            return
        self._began = time.perf_counter()
        self._transport.write(asked)


async def _ask_all(
    port: int, clients: int, terminals: int, first: int, count: int, pace_ms: int
) -> None:
    loop = asyncio.get_running_loop()
    took: list[float] = []
    shares: list[list[bytes]] = [[] for _ in range(clients)]
    for n in range(clients * count):
        terminal, turn = n % terminals, n // terminals
        shares[n % clients].append(
            request(str(name_of(terminal)), first * (clients * count // terminals) + turn)
        )
    ended = [loop.create_future() for _ in shares]
    pace_s = pace_ms / 1000
    began = time.perf_counter()
    for share, done in zip(shares, ended, strict=True):
        await loop.create_connection(partial(Client, share, took, done, pace_s), "127.0.0.1", port)
        await asyncio.sleep(pace_s / clients)  # not all of them at once
    await asyncio.gather(*ended)
    seconds = time.perf_counter() - began
    print(json.dumps({"seconds": seconds, "took": took}), flush=True)


def _run(work: Any, loop: str) -> None:
    if loop == "uvloop":
        import uvloop

        uvloop.run(work)
    else:
        asyncio.run(work)


def _keep_to_one_core() -> None:
    """As ``CPUAffinity`` of a service does: threads of one Python that hop between cores wait for each other."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def main() -> None:
    """Be what the command line names."""
    kind, http, loop, *rest = sys.argv[1:]
    if kind != "clients":
        _keep_to_one_core()
    if kind == "bare":
        _run(_bare(http), loop)
    elif kind == "door":
        locks._NEW_N = 2**4  # noqa: SLF001 — opening key files is not what is measured
        terminals, sales, far_end = map(int, rest)
        with tempfile.TemporaryDirectory(dir=Path.cwd(), prefix="bench-") as name:
            _run(_door(http, terminals, sales, far_end, Path(name)), loop)
    else:
        _run(_ask_all(*map(int, rest)), loop)
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
