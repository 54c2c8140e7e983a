"""A message as it came over the line: taken apart, its MAC judged, nothing in it believed. Floor 1.

``seal`` makes it, ``engine`` decides what it proves; neither needs to know the other.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from posrefund.errors import DecodeError

__all__ = ["MACVerdict", "Received"]

MACVerdict = Literal["valid", "wrong", "absent", "no_key"]


@dataclass(frozen=True, slots=True)
class Received:
    """What came.

    Attributes:
        fields: Decoded fields, empty when the bytes were no message; they hold card data.
        mac: Whether DE64 or DE128 fits the bytes before it.
        refusal: Why the bytes were no message of the dialect, or None.
        length_bytes: How many bytes came.
        key_set_id: Name of the keys that judged the MAC; empty where none did.
    """

    fields: Mapping[str, str] = field(repr=False)
    mac: MACVerdict
    refusal: DecodeError | None
    length_bytes: int
    key_set_id: str = ""
