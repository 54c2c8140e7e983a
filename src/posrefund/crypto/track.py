"""One block of a track under the TDK, as UnionPay terminals send it. Floor 2.

It hides the end of the track, without which no card can be copied. **It does not hide the card number**: of a
usual track 2 the number stands before the block. Only TLS or a leased line hides it. Decision 0024.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from posrefund.closed import closed
from posrefund.crypto._blockcipher import block_bytes, decrypt_ecb, encrypt_ecb
from posrefund.crypto.keys import Purpose
from posrefund.errors import DecodeError, EncodeError

if TYPE_CHECKING:
    from collections.abc import Callable

    from posrefund.crypto._blockcipher import Algorithm
    from posrefund.crypto.keys import Key
    from posrefund.errors import CodecError

__all__ = ["decrypt_track", "encrypt_track"]

_DIGITS_MAX = 104
_CLEAR = re.compile("[0-9D]*")
_SEALED = re.compile("[0-9A-F]*")


@closed
def encrypt_track(tdk: Key, digits: str) -> str:
    """Return a track with one block of it encrypted: whole bytes of packed digits, but for the last byte.

    Shape:
        digits: 17 to 104 of ``0`` to ``9`` and ``D``, as packed in DE35 and DE36, without sentinels. Of an
        odd count the block ends one digit before the end, of an even count two. A block is 16 digits;
        under SM4 32, so that 33 digits are needed. Result: as long, hexadecimal.

    Raises:
        EncodeError: The track is shorter than one block, longer than a track, or no track.
        KeyUsageError: *tdk* is no track key.

    Source:
        UnionPay track encryption; the block's place from a published 39-digit example, the cipher text
        from no publication (three public hosts and terminals agree on ECB).

    Example:
        >>> from posrefund.crypto import Key, Purpose
        >>> from posrefund.crypto.track import encrypt_track
        >>> tdk = Key(bytes.fromhex("C7D50808A7DFFE62B9943B45A4C77FC7"), Purpose.DATA)
        >>> encrypt_track(tdk, "6200000000000005D30122010000012345678")[:20]
        '6200000000000005D301'
    """
    return _with_block(tdk, digits, _CLEAR, encrypt_ecb, EncodeError)


@closed
def decrypt_track(tdk: Key, digits: str) -> str:
    """Undo ``encrypt_track``: the host's side. What comes out is not checked, for nothing proves it.

    Shape:
        digits: as ``encrypt_track`` returns them.

    Raises:
        DecodeError: It is shorter than one block, longer than a track, or not hexadecimal.
        KeyUsageError: *tdk* is no track key.
    """
    return _with_block(tdk, digits, _SEALED, decrypt_ecb, partial(DecodeError, offset_bytes=0))


def _with_block(
    tdk: Key,
    digits: str,
    alphabet: re.Pattern[str],
    cipher: Callable[[bytes, bytes, Algorithm], bytes],
    error: Callable[[str, str], CodecError],
) -> str:
    key = tdk.use(Purpose.DATA, "a track")
    given: object = digits
    if not isinstance(given, str):
        raise error("track", "digits and separators")
    width = 2 * block_bytes(tdk.algorithm)
    end = len(digits) - (1 if len(digits) % 2 else 2)
    start = end - width
    if start < 0 or len(digits) > _DIGITS_MAX or not alphabet.fullmatch(digits):
        raise error("track", f"{width + 1} to {_DIGITS_MAX} digits and separators")
    block = cipher(key, bytes.fromhex(digits[start:end]), tdk.algorithm)
    return digits[:start] + block.hex().upper() + digits[end:]
