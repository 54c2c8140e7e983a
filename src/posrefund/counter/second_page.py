"""The step that only some refunds have: a second person looks at them and says yes. Floor 9.

Who asked cannot agree, and what is agreed to is the digest that is shown: the terminal sees to both.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from posrefund.closed import closed_class
from posrefund.counter.contract import Failed
from posrefund.counter.page import HOME, Page, objections_of
from posrefund.counter.refund_effects import Approve, Ask
from posrefund.counter.result_pages import RefusedPage
from posrefund.counter.screen import Fact, Field, FieldKind
from posrefund.counter.wanted import short_digest
from posrefund.engine import State
from posrefund.errors import RefusedError
from posrefund.office.slips.words import REASONS

if TYPE_CHECKING:
    from posrefund.counter.page import Counter, Home, Step
    from posrefund.counter.screen import Objection, Screen
    from posrefund.counter.wanted import Wanted
    from posrefund.engine import Approval

__all__ = ["ApprovePage", "SecondPerson", "facts_of_approval", "is_operator"]

_STEP, _STEPS = 5, 6
_OPERATOR = re.compile("[0-9A-Za-z]{1,3}")


def is_operator(text: str) -> bool:
    """Say whether *text* may be an operator's number."""
    return bool(_OPERATOR.fullmatch(text))


def facts_of_approval(approval: Approval, page: Page) -> tuple[Fact, ...]:
    """Return what a second person looks at."""
    say = page.say
    why = REASONS[say.language].get(approval.why, approval.why)
    told = [
        ("label_amount", str(approval.amount)),
        ("label_sale", approval.original_id),
        ("label_card", approval.card_masked),
        ("label_reason", why),
        ("label_maker", approval.maker),
        ("label_request", approval.request_id),
        ("label_digest", short_digest(approval.digest)),
    ]
    return tuple(
        Fact(say(label), value, is_large=label == "label_amount") for label, value in told if value
    )


@closed_class
class SecondPerson(Page):
    """Asks for the yes: writes the question down, with the PIN of who asks where the profile wants it.

    Args:
        counter: What all pages share.
        wanted: The refund that was checked.
        after: Where it goes on once there is a yes.
    """

    def __init__(self, counter: Counter, wanted: Wanted, after: Page) -> None:
        super().__init__(counter)
        self._wanted, self._after = wanted, after
        self._objections: tuple[Objection, ...] = ()

    def begin(self) -> Step:
        """Ask without a PIN: only the terminal knows whether it takes one."""
        return Ask(self._wanted.request())

    def screen(self) -> Screen:
        """Return the field for the PIN of who asks."""
        operator = self._wanted.operator
        return self.counter.screen(
            "maker_pin",
            self.say("ask_pin"),
            facts=self._wanted.short_facts(self.say),
            objections=self._objections,
            field=Field(FieldKind.PIN, self.say("pin_of", operator=operator)),
            choices=self.counter.enter_or_esc("key_menu"),
            step=_STEP,
            steps=_STEPS,
        )

    def press(self, key: str) -> Step:
        """Give up; nothing was asked."""
        return HOME

    def enter(self, text: str) -> Step:
        """Ask with the PIN."""
        return Ask(self._wanted.request(), text)

    def resume(self, result: Any) -> Step:
        """Take the question that was written down, or that a PIN is wanted, or why not."""
        if not isinstance(result, Failed):
            if result is None or result.state is State.CLEARED:
                return self._after
            return ApprovePage(self.counter, result, self._after, waits=True)
        code = getattr(result.error, "code", "")
        if code == "operator_pin_needed":
            self._objections = ()
            return None
        if code == "operator_pin_wrong":
            self._objections = objections_of(result.error, self.say)
            return None
        return RefusedPage(self.counter, result.error, back=HOME)


@closed_class
class ApprovePage(Page):
    """A second person says who he is, and yes.

    Args:
        counter: What all pages share.
        approval: What waits.
        after: Where it goes on then.
        waits: Whether ``esc`` says that it stays waiting; it is part of a refund that is being made.
        back: Where ``esc`` leads else.
    """

    def __init__(
        self,
        counter: Counter,
        approval: Approval,
        after: Page | Home,
        *,
        waits: bool = False,
        back: Page | Home = HOME,
    ) -> None:
        super().__init__(counter)
        self._approval, self._after, self._waits, self._back = approval, after, waits, back
        self._checker, self._error = "", ""
        self._objections: tuple[Objection, ...] = ()

    def screen(self) -> Screen:
        """Return what is agreed to, and the field for the number or the PIN."""
        return self.counter.screen(
            "approve_pin" if self._checker else "approve",
            self.say("approve"),
            facts=facts_of_approval(self._approval, self),
            lines=(self.say("approve_line"),),
            objections=self._objections,
            field=self._field(),
            choices=self.counter.enter_or_esc(),
            step=_STEP if self._waits else 0,
            steps=_STEPS if self._waits else 0,
        )

    def press(self, key: str) -> Step:
        """Leave it waiting."""
        return WaitsPage(self.counter, self._approval) if self._waits else self._back

    def enter(self, text: str) -> Step:
        """Take the number, then the PIN."""
        approval = self._approval
        if self._checker:
            return Approve(approval.request_id, self._checker, approval.digest, text)
        self._error, self._objections = "", ()
        if not is_operator(text):
            self._error = self.say("operator_wrong")
            return None
        self._checker = text
        if self.counter.facts.asks_for_pin:
            return None
        return Approve(approval.request_id, text, approval.digest)

    def resume(self, result: Any) -> Step:
        """Take the yes, or why it is none: somebody else may still say it."""
        checker, self._checker = self._checker, ""
        if not isinstance(result, Failed):
            return self._after
        self._objections = objections_of(result.error, self.say)
        code = getattr(result.error, "code", "")
        if code in ("operator_pin_wrong", "operator_pin_needed"):
            self._checker = checker
        is_hopeless = code in ("approval_unknown", "approval_changed", "approval_expired")
        if is_hopeless or not isinstance(result.error, RefusedError):
            return RefusedPage(self.counter, result.error, back=HOME)
        return None

    def _field(self) -> Field:
        if self._checker:
            return Field(FieldKind.PIN, self.say("pin_of", operator=self._checker))
        return Field(FieldKind.TEXT, self.say("operator_field"), error=self._error)


class WaitsPage(Page):
    """Says that nothing was sent, and how it goes on.

    Args:
        counter: What all pages share.
        approval: What waits.
    """

    def __init__(self, counter: Counter, approval: Approval) -> None:
        super().__init__(counter)
        self._approval = approval

    def screen(self) -> Screen:
        """Return it."""
        return self.counter.screen(
            "waits",
            self.say("waits"),
            facts=facts_of_approval(self._approval, self),
            lines=(self.say("waits_line"),),
            choices=(self.counter.choice("enter", "key_menu"),),
        )

    def press(self, key: str) -> Step:
        """Go back to the menu."""
        return HOME
