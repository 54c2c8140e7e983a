"""One writer per journal: an operating-system lock held as long as the journal is open. Floor 5.

The lock dies with its process, so a crash never leaves it behind. The file says who holds it, for people: what stands
there is a hint and decides nothing.
"""

from __future__ import annotations

import os
import re
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from posrefund.errors import JournalError

__all__ = ["WriterLock"]

_BINARY: int = getattr(os, "O_BINARY", 0)
_HINT = re.compile(rb"\n([1-9][0-9]{0,9}) ([A-Za-z0-9][A-Za-z0-9._ -]{0,39})\n")
"""A process and its program. The first byte is the one that Windows locks: nobody else can read it."""
_HINT_BYTES_MAX = 64


class WriterLock:
    """Holds ``<journal>.lock``.

    Raises:
        JournalError: Another process holds it, or the file cannot be made. It names that process where the file does.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._file: int | None = os.open(path, os.O_RDWR | os.O_CREAT | _BINARY, 0o600)
        except OSError as error:
            message = f"the journal cannot be locked: {error.strerror}"
            raise JournalError(message) from None
        try:
            _lock(self._file)
        except OSError:
            holder = _holder(self._file)
            self._close()
            message = f"another process has this journal open{holder and f': {holder}'}"
            raise JournalError(message) from None
        with suppress(OSError):  # a full disk: the lock is ours all the same
            _write(self._file, f"\n{os.getpid()} {_program()}\n".encode("ascii"))

    def release(self) -> None:
        """Let go; closing the file does it on every system. A second time it does nothing."""
        if self._file is not None:
            with suppress(OSError):
                os.ftruncate(self._file, 0)
            self._close()

    def _close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


def _write(file: int, hint: bytes) -> None:
    os.ftruncate(file, 0)  # what a crash left
    os.write(file, hint)


def _holder(file: int) -> str:
    """Who holds it, as the file says, since when it does; empty where it says nothing that can be true."""
    try:
        os.lseek(file, 1, os.SEEK_SET)
        hint = _HINT.fullmatch(b"\n" + os.read(file, _HINT_BYTES_MAX))
        since = datetime.fromtimestamp(os.fstat(file).st_mtime, UTC)
    except (OSError, OverflowError, ValueError):
        return ""
    if hint is None or not _may_live(int(hint[1])):
        return ""
    return f"{hint[2].decode()}, process {int(hint[1])}, since {since:%Y-%m-%d %H:%M} UTC"


def _program() -> str:
    """The name of this program, without its folder; of posrefund's own, what it does. Other words may be secrets."""
    words = [*getattr(sys, "argv", ()), "", ""]  # an embedded Python has none
    path = Path(words[0])
    name = path.parent.name if path.name == "__main__.py" else path.name
    if name == "posrefund" and re.fullmatch("[a-z][a-z-]{0,19}", words[1]):
        name = f"{name} {words[1]}"
    return name if _HINT.fullmatch(f"\n1 {name}\n".encode(errors="replace")) else "python"


if sys.platform == "win32":  # pragma: no cover — the other branch on every other system
    import msvcrt

    def _lock(file: int) -> None:
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)

    def _may_live(_: int) -> bool:
        return True  # to ask after a process is to end it there

else:
    import fcntl

    def _lock(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _may_live(process: int) -> bool:
        try:
            os.kill(process, 0)  # sends nothing
        except PermissionError:
            return True
        except (OSError, OverflowError):
            return False
        return True
