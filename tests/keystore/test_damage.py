"""Any damage to a key file is a ConfigError or an InvalidKeyError, and never another key."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.builders import PROPERTY
from keystore.boxes import BLOCK, FIRST, PASSPHRASE, SECOND_BLOCK, TMK, clear_material, write_data
from posrefund.crypto import Algorithm, Key, Purpose
from posrefund.errors import ConfigError, InvalidKeyError
from posrefund.keystore import DeviceKey, FileKeyStore

if TYPE_CHECKING:
    from pathlib import Path

CANARY = b"canary-of-a-key!"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bytes, dict[str, str]]:
    """A path, the content of a full key file, and every key in it."""
    path = tmp_path_factory.mktemp("damage") / "keys.json"
    store = FileKeyStore.create(path, PASSPHRASE, tmk=TMK)
    store.keep_sign_in(SECOND_BLOCK)
    store.keep_sign_in(BLOCK, still_needed=["984C3D-AE80DD"])
    store.load_key("canary", Key(CANARY, Purpose.DATA, Algorithm.AES))
    store.load_device_key("pin", DeviceKey("7", Purpose.PIN, Algorithm.SM4, "08793E"))
    return path, path.read_bytes(), everything(store)


def everything(store: FileKeyStore) -> dict[str, str]:
    keys = store.working_keys()
    assert keys is not None
    return {
        "tmk": clear_material(store.key("tmk")).hex(),
        "journal": store.journal_key.hex(),
        "pik": clear_material(keys.pik).hex(),
        "mak": clear_material(keys.mak).hex(),
        "canary": clear_material(store.key("canary")).hex(),
        "device": repr(store.device_key("pin")),
        "shown": repr(store.slots()),
        "older": repr(store.key_set("984C3D-AE80DD")),
    }


def check(path: Path, content: bytes, right: dict[str, str]) -> None:
    path.write_bytes(content)
    path.chmod(0o600)
    try:
        found = everything(FileKeyStore(path, PASSPHRASE))
    except (ConfigError, InvalidKeyError):
        return
    assert found == right


edits = st.lists(
    st.tuples(
        st.sampled_from(["flip", "cut", "insert", "repeat"]),
        st.integers(0, 4000),
        st.integers(0, 255),
    ),
    min_size=1,
    max_size=4,
)


@settings(PROPERTY, max_examples=150)
@given(edits)
def test_damaged_bytes(
    whole: tuple[Path, bytes, dict[str, str]], edits: list[tuple[str, int, int]]
) -> None:
    path, content, right = whole
    for kind, place, byte in edits:
        at = place % (len(content) + 1)
        if kind == "flip":
            content = content[:at] + bytes([byte]) + content[at + 1 :]
        elif kind == "cut":
            content = content[:at] if byte < 128 else content[:at] + content[at + byte - 127 :]
        elif kind == "insert":
            content = content[:at] + bytes([byte]) + content[at:]
        else:
            content = content[:at] + content[max(0, at - byte) : at] + content[at:]
    check(path, content, right)


def places(data: Any, before: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    here = [before] if before else []
    if isinstance(data, dict):
        for name, value in data.items():
            here += places(value, (*before, name))
    return here


odd_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)
_GONE = object()


@settings(PROPERTY, max_examples=150)
@given(st.data(), st.one_of(odd_values, st.just(_GONE)))
def test_changed_values(
    whole: tuple[Path, bytes, dict[str, str]], data: st.DataObject, value: Any
) -> None:
    path, content, right = whole
    edited = json.loads(content)
    *way, last = data.draw(st.sampled_from(places(edited)))
    room = edited
    for name in way:
        room = room[name]
    if value is _GONE:
        del room[last]
    else:
        room[last] = value
    write_data(path, edited)
    check(path, path.read_bytes(), right)


@settings(PROPERTY, max_examples=100)
@given(st.binary(max_size=200) | odd_values.map(lambda value: json.dumps(value).encode()))
def test_anything_else(whole: tuple[Path, bytes, dict[str, str]], content: bytes) -> None:
    check(whole[0], content, whole[2])


def test_no_key_stands_in_clear_in_any_spelling(
    whole: tuple[Path, bytes, dict[str, str]],
) -> None:
    import base64

    _, content, keys = whole
    for name in ("tmk", "journal", "pik", "mak", "canary"):
        secret = bytes.fromhex(keys[name])
        spellings = (secret, secret.hex().encode(), base64.b64encode(secret).rstrip(b"="))
        assert not [each for each in spellings if each.lower() in content.lower()]
    assert FIRST.encode() in content, "the names of the sets do stand there"
