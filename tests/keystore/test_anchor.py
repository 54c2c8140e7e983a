"""The anchor's file: the newest whole slot counts, a torn one leaves the other, a forged one counts as nothing."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posrefund.errors import ConfigError, InvalidKeyError
from posrefund.keystore import Anchor, FileKeyStore, disk
from posrefund.keystore.anchor import AnchorFile

if TYPE_CHECKING:
    from collections.abc import Callable

KEY, OTHER_KEY = bytes(range(32)), bytes(32)
BLOCK = 4096
AT = datetime(2026, 3, 9, 14, 5, tzinfo=timezone(timedelta(hours=8)))
FIRST = Anchor("12345678", "123456789012345", "ab" * 16, 7, bytes(range(32)), "000007", AT)


def anchor(seq: int) -> Anchor:
    return replace(FIRST, seq=seq, stan=f"{seq:06d}")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys.json.anchor"


def keep(path: Path, *seqs: int) -> None:
    for seq in seqs:
        AnchorFile(path, KEY).write(anchor(seq))


def damage(path: Path, at: int, content: bytes) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[:at] + content + whole[at + len(content) :])


def test_nothing_is_known_before_the_first(path: Path) -> None:
    assert AnchorFile(path, KEY).read() is None


def test_last_one_is_read_again_with_all_it_says(path: Path) -> None:
    kept = AnchorFile(path, KEY)
    for seq in range(1, 6):
        kept.write(anchor(seq))

    assert kept.read() == AnchorFile(path, KEY).read() == anchor(5)
    assert path.stat().st_size == 2 * BLOCK
    assert path.stat().st_mode & 0o777 == 0o600 or os.name == "nt"


def test_another_process_goes_on_where_the_last_one_stopped(path: Path) -> None:
    keep(path, 1, 2, 3, 4)
    assert AnchorFile(path, KEY).read() == anchor(4)


@pytest.mark.parametrize("at", [0, 70, 150, 220])
@pytest.mark.parametrize(("seqs", "left"), [((1, 2), 1), ((1, 2, 3), 2)])
def test_torn_slot_leaves_the_one_before(
    path: Path, seqs: tuple[int, ...], left: int, at: int
) -> None:
    keep(path, *seqs)
    newest = (len(seqs) - 1) % 2 * BLOCK
    damage(path, newest + at, b"\0" * 20)

    kept = AnchorFile(path, KEY)
    assert kept.read() == anchor(left)
    kept.write(anchor(9))
    assert AnchorFile(path, KEY).read() == anchor(9)


def test_file_without_a_whole_slot_is_no_anchor_and_no_silence(path: Path) -> None:
    keep(path, 1, 2)
    path.write_bytes(bytes(2 * BLOCK))
    with pytest.raises(InvalidKeyError, match=r"anchor was changed, or is the anchor of another"):
        AnchorFile(path, KEY).read()
    keep(path, 3)
    assert AnchorFile(path, KEY).read() == anchor(3)


@pytest.mark.parametrize("content", [b"", b"{}", b"0" * 64 + b" [1]\n"])
def test_what_is_no_anchor_is_refused(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(InvalidKeyError):
        AnchorFile(path, KEY).read()


def test_anchor_of_another_key_is_refused(path: Path) -> None:
    AnchorFile(path, OTHER_KEY).write(anchor(1))
    with pytest.raises(InvalidKeyError):
        AnchorFile(path, KEY).read()


@given(st.integers(0, 2 * BLOCK - 1), st.integers(1, 255))
def test_no_changed_byte_gives_an_anchor_that_nobody_kept(
    tmp_path_factory: pytest.TempPathFactory, at: int, bit: int
) -> None:
    path = tmp_path_factory.mktemp("anchor") / "file"
    keep(path, 1, 2)
    damage(path, at, bytes([path.read_bytes()[at] ^ bit]))
    assert AnchorFile(path, KEY).read() in (anchor(1), anchor(2))


def test_file_that_others_may_read_is_refused(path: Path) -> None:
    if os.name == "nt":
        pytest.skip("modes are another thing there")
    keep(path, 1)
    path.chmod(0o644)
    with pytest.raises(ConfigError, match="may be read by others"):
        AnchorFile(path, KEY).read()


def test_file_that_was_taken_away_meanwhile_is_made_again(path: Path) -> None:
    kept = AnchorFile(path, KEY)
    kept.write(anchor(1))
    path.unlink()
    kept.write(anchor(2))
    assert AnchorFile(path, KEY).read() == anchor(2)


def broken(*_: object) -> int:
    raise OSError(5, "Input/output error")


@pytest.mark.parametrize("name", ["write", "fdatasync", "lseek"])
def test_write_that_fails_leaves_the_one_before(
    path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    kept = AnchorFile(path, KEY)
    kept.write(anchor(1))
    monkeypatch.setattr(os, name, broken, raising=False)
    if "sync" in name:
        monkeypatch.setattr(disk, "_sync_data", broken)
    with pytest.raises(ConfigError, match="cannot be written: Input/output error"):
        kept.write(anchor(2))
    monkeypatch.undo()
    assert AnchorFile(path, KEY).read() in (anchor(1), anchor(2))
    kept.write(anchor(3))
    assert AnchorFile(path, KEY).read() == anchor(3)


def test_half_a_write_is_told(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = AnchorFile(path, KEY)
    kept.write(anchor(1))
    real: Callable[[int, bytes], int] = os.write
    monkeypatch.setattr(os, "write", lambda file, content: real(file, content[:100]))
    with pytest.raises(ConfigError, match="only a part"):
        kept.write(anchor(2))
    monkeypatch.undo()
    assert AnchorFile(path, KEY).read() == anchor(1)


def test_each_anchor_is_synced_before_it_counts(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = AnchorFile(path, KEY)
    kept.write(anchor(1))
    synced: list[int] = []
    monkeypatch.setattr(disk, "_sync_data", synced.append)
    kept.write(anchor(2))
    assert len(synced) == 1


TMK = bytes.fromhex("70F2A84CCBC2AE8625CBB0F2C22AB923")


def test_key_store_keeps_its_anchor_beside_its_file_or_where_it_is_told(tmp_path: Path) -> None:
    keys, elsewhere = tmp_path / "keys.json", tmp_path / "other"
    made = FileKeyStore.create(keys, b"only for tests", tmk=TMK, test_keys=True)
    made.keep_anchor(anchor(1))
    assert (tmp_path / "keys.json.anchor").exists()
    assert FileKeyStore(keys, b"only for tests").anchor() == anchor(1)
    told = FileKeyStore(keys, b"only for tests", anchor_file=elsewhere)
    assert told.anchor() is None
    told.keep_anchor(anchor(2))
    assert elsewhere.exists()


def test_new_key_file_forgets_the_anchor_of_the_one_that_is_gone(tmp_path: Path) -> None:
    keys = tmp_path / "keys.json"
    FileKeyStore.create(keys, b"only for tests", tmk=TMK, test_keys=True).keep_anchor(anchor(1))
    keys.unlink()
    assert FileKeyStore.create(keys, b"only for tests", tmk=TMK, test_keys=True).anchor() is None
