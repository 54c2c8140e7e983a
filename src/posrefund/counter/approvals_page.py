"""What waits for a second person: looked at, agreed to, taken back, gone on with. Floor 9."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from posrefund.counter.card_page import card_page
from posrefund.counter.contract import Failed
from posrefund.counter.listing import ListPage
from posrefund.counter.page import Page
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


class ApprovalsPage(ListPage["Approval"]):
    """The list, oldest first.

    Args:
        counter: What all pages share.
    """

    def begin(self) -> Step:
        """Read it."""
        return ListApprovals()

    def screen(self) -> Screen:
        """Return the list."""
        return self.counter.screen(
            "approvals",
            self.say("approvals"),
            lines=() if self.listing.items else (self.say("nothing"),),
            choices=self.choices(),
        )

    def choice_of(self, key: str, item: Approval) -> Choice:
        """Return how much it is, and whether somebody has agreed."""
        is_cleared = item.state is State.CLEARED
        state = self.say("approval_cleared" if is_cleared else "approval_waits")
        return Choice(key, f"{item.amount}  {state}", item.request_id)

    def page_of(self, item: Approval) -> Page:
        """Return where one is decided on."""
        return _OneApproval(self.counter, item)


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
