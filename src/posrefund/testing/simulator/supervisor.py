"""The second person of a shop, and whoever closes its cases: mostly right, sometimes late, sometimes wrong. Floor 10."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from posrefund.engine import Statement
from posrefund.errors import InvalidRequestError, JournalError, LocalProtocolError, RefusedError

if TYPE_CHECKING:
    from posrefund.testing.simulator.witness import Seen
    from posrefund.testing.simulator.world import World

__all__ = ["Supervisor"]

_MAKER, _CHECKER = "01", "02"
_CASES = ("MANUAL", "MISMATCHED", "BOUNCED")
_PEOPLE = ("ann", "bo")
_WRONG = 0.2
"""How often people are sure of what is not so, where a file will still tell."""


class Supervisor:
    """Who approves, withdraws and closes.

    Args:
        world: Where.
    """

    def __init__(self, world: World) -> None:
        self._world, self._random = world, world.random
        self._looked_at: list[tuple[str, str]] = []

    def look(self) -> None:
        """Look at what waits, to decide on it now or later: by then it may be another request."""
        if self._world.act("pending", self._note_pending, JournalError):
            self._looked_at = self._looked_at[-8:]

    def approve(self) -> str:
        """Say yes to something that was looked at, or try to say it to one's own request; return whose."""
        name = ""
        self.look()
        if self._looked_at:
            # Most often what was seen last; sometimes what has changed meanwhile.
            pairs = self._looked_at if self._random.random() < 0.3 else self._looked_at[-1:]
            name, digest = self._random.choice(pairs)
            checker = _MAKER if self._random.random() < 0.15 else _CHECKER
            self._world.act(
                "approve",
                lambda: self._world.terminal.approve(name, checker=checker, digest=digest),
                RefusedError,
                JournalError,
            )
        return name

    def withdraw(self) -> None:
        """Say no, or take it back."""
        if self._looked_at:
            name, _ = self._random.choice(self._looked_at)
            by = self._random.choice((_MAKER, _CHECKER))
            self._world.act(
                "withdraw",
                lambda: self._world.terminal.withdraw(name, by=by),
                RefusedError,
                JournalError,
            )

    def close(self) -> None:
        """Close a case by a document, which says what the host has booked; or what somebody misread."""
        cases = [seen for seen in self._attempts() if self._is_for_people(seen)]
        if not cases:
            return
        seen = self._random.choice(cases)
        is_booked = bool(self._world.checker.evidence.live(seen))
        if not self._is_spoken_of(seen) and self._random.random() < _WRONG:
            is_booked = not is_booked
        elif is_booked and self._is_over(seen) and not seen.facts.get("file_day"):
            return  # nothing would ever confirm it; in a shop they wait for the acquirer
        people = self._random.choice((_PEOPLE, _PEOPLE, _PEOPLE[:1]))
        said = Statement("booked" if is_booked else "not_booked", people, "letter 4711")
        self._world.act(
            f"close {seen.name} {said.verdict}",
            lambda: self._world.terminal.close_case(seen.name, said),
            InvalidRequestError,
            RefusedError,
            LocalProtocolError,
            JournalError,
        )

    # --- inside ------------------------------------------------------------------------------

    def _note_pending(self) -> int:
        waiting = self._world.terminal.pending_approvals()
        self._looked_at += [(each.request_id, each.digest) for each in waiting]
        return len(waiting)

    def _attempts(self) -> list[Seen]:
        return list(self._world.checker.evidence.witness.attempts.values())

    @staticmethod
    def _is_for_people(seen: Seen) -> bool:
        is_doubt = seen.state == "IN_DOUBT" and seen.data["kind"] == "refund"
        return seen.state in _CASES or is_doubt

    def _is_spoken_of(self, seen: Seen) -> bool:
        """Whether a file has said something of it, or has been read that might have."""
        names = ("file_day", "absent", "missing")
        return any(seen.facts.get(name) for name in names) or bool(self._read_days(seen))

    def _is_over(self, seen: Seen) -> bool:
        return len(self._read_days(seen)) == 3

    def _read_days(self, seen: Seen) -> set[str]:
        day = date.fromisoformat(seen.data["host_day"])
        days = {(day + timedelta(days=shift)).isoformat() for shift in (-1, 0, 1)}
        return days & set(self._world.checker.evidence.witness.files)
