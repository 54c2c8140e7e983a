"""Durable refunds a second: the real terminal, journal, seal and codec against a host that takes no time.

The peer is a bare SQLite loop, WAL and FULL, with as many commits for each refund and as many bytes in each.
What the host of this benchmark itself costs is measured in the same run and taken off.
"""

from __future__ import annotations

import sqlite3
import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from posrefund.crypto import UNIONPAY_SIGN_IN, Key, Purpose, mac, unwrap_key_set
from posrefund.dialects import dialect
from posrefund.engine import Approved, Original, Reason, RefundRequest
from posrefund.journal import FleetJournal, SQLiteFleet, SQLiteJournal
from posrefund.keystore import FileKeyStore
from posrefund.terminal import Terminal
from posrefund.testing import ManualClock, MemoryLink
from posrefund.values import (
    PAN,
    RRN,
    STAN,
    Amount,
    BatchNumber,
    CardRead,
    MerchantID,
    RequestID,
    TerminalID,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from posrefund.journal import Journal

ROUNDS, REFUNDS, FLEET = 15, 128, 64
_TERMINAL, _MERCHANT = TerminalID("12345678"), MerchantID("123456789012345")
_CARD = CardRead("051", PAN("6200000000000005"), expiry="3012", sequence_number="001")
_NOW = datetime(2026, 3, 10, 2, tzinfo=UTC)
_ENVELOPE_BYTES = 11
# code456.com/article/3026509: a published sign-in
_TMK = bytes.fromhex("CA5D92598DCA48CE8A4C76361A9269E9")
_DE62 = "6701EAD6A9AD51E51AA406E2C27FCFA98D0A74B8B651F9E9BACE9AE10000000000000000AB7153CA"
_UNIONPAY = dialect("unionpay")


@dataclass
class _Said:
    replies: tuple[bytes, ...]
    close: bool = False


class QuickHost:
    """Says yes to everything under the keys of one published sign-in, and books nothing."""

    def __init__(self) -> None:
        keys = unwrap_key_set(Key(_TMK, Purpose.KEK), bytes.fromhex(_DE62), UNIONPAY_SIGN_IN)
        self._mak = keys.mak

    def respond(self, message: bytes) -> _Said:
        """Return the answer to *message*."""
        codec = _UNIONPAY.codec
        asked = codec.decode(message[_ENVELOPE_BYTES:])
        answer = {name: asked[name] for name in ("11", "41", "42", "60")}
        answer |= {"12": "100000", "13": "0310", "32": "01020000", "39": "00"}
        answer |= {"t": f"{asked['t'][:2]}{int(asked['t'][2]) + 1}0", "37": f"{asked['11']:>012}"}
        head = message[:1] + message[3:5] + message[1:3] + message[5:_ENVELOPE_BYTES]
        if "64" not in asked:
            return _Said((head + codec.encode(answer | {"62": _DE62}),))
        answer |= {name: asked[name] for name in ("2", "3", "4", "25", "49")}
        answer |= {"15": "0310", "44": "01020000   01020000   ", "64": "00" * 8}
        body = codec.encode(answer)[:-8]
        return _Said((head + body + mac(self._mak, body, _UNIONPAY.mac),))


class Till:
    """A terminal at the quick host, and as many sales to give back as it is asked for."""

    def __init__(
        self, folder: Path, terminal: TerminalID = _TERMINAL, fleet: SQLiteFleet | None = None
    ) -> None:
        self.keys = keys = FileKeyStore.create(
            folder / f"{terminal}.json", b"a till", tmk=_TMK, test_keys=True
        )
        key = bytes(32) if fleet else keys.journal_key
        self.journal: Journal = (
            fleet.journal(terminal, key=key)
            if fleet
            else SQLiteJournal(folder / "journal.db", key=key, terminal=terminal)
        )
        self.host = QuickHost()
        self.link = MemoryLink(self.host.respond)
        self.terminal = Terminal(
            terminal,
            _MERCHANT,
            dialect=_UNIONPAY,
            keystore=keys,
            journal=self.journal,
            link=self.link,
            clock=ManualClock(_NOW),
        )
        self.terminal.sign_in()
        self._name, self._count = terminal, 0

    def slow_down(self, delay_s: float) -> None:
        """Let every sync take longer, that of the anchor, too."""
        journal: Any = self.journal
        group = journal._fleet._group if isinstance(journal, FleetJournal) else None  # noqa: SLF001
        if group is None:
            journal._db = SlowDisk(journal._db, delay_s)  # noqa: SLF001
        elif not isinstance(group._db, SlowDisk):  # noqa: SLF001
            group._db = SlowDisk(group._db, delay_s)  # type: ignore[assignment]  # noqa: SLF001
        keep = self.keys.keep_anchor

        def keep_slowly(anchor: Any) -> None:
            keep(anchor)
            time.sleep(delay_s)

        self.keys.keep_anchor = keep_slowly  # type: ignore[method-assign]

    def wishes(self, count: int) -> list[RefundRequest]:
        """Record *count* sales and return a refund of each."""
        fingerprint = self.journal.fingerprint(_CARD.pan)
        found = []
        for _ in range(count):
            self._count += 1
            name = f"{self._name}-{self._count}"
            self.terminal.record_sale(_sale(f"S-{name}", self._name, self._count, fingerprint))
            found.append(
                RefundRequest(
                    f"R-{name}", original=RequestID(f"S-{name}"), card=_CARD, reason=Reason.DEFECT
                )
            )
        return found


def _sale(name: str, terminal: str, count: int, fingerprint: str) -> Original:
    return Original(
        original_id=name,
        terminal=f"9{terminal[1:]}",
        merchant=_MERCHANT,
        batch=BatchNumber("000001"),
        stan=STAN(f"{count:06d}"),
        rrn=RRN(f"{terminal[-4:]}{count:08d}"),
        transaction_date=date(2026, 3, 9),
        settlement_date=date(2026, 3, 9),
        amount=Amount(1_000),
        auth_code="123456",
        card_fingerprint=fingerprint,
    )


class BareLoop:
    """What the disk and SQLite take for as many commits."""

    def __init__(self, path: Path, commits: int, row_bytes: int, delay_s: float) -> None:
        db = sqlite3.connect(path, isolation_level=None)
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        db.execute("CREATE TABLE t (a TEXT)")
        self._db: Any = SlowDisk(db, delay_s) if delay_s else db
        self._commits, self._row = commits, ("x" * row_bytes,)

    def run(self, refunds: int) -> None:
        """Commit as a refund does, *refunds* times."""
        for _ in range(refunds * self._commits):
            self._db.execute("BEGIN IMMEDIATE")
            self._db.execute("INSERT INTO t VALUES (?)", self._row)
            self._db.execute("COMMIT")

    def close(self) -> None:
        """Put it away."""
        self._db.close()


def _timed(action: Callable[[], Any]) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def _refund_all(till: Till, wishes: list[RefundRequest]) -> None:
    for wish in wishes:
        if not isinstance(till.terminal.refund(wish), Approved):
            raise TypeError("the quick host says yes to everything")


def _answer_all(till: Till, messages: list[bytes]) -> None:
    for message in messages:
        till.host.respond(message)


def _commits_and_bytes(till: Till) -> tuple[int, int]:
    """How many commits a refund makes, and how many bytes of rows each of them holds."""
    (wish,) = till.wishes(1)
    rows, commit = len(till.journal.rows()), till.journal.commit
    commits = 0

    def counted(actions: Any) -> None:
        nonlocal commits
        commits += 1
        commit(actions)

    till.journal.commit = counted  # type: ignore[method-assign]
    _refund_all(till, [wish])
    till.journal.commit = commit  # type: ignore[method-assign]
    return commits, sum(len(row.body) for row in till.journal.rows()[rows:]) // commits


class SlowDisk:
    """A connection whose commits take longer, as on the eMMC or SD card of a terminal.

    The time is slept, after the sync of the disk that is here: it stands for one, it does not measure one.
    """

    def __init__(self, db: Any, delay_s: float) -> None:
        self._db, self._delay_s = db, delay_s
        self._changes = db.total_changes

    def __getattr__(self, name: str) -> Any:
        return getattr(self._db, name)

    def execute(self, sql: str, *values: Any) -> Any:
        """Run *sql*; a commit of something takes its time."""
        done = self._db.execute(sql, *values)
        if sql == "COMMIT" and self._db.total_changes != self._changes:
            self._changes = self._db.total_changes
            time.sleep(self._delay_s)
        return done


def refunds() -> None:
    """Measure one terminal, and a fleet of them, on the disk that is here and on slower ones."""
    for delay_s, rounds in ((0.0, ROUNDS), (0.002, 5), (0.005, 3)):
        disk = f"sync + {delay_s * 1e3:.0f} ms" if delay_s else "the disk here"
        with tempfile.TemporaryDirectory(dir=Path.cwd(), prefix="bench-") as name:
            till = Till(Path(name))
            if not delay_s:
                _one_by_one(till, 1_000)
            _beside("one terminal", disk, [till], Path(name), delay_s, rounds)
        with (
            tempfile.TemporaryDirectory(dir=Path.cwd(), prefix="bench-") as name,
            SQLiteFleet(Path(name) / "fleet.db") as fleet,
        ):
            names = [TerminalID(f"{n:08d}") for n in range(1, FLEET + 1)]
            tills = [Till(Path(name), terminal, fleet) for terminal in names]
            _beside(f"{FLEET} terminals", disk, tills, Path(name), delay_s, rounds)


def _one_by_one(till: Till, count: int) -> None:
    """Print how long single refunds take, both waits for the disk in them and the network left out."""
    took_ms = sorted(
        _timed(partial(_refund_all, till, [wish])) * 1e3 for wish in till.wishes(count)
    )
    p50, p95, p99 = (took_ms[int(len(took_ms) * part)] for part in (0.50, 0.95, 0.99))
    print(f"one refund, {count} of them: p50 {p50:.1f} ms, p95 {p95:.1f} ms, p99 {p99:.1f} ms")


def _beside(
    title: str, disk: str, tills: list[Till], folder: Path, delay_s: float, rounds: int
) -> None:
    """Print what *tills* do beside a bare loop of as many commits."""
    commits, row_bytes = _commits_and_bytes(tills[0])
    bare = BareLoop(folder / "bare.db", commits, row_bytes, delay_s)
    each = max(1, REFUNDS // len(tills))
    total = each * len(tills)
    if delay_s:
        for till in tills:
            till.slow_down(delay_s)
    ours, theirs, hosts = [], [], []
    for _ in range(rounds):
        wishes = [till.wishes(each) for till in tills]
        for till in tills:
            till.link.sent.clear()
        ours.append(_timed(partial(_refund_at_once, tills, wishes)))
        hosts.append(sum(_timed(partial(_answer_all, till, till.link.sent)) for till in tills))
        theirs.append(_timed(partial(bare.run, total)))
    net = [mine - host for mine, host in zip(ours, hosts, strict=True)]
    ratio = statistics.median(loop / mine for loop, mine in zip(theirs, net, strict=True))
    for till in tills:
        till.terminal.close()
    bare.close()
    loop_s, net_s, host_s = (statistics.median(found) / total for found in (theirs, net, hosts))
    print(f"durable refunds, {title}, {disk}: {commits} commits of {row_bytes} bytes a refund")
    print(f"  bare SQLite WAL+FULL loop {1 / loop_s:10.0f} a second")
    print(f"  posrefund                 {1 / net_s:10.0f} a second   {ratio:6.2f} x the loop")
    print(
        f"  (the host of this benchmark took {host_s * 1e6:.0f} µs of each, which are not counted)"
    )


def _refund_at_once(tills: list[Till], wishes: list[list[RefundRequest]]) -> None:
    if len(tills) == 1:
        _refund_all(tills[0], wishes[0])
        return
    with ThreadPoolExecutor(len(tills)) as threads:
        list(threads.map(_refund_all, tills, wishes))
