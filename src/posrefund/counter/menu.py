"""The menu: what can be done now, by one digit each. What cannot is not offered. Floor 9."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from posrefund.counter.approvals_page import ApprovalsPage
from posrefund.counter.card_page import card_page
from posrefund.counter.contract import Failed
from posrefund.counter.page import HOME, Page
from posrefund.counter.result_pages import RefusedPage
from posrefund.counter.screen import Tone
from posrefund.counter.shop_effects import Look
from posrefund.counter.shop_pages import DoubtsPage, ReprintPage, SelfCheckPage, StatusPage
from posrefund.counter.sign_in_page import SignInPage
from posrefund.counter.wanted import Wanted

if TYPE_CHECKING:
    from posrefund.counter.page import Step
    from posrefund.counter.screen import Screen

__all__ = ["MenuPage", "OverPage"]

_ENTRIES = {
    "1": "menu_refund",
    "2": "menu_sign_in",
    "3": "menu_status",
    "4": "menu_doubts",
    "5": "menu_approvals",
    "6": "menu_reprint",
    "7": "menu_selfcheck",
    "8": "menu_language",
    "0": "menu_quit",
}


class MenuPage(Page):
    """The menu. Each time it is entered it looks at what stands: an open doubt shows itself."""

    def begin(self) -> Step:
        """Look at what stands."""
        return Look(self.counter.operator)

    def screen(self) -> Screen:
        """Return the entries that are possible now."""
        facts = self.counter.facts
        is_offered = {
            "1": facts.may_refund,
            "4": facts.doubts > 0,
            "5": facts.waiting > 0,
            "6": facts.has_slip,
        }
        return self.counter.screen(
            "menu",
            self.say("menu"),
            lines=self._lines(),
            choices=tuple(
                self.counter.choice(key, word)
                for key, word in _ENTRIES.items()
                if is_offered.get(key, True)
            ),
            tone=Tone.DOUBT if facts.doubts else Tone.PLAIN,
        )

    def press(self, key: str) -> Step:
        """Open an entry."""
        counter = self.counter
        if key == "1":
            return card_page(counter, Wanted(counter.new_id(), counter.operator))
        if key == "8":
            counter.language = "en" if counter.language == "zh" else "zh"
            return HOME
        pages: dict[str, type[Page]] = {
            "2": SignInPage,
            "3": StatusPage,
            "4": DoubtsPage,
            "5": ApprovalsPage,
            "6": ReprintPage,
            "7": SelfCheckPage,
            "0": OverPage,
        }
        return pages[key](counter)

    def resume(self, result: Any) -> Step:
        """Take what stands."""
        if isinstance(result, Failed):
            return RefusedPage(self.counter, result.error)
        self.counter.facts = result
        return None

    def _lines(self) -> tuple[str, ...]:
        facts = self.counter.facts
        said = []
        if facts.doubts:
            said.append(self.say("open_doubts", count=facts.doubts))
        if facts.terminal and not facts.is_signed_in:
            said.append(self.say("not_signed_in"))
        if facts.terminal and not facts.may_refund:
            said.append(self.say("no_refunds"))
        return tuple(said)


class OverPage(Page):
    """The clerk has quit."""

    def screen(self) -> Screen:
        """Return it."""
        return self.counter.screen("over", self.say("goodbye"))
