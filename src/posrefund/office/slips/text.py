"""A slip as text: narrow columns, for a screen or a plain printer. Floor 8."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from posrefund.errors import ConfigError
from posrefund.office.paper import banner, centred, lines, rule, wrap

if TYPE_CHECKING:
    from collections.abc import Iterator

    from posrefund.office.slips.content import SignaturePlace, SlipContent

__all__ = ["Columns", "as_text", "check_columns", "check_paper"]

Columns = Literal[32, 48]
"""Of paper 58 mm and 80 mm wide."""


def as_text(content: SlipContent, columns: Columns = 32) -> str:
    """Return *content* as lines of at most *columns*; what is not ASCII counts two.

    Raises:
        ConfigError: Neither 32 nor 48 columns.
    """
    check_columns(columns)
    return "\n".join([*_all(content, columns), ""])


def check_columns(columns: int) -> None:
    """Check that there is paper of so many *columns*.

    Raises:
        ConfigError: There is none.
    """
    if columns not in (32, 48):
        raise ConfigError("a slip has 32 or 48 columns")


def check_paper(content: SlipContent, columns: int) -> None:
    """Check that *content* goes on paper of so many *columns*: a bar code takes more room than lines do.

    Raises:
        ConfigError: It does not, or there is no such paper.
    """
    check_columns(columns)
    if content.is_barcode and content.code and columns < 48:
        raise ConfigError("a bar code takes paper of 48 columns: take a QR code")


def _all(content: SlipContent, columns: int) -> Iterator[str]:
    yield from banner(content.watermark, columns)
    for heading in (content.title, content.copy, *content.marks):
        yield from _middle(heading, columns)
    for place, section in enumerate(content.sections):
        if place == content.middle:
            yield from banner(content.watermark, columns)
        yield rule(columns)
        for each in section.lines:
            yield from lines(each.label, each.value, columns)
    yield rule(columns)
    for remark in content.remarks:
        yield from wrap(remark, columns)
    if content.signature is not None:
        yield from _signature(content.signature, columns)
    if content.code:
        yield ""
        yield from _middle(content.code, columns)
    yield from banner(content.watermark, columns)


def _signature(place: SignaturePlace, columns: int) -> Iterator[str]:
    yield from wrap(place.consent, columns)
    if place.given:
        yield from lines(place.label, place.given, columns)
        yield from wrap(place.digest, columns)
        return
    if place.scan:
        yield from wrap(place.scan, columns)
    yield f"{place.label}:"
    yield from ("", "", "_" * columns)


def _middle(text: str, columns: int) -> list[str]:
    return [centred(part, columns) for part in wrap(text, columns)]
