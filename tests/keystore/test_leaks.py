"""Marked secrets through every failure of the key store: no error holds one anywhere."""

from __future__ import annotations

import copy
import pickle
from typing import TYPE_CHECKING

import pytest

from canary import everything_in
from keystore.boxes import BLOCK, data_of, write_data
from posrefund.crypto import Algorithm, Key, Purpose
from posrefund.crypto.ksn import KSN
from posrefund.errors import PosRefundError
from posrefund.keystore import FileKeyStore, PassphraseLock

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CANARY = b"canary!in-a-key!"
PASSPHRASE = b"canary!of-a-pass"
KSN_0 = KSN(bytes.fromhex("FFFF9876543210E00000"))


def failures(store: FileKeyStore, path: Path) -> dict[str, Callable[[], object]]:
    key = Key(CANARY, Purpose.PIN)
    damaged = path.with_name("damaged")
    data = data_of(path)
    data["slots"]["tmk"]["kcv"] = "000000"
    write_data(damaged, data)
    damaged.chmod(0o600)
    return {
        "weak key": lambda: FileKeyStore.create(path, PASSPHRASE, tmk=CANARY[:8] * 2),
        "short key": lambda: FileKeyStore.create(path, PASSPHRASE, tmk=CANARY[:15]),
        "there already": lambda: FileKeyStore.create(path, PASSPHRASE, tmk=b"another terminal"),
        "wrong passphrase": lambda: FileKeyStore(path, PASSPHRASE + b"x"),
        "damaged": lambda: FileKeyStore(damaged, PASSPHRASE),
        "no lock of ours": lambda: PassphraseLock(PASSPHRASE).open({"kind": "x"}),
        "twin": lambda: store.load_key("pin", key),
        "slot taken": lambda: store.load_key("tmk", key),
        "no slot": lambda: store.load_key(CANARY.decode().upper(), key),
        "sign-in": lambda: store.keep_sign_in(CANARY + BLOCK[16:]),
        "number": lambda: store.load_dukpt("d", Key(CANARY, Purpose.DUKPT, Algorithm.AES), KSN_0),
    }


NAMES = [
    "weak key",
    "short key",
    "there already",
    "wrong passphrase",
    "damaged",
    "no lock of ours",
    "twin",
    "slot taken",
    "no slot",
    "sign-in",
    "number",
]


@pytest.mark.parametrize("name", NAMES)
def test_no_error_holds_a_secret(path: Path, name: str) -> None:
    store = FileKeyStore.create(path, PASSPHRASE, tmk=CANARY)
    ways = failures(store, path)
    assert list(ways) == NAMES
    with pytest.raises(PosRefundError) as caught:
        ways[name]()

    said = everything_in(caught.value).lower()
    for spelling in (b"canary", CANARY.hex().encode(), b"\\x63\\x61", PASSPHRASE.hex().encode()):
        assert spelling.decode() not in said


def test_store_and_transaction_show_no_secret_and_are_not_copied(path: Path) -> None:
    store = FileKeyStore.create(path, PASSPHRASE, tmk=CANARY)
    store.load_dukpt("d", Key(b"canary?of-dukpt?", Purpose.DUKPT), KSN_0)
    transaction = store.next_dukpt("d")
    for each in (store, transaction, store.slots()):
        assert "canary" not in repr(each) + str(each) + f"{each}"
    for leak in (pickle.dumps, copy.deepcopy):
        for each in (store, transaction):
            with pytest.raises(TypeError):
                leak(each)
