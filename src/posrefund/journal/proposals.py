"""What rules propose: in the chain, and once in the tables, whoever runs the rule and however often. Floor 5.

A proposal stands in the chain of the terminal that made it, a dismissal in that of the terminal where somebody said no.
"""

from __future__ import annotations

from abc import abstractmethod
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from posrefund.closed import closed_class
from posrefund.engine import Dismissal, Proposal
from posrefund.errors import JournalCorruptError, JournalWriteError
from posrefund.journal.backend import Backend
from posrefund.values import Amount

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from posrefund.journal.rows import Row
    from posrefund.values import TerminalID

__all__ = ["Proposals", "check_proposals"]

_PROPOSED, _DISMISSED = "proposed", "proposal_dismissed"
_PLAIN = ("proposal_id", "terminal", "rule", "original_id", "because")


def _as_data(proposal: Proposal) -> dict[str, Any]:
    return {name: getattr(proposal, name) for name in _PLAIN} | {
        "amount_minor": proposal.amount.minor,
        "currency": proposal.amount.currency,
        "proposed_at": proposal.proposed_at.astimezone(UTC).isoformat(),
    }


def _no_as_data(dismissal: Dismissal) -> dict[str, str]:
    return {
        "dismissed_at": dismissal.at.astimezone(UTC).isoformat(),
        "dismissed_by": dismissal.by,
        "dismissed_why": dismissal.why,
        "dismissed_terminal": dismissal.terminal,
    }


def _from_data(data: Mapping[str, Any]) -> Proposal:
    dismissal = None
    if data.get("dismissed_at") is not None:
        dismissal = Dismissal(
            data["dismissed_by"],
            data["dismissed_why"],
            datetime.fromisoformat(data["dismissed_at"]),
            data["dismissed_terminal"],
        )
    return Proposal(
        **{name: data[name] for name in _PLAIN},
        amount=Amount(data["amount_minor"], data["currency"]),
        proposed_at=datetime.fromisoformat(data["proposed_at"]),
        dismissal=dismissal,
    )


@closed_class
class Proposals(Backend):
    """The table of proposals."""

    _terminal: TerminalID

    @abstractmethod
    def _append(self, kind: str, subject: str, at: datetime, facts: dict[str, Any]) -> None: ...

    def propose(self, proposals: Iterable[Proposal]) -> list[Proposal]:
        """Write down those of *proposals* that are not there yet, in one commit, and return them.

        Raises:
            JournalWriteError: One of another terminal, or of a sale that is not known: nothing was written.
        """
        with self._transaction():
            return [proposal for proposal in proposals if self._propose(proposal)]

    def dismiss(self, proposal_id: str, dismissal: Dismissal) -> Proposal:
        """Write somebody's no down; return the proposal as it stands now.

        Raises:
            JournalWriteError: It is not there, or was dismissed before: nothing was written.
        """
        if dismissal.terminal != self._terminal:
            raise JournalWriteError("a dismissal at another terminal")
        data = _no_as_data(dismissal)
        with self._transaction():
            sets = ", ".join(f"{name} = :{name}" for name in data)
            done = self._run(
                f"UPDATE proposals SET {sets} WHERE proposal_id = :name AND dismissed_at IS NULL",
                {**data, "name": proposal_id},
            )
            if done != 1:
                raise JournalWriteError("no such proposal, or it was dismissed before")
            self._append(_DISMISSED, proposal_id, dismissal.at, data)
        (after,) = self._proposals("WHERE proposal_id = ?", proposal_id)
        return after

    def proposal(self, proposal_id: str) -> Proposal | None:
        """Return a proposal, of whichever terminal; None if it is unknown."""
        found = self._proposals("WHERE proposal_id = ?", proposal_id)
        return found[0] if found else None

    def proposals(self) -> list[Proposal]:
        """Return every proposal, of every terminal that shares the journal, oldest first."""
        return self._proposals("ORDER BY proposed_at, proposal_id")

    def _propose(self, proposal: Proposal) -> bool:
        if proposal.terminal != self._terminal:
            raise JournalWriteError("a proposal of another terminal")
        data = _as_data(proposal)
        places = ", ".join(f":{name}" for name in data)
        insert = (
            f"INSERT INTO proposals ({', '.join(data)}) VALUES ({places}) ON CONFLICT DO NOTHING"
        )
        is_new = bool(self._run(insert, data))
        if is_new:
            self._append(_PROPOSED, proposal.proposal_id, proposal.proposed_at, data)
        return is_new

    def _proposals(self, where: str, *values: object) -> list[Proposal]:
        rows = self._dicts(f"SELECT * FROM proposals {where}", *values)
        try:
            return [_from_data(row) for row in rows]
        except (ValueError, TypeError):
            raise JournalCorruptError("a stored proposal cannot be read") from None

    def _my_proposals(self) -> list[Proposal]:
        """Those that this terminal made, or dismissed."""
        return self._proposals(
            "WHERE terminal = ? OR dismissed_terminal = ?", self._terminal, self._terminal
        )


def check_proposals(terminal: str, rows: Sequence[Row], stored: Sequence[Proposal]) -> None:
    """Check that the table of proposals holds exactly what the chain of *terminal* says of them.

    Args:
        terminal: Whose chain.
        rows: Its rows.
        stored: The proposals that it made or dismissed, as the table has them.

    Raises:
        JournalCorruptError: Names the proposal that differs.
    """
    made = {row.subject: row.facts for row in rows if row.kind == _PROPOSED}
    ended = {row.subject: row.facts for row in rows if row.kind == _DISMISSED}
    of_mine = {each.proposal_id: _as_data(each) for each in stored if each.terminal == terminal}
    noes = {
        each.proposal_id: _no_as_data(each.dismissal)
        for each in stored
        if each.dismissal is not None and each.dismissal.terminal == terminal
    }
    for said, kept in ((made, of_mine), (ended, noes)):
        for name in sorted({*said, *kept}):
            if said.get(name) != kept.get(name):
                reason = f"proposal {name} is not what its rows say"
                raise JournalCorruptError(reason)
