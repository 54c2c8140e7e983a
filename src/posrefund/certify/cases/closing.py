"""Settlement: of an empty batch, of one whose totals are equal, and of one whose totals are not. Floor 10."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from posrefund.certify.cases.definition import Case
from posrefund.certify.moves import (
    APPROVED_NOT_BOOKED,
    booked_or_not,
    original_of,
    refund,
    void,
)
from posrefund.certify.settling import (
    compare,
    end,
    false_totals,
    need_closing,
    sell_for_batch,
    state_totals,
    upload,
)
from posrefund.engine.batch import BatchTotals

if TYPE_CHECKING:
    from posrefund.certify.bench import Bench
    from posrefund.certify.settling import Told

__all__ = ["SETTLE_BALANCED", "SETTLE_EMPTY", "SETTLE_UNBALANCED"]


def _empty(bench: Bench) -> None:
    """What earlier runs left in the batch is closed away: no later total may hold it."""
    bench.books.close()
    told = state_totals(bench, BatchTotals())
    verdict: Literal["balanced", "unbalanced"] = (
        "balanced" if told.totals == BatchTotals() else "unbalanced"
    )
    _expect_verdict(bench, told, verdict)
    end(bench, verdict, 0)


def _balanced(bench: Bench) -> None:
    told = state_totals(bench, bench.books.totals())
    if compare(bench, told):
        told = state_totals(bench, bench.books.totals())
        compare(bench, told)
    _expect_verdict(bench, told, "balanced")
    end(bench, "balanced", 0)


def _unbalanced(bench: Bench) -> None:
    bench.need_message("sale", "void")
    need_closing(bench)
    _fill(bench)
    told = state_totals(bench, false_totals(bench))
    compare(bench, told)
    _expect_verdict(bench, told, "unbalanced")
    end(bench, "unbalanced", upload(bench))


def _fill(bench: Bench) -> None:
    """Put two sales, a void and, where there is something to give back, a refund into the batch."""
    card = bench.subject.cards[0]
    sell_for_batch(bench)
    heard, attempt = void(bench, original_of(bench, sell_for_batch(bench)))
    booked_or_not(bench, heard, attempt, card, *APPROVED_NOT_BOOKED)
    if bench.originals:
        original = bench.originals.pop(0)
        heard, attempt = refund(bench, original, original.amount.minor)
        booked_or_not(bench, heard, attempt, card, *APPROVED_NOT_BOOKED)


def _expect_verdict(bench: Bench, told: Told, due: str) -> None:
    zh_due, en_due = {"balanced": ("平", "balanced")}.get(due, ("不平", "unbalanced"))
    seen = told.verdict or "?"
    is_met = told.verdict == due
    bench.expect(
        "settlement.verdict",
        is_met=is_met,
        heard=told.heard,
        zh=f"主机对账结论：{zh_due}" if is_met else f"主机对账结论应为{zh_due}，实为 {seen}",
        en=f"the host says {en_due}"
        if is_met
        else f"the host has to say {en_due}, and says {seen}",
    )


SETTLE_EMPTY = Case(
    "settle_empty",
    "空批结算",
    "Settlement of an empty batch",
    "主机给出对账结论和总额，结批后批次号加一",
    "The host compares and says its totals; after the closing the batch number is one more.",
    _empty,
)
SETTLE_BALANCED = Case(
    "settle_balanced",
    "结算（对账平）",
    "Settlement, balanced",
    "总额一致，主机应答平；被拒绝和被冲正的交易不在总额中；批次号加一",
    "Totals are equal and the host says so: nothing refused or reversed is in them. The batch number is one more.",
    _balanced,
)
SETTLE_UNBALANCED = Case(
    "settle_unbalanced",
    "结算（对账不平）",
    "Settlement, unbalanced",
    "总额不一致，主机应答不平并给出自己的总额；批上送消费、撤销、退货和结束报文均获应答",
    "Totals differ: the host says so and tells its own; it takes the upload of sales, voids and refunds, and its end.",
    _unbalanced,
)
