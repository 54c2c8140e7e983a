"""What cases do in more than one place: sign in, sell, give back, reverse, and keep the books about it. Floor 10."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from posrefund.certify.books import Item
from posrefund.certify.finding import BlockedError
from posrefund.crypto import unwrap_key_set
from posrefund.engine import Attempt, Original
from posrefund.engine.compose import (
    compose_refund,
    compose_reversal,
    compose_sale,
    compose_sign_in,
    compose_void,
    keepable,
)
from posrefund.engine.table import State
from posrefund.errors import CryptoError, InvalidRequestError
from posrefund.values import Amount, BatchNumber, infer_year

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from posrefund.certify.bench import Bench
    from posrefund.certify.heard import Heard
    from posrefund.dialects import Dialect
    from posrefund.engine.attempt import Kind
    from posrefund.values import CardRead

__all__ = [
    "APPROVED_NOT_BOOKED",
    "CURRENCY",
    "attempt_of",
    "booked_or_not",
    "need_approval",
    "need_refusal",
    "odd_card",
    "original_of",
    "prepare_originals",
    "refund",
    "reverse",
    "sell",
    "sign_in",
    "spoken_as",
    "take_original",
    "unanswered",
    "void",
]

_PREPARED = 5
"""So many sales are made before a day is turned: each refund case takes one."""
CURRENCY = "156"


def sign_in(bench: Bench) -> Heard:
    """Sign in, and take over what the host says: keys, batch, clock."""
    heard = bench.ask("sign_in", compose_sign_in(bench.view, bench.subject.operator, bench.now))
    bench.expect(
        "sign_in.approved",
        is_met=heard.is_done,
        heard=heard,
        zh="签到成功" if heard.is_done else f"签到应成功，应答码 {heard.code or '无'}",
        en="signed in"
        if heard.is_done
        else f"a sign-in has to succeed, code {heard.code or 'none'}",
    )
    if heard.is_done:
        _take_keys(bench, heard)
        _take_clock(bench, heard)
        _take_batch(bench, heard)
    return heard


def sell(
    bench: Bench, minor: int, card: CardRead | None = None, *, how: str = ""
) -> tuple[Heard, Attempt]:
    """Sell, and return the answer with what the sale was."""
    card = card or bench.subject.cards[0]
    fields = compose_sale(bench.view, Amount(minor, CURRENCY), card, bench.now)
    heard = bench.ask("sale", fields, how=how)
    return heard, attempt_of(bench, "sale", heard.sent, card, heard)


def void(bench: Bench, sale: Original, card: CardRead | None = None) -> tuple[Heard, Attempt]:
    """Void a sale of the open batch."""
    card = card or bench.subject.cards[0]
    heard = bench.ask("void", compose_void(bench.view, card, sale, bench.now))
    return heard, attempt_of(bench, "void", heard.sent, card, heard)


def refund(
    bench: Bench, sale: Original, minor: int, card: CardRead | None = None, *, how: str = ""
) -> tuple[Heard, Attempt]:
    """Give *minor* back of *sale*."""
    card = card or bench.subject.cards[0]
    fields = compose_refund(bench.view, Amount(minor, CURRENCY), card, sale, bench.now)
    heard = bench.ask("refund", fields, how=how)
    return heard, attempt_of(bench, "refund", heard.sent, card, heard)


def reverse(bench: Bench, attempt: Attempt, card: CardRead | None = None) -> Heard:
    """Undo *attempt* because no answer came in time."""
    card = card or bench.subject.cards[0]
    fields = compose_reversal(attempt, bench.view, card.kept, "no_reply", bench.now)
    return bench.ask("reversal", fields)


@contextmanager
def spoken_as(bench: Bench, dialect: Dialect) -> Iterator[None]:
    """Speak and hear *dialect* as long as this is open."""
    before = bench.view.dialect
    bench.view = replace(bench.view, dialect=dialect)
    try:
        yield
    finally:
        bench.view = replace(bench.view, dialect=before)


def odd_card(bench: Bench) -> CardRead:
    """Return a test card whose number has an odd number of digits.

    Raises:
        BlockedError: There is none.
    """
    odd = next((card for card in bench.subject.cards if len(card.pan.reveal()) % 2), None)
    if odd is None:
        raise BlockedError(
            "没有奇数位卡号的测试卡，用 --card 指定",
            "no test card has an odd number of digits: name one with --card",
        )
    return odd


def need_approval(bench: Bench, heard: Heard, zh: str, en: str) -> None:
    """Expect a yes, and end the case where there is none: *zh* and *en* say to what.

    Raises:
        BlockedError: The host said no, or nothing that can be understood.
    """
    _need_code(bench, heard)
    code = heard.code
    bench.expect(
        "approved",
        is_met=heard.is_done,
        heard=heard,
        zh=f"{zh}：{code}" if heard.is_done else f"{zh}应成功，应答码 {code}",
        en=f"{en}: {code}" if heard.is_done else f"{en}: has to be approved, code {code}",
    )
    bench.need(is_there=heard.is_done, zh=f"{zh}未成功", en=f"{en}: not approved")


def need_refusal(bench: Bench, heard: Heard, check: str, zh: str, en: str) -> None:
    """Expect a no; *zh* and *en* say to what.

    Raises:
        BlockedError: The host said nothing that can be understood.
    """
    _need_code(bench, heard)
    code = heard.code
    bench.expect(
        check,
        is_met=heard.is_refused,
        heard=heard,
        zh=f"{zh}：拒绝，{code}" if heard.is_refused else f"{zh}必须拒绝，主机却应答 {code}",
        en=f"{en}: refused, {code}"
        if heard.is_refused
        else f"{en}: has to be refused, and the host said {code}",
    )


def _need_code(bench: Bench, heard: Heard) -> None:
    zh, en = "没有可解析的应答", "there is no answer that can be read"
    bench.need(is_there=heard.has_come, zh=zh, en=en)
    zh, en = "应答没有应答码，结果不明", "the answer has no code: what became of it is unknown"
    bench.need(is_there=bool(heard.code), zh=zh, en=en)


def attempt_of(
    bench: Bench, kind: Kind, sent: Mapping[str, str], card: CardRead, heard: Heard | None = None
) -> Attempt:
    """Return a message of ours as the engine knows attempts."""
    answers = bench.dialect.answers if heard and heard.has_come else {}
    facts = {name: heard.fact(name) for name in answers if heard and heard.fact(name)}
    facts.pop("key_block", None)
    step = heard.step if heard else len(bench.steps) + 1
    return Attempt(
        request_id=f"step-{step}",
        number=1,
        kind=kind,
        state=State.ACCEPTED if heard and heard.is_done else State.DECLINED,
        hold="none",
        terminal=bench.view.terminal,
        merchant=bench.view.merchant,
        batch=bench.view.batch,
        stan=sent["11"],
        amount=Amount(int(sent["4"]), CURRENCY),
        fields=keepable(sent, bench.dialect),
        key_set_id=bench.view.key_set_id,
        created_at=bench.now,
        host_day=bench.view.host_day(bench.now),
        card_masked=str(card.pan),
        card_fingerprint="",
        original_id=None,
        copies=1,
        facts=facts,
    )


def unanswered(attempt: Attempt) -> Attempt:
    """Return *attempt* as a terminal has it that never saw the answer, and that undoes it."""
    return replace(attempt, state=State.DECLINED, facts={})


def booked_or_not(
    bench: Bench, heard: Heard, attempt: Attempt, card: CardRead, check: str, zh: str, en: str
) -> None:
    """Enter a message into the books by what the host said of it.

    Args:
        bench: Where.
        heard: Its answer.
        attempt: What it was.
        card: Whose.
        check: What is not met should the host's totals say otherwise.
        zh: What is said then, Chinese.
        en: The same, English.
    """
    words = (check, zh, en)
    if not (heard.is_done or heard.is_refused):
        words = ("", "", "")  # nobody knows, so nobody can be blamed
    elif heard.is_refused and check == APPROVED_NOT_BOOKED[0]:
        words = _REFUSED_AND_BOOKED
    bench.books.add(Item(attempt, card, *words))


def original_of(bench: Bench, attempt: Attempt) -> Original:
    """Return a sale that the host approved as something that can be voided or given back.

    Its date is that of the host's clock: an answer that tells another one is found out where it comes in.

    Raises:
        BlockedError: The answer lacks what a void or a refund has to name.
    """
    facts = attempt.facts
    here, today = bench.view.host_clock.at(attempt.created_at), bench.view.host_day(bench.now)
    try:
        infer_year(facts["host_date"], not_after=today + timedelta(days=1))
        rrn = facts["rrn"]
    except (KeyError, InvalidRequestError):
        zh = "消费应答缺少参考号或日期，无法指明原交易"
        raise BlockedError(
            zh, "the sale's answer lacks its RRN or date: nothing can name it"
        ) from None
    return Original(
        original_id=attempt.request_id,
        terminal=attempt.terminal,
        merchant=attempt.merchant,
        batch=attempt.batch,
        stan=attempt.stan,
        rrn=rrn,
        transaction_date=here.date(),
        settlement_date=attempt.host_day,
        amount=attempt.amount,
        auth_code=facts.get("auth_code"),
        card_fingerprint="",
        organisation=facts.get("organisation"),
    )


def take_original(bench: Bench) -> Original:
    """Return a sale of an earlier settlement day that nothing was given back of.

    Raises:
        BlockedError: There is none, and nobody can turn the host's day.
    """
    if not bench.originals:
        prepare_originals(bench)
    if not bench.originals:
        raise BlockedError(
            "没有可用的隔日原交易", "there is no sale of an earlier day to give back"
        )
    return bench.originals.pop(0)


def prepare_originals(bench: Bench) -> None:
    """Sell a few times and turn the host's day.

    Raises:
        BlockedError: Nobody can turn it: the sales are for a run of tomorrow.
    """
    turn = bench.subject.turn_day
    if turn is not None:
        made = _sales(bench)
        turn()
        sign_in(bench)
        bench.originals += made
        return
    bench.tomorrow = bench.tomorrow or _sales(bench)
    raise BlockedError(
        "需要清算日早于今日的原消费；今日已做消费，明日用 --original 指定",
        "it needs a sale of an earlier settlement day: some were made today, name them with --original tomorrow",
    )


def _sales(bench: Bench) -> list[Original]:
    card = bench.subject.cards[0]
    made = []
    for _ in range(_PREPARED):
        heard, attempt = sell(bench, bench.books.plain_minor())
        booked_or_not(bench, heard, attempt, card, *APPROVED_NOT_BOOKED)
        if heard.is_done:
            made.append(original_of(bench, attempt))
    return made


APPROVED_NOT_BOOKED = (
    "approved.booked",
    "主机应答成功，但结算总额中没有这笔交易",
    "the host approved it, and its totals do not have it",
)
_REFUSED_AND_BOOKED = (
    "refused.not_booked",
    "主机已拒绝，结算总额中却有这笔交易",
    "the host refused it, and its totals have it",
)


def _take_keys(bench: Bench, heard: Heard) -> None:
    try:
        block = bytes.fromhex(heard.fact("key_block"))
        keys = unwrap_key_set(bench.subject.tmk, block, bench.dialect.sign_in)
    except (CryptoError, ValueError) as error:
        zh, en = "签到下发的密钥无效", "the keys of the sign-in are refused"
        reason = f"{error}" if isinstance(error, CryptoError) else "no hexadecimal digits"
        bench.expect(
            "sign_in.keys", is_met=False, heard=heard, zh=f"{zh}：{reason}", en=f"{en}: {reason}"
        )
        return
    if bench.keys is not None:
        bench.keys.close()
    bench.keys = keys
    bench.view = replace(bench.view, key_set_id=keys.key_set_id)
    zh, en = "工作密钥校验值正确", "every key opens, and every check value is right"
    bench.expect("sign_in.keys", is_met=True, heard=heard, zh=zh, en=en)


def _take_clock(bench: Bench, heard: Heard) -> None:
    now = bench.now
    try:
        clock = bench.view.host_clock.learn(
            now,
            date_mmdd=heard.fact("host_date"),
            time_hhmmss=heard.fact("host_time"),
            year_yy=heard.fact("host_year"),
        )
    except InvalidRequestError:
        return  # said in the words for missing and misshapen fields
    bench.view = replace(bench.view, host_clock=clock, signed_in_at=now)


def _take_batch(bench: Bench, heard: Heard) -> None:
    said = heard.fact("batch")
    is_right = len(said) == 6 and said.isdecimal() and 1 <= int(said) <= 999_998
    bench.expect(
        "sign_in.batch",
        is_met=is_right,
        heard=heard,
        zh=f"批次号 {said}" if is_right else "签到应答的批次号应为 000001 至 999998",
        en=f"batch {said}" if is_right else "the sign-in has to tell a batch from 000001 to 999998",
    )
    if is_right:
        bench.view = replace(bench.view, batch=BatchNumber(said))
