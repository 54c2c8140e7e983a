"""The answer to a settlement: two published messages, every verdict, and everything that says nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from engine.builders import DIALECT, NOW, attempt_in, view
from engine.test_batch import CLOSING, items
from posrefund.engine import State
from posrefund.engine.batch import BatchTotals, Closing, Signal, Stage, Totals
from posrefund.engine.compose import (
    compose_details,
    compose_end,
    compose_settlement,
    compose_sign_off,
    compose_uploaded_refund,
)
from posrefund.engine.settlement import BatchClosed, Settled, judge_settlement
from posrefund.engine.suggest import Suggestion
from posrefund.values import PAN, STAN, BatchNumber, KeptCard, MerchantID, TerminalID
from published import by_name

CARD = KeptCard(PAN("6200000000000005"), "3012")
OURS = BatchTotals(Totals(10_000, 2, 300, 1))
D48 = "000000010000002000000000300001"
NOTHING = "0" * 30


def de48(domestic: str, first: str, foreign: str, second: str) -> dict[str, str]:
    return {"48": f"{domestic}{first}{foreign}{second}"}


SENT = de48(D48, "0", NOTHING, "0")


def closing(**changes: object) -> Closing:
    return replace(CLOSING, ours=OURS, **changes)  # type: ignore[arg-type]


# --- literal bytes ---------------------------------------------------------------------------------


def test_settlement_is_the_published_message_byte_for_byte() -> None:
    """0500 of a public C test of ISO 8583; its totals are 0.07 in 7 debits."""
    row = by_name("settlement_0500_request_ctest")
    desk = view(
        stan=STAN("000645"),
        batch=BatchNumber("000003"),
        terminal=TerminalID("12345677"),
        merchant=MerchantID("123456789012345"),
    )
    ours = BatchTotals(Totals(7, 7))

    fields = compose_settlement(desk, replace(CLOSING, ours=ours), NOW)

    assert {name: value for name, value in fields.items() if name != "t"} == row.fields
    assert DIALECT.codec.encode(fields) == row.body


def test_the_published_answer_says_balanced_of_its_own_totals() -> None:
    """0510 of the ipaynow mPOS SDK: 11 debits of 0.11, 2 credits of 0.02, verdicts 1 and 1."""
    row = by_name("settlement_0510_response")
    ours = BatchTotals(Totals(11, 11, 2, 2))
    table = DIALECT.messages["settlement"]

    assert table.response_faults(row.fields, approved=True) == ()
    assert judge_settlement(SENT, row.fields, ours, DIALECT) == Settled("balanced", ours)


def test_foreign_cards_stand_in_the_second_half() -> None:
    ours = BatchTotals(Totals(1, 2, 3, 4), Totals(5, 6, 7, 8))
    fields = compose_settlement(view(), replace(CLOSING, ours=ours), NOW)

    assert fields["48"] == "0000000000010020000000000030040" + "0000000000050060000000000070080"


def test_an_upload_of_details_is_these_bytes() -> None:
    """DE48: how many, and for each class 2, STAN 6, number 20, amount 12 (CHAN text)."""
    first, second = items(("sale", State.ACCEPTED, 12_800), ("void", State.ACCEPTED, 700))
    foreign = replace(second, facts={**second.facts, "organisation": "VIS"})
    fields = compose_details(view(), [(first, CARD), (foreign, CARD)], NOW)

    assert fields["48"] == (
        "02"
        "00" "000001" "00006200000000000005" "000000012800"
        "01" "000002" "00006200000000000005" "000000000700"
    )  # fmt: skip
    assert DIALECT.codec.encode(fields).hex().upper() == (
        "0320" "00200000" "00C10010" "000007"
        "3132333435363738" "313233343536373839303132333435"
        "0082" "02" "00000001" "00006200000000000005" "000000012800"
        "01000002" "00006200000000000005" "000000000700"
        "0011" "000000012010"
    )  # fmt: skip


def test_an_upload_of_a_refund_repeats_it_with_the_number_and_without_track_pin_or_mac() -> None:
    fields = compose_uploaded_refund(
        attempt_in(State.ACCEPTED), CARD, view(stan=STAN("000099")), NOW
    )

    assert fields == {
        "t": "0320",
        "2": "6200000000000005",
        "3": "200000",
        "4": "000000001000",
        "11": "000007",
        "14": "3012",
        "22": "051",
        "23": "001",
        "25": "00",
        "37": "606710000042",
        "38": "654321",
        "41": "12345678",
        "42": "123456789012345",
        "49": "156",
        "60": "25000001000600",
        "61": "0000010000030308",
        "63": "CUP",
    }


def test_the_end_says_how_many_went_up_and_whether_the_totals_were_equal() -> None:
    uploaded = compose_end(view(), closing(verdict="unbalanced"), 12, NOW)
    failed = compose_end(view(), closing(verdict="error"), 0, NOW)
    balanced = compose_end(view(), closing(verdict="balanced"), 0, NOW)

    assert (uploaded["48"], uploaded["60"]) == ("0012", "00000001202")
    assert (failed["48"], failed["60"]) == ("0000", "00000001202")
    assert (balanced["48"], balanced["60"]) == ("0000", "00000001207")
    assert DIALECT.codec.encode(balanced).hex().upper() == (
        "0320" "00200000" "00C10010" "000007"
        "3132333435363738" "313233343536373839303132333435" "0004" "0000" "0011" "000000012070"
    )  # fmt: skip


def test_the_sign_off_names_the_batch_that_is_open_now() -> None:
    assert compose_sign_off(view(batch=BatchNumber("000008")), NOW)["60"] == "00000008002"


# --- verdicts --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        (de48(D48, "1", NOTHING, "1"), "balanced"),
        (de48(D48, "1", NOTHING, "0"), "balanced"),  # no foreign cards on either side
        (de48(D48, "2", NOTHING, "1"), "unbalanced"),
        (de48(D48, "1", NOTHING, "2"), "unbalanced"),
        (de48(D48, "2", NOTHING, "2"), "unbalanced"),
        (de48(D48, "3", NOTHING, "1"), "error"),
        (de48(D48, "1", NOTHING, "3"), "error"),
        (de48(D48, "2", NOTHING, "3"), "error"),
        (de48("0" * 30, "3", NOTHING, "3"), "error"),
        # it says equal, and its totals are others: one of the two is a lie, so everything goes up
        (de48("000000010001" "002" "000000000300" "001", "1", NOTHING, "1"), "unbalanced"),
        (de48("000000010000" "003" "000000000300" "001", "1", NOTHING, "1"), "unbalanced"),
        (de48(D48, "1", "0" * 29 + "1", "1"), "unbalanced"),
    ],
)  # fmt: skip
def test_balanced_is_only_what_is_said_to_be_and_is(answer: dict[str, str], verdict: str) -> None:
    settled = judge_settlement(SENT, answer, OURS, DIALECT)

    assert settled is not None
    assert settled.verdict == verdict


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"48": ""},
        {"48": SENT["48"][:31]},
        {"48": SENT["48"] + "0"},
        SENT,  # our own totals back, and no verdict
        de48(D48, "0", NOTHING, "1"),
        de48(D48, "4", NOTHING, "1"),
        de48(D48, "1", NOTHING, "9"),
        de48(D48, "1", "0" * 29 + "1", "0"),  # foreign cards, and no verdict on them
        de48("00000001000A" + D48[12:], "1", NOTHING, "1"),
        de48("٠" * 30, "1", NOTHING, "1"),
    ],
)
def test_what_has_no_totals_or_no_verdict_says_nothing(answer: dict[str, str]) -> None:
    assert judge_settlement(SENT, answer, OURS, DIALECT) is None


# --- the report ------------------------------------------------------------------------------------


def report(host: BatchTotals | None, verdict: str) -> BatchClosed:
    doubts = (
        replace(attempt_in(State.IN_DOUBT), batch="000007", request_id="R-7"),
        replace(attempt_in(State.MANUAL), batch="000006", request_id="R-6"),
    )
    late = (replace(attempt_in(State.ACCEPTED), batch="000007", request_id="R-8"),)
    ended = closing(host=host, verdict=verdict, stage=Stage.ENDING)
    return BatchClosed.of(
        ended,
        doubts,
        late,
        next_batch="000008",
        ended_by="terminal",
        codes={"S-1/1": "00", "S-2/1": "00", "R-1/1": "94"},
        taken="00",
        now=NOW,
    )


def test_only_what_this_batch_left_out_of_its_totals_is_suggested() -> None:
    closed = report(BatchTotals(Totals(10_000, 2, 1_300, 2)), "unbalanced")

    assert closed.suggestion == Suggestion((("R-8/1",), ("R-7/1",)), is_complete=True)
    assert [each.attempt_id for each in closed.doubts] == ["R-7/1", "R-6/1"]
    assert (closed.uploaded, closed.refused) == (2, {"R-1/1": "94"})


@pytest.mark.parametrize(
    ("host", "verdict"),
    [(None, ""), (OURS, "balanced"), (BatchTotals(Totals(10_000, 2, 1_300, 2)), "error")],
)
def test_nothing_is_suggested_without_totals_that_count(
    host: BatchTotals | None, verdict: str
) -> None:
    assert report(host, verdict).suggestion == Suggestion()


@pytest.mark.parametrize("host", [None, BatchTotals(Totals(10_000, 2, 1_300, 2), Totals(1, 1))])
def test_a_report_is_read_back_from_its_row_as_it_was(host: BatchTotals | None) -> None:
    closed = report(host, "unbalanced" if host else "")
    known = {each.attempt_id: each for each in (*closed.doubts, *closed.late)}

    assert BatchClosed.of_facts(closed.as_facts(), known.__getitem__) == closed


def test_a_report_is_shown_in_a_line_without_what_a_card_could_be_known_by() -> None:
    closed = report(OURS, "unbalanced")

    assert repr(closed) == (
        "BatchClosed(000007 to 000008, unbalanced, ended by the terminal, 2 uploaded, 2 in doubt)"
    )


def test_a_row_of_a_report_holds_no_card_number() -> None:
    assert "6200000000000005" not in str(report(OURS, "balanced").as_facts())


def test_a_closing_that_is_over_has_no_next_step() -> None:
    over = closing(stage=Stage.SIGNING_OFF).after(Signal.SIGNED_OFF)

    assert over.stage is Stage.OVER
    assert over.started_at + timedelta(0) == CLOSING.started_at
