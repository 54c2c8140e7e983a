"""What a journal knows without looking: facts, people and attempts as its own last commit left them. Floor 5.

Only where nobody else writes them: a file has one writer, who holds its lock, and a terminal's rows are written by its
own journal. Whatever fails forgets all of it, and so does ``verify``, which asks the tables. A commit's guards are the
database's own, whatever is remembered here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from posrefund.engine.table import OPEN_STATES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from posrefund.engine import Attempt
    from posrefund.engine.staff import Operator
    from posrefund.values import STAN

__all__ = ["Memory"]


@dataclass(slots=True)
class Memory:
    """What is remembered of one terminal; None is not known, and has to be looked up.

    Attributes:
        facts: Of the terminal, by name.
        open: Attempts that may still turn out either way, by name, in the order they were made.
        last: The attempt that was written last.
        people: Everybody who works or worked here.
        free: The next free STAN, and the STAN and the batch that it follows.
        unwritten: Facts of the transaction under way, which are written at its end.
        opened: An attempt of the transaction under way that is in no table yet, and its columns.
    """

    facts: dict[str, str] | None = None
    open: dict[str, Attempt] | None = None
    last: Attempt | None = None
    people: list[Operator] | None = None
    free: tuple[tuple[str | None, str], STAN] | None = None
    unwritten: dict[str, str] = field(default_factory=dict)
    opened: tuple[Attempt, dict[str, Any]] | None = None

    def keep_facts(self, facts: Mapping[str, str]) -> None:
        """Remember *facts*, which are being written."""
        if self.facts is not None:
            self.facts.update(facts)

    def find(self, attempt_id: str) -> Attempt | None:
        """Return an attempt that is remembered."""
        if self.last is not None and self.last.attempt_id == attempt_id:
            return self.last
        return self.open.get(attempt_id) if self.open is not None else None

    def keep(self, attempt: Attempt, *, is_new: bool = False) -> None:
        """Remember *attempt*, which is being written; where the order of the open ones is in doubt, forget them."""
        self.last = attempt
        if is_new:
            self.free = None
        if self.open is None:
            return
        name = attempt.attempt_id
        if attempt.state not in OPEN_STATES:
            self.open.pop(name, None)
        elif is_new or name in self.open:
            self.open[name] = attempt
        else:  # it was decided, and is open again
            self.open = None
