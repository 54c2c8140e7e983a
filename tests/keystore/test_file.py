"""The key file: opens with its passphrase only, gives back what was put in, shows no key."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.builders import PROPERTY
from keystore.boxes import (
    BLOCK,
    FIRST,
    PASSPHRASE,
    PUBLISHED_BLOCK,
    PUBLISHED_TMK,
    TMK,
    clear_material,
)
from posrefund.crypto import ISO9797_3, Key, Purpose, unwrap_key_set
from posrefund.errors import ConfigError, InvalidKeyError
from posrefund.keystore import FileKeyStore

if TYPE_CHECKING:
    from pathlib import Path


def test_key_file_gives_back_what_was_put_in(store: FileKeyStore, path: Path) -> None:
    again = FileKeyStore(path, PASSPHRASE)

    assert repr(again.tmk) == "Key(KEK, KCV 281261)"
    assert again.tmk.equals(Key(TMK, Purpose.KEK))
    assert len(again.journal_key) == 32
    assert again.journal_key == store.journal_key
    assert again.working_keys() is None


def test_sign_in_is_kept_for_the_next_start(store: FileKeyStore, path: Path) -> None:
    assert store.keep_sign_in(BLOCK).key_set_id == FIRST
    assert _key_set_id(store) == FIRST
    assert _key_set_id(FileKeyStore(path, PASSPHRASE)) == FIRST


def test_mac_key_that_the_rule_does_not_take_is_no_sign_in(store: FileKeyStore) -> None:
    """Kept, it would stop every sale, and every undoing of one, until somebody signs in again."""
    with pytest.raises(InvalidKeyError, match="takes a MAC key of 16 bytes"):
        store.keep_sign_in(BLOCK, ISO9797_3)
    assert store.working_keys() is None


def _key_set_id(store: FileKeyStore) -> str | None:
    keys = store.working_keys()
    return keys.key_set_id if keys else None


@pytest.mark.parametrize("passphrase", [b"wrong horse", b"correct horse ", b"Correct horse"])
def test_wrong_passphrase_opens_nothing(store: FileKeyStore, path: Path, passphrase: bytes) -> None:
    with pytest.raises(InvalidKeyError, match=r"^wrong passphrase, or the key file was changed$"):
        FileKeyStore(path, passphrase)
    assert store.journal_key


def test_empty_passphrase_makes_no_file_and_opens_none(path: Path) -> None:
    with pytest.raises(ConfigError, match=r"^the passphrase of the key file is empty$"):
        FileKeyStore.create(path, b"", tmk=TMK)
    assert list(path.parent.iterdir()) == []
    FileKeyStore.create(path, PASSPHRASE, tmk=TMK)
    before = path.read_bytes()
    with pytest.raises(ConfigError, match=r"^the passphrase of the key file is empty$"):
        FileKeyStore(path, b"")

    assert path.read_bytes() == before
    assert FileKeyStore(path, PASSPHRASE).journal_key


def test_key_file_is_never_overwritten(store: FileKeyStore, path: Path) -> None:
    before = path.read_bytes()
    with pytest.raises(ConfigError, match=r"^keys\.json exists already$"):
        FileKeyStore.create(path, b"other", tmk=TMK)

    assert path.read_bytes() == before
    assert FileKeyStore(path, PASSPHRASE).journal_key == store.journal_key


@pytest.mark.parametrize(
    "tmk", [b"", bytes(15), bytes(16), b"8bytes.." * 2, b"8bytes..", bytes(32)]
)
def test_weak_or_misshapen_master_key_makes_no_file(path: Path, tmk: bytes) -> None:
    with pytest.raises(InvalidKeyError):
        FileKeyStore.create(path, PASSPHRASE, tmk=tmk)

    assert list(path.parent.iterdir()) == []


@pytest.mark.parametrize(
    "block",
    [
        b"",
        BLOCK[:-1],
        BLOCK + b"\0",
        BLOCK[:16] + b"\0\0\0\0" + BLOCK[20:],
        BLOCK[:36] + b"\0\0\0\0",
        b"\0" + BLOCK[1:],
        BLOCK[20:] + BLOCK[:20],
        bytes(40),
    ],
)
def test_bad_sign_in_leaves_the_keys_there_were(
    store: FileKeyStore, path: Path, block: bytes
) -> None:
    store.keep_sign_in(BLOCK)
    before = path.read_bytes()
    with pytest.raises(InvalidKeyError):
        store.keep_sign_in(block)

    assert path.read_bytes() == before
    assert _key_set_id(store) == FIRST


def test_store_shows_no_key(store: FileKeyStore) -> None:
    shown = repr(store) + repr(store.tmk) + str(store.tmk)

    assert TMK.hex() not in shown.lower()
    assert store.journal_key.hex() not in shown.lower()


@settings(PROPERTY, max_examples=60)
@given(st.binary(max_size=61))
def test_arbitrary_sign_in_blocks_are_taken_or_refused_and_nothing_else(block: bytes) -> None:
    tmk = Key(TMK, Purpose.KEK)
    with pytest.raises(InvalidKeyError):
        unwrap_key_set(tmk, block)


def test_no_file_holds_a_key_in_any_spelling(store: FileKeyStore, path: Path) -> None:
    keys = store.keep_sign_in(BLOCK)
    secrets = [TMK, store.journal_key, clear_material(keys.pik), clear_material(keys.mak)]
    assert [len(secret) for secret in secrets] == [16, 32, 16, 8]

    kek = store._vault._kek
    for file in path.parent.iterdir():
        content = file.read_bytes()
        for secret in (*secrets, PASSPHRASE, kek, BLOCK, BLOCK[:16], BLOCK[20:28]):
            assert secret not in content
            assert secret.hex().encode() not in content.lower()
    assert sorted(file.name for file in path.parent.iterdir()) == ["keys.json", "keys.json.lock"]
    assert path.with_name("keys.json.lock").read_bytes() == b""


def test_published_master_key_makes_no_file_but_one_for_test_keys(path: Path) -> None:
    with pytest.raises(InvalidKeyError, match=r"the TMK was published.*KCV 43C6CC"):
        FileKeyStore.create(path, PASSPHRASE, tmk=PUBLISHED_TMK)
    assert list(path.parent.iterdir()) == []

    FileKeyStore.create(path, PASSPHRASE, tmk=PUBLISHED_TMK, test_keys=True)
    again = FileKeyStore(path, PASSPHRASE)
    assert again.test_keys
    assert again.keep_sign_in(PUBLISHED_BLOCK).key_set_id == "8D0A74-AB7153"


def test_published_working_key_is_no_sign_in(store: FileKeyStore) -> None:
    """The PIK of the standard's examples, wrapped under a TMK of ours as a careless host would."""
    store.keep_sign_in(BLOCK)
    pik, mak = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210"), bytes.fromhex("4F97D2A86B31EC05")
    with pytest.raises(InvalidKeyError, match="the PIK of the sign-in was published"):
        store.keep_sign_in(_wrapped(pik, mak))
    assert _key_set_id(store) == FIRST
    assert not store.test_keys


def _wrapped(pik: bytes, mak: bytes) -> bytes:
    from posrefund.crypto import kcv, wrap_key

    tmk = Key(TMK, Purpose.KEK)
    keys = [Key(pik, Purpose.PIN), Key(mak, Purpose.MAC, allow_weak=True)]
    checks = [kcv(pik, length_bytes=4), kcv(mak, length_bytes=4)]
    parts = [wrap_key(tmk, key) for key in keys]
    return parts[0] + checks[0] + parts[1] + bytes(8) + checks[1]
