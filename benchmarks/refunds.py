"""Durable refunds a second: the real terminal, journal, seal and codec against a host that takes no time.

The peer is a bare SQLite loop, WAL and FULL, with as many commits for each refund and as many bytes in each.
What the host of this benchmark itself costs is measured in the same run and taken off.
"""

from __future__ import annotations

import sqlite3
import statistics
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from posrefund.crypto import UNIONPAY_SIGN_IN, Key, Purpose, mac, unwrap_key_set
from posrefund.dialects import dialect
from posrefund.engine import Approved, Original, Reason, RefundRequest
from posrefund.journal import SQLiteJournal
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

ROUNDS, REFUNDS = 15, 100
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

    def __init__(self, folder: Path) -> None:
        self.keys = FileKeyStore.create(folder / "keys.json", b"a till", tmk=_TMK, test_keys=True)
        self.journal = SQLiteJournal(
            folder / "journal.db", key=self.keys.journal_key, terminal=_TERMINAL
        )
        self.host = QuickHost()
        self.link = MemoryLink(self.host.respond)
        self.terminal = Terminal(
            _TERMINAL,
            _MERCHANT,
            dialect=_UNIONPAY,
            keystore=self.keys,
            journal=self.journal,
            link=self.link,
            clock=ManualClock(_NOW),
        )
        self.terminal.sign_in()
        self._count = 0

    def wishes(self, count: int) -> list[RefundRequest]:
        """Record *count* sales and return a refund of each."""
        fingerprint = self.journal.fingerprint(_CARD.pan)
        found = []
        for _ in range(count):
            self._count += 1
            name = f"S-{self._count}"
            self.terminal.record_sale(_sale(name, self._count, fingerprint))
            found.append(
                RefundRequest(
                    f"R-{self._count}", original=RequestID(name), card=_CARD, reason=Reason.DEFECT
                )
            )
        return found


def _sale(name: str, count: int, fingerprint: str) -> Original:
    return Original(
        original_id=name,
        terminal="87654321",
        merchant=_MERCHANT,
        batch=BatchNumber("000001"),
        stan=STAN(f"{count:06d}"),
        rrn=RRN(f"{count:012d}"),
        transaction_date=date(2026, 3, 9),
        settlement_date=date(2026, 3, 9),
        amount=Amount(1_000),
        auth_code="123456",
        card_fingerprint=fingerprint,
    )


class BareLoop:
    """What the disk and SQLite take for as many commits."""

    def __init__(self, path: Path, commits: int, row_bytes: int) -> None:
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.execute("CREATE TABLE t (a TEXT)")
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


def refunds() -> None:
    """Measure one terminal on a disk."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        till = Till(Path(folder))
        commits, row_bytes = _commits_and_bytes(till)
        bare = BareLoop(Path(folder) / "bare.db", commits, row_bytes)
        ours, theirs, hosts = [], [], []
        for _ in range(ROUNDS):
            wishes = till.wishes(REFUNDS)
            till.link.sent.clear()
            ours.append(_timed(partial(_refund_all, till, wishes)))
            hosts.append(_timed(partial(_answer_all, till, till.link.sent)))
            theirs.append(_timed(partial(bare.run, REFUNDS)))
        net = [mine - host for mine, host in zip(ours, hosts, strict=True)]
        ratio = statistics.median(loop / mine for loop, mine in zip(theirs, net, strict=True))
        till.terminal.close()
        bare.close()
    print(f"durable refunds, one terminal ({commits} commits of {row_bytes} bytes each)")
    print(f"  bare SQLite WAL+FULL loop   {REFUNDS / statistics.median(theirs):8.0f} a second")
    print(f"  posrefund                   {REFUNDS / statistics.median(net):8.0f} a second")
    print(
        f"  of the loop                 {ratio:8.0%}   (the host's own time, taken off: "
        f"{statistics.median(hosts) / REFUNDS * 1e6:.0f} µs a refund)"
    )
