"""What of a journal's rows is an event for others: what changed, and nothing of a card. Floor 10.

An allow-list: a row of any other kind, and any other fact of a row, stays in the journal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from posrefund.journal.rows import Row

__all__ = ["event_of"]


def event_of(row: Row, terminal: str) -> tuple[str, dict[str, Any]] | None:
    """Return the name and the data of the event that *row* is, or None where it is none.

    Example:
        >>> from posrefund.gateway.event_rows import event_of
        >>> from posrefund.journal.rows import Row
        >>> row = Row(7, "2026-03-09T06:05:00+00:00", "move", "R-1/1", '{"state":"ACCEPTED"}', b"")
        >>> name, data = event_of(row, "12345678")
        >>> name, data["request_id"], data["state"], data["seq"]
        ('attempt', 'R-1', 'ACCEPTED', 7)
    """
    found = _EVENTS.get(row.kind)
    if found is None:
        return None
    name, said = found
    return name, {"terminal": terminal, "seq": row.seq, "at": row.at, **said(row, row.facts)}


def _named(subject: str, of: str) -> dict[str, Any]:
    request_id, _, _ = subject.rpartition("/")
    return {"request_id": request_id, of: subject}


def _opened(row: Row, facts: Mapping[str, Any]) -> dict[str, Any]:
    attempt = facts["attempt"]
    names = ("kind", "state", "amount_minor", "currency", "original_id")
    return _named(row.subject, "attempt_id") | {name: attempt[name] for name in names}


def _moved(row: Row, facts: Mapping[str, Any]) -> dict[str, Any]:
    told = facts.get("notice")
    return _named(row.subject, "attempt_id") | {
        "state": facts["state"],
        "notice": told["kind"] if told else None,
    }


def _asked(row: Row, facts: Mapping[str, Any]) -> dict[str, Any]:
    names = ("state", "amount_minor", "currency", "original_id")
    return _named(row.subject, "approval_id") | {name: facts[name] for name in names}


def _decided(row: Row, facts: Mapping[str, Any]) -> dict[str, Any]:
    return _named(row.subject, "approval_id") | {"state": facts["state"]}


def _fault_opened(row: Row, facts: Mapping[str, Any]) -> dict[str, Any]:
    return {"fault": row.subject, "state": "open", "kind": facts["kind"]}


def _fault_closed(row: Row, _: Mapping[str, Any]) -> dict[str, Any]:
    return {"fault": row.subject, "state": "closed"}


def _batch(_: Row, facts: Mapping[str, Any]) -> dict[str, Any]:
    return {"batch": facts["closed_batch"], "next_batch": facts["next_batch"]}


def _case_opened(_: Row, facts: Mapping[str, Any]) -> dict[str, Any]:
    return {"case": facts["case"], "state": "open", "category": facts["category"]}


def _case_closed(_: Row, facts: Mapping[str, Any]) -> dict[str, Any]:
    return {"case": facts["case"], "state": "closed"}


def _complaint(row: Row, facts: Mapping[str, Any]) -> dict[str, Any]:
    return {"complaint": facts["complaint"], "request_id": row.subject}


def _complaint_opened(row: Row, facts: Mapping[str, Any]) -> dict[str, Any]:
    return _complaint(row, facts) | {"state": "open", "kind": facts["kind"]}


def _complaint_answered(row: Row, facts: Mapping[str, Any]) -> dict[str, Any]:
    return _complaint(row, facts) | {"state": "answered"}


def _complaint_closed(row: Row, facts: Mapping[str, Any]) -> dict[str, Any]:
    return _complaint(row, facts) | {"state": facts["ending"]}


def _complaint_late(row: Row, facts: Mapping[str, Any]) -> dict[str, Any]:
    return _complaint(row, facts) | {"state": "late", "clock": facts["clock"], "due": facts["due"]}


_EVENTS: Mapping[str, tuple[str, Callable[[Row, Mapping[str, Any]], dict[str, Any]]]] = {
    "open": ("attempt", _opened),
    "move": ("attempt", _moved),
    "ask": ("approval", _asked),
    "approval": ("approval", _decided),
    "fault_opened": ("fault", _fault_opened),
    "fault_closed": ("fault", _fault_closed),
    "batch_closed": ("batch", _batch),
    "case_opened": ("case", _case_opened),
    "case_closed": ("case", _case_closed),
    "complaint_opened": ("complaint", _complaint_opened),
    "complaint_answered": ("complaint", _complaint_answered),
    "complaint_closed": ("complaint", _complaint_closed),
    "complaint_late": ("complaint", _complaint_late),
}
"""By the kind of a row."""
