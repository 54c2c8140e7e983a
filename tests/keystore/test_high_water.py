"""A mark outside the file: an older copy that is put back is noticed."""

from __future__ import annotations

from pathlib import Path

import pytest

from keystore.boxes import BLOCK, PASSPHRASE, SECOND_BLOCK, TMK, PowerCutError, posix_only
from posrefund.errors import ConfigError
from posrefund.keystore import FileKeyStore, HighWaterFile


@pytest.fixture
def mark(tmp_path: Path) -> HighWaterFile:
    (tmp_path / "elsewhere").mkdir()
    return HighWaterFile(tmp_path / "elsewhere" / "mark")


def test_each_write_raises_generation_and_mark(path: Path, mark: HighWaterFile) -> None:
    store = FileKeyStore.create(path, PASSPHRASE, tmk=TMK, high_water=mark)
    assert (store.generation, mark.read()) == (1, 1)
    store.keep_sign_in(BLOCK)
    assert (store.generation, mark.read()) == (2, 2)
    assert FileKeyStore(path, PASSPHRASE, high_water=mark).generation == 2


def test_older_copy_is_noticed_at_the_next_start(path: Path, mark: HighWaterFile) -> None:
    store = FileKeyStore.create(path, PASSPHRASE, tmk=TMK, high_water=mark)
    older = path.read_bytes()
    store.keep_sign_in(BLOCK)
    path.write_bytes(older)
    with pytest.raises(ConfigError, match=r"older copy: generation 1, and 2 was seen.*--restored"):
        FileKeyStore(path, PASSPHRASE, high_water=mark)
    assert FileKeyStore(path, PASSPHRASE).generation == 1, "without a mark nobody can tell"


def test_older_copy_is_noticed_while_the_store_is_open(store: FileKeyStore, path: Path) -> None:
    older = path.read_bytes()
    store.keep_sign_in(BLOCK)
    path.write_bytes(older)
    with pytest.raises(ConfigError, match="put back to an older copy since it was opened"):
        store.keep_sign_in(SECOND_BLOCK)
    assert path.read_bytes() == older


def test_crash_between_file_and_mark_locks_nobody_out(
    path: Path, mark: HighWaterFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = FileKeyStore.create(path, PASSPHRASE, tmk=TMK, high_water=mark)

    def cut(self: HighWaterFile, generation: int) -> None:
        raise PowerCutError

    monkeypatch.setattr(HighWaterFile, "raise_to", cut)
    with pytest.raises(PowerCutError):
        store.keep_sign_in(BLOCK)
    monkeypatch.undo()

    assert mark.read() == 1
    assert FileKeyStore(path, PASSPHRASE, high_water=mark).generation == 2
    assert mark.read() == 2


def test_new_file_begins_above_the_mark_of_the_old_one(path: Path, mark: HighWaterFile) -> None:
    mark.raise_to(41)
    assert FileKeyStore.create(path, PASSPHRASE, tmk=TMK, high_water=mark).generation == 42


def test_mark_never_falls(mark: HighWaterFile) -> None:
    assert mark.read() == 0
    for generation, expected in ((7, 7), (3, 7), (8, 8)):
        mark.raise_to(generation)
        assert mark.read() == expected


@pytest.mark.parametrize("content", [b"", b"x", b"-1", b"1.5", b"9" * 17, b"7\n7", b"\xb2"])
def test_mark_that_is_none_is_a_config_error(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "mark"
    file.write_bytes(content)
    file.chmod(0o600)
    with pytest.raises(ConfigError, match="mark holds no generation"):
        HighWaterFile(file).read()
    with pytest.raises(ConfigError, match="mark holds no generation"):
        HighWaterFile(file).raise_to(9)


@posix_only
def test_mark_that_others_may_touch_is_refused(tmp_path: Path) -> None:
    mark = HighWaterFile(tmp_path / "mark")
    mark.raise_to(7)
    (tmp_path / "mark").chmod(0o622)
    with pytest.raises(ConfigError, match="chmod 600"):
        mark.read()


@posix_only
def test_mark_that_points_nowhere_is_no_mark_of_zero(tmp_path: Path) -> None:
    (tmp_path / "mark").symlink_to(tmp_path / "nothing")
    with pytest.raises(ConfigError, match="is a link"):
        HighWaterFile(tmp_path / "mark").read()


def test_restored_copy_goes_on_as_the_newest_and_trusts_no_old_keys(
    path: Path, mark: HighWaterFile
) -> None:
    store = FileKeyStore.create(path, PASSPHRASE, tmk=TMK, high_water=mark)
    journal_key = store.journal_key
    store.keep_sign_in(BLOCK)
    backup = path.read_bytes()
    store.keep_sign_in(SECOND_BLOCK)
    path.write_bytes(backup)

    FileKeyStore(path, PASSPHRASE).accept_restored(mark.read())
    again = FileKeyStore(path, PASSPHRASE, high_water=mark)
    assert again.generation == 4
    assert again.journal_key == journal_key
    assert again.working_keys() is None


def test_generation_that_would_not_be_read_again_is_not_written(
    store: FileKeyStore, path: Path
) -> None:
    before = path.read_bytes()
    with pytest.raises(ConfigError, match="at its end"):
        store.accept_restored(2**53)
    assert path.read_bytes() == before
    store.accept_restored(2**53 - 1)
    assert FileKeyStore(path, PASSPHRASE).generation == 2**53
    with pytest.raises(ConfigError, match="at its end"):
        store.keep_sign_in(BLOCK)


class LostMark:
    """On a disk that is gone."""

    def read(self) -> int:
        return 0

    def raise_to(self, generation: int) -> None:
        raise ConfigError(f"no disk for {generation}")


def test_lock_that_was_changed_says_so_when_only_the_mark_could_not_be_raised(path: Path) -> None:
    """Who believed that the old passphrase held would be locked out."""
    FileKeyStore.create(path, PASSPHRASE, tmk=TMK)
    store = FileKeyStore(path, PASSPHRASE)
    store._vault._high_water = LostMark()
    with pytest.raises(
        ConfigError, match=r"^the key file was written, but not its mark \(no disk for 2\)$"
    ):
        store.change_lock(b"another horse")
    assert FileKeyStore(path, b"another horse").generation == 2
