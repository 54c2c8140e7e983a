"""How each switch is asked about: small sales and refunds, each differing in one thing. Floor 10."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from posrefund.certify.asking import give_back, old_sale, ready, sell_as
from posrefund.certify.moves import (
    APPROVED_NOT_BOOKED,
    booked_or_not,
    odd_card,
    original_of,
    sell,
    sign_in,
)
from posrefund.certify.not_asked import NOT_ASKED
from posrefund.certify.probes_of_codes import CODE_PROBES
from posrefund.certify.probes_of_form import ODD_PROBES, is_about_keys
from posrefund.certify.probes_of_uploads import UPLOAD_PROBES
from posrefund.certify.switches import Seen, either
from posrefund.certify.which_mac import candidates, in_words, spelt
from posrefund.errors import CryptoError
from posrefund.values import CardRead

if TYPE_CHECKING:
    from collections.abc import Callable

    from posrefund.certify.bench import Bench
    from posrefund.certify.heard import Heard
    from posrefund.dialects import Dialect

__all__ = ["PROBES"]

_TAILS = ("600", "500", "60", "50", "", "600000")
"""DE60.4 on: reader capability 6 or 5, state of the chip, partial approval, kind of account; 11 to 17 digits in all."""
_TAIL = "{de60_tail}"
_RULES_MAX = 40
_WINDOW_DAYS = (7, 30, 31, 60, 90, 91, 180, 181)


def _mac(bench: Bench) -> Seen:
    ready(bench)
    dialect, due = bench.dialect, bench.subject.dialect.mac
    for rule in islice(candidates(due), _RULES_MAX):
        try:
            heard = sell_as(bench, dialect.derive(dialect.name, mac=rule))
        except CryptoError:  # a key of another length
            continue
        if heard.is_done:
            bench.view = replace(bench.view, dialect=dialect.derive(dialect.name, mac=rule))
            agrees = rule == due
            zh, en = f"主机接受并返回 {in_words(rule)}", f"the host takes {in_words(rule)}"
            lines = {} if agrees else {"": (spelt(rule),)}
            return Seen(in_words(rule), zh, en, agrees=agrees, lines=lines)
        zh, en = (
            f"消费因其他原因被拒绝：{heard.code}",
            f"a sale is refused for another reason: {heard.code}",
        )
        bench.need(is_there=is_about_keys(heard), zh=zh, en=en)
    zh, en = f"{_RULES_MAX} 种已知算法均被拒绝", "none of the rules that are known here was taken"
    return Seen("", zh, en)


def _de60_tail(bench: Bench) -> Seen:
    ready(bench)
    now = bench.dialect.constants.get("de60_tail")
    zh, en = "参数没有 de60_tail", "the profile has no de60_tail"
    bench.need(is_there=now is not None, zh=zh, en=en)
    assert now is not None
    tails = dict.fromkeys((now, *_TAILS))
    heard = {tail: sell_as(bench, _with_tail(bench.dialect, tail)) for tail in tails}
    done = [tail for tail, each in heard.items() if each.is_done]
    taken = done or [tail for tail, each in heard.items() if is_about_keys(each)]
    shown = ", ".join(f"{11 + len(tail)} ({tail or '-'})" for tail in taken)
    if not taken:
        zh, en = "所有长度均被拒绝", "every length was refused"
        return Seen("", zh, en)
    best = now if now in taken else taken[0]
    bench.view = replace(bench.view, dialect=_with_tail(bench.dialect, best))
    zh, en = (
        f"主机接受的 60 域长度（60.4 起）：{shown}",
        f"digits of DE60 (and its tail) that are taken: {shown}",
    )
    lines = {} if best == now else _lines_of_tail(bench.subject.dialect, best)
    return Seen(best or "none", zh, en, now in taken, lines, is_sure=bool(done))


def _de61(bench: Bench) -> Seen:
    sale = old_sale(bench)
    zh, en = "退货报文没有 61 域", "a refund of this profile has no DE61"
    bench.need(is_there="61" in bench.dialect.messages["refund"].templates, zh=zh, en=en)
    plain = replace(sale, batch="000000", stan="000000")
    taken = {
        "values": give_back(bench, sale).is_done,
        "zeros": give_back(bench, plain).is_done,
    }
    if not taken["values"] and taken["zeros"]:
        zh, en = "61.1、61.2 必须填零", "DE61.1 and DE61.2 have to be zeros"
        lines = {"messages.refund.holds": ('61 = "000000000000{original_mmdd}"',)}
        return Seen("zeros", zh, en, agrees=False, lines=lines)
    return either(taken, "61.1、61.2", "DE61.1 and DE61.2", due="values")


def _de63(bench: Bench) -> Seen:
    sale = old_sale(bench)
    zh, en = "退货报文没有 63 域", "a refund of this profile has no DE63"
    bench.need(is_there="63" in bench.dialect.messages["refund"].templates, zh=zh, en=en)
    operator = bench.subject.operator.ljust(3)
    known = sale.organisation or "CUP"
    taken = {
        value: give_back(bench, replace(sale, organisation=value)).is_done
        for value in dict.fromkeys((known, "000", operator))
    }
    if not taken[known]:
        best = next((value for value, is_taken in taken.items() if is_taken), "")
        zh, en = f"63.1 应为 {best or '未知'}", f"DE63.1 has to be {best or 'something else'}"
        lines = {"words.organisation": (f'"*" = "{best}"',)} if best else {}
        return Seen(best, zh, en, agrees=False, lines=lines)
    return either(taken, "63.1", "DE63.1", due=known)


def _de38(bench: Bench) -> Seen:
    sale = old_sale(bench)
    zh, en = "原交易没有授权码", "the sale has no authorisation code"
    bench.need(is_there=bool(sale.auth_code), zh=zh, en=en)
    taken = {
        "with": give_back(bench, sale).is_done,
        "without": give_back(bench, replace(sale, auth_code=None)).is_done,
    }
    return either(taken, "38 域", "DE38", due="with")


def _de23(bench: Bench) -> Seen:
    sale, card = old_sale(bench), bench.subject.cards[0]
    zh, en = "测试卡没有卡序列号", "the test card has no sequence number"
    bench.need(is_there=card.sequence_number is not None, zh=zh, en=en)
    taken = {
        "with": give_back(bench, sale).is_done,
        "without": give_back(bench, sale, replace(card, sequence_number=None)).is_done,
    }
    return either(taken, "23 域", "DE23", due="with")


def _de52(bench: Bench) -> Seen:
    """A PIN is not tried: that of a test card is known to nobody here, and a wrong one counts against the card."""
    heard = give_back(bench, old_sale(bench))
    if heard.is_done:
        zh, en = (
            "退货不需 PIN（带 PIN 未试）",
            "a refund needs no PIN (one with a PIN is not tried)",
        )
        return Seen("without", zh, en, agrees=bench.dialect.messages["refund"].pin != "required")
    zh, en = "不带 PIN 的退货", "a refund without a PIN"
    return _yes_or_code(heard, zh, en)


def _keyed(bench: Bench) -> Seen:
    sale, card = old_sale(bench), bench.subject.cards[0]
    heard = give_back(bench, sale, CardRead("012", card.pan, expiry=card.expiry))
    return _yes_or_code(heard, "手输卡号退货", "a refund of a typed number")


def _same_day(bench: Bench) -> Seen:
    ready(bench)
    heard, attempt = sell(bench, bench.books.plain_minor())
    booked_or_not(bench, heard, attempt, bench.subject.cards[0], *APPROVED_NOT_BOOKED)
    bench.need(is_there=heard.is_done, zh="消费未获批准", en="the sale was not approved")
    heard = give_back(bench, original_of(bench, attempt))
    return _yes_or_code(heard, "当日退货", "a refund on the sale's own day")


def _window(bench: Bench) -> Seen:
    """Let a sale grow old a step at a time, and give a little back of it at each."""
    sale, turn = old_sale(bench), bench.subject.turn_day
    zh, en = "无法拨动主机日期", "nobody can turn the host's day"
    bench.need(is_there=turn is not None, zh=zh, en=en)
    assert turn is not None
    age, last_taken = (bench.view.host_day(bench.now) - sale.settlement_date).days, 0
    for days in _WINDOW_DAYS:
        while age < days:
            turn()
            age += 1
        sign_in(bench)
        heard = give_back(bench, sale)
        if not heard.is_done:
            zh = f"原交易 {last_taken} 天内可退，{days} 天时被拒绝（{heard.code}）"
            en = f"taken after {last_taken} days, refused after {days} ({heard.code})"
            exact = str(last_taken) if days == last_taken + 1 else f"{last_taken}-{days - 1}"
            return Seen(exact, zh, en)
        last_taken = days
    zh, en = f"{last_taken} 天仍可退", f"still taken after {last_taken} days"
    return Seen(f">{last_taken}", zh, en)


def _key_block(bench: Bench) -> Seen:
    heard = sign_in(bench)
    block = heard.fact("key_block")
    zh, en = "签到未下发密钥", "the sign-in brought no keys"
    bench.need(is_there=heard.is_done and bool(block), zh=zh, en=en)
    size = len(block) // 2
    layouts = bench.dialect.sign_in.lengths(bench.subject.tmk.algorithm)
    bench.need(
        is_there=size in layouts,
        zh=f"{size} 字节的密钥块未知",
        en=f"no form of {size} bytes is known",
    )
    mak = layouts[size].wrapped(bytes.fromhex(block), "MAK")
    is_single = len(mak) == 16 and not any(mak[8:])
    zh, en = f"密钥块 {size} 字节，MAK {len(mak)} 字节", f"{size} bytes, MAK of {len(mak)} bytes"
    if is_single:
        zh, en = (
            f"密钥块 {size} 字节，MAK 单倍长、后补零",
            f"{size} bytes, MAK single with zeros behind it",
        )
    return Seen(f"{size}", zh, en, agrees=bench.keys is not None)


def _pad(bench: Bench) -> Seen:
    """Which nibble fills an odd number of digits in what the host sends."""
    ready(bench)
    odd = odd_card(bench)
    heard, attempt = sell(bench, bench.books.plain_minor(), odd)
    booked_or_not(bench, heard, attempt, odd, *APPROVED_NOT_BOOKED)
    there = "2" in heard.fields
    bench.need(is_there=there, zh="应答没有 2 域", en="the answer has no DE2")
    pad = bench.dialect.codec.read(heard.body).pads.get("2", "0")
    agrees = pad == "0" or pad in bench.dialect.accept_pads
    lines = {} if agrees else {"": (f'accept_pads = "{pad}"',)}
    return Seen(
        pad, f"奇数位以 {pad} 填充", f"odd digits are filled with {pad}", agrees=agrees, lines=lines
    )


_SENT_PAD, _NUMBER_FROM = ODD_PROBES
PROBES: tuple[tuple[str, str, str, Callable[[Bench], Seen]], ...] = (
    _SENT_PAD,
    ("key_block", "签到密钥块", "keys of the sign-in", _key_block),
    ("de60_tail", "60 域长度", "length of DE60", _de60_tail),
    ("mac", "MAC 算法", "MAC rule", _mac),
    _NUMBER_FROM,
    ("pad", "填充位", "filler nibble", _pad),
    ("de61", "退货 61.1、61.2", "DE61.1 and DE61.2 of a refund", _de61),
    ("de63", "退货 63.1", "DE63.1 of a refund", _de63),
    ("de38", "退货 38 域", "DE38 of a refund", _de38),
    ("de23", "退货 23 域", "DE23 of a refund", _de23),
    ("de52", "退货 52 域", "PIN of a refund", _de52),
    ("keyed_refund", "手输卡号退货", "refund of a typed number", _keyed),
    *CODE_PROBES,
    ("same_day_refund", "当日退货", "refund on the same day", _same_day),
    *UPLOAD_PROBES,
    *NOT_ASKED,
    ("refund_window_days", "退货期限", "days in which a refund is taken", _window),
)
"""Name, title in Chinese and in English, and how it is asked. Form comes before MAC, as hosts look at them; the one that turns the days comes last."""


def _with_tail(dialect: Dialect, tail: str) -> Dialect:
    if tail:
        return dialect.derive(dialect.name, constants={**dialect.constants, "de60_tail": tail})
    tables = {
        name: replace(
            table, templates={n: t.replace(_TAIL, "") for n, t in table.templates.items()}
        )
        for name, table in dialect.messages.items()
    }
    return dialect.derive(dialect.name, messages=tables)


def _lines_of_tail(dialect: Dialect, tail: str) -> dict[str, tuple[str, ...]]:
    if tail:
        return {"constants": (f'de60_tail = "{tail}"',)}
    return {
        f"messages.{name}.holds": (f'60 = "{table.templates["60"].replace(_TAIL, "")}"',)
        for name, table in dialect.messages.items()
        if _TAIL in table.templates.get("60", "")
    }


def _yes_or_code(heard: Heard, zh: str, en: str) -> Seen:
    said_zh = "接受" if heard.is_done else f"拒绝，{heard.code or '无应答码'}"
    said_en = "taken" if heard.is_done else f"refused, {heard.code or 'no code'}"
    found = "taken" if heard.is_done else heard.code
    is_sure = heard.is_done  # a no may have another cause
    return Seen(found, f"{zh}：{said_zh}", f"{en}: {said_en}", is_sure=is_sure)
