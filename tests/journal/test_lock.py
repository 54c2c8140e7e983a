"""Who holds a journal: the lock decides, and the file names him only where what stands there can be true."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posrefund.errors import JournalError
from posrefund.journal import lock
from posrefund.journal.lock import WriterLock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PLAIN = "another process has this journal open"
_HOLD = (
    "import pathlib, sys\n"
    "from posrefund.journal.lock import WriterLock\n"
    "held = WriterLock(pathlib.Path(sys.argv.pop()))\n"
    "print('held', flush=True)\n"
    "sys.stdin.read()\n"
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "journal.db.lock"


@contextmanager
def holder(file: Path, *words: str) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds it, by the program *words*."""
    with subprocess.Popen(
        [sys.executable, *(words or ("-c", _HOLD)), str(file)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.stdin.close()


def refused(file: Path) -> str:
    with pytest.raises(JournalError) as caught:
        WriterLock(file)
    return str(caught.value)


def test_refusal_names_the_process_its_program_and_since_when(file: Path) -> None:
    with holder(file) as process:
        written = datetime.fromtimestamp(file.stat().st_mtime, UTC)
        said = refused(file)

    assert said == f"{PLAIN}: python, process {process.pid}, since {written:%Y-%m-%d %H:%M} UTC"
    WriterLock(file).release()
    assert file.read_bytes() == b""


def test_program_of_ours_is_named_with_what_it_does_and_without_its_other_words(
    tmp_path: Path, file: Path
) -> None:
    program = tmp_path / "posrefund"
    program.write_text(_HOLD, encoding="utf-8")
    with holder(file, str(program), "serve", "hunter2"):
        said = refused(file)

    assert said.startswith(f"{PLAIN}: posrefund serve, process ")
    assert "hunter2" not in said
    assert str(tmp_path) not in said


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (["/usr/bin/posrefund", "serve", "--config", "secret"], "posrefund serve"),
        (["/a/posrefund/__main__.py", "follow-up"], "posrefund follow-up"),
        (["posrefund", "--version"], "posrefund"),
        (["/opt/till/till.py", "hunter2"], "till.py"),
        (["-c"], "python"),
        ([""], "python"),
        ([], "python"),
        (["/bin/收银"], "python"),
        (["x" * 41], "python"),
    ],
)
def test_only_the_name_of_a_program_is_kept(
    file: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], name: str
) -> None:
    monkeypatch.setattr(sys, "argv", words)
    held = WriterLock(file)

    assert file.read_bytes() == f"\n{os.getpid()} {name}\n".encode()
    held.release()


def test_what_a_crash_left_is_written_over_and_keeps_nobody_out(file: Path) -> None:
    with holder(file) as process:
        process.kill()
        process.wait()
    assert file.read_bytes() == f"\n{process.pid} python\n".encode()

    held = WriterLock(file)
    assert file.read_bytes().startswith(f"\n{os.getpid()} ".encode())
    held.release()


def test_process_that_is_not_there_is_not_named(file: Path) -> None:
    with holder(file) as gone:
        pass
    held = WriterLock(file)
    file.write_bytes(f"\n{gone.pid} python\n".encode())

    assert refused(file) == PLAIN
    held.release()


def test_longer_hint_that_a_crash_left_leaves_no_tail(file: Path) -> None:
    file.write_bytes(b"\n" + b"9" * 500)
    held = WriterLock(file)

    assert re.fullmatch(rb"\n[0-9]+ [A-Za-z0-9._ -]+\n", file.read_bytes())
    held.release()


@given(
    content=st.binary(max_size=80)
    | st.builds(
        lambda number, name: f"\n{number} {name}\n".encode(),
        st.integers(min_value=2**31, max_value=10**30),
        st.text(max_size=50),
    )
)
def test_garbage_gives_the_plain_message(
    content: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.mktemp("lock") / "journal.db.lock"
    held = WriterLock(file)
    file.write_bytes(content)

    assert refused(file) == PLAIN
    held.release()


@pytest.mark.parametrize(
    "content",
    [
        b"\n%d python\n4111",
        b"\n%d \x1b[31mred\n",
        b"\n%d /opt/till/secret\n",
        b"\n-%d python\n",
        b"\n0%d python\n",
    ],
)
def test_hint_that_is_nearly_one_is_garbage_even_of_a_process_that_lives(
    file: Path, content: bytes
) -> None:
    held = WriterLock(file)
    file.write_bytes(content % os.getpid())

    assert refused(file) == PLAIN
    held.release()


@pytest.mark.parametrize("seconds", [1e18, -1e18])
def test_moment_that_is_none_gives_the_plain_message(
    file: Path, monkeypatch: pytest.MonkeyPatch, seconds: float
) -> None:
    held = WriterLock(file)

    class Stat:
        st_mtime = seconds

    with monkeypatch.context() as patched:
        patched.setattr(os, "fstat", lambda _: Stat)
        said = refused(file)
    assert said == PLAIN
    held.release()


def test_disk_that_takes_no_hint_takes_no_lock_away(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    held = WriterLock(file)

    assert refused(file) == PLAIN
    held.release()
    WriterLock(file).release()


@pytest.mark.skipif(sys.platform == "win32", reason="nobody asks after processes there")
def test_process_of_another_user_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    def not_ours(*_: int) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "kill", not_ours)
    assert lock._may_live(1)


@pytest.mark.parametrize("words", [["till-\udce9.py"], ["收银"], []])
def test_program_of_any_name_gets_the_lock(
    file: Path, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    monkeypatch.setattr(sys, "argv", words)
    held = WriterLock(file)
    assert file.read_bytes() == f"\n{os.getpid()} python\n".encode()
    held.release()
    monkeypatch.delattr(sys, "argv")  # as in an embedded Python
    WriterLock(file).release()
