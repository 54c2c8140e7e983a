"""One writer per journal: an operating-system lock held as long as the journal is open. Floor 5.

The lock dies with its process, so a crash never leaves it behind.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from posrefund.errors import JournalError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["WriterLock"]


class WriterLock:
    """Holds ``<journal>.lock``.

    Raises:
        JournalError: Another process holds it, or the file cannot be made.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._file: int | None = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            message = f"the journal cannot be locked: {error.strerror}"
            raise JournalError(message) from None
        try:
            _lock(self._file)
        except OSError:
            self.release()
            message = "another process has this journal open"
            raise JournalError(message) from None

    def release(self) -> None:
        """Let go; closing the file does it on every system. A second time it does nothing."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


if sys.platform == "win32":  # pragma: no cover — the other branch on every other system
    import msvcrt

    def _lock(file: int) -> None:
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
