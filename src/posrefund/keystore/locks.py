"""A passphrase as the lock of a key file: scrypt, RFC 7914. Floor 5.

The parameters stand in the file, so that old files open and new ones can be slower. A file that was changed
may ask for less (then another key comes out, and the file's seal does not fit) and never for more than
a terminal can give.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING, Any

from posrefund.closed import closed_class
from posrefund.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from posrefund.keystore.contract import Lock

__all__ = ["PassphraseLock", "as_lock"]

_NEW_N = 2**17
"""128 MiB and about 0.4 s: a brake on guessing, OWASP's first choice for scrypt, and still a terminal's."""
_N_MAX = 2**20
"""1 GiB: where a changed file can send us at most."""
_R, _P = 8, 1
_SHARE_BYTES = 2**20
"""What OpenSSL counts beside the 128·r·N bytes of RFC 7914, and more than that."""
_SALT_BYTES = 16
_SALT_BYTES_MAX = 64
_KEY_BYTES = 32
_NAMES = {"kind", "n", "r", "p", "salt"}


@closed_class
class PassphraseLock:
    """Opens a key file with a passphrase.

    Raises:
        ConfigError: The passphrase is empty, or no bytes.

    Source:
        RFC 7914; OWASP Password Storage Cheat Sheet (N = 2^17, r = 8, p = 1).
    """

    __slots__ = ("_passphrase",)

    def __init__(self, passphrase: bytes) -> None:
        given: object = passphrase
        if not isinstance(given, (bytes, bytearray, memoryview)):  # bytes(7) is seven zeros
            raise ConfigError("the passphrase of the key file is bytes")
        if not passphrase:
            raise ConfigError("the passphrase of the key file is empty")
        self._passphrase = bytes(passphrase)

    def new(self) -> tuple[dict[str, str], bytes]:
        """Return a header with a fresh salt, and the key that belongs to it."""
        salt = secrets.token_bytes(_SALT_BYTES)
        header = {"n": str(_NEW_N), "r": str(_R), "p": str(_P), "salt": salt.hex()}
        header = {"kind": "scrypt", **header}
        return header, self.open(header)

    def open(self, header: Mapping[str, str]) -> bytes:
        """Return the key that belongs to *header*; a wrong passphrase gives a wrong key.

        Raises:
            ConfigError: The header is none of a passphrase, or asks for more than 1 GiB of memory.
        """
        n, salt = _parameters(header)
        memory = 128 * _R * n + _SHARE_BYTES
        try:
            return hashlib.scrypt(
                self._passphrase, salt=salt, n=n, r=_R, p=_P, maxmem=memory, dklen=_KEY_BYTES
            )
        except (ValueError, MemoryError):
            message = "there is not enough memory to open the key file"
            raise ConfigError(message) from None

    def __repr__(self) -> str:
        return "PassphraseLock(***)"

    def __reduce__(self) -> str:
        message = "a passphrase cannot be pickled or copied"
        raise TypeError(message)


def as_lock(lock: bytes | Lock) -> Lock:
    """Return *lock*, bytes taken for a passphrase.

    Raises:
        ConfigError: It is text, or empty.
    """
    given: Any = lock
    is_text = isinstance(given, (bytes, bytearray, memoryview, str))
    return PassphraseLock(given) if is_text else given


def _parameters(header: Mapping[str, str]) -> tuple[int, bytes]:
    """Return N and the salt of a header of ours."""
    fits = set(header) == _NAMES and header["kind"] == "scrypt"
    if not fits or (header["r"], header["p"]) != (str(_R), str(_P)):
        message = "the key file has another lock than a passphrase"
        raise ConfigError(message)
    power = {str(2**each): 2**each for each in range(1, _N_MAX.bit_length())}
    try:
        n, salt = power[header["n"]], bytes.fromhex(header["salt"])
    except (KeyError, ValueError):
        n, salt = 0, b""
    if not n or not 0 < len(salt) <= _SALT_BYTES_MAX:
        message = "the lock of the key file asks for something that a passphrase does not do"
        raise ConfigError(message)
    return n, salt
