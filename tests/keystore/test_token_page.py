"""``docs/howto/hsm.md`` works as it is written: its commands, then its programs."""

from __future__ import annotations

import getpass
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from posrefund.keystore import FileKeyStore, Token, TokenLock
from softhsm import PIN, SoftHSM

if TYPE_CHECKING:
    from collections.abc import Callable

PAGE = Path(__file__).resolve().parents[2] / "docs" / "howto" / "hsm.md"
TEXT = PAGE.read_text(encoding="utf-8")
PROGRAMS = re.findall(r"^```\{code-block\} python\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)
(COMMANDS,) = re.findall(r"^```sh\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)
TMK = "5B3C9A1E77D04F2286E1C05D9B2A6F48"
"""Made up; its check value was computed with PyCryptodome."""
OLD_TMK = "8C2E517F03B96AD4E1705C9F482BD63A"
ANSWERS = {"PIN: ": PIN.decode(), "TMK: ": TMK, "passphrase: ": "only for tests"}


def run_programs(module: str, answers: Callable[[str], str]) -> None:
    names: dict[str, object] = {"__name__": "page"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(getpass, "getpass", answers)
        for program in PROGRAMS:
            code = program.replace("/usr/lib/softhsm/libsofthsm2.so", module)
            exec(compile(code, "hsm.md", "exec"), names)
    token = names["token"]
    assert isinstance(token, Token)
    token.close()


@pytest.mark.skipif(sys.platform == "win32", reason="the commands are written for sh")
def test_the_page_works_as_it_is_written(
    softhsm: SoftHSM,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    install, extra, *commands = COMMANDS.splitlines()
    assert install == "sudo apt-get install softhsm2"
    assert extra == "pip install 'posrefund[hsm]'"
    assert len(commands) == 3
    monkeypatch.chdir(tmp_path)
    pins = f" --pin {PIN.decode()} --so-pin 31415926 --module '{softhsm.module}'"  # it would ask
    subprocess.run(["sh", "-e", "-c", "\n".join(commands) + pins], check=True, capture_output=True)
    monkeypatch.setenv("SOFTHSM2_CONF", str(tmp_path / "softhsm2.conf"))
    softhsm.lose_sessions()
    FileKeyStore.create("old.json", b"only for tests", tmk=bytes.fromhex(OLD_TMK))
    run_programs(softhsm.module, ANSWERS.__getitem__)

    assert capsys.readouterr().out.splitlines() == [
        "TokenKey('tmk', KEK, KCV 156B88)",
        "TokenKey('tmk', KEK, KCV 156B88) ['tmk']",
    ]
    assert (tmp_path / "keys.json").exists()
    assert list((tmp_path / "tokens").iterdir())
    with softhsm.open() as token:
        moved = FileKeyStore("old.json", TokenLock(token, "key file"), token=token)
        assert repr(moved.tmk) == "TokenKey('tmk of old.json', KEK, KCV 6815E5)"
