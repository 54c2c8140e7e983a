"""What probes have in common: a terminal that is signed in, a sale of another day, a little of it back. Floor 10."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from posrefund.certify.moves import (
    APPROVED_NOT_BOOKED,
    booked_or_not,
    refund,
    sell,
    sign_in,
    spoken_as,
    take_original,
)

if TYPE_CHECKING:
    from posrefund.certify.bench import Bench
    from posrefund.certify.heard import Heard
    from posrefund.dialects import Dialect
    from posrefund.engine import Original
    from posrefund.values import CardRead

__all__ = ["give_back", "old_sale", "ready", "sell_as"]


def ready(bench: Bench) -> None:
    """Sign in, if nobody is.

    Raises:
        BlockedError: It did not work, or the profile has no sale or refund.
    """
    if bench.keys is None or bench.view.is_signed_off:
        sign_in(bench)
        bench.view = replace(bench.view, is_signed_off=False)
    bench.need_keys()
    bench.need_message("sale", "refund")


def old_sale(bench: Bench) -> Original:
    """Return a sale of which a little is given back at a time; it stays with the others.

    Raises:
        BlockedError: There is none.
    """
    ready(bench)
    sale = take_original(bench)
    bench.originals.append(sale)
    return sale


def give_back(bench: Bench, sale: Original, card: CardRead | None = None, minor: int = 1) -> Heard:
    """Ask for *minor* of *sale*, and keep the books."""
    heard, attempt = refund(bench, sale, minor, card)
    booked_or_not(bench, heard, attempt, card or bench.subject.cards[0], *APPROVED_NOT_BOOKED)
    return heard


def sell_as(bench: Bench, dialect: Dialect, card: CardRead | None = None) -> Heard:
    """Sell as *dialect* says it; the books keep it."""
    card = card or bench.subject.cards[0]
    with spoken_as(bench, dialect):
        heard, attempt = sell(bench, bench.books.plain_minor(), card)
    booked_or_not(bench, heard, attempt, card, *APPROVED_NOT_BOOKED)
    return heard
