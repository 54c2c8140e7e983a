"""A host that is right passes; one that is wrong in one thing fails with the name of it, and with no other."""

from __future__ import annotations

import pytest

from certify.bed import bed
from posrefund.certify import CASES
from posrefund.certify.settling import with_upload_mac
from posrefund.dialects import dialect
from posrefund.emulators.host import HostProfile
from posrefund.emulators.host.deviations import DEVIATIONS

SALES = (
    "sale void odd_card wrong_mac bad_batch duplicate late_answer void_reversal refund settle_unbalanced"
    " upload_again upload_mac sign_off"
)
REFUNDS = (
    "refund refund_partial refund_over refund_unknown refund_other_card refund_wrong_mac refund_lost"
    " settle_unbalanced"
)
SEEN_REFUNDS = REFUNDS.replace(
    "refund_lost ", ""
)  # its first answer is not looked at, and there is no second
EVERY = " ".join(case.name for case in CASES if case.name not in ("profile", "terminal"))


def each(cases: str, check: str) -> frozenset[str]:
    return frozenset(f"{name}/{check}" for name in cases.split())


NAMED = {
    "number_changed": (each(SALES, "echo.DE11"), "DE11", "11 域"),
    "amount_changed": (each(REFUNDS, "echo.DE4"), "DE4", "4 域"),
    "terminal_changed": (each(REFUNDS, "echo.DE41"), "DE41", "41 域"),
    "rrn_missing": (
        each(
            "sale void odd_card duplicate late_answer void_reversal settle_unbalanced upload_again upload_mac refund"
            " refund_partial refund_over refund_unknown refund_other_card refund_wrong_mac refund_lost",
            "missing.DE37",
        ),
        "DE37 (RRN) is missing",
        "缺少必备的 37 域",
    ),
    "code_missing": (each(SEEN_REFUNDS, "missing.DE39"), "DE39", "缺少必备的 39 域"),
    "date_wrong": (each(SALES, "clock.DE13"), "DE13", "13 域"),
    "settlement_date_wrong": (each(REFUNDS, "clock.DE15"), "DE15", "15 域"),
    "mti_wrong": (
        each("reversal late_answer reversal_unknown void_reversal", "mti"),
        "MTI 0410 expected, 0420 came",
        "消息类型应为 0410",
    ),
    "field_too_many": (
        each(SEEN_REFUNDS, "readable"),
        "cannot be read: DE9",
        "无法解析：DE9",
    ),
    "tpdu_unswapped": (each(EVERY, "frame.tpdu"), "swap the addresses", "TPDU"),
    "header_changed": (each(EVERY, "frame.header"), "header", "报文头"),
    "mac_rule_other": (
        each(
            "sale void odd_card duplicate reversal late_answer reversal_unknown void_reversal refund refund_partial"
            " settle_unbalanced upload_again upload_mac",
            "mac.wrong",
        ),
        "made by iso9797-1, TDEA, 8 bytes raw",
        "按 iso9797-1, TDEA, 8 bytes raw 计算",
    ),
    "mac_missing": (
        each(
            "sale void odd_card duplicate late_answer void_reversal refund settle_unbalanced upload_again upload_mac",
            "mac.missing",
        ),
        "has to carry a MAC",
        "必须带 MAC",
    ),
    "kcv_wrong": (each("sign_in", "sign_in.keys"), "keys of the sign-in are refused", "密钥无效"),
    "balanced_always": (
        each("settle_unbalanced", "settlement.verdict"),
        "has to say unbalanced",
        "结论应为不平",
    ),
    "totals_wrong": (
        each("settle_balanced settle_unbalanced", "settlement.totals")
        | each("settle_empty", "settlement.verdict"),
        "totals are not what it answered",
        "主机总额与其各笔应答不符",
    ),
    "upload_unanswered": (
        each("settle_empty settle_balanced settle_unbalanced upload_again upload_mac", "answered"),
        "no answer in time",
        "无应答",
    ),
    "refused_and_booked": (
        each("refund refund_partial", "approved")
        | each("refund_wrong_mac", "refund.wrong_mac.code")  # it says 61 to that, too
        | each("settle_balanced settle_unbalanced", "refused.not_booked"),
        "refused it, and its totals have it",
        "已拒绝，结算总额中却有",
    ),
    "wrong_mac_taken": (
        each("wrong_mac", "wrong_mac.refused")
        | each("refund_wrong_mac", "refund.wrong_mac.refused"),
        "a sale with a wrong MAC: has to be refused",
        "MAC 错误的消费必须拒绝",
    ),
    "number_taken_twice": (
        each("duplicate", "duplicate.refused"),
        "a copy of a sale, same number: has to be refused",
        "流水号重复的消费必须拒绝",
    ),
    "other_card_taken": (
        each("refund_other_card", "refund.other_card.refused"),
        "another card than the sale's: has to be refused",
        "卡号与原交易不同的退货必须拒绝",
    ),
    "over_refund_taken": (
        each("refund", "refund.again.refused")
        | each("refund_over", "refund.over.refused")
        | each("refund_lost", "refund.lost.refused"),
        "more than was paid: has to be refused",
        "超过原金额的退货必须拒绝",
    ),
    "reversal_not_booked": (
        each("settle_balanced", "reversal.undone"),
        "the host's totals still have what it reversed",
        "结算总额中仍有被冲正的交易",
    ),
    "last_digit_lost": (
        each("odd_card", "echo.DE2"),
        "DE2 (PAN) has to be the request's: 620550*********0004 sent",
        "2 域（主账号）应与请求一致：发出 620550*********0004",
    ),
    "upload_counted_twice": (
        each("upload_again upload_mac", "upload.once"),
        "counted again what went up",
        "重复计入总额",
    ),
    "upload_mac_unanswered": (
        each("upload_mac", "answered"),
        "no answer in time",
        "限时内无应答",
    ),
    "batch_kept": (
        each(
            "settle_empty settle_balanced settle_unbalanced upload_again upload_mac", "batch.next"
        ),
        "after the closing the batch has to be 000008, and is 000007",
        "结批后批次号应为 000008，实为 000007",
    ),
}


@pytest.mark.parametrize("tcp", [False, True], ids=["from hand to hand", "over TCP"])
def test_a_host_that_keeps_the_paper_passes_every_case(*, tcp: bool) -> None:
    with bed(tcp=tcp) as found:
        run = found.run()

    assert [result.name for result in run.results] == [case.name for case in CASES]
    assert {result.name: result.verdict for result in run.results} == {
        case.name: "passed" for case in CASES
    }
    assert run.verdict == "passed"
    assert run.failed_checks == frozenset()
    assert all(result.findings for result in run.results)


def test_the_table_of_this_test_knows_every_deviation() -> None:
    assert list(NAMED) == list(DEVIATIONS)
    assert len(NAMED) >= 10


@pytest.mark.parametrize("name", list(NAMED))
def test_a_host_that_deviates_fails_by_the_name_of_its_deviation_and_no_other(name: str) -> None:
    due, en, zh = NAMED[name]
    with bed("unionpay", name) as found:
        run = found.run()

    assert run.verdict == "failed"
    assert run.failed_checks == due
    failures = [each for result in run.results for each in result.failures]
    assert any(en in each.en for each in failures)
    assert any(zh in each.zh for each in failures)


def test_every_deviation_alone_leaves_what_it_does_not_touch_passed() -> None:
    with bed("unionpay", "balanced_always") as found:
        run = found.run()

    assert run.count("passed") == len(CASES) - 2
    assert {result.name for result in run.results if result.verdict == "skipped"} == {"terminal"}


def test_two_deviations_are_both_named() -> None:
    with bed("unionpay", "reversal_not_booked", "terminal_changed") as found:
        run = found.run()

    assert run.failed_checks == NAMED["reversal_not_booked"][0] | NAMED["terminal_changed"][0]


def test_where_the_profile_has_a_mac_on_uploads_a_host_that_does_not_look_at_it_fails() -> None:
    known = with_upload_mac(dialect("unionpay"))
    with bed(profile=HostProfile(upload_mac="taken"), known=known) as found:
        run = found.run()

    assert run.failed_checks == {"upload_mac/upload_mac.refused"}
    (failure,) = next(each for each in run.results if each.name == "upload_mac").failures
    assert "an upload with a wrong MAC: has to be refused, and the host said 00" in failure.en
    assert "MAC 错误的批上送必须拒绝，主机却应答 00" in failure.zh


def test_what_stands_on_a_failed_step_is_skipped_with_the_reason() -> None:
    with bed("unionpay", "kcv_wrong") as found:
        run = found.run()

    skipped = [result for result in run.results if result.verdict == "skipped"]
    assert {result.name for result in skipped} == {case.name for case in CASES} - {
        "profile",
        "sign_in",
        "echo",
    }
    assert all(
        "working keys" in result.why_en and "工作密钥" in result.why_zh for result in skipped
    )
