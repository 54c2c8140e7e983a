"""The second step: which sale is meant. It never chooses among several. Floor 9."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from posrefund.closed import closed_class
from posrefund.counter.amount_page import AmountPage
from posrefund.counter.contract import Failed
from posrefund.counter.listing import MORE, Listing
from posrefund.counter.page import HOME, Page, objections_of
from posrefund.counter.refund_effects import Consider, FindSale, SalesByCode, SalesOfCard
from posrefund.counter.result_pages import DoubtPage, RefusedPage
from posrefund.counter.screen import Choice, Field, FieldKind
from posrefund.counter.voucher_page import VoucherPage
from posrefund.counter.wanted import left_of
from posrefund.engine import DescribedSale, Original
from posrefund.errors import InvalidRequestError
from posrefund.values import RRN, BackToPayer, CardRead

if TYPE_CHECKING:
    from collections.abc import Sequence

    from posrefund.counter.page import Counter, Home, Step
    from posrefund.counter.refund_effects import Considered, Found
    from posrefund.counter.screen import Screen
    from posrefund.counter.wanted import Wanted
    from posrefund.errors import PosRefundError

__all__ = ["SalePage"]

_STEP = 2
_SHOWN = 7
_TYPE = "8"
_SCANNED_FIRST = ("r", "R")
"""How a slip's code begins: a scanner types it without asking."""


@closed_class
class SalePage(Page):
    """Sales to choose from: what the card paid, what codes paid, or what fits that was typed. A slip may be scanned or typed here, too.

    Args:
        counter: What all pages share.
        wanted: The refund, with its card, or back to whoever paid by a code.
        sales: To choose from; None: those of the card, or of codes.
    """

    unseen_keys: ClassVar[tuple[str, ...]] = _SCANNED_FIRST

    def __init__(
        self, counter: Counter, wanted: Wanted, sales: Sequence[Original] | None = None
    ) -> None:
        super().__init__(counter)
        self._wanted, self._is_asked_for = wanted, sales is None
        self._listing = Listing[Original](sales or (), shown_most=_SHOWN)
        self._is_by_code = isinstance(wanted.card, BackToPayer)
        listed = "original_by_code" if self._is_by_code else "original_list"
        self._title = listed if sales is None else "original_candidates"

    def begin(self) -> Step:
        """Ask for the sales of the card, or of codes, if nobody has."""
        if not self._is_asked_for:
            return None
        card = self._wanted.card
        return SalesOfCard(card) if isinstance(card, CardRead) else SalesByCode()

    def screen(self) -> Screen:
        """Return the list."""
        choices = [self._choice(key, sale) for key, sale in self._listing.shown]
        choices.append(self.counter.choice(_TYPE, "original_type"))
        if self._listing.has_more:
            choices.append(self.counter.choice(MORE, "key_more"))
        return self.counter.screen(
            "original",
            self.say("original"),
            lines=(self.say(self._title),),
            choices=(*choices, self.counter.choice("esc", "key_menu")),
            step=_STEP,
            steps=self._wanted.steps,
        )

    def press(self, key: str) -> Step:
        """Choose a sale, look further, or type."""
        if key == "esc":
            return HOME
        if key == MORE:
            self._listing.turn()
            return None
        if key == _TYPE or key in _SCANNED_FIRST:
            return _TypedSale(self.counter, self._wanted, self, typed=key.strip(_TYPE))
        return _Considering(self.counter, self._wanted, self._listing.chosen(key), self)

    def resume(self, result: Any) -> Step:
        """Take the list; where it is empty, a slip has to be typed."""
        if isinstance(result, Failed):
            return RefusedPage(self.counter, result.error, back=HOME)
        self._is_asked_for = False
        self._listing = Listing(result.sales, shown_most=_SHOWN)
        if not result.sales:
            note = "original_none_by_code" if self._is_by_code else "original_none"
            return _TypedSale(self.counter, self._wanted, HOME, note=note)
        return None

    def _choice(self, key: str, sale: Original) -> Choice:
        left = self.say("original_left", left=left_of(sale))
        detail = f"{sale.transaction_date} · {left} · {sale.rrn} · {sale.original_id}"
        return Choice(key, str(sale.amount), detail)


@closed_class
class _TypedSale(Page):
    """A slip's code, its number and date, or a request id."""

    def __init__(
        self,
        counter: Counter,
        wanted: Wanted,
        back: Page | Home,
        *,
        typed: str = "",
        note: str = "",
    ) -> None:
        super().__init__(counter)
        self._wanted, self._back, self._typed, self._note = wanted, back, typed, note
        self._error = ""

    def screen(self) -> Screen:
        return self.counter.screen(
            "original_typed",
            self.say("original"),
            lines=(self.say(self._note),) if self._note else (),
            field=Field(
                FieldKind.TEXT,
                self.say("original_field"),
                typed=self._typed,
                hint=self.say("original_hint"),
                error=self._error,
            ),
            choices=self.counter.enter_or_esc(),
            step=_STEP,
            steps=self._wanted.steps,
        )

    def press(self, key: str) -> Step:
        return self._back

    def enter(self, text: str) -> Step:
        self._typed = ""
        return FindSale(text)

    def resume(self, result: Any) -> Step:
        if isinstance(result, Failed):
            self._error = self._why_none(result.error)
            return None
        found: Found = result
        if found.named is not None:
            return self._described(*found.named)
        match found.sales:
            case ():
                self._error = self.say("original_not_found")
                return None
            case (only,):
                return _Considering(self.counter, self._wanted, only, self)
            case several:
                return SalePage(self.counter, self._wanted, several)

    def _why_none(self, error: PosRefundError) -> str:
        """What can be no slip's is no sale's, in the clerk's language; anything else says what it is."""
        if isinstance(error, InvalidRequestError):
            return self.say("original_not_found")
        return "; ".join(one.hint for one in objections_of(error, self.say))

    def _described(self, rrn: str, day: Any) -> Step:
        """A sale that nobody here knows, where the acquirer's profile lets its host answer for it."""
        try:
            original = DescribedSale(RRN(rrn), day)
        except InvalidRequestError as error:
            self._error = self._why_none(error)
            return None
        wanted = self._wanted.with_(original=original, sale=None)
        if isinstance(
            wanted.card, BackToPayer
        ):  # the slip alone knows how its host calls the payment
            return VoucherPage(self.counter, wanted, self._amount, self)
        return self._amount(wanted)

    def _amount(self, wanted: Wanted) -> Page:
        return AmountPage(self.counter, wanted, None, back=self)


@closed_class
class _Considering(Page):
    """Looks at a sale before an amount is asked for: what says no to any amount says it now."""

    def __init__(self, counter: Counter, wanted: Wanted, sale: Original, back: Page) -> None:
        super().__init__(counter)
        self._wanted = wanted.with_(
            original=sale.original_id, sale=sale, amount=None, order_ref=sale.order_ref
        )
        self._back = back

    def begin(self) -> Step:
        return Consider(self._wanted.request())

    def screen(self) -> Screen:
        return self.counter.screen(
            "original", self.say("original"), step=_STEP, steps=self._wanted.steps
        )

    def resume(self, result: Any) -> Step:
        if isinstance(result, Failed):
            return RefusedPage(self.counter, result.error, back=self._back)
        known: Considered = result
        if known.doubt is not None:
            return DoubtPage(self.counter, known.doubt, blocks=True)
        if {fault.code for fault in known.faults} == {"voucher_needed"}:
            return VoucherPage(self.counter, self._wanted, self._again, self._back)
        if known.faults:
            return RefusedPage(self.counter, *known.faults, back=self._back)
        return AmountPage(self.counter, self._wanted, known.bounds, back=self._back)

    def _again(self, wanted: Wanted) -> Page:
        assert self._wanted.sale is not None
        return _Considering(self.counter, wanted, self._wanted.sale, self._back)
