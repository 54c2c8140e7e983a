"""Refunds: whole, in parts, too much, of the wrong thing, and one whose answer was lost. Floor 10."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from posrefund.certify.cases.definition import Case
from posrefund.certify.cases.sales import expect_sign_in_code
from posrefund.certify.moves import (
    APPROVED_NOT_BOOKED,
    booked_or_not,
    need_approval,
    need_refusal,
    refund,
    take_original,
)

if TYPE_CHECKING:
    from posrefund.certify.bench import Bench
    from posrefund.certify.heard import Heard
    from posrefund.engine import Original
    from posrefund.values import CardRead

__all__ = [
    "REFUND",
    "REFUND_LOST",
    "REFUND_OTHER_CARD",
    "REFUND_OVER",
    "REFUND_PARTIAL",
    "REFUND_UNKNOWN",
    "REFUND_WRONG_MAC",
]


def _start(bench: Bench) -> Original:
    bench.need_message("sale", "refund")
    bench.need_keys()
    return take_original(bench)


def _approved(bench: Bench, sale: Original, minor: int, zh: str, en: str) -> None:
    heard, attempt = refund(bench, sale, minor)
    booked_or_not(bench, heard, attempt, bench.subject.cards[0], *APPROVED_NOT_BOOKED)
    need_approval(bench, heard, zh, en)


def _refused(  # noqa: PLR0913 — a refund, and the words for it
    bench: Bench,
    sale: Original,
    minor: int,
    check: str,
    zh: str,
    en: str,
    card: CardRead | None = None,
    *,
    how: str = "",
) -> Heard:
    """Send a refund that has to be refused, and note that no total may hold it."""
    card = card or bench.subject.cards[0]
    heard, attempt = refund(bench, sale, minor, card, how=how)
    booked_or_not(
        bench,
        heard,
        attempt,
        card,
        f"{check}.not_booked",
        f"{zh}被主机记账",
        f"the host booked {en}",
    )
    need_refusal(bench, heard, f"{check}.refused", zh, en)
    return heard


def _whole(bench: Bench) -> None:
    sale = _start(bench)
    _approved(bench, sale, sale.amount.minor, "隔日全额退货", "a refund of all of it")
    en = "a second refund of what was given back already"
    _refused(bench, sale, bench.books.suspect_minor(), "refund.again", "已全额退货的再次退货", en)


def _partial(bench: Bench) -> None:
    sale = _start(bench)
    first = sale.amount.minor // 3
    _approved(bench, sale, first, "第一次部分退货", "a first part")
    _approved(bench, sale, sale.amount.minor - first, "其余部分退货", "the rest")


def _over(bench: Bench) -> None:
    sale = _start(bench)
    minor = sale.amount.minor + bench.books.suspect_minor()
    _refused(
        bench, sale, minor, "refund.over", "超过原金额的退货", "a refund of more than was paid"
    )


def _unknown(bench: Bench) -> None:
    sale = _start(bench)
    bench.originals.insert(0, sale)  # it is not what is named
    stranger = replace(sale, rrn=_other(sale.rrn), batch="000000", stan="000000", auth_code=None)
    minor = bench.books.suspect_minor()
    _refused(
        bench,
        stranger,
        minor,
        "refund.unknown",
        "原交易不存在的退货",
        "a refund of no sale on file",
    )


def _other_card(bench: Bench) -> None:
    sale = _start(bench)
    card = bench.subject.cards[1]
    minor = max(1, sale.amount.minor - 1)
    en = "a refund to another card than the sale's"
    heard = _refused(bench, sale, minor, "refund.other_card", "卡号与原交易不同的退货", en, card)
    _put_back(bench, sale, heard)


def _wrong_mac(bench: Bench) -> None:
    sale = _start(bench)
    minor = max(1, sale.amount.minor - 2)
    en = "a refund with a wrong MAC"
    heard = _refused(bench, sale, minor, "refund.wrong_mac", "MAC 错误的退货", en, how="bent")
    expect_sign_in_code(bench, heard, "refund.wrong_mac.code")
    _put_back(bench, sale, heard)


def _lost(bench: Bench) -> None:
    """UnionPay has no reversal of a refund: all that keeps it from being made twice is what is left at the host."""
    sale = _start(bench)
    card, minor = bench.subject.cards[0], sale.amount.minor
    first, lost = refund(bench, sale, minor, how="lost")
    booked_or_not(bench, first, lost, card, *APPROVED_NOT_BOOKED)
    bench.need(is_there=first.is_done, zh="退货未获批准", en="the refund was not approved")
    again, attempt = refund(bench, sale, minor)
    zh, en = (
        "应答丢失的退货重做后被记账两次",
        "a refund whose answer was lost was booked a second time",
    )
    booked_or_not(bench, again, attempt, card, "refund.lost.not_booked", zh, en)
    zh = "应答丢失后以新流水号重做的退货"
    en = "the same refund under a new number after its answer was lost"
    need_refusal(bench, again, "refund.lost.refused", zh, en)


def _put_back(bench: Bench, sale: Original, heard: Heard) -> None:
    """Use the sale again, if nothing was given back of it."""
    if heard.is_refused:
        bench.originals.insert(0, sale)


def _other(rrn: str) -> str:
    """Another number of the same form."""
    return rrn[:-6] + ("9" * 6 if not rrn.endswith("9" * 6) else "1" * 6)


REFUND = Case(
    "refund",
    "隔日退货",
    "Refund, all of it",
    "按原参考号、原日期全额退货获批；再次退货被拒绝",
    "Approved by the sale's RRN and date; a second refund of it is refused.",
    _whole,
)
REFUND_PARTIAL = Case(
    "refund_partial",
    "部分退货",
    "Refund in parts",
    "分两次退货，合计等于原金额，均获批",
    "Two refunds that together are the sale are both approved.",
    _partial,
)
REFUND_OVER = Case(
    "refund_over",
    "超额退货",
    "Refund of too much",
    "金额超过可退余额：拒绝、不记账",
    "More than is left of the sale: refused and not booked.",
    _over,
)
REFUND_UNKNOWN = Case(
    "refund_unknown",
    "无原交易退货",
    "Refund of nothing",
    "参考号查无原交易：拒绝、不记账",
    "An RRN that is not on file: refused and not booked.",
    _unknown,
)
REFUND_OTHER_CARD = Case(
    "refund_other_card",
    "卡号不符退货",
    "Refund to another card",
    "卡号与原交易不同：拒绝、不记账",
    "Another card than the sale's: refused and not booked.",
    _other_card,
)
REFUND_WRONG_MAC = Case(
    "refund_wrong_mac",
    "退货 MAC 错误",
    "Refund with a wrong MAC",
    "拒绝、不记账，应答码使终端重新签到",
    "Refused, not booked, in a code that sends the terminal to sign in again.",
    _wrong_mac,
)
REFUND_LOST = Case(
    "refund_lost",
    "退货应答丢失",
    "Refund whose answer is lost",
    "退货无冲正：应答丢失后重做，主机按可退余额拒绝，不重复退款",
    "A refund has no reversal: done again after its answer was lost, it is refused for what is left, not paid twice.",
    _lost,
)
