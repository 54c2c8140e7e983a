"""Closing a batch: the stages, what counts, and what goes up next. Floor 4.

Only what the host accepted is counted and uploaded. A doubt is neither: it is named on the slip and carried
over, and no total proves it. Every step is in ``STEPS``; one that is not there does not exist.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, Self

from posrefund.engine.refusals import refuse
from posrefund.engine.table import OPEN_STATES, State
from posrefund.errors import LocalProtocolError
from posrefund.values import BatchNumber

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from posrefund.dialects import Dialect
    from posrefund.engine.attempt import Attempt

__all__ = [
    "STEPS",
    "UPLOAD_ITEMS_MAX",
    "BatchTotals",
    "Closing",
    "Signal",
    "Stage",
    "Totals",
    "Verdict",
    "card_class",
    "check_fits",
    "counts",
    "currency_of",
    "doubts_of",
    "late_of",
    "left_out_of",
    "next_upload",
    "totals_of",
]

Verdict = Literal["balanced", "unbalanced", "error"]
"""What the host says of its totals and ours; an ``error`` is answered as ``unbalanced`` is, with an upload."""

UPLOAD_ITEMS_MAX = 8
"""So many items go into one 0320 (CHAN, LIAO, PAX)."""
_COUNT_MAX, _MINOR_MAX = 999, 10**12 - 1
"""Three and twelve digits of DE48."""
_COUNTED = (State.ACCEPTED, State.CONFIRMED)
_YUAN = "156"


class Stage(StrEnum):
    """Where the closing of a batch stands."""

    ASKING = "asking"
    """The totals are being compared (0500)."""
    UPLOADING = "uploading"
    """They differ: items go up (0320)."""
    ENDING = "ending"
    """The host is told that this is all (0320, DE60.3 = 202 or 207)."""
    SIGNING_OFF = "signing_off"
    """The next batch is open; the terminal takes its leave."""
    OVER = "over"


class Signal(StrEnum):
    """What happens to the closing of a batch."""

    ASK_AGAIN = "ask_again"
    """No answer to the settlement came: it is asked again, under a new number, with the totals of now."""
    BALANCED = "balanced"
    UNBALANCED = "unbalanced"
    UPLOADED = "uploaded"
    """Nothing is left to upload."""
    ENDED = "ended"
    """The host took the end of the upload: it has closed the batch."""
    SIGNED_OFF = "signed_off"
    """Or tried to: nothing hangs on the answer."""
    OVERTAKEN = "overtaken"
    """A sign-in opened another batch: the host closed this one by itself."""


_S, _N = Stage, Signal

STEPS: Mapping[tuple[Stage, Signal], Stage] = MappingProxyType(
    {
        (_S.ASKING, _N.ASK_AGAIN): _S.ASKING,
        (_S.ASKING, _N.BALANCED): _S.ENDING,
        (_S.ASKING, _N.UNBALANCED): _S.UPLOADING,
        (_S.UPLOADING, _N.UPLOADED): _S.ENDING,
        (_S.ENDING, _N.ENDED): _S.SIGNING_OFF,
        (_S.SIGNING_OFF, _N.SIGNED_OFF): _S.OVER,
        (_S.ASKING, _N.OVERTAKEN): _S.OVER,
        (_S.UPLOADING, _N.OVERTAKEN): _S.OVER,
        (_S.ENDING, _N.OVERTAKEN): _S.OVER,
        (_S.SIGNING_OFF, _N.OVERTAKEN): _S.OVER,
    }
)
"""Batch + 1 stands in one row with ``ENDED``, and nowhere else: never before the host said so."""


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums of one kind of card.

    Units:
        Minor units; counts of transactions.
    """

    debit_minor: int = 0
    debit_count: int = 0
    credit_minor: int = 0
    credit_count: int = 0

    def __add__(self, other: Totals) -> Totals:
        return Totals(*(a + b for a, b in zip(self._numbers, other._numbers, strict=True)))

    def __sub__(self, other: Totals) -> Totals:
        return Totals(*(a - b for a, b in zip(self._numbers, other._numbers, strict=True)))

    @property
    def _numbers(self) -> tuple[int, int, int, int]:
        return self.debit_minor, self.debit_count, self.credit_minor, self.credit_count


@dataclass(frozen=True, slots=True)
class BatchTotals:
    """What a settlement message states.

    Attributes:
        domestic: Cards of the host's own country, and those of which the terminal does not know.
        foreign: The others.
    """

    domestic: Totals = Totals()
    foreign: Totals = Totals()

    @property
    def whole(self) -> Totals:
        """Both together."""
        return self.domestic + self.foreign

    def as_facts(self) -> dict[str, str]:
        """Return them by the names that message templates use, in DE48's digits.

        Example:
            >>> from posrefund.engine.batch import BatchTotals, Totals
            >>> facts = BatchTotals(Totals(debit_minor=7, debit_count=7)).as_facts()
            >>> facts["debit_amount"], facts["debit_count"], facts["foreign_credit_count"]
            ('000000000007', '007', '000')
        """
        facts: dict[str, str] = {}
        for prefix, part in (("", self.domestic), ("foreign_", self.foreign)):
            facts |= {
                f"{prefix}debit_amount": f"{part.debit_minor:012d}",
                f"{prefix}debit_count": f"{part.debit_count:03d}",
                f"{prefix}credit_amount": f"{part.credit_minor:012d}",
                f"{prefix}credit_count": f"{part.credit_count:03d}",
            }
        return facts

    @classmethod
    def of_facts(cls, facts: Mapping[str, str]) -> Self:
        """Return what ``as_facts`` gave, or an answer says in the same words.

        Raises:
            ValueError: One is no number.
            KeyError: One is missing.
        """
        names = ("debit_amount", "debit_count", "credit_amount", "credit_count")
        parts = [
            Totals(*(_number(facts[prefix + name]) for name in names))
            for prefix in ("", "foreign_")
        ]
        return cls(*parts)


@dataclass(frozen=True, slots=True)
class Closing:
    """A closing that is under way, as the journal remembers it between two starts.

    Attributes:
        stage: Where it stands.
        batch: Which is being closed.
        started_at: When; what was uploaded is kept under this.
        operator: Who closes it.
        currency: Of the totals.
        ours: Our totals as they were sent last.
        host: What the host answered; None before it did.
        verdict: What it said of them; empty before it did.
        left_out: Ids of what stood in the batch and was not counted in them: a doubt, or what was refused.
    """

    stage: Stage
    batch: BatchNumber
    started_at: datetime
    operator: str
    currency: str = _YUAN
    ours: BatchTotals = BatchTotals()
    host: BatchTotals | None = None
    verdict: Verdict | Literal[""] = ""
    left_out: tuple[str, ...] = ()

    def after(self, signal: Signal, **facts: Any) -> Closing:
        """Return the closing after *signal*, with what is known now besides.

        Raises:
            LocalProtocolError: There is no such step.
        """
        try:
            stage = STEPS[self.stage, signal]
        except KeyError:
            message = f"no step {signal} while a batch is {self.stage}"
            raise LocalProtocolError(message) from None
        return replace(self, stage=stage, **facts)

    def as_text(self) -> str:
        """Return it as the journal keeps it."""
        data = {
            "stage": str(self.stage),
            "batch": str(self.batch),
            "started_at": self.started_at.isoformat(),
            "operator": self.operator,
            "currency": self.currency,
            "ours": self.ours.as_facts(),
            "host": self.host.as_facts() if self.host else {},
            "verdict": self.verdict,
            "left_out": self.left_out,
        }
        return json.dumps(data, sort_keys=True)

    @classmethod
    def of_text(cls, text: str) -> Self:
        """Return what ``as_text`` gave.

        Raises:
            ValueError: It is none.
        """
        try:
            data = json.loads(text)
            return cls(
                Stage(data["stage"]),
                BatchNumber(data["batch"]),
                datetime.fromisoformat(data["started_at"]),
                data["operator"],
                data["currency"],
                BatchTotals.of_facts(data["ours"]),
                BatchTotals.of_facts(data["host"]) if data["host"] else None,
                data["verdict"],
                tuple(data["left_out"]),
            )
        except (KeyError, TypeError, ValueError):
            message = "this is no closing of a batch"
            raise ValueError(message) from None


def counts(attempt: Attempt) -> bool:
    """Say whether *attempt* stands in the totals: the host accepted it, and nothing says otherwise.

    A voided sale stays in the debits, and its void in the credits; a reversed one is nowhere (LIAO, PAX). What
    people alone say was booked is not: were they wrong, an upload would book it.
    """
    return attempt.state in _COUNTED and not _rests_on_people(attempt)


def totals_of(attempts: Iterable[Attempt], dialect: Dialect) -> BatchTotals:
    """Return the totals of a batch: sales are debits, refunds and voids credits."""
    domestic = foreign = Totals()
    for attempt in filter(counts, attempts):
        minor = attempt.amount.minor
        one = Totals(minor, 1) if attempt.kind == "sale" else Totals(0, 0, minor, 1)
        if card_class(attempt, dialect) == dialect.word("card_class", ""):
            domestic += one
        else:
            foreign += one
    return BatchTotals(domestic, foreign)


def card_class(attempt: Attempt, dialect: Dialect) -> str:
    """Return the host's word for the class of the card, by the organisation that it named in its answer."""
    return dialect.word("card_class", attempt.facts.get("organisation", ""))


def currency_of(attempts: Iterable[Attempt]) -> str:
    """Return the currency of a batch; the yuan where nothing counts.

    Raises:
        RefusedError: code ``batch_does_not_fit``: there is more than one.
    """
    found = {attempt.amount.currency for attempt in filter(counts, attempts)} or {_YUAN}
    if len(found) > 1:
        raise refuse("batch_does_not_fit")
    return found.pop()


def check_fits(totals: BatchTotals) -> None:
    """Refuse totals for which a settlement message has no room: cut off, they would be a lie.

    Raises:
        RefusedError: code ``batch_does_not_fit``.
    """
    for part in (totals.domestic, totals.foreign):
        if (
            max(part.debit_count, part.credit_count) > _COUNT_MAX
            or max(part.debit_minor, part.credit_minor) > _MINOR_MAX
        ):
            raise refuse("batch_does_not_fit")


def doubts_of(attempts: Iterable[Attempt]) -> tuple[Attempt, ...]:
    """Return what may still turn out either way, of whichever batch: the slip names it, no total holds it."""
    return tuple(
        attempt for attempt in attempts if attempt.state in OPEN_STATES or _rests_on_people(attempt)
    )


def left_out_of(attempts: Iterable[Attempt]) -> tuple[str, ...]:
    """Return the ids of what no total holds; any of it may be accepted after the totals were told."""
    return tuple(attempt.attempt_id for attempt in attempts if not counts(attempt))


def late_of(attempts: Iterable[Attempt], closing: Closing) -> tuple[Attempt, ...]:
    """Return what counts now and did not when the totals of *closing* were told."""
    return tuple(each for each in attempts if counts(each) and each.attempt_id in closing.left_out)


def next_upload(attempts: Iterable[Attempt], done: Collection[str]) -> tuple[Attempt, ...]:
    """Return what goes up in the next message: sales and voids by eights, then refunds one by one.

    What a code paid has no card number to go up with: it comes last and by itself, so that it holds up nothing else.

    Args:
        attempts: Those of the batch.
        done: Ids of what the host has taken already.
    """
    waiting = [each for each in attempts if counts(each) and each.attempt_id not in done]
    by_card = [each for each in waiting if not each.is_by_code]
    details = [each for each in by_card if each.kind != "refund"]
    return tuple(details[:UPLOAD_ITEMS_MAX] or by_card[:1] or waiting[:1])


def _rests_on_people(attempt: Attempt) -> bool:
    """Whether nobody but people has said yes: neither the host nor a file."""
    return attempt.state is State.ACCEPTED and attempt.facts.get("evidence") == "people"


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal()):
        message = "a number has digits only"
        raise ValueError(message)
    return int(text)
