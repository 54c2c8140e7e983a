"""Journals for tests, the actions that fill them, and a look at everything they hold."""

from __future__ import annotations

import os
import sqlite3
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from engine.builders import CHIP, NOW, PAN_DIGITS, original, plan
from posrefund.engine import Approval, Event, Know, Move, Note, Open, State
from posrefund.journal import Journal, SQLiteJournal
from posrefund.values import PAN, Amount, KeptCard, TerminalID

if TYPE_CHECKING:
    from pathlib import Path

    from posrefund.engine import Action

__all__ = [
    "HELD_BY_US",
    "KEY",
    "ROWS",
    "approval",
    "dump",
    "fill",
    "know",
    "move",
    "open_journal",
    "opening",
    "sums",
]

KEY = bytes(range(32))
HELD_BY_US = (
    r"^another process has this journal open:"
    rf" [A-Za-z0-9._ -]+, process {os.getpid()}, since 20\d\d-\d\d-\d\d \d\d:\d\d UTC$"
)
"""What whoever comes second is told while these tests have the journal open."""
ROWS = 12
"""How many rows ``fill`` writes."""


def open_journal(path: Path, *, key: bytes = KEY, terminal: str = "12345678") -> SQLiteJournal:
    """Open the journal of the tests' terminal."""
    return SQLiteJournal(path, key=key, terminal=TerminalID(terminal))


def know(original_id: str = "S-1", minor: int = 10_000, **changes: Any) -> Know:
    """Take a sale in."""
    return Know(original(original_id=original_id, amount=Amount(minor), **changes), NOW)


def opening(
    request_id: str,
    stan: str,
    minor: int = 1_000,
    *,
    number: int = 1,
    batch: str = "000001",
    original_id: str = "S-1",
    card: str = PAN_DIGITS,
    message: bytes = b"the message",
    terminal: str = "12345678",
    contact: str = "",
) -> Open:
    """Open an attempt at a refund of ``S-1``."""
    attempt = replace(
        plan("refund").attempt,
        request_id=request_id,
        terminal=terminal,
        number=number,
        stan=stan,
        batch=batch,
        amount=Amount(minor),
        original_id=original_id,
        card_masked=str(CHIP.pan),
    )
    content = f"content of {request_id}"
    return Open(attempt, content, message, KeptCard(PAN(card)), contact=contact)


_DIGEST = "a4dcd8cc41bcb4d8cf5d22c3ac1a3c1e5a7f4c5b1f6e6d7f8a9b0c1d2e3f4a5b"
"""Of nothing in particular."""


def approval(request_id: str = "R-1", **changes: Any) -> Approval:
    """Return what operator 01 asks for: to give 10.00 of S-1 back."""
    asked = Approval(
        request_id=request_id,
        number=1,
        state=State.AWAITING_APPROVAL,
        terminal="12345678",
        digest=_DIGEST,
        maker="01",
        asked_at=NOW,
        expires_at=NOW + timedelta(hours=24),
        amount=Amount(1_000),
        original_id="S-1",
        card_masked="620000******0005",
        why="customer",
    )
    return replace(asked, **changes)


def move(attempt_id: str, *events: Event, **facts: str) -> list[Action]:
    """Move an attempt through *events*."""
    return [Move(attempt_id, event, NOW, facts) for event in events]


def fill(journal: Journal) -> None:
    """Write a history of twelve rows: a refund accepted, one not sent and tried again, one in doubt."""
    journal.remember(NOW, "signed_in", batch="000001", key_set_id="8D0A74-AB7153")
    journal.commit([know("S-1"), know("S-2", 500)])
    journal.commit([opening("R-1", "000001"), *move("R-1/1", Event.SEND)])
    journal.commit([Note("inbound", NOW, {"DE39": "00"}, "R-1/1")])
    journal.commit(move("R-1/1", Event.ACCEPT, code="00", rrn="606810000123"))
    journal.commit([opening("R-2", "000002", 500), *move("R-2/1", Event.FAIL)])
    journal.commit([opening("R-2", "000003", 500, number=2)])
    journal.commit(move("R-2/2", Event.SEND, Event.DOUBT, reason="no_reply"))


def sums(journal: Journal, original_id: str = "S-1") -> tuple[int, int]:
    """Return what is reserved of a sale and what was given back."""
    (sale,) = journal.originals(original_id)
    return sale.reserved_minor, sale.accepted_minor


def dump(path: Path) -> list[str]:
    """Return every row of every table, as a second reader sees it."""
    reader = sqlite3.connect(path)
    try:
        return list(reader.iterdump())
    finally:
        reader.close()
