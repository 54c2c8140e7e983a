"""The settings of a door and its tokens: read as they are meant, and refused by name where they are none."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from gateway.fleet_site import door_settings
from posrefund.cli.app import app
from posrefund.cli.pad_settings import PadSettings
from posrefund.cli.serve_settings import serve_settings
from posrefund.cli.token_file import changed_tokens, read_tokens, write_tokens
from posrefund.cli.token_watch import TokenFile
from posrefund.errors import ConfigError
from posrefund.gateway import Token, Tokens, digest_of

if TYPE_CHECKING:
    from pathlib import Path

FILES = 'file = "{id}.db"'
NAMES = ["00000001", "00000002", "00000003"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "serve.toml").write_text(door_settings(NAMES, FILES, 8583))
    return tmp_path


# --- tokens ----------------------------------------------------------------------------------------


def test_token_is_shown_once_kept_as_a_digest_and_taken_away(folder: Path) -> None:
    path = folder / "tokens.toml"
    config = ["--config", str(folder / "serve.toml")]

    def posrefund(*words: str) -> Any:
        result = CliRunner().invoke(app, ["tokens", *words, *config, "--json"])
        if result.exception:
            raise result.exception
        return json.loads(result.output)

    made = posrefund("add", "till-1", "--role", "till", "--terminal", "00000001", "--operator", "7")
    assert made["token"].startswith("prt_")
    assert made["token"] not in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    posrefund("add", "watch", "--role", "monitor")
    listed = posrefund("list")
    assert [each["name"] for each in listed] == ["till-1", "watch"]
    assert listed[0] == {
        "name": "till-1",
        "role": "till",
        "terminals": ["00000001"],
        "operator": "7",
    }
    for words in (
        ("add", "till-1", "--role", "till"),
        ("add", "x", "--role", "king"),
        ("remove", "y"),
    ):
        before = path.read_text()
        with pytest.raises(ConfigError):
            posrefund(*words)
        assert path.read_text() == before
    assert posrefund("remove", "till-1") == {"removed": "till-1"}
    assert [each["name"] for each in posrefund("list")] == ["watch"]


ADD_MANY = """
import pathlib, sys
from posrefund.cli.tokens import add, remove
name, config = sys.argv[1], pathlib.Path(sys.argv[2])
print("here", flush=True)
sys.stdin.readline()
for number in range(12):
    add(f"{name}-{number}", role="till", config=config, as_json=True)
    if number % 3 == 2:
        remove(f"{name}-{number}", config=config, as_json=True)
"""


@pytest.mark.slow
def test_tokens_that_two_processes_add_and_remove_at_the_same_time_are_all_kept(
    folder: Path,
) -> None:
    config, names = str(folder / "serve.toml"), ("a", "b")
    with ExitStack() as stack:
        children = [
            stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", ADD_MANY, name, config],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    encoding="utf-8",
                    env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
                )
            )
            for name in names
        ]
        for child in children:
            assert child.stdout is not None
            assert child.stdout.readline() == "here\n"
        for child in children:
            assert child.stdin is not None
            child.stdin.write("go\n")
            child.stdin.flush()
        for child in children:
            child.communicate()
            assert child.returncode == 0

    kept = {token.name for token in read_tokens(folder / "tokens.toml")}
    assert kept == {f"{name}-{n}" for name in names for n in range(12) if n % 3 != 2}
    assert sorted(path.name for path in folder.iterdir()) == [
        "serve.toml",
        "tokens.toml",
        "tokens.toml.lock",
    ]


def test_file_that_cannot_be_written_keeps_its_tokens(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = folder / "tokens.toml"
    write_tokens(path, [Token("till-1", "till", digest_of("prt_1"))])

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with (
            pytest.raises(ConfigError, match=r"^tokens\.toml cannot be written: No space"),
            changed_tokens(path) as known,
        ):
            known.clear()
    assert [token.name for token in read_tokens(path)] == ["till-1"]


@pytest.mark.parametrize(
    "text",
    [
        "[[token]]\nname = 'x'\n",
        "[[token]]\nname = 'x'\nrole = 'till'\nsha256 = 7\n",
        "[[token]]\nname = 'x'\nrole = 'till'\nsha256 = 'zz'\n",
        "[[token]]\nname = 'x'\nrole = 'till'\nsha256 = 'zz'\nsecret = 'prt_'\n",
        "tokens = []\n",
        "no toml",
    ],
)
def test_file_that_holds_no_tokens_is_refused(folder: Path, text: str) -> None:
    (folder / "tokens.toml").write_text(text)
    result = CliRunner().invoke(app, ["tokens", "list", "--config", str(folder / "serve.toml")])
    assert isinstance(result.exception, ConfigError)


def test_door_that_runs_follows_its_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, known = folder / "tokens.toml", Tokens()
    file = TokenFile(path, known)
    assert file.look() is False
    write_tokens(path, [Token("till-1", "till", digest_of("prt_1"))])
    assert file.look() is True
    assert known.find("prt_1") is not None
    assert file.look() is False  # nothing is read twice

    path.write_text("no toml", encoding="utf-8")
    assert file.look() is False
    assert known.find("prt_1") is not None
    assert "tokens stay as they were" in capsys.readouterr().err

    write_tokens(path, [Token("till-2", "till", digest_of("prt_2"))])
    assert file.look() is True
    assert known.find("prt_1") is None
    path.unlink()
    assert file.look() is True
    assert len(known) == 0


def test_two_tokens_of_one_name_change_nothing() -> None:
    known = Tokens([Token("a", "till", digest_of("prt_1"))])
    twice = [Token("b", "till", digest_of(each)) for each in ("prt_2", "prt_3")]
    with pytest.raises(ConfigError):
        known.become(twice)
    assert known.find("prt_1") is not None
    assert len(known) == 1


# --- settings --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('listen = "8080"', r"\[serve\] listen: expected address:port"),
        ('listen = "127.0.0.1:99999"', r"\[serve\] listen"),
        ("burst = true", r"\[serve\] burst: expected a number"),
        ("burst = 1.5", r"\[serve\] burst: expected a number"),
        ("per_second = -1", r"\[serve\] per_second: expected a number"),
        ('sign_in = "yes"', r"\[serve\] sign_in: expected true or false"),
        ("colour = 1", r"\[serve\] colour: expected one of"),
        ('key = "x.key"', r"\[serve\] key: expected certificate beside it"),
        ("certificate = 1", r"\[serve\] certificate: expected the name of a file"),
        ('terminals = ["a.toml"]', r"either terminals in \[serve\], or \[\[terminals\]\]"),
        ('phone_url = "sign.shop.example"', r"\[serve\] phone_url: expected http"),
        ('phone_url = "https://a@b.example"', r"\[serve\] phone_url"),
        ('phone_url = "https://shop.example/?x"', r"\[serve\] phone_url"),
        ('phone_url = "javascript:alert(1)//"', r"\[serve\] phone_url"),
        ("phone_url = 1", r"\[serve\] phone_url"),
        ('tokens = ""', r"\[serve\] tokens: expected the name of a file"),
    ],
)
def test_setting_that_is_wrong_is_named(folder: Path, line: str, expected: str) -> None:
    config = folder / "serve.toml"
    config.write_text(config.read_text().replace("[serve]", f"[serve]\n{line}", 1))
    with pytest.raises(ConfigError, match=expected):
        serve_settings(config)


@pytest.mark.parametrize(
    ("said", "is_meant"),
    [
        ("", ""),
        ("https://sign.shop.example", "https://sign.shop.example"),
        ("https://shop.example:8443/pos/", "https://shop.example:8443/pos"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_address_for_phones(folder: Path, said: str, is_meant: str) -> None:
    config = folder / "serve.toml"
    text = config.read_text().replace("[serve]", f'[serve]\nphone_url = "{said}"', 1)
    config.write_text(text)
    assert serve_settings(config).phone_url == is_meant


@pytest.mark.parametrize(
    ("found", "put", "expected"),
    [
        ('id = "00000002"', 'id = "00000001"', "two have the same number"),
        ('id = "00000002"', 'name = "00000002"', r"\[\[terminals\]\]: expected id"),
        ("standby = false", "standby = 1", r"\[\[terminals\]\] standby"),
        (FILES, f'{FILES}\nfleet = "x.db"', "either fleet, file or dsn"),
        (FILES, f'{FILES}\nkey_of = "00000009"', "key_of: expected the number"),
        ("[host]", '[host]\nwire_log = "line.jsonl"', r"\[host\] wire_log: a door keeps no log"),
        (FILES, 'dsn = "host=x"\nlease_s = 5', "lease_s: expected seconds, at least 42"),
        (FILES, 'dsn = "host=x"\nlease_s = true', "lease_s: expected seconds"),
    ],
)
def test_terminals_that_cannot_be_are_refused(
    folder: Path, found: str, put: str, expected: str
) -> None:
    config = folder / "serve.toml"
    text = config.read_text()
    assert found in text
    config.write_text(text.replace(found, put))
    with pytest.raises(ConfigError, match=expected):
        serve_settings(config)


def pads(config: Path) -> list[PadSettings | None]:
    return [plan.settings.pad for plan in serve_settings(config).terminals]


def test_each_terminal_may_have_a_pad(folder: Path) -> None:
    config = folder / "serve.toml"
    bare = config.read_text()
    assert pads(config) == [None] * 3
    own = bare.replace('id = "00000002"', 'id = "00000002"\npad = "/dev/ttyUSB0"')
    config.write_text(own)
    assert pads(config) == [None, PadSettings("/dev/ttyUSB0", 1), None]
    config.write_text(own.replace("[keys]", "[pad]\nmaster_key = 0\n[keys]"))
    assert pads(config) == [None, PadSettings("/dev/ttyUSB0", 0), None]
    config.write_text(own.replace("[keys]", '[pad]\nat = "pad-{id}:5000"\n[keys]'))
    assert pads(config) == [
        PadSettings("pad-00000001:5000"),
        PadSettings("/dev/ttyUSB0"),
        PadSettings("pad-00000003:5000"),
    ]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ('at = "COM3"', r"^\[pad\] at: two terminals have the same"),
        ("at = 5000", r"^\[pad\] at: expected HOST:PORT, or a serial port$"),
        ('at = " "', r"^\[pad\] at: expected HOST:PORT"),
        ('at = "{id}"\nmaster_key = 100', r"^\[pad\] master_key: expected a number, 0 to 99$"),
        ('at = "{id}"\nmaster_key = true', r"^\[pad\] master_key: expected a number"),
        ('At = "{id}"', r"^\[pad\]: only at, master_key$"),
    ],
)
def test_a_pad_that_is_none_is_named(folder: Path, lines: str, expected: str) -> None:
    config = folder / "serve.toml"
    config.write_text(config.read_text().replace("[keys]", f"[pad]\n{lines}\n[keys]"))
    with pytest.raises(ConfigError, match=expected):
        serve_settings(config)


def test_what_is_no_table_is_no_pad(folder: Path) -> None:
    config = folder / "serve.toml"
    config.write_text(f'pad = "COM3"\n{config.read_text()}')
    with pytest.raises(ConfigError, match=r"^\[pad\]: only at, master_key$"):
        serve_settings(config)


def test_terminals_may_have_files_of_settings_of_their_own(folder: Path) -> None:
    text = (
        (folder / "serve.toml").read_text().partition("[profile]")[2].partition("[[terminals]]")[0]
    )
    for name in NAMES:
        own = f'[terminal]\nid = "{name}"\n[profile]{text}'.replace("{id}", name)
        (folder / f"{name}.toml").write_text(own)
    config = folder / "many.toml"
    files = json.dumps([f"{name}.toml" for name in NAMES])
    config.write_text(f'[serve]\nlisten = "[::1]:8443"\nterminals = {files}\n')
    settings = serve_settings(config)
    assert (settings.host, settings.port) == ("::1", 8443)
    assert [plan.settings.terminal for plan in settings.terminals] == NAMES
    assert [plan.settings.key_file.name for plan in settings.terminals] == [
        f"{name}.json" for name in NAMES
    ]
    config.write_text("[serve]\nterminals = []\n")
    with pytest.raises(ConfigError, match="expected one at least"):
        serve_settings(config)
