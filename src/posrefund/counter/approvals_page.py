"""What waits for a second person: looked at, agreed to, taken back, gone on with. Floor 9."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from posrefund.counter.card_page import card_page
from posrefund.counter.contract import Failed
from posrefund.counter.page import HOME, Page
from posrefund.counter.refund_effects import Withdraw
from posrefund.counter.result_pages import RefusedPage
from posrefund.counter.screen import Choice
from posrefund.counter.second_page import ApprovePage, facts_of_approval
from posrefund.counter.shop_effects import ListApprovals
from posrefund.counter.wanted import Wanted
from posrefund.engine import State

if TYPE_CHECKING:
    from posrefund.counter.page import Counter, Step
    from posrefund.counter.screen import Screen
    from posrefund.engine import Approval

__all__ = ["ApprovalsPage"]

_SHOWN = 8


class ApprovalsPage(Page):
    """The list, oldest first.

    Args:
        counter: What all pages share.
    """

    def __init__(self, counter: Counter) -> None:
        super().__init__(counter)
        self._found: list[Approval] = []
        self._from = 0

    def begin(self) -> Step:
        """Read it."""
        return ListApprovals()

    def screen(self) -> Screen:
        """Return the list."""
        shown = self._found[self._from : self._from + _SHOWN]
        choices = [self._choice(str(key), each) for key, each in enumerate(shown, start=1)]
        if len(self._found) > _SHOWN:
            choices.append(self.counter.choice("9", "key_more"))
        return self.counter.screen(
            "approvals",
            self.say("approvals"),
            lines=() if self._found else (self.say("nothing"),),
            choices=(*choices, self.counter.choice("esc", "key_menu")),
        )

    def press(self, key: str) -> Step:
        """Choose one, look further, or go back."""
        if key == "esc":
            return HOME
        if key == "9":
            self._from = self._from + _SHOWN if self._from + _SHOWN < len(self._found) else 0
            return None
        return _OneApproval(self.counter, self._found[self._from + int(key) - 1])

    def resume(self, result: Any) -> Step:
        """Take the list."""
        if isinstance(result, Failed):
            return RefusedPage(self.counter, result.error)
        self._found = result
        return None

    def _choice(self, key: str, approval: Approval) -> Choice:
        is_cleared = approval.state is State.CLEARED
        state = self.say("approval_cleared" if is_cleared else "approval_waits")
        return Choice(key, f"{approval.amount}  {state}", approval.request_id)


class _OneApproval(Page):
    """One of them: agree or take back; once it is agreed to, read the card and refund."""

    def __init__(self, counter: Counter, approval: Approval) -> None:
        super().__init__(counter)
        self._approval = approval

    def screen(self) -> Screen:
        is_cleared = self._approval.state is State.CLEARED
        first = "approval_go_on" if is_cleared else "approval_agree"
        return self.counter.screen(
            "approval",
            self.say("approvals"),
            facts=facts_of_approval(self._approval, self),
            choices=(
                self.counter.choice("1", first),
                self.counter.choice("2", "approval_withdraw"),
                self.counter.choice("esc", "key_back"),
            ),
        )

    def press(self, key: str) -> Step:
        approval = self._approval
        if key == "esc":
            return ApprovalsPage(self.counter)
        if key == "2":
            return Withdraw(approval.request_id, self.counter.operator)
        if approval.state is State.CLEARED:
            return card_page(self.counter, Wanted.of_approval(approval))
        back = ApprovalsPage(self.counter)
        return ApprovePage(self.counter, approval, ApprovalsPage(self.counter), back=back)

    def resume(self, result: Any) -> Step:
        if isinstance(result, Failed):
            return RefusedPage(self.counter, result.error)
        return ApprovalsPage(self.counter)
