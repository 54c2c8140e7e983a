"""The last step: the customer's signature, a last look, and off it goes. Floor 9.

No key of it is one that led here: Enter pressed twice on the screen before sends nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from posrefund.closed import closed_class
from posrefund.counter.contract import Failed
from posrefund.counter.pad_page import PHONE_KEY, PadPage
from posrefund.counter.page import Page
from posrefund.counter.refund_effects import SendRefund
from posrefund.counter.result_pages import DoubtPage, RefusedPage, outcome_page
from posrefund.counter.screen import Pad
from posrefund.engine import Signature

if TYPE_CHECKING:
    from posrefund.counter.page import Counter, Home, Step
    from posrefund.counter.screen import Screen
    from posrefund.counter.wanted import Wanted

__all__ = ["SignPage"]

_PADS = {"3": Pad.HERE, PHONE_KEY: Pad.PHONE}


@closed_class
class SignPage(Page):
    """Takes the signature and the last yes.

    Args:
        counter: What all pages share.
        wanted: The refund, checked and agreed to.
        needs_signature: Whether the rules refuse it without.
        back: Where ``esc`` leads.
    """

    def __init__(
        self, counter: Counter, wanted: Wanted, *, needs_signature: bool, back: Page | Home
    ) -> None:
        super().__init__(counter)
        self._wanted, self._needs, self._back = wanted, needs_signature, back

    def screen(self) -> Screen:
        """Return what is sent, and how it may be signed."""
        given = self._wanted.signature
        choices = [self.counter.choice("1", "sign_given" if given else "sign_paper")]
        if not (given or self._needs):
            choices.append(self.counter.choice("2", "sign_without"))
        choices += [
            self.counter.choice(key, f"sign_{pad}")
            for key, pad in _PADS.items()
            if pad in self.counter.pads
        ]
        why = (self.say(self.counter.why_no_pad),) if self.counter.why_no_pad else ()
        return self.counter.screen(
            "sign",
            self.say("sign"),
            facts=self._wanted.facts(self.say),
            lines=(self.say("sign_wanted" if self._needs else "sign_line"), *why),
            choices=(*choices, self.counter.choice("esc", "key_back")),
            step=self._wanted.steps,
            steps=self._wanted.steps,
            signature=given.sha256 if given else "",
        )

    def press(self, key: str) -> Step:
        """Send it with a signature or without, let it be drawn, or go back."""
        if key == "esc":
            return self._back
        if key in _PADS:
            return PadPage(self.counter, self._wanted, _PADS[key], self)
        if key == "1" and self._wanted.signature is None:
            self.sign(Signature("paper"))
        return _Sending(self.counter, self._wanted, again=self)

    def sign(self, signature: Signature) -> Page:
        """Take a signature that was drawn, or given by phone; whoever took it keeps what was given."""
        self._wanted = self._wanted.with_(signature=signature)
        return self


@closed_class
class _Sending(Page):
    """Waits for the host. No key does anything."""

    def __init__(self, counter: Counter, wanted: Wanted, *, again: Page) -> None:
        super().__init__(counter)
        self._wanted, self._again = wanted, again

    def begin(self) -> Step:
        return SendRefund(self._wanted.request())

    def screen(self) -> Screen:
        return self.counter.screen(
            "waiting",
            self.say("waiting"),
            facts=self._wanted.facts(self.say),
            lines=(self.say("waiting_line"),),
            step=self._wanted.steps,
            steps=self._wanted.steps,
            is_busy=True,
        )

    def busy_screen(self) -> Screen:
        return self.screen()

    def resume(self, result: Any) -> Step:
        if not isinstance(result, Failed):
            return outcome_page(self.counter, result, again=self._again)
        if result.error.effect == "in_doubt":
            return DoubtPage(self.counter, self._wanted)
        back = self._again if result.error.retry_is_safe else None
        return RefusedPage(self.counter, result.error, back=back)
