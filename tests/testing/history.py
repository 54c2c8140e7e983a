"""Histories made by hand: a journal file row by row, a host's ledger entry by entry.

Nothing of the journal's own code writes them, so that they can be as bad as no code should make them.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import sqlite3
from datetime import date, datetime, timedelta, timezone
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from posrefund.emulators.host import HostProfile
from posrefund.emulators.host.ledger import Entry, Ledger
from posrefund.testing.simulator.evidence import Evidence
from posrefund.testing.simulator.network import Wire
from posrefund.testing.simulator.witness import Witness
from posrefund.values import PAN

if TYPE_CHECKING:
    from pathlib import Path

KEY = bytes(range(32))
ZONE = timezone(timedelta(hours=8))
NOON = "2026-03-10T12:00:00+08:00"
_TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT);
CREATE TABLE chain (seq INTEGER, at TEXT, kind TEXT, subject TEXT, body TEXT, link BLOB);
CREATE TABLE attempts (request_id TEXT, number INTEGER, state TEXT, hold TEXT);
CREATE TABLE originals (original_id TEXT, reserved_minor INTEGER, accepted_minor INTEGER);
CREATE TABLE approvals (request_id TEXT, number INTEGER, state TEXT);
INSERT INTO meta VALUES ('terminal', '12345678'), ('head', '');
"""


def digest_of(message: str) -> str:
    """The digest under which an ``open`` row keeps *message*: HMAC under a key derived from the journal's."""
    derived = hmac.new(KEY, b"messages", hashlib.sha256).digest()
    return hmac.new(derived, message.encode(), hashlib.sha256).hexdigest()


class History:
    """One journal and one ledger."""

    def __init__(self, folder: Path) -> None:
        self.db = sqlite3.connect(folder / "journal.db", isolation_level=None)
        self.db.execute("PRAGMA synchronous = OFF")  # nobody cuts the power here
        self.db.executescript(_TABLES)
        self.ledger = Ledger()
        witness = Witness(folder / "journal.db", KEY)
        self.evidence = Evidence(witness, self.ledger, HostProfile(), Wire([]))
        self._before = bytes(32)
        self._seq = 0

    def close(self) -> None:
        self.evidence.witness.close()
        self.db.close()

    def row(self, kind: str, subject: str, body: dict[str, Any]) -> None:
        """Chain one row, as the journal's page describes it."""
        self._seq += 1
        text = json.dumps(body, sort_keys=True, separators=(",", ":"))
        chained = json.dumps([self._seq, NOON, kind, subject, text], separators=(",", ":"))
        key = hmac.new(KEY, b"chain 12345678", hashlib.sha256).digest()
        self._before = hmac.new(key, self._before + chained.encode(), hashlib.sha256).digest()
        row = (self._seq, NOON, kind, subject, text, self._before)
        self.db.execute("INSERT INTO chain VALUES (?, ?, ?, ?, ?, ?)", row)
        self.db.execute("UPDATE meta SET value = ? WHERE key = 'head'", (self._before.hex(),))

    def put_back(self, rows: int) -> None:
        """Put a copy in the journal's place that ends with row *rows*, and say so to the witness."""
        (link,) = self.db.execute("SELECT link FROM chain WHERE seq = ?", (rows,)).fetchone()
        self.db.execute("DELETE FROM chain WHERE seq > ?", (rows,))
        self.db.execute("UPDATE meta SET value = ? WHERE key = 'head'", (link.hex(),))
        kept = "SELECT subject FROM chain WHERE kind = 'open'"
        self.db.execute(f"DELETE FROM attempts WHERE request_id || '/' || number NOT IN ({kept})")
        self.db.execute("UPDATE originals SET reserved_minor = 0, accepted_minor = 0")
        self._seq, self._before = rows, link
        self.evidence.witness.put_back()

    def open(self, name: str, kind: str = "refund", **more: Any) -> None:
        """Open the first attempt of request *name*: STAN 000002 of batch 000007, 10.00, of sale S-1."""
        attempt: dict[str, Any] = {
            "request_id": name, "number": 1, "kind": kind, "state": "INTENT", "hold": "reserved",
            "terminal": "12345678", "merchant": "123456789012345", "batch": "000007",
            "stan": "000002", "amount_minor": 1000, "currency": "156", "copies": 0,
            "created_at": NOON, "host_day": "2026-03-10", "original_id": "S-1", "facts": "{}",
        }  # fmt: skip
        attempt |= more
        body: dict[str, Any] = {"attempt": attempt, "message_hmac": digest_of(name)}
        body |= {word: attempt.pop(word) for word in ("content", "approval") if word in attempt}
        self.row("open", f"{name}/1", body)
        self.db.execute("INSERT INTO attempts VALUES (?, 1, 'INTENT', ?)", (name, attempt["hold"]))
        self.move(name, "send", "SENT")

    def move(self, name: str, event: str, state: str, hold: str = "reserved", **facts: str) -> None:
        """Take one step."""
        self.row("move", f"{name}/1", {"event": event, "state": state, "facts": facts})
        self.db.execute(
            "UPDATE attempts SET state = ?, hold = ? WHERE request_id = ?", (state, hold, name)
        )

    def inbound(self, name: str, **more: str) -> None:
        """Keep an answer; without *more* the right approval of what ``open`` opens."""
        answer = {
            "mti": "0230", "mac": "valid", "DE4": "000000001000", "DE11": "000002", "DE39": "00",
            "DE41": "12345678", "DE42": "123456789012345", "DE49": "156",
        }  # fmt: skip
        self.row("inbound", f"{name}/1", answer | more)

    def know(self, name: str = "S-1", minor: int = 1000, **more: str) -> None:
        """Take in the sale: of 9 March, STAN 000001 of batch 000007."""
        sale = {
            "original_id": name, "amount_minor": minor, "batch": "000007", "stan": "000001",
            "transaction_date": "2026-03-09", "settlement_date": "2026-03-09",
        }  # fmt: skip
        self.row("know", name, sale | more)
        self.db.execute("INSERT INTO originals VALUES (?, 0, 0)", (name,))

    def sell(self) -> None:
        """Make the sale S-1 of 10.00 on 9 March, accepted and in both books."""
        nine = {"created_at": "2026-03-09T12:00:00+08:00", "host_day": "2026-03-09"}
        self.open("S-1", kind="sale", stan="000001", original_id=None, **nine)
        self.book("sale", "000001", day=9)
        self.inbound("S-1", mti="0210", DE11="000001")
        self.move("S-1", "accept", "ACCEPTED", "accepted")
        self.know()

    def book(self, kind: str = "refund", stan: str = "000002", day: int = 10, **more: Any) -> Entry:
        """Let the host book."""
        rrn = f"0000000{stan[-5:]}"
        made: dict[str, Any] = {
            "kind": kind, "settlement_day": date(2026, 3, day),
            "host_time": datetime(2026, 3, day, 12, tzinfo=ZONE), "terminal": "12345678",
            "merchant": "123456789012345", "batch": "000007", "stan": stan, "rrn": rrn,
            "auth": "", "pan": PAN("6200000000000005"), "entry_mode": "051",
            "processing_code": "200000", "amount_minor": 1000, "currency": "156",
            "original_rrn": "" if kind == "sale" else "000000000001",
        }  # fmt: skip
        entry = Entry(**made | more)
        self.ledger.book(entry)
        return entry

    def leave(
        self, name: str, mti: str = "0220", stan: str = "000002", amount: str = "1000"
    ) -> None:
        """Let a message leave, after everything that stands in the journal by now."""
        fields = {"41": "12345678", "11": stan, "4": amount}
        request: Any = SimpleNamespace(
            mti=mti, batch="000007", fields=fields, rule=None, get=lambda n: fields.get(n, "")
        )
        self.evidence.left.append((request, digest_of(name)))
        self.evidence.copies[digest_of(name)] += mti == "0220"

    def say(self, kind: str, batch: str = "000007", **fields: str) -> None:
        """Let a message of a closing leave; *fields* as ``de48="…"``."""
        values = {name[2:]: value for name, value in fields.items()}
        rule = SimpleNamespace(kind=kind)
        request: Any = SimpleNamespace(
            mti="0320", batch=batch, rule=rule, get=lambda n: values.get(n, "")
        )
        self.evidence.left.append((request, ""))

    def end_batch(self, batch: str, ended_by: str = "terminal") -> None:
        """Write down that a batch is over."""
        self.row("batch_closed", "", {"closed_batch": batch, "ended_by": ended_by})

    def look(self) -> Evidence:
        """Read everything that was not read yet; what has left is judged with it."""
        left = list(self.evidence.left)
        self.evidence.look()
        self.evidence.left = left
        return self.evidence
