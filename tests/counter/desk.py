"""A clerk for tests: presses keys, performs what is wanted, and sees the screen."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from posrefund.counter import CardsToPractise, Counter, Dialogue, perform

if TYPE_CHECKING:
    from posrefund.counter import Effect, Reader, Screen
    from posrefund.terminal import Terminal


@dataclass
class Clerk:
    """One clerk at one terminal.

    Attributes:
        performed: Every effect, in order.
        seen: The name of every screen that was shown, in order, but for those that were busy.
        pressed: How many keys were pressed.
    """

    terminal: Terminal
    language: str = "en"
    operator: str = "01"
    reader: Reader = field(default_factory=CardsToPractise)
    performed: list[Effect] = field(default_factory=list)
    seen: list[Screen] = field(default_factory=list)
    pressed: int = 0

    def __post_init__(self) -> None:
        self.ids = [f"C-{number}" for number in range(999, 0, -1)]
        self.counter = Counter(
            new_id=self.ids.pop,
            operator=self.operator,
            language=self.language,  # type: ignore[arg-type]
            cards=self.reader.cards,
        )
        self.dialogue = Dialogue(self.counter)
        self.perform(self.dialogue.start())

    @property
    def screen(self) -> Screen:
        return self.dialogue.screen

    def press(self, *keys: str) -> Screen:
        """Press keys, one after the other, each once the one before has come to an end."""
        for key in keys:
            self.pressed += 1
            self.perform(self.dialogue.press(key))
        return self.screen

    def enter(self, text: str) -> Screen:
        """Type *text* and press Enter."""
        self.pressed += len(text) + 1
        self.perform(self.dialogue.enter(text))
        return self.screen

    def perform(self, effect: Effect | None) -> None:
        while effect is not None:
            self.performed.append(effect)
            result: Any = perform(effect, self.terminal, self.reader)
            effect = self.dialogue.resume(result)
        self.seen.append(self.screen)

    def fact(self, label: str) -> str:
        """What the screen says under *label*."""
        return next(fact.value for fact in self.screen.facts if fact.label == label)

    def sent(self) -> list[Effect]:
        """The refunds that were wanted."""
        return [each for each in self.performed if type(each).__name__ == "SendRefund"]
