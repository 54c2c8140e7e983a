"""The first step: the card that paid, or that a code did and nothing is read. Floor 9."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from posrefund.closed import closed_class
from posrefund.counter.check_page import CheckPage
from posrefund.counter.contract import Failed
from posrefund.counter.page import HOME, Page, objections_of
from posrefund.counter.refund_effects import ReadCard, StopReading
from posrefund.counter.sale_page import SalePage
from posrefund.counter.screen import Choice, Tone
from posrefund.values import BackToPayer

if TYPE_CHECKING:
    from posrefund.counter.contract import Effect
    from posrefund.counter.page import Counter, Step
    from posrefund.counter.screen import Screen
    from posrefund.counter.wanted import Wanted

__all__ = ["card_page"]

_STEP = 1
_CODE = "0"


def card_page(counter: Counter, wanted: Wanted) -> Page:
    """Return where a card is chosen, among cards to practise with, or read; at a host that takes codes alone, the next step."""
    if not counter.facts.takes_cards:
        return _by_code(counter, wanted)
    return _ChooseCard(counter, wanted) if counter.cards else _ReadCard(counter, wanted, 0)


def _by_code(counter: Counter, wanted: Wanted) -> Page:
    return _next(counter, wanted.with_(card=BackToPayer()))


def _next(counter: Counter, wanted: Wanted) -> Page:
    if wanted.amount is not None:  # somebody agreed to it already
        return CheckPage(counter, wanted, back=HOME)
    return SalePage(counter, wanted)


def _of_codes(counter: Counter) -> tuple[Choice, ...]:
    """The key for what a code paid, where this host gives it back."""
    return (counter.choice(_CODE, "by_code"),) if counter.facts.takes_codes else ()


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
            choices=(*choices, *_of_codes(self.counter), self.counter.choice("esc", "key_back")),
            step=_STEP,
            steps=self._wanted.steps,
        )

    def press(self, key: str) -> Step:
        if key == "esc":
            return HOME
        if key == _CODE:
            return _by_code(self.counter, self._wanted)
        return _ReadCard(self.counter, self._wanted, int(key) - 1)


@closed_class
class _ReadCard(Page):
    """Waits for the card; when none comes, says why and may wait again."""

    def __init__(self, counter: Counter, wanted: Wanted, which: int) -> None:
        super().__init__(counter)
        self._wanted, self._which, self._failed = wanted, which, None
        self._is_by_code = False

    _failed: Failed | None

    def begin(self) -> Step:
        return ReadCard(self._which)

    def busy_screen(self) -> Screen:
        return self.counter.screen(
            "card",
            self.say("card"),
            lines=(self.say("card_show"),),
            choices=(*_of_codes(self.counter), self.counter.choice("esc", "key_cancel")),
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
                *_of_codes(self.counter),
                self.counter.choice("esc", "key_menu"),
            ),
            tone=Tone.BAD,
            step=_STEP,
            steps=self._wanted.steps,
        )

    def interrupt(self, key: str) -> Effect | None:
        if key == _CODE and self.counter.facts.takes_codes:
            self._is_by_code = True
            return StopReading()
        return StopReading() if key == "esc" else None

    def press(self, key: str) -> Step:
        if key == _CODE:
            return _by_code(self.counter, self._wanted)
        return card_page(self.counter, self._wanted) if key == "1" else HOME

    def resume(self, result: Any) -> Step:
        if self._is_by_code:  # whatever the reader came to meanwhile
            return _by_code(self.counter, self._wanted)
        if isinstance(result, Failed):
            self._failed = result
            return None
        return _next(self.counter, self._wanted.with_(card=result))
