"""DUKPT counters: on disk before a key is given away, never used twice, refused when they are used up."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.builders import PROPERTY
from keystore.boxes import PASSPHRASE, TMK, PowerCutError, clear_material, data_of
from posrefund.crypto import Algorithm, Key, Purpose
from posrefund.crypto.dukpt import KeyUse
from posrefund.crypto.dukpt_aes import Indicator
from posrefund.crypto.ksn import KSN
from posrefund.errors import ConfigError, InvalidKeyError, KeyUsageError
from posrefund.keystore import FileKeyStore

if TYPE_CHECKING:
    from collections.abc import Callable

TDEA_KEY = bytes.fromhex("6AC292FAA1315B4D858AB3A3D7D5933A")
"""Initial key of the example of ANSI X9.24-1:2009, annex A.4; published, so the file is one for test keys."""
TDEA_KSN = "FFFF9876543210E00000"
AES_KEY = bytes.fromhex("1273671EA26AC29AFA4D1084127652A1")
"""Initial key of the example of ANSI X9.24-3:2017, supplement."""
AES_KSN = "123456789012345600000000"


def ksn(text: str) -> KSN:
    return KSN(bytes.fromhex(text))


def initial(material: bytes = TDEA_KEY, algorithm: Algorithm = Algorithm.TDEA) -> Key:
    return Key(material, Purpose.DUKPT, algorithm, allow_weak=True)


@pytest.fixture
def loaded(path: Path) -> FileKeyStore:
    store = FileKeyStore.create(path, PASSPHRASE, tmk=TMK, test_keys=True)
    store.load_dukpt("dukpt", initial(), ksn(TDEA_KSN))
    return store


def test_first_transactions_have_the_keys_of_the_standard(loaded: FileKeyStore) -> None:
    """X9.24-1:2009, annex A.4: PIN keys of the transactions 1 to 3."""
    expected = {
        "FFFF9876543210E00001": "042666B49184CF5C68DE9628D0397B36",
        "FFFF9876543210E00002": "C46551CEF9FD244FAA9AD834130D3B38",
        "FFFF9876543210E00003": "0DF3D9422ACA561A47676D07AD6BAD05",
    }
    for number, key in expected.items():
        transaction = loaded.next_dukpt("dukpt")
        assert str(transaction.ksn) == number
        assert clear_material(transaction.key(KeyUse.PIN)).hex().upper() == key


def test_aes_transaction_has_the_key_of_the_standard(loaded: FileKeyStore) -> None:
    """X9.24-3:2017, supplement: the PIN key of the first transaction."""
    loaded.load_dukpt("aes", initial(AES_KEY, Algorithm.AES), ksn(AES_KSN))
    transaction = loaded.next_dukpt("aes")

    assert str(transaction.ksn) == "123456789012345600000001"
    key = transaction.key(Indicator.PIN_ENCRYPTION)
    assert clear_material(key).hex().upper() == "AF8CB133A78F8DC2D1359F18527593FB"
    with pytest.raises(KeyUsageError):
        transaction.key(KeyUse.PIN)


def test_counter_goes_on_after_a_restart(loaded: FileKeyStore, path: Path) -> None:
    loaded.next_dukpt("dukpt")
    again = FileKeyStore(path, PASSPHRASE)

    assert again.next_dukpt("dukpt").ksn.counter == 2
    assert loaded.next_dukpt("dukpt").ksn.counter == 3, "two programs share one counter"
    shown = next(slot for slot in loaded.slots() if slot.name == "dukpt")
    assert (shown.purpose, shown.ksn) == ("DUKPT-IK", "FFFF9876543210E00003")


def test_counter_is_on_disk_when_the_key_comes(loaded: FileKeyStore, path: Path) -> None:
    for _ in range(3):
        transaction = loaded.next_dukpt("dukpt")
        assert data_of(path)["slots"]["dukpt"]["detail"]["ksn"] == str(transaction.ksn)


def test_initial_key_comes_out_no_other_way(loaded: FileKeyStore) -> None:
    with pytest.raises(KeyUsageError):
        loaded.key("dukpt")
    with pytest.raises(KeyUsageError):
        loaded.load_key("other", initial())
    assert TDEA_KEY.hex() not in repr(loaded.next_dukpt("dukpt")).lower()


def test_used_up_counters_are_refused(loaded: FileKeyStore) -> None:
    last = KSN(bytes.fromhex("FFFF9876543210FFF800"))  # ten ones on the left: nothing follows
    loaded.load_dukpt("dukpt", initial(), last, replace=True)
    with pytest.raises(InvalidKeyError, match="the DUKPT counter is exhausted"):
        loaded.next_dukpt("dukpt")
    with pytest.raises(InvalidKeyError, match="the DUKPT counter is exhausted"):
        loaded.next_dukpt("dukpt")


def test_loading_the_same_key_again_takes_no_counter_back(loaded: FileKeyStore) -> None:
    loaded.next_dukpt("dukpt")
    loaded.next_dukpt("dukpt")
    for number in (TDEA_KSN, "FFFF9876543210E00002"):
        with pytest.raises(InvalidKeyError, match="has used this counter"):
            loaded.load_dukpt("dukpt", initial(), ksn(number), replace=True)
    other = initial(bytes(range(40, 56)))
    loaded.load_dukpt("dukpt", other, ksn(TDEA_KSN), replace=True)
    for slot in ("dukpt", "another"):  # the key is gone, what it used is not forgotten
        with pytest.raises(InvalidKeyError, match="has used this counter"):
            loaded.load_dukpt(slot, initial(), ksn("FFFF9876543210E00001"), replace=True)
    loaded.load_dukpt("dukpt", initial(), ksn("FFFF9876543210E00003"), replace=True)
    assert loaded.next_dukpt("dukpt").ksn.counter == 4


def test_slot_that_remembers_counters_holds_nothing_else(loaded: FileKeyStore) -> None:
    with pytest.raises(InvalidKeyError, match="remembers used DUKPT counters"):
        loaded.load_key("dukpt", Key(bytes(range(40, 56)), Purpose.PIN), replace=True)


def test_initial_key_and_number_have_to_fit(loaded: FileKeyStore) -> None:
    with pytest.raises(InvalidKeyError, match="none of AES DUKPT"):
        loaded.load_dukpt("aes", initial(AES_KEY, Algorithm.AES), ksn(TDEA_KSN))
    with pytest.raises(InvalidKeyError, match="none of TDEA DUKPT"):
        loaded.load_dukpt("tdea", initial(bytes(range(40, 56))), ksn(AES_KSN))
    with pytest.raises(KeyUsageError):
        loaded.load_dukpt("bdk", Key(bytes(range(40, 56)), Purpose.BDK), ksn(TDEA_KSN))


def test_restored_copy_has_no_counters_left(loaded: FileKeyStore, path: Path) -> None:
    loaded.load_dukpt("aes", initial(AES_KEY, Algorithm.AES), ksn(AES_KSN))
    copy = path.read_bytes()
    loaded.next_dukpt("dukpt")
    path.write_bytes(copy)
    restored = FileKeyStore(path, PASSPHRASE)
    restored.accept_restored(loaded.generation)

    for slot in ("dukpt", "aes"):
        with pytest.raises(InvalidKeyError, match="exhausted"):
            restored.next_dukpt(slot)
    with pytest.raises(InvalidKeyError, match="has used this counter"):
        restored.load_dukpt("dukpt", initial(), ksn("FFFF9876543210E00007"), replace=True)


class Power:
    """Cuts before or after the n-th thing that the program asks of the operating system.

    Not at ``os.close`` and ``os.fdopen``: there a real cut lets go of files that this process would keep.
    """

    STEPS = (
        *((os, name) for name in ("open", "fsync", "fstat")),
        *((Path, name) for name in ("unlink", "replace", "stat", "is_symlink")),
    )

    def __init__(self, patch: pytest.MonkeyPatch, cut_at: int) -> None:
        self.left = cut_at
        for room, name in self.STEPS:
            patch.setattr(room, name, self._counted(getattr(room, name)))

    def _counted(self, step: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*words: Any, **more: Any) -> Any:
            self._tick()
            result = step(*words, **more)
            self._tick()
            return result

        return counted

    def _tick(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise PowerCutError


def take(store: FileKeyStore, used: list[int]) -> None:
    transaction = store.next_dukpt("dukpt")
    transaction.key(KeyUse.PIN)
    used.append(transaction.ksn.counter)


def test_no_cut_between_two_steps_gives_a_counter_twice(loaded: FileKeyStore, path: Path) -> None:
    used: list[int] = []
    cuts = 0
    power = None
    for cut_at in range(1, 200):
        with pytest.MonkeyPatch.context() as patch:
            power = Power(patch, cut_at)
            try:
                take(loaded, used)
            except PowerCutError:
                cuts += 1
        if power.left > 0:
            break
        loaded = FileKeyStore(path, PASSPHRASE)
        take(loaded, used)

    assert cuts >= 20, "fewer steps than that are none"
    assert power is not None
    assert power.left > 0, "the last round was cut nowhere"
    assert used == sorted(set(used))


@settings(PROPERTY, max_examples=40)
@given(st.lists(st.one_of(st.just("take"), st.just("restart"), st.integers(1, 40)), max_size=25))
def test_whatever_happens_no_counter_comes_twice(
    tmp_path_factory: pytest.TempPathFactory, story: list[str | int]
) -> None:
    path = tmp_path_factory.mktemp("dukpt") / "keys.json"
    store = FileKeyStore.create(path, PASSPHRASE, tmk=TMK, test_keys=True)
    store.load_dukpt("dukpt", initial(), ksn(TDEA_KSN))
    used: list[int] = []
    for step in story:
        if step == "take":
            take(store, used)
        elif step == "restart":
            store = FileKeyStore(path, PASSPHRASE)
        else:
            with pytest.MonkeyPatch.context() as patch:
                Power(patch, int(step))
                with suppress(PowerCutError):
                    take(store, used)
            store = FileKeyStore(path, PASSPHRASE)

    assert used == sorted(set(used))


def test_counter_that_cannot_be_written_gives_no_key(
    loaded: FileKeyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ConfigError):
        loaded.next_dukpt("dukpt")
