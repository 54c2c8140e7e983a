"""The fourth step: what is going to be written down and sent, and its digest. Floor 9."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from posrefund.closed import closed_class
from posrefund.counter.contract import Failed
from posrefund.counter.page import Page, objections_of
from posrefund.counter.papers_page import MENDED_HERE, DocumentPage, OrderPage, papers_page
from posrefund.counter.refund_effects import CheckRefund
from posrefund.counter.result_pages import DoubtPage, RefusedPage, outcome_page
from posrefund.counter.screen import Choice
from posrefund.counter.second_page import SecondPerson
from posrefund.counter.sign_page import SignPage
from posrefund.counter.voucher_page import VoucherPage
from posrefund.engine import InDoubt, Reason
from posrefund.office.slips.words import REASONS

if TYPE_CHECKING:
    from posrefund.counter.page import Counter, Home, Step
    from posrefund.counter.refund_effects import Checked
    from posrefund.counter.screen import Screen
    from posrefund.counter.wanted import Wanted

__all__ = ["CheckPage"]

_STEP = 4
_REASONS = tuple(Reason)
_PAPERS: dict[str, type[OrderPage | DocumentPage]] = {"7": OrderPage, "8": DocumentPage}


@closed_class
class CheckPage(Page):
    """Shows all of it; a digit changes the reason, and the digest with it.

    Args:
        counter: What all pages share.
        wanted: The refund, with card, sale and amount.
        back: Where ``esc`` leads.
    """

    def __init__(self, counter: Counter, wanted: Wanted, *, back: Page | Home) -> None:
        super().__init__(counter)
        self._wanted, self._back = wanted, back
        self._checked: Checked | None = None

    def begin(self) -> Step:
        """Ask the terminal what it would come to."""
        return CheckRefund(self._wanted.request())

    def screen(self) -> Screen:
        """Return all that is going to be written down."""
        preview = self._checked.preview if self._checked else None
        reviews = preview.reviews if preview else ()
        said = tuple(one for each in reviews for one in objections_of(each, self.say))
        kind = "kind_void" if preview and preview.route == "void" else "kind_refund"
        lines = [self.say("check_two")] if self._wanted.needs_two else []
        return self.counter.screen(
            "check",
            self.say("check"),
            facts=self._wanted.facts(self.say, kind=kind),
            lines=(*lines, *(one.hint for one in said), self._on_reasons()),
            choices=(
                *self._reasons(),
                self.counter.choice("7", "add_order"),
                self.counter.choice("8", "add_document"),
                *self.counter.enter_or_esc(),
            ),
            step=_STEP,
            steps=self._wanted.steps,
        )

    def press(self, key: str) -> Step:
        """Change the reason, go on, or back."""
        if key == "esc":
            return self._back
        if key in _PAPERS:
            return _PAPERS[key](self.counter, self._wanted, self._with, self)
        if key != "enter":
            self._wanted = self._wanted.with_(reason=_REASONS[int(key) - 1])
            return self.begin()
        assert self._checked is not None
        sign = SignPage(
            self.counter,
            self._wanted,
            needs_signature=self._checked.needs_signature,
            back=self,
        )
        return SecondPerson(self.counter, self._wanted, sign) if self._wanted.needs_two else sign

    def resume(self, result: Any) -> Step:
        """Take what it would come to."""
        if isinstance(result, Failed):
            return RefusedPage(self.counter, result.error, back=self._back)
        self._checked = result
        preview = result.preview
        if isinstance(preview.outcome, InDoubt):
            return DoubtPage(self.counter, preview.outcome.attempt)
        if preview.outcome is not None:
            return outcome_page(self.counter, preview.outcome, again=self)
        said = tuple(one for each in preview.faults for one in objections_of(each, self.say))
        if said and {one.code for one in said} <= MENDED_HERE:
            back = self._back if isinstance(self._back, Page) else self
            return papers_page(self.counter, self._wanted, self._with, back, said)
        if {fault.code for fault in preview.faults} == {"voucher_needed"}:
            return VoucherPage(self.counter, self._wanted, self._with, self._back)
        if preview.faults:
            return RefusedPage(self.counter, *preview.faults, back=self._back)
        self._wanted = self._wanted.with_(
            digest=preview.digest, needs_two=preview.needs_approval, amount=preview.amount
        )
        return None

    def _with(self, wanted: Wanted) -> Page:
        """Look at it again, with what was typed."""
        return CheckPage(self.counter, wanted, back=self._back)

    def _on_reasons(self) -> str:
        return self.say("check_reason", last=len(_REASONS))

    def _reasons(self) -> list[Choice]:
        words, held = REASONS[self.say.language], self._wanted.reason
        return [
            Choice(str(key), words[reason], is_marked=reason is held)
            for key, reason in enumerate(_REASONS, start=1)
        ]
