"""The key ladder of a sign-in: TMK opens PIK, MAK and TDK, all of them or none. Floor 2.

ECB has no integrity, so the checks stand here: every KCV must fit, no two keys may be the same, and
one wrong part refuses the whole set.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from posrefund.crypto._blockcipher import Algorithm, decrypt_ecb, encrypt_ecb
from posrefund.crypto.keys import Key, Purpose, kcv
from posrefund.errors import InvalidKeyError, KeyUsageError

__all__ = ["KeySet", "claimed_key_set_id", "unwrap_key", "unwrap_key_set", "wrap_key"]

_KCV_BYTES = 4
_WRAPPED_BYTES = {
    Algorithm.TDEA: (8, 16, 24),
    Algorithm.AES: (16, 32),
    Algorithm.SM4: (16,),
}
"""Keys that are whole blocks of the cipher that wraps them; ECB takes no others."""


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

    def verify_only(self) -> KeySet:
        """Return what a set is good for once another sign-in has replaced it: its MAK checks MACs and makes none.

        This set is closed; of the one returned PIK and TDK are closed from the beginning.

        Raises:
            InvalidKeyError: The set was closed.
            KeyUsageError: It only verifies already.

        Example:
            >>> from posrefund.crypto import Key, KeySet, Purpose
            >>> pik = Key(bytes.fromhex("0123456789ABCDEFFEDCBA9876543210"), Purpose.PIN)
            >>> mak = Key(bytes.fromhex("2222222222222222"), Purpose.MAC)
            >>> KeySet(pik, mak).verify_only().mak
            Key(MAC-VERIFY, KCV 00962B)
        """
        material = self.mak.use(Purpose.MAC, "verifying")
        checking = Key(material, Purpose.MAC_VERIFY, self.mak.algorithm)
        self.close()
        return KeySet(self.pik, checking, self.tdk)

    def close(self) -> None:
        """Overwrite and forget every key of the set."""
        for key in (self.pik, self.mak, self.tdk):
            if key is not None:
                key.close()


def unwrap_key(kek: Key, wrapped: bytes, purpose: Purpose) -> Key:
    """Decrypt one key under *kek*; it is for the cipher that *kek* is for.

    Shape:
        wrapped: 8, 16 or 24 bytes; under AES 16 or 32, under SM4 16.

    Raises:
        InvalidKeyError: The length is another, or the key inside is weak.
        KeyUsageError: *kek* is no key-encrypting key.
    """
    kind = kek.algorithm
    lengths = _WRAPPED_BYTES[kind]
    if len(wrapped) not in lengths:
        under = "" if kind is Algorithm.TDEA else f" under {kind}"
        reason = f"a wrapped key{under} has {_words(lengths)} bytes"
        raise InvalidKeyError(reason)
    material = decrypt_ecb(kek.use(Purpose.KEK, "unwrapping a key"), wrapped, kind)
    return Key(material, purpose, kind)


def _words(lengths: tuple[int, ...]) -> str:
    return " or ".join(", ".join(map(str, lengths)).rsplit(", ", 1))


def wrap_key(kek: Key, key: Key) -> bytes:
    """Encrypt *key* under *kek*: the host's side of the ladder, for emulators.

    Raises:
        KeyUsageError: *kek* is no key-encrypting key, or for another cipher than *key*.
    """
    over = kek.use(Purpose.KEK, "wrapping a key")
    if key.algorithm is not kek.algorithm:
        raise KeyUsageError(f"{kek.algorithm} {kek.purpose}", f"wrapping a key for {key.algorithm}")
    return encrypt_ecb(over, key.use(key.purpose, "wrapping"), kek.algorithm)


def unwrap_key_set(tmk: Key, block: bytes) -> KeySet:
    """Open DE62 of a sign-in answer.

    Shape:
        block: 24 bytes (PIK 8, KCV 4, MAK 8, KCV 4), 40 bytes (PIK 16, KCV 4, MAK 16, KCV 4, a
        single-length MAK filled with eight zero bytes) or 60 bytes (the same and TDK 16, KCV 4).

    Raises:
        InvalidKeyError: A KCV does not fit, two keys are the same, or the length is another: the
            whole set is refused.
        KeyUsageError: *tmk* is no key-encrypting key, or none of TDEA.

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
    if tmk.algorithm is not Algorithm.TDEA:  # no public paper shows DE62 under another cipher
        raise KeyUsageError(f"{tmk.algorithm} {tmk.purpose}", "DE62 of a sign-in")
    parts = _split(block)
    keys = [_unwrap_checked(tmk, part, check, name) for name, part, check in parts]
    everyone = [tmk, *keys]
    for index, key in enumerate(everyone):
        if any(key.equals(other) for other in everyone[index + 1 :]):
            reason = "two keys of the sign-in are the same"
            raise InvalidKeyError(reason, kcv=key.kcv_hex)
    return KeySet(*keys)


def claimed_key_set_id(block: bytes) -> str:
    """Return the name that the keys of *block* would have, from the check values in it; no key is needed.

    Nothing is proven by it: ``unwrap_key_set`` says whether the check values are right.

    Shape:
        block: as of ``unwrap_key_set``.

    Raises:
        InvalidKeyError: The length is another.

    Example:
        >>> from posrefund.crypto import claimed_key_set_id
        >>> de62 = bytes.fromhex(
        ...     "6701EAD6A9AD51E51AA406E2C27FCFA98D0A74B8"
        ...     "B651F9E9BACE9AE10000000000000000AB7153CA"
        ... )
        >>> claimed_key_set_id(de62)
        '8D0A74-AB7153'
    """
    checks = [check[:_NAME_BYTES].hex().upper() for _, _, check in _split(block)]
    return "-".join(checks[:2])


_NAME_BYTES = 3
"""Of a check value, as ``Key.kcv_hex`` shows it."""

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
