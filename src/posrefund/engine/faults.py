"""Faults of a terminal: what went wrong with it, and who put it right. Floor 4.

A fault is opened once and closed once. What only a person can have looked at (a disk that failed, a clock that
went back) only a person closes; what the next good look proves gone (a host that answers again) closes itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from posrefund.engine.notes import is_note
from posrefund.errors import InvalidRequestError, LocalProtocolError

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["BY_ITSELF", "TerminalFault"]

BY_ITSELF = "selfcheck"
"""Stands for a person where a later self-check has shown that it is gone."""
_KIND = re.compile(r"[a-z][a-z0-9_]{0,31}(?:\.[a-z][a-z0-9_]{0,31})?")
_NAME_CHARACTERS_MAX = 32


@dataclass(frozen=True, slots=True)
class TerminalFault:
    """One fault; no card data.

    Attributes:
        fault_id: ``F-17``: the row of the journal that opened it.
        kind: Of a self-check, its check and reason (``storage.failed``); else a word of the shop's (``printer``).
        detail: What was seen, for whoever looks after it; at most 200 characters.
        opened_at: When.
        closed_at: When it was put right; None while it is open.
        closed_by: Operator number, or ``selfcheck``.
        done: What was done about it.

    Raises:
        InvalidRequestError: A kind that is no such word, or a detail that may not be kept.

    Example:
        >>> from datetime import UTC, datetime
        >>> from posrefund.engine.faults import TerminalFault
        >>> now = datetime(2026, 3, 9, 6, 5, tzinfo=UTC)
        >>> fault = TerminalFault("F-17", "printer", "no paper comes", now)
        >>> fault.closed(now, by="07", done="new roll").is_open
        False
    """

    fault_id: str
    kind: str
    detail: str
    opened_at: datetime
    closed_at: datetime | None = None
    closed_by: str = ""
    done: str = ""

    def __post_init__(self) -> None:
        faults = []
        if not _KIND.fullmatch(self.kind):
            faults.append(("kind", "a word such as printer or storage.failed"))
        if not is_note(self.detail):
            faults.append(
                ("detail", "at most 200 characters, and no number that could be a card's")
            )
        if faults:
            raise InvalidRequestError(faults)

    @property
    def is_open(self) -> bool:
        """Whether nobody has put it right."""
        return self.closed_at is None

    def closed(self, at: datetime, *, by: str, done: str) -> TerminalFault:
        """Return it as it is once somebody has put it right.

        Args:
            at: When.
            by: Who says so: an operator number.
            done: What was done; at most 200 characters.

        Raises:
            InvalidRequestError: Nobody is named, or nothing was said of what was done.
            LocalProtocolError: It is closed already.
        """
        faults = []
        if not (0 < len(by) <= _NAME_CHARACTERS_MAX and by.isprintable() and is_note(by)):
            faults.append(("by", "an operator number"))
        if not done.strip() or not is_note(done):
            faults.append(("done", "what was done, at most 200 characters, no card number"))
        if faults:
            raise InvalidRequestError(faults)
        if not self.is_open:
            raise LocalProtocolError(f"fault {self.fault_id} is closed already")
        return replace(self, closed_at=at, closed_by=by, done=done)

    def as_data(self) -> dict[str, str]:
        """Return it as JSON-able data; what it does not have is empty."""
        closed_at = self.closed_at.isoformat() if self.closed_at else ""
        return {
            "fault": self.fault_id,
            "kind": self.kind,
            "detail": self.detail,
            "opened_at": self.opened_at.isoformat(),
            "closed_at": closed_at,
            "closed_by": self.closed_by,
            "done": self.done,
        }
