"""Whole messages of every dialect, made from its tables alone: what fuzzing starts from.

A dialect that is added is covered without a word here: its specification says how wide a field is and what
may stand in it. The envelope of a UnionPay link goes around a message where the caller wants one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from posrefund.codec import Codec
from posrefund.errors import EncodeError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from posrefund.dialects import Dialect
    from posrefund.errors import DecodeError

__all__ = ["announced", "head_of", "points_into", "sample_fields", "sample_messages"]

_VARIABLE_WIDTH = 12
"""Of a field of variable length: even, so that packed digits need no filler."""


def points_into(refusal: DecodeError, raw: bytes) -> None:
    """Hold *refusal* to what it promises: it names a place, says what was expected, and points into *raw*."""
    assert refusal.path, "a refusal names its place"
    assert refusal.expected, "a refusal says what was expected"
    assert 0 <= refusal.offset_bytes <= len(raw), "a refusal points into the message"


def head_of(codec: Codec) -> tuple[int, int]:
    """Return where the primary bitmap of a message begins and where it ends."""
    mti, bitmap = (codec.specification[name]["data_enc"] for name in ("t", "p"))
    begin = codec.specification["h"]["max_len"] + (2 if mti == "b" else 4)
    return begin, begin + (8 if bitmap == "b" else 16)


def announced(codec: Codec, head: bytes) -> tuple[str, list[str]] | None:
    """Return the MTI and the fields of the primary bitmap of *head*; None if they cannot be read."""
    begin, _ = head_of(codec)
    parts = {"t": head[codec.specification["h"]["max_len"] : begin], "p": head[begin:]}
    try:
        mti, bitmap = (
            part.hex() if codec.specification[name]["data_enc"] == "b" else part.decode("ascii")
            for name, part in parts.items()
        )
        bits = f"{int(bitmap, 16):064b}"
    except ValueError:
        return None
    return mti, [str(number) for number, bit in enumerate(bits, start=1) if bit == "1"]


def sample_fields(codec: Codec, mti: str, numbers: Iterable[str]) -> dict[str, str]:
    """Return fields that fit the specification of *codec*: digits, and zeros where bytes stand."""
    fields = {"t": mti}
    for number in numbers:
        rule = codec.specification.get(number)
        if rule is None or number == "1":
            continue
        width = min(rule["max_len"], _VARIABLE_WIDTH) if rule["len_type"] else rule["max_len"]
        is_bytes = rule["data_enc"] == "b" and rule.get("len_count") != "nibbles"
        fields[number] = "00" * width if is_bytes else "1" * width
    return fields


def sample_messages(known: Dialect) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield a name and the fields of each request and each answer the dialect can express."""
    for name, table in known.messages.items():
        for kind, mti, presence in (
            ("request", table.mti, table.request),
            ("answer", table.mti_reply, table.response),
        ):
            numbers = [entry.rstrip("CA") for entry in presence.split()]
            fields = sample_fields(known.codec, mti, numbers)
            try:
                known.codec.encode(fields)
            except EncodeError:
                continue  # a codec that checks more than widths: its own tests have its messages
            yield f"{name}-{kind}", fields
