"""Sale and void, and what a host has to refuse around them. Floor 10."""

from __future__ import annotations

from dataclasses import replace

from posrefund.certify.bench import Bench
from posrefund.certify.cases.definition import Case
from posrefund.certify.heard import Heard
from posrefund.certify.moves import (
    APPROVED_NOT_BOOKED,
    CURRENCY,
    attempt_of,
    booked_or_not,
    need_approval,
    need_refusal,
    odd_card,
    original_of,
    sell,
    void,
)
from posrefund.dialects import look_up
from posrefund.engine.compose import compose_sale
from posrefund.values import Amount, BatchNumber

__all__ = [
    "BAD_BATCH",
    "DUPLICATE",
    "ODD_CARD",
    "SALE",
    "VOID",
    "WRONG_MAC",
    "expect_sign_in_code",
]


def _sale(bench: Bench) -> None:
    bench.need_message("sale")
    bench.need_keys()
    heard, attempt = sell(bench, bench.books.plain_minor())
    booked_or_not(bench, heard, attempt, bench.subject.cards[0], *APPROVED_NOT_BOOKED)
    need_approval(bench, heard, "消费", "the sale")


def _void(bench: Bench) -> None:
    bench.need_message("sale", "void")
    bench.need_keys()
    card = bench.subject.cards[0]
    heard, sale = sell(bench, bench.books.plain_minor())
    booked_or_not(bench, heard, sale, card, *APPROVED_NOT_BOOKED)
    need_approval(bench, heard, "消费", "the sale")
    original = original_of(bench, sale)
    heard, attempt = void(bench, original)
    booked_or_not(bench, heard, attempt, card, *APPROVED_NOT_BOOKED)
    need_approval(bench, heard, "撤销", "its void")
    heard, attempt = void(bench, original)
    zh, en = "同一笔消费被撤销了两次", "one sale was voided twice"
    booked_or_not(bench, heard, attempt, card, "void.again.not_booked", zh, en)
    need_refusal(bench, heard, "void.again.refused", "再次撤销", "a second void of it")


def _odd_card(bench: Bench) -> None:
    """Half a byte of such a number is filler: where a host takes it for a digit, the card is another one."""
    bench.need_message("sale", "void")
    bench.need_keys()
    card = odd_card(bench)
    heard, sale = sell(bench, bench.books.plain_minor(), card)
    booked_or_not(bench, heard, sale, card, *APPROVED_NOT_BOOKED)
    need_approval(bench, heard, "奇数位卡号的消费", "the sale to an odd number of digits")
    heard, attempt = void(bench, original_of(bench, sale), card)
    booked_or_not(bench, heard, attempt, card, *APPROVED_NOT_BOOKED)
    need_approval(bench, heard, "奇数位卡号的撤销", "its void")


def _wrong_mac(bench: Bench) -> None:
    bench.need_message("sale")
    bench.need_keys()
    heard, attempt = sell(bench, bench.books.suspect_minor(), how="bent")
    zh, en = "MAC 错误的消费被主机记账", "the host booked a sale whose MAC was wrong"
    card = bench.subject.cards[0]
    booked_or_not(bench, heard, attempt, card, "wrong_mac.not_booked", zh, en)
    need_refusal(bench, heard, "wrong_mac.refused", "MAC 错误的消费", "a sale with a wrong MAC")
    expect_sign_in_code(bench, heard, "wrong_mac.code")


def _bad_batch(bench: Bench) -> None:
    bench.need_message("sale")
    bench.need_keys()
    minor, card = bench.books.suspect_minor(), bench.subject.cards[0]
    other = BatchNumber(f"{(int(bench.view.batch) + 500) % 999_998 + 1:06d}")
    stranger = replace(bench.view, batch=other)
    fields = compose_sale(stranger, Amount(minor, CURRENCY), card, bench.now)
    heard = bench.ask("sale", fields)
    need_refusal(
        bench,
        heard,
        "bad_batch.refused",
        "批次号不符的消费",
        "a sale of another batch than the open one",
    )
    expect_sign_in_code(bench, heard, "bad_batch.code")


def _duplicate(bench: Bench) -> None:
    bench.need_message("sale")
    bench.need_keys()
    card = bench.subject.cards[0]
    first, sale = sell(bench, bench.books.suspect_minor())
    booked_or_not(bench, first, sale, card, *APPROVED_NOT_BOOKED)
    need_approval(bench, first, "消费", "the sale")
    again = bench.ask("sale", first.sent, how="again")
    if again.is_done and again.fact("rrn") and again.fact("rrn") == first.fact("rrn"):
        zh, en = (
            "重发得到原应答（同一参考号）",
            "the copy gets the first answer again, RRN included",
        )
        bench.expect("duplicate.refused", is_met=True, zh=zh, en=en, heard=again)
        return
    attempt = attempt_of(bench, "sale", again.sent, card, again)
    zh, en = "同一流水号的消费被记账两次", "one number was booked twice"
    booked_or_not(bench, again, attempt, card, "duplicate.not_booked", zh, en)
    need_refusal(
        bench, again, "duplicate.refused", "流水号重复的消费", "a copy of a sale, same number"
    )


def expect_sign_in_code(bench: Bench, heard: Heard, check: str) -> None:
    """Expect a refusal in a code that sends the terminal to sign in again."""
    if not heard.is_refused:
        return
    row = look_up(bench.dialect.codes, heard.code)
    bench.expect(
        check,
        is_met=row.sign_in_first,
        heard=heard,
        zh=f"应答码 {heard.code} 使终端重新签到"
        if row.sign_in_first
        else f"应答码应使终端重新签到，{heard.code} 按参数不会",
        en=f"code {heard.code} sends the terminal to sign in again"
        if row.sign_in_first
        else f"the code has to send the terminal to sign in again, and by the profile {heard.code} does not",
    )


SALE = Case(
    "sale",
    "消费",
    "Sale",
    "批准，带参考号、日期时间、清算日期和正确的 MAC",
    "Approved, with RRN, date, time, settlement date and a right MAC.",
    _sale,
)
VOID = Case(
    "void",
    "消费撤销",
    "Void",
    "当日未结批的消费全额撤销；再次撤销被拒绝",
    "A sale of the open batch is undone whole; a second void of it is refused.",
    _void,
)
ODD_CARD = Case(
    "odd_card",
    "奇数位卡号",
    "Odd card number",
    "奇数位卡号的消费和撤销获批，应答中的卡号与请求一致",
    "A sale to a card of an odd number of digits and its void are approved, and the number comes back as it was sent.",
    _odd_card,
)
WRONG_MAC = Case(
    "wrong_mac",
    "MAC 错误",
    "Wrong MAC",
    "拒绝、不记账，应答码使终端重新签到",
    "Refused, not booked, in a code that sends the terminal to sign in again.",
    _wrong_mac,
)
BAD_BATCH = Case(
    "bad_batch",
    "批次号不符",
    "Another batch",
    "拒绝，应答码使终端重新签到",
    "Refused, in a code that sends the terminal to sign in again.",
    _bad_batch,
)
DUPLICATE = Case(
    "duplicate",
    "流水号重复",
    "Repeated number",
    "同一流水号只记账一次",
    "One number is booked once, however often it comes.",
    _duplicate,
)
