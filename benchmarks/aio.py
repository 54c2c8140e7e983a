"""Many terminals in one event loop, beside a bare asyncio echo of the same frame sizes in the same run.

The far end is always another process on another core. *Message path*: seal, frame, send, receive, cut, unseal and
keep in a list, through the line, the link and the loop of ``posrefund.aio``. *Whole refund*:
``AsyncTerminal.refund``, with its rules and every row of its journal, in memory. The emulated host reads with
pyiso8583 and keeps a ledger, so most of what is measured against it is the host.
"""

from __future__ import annotations

import asyncio
import gc
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.aio_far_end import MERCHANT, START, TERMINALS, TMK, TunedEcho, name_of
from posrefund.aio import AsyncTCPLink, AsyncTerminal
from posrefund.aio.loop import run
from posrefund.crypto import (
    UNIONPAY_ECB,
    UNIONPAY_SIGN_IN,
    Key,
    KeySet,
    MACRule,
    Purpose,
    unwrap_key_set,
)
from posrefund.dialects import dialect
from posrefund.engine import Approved, Original, Reason, RefundRequest, SaleRequest
from posrefund.framing import Envelope
from posrefund.journal import SQLiteFleet
from posrefund.seal import seal, unseal
from posrefund.terminal.line import Line
from posrefund.testing import ManualClock
from posrefund.values import PAN, RRN, STAN, Amount, BatchNumber, CardRead, RequestID

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Coroutine, Sequence

    from posrefund.keystore import Anchor
    from posrefund.terminal.desk import Desk
    from posrefund.terminal.line import Steps

ROUNDS, CROWDS = 3, (1, 100, 1000)
MESSAGES = {1: 3000, 100: 10_000, 1000: 10_000}
REFUNDS = {1: 200, 100: 1000, 1000: 1000}
_UNIONPAY = dialect("unionpay")
_CARD = CardRead("051", PAN("6200000000000005"), expiry="3012", sequence_number="001")
_DE62 = bytes.fromhex(
    "6701EAD6A9AD51E51AA406E2C27FCFA98D0A74B8B651F9E9BACE9AE10000000000000000AB7153CA"
)
_CANNED_NOW = datetime(2026, 3, 10, 2, tzinfo=UTC)
"""What the canned far end says it is: the day after the sales."""
_ENVELOPE = Envelope(_UNIONPAY.tpdu, _UNIONPAY.header)
_FIELDS = {
    "t": "0220", "2": "6200000000000005", "3": "200000", "4": "000000000100", "11": "000001",
    "14": "3012", "22": "051", "23": "001", "25": "00", "37": "606812000002", "38": "000002",
    "41": "10000000", "42": str(MERCHANT), "49": "156", "60": "25000001000600",
    "61": "0000010000020309", "63": "CUP", "64": "00" * 8,
}  # fmt: skip


class FarEnd:
    """A process that answers."""

    def __init__(self, kind: str) -> None:
        command = [sys.executable, "-m", "benchmarks.aio_far_end", kind]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)  # noqa: S603
        assert self._process.stdout is not None
        self.address = ("127.0.0.1", int(self._process.stdout.readline()))

    def turn(self) -> None:
        """Make it the next day there."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print("turn", file=self._process.stdin, flush=True)
        self._process.stdout.readline()

    def close(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.communicate()


@dataclass
class Run:
    """What one run took, seconds for all of it and for each exchange."""

    seconds: float
    each: list[float]

    @property
    def rate(self) -> float:
        """Exchanges a second."""
        return len(self.each) / self.seconds

    def percentile_ms(self, percent: int) -> float:
        """Return so many percent of the exchanges took less."""
        return sorted(self.each)[min(len(self.each) - 1, len(self.each) * percent // 100)] * 1e3


class _Pinger(TunedEcho):
    """One connection of the bare echo: writes as soon as it has read."""

    def __init__(self, frame: bytes, count: int, each: list[float], done: Any) -> None:
        self._frame, self._left, self._each, self._done = frame, count, each, done
        self._got = 0

    def begin(self) -> None:
        """Write the first one."""
        self._began = time.perf_counter()
        self._transport.write(self._frame)

    def data_received(self, data: bytes) -> None:
        """Write the next one."""
        self._got += len(data)
        if self._got < len(self._frame):
            return
        self._got = 0
        now = time.perf_counter()
        self._each.append(now - self._began)
        self._left -= 1
        if self._left:
            self._began = now
            self._transport.write(self._frame)
        else:
            self._transport.close()
            self._done.set_result(None)


class _PlainPinger(_Pinger):
    tuned = False


async def _echo(end: FarEnd, crowd: int, *, tuned: bool) -> Run:
    loop, each = asyncio.get_running_loop(), list[float]()
    frame = bytes(len(_ENVELOPE.wrap(seal(_FIELDS, _UNIONPAY, _keys()))) + 2)
    kind = _Pinger if tuned else _PlainPinger
    ends = [loop.create_future() for _ in range(crowd)]
    pingers: list[_Pinger] = []
    for done in ends:
        made = kind(frame, MESSAGES[crowd] // crowd, each, done)
        await loop.create_connection(lambda made=made: made, *end.address)  # type: ignore[misc]
        pingers.append(made)
    began = time.perf_counter()
    for pinger in pingers:
        pinger.begin()
    await asyncio.gather(*ends)
    return Run(time.perf_counter() - began, each)


class MessagePath:
    """The message path of one terminal: a procedure like any other, that keeps what came in a list."""

    def __init__(self, end: FarEnd, number: int) -> None:
        self._line, self.link = Line(_ENVELOPE, None), AsyncTCPLink(end.address, keep_open_s=60)
        self._fields, self._keys = {**_FIELDS, "41": str(name_of(number))}, _keys()
        self._kept: list[Any] = []

    async def go(self, count: int, each: list[float]) -> None:
        """Send so many."""
        for number in range(1, count + 1):
            began = time.perf_counter()
            await run(self._exchange(number), self.link)
            each.append(time.perf_counter() - began)

    def open(self) -> Steps[None]:
        """Connect."""
        yield from self._line.open(30.0)

    def _exchange(self, number: int) -> Steps[None]:
        line, fields = self._line, {**self._fields, "11": f"{number:06d}"}
        message = line.wrap(seal(fields, _UNIONPAY, self._keys, line.envelope))
        yield from line.open(5.0)
        yield from line.hung_up_after(self._talk(message, fields))

    def _talk(self, message: bytes, fields: dict[str, str]) -> Steps[None]:
        yield from self._line.send(message, answer_s=60.0)
        body = yield from self._line.receive()
        received = unseal(body, _UNIONPAY, self._keys, self._line.received_in)
        if received.mac != "valid" or received.fields["11"] != fields["11"]:
            raise ValueError("not the answer")
        self._kept.append((fields, received))


async def _message_path(end: FarEnd, crowd: int) -> Run:
    paths, each = [MessagePath(end, number) for number in range(crowd)], list[float]()
    for path in paths:
        await run(path.open(), path.link)
    began = time.perf_counter()
    await asyncio.gather(*(path.go(MESSAGES[crowd] // crowd, each) for path in paths))
    seconds = time.perf_counter() - began
    for path in paths:
        path.link.close()
        path.link.close()
    return Run(seconds, each)


def _keys() -> KeySet:
    return unwrap_key_set(Key(TMK, Purpose.KEK), _DE62, UNIONPAY_SIGN_IN)


class _Keys:
    """A key store in memory."""

    generation, journal_key, sign_in_rule = 0, bytes(32), UNIONPAY_SIGN_IN
    has_published_master = True

    def __init__(self) -> None:
        self._set: KeySet | None = None
        self._anchor: Anchor | None = None

    def keep_sign_in(
        self, block: bytes, rule: MACRule = UNIONPAY_ECB, *, still_needed: Collection[str] = ()
    ) -> KeySet:
        """Keep the last set only."""
        self._set = unwrap_key_set(Key(TMK, Purpose.KEK), block, self.sign_in_rule)
        return self._set

    def id_of(self, block: bytes) -> str:
        """Name a set."""
        return unwrap_key_set(Key(TMK, Purpose.KEK), block, self.sign_in_rule).key_set_id

    def forget_sets(self, *, still_needed: Collection[str]) -> None:
        """There is one."""

    def working_keys(self) -> KeySet | None:
        """The last set."""
        return self._set

    def key_set(self, key_set_id: str) -> KeySet | None:
        """The last set, if it is that one."""
        return self._set if self._set and self._set.key_set_id == key_set_id else None

    def anchor(self) -> Anchor | None:
        """The last one."""
        return self._anchor

    def keep_anchor(self, anchor: Anchor) -> None:
        """Keep it."""
        self._anchor = anchor


class Crowd:
    """Whole terminals, their journals in one fleet file in memory."""

    def __init__(self, end: FarEnd, count: int, folder: Path) -> None:
        self.end, self.fleet = end, SQLiteFleet(folder / f"{count}.db")
        self.clock = ManualClock(START)
        self._before_kib = _resident_kib()
        self.terminals = [self._terminal(number) for number in range(count)]
        self._sent = 0

    def kib_each(self) -> float:
        """Return how much memory the process took on for each terminal."""
        return (_resident_kib() - self._before_kib) / len(self.terminals)

    def _terminal(self, number: int) -> AsyncTerminal:
        name = name_of(number)
        return AsyncTerminal(
            name,
            MERCHANT,
            dialect=_UNIONPAY,
            keystore=_Keys(),
            journal=self.fleet.journal(name, key=bytes(32)),
            link=AsyncTCPLink(self.end.address, keep_open_s=86_400),
            clock=self.clock,
        )

    async def each(self, act: Callable[[AsyncTerminal], Coroutine[Any, Any, Any]]) -> None:
        """Let every terminal do something at once."""
        await asyncio.gather(*map(act, self.terminals))

    async def refund(self, count: int) -> Run:
        """Give back ¥1 so often, each time of another sale, all terminals at once."""
        times: list[float] = []
        self._sent += 1

        async def go(number: int, terminal: AsyncTerminal) -> None:
            for turn in range(count // len(self.terminals)):
                name = f"R-{self._sent}-{number}-{turn}"
                wish = RefundRequest(
                    RequestID(name), original=RequestID(_sale_name(number, turn)), card=_CARD,
                    reason=Reason.DEFECT, amount=Amount(100),
                )  # fmt: skip
                began = time.perf_counter()
                outcome = await terminal.refund(wish)
                times.append(time.perf_counter() - began)
                if not isinstance(outcome, Approved):
                    raise TypeError(repr(outcome))

        began = time.perf_counter()
        await asyncio.gather(*(go(*each) for each in enumerate(self.terminals)))
        return Run(time.perf_counter() - began, times)

    async def close(self) -> None:
        """Put them away."""
        await self.each(lambda terminal: terminal.close())
        self.fleet.close()


def _take_in(desk: Desk, *, seen: Original) -> None:
    desk.record_sale(seen)


async def _idle_kib(end: FarEnd, crowd: int, folder: Path) -> float:
    """Return what a terminal takes that has signed in and keeps its connection, before anything else was measured."""
    site = Crowd(end, crowd, folder)
    site.clock.set(_CANNED_NOW)
    await site.each(lambda terminal: terminal.sign_in())
    gc.collect()
    kib = site.kib_each()
    await site.close()
    return kib


async def _canned_refunds(end: FarEnd, crowd: int, folder: Path) -> Run:
    site = Crowd(end, crowd, folder)
    site.clock.set(_CANNED_NOW)
    await site.each(lambda terminal: terminal.sign_in())
    for number, terminal in enumerate(site.terminals):
        fingerprint = terminal.journal.fingerprint(_CARD.pan)
        for turn in range(REFUNDS[crowd] // crowd):
            seen = _original(number, turn, fingerprint)
            await terminal.at_desk(partial(_take_in, seen=seen))
    found = await site.refund(REFUNDS[crowd])
    await site.close()
    return found


async def _hosted_refunds(end: FarEnd, crowd: int, folder: Path) -> Run:
    site = Crowd(end, crowd, folder)
    await site.each(lambda terminal: terminal.sign_in())
    numbers = {terminal: number for number, terminal in enumerate(site.terminals)}
    for turn in range(REFUNDS[crowd] // crowd):
        await site.each(partial(_sell, numbers, turn))
    end.turn()
    site.clock.set(START + timedelta(days=1))
    await site.each(lambda terminal: terminal.sign_in())
    found = await site.refund(REFUNDS[crowd])
    await site.close()
    return found


async def _sell(numbers: dict[AsyncTerminal, int], turn: int, terminal: AsyncTerminal) -> None:
    name = RequestID(_sale_name(numbers[terminal], turn))
    await terminal.sale(SaleRequest(name, Amount(10_000), _CARD))


def _sale_name(number: int, turn: int) -> str:
    return f"S-{number}-{turn}"


def _original(number: int, turn: int, fingerprint: str) -> Original:
    return Original(
        original_id=_sale_name(number, turn),
        terminal=f"9{number:07d}",
        merchant=MERCHANT,
        batch=BatchNumber("000001"),
        stan=STAN(f"{turn + 1:06d}"),
        rrn=RRN(f"{number:06d}{turn:06d}"),
        transaction_date=date(2026, 3, 9),
        settlement_date=date(2026, 3, 9),
        amount=Amount(10_000),
        auth_code="123456",
        card_fingerprint=fingerprint,
    )


def _resident_kib() -> float:
    """Return how much memory this process holds; 0 where the system does not say it so."""
    try:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    except OSError:
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 1024


def _loops() -> dict[str, Callable[[], asyncio.AbstractEventLoop] | None]:
    found: dict[str, Callable[[], asyncio.AbstractEventLoop] | None] = {"asyncio": None}
    try:
        import uvloop
    except ImportError:
        print("(uvloop is not installed: pip install 'posrefund[fast]')")
    else:
        found["uvloop"] = uvloop.new_event_loop
    return found


def _line(title: str, runs: Sequence[Run], more: str = "") -> None:
    run_ = sorted(runs, key=lambda each: each.rate)[len(runs) // 2]
    p50, p99 = run_.percentile_ms(50), run_.percentile_ms(99)
    print(f"  {title:<38}{run_.rate:9.0f} /s   p50 {p50:8.2f} ms   p99 {p99:8.2f} ms   {more}")


def _share(ours: Sequence[Run], theirs: Sequence[Run]) -> str:
    pairs = zip(ours, theirs, strict=True)
    return f"{statistics.median(mine.rate / other.rate for mine, other in pairs):.2f}"


def aio() -> None:
    """Measure both, in crowds of 1, 100 and 1,000."""
    ends = {kind: FarEnd(kind) for kind in ("echo", "echo-tuned", "canned")}
    memory = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 — a folder in memory
    try:
        with tempfile.TemporaryDirectory(dir=memory) as folder, asyncio.Runner() as runner:
            kib = runner.run(_idle_kib(ends["canned"], TERMINALS, Path(folder)))
        print(f"an idle terminal, one of {TERMINALS}: {kib:.0f} KiB")
        for name, loop in _loops().items():
            for crowd in CROWDS:
                _beside(name, loop, crowd, ends, memory)
    finally:
        for end in ends.values():
            end.close()


def _beside(
    name: str,
    loop: Callable[[], asyncio.AbstractEventLoop] | None,
    crowd: int,
    ends: dict[str, FarEnd],
    memory: str | None,
) -> None:
    plain, tuned, path = list[Run](), list[Run](), list[Run]()
    with asyncio.Runner(loop_factory=loop) as runner:
        for _ in range(ROUNDS):
            plain.append(runner.run(_echo(ends["echo"], crowd, tuned=False)))
            tuned.append(runner.run(_echo(ends["echo-tuned"], crowd, tuned=True)))
            path.append(runner.run(_message_path(ends["canned"], crowd)))
        print(f"{name}, {crowd} terminals")
        _line("bare echo, default", plain)
        _line("bare echo, 8-KiB reads", tuned)
        shares = f"{_share(path, plain)} x default echo, {_share(path, tuned)} x tuned"
        _line("message path, canned far end", path, shares)
        with tempfile.TemporaryDirectory(dir=memory) as folder:
            found = runner.run(_canned_refunds(ends["canned"], crowd, Path(folder)))
        _line("whole refund, canned far end", [found])
        end = FarEnd("host")
        try:
            with tempfile.TemporaryDirectory(dir=memory) as folder:
                _line(
                    "whole refund, emulated host",
                    [runner.run(_hosted_refunds(end, crowd, Path(folder)))],
                )
        finally:
            end.close()


if __name__ == "__main__":
    aio()
