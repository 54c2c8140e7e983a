"""Texts: strict when they are read, complete in both languages, and none that says too much."""

from __future__ import annotations

import re
from datetime import date
from itertools import product
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.builders import NOW, PROPERTY, attempt_in
from posrefund.engine import Notice, NoticeKind, State
from posrefund.errors import ConfigError
from posrefund.office.notices import LETTERS, VARIABLES, Pattern, Writer, read_letters
from posrefund.office.notices.words import TEXTS

if TYPE_CHECKING:
    from posrefund.office.paper import Language

LANGUAGES: tuple[Language, ...] = ("zh", "en")
PARTS = ("short", "subject", "body")
ALL = [*product(LANGUAGES, NoticeKind, PARTS)]
FACTS = {
    "merchant": "面馆",
    "amount": "RMB 10.00",
    "request_id": "R-1",
    "card_last4": "0005",
    "rrn": "606810000123",
    "order_ref": "A-77",
    "expected": "2026-03-18",
    "phone": "4008",
}
NOT_BEFORE_CONFIRMED = re.compile(
    r"到账|到帐|已到|入账|退款成功|已退款|款项已退|arriv|credited|been refunded|money is|paid out",
    re.IGNORECASE,
)
every_text = pytest.mark.parametrize(("language", "kind", "part"), ALL)


def notice(kind: NoticeKind, sequence: int = 1) -> Notice:
    return Notice("R-1", sequence, kind, "R-1/1", NOW)


# --- every text --------------------------------------------------------------------------------


def test_there_is_a_text_for_every_kind_in_both_languages() -> None:
    assert set(LETTERS) == set(product(LANGUAGES, NoticeKind)) == set(TEXTS)
    assert all(set(texts) == set(PARTS) for texts in TEXTS.values())


@every_text
def test_every_text_is_filled_with_nothing_left_over(
    language: Language, kind: NoticeKind, part: str
) -> None:
    pattern: Pattern = getattr(LETTERS[language, kind], part)
    known = {name: (value if VARIABLES[name] else "") for name, value in FACTS.items()}
    for values in (FACTS, known):
        text = pattern.fill(values)
        assert text.strip()
        assert not re.search(r"[$\[\]{}]|None|  |，，|。。", text)
        assert "R-1" in text
    for name in re.findall(r"\$([a-z_0-9]+)", pattern.source):
        assert FACTS[name] in pattern.fill(FACTS)


@every_text
def test_no_text_says_before_it_is_confirmed_that_money_came(
    language: Language, kind: NoticeKind, part: str
) -> None:
    """I10."""
    text = getattr(LETTERS[language, kind], part).fill(FACTS)
    found = NOT_BEFORE_CONFIRMED.findall(text)

    assert not found or kind is NoticeKind.CONFIRMED


@pytest.mark.parametrize(
    ("language", "kind", "words"),
    [
        ("zh", NoticeKind.ACCEPTED, "已受理"),
        ("zh", NoticeKind.DECLINED, "款项没有退出"),
        ("zh", NoticeKind.CHECKING, "不要重复申请"),
        ("zh", NoticeKind.CONFIRMED, "对账确认"),
        ("zh", NoticeKind.BOUNCED, "被银行退回"),
        ("zh", NoticeKind.NOT_REFUNDED, "没有办成"),
        ("en", NoticeKind.ACCEPTED, "was accepted"),
        ("en", NoticeKind.DECLINED, "declined"),
        ("en", NoticeKind.CHECKING, "do not ask for it again"),
        ("en", NoticeKind.CONFIRMED, "was confirmed"),
        ("en", NoticeKind.BOUNCED, "sent your refund of RMB 10.00 back"),
        ("en", NoticeKind.NOT_REFUNDED, "it was not made"),
    ],
)
def test_each_kind_says_its_word(language: Language, kind: NoticeKind, words: str) -> None:
    assert words in LETTERS[language, kind].short.fill(FACTS)


@pytest.mark.parametrize(("language", "kind"), [*product(LANGUAGES, NoticeKind)])
def test_short_text_and_subject_are_one_line(language: Language, kind: NoticeKind) -> None:
    letter = LETTERS[language, kind]

    assert "\n" not in letter.short.fill(FACTS) + letter.subject.fill(FACTS)
    assert "[" not in letter.subject.source
    # Three parts of a Chinese text message at most; the fourth is what nobody reads.
    assert len(letter.short.fill(FACTS)) <= {"zh": 3 * 67, "en": 3 * 153}[language]


# --- a pattern ---------------------------------------------------------------------------------


def test_brackets_go_with_the_value_that_is_missing() -> None:
    pattern = Pattern("$amount[ to $card_last4][ by $expected, $rrn].")

    assert pattern.fill(FACTS) == "RMB 10.00 to 0005 by 2026-03-18, 606810000123."
    assert pattern.fill({**FACTS, "rrn": ""}) == "RMB 10.00 to 0005."
    assert pattern.fill({"amount": "RMB 10.00"}) == "RMB 10.00."


def test_dollar_stands_for_itself_when_it_is_doubled() -> None:
    assert Pattern("$$5 ${amount}x").fill(FACTS) == "$5 RMB 10.00x"


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("$pan", r"found \$pan"),
        ("$", r"found \$\$"),
        ("$amount $ ", r"found \$\$"),
        ("by $expected", r"expected \$expected in brackets"),
        ("[nothing]", "expected a value in every pair of brackets"),
        ("[$rrn", "every bracket with its other half"),
        ("$amount]", "every bracket with its other half"),
        ("[[$rrn]]", "every bracket with its other half"),
        ("$contact", r"found \$contact"),
        ("$AMOUNT", r"found \$AMOUNT"),
    ],
)
def test_pattern_that_could_fail_later_fails_now(source: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        Pattern(source)


@given(st.text(alphabet="ab$[]{}_1 amountr", max_size=30))
@PROPERTY
def test_pattern_that_is_read_can_be_filled(source: str) -> None:
    try:
        pattern = Pattern(source)
    except ConfigError:
        return
    pattern.fill(FACTS)
    pattern.fill({name: value for name, value in FACTS.items() if VARIABLES[name]})


# --- a shop's own texts ------------------------------------------------------------------------


def test_shops_own_text_replaces_one_and_leaves_the_rest() -> None:
    letters = read_letters('[zh.accepted]\nshort = "$merchant：$amount 已受理"')

    assert letters["zh", NoticeKind.ACCEPTED].short.fill(FACTS) == "面馆：RMB 10.00 已受理"
    assert letters["zh", NoticeKind.ACCEPTED].body == LETTERS["zh", NoticeKind.ACCEPTED].body
    assert letters["en", NoticeKind.ACCEPTED] is LETTERS["en", NoticeKind.ACCEPTED]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[zh", "no TOML"),
        ("[fr.accepted]", "expected tables of zh, en"),
        ("zh = 1", "expected tables of zh, en"),
        ("[zh.arrived]", "expected one of accepted, declined"),
        ("[zh.accepted]\nsms = 'x'", "zh.accepted: expected short, subject, body"),
        ("[zh]\naccepted = 1", "zh.accepted: expected short, subject, body"),
        ("[zh.accepted]\nshort = 1", "zh.accepted: expected text"),
        ("[zh.accepted]\nshort = ' '", "zh.accepted: expected text"),
        ("[zh.accepted]\nshort = '$name'", r"zh.accepted.short: expected \$merchant"),
        ("[zh.accepted]\nshort = '预计明天到账'", r"zh.accepted.short: nobody knows yet.*到账"),
        ("[en.checking]\nbody = 'Your money arrived'", "en.checking.body: nobody knows yet"),
        ("[en.accepted]\nsubject = 'It has been refunded'", "en.accepted.subject: nobody knows"),
    ],
)
def test_wrong_text_is_named_when_it_is_read(text: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        read_letters(text)


def test_confirmed_may_say_that_money_came() -> None:
    letters = read_letters("[zh.confirmed]\nshort = '$amount 已到账'")

    assert letters["zh", NoticeKind.CONFIRMED].short.fill(FACTS) == "RMB 10.00 已到账"


# --- a message ---------------------------------------------------------------------------------


def test_message_in_chinese_says_what_is_known() -> None:
    attempt = attempt_in(State.ACCEPTED, facts={"rrn": "606810000123", "order_ref": "A-77"})
    writer = Writer("面馆", phone="4008", expected_by=lambda _: date(2026, 3, 18))
    message = writer.write(notice(NoticeKind.ACCEPTED), attempt, "li@shop.example")

    assert message.short == (
        "【面馆】您的退款RMB 10.00已受理，退回尾号0005的卡，预计2026-03-18前可在账单中看到。单号R-1，咨询4008"
    )
    assert message.subject == "面馆：退款已受理（R-1）"
    assert message.body == (
        "您好：\n\n您的退款RMB 10.00已由收单机构受理，退回尾号0005的卡。预计2026-03-18前可在账单中看到，"
        "具体时间以发卡行为准。收单机构对账确认后会再通知您。\n\n退款单号：R-1\n订单号：A-77\n金额：RMB 10.00\n"
        "卡号尾号：0005\n参考号：606810000123\n咨询电话：4008\n面馆"
    )


def test_message_in_english_leaves_out_what_is_not_known() -> None:
    message = Writer("Noodles", language="en").write(
        notice(NoticeKind.ACCEPTED), attempt_in(State.ACCEPTED, facts={}), ""
    )

    assert message.short == (
        "Noodles: your refund of RMB 10.00 to the card ending in 0005 was accepted. Ref. R-1"
    )
    assert message.body.endswith(
        "\n\nRefund: R-1\nAmount: RMB 10.00\nCard ending in: 0005\nNoodles"
    )


def test_day_by_which_it_should_be_there_is_said_of_what_is_accepted_alone() -> None:
    writer = Writer("面馆", expected_by=lambda _: date(2026, 3, 18))
    said = {
        kind: writer.write(notice(kind), attempt_in(State.ACCEPTED), "").data["expected"]
        for kind in NoticeKind
    }

    assert {kind for kind, day in said.items() if day} == {NoticeKind.ACCEPTED}


def test_data_for_a_program_is_flat_and_names_no_customer() -> None:
    attempt = attempt_in(State.ACCEPTED, facts={"rrn": "606810000123", "why": "customer"})
    message = Writer("面馆").write(notice(NoticeKind.ACCEPTED), attempt, "+8613800138000")

    assert message.json == (
        b'{"amount_minor":1000,"at":"2026-03-09T02:00:00+00:00","attempt_id":"R-1/1",'
        b'"card_last4":"0005","currency":"156","expected":"","id":"R-1:1","kind":"accepted",'
        b'"merchant_id":"123456789012345","order_ref":"","reason":"customer","request_id":"R-1",'
        b'"rrn":"606810000123","sequence":1,"terminal":"12345678","transaction":"refund"}'
    )
    everything = f"{message!r} {message.short} {message.subject} {message.body}"
    assert "13800138000" not in everything.replace(message.contact, "", 0)
    assert "6200000000000005" not in everything
