"""What a page is, and what every page knows: the shop, the clerk, the language. Floor 9.

A page is asked for its screen and told what was pressed or typed. It answers with the next page, with an effect that is
wanted, or with None: it stays.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeAlias

from posrefund.counter.contract import Effect
from posrefund.counter.screen import Choice, Objection, Screen
from posrefund.counter.shop_effects import CounterFacts
from posrefund.counter.words import Words
from posrefund.errors import DeviceRefusedError, InvalidRequestError, RefusedError
from posrefund.office import TRAINING
from posrefund.office.slips import SlipSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from posrefund.counter.screen import Pad
    from posrefund.engine.calendar import Arrival
    from posrefund.errors import PosRefundError
    from posrefund.office.paper import Language

__all__ = ["HOME", "Counter", "Home", "Page", "Step", "objections_of"]


@dataclass
class Counter:
    """What all pages share.

    Attributes:
        new_id: Makes the request id of the next refund: never one that was there before.
        operator: Who stands here.
        language: ``zh`` or ``en``.
        cards: Names of the test cards; none where a reader reads real ones.
        slip: What the shop says on its slips.
        arrival: How long a refund takes to the customer's account.
        facts: What the menu last saw.
        pads: Where customers may sign besides on paper: whoever shows the screens can take a drawing there, and keeps it.
        why_no_pad: Word that says on the screen why there is none; empty where nobody would look for one.
    """

    new_id: Callable[[], str]
    operator: str = "01"
    language: Language = "zh"
    cards: Sequence[str] = ()
    slip: SlipSettings = field(default_factory=SlipSettings)
    arrival: Arrival | None = None
    facts: CounterFacts = field(default_factory=CounterFacts)
    pads: Sequence[Pad] = ()
    why_no_pad: Literal["", "sign_no_folder"] = ""

    @property
    def say(self) -> Words:
        """The words, in the clerk's language."""
        return Words(self.language)

    def screen(self, name: str, title: str, **more: Any) -> Screen:
        """Return a screen with what stands on every one: where, who, and that it is practice."""
        said = self.say("footer", terminal=self.facts.terminal or "—", operator=self.operator)
        mark = TRAINING if self.facts.is_training else ""
        return Screen(name, title, **more, footer=said, watermark=mark, language=self.language)

    def choice(self, key: str, word: str, **more: Any) -> Choice:
        """Return a choice that *key* makes, called *word*."""
        return Choice(key, self.say(word), **more)

    def enter_or_esc(self, esc: str = "key_back") -> tuple[Choice, Choice]:
        """Return the choices to go on, by ``enter``, or back, by ``esc``, which is called as the word *esc* says."""
        return self.choice("enter", "key_enter"), self.choice("esc", esc)


class Page:
    """One place of the dialogue.

    Args:
        counter: What all pages share.

    Attributes:
        unseen_keys: Keys that it takes and does not show.
    """

    unseen_keys: ClassVar[tuple[str, ...]] = ()

    def __init__(self, counter: Counter) -> None:
        self.counter, self.say = counter, counter.say

    def begin(self) -> Step:
        """Return what is wanted when the page is entered; None for nothing."""
        return None

    def screen(self) -> Screen:
        """Return what is shown."""
        raise NotImplementedError

    def busy_screen(self) -> Screen:
        """Return what is shown while what the page wanted is under way."""
        shown = self.screen()
        return replace(shown, is_busy=True, choices=(), field=None, lines=(self.say("busy"),))

    def press(self, key: str) -> Step:
        """Take one of the screen's keys."""
        return None

    def enter(self, text: str) -> Step:
        """Take what was typed into the screen's field."""
        return None

    def interrupt(self, key: str) -> Effect | None:
        """Take a key while busy; what is returned is performed aside."""
        return None

    def resume(self, result: Any) -> Step:
        """Take what came of the effect."""
        return None


class Home:
    """What a page answers with to go back to the menu, whichever that is."""


HOME = Home()
Step: TypeAlias = "Page | Home | Effect | None"


def objections_of(error: PosRefundError, say: Words) -> tuple[Objection, ...]:
    """Return everything that *error* says, for a clerk; never a value that was typed."""
    match error:
        case RefusedError():
            return tuple(_objection(one, say) for one in (error, *error.others))
        case DeviceRefusedError():
            return (Objection(str(error.reason), say.of(error.hint_zh, error.hint_en)),)
        case InvalidRequestError():
            return tuple(Objection(path, expected) for path, expected in error.faults)
        case _:
            return (Objection(type(error).__name__, str(error)),)


def _objection(refusal: RefusedError, say: Words) -> Objection:
    hint = say.of(refusal.hint_zh, refusal.hint_en)
    hint = hint[:1].upper() + hint[1:]
    if refusal.not_before is not None:
        moment = f"{refusal.not_before:%Y-%m-%d %H:%M}"
        hint = f"{hint} ({say('not_before', moment=moment)})"
    return Objection(refusal.code, hint, refusal.contact)
