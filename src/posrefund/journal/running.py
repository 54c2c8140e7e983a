"""Whether somebody is writing: a mark that the first row of a run sets, and a clean end takes away. Floor 5.

A run that was killed leaves it, and the next one knows. It stands beside the chain and is set in the commit of the
first row, so that it costs no sync of its own; a run that writes nothing leaves no mark. Decision 0053.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from posrefund.errors import JournalError
from posrefund.journal.backend import Backend

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["MARKS", "Running"]

_RUNNING, _UNCLEAN = MARKS = ("running", "unclean")
"""What stands among the facts of a terminal and is none."""


class Running(Backend):
    """A journal that knows whether its last run was closed."""

    _has_mark = False

    @property
    def unclean_since(self) -> str:
        """When a run wrote its first row that was never closed (ISO 8601); empty if each was.

        It stays until ``forget_unclean``, over any number of clean runs.
        """
        facts = self._facts()
        of_before = "" if self._has_mark else facts.get(_RUNNING, "")
        return facts.get(_UNCLEAN, "") or of_before

    def _mark(self, at: datetime) -> None:
        """Say that this run writes; within the transaction of its first row."""
        found = {_RUNNING: at.isoformat()}
        if self.unclean_since:
            found[_UNCLEAN] = self.unclean_since
        self._set_meta(**found)
        self._has_mark = True

    def _take_mark_away(self) -> None:
        """Say that this run has ended; where that cannot be written, the next run says that it was not closed."""
        if not self._has_mark:
            return
        self._has_mark = False
        with suppress(JournalError), self._transaction():
            self._set_meta(running="")
