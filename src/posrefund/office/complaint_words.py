"""A complaint in words, in both languages: one line of a list. Floor 8."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timezone

    from posrefund.engine.complaints import Complaint
    from posrefund.office.paper import Language

__all__ = ["COMPLAINT_KINDS", "complaint_line"]

COMPLAINT_KINDS: Mapping[str, tuple[str, str]] = {
    "not_arrived": ("未收到退款", "the money did not come"),
    "amount": ("金额不对", "another amount"),
    "refused": ("不予退款", "nothing was given back"),
    "twice": ("重复扣款", "paid twice"),
    "service": ("服务态度", "how somebody was treated"),
    "other": ("其他", "something else"),
}
"""What customers complain of."""

_CHANNELS = {
    "counter": ("柜台", "at the counter"),
    "phone": ("电话", "by telephone"),
    "message": ("消息", "by message"),
    "letter": ("信函", "by letter"),
}
_STATES = {
    "open": ("待答复", "to be answered"),
    "answered": ("已答复", "answered"),
    "solved": ("已解决", "solved"),
    "withdrawn": ("已撤回", "withdrawn"),
}


def complaint_line(complaint: Complaint, now: datetime, zone: timezone, language: Language) -> str:
    """Return it as one line: what it is about, how far it is, and until when what is next is due, in *zone*.

    Example:
        >>> from datetime import UTC, datetime, timedelta
        >>> from posrefund.engine.complaints import Complaint
        >>> from posrefund.office.complaint_words import complaint_line
        >>> now = datetime(2026, 3, 9, 6, tzinfo=UTC)
        >>> due = now + timedelta(days=1), now + timedelta(days=3)
        >>> made = Complaint("K-17", "R-1", "not_arrived", "phone", "no money", "07", now, *due)
        >>> complaint_line(made, now, UTC, "en")
        'K-17 R-1 the money did not come, by telephone: to be answered until 2026-03-10 06:00'
    """
    at = 0 if language == "zh" else 1
    kind, channel, state = (
        among[name][at]
        for among, name in (
            (COMPLAINT_KINDS, complaint.kind),
            (_CHANNELS, complaint.channel),
            (_STATES, complaint.state),
        )
    )
    about = f"{complaint.complaint_id} {complaint.request_id}"
    due = f"{complaint.due('answer' if complaint.state == 'open' else 'solution').astimezone(zone):%Y-%m-%d %H:%M}"
    is_late = bool(complaint.late(now))
    if language == "zh":
        until = f"，限 {due} 前" if complaint.is_open else ""
        return f"{about} {kind}（{channel}）：{state}{until}{'【超时】' if is_late else ''}"
    until = f" until {due}" if complaint.state == "open" else f", to be solved until {due}"
    return f"{about} {kind}, {channel}: {state}{until if complaint.is_open else ''}{' LATE' if is_late else ''}"
