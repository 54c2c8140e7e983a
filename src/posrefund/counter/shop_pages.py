"""The rest of the menu: how a refund stands, open doubts, the last slip, a self-check. Floor 9."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from posrefund.counter.contract import Failed
from posrefund.counter.listing import ListPage
from posrefund.counter.page import HOME, Page
from posrefund.counter.result_pages import DoubtPage, RefusedPage, SlipPage, outcome_page
from posrefund.counter.screen import Choice, Fact, Field, FieldKind, Tone
from posrefund.counter.second_page import WaitsPage
from posrefund.counter.shop_effects import LastSlip, ListDoubts, SelfCheck, TellStatus
from posrefund.counter.wanted import facts_of_attempt
from posrefund.engine import Approved, Declined, InDoubt, NotSent

if TYPE_CHECKING:
    from posrefund.counter.page import Counter, Step
    from posrefund.counter.screen import Screen
    from posrefund.counter.shop_effects import Standing
    from posrefund.engine import Attempt
    from posrefund.engine.selfcheck import Check
    from posrefund.engine.selfcheck import SelfCheck as Report

__all__ = ["DoubtsPage", "ReprintPage", "SelfCheckPage", "StatusPage"]

_TONES = {"ok": Tone.GOOD, "warn": Tone.PLAIN, "block": Tone.BAD, "skipped": Tone.PLAIN}


class StatusPage(Page):
    """Takes a reference and says how that refund stands.

    Args:
        counter: What all pages share.
    """

    def __init__(self, counter: Counter) -> None:
        super().__init__(counter)
        self._error = ""

    def screen(self) -> Screen:
        """Return the field."""
        return self.counter.screen(
            "status",
            self.say("status"),
            field=Field(FieldKind.TEXT, self.say("status_field"), error=self._error),
            choices=self.counter.enter_or_esc("key_menu"),
        )

    def press(self, key: str) -> Step:
        """Go back to the menu."""
        return HOME

    def enter(self, text: str) -> Step:
        """Ask the journal."""
        return TellStatus(text)

    def resume(self, result: Any) -> Step:
        """Take how it stands."""
        if isinstance(result, Failed):
            return RefusedPage(self.counter, result.error, back=self)
        standing: Standing = result
        match standing.outcome:
            case Approved():
                return _AcceptedPage(self.counter, standing.outcome)
            case Declined() | InDoubt() | NotSent():
                return outcome_page(self.counter, standing.outcome)
            case None:
                pass
        if standing.approval is not None:
            return WaitsPage(self.counter, standing.approval)
        self._error = self.say("status_unknown")
        return None


class _AcceptedPage(Page):
    """What was accepted, or is booked already."""

    def __init__(self, counter: Counter, outcome: Approved) -> None:
        super().__init__(counter)
        self._outcome = outcome

    def screen(self) -> Screen:
        outcome = self._outcome
        return self.counter.screen(
            "accepted",
            self.say.of(outcome.text_zh, outcome.text_en).capitalize(),
            facts=facts_of_attempt(outcome.attempt, self.say),
            lines=(self.say.of(outcome.clerk_zh, outcome.clerk_en),),
            choices=(
                self.counter.choice("2", "slip_again"),
                self.counter.choice("enter", "key_menu"),
            ),
            tone=Tone.GOOD,
        )

    def press(self, key: str) -> Step:
        return SlipPage(self.counter, self._outcome.attempt.request_id) if key == "2" else HOME


class DoubtsPage(ListPage["Attempt"]):
    """Every refund that is not decided, oldest first.

    Args:
        counter: What all pages share.
    """

    def begin(self) -> Step:
        """Read them."""
        return ListDoubts()

    def screen(self) -> Screen:
        """Return the list."""
        found = self.listing.items
        return self.counter.screen(
            "doubts",
            self.say("doubts"),
            lines=(self.say("doubt_do" if found else "nothing"),),
            choices=self.choices(),
            tone=Tone.DOUBT if found else Tone.PLAIN,
        )

    def choice_of(self, key: str, item: Attempt) -> Choice:
        """Return how much it is, and since when."""
        return Choice(key, f"{item.amount}  {item.host_day}", item.request_id)

    def page_of(self, item: Attempt) -> Page:
        """Return what is known of one."""
        return DoubtPage(self.counter, item)


class ReprintPage(Page):
    """Finds the refund that was accepted last, and prints its slip again."""

    def begin(self) -> Step:
        """Find it."""
        return LastSlip()

    def screen(self) -> Screen:
        """Return that there is none."""
        return self.counter.screen(
            "slip",
            self.say("slip_none"),
            choices=(self.counter.choice("enter", "key_menu"),),
        )

    def press(self, key: str) -> Step:
        """Go back to the menu."""
        return HOME

    def resume(self, result: Any) -> Step:
        """Take which it is."""
        if isinstance(result, Failed):
            return RefusedPage(self.counter, result.error)
        return SlipPage(self.counter, result) if result else None


class SelfCheckPage(Page):
    """Looks at everything a refund stands on, and lists what it found.

    Args:
        counter: What all pages share.
    """

    def __init__(self, counter: Counter) -> None:
        super().__init__(counter)
        self._report: Report | None = None

    def begin(self) -> Step:
        """Look."""
        return SelfCheck()

    def screen(self) -> Screen:
        """Return what was found, and what to do about it."""
        report = self._report
        checks = report.checks if report else ()
        return self.counter.screen(
            "selfcheck",
            self.say("selfcheck"),
            facts=tuple(self._fact(check) for check in checks),
            lines=tuple(self._remedy(check) for check in checks if check.reason),
            choices=(self.counter.choice("enter", "key_menu"),),
            tone=_TONES[report.verdict] if report else Tone.PLAIN,
        )

    def press(self, key: str) -> Step:
        """Go back to the menu."""
        return HOME

    def resume(self, result: Any) -> Step:
        """Take the report."""
        if isinstance(result, Failed):
            return RefusedPage(self.counter, result.error)
        self._report = result
        return None

    def _fact(self, check: Check) -> Fact:
        said = self.say(f"verdict_{check.verdict}")
        return Fact(self.say.of(check.title_zh, check.title_en), said)

    def _remedy(self, check: Check) -> str:
        say = self.say.of
        return f"{say(check.text_zh, check.text_en)} {say(check.remedy_zh, check.remedy_en)}"
