"""A disk that remembers in which order it was written to and synced: an APSW VFS over real files.

Everything goes through to the file below, so SQLite runs as it always does. What counts is the log: from it
``power.images`` makes the files that a power failure could have left. A sync makes everything that was written
to *its* file before it last; a directory entry lasts once SQLite syncs the directory.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import apsw

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = [
    "Committed",
    "Committing",
    "DirectorySync",
    "Disk",
    "Entry",
    "Link",
    "Sync",
    "SyncFailed",
    "Truncate",
    "Unlink",
    "Write",
]


@dataclass(frozen=True, slots=True)
class Write:
    """Bytes put at a place of a file."""

    file: int
    offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Truncate:
    """A file cut, or made longer, to a size."""

    file: int
    size: int


@dataclass(frozen=True, slots=True)
class Sync:
    """Everything that went to the file before lasts."""

    file: int


@dataclass(frozen=True, slots=True)
class SyncFailed:
    """Nothing that was not synced to the file yet ever will be, though reading shows it still.

    So do Linux' file systems: the pages are marked clean, and the next sync succeeds (Rebello et al., "Can
    Applications Recover from fsync Failures?", USENIX ATC 2020).
    """

    file: int


@dataclass(frozen=True, slots=True)
class Link:
    """A new file, with nothing in it, got its name."""

    name: str
    file: int


@dataclass(frozen=True, slots=True)
class Unlink:
    """A name is gone."""

    name: str


@dataclass(frozen=True, slots=True)
class DirectorySync:
    """Every name given and taken before lasts."""


@dataclass(frozen=True, slots=True)
class Committing:
    """The journal asks for a commit; from here on it may be there."""


@dataclass(frozen=True, slots=True)
class Committed:
    """The commit has returned: from here on it must be there."""

    count: int


Entry = (
    Write | Truncate | Sync | SyncFailed | Link | Unlink | DirectorySync | Committing | Committed
)


class Disk:
    """The log, and the VFS that writes it; a context manager that registers the VFS.

    Args:
        name: Of the VFS.
        holds: Names of what is on it and lasts; their numbers are 1, 2, 3…

    Attributes:
        log: What happened, in order.
        calls: How many calls could have failed so far: writes, cuts, syncs, files opened and removed.
        fails_at: Which of them fails; 0 for none.
        is_full: Whether a write fails for want of room; else with an I/O error.
        has_failed: Whether it did.
        is_looked_at: Whether it is the test that reads: then nothing counts or fails.
    """

    def __init__(self, name: str, holds: Iterable[str] = ()) -> None:
        self.name = name
        self.log: list[Entry] = []
        self.files = {held: number for number, held in enumerate(holds, start=1)}
        self.calls = self.fails_at = 0
        self.is_full = self.has_failed = self.is_looked_at = False
        self._count = len(self.files)

    def __enter__(self) -> Disk:
        self._vfs = _VFS(self)
        return self

    def __exit__(self, *_: object) -> None:
        self._vfs.unregister()

    def file(self, name: str) -> int:
        """Return the number of the file of that name, a new one if it has none."""
        if name not in self.files:
            self._count += 1
            self.files[name] = self._count
            self.log.append(Link(name, self._count))
        return self.files[name]

    def step(self, code: int) -> None:
        """Count a call that may fail.

        Raises:
            apsw.Error: Of that result code, where it was this one's turn.
        """
        if not self.is_looked_at:
            self.calls += 1
            if self.calls == self.fails_at:
                self.has_failed = True
                raise apsw.exception_for(code)

    @contextmanager
    def looked_at(self) -> Iterator[None]:
        """Count nothing and fail at nothing: it is the test that reads."""
        self.is_looked_at = True
        try:
            yield
        finally:
            self.is_looked_at = False


class _VFS(apsw.VFS):
    def __init__(self, disk: Disk) -> None:
        super().__init__(disk.name, "")
        self._disk = disk

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:
        if name is None:  # a temporary file: nobody looks for it after a power failure
            return apsw.VFSFile("", name, flags)
        self._disk.step(apsw.SQLITE_CANTOPEN)
        path = Path(name if isinstance(name, str) else name.filename())
        return _File(self._disk, self._disk.file(path.name), name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:
        self._disk.step(apsw.SQLITE_IOERR_DELETE)
        super().xDelete(filename, syncdir)
        name = Path(filename).name
        if self._disk.files.pop(name, None):
            self._disk.log.append(Unlink(name))
        if syncdir:
            self._disk.log.append(DirectorySync())


_LOGS = apsw.SQLITE_OPEN_WAL | apsw.SQLITE_OPEN_MAIN_JOURNAL | apsw.SQLITE_OPEN_SUPER_JOURNAL


class _File(apsw.VFSFile):
    def __init__(
        self, disk: Disk, number: int, name: str | apsw.URIFilename, flags: list[int]
    ) -> None:
        super().__init__("", name, flags)
        self._disk, self._number = disk, number
        # As os_unix.c has it: the first sync of a log that it may have made syncs the directory, too.
        self._owes_directory = bool(flags[0] & _LOGS and flags[0] & apsw.SQLITE_OPEN_CREATE)

    def xWrite(self, data: bytes, offset: int) -> None:
        try:
            self._disk.step(apsw.SQLITE_FULL if self._disk.is_full else apsw.SQLITE_IOERR_WRITE)
        except apsw.Error:
            self._write(data[: len(data) // 2], offset)  # what failed may have begun
            raise
        self._write(data, offset)

    def xTruncate(self, newsize: int) -> None:
        self._disk.step(apsw.SQLITE_IOERR_TRUNCATE)
        super().xTruncate(newsize)
        self._disk.log.append(Truncate(self._number, newsize))

    def xSync(self, flags: int) -> None:
        try:
            self._disk.step(apsw.SQLITE_IOERR_FSYNC)
        except apsw.Error:
            self._disk.log.append(SyncFailed(self._number))
            raise
        super().xSync(flags)
        self._disk.log.append(Sync(self._number))
        if self._owes_directory:
            self._disk.log.append(DirectorySync())
            self._owes_directory = False

    def _write(self, data: bytes, offset: int) -> None:
        super().xWrite(data, offset)
        self._disk.log.append(Write(self._number, offset, bytes(data)))
