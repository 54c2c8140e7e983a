"""The key file: what fails around it shows no passphrase and no key."""

from __future__ import annotations

import copy
import json
import pickle
import pprint
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from canary import AES, IK, LONG, MAK, PASSPHRASE, PIK, TDK, TMK, everything_in, leaks_in, spellings
from posrefund.crypto import Algorithm, Key, Purpose
from posrefund.crypto._blockcipher import encrypt_ecb
from posrefund.crypto.dukpt import KeyUse
from posrefund.crypto.dukpt_aes import Indicator, Kind
from posrefund.crypto.keys import kcv
from posrefund.crypto.ksn import KSN
from posrefund.errors import PosRefundError
from posrefund.keystore import FileKeyStore, PassphraseLock

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

KSN10 = KSN(bytes.fromhex("FFFF9876543210E00000"))
SPENT = KSN(bytes.fromhex("FFFF9876543210FFFFFF"))
KSN12 = KSN(bytes.fromhex("123456789012345600000000"))


def untyped(value: Any) -> Any:
    return value


def part(material: bytes) -> bytes:
    return encrypt_ecb(TMK, material) + kcv(material, length_bytes=4)


SET = part(PIK) + part(MAK)


def fails(act: Callable[[], object]) -> None:
    """See that *act* fails, and that the error holds nothing."""
    with pytest.raises((PosRefundError, TypeError, AttributeError)) as caught:
        act()
    assert leaks_in(everything_in(caught.value)) == set()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys.json"


@pytest.fixture
def store(path: Path) -> FileKeyStore:
    return FileKeyStore.create(path, PASSPHRASE, tmk=TMK)


def test_file_that_does_not_open_gives_no_passphrase_away(store: FileKeyStore, path: Path) -> None:
    text = path.read_text()
    folder = path.parent

    def other(name: str, content: str, mode: int = 0o600) -> Path:
        found = folder / name
        found.write_text(content)
        found.chmod(mode)
        return found

    data = json.loads(text)
    cut, loose = other("cut", text[:100]), other("loose", text, 0o644)
    changed = other("changed", json.dumps({**data, "generation": 9}))
    first = other(
        "first", json.dumps({"version": 1, "salt": "00" * 16, "slots": {"tmk": "00" * 40}})
    )
    assert store.tmk.kcv_hex
    for each, secret in (
        (path, PASSPHRASE + b"!"), (folder / "none", PASSPHRASE), (cut, PASSPHRASE), (loose, PASSPHRASE),
        (changed, PASSPHRASE), (first, PASSPHRASE), (path, b""), (path, untyped(PASSPHRASE.decode())),
    ):  # fmt: skip
        fails(lambda each=each, secret=secret: FileKeyStore(each, secret))  # type: ignore[misc]  # reason: a lambda in a loop


def test_file_that_is_not_made_gives_no_key_away(path: Path, store: FileKeyStore) -> None:
    new = path.parent / "new"
    assert store.generation == 1
    fails(lambda: FileKeyStore.create(path, PASSPHRASE, tmk=TMK))
    fails(lambda: FileKeyStore.create(new, PASSPHRASE, tmk=TMK[:15]))
    fails(lambda: FileKeyStore.create(new, PASSPHRASE, tmk=TMK[:8] * 2))
    fails(lambda: FileKeyStore.create(new, PASSPHRASE, tmk=untyped(TMK.hex())))
    fails(lambda: FileKeyStore.create(new, b"", tmk=TMK))
    fails(lambda: FileKeyStore.create(new / "deep", PASSPHRASE, tmk=TMK))


def test_slot_that_is_refused_gives_no_key_away(store: FileKeyStore) -> None:
    tmk, pik = Key(LONG, Purpose.KEK), Key(PIK, Purpose.PIN)
    store.load_key("pik", pik)
    store.load_dukpt("ik", Key(IK, Purpose.DUKPT), KSN10)
    store.load_dukpt("spent", Key(TDK, Purpose.DUKPT), SPENT)
    fails(lambda: store.load_key("pik", Key(MAK, Purpose.PIN)))
    fails(lambda: store.load_key("other", Key(PIK, Purpose.MAC)))
    fails(lambda: store.load_key("Bad Name", pik))
    fails(lambda: store.load_key("journal", pik))
    fails(lambda: store.load_key("tmk", pik, replace=True))
    fails(lambda: store.load_key("tmk", tmk))
    fails(lambda: store.load_key("ik", pik, replace=True))
    fails(lambda: store.load_key("ik2", Key(LONG[:16], Purpose.DUKPT)))
    fails(lambda: store.load_dukpt("ik", Key(IK, Purpose.DUKPT), KSN10, replace=True))
    fails(lambda: store.load_dukpt("ik3", Key(AES, Purpose.DUKPT, Algorithm.AES), KSN10))
    fails(lambda: store.load_key("raw", untyped(PIK)))
    fails(lambda: store.key("none"))
    fails(lambda: store.key("ik"))
    fails(lambda: store.key("journal"))
    fails(lambda: store.next_dukpt("pik"))
    fails(lambda: store.next_dukpt("spent"))
    fails(lambda: store.next_dukpt("ik").key(Indicator.PIN_ENCRYPTION))
    fails(lambda: store.next_dukpt("ik").key(untyped(None)))
    store.load_dukpt("aes", Key(AES, Purpose.DUKPT, Algorithm.AES), KSN12)
    fails(lambda: store.next_dukpt("aes").key(KeyUse.PIN))
    fails(lambda: store.next_dukpt("aes").key(Indicator.MAC_BOTH_WAYS, Kind.HMAC256))


def test_sign_in_that_is_refused_gives_no_key_away(store: FileKeyStore, path: Path) -> None:
    store.keep_sign_in(SET)
    for block in (SET[:-1], SET[:-1] + b"\0", part(TMK) + part(MAK), part(PIK) * 2, untyped(None)):
        fails(lambda block=block: store.keep_sign_in(block))  # type: ignore[misc]  # reason: a lambda in a loop
    text = path.read_text()
    path.write_text("nothing")
    fails(lambda: store.keep_sign_in(SET))
    fails(lambda: store.load_key("mak", Key(MAK, Purpose.MAC)))
    fails(lambda: store.change_lock(PASSPHRASE[::-1]))
    fails(lambda: store.change_lock(b""))
    fails(lambda: store.accept_restored(9))
    path.write_text(text)
    assert store.working_keys() is not None


def test_lock_that_fails_gives_no_passphrase_away() -> None:
    lock = PassphraseLock(PASSPHRASE)
    fails(lambda: lock.open({"kind": "pin"}))
    fails(lambda: lock.open({**lock.new()[0], "n": "3"}))
    fails(lambda: lock.open(untyped(PASSPHRASE)))
    fails(lambda: PassphraseLock(untyped(7)))
    assert leaks_in(f"{lock} {lock!r} {pprint.pformat(lock)}") == set()
    with pytest.raises(TypeError):
        pickle.dumps(lock)


def test_opened_file_shows_no_key_however_it_is_shown(store: FileKeyStore, path: Path) -> None:
    store.keep_sign_in(SET)
    keys = [
        store.tmk,
        store.working_keys(),
        store.slots(),
        store,
        store._vault,
        store._vault.document,
    ]
    shown: list[str] = [path.read_text()]
    for each in keys:
        shown += [repr(each), str(each), pprint.pformat(each), json.dumps(each, default=str)]
        for way in (vars, copy.copy, copy.deepcopy, pickle.dumps):
            with suppress(TypeError, AttributeError, pickle.PicklingError):
                shown.append(repr(way(each)))
    text = "\n".join(shown)

    assert leaks_in(text) == set()
    for material in (store.journal_key, store._vault._kek):
        assert not [each for each in spellings(material) if each in text and len(each) > 8]
