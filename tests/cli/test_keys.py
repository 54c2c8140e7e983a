"""``posrefund keys``: two people load a key that neither of them knows, and nothing shows it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner, Result

from posrefund.cli import keys_load, keys_rotate
from posrefund.cli.app import app
from posrefund.cli.config import load, open_keystore, open_terminal, write
from posrefund.cli.init import make_keystore
from posrefund.crypto import Key, Purpose
from posrefund.crypto.keyblock import unwrap_key_block
from posrefund.errors import ConfigError, InvalidKeyError, KeyUsageError
from posrefund.keystore import FileKeyStore, HighWaterFile, disk

if TYPE_CHECKING:
    from collections.abc import Iterable

ONE, TWO = "6E1B3A88D0F7C4529B2E71A64C0D9F38", "A4C90D5B72E3168FF05D2C7B91E8364A"
WHOLE = "CAD237D3A214D2DD6B735DDDDDE5A972"
"""ONE xor TWO, by hand; its check value and theirs are TDEA of eight zero bytes."""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    make_keystore(tmp_path, b"another terminal")
    write(tmp_path, terminal="12345678", merchant="1" * 15, address="127.0.0.1", port=8583)
    return tmp_path


def store_of(shop: Path) -> FileKeyStore:
    return open_keystore(load(shop / "posrefund.toml"))


def posrefund(shop: Path, *words: str, typed: str = "") -> Result:
    config = ["--config", str(shop / "posrefund.toml")]
    return CliRunner().invoke(app, ["keys", *words, *config], input=typed)


class Keyboard:
    """Answers hidden questions in order."""

    def __init__(self, patch: pytest.MonkeyPatch, *answers: str) -> None:
        self.left = list(answers)
        patch.setattr(keys_load, "_has_keyboard", lambda: True)
        patch.setattr(keys_load, "_read_hidden", lambda _: self.left.pop(0))


def visible(*people: str, expected: str = "", sure: str = "y") -> str:
    """What two people type where it is seen: name, yes, Enter; then the check value on the letter."""
    lines = [line for name in people for line in (name, "y", "")]
    return "\n".join([*lines, expected, *([] if expected else [sure])]) + "\n"


def test_two_people_load_a_key_that_neither_of_them_knows(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keyboard = Keyboard(monkeypatch, ONE, ONE, TWO, TWO)
    typed = visible("Li", "Wang", expected="8D9959")
    result = posrefund(shop, "load", "tmk", "--replace", typed=typed)

    assert result.exit_code == 0, result.output
    assert keyboard.left == []
    key = store_of(shop).key("tmk")
    assert key.use(Purpose.KEK, "this test").hex().upper() == WHOLE
    assert "KCV of component 1: 8A2A53" in result.output
    assert "components of Li, Wang" in result.output
    assert "Next: posrefund sign-in" in result.output
    for secret in (ONE, TWO, WHOLE):
        assert secret not in result.output.upper()


def test_taken_slot_is_said_before_anybody_types(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keyboard = Keyboard(monkeypatch, ONE, ONE, TWO, TWO)
    result = posrefund(shop, "load", "tmk", typed=visible("Li", "Wang"))

    assert isinstance(result.exception, InvalidKeyError)
    assert "slot tmk holds a key already: --replace destroys it" in str(result.exception)
    assert len(keyboard.left) == 4


def test_key_with_another_check_value_is_not_loaded(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Keyboard(monkeypatch, ONE, ONE, TWO, TWO)
    result = posrefund(
        shop, "load", "tmk", "--replace", typed=visible("Li", "Wang", expected="000000")
    )

    assert isinstance(result.exception, InvalidKeyError)
    assert store_of(shop).generation == 1


def test_key_without_a_comparison_is_loaded_only_on_purpose(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for sure, generation in (("n", 1), ("y", 2)):
        Keyboard(monkeypatch, ONE, ONE, TWO, TWO)
        posrefund(shop, "load", "zmk", typed=visible("Li", "Wang", sure=sure))
        assert store_of(shop).generation == generation


def test_one_person_gives_one_component(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Keyboard(monkeypatch, ONE, ONE, TWO, TWO)
    result = posrefund(shop, "load", "zmk", typed="Li\ny\n\nli\n LI \nLi\n")

    assert isinstance(result.exception, ConfigError)
    assert "one person must not know two components" in str(result.exception)
    assert store_of(shop).generation == 1


@pytest.mark.parametrize(
    ("hidden", "message"),
    [
        (["00" * 16] * 2, "a component of zeros"),
        ([ONE] * 4, "two components are the same"),
        ([ONE, ONE, TWO + "00" * 8, TWO + "00" * 8], "of one algorithm and one length"),
        (["x", "12", ONE + "0"], "component 1 was not typed right"),
        ([ONE, TWO] * 3, "component 1 was not typed right"),
    ],
)
def test_component_that_is_none_is_refused(
    shop: Path, monkeypatch: pytest.MonkeyPatch, hidden: Iterable[str], message: str
) -> None:
    Keyboard(monkeypatch, *hidden)
    result = posrefund(shop, "load", "zmk", typed=visible("Li", "Wang"))

    assert isinstance(result.exception, InvalidKeyError)
    assert message in str(result.exception)
    assert ONE not in str(result.exception) + result.output
    assert store_of(shop).generation == 1


def test_pipe_is_no_keyboard(shop: Path) -> None:
    result = posrefund(shop, "load", "zmk", typed=f"Li\n{ONE}\n{ONE}\n")

    assert isinstance(result.exception, ConfigError)
    assert "needs a terminal" in str(result.exception)


def test_no_option_takes_a_key() -> None:
    """Arguments stand in the process list and in the shell's history."""
    shown = CliRunner().invoke(app, ["keys", "load", "--help"], terminal_width=200).output

    options = {word.strip(",") for word in shown.split() if word.startswith("--")}
    known = "config purpose algorithm components ksn device replace help"
    assert options == {f"--{name}" for name in known.split()}


def test_dukpt_key_comes_with_its_number(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert posrefund(shop, "load", "dukpt", "--ksn", "FFFF9876543210E00000").exit_code != 0
    Keyboard(monkeypatch, ONE, ONE, TWO, TWO)
    words = ("--purpose", "DUKPT-IK", "--ksn", "FFFF9876543210E00000")
    result = posrefund(shop, "load", "dukpt", *words, typed=visible("Li", "Wang", expected="8D99"))

    assert result.exit_code == 0, result.output
    assert store_of(shop).next_dukpt("dukpt").ksn.counter == 1


def test_key_in_a_device_is_a_name(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Keyboard(monkeypatch)
    words = ("--device", "PIN pad 3", "--purpose", "PIN", "--algorithm", "SM4")
    result = posrefund(shop, "load", "pik", *words, typed="08793e\n")

    assert result.exit_code == 0, result.output
    assert store_of(shop).device_key("pik").kcv_hex == "08793E"
    listed = posrefund(shop, "list").output
    assert "device PIN pad 3" in listed
    assert "08793E" in listed


def test_list_shows_slots_and_no_keys(shop: Path) -> None:
    data = json.loads(posrefund(shop, "list", "--json").output)

    assert (data["generation"], data["test_keys"], data["lock"]["kind"]) == (1, False, "scrypt")
    assert [(slot["name"], slot["purpose"], slot["place"]) for slot in data["slots"]] == [
        ("journal", "JOURNAL", "file"),
        ("tmk", "KEK", "file"),
    ]
    shown = posrefund(shop, "list").output
    assert store_of(shop).tmk.kcv_hex in shown
    assert "TEST KEYS" not in shown
    for text in (shown, json.dumps(data)):
        assert b"another terminal".hex() not in text.lower()


def test_list_says_that_a_file_is_for_test_keys(tmp_path: Path) -> None:
    make_keystore(tmp_path, bytes.fromhex("0123456789ABCDEFFEDCBA9876543210"), test_keys=True)
    write(tmp_path, terminal="12345678", merchant="1" * 15, address="127.0.0.1", port=8583)

    assert "TEST KEYS" in posrefund(tmp_path, "list").output


def test_export_is_a_key_block_and_nothing_else(shop: Path) -> None:
    protection = Key(bytes.fromhex(WHOLE), Purpose.KEK)
    store_of(shop).load_key("zmk", protection)
    result = posrefund(shop, "export", "tmk", "--under", "zmk")

    assert result.exit_code == 0, result.output
    block = result.output.splitlines()[0]
    assert block.startswith("B0")
    assert unwrap_key_block(protection, block, Purpose.KEK).equals(
        Key(b"another terminal", Purpose.KEK)
    )
    for words in (
        ("tmk", "--under", "tmk"),
        ("journal", "--under", "zmk"),
        ("no", "--under", "zmk"),
    ):
        assert isinstance(posrefund(shop, "export", *words).exception, InvalidKeyError)


def test_export_goes_under_a_key_encrypting_key_only(shop: Path) -> None:
    store_of(shop).load_key("pin", Key(bytes.fromhex(WHOLE), Purpose.PIN))

    assert isinstance(posrefund(shop, "export", "tmk", "--under", "pin").exception, KeyUsageError)


@pytest.mark.parametrize("how", ["random", "keep", "ask"])
def test_rotation_seals_anew_and_shuts_the_old_copy_s_passphrase_out(
    shop: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.setattr(keys_rotate, "_read_hidden", lambda _: "typed twice")
    before, old = store_of(shop), (shop / "passphrase").read_bytes()
    result = posrefund(shop, "rotate", "--passphrase", how)

    assert result.exit_code == 0, result.output
    after, new = store_of(shop), (shop / "passphrase").read_bytes()
    assert after.journal_key == before.journal_key
    assert after.lock_header["salt"] != before.lock_header["salt"]
    assert (new == old) == (how == "keep")
    assert (new == b"typed twice\n") == (how == "ask")
    assert new.decode().strip() not in result.output
    if how != "keep":
        with pytest.raises(InvalidKeyError):
            FileKeyStore(shop / "keys.json", old.strip())
    if os.name == "posix":
        assert (shop / "passphrase").stat().st_mode & 0o777 == 0o600
    assert not (shop / "passphrase.next").exists()


class PowerCutError(BaseException):
    """Nothing catches it."""


@pytest.mark.parametrize("cut_at", range(1, 4))
def test_rotation_that_was_cut_short_is_finished_by_the_next(
    shop: Path, monkeypatch: pytest.MonkeyPatch, cut_at: int
) -> None:
    """Three files are written in turn: the passphrase that waits, the key file, the passphrase."""
    journal_key = store_of(shop).journal_key
    written: list[str] = []
    replace = disk.replace

    def cut(path: Path, content: bytes) -> None:
        written.append(path.name)
        if len(written) == cut_at:
            raise PowerCutError
        replace(path, content)

    monkeypatch.setattr(disk, "replace", cut)
    with pytest.raises(PowerCutError):
        posrefund(shop, "rotate")
    monkeypatch.setattr(disk, "replace", replace)
    assert written == ["passphrase.next", "keys.json", "passphrase"][:cut_at]

    result = posrefund(shop, "rotate", "--passphrase", "keep")
    assert result.exit_code == 0, result.output
    assert store_of(shop).journal_key == journal_key
    assert not (shop / "passphrase.next").exists()


def test_restored_backup_goes_on_after_a_word(shop: Path) -> None:
    settings = load(shop / "posrefund.toml")
    backup = (shop / "keys.json").read_bytes()
    store_of(shop).load_key("zmk", Key(bytes.fromhex(WHOLE), Purpose.KEK))
    open_terminal(settings).close()
    (shop / "keys.json").write_bytes(backup)
    with pytest.raises(ConfigError, match=r"generation 1, and the journal has seen 2.*--restored"):
        open_terminal(settings)

    result = posrefund(shop, "rotate", "--restored", "--passphrase", "keep")
    assert result.exit_code == 0, result.output
    open_terminal(settings).close()
    assert store_of(shop).generation == 4


def test_settings_may_name_a_mark(shop: Path) -> None:
    path = shop / "posrefund.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("[journal]", 'high_water = "mark"\n\n[journal]'), encoding="utf-8")
    backup = (shop / "keys.json").read_bytes()
    store_of(shop).load_key("zmk", Key(bytes.fromhex(WHOLE), Purpose.KEK))
    assert HighWaterFile(shop / "mark").read() == 2
    (shop / "keys.json").write_bytes(backup)
    assert isinstance(posrefund(shop, "list").exception, ConfigError)

    assert posrefund(shop, "rotate", "--restored").exit_code == 0
    assert HighWaterFile(shop / "mark").read() == 4
    assert posrefund(shop, "list").exit_code == 0


@pytest.mark.skipif(os.name == "nt", reason="Windows has no core dumps of this kind")
def test_these_commands_leave_no_core_dump(shop: Path) -> None:
    import resource

    posrefund(shop, "list")
    assert resource.getrlimit(resource.RLIMIT_CORE)[0] == 0
