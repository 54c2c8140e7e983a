"""The third step: how much, within the bounds that are shown. Floor 9."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posrefund.closed import closed_class
from posrefund.counter.check_page import CheckPage
from posrefund.counter.page import Page
from posrefund.counter.screen import Field, FieldKind
from posrefund.errors import InvalidRequestError
from posrefund.values import Amount
from posrefund.values.amount import format_minor

if TYPE_CHECKING:
    from posrefund.counter.page import Counter, Home, Step
    from posrefund.counter.screen import Screen
    from posrefund.counter.wanted import Wanted
    from posrefund.engine.policy import Bounds

__all__ = ["AmountPage"]

_STEP = 3


@closed_class
class AmountPage(Page):
    """Takes the amount; nothing typed is all that may be asked for.

    Args:
        counter: What all pages share.
        wanted: The refund, with card and sale.
        bounds: The least and the most; None where nobody here knows.
        back: Where ``esc`` leads.
    """

    def __init__(
        self, counter: Counter, wanted: Wanted, bounds: Bounds | None, *, back: Page | Home
    ) -> None:
        super().__init__(counter)
        self._wanted, self._bounds, self._back = wanted, bounds, back
        self._error = ""

    def screen(self) -> Screen:
        """Return the field, with its bounds."""
        bounds = self._bounds
        most = format_minor(bounds.most_minor, bounds.currency) if bounds else ""
        return self.counter.screen(
            "amount",
            self.say("amount"),
            facts=self._wanted.facts_of_sale(self.say),
            lines=self._lines(),
            field=Field(
                FieldKind.AMOUNT,
                self.say("amount_field"),
                value=most.lstrip("".join(set(most) - set("0123456789."))),
                hint=self._hint(),
                error=self._error,
            ),
            choices=self.counter.enter_or_esc(),
            step=_STEP,
            steps=self._wanted.steps,
        )

    def press(self, key: str) -> Step:
        """Go back."""
        return self._back

    def enter(self, text: str) -> Step:
        """Take the amount, if it lies within the bounds."""
        bounds = self._bounds
        try:
            amount = Amount.parse(text, bounds.currency if bounds else "156")
        except InvalidRequestError:
            self._error = self.say("amount_wrong")
            return None
        if bounds and not bounds.least_minor <= amount.minor <= bounds.most_minor:
            self._error = self.say("amount_outside", **self._both(bounds))
            return None
        self._error = ""
        return CheckPage(self.counter, self._wanted.with_(amount=amount), back=self)

    def _hint(self) -> str:
        if self._bounds is None:
            return ""
        return self.say("amount_bounds", **self._both(self._bounds))

    def _lines(self) -> tuple[str, ...]:
        """From which amount on a second person has to agree, where that is within the bounds."""
        bounds = self._bounds
        if bounds is None or bounds.alone_minor < bounds.least_minor:
            return (self.say("amount_two"),)
        if bounds.alone_minor < bounds.most_minor:
            alone = format_minor(bounds.alone_minor, bounds.currency)
            return (self.say("amount_alone", alone=alone),)
        return ()

    @staticmethod
    def _both(bounds: Bounds) -> dict[str, str]:
        least, most = bounds.least_minor, bounds.most_minor
        return {
            "least": format_minor(least, bounds.currency),
            "most": format_minor(most, bounds.currency),
        }
