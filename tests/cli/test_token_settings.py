"""The commands with a key file that a PKCS#11 token opens, each in a process of its own: a token is opened once."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from posrefund.cli.config import write
from posrefund.cli.token_settings import TokenSettings, token_settings
from posrefund.crypto import Key, Purpose
from posrefund.errors import ConfigError
from posrefund.keystore import FileKeyStore, TokenLock
from softhsm import PIN, SoftHSM

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

TMK = bytes.fromhex("9B4C7F21D83A65E01C8D3F5A7B92E604")
TOKEN = {"module": "/usr/lib/p11.so", "label": "till", "pin_file": "pin"}


def test_settings_say_where_the_token_is(tmp_path: Path) -> None:
    found = token_settings({"token": TOKEN | {"lock": "key file"}}, tmp_path)

    assert found == TokenSettings("/usr/lib/p11.so", "till", tmp_path / "pin", "key file")
    assert token_settings({"token": TOKEN}, tmp_path) == TokenSettings(
        "/usr/lib/p11.so", "till", tmp_path / "pin", ""
    )
    assert token_settings({}, tmp_path) is None


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        ("till", r"^\[keys\.token\]: expected a table$"),
        ({k: v for k, v in TOKEN.items() if k != "module"}, r"module: expected text$"),
        (TOKEN | {"label": ""}, r"label: expected text$"),
        (TOKEN | {"pin_file": 7}, r"pin_file: expected text$"),
        (TOKEN | {"lock": ["key file"]}, r"lock: expected text$"),
    ],
)
def test_wrong_setting_is_named(tmp_path: Path, token: Any, expected: str) -> None:
    with pytest.raises(ConfigError, match=expected):
        token_settings({"token": token}, tmp_path)


@pytest.fixture
def shop(tmp_path: Path, softhsm: SoftHSM) -> Path:
    """A till whose key file opens with the token alone."""
    folder = tmp_path / "till"
    folder.mkdir()
    settings = write(
        folder, terminal="12345678", merchant="123456789012345", address="127.0.0.1", port=9
    )
    with softhsm.open() as token:
        tmk = token.store(Key(TMK, Purpose.KEK), "tmk")
        FileKeyStore.create(folder / "keys.json", TokenLock(token, "key file"), tmk=tmk)
    (folder / "pin").write_bytes(PIN + b"\n")
    text = settings.read_text().replace('passphrase_file = "passphrase"\n', "")
    table = f'module = "{softhsm.module}"\nlabel = "till"\npin_file = "pin"\nlock = "key file"\n'
    settings.write_text(text + f"\n[keys.token]\n{table}")
    return folder


def run(folder: Path, *words: str) -> tuple[int, str]:
    command = [
        sys.executable,
        "-m",
        "posrefund",
        *words,
        "--config",
        str(folder / "posrefund.toml"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_commands_open_the_key_file_with_the_token(shop: Path) -> None:
    status, output = run(shop, "keys", "list")
    assert status == 0, output
    assert "key file" not in output
    assert "KEK" in output

    (shop / "pin").write_bytes(b"0000")
    status, output = run(shop, "keys", "list")
    assert status == 2
    assert "ConfigError" in output or "InvalidKeyError" in output


def test_rotation_is_not_the_command_s_business(shop: Path) -> None:
    status, output = run(shop, "keys", "rotate")
    assert (status, "FileKeyStore.change_lock" in output) == (2, True)


def test_pin_file_that_is_not_there_is_named(shop: Path) -> None:
    (shop / "pin").unlink()
    status, output = run(shop, "keys", "list")
    assert (status, "pin cannot be read" in output.replace("\n", "")) == (2, True)
