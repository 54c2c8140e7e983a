"""Where the customer draws the signature: on the screen itself, or on the own phone. Floor 9.

Nothing is sent from here. What was drawn leads back to the last look, and only a key of that one sends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from posrefund.closed import closed_class
from posrefund.counter.page import Page
from posrefund.counter.screen import Pad

if TYPE_CHECKING:
    from posrefund.counter.page import Counter, Step
    from posrefund.counter.screen import Screen
    from posrefund.counter.sign_page import SignPage
    from posrefund.counter.wanted import Wanted
    from posrefund.engine import Signature

__all__ = ["LINK_MINUTES", "PHONE_KEY", "PadPage"]

PHONE_KEY = "4"
"""Leads to the code to sign by phone, and there to another one: pressed twice it sends nothing."""
LINK_MINUTES = 5
"""So long a code holds, while its screen is shown."""


@closed_class
class PadPage(Page):
    """Waits for a drawing.

    Args:
        counter: What all pages share.
        wanted: The refund.
        pad: Where it is drawn.
        signing: Where it leads back to.
        number: The how-manieth code it is: each is another screen, and the code of a screen that is gone is worth nothing.
    """

    def __init__(
        self, counter: Counter, wanted: Wanted, pad: Pad, signing: SignPage, number: int = 1
    ) -> None:
        super().__init__(counter)
        self._wanted, self._pad, self._signing, self._number = wanted, pad, signing, number

    def screen(self) -> Screen:
        """Return what is signed, and where."""
        is_here = self._pad is Pad.HERE
        said = "sign_here_line" if is_here else "sign_phone_line"
        lines = [self.say(said, minutes=LINK_MINUTES)]
        if self._number > 1:
            lines.append(self.say("sign_phone_number", number=self._number))
        return self.counter.screen(
            "sign_here" if is_here else "sign_phone",
            self.say("sign_please"),
            facts=self._wanted.facts(self.say)[:1],
            lines=tuple(lines),
            choices=(
                self.counter.choice("enter", "sign_done")
                if is_here
                else self.counter.choice(PHONE_KEY, "sign_phone_again"),
                self.counter.choice("esc", "key_back"),
            ),
            step=self._wanted.steps,
            steps=self._wanted.steps,
            pad=self._pad,
        )

    def press(self, key: str) -> Step:
        """Go back, or show another code. ``enter`` hands in what was drawn, and alone is nothing."""
        if key == "esc":
            return self._signing
        if key == PHONE_KEY:
            number = self._number + 1
            return PadPage(self.counter, self._wanted, self._pad, self._signing, number)
        return None

    def sign(self, signature: Signature) -> Page:
        """Take what was drawn back to the last look."""
        return self._signing.sign(signature)
