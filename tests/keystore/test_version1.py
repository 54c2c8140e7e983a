"""A file of version 1, made once by the release before, opens and becomes one of version 2."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from keystore.boxes import FIRST, PASSPHRASE, PUBLISHED_TMK, TMK, data_of, write_data
from posrefund.crypto import seal_box
from posrefund.errors import ConfigError, InvalidKeyError
from posrefund.keystore import FileKeyStore, HighWaterFile, PassphraseLock

if TYPE_CHECKING:
    from pathlib import Path

VERSION_1: dict[str, Any] = {
    "version": 1,
    "salt": "694330d8f065b29fe5695d89f8b3899a",
    "slots": {
        "tmk": "5c759440fe949fb5329d679135690e31448961acb8aad5c4a2636ad4c776e221519a12ca532bafe9"
        "1e7e242c",
        "journal": "46a50cd87ff5256622d7a3c04a9c3e1956045415849a2041064af9de9780652cec81fcd3ed41"
        "af3ae0ac85672382fb4f31996356feba7db595ad9475",
        "sign_in": "affe52e7f5009af1d8aa04c512ec3a65b8def997e7f28a46d2eb9b7b3228a40a43fbe547af7d"
        "5b75725fe6b5cbb42004e492bbcae6db64ac1065fd60573fd133672f7e5c",
    },
}
"""Written by posrefund at the commit before version 2, N = 2**15: TMK, journal key and one sign-in."""
JOURNAL_KEY = bytes.fromhex("8713e65358bff1f1ce0255b3c25b3747daf7c2c15c2f08a97b6f6d7f7f7cc69a")


@pytest.fixture
def old(path: Path) -> Path:
    write_data(path, VERSION_1)
    path.chmod(0o600)
    return path


def test_old_file_opens_with_all_its_keys_and_is_new_from_then_on(old: Path) -> None:
    store = FileKeyStore(old, PASSPHRASE)
    for each in (store, FileKeyStore(old, PASSPHRASE)):
        assert repr(each.tmk) == "Key(KEK, KCV 281261)"
        assert each.journal_key == JOURNAL_KEY
        keys = each.working_keys()
        assert keys is not None
        assert keys.key_set_id == FIRST
        assert (each.generation, each.test_keys) == (1, False)
    assert data_of(old)["version"] == 2
    assert data_of(old)["lock"]["salt"] != VERSION_1["salt"]


def test_old_file_without_a_sign_in_opens(old: Path) -> None:
    write_data(old, {**VERSION_1, "slots": {**VERSION_1["slots"]} | {"sign_in": None}})
    with pytest.raises(InvalidKeyError):
        FileKeyStore(old, PASSPHRASE)
    slots = {name: VERSION_1["slots"][name] for name in ("tmk", "journal")}
    write_data(old, {**VERSION_1, "slots": slots})

    assert FileKeyStore(old, PASSPHRASE).working_keys() is None


@pytest.mark.parametrize("slot", ["tmk", "journal", "sign_in"])
def test_old_file_that_was_changed_stays_as_it_is(old: Path, slot: str) -> None:
    sealed = VERSION_1["slots"][slot]
    for odd in ("", "zz", sealed[:-2], sealed + "00", "00" + sealed[2:], 7):
        write_data(old, {**VERSION_1, "slots": VERSION_1["slots"] | {slot: odd}})
        before = old.read_bytes()
        with pytest.raises(InvalidKeyError):
            FileKeyStore(old, PASSPHRASE)
        assert old.read_bytes() == before


def test_wrong_passphrase_leaves_the_old_file(old: Path) -> None:
    before = old.read_bytes()
    with pytest.raises(InvalidKeyError):
        FileKeyStore(old, b"wrong horse")
    assert old.read_bytes() == before


def test_old_file_does_not_come_back_where_a_mark_was_kept(old: Path, tmp_path: Path) -> None:
    mark = HighWaterFile(tmp_path / "mark")
    FileKeyStore(old, PASSPHRASE, high_water=mark)
    write_data(old, VERSION_1)
    with pytest.raises(ConfigError, match="older copy: generation 0, and 1 was seen"):
        FileKeyStore(old, PASSPHRASE, high_water=mark)


def test_old_file_with_a_published_key_is_taken_only_on_purpose(path: Path) -> None:
    header = {"kind": "scrypt", "n": str(2**15), "r": "8", "p": "1", "salt": "00" * 16}
    kek = PassphraseLock(PASSPHRASE).open(header)
    clear = {"tmk": PUBLISHED_TMK, "journal": JOURNAL_KEY}
    slots = {name: seal_box(kek, each, context=name.encode()).hex() for name, each in clear.items()}
    write_data(path, {"version": 1, "salt": "00" * 16, "slots": slots})
    path.chmod(0o600)
    with pytest.raises(InvalidKeyError, match="the TMK was published"):
        FileKeyStore(path, PASSPHRASE)
    assert data_of(path)["version"] == 1

    assert FileKeyStore(path, PASSPHRASE, test_keys=True).test_keys
    assert FileKeyStore(path, PASSPHRASE).journal_key == JOURNAL_KEY


def test_test_key_flag_is_not_given_to_a_file_that_has_none(path: Path) -> None:
    FileKeyStore.create(path, PASSPHRASE, tmk=TMK)

    assert not FileKeyStore(path, PASSPHRASE, test_keys=True).test_keys


def test_old_file_whose_sign_in_is_not_taken_any_more_opens_without_it(path: Path) -> None:
    """The keys of a sign-in come again with the next one; the journal's key does not."""
    header = {"kind": "scrypt", "n": str(2**15), "r": "8", "p": "1", "salt": "00" * 16}
    kek = PassphraseLock(PASSPHRASE).open(header)
    clear = {"tmk": TMK, "journal": JOURNAL_KEY, "sign_in": bytes(40)}
    slots = {name: seal_box(kek, each, context=name.encode()).hex() for name, each in clear.items()}
    write_data(path, {"version": 1, "salt": "00" * 16, "slots": slots})
    path.chmod(0o600)
    store = FileKeyStore(path, PASSPHRASE)

    assert store.working_keys() is None
    assert store.journal_key == JOURNAL_KEY
