"""The card number of a request: from DE2, from track 2, or from a track under the terminal's TDK.

Clear numbers live only in ``PAN``. A number that cannot be read is None, never an error. Floor 9.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from posrefund.crypto import Algorithm, Key, Purpose, unwrap_key
from posrefund.errors import InvalidRequestError
from posrefund.values import PAN, Track2

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["open_track", "read_card"]


def read_card(fields: Mapping[str, str], tdk: Key | None) -> PAN | None:
    """Return the card number; None if there is none, or DE2 and the track name different ones."""
    try:
        numbers = [PAN(fields["2"])] if "2" in fields else []
        if "35" in fields:
            numbers.append(Track2(_clear_track(fields, tdk)).pan)
    except InvalidRequestError:
        return None
    if not numbers or numbers[0] != numbers[-1]:
        return None
    return numbers[0]


def _clear_track(fields: Mapping[str, str], tdk: Key | None) -> str:
    is_encrypted = fields.get("53", "")[2:3] == "1"
    if not is_encrypted:
        return fields["35"]
    return open_track(fields["35"], tdk) if tdk else ""


def open_track(digits: str, tdk: Key) -> str:
    """Return a track with its encrypted digits made clear: sixteen, under SM4 thirty-two.

    Shape:
        digits: 17 to 37, hexadecimal; under SM4 33 to 37. Encrypted are the eight (sixteen) bytes before the
        last one: with an odd count digits n-17 to n-2, with an even count n-18 to n-3, counted from zero.

    Source:
        UnionPay track encryption under the TDK (CHAN, LIAO and BEST agree; under SM4 BEST alone).
    """
    end = len(digits) - (1 if len(digits) % 2 else 2)
    start = end - (32 if tdk.algorithm is Algorithm.SM4 else 16)
    if start < 0:
        return ""
    # Opening one block is what unwrapping a key as long as a block under the same key does.
    kek = Key(tdk.use(Purpose.DATA, "a track"), Purpose.KEK, tdk.algorithm, allow_weak=True)
    clear = unwrap_key(kek, bytes.fromhex(digits[start:end]), Purpose.MAC)
    block = clear.use(Purpose.MAC, "a track").hex().upper()
    return digits[:start] + block + digits[end:]
