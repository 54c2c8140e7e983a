"""What an answer to a sign-in changes, and what of it people have to say yes to. Floor 4.

The answer carries no MAC. Only its keys prove anything: they open under the TMK. Whoever sits on the line can
write its batch number and its time, and send the keys of an earlier sign-in again. So each is compared with
what was known before; decision 0025.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from itertools import zip_longest
from typing import TYPE_CHECKING, Literal

from posrefund.engine.refusals import refuse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from posrefund.engine.view import TerminalView
    from posrefund.errors import RefusedError
    from posrefund.values import BatchNumber, HostClock

__all__ = ["Accept", "Issue", "SignInChanges", "judge_sign_in", "span_in_words"]

Issue = Literal["new", "same", "earlier"]
"""Keys never seen before, those in use already, or some of an earlier sign-in."""

_LAST_BATCHES = (999_998, 999_999)
"""After these a host begins again with 0 or 1: terminals take 1 to 999998 (LIAO)."""
_UNITS = (("d", "天", 86_400), ("h", "小时", 3_600), ("min", "分", 60), ("s", "秒", 1))


@dataclass(frozen=True, slots=True)
class SignInChanges:
    """How an answer to a sign-in differs from what was known.

    Attributes:
        batch_jump: How far the batch number moved where it is neither the same nor the next; else None.
        clock_jump: The host's offset against the one of the last sign-in; None at the first.
        issue: Whether its keys were seen before.
    """

    batch_jump: int | None
    clock_jump: timedelta | None
    issue: Issue


@dataclass(frozen=True, slots=True)
class Accept:
    """What people say yes to beforehand.

    Attributes:
        clock: Somebody compared the clocks: the host's is right, however far it is from ours.
        keys: The host does hand out keys of earlier sign-ins.
    """

    clock: bool = False
    keys: bool = False


def judge_sign_in(
    view: TerminalView,
    batch: BatchNumber,
    clock: HostClock,
    accept: Accept,
    *,
    key_set_id: str,
    earlier: Iterable[str],
) -> SignInChanges:
    """Say what an answer would change, before anything of it is kept.

    Args:
        view: The terminal before it.
        batch: The host's.
        clock: The host's.
        accept: What people said.
        key_set_id: What the answer calls its keys.
        earlier: Ids of every set there was.

    Raises:
        RefusedError: code ``clock_differs`` or ``keys_came_back``.
    """
    tolerance = timedelta(seconds=view.dialect.clock_tolerance_s)
    if abs(clock.offset - view.accepted_offset) > tolerance and not accept.clock:
        raise _clock_differs(clock.offset, view.accepted_offset)
    issue = _issue(key_set_id, view.key_set_id, earlier)
    if issue == "earlier" and not accept.keys:
        raise refuse("keys_came_back")
    if view.signed_in_at is None:
        return SignInChanges(None, None, issue)
    jump = clock.offset - view.host_clock.offset
    return SignInChanges(_batch_jump(view.batch, batch), jump, issue)


def _clock_differs(offset: timedelta, accepted: timedelta) -> RefusedError:
    zh, en = span_in_words(offset)
    if accepted:
        zh_before, en_before = span_in_words(accepted)
        zh, en = f"{zh}（以前确认的是{zh_before}）", f"{en} ({en_before} was accepted before)"
    return refuse("clock_differs", clock_zh=zh, clock_en=en)


def span_in_words(offset: timedelta) -> tuple[str, str]:
    """Return how far the host's clock stands from this terminal's, in Chinese and in English.

    Example:
        >>> from datetime import timedelta
        >>> from posrefund.engine.sign_in import span_in_words
        >>> span_in_words(timedelta(hours=5, minutes=12, seconds=9))
        ('比本机快 5 小时 12 分', "5 h 12 min ahead of this terminal's")
    """
    left = round(abs(offset.total_seconds()))
    zh, en = [], []
    for unit, name, seconds in _UNITS:
        count, left = divmod(left, seconds)
        if count:
            zh.append(f"{count} {name}")
            en.append(f"{count} {unit}")
    if not en:
        return "与本机一致", "that of this terminal"
    is_ahead = offset > timedelta(0)
    way_zh, way_en = ("快", "ahead of") if is_ahead else ("慢", "behind")
    return f"比本机{way_zh} {' '.join(zh[:2])}", f"{' '.join(en[:2])} {way_en} this terminal's"


def _batch_jump(before: BatchNumber, after: BatchNumber) -> int | None:
    step = int(after) - int(before)
    begins_again = int(before) in _LAST_BATCHES and int(after) in (0, 1)
    return None if step in (0, 1) or begins_again else step


def _issue(claimed: str, present: str, earlier: Iterable[str]) -> Issue:
    """Each key is looked for, in either place: parts of two answers can be put together into one.

    A key that stays where it is may: a host can renew the MAK alone.
    """
    if claimed == present:
        return "same"
    seen = {check for name in (*earlier, present) if name for check in name.split("-")}
    places = zip_longest(claimed.split("-"), present.split("-"), fillvalue="")
    came_back = any(check in seen and check != now for check, now in places)
    return "earlier" if came_back else "new"
