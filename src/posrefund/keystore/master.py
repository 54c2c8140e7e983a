"""A master key that lives in a token, and stands in the key file by name. Floor 5: no I/O of its own.

The file says which key it is and what its check value was; the token has to have that very key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from posrefund.crypto import Key, Purpose, is_well_known
from posrefund.errors import ConfigError, InvalidKeyError, KeyUsageError
from posrefund.keystore import slots
from posrefund.keystore.contract import DeviceKey
from posrefund.keystore.token_key import TokenKey

if TYPE_CHECKING:
    from posrefund.crypto import KeyEncryptingKey
    from posrefund.keystore.token import Token
    from posrefund.keystore.vault import Draft

__all__ = [
    "check_master",
    "check_opens_sign_ins",
    "check_same_master",
    "is_published",
    "master_key",
    "put_master",
]


def check_master(tmk: bytes | Key | TokenKey, *, test_keys: bool) -> None:
    """Refuse what cannot be a TMK, before anything is written.

    Raises:
        InvalidKeyError: Wrong length, single DES, or published and the file is not one for test keys.
        KeyUsageError: The key opens no sign-ins.
    """
    if isinstance(tmk, TokenKey):
        _name_of(tmk, test_keys=test_keys)
    elif isinstance(tmk, Key):
        check_opens_sign_ins(tmk)
        slots.refuse_published(tmk, "the TMK", test_keys=test_keys)
    else:
        with Key(tmk, Purpose.KEK) as key:
            slots.refuse_published(key, "the TMK", test_keys=test_keys)


def check_opens_sign_ins(key: Key | TokenKey | DeviceKey) -> None:
    """Refuse a key for something else.

    Raises:
        KeyUsageError: It is no key-encrypting key.
    """
    if key.purpose is not Purpose.KEK:
        raise KeyUsageError(f"{key.algorithm} {key.purpose}", "opening sign-ins")


def check_same_master(draft: Draft, tmk: KeyEncryptingKey) -> None:
    """Refuse to go on with a TMK that is not the file's any more: what it opens, the next start would not.

    Raises:
        InvalidKeyError: Another program has loaded another one.
    """
    slot = draft.slots[slots.TMK]
    if (slot.algorithm, slot.kcv) != (tmk.algorithm, tmk.kcv_hex):
        reason = "the key file was given another TMK since it was opened: open it again"
        raise InvalidKeyError(reason, kcv=slot.kcv)


def put_master(draft: Draft, tmk: bytes | Key | TokenKey) -> None:
    """Set the TMK's slot of a new file. Raises as ``check_master``."""
    if isinstance(tmk, TokenKey):
        named = _name_of(tmk, test_keys=draft.test_keys)
        slots.put_device_key(draft, slots.TMK, named, replace=False)
    elif isinstance(tmk, Key):
        slots.put_key(draft, slots.TMK, tmk, replace=False)
    else:
        with Key(tmk, Purpose.KEK) as key:
            slots.put_key(draft, slots.TMK, key, replace=False)


def _name_of(key: TokenKey, *, test_keys: bool) -> DeviceKey:
    check_opens_sign_ins(key)
    if key.is_test_key and not test_keys:
        reason = "the TMK was published: only a key file made for test keys takes it"
        raise InvalidKeyError(reason, kcv=key.kcv_hex)
    return DeviceKey(key.label, key.purpose, key.algorithm, key.kcv_hex)


def master_key(token: Token | None, named: DeviceKey, *, test_keys: bool) -> TokenKey:
    """Return the key of *token* that the file names.

    Raises:
        ConfigError: No token was given, or it does not have the key.
        InvalidKeyError: The token has another key of that label.
        KeyUsageError: That key opens no sign-ins.
    """
    check_opens_sign_ins(named)
    if token is None:
        raise ConfigError("a key file that only names its TMK is opened with the TMK's token")
    found = token.key(named.slot_name)
    if _name_of(found, test_keys=test_keys) != named:
        reason = f"{found.label!r} in the token {token.label!r} is not the key that the file names"
        raise InvalidKeyError(reason, kcv=found.kcv_hex)
    return found


def is_published(tmk: KeyEncryptingKey) -> bool:
    """Say whether everybody can know *tmk*; of a token's key the token says it."""
    if isinstance(tmk, Key):
        return is_well_known(tmk)
    return isinstance(tmk, TokenKey) and tmk.is_test_key
