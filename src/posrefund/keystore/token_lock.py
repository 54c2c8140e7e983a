"""``TokenLock``: a key file that opens only where the token is. Floor 5.

The file's key is random and stands in the header, encrypted and authenticated by two AES keys that never
leave the token. Without token and PIN the file is noise. Why two keys and no key wrap: decision 0023.
"""

from __future__ import annotations

import hmac
import secrets
from typing import TYPE_CHECKING, Any

from posrefund.closed import closed_class
from posrefund.errors import ConfigError, InvalidKeyError
from posrefund.keystore._pkcs11 import Handle, abilities, checked_label, library, template
from posrefund.keystore.token_key import LOCK_NOTE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from posrefund.keystore.token import Token

__all__ = ["TokenLock"]

_KIND = "token"
_KEY_BYTES = 32
_IV_BYTES = 16
_TAG_BYTES = 16
_PARTS = (("ENCRYPT", "DECRYPT"), ("SIGN", "VERIFY"))
"""What the two keys can do: neither can stand in for the other."""
_WRAPPED_BYTES = _IV_BYTES + _KEY_BYTES + _TAG_BYTES
_CONTEXT = b"posrefund token lock 1\0"


@closed_class
class TokenLock:
    """Opens key files by two keys in a token.

    ``new`` makes the two keys where the token has none of that label; ``open`` only ever uses them. Several
    files may share a label: each has a key of its own.

    Args:
        token: Open, for as long as the lock is used.
        label: What the two keys are called in the token.

    Raises:
        ConfigError: The label is none.

    Example:
        >>> from posrefund.keystore import Token, TokenLock
        >>> token = Token("/usr/lib/softhsm/libsofthsm2.so", "till", b"1234")  # doctest: +SKIP
        >>> header, key = TokenLock(token, "key file").new()  # doctest: +SKIP
        >>> TokenLock(token, "key file").open(header) == key  # doctest: +SKIP
        True
    """

    def __init__(self, token: Token, label: str) -> None:
        self._token = token
        self._label = checked_label(label, "a lock")

    def new(self) -> tuple[dict[str, str], bytes]:
        """Return a header for a new file and its 32 bytes.

        Raises:
            ConfigError: The token is closed or lost, cannot be written, or holds half of the lock.
        """
        if not self._token.find(self._label, LOCK_NOTE):
            self._token.run(self._make, "making the keys of a lock", self._label)
        cipher, mac = self._keys()
        key = secrets.token_bytes(_KEY_BYTES)
        iv = secrets.token_bytes(_IV_BYTES)
        sealed = iv + self._run(cipher, "encrypt", key, iv)
        wrapped = sealed + self._tag(mac, sealed)
        return {"kind": _KIND, "label": self._label, "wrapped": wrapped.hex()}, key

    def open(self, header: Mapping[str, str]) -> bytes:
        """Return the 32 bytes that belong to *header*.

        Raises:
            ConfigError: The header is one of another kind of lock; the token is closed or lost, or does
                not hold the two keys.
            InvalidKeyError: Another token's lock, or the header was changed.
        """
        wrapped = self._wrapped(header)
        cipher, mac = self._keys()
        sealed, tag = wrapped[:-_TAG_BYTES], wrapped[-_TAG_BYTES:]
        if not hmac.compare_digest(self._tag(mac, sealed), tag):
            reason = f"not locked by {self._label!r} of the token {self._token.label!r}, or changed"
            raise InvalidKeyError(reason)
        return self._run(cipher, "decrypt", sealed[_IV_BYTES:], sealed[:_IV_BYTES])

    def _wrapped(self, header: Mapping[str, str]) -> bytes:
        kind, label = header.get("kind"), header.get("label")
        if kind != _KIND:
            raise ConfigError("the file is not locked by a token")
        if label != self._label:
            raise ConfigError(f"the file is not locked by {self._label!r} but by other keys")
        try:
            wrapped = bytes.fromhex(header["wrapped"])
        except (KeyError, TypeError, ValueError):
            wrapped = b""
        if len(wrapped) != _WRAPPED_BYTES:
            raise ConfigError(f"the header of a token's lock holds {_WRAPPED_BYTES} bytes")
        return wrapped

    def _make(self, session: Any) -> None:
        pkcs11 = library()
        for can in _PARTS:
            session.generate_key(
                pkcs11.KeyType.AES,
                8 * _KEY_BYTES,
                store=True,
                template=template(pkcs11, self._label, can, LOCK_NOTE),
            )

    def _keys(self) -> tuple[Handle, Handle]:
        found = self._token.find(self._label, LOCK_NOTE)
        pkcs11 = library()
        can = self._token.run(
            lambda _: [abilities(pkcs11, each.found) for each in found], "reading", self._label
        )
        by_part = [
            [key for key, able in zip(found, can, strict=True) if able == set(part)]
            for part in _PARTS
        ]
        if [len(keys) for keys in by_part] != [1, 1] or len(found) != len(_PARTS):
            message = (
                f"the token {self._token.label!r} does not hold the two keys of {self._label!r}"
            )
            raise ConfigError(message)
        return by_part[0][0], by_part[1][0]

    def _tag(self, mac: Handle, sealed: bytes) -> bytes:
        data = _CONTEXT + sealed
        by = self._token.mechanism("AES_CMAC")
        return self._token.run(
            lambda _: bytes(mac.found.sign(data, mechanism=by)), "sign by AES_CMAC", self._label
        )

    def _run(self, cipher: Handle, verb: str, data: bytes, iv: bytes) -> bytes:
        by = self._token.mechanism("AES_CBC")
        return self._token.run(
            lambda _: bytes(getattr(cipher.found, verb)(data, mechanism=by, mechanism_param=iv)),
            f"{verb} by AES_CBC",
            self._label,
        )

    def __repr__(self) -> str:
        return f"TokenLock({self._token.label!r}, {self._label!r})"
