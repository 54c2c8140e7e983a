"""What journal, card and dialect ask of a refund before anything is sent, and the choice between void and refund. Floor 4.

What shop and acquirer ask stands in ``policy``.

The choice goes by the host's settlement day and batch, never by a calendar: UnionPay voids within the
settlement day and the open batch, refunds from the next settlement day on, and in between does neither.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Literal

from posrefund.engine.refusals import refuse
from posrefund.errors import InvalidRequestError
from posrefund.values import BackToPayer, CodeRead

if TYPE_CHECKING:
    from posrefund.dialects import Dialect, Policy
    from posrefund.engine.requests import Original, RefundRequest
    from posrefund.engine.view import TerminalView
    from posrefund.values import Method

__all__ = [
    "amount_to_refund",
    "check_journal",
    "check_method",
    "check_pin",
    "check_track",
    "choose_route",
    "needs_approval",
    "not_before",
]


def check_journal(view: TerminalView) -> None:
    """Refuse while the journal may have forgotten what was given back.

    Raises:
        RefusedError: code ``journal_behind``.
    """
    if view.is_behind:
        raise refuse("journal_behind")


def check_method(method: Method, dialect: Dialect, name: str) -> None:
    """Refuse what the acquirer's message called *name* has no place for.

    Raises:
        RefusedError: code ``method_not_taken``.
    """
    table = dialect.messages[name]
    match method:
        case CodeRead():
            takes = table.says("payer_code") and method.wallet in dialect.wallets
        case BackToPayer():
            takes = table.says("voucher") or not (table.says("pan") or table.says("track2"))
        case _:
            takes = table.says("pan") or table.says("track2")
    if not takes:
        raise refuse("method_not_taken")


def check_pin(method: Method, dialect: Dialect, name: str) -> None:
    """Hold what the PIN pad gave against what the acquirer wants with the message called *name*.

    A block that nobody wants is refused and not left out: the customer was asked for a PIN in vain, and
    whoever asked has to know.

    Raises:
        RefusedError: code ``pin_required`` or ``pin_unwanted``.
        InvalidRequestError: The block is longer or shorter than the message's field.
    """
    policy = dialect.messages[name].pin
    if method.pin_block is None:
        if policy == "required":
            raise refuse("pin_required")
        return
    takes = dialect.takes_pin_block(name, len(method.pin_block))
    if policy == "never" or takes is None:
        raise refuse("pin_unwanted")
    if not takes:
        raise InvalidRequestError([("card.pin_block", "as many bytes as the acquirer's field has")])


def check_track(method: Method, view: TerminalView) -> None:
    """Refuse a stripe whose track has to be encrypted while there is no key to do it with.

    Raises:
        RefusedError: code ``track_key_missing``.
    """
    if view.dialect.tracks == "encrypted" and method.track2 is not None and not view.has_track_key:
        raise refuse("track_key_missing")


def amount_to_refund(request: RefundRequest, original: Original) -> int:
    """Return the minor units asked for: those named, or all that is left."""
    return request.amount.minor if request.amount else original.remaining_minor


def needs_approval(original: Original, minor: int, policy: Policy) -> bool:
    """Say whether a second person has to say yes to *minor* units of *original*.

    Always where nobody here knows the sale, or neither the whole number of the card that paid nor the voucher.
    """
    least = policy.approval_from_minor
    return original.is_half_known or 0 < least <= minor


def choose_route(
    original: Original, minor: int, view: TerminalView, now: datetime
) -> Literal["void", "refund"]:
    """Say whether *minor* units go back as a void or as a refund.

    Raises:
        RefusedError: code ``not_before`` — neither is possible now; ``not_before`` says when.

    Source:
        void: same settlement day, same open batch, same terminal, full amount (BIZ, LIAO, BEST);
        a same-day refund is refused by hosts with 25 (POSP). Decision 0010.
    """
    today = view.host_day(now)
    if original.settlement_date < today:
        return "refund"
    if original.ceiling == "host_only":
        raise refuse("not_before", not_before=not_before(original, view))
    is_whole = minor == original.amount.minor
    is_here = original.terminal == view.terminal and original.batch == view.batch
    if original.settlement_date == today and is_whole and is_here:
        return "void"
    raise refuse("not_before", not_before=not_before(original, view))


def not_before(original: Original, view: TerminalView) -> datetime:
    """Return the host time from which *original* can be refunded: the end of its settlement day."""
    zone = view.host_clock.zone
    return datetime.combine(original.settlement_date, view.dialect.cut_off, zone)
