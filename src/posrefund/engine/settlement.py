"""What the answer to a settlement says, and what a closed batch is. Floor 4.

The answer has no code and no MAC. So it moves no money and proves none: it decides whether items go up, and
the host counts each of them once, whatever went up before.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal, Self

from posrefund.engine.batch import BatchTotals, Totals
from posrefund.engine.suggest import Suggestion, suggest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from posrefund.dialects import Dialect
    from posrefund.engine.attempt import Attempt
    from posrefund.engine.batch import Closing, Verdict

__all__ = ["ASKED", "BatchClosed", "Settled", "judge_settlement"]

_SIDES = ("debit_amount", "debit_count", "credit_amount", "credit_count")
ASKED = (
    *_SIDES, *(f"foreign_{name}" for name in _SIDES), "verdict", "foreign_verdict",
)  # fmt: skip
"""What an answer to a settlement is asked for."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What a host said of a batch.

    Attributes:
        verdict: Balanced only if it says so of every card, and its totals are ours, too.
        host: Its totals.
    """

    verdict: Verdict
    host: BatchTotals


def judge_settlement(
    sent: Mapping[str, str], fields: Mapping[str, str], ours: BatchTotals, dialect: Dialect
) -> Settled | None:
    """Say what the answer *fields* to the settlement *sent* means; None where it says nothing.

    A host that has no foreign cards may leave that part's verdict out, where both sides count none.
    """
    said = {name: dialect.fact(name, fields) or "" for name in ASKED}
    if len(fields.get("48", "")) != len(sent["48"]):
        return None
    try:
        host = BatchTotals.of_facts(said)
    except ValueError:
        return None
    verdicts = {_meaning(said["verdict"], dialect), _meaning(said["foreign_verdict"], dialect)}
    if host.foreign == ours.foreign == Totals():
        verdicts = {_meaning(said["verdict"], dialect)} | (verdicts - {"none"})
    if not verdicts <= {"balanced", "unbalanced", "error"}:
        return None
    if "error" in verdicts:
        return Settled("error", host)
    is_balanced = verdicts == {"balanced"} and host == ours
    return Settled("balanced" if is_balanced else "unbalanced", host)


def _meaning(digit: str, dialect: Dialect) -> str:
    words = dialect.words.get("verdict", {})
    return next((name for name, word in words.items() if word == digit), "")


@dataclass(frozen=True, slots=True, repr=False)
class BatchClosed:
    """A batch that is closed. Its totals carry no MAC: the settlement file proves what was booked.

    Attributes:
        batch: Which.
        next_batch: Which is open now.
        closed_at: When.
        operator: Who closed it.
        ended_by: ``"host"`` where a sign-in brought another batch before the closing was through.
        currency: ISO 4217 numeric code of the totals.
        verdict: What the host said first, before anything went up; empty if it never did.
        ours: Our totals.
        host: The host's; None if it never answered.
        uploaded: How many items went up.
        refused: Ids of items that the host did not take, each with its code: for people.
        doubts: What is still open, of whichever batch; it was not counted, and is carried over.
        late: What was accepted after our totals were told: in none of them, and uploaded only where items went up.
        suggestion: Which of what is late or in doubt of this batch would explain the difference. No proof.
    """

    batch: str
    next_batch: str
    closed_at: datetime
    operator: str
    ended_by: Literal["terminal", "host"]
    currency: str
    verdict: Verdict | Literal[""]
    ours: BatchTotals
    host: BatchTotals | None
    uploaded: int
    refused: Mapping[str, str]
    doubts: tuple[Attempt, ...]
    late: tuple[Attempt, ...]
    suggestion: Suggestion

    @classmethod
    def of(  # noqa: PLR0913 — all but three are keywords
        cls,
        closing: Closing,
        doubts: tuple[Attempt, ...],
        late: tuple[Attempt, ...],
        *,
        next_batch: str,
        ended_by: Literal["terminal", "host"],
        codes: Mapping[str, str],
        taken: str,
        now: datetime,
    ) -> Self:
        """Return the report of *closing*.

        Args:
            closing: As it stands.
            doubts: What is open.
            late: What was accepted after the totals were told.
            next_batch: Which is open now.
            ended_by: Who ended it.
            codes: What was uploaded, by id, and what the host said to it.
            taken: The code that means: taken.
            now: The time.
        """
        suggestion = Suggestion()
        if closing.host is not None and closing.verdict != "error":
            of_batch = [*late, *(each for each in doubts if each.batch == closing.batch)]
            suggestion = suggest(closing.host.whole - closing.ours.whole, of_batch)
        return cls(
            batch=closing.batch,
            next_batch=next_batch,
            closed_at=now,
            operator=closing.operator,
            ended_by=ended_by,
            currency=closing.currency,
            verdict=closing.verdict,
            ours=closing.ours,
            host=closing.host,
            uploaded=sum(code == taken for code in codes.values()),
            refused={name: code for name, code in codes.items() if code != taken},
            doubts=doubts,
            late=late,
            suggestion=suggestion,
        )

    def __repr__(self) -> str:
        said = self.verdict or "unanswered"
        what = f"{self.batch} to {self.next_batch}, {said}, ended by the {self.ended_by}"
        return f"BatchClosed({what}, {self.uploaded} uploaded, {len(self.doubts)} in doubt)"

    def as_facts(self) -> dict[str, str]:
        """Return it as a row of the journal keeps it: doubts by their ids."""
        return {
            "closed_batch": self.batch,
            "next_batch": self.next_batch,
            "closed_at": self.closed_at.isoformat(),
            "operator": self.operator,
            "ended_by": self.ended_by,
            "currency": self.currency,
            "verdict": self.verdict,
            "ours": json.dumps(self.ours.as_facts()),
            "host": json.dumps(self.host.as_facts() if self.host else {}),
            "uploaded": str(self.uploaded),
            "refused": json.dumps(dict(self.refused)),
            "doubts": json.dumps([each.attempt_id for each in self.doubts]),
            "late": json.dumps([each.attempt_id for each in self.late]),
            "explanations": json.dumps(self.suggestion.explanations),
            "is_complete": str(int(self.suggestion.is_complete)),
        }

    @classmethod
    def of_facts(cls, facts: Mapping[str, str], attempt: Callable[[str], Attempt]) -> Self:
        """Return what ``as_facts`` gave, each doubt as *attempt* knows it now."""
        host = json.loads(facts["host"])
        explanations = tuple(tuple(some) for some in json.loads(facts["explanations"]))
        return cls(
            batch=facts["closed_batch"],
            next_batch=facts["next_batch"],
            closed_at=datetime.fromisoformat(facts["closed_at"]),
            operator=facts["operator"],
            ended_by="host" if facts["ended_by"] == "host" else "terminal",
            currency=facts["currency"],
            verdict=facts["verdict"],  # type: ignore[arg-type]  # reason: as it was written
            ours=BatchTotals.of_facts(json.loads(facts["ours"])),
            host=BatchTotals.of_facts(host) if host else None,
            uploaded=int(facts["uploaded"]),
            refused=json.loads(facts["refused"]),
            doubts=tuple(attempt(name) for name in json.loads(facts["doubts"])),
            late=tuple(attempt(name) for name in json.loads(facts["late"])),
            suggestion=Suggestion(explanations, facts["is_complete"] == "1"),
        )
