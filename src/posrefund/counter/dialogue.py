"""``Dialogue``: what a clerk presses and what stands on the screen then; it does no I/O and has no clock. Floor 9."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from posrefund.closed import closed_class
from posrefund.counter.contract import Effect
from posrefund.counter.menu import MenuPage, OverPage
from posrefund.counter.pad_page import PadPage
from posrefund.counter.page import HOME, Home, Page
from posrefund.counter.result_pages import RefusedPage
from posrefund.counter.screen import FieldKind
from posrefund.counter.sign_page import SignPage
from posrefund.errors import LocalProtocolError, PosRefundError

if TYPE_CHECKING:
    from posrefund.counter.page import Counter, Step
    from posrefund.counter.screen import Screen
    from posrefund.engine import Signature

__all__ = ["Dialogue"]


@closed_class
class Dialogue:
    """One clerk at one terminal, screen by screen.

    Args:
        counter: The shop, the clerk, the language.

    Example:
        >>> from posrefund.counter import Counter, Dialogue
        >>> dialogue = Dialogue(Counter(new_id=lambda: "R-1", language="en"))
        >>> dialogue.start()
        Look(operator='01')
        >>> dialogue.screen.is_busy, dialogue.press("1")
        (True, None)
    """

    def __init__(self, counter: Counter) -> None:
        self._counter = counter
        self._page: Page = MenuPage(counter)
        self._is_busy = False

    @property
    def screen(self) -> Screen:
        """What is shown now."""
        return self._page.busy_screen() if self._is_busy else self._page.screen()

    @property
    def is_busy(self) -> bool:
        """Whether an effect is under way."""
        return self._is_busy

    @property
    def is_over(self) -> bool:
        """Whether the clerk has quit."""
        return isinstance(self._page, OverPage)

    def start(self) -> Effect | None:
        """Open the menu; call it once, and after a page of yours came back from elsewhere."""
        return self._go(HOME)

    def press(self, key: str) -> Effect | None:
        """Take a key: a character, ``enter`` or ``esc``. One that the screen does not offer does nothing."""
        if self._is_busy:
            return self._page.interrupt(key)
        shown = self._page.screen()
        if shown.field is not None and key == "enter":
            return self.enter("")
        if key not in shown.keys and key not in self._page.unseen_keys:
            return None
        return self._go(self._page.press(key))

    def enter(self, text: str) -> Effect | None:
        """Take what was typed into the field; nothing typed is what stood in it."""
        shown = self._page.screen() if not self._is_busy else None
        if shown is None or shown.field is None:
            return None
        typed = text.strip() or shown.field.value
        if shown.field.kind is FieldKind.PIN and not typed:
            return None
        return self._go(self._page.enter(typed))

    def sign(self, signature: Signature) -> bool:
        """Take a signature that was drawn on a pad, or given by phone, on a screen that asks for one.

        Whoever took it keeps what was given; the refund carries its digest. Nothing is sent by this.

        Returns:
            Whether it was taken: on any other screen, or while something is under way, it is not.
        """
        if self._is_busy or not isinstance(self._page, SignPage | PadPage):
            return False
        self._page = self._page.sign(signature)
        return True

    def resume(self, result: Any) -> Effect | None:
        """Take what came of the effect that was wanted, or a ``Failed``; return the next one that is wanted now.

        Raises:
            LocalProtocolError: None was under way.
        """
        if not self._is_busy:
            message = "nothing is under way that could have come to an end"
            raise LocalProtocolError(message)
        self._is_busy = False
        return self._go(self._page.resume(result))

    def _go(self, step: Step) -> Effect | None:
        while isinstance(step, Page | Home):
            self._page = step if isinstance(step, Page) else MenuPage(self._counter)
            step = self._begin()
        self._is_busy = step is not None
        return step

    def _begin(self) -> Step:
        """What cannot even be asked for, such as by an operator with no such number, is a screen, too."""
        try:
            return self._page.begin()
        except PosRefundError as error:
            return RefusedPage(self._counter, error)
