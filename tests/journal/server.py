"""A PostgreSQL server of the tests' own: made in a temporary folder, on a socket there, gone at the end.

``POSREFUND_POSTGRES`` may name another one (a DSN whose user may make schemas and databases). ``own`` demands our own:
without a server's programs the tests then fail instead of being skipped.
"""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from functools import cache
from pathlib import Path

import pytest

__all__ = ["Server", "dsn_of_tests", "own_server"]

_PORT = "5432"


class Server:
    """A cluster that can be started, stopped and killed."""

    def __init__(self, programs: Path) -> None:
        self.programs = programs
        self._user = "postgres" if os.geteuid() == 0 else None
        self._folder = Path(tempfile.mkdtemp(prefix="pr-", dir=_memory()))
        self._data = self._folder / "data"
        if self._user:
            shutil.chown(self._folder, self._user)
        self._call("initdb", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C", "-N")
        self.start()

    @property
    def dsn(self) -> str:
        return f"host={self._folder} port={_PORT} user=postgres dbname=postgres"

    def start(self) -> None:
        options = f"-c listen_addresses= -k {self._folder} -p {_PORT} -c shared_buffers=16MB"
        self._call("pg_ctl", "-w", "-l", str(self._folder / "log"), "-o", options, "start")

    def stop(self, mode: str) -> None:
        """Stop it: ``immediate`` writes nothing more, as if the power had gone."""
        self._call("pg_ctl", "-w", "-m", mode, "stop")

    def kill(self) -> None:
        """SIGKILL the postmaster; its children notice and leave."""
        pid = int((self._data / "postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGKILL)
        while self._is_there(pid):
            time.sleep(0.01)

    def restart(self) -> None:
        """Start it after a crash: the memory of the dead may still be there for a moment."""
        for _ in range(100):
            try:
                self.start()
            except subprocess.CalledProcessError:
                time.sleep(0.1)
            else:
                return
        raise AssertionError("the server does not come back")

    def remove(self) -> None:
        with suppress(subprocess.CalledProcessError):
            self.stop("immediate")
        shutil.rmtree(self._folder, ignore_errors=True)

    def _call(self, program: str, *words: str) -> None:
        subprocess.run(
            [self.programs / program, "-D", self._data, *words],
            check=True,
            user=self._user,
            cwd=self._folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "LC_ALL": "C"},
        )

    @staticmethod
    def _is_there(pid: int) -> bool:
        try:
            return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
        except OSError:
            return False


def _memory() -> Path | None:
    """A folder in memory, if there is room: what is killed is processes, so nothing gets lost there."""
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > 2**30
    return memory if roomy and os.access(memory, os.W_OK) else None


def _programs() -> Path | None:
    """Where the newest server's programs are."""
    found = [Path(path).parent for path in [shutil.which("postgres")] if path]
    found += [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/postgres")]
    return max(found, key=lambda path: path.parent.name, default=None)


def _unavailable(reason: str) -> None:
    if os.environ.get("POSREFUND_POSTGRES") == "own":
        pytest.fail(f"PostgreSQL was asked for, but {reason}")
    pytest.skip(f"no PostgreSQL: {reason}")


@cache
def _started(programs: Path) -> Server:
    server = Server(programs)
    atexit.register(server.remove)
    return server


def own_server() -> Server:
    """Return the tests' own server, or skip."""
    try:
        import psycopg  # noqa: F401
    except ImportError:
        _unavailable("psycopg is not installed")
    programs = _programs()
    if programs is None or os.name == "nt":
        _unavailable("no server's programs under /usr/lib/postgresql or on the path")
    assert programs is not None
    return _started(programs)


def dsn_of_tests() -> str:
    """Return the address of a server to use, or skip."""
    named = os.environ.get("POSREFUND_POSTGRES", "own")
    return own_server().dsn if named == "own" else named
