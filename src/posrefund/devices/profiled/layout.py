"""Fields one after the other, behind separators, or behind tags: written and found again. Floor 6.

Refuses what is not exactly its fields: another count, another length, another form, a tag twice. Tagged text may hold
tags that a layout does not know; they are read over.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from posrefund.errors import ConfigError, InvalidRequestError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from posrefund.devices.profiled.field import Field

__all__ = ["Form", "Layout", "Span", "tagged"]

Form: TypeAlias = Literal["fixed", "separated", "tagged"]

_SEPARATOR = "|"
_TAG_CHARS, _HEAD_CHARS = 2, 5


@dataclass(frozen=True, slots=True)
class Span:
    """Where a field stands in a message.

    Attributes:
        field: Which.
        start: Its first character.
        end: Behind its last.
    """

    field: Field
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Layout:
    """The fields of one message, in order.

    Attributes:
        form: ``fixed``: each has one length. ``separated``: a bar between them. ``tagged``: tag and three digits of
            length before each; read in any order.
        fields: In the order they are written.

    Raises:
        ConfigError: The fields do not go with the form.
    """

    form: Form
    fields: tuple[Field, ...]

    def __post_init__(self) -> None:
        names = [field.name for field in self.fields]
        is_tagged = self.form == "tagged"
        for fact, expected in (
            (self.form in ("fixed", "separated", "tagged"), "form fixed, separated or tagged"),
            (self.fields and len(set(names)) == len(names), "fields of different names"),
            (
                self.form != "fixed" or all(field.least == field.most for field in self.fields),
                "one length for each field of a fixed layout",
            ),
            (
                is_tagged or not any(field.optional for field in self.fields),
                "optional fields in tagged text only",
            ),
            (
                not is_tagged or all(len(name) == _TAG_CHARS for name in names),
                "names that are tags in tagged text",
            ),
        ):
            if not fact:
                raise ConfigError(f"layout: expected {expected}")

    def write(self, values: Mapping[str, str]) -> bytes:
        """Return the message that carries *values*, by what a field carries.

        Raises:
            InvalidRequestError: A field cannot carry its value; the path is what it carries. Nothing was sent.
        """
        return self._joined([(field, _written(field, values)) for field in self.fields]).encode()

    def _joined(self, written: list[tuple[Field, str]]) -> str:
        match self.form:
            case "fixed":
                return "".join(text for _, text in written)
            case "separated":
                return _SEPARATOR.join(text for _, text in written)
            case "tagged":
                return "".join(f"{field.name}{len(text):03}{text}" for field, text in written)

    def spans(self, body: bytes) -> list[Span] | None:
        """Return where the fields of *body* stand; None if it is no such message."""
        text = body.decode("latin-1")
        found = self._tags(text) if self.form == "tagged" else self._places(text)
        if found is None or not all(
            span.field.fits(text[span.start : span.end])
            and span.field.always in (None, text[span.start : span.end])
            for span in found
        ):
            return None
        return found

    def _places(self, text: str) -> list[Span] | None:
        lengths = (
            [field.most for field in self.fields]
            if self.form == "fixed"
            else [len(part) for part in text.split(_SEPARATOR)]
        )
        gap = 0 if self.form == "fixed" else len(_SEPARATOR)
        if len(lengths) != len(self.fields) or sum(lengths) + gap * (len(lengths) - 1) != len(text):
            return None
        found, at = [], 0
        for field, length in zip(self.fields, lengths, strict=True):
            found.append(Span(field, at, at + length))
            at += length + gap
        return found

    def _tags(self, text: str) -> list[Span] | None:
        known = {field.name: field for field in self.fields}
        places = list(tagged(text))
        tags = [tag for tag, _, _ in places]
        missing = {name for name, field in known.items() if not field.optional} - set(tags)
        is_whole = bool(places) and places[-1][2] == len(text)
        if missing or not is_whole or len(set(tags)) != len(tags):
            return None
        return [Span(known[tag], start, end) for tag, start, end in places if tag in known]


def _written(field: Field, values: Mapping[str, str]) -> str:
    if field.always is not None:
        return field.always
    text = field.written(values.get(field.carries, ""))
    if not field.fits(text):
        size = f"{field.least} to {field.most}" if field.least < field.most else f"{field.most}"
        raise InvalidRequestError([(field.carries, f"{size} characters of {field.form}")])
    return text


def tagged(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield tags and where their values stand, as far as there are any."""
    at = 0
    while at < len(text):
        digits = text[at + _TAG_CHARS : at + _HEAD_CHARS]
        if len(digits) < _HEAD_CHARS - _TAG_CHARS or not (digits.isascii() and digits.isdigit()):
            return
        start = at + _HEAD_CHARS
        yield text[at : at + _TAG_CHARS], start, start + int(digits)
        at = start + int(digits)
