"""The documents say what the program does: generated parts, commands, code and links are all tried."""

from __future__ import annotations

import html
import importlib.util
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from posrefund.crypto import Key, Purpose
from posrefund.dialects import dialect
from posrefund.emulators.host import (
    EmulatedHost,
    HostProfile,
    HostServer,
    HostTime,
    TerminalRecord,
)
from posrefund.engine.table import TABLE, State
from posrefund.errors import PosRefundError
from posrefund.keystore import FileKeyStore
from posrefund.testing.simulator.planted import PLANTED
from posrefund.values.card import passes_luhn

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
FRONT = [ROOT / name for name in ("README.md", "README.zh-CN.md", "CONTRIBUTING.md", "SECURITY.md")]
PAGES = [*FRONT, *sorted(path for path in DOCS.rglob("*.md") if "_build" not in path.parts)]
DECISIONS = sorted((DOCS / "decisions").glob("0*.md"))
ZONE = timezone(timedelta(hours=8))
TEST_PANS = {"6200000000000005", "6200000000000047", "6205500000000000004"}
PYTHON_BLOCK = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)
SHELL_BLOCK = re.compile(
    r"^<!-- run: (\w+)(?:, exit (\d+))? -->\n(?:```sh\n(.*?)^```$)?", re.DOTALL | re.MULTILINE
)


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"docs_{name}", DOCS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# --- what is made from the code --------------------------------------------------------------


def test_generated_pages_are_current() -> None:
    stale = _script("generate").stale_pages()

    assert [_name(path) for path in stale] == [], "run: python docs/generate.py"


def test_the_state_diagram_shows_exactly_the_steps_of_the_table() -> None:
    svg = (DOCS / "reference" / "states.svg").read_text(encoding="utf-8")
    titles = {html.unescape(title) for title in re.findall("<title>(.*?)</title>", svg)}

    arrows = {f"{before}->{after}" for (before, _), after in TABLE.items()}
    assert {"states", *map(str, State), *arrows} == titles, "run: python docs/generate.py"


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_pictures_show_what_the_program_shows(lang: str) -> None:
    pictures = _script("make_pictures")

    def words(svg: str) -> str:
        texts = re.findall(r"<text[^>]*>(.*?)</text>", svg)
        return "".join(html.unescape(text) for text in texts)

    kept = pictures.PICTURES[lang].read_text(encoding="utf-8")
    assert words(pictures.picture(lang)) == words(kept), "run: python docs/make_pictures.py"
    assert "http" not in kept.replace("http://www.w3.org", "").replace("https://www.textual", "")


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_slips_in_the_pages_say_what_slips_say(lang: str) -> None:
    image = pytest.importorskip("PIL.Image", reason="pip install 'posrefund[print]'")
    slips = _script("make_slips")

    with image.open(slips.PICTURES[lang]) as kept:
        said = kept.text[slips.TEXT]
    assert said == slips.as_text(slips.content(lang)), "run: python docs/make_slips.py"


def test_the_error_tree_is_drawn_as_it_is() -> None:
    drawn = re.findall(r"([│├└─ ]*)(\w+Error)\n", _script("generate").error_tree())
    parents: dict[int, str] = {}
    for branch, name in drawn:
        depth = len(branch) // 4
        parents[depth] = name
        kind = getattr(sys.modules["posrefund.errors"], name)
        assert issubclass(kind, PosRefundError)
        if depth:
            assert parents[depth - 1] in [base.__name__ for base in kind.__bases__]


def test_the_list_of_what_the_journal_keeps_is_the_programs() -> None:
    text = (DOCS / "concepts" / "trust.md").read_text(encoding="utf-8")
    listed = re.search(
        r"allow-list\]\([^)]*\): ([0-9 ]+), and the first three characters of 63", text
    )

    assert listed is not None
    kept = dialect("unionpay").kept.split()
    assert kept[:-1] == listed[1].split()
    assert kept[-1] == "63:3"


@pytest.mark.parametrize("page", ["README.md", "README.zh-CN.md"])
def test_every_command_is_in_the_readme(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")

    assert [
        name for name in _script("generate").commands() if f"`posrefund {name}`" not in text
    ] == []


def test_every_planted_bug_is_on_its_page_and_their_number_is_told_right() -> None:
    page = (ROOT / "docs/concepts/simulator.md").read_text(encoding="utf-8")

    assert [name for name in PLANTED if f"`{name}`" not in page] == []
    told = {
        "README.md": "{} planted bugs",
        "README.zh-CN.md": "{} 种错误",
        "CHANGELOG.md": "{} planted bugs",
        "docs/concepts/simulator.md": "All {} are",
    }
    for name, words in told.items():
        assert words.format(len(PLANTED)) in (ROOT / name).read_text(encoding="utf-8")


# --- what can be run -------------------------------------------------------------------------


@pytest.fixture
def counter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A folder with a terminal's files as the working directory, and a host; the host's port."""
    tmk = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
    (tmp_path / "passphrase").write_text("only for tests\n")
    FileKeyStore.create(tmp_path / "keys.json", b"only for tests", tmk=tmk, test_keys=True)
    monkeypatch.chdir(tmp_path)
    record = TerminalRecord("12345678", "123456789012345", Key(tmk, Purpose.KEK))
    clock = HostTime(datetime.now(UTC).astimezone(ZONE), runs=True)
    with HostServer(EmulatedHost(HostProfile(), [record], clock=clock)) as server:
        yield server.port


WITH_CODE = [path for path in PAGES if PYTHON_BLOCK.search(path.read_text(encoding="utf-8"))]


@pytest.mark.parametrize("page", WITH_CODE, ids=_name)
def test_the_python_of_a_page_runs(
    page: Path, counter: int, capsys: pytest.CaptureFixture[str]
) -> None:
    names: dict[str, object] = {"__name__": "page"}
    for block in PYTHON_BLOCK.findall(page.read_text(encoding="utf-8")):
        code = re.sub("(?<!iso)8583", str(counter), block)  # the port, not the library
        exec(compile(code, _name(page), "exec"), names)

    printed = capsys.readouterr().out
    assert {"README.md": "accepted", "README.zh-CN.md": "已受理"}.get(page.name, "") in printed


def test_both_readmes_show_the_same_program() -> None:
    english, chinese = (
        re.sub(" *#.*", "", PYTHON_BLOCK.findall(page.read_text(encoding="utf-8"))[0])
        for page in FRONT[:2]
    )

    assert english == chinese.replace("_zh", "_en")


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="the tutorial's commands are written for sh")
def test_the_tutorial_works_as_it_is_written(tmp_path: Path) -> None:
    now = datetime.now(ZONE)
    if (now + timedelta(minutes=2)).hour == 23 != now.hour:
        pytest.skip("the emulated host's day turns within the next two minutes")
    text = (DOCS / "tutorial.md").read_text(encoding="utf-8")
    port = _free_port()
    with _Shells(tmp_path, port, days=4 if now.hour == 23 else 3, answers=_answers(text)) as shells:
        blocks = SHELL_BLOCK.findall(text)
        for kind, status, block in blocks:
            shells.run(kind, block, int(status or 0))

    assert len(blocks) == 12
    for said in (
        "check value is 08D7B4",
        "refused (not_before)",
        "REFUND",
        "refused (over_remaining)",
        "not sent (unreachable)",
        "MATCH                REFUND-1/1",
        "settled",
        "rows, all in order",
    ):
        assert said in shells.output


def _answers(tutorial: str) -> str:
    table = tutorial.partition("| question | answer |")[2].partition("\n\n")[0]
    return "\n".join(re.findall(r"\| `(.+?)` \|", table)) + "\n"


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


class _Shells:
    """The two shells of the tutorial: one waits on the host, one types commands."""

    def __init__(self, folder: Path, port: int, *, days: int, answers: str) -> None:
        self.output = ""
        self._folders = {"host": folder, "shell": folder}
        self._shop = folder / "shop"
        self._port = port
        self._days = days
        self._answers = self._mine(answers)
        self._host: subprocess.Popen[str] | None = None
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        assert shutil.which("posrefund", path=path), "the package is not installed"
        self._env = {**os.environ, "PATH": path, "COLUMNS": "200", "PYTHONUTF8": "1"}

    def run(self, kind: str, block: str, status: int) -> None:
        if kind in ("host", "stop"):
            self._stop()
        if kind == "host":
            self._serve(self._mine(block))
        elif kind == "shell":
            self._type(self._mine(block), status)

    def _mine(self, text: str) -> str:
        if "settlement_file" in text:
            text = text.replace("days=3", f"days={self._days}")
        return text.replace("8583", str(self._port))

    def _serve(self, block: str) -> None:
        self._host = self._popen("host", block)
        self._folders["host"] = self._shop
        for _ in range(200):
            if _listens(self._port):
                return
            time.sleep(0.05)
        raise AssertionError("the host did not start")

    def _type(self, block: str, status: int) -> None:
        shell = self._popen("shell", f"{block}\npwd > {self._folders['shell'] / 'where'}")
        out, err = shell.communicate(self._answers, timeout=60)
        self.output += out + err
        assert shell.returncode == status, f"{block}{out}{err}"
        if status == 0:
            where = self._folders["shell"] / "where"
            self._folders["shell"] = Path(where.read_text(encoding="utf-8").strip())

    def _popen(self, which: str, block: str) -> subprocess.Popen[str]:
        # A session of its own has no terminal: the TMK is then read from standard input.
        return subprocess.Popen(
            ["sh", "-e", "-c", block],
            cwd=self._folders[which],
            env=self._env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            start_new_session=True,
        )

    def _stop(self) -> None:
        if self._host is not None:
            os.killpg(self._host.pid, signal.SIGTERM)
            self._host.communicate(timeout=10)
            self._host = None

    def __enter__(self) -> _Shells:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


# --- what is referred to ---------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_link_to_a_file_finds_it(page: Path) -> None:
    text = re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    targets = [target.partition("#")[0] for target in re.findall(r"\]\(([^)\s]+)\)", text)]
    local = [target for target in targets if target and "://" not in target and "@" not in target]

    assert [target for target in local if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_test_that_a_page_names_is_there(page: Path) -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", page.read_text(encoding="utf-8"))

    assert [
        f"{path}::{test}"
        for path, test in named
        if not (ROOT / path).exists()
        or (test and f"def {test}(" not in (ROOT / path).read_text(encoding="utf-8"))
    ] == []


def test_every_decision_that_the_code_names_is_written_down() -> None:
    numbers = {path.name[:4] for path in DECISIONS}
    named = {
        (number, path.name)
        for path in (ROOT / "src").rglob("*.py")
        for number in re.findall(r"[Dd]ecisions? (0\d{3})", path.read_text(encoding="utf-8"))
    }

    assert set() == {found for found in named if found[0] not in numbers}


@pytest.mark.parametrize("note", DECISIONS, ids=_name)
def test_a_decision_note_has_its_parts_and_fits_a_page(note: Path) -> None:
    text = note.read_text(encoding="utf-8")

    assert text.startswith(f"# {note.name[:4]} ")
    assert re.search(r"^- \*\*Status:\*\* (accepted|superseded by \d{4})$", text, re.MULTILINE)
    assert re.search(r"^- \*\*Date:\*\* \d{4}-\d{2}-\d{2}$", text, re.MULTILINE)
    headings = re.findall("^## (.+)$", text, re.MULTILINE)
    assert headings == ["Context", "Decision", "Consequences", "What would change our mind"]
    assert len(text.splitlines()) <= 60


def test_only_test_cards_stand_in_documents_and_examples() -> None:
    paths = [*PAGES, *DOCS.glob("*.py"), *(ROOT / "examples").glob("*.py")]
    found = {
        run
        for path in paths
        for run in re.findall(
            r"(?<![0-9A-Fa-f])[0-9]{13,19}(?![0-9A-Fa-f])", path.read_text("utf-8")
        )
        if passes_luhn(run)
    }

    assert found <= TEST_PANS
