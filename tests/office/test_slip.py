"""Slips: literal, within 32 columns, and they never say more than is known."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.builders import DIALECT, PAN_DIGITS, PROPERTY, attempt_in, original
from posrefund.engine import Approved, Reason, State, outcome_of
from posrefund.office import slip
from posrefund.values import Amount

FACTS = {
    "operator": "01",
    "entry": "051",
    "why": "customer",
    "code": "00",
    "rrn": "606810000123",
    "auth_code": "654321",
    "host_date": "0309",
    "host_time": "100001",
}
COLUMNS = 32

REFUND_ZH = """
           银联签购单
            商户存根
--------------------------------
商户编号         123456789012345
终端编号                12345678
操作员号                      01
卡号          620000******0005 I
--------------------------------
交易类型            退货(REFUND)
金额                   RMB 10.00
--------------------------------
批次号                    000001
凭证号                    000007
授权码                    654321
参考号              606810000123
日期时间     2026/03/09 10:00:01
--------------------------------
原交易日期            2026/03/08
原参考号            606710000042
原批次号                  000001
原凭证号                  000003
原授权码                  654321
原交易金额            RMB 100.00
--------------------------------
退货原因                顾客要求
--------------------------------
状态                      已受理
--------------------------------
本人同意将上述款项退回原付款卡。
持卡人签名:


________________________________

      R0APN58QCGAAPM8J79AW
"""
REFUND_EN = """
      UnionPay sales slip
         Merchant copy
--------------------------------
Merchant         123456789012345
Terminal                12345678
Operator                      01
Card          620000******0005 I
--------------------------------
Type                      REFUND
Amount                 RMB 10.00
--------------------------------
Batch                     000001
Voucher                   000007
Auth code                 654321
Reference           606810000123
Date/time    2026/03/09 10:00:01
--------------------------------
Orig. date            2026/03/08
Orig. ref.          606710000042
Orig. batch               000001
Orig. voucher             000003
Orig. auth                654321
Orig. amount          RMB 100.00
--------------------------------
Reason                  customer
--------------------------------
Status                  accepted
--------------------------------
I agree that this amount goes
back to the card that paid.
Cardholder's signature:


________________________________

      R0APN58QCGAAPM8J79AW
"""
VOID_ZH = """
           银联签购单
            商户存根
         *** 重打印 ***
--------------------------------
商户编号         123456789012345
终端编号                12345678
操作员号                      01
卡号          620000******0005 I
--------------------------------
交易类型          消费撤销(VOID)
金额                  RMB 100.00
--------------------------------
批次号                    000001
凭证号                    000007
授权码                    654321
参考号              606810000123
日期时间     2026/03/09 10:00:01
--------------------------------
原交易日期            2026/03/08
原参考号            606710000042
原批次号                  000001
原凭证号                  000003
原授权码                  654321
原交易金额            RMB 100.00
--------------------------------
退货原因                顾客要求
--------------------------------
状态                      已受理
--------------------------------
本人同意撤销上述原交易。
持卡人签名:


________________________________

      R0APN58QCGAAPM8J79AW
"""
VOID_EN = """
      UnionPay sales slip
         Merchant copy
        *** REPRINT ***
--------------------------------
Merchant         123456789012345
Terminal                12345678
Operator                      01
Card          620000******0005 I
--------------------------------
Type                        VOID
Amount                RMB 100.00
--------------------------------
Batch                     000001
Voucher                   000007
Auth code                 654321
Reference           606810000123
Date/time    2026/03/09 10:00:01
--------------------------------
Orig. date            2026/03/08
Orig. ref.          606710000042
Orig. batch               000001
Orig. voucher             000003
Orig. auth                654321
Orig. amount          RMB 100.00
--------------------------------
Reason                  customer
--------------------------------
Status                  accepted
--------------------------------
I agree that the sale above is
undone.
Cardholder's signature:


________________________________

      R0APN58QCGAAPM8J79AW
"""
SALE_ZH = """
           银联签购单
            商户存根
--------------------------------
商户编号         123456789012345
终端编号                12345678
操作员号                      01
卡号          620000******0005 I
--------------------------------
交易类型              消费(SALE)
金额                  RMB 100.00
--------------------------------
批次号                    000001
凭证号                    000007
授权码                    654321
参考号              606810000123
日期时间     2026/03/09 10:00:01
--------------------------------
状态                      已受理
--------------------------------
本人确认上述交易并同意付款。
持卡人签名:


________________________________

      R0APN58QCGAAPM8J79AW
"""

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = ("zh", "en")


def approved(kind: Any = "refund", state: State = State.ACCEPTED, **changes: Any) -> Approved:
    facts = {name: fact for name, fact in FACTS.items() if name != "why" or kind != "sale"}
    outcome = outcome_of(attempt_in(state, kind, **{"facts": facts, **changes}), DIALECT)
    assert isinstance(outcome, Approved)
    return outcome


def trimmed(text: str) -> str:
    """Take the blanks at the ends of lines off, and the last line end."""
    return "\n".join(line.rstrip() for line in text.rstrip("\n").split("\n"))


def value_of(label: str, text: str) -> str:
    """Return what stands beside a label."""
    (line,) = (line for line in text.split("\n") if line.startswith(label))
    return line.removeprefix(label).strip()


def columns(line: str) -> int:
    """Count as a printer does: Chinese characters are two columns wide."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in line)


@pytest.mark.parametrize(
    ("kind", "language", "reprint", "expected"),
    [
        ("refund", "zh", False, REFUND_ZH),
        ("refund", "en", False, REFUND_EN),
        ("void", "zh", True, VOID_ZH),
        ("void", "en", True, VOID_EN),
        ("sale", "zh", False, SALE_ZH),
    ],
)
def test_slip_says_exactly_this(
    kind: str, language: Language, reprint: bool, expected: str
) -> None:
    text = slip(approved(kind), DIALECT, original=original(), language=language, reprint=reprint)

    assert trimmed(text) == trimmed(expected).removeprefix("\n")


def test_slip_without_its_original_leaves_the_original_out() -> None:
    text = slip(approved(), DIALECT)

    assert "原参考号" not in text
    assert "606810000123" in text


REASONS = {
    "customer": ("顾客要求", "customer"),
    "duplicate": ("重复交易", "duplicate"),
    "defect": ("商品质量", "defect"),
    "not_delivered": ("未收到货", "not delivered"),
    "price": ("价格有误", "price"),
    "fraud": ("非本人交易", "fraud"),
}


@pytest.mark.parametrize("kind", ["refund", "void"])
@pytest.mark.parametrize("reason", list(Reason))
def test_slip_says_why_the_money_went_back(reason: Reason, kind: str) -> None:
    outcome = approved(kind, facts=FACTS | {"why": str(reason), "note": "for the journal only"})
    zh, en = REASONS[reason]

    assert value_of("退货原因", slip(outcome, DIALECT)) == zh
    assert value_of("Reason", slip(outcome, DIALECT, language="en")) == en
    assert "for the journal only" not in slip(outcome, DIALECT)


@pytest.mark.parametrize("why", [None, "", "because"])
def test_slip_without_a_known_reason_says_none(why: str | None) -> None:
    facts = {name: fact for name, fact in FACTS.items() if name != "why"}
    text = slip(approved(facts=facts | ({} if why is None else {"why": why})), DIALECT)

    assert "退货原因" not in text


@pytest.mark.parametrize(
    ("currency", "expected"),
    [
        ("156", "RMB 28.00"),
        ("344", "HK$28.00"),
        ("392", "JP¥2800"),
        ("840", "$28.00"),
    ],
)
@pytest.mark.parametrize("language", LANGUAGES)
def test_slip_spells_the_yuan_as_every_printer_can(
    language: Language, currency: str, expected: str
) -> None:
    text = slip(approved(amount=Amount(2_800, currency)), DIALECT, language=language)

    assert value_of({"zh": "金额", "en": "Amount"}[language], text) == expected


def test_slip_in_yuan_holds_no_sign_that_is_not_in_the_code_pages() -> None:
    for kind in ("sale", "void", "refund"):
        assert slip(approved(kind), DIALECT, original=original(), language="en").isascii()
        assert slip(approved(kind), DIALECT, original=original()).encode("gb2312")


@pytest.mark.parametrize(
    ("entry_mode", "letter"),
    [
        ("021", "S"),
        ("022", "S"),
        ("051", "I"),
        ("052", "I"),
        ("071", "C"),
        ("072", "C"),
        ("011", "M"),
        ("921", "N"),
    ],
)
def test_slip_says_how_the_card_was_read(entry_mode: str, letter: str) -> None:
    facts = FACTS | {"entry": entry_mode}

    assert f"620000******0005 {letter}\n" in slip(approved(facts=facts), DIALECT)


@pytest.mark.parametrize("language", LANGUAGES)
def test_slip_says_settled_only_after_the_settlement_file(language: Language) -> None:
    before = slip(approved(), DIALECT, language=language)
    after = slip(approved(state=State.CONFIRMED), DIALECT, language=language)

    assert {"zh": "已受理", "en": "accepted"}[language] in before
    assert {"zh": "已入账（对账确认）", "en": "settled"}[language] in after
    assert "入账" not in before
    assert "settled" not in before


@pytest.mark.parametrize("state", [State.ACCEPTED, State.CONFIRMED])
@pytest.mark.parametrize("language", LANGUAGES)
def test_slip_never_says_that_money_has_arrived(language: Language, state: State) -> None:
    text = slip(approved(state=state), DIALECT, original=original(), language=language)

    assert "到账" not in text
    assert "arrived" not in text


def test_slip_of_a_sale_resolved_by_a_file_leaves_out_what_nobody_knows() -> None:
    facts = {
        "operator": "01",
        "entry": "051",
        "rrn": "606810000123",
        "host_date": "0309",
        "host_time": "100001",
    }
    text = slip(approved("sale", State.CONFIRMED, facts=facts), DIALECT)

    assert "授权码" not in text
    assert "2026/03/09 10:00:01" in text
    bare = slip(approved("sale", facts={"operator": "01", "entry": "051"}), DIALECT)
    assert "日期时间" not in bare
    assert "参考号" not in bare


def test_lines_are_32_columns_wide_with_chinese_counted_twice() -> None:
    for kind in ("sale", "void", "refund"):
        for language in LANGUAGES:
            text = slip(
                approved(kind), DIALECT, original=original(), language=language, reprint=True
            )
            above_the_consent, line, _ = text.rpartition("-" * 32)
            assert {columns(each) for each in (above_the_consent + line).split("\n")} == {32}


@PROPERTY
@given(
    st.sampled_from(["sale", "void", "refund"]),
    st.sampled_from(LANGUAGES),
    st.integers(1, 10**12 - 1),
    st.sampled_from(["156", "344", "392", "446", "784", "840", "978", "826"]),
    st.sampled_from(["021", "051", "071"]),
    st.sampled_from([State.ACCEPTED, State.CONFIRMED]),
    st.booleans(),
)
def test_no_line_is_ever_wider_than_the_paper_and_none_shows_the_card(
    kind: Any,
    language: Language,
    minor: int,
    currency: str,
    entry_mode: str,
    state: State,
    reprint: bool,
) -> None:
    facts = FACTS | {"entry": entry_mode}
    outcome = approved(kind, state, amount=Amount(minor, currency), facts=facts)
    text = slip(outcome, DIALECT, original=original(), language=language, reprint=reprint)

    assert max(columns(line) for line in text.split("\n")) <= COLUMNS
    assert PAN_DIGITS not in text
    assert "620000******0005" in text


def test_longest_card_number_and_operator_still_fit() -> None:
    facts = FACTS | {"operator": "9Zz"}
    outcome = approved(facts=facts, card_masked="620550*********0004")
    text = slip(outcome, DIALECT, original=replace(original(), rrn="AB34567890 2"))

    assert "卡号       620550*********0004 I\n" in text
    assert max(columns(line) for line in text.split("\n")) == COLUMNS
