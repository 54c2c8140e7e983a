"""``FileKeyStore``: TMK, journal key and the last sign-in of one terminal, in one encrypted file. Floor 5.

It never writes a key in clear, never keeps a working key decrypted on disk (DE62 stays wrapped under the
TMK) and refuses a file that others may read.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from posrefund.crypto import (
    UNIONPAY_ECB,
    Key,
    KeySet,
    MACRule,
    Purpose,
    claimed_key_set_id,
    mac,
    open_box,
    seal_box,
    unwrap_key_set,
)
from posrefund.errors import ConfigError, InvalidKeyError

if TYPE_CHECKING:
    from collections.abc import Collection
    from os import PathLike

__all__ = ["FileKeyStore"]

_VERSION = 1
_SCRYPT_N = 2**15
"""32 MiB and about 0.1 s: a brake on guessing that a terminal can still afford (RFC 7914, 2)."""
_SCRYPT_R, _SCRYPT_P = 8, 1
_JOURNAL_KEY_BYTES = 32
_SALT_BYTES = 16
_OLD = "sign_in of "
"""Slots of replaced sets: this, and the set's name."""


class FileKeyStore:
    """An opened key file.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> from posrefund.keystore import FileKeyStore
        >>> tmk = bytes.fromhex("CA5D92598DCA48CE8A4C76361A9269E9")
        >>> path = Path(tempfile.mkdtemp()) / "keys.json"
        >>> FileKeyStore.create(path, b"correct horse", tmk=tmk).tmk
        Key(KEK, KCV 43C6CC)
    """

    def __init__(self, path: str | PathLike[str], passphrase: bytes) -> None:
        self._path = Path(path)
        self._data = _read(self._path)
        self._kek = _stretch(passphrase, bytes.fromhex(self._data["salt"]))
        self.tmk = Key(self._slot("tmk"), Purpose.KEK)

    @classmethod
    def create(cls, path: str | PathLike[str], passphrase: bytes, *, tmk: bytes) -> Self:
        """Make a new key file with *tmk* and a fresh journal key.

        Raises:
            ConfigError: There is a file already: a key file is never overwritten.
            InvalidKeyError: The TMK has a wrong length or is single DES.
        """
        Key(tmk, Purpose.KEK).close()
        if Path(path).exists():
            raise ConfigError(f"{Path(path).name} exists already")
        salt = secrets.token_bytes(_SALT_BYTES)
        kek = _stretch(passphrase, salt)
        clear = {"tmk": tmk, "journal": secrets.token_bytes(_JOURNAL_KEY_BYTES)}
        slots = {name: _sealed(kek, name, value) for name, value in clear.items()}
        _write(Path(path), {"version": _VERSION, "salt": salt.hex(), "slots": slots})
        return cls(path, passphrase)

    @property
    def journal_key(self) -> bytes:
        """32 bytes for the journal: chain, fingerprints, sealed numbers."""
        return self._slot("journal")

    def keep_sign_in(
        self, block: bytes, rule: MACRule = UNIONPAY_ECB, *, still_needed: Collection[str] = ()
    ) -> KeySet:
        """Open DE62 of a sign-in answer and, only if all of it is right, keep it for the next start.

        Args:
            block: As it stands in the answer.
            rule: What its MAC key has to serve.
            still_needed: Key-set ids that items which are not final name: those stay, to verify with.
                Every other set that was replaced is destroyed.

        Raises:
            InvalidKeyError: The set is refused; the one before stays.
            ConfigError: The file cannot be written; the set before stays.
        """
        keys = unwrap_key_set(self.tmk, block)
        mac(keys.mak, b"", rule)  # a key that the rule does not take is no key
        slots = self._slots_with(still_needed, replaced_by=keys.key_set_id)
        slots["sign_in"] = _sealed(self._kek, "sign_in", block)
        self._replace(slots)
        return keys

    def key_set(self, key_set_id: str) -> KeySet | None:
        """Return the set of that id, the last one or an older one that was needed; None if it is gone.

        Raises:
            InvalidKeyError: The key file was changed.
        """
        block = self._blocks().get(key_set_id)
        return unwrap_key_set(self.tmk, block) if block else None

    def forget_sets(self, *, still_needed: Collection[str]) -> None:
        """Destroy every replaced set but those *still_needed*; the present one stays.

        Raises:
            ConfigError: The file cannot be written; nothing was destroyed.
        """
        slots = self._slots_with(still_needed)
        if slots.keys() != self._data["slots"].keys():
            self._replace(slots)

    def working_keys(self) -> KeySet | None:
        """Return the keys of the last sign-in, or None before the first."""
        if "sign_in" not in self._data["slots"]:
            return None
        return unwrap_key_set(self.tmk, self._slot("sign_in"))

    def _slots_with(
        self, still_needed: Collection[str], *, replaced_by: str = ""
    ) -> dict[str, str]:
        """The slots without the sets that nothing needs; the present one too where another replaces it."""
        slots = {
            name: box
            for name, box in self._data["slots"].items()
            if not name.startswith(_OLD) or name.removeprefix(_OLD) in still_needed
        }
        if "sign_in" in slots and replaced_by:
            block = self._slot("sign_in")
            present = claimed_key_set_id(block)
            if present in still_needed and present != replaced_by:
                slots[_OLD + present] = _sealed(self._kek, _OLD + present, block)
            slots.pop(_OLD + replaced_by, None)
        return slots

    def _blocks(self) -> dict[str, bytes]:
        """Every set that is kept, still wrapped, by its name."""
        names = [name for name in self._data["slots"] if name.startswith((_OLD, "sign_in"))]
        blocks = [self._slot(name) for name in names]
        return {claimed_key_set_id(block): block for block in blocks}

    def _replace(self, slots: dict[str, str]) -> None:
        data = self._data | {"slots": slots}
        _write(self._path, data)
        self._data = data

    def _slot(self, name: str) -> bytes:
        try:
            return open_box(
                self._kek, bytes.fromhex(self._data["slots"][name]), context=name.encode()
            )
        except (KeyError, ValueError, TypeError):
            reason = "wrong passphrase, or the key file was changed"
            raise InvalidKeyError(reason) from None


def _stretch(passphrase: bytes, salt: bytes) -> bytes:
    if not passphrase:
        raise ConfigError("the passphrase of the key file is empty")
    return hashlib.scrypt(
        passphrase, salt=salt, n=_SCRYPT_N, r=_SCRYPT_R, p=_SCRYPT_P, maxmem=2**26, dklen=32
    )


def _sealed(kek: bytes, name: str, clear: bytes) -> str:
    return seal_box(kek, clear, context=name.encode()).hex()


def _write(path: Path, data: dict[str, Any]) -> None:
    """Replace the file in one step: a crash leaves the old one or the new one, whole."""
    new = path.with_name(path.name + ".new")
    try:
        new.unlink(missing_ok=True)  # what a crash left behind, whatever its mode
        file = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(file, "w", encoding="ascii") as text:
            json.dump(data, text, indent=1)
            text.flush()
            os.fsync(text.fileno())
        new.replace(path)
    except OSError as error:
        raise ConfigError(f"the key file cannot be written: {error.strerror}") from None


def _read(path: Path) -> dict[str, Any]:
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError):
        message = f"the key file {path.name} cannot be read"
        raise ConfigError(message) from None
    if sys.platform != "win32" and mode & (stat.S_IRWXG | stat.S_IRWXO):
        message = f"the key file {path.name} may be read by others: chmod 600 it"
        raise ConfigError(message)
    refusal = ConfigError(f"{path.name} is no key file of version {_VERSION}")
    try:
        data: dict[str, Any] = json.loads(text)
        right = data["version"] == _VERSION and bytes.fromhex(data["salt"]) and dict(data["slots"])
    except (ValueError, KeyError, TypeError):
        raise refusal from None
    if not right:
        raise refusal
    return data
