"""Key files of version 1: read once, and written again as version 2. Floor 5: no I/O in this file.

They had scrypt with parameters that did not stand in the file, three slots bound to nothing but their names, and
no generation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from posrefund.crypto import open_box
from posrefund.errors import ConfigError, InvalidKeyError
from posrefund.keystore.document import CHANGED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from posrefund.keystore.contract import Lock

__all__ = ["read_version_1"]

_SCRYPT = {"kind": "scrypt", "n": str(2**15), "r": "8", "p": "1"}
_SLOTS = ("tmk", "journal", "sign_in")


def read_version_1(data: Mapping[str, Any], lock: Lock) -> dict[str, bytes]:
    """Return the slots ``tmk`` and ``journal``, and ``sign_in`` if there was one.

    Raises:
        ConfigError: It is no key file, or *lock* opens no passphrase's.
        InvalidKeyError: The passphrase is the wrong one, or the file was changed.
    """
    salt, slots = data.get("salt"), data.get("slots")
    if not isinstance(salt, str) or not isinstance(slots, dict) or not slots:
        message = "the key file of version 1 has no salt or no slots"
        raise ConfigError(message)
    kek = lock.open({**_SCRYPT, "salt": salt})
    return {
        name: _opened(kek, name, slots) for name in _SLOTS if name in slots or name != "sign_in"
    }


def _opened(kek: bytes, name: str, slots: dict[str, Any]) -> bytes:
    try:
        return open_box(kek, bytes.fromhex(slots[name]), context=name.encode())
    except (KeyError, ValueError, TypeError):
        raise InvalidKeyError(CHANGED) from None
