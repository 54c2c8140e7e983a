"""The journal and the host's ledger, line against line. Floor 11."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from posrefund.engine import State

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from posrefund.engine import Attempt

__all__ = ["BookLine", "compare", "difference"]

_SIGNS = {"sale": 1, "void": -1, "refund": -1}
_BOOKED = {State.ACCEPTED, State.CONFIRMED}


@dataclass(frozen=True, slots=True)
class BookLine:
    """One transaction in both books; what one of them lacks is zero there.

    Attributes:
        stan: Its number.
        kind: sale, void or refund.
        state: In the journal, or ``-``.
        journal_minor: Signed: sales plus, voids and refunds minus.
        host_minor: The same in the host's ledger.
    """

    stan: str
    kind: str
    state: str
    journal_minor: int
    host_minor: int

    @property
    def agrees(self) -> bool:
        """Whether both books say the same."""
        return self.journal_minor == self.host_minor

    def as_data(self) -> dict[str, Any]:
        """Return it for JSON."""
        return asdict(self)


def compare(attempts: Iterable[Attempt], ledger: Iterable[dict[str, Any]]) -> list[BookLine]:
    """Return one line for each transaction that either book knows.

    A reversed sale is in neither; a voided sale stays, and its void stands against it.
    """
    ours = {
        (a.batch, a.stan, a.kind): (str(a.state), a.amount.minor * (a.state in _BOOKED))
        for a in attempts
    }
    theirs = {
        (entry["batch"], entry["stan"], entry["kind"]): entry["amount_minor"]
        for entry in ledger
        if entry["kind"] in _SIGNS and entry["state"] != "reversed"
    }
    lines = []
    for key in sorted({*ours, *theirs}):
        batch, stan, kind = key
        state, minor = ours.get(key, ("-", 0))
        sign = _SIGNS[kind]
        lines.append(
            BookLine(f"{batch}/{stan}", kind, state, sign * minor, sign * theirs.get(key, 0))
        )
    return lines


def difference(lines: Sequence[BookLine]) -> int:
    """Return by how much the books differ, every line counted for itself: 0 only if all agree."""
    return sum(abs(line.journal_minor - line.host_minor) for line in lines)
