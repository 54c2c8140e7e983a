"""What is looked at in a terminal's journal from time to time: how much is in doubt, what became of what. Floor 10.

Read off the chain from where the last look ended, so that a look costs what has happened since and not what ever was.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from posrefund.engine import State

if TYPE_CHECKING:
    from posrefund.journal import Journal
    from posrefund.terminal.desk import Desk

__all__ = ["Figures", "Tally"]

_DOUBTS = (State.IN_DOUBT, State.REVERSING)
_CASES = (State.MANUAL, State.MISMATCHED)


@dataclass(frozen=True, slots=True)
class Figures:
    """A terminal at one moment.

    Attributes:
        in_doubt: How many attempts are, or are being undone.
        with_people: How many attempts people have to decide.
        open_faults: How many entries of the fault log are open.
        signed_in: Whether it has working keys and has not taken its leave.
        selfcheck_at: When the last self-check was; None if there was none.
    """

    in_doubt: int = 0
    with_people: int = 0
    open_faults: int = 0
    signed_in: bool = False
    selfcheck_at: datetime | None = None


@dataclass(slots=True)
class Tally:
    """What became of a terminal's attempts since it was opened here.

    Attributes:
        moves: How often an attempt of a kind (``refund``, ``void``, ``sale``) came to a state.
        last_row: Number of the last row of the chain that was looked at.
    """

    moves: Counter[tuple[str, str]] = field(default_factory=Counter)
    last_row: int = 0
    _kinds: dict[str, str] = field(default_factory=dict)

    def begin(self, desk: Desk) -> None:
        """Count from here on.

        Raises:
            JournalError: The journal cannot be read.
        """
        self.last_row = desk.journal.head()[0]

    def look(self, desk: Desk) -> Figures:
        """Count what has come, and return how the terminal stands.

        Raises:
            JournalError: The journal cannot be read.
        """
        journal = desk.journal
        for row in journal.rows(after=self.last_row):
            if row.kind == "open":
                self._kinds[row.subject] = json.loads(row.body)["attempt"]["kind"]
            elif row.kind == "move":
                kind = self._kinds.get(row.subject) or journal.attempt(row.subject).kind
                self.moves[kind, json.loads(row.body)["state"]] += 1
            self.last_row = row.seq
        self._kinds.clear()
        attempts = journal.attempts(states=[*_DOUBTS, *_CASES])
        view = desk.view()
        return Figures(
            in_doubt=sum(attempt.state in _DOUBTS for attempt in attempts),
            with_people=sum(attempt.state in _CASES for attempt in attempts),
            open_faults=len(journal.faults()),
            signed_in=bool(view.key_set_id) and not view.is_signed_off,
            selfcheck_at=_selfcheck_at(journal),
        )


def _selfcheck_at(journal: Journal) -> datetime | None:
    fact = journal.terminal_facts().get("selfcheck", "")
    return datetime.fromisoformat(json.loads(fact)["at"]) if fact else None
