"""Two days of the real terminal and the emulated host: the report agrees with the host's own books."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from canary import leaks_in
from engine.builders import NOW
from journal.builders import fill
from posrefund.journal import Moment, SQLiteJournal
from posrefund.office.report import Period, Report, as_html, as_text, csv_files, make_report
from posrefund.values import TerminalID
from report.recount import RECOUNTS, Books
from shop import Shop, refund, sale

if TYPE_CHECKING:
    from pathlib import Path

FIRST = date(2026, 3, 9)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """A shop that sold three times, gave back two, one of them without an answer, and has read its files."""
    found = Shop(tmp_path)
    for number, minor in enumerate((10_000, 25_000, 4_000), start=1):
        found.terminal.sale(sale(f"S-{number}", minor))
    found.to(1, 10)
    found.terminal.refund(refund("R-1", "S-1", 3_000))
    found.fault("drop_reply")
    found.terminal.refund(refund("R-2", "S-2"))
    found.fault("code", code="51")
    found.terminal.refund(refund("R-3", "S-3"))
    return found


def reported(shop: Shop, first: int, last: int) -> Report:
    period = Period(FIRST.replace(day=9 + first), FIRST.replace(day=9 + last), shop.clock())
    with Moment(shop.folder / "journal.db") as moment:
        report = make_report(moment, period)
    books = Books([shop.terminal.journal], period)
    for name in (
        "totals",
        "doubts",
        "bridge",
        "codes",
        "failures",
        "flow",
        "operators",
        "undecided",
    ):
        found = sorted(report.tables[name].rows, key=str)
        assert found == sorted(RECOUNTS[name](books), key=str), name
    return report


def lines(report: Report, name: str) -> dict[str, tuple[int, int]]:
    return {row["line"]: (row["count"], row["sum_minor"]) for row in report.tables[name].dicts()}


def test_unanswered_refund_is_in_doubt_until_a_file_shows_it(shop: Shop) -> None:
    before = reported(shop, 1, 1)

    assert lines(before, "doubts")["closing"] == (1, 25_000)
    assert lines(before, "bridge")["journal"] == (1, 3_000)
    assert lines(before, "bridge")["difference"] == (1, 3_000)
    assert [row["answer"] for row in before.tables["codes"].dicts()] == ["00", "51", "no_reply"]

    shop.to(2, 9)
    shop.settle(0)
    shop.settle(1)
    after, next_day = reported(shop, 1, 1), reported(shop, 2, 2)

    assert lines(after, "bridge")["host"] == (2, sum(shop.booked("refund"))) == (2, 28_000)
    assert lines(after, "bridge")["difference"] == (0, 0)
    assert lines(after, "doubts")["closing"] == (1, 25_000)  # that evening nobody knew yet
    assert lines(next_day, "doubts") == {
        "opening": (1, 25_000),
        "new": (0, 0),
        "resolved": (-1, -25_000),
        "closing": (0, 0),
    }
    assert [row["file"] for row in after.tables["files"].dicts()] == ["complete"]
    assert [row["file"] for row in next_day.tables["files"].dicts()] == ["not_due"]
    shop.to(3, 9)
    assert [row["file"] for row in reported(shop, 2, 2).tables["files"].dicts()] == ["missing"]


def test_report_of_real_trade_balances_and_holds_no_secret(shop: Shop) -> None:
    shop.terminal.close_batch()
    report = reported(shop, 0, 1)

    assert [check.name for check in report.checks() if not check.is_balanced] == []
    assert {
        row["state"]: row["count"]
        for row in report.tables["totals"].dicts()
        if row["kind"] == "refund"
    } == {
        "ACCEPTED": 1,
        "IN_DOUBT": 1,
        "DECLINED": 1,
    }
    assert [row["before_close_s"] for row in report.tables["watched"].dicts()] == [0]
    for text in (as_html(report, "zh"), as_text(report, "en"), *csv_files(report).values()):
        assert leaks_in(text) == set()


def test_report_of_practice_says_so_everywhere(tmp_path: Path) -> None:
    path = tmp_path / "practice.db"
    with SQLiteJournal(
        path, key=bytes(32), terminal=TerminalID("12345678"), training=True
    ) as journal:
        fill(journal)
    with Moment(path) as moment:
        report = make_report(moment, Period.day(FIRST, now=NOW))

    assert as_text(report, "zh").startswith("*** 训练数据，没有一笔是真钱 ***\n")
    assert as_text(report, "en").startswith("*** Training: nothing in it is money ***\n")
    assert '<body class="training" data-mark="训练">' in as_html(report, "zh")
    assert "Training: nothing in it is money" in as_html(report, "en")
