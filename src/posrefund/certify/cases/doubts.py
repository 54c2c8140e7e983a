"""Answers that do not come in time, and the reversals that follow. Floor 10."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posrefund.certify.books import Item
from posrefund.certify.cases.definition import Case
from posrefund.certify.moves import (
    APPROVED_NOT_BOOKED,
    CURRENCY,
    attempt_of,
    booked_or_not,
    need_approval,
    original_of,
    reverse,
    sell,
    unanswered,
)
from posrefund.engine.compose import compose_sale, compose_void
from posrefund.values import Amount

if TYPE_CHECKING:
    from posrefund.certify.bench import Bench
    from posrefund.certify.heard import Heard
    from posrefund.engine import Attempt

__all__ = ["LATE_ANSWER", "REVERSAL", "REVERSAL_UNKNOWN", "VOID_REVERSAL"]

_UNDONE = (
    "reversal.undone",
    "冲正已应答成功，但结算总额中仍有被冲正的交易",
    "the reversal was confirmed, and the host's totals still have what it reversed",
)


def _start(bench: Bench) -> None:
    bench.need_message("sale", "reversal")
    bench.need_keys()


def _need_reversed(bench: Bench, heard: Heard, check: str, zh: str, en: str) -> None:
    """Expect a reversal to be confirmed."""
    bench.need(
        is_there=heard.has_come, zh="没有可解析的应答", en="there is no answer that can be read"
    )
    if not heard.code:
        return  # said in the words for a missing field
    bench.expect(
        check,
        is_met=heard.is_done,
        heard=heard,
        zh=f"{zh}：{heard.code}" if heard.is_done else f"{zh}应予确认，应答码 {heard.code}",
        en=f"{en}: {heard.code}"
        if heard.is_done
        else f"{en}: has to be confirmed, code {heard.code}",
    )


def _reversal(bench: Bench) -> None:
    _start(bench)
    card = bench.subject.cards[0]
    _, sale = sell(bench, bench.books.suspect_minor(), how="lost")
    sale = unanswered(sale)
    bench.books.add(Item(sale, card, *_UNDONE))
    heard = reverse(bench, sale)
    _need_reversed(bench, heard, "reversal.approved", "消费冲正", "the reversal of the sale")
    heard = reverse(bench, sale)
    _need_reversed(bench, heard, "reversal.again", "重发的冲正", "the same reversal once more")


def _late_answer(bench: Bench) -> None:
    _start(bench)
    card, minor = bench.subject.cards[0], bench.books.suspect_minor()
    pending = bench.say(
        "sale", compose_sale(bench.view, Amount(minor, CURRENCY), card, bench.now), how="held"
    )
    sale = attempt_of(bench, "sale", pending.heard.sent, card, pending.heard)
    bench.books.add(Item(sale, card, *_UNDONE))
    heard = reverse(bench, sale)
    bench.collect(pending, is_owed=False)  # a host may allow a terminal one connection only
    _need_reversed(bench, heard, "reversal.approved", "消费冲正", "the reversal of the sale")


def _unknown(bench: Bench) -> None:
    _start(bench)
    card = bench.subject.cards[0]
    fields = compose_sale(
        bench.view, Amount(bench.books.suspect_minor(), CURRENCY), card, bench.now
    )
    never_sent: Attempt = attempt_of(bench, "sale", fields, card)
    bench.skip_number()
    heard = reverse(bench, never_sent)
    zh, en = "主机从未收到的消费的冲正", "the reversal of a sale that the host never saw"
    _need_reversed(bench, heard, "reversal.unknown", zh, en)


def _void_reversal(bench: Bench) -> None:
    _start(bench)
    bench.need_message("void")
    card = bench.subject.cards[0]
    heard, sale = sell(bench, bench.books.suspect_minor())
    booked_or_not(bench, heard, sale, card, *APPROVED_NOT_BOOKED)
    need_approval(bench, heard, "消费", "the sale")
    fields = compose_void(bench.view, card, original_of(bench, sale), bench.now)
    lost = bench.ask("void", fields, how="lost")
    attempt = unanswered(attempt_of(bench, "void", lost.sent, card, lost))
    bench.books.add(Item(attempt, card, *_UNDONE))
    heard = reverse(bench, attempt)
    _need_reversed(bench, heard, "reversal.approved", "撤销冲正", "the reversal of the void")


REVERSAL = Case(
    "reversal",
    "冲正",
    "Reversal",
    "消费无应答后冲正获确认，重发冲正同样确认；交易不计入结算",
    "A sale that was not answered is reversed, the same reversal again is confirmed, too, and no total has the sale.",
    _reversal,
)
LATE_ANSWER = Case(
    "late_answer",
    "应答迟到",
    "Late answer",
    "应答未到即冲正：冲正获确认，迟到的应答不使交易计入结算",
    "Reversed before its answer was taken: confirmed, and whatever the late answer says, no total has the sale.",
    _late_answer,
)
REVERSAL_UNKNOWN = Case(
    "reversal_unknown",
    "冲正无原交易",
    "Reversal of nothing",
    "主机未收到原交易时冲正同样确认，使终端不再重发",
    "A reversal of what never reached the host is confirmed, so that the terminal stops sending it.",
    _unknown,
)
VOID_REVERSAL = Case(
    "void_reversal",
    "撤销冲正",
    "Reversal of a void",
    "撤销无应答后冲正获确认：消费仍计入结算，撤销不计入",
    "A void that was not answered is reversed: the totals have the sale and not the void.",
    _void_reversal,
)
