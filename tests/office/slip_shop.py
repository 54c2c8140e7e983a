"""One refund with everything on it, for the tests of slips."""

from __future__ import annotations

import unicodedata
from datetime import date
from typing import Any

from engine.builders import DIALECT, attempt_in
from posrefund.engine import Approved, Outcome, State, outcome_of
from posrefund.office.slips import SlipOptions

__all__ = ["FACTS", "FONTS", "accepted", "columns", "options", "outcome", "trimmed"]

FACTS = {
    "operator": "01",
    "approved_by": "02",
    "entry": "051",
    "why": "defect",
    "note": "for the journal only",
    "order_ref": "ORDER-0815",
    "documents": f"fapiao 01234567; red_letter_fapiao 76543210 {'ab' * 32}; photo shelf; left",
    "code": "00",
    "rrn": "606810000123",
    "auth_code": "654321",
    "host_date": "0309",
    "host_time": "100001",
    "institutions": "01020000   48020000   ",
}
FONTS = {
    "zh": "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
    "en": "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
}
"""Debian: fonts-wqy-microhei and fonts-dejavu-core."""


def outcome(state: State, kind: Any = "refund", **changes: Any) -> Outcome:
    """Return how an attempt in *state* stands; changes are those of ``attempt_in``."""
    facts = FACTS | changes.pop("facts", {})
    return outcome_of(attempt_in(state, kind, **{"facts": facts, **changes}), DIALECT)


def accepted(kind: Any = "refund", state: State = State.ACCEPTED, **changes: Any) -> Approved:
    """Return the outcome of what the host accepted."""
    found = outcome(state, kind, **changes)
    assert isinstance(found, Approved)
    return found


def options(**changes: Any) -> SlipOptions:
    """Return what a shop says besides."""
    said: dict[str, Any] = {
        "merchant_name": "上海百货",
        "institutions": {"01020000": "工商银行"},
        "expected_by": date(2026, 3, 12),
        "merchant_contact": "021-55551234",
        "acquirer_contact": "95516",
    }
    return SlipOptions(**(said | changes))


def columns(line: str) -> int:
    """Count as a Chinese printer does: wide and ambiguous characters take two columns."""
    return sum(2 if unicodedata.east_asian_width(char) in "WFA" else 1 for char in line)


def trimmed(text: str) -> str:
    """Take the blanks at the ends of lines off, and the last line end."""
    return "\n".join(line.rstrip() for line in text.rstrip("\n").split("\n"))
