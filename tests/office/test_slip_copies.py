"""Every copy of a slip and every notice, literally; and what no copy may ever show."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.builders import DIALECT, PROPERTY, original
from office.slip_shop import FACTS, accepted, columns, options, outcome, trimmed
from posrefund.engine import Outcome, Signature, State
from posrefund.errors import ConfigError, InvalidRequestError
from posrefund.office.slips import Columns, SlipOptions, as_text, slip_content
from posrefund.values import PAN, Amount
from posrefund.values.card import passes_luhn

CUSTOMER_ZH_32 = """
           银联签购单
           持卡人存根
--------------------------------
商户名称                上海百货
商户编号         123456789012345
终端编号                12345678
操作员号                      01
收单行                  48020000
发卡行                  工商银行
卡号          ************0005 I
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
退货原因                商品质量
订单号                ORDER-0815
发票号码                01234567
红字发票号码            76543210
照片                 shelf; left
--------------------------------
状态                      已受理
预计退回              2026/03/12
商户电话            021-55551234
--------------------------------
主机已受理，尚待对账确认；退回以
发卡行处理为准。
请妥善保管本单。

      R0APN58QCGAAPM8J79AW
"""
MERCHANT_EN_48 = """
              UnionPay sales slip
                 Merchant copy
------------------------------------------------
Merchant name                 Nanjing Road Store
Merchant                         123456789012345
Terminal                                12345678
Operator                                      01
Approved by                                   02
Acquirer                                48020000
Issuer                                  01020000
Card                          620000******0005 I
------------------------------------------------
Type                                      REFUND
Amount                                 RMB 10.00
------------------------------------------------
Batch                                     000001
Voucher                                   000007
Auth code                                 654321
Reference                           606810000123
Date/time                    2026/03/09 10:00:01
------------------------------------------------
Orig. date                            2026/03/08
Orig. ref.                          606710000042
Orig. batch                               000001
Orig. voucher                             000003
Orig. auth                                654321
Orig. amount                          RMB 100.00
------------------------------------------------
Reason                                    defect
Order                                 ORDER-0815
Fapiao                                  01234567
Red-letter fapiao                       76543210
Photo                                shelf; left
------------------------------------------------
Status                                  accepted
Expected by                           2026/03/12
Merchant tel.                       021-55551234
Acquirer tel.                              95516
------------------------------------------------
I agree that this amount goes back to the card
that paid.
Cardholder's signature:


________________________________________________

              R0APN58QCGAAPM8J79AW
"""
BANK_ZH_48 = """
                   银联签购单
                    银行存根
------------------------------------------------
商户名称                                上海百货
商户编号                         123456789012345
终端编号                                12345678
操作员号                                      01
复核员号                                      02
收单行                                  48020000
发卡行                                  工商银行
卡号                          620000******0005 I
------------------------------------------------
交易类型                          消费撤销(VOID)
金额                                  RMB 100.00
------------------------------------------------
批次号                                    000001
凭证号                                    000007
授权码                                    654321
参考号                              606810000123
日期时间                     2026/03/09 10:00:01
------------------------------------------------
原交易日期                            2026/03/08
原参考号                            606710000042
原批次号                                  000001
原凭证号                                  000003
原授权码                                  654321
原交易金额                            RMB 100.00
------------------------------------------------
退货原因                                商品质量
------------------------------------------------
状态                                      已受理
------------------------------------------------
本人同意撤销上述原交易。
持卡人签名:


________________________________________________

              R0APN58QCGAAPM8J79AW
"""
TRAINING_EN_32 = """
********************************
       培训 TRAINING 无效
********************************
      UnionPay sales slip
         Customer copy
        *** REPRINT ***
--------------------------------
Merchant         123456789012345
Terminal                12345678
Operator                      01
Acquirer                48020000
Issuer                  工商银行
Card          ************0005 I
--------------------------------
Type                      REFUND
Amount                 RMB 10.00
--------------------------------
Batch                     000001
Voucher                   000007
Auth code                 654321
Reference           606810000123
Date/time    2026/03/09 10:00:01
********************************
       培训 TRAINING 无效
********************************
--------------------------------
Orig. date            2026/03/08
Orig. ref.          606710000042
Orig. batch               000001
Orig. voucher             000003
Orig. auth                654321
Orig. amount          RMB 100.00
--------------------------------
Reason                    defect
Order                 ORDER-0815
Fapiao                  01234567
Red-letter fapiao       76543210
Photo                shelf; left
--------------------------------
Status                  accepted
Expected by           2026/03/12
Merchant tel.       021-55551234
--------------------------------
Accepted by the host, not
confirmed by a settlement yet;
the card's bank decides when it
is there.
Please keep this slip.

      R0APN58QCGAAPM8J79AW
********************************
       培训 TRAINING 无效
********************************
"""
UNKNOWN_ZH_32 = """
           交易通知单
           持卡人存根
  本单不是签购单，不作退款凭据
--------------------------------
商户名称                上海百货
商户编号         123456789012345
终端编号                12345678
操作员号                      01
收单行                  48020000
发卡行                  工商银行
卡号          ************0005 I
--------------------------------
交易类型            退货(REFUND)
金额                   RMB 10.00
结果                    结果未知
--------------------------------
批次号                    000001
凭证号                    000007
终端时间     2026/03/09 10:00:00
--------------------------------
原交易日期            2026/03/08
原参考号            606710000042
原批次号                  000001
原凭证号                  000003
原授权码                  654321
原交易金额            RMB 100.00
--------------------------------
退货原因                商品质量
订单号                ORDER-0815
发票号码                01234567
红字发票号码            76543210
照片                 shelf; left
商户电话            021-55551234
--------------------------------
结果未知：请勿重复办理，以对账结
果为准。请保留本单。
"""
DECLINED_EN_48 = """
                     Notice
                 Merchant copy
   This is no sales slip and proves no refund
------------------------------------------------
Merchant                         123456789012345
Terminal                                12345678
Operator                                      01
Approved by                                   02
Acquirer                                48020000
Issuer                                  工商银行
Card                          620000******0005 I
------------------------------------------------
Type                                      REFUND
Amount                                 RMB 10.00
Result                                  DECLINED
------------------------------------------------
Batch                                     000001
Voucher                                   000007
Our time                     2026/03/09 10:00:00
Code                                          61
That is                    amount limit exceeded
------------------------------------------------
Orig. date                            2026/03/08
Orig. ref.                          606710000042
Orig. batch                               000001
Orig. voucher                             000003
Orig. auth                                654321
Orig. amount                          RMB 100.00
------------------------------------------------
Reason                                    defect
Order                                 ORDER-0815
Fapiao                                  01234567
Red-letter fapiao                       76543210
Photo                                shelf; left
Merchant tel.                       021-55551234
Acquirer tel.                              95516
------------------------------------------------
not accepted: please check the original amount
and what was refunded before, then start a new
request
"""
NOT_SENT_EN = """
             Notice
         Customer copy
This is no sales slip and proves
           no refund
--------------------------------
Merchant name           上海百货
Merchant         123456789012345
Terminal                12345678
Operator                      01
Acquirer                48020000
Issuer                  工商银行
Card          ************0005 I
--------------------------------
Type                      REFUND
Amount                 RMB 10.00
Result                  NOT SENT
--------------------------------
Batch                     000001
Voucher                   000007
Our time     2026/03/09 10:00:00
--------------------------------
Orig. date            2026/03/08
Orig. ref.          606710000042
Orig. batch               000001
Orig. voucher             000003
Orig. auth                654321
Orig. amount          RMB 100.00
--------------------------------
Reason                    defect
Order                 ORDER-0815
Fapiao                  01234567
Red-letter fapiao       76543210
Photo                shelf; left
Merchant tel.       021-55551234
--------------------------------
Nothing was sent, and nothing
was booked.
"""

COPIES = ("merchant", "bank", "customer")
WATERMARK = "培训 TRAINING 无效"


def printed(found: Outcome, width: Columns = 32, **changes: Any) -> str:
    return as_text(slip_content(found, DIALECT, original(), options(**changes)), width)


# --- word for word -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("found", "width", "changes", "expected"),
    [
        (accepted(), 32, {"copy": "customer"}, CUSTOMER_ZH_32),
        (
            accepted(),
            48,
            {"language": "en", "merchant_name": "Nanjing Road Store", "institutions": {}},
            MERCHANT_EN_48,
        ),
        (accepted("void"), 48, {"copy": "bank"}, BANK_ZH_48),
        (
            accepted(),
            32,
            {
                "copy": "customer",
                "language": "en",
                "reprint": True,
                "watermark": WATERMARK,
                "merchant_name": "",
            },
            TRAINING_EN_32,
        ),
        (outcome(State.IN_DOUBT), 32, {"copy": "customer"}, UNKNOWN_ZH_32),
        (
            outcome(State.DECLINED, facts={"code": "61"}),
            48,
            {"language": "en", "merchant_name": ""},
            DECLINED_EN_48,
        ),
        (
            outcome(State.NOT_SENT, facts={"reason": "unreachable"}),
            32,
            {"language": "en", "copy": "customer"},
            NOT_SENT_EN,
        ),
    ],
    ids=["customer", "merchant", "bank", "training", "in-doubt", "declined", "not-sent"],
)
def test_a_slip_or_a_notice_says_exactly_this(
    found: Outcome, width: Columns, changes: dict[str, Any], expected: str
) -> None:
    assert trimmed(printed(found, width, **changes)) == trimmed(expected).removeprefix("\n")


# --- who sees what -------------------------------------------------------------------------------


def test_the_customer_signs_the_copies_that_the_others_keep() -> None:
    assert "持卡人签名" in printed(accepted(), copy="merchant")
    assert "持卡人签名" in printed(accepted(), copy="bank")
    assert "持卡人签名" not in printed(accepted(), copy="customer")


def test_orders_and_papers_are_not_the_banks_business_and_the_approver_not_the_customers() -> None:
    bank, customer = printed(accepted(), copy="bank"), printed(accepted(), copy="customer")

    assert "退货原因                商品质量" in bank
    for text in ("ORDER-0815", "01234567\n", "021-55551234", "2026/03/12"):
        assert text not in bank
        assert text in customer
    assert "复核员号                      02" in bank
    assert "复核员号" not in customer


@pytest.mark.parametrize("copy", COPIES)
def test_the_note_for_the_journal_and_digests_of_papers_are_on_no_copy(copy: str) -> None:
    text = printed(accepted(), copy=copy)

    assert FACTS["note"] not in text
    assert "abab" not in text


def test_a_sale_that_was_only_described_shows_no_amount_and_no_zeros() -> None:
    described = replace(original(), ceiling="host_only", batch="000000", stan="000000")
    content = slip_content(accepted(), DIALECT, described, options(language="en"))
    text = as_text(content)

    assert "Orig. ref.          606710000042" in text
    for label in ("Orig. amount", "Orig. batch", "Orig. voucher"):
        assert label not in text


def test_a_partial_refund_shows_both_amounts() -> None:
    text = printed(accepted(amount=Amount(2_800)))

    assert "金额                   RMB 28.00" in text
    assert "原交易金额            RMB 100.00" in text


@pytest.mark.parametrize(
    ("host_date", "host_day", "expected"),
    [
        ("0309", date(2026, 3, 9), "2026/03/09 10:00:01"),
        ("1231", date(2026, 1, 1), "2025/12/31 10:00:01"),
        ("0101", date(2025, 12, 31), "2026/01/01 10:00:01"),
        ("9999", date(2026, 3, 9), "99/99 10:00:01"),
    ],
)
def test_the_year_is_that_of_the_hosts_day(host_date: str, host_day: date, expected: str) -> None:
    text = printed(accepted(facts={"host_date": host_date}, host_day=host_day))

    assert expected in text
    assert ("R0" in text) == (host_date != "9999")  # no code of a day that is none


# --- what no copy may ever show ------------------------------------------------------------------


@st.composite
def pans(draw: st.DrawFn) -> str:
    digits = draw(st.text("0123456789", min_size=11, max_size=18))
    return next(digits + last for last in "0123456789" if passes_luhn(digits + last))


@PROPERTY
@given(pans(), st.sampled_from(COPIES), st.sampled_from(["zh", "en"]), st.sampled_from([32, 48]))
def test_no_copy_shows_more_of_a_card_than_its_mask(
    digits: str, copy: str, language: str, width: Columns
) -> None:
    found = accepted(card_masked=str(PAN(digits)))
    (shown,) = re.findall(r"[0-9]*\*+[0-9]*", printed(found, width, copy=copy, language=language))

    hidden = "*" * (len(digits) - 4)
    if copy == "customer" or len(digits) < 13:
        assert shown == hidden + digits[-4:]
    else:
        assert shown == digits[:6] + hidden[6:] + digits[-4:]


@pytest.mark.parametrize("copy", COPIES)
@pytest.mark.parametrize(
    "masked", ["6200000000000005", "62000000*****0005", "620000******00005", "", "***"]
)
def test_a_mask_that_is_none_is_not_shown_at_all(masked: str, copy: str) -> None:
    text = printed(accepted(card_masked=masked), copy=copy)

    assert re.search(r"卡号 +\*\*\* I\n", text)
    assert masked in ("", "***") or masked not in text


@pytest.mark.parametrize("field", ["merchant_name", "merchant_contact", "watermark", "code"])
def test_what_a_shop_says_holds_no_card_number(field: str) -> None:
    with pytest.raises(InvalidRequestError, match=f"slip.{field}") as caught:
        options(**{field: "6200000000000005"})

    assert "6200000000000005" not in str(caught.value)


def test_every_fault_of_the_options_is_said_at_once() -> None:
    with pytest.raises(InvalidRequestError) as caught:
        options(language="fr", copy="mine", merchant_name="x" * 201, code="码", scan_to_sign="签")

    assert [path for path, _ in caught.value.faults] == [
        "slip.language", "slip.copy", "slip.merchant_name", "slip.code", "slip.scan_to_sign",
    ]  # fmt: skip


@pytest.mark.parametrize("copy", COPIES)
@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("kind", ["sale", "void", "refund"])
@pytest.mark.parametrize("state", list(State))
def test_only_what_the_host_accepted_makes_a_slip_and_none_says_that_money_arrived(
    state: State, kind: str, language: str, copy: str
) -> None:
    content = slip_content(
        outcome(state, kind, facts={"code": "51"} if state is State.DECLINED else {}),
        DIALECT,
        original(),
        options(language=language, copy=copy),
    )
    text = as_text(content)

    assert content.is_notice == (state not in (State.ACCEPTED, State.CONFIRMED))
    for word in ("到账", "已到", "arrived", "成功", "success"):
        assert word not in text
    if state is not State.CONFIRMED:
        assert "入账（对账确认）" not in text
        assert "settled" not in text
    if content.is_notice:
        assert not content.code
        assert content.signature is None
        assert "606810000123" not in text
        for label in ("\n授权码", "\n参考号", "Auth code", "\nReference"):
            assert label not in text
        for word in ("已受理", "银联签购单", "UnionPay sales slip", "Status", "状态"):
            assert word not in text


def test_what_was_reversed_or_released_is_not_called_declined() -> None:
    text = printed(outcome(State.REVERSED, "sale"), language="en")

    assert "Result                NOT BOOKED" in text
    assert "undone by a reversal" in text
    assert "Code  " not in text


# --- whatever comes, it fits ---------------------------------------------------------------------

ANYTHING = st.text(max_size=60).filter(lambda text: not re.search("[0-9]{4}", text))


@PROPERTY
@given(ANYTHING, ANYTHING, ANYTHING, st.sampled_from(COPIES), st.sampled_from(["zh", "en"]))
def test_no_line_is_wider_than_the_paper_and_nothing_is_cut_off(
    name: str, contact: str, order: str, copy: str, language: str
) -> None:
    said = {"merchant_name": name, "merchant_contact": contact, "watermark": order[:20]}
    found = accepted(facts={"order_ref": order}, amount=Amount(999_999_999_999))
    content = slip_content(
        found, DIALECT, original(), options(copy=copy, language=language, **said)
    )
    for width in (32, 48):
        text = as_text(content, width)
        flat = re.sub(r"\s", "", text)
        assert max(columns(line) for line in text.split("\n")) <= width
        for section in content.sections:
            for each in section.lines:
                assert re.sub(r"\s", "", each.value) in flat
        assert all(char.isprintable() for char in text.replace("\n", ""))


def test_what_a_printer_would_obey_is_printed_as_a_question_mark() -> None:
    text = printed(accepted(), merchant_name="A\x1bp\x00\u202eB")

    assert "A?p??B" in text


def test_a_slip_has_the_columns_of_paper_that_there_is() -> None:
    with pytest.raises(ConfigError, match="32 or 48"):
        as_text(slip_content(accepted(), DIALECT), 40)  # type: ignore[arg-type]  # reason: wrong on purpose


# --- watermark and reprint -----------------------------------------------------------------------


@pytest.mark.parametrize("copy", COPIES)
@pytest.mark.parametrize("state", [State.ACCEPTED, State.IN_DOUBT, State.NOT_SENT])
def test_a_watermark_is_at_the_top_in_the_middle_and_at_the_end_of_everything(
    state: State, copy: str
) -> None:
    rows = printed(outcome(state), copy=copy, watermark=WATERMARK, reprint=True).split("\n")
    places = [place for place, row in enumerate(rows) if row.strip() == WATERMARK]

    assert len(places) == 3
    assert places[0] == 1
    assert len(rows) // 3 < places[1] < 2 * len(rows) // 3
    assert places[2] == len(rows) - 3
    assert sum("重打印" in row for row in rows) == 1


# --- signatures ----------------------------------------------------------------------------------


def test_a_signature_that_was_given_leaves_no_line_to_sign_on() -> None:
    given = Signature.of("qr", b"what a phone signed")
    text = printed(accepted(), signature=given, scan_to_sign="asked before")

    assert "持卡人签名      已用手机扫码签名" in text
    # sha256sum of "what a phone signed"
    assert given.sha256 in text.replace("\n", "")
    assert "____" not in text
    assert "asked before" not in text


def test_a_signature_that_came_with_the_request_is_on_its_slip() -> None:
    text = printed(accepted(facts={"signature": "paper"}))

    assert "持卡人签名          已在纸上签名" in text


def test_a_picture_that_is_not_what_was_signed_is_refused() -> None:
    given = Signature.of("bitmap", b"the right one")

    with pytest.raises(InvalidRequestError, match="signature"):
        slip_content(accepted(), DIALECT, None, options(signature=given, picture=b"another"))
    with pytest.raises(InvalidRequestError, match="signature"):
        slip_content(accepted(), DIALECT, None, SlipOptions(picture=b"nobody signed"))


def test_what_a_phone_has_to_sign_stands_on_the_slip_until_it_is_signed() -> None:
    assert "posrefund-sign-1 R-1" in printed(accepted(), scan_to_sign="posrefund-sign-1 R-1")
