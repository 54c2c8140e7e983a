"""The slip of a closed batch: literal, within 32 columns, and a hint is worded as one."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.builders import PAN_DIGITS, PROPERTY, attempt_in, view
from posrefund.engine import State
from posrefund.engine.batch import BatchTotals, Totals
from posrefund.engine.settlement import BatchClosed
from posrefund.engine.suggest import Suggestion
from posrefund.office import batch_slip
from posrefund.office.paper import Language
from posrefund.values import Amount

COLUMNS = 32
DOUBT = replace(attempt_in(State.IN_DOUBT), batch="000007", stan="000042", amount=Amount(500))
EARLIER = replace(attempt_in(State.MANUAL, "sale"), batch="000006", stan="000007", request_id="S-6")
CLOSED = BatchClosed(
    batch="000007",
    next_batch="000008",
    closed_at=datetime(2026, 3, 9, 12, 5, 42, tzinfo=UTC),
    operator="01",
    ended_by="terminal",
    currency="156",
    verdict="unbalanced",
    ours=BatchTotals(Totals(13_500, 2, 700, 1)),
    host=BatchTotals(Totals(13_500, 2, 1_200, 2)),
    uploaded=3,
    refused={},
    doubts=(DOUBT, EARLIER),
    late=(),
    suggestion=Suggestion(((DOUBT.attempt_id,),), is_complete=True),
)

ZH = """
             结算单
--------------------------------
商户编号         123456789012345
终端编号                12345678
操作员号                      01
批次号                    000007
主机时间     2026/03/09 20:05:42
--------------------------------
消费（借记）
  本机   2 笔         RMB 135.00
  主机   2 笔         RMB 135.00
撤销及退货（贷记）
  本机   1 笔           RMB 7.00
  主机   2 笔          RMB 12.00
--------------------------------
对账结果                    不平
已批上送（笔）                 3
新批次号                  000008
--------------------------------
结果未知，未计入，等对账文件：
000042 退货             RMB 5.00
                620000******0005
000007 消费           RMB 100.00
                620000******0005
                   批次号 000006
可能解释差额（不作凭据）：
                          000042
"""
EN = """
        BATCH SETTLEMENT
        *** REPRINT ***
--------------------------------
Merchant         123456789012345
Terminal                12345678
Operator                      01
Batch                     000007
Host time    2026/03/09 20:05:42
--------------------------------
Sales (debit)
  here   2            RMB 135.00
  host   2            RMB 135.00
Voids, refunds (credit)
  here   1              RMB 7.00
  host   2             RMB 12.00
--------------------------------
Totals                 different
Uploaded                       3
New batch                 000008
--------------------------------
In doubt, in no total; the file
will tell:
000042 refund           RMB 5.00
                620000******0005
000007 sale           RMB 100.00
                620000******0005
                    Batch 000006
May explain it (no proof):
                          000042
"""
BALANCED = """
             结算单
--------------------------------
商户编号         123456789012345
终端编号                12345678
操作员号                      01
批次号                    000007
主机时间     2026/03/09 20:05:42
--------------------------------
消费（借记）
  本机   2 笔         RMB 135.00
  主机   2 笔         RMB 135.00
撤销及退货（贷记）
  本机   1 笔           RMB 7.00
  主机   1 笔           RMB 7.00
--------------------------------
对账结果                      平
新批次号                  000008
--------------------------------
没有结果未知的交易
"""


def printed(closed: BatchClosed, language: Language = "en", **more: Any) -> list[str]:
    text = batch_slip(closed, view(), language=language, **more)
    return [line.rstrip() for line in text.splitlines()]


def test_slip_is_literally_this() -> None:
    assert printed(CLOSED, "zh") == ZH.strip("\n").splitlines()
    assert printed(CLOSED, "en", reprint=True) == EN.strip("\n").splitlines()


def test_a_watermark_is_at_the_top_in_the_middle_and_at_the_end() -> None:
    text = printed(CLOSED, "en", reprint=True, watermark="培训 TRAINING 无效")
    mark = ["*" * 32, "       培训 TRAINING 无效", "*" * 32]
    kept = EN.strip("\n").splitlines()
    middle = kept.index("Totals                 different") - 1

    assert text == [*mark, *kept[:middle], *mark, *kept[middle:], *mark]


def test_slip_of_a_balanced_batch_is_short() -> None:
    plain = replace(
        CLOSED, verdict="balanced", host=CLOSED.ours, uploaded=0, doubts=(), suggestion=Suggestion()
    )

    assert printed(plain, "zh") == BALANCED.strip("\n").splitlines()


def test_foreign_cards_have_lines_of_their_own() -> None:
    both = BatchTotals(Totals(100, 1), Totals(200, 2))
    lines = printed(replace(CLOSED, ours=both, host=both))

    assert "  here   1              RMB 1.00" in lines
    assert "  foreign   2           RMB 2.00" in lines


def test_a_batch_that_the_host_ended_says_so_and_has_no_totals_of_its() -> None:
    lines = printed(replace(CLOSED, ended_by="host", host=None, verdict="", uploaded=0))

    assert "Closed by the host, not settled" in lines
    assert "Totals                 no answer" in lines
    assert not any(line.startswith("  host") for line in lines)
    assert not any("explain" in line for line in lines)


@pytest.mark.parametrize(
    ("suggestion", "said"),
    [
        (Suggestion(), ["No doubts explain the difference"]),
        (Suggestion(is_complete=False), ["Too many sets: not all tried"]),
        (
            Suggestion((("R-1/1", "S-6/1"), ("R-1/1",)), is_complete=False),
            [
                "May explain it (no proof):",
                "                   000042 000007",
                "or                        000042",
                "Too many sets: not all tried",
            ],
        ),
    ],
)
def test_a_suggestion_is_worded_as_one(suggestion: Suggestion, said: list[str]) -> None:
    lines = printed(replace(CLOSED, suggestion=suggestion))

    assert lines[-len(said) :] == said


def test_what_the_host_did_not_take_is_named_with_its_code() -> None:
    lines = printed(replace(CLOSED, refused={"R-1/1": "94", "Q" * 64 + "/1": "no_card"}))

    at = lines.index("Not taken, code 94")
    assert lines[at + 1] == f"{'R-1/1':>32}"
    assert "Not taken, code no_card" in lines


@given(
    st.sampled_from(["zh", "en"]),
    st.integers(0, 10**12 - 1),
    st.integers(0, 999),
    st.sampled_from(["balanced", "unbalanced", "error", ""]),
    st.sampled_from(["terminal", "host"]),
    st.booleans(),
    st.integers(0, 9),
)
@PROPERTY
def test_no_line_is_wider_than_the_paper_and_none_shows_a_card(
    language: Language,
    minor: int,
    count: int,
    verdict: Any,
    ended_by: Any,
    is_foreign: bool,
    doubts: int,
) -> None:
    part = Totals(minor, count, minor, count)
    totals = BatchTotals(part, part if is_foreign else Totals())
    masked = replace(EARLIER, card_masked="620550*********0004", amount=Amount(10**12 - 1))
    some = tuple(replace(masked, request_id=f"S-{number}") for number in range(doubts))
    closed = replace(
        CLOSED,
        ours=totals,
        verdict=verdict,
        ended_by=ended_by,
        doubts=some,
        refused={"R" * 64 + "/1": "94"},
        suggestion=Suggestion((tuple(each.attempt_id for each in some),), is_complete=False),
    )

    for line in printed(closed, language):
        wide = sum(unicodedata.east_asian_width(char) in "WF" for char in line)
        assert len(line) + wide <= COLUMNS, line
        assert PAN_DIGITS not in line
