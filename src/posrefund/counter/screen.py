"""A screen as data: whatever draws it draws the same one. Floor 9."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

__all__ = ["Choice", "Fact", "Field", "FieldKind", "Objection", "Pad", "Screen", "Tone"]


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
    PIN = "pin"
    """Shown as stars, never sent back."""


class Pad(StrEnum):
    """Where a signature is drawn."""

    NONE = ""
    HERE = "here"
    """On the screen itself: ``enter`` hands in what was drawn."""
    PHONE = "phone"
    """On the customer's own phone, which a code leads there."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing that may be chosen.

    Attributes:
        key: The key that chooses it: a digit, or ``enter`` or ``esc``.
        label: What it is, in the clerk's language.
        detail: What tells it from the others, beside or below it.
        is_marked: It is the one that holds now.
    """

    key: str
    label: str
    detail: str = ""
    is_marked: bool = False


@dataclass(frozen=True, slots=True)
class Field:
    """Where something is typed; ``enter`` hands it in.

    Attributes:
        kind: What is typed.
        label: What is asked for.
        value: What is handed in where nothing is typed; the first character that is typed takes its place.
        typed: What was typed already, such as by a scanner on the screen before: what is typed goes on after it.
        hint: The bounds of it, or an example.
        error: Why what was typed before cannot be; empty at first.
    """

    kind: FieldKind
    label: str
    value: str = ""
    typed: str = ""
    hint: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that a screen states.

    Attributes:
        label: What it is.
        value: The thing; a card number is masked.
        is_large: People look at it first.
    """

    label: str
    value: str
    is_large: bool = False


@dataclass(frozen=True, slots=True)
class Objection:
    """One thing that says no.

    Attributes:
        code: The same for every language.
        hint: What the clerk does now.
        contact: Whom to call; empty where nobody need be.
    """

    code: str
    hint: str
    contact: str = ""


@dataclass(frozen=True, slots=True)
class Screen:
    """What a clerk sees now. No clear card number and no PIN is on it.

    A screen with a field has no choices but ``enter`` and ``esc``: every other key is typed.

    Attributes:
        name: Which screen: a word for tests and for style.
        title: At the top.
        facts: What it states, label by label.
        lines: Sentences, in order.
        objections: What says no, all of it.
        paper: Lines of a slip, of narrow and wide characters of one and two columns.
        choices: What may be pressed.
        field: What may be typed, if anything.
        tone: How it speaks.
        step: The how-manieth step of the refund it is; 0 before and after.
        steps: Of how many.
        is_busy: Something is under way: no key does anything, but one that is still among the choices.
        watermark: Across it, in training; empty else.
        picture: Text of a QR code to show beside the body; empty for none.
        footer: Where and who: terminal and operator.
        language: ``zh`` or ``en``.
        pad: Where the customer draws a signature now, for whoever can let people draw.
        signature: SHA-256 of the one that was drawn, for whoever can show it; empty for none, and for paper.
    """

    name: str
    title: str
    facts: tuple[Fact, ...] = ()
    lines: tuple[str, ...] = ()
    objections: tuple[Objection, ...] = ()
    paper: tuple[str, ...] = ()
    choices: tuple[Choice, ...] = ()
    field: Field | None = None
    tone: Tone = Tone.PLAIN
    step: int = 0
    steps: int = 0
    is_busy: bool = False
    watermark: str = ""
    picture: str = ""
    footer: str = ""
    language: str = "zh"
    pad: Pad = Pad.NONE
    signature: str = ""

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys that do something."""
        return tuple(choice.key for choice in self.choices)

    def as_data(self) -> dict[str, Any]:
        """Return it for JSON."""
        return asdict(self)
