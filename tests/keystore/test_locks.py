"""A passphrase over scrypt, and any other lock that gives 32 bytes."""

from __future__ import annotations

import copy
import hashlib
import pickle
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.builders import PROPERTY
from keystore.boxes import BLOCK, FIRST, PASSPHRASE, TMK, data_of, write_data
from posrefund.errors import ConfigError, InvalidKeyError
from posrefund.keystore import DeviceKey, FileKeyStore, PassphraseLock

if TYPE_CHECKING:
    from collections.abc import Mapping

RFC_7914 = {"kind": "scrypt", "n": "16384", "r": "8", "p": "1", "salt": b"SodiumChloride".hex()}


def test_passphrase_gives_the_key_of_the_standard() -> None:
    """RFC 7914, section 12: "pleaseletmein", "SodiumChloride", 16384, 8, 1; its first 32 of 64 bytes."""
    key = PassphraseLock(b"pleaseletmein").open(RFC_7914)

    assert key.hex() == "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2"


def test_new_file_is_as_slow_as_a_terminal_can_afford() -> None:
    """In a process of its own: these tests have made it cheap for themselves."""
    code = (
        "from posrefund.keystore import PassphraseLock\n"
        "header, key = PassphraseLock(b'x').new()\n"
        "print(header['n'], header['r'], header['p'], len(header['salt']), len(key))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )

    assert done.stdout.split() == ["131072", "8", "1", "32", "32"]


@pytest.mark.parametrize(
    "changes",
    [
        {"n": str(2**21)},
        {"n": str(2**29)},  # with r = 8: half a tebibyte
        {"n": "0"},
        {"n": "1"},
        {"n": "3"},
        {"n": "-16"},
        {"n": "016384"},
        {"n": " 16384"},
        {"n": "\uff11\uff16"},
        {"n": "1" * 5000},
        {"r": "1024"},
        {"r": "08"},
        {"p": "16"},
        {"salt": ""},
        {"salt": "zz"},
        {"salt": "00" * 65},
        {"kind": "pkcs11"},
        {"more": "1"},
    ],
)
def test_header_cannot_ask_for_what_a_terminal_has_not(changes: dict[str, str]) -> None:
    with pytest.raises(ConfigError):
        PassphraseLock(PASSPHRASE).open(RFC_7914 | changes)


@pytest.mark.parametrize("missing", RFC_7914)
def test_header_without_a_part_is_refused(missing: str) -> None:
    with pytest.raises(ConfigError):
        PassphraseLock(PASSPHRASE).open({k: v for k, v in RFC_7914.items() if k != missing})


def test_changed_file_is_refused_before_memory_is_taken(store: FileKeyStore, path: Path) -> None:
    data = data_of(path)
    data["lock"]["n"] = str(2**29)
    write_data(path, data)
    with pytest.raises(ConfigError, match="asks for something"):
        FileKeyStore(path, PASSPHRASE)
    assert store.journal_key


def test_too_little_memory_is_a_config_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def poor(*_: object, **__: object) -> bytes:
        raise MemoryError

    monkeypatch.setattr(hashlib, "scrypt", poor)
    with pytest.raises(ConfigError, match="not enough memory"):
        PassphraseLock(PASSPHRASE).open(RFC_7914)


def test_lock_shows_no_passphrase() -> None:
    lock = PassphraseLock(b"secret-canary")

    assert "canary" not in repr(lock) + str(lock)
    for leak in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="cannot be pickled"):
            leak(lock)


class TokenLock:
    """A lock as a token makes it: a key that never was a passphrase."""

    def __init__(self, key: bytes = bytes(range(32))) -> None:
        self.key = key

    def new(self) -> tuple[dict[str, str], bytes]:
        return {"kind": "token", "label": "posrefund"}, self.key

    def open(self, header: Mapping[str, str]) -> bytes:
        if header.get("kind") != "token":
            raise ConfigError("no token's lock")
        return self.key


def test_any_lock_opens_the_file_it_locked(path: Path) -> None:
    FileKeyStore.create(path, TokenLock(), tmk=TMK).keep_sign_in(BLOCK)

    again = FileKeyStore(path, TokenLock())
    assert again.key_set(FIRST) is not None
    assert again.lock_header == {"kind": "token", "label": "posrefund"}
    with pytest.raises(InvalidKeyError):
        FileKeyStore(path, TokenLock(bytes(32)))
    with pytest.raises(ConfigError, match="another lock than a passphrase"):
        FileKeyStore(path, PASSPHRASE)


def test_label_of_a_lock_that_was_changed_breaks_the_seal(path: Path) -> None:
    FileKeyStore.create(path, TokenLock(), tmk=TMK)
    data = data_of(path)
    data["lock"]["label"] = "another"
    write_data(path, data)
    with pytest.raises(InvalidKeyError):
        FileKeyStore(path, TokenLock())


def test_change_of_lock_keeps_every_slot_and_shuts_the_old_one_out(path: Path) -> None:
    from posrefund.crypto import Algorithm, Purpose

    store = FileKeyStore.create(path, PASSPHRASE, tmk=TMK)
    store.keep_sign_in(BLOCK)
    store.load_device_key("pin", DeviceKey("7", Purpose.PIN, Algorithm.SM4, "08793E"))
    journal_key, boxes = store.journal_key, data_of(path)["slots"]
    store.change_lock(TokenLock())

    for each in (store, FileKeyStore(path, TokenLock())):
        assert each.journal_key == journal_key
        assert each.key_set(FIRST) is not None
        assert each.device_key("pin").slot_name == "7"
        assert {slot.counter for slot in each.slots()} == {4}
    with pytest.raises(ConfigError):
        FileKeyStore(path, PASSPHRASE)
    now = data_of(path)["slots"]
    assert not [name for name in boxes if name != "pin" and boxes[name] == now[name]]


def test_fresh_key_under_the_same_passphrase(store: FileKeyStore, path: Path) -> None:
    salt, kek = store.lock_header["salt"], store._vault._kek
    store.change_lock(PASSPHRASE)

    assert FileKeyStore(path, PASSPHRASE).lock_header["salt"] != salt
    assert store._vault._kek != kek


def test_store_opened_before_another_program_changed_the_lock_writes_nothing(
    store: FileKeyStore, path: Path
) -> None:
    FileKeyStore(path, PASSPHRASE).change_lock(b"new horse")
    before = path.read_bytes()
    with pytest.raises(InvalidKeyError, match="given another lock"):
        store.keep_sign_in(BLOCK)
    assert path.read_bytes() == before


passphrases = st.text(st.characters(min_codepoint=1, codec="utf-8"), min_size=1, max_size=16).map(
    str.encode
)
"""Without NUL: HMAC, inside scrypt, takes trailing zero bytes for its own padding."""


@settings(PROPERTY, max_examples=60)
@given(passphrases, passphrases)
def test_one_passphrase_gives_the_key_and_every_other_does_not(right: bytes, other: bytes) -> None:
    header, key = PassphraseLock(right).new()

    assert PassphraseLock(right).open(header) == key
    assert (PassphraseLock(other).open(header) == key) == (other == right)


def test_passphrase_of_another_type_is_taken_or_refused_as_one(path: Path) -> None:
    odd: Any = PASSPHRASE.decode()
    with pytest.raises(ConfigError, match="the passphrase of the key file is bytes"):
        FileKeyStore.create(path, odd, tmk=TMK)
    made: Any = bytearray(PASSPHRASE)
    FileKeyStore.create(path, made, tmk=TMK)
    with pytest.raises(ConfigError, match="the passphrase of the key file is bytes"):
        FileKeyStore(path, odd)
    assert repr(FileKeyStore(path, PASSPHRASE).tmk) == "Key(KEK, KCV 281261)"
