"""Key sets of sign-ins: the newest one works, older ones stay only as long as something needs them."""

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
    SECOND,
    SECOND_BLOCK,
    THIRD,
    THIRD_BLOCK,
    TMK,
    clear_material,
)
from posrefund.crypto import Key, Purpose
from posrefund.errors import InvalidKeyError
from posrefund.keystore import FileKeyStore

if TYPE_CHECKING:
    from pathlib import Path

BLOCKS = {FIRST: BLOCK, SECOND: SECOND_BLOCK, THIRD: THIRD_BLOCK}


def kept(store: FileKeyStore) -> set[str]:
    return {name for name in BLOCKS if store.key_set(name) is not None}


def newest(store: FileKeyStore) -> str:
    keys = store.working_keys()
    return keys.key_set_id if keys else ""


def test_set_before_is_destroyed_unless_it_is_needed(store: FileKeyStore, path: Path) -> None:
    store.keep_sign_in(BLOCK)
    store.keep_sign_in(SECOND_BLOCK)
    assert kept(store) == {SECOND}
    store.keep_sign_in(BLOCK, still_needed=[SECOND, "FFFFFF-FFFFFF"])
    store.keep_sign_in(THIRD_BLOCK, still_needed={SECOND, FIRST})

    for each in (store, FileKeyStore(path, PASSPHRASE)):
        assert newest(each) == THIRD
        assert kept(each) == {FIRST, SECOND, THIRD}
        older = each.key_set(SECOND)
        assert older is not None
        assert clear_material(older.mak).hex().upper() == "4F97D2A86B31EC05"
    store.keep_sign_in(SECOND_BLOCK)
    assert kept(FileKeyStore(path, PASSPHRASE)) == {SECOND}


def test_same_keys_again_are_one_set(store: FileKeyStore) -> None:
    store.keep_sign_in(BLOCK)
    store.keep_sign_in(BLOCK, still_needed=[FIRST])

    assert [slot.name for slot in store.slots()] == ["journal", "sign_in", "tmk"]


def test_refused_sign_in_destroys_nothing(store: FileKeyStore) -> None:
    store.keep_sign_in(BLOCK)
    store.keep_sign_in(SECOND_BLOCK, still_needed=[FIRST])
    with pytest.raises(InvalidKeyError):
        store.keep_sign_in(THIRD_BLOCK[:-1])
    assert kept(store) == {FIRST, SECOND}
    assert newest(store) == SECOND


def test_unknown_set_is_none(store: FileKeyStore) -> None:
    assert store.key_set(FIRST) is None
    assert store.key_set("") is None
    assert store.key_set("281261") is None, "the check value of the TMK names no set"


def test_another_master_key_destroys_what_came_under_the_old_one(
    store: FileKeyStore, path: Path
) -> None:
    store.keep_sign_in(BLOCK)
    store.keep_sign_in(SECOND_BLOCK, still_needed=[FIRST])
    other = Key(b"another terminal", Purpose.KEK)
    with pytest.raises(InvalidKeyError, match=r"^slot tmk holds a key already \(KCV 281261\)$"):
        store.load_key("tmk", other)
    store.load_key("tmk", other, replace=True)

    for each in (store, FileKeyStore(path, PASSPHRASE)):
        assert each.tmk.equals(other)
        assert kept(each) == set()
        assert each.working_keys() is None


@settings(PROPERTY, max_examples=30)
@given(
    st.lists(
        st.tuples(st.sampled_from(sorted(BLOCKS)), st.sets(st.sampled_from(sorted(BLOCKS)))),
        max_size=6,
    )
)
def test_what_is_kept_is_what_was_needed_each_time(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, set[str]]]
) -> None:
    path = tmp_path_factory.mktemp("sets") / "keys.json"
    store = FileKeyStore.create(path, PASSPHRASE, tmk=TMK)
    expected: set[str] = set()
    for name, needed in steps:
        store.keep_sign_in(BLOCKS[name], still_needed=needed)
        expected = (expected & needed) | {name}
        assert kept(store) == expected
        assert newest(store) == name


def test_sign_in_under_a_tmk_that_another_program_replaced_is_refused(
    store: FileKeyStore, path: Path
) -> None:
    """Else the set would stand in the file, under a TMK that is gone, and the next start would have no keys."""
    other = FileKeyStore(path, PASSPHRASE)
    other.load_key("tmk", Key(bytes(range(60, 76)), Purpose.KEK), replace=True)
    before = path.read_bytes()
    with pytest.raises(InvalidKeyError, match="another TMK since it was opened: open it again"):
        store.keep_sign_in(BLOCK)
    assert path.read_bytes() == before
    other.load_key("tmk", Key(TMK, Purpose.KEK), replace=True)
    assert store.keep_sign_in(BLOCK).key_set_id == FIRST
