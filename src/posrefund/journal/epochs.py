"""A journal that lost rows goes on in a new epoch: another name, another key for its chain. Floor 5.

Two copies of one journal that both run on part here: no row of the one fits the other, and whoever kept a
place in the one does not find it in the other.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from posrefund.closed import closed_class
from posrefund.errors import JournalCorruptError
from posrefund.journal.rotation import Rotation
from posrefund.journal.rows import FIRST_LINK

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from posrefund.journal.rows import Row

__all__ = ["Epochs", "new_journal_id"]

_BEGUN, _ACCEPTED = "epoch", "journal_accepted"


def new_journal_id() -> str:
    """Return a name that no other journal has."""
    return secrets.token_hex(16)


@closed_class
class Epochs(Rotation):
    """Which journal this is, how far it is, and what it lost."""

    @property
    def journal_id(self) -> str:
        """Name of this journal and epoch."""
        return self._facts()["journal_id"]

    def head(self) -> tuple[int, bytes]:
        """Return the number of the last row and its link; 0 and zeros before the first."""
        if self._head is not None:
            return self._head
        last = self._links("ORDER BY seq DESC LIMIT 1")
        return (last[0].seq, last[0].link) if last else (0, FIRST_LINK)

    def row(self, seq: int) -> Row | None:
        """Return row *seq*, or None if there is none."""
        found = self._links("WHERE seq = ?", seq)
        return found[0] if found else None

    def begin_epoch(self, at: datetime, told: Mapping[str, str], *, stan: str) -> None:
        """Chain a row that says what was lost, and sign it and all that follow with the key of a new epoch.

        Until ``journal_accepted`` is chained, the fact ``behind`` names this row.

        Args:
            at: When.
            told: What is known about the loss.
            stan: The last number that may have been used.

        Raises:
            JournalError: Whether it happened is not known; the journal is closed.
        """
        seq = self.head()[0] + 1
        number, name = str(len(self._keys.epochs) + 2), new_journal_id()
        self._keys = self._keys.from_epoch(seq, f"{number} {name}")
        # Batch and clock are of an earlier sign-in than the last: the next one counts.
        facts = {"journal_id": name, "stan": stan, "signed_in_at": ""}
        try:
            with self._transaction():
                self._set_meta(**facts, behind=str(seq))
                self._append(_BEGUN, "", at, {**told, **facts, "epoch": number})
        except BaseException:
            self.close()  # it may have happened: only opening the journal again tells
            raise

    def _know_epochs(self) -> None:
        """Take the chain's epochs from its rows; what stands beside it has to say the same."""
        rows = self._links("WHERE kind IN (?, ?) ORDER BY seq", _BEGUN, _ACCEPTED)
        for row in rows:
            if row.kind == _BEGUN:
                told = row.facts
                name = f"{told['epoch']} {told['journal_id']}"
                self._keys = self._keys.from_epoch(row.seq, name)
        behind = str(rows[-1].seq) if rows and rows[-1].kind == _BEGUN else ""
        if self._facts().get("behind", "") != behind:
            raise JournalCorruptError("whether rows were lost is not what the chain says")
