"""Every way to a sale goes by an index, in a file of one terminal and in one of many."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from journal.builders import KEY, open_journal
from posrefund.journal import SQLiteFleet
from posrefund.journal.feeds import ATTEMPTED
from posrefund.journal.lookups import _NEWEST, _OF_CARD, _REPEATED, WAYS
from posrefund.journal.sales import OTHERWISE
from posrefund.values import TerminalID

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from pathlib import Path

INDEXES = {
    "code": "sqlite_autoindex_originals_2 (terminal=? AND merchant=? AND batch=? AND stan=?)",
    "request_id": "sqlite_autoindex_originals_1 (original_id=?)",
    "rrn_and_day": "originals_by_slip (rrn=?)",
    "order_ref": "originals_by_order (merchant=? AND order_ref=?)",
    "auth_card_amount": (
        "originals_by_auth (merchant=? AND auth_code=? AND card_last4=? AND amount_minor=?)"
    ),
    "rrn": "originals_by_slip (rrn=?)",
}
"""The unique indexes that SQLite makes itself are numbered as they stand in the table: id, then place."""


@pytest.fixture(params=["one", "many"])
def db(request: pytest.FixtureRequest, path: Path) -> Iterator[sqlite3.Connection]:
    if request.param == "one":
        with open_journal(path) as journal:
            yield journal._db
    else:
        with SQLiteFleet(path) as fleet, fleet.journal(TerminalID("12345678"), key=KEY):
            yield fleet._store._db


def plan(db: sqlite3.Connection, sql: str) -> list[str]:
    found = db.execute(f"EXPLAIN QUERY PLAN {sql}", ["?"] * sql.count("?"))
    return [step[3] for step in found if "TEMP B-TREE" not in step[3]]


@pytest.mark.parametrize("way", list(WAYS))
def test_way_has_its_index(db: sqlite3.Connection, way: str) -> None:
    (step,) = plan(db, f"SELECT * FROM originals WHERE {WAYS[way]} {_NEWEST}")

    assert step == f"SEARCH originals USING INDEX {INDEXES[way]}"


def test_list_of_a_day_has_its_index(db: sqlite3.Connection) -> None:
    where = "merchant = ? AND transaction_date = ? ORDER BY terminal, batch, stan LIMIT 9"
    (step,) = plan(db, f"SELECT * FROM originals WHERE {where}")

    assert step == (
        "SEARCH originals USING INDEX originals_by_day (merchant=? AND transaction_date=?)"
    )


def test_sales_of_a_card_have_their_index(db: sqlite3.Connection) -> None:
    (step,) = plan(db, _OF_CARD)

    assert step == (
        "SEARCH originals USING INDEX originals_by_card (merchant=? AND card_fingerprint=?)"
    )


def test_rule_of_duplicates_looks_at_its_days_and_for_each_sale_at_its_equals(
    db: sqlite3.Connection,
) -> None:
    steps = plan(db, f"SELECT * FROM originals WHERE {_REPEATED}")

    assert steps == [
        "SEARCH originals USING INDEX originals_by_day (merchant=? AND transaction_date>?)",
        "CORRELATED SCALAR SUBQUERY 1",
        (
            "SEARCH other USING INDEX originals_by_card"
            " (merchant=? AND card_fingerprint=? AND amount_minor=?)"
        ),
    ]


def test_slip_of_a_refund_is_looked_up_by_its_place(db: sqlite3.Connection) -> None:
    where = "terminal = ? AND batch = ? AND stan = ? AND original_id IS NOT NULL"
    (step,) = plan(db, f"SELECT original_id, host_day FROM attempts WHERE {where}")

    assert step.startswith("SEARCH attempts USING INDEX sqlite_autoindex_attempts_")


def test_feed_asks_by_slip_and_by_place_and_never_looks_through_a_day(
    db: sqlite3.Connection,
) -> None:
    """It did: a day of ten thousand sales made each one of a feed wait for a look at all of them."""
    place = (
        "SELECT * FROM originals WHERE terminal = ? AND merchant = ? AND batch = ? AND stan = ?"
        " AND transaction_date = ?"
    )

    assert [step.split(" INDEX ")[0] for step in plan(db, ATTEMPTED)] == [
        "MULTI-INDEX OR",
        "INDEX 1",
        "SEARCH attempts USING",
        "INDEX 2",
        "SEARCH attempts USING",
    ]
    assert plan(db, OTHERWISE) == [
        "SEARCH originals USING INDEX originals_by_slip (rrn=? AND transaction_date=?)"
    ]
    assert plan(db, place) == [
        (
            "SEARCH originals USING INDEX sqlite_autoindex_originals_2"
            " (terminal=? AND merchant=? AND batch=? AND stan=? AND transaction_date=?)"
        )
    ]


def test_sale_without_what_a_refund_needs_is_no_row(db: sqlite3.Connection) -> None:
    """Amount, times, numbers and card stand in every row; a host may give no authorisation code and no organisation."""
    columns = db.execute("PRAGMA table_info(originals)").fetchall()
    optional = {name for _, name, _, not_null, _, is_key in columns if not (not_null or is_key)}

    assert optional == {"auth_code", "organisation"}
    assert {"amount_minor", "transaction_date", "made_at", "rrn", "card_fingerprint"} <= {
        column[1] for column in columns
    }
