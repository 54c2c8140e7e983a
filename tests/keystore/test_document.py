"""The two seals: no slot opens anywhere else or as anything else, and none is missed."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest

from keystore.boxes import BLOCK, PASSPHRASE, SECOND_BLOCK, TMK, data_of, write_data
from posrefund.errors import ConfigError, InvalidKeyError
from posrefund.keystore import FileKeyStore
from posrefund.keystore.document import Slot, open_slot, parse, seal_slot, verify

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CHANGED = r"^wrong passphrase, or the key file was changed$"
KEK = bytes(range(32))
SLOT = Slot("PIN", "TDEA", "281261", 3, {"device": "7"})


def test_slot_opens_as_what_it_was_sealed_as() -> None:
    sealed = seal_slot(KEK, "pin", SLOT, b"material")

    assert open_slot(KEK, "pin", sealed) == b"material"
    assert bytes.fromhex(sealed.sealed).find(b"material") < 0


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("pan", {}),
        ("pin", {"purpose": "MAC"}),
        ("pin", {"algorithm": "SM4"}),
        ("pin", {"kcv": "281262"}),
        ("pin", {"counter": 2}),
        ("pin", {"detail": {"device": "8"}}),
        ("pin", {"detail": {}}),
        ("pin", {"sealed": ""}),
        ("pin", {"sealed": "zz"}),
    ],
)
def test_slot_does_not_open_as_anything_else(name: str, changes: dict[str, Any]) -> None:
    """The file's own seal is left out here: each slot has to hold alone."""
    from dataclasses import replace

    sealed = seal_slot(KEK, "pin", SLOT, b"material")
    with pytest.raises(InvalidKeyError, match=CHANGED):
        open_slot(KEK, name, replace(sealed, **changes))
    with pytest.raises(InvalidKeyError, match=CHANGED):
        open_slot(bytes(32), "pin", sealed)


def test_parts_of_a_slot_cannot_be_shifted_into_each_other() -> None:
    """Joined without borders, PIN + TDEA and PINT + DEA would be the same words."""
    sealed = seal_slot(KEK, "pin", Slot("PIN", "TDEA", "", 1), b"material")
    with pytest.raises(InvalidKeyError, match=CHANGED):
        open_slot(KEK, "pin", Slot("PINT", "DEA", "", 1, {}, sealed.sealed))


def _swap(data: dict[str, Any]) -> None:
    slots = data["slots"]
    slots["tmk"], slots["sign_in"] = slots["sign_in"], slots["tmk"]


def _swap_boxes(data: dict[str, Any]) -> None:
    tmk, sign_in = data["slots"]["tmk"], data["slots"]["sign_in"]
    tmk["sealed"], sign_in["sealed"] = sign_in["sealed"], tmk["sealed"]


EDITS: dict[str, Callable[[dict[str, Any]], None]] = {
    "slots swapped": _swap,
    "boxes swapped": _swap_boxes,
    "slot renamed": lambda data: data["slots"].update(old=data["slots"].pop("sign_in")),
    "slot copied": lambda data: data["slots"].update(old=data["slots"]["sign_in"]),
    "slot taken away": lambda data: data["slots"].pop("sign_in"),
    "purpose": lambda data: data["slots"]["tmk"].update(purpose="DATA"),
    "algorithm": lambda data: data["slots"]["tmk"].update(algorithm="SM4"),
    "check value": lambda data: data["slots"]["tmk"].update(kcv="281262"),
    "counter": lambda data: data["slots"]["tmk"].update(counter=2),
    "more in a slot": lambda data: data["slots"]["tmk"].update(more="1"),
    "detail": lambda data: data["slots"]["tmk"]["detail"].update(device="1"),
    "generation up": lambda data: data.update(generation=3),
    "generation down": lambda data: data.update(generation=1),
    "generation as text": lambda data: data.update(generation="2"),
    "generation as a fraction": lambda data: data.update(generation=2.0),
    "generation as truth": lambda data: data.update(generation=True),
    "test keys allowed": lambda data: data.update(test_keys=True),
    "test keys as a number": lambda data: data.update(test_keys=0),
    "more in the file": lambda data: data.update(more=1),
    "no slots": lambda data: data.update(slots={}),
    "slots of another kind": lambda data: data.update(slots=[1]),
    "no seal": lambda data: data.pop("seal"),
    "seal cut": lambda data: data.update(seal=data["seal"][:-2]),
    "seal empty": lambda data: data.update(seal=""),
    "seal of another kind": lambda data: data.update(seal=7),
    "weaker lock": lambda data: data["lock"].update(n="2"),
    "other salt": lambda data: data["lock"].update(salt="00" * 16),
}


@pytest.mark.parametrize("name", EDITS)
def test_edited_file_opens_nothing(store: FileKeyStore, path: Path, name: str) -> None:
    store.keep_sign_in(BLOCK)
    data = data_of(path)
    edited = copy.deepcopy(data)
    EDITS[name](edited)
    assert json.dumps(edited) != json.dumps(data)
    write_data(path, edited)
    with pytest.raises(InvalidKeyError, match=CHANGED):
        FileKeyStore(path, PASSPHRASE)
    write_data(path, data)
    assert FileKeyStore(path, PASSPHRASE).working_keys() is not None


@pytest.mark.parametrize("name", ["tmk", "journal", "sign_in"])
def test_slot_of_an_older_copy_does_not_come_back(
    store: FileKeyStore, path: Path, name: str
) -> None:
    """Each was sealed under the very same key, for the very same place."""
    store.keep_sign_in(BLOCK)
    older = data_of(path)
    store.keep_sign_in(SECOND_BLOCK)
    store.change_lock(PASSPHRASE)
    data = data_of(path)
    data["slots"][name] = older["slots"][name]
    write_data(path, data)
    with pytest.raises(InvalidKeyError, match=CHANGED):
        FileKeyStore(path, PASSPHRASE)


def test_slot_of_another_file_does_not_open(store: FileKeyStore, path: Path) -> None:
    other = path.with_name("other")
    FileKeyStore.create(other, PASSPHRASE, tmk=TMK)
    data = data_of(path)
    data["slots"]["journal"] = data_of(other)["slots"]["journal"]
    write_data(path, data)
    with pytest.raises(InvalidKeyError, match=CHANGED):
        FileKeyStore(path, PASSPHRASE)
    assert store.journal_key


def test_order_and_spaces_of_the_file_mean_nothing(store: FileKeyStore, path: Path) -> None:
    data = data_of(path)
    data["slots"] = dict(reversed(data["slots"].items()))
    path.write_text(json.dumps(dict(reversed(data.items())), indent=7), encoding="ascii")

    assert FileKeyStore(path, PASSPHRASE).journal_key == store.journal_key


def test_two_key_files_share_nothing(store: FileKeyStore, path: Path) -> None:
    other = FileKeyStore.create(path.with_name("other"), PASSPHRASE, tmk=TMK)
    mine, yours = data_of(path), data_of(path.with_name("other"))

    assert other.journal_key != store.journal_key
    assert mine["lock"]["salt"] != yours["lock"]["salt"]
    assert mine["slots"]["tmk"]["sealed"] != yours["slots"]["tmk"]["sealed"]


def test_file_says_what_it_is_and_only_that(store: FileKeyStore, path: Path) -> None:
    store.keep_sign_in(BLOCK)
    data = data_of(path)

    assert (data["version"], data["generation"], data["test_keys"]) == (2, 2, False)
    shown = {name: {**slot, "sealed": len(slot["sealed"])} for name, slot in data["slots"].items()}
    bare: dict[str, Any] = {"detail": {}}
    assert shown == {
        "tmk": {"purpose": "KEK", "algorithm": "TDEA", "kcv": "281261", "counter": 1, **bare}
        | {"sealed": 2 * (12 + 16 + 16)},
        "journal": {"purpose": "JOURNAL", "algorithm": "", "kcv": "", "counter": 1, **bare}
        | {"sealed": 2 * (12 + 32 + 16)},
        "sign_in": {"purpose": "KEY-SET", "algorithm": "TDEA", "kcv": "B1D5A0-68ABBC"}
        | {"counter": 2, "sealed": 2 * (12 + 40 + 16), **bare},
    }


NO_KEY_FILES = [
    b"",
    b"no json",
    b"\xff\xfe",
    b"[]",
    b"7",
    b"null",
    b"{}",
    b"[" * 100_000,
    b'{"version": 3, "lock": {}, "slots": {}}',
    b'{"version": true, "salt": "00", "slots": {"tmk": "00"}}',
    b'{"version": 2.0, "lock": {}, "slots": {}}',
    b'{"version": 2}',
    b'{"version": 2, "lock": 7}',
    b'{"version": 2, "lock": {}}',
    b'{"version": 2, "lock": {"kind": 7}}',
    b'{"version": 2, "lock": {"kind": "scrypt"}}',
    b'{"version": 1}',
    b'{"version": 1, "salt": "zz", "slots": {"tmk": "00"}}',
    b'{"version": 1, "salt": 7, "slots": {"tmk": "00"}}',
    b'{"version": 1, "salt": "", "slots": {"tmk": "00"}}',
    b'{"version": 1, "salt": "00", "slots": {}}',
    b'{"version": 1, "salt": "00", "slots": 7}',
]


@pytest.mark.parametrize("content", NO_KEY_FILES)
def test_file_that_is_no_key_file_is_a_config_error(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(ConfigError):
        FileKeyStore(path, PASSPHRASE)
    assert path.read_bytes() == content


def test_seal_is_checked_before_anything_is_looked_at() -> None:
    nested: Any = []
    for _ in range(900):
        nested = [nested]
    for slots in (nested, {"tmk": nested}, "x" * 1000, None):
        data = {"version": 2, "lock": {}, "slots": slots, "seal": "00" * 28}
        with pytest.raises(InvalidKeyError, match=CHANGED):
            verify(KEK, parse(json.dumps(data).encode(), "keys.json"))
