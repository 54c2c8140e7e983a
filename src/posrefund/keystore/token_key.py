"""``TokenKey``: a key that stays in a token and is used there. Floor 5.

What it is for is not written beside it: it is what the token lets it do, and the token keeps to that
whoever asks. A key that may do more than one purpose needs is none of ours.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, final

from posrefund.closed import closed_class
from posrefund.crypto import Algorithm, Purpose
from posrefund.errors import ConfigError, InvalidKeyError, KeyUsageError, MACMismatchError
from posrefund.keystore._pkcs11 import Handle, abilities, attribute

if TYPE_CHECKING:
    from posrefund.crypto import Key, MACRule
    from posrefund.keystore.token import Token

__all__ = ["ABILITIES_OF", "LOCK_NOTE", "TEST_NOTE", "TokenKey", "read_key"]

ABILITIES_OF = {Purpose.KEK: ("DECRYPT",), Purpose.MAC: ("SIGN", "VERIFY")}
"""What a key of each purpose is allowed when it is stored."""
_AT_MOST = {Purpose.KEK: {"DECRYPT", "UNWRAP"}, Purpose.MAC: {"SIGN", "VERIFY"}}
"""What one that somebody else made may be allowed."""
LOCK_NOTE = b"posrefund lock"
"""Stands in CKA_ID of the two keys of a ``TokenLock``, which are for nothing else."""
TEST_NOTE = b" test"
"""Follows the check value in CKA_ID of a key that was published."""

_TDEA, _AES = Algorithm.TDEA, Algorithm.AES
_ALGORITHMS = {"DES2": _TDEA, "DES3": _TDEA, "AES": _AES, "GENERIC_SECRET": _AES}
_MECHANISMS = {
    ("DES2", Purpose.KEK): "DES3_ECB",
    ("DES3", Purpose.KEK): "DES3_ECB",
    ("AES", Purpose.KEK): "AES_ECB",
    ("DES2", Purpose.MAC): "DES3_CMAC",
    ("DES3", Purpose.MAC): "DES3_CMAC",
    ("AES", Purpose.MAC): "AES_CMAC",
    ("GENERIC_SECRET", Purpose.MAC): "SHA256_HMAC",
}
_OF_RULE = {
    ("cmac", _TDEA): "DES3_CMAC",
    ("cmac", _AES): "AES_CMAC",
    ("hmac-sha256", _AES): "SHA256_HMAC",
}
_BLOCK_BYTES = {_TDEA: 8, _AES: 16}
_LENGTH_BYTES = {"DES2": 16, "DES3": 24}
_KCV_BYTES = 3


class _Traits(NamedTuple):
    """What a token tells of a key."""

    label: str
    kind: str
    purpose: Purpose
    length_bytes: int
    kcv_hex: str
    is_test_key: bool


@final
@closed_class
class TokenKey:
    """A key in a token; made by ``Token.key``, ``Token.keys`` and ``Token.store``.

    Attributes:
        token: Where it lives.
        label: What the token calls it.
        purpose: KEK or MAC.
        algorithm: TDEA or AES; a key for HMAC counts as one of AES, as everywhere here.
        kcv_hex: Three bytes of check value. Of TDEA and for CMAC the token computes it; of other keys it
            is what was noted beside the key when it was stored.
        length_bytes: Of the material, which nobody sees; 0 where the token does not tell.
        is_test_key: Whether it was published, and stored all the same.
    """

    __slots__ = (
        "_handle",
        "_mechanism",
        "algorithm",
        "is_test_key",
        "kcv_hex",
        "label",
        "length_bytes",
        "purpose",
        "token",
    )

    def __init__(self, token: Token, found: Handle, traits: _Traits) -> None:
        self.token = token
        self._handle = found
        self._mechanism = _MECHANISMS[traits.kind, traits.purpose]
        self.label = traits.label
        self.purpose = traits.purpose
        self.algorithm = _ALGORITHMS[traits.kind]
        self.kcv_hex = traits.kcv_hex
        self.length_bytes = traits.length_bytes
        self.is_test_key = traits.is_test_key

    def decrypt_key(self, wrapped: bytes) -> bytes:
        """Return the key that *wrapped* holds, decrypted in the token; for ``posrefund.crypto`` alone.

        It comes out: to keep it inside, the token would have to unwrap by ECB, which SoftHSM2 does not.

        Shape:
            wrapped: whole blocks of the cipher.

        Raises:
            KeyUsageError: This is no key-encrypting key.
            InvalidKeyError: *wrapped* is not whole blocks.
            ConfigError: The token is closed, lost, or cannot do it.
        """
        if self.purpose is not Purpose.KEK:
            raise KeyUsageError(self.purpose, "unwrapping a key")
        if not wrapped or len(wrapped) % _BLOCK_BYTES[self.algorithm]:
            raise InvalidKeyError(f"a wrapped key is whole blocks of {self.algorithm}")
        return self._run("decrypt", wrapped)

    def mac(self, data: bytes, rule: MACRule) -> bytes:
        """Return the MAC of *data* as it stands in the MAC field, made in the token.

        Raises:
            KeyUsageError: This is no MAC key, or for another algorithm.
            ConfigError: PKCS#11 has no such MAC (X9.19, the UnionPay fold, anything with SM4), or the
                token is closed, lost, or cannot do it.
        """
        if self.purpose is not Purpose.MAC:
            raise KeyUsageError(self.purpose, "a MAC")
        wanted = f"{rule.algorithm} with {rule.cipher}"
        mechanism = _OF_RULE.get((rule.algorithm, rule.cipher))
        if mechanism is None:
            raise ConfigError(f"PKCS#11 has no MAC {wanted}")
        if mechanism != self._mechanism:
            raise KeyUsageError(f"{self._mechanism} {self.purpose}", wanted)
        tag = self._run("sign", data)[: rule.length_bytes]
        return tag.hex().upper().encode("ascii") if rule.encoding == "hex" else tag

    def verify(self, data: bytes, tag: bytes, rule: MACRule) -> None:
        """Check that *tag* is the MAC of *data*, in constant time.

        Raises:
            MACMismatchError: It is not, or its length is another.
            KeyUsageError: As of ``mac``.
            ConfigError: As of ``mac``.
        """
        right = self.mac(data, rule)
        if len(tag) != len(right) or not hmac.compare_digest(right, tag):
            raise MACMismatchError

    def cmac(self, data: bytes) -> bytes:
        """Return the whole CMAC of *data*, made in the token.

        Raises:
            KeyUsageError: This is no MAC key, or one for HMAC.
            ConfigError: The token is closed, lost, or cannot do it.
        """
        if not self._mechanism.endswith("_CMAC"):
            raise KeyUsageError(f"{self._mechanism} {self.purpose}", "a CMAC")
        return self._run("sign", data)

    def try_once(self) -> None:
        """Use the key on zeros; for ``posrefund.keystore`` alone.

        Raises:
            InvalidKeyError: Too short for this token.
            ConfigError: The token is closed, lost, or cannot do it.
        """
        verb = "decrypt" if self.purpose is Purpose.KEK else "sign"
        self._run(verb, bytes(_BLOCK_BYTES[self.algorithm]))

    def equals(self, other: Key) -> bool:
        """Say whether *other* may be the same key: same cipher, length and check value.

        The material cannot be compared, and one in 16 million different keys has this check value too.
        """
        length_bytes = len(other.use(other.purpose, "a comparison"))
        return (
            other.algorithm is self.algorithm
            and self.length_bytes in (0, length_bytes)
            and hmac.compare_digest(other.kcv_hex, self.kcv_hex)
        )

    def _run(self, verb: str, data: bytes) -> bytes:
        wanted = f"{verb} by {self._mechanism}"
        return self.token.run(
            lambda _: bytes(getattr(self._handle.found, verb)(bytes(data), mechanism=self._by())),
            wanted,
            self.label,
        )

    def _by(self) -> Any:
        return self.token.mechanism(self._mechanism)

    def __repr__(self) -> str:
        kind = "" if self.algorithm is _TDEA else f"{self.algorithm} "
        return f"TokenKey({self.label!r}, {kind}{self.purpose}, KCV {self.kcv_hex})"

    def __eq__(self, other: object) -> NoReturn:
        message = "keys are not compared; use equals()"
        raise TypeError(message)

    __hash__ = None  # type: ignore[assignment]  # reason: a hash would invite look-up by key

    def __reduce__(self) -> NoReturn:
        message = "a key cannot be pickled or copied"
        raise TypeError(message)

    def __getstate__(self) -> NoReturn:
        self.__reduce__()


def read_key(token: Token, pkcs11: Any, handle: Handle) -> TokenKey | None:
    """Return the key that *handle* is, or None if it is none of ours; inside ``Token.run``."""
    found = handle.found
    label = attribute(pkcs11, found, "LABEL")
    key_type = attribute(pkcs11, found, "KEY_TYPE")
    kind = getattr(key_type, "name", "")
    purpose = _purpose(abilities(pkcs11, found))
    if purpose is None or (kind, purpose) not in _MECHANISMS or not label:
        return None
    note = bytes(attribute(pkcs11, found, "ID") or b"")
    if note == LOCK_NOTE or not _stays(pkcs11, found):
        return None
    kcv_hex = _check_value(pkcs11, found, _MECHANISMS[kind, purpose], note)
    if len(kcv_hex) != 2 * _KCV_BYTES:
        return None
    length_bytes = _LENGTH_BYTES.get(kind) or int(attribute(pkcs11, found, "VALUE_LEN") or 0)
    is_test_key = note.endswith(TEST_NOTE)
    return TokenKey(
        token, handle, _Traits(label, kind, purpose, length_bytes, kcv_hex, is_test_key)
    )


def _purpose(can: set[str]) -> Purpose | None:
    for purpose, needed in ABILITIES_OF.items():
        if can.issuperset(needed) and can <= _AT_MOST[purpose]:
            return purpose
    return None


def _stays(pkcs11: Any, found: Any) -> bool:
    sensitive = attribute(pkcs11, found, "SENSITIVE")
    return sensitive is True and attribute(pkcs11, found, "EXTRACTABLE") is False


def _check_value(pkcs11: Any, found: Any, mechanism: str, note: bytes) -> str:
    """Return it in the form of ``Key.kcv_hex``: PKCS#11's own is a block of zeros under AES, too."""
    if mechanism == "AES_CMAC":
        value = found.sign(bytes(16), mechanism=pkcs11.Mechanism.AES_CMAC)
    elif mechanism in ("DES3_ECB", "DES3_CMAC"):
        value = attribute(pkcs11, found, "CHECK_VALUE") or note
    else:
        value = note
    return bytes(value[:_KCV_BYTES]).hex().upper()
