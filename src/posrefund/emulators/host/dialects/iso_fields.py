"""Notation of ISO 8583 field tables to pyiso8583 specifications, in characters or packed. Floor 9.

``n6`` six digits, ``n..19`` up to 19 with a length, ``b64`` 64 bits, ``b...255`` up to 255 bytes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from posrefund.emulators.host.dialects.definition import Spec

__all__ = ["DATE_TIME", "TIME", "spec_of"]

_NOTATION = re.compile(r"(n|z|an|ans|b)(\.{2,3})?([0-9]+)")

TIME = "([01][0-9]|2[0-3])([0-5][0-9]){2}"
DATE_TIME = f"(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01]){TIME}"
"""hhmmss, and MMDDhhmmss, as patterns."""


def spec_of(table: str, *, is_text: bool, has_second_bitmap: bool) -> dict[str, Spec]:
    """Return the pyiso8583 specification of *table*: numbers, each with its notation."""
    words = table.replace(",", " ").split()
    bitmap = _text(16) if is_text else _bytes(8)
    return {
        "h": _bytes(0),
        "t": _text(4) if is_text else _bytes(2),
        "p": bitmap,
        **({"1": bitmap} if has_second_bitmap else {}),
        **{
            number: _field(notation, is_text=is_text)
            for number, notation in zip(words[::2], words[1::2], strict=True)
        },
    }


def _field(notation: str, *, is_text: bool) -> Spec:
    parts = _NOTATION.fullmatch(notation)
    assert parts, notation
    kind, dots, count = parts[1], parts[2] or "", int(parts[3])
    if kind == "b" and not dots:
        count //= 8
    if is_text:
        spec = _text(2 * count if kind == "b" else count)
        return {**spec, "len_type": len(dots)}
    length_bytes = (len(dots) + 1) // 2
    if kind == "b":
        return {**_bytes(count), "len_type": length_bytes}
    if kind in ("n", "z"):
        pad = "right_pad" if dots else "left_pad"
        spec = {**_bytes(count), "len_count": "nibbles", pad: "0"}
        return {**spec, "len_type": length_bytes}
    return {**_text(count), "len_enc": "bcd", "len_type": length_bytes}


def _text(count: int) -> Spec:
    return {"data_enc": "ascii", "len_enc": "ascii", "len_type": 0, "max_len": count}


def _bytes(count: int) -> Spec:
    return {"data_enc": "b", "len_enc": "bcd", "len_type": 0, "max_len": count}
