"""Makes the refunds of a file, each of them once, and goes on where it stopped. Floor 8.

Nothing is remembered but what the journal has: a request's id follows from the file's name and the sale, so that a
file that is run again asks for the same refunds, and those that are over come back as they are. What two people said
yes to is a digest of everything in the file, cards included; a file that has changed needs another yes.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, assert_never

from posrefund.closed import closed_class
from posrefund.engine import Approved, Declined, InDoubt, Note, NotSent
from posrefund.engine.refusals import refuse
from posrefund.errors import LinkOpenError, RefusedError, RequestConflictError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from posrefund.engine import Approval, Outcome
    from posrefund.office.mass.file import MassFile, MassRow
    from posrefund.terminal import Terminal
    from posrefund.values import Amount

__all__ = ["MassDesk", "MassLine", "MassReport", "MassState"]

_UNREACHABLE_MAX = 3
"""So many refunds in a row that found no host: then the rest waits for the next run."""


class MassState(StrEnum):
    """How a line stands."""

    READY = "ready"
    """It would be refunded."""
    NEEDS_APPROVAL = "needs_approval"
    """It would be, after a second person's yes; the yes to the file is one."""
    APPROVED = "approved"
    DECLINED = "declined"
    IN_DOUBT = "in_doubt"
    NOT_SENT = "not_sent"
    REFUSED = "refused"
    """A rule says no; nothing was sent."""


@dataclass(frozen=True, slots=True)
class MassLine:
    """One line of the file and how it stands.

    Attributes:
        row: The line.
        state: How it stands.
        code: Why: of a refusal its code, of a decline the host's.
        amount: What is or would be given back; None where that is not known.
    """

    row: MassRow
    state: MassState
    code: str = ""
    amount: Amount | None = None


@dataclass(frozen=True, slots=True)
class MassReport:
    """How all lines stand.

    Attributes:
        name: Of the file.
        digest: What a second person says yes to, 64 hexadecimal digits.
        lines: In the order of the file.
        stopped: Whether the host could not be reached, and the rest waits.
    """

    name: str
    digest: str
    lines: tuple[MassLine, ...]
    stopped: bool = False

    def counts(self) -> dict[MassState, int]:
        """Return how many lines stand so, of every state there is."""
        found = Counter(line.state for line in self.lines)
        return {state: found[state] for state in MassState}

    def sums(self, state: MassState) -> dict[str, int]:
        """Return how much money that is, in minor units by currency."""
        minor = Counter[str]()
        for line in self.lines:
            if line.state is state and line.amount is not None:
                minor[line.amount.currency] += line.amount.minor
        return dict(minor)

    @property
    def is_done(self) -> bool:
        """Whether every line is over: approved, declined or refused."""
        over = {MassState.APPROVED, MassState.DECLINED, MassState.REFUSED}
        return all(line.state in over for line in self.lines)


@closed_class
class MassDesk:
    """One file at one terminal.

    Args:
        terminal: Where its refunds are made.
        file: What is asked for.
        clock: Returns the time, aware.
    """

    def __init__(self, terminal: Terminal, file: MassFile, clock: Callable[[], datetime]) -> None:
        self._terminal, self._file, self._clock = terminal, file, clock
        self.digest = _digest(file, terminal)

    def preview(self) -> MassReport:
        """Say how every line stands or what would be made of it; nothing is written, nothing is sent.

        Raises:
            JournalError: The journal cannot be read.
        """
        return self._report([self._looked_at(row) for row in self._file.rows])

    def approve(
        self,
        *,
        checker: str,
        digest: str,
        pin: str | None = None,
        maker_pin: str | None = None,
    ) -> None:
        """Say yes to the whole file, and to each of its refunds that needs a second person.

        The same yes again changes nothing; one that was cut off goes on.

        Args:
            checker: Operator number; never who made the file.
            digest: Of what was shown.
            pin: The checker's; needed where the terminal knows its staff.
            maker_pin: Of who made the file; needed there, too, where a refund of it needs a second person.

        Raises:
            RefusedError: ``approval_changed``, ``approval_same_person``, or who says so may not or has not proven who he
                is; nothing was approved.
            JournalError: It could not be written down; what was approved before it stays so.
        """
        if digest != self.digest:
            raise refuse("approval_changed")
        self._terminal.check_second_person(checker, maker=self._file.maker, pin=pin)
        for row in self._file.rows:
            asked = self._asked(row, maker_pin)
            if asked is not None:
                name = row.request.request_id
                self._terminal.approve(name, checker=checker, digest=asked.digest, pin=pin)
        if not self._checker():
            facts = {"name": self._file.name, "digest": self.digest, "checker": checker}
            facts |= {"maker": self._file.maker, "lines": str(len(self._file.rows))}
            self._terminal.journal.commit([Note("mass_approved", self._clock(), facts)])

    def run(self) -> Iterator[MassLine]:
        """Make the refunds, one after the other; yields each line as it stands after it.

        A host that cannot be reached three times in a row ends it; run it again, and it goes on.

        Raises:
            RefusedError: ``approval_needed`` — nobody has said yes to this file; nothing was sent.
            JournalError: It could not be written down; ``effect`` says whether something was sent.
        """
        if not self._checker():
            raise refuse("approval_needed")
        unreachable = 0
        for row in self._file.rows:
            line = self._made(row)
            unreachable = unreachable + 1 if line.state is MassState.NOT_SENT else 0
            yield line
            if unreachable == _UNREACHABLE_MAX:
                return

    def report(self, made: list[MassLine]) -> MassReport:
        """Return how all lines stand after a run that gave *made*."""
        rest = [self._looked_at(row) for row in self._file.rows[len(made) :]]
        return self._report([*made, *rest], stopped=bool(rest))

    # --- inside ------------------------------------------------------------------------------

    def _report(self, lines: list[MassLine], *, stopped: bool = False) -> MassReport:
        return MassReport(self._file.name, self.digest, tuple(lines), stopped)

    def _checker(self) -> str:
        """Who said yes to this very file; nobody: empty."""
        for note in self._terminal.journal.notes("mass_approved"):
            if (note["name"], note["digest"]) == (self._file.name, self.digest):
                return str(note["checker"])
        return ""

    def _asked(self, row: MassRow, pin: str | None) -> Approval | None:
        try:
            return self._terminal.ask(row.request, pin=pin)
        except RefusedError as refusal:
            if refusal.code.startswith("operator_"):
                raise
            return None  # it is told when it is made
        except RequestConflictError:
            return None

    def _looked_at(self, row: MassRow) -> MassLine:
        try:
            found = self._terminal.check_refund(row.request)
        except RequestConflictError:
            return MassLine(row, MassState.REFUSED, "request_conflict")
        if found.outcome is not None:
            return _over(row, found.outcome)
        if found.refusal is not None:
            return MassLine(row, MassState.REFUSED, found.refusal.code)
        state = MassState.NEEDS_APPROVAL if found.needs_approval else MassState.READY
        return MassLine(row, state, amount=found.amount)

    def _made(self, row: MassRow) -> MassLine:
        try:
            return _over(row, self._terminal.refund(row.request))
        except RefusedError as refusal:
            return MassLine(row, MassState.REFUSED, refusal.code)
        except RequestConflictError:
            return MassLine(row, MassState.REFUSED, "request_conflict")
        except LinkOpenError:  # a reversal has to go first, and could not
            return MassLine(row, MassState.NOT_SENT, "unreachable")


def _digest(file: MassFile, terminal: Terminal) -> str:
    """What the file asks for, to the last card: by the journal's keyed digests of their numbers."""
    asked = [
        [
            row.request.request_id,
            row.request.content(terminal.journal.fingerprint(row.request.card.identity)),
        ]
        for row in file.rows
    ]
    text = json.dumps([file.name, file.maker, sorted(asked)], separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def _over(row: MassRow, outcome: Outcome) -> MassLine:
    amount = outcome.attempt.amount
    match outcome:
        case Approved():
            return MassLine(row, MassState.APPROVED, amount=amount)
        case Declined(code=code):
            return MassLine(row, MassState.DECLINED, code, amount)
        case InDoubt(reason=reason):
            return MassLine(row, MassState.IN_DOUBT, reason, amount)
        case NotSent(reason=reason):
            return MassLine(row, MassState.NOT_SENT, reason, amount)
        case _:
            assert_never(outcome)
