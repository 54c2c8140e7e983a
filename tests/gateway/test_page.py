"""The page about the door: its commands work as they are written, and its tables are those of the program."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from posrefund.gateway import ROLES
from posrefund.gateway.errands import ERRANDS
from posrefund.gateway.faults import CODES
from posrefund.gateway.money import MONEY
from posrefund.gateway.rights import RIGHTS

PAGE = (Path(__file__).parents[2] / "docs/howto/door.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(sh|json)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def shown_in(shown: Any, found: Any) -> bool:
    """Whether everything that the page shows is what came."""
    if isinstance(shown, dict):
        return all(name in found and shown_in(value, found[name]) for name, value in shown.items())
    return bool(shown == found)


class Windows:
    """The windows that the page speaks of: each command as it is written, but for the number of the door's port."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._open = folder, ExitStack()
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = free.getsockname()[1]
        self.env = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(sys.path),
            "COLUMNS": "200",
            "NO_PROXY": "*",
        }

    def __enter__(self) -> Windows:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def leave_open(self, command: str, until: str) -> None:
        """Type in what serves until it is stopped, and wait until it says so."""
        child = self._open.enter_context(
            subprocess.Popen(
                self._words(command),
                cwd=self.folder,
                env=self.env,
                stdout=subprocess.PIPE,
                encoding="utf-8",
            )
        )
        self._open.callback(child.terminate)
        assert child.stdout is not None
        said = ""
        while until not in said:
            said = child.stdout.readline().replace(str(self._port), "8080")
            assert said, command

    def type_in(self, command: str) -> str:
        """Type in what ends by itself."""
        words = self._words(command) if command.startswith("posrefund") else ["sh", "-ec", command]
        done = subprocess.run(
            [word.replace("127.0.0.1:8080", f"127.0.0.1:{self._port}") for word in words],
            cwd=self.folder,
            env=self.env,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    def take_another_port(self, config: str) -> None:
        with (self.folder / config).open("a", encoding="utf-8") as settings:
            settings.write(f'[serve]\nlisten = "127.0.0.1:{self._port}"\n')

    @staticmethod
    def _words(command: str) -> list[str]:
        program, *words = shlex.split(command)
        assert program == "posrefund"
        return [sys.executable, "-m", program, *words]


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("curl") is None, reason="the page's commands are curl's")
def test_the_commands_of_the_page_work_as_they_are_written(tmp_path: Path) -> None:
    train, tokens, serve = re.findall(r"^\$ (posrefund .*)$", PAGE, re.MULTILINE)
    listens = re.findall("^door of 1 terminal on .*$", PAGE, re.MULTILINE)
    (_, exports), *blocks = BLOCKS
    answers: list[str] = []

    with Windows(tmp_path) as windows:
        windows.leave_open(train, "Ctrl-C ends it")
        windows.take_another_port("posrefund-training/posrefund.toml")
        secret, _, _ = windows.type_in(tokens).partition("\n")
        windows.leave_open(serve, listens[0])
        exports = exports.replace("prt_…", secret)
        for kind, block in blocks:
            if kind == "sh":
                answers.append(windows.type_in(exports + block))
            else:
                assert shown_in(json.loads(block), json.loads(answers[-1])), answers[-1]

    assert len(answers) == 8
    assert "顾客存根" in answers[-2] or "持卡人存根" in answers[-2]
    assert answers[-1].count("event: attempt") == 12
    books = json.loads((tmp_path / "posrefund-training/host-ledger.json").read_text("utf-8"))
    refunds = [each["amount_minor"] for each in books["entries"] if each["kind"] == "refund"]
    assert refunds == [1_000]


def test_every_status_and_code_of_the_door_is_on_the_page() -> None:
    rows = dict(re.findall(r"^\| ([0-9]{3}) \| (.*)$", PAGE, re.MULTILINE))

    for code, (status, _, _) in CODES.items():
        assert f"`{code}`" in rows[str(status)], code
    assert {*rows} == {str(status) for status, _, _ in CODES.values()} | {"200", "202"}


def test_the_table_of_what_the_host_wants_is_the_programs() -> None:
    said = set(re.findall(r"`[A-Z]+ …(/[^`]*)`", PAGE.partition("## Ask the host")[2]))
    shown = {re.sub("/(ID|NAME)(?=/)", "/{}", path) for path in said}
    known = {
        re.sub(r"{\w+}", "{}", each.path.removeprefix("/v1/terminals/{terminal}"))
        for each in (*ERRANDS, *MONEY)
        if each in ERRANDS or each.path.endswith("/inquire")
    }

    assert known <= shown


def test_the_table_of_roles_is_the_programs() -> None:
    head = re.search(r"^\| \| sell (.*)\|$", PAGE, re.MULTILINE)
    assert head is not None
    assert ["sell", *head[1].strip("| ").split(" | ")] == list(RIGHTS)
    for role, rights in ROLES.items():
        row = re.search(rf"^\| {role} \|(.*)\|$", PAGE, re.MULTILINE)
        assert row is not None
        marks = [cell.strip() == "✓" for cell in row[1].split("|")]
        assert marks == [right in rights for right in RIGHTS]
