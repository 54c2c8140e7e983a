"""The embedded journal: SQLite, write-ahead log, every commit synced. Floor 5."""

from __future__ import annotations

from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from posrefund.closed import closed_class
from posrefund.errors import JournalCorruptError, JournalError
from posrefund.journal.backup import back_up
from posrefund.journal.journal import Journal
from posrefund.journal.memory import Memory
from posrefund.journal.schema import VERSIONS
from posrefund.journal.store import Store

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from os import PathLike

    from posrefund.engine import Original
    from posrefund.values import TerminalID

__all__ = ["SQLiteJournal"]


@closed_class
class SQLiteJournal(Store, Journal):
    """The journal of one terminal, in one file.

    Args:
        path: The database file; made when it is not there.
        key: 32 bytes from the key store; chain, fingerprints and sealed numbers hang on it.
        terminal: Whose journal this is; opening another terminal's is refused.
        training: Whether people practise in it; one made so is opened so for ever, and no other is.

    Raises:
        JournalError: In use by another process, another terminal's, for training or not, or of a version to come.
        JournalCorruptError: No journal, or made with another key.
    """

    def __init__(
        self,
        path: str | PathLike[str],
        *,
        key: bytes,
        terminal: TerminalID,
        training: bool = False,
    ) -> None:
        Journal.__init__(self, key=key, terminal=terminal)
        self.is_training = training
        kind = {"kind": "training"} if training else {}
        Store.__init__(self, path, VERSIONS, {"terminal": terminal, **kind})
        try:
            self._check_owner()
            self._check_key()
            self._keep_key_check()
            self._migrate()
            self._memory = Memory()  # the version is another now
        except BaseException:
            self.close()
            raise

    @property
    def folder(self) -> Path:
        """The folder of the file."""
        return self._path.parent

    def close(self) -> None:
        """Close the file and let other processes have it; a second time it does nothing."""
        try:
            self._take_mark_away()
        finally:
            self._memory = Memory()
            super().close()

    def backup(self, path: str | PathLike[str]) -> int:
        """Copy the journal as it is now into a new file, verify the copy, and return its rows.

        Raises:
            JournalError: Something is there already, or it cannot be written: nothing is left of it.
            JournalCorruptError: This journal is not in order.
        """
        self.terminal_facts()  # a closed journal says so
        opened = partial(
            SQLiteJournal,
            key=self._keys.current,
            terminal=self._terminal,
            training=self.is_training,
        )
        return back_up(self._path, Path(path), opened)

    def verify(self) -> int:
        """Check what every journal checks, then that each index says the same as its table.

        An index that a disk has damaged would hide an open attempt, and no chain tells.

        Raises:
            JournalCorruptError: Names the first row, attempt or original that is not in order, or says
                that it is the file.
        """
        rows = super().verify()
        if self._rows("PRAGMA integrity_check(1)") != [("ok",)]:
            raise JournalCorruptError("the file is damaged: tables and indexes differ")
        return rows

    def _kept_ours(self) -> AbstractContextManager[None]:
        return nullcontext()  # the file is locked as long as it is open

    def _learned(self) -> list[Original]:
        return self.all_originals()

    def _check_owner(self) -> None:
        found = self._facts().get("terminal")
        if found != self._terminal:
            raise JournalError(f"this is the journal of terminal {found}")
