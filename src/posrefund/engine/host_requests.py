"""What a host asks of the terminal in its headers: remembered until it is done, and never done in the middle of something. Floor 4.

The header stands outside of the MAC, so a request proves nothing. What follows from one is bounded: a sign-in now and then, which
proves itself by its keys, and a line in the self-check for what people have to do. A digit that comes again changes nothing,
and one that comes no more takes nothing back: no paper says that a host repeats it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from posrefund.dialects.host_requests import HOST_REQUESTS, SIGN_IN, UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from posrefund.engine.view import TerminalView

__all__ = ["OBEY_EVERY", "HostRequest", "heard", "in_order", "is_due", "read_requests", "written"]

OBEY_EVERY = timedelta(minutes=10)
"""Between two sign-ins that a header asked for: whoever writes headers shall not keep a terminal busy."""


@dataclass(frozen=True, slots=True)
class HostRequest:
    """Something that the host asked for and nobody has done yet.

    Attributes:
        name: What, of ``posrefund.dialects.host_requests.HOST_REQUESTS``: ``sign_in``, ``software``…
        since: When it was first heard.
    """

    name: str
    since: datetime


def heard(
    waiting: Mapping[str, str], digits: Iterable[int], words: Mapping[str, str], now: datetime
) -> dict[str, str]:
    """Return what waits once *digits* were heard.

    Args:
        waiting: When each was first heard, by name.
        digits: Of headers; 0 asks for nothing.
        words: The dialect's, by digit.
        now: The time.

    Example:
        >>> from datetime import UTC, datetime
        >>> from posrefund.engine.host_requests import heard
        >>> list(heard({}, [0, 3, 3, 10], {"3": "sign_in"}, datetime(2026, 3, 9, tzinfo=UTC)))
        ['sign_in', 'unknown']
    """
    names = [words.get(f"{digit:X}", UNKNOWN) for digit in digits if digit]
    return {**dict.fromkeys(names, now.isoformat()), **waiting}


def is_due(
    waiting: Mapping[str, str], view: TerminalView, last_obeyed: datetime | None, now: datetime
) -> bool:
    """Say whether the terminal has to sign in now because the host asked for it.

    Not where people have not signed it in, or signed it off; not while a batch is being closed, for a sign-in could
    end that; and not again so soon.

    Args:
        waiting: By name.
        view: The terminal.
        last_obeyed: When it last did so; of a clock that was set back since, nothing follows.
        now: The time.
    """
    if SIGN_IN not in waiting or view.signed_in_at is None:
        return False
    if view.is_signed_off or view.is_closing:
        return False
    return last_obeyed is None or not timedelta(0) <= now - last_obeyed < OBEY_EVERY


def in_order(waiting: Mapping[str, str]) -> tuple[HostRequest, ...]:
    """Return what waits, the weightiest first."""
    return tuple(
        HostRequest(name, datetime.fromisoformat(waiting[name]))
        for name in HOST_REQUESTS
        if name in waiting
    )


def written(waiting: Mapping[str, str]) -> str:
    """Return *waiting* as a fact of the journal; empty for nothing."""
    return json.dumps(waiting, sort_keys=True, separators=(",", ":")) if waiting else ""


def read_requests(fact: str) -> dict[str, str]:
    """Return what ``written`` wrote.

    Example:
        >>> from posrefund.engine.host_requests import read_requests, written
        >>> read_requests(written({"software": "2026-03-09T06:05:00+00:00"}))
        {'software': '2026-03-09T06:05:00+00:00'}
        >>> read_requests("")
        {}
    """
    found: dict[str, str] = json.loads(fact) if fact else {}
    return found
