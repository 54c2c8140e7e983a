"""A screen as data: whatever draws it draws the same one. Floor 9."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

__all__ = ["Choice", "Field", "FieldKind", "Screen", "Tone"]


class Tone(StrEnum):
    """How a screen speaks."""

    PLAIN = "plain"
    GOOD = "good"
    BAD = "bad"
    DOUBT = "doubt"
    """Nobody knows: no "again" is on such a screen."""


class FieldKind(StrEnum):
    """What is typed into a field, and so how it is shown."""

    TEXT = "text"
    AMOUNT = "amount"
    """Yuan and fen, such as 12.30."""
    DATE = "date"
    PIN = "pin"
    """Shown as stars, never sent back."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing that may be chosen.

    Attributes:
        key: The key that chooses it: a digit, or ``enter`` or ``esc``.
        label: What it is, in the clerk's language.
    """

    key: str
    label: str


@dataclass(frozen=True, slots=True)
class Field:
    """Where something is typed; ``enter`` hands it in.

    Attributes:
        kind: What is typed.
        label: What is asked for.
        value: What stands there at first.
        hint: The bounds of it, or an example.
        error: Why what was typed before cannot be; empty at first.
    """

    kind: FieldKind
    label: str
    value: str = ""
    hint: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class Screen:
    """What a clerk sees now. No clear card number is on it.

    Attributes:
        name: Which screen: a word for tests and for style.
        title: At the top.
        lines: The body, in order.
        choices: What may be pressed.
        field: What may be typed, if anything.
        tone: How it speaks.
        step: The how-manieth step of the refund it is; 0 before and after.
        steps: Of how many.
        is_busy: Something is under way: no key does anything.
        watermark: Across it, in training; empty else.
        picture: Text of a QR code to show beside the body; empty for none.
    """

    name: str
    title: str
    lines: tuple[str, ...] = ()
    choices: tuple[Choice, ...] = ()
    field: Field | None = None
    tone: Tone = Tone.PLAIN
    step: int = 0
    steps: int = 0
    is_busy: bool = False
    watermark: str = ""
    picture: str = ""

    def as_data(self) -> dict[str, Any]:
        """Return it for JSON."""
        return asdict(self)
