"""A key file whose lock, or whose master key, is in a token."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from posrefund.crypto import Algorithm, Key, Purpose
from posrefund.errors import ConfigError, InvalidKeyError, KeyUsageError
from posrefund.keystore import DeviceKey, FileKeyStore, TokenKey, TokenLock

if TYPE_CHECKING:
    from pathlib import Path

    from posrefund.keystore import Token
    from softhsm import SoftHSM

TMK = bytes.fromhex("CA5D92598DCA48CE8A4C76361A9269E9")
DE62 = bytes.fromhex(
    "6701EAD6A9AD51E51AA406E2C27FCFA98D0A74B8B651F9E9BACE9AE10000000000000000AB7153CA"
)
"""DE62 of a sign-in answer; published example of code456.com/article/3026509."""
OTHER = bytes.fromhex("5B3C9A1E77D04F2286E1C05D9B2A6F48")
PASSPHRASE = b"only for tests"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys.json"


def tmk_in(token: Token) -> TokenKey:
    return token.store(Key(TMK, Purpose.KEK), "tmk", test_keys=True)


# --- the lock --------------------------------------------------------------------------------------


def test_file_opens_with_the_lock_of_its_token(token: Token, path: Path) -> None:
    lock = TokenLock(token, "key file")
    made = FileKeyStore.create(path, lock, tmk=TMK, test_keys=True)
    made.keep_sign_in(DE62)
    again = FileKeyStore(path, TokenLock(token, "key file"))

    assert again.journal_key == made.journal_key
    assert repr(again.tmk) == "Key(KEK, KCV 43C6CC)"
    keys = again.working_keys()
    assert keys
    assert keys.key_set_id == "8D0A74-AB7153"
    assert {name: again.lock_header[name] for name in ("kind", "label")} == {
        "kind": "token",
        "label": "key file",
    }


def test_file_of_a_token_opens_with_no_passphrase_and_the_other_way_round(
    token: Token, path: Path
) -> None:
    lock = TokenLock(token, "key file")
    FileKeyStore.create(path, lock, tmk=TMK, test_keys=True)
    with pytest.raises(ConfigError):
        FileKeyStore(path, PASSPHRASE)
    other = path.with_name("other.json")
    FileKeyStore.create(other, PASSPHRASE, tmk=TMK, test_keys=True)
    with pytest.raises(ConfigError, match=r"^the file is not locked by a token$"):
        FileKeyStore(other, lock)


def test_file_that_was_made_with_a_passphrase_is_given_to_a_token(token: Token, path: Path) -> None:
    made = FileKeyStore.create(path, PASSPHRASE, tmk=TMK, test_keys=True)
    journal_key = made.journal_key
    made.change_lock(TokenLock(token, "key file"))

    assert FileKeyStore(path, TokenLock(token, "key file")).journal_key == journal_key
    with pytest.raises(ConfigError):
        FileKeyStore(path, PASSPHRASE)


def test_header_of_another_file_opens_nothing(token: Token, path: Path) -> None:
    lock = TokenLock(token, "key file")
    FileKeyStore.create(path, lock, tmk=TMK, test_keys=True)
    other = path.with_name("other.json")
    FileKeyStore.create(other, lock, tmk=TMK, test_keys=True)
    data = json.loads(path.read_bytes())
    data["lock"] = json.loads(other.read_bytes())["lock"]
    path.write_text(json.dumps(data))
    with pytest.raises(InvalidKeyError):
        FileKeyStore(path, lock)


# --- the master key --------------------------------------------------------------------------------


def test_master_key_stands_in_the_file_by_name(token: Token, path: Path) -> None:
    made = FileKeyStore.create(path, PASSPHRASE, tmk=tmk_in(token), test_keys=True)
    assert made.keep_sign_in(DE62).key_set_id == "8D0A74-AB7153"
    again = FileKeyStore(path, PASSPHRASE, token=token)

    assert repr(again.tmk) == "TokenKey('tmk', KEK, KCV 43C6CC)"
    assert again.device_key("tmk") == DeviceKey("tmk", Purpose.KEK, Algorithm.TDEA, "43C6CC")
    keys = again.working_keys()
    assert keys
    assert keys.key_set_id == "8D0A74-AB7153"
    with pytest.raises(InvalidKeyError, match="lives in a device and never comes here"):
        again.key("tmk")


def test_file_says_that_its_master_key_needs_the_token(
    softhsm: SoftHSM, token: Token, path: Path
) -> None:
    FileKeyStore.create(path, PASSPHRASE, tmk=tmk_in(token), test_keys=True)
    with pytest.raises(ConfigError, match="is opened with the TMK's token"):
        FileKeyStore(path, PASSPHRASE)
    token.close()
    softhsm.make("office")
    with softhsm.open("office") as office:
        with pytest.raises(ConfigError, match=r"^the token 'office' has no key 'tmk'$"):
            FileKeyStore(path, PASSPHRASE, token=office)
        office.store(Key(OTHER, Purpose.KEK), "tmk")
        with pytest.raises(InvalidKeyError, match="is not the key that the file names"):
            FileKeyStore(path, PASSPHRASE, token=office)


def test_published_key_in_a_token_is_no_master_key_but_of_a_test_file(
    token: Token, path: Path
) -> None:
    with pytest.raises(InvalidKeyError, match="the key was published"):
        token.store(Key(TMK, Purpose.KEK), "tmk")
    key = tmk_in(token)
    with pytest.raises(InvalidKeyError, match="only a key file made for test keys takes it"):
        FileKeyStore.create(path, PASSPHRASE, tmk=key)
    assert not path.exists()
    fresh = token.store(Key(OTHER, Purpose.KEK), "fresh")
    FileKeyStore.create(path, PASSPHRASE, tmk=fresh)
    named = DeviceKey("tmk", Purpose.KEK, Algorithm.TDEA, "43C6CC")
    store = FileKeyStore(path, PASSPHRASE, token=token)
    with pytest.raises(InvalidKeyError, match="only a key file made for test keys takes it"):
        store.load_device_key("tmk", named, replace=True)
    assert repr(store.tmk) == repr(fresh)


def test_key_that_opens_no_sign_in_is_no_master_key(token: Token, path: Path) -> None:
    stored = token.store(Key(OTHER, Purpose.MAC), "key")
    with pytest.raises(KeyUsageError, match="cannot be used for opening sign-ins"):
        FileKeyStore.create(path, PASSPHRASE, tmk=stored)
    assert not path.exists()


def test_master_key_moves_into_the_token_and_sign_ins_go(token: Token, path: Path) -> None:
    FileKeyStore.create(path, PASSPHRASE, tmk=TMK, test_keys=True).keep_sign_in(DE62)
    store = FileKeyStore(path, PASSPHRASE, token=token)
    named = DeviceKey("tmk", Purpose.KEK, Algorithm.TDEA, "43C6CC")
    with pytest.raises(ConfigError, match="has no key 'tmk'"):
        store.load_device_key("tmk", named, replace=True)
    assert store.working_keys()
    tmk_in(token)
    store.load_device_key("tmk", named, replace=True)

    assert repr(store.tmk) == "TokenKey('tmk', KEK, KCV 43C6CC)"
    assert store.working_keys() is None
    content = path.read_text()
    assert json.loads(content)["slots"]["tmk"]["sealed"] == ""
    assert store.keep_sign_in(DE62).key_set_id == "8D0A74-AB7153"


def test_bad_sign_in_leaves_the_keys_there_were(token: Token, path: Path) -> None:
    store = FileKeyStore.create(path, PASSPHRASE, tmk=tmk_in(token), test_keys=True)
    store.keep_sign_in(DE62)
    before = path.read_bytes()
    for block in (b"", bytes(40), DE62[:16] + bytes(4) + DE62[20:]):
        with pytest.raises(InvalidKeyError):
            store.keep_sign_in(block)
    assert path.read_bytes() == before
