"""The real terminal: what it makes of the host's answers, and what it refuses to send. Floor 10.

The other cases say what the host does; this one, that the terminal which is certified with it does the right thing about it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from posrefund.certify.cases.definition import Case
from posrefund.certify.moves import sign_in
from posrefund.certify.settling import close_away, need_closing
from posrefund.certify.whole_terminal import whole_terminal
from posrefund.engine import Approved, Outcome, Reason, RefundRequest, SaleRequest
from posrefund.engine.table import State
from posrefund.errors import PosRefundError, RefusedError
from posrefund.values import Amount, RequestID

if TYPE_CHECKING:
    from posrefund.certify.bench import Bench
    from posrefund.certify.whole_terminal import LossyLink
    from posrefund.terminal import Terminal

__all__ = ["TERMINAL"]

_MINOR = 3_000


def _terminal(bench: Bench) -> None:
    bench.need_message("sign_in", "sale", "void", "refund", "reversal")
    need_closing(bench)
    zh = "主机有偏差，终端如何应对不说明终端本身"
    en = "the host deviates: what a terminal makes of that says nothing about the terminal"
    bench.need(is_there=not bench.has_failed, zh=zh, en=en)
    if not bench.has_fresh_batch:  # its numbers begin at 1
        close_away(bench)
    try:
        with whole_terminal(bench) as (terminal, link):
            _play(bench, terminal, link)
    except PosRefundError as error:
        zh, en = "终端中止：", "the terminal gave up: "
        why = f"{type(error).__name__}"
        bench.expect("terminal.works", is_met=False, zh=f"{zh}{why}", en=f"{en}{why}: {error}")
    finally:
        sign_in(bench)  # its sign-ins replaced the bench's keys
        bench.has_fresh_batch = False


def _play(bench: Bench, terminal: Terminal, link: LossyLink) -> None:
    terminal.sign_in(accept_clock=True)
    sold = _sell(bench, terminal, "SALE-1")
    _expect(
        bench, "terminal.sale", sold, "终端受理消费", "the terminal takes the sale for approved"
    )
    link.loses_next = True
    lost = _sell(bench, terminal, "SALE-2")
    is_doubt = lost.attempt.state is State.IN_DOUBT
    zh, en = (
        "应答丢失时终端存疑，不判成败",
        "with its answer lost the terminal is in doubt, and says neither yes nor no",
    )
    bench.expect("terminal.doubt", is_met=is_doubt, zh=zh, en=en)
    terminal.resolve_doubts()
    state = terminal.journal.attempt(lost.attempt.attempt_id).state
    zh, en = f"存疑的消费已冲正（{state}）", f"what was in doubt is reversed ({state})"
    bench.expect("terminal.reversal", is_met=state is State.REVERSED, zh=zh, en=en)
    voided = terminal.refund(_refund(bench, "VOID-1", "SALE-1", None))
    is_void = isinstance(voided, Approved) and voided.attempt.kind == "void"
    zh, en = "当日全额退款改为撤销", "money back on the same day is a void"
    bench.expect("terminal.void", is_met=is_void, zh=zh, en=en)
    _later(bench, terminal)
    closed = terminal.close_batch()
    is_balanced = closed.verdict == "balanced" and not closed.doubts
    zh, en = f"终端结批：{closed.verdict}", f"the terminal's batch is {closed.verdict}"
    bench.expect("terminal.close_batch", is_met=is_balanced, zh=zh, en=en)


def _later(bench: Bench, terminal: Terminal) -> None:
    """A refund needs another day; where nobody can turn it, the rest of the case is about today."""
    if bench.subject.turn_day is None:
        return
    _sell(bench, terminal, "SALE-3")
    bench.subject.turn_day()
    terminal.sign_in(accept_clock=True)
    part = terminal.refund(_refund(bench, "REFUND-1", "SALE-3", _MINOR // 3))
    _expect(
        bench,
        "terminal.refund",
        part,
        "终端受理隔日退货",
        "the terminal takes the refund for approved",
    )
    before = len(bench.steps)
    again = terminal.refund(_refund(bench, "REFUND-1", "SALE-3", _MINOR // 3))
    is_stored = isinstance(again, Approved) and len(bench.steps) == before
    zh, en = "同一请求再问一次：不再发送", "the same request once more: nothing is sent"
    bench.expect("terminal.once", is_met=is_stored, zh=zh, en=en)
    try:
        terminal.refund(_refund(bench, "REFUND-2", "SALE-3", _MINOR))
        is_refused = False
    except RefusedError:
        is_refused = len(bench.steps) == before
    zh, en = (
        "超过可退余额：终端自行拒绝，不发报文",
        "more than is left: the terminal refuses by itself and sends nothing",
    )
    bench.expect("terminal.over_refund", is_met=is_refused, zh=zh, en=en)


def _sell(bench: Bench, terminal: Terminal, request_id: str) -> Outcome:
    return terminal.sale(SaleRequest(RequestID(request_id), Amount(_MINOR), bench.subject.cards[0]))


def _refund(bench: Bench, request_id: str, sale: str, minor: int | None) -> RefundRequest:
    return RefundRequest(
        RequestID(request_id),
        original=RequestID(sale),
        card=bench.subject.cards[0],
        reason=Reason.CUSTOMER,
        amount=Amount(minor) if minor else None,
    )


def _expect(bench: Bench, check: str, outcome: Outcome, zh: str, en: str) -> None:
    bench.expect(check, is_met=isinstance(outcome, Approved), zh=zh, en=f"{en}: {outcome!r}")


TERMINAL = Case(
    "terminal",
    "终端",
    "The terminal itself",
    "真实终端完成消费、应答丢失后的冲正、撤销、隔日退货与结算；重复与超额的请求不发出",
    "The real terminal sells, reverses what was not answered, voids, gives back and settles; it sends nothing twice and nothing too much.",
    _terminal,
)
