"""Fraud measures: what a shop looks at twice, as data with thresholds. Floor 8.

Each measure says allow, review or block, and why, of somebody or something. It is a hint for people who know the shop:
none of them proves anything, and none is applied to a refund by itself. *Block* means: no more of it without a second
person's look.

Source:
    The indicators are those of retail loss prevention, as payment processors publish them for their merchants.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

__all__ = ["MEASURES", "Finding", "Measure", "OperatorSums", "Watched", "find"]

Verdict = Literal["allow", "review", "block"]
_SOON_S = 600
_LAST_S = 900
_SMALL_MINOR = 5_000


@dataclass(frozen=True, slots=True)
class Watched:
    """One refund or void that the host accepted.

    Attributes:
        attempt: Its name.
        terminal: Where.
        operator: Who.
        approved_by: The second person; empty where there was none.
        amount_minor: How much.
        currency: Of it.
        sale: The sale.
        card_no: A number that cards get in this list; the same card, the same number.
        card: Its last four digits, masked.
        sold_by: Who sold; empty where the journal does not know.
        after_sale_s: Seconds since the sale; None where the journal does not know.
        before_close_s: Seconds until the batch was closed; None where it is open.
    """

    attempt: str
    terminal: str
    operator: str
    approved_by: str
    amount_minor: int
    currency: str
    sale: str
    card_no: int
    card: str
    sold_by: str
    after_sale_s: int | None
    before_close_s: int | None


@dataclass(frozen=True, slots=True)
class OperatorSums:
    """What an operator sold and gave back.

    Attributes:
        operator: Who.
        sales: How many sales the host accepted.
        refunds: How many refunds and voids.
    """

    operator: str
    sales: int
    refunds: int


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure.

    Attributes:
        name: Stable.
        review: From this value on somebody looks at it.
        block: From this value on nothing more without a second person; 0 for never.
        zh: What it says, with ``{who}`` and ``{value}``.
        en: The same in English.
    """

    name: str
    review: float
    block: float
    zh: str
    en: str

    def judge(self, value: float) -> Verdict:
        """Return what *value* comes to.

        Example:
            >>> from posrefund.office.report.fraud import MEASURES
            >>> MEASURES["one_original"].judge(1), MEASURES["one_original"].judge(2)
            ('allow', 'review')
        """
        if self.block and value >= self.block:
            return "block"
        return "review" if value >= self.review else "allow"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a measure says of somebody or something.

    Attributes:
        measure: Its name.
        verdict: allow, review or block.
        who: Whom or what it is about.
        value: What was measured.
        reason_zh: In words.
        reason_en: The same in English.
        attempts: The refunds that it is about.
    """

    measure: str
    verdict: Verdict
    who: str
    value: float
    reason_zh: str
    reason_en: str
    attempts: tuple[str, ...]


MEASURES: Mapping[str, Measure] = {
    each.name: each
    for each in (
        Measure(
            "one_original",
            2,
            4,
            "同一笔消费 {who} 退了 {value} 次",
            "sale {who} was refunded {value} times",
        ),
        Measure(
            "one_card", 3, 6, "同一张卡 {who} 收到 {value} 笔退款", "card {who} got {value} refunds"
        ),
        Measure(
            "operator_ratio",
            1.5,
            3,
            "操作员 {who} 的退款比例高出其他人 {value}σ",
            "operator {who} refunds {value}σ more than the others",
        ),
        Measure(
            "soon_after_sale",
            2,
            5,
            "操作员 {who} 有 {value} 次在自己售出后十分钟内退款",
            "operator {who} refunded {value} own sales within ten minutes",
        ),
        Measure(
            "end_of_batch",
            3,
            6,
            "操作员 {who} 有 {value} 笔退款在结算前十五分钟内",
            "operator {who} made {value} refunds in the last 15 minutes of a batch",
        ),
        Measure(
            "same_approver",
            5,
            0,
            "{who}：{value} 次复核都是同一人",
            "{who}: the same person approved all {value}",
        ),
        Measure(
            "small_repeated",
            4,
            8,
            "操作员 {who} 同一小额退了 {value} 次",
            "operator {who} refunded the same small amount {value} times",
        ),
    )
}
"""By name. A shop of other habits gives ``find`` its own, made with ``dataclasses.replace``."""

_Found = tuple[str, float, list[str]]


def find(
    watched: Sequence[Watched],
    sums: Sequence[OperatorSums],
    measures: Mapping[str, Measure] = MEASURES,
) -> list[Finding]:
    """Return what the measures have to say, the gravest first; what is allowed is left out.

    Args:
        watched: Refunds and voids of the window.
        sums: What each operator sold and gave back in it.
        measures: Thresholds.
    """
    findings = [
        finding
        for name, measure in measures.items()
        for who, value, attempts in _LOOKS[name](watched, sums)
        if (finding := _finding(measure, who, value, attempts)).verdict != "allow"
    ]
    return sorted(
        findings, key=lambda found: (found.verdict != "block", -len(found.attempts), found.who)
    )


def _finding(measure: Measure, who: str, value: float, attempts: list[str]) -> Finding:
    words = {"who": who, "value": f"{value:g}"}
    return Finding(
        measure.name,
        measure.judge(value),
        who,
        value,
        measure.zh.format(**words),
        measure.en.format(**words),
        tuple(attempts),
    )


def _grouped(
    watched: Iterable[Watched], key: Callable[[Watched], Any]
) -> Iterator[tuple[Any, list[Watched]]]:
    groups: defaultdict[Any, list[Watched]] = defaultdict(list)
    for each in watched:
        groups[key(each)].append(each)
    yield from groups.items()


def _names(some: Iterable[Watched]) -> list[str]:
    return [each.attempt for each in some]


def _one_original(watched: Sequence[Watched], _: Sequence[OperatorSums]) -> Iterator[_Found]:
    for sale, some in _grouped((each for each in watched if each.sale), lambda each: each.sale):
        yield sale, len(some), _names(some)


def _one_card(watched: Sequence[Watched], _: Sequence[OperatorSums]) -> Iterator[_Found]:
    for number, some in _grouped(watched, lambda each: each.card_no):
        yield f"№{number} {some[0].card}".rstrip(), len(some), _names(some)


def _operator_ratio(watched: Sequence[Watched], sums: Sequence[OperatorSums]) -> Iterator[_Found]:
    """Against what all the others do: somebody who gives back most would else raise the mean that he is held against."""
    for mine in sums:
        sales = sum(each.sales for each in sums) - mine.sales
        refunds = sum(each.refunds for each in sums) - mine.refunds
        if mine.sales and sales and refunds:
            share = min(refunds / sales, 0.99)
            sigma = sqrt(share * (1 - share) / mine.sales)
            excess = round((mine.refunds / mine.sales - share) / sigma, 1)
            yield mine.operator, excess, _names(e for e in watched if e.operator == mine.operator)


def _soon_after_sale(watched: Sequence[Watched], _: Sequence[OperatorSums]) -> Iterator[_Found]:
    own = [
        each
        for each in watched
        if each.after_sale_s is not None
        and 0 <= each.after_sale_s <= _SOON_S
        and each.operator == each.sold_by
    ]
    for operator, some in _grouped(own, lambda each: each.operator):
        yield operator, len(some), _names(some)


def _end_of_batch(watched: Sequence[Watched], _: Sequence[OperatorSums]) -> Iterator[_Found]:
    last = [e for e in watched if e.before_close_s is not None and 0 <= e.before_close_s <= _LAST_S]
    for operator, some in _grouped(last, lambda each: each.operator):
        yield operator, len(some), _names(some)


def _same_approver(watched: Sequence[Watched], _: Sequence[OperatorSums]) -> Iterator[_Found]:
    approved = [each for each in watched if each.approved_by]
    for operator, some in _grouped(approved, lambda each: each.operator):
        people = {each.approved_by for each in some}
        if len(people) == 1:
            yield f"{operator} → {people.pop()}", len(some), _names(some)


def _small_repeated(watched: Sequence[Watched], _: Sequence[OperatorSums]) -> Iterator[_Found]:
    small = [each for each in watched if each.amount_minor <= _SMALL_MINOR]
    for operator, some in _grouped(small, lambda each: each.operator):
        amount, count = Counter((e.currency, e.amount_minor) for e in some).most_common(1)[0]
        yield operator, count, _names(e for e in some if (e.currency, e.amount_minor) == amount)


_LOOKS: Mapping[str, Callable[[Sequence[Watched], Sequence[OperatorSums]], Iterator[_Found]]] = {
    "one_original": _one_original,
    "one_card": _one_card,
    "operator_ratio": _operator_ratio,
    "soon_after_sale": _soon_after_sale,
    "end_of_batch": _end_of_batch,
    "same_approver": _same_approver,
    "small_repeated": _small_repeated,
}
