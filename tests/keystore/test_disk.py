"""The key file on disk: its owner's alone, replaced in one step, no link followed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from keystore.boxes import BLOCK, FIRST, PASSPHRASE, TMK, PowerCutError, posix_only
from posrefund.crypto import Algorithm, Key, Purpose
from posrefund.errors import ConfigError
from posrefund.keystore import FileKeyStore, HighWaterFile


def _key_set_id(store: FileKeyStore) -> str | None:
    keys = store.working_keys()
    return keys.key_set_id if keys else None


@posix_only
@pytest.mark.parametrize("mode", [0o644, 0o640, 0o620, 0o604, 0o610, 0o601, 0o660, 0o777])
def test_key_file_that_others_may_touch_is_refused(
    store: FileKeyStore, path: Path, mode: int
) -> None:
    path.chmod(mode)
    with pytest.raises(ConfigError, match="may be read by others: chmod 600 it"):
        FileKeyStore(path, PASSPHRASE)
    path.chmod(0o600)
    assert FileKeyStore(path, PASSPHRASE).journal_key == store.journal_key


@posix_only
def test_key_file_is_its_owner_s_alone_from_the_first_byte(store: FileKeyStore, path: Path) -> None:
    assert path.stat().st_mode & 0o777 == 0o600
    store.keep_sign_in(BLOCK)
    assert path.stat().st_mode & 0o777 == 0o600


def test_power_cut_before_the_file_is_replaced_leaves_the_old_one_whole(
    store: FileKeyStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = path.read_bytes()

    def cut(self: Path, target: Path) -> None:
        raise PowerCutError

    monkeypatch.setattr(Path, "replace", cut)
    with pytest.raises(PowerCutError):
        store.keep_sign_in(BLOCK)
    monkeypatch.undo()

    assert path.read_bytes() == before
    assert store.working_keys() is None
    assert FileKeyStore(path, PASSPHRASE).working_keys() is None
    assert store.keep_sign_in(BLOCK).key_set_id == FIRST
    assert _key_set_id(FileKeyStore(path, PASSPHRASE)) == FIRST


def test_power_cut_while_the_first_file_is_made_leaves_none(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(self: Path, target: Path) -> None:
        raise PowerCutError

    monkeypatch.setattr(Path, "replace", cut)
    with pytest.raises(PowerCutError):
        FileKeyStore.create(path, PASSPHRASE, tmk=TMK)
    monkeypatch.undo()

    assert not path.exists()
    assert FileKeyStore.create(path, PASSPHRASE, tmk=TMK).journal_key


@posix_only
@pytest.mark.parametrize("mode", [0o000, 0o400, 0o600, 0o644, 0o666, 0o777])
def test_file_that_a_crash_left_behind_is_replaced_whatever_its_mode(
    store: FileKeyStore, path: Path, mode: int
) -> None:
    """A readable one once kept its mode, and the keys with it."""
    left = path.with_name("keys.json.new")
    left.write_text("half of a key file, and longer than a whole one " * 100)
    left.chmod(mode)
    assert store.keep_sign_in(BLOCK).key_set_id == FIRST

    assert not left.exists()
    assert path.stat().st_mode & 0o777 == 0o600
    assert _key_set_id(FileKeyStore(path, PASSPHRASE)) == FIRST


@posix_only
def test_file_that_somebody_holds_open_never_gets_a_key(store: FileKeyStore, path: Path) -> None:
    with path.with_name("keys.json.new").open("w+") as held:
        store.keep_sign_in(BLOCK)

        assert held.read() == ""


@posix_only
def test_link_where_the_new_file_belongs_is_not_followed(store: FileKeyStore, path: Path) -> None:
    elsewhere = path.with_name("elsewhere")
    elsewhere.write_text("untouched")
    path.with_name("keys.json.new").symlink_to(elsewhere)
    store.keep_sign_in(BLOCK)

    assert elsewhere.read_text() == "untouched"
    assert not path.is_symlink()
    assert _key_set_id(FileKeyStore(path, PASSPHRASE)) == FIRST


def test_file_that_cannot_be_written_is_a_config_error_and_the_old_one_stays(
    store: FileKeyStore, path: Path
) -> None:
    before = path.read_bytes()
    blocked = path.with_name("keys.json.new")
    blocked.mkdir()
    with pytest.raises(ConfigError, match=r"^keys\.json cannot be written: "):
        store.keep_sign_in(BLOCK)
    assert path.read_bytes() == before
    assert store.working_keys() is None

    blocked.rmdir()
    assert store.keep_sign_in(BLOCK).key_set_id == FIRST


@pytest.mark.parametrize("step", ["fsync", "open"])
def test_full_disk_is_a_config_error_and_the_old_file_stays(
    store: FileKeyStore, path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    before = path.read_bytes()

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(os, step, full)
    with pytest.raises(ConfigError) as caught:
        store.keep_sign_in(BLOCK)
    monkeypatch.undo()

    assert str(caught.value) == "keys.json cannot be written: No space left on device"
    assert path.read_bytes() == before
    assert store.keep_sign_in(BLOCK).key_set_id == FIRST


def test_key_file_in_a_directory_that_is_not_there_is_a_config_error(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"^keys\.json cannot be written: No such file or directory$"
    ):
        FileKeyStore.create(tmp_path / "nowhere" / "keys.json", PASSPHRASE, tmk=TMK)


def test_key_file_that_is_not_there_is_a_config_error(path: Path) -> None:
    with pytest.raises(ConfigError, match=r"^the key file keys\.json cannot be read$"):
        FileKeyStore(path, PASSPHRASE)


@posix_only
@pytest.mark.parametrize("mode", [0o777, 0o757, 0o773, 0o702])
def test_folder_where_everybody_may_put_another_file_is_refused(
    store: FileKeyStore, path: Path, mode: int
) -> None:
    path.parent.chmod(mode)
    try:
        with pytest.raises(ConfigError, match="chmod o-w its folder"):
            FileKeyStore(path, PASSPHRASE)
        with pytest.raises(ConfigError, match="chmod o-w its folder"):
            store.keep_sign_in(BLOCK)
    finally:
        path.parent.chmod(0o700)
    assert FileKeyStore(path, PASSPHRASE).working_keys() is None


@posix_only
@pytest.mark.parametrize("mode", [0o1777, 0o755, 0o775, 0o700])
def test_folder_where_nobody_may_replace_the_file_is_right(
    store: FileKeyStore, path: Path, mode: int
) -> None:
    path.parent.chmod(mode)
    assert FileKeyStore(path, PASSPHRASE).journal_key == store.journal_key


@posix_only
def test_link_to_a_key_file_is_not_followed(store: FileKeyStore, path: Path) -> None:
    link = path.with_name("link.json")
    link.symlink_to(path)
    with pytest.raises(ConfigError, match=r"^the key file link\.json is a link"):
        FileKeyStore(link, PASSPHRASE)
    with pytest.raises(ConfigError, match=r"^link\.json exists already$"):
        FileKeyStore.create(link, PASSPHRASE, tmk=TMK)
    assert store.journal_key


@posix_only
def test_what_is_no_plain_file_is_refused_at_once(path: Path) -> None:
    """A pipe would wait for a writer for ever; a directory opens on Linux."""
    os.mkfifo(path, 0o600)
    with pytest.raises(ConfigError, match="is no plain file"):
        FileKeyStore(path, PASSPHRASE)
    path.unlink()
    path.mkdir(0o700)
    with pytest.raises(ConfigError):
        FileKeyStore(path, PASSPHRASE)


def test_file_that_would_fill_the_memory_is_refused(path: Path) -> None:
    path.touch(0o600)
    with path.open("r+b") as file:
        file.truncate(2**20 + 1)
    with pytest.raises(ConfigError, match="too long for a key file"):
        FileKeyStore(path, PASSPHRASE)


@posix_only
def test_file_and_then_its_directory_are_synced(
    store: FileKeyStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the second one, a power cut may take the new name back, and a used counter with it."""
    seen: list[str] = []
    sync, replace = os.fsync, Path.replace

    def fsync(file: int) -> None:
        seen.append("folder" if os.fstat(file).st_mode & 0o170000 == 0o040000 else "file")
        sync(file)

    def renamed(self: Path, target: Path) -> Path:
        seen.append("replace")
        return replace(self, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(Path, "replace", renamed)
    store.keep_sign_in(BLOCK)

    assert seen == ["file", "replace", "folder"]


def test_two_programs_with_the_same_file_lose_nothing_of_each_other(
    store: FileKeyStore, path: Path
) -> None:
    other = FileKeyStore(path, PASSPHRASE)
    other.load_key("pin", Key(bytes.fromhex("52E9B03D7F164AC8D8A1F6359B0E7C24"), Purpose.PIN))
    store.keep_sign_in(BLOCK)

    again = FileKeyStore(path, PASSPHRASE)
    assert [slot.name for slot in again.slots()] == ["journal", "pin", "sign_in", "tmk"]
    assert again.generation == store.generation == 3


def test_many_threads_change_one_file_and_none_is_lost(path: Path, store: FileKeyStore) -> None:
    import threading

    keys = [Key(bytes(range(n, n + 16)), Purpose.DATA, Algorithm.AES) for n in range(200, 208)]
    stores = [FileKeyStore(path, PASSPHRASE) for _ in keys]
    work = [
        threading.Thread(target=one.load_key, args=(f"key{n}", key))
        for n, (one, key) in enumerate(zip(stores, keys, strict=True))
    ]
    for each in work:
        each.start()
    for each in work:
        each.join()

    again = FileKeyStore(path, PASSPHRASE)
    assert len(again.slots()) == 2 + 8
    assert again.generation == store.generation + 8


def test_name_that_no_file_has_is_refused_as_one_that_is_not_there() -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        FileKeyStore("a\0b", PASSPHRASE)
    with pytest.raises(ConfigError, match="cannot be written: no name of a file"):
        FileKeyStore.create("a\0b", PASSPHRASE, tmk=TMK)
    with pytest.raises(ConfigError, match="cannot be read"):
        HighWaterFile("a\0b").read()
