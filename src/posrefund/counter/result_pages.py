"""What became of a refund: a slip, a no, a doubt; and whatever else says no. Floor 9."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, assert_never

from posrefund.counter.contract import Failed
from posrefund.counter.page import HOME, Page, objections_of
from posrefund.counter.screen import Fact, Tone
from posrefund.counter.shop_effects import AskHost, NameContact, PrintSlip
from posrefund.counter.wanted import Wanted, facts_of_attempt
from posrefund.engine import Approved, Declined, InDoubt, NotSent
from posrefund.office.slips import as_text

if TYPE_CHECKING:
    from posrefund.counter.page import Counter, Home, Step
    from posrefund.counter.screen import Choice, Screen
    from posrefund.engine import Attempt, Outcome
    from posrefund.errors import PosRefundError
    from posrefund.office.slips import Columns, SlipContent

__all__ = ["DoubtPage", "RefusedPage", "SlipPage", "outcome_page"]

_COLUMNS: Columns = 32
_ASK = "3"


def outcome_page(counter: Counter, outcome: Outcome, *, again: Page | None = None) -> Page:
    """Return where *outcome* is told.

    Args:
        counter: What all pages share.
        outcome: Of the refund.
        again: Where the same refund, under the same id, may be sent again if it moved no money; None: nowhere.
    """
    match outcome:
        case Approved():
            return SlipPage(counter, outcome.attempt.request_id, outcome)
        case Declined():
            return _DeclinedPage(counter, outcome, again if outcome.may_retry else None)
        case InDoubt():
            return DoubtPage(counter, outcome.attempt, needs_people=outcome.needs_people)
        case NotSent():
            return _NotSentPage(counter, outcome, again)
        case _:
            assert_never(outcome)


class SlipPage(Page):
    """The slip, as it is printed. What was accepted is said even where no slip comes out.

    Args:
        counter: What all pages share.
        request_id: Whose.
        outcome: What the host said, where it has just said it.
    """

    def __init__(self, counter: Counter, request_id: str, outcome: Approved | None = None) -> None:
        super().__init__(counter)
        self._request_id, self._outcome = request_id, outcome
        self._content: SlipContent | None = None
        self._failed: Failed | None = None

    def begin(self) -> Step:
        """Print it."""
        counter = self.counter
        return PrintSlip(self._request_id, counter.slip, counter.language, counter.arrival)

    def screen(self) -> Screen:
        """Return the slip, or what was accepted without one."""
        content = self._content
        is_good = self._outcome is not None or (content is not None and not content.is_notice)
        choices = [self.counter.choice("enter", "key_menu")]
        if content is not None or self._outcome is not None:
            choices.insert(0, self.counter.choice("2", "slip_again"))
        return self.counter.screen(
            "slip",
            self._title(),
            facts=self._facts(),
            lines=self._lines(),
            objections=objections_of(self._failed.error, self.say) if self._failed else (),
            paper=tuple(as_text(content, _COLUMNS).splitlines()) if content else (),
            choices=tuple(choices),
            tone=Tone.GOOD if is_good else Tone.BAD,
            picture=content.code if content else "",
        )

    def press(self, key: str) -> Step:
        """Print it again, or go back to the menu."""
        return self.begin() if key == "2" else HOME

    def resume(self, result: Any) -> Step:
        """Take the slip."""
        self._failed = result if isinstance(result, Failed) else None
        self._content = None if isinstance(result, Failed) else result
        return None

    def _facts(self) -> tuple[Fact, ...]:
        """What was accepted, where no slip says it."""
        if self._outcome is None or self._content is not None:
            return ()
        return facts_of_attempt(self._outcome.attempt, self.say)

    def _title(self) -> str:
        if self._outcome is None:
            return self.say("slip" if self._content else "slip_none")
        accepted = self.say.of(self._outcome.text_zh, self._outcome.text_en)
        return self.say("slip_failed") if self._failed else accepted.capitalize()

    def _lines(self) -> tuple[str, ...]:
        if self._outcome is None:
            return ()
        return (self.say.of(self._outcome.clerk_zh, self._outcome.clerk_en),)


class _DeclinedPage(Page):
    """The host said no: its code, what to do, whom to call."""

    def __init__(self, counter: Counter, outcome: Declined, again: Page | None) -> None:
        super().__init__(counter)
        self._outcome, self._again, self._contact = outcome, again, ""

    def begin(self) -> Step:
        return NameContact(self._outcome)

    def screen(self) -> Screen:
        outcome = self._outcome
        code = Fact(self.say("label_code"), outcome.code)
        lines = [self.say.of(outcome.text_zh, outcome.text_en)]
        lines.append(self.say.of(outcome.clerk_zh, outcome.clerk_en))
        if self._contact:
            lines.append(self.say("call", contact=self._contact))
        return self.counter.screen(
            "declined",
            self.say("declined"),
            facts=(code, *facts_of_attempt(outcome.attempt, self.say)),
            lines=tuple(lines),
            choices=_choices(self.counter, self._again),
            tone=Tone.BAD,
        )

    def press(self, key: str) -> Step:
        return self._again if key == "1" and self._again else HOME

    def resume(self, result: Any) -> Step:
        self._contact = "" if isinstance(result, Failed) else result
        return None


class _NotSentPage(Page):
    """No byte left: the same refund may be sent again, under the same id."""

    def __init__(self, counter: Counter, outcome: NotSent, again: Page | None) -> None:
        super().__init__(counter)
        self._outcome, self._again = outcome, again

    def screen(self) -> Screen:
        outcome = self._outcome
        return self.counter.screen(
            "not_sent",
            self.say("not_sent"),
            facts=facts_of_attempt(outcome.attempt, self.say),
            lines=(self.say.of(outcome.clerk_zh, outcome.clerk_en),),
            choices=_choices(self.counter, self._again),
            tone=Tone.BAD,
        )

    def press(self, key: str) -> Step:
        return self._again if key == "1" and self._again else HOME


class DoubtPage(Page):
    """Nobody knows. It says what to do, has the reference, and offers no "again"; the host is asked, where it can be.

    Args:
        counter: What all pages share.
        what: The attempt; or the refund, where not even an attempt came back.
        needs_people: Whether nothing automatic is left to try.
        blocks: Whether somebody wanted another refund of its sale.
    """

    def __init__(
        self,
        counter: Counter,
        what: Attempt | Wanted,
        *,
        needs_people: bool = False,
        blocks: bool = False,
    ) -> None:
        super().__init__(counter)
        self._what, self._people, self._blocks = what, needs_people, blocks
        self._failed: Failed | None = None
        self._is_asked = False

    def screen(self) -> Screen:
        """Return it."""
        what = self._what
        facts = (
            what.facts(self.say) if isinstance(what, Wanted) else facts_of_attempt(what, self.say)
        )
        lines = ["doubt_asked"] if self._is_asked else []
        lines += ["doubt_blocks"] if self._blocks else []
        lines += ["doubt_do", "doubt_why", "doubt_people" if self._people else "doubt_note"]
        return self.counter.screen(
            "doubt",
            self.say("doubt"),
            facts=facts,
            lines=tuple(self.say(line) for line in lines),
            objections=objections_of(self._failed.error, self.say) if self._failed else (),
            choices=(*self._asking(), self.counter.choice("enter", "key_menu")),
            tone=Tone.DOUBT,
        )

    def press(self, key: str) -> Step:
        """Ask the host, or go back to the menu."""
        return AskHost(self._what.request_id) if key == _ASK else HOME

    def resume(self, result: Any) -> Step:
        """Take what the host said, and that it said nothing."""
        self._failed = result if isinstance(result, Failed) else None
        self._is_asked = isinstance(result, InDoubt)
        if self._failed is not None or isinstance(result, InDoubt):
            return None
        return outcome_page(self.counter, result)

    def _asking(self) -> tuple[Choice, ...]:
        askable, what = self.counter.facts.askable, self._what
        can_ask = bool(askable) if isinstance(what, Wanted) else what.kind in askable
        return (self.counter.choice(_ASK, "doubt_ask"),) if can_ask else ()


class RefusedPage(Page):
    """Everything that says no at once, what the clerk does about each, and whom to call.

    Args:
        counter: What all pages share.
        errors: What said no.
        back: Where ``esc`` leads; None: to the menu alone.
    """

    def __init__(
        self, counter: Counter, *errors: PosRefundError, back: Page | Home | None = None
    ) -> None:
        super().__init__(counter)
        self._errors, self._back = errors, back

    def screen(self) -> Screen:
        """Return it."""
        said = [one for error in self._errors for one in objections_of(error, self.say)]
        unique = {(one.code, one.hint): one for one in said}
        choices = [self.counter.choice("enter", "key_menu")]
        if isinstance(self._back, Page):
            choices.append(self.counter.choice("esc", "key_back"))
        return self.counter.screen(
            "refused",
            self.say("refused"),
            objections=tuple(unique.values()),
            choices=tuple(choices),
            tone=Tone.BAD,
        )

    def press(self, key: str) -> Step:
        """Go back to the menu, or to where it was refused."""
        return self._back if key == "esc" and self._back else HOME


def _choices(counter: Counter, again: Page | None) -> tuple[Choice, ...]:
    menu = counter.choice("enter", "key_menu")
    return (counter.choice("1", "key_again"), menu) if again else (menu,)
