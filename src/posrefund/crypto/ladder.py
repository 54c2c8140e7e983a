"""The key ladder of a sign-in: TMK opens PIK, MAK and TDK, all of them or none. Floor 2.

ECB has no integrity, so the checks stand here: every KCV must fit, no two keys may be the same, and
one wrong part refuses the whole set.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

from posrefund.closed import closed
from posrefund.crypto._blockcipher import Algorithm, encrypt_ecb
from posrefund.crypto.keys import Key, Purpose, is_single_des
from posrefund.crypto.sign_in import (
    UNIONPAY_SIGN_IN,
    WRAPPED_BYTES,
    SignInRule,
    WeakKeyWarning,
    spoken,
)
from posrefund.errors import InvalidKeyError, KeyUsageError

if TYPE_CHECKING:
    from posrefund.crypto.kek import KeyEncryptingKey

__all__ = ["KeySet", "unwrap_key", "unwrap_key_set", "wrap_key"]


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
        """Name of the set for the journal: the KCVs, of PIK, MAK and TDK, which are no secret."""
        keys = (self.pik, self.mak, self.tdk)
        return "-".join(key.kcv_hex for key in keys if key is not None)

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


@closed
def unwrap_key(kek: KeyEncryptingKey, wrapped: bytes, purpose: Purpose) -> Key:
    """Decrypt one key under *kek*; it is for the cipher that *kek* is for.

    Shape:
        wrapped: 8, 16 or 24 bytes; under AES 16 or 32, under SM4 16.

    Raises:
        InvalidKeyError: The length is another, or the key inside is weak.
        KeyUsageError: *kek* is no key-encrypting key.
    """
    kind = kek.algorithm
    lengths = WRAPPED_BYTES[kind]
    given: object = wrapped
    if not isinstance(given, (bytes, bytearray, memoryview)) or len(given) not in lengths:
        under = "" if kind is Algorithm.TDEA else f" under {kind}"
        reason = f"a wrapped key{under} has {spoken(lengths)} bytes"
        raise InvalidKeyError(reason)
    material = kek.decrypt_key(wrapped)
    return Key(material, purpose, kind)


@closed
def wrap_key(kek: Key, key: Key) -> bytes:
    """Encrypt *key* under *kek*: the host's side of the ladder, for emulators.

    Raises:
        KeyUsageError: *kek* is no key-encrypting key, or for another cipher than *key*.
    """
    over = kek.use(Purpose.KEK, "wrapping a key")
    if key.algorithm is not kek.algorithm:
        raise KeyUsageError(f"{kek.algorithm} {kek.purpose}", f"wrapping a key for {key.algorithm}")
    return encrypt_ecb(over, key.use(key.purpose, "wrapping"), kek.algorithm)


@closed
def unwrap_key_set(
    tmk: KeyEncryptingKey, block: bytes, rule: SignInRule = UNIONPAY_SIGN_IN
) -> KeySet:
    """Open DE62 of a sign-in answer.

    Shape:
        block: of *rule*'s layouts, the one for the cipher of *tmk* that is as long. UnionPay: 24 bytes
        (PIK 8, KCV 4, MAK 8, KCV 4), 40 bytes (PIK 16, KCV 4, MAK 16, KCV 4, a single-length MAK filled
        with eight zero bytes) or 60 bytes (the same and TDK 16, KCV 4); under SM4 40 or 60.

    Raises:
        InvalidKeyError: A KCV does not fit, two keys are the same, one is single DES in disguise or
            has a wrong parity where *rule* minds, or the length is another: the whole set is refused.
        KeyUsageError: *tmk* is no key-encrypting key, or *rule* has no layout under its cipher.

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
    layouts = rule.lengths(tmk.algorithm)
    if not layouts:
        raise KeyUsageError(f"{tmk.algorithm} {tmk.purpose}", "DE62 of a sign-in")
    given: object = block
    is_block = isinstance(given, (bytes, bytearray, memoryview))
    layout = layouts.get(len(block)) if is_block else None
    if layout is None:
        under = "" if tmk.algorithm is Algorithm.TDEA else f" under {tmk.algorithm}"
        reason = f"DE62 of a sign-in{under} has {spoken(tuple(sorted(layouts)))} bytes"
        raise InvalidKeyError(reason)
    keys, start = {}, 0
    for name, width in layout.parts:
        end = start + width
        check = block[end : end + layout.kcv_bytes]
        keys[name] = _unwrap_checked(tmk, block[start:end], check, name, rule)
        start = end + layout.kcv_bytes
    _refuse_equal(tmk, [*keys.values()])
    return KeySet(keys["PIK"], keys["MAK"], keys.get("TDK"))


_PURPOSES = {"PIK": Purpose.PIN, "MAK": Purpose.MAC, "TDK": Purpose.DATA}
_SINGLE_LENGTH_BYTES = 8
"""Network code 001 hands out single-length keys on purpose; a double-length one must be double."""


def _unwrap_checked(
    tmk: KeyEncryptingKey, part: bytes, check: bytes, name: str, rule: SignInRule
) -> Key:
    purpose, cipher = _PURPOSES[name], tmk.algorithm
    if cipher is Algorithm.TDEA and purpose is Purpose.MAC and part[8:] == bytes(8):
        # The zero tail is filler, not cipher text: seen before decryption, not after.
        part = part[:_SINGLE_LENGTH_BYTES]
    material = tmk.decrypt_key(part)
    key = Key(material, purpose, cipher, allow_weak=True)  # the check value has the first word
    if not key.has_kcv(check):
        reason = f"{name} of the sign-in has a wrong check value; the whole set is refused"
        raise InvalidKeyError(reason)
    if cipher is Algorithm.TDEA:
        _check_tdea(material, name, rule)
    return key


def _check_tdea(material: bytes, name: str, rule: SignInRule) -> None:
    if rule.strict_parity and any(byte.bit_count() % 2 == 0 for byte in material):
        reason = f"{name} of the sign-in has a byte of even parity; the whole set is refused"
        raise InvalidKeyError(reason)
    if len(material) == _SINGLE_LENGTH_BYTES or not is_single_des(material):
        return
    if name != "MAK" or not rule.equal_halves_mak:
        reason = f"{name} of the sign-in is single DES in disguise; the whole set is refused"
        raise InvalidKeyError(reason)
    warnings.warn("MAK of the sign-in is single DES in disguise", WeakKeyWarning, stacklevel=5)


def _refuse_equal(tmk: KeyEncryptingKey, keys: list[Key]) -> None:
    for index, key in enumerate(keys):
        if tmk.equals(key) or any(key.equals(other) for other in keys[index + 1 :]):
            reason = "two keys of the sign-in are the same"
            raise InvalidKeyError(reason, kcv=key.kcv_hex)
