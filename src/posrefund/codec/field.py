"""One row of a field table, written as the paper writes it, and what pyiso8583 makes of it. Floor 2.

``n6`` six digits · ``n3<`` left-justified · ``n..19`` two-digit length · ``n...322`` three-digit
length · ``z..37`` track · ``an12`` ``ans8`` text · ``x+n8`` sign and digits · ``b64`` bits · ``b...999``
bytes. One table serves every encoding: packed (BCD and bytes) and ASCII.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, cast

from posrefund.codec.check import Check
from posrefund.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from posrefund.codec.check import Characters
    from posrefund.codec.inside import Inside

__all__ = ["Encoding", "Field", "Show", "specification"]

Encoding = Literal["packed", "ascii"]
"""Digits two to a byte and bytes as they are; or everything as text, bytes as hexadecimal digits."""

Show = Literal["clear", "pan", "never"]
"""How much may be shown: all of it, first six and last four, nothing. What no table names: nothing."""

_FORMAT = re.compile(r"(n|z|an|ans|x\+n|b)(\.{2,3}|)([0-9]+)(<?)")


@dataclass(frozen=True, slots=True)
class Field:
    """A data element of a dialect.

    Attributes:
        number: 2 to 128.
        format: As above.
        zh: Chinese name.
        en: English name.
        show: How much of it may be shown.
        layout: What stands inside it, if it is composite: a ``Layout``, ``Tagged``, ``BERTLV`` or ``Nested``.
        rule: Its pyiso8583 rule, where no encoding of the whole dialect says how it is written.
    """

    number: int
    format: str
    zh: str
    en: str
    show: Show = "clear"
    layout: Inside | None = None
    rule: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        if not _FORMAT.fullmatch(self.format):
            message = f"DE{self.number}: {self.format!r} is no field format"
            raise ConfigError(message)

    def check(self) -> Check:
        """Return what the table says of this field's characters; free text may hold any byte."""
        return _check_of(self.format)

    def fault(self, value: str) -> str | None:
        """Say what was expected of *value*'s characters, or None if they are right.

        Example:
            >>> from posrefund.codec import Field
            >>> Field(4, "n12", "交易金额", "amount").fault("00000000000A")
            'digits'
        """
        return self.check().fault(value)

    def packed(self) -> dict[str, Any]:
        """Return the pyiso8583 rule of this field in the packed (BCD) encoding."""
        kind, dots, length, left = _parsed(self.format)
        rule: dict[str, Any] = {"desc": self.en, "max_len": length, "len_enc": "bcd"}
        rule["len_type"] = {0: 0, 2: 1, 3: 2}[len(dots)]
        if kind in ("n", "z"):
            pad = "right_pad" if dots or left else "left_pad"
            return rule | {"data_enc": "b", "len_count": "nibbles", pad: "0"}
        if kind == "b":
            return rule | {"data_enc": "b", "max_len": length if dots else length // 8}
        return rule | {"data_enc": _text_encoding(dots), "max_len": length + (kind == "x+n")}

    def ascii(self) -> dict[str, Any]:
        """Return the pyiso8583 rule of this field in the ASCII encoding."""
        kind, dots, length, _ = _parsed(self.format)
        if kind == "b":
            length = 2 * length if dots else length // 4
        return {
            "desc": self.en,
            "data_enc": _text_encoding(dots if kind in ("an", "ans") else ""),
            "len_enc": "ascii",
            "len_type": len(dots),
            "max_len": length + (kind == "x+n"),
        }

    def renamed(self, **changes: Any) -> Field:
        """Return a copy with some attributes replaced, for a derived dialect."""
        return replace(self, **changes)


@cache
def _parsed(text: str) -> tuple[str, str, int, str]:
    match = _FORMAT.fullmatch(text)
    assert match is not None
    kind, dots, length, left = match.groups()
    return kind, dots, int(length), left


@cache
def _check_of(text: str) -> Check:
    kind, dots, _, _ = _parsed(text)
    return Check(None if kind == "ans" and dots else cast("Characters", kind))


def _text_encoding(dots: str) -> str:
    """Fixed text is ASCII. Free text may be GBK: Latin-1 keeps every byte as it came."""
    return "latin-1" if dots else "ascii"


def specification(
    fields: Iterable[Field], encoding: Encoding = "packed"
) -> dict[str, dict[str, Any]]:
    """Return the pyiso8583 specification of a field table: MTI, bitmaps, fields, no header.

    Example:
        >>> from posrefund.codec import Codec, Field, specification
        >>> spec = specification([Field(22, "n3<", "服务点输入方式码", "POS entry mode")])
        >>> Codec(spec).encode({"t": "0200", "22": "021"}).hex()
        '020000000400000000000210'
    """
    data, width = ("b", 1) if encoding == "packed" else ("ascii", 2)
    fixed: dict[str, Any] = {"data_enc": data, "len_enc": data, "len_type": 0}
    rows = {str(field.number): dict(field.rule or getattr(field, encoding)()) for field in fields}
    return {
        "h": {**fixed, "data_enc": "b", "len_enc": "b", "max_len": 0, "desc": "header"},
        "t": {**fixed, "max_len": 2 * width, "desc": "message type"},
        "p": {**fixed, "max_len": 8 * width, "desc": "bitmap"},
        "1": {**fixed, "max_len": 8 * width, "desc": "secondary bitmap"},
        **rows,
    }
