"""One row of a field table, written as the paper writes it, and what pyiso8583 makes of it. Floor 2.

``n6`` six digits · ``n3<`` left-justified · ``n..19`` two-digit length · ``n...322`` three-digit
length · ``z..37`` track · ``an12`` ``ans8`` text · ``b64`` bits · ``b...999`` bytes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, cast

from posrefund.codec.check import Check
from posrefund.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from posrefund.codec.check import Characters
    from posrefund.codec.inside import Inside

__all__ = ["Field", "Show", "specification"]

Show = Literal["clear", "pan", "never"]
"""How much may be shown: all of it, first six and last four, nothing. What no table names: nothing."""

_FORMAT = re.compile(r"(n|z|an|ans|b)(\.{2,3}|)([0-9]+)(<?)")


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
    """

    number: int
    format: str
    zh: str
    en: str
    show: Show = "clear"
    layout: Inside | None = None

    def __post_init__(self) -> None:
        if not _FORMAT.fullmatch(self.format):
            message = f"DE{self.number}: {self.format!r} is no field format"
            raise ConfigError(message)

    def check(self) -> Check:
        """Return what the table says of this field's characters; free text may hold any byte."""
        kind, dots, _, _ = self._parsed()
        return Check(None if kind == "ans" and dots else cast("Characters", kind))

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
        kind, dots, length, left = self._parsed()
        rule: dict[str, Any] = {"desc": self.en, "max_len": length, "len_enc": "bcd"}
        rule["len_type"] = {0: 0, 2: 1, 3: 2}[len(dots)]
        if kind in ("n", "z"):
            pad = "right_pad" if dots or left else "left_pad"
            return rule | {"data_enc": "b", "len_count": "nibbles", pad: "0"}
        if kind == "b":
            return rule | {"data_enc": "b", "max_len": length if dots else length // 8}
        # Fixed text is ASCII. Free text may be GBK: Latin-1 keeps every byte as it came.
        return rule | {"data_enc": "latin-1" if dots else "ascii"}

    def renamed(self, **changes: Any) -> Field:
        """Return a copy with some attributes replaced, for a derived dialect."""
        return replace(self, **changes)

    def _parsed(self) -> tuple[str, str, int, str]:
        match = _FORMAT.fullmatch(self.format)
        assert match is not None
        kind, dots, length, left = match.groups()
        return kind, dots, int(length), left


def specification(fields: Iterable[Field]) -> dict[str, dict[str, Any]]:
    """Return the packed pyiso8583 specification of a field table: MTI and bitmap binary, no header.

    Example:
        >>> from posrefund.codec import Codec, Field, specification
        >>> spec = specification([Field(22, "n3<", "服务点输入方式码", "POS entry mode")])
        >>> Codec(spec).encode({"t": "0200", "22": "021"}).hex()
        '020000000400000000000210'
    """
    fixed: dict[str, Any] = {"len_enc": "b", "len_type": 0}
    return {
        "h": {**fixed, "data_enc": "b", "max_len": 0, "desc": "header"},
        "t": {**fixed, "data_enc": "b", "max_len": 2, "desc": "message type"},
        "p": {**fixed, "data_enc": "b", "max_len": 8, "desc": "bitmap"},
        "1": {**fixed, "data_enc": "b", "max_len": 8, "desc": "secondary bitmap"},
        **{str(field.number): field.packed() for field in fields},
    }
