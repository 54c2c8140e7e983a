"""The key file: opens with its passphrase only, shows no key, and a crash never leaves half of one."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import plain_des
from engine.builders import PROPERTY
from posrefund.crypto import ISO9797_3, Key, Purpose, open_box, unwrap_key_set
from posrefund.errors import ConfigError, InvalidKeyError
from posrefund.keystore import FileKeyStore
from posrefund.keystore import file as keystore_file

if TYPE_CHECKING:
    from collections.abc import Iterator

TMK = bytes.fromhex("CA5D92598DCA48CE8A4C76361A9269E9")
PASSPHRASE = b"correct horse"
BLOCK = bytes.fromhex(
    "6701EAD6A9AD51E51AA406E2C27FCFA98D0A74B8B651F9E9BACE9AE10000000000000000AB7153CA"
)
"""DE62 of a sign-in answer; published example of code456.com/article/3026509."""

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")


class PowerCutError(BaseException):
    """Nothing catches it."""


@pytest.fixture(autouse=True)
def cheap_stretching() -> Iterator[None]:
    """Stretch the passphrase by little: these tests open a hundred files."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keystore_file, "_SCRYPT_N", 2**4)
        yield


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys.json"


@pytest.fixture
def store(path: Path) -> FileKeyStore:
    return FileKeyStore.create(path, PASSPHRASE, tmk=TMK)


def edit(path: Path, **changes: Any) -> None:
    """Change the file's JSON; a slot that is None is taken out."""
    data = json.loads(path.read_text())
    slots = data["slots"] | changes.pop("slots", {})
    data |= changes
    data["slots"] = {name: value for name, value in slots.items() if value is not None}
    path.write_text(json.dumps(data))


def clear_material(key: Key) -> bytes:
    return key.use(key.purpose, "this test")


def test_key_file_gives_back_what_was_put_in(store: FileKeyStore, path: Path) -> None:
    again = FileKeyStore(path, PASSPHRASE)

    assert repr(again.tmk) == "Key(KEK, KCV 43C6CC)"
    assert again.tmk.equals(Key(TMK, Purpose.KEK))
    assert len(again.journal_key) == 32
    assert again.journal_key == store.journal_key
    assert again.working_keys() is None


def test_two_key_files_share_no_journal_key_and_no_salt(tmp_path: Path) -> None:
    one = FileKeyStore.create(tmp_path / "one", PASSPHRASE, tmk=TMK)
    other = FileKeyStore.create(tmp_path / "other", PASSPHRASE, tmk=TMK)

    assert one.journal_key != other.journal_key
    assert one._data["salt"] != other._data["salt"]
    assert one._data["slots"]["tmk"] != other._data["slots"]["tmk"]


def test_sign_in_is_kept_for_the_next_start(store: FileKeyStore, path: Path) -> None:
    assert store.keep_sign_in(BLOCK).key_set_id == "8D0A74-AB7153"
    assert _key_set_id(store) == "8D0A74-AB7153"
    assert _key_set_id(FileKeyStore(path, PASSPHRASE)) == "8D0A74-AB7153"


def test_mac_key_that_the_rule_does_not_take_is_no_sign_in(store: FileKeyStore) -> None:
    """Kept, it would stop every sale, and every undoing of one, until somebody signs in again."""
    with pytest.raises(InvalidKeyError, match="takes a MAC key of 16 bytes"):
        store.keep_sign_in(BLOCK, ISO9797_3)
    assert store.working_keys() is None


def _key_set_id(store: FileKeyStore) -> str | None:
    keys = store.working_keys()
    return keys.key_set_id if keys else None


def test_passphrase_is_stretched_as_long_as_a_terminal_can_afford() -> None:
    source = Path(keystore_file.__file__).read_text(encoding="utf-8")

    assert "_SCRYPT_N = 2**15" in source
    assert (keystore_file._SCRYPT_R, keystore_file._SCRYPT_P) == (8, 1)


@pytest.mark.parametrize("passphrase", [b"wrong horse", b"correct horse ", b"Correct horse"])
def test_wrong_passphrase_opens_nothing(store: FileKeyStore, path: Path, passphrase: bytes) -> None:
    with pytest.raises(InvalidKeyError, match=r"^wrong passphrase, or the key file was changed$"):
        FileKeyStore(path, passphrase)
    assert store.journal_key


def test_empty_passphrase_makes_no_file_and_opens_none(path: Path) -> None:
    with pytest.raises(ConfigError, match=r"^the passphrase of the key file is empty$"):
        FileKeyStore.create(path, b"", tmk=TMK)
    assert list(path.parent.iterdir()) == []
    FileKeyStore.create(path, PASSPHRASE, tmk=TMK)
    before = path.read_bytes()
    with pytest.raises(ConfigError, match=r"^the passphrase of the key file is empty$"):
        FileKeyStore(path, b"")

    assert path.read_bytes() == before
    assert FileKeyStore(path, PASSPHRASE).journal_key


@pytest.mark.parametrize("slot", ["tmk", "journal", "sign_in"])
def test_slot_that_was_changed_does_not_open(store: FileKeyStore, path: Path, slot: str) -> None:
    store.keep_sign_in(BLOCK)
    sealed = json.loads(path.read_text())["slots"][slot]
    for place in (0, 23, 24, len(sealed) // 2, len(sealed) - 1):
        digit = "0" if sealed[place] != "0" else "1"
        edit(path, slots={slot: sealed[:place] + digit + sealed[place + 1 :]})
        with pytest.raises(InvalidKeyError):
            _read_everything(path)
    for odd in ("", "zz", sealed[:-2], sealed + "00", 7, None):
        edit(path, slots={slot: odd})
        if slot == "sign_in" and odd is None:
            assert FileKeyStore(path, PASSPHRASE).working_keys() is None
        else:
            with pytest.raises(InvalidKeyError):
                _read_everything(path)


def _read_everything(path: Path) -> None:
    opened = FileKeyStore(path, PASSPHRASE)
    assert opened.journal_key
    opened.working_keys()


def test_slots_that_changed_places_do_not_open(store: FileKeyStore, path: Path) -> None:
    store.keep_sign_in(BLOCK)
    slots = json.loads(path.read_text())["slots"]
    for one, other in (("tmk", "journal"), ("tmk", "sign_in"), ("journal", "sign_in")):
        edit(path, slots={one: slots[other], other: slots[one]})
        with pytest.raises(InvalidKeyError):
            _read_everything(path)
    edit(path, slots=slots)
    _read_everything(path)


def test_slot_of_another_file_does_not_open(store: FileKeyStore, path: Path) -> None:
    other = path.with_name("other")
    FileKeyStore.create(other, PASSPHRASE, tmk=TMK)
    edit(path, slots={"journal": json.loads(other.read_text())["slots"]["journal"]})

    with pytest.raises(InvalidKeyError):
        _read_everything(path)
    assert store.journal_key


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


def test_key_file_is_never_overwritten(store: FileKeyStore, path: Path) -> None:
    before = path.read_bytes()
    with pytest.raises(ConfigError, match=r"^keys\.json exists already$"):
        FileKeyStore.create(path, b"other", tmk=TMK)

    assert path.read_bytes() == before
    assert FileKeyStore(path, PASSPHRASE).journal_key == store.journal_key


@pytest.mark.parametrize(
    "tmk", [b"", bytes(15), bytes(16), b"8bytes.." * 2, b"8bytes..", bytes(32)]
)
def test_weak_or_misshapen_master_key_makes_no_file(path: Path, tmk: bytes) -> None:
    with pytest.raises(InvalidKeyError):
        FileKeyStore.create(path, PASSPHRASE, tmk=tmk)

    assert list(path.parent.iterdir()) == []


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
    assert store.keep_sign_in(BLOCK).key_set_id == "8D0A74-AB7153"
    assert _key_set_id(FileKeyStore(path, PASSPHRASE)) == "8D0A74-AB7153"


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
    assert store.keep_sign_in(BLOCK).key_set_id == "8D0A74-AB7153"

    assert [file.name for file in path.parent.iterdir()] == ["keys.json"]
    assert path.stat().st_mode & 0o777 == 0o600
    assert _key_set_id(FileKeyStore(path, PASSPHRASE)) == "8D0A74-AB7153"


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
    assert _key_set_id(FileKeyStore(path, PASSPHRASE)) == "8D0A74-AB7153"


def test_file_that_cannot_be_written_is_a_config_error_and_the_old_one_stays(
    store: FileKeyStore, path: Path
) -> None:
    before = path.read_bytes()
    blocked = path.with_name("keys.json.new")
    blocked.mkdir()
    with pytest.raises(ConfigError, match=r"^the key file cannot be written: "):
        store.keep_sign_in(BLOCK)
    assert path.read_bytes() == before
    assert store.working_keys() is None

    blocked.rmdir()
    assert store.keep_sign_in(BLOCK).key_set_id == "8D0A74-AB7153"


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

    assert str(caught.value) == "the key file cannot be written: No space left on device"
    assert path.read_bytes() == before
    assert store.keep_sign_in(BLOCK).key_set_id == "8D0A74-AB7153"


def test_key_file_in_a_directory_that_is_not_there_is_a_config_error(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"^the key file cannot be written: No such file or directory$"
    ):
        FileKeyStore.create(tmp_path / "nowhere" / "keys.json", PASSPHRASE, tmk=TMK)


@pytest.mark.parametrize(
    "block",
    [
        b"",
        BLOCK[:-1],
        BLOCK + b"\0",
        BLOCK[:16] + b"\0\0\0\0" + BLOCK[20:],
        BLOCK[:36] + b"\0\0\0\0",
        b"\0" + BLOCK[1:],
        BLOCK[20:] + BLOCK[:20],
        bytes(40),
    ],
)
def test_bad_sign_in_leaves_the_keys_there_were(
    store: FileKeyStore, path: Path, block: bytes
) -> None:
    store.keep_sign_in(BLOCK)
    before = path.read_bytes()
    with pytest.raises(InvalidKeyError):
        store.keep_sign_in(block)

    assert path.read_bytes() == before
    assert _key_set_id(store) == "8D0A74-AB7153"


def test_no_file_holds_a_key_in_any_spelling(store: FileKeyStore, path: Path) -> None:
    keys = store.keep_sign_in(BLOCK)
    secrets = [TMK, store.journal_key, clear_material(keys.pik), clear_material(keys.mak)]
    assert [len(secret) for secret in secrets] == [16, 32, 16, 8]

    for file in path.parent.iterdir():
        content = file.read_bytes()
        for secret in (*secrets, PASSPHRASE, store._kek, BLOCK, BLOCK[:16], BLOCK[20:28]):
            assert secret not in content
            assert secret.hex().encode() not in content.lower()
    assert [file.name for file in path.parent.iterdir()] == ["keys.json"]


def test_working_keys_stand_wrapped_under_the_master_key_in_a_slot_of_their_own(
    store: FileKeyStore,
) -> None:
    store.keep_sign_in(BLOCK)
    sealed = bytes.fromhex(store._data["slots"]["sign_in"])

    assert open_box(store._kek, sealed, context=b"sign_in") == BLOCK


def test_store_shows_no_key(store: FileKeyStore) -> None:
    shown = repr(store) + repr(store.tmk) + str(store.tmk)

    assert TMK.hex() not in shown.lower()
    assert store.journal_key.hex() not in shown.lower()


# --- sets that a later sign-in replaced -----------------------------------------------------------

NEXT_BLOCK, THIRD_BLOCK = (
    b"".join(
        plain_des.encrypt(TMK, key) + plain_des.encrypt(key, bytes(8))[:4] for key in (pik, mak)
    )
    for pik, mak in (
        (bytes.fromhex("0123456789ABCDEFFEDCBA9876543210"), bytes(range(16))),
        (bytes(range(16, 32)), bytes(range(32, 48))),
    )
)
FIRST = "8D0A74-AB7153"
"""The name of the set in ``BLOCK``."""


def sealed_sets(path: Path) -> list[str]:
    slots = json.loads(path.read_text())["slots"]
    return sorted(name for name in slots if name.startswith("sign_in"))


def test_replaced_set_that_is_still_needed_is_kept_to_verify_with(
    store: FileKeyStore, path: Path
) -> None:
    store.keep_sign_in(BLOCK)
    keys = store.keep_sign_in(NEXT_BLOCK, still_needed={FIRST})

    for opened in (store, FileKeyStore(path, PASSPHRASE)):
        old = opened.key_set(FIRST)
        assert old is not None
        assert repr(old.mak) == "Key(MAC, KCV AB7153)"
        assert _key_set_id(opened) == keys.key_set_id != FIRST


def test_replaced_set_that_nothing_needs_is_destroyed_at_once(
    store: FileKeyStore, path: Path
) -> None:
    store.keep_sign_in(BLOCK)
    before = json.loads(path.read_text())["slots"]["sign_in"]
    store.keep_sign_in(NEXT_BLOCK, still_needed={"AAAAAA-BBBBBB"})

    assert store.key_set(FIRST) is None
    assert sealed_sets(path) == ["sign_in"]
    assert before not in path.read_text()


def test_old_set_stays_through_sign_ins_as_long_as_it_is_needed_and_no_longer(
    store: FileKeyStore, path: Path
) -> None:
    store.keep_sign_in(BLOCK)
    second = store.keep_sign_in(NEXT_BLOCK, still_needed={FIRST}).key_set_id
    store.keep_sign_in(THIRD_BLOCK, still_needed={FIRST, second})
    assert sealed_sets(path) == sorted(["sign_in", f"sign_in of {FIRST}", f"sign_in of {second}"])

    store.forget_sets(still_needed={second})

    assert sealed_sets(path) == ["sign_in", f"sign_in of {second}"]
    assert store.key_set(FIRST) is None
    assert store.key_set(second) is not None
    assert FileKeyStore(path, PASSPHRASE).key_set(FIRST) is None


def test_forgetting_nothing_writes_nothing(store: FileKeyStore, path: Path) -> None:
    store.keep_sign_in(BLOCK)
    before = path.read_bytes()
    store.forget_sets(still_needed=())

    assert path.read_bytes() == before
    assert _key_set_id(store) == FIRST


def test_same_keys_again_are_no_old_set(store: FileKeyStore, path: Path) -> None:
    store.keep_sign_in(BLOCK)
    store.keep_sign_in(BLOCK, still_needed={FIRST})
    assert sealed_sets(path) == ["sign_in"]

    store.keep_sign_in(NEXT_BLOCK, still_needed={FIRST})
    store.keep_sign_in(BLOCK, still_needed={FIRST})  # and the old one is the present one again
    assert sealed_sets(path) == ["sign_in"]


def test_refused_sign_in_keeps_the_old_sets_as_they_were(store: FileKeyStore, path: Path) -> None:
    store.keep_sign_in(BLOCK)
    store.keep_sign_in(NEXT_BLOCK, still_needed={FIRST})
    before = path.read_bytes()
    with pytest.raises(InvalidKeyError):
        store.keep_sign_in(THIRD_BLOCK[:-1] + b"\0")

    assert path.read_bytes() == before
    assert store.key_set(FIRST) is not None


NO_KEY_FILES = [
    b"",
    b"no json",
    b"\xff\xfe",
    b"[]",
    b"7",
    b"null",
    b"{}",
    b'{"version": 1}',
    b'{"version": 2, "salt": "00", "slots": {"tmk": "00"}}',
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


def test_key_file_that_is_not_there_is_a_config_error(path: Path) -> None:
    with pytest.raises(ConfigError, match=r"^the key file keys\.json cannot be read$"):
        FileKeyStore(path, PASSPHRASE)


passphrases = st.text(st.characters(min_codepoint=1, codec="utf-8"), min_size=1, max_size=16).map(
    str.encode
)
"""Without NUL: HMAC, inside scrypt, takes trailing zero bytes for its own padding."""


@settings(PROPERTY, max_examples=60)
@given(passphrases, passphrases)
def test_one_passphrase_opens_and_every_other_does_not(right: bytes, other: bytes) -> None:
    kek = keystore_file._stretch(right, b"salt")
    sealed = bytes.fromhex(keystore_file._sealed(kek, "tmk", TMK))

    assert open_box(keystore_file._stretch(right, b"salt"), sealed, context=b"tmk") == TMK
    if other != right:
        with pytest.raises(InvalidKeyError):
            open_box(keystore_file._stretch(other, b"salt"), sealed, context=b"tmk")


@settings(PROPERTY, max_examples=60)
@given(st.binary(max_size=61))
def test_arbitrary_sign_in_blocks_are_taken_or_refused_and_nothing_else(block: bytes) -> None:
    tmk = Key(TMK, Purpose.KEK)
    with pytest.raises(InvalidKeyError):
        unwrap_key_set(tmk, block)
