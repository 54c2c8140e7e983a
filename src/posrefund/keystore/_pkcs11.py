"""The door to python-pkcs11: loaded when a token is opened, its errors turned into ours. Floor 5.

What an object in a token may do, it is told when it is made, and nobody can change that afterwards: not
modifiable, and not copyable either, for a copy may be given other abilities.
"""

from __future__ import annotations

import re
import struct
from typing import Any

from posrefund.errors import ConfigError, InvalidKeyError, KeyUsageError, PosRefundError

__all__ = [
    "ABILITIES",
    "Handle",
    "abilities",
    "attribute",
    "checked_label",
    "library",
    "template",
    "translated",
]

ABILITIES = ("ENCRYPT", "DECRYPT", "SIGN", "VERIFY", "WRAP", "UNWRAP", "DERIVE")

_AT_OPENING = {
    "AnotherUserAlreadyLoggedIn": "is in use by another user in this process",
    "MultipleTokensReturned": "is not the only one of that label",
    "NoSuchToken": "is not there",
    "PinExpired": "wants a new PIN",
    "PinIncorrect": "refused the PIN",
    "PinInvalid": "refused the PIN",
    "PinLenRange": "refused the PIN",
    "PinLocked": "has locked the PIN",
    "TokenNotRecognised": "is not initialised",
    "UserAlreadyLoggedIn": "is open in this process already: share that one",
    "UserPinNotInitialized": "has no PIN yet",
}
_LOST = {
    "DeviceRemoved",
    "ObjectHandleInvalid",
    "SessionClosed",
    "SessionHandleInvalid",
    "TokenNotPresent",
    "UserNotLoggedIn",
}
_READ_ONLY = {"SessionReadOnly", "TokenWriteProtected"}
_MISSING = {"FunctionNotSupported", "MechanismInvalid", "MechanismParamInvalid"}
_FORBIDDEN = {"0x68", "KeyTypeInconsistent"}
"""0x68 is CKR_KEY_FUNCTION_NOT_PERMITTED, for which python-pkcs11 has no class."""
_UNMAPPED = re.compile(r"Unmapped error code (0x[0-9a-f]+)")
_BAD_INPUT = {
    "DataInvalid",
    "DataLenRange",
    "EncryptedDataInvalid",
    "EncryptedDataLenRange",
    "KeySizeRange",
}


_LABEL_CHARACTERS_MAX = 64


def checked_label(label: str, what: str) -> str:
    """Return *label* if it can be one.

    Raises:
        ConfigError: It is empty, longer than 64 characters, or has some that do not print.
    """
    if not (0 < len(label) <= _LABEL_CHARACTERS_MAX and label.isprintable()):
        raise ConfigError(
            f"{what} has a label of 1 to {_LABEL_CHARACTERS_MAX} printable characters"
        )
    return label


class Handle:
    """An object in a token. Python-pkcs11's own asks the token to show itself, and fails where that is gone.

    Attributes:
        found: As python-pkcs11 has it.
    """

    __slots__ = ("found",)

    def __init__(self, found: object) -> None:
        self.found: Any = found


def library() -> Any:
    """Return the package ``pkcs11``.

    Raises:
        ConfigError: It is not installed.
    """
    try:
        import pkcs11
    except ImportError:
        raise ConfigError(
            "keys in a token need python-pkcs11: pip install 'posrefund[hsm]'"
        ) from None
    return pkcs11


def translated(error: Exception, token: str, wanted: str, key: str = "") -> PosRefundError:
    """Return our error for *error*: it names token, key and what was wanted, and no value.

    Args:
        error: From python-pkcs11; its class is looked at, and the number of one that has no class.
        token: Label of the token.
        wanted: What was to be done, with the mechanism where there is one.
        key: Label of the key, if it is about one.
    """
    kind = _name(error)
    what = f"{wanted} with {key!r}" if key else wanted
    if kind in _AT_OPENING:
        return ConfigError(f"the token {token!r} {_AT_OPENING[kind]}")
    if kind in _LOST:
        return ConfigError(f"the session with the token {token!r} was lost: open it again")
    if kind in _READ_ONLY:
        return ConfigError(f"the token {token!r} cannot be written: {what}")
    if kind in _MISSING:
        return ConfigError(f"the token {token!r} cannot do {what}")
    if kind in _FORBIDDEN:
        return KeyUsageError("token", what)
    if kind in _BAD_INPUT:
        return InvalidKeyError(f"the token {token!r} refused the length or form: {what}")
    return ConfigError(f"the token {token!r} failed ({kind}): {what}")


def _name(error: Exception) -> str:
    code = _UNMAPPED.fullmatch(str(error))
    return code[1] if code else type(error).__name__


def template(pkcs11: Any, label: str, can: tuple[str, ...], note: bytes) -> dict[Any, Any]:
    """Return the attributes of a key that stays in the token and can do what *can* lists, for good."""
    names = pkcs11.Attribute
    fixed = {
        names.LABEL: label,
        names.ID: note,
        names.TOKEN: True,
        names.PRIVATE: True,
        names.SENSITIVE: True,
        names.EXTRACTABLE: False,
        names.MODIFIABLE: False,
        names.COPYABLE: False,
    }
    return fixed | {getattr(names, ability): ability in can for ability in ABILITIES}


def attribute(pkcs11: Any, found: Any, name: str) -> Any:
    """Return one attribute of an object, or None where the token does not have it in a readable form."""
    refusals = (pkcs11.AttributeTypeInvalid, pkcs11.AttributeSensitive)
    try:
        return found[getattr(pkcs11.Attribute, name)]
    except (
        *refusals,
        ValueError,
        struct.error,
    ):  # a vendor's own kind of key, a label in another script
        return None


def abilities(pkcs11: Any, found: Any) -> set[str]:
    """Return what the token lets this object do."""
    return {ability for ability in ABILITIES if attribute(pkcs11, found, ability)}
