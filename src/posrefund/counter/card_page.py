"""The first step: the card that paid. Floor 9."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from posrefund.closed import closed_class
from posrefund.counter.check_page import CheckPage
from posrefund.counter.contract import Failed
from posrefund.counter.page import HOME, Page, objections_of
from posrefund.counter.refund_effects import ReadCard, StopReading
from posrefund.counter.sale_page import SalePage
from posrefund.counter.screen import Choice, Tone

if TYPE_CHECKING:
    from posrefund.counter.contract import Effect
    from posrefund.counter.page import Counter, Step
    from posrefund.counter.screen import Screen
    from posrefund.counter.wanted import Wanted

__all__ = ["card_page"]

_STEP = 1


def card_page(counter: Counter, wanted: Wanted) -> Page:
    """Return where a card is chosen, among cards to practise with, or read."""
    return _ChooseCard(counter, wanted) if counter.cards else _ReadCard(counter, wanted, 0)


@closed_class
class _ChooseCard(Page):
    def __init__(self, counter: Counter, wanted: Wanted) -> None:
        super().__init__(counter)
        self._wanted = wanted

    def screen(self) -> Screen:
        cards = enumerate(self.counter.cards[:9], start=1)
        choices = [Choice(str(number), name) for number, name in cards]
        return self.counter.screen(
            "card",
            self.say("card"),
            lines=(self.say("card_choose"),),
            choices=(*choices, self.counter.choice("esc", "key_back")),
            step=_STEP,
            steps=self._wanted.steps,
        )

    def press(self, key: str) -> Step:
        if key == "esc":
            return HOME
        return _ReadCard(self.counter, self._wanted, int(key) - 1)


@closed_class
class _ReadCard(Page):
    """Waits for the card; when none comes, says why and may wait again."""

    def __init__(self, counter: Counter, wanted: Wanted, which: int) -> None:
        super().__init__(counter)
        self._wanted, self._which, self._failed = wanted, which, None

    _failed: Failed | None

    def begin(self) -> Step:
        return ReadCard(self._which)

    def busy_screen(self) -> Screen:
        return self.counter.screen(
            "card",
            self.say("card"),
            lines=(self.say("card_show"),),
            choices=(self.counter.choice("esc", "key_cancel"),),
            step=_STEP,
            steps=self._wanted.steps,
            is_busy=True,
        )

    def screen(self) -> Screen:
        said = objections_of(self._failed.error, self.say) if self._failed else ()
        return self.counter.screen(
            "refused",
            self.say("failed"),
            objections=said,
            choices=(
                self.counter.choice("1", "key_again"),
                self.counter.choice("esc", "key_menu"),
            ),
            tone=Tone.BAD,
            step=_STEP,
            steps=self._wanted.steps,
        )

    def interrupt(self, key: str) -> Effect | None:
        return StopReading() if key == "esc" else None

    def press(self, key: str) -> Step:
        return card_page(self.counter, self._wanted) if key == "1" else HOME

    def resume(self, result: Any) -> Step:
        if isinstance(result, Failed):
            self._failed = result
            return None
        wanted = self._wanted.with_(card=result)
        if wanted.amount is not None:  # somebody agreed to it already
            return CheckPage(self.counter, wanted, back=HOME)
        return SalePage(self.counter, wanted)
