"""What customers say, counted once more in Python; and customers who say something, for a shop that trades."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any

from posrefund.engine.complaints import ServiceLevel
from posrefund.errors import LocalProtocolError
from posrefund.office import (
    answer_complaint,
    close_complaint,
    give_feedback,
    open_complaint,
    tell_late,
)
from posrefund.office import (
    complaints as complaints_of,
)
from report.trade import HOST

if TYPE_CHECKING:
    from collections.abc import Mapping

    from posrefund.journal import Journal
    from report.recount import Books

__all__ = ["complaints", "customers_speak", "feedback"]

Rows = list[tuple[Any, ...]]
_KINDS: Any = ("not_arrived", "amount", "refused", "service")


def complaints(books: Books) -> Rows:
    """From each complaint as its journal gives it, whole: what of it lies in the period."""
    period = books.period
    found: dict[str, list[int]] = defaultdict(lambda: [0] * 5)
    for journal in books.journals:
        late = [
            (row.facts["complaint"], datetime.fromisoformat(row.at))
            for row in journal.rows_of("complaint_late")
        ]
        for each in complaints_of(journal, open_only=False):
            if each.opened_at >= period.until:
                continue
            moments = (each.opened_at, each.answered_at, each.closed_at)
            counts = [at is not None and books.within(at) for at in moments]
            told = sum(name == each.complaint_id and books.within(at) for name, at in late)
            is_open = each.closed_at is None or each.closed_at >= period.until
            if any((*counts, told, is_open)):
                row = found[each.kind]
                row[:] = [a + b for a, b in zip(row, (*counts, told, is_open), strict=True)]
    return [(kind, *row) for kind, row in found.items()]


def feedback(books: Books) -> Rows:
    last: dict[str, tuple[datetime, str, int]] = {}
    for _, row in books.links:
        at = datetime.fromisoformat(row.at)
        if row.kind == "feedback" and at < books.period.until:
            last[row.subject] = at, row.facts["attempt"], int(row.facts["score"])
    scores: dict[tuple[str, str], list[int]] = defaultdict(list)
    for at, name, score in last.values():
        if books.within(at):
            facts = books.by_id[name].facts
            for key in (("*", "*"), ("*", facts["why"]), (facts["operator"], "*")):
                scores[key].append(score)
    return [
        (*key, len(some), _mean(some), *(some.count(score) for score in range(1, 6)))
        for key, some in scores.items()
    ]


def _mean(scores: list[int]) -> float:
    exact = Decimal(sum(scores)) / len(scores)
    return float(exact.quantize(Decimal("0.01"), ROUND_HALF_UP))


def customers_speak(journals: Mapping[str, Journal], *, seed: int, first: date, days: int) -> None:
    """Let customers complain of some refunds and score others, an hour of each day at each terminal."""
    chance = random.Random(seed)
    for number in range(days):
        now = datetime(first.year, first.month, first.day, 9, tzinfo=HOST).astimezone(UTC)
        now += timedelta(days=number)
        for journal in journals.values():
            for _ in range(chance.randrange(4)):
                now += timedelta(minutes=chance.randrange(1, 15))
                _say(chance, journal, now)
            tell_late(journal, now)


def _say(chance: random.Random, journal: Journal, now: datetime) -> None:
    refunds = [each for each in journal.attempts() if each.kind != "sale"]
    if not refunds:
        return
    request_id = chance.choice(refunds[-12:]).request_id
    give_feedback(journal, request_id, score=chance.randint(1, 5), by="07", now=now)
    kind = chance.choice(_KINDS)
    made = open_complaint(
        journal,
        request_id,
        kind=kind,
        channel="phone",
        words=f"about {kind}",
        by="07",
        level=ServiceLevel(8, 24),
        zone=HOST,
        now=now,
    )
    names = [each.complaint_id for each in complaints_of(journal)]
    try:
        answer_complaint(
            journal, chance.choice([made.complaint_id, *names]), by="02", words="yes", now=now
        )
    except LocalProtocolError:  # answered before
        close_complaint(journal, chance.choice(names), by="02", how="so", ending="solved", now=now)
