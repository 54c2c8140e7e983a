"""A second reading of the journal: rows in, attempts and steps out, with none of the journal's code. Floor 10.

It knows what a row looks like and nothing else. What it reads is what stands on the disk: it has a
connection of its own, so that a commit that is not over is not there.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import sqlite3
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["OPEN", "Asked", "Seen", "Step", "Witness", "host_day"]

OPEN = frozenset({"INTENT", "SENT", "IN_DOUBT", "REVERSING", "MANUAL"})
_HOLDS = dict.fromkeys(("INTENT", "SENT", "IN_DOUBT", "REVERSING"), "reserved") | dict.fromkeys(
    ("ACCEPTED", "CONFIRMED"), "accepted"
)
_KEEPS_HOLD = ("MANUAL", "MISMATCHED")
_NEXT = "SELECT seq, at, kind, subject, body, link FROM chain WHERE seq > ? ORDER BY seq"


@dataclass(slots=True)
class Seen:
    """An attempt as its rows tell it.

    Attributes:
        data: Its ``open`` row, as it was written.
        digest: Keyed digest of the message that was going to leave.
        offset: Host time minus the terminal's, as the last sign-in before it said.
        state: Now.
        hold: What it takes of its original now.
        facts: All that was learned since.
        inbound: The last answer that was kept for it, if no step has followed yet.
        inquired: The last answer to an inquiry about it, likewise.
        sends: How often it was announced.
        lost_sends: How often besides, in rows that were taken away.
        content: Digest of its request.
        approval: The second person's yes that it named, if any.
        was_cleared: Whether that yes was there and not used yet.
    """

    data: dict[str, Any]
    digest: str
    offset: timedelta
    state: str
    hold: str
    facts: dict[str, str]
    inbound: dict[str, str] | None = None
    inquired: dict[str, str] | None = None
    sends: int = 0
    lost_sends: int = 0
    content: str = ""
    approval: str = ""
    was_cleared: bool = False

    @property
    def name(self) -> str:
        """Its id."""
        return f"{self.data['request_id']}/{self.data['number']}"

    @property
    def identity(self) -> tuple[str, str, str]:
        """Batch, STAN and kind: what makes it findable in the host's books."""
        return self.data["batch"], self.data["stan"], self.data["kind"]

    @property
    def minor(self) -> int:
        """Its amount."""
        return int(self.data["amount_minor"])


@dataclass(slots=True)
class Asked:
    """An approval as its rows tell it.

    Attributes:
        data: Its ``ask`` row.
        state: Now.
        checker: Who said yes.
        used_by: Names of the attempts that named it.
    """

    data: dict[str, Any]
    state: str
    checker: str = ""
    used_by: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of one attempt, with the answers that were kept before it, if any."""

    seen: Seen
    event: str
    before: str
    after: str
    hold_before: str
    facts: dict[str, str]
    inbound: dict[str, str] | None
    inquired: dict[str, str] | None = None


@dataclass(slots=True)
class Witness:
    """What the rows say.

    Args:
        path: The journal's file.
        key: The journal's key, to check the chain with.

    Attributes:
        attempts: By id, oldest first.
        sales: ``know`` rows by id.
        asked: Approvals by name, oldest first.
        judged: Approvals of the rows read last that somebody decided.
        rows: How many have been read.
        inbound_count: How many answers were kept.
        questions: Numbers of the inquiries that were written down.
        files: Settlement days of the files that were applied.
        opened: Attempts of the rows read last.
        steps: Steps of the rows read last.
        known: Sales of the rows read last.
        texts: Bodies of the rows read last.
        closed: Batches closed in the rows read last.
        taken: Every state and event that a step was made from.
        accepted: The rows read last say that people have accepted what was lost.
        lost: Attempts of rows that were taken away when an older copy of the file was put back.
        is_behind: The rows say that rows were lost, and nobody has accepted it yet.
        host_only: STAN and RRN of what a file showed and no attempt stands behind, and the STAN and MMDD of its sale.
    """

    path: Path
    key: bytes
    attempts: dict[str, Seen] = field(default_factory=dict)
    sales: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: dict[str, Asked] = field(default_factory=dict)
    judged: list[Asked] = field(default_factory=list)
    rows: int = 0
    inbound_count: int = 0
    questions: set[str] = field(default_factory=set)
    files: list[str] = field(default_factory=list)
    opened: list[Seen] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    known: list[dict[str, Any]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    closed: list[dict[str, str]] = field(default_factory=list)
    taken: set[tuple[str, str]] = field(default_factory=set)
    accepted: bool = False
    lost: list[Seen] = field(default_factory=list)
    is_behind: bool = False
    host_only: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    _links: list[bytes] = field(default_factory=list)
    _offset: timedelta = timedelta(0)
    _db: sqlite3.Connection | None = None

    def read(self) -> bool:
        """Read what is new; say whether there was anything."""
        self.opened, self.steps, self.known, self.texts, self.closed = [], [], [], [], []
        self.accepted = False
        self.judged = []
        for _, _, kind, subject, body, link in self._select(_NEXT, self.rows):
            self.rows += 1
            self._links.append(link)
            self.texts.append(body)
            self._take(kind, subject, json.loads(body))
        return bool(self.texts)

    def put_back(self) -> None:
        """Begin again: an older copy of the file stands in its place now; whoever did that says so.

        Raises:
            ValueError: It is none: its rows are others.
        """
        self.close()
        links, attempts = self._links, self.attempts
        self._links, self.attempts, self.sales, self.asked = [], {}, {}, {}
        self.rows = self.inbound_count = 0
        self.files, self.is_behind, self.host_only = [], False, {}
        self._offset = timedelta(0)
        self.read()
        if self._links != links[: len(self._links)]:
            raise ValueError("no older copy of this journal")
        self.lost += [seen for name, seen in attempts.items() if name not in self.attempts]
        for name, seen in self.attempts.items():
            seen.lost_sends = attempts[name].sends + attempts[name].lost_sends - seen.sends
        self.opened, self.steps, self.known = [], [], []  # they were looked at when they were new

    def close(self) -> None:
        """Let go of the file."""
        if self._db is not None:
            self._db.close()
            self._db = None

    # --- the whole of it, from the beginning -------------------------------------------------

    def chain_fault(self) -> str:
        """Read every row again and say what is wrong with the chain, or nothing."""
        terminal, head = (self.remembered(name) for name in ("terminal", "head"))
        chain = f"chain {terminal}"
        key = self.derived(chain)
        before = bytes(32)
        found = self._select(_NEXT, 0)
        for place, (seq, at, kind, subject, body, link) in enumerate(found, start=1):
            if kind == "epoch":
                told = json.loads(body)
                key = self.derived(f"{chain} {told['epoch']} {told['journal_id']}")
            text = json.dumps([seq, at, kind, subject, body], separators=(",", ":"))
            if seq != place or link != _hmac(key, before + text.encode("ascii")):
                return f"row {place} is not bound to the one before it"
            if place <= len(self._links) and self._links[place - 1] != link:
                return f"row {place} was another one before"
            before = link
        if len(found) < self.rows or head != (before.hex() if found else ""):
            return "rows are missing at the end"
        return ""

    def table_fault(self) -> str:
        """Compare the tables with what the rows say; say what differs, or nothing."""
        stored = self._select("SELECT request_id || '/' || number, state, hold FROM attempts")
        said = {name: (seen.state, seen.hold) for name, seen in self.attempts.items()}
        if {name: (state, hold) for name, state, hold in stored} != said:
            return "the table of attempts is not what the rows say"
        stored = self._select("SELECT request_id || '#' || number, state FROM approvals")
        if dict(stored) != {name: asked.state for name, asked in self.asked.items()}:
            return "the table of approvals is not what the rows say"
        sums = self._select("SELECT original_id, reserved_minor, accepted_minor FROM originals")
        if {name: (a, b) for name, a, b in sums} != {name: self.sums(name) for name in self.sales}:
            return "the sums of the originals are not what the rows say"
        return ""

    def sums(self, original_id: str) -> tuple[int, int]:
        """Return what is reserved and what was given back of a sale."""
        totals = {"reserved": 0, "accepted": 0, "none": 0}
        for seen in self.attempts.values():
            if seen.data["original_id"] == original_id:
                totals[seen.hold] += seen.minor
        return totals["reserved"], totals["accepted"]

    def derived(self, purpose: str) -> bytes:
        """Return the key that the journal derives for *purpose*."""
        return _hmac(self.key, purpose.encode())

    # --- inside ------------------------------------------------------------------------------

    def _take(self, kind: str, subject: str, body: dict[str, Any]) -> None:
        if kind == "open":
            self._open(body)
        elif kind == "move":
            self._move(self.attempts[subject], body)
        elif kind == "know":
            self.sales[subject] = body
            self.known.append(body)
        elif kind == "inquiry":
            self.inbound_count += "mti" in body
            self.attempts[subject].inquired = body
        elif kind == "inbound":
            self.inbound_count += 1
            if subject:  # else it came by another way and is nobody's
                self.attempts[subject].inbound = body
        else:
            self._take_note(kind, subject, body)

    def _take_note(self, kind: str, subject: str, body: dict[str, Any]) -> None:
        if kind == "signed_in":
            self._offset = timedelta(seconds=float(body["host_offset_s"]))
        elif kind == "file":
            self.files.append(body["day"])
        elif kind == "host_only":
            self.host_only[body["stan"], body["rrn"]] = subject, body["original_transmitted"][:4]
        elif kind in ("epoch", "journal_accepted"):
            self.is_behind = kind == "epoch"
            self.accepted = not self.is_behind
        elif kind in ("ask", "approval"):
            self._decide(kind, subject, body)
        elif kind == "inquiry_sent":
            self.questions.add(body["stan"])
        elif kind == "batch_closed":
            self.closed.append(body)

    def _open(self, body: dict[str, Any]) -> None:
        data = body["attempt"]
        facts = json.loads(data["facts"])
        seen = Seen(data, body["message_hmac"], self._offset, data["state"], data["hold"], facts)
        self.attempts[seen.name] = seen
        self.opened.append(seen)
        seen.content, seen.approval = body.get("content", ""), body.get("approval", "")
        if seen.approval:
            asked = self.asked[seen.approval]
            self.taken.add((asked.state, "intend"))
            seen.was_cleared = asked.state == "CLEARED"
            asked.state = "INTENT"
            asked.used_by.append(seen.name)

    def _decide(self, kind: str, subject: str, body: dict[str, Any]) -> None:
        if kind == "ask":
            self.asked[subject] = Asked(body, body["state"])
            self.taken.add(("CHECKED", "ask"))
            return
        asked = self.asked[subject]
        self.taken.add((asked.state, body["event"]))
        asked.state = body["state"]
        if body["event"] == "clear":
            asked.checker = body["by"]
        self.judged.append(asked)

    def _move(self, seen: Seen, body: dict[str, Any]) -> None:
        before, hold = seen.state, seen.hold
        self.taken.add((before, body["event"]))
        seen.state = body["state"]
        seen.sends += body["event"] == "send"
        seen.hold = hold if seen.state in _KEEPS_HOLD else _HOLDS.get(seen.state, "none")
        seen.facts |= body["facts"]
        facts, inquired = body["facts"], seen.inquired
        step = Step(seen, body["event"], before, seen.state, hold, facts, seen.inbound, inquired)
        self.steps.append(step)
        seen.inbound = seen.inquired = None

    def remembered(self, name: str) -> str:
        """Return a fact of the terminal itself, or nothing."""
        found = self._select("SELECT value FROM meta WHERE key = ?", name)
        return str(found[0][0]) if found else ""

    def _select(self, sql: str, *values: object) -> list[Any]:
        if self._db is None:
            self._db = sqlite3.connect(f"{self.path.as_uri()}?mode=ro", uri=True)
        return self._db.execute(sql, values).fetchall()


def host_day(seen: Seen, cut_off_hour: int = 23) -> str:
    """Return the settlement day at which *seen* was made, as far as the terminal could know it."""
    made = datetime.fromisoformat(seen.data["created_at"]).astimezone(UTC)
    here = made + seen.offset + timedelta(hours=8)
    return (here.date() + timedelta(days=here.hour >= cut_off_hour)).isoformat()


def _hmac(key: bytes, data: bytes) -> bytes:
    return hmac.new(key, data, hashlib.sha256).digest()
