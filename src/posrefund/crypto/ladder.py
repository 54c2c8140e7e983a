"""The key ladder of a sign-in: TMK opens PIK, MAK and TDK, all of them or none. Floor 2.

ECB has no integrity, so the checks stand here: every KCV must fit, no two keys may be the same, and
one wrong part refuses the whole set.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from posrefund.crypto._blockcipher import decrypt_ecb, encrypt_ecb
from posrefund.crypto.keys import Key, Purpose, kcv
from posrefund.errors import InvalidKeyError

__all__ = ["KeySet", "unwrap_key", "unwrap_key_set", "wrap_key"]

_KCV_BYTES = 4


@dataclass(frozen=True, slots=True)
class KeySet:
    """The working keys of one sign-in.

    Attributes:
        pik: Encrypts PIN blocks.
        mak: Authenticates messages.
        tdk: Encrypts tracks, where the host sent one.
    """

    pik: Key
    mak: Key
    tdk: Key | None = None

    @property
    def key_set_id(self) -> str:
        """Name of the set for the journal: the KCVs, which are no secret."""
        return f"{self.pik.kcv_hex}-{self.mak.kcv_hex}"


def unwrap_key(kek: Key, wrapped: bytes, purpose: Purpose) -> Key:
    """Decrypt one key under *kek*.

    Shape:
        wrapped: 8, 16 or 24 bytes.

    Raises:
        InvalidKeyError: The length is another, or the key inside is weak.
        KeyUsageError: *kek* is no key-encrypting key.
    """
    if len(wrapped) not in (8, 16, 24):
        reason = "a wrapped key has 8, 16 or 24 bytes"
        raise InvalidKeyError(reason)
    return Key(decrypt_ecb(kek.use(Purpose.KEK, "unwrapping a key"), wrapped), purpose)


def wrap_key(kek: Key, key: Key) -> bytes:
    """Encrypt *key* under *kek*: the host's side of the ladder, for emulators.

    Raises:
        KeyUsageError: *kek* is no key-encrypting key.
    """
    return encrypt_ecb(kek.use(Purpose.KEK, "wrapping a key"), key.use(key.purpose, "wrapping"))


def unwrap_key_set(tmk: Key, block: bytes) -> KeySet:
    """Open DE62 of a sign-in answer.

    Shape:
        block: 24 bytes (PIK 8, KCV 4, MAK 8, KCV 4), 40 bytes (PIK 16, KCV 4, MAK 16, KCV 4, a
        single-length MAK filled with eight zero bytes) or 60 bytes (the same and TDK 16, KCV 4).

    Raises:
        InvalidKeyError: A KCV does not fit, two keys are the same, or the length is another: the
            whole set is refused.

    Source:
        UnionPay sign-in, DE62; the published example of code456.com/article/3026509:

    Example:
        >>> from posrefund.crypto import Key, Purpose, unwrap_key_set
        >>> tmk = Key(bytes.fromhex("CA5D92598DCA48CE8A4C76361A9269E9"), Purpose.KEK)
        >>> de62 = bytes.fromhex(
        ...     "6701EAD6A9AD51E51AA406E2C27FCFA98D0A74B8"
        ...     "B651F9E9BACE9AE10000000000000000AB7153CA"
        ... )
        >>> unwrap_key_set(tmk, de62).key_set_id
        '8D0A74-AB7153'
    """
    parts = _split(block)
    keys = [_unwrap_checked(tmk, part, check, name) for name, part, check in parts]
    everyone = [tmk, *keys]
    for index, key in enumerate(everyone):
        if any(key.equals(other) for other in everyone[index + 1 :]):
            reason = "two keys of the sign-in are the same"
            raise InvalidKeyError(reason, kcv=key.kcv_hex)
    return KeySet(*keys)


_PURPOSES = (("PIK", Purpose.PIN), ("MAK", Purpose.MAC), ("TDK", Purpose.DATA))


def _split(block: bytes) -> list[tuple[tuple[str, Purpose], bytes, bytes]]:
    widths = {24: (8, 8), 40: (16, 16), 60: (16, 16, 16)}.get(len(block))
    if widths is None:
        reason = "DE62 of a sign-in has 24, 40 or 60 bytes"
        raise InvalidKeyError(reason)
    parts = []
    start = 0
    for name, width in zip(_PURPOSES, widths, strict=False):
        end = start + width
        parts.append((name, block[start:end], block[end : end + _KCV_BYTES]))
        start = end + _KCV_BYTES
    return parts


def _unwrap_checked(tmk: Key, part: bytes, check: bytes, name: tuple[str, Purpose]) -> Key:
    label, purpose = name
    if purpose is Purpose.MAC and part[8:] == bytes(8):
        part = part[
            :8
        ]  # The zero tail is filler, not cipher text: seen before decryption, not after.
    material = decrypt_ecb(tmk.use(Purpose.KEK, "unwrapping a key"), part)
    found = kcv(material, length_bytes=_KCV_BYTES)
    if not hmac.compare_digest(found, check):
        reason = f"{label} of the sign-in has a wrong check value; the whole set is refused"
        raise InvalidKeyError(reason)
    return Key(material, purpose, allow_weak=len(part) == _SINGLE_LENGTH_BYTES)


_SINGLE_LENGTH_BYTES = 8
"""Network code 001 hands out single-length keys on purpose; a double-length one must be double."""
