"""What pyiso8583 says, in our words: paths, expectations and places; no data. Floor 2."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from posrefund.errors import DecodeError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

__all__ = ["LENGTH_REFUSED", "expectation", "path_of", "refuse_odd_length", "spans_of"]

LENGTH_REFUSED = re.compile(
    r"Field (?:data|length) is (\d+) (bytes|nibbles)(?: wide)?, expecting (\d+)"
)
_LENGTH_EXCEEDED = re.compile(
    r"Field (?:data|length) is (\d+) (bytes|nibbles), larger than maximum (\d+)"
)


def path_of(field: str) -> str:
    """Return our name of a pyiso8583 field."""
    return {"t": "MTI", "p": "bitmap", "1": "bitmap.secondary", "h": "header"}.get(
        field, f"DE{field}"
    )


def expectation(message: str) -> str:
    """Turn what pyiso8583 says into what was expected; its texts name lengths and kinds, no data."""
    if refused := LENGTH_REFUSED.fullmatch(message):
        found, unit, wanted = refused.groups()
        return f"{wanted} {unit}, found {found}"
    if refused := _LENGTH_EXCEEDED.fullmatch(message):
        found, unit, most = refused.groups()
        return f"at most {most} {unit}, found {found}"
    if message.startswith("Extra data"):
        return "nothing after the last field"
    return f"another encoding ({message[:1].lower()}{message[1:]})"


def spans_of(encoded: Mapping[str, Mapping[str, bytes]]) -> dict[str, tuple[int, int]]:
    """Return the bytes each field stands in, from what pyiso8583 says it took them for."""
    spans = {}
    start = 0
    for name, part in encoded.items():
        end = start + len(part["len"]) + len(part["data"])
        spans[name] = (start, end)
        start = end
    return spans


def refuse_odd_length(
    encoded: Mapping[str, Mapping[str, bytes]], specification: Mapping[str, Mapping[str, Any]]
) -> None:
    """Refuse a length in characters that is no digits: ``" 7"``, ``"+7"`` and ``"1_0"`` are lengths to ``int``.

    Raises:
        DecodeError: At the first of them. pyiso8583 reads them, and nobody could write them again.
    """
    start = 0
    for name, part in encoded.items():
        digits = part["len"]
        if digits and specification[name]["len_enc"] not in ("b", "bcd"):
            text = digits.decode(specification[name]["len_enc"])
            if not (text.isascii() and text.isdigit()):
                expected = f"a length of {len(text)} digits"
                raise DecodeError(path_of(name), expected, offset_bytes=start)
        start += len(digits) + len(part["data"])
