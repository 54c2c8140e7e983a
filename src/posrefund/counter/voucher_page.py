"""The voucher of a slip: asked for where the journal has none of a sale that a code paid. Floor 9."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posrefund.closed import closed_class
from posrefund.counter.page import Page
from posrefund.counter.screen import Field, FieldKind
from posrefund.errors import InvalidRequestError
from posrefund.values import BackToPayer, Voucher

if TYPE_CHECKING:
    from collections.abc import Callable

    from posrefund.counter.page import Counter, Home, Step
    from posrefund.counter.screen import Screen
    from posrefund.counter.wanted import Wanted

__all__ = ["VoucherPage"]

_STEP = 2


@closed_class
class VoucherPage(Page):
    """Takes the number that the slip calls the voucher, typed or scanned.

    Args:
        counter: What all pages share.
        wanted: The refund, with its sale.
        onward: Where it leads, with the voucher.
        back: Where ``esc`` leads.
    """

    def __init__(
        self,
        counter: Counter,
        wanted: Wanted,
        onward: Callable[[Wanted], Page],
        back: Page | Home,
    ) -> None:
        super().__init__(counter)
        self._wanted, self._onward, self._back = wanted, onward, back
        self._error = ""

    def screen(self) -> Screen:
        """Return the field."""
        return self.counter.screen(
            "voucher",
            self.say("voucher"),
            facts=self._wanted.facts_of_sale(self.say),
            lines=(self.say("voucher_line"),),
            field=Field(FieldKind.TEXT, self.say("voucher_field"), error=self._error),
            choices=self.counter.enter_or_esc(),
            step=_STEP,
            steps=self._wanted.steps,
        )

    def press(self, key: str) -> Step:
        """Go back."""
        return self._back

    def enter(self, text: str) -> Step:
        """Take it."""
        try:
            voucher = Voucher(text)
        except InvalidRequestError:
            self._error = self.say("voucher_wrong")
            return None
        return self._onward(self._wanted.with_(card=BackToPayer(voucher)))
