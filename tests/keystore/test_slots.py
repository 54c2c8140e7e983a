"""Slots beside the TMK: keys for one purpose each, and keys that live in a device."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import pytest

from keystore.boxes import BLOCK, PASSPHRASE, TMK, data_of
from posrefund.crypto import Algorithm, Key, Purpose
from posrefund.errors import InvalidKeyError, KeyUsageError
from posrefund.keystore import DeviceKey, FileKeyStore

if TYPE_CHECKING:
    from pathlib import Path

MATERIAL = bytes.fromhex("52E9B03D7F164AC8D8A1F6359B0E7C24")
PIN_PAD = DeviceKey("PIN pad 3", Purpose.PIN, Algorithm.SM4, "08793E")


def test_key_of_each_cipher_comes_back_as_what_it_is(store: FileKeyStore, path: Path) -> None:
    keys = {
        "zmk": Key(MATERIAL, Purpose.KEK, Algorithm.AES),
        "pin": Key(bytes(range(100, 116)), Purpose.PIN, Algorithm.SM4),
        "mac": Key(bytes(range(50, 74)), Purpose.MAC),
    }
    for name, key in keys.items():
        store.load_key(name, key)

    again = FileKeyStore(path, PASSPHRASE)
    for name, key in keys.items():
        found = again.key(name)
        assert found.equals(key)
        assert (found.purpose, found.algorithm) == (key.purpose, key.algorithm)


def test_key_in_a_device_is_a_name_here(store: FileKeyStore, path: Path) -> None:
    store.load_device_key("pik", PIN_PAD)
    again = FileKeyStore(path, PASSPHRASE)

    assert again.device_key("pik") == PIN_PAD
    with pytest.raises(InvalidKeyError, match="slot pik lives in a device and never comes here"):
        again.key("pik")
    shown = next(slot for slot in again.slots() if slot.name == "pik")
    assert asdict(shown) == {
        "name": "pik",
        "purpose": "PIN",
        "algorithm": "SM4",
        "kcv": "08793E",
        "counter": 2,
        "place": "device PIN pad 3",
        "ksn": "",
    }
    assert data_of(path)["slots"]["pik"]["sealed"] == ""


def test_key_in_the_file_is_in_no_device(store: FileKeyStore) -> None:
    with pytest.raises(KeyUsageError):
        store.device_key("tmk")


@pytest.mark.parametrize(
    ("slot_name", "kcv"),
    [("", "08793E"), ("x" * 65, "08793E"), ("a\nb", "08793E"), ("1", "08793"), ("1", "08793e")],
)
def test_device_key_needs_a_name_and_a_check_value(slot_name: str, kcv: str) -> None:
    with pytest.raises(InvalidKeyError):
        DeviceKey(slot_name, Purpose.PIN, Algorithm.TDEA, kcv)


def test_slot_is_replaced_only_where_that_was_said(store: FileKeyStore) -> None:
    store.load_key("pin", Key(MATERIAL, Purpose.PIN))
    other = Key(bytes(range(100, 116)), Purpose.PIN)
    with pytest.raises(InvalidKeyError, match="slot pin holds a key already"):
        store.load_key("pin", other)
    with pytest.raises(InvalidKeyError, match="slot pin holds a key already"):
        store.load_device_key("pin", PIN_PAD)
    store.load_device_key("pin", PIN_PAD, replace=True)
    store.load_key("pin", other, replace=True)
    assert store.key("pin").equals(other)


def test_one_key_does_not_stand_in_two_slots(store: FileKeyStore) -> None:
    with pytest.raises(InvalidKeyError, match="stands in slot tmk already"):
        store.load_key("pin", Key(TMK, Purpose.PIN))
    store.load_key("pin", Key(MATERIAL, Purpose.PIN))
    with pytest.raises(InvalidKeyError, match="stands in slot pin already"):
        store.load_key("data", Key(MATERIAL, Purpose.DATA, Algorithm.SM4))


def test_published_key_is_refused_but_in_a_file_for_test_keys(
    store: FileKeyStore, path: Path
) -> None:
    published = Key(bytes.fromhex("0123456789ABCDEFFEDCBA9876543210"), Purpose.KEK)
    with pytest.raises(InvalidKeyError, match=r"key for slot zmk was published.*KCV 08D7B4"):
        store.load_key("zmk", published)
    with pytest.raises(InvalidKeyError, match="was published"):
        store.load_key("tmk", published, replace=True)
    loose = FileKeyStore.create(path.with_name("test"), PASSPHRASE, tmk=TMK, test_keys=True)
    loose.load_key("zmk", published)
    assert loose.key("zmk").equals(published)


@pytest.mark.parametrize(
    "name",
    ["", "journal", "sign_in", "sign_in.b1d5a0", "PIN", "1", "a b", "a" * 33, "\u00e9", "a\n"],
)
def test_slot_has_a_plain_name_that_the_store_does_not_use(store: FileKeyStore, name: str) -> None:
    with pytest.raises(InvalidKeyError, match="a slot has a name"):
        store.load_key(name, Key(MATERIAL, Purpose.PIN), replace=True)
    with pytest.raises(InvalidKeyError, match="a slot has a name"):
        store.load_device_key(name, PIN_PAD, replace=True)
    assert store.generation == 1


def test_slot_that_is_not_there_is_named(store: FileKeyStore) -> None:
    for read in (store.key, store.device_key, store.next_dukpt):
        with pytest.raises(InvalidKeyError, match="slot pin"):
            read("pin")


@pytest.mark.parametrize("purpose", sorted(set(Purpose) - {Purpose.KEK}, key=str))
def test_only_what_opens_sign_ins_is_a_master_key(store: FileKeyStore, purpose: Purpose) -> None:
    with pytest.raises(KeyUsageError):
        store.load_key("tmk", Key(MATERIAL, purpose), replace=True)
    with pytest.raises(KeyUsageError):
        store.load_device_key("tmk", PIN_PAD, replace=True)
    assert store.tmk.equals(Key(TMK, Purpose.KEK))


@pytest.mark.parametrize("cipher", [Algorithm.AES, Algorithm.SM4])
def test_master_key_may_be_of_another_cipher(store: FileKeyStore, cipher: Algorithm) -> None:
    key = Key(MATERIAL, Purpose.KEK, cipher)
    store.load_key("tmk", key, replace=True)

    assert store.tmk.equals(key)
    assert store.tmk.algorithm is cipher


def test_store_s_own_slots_give_no_key(store: FileKeyStore) -> None:
    store.keep_sign_in(BLOCK)
    for name in ("journal", "sign_in"):
        with pytest.raises(InvalidKeyError, match="holds no key to work with"):
            store.key(name)


@pytest.mark.parametrize("bit", [0, 7, 15])
def test_key_that_differs_in_parity_alone_is_the_same_key(store: FileKeyStore, bit: int) -> None:
    """No DES reads the low bits, so a PIN key with others is still the PIN key, and makes MACs."""
    other = bytes(byte ^ (place == bit) for place, byte in enumerate(MATERIAL))
    store.load_key("pin", Key(MATERIAL, Purpose.PIN))
    with pytest.raises(InvalidKeyError, match="stands in slot pin already"):
        store.load_key("mac", Key(other, Purpose.MAC))
    store.load_key("aes", Key(other, Purpose.MAC, Algorithm.AES))
