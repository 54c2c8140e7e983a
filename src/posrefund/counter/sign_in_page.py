"""Who stands here, and the terminal's sign-in at its host. Floor 9."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from posrefund.closed import closed_class
from posrefund.counter.contract import Failed
from posrefund.counter.page import HOME, Page, objections_of
from posrefund.counter.result_pages import RefusedPage
from posrefund.counter.screen import Fact, Field, FieldKind, Tone
from posrefund.counter.second_page import is_operator
from posrefund.counter.shop_effects import Prove, SignIn

if TYPE_CHECKING:
    from posrefund.counter.page import Counter, Step
    from posrefund.counter.screen import Objection, Screen
    from posrefund.errors import PosRefundError
    from posrefund.terminal import SignedIn

__all__ = ["SignInPage"]

_ACCEPTED = {"clock_differs": {"accept_clock": True}, "keys_came_back": {"accept_keys": True}}
"""What people may say yes to, and how the terminal is told."""


@closed_class
class SignInPage(Page):
    """Takes the operator's number, his PIN where the terminal knows its staff, and signs in.

    Args:
        counter: What all pages share.
    """

    def __init__(self, counter: Counter) -> None:
        super().__init__(counter)
        self._operator, self._error = "", ""
        self._objections: tuple[Objection, ...] = ()

    def screen(self) -> Screen:
        """Return the field for the number or the PIN."""
        return self.counter.screen(
            "sign_in_pin" if self._operator else "sign_in",
            self.say("sign_in"),
            objections=self._objections,
            field=self._field(),
            choices=self.counter.enter_or_esc("key_menu"),
        )

    def press(self, key: str) -> Step:
        """Go back to the menu."""
        return HOME

    def enter(self, text: str) -> Step:
        """Take the number, then the PIN."""
        if self._operator:
            return Prove(self._operator, text)
        self._error, self._objections = "", ()
        if not is_operator(text):
            self._error = self.say("operator_wrong")
            return None
        if self.counter.facts.asks_for_pin:
            self._operator = text
            return None
        return _SigningIn(self.counter, text)

    def resume(self, result: Any) -> Step:
        """Take the proof, or why it is none."""
        operator, self._operator = self._operator, ""
        if not isinstance(result, Failed):
            return _SigningIn(self.counter, operator)
        self._objections = objections_of(result.error, self.say)
        if getattr(result.error, "code", "") == "operator_pin_wrong":
            self._operator = operator
        return None

    def _field(self) -> Field:
        if self._operator:
            return Field(FieldKind.PIN, self.say("pin_of", operator=self._operator))
        here = self.counter.operator
        return Field(FieldKind.TEXT, self.say("operator_field"), value=here, error=self._error)


class _SigningIn(Page):
    """Talks to the host; what it says that people may accept is asked about."""

    def __init__(self, counter: Counter, operator: str, accepted: dict[str, bool] | None = None):
        super().__init__(counter)
        self._operator, self._accepted = operator, accepted or {}
        self._done: SignedIn | None = None
        self._refused: PosRefundError | None = None

    def begin(self) -> Step:
        return SignIn(self._operator, **self._accepted)

    def screen(self) -> Screen:
        if self._refused is not None:
            return self.counter.screen(
                "sign_in_accept",
                self.say("refused"),
                objections=objections_of(self._refused, self.say),
                choices=(
                    self.counter.choice("1", "accept"),
                    self.counter.choice("esc", "key_menu"),
                ),
                tone=Tone.BAD,
            )
        batch = self._done.batch if self._done else ""
        return self.counter.screen(
            "signed_in",
            self.say("signed_in" if self._done else "sign_in"),
            facts=(Fact(self.say("label_batch"), batch),) if batch else (),
            choices=(self.counter.choice("enter", "key_menu"),),
            tone=Tone.GOOD if self._done else Tone.PLAIN,
        )

    def press(self, key: str) -> Step:
        code = getattr(self._refused, "code", "")
        if key != "1" or code not in _ACCEPTED:
            return HOME
        return _SigningIn(self.counter, self._operator, {**self._accepted, **_ACCEPTED[code]})

    def resume(self, result: Any) -> Step:
        if not isinstance(result, Failed):
            self.counter.operator, self._done = self._operator, result
            return None
        if getattr(result.error, "code", "") in _ACCEPTED:
            self._refused = result.error
            return None
        return RefusedPage(self.counter, result.error)
