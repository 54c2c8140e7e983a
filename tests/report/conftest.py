"""A fortnight of trade at three terminals in one file, made once."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from posrefund.engine import Note
from posrefund.journal import Moment, SQLiteFleet
from posrefund.office.report import Period, Report, make_report
from posrefund.values import TerminalID
from report.recount_care import customers_speak
from report.trade import Trade

if TYPE_CHECKING:
    from pathlib import Path

KEY = bytes(range(32))
NOW = datetime(2026, 3, 20, 1, 0, tzinfo=UTC)
DAY = Period.day(date(2026, 3, 12), now=NOW)
MONTH = Period.month(date(2026, 3, 12), now=NOW)


@pytest.fixture(scope="session")
def fortnight(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file; nobody writes into it any more."""
    path = tmp_path_factory.mktemp("report") / "fleet.db"
    with SQLiteFleet(path) as fleet:
        names = ("48020001", "48020002", "48020003")
        journals = {name: fleet.journal(TerminalID(name), key=KEY) for name in names}
        Trade(journals).trade(14)
        customers_speak(journals, seed=7, first=date(2026, 3, 2), days=15)
        at = NOW - timedelta(hours=1)
        faults = [
            Note("fault_opened", at, {"what": "paper"}),
            Note("case_opened", at, {"case": "C-1", "category": "AMOUNT", "day": "2026-03-11"}),
            Note("case_opened", at, {"case": "C-2", "category": "AMOUNT", "day": "2026-03-09"}),
            Note("case_opened", at, {"case": "C-3", "category": "FEE", "day": "2026-03-08"}),
            Note("case_closed", at, {"case": "C-3", "by": "01", "how": "the acquirer paid"}),
        ]
        journals["48020001"].commit(faults)
    return path


@pytest.fixture(scope="session")
def month(fortnight: Path) -> Report:
    """The report of its month."""
    with Moment(fortnight) as moment:
        return make_report(moment, MONTH)


@pytest.fixture(scope="session")
def day(fortnight: Path) -> Report:
    """The report of one of its days."""
    with Moment(fortnight) as moment:
        return make_report(moment, DAY)


@pytest.fixture(scope="session")
def empty(fortnight: Path) -> Report:
    """The report of a day on which nothing was."""
    with Moment(fortnight) as moment:
        return make_report(moment, Period.day(date(2025, 3, 12), now=NOW))
