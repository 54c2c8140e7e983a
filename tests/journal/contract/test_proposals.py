"""What rules propose: once, whoever runs them, chained, dismissed for good. On every backend."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from engine.builders import NOW, original
from journal.backends import FleetBackend, PostgresBackend
from journal.builders import KEY, know
from posrefund.engine import Dismissal, Proposal
from posrefund.engine.proposals import propose
from posrefund.errors import JournalCorruptError, JournalError, JournalWriteError
from posrefund.values import Amount

if TYPE_CHECKING:
    from pathlib import Path

    from journal.backends import Backend
    from posrefund.journal import Journal

NO = Dismissal("02", "two coffees", NOW + timedelta(hours=1), "12345678")


def proposal(sale: str = "S-2", *, terminal: str = "12345678", **changes: Any) -> Proposal:
    (made,) = propose(
        changes.get("rule", "duplicate_sale"),
        [(changes.get("because", "S-1"), original(original_id=sale, amount=Amount(500)))],
        terminal=terminal,
        now=changes.get("now", NOW),
    )
    return made


@pytest.fixture
def sold(journal: Journal) -> Journal:
    journal.commit([know("S-1", 500), know("S-2", 500)])
    return journal


def test_rule_that_runs_twice_proposes_once(sold: Journal, backend: Backend) -> None:
    assert sold.propose([proposal(), proposal()]) == [proposal()]
    before = backend.dump()
    assert sold.propose([proposal(now=NOW + timedelta(days=1))]) == []

    assert backend.dump() == before
    assert sold.proposals() == [proposal()]
    assert sold.verify() == 3
    assert sold.rows()[-1].kind == "proposed"
    assert sold.rows()[-1].subject == "DUP-S-2"


def test_crash_between_two_runs_changes_nothing(backend: Backend) -> None:
    journal = backend.open()
    journal.commit([know("S-1", 500), know("S-2", 500)])
    journal.propose([proposal()])
    backend.crash(journal)
    with backend.open() as again:
        assert again.propose([proposal(), proposal("S-1", because="S-2")]) == [
            proposal("S-1", because="S-2")
        ]
        assert len(again.proposals()) == 2
        assert again.verify() == 4


def test_crash_within_a_run_leaves_nothing_of_it(sold: Journal, backend: Backend) -> None:
    before = backend.dump()
    with pytest.raises(JournalError):
        sold.propose([proposal(), proposal("S-99")])  # no such sale: the database refuses

    assert backend.dump() == before
    sold.verify()


def test_no_is_for_good_and_says_who_when_and_why(sold: Journal, backend: Backend) -> None:
    sold.propose([proposal()])
    after = sold.dismiss("DUP-S-2", NO)

    assert after.dismissal == NO
    assert sold.proposal("DUP-S-2") == after
    assert sold.rows()[-1].kind == "proposal_dismissed"
    before = backend.dump()
    with pytest.raises(JournalWriteError, match=r"^no such proposal, or it was dismissed before$"):
        sold.dismiss("DUP-S-2", NO)
    assert sold.propose([proposal()]) == []
    assert backend.dump() == before
    assert sold.verify() == 4


def test_what_is_not_there_is_not_dismissed(sold: Journal, backend: Backend) -> None:
    before = backend.dump()
    with pytest.raises(JournalWriteError):
        sold.dismiss("DUP-S-9", NO)

    assert backend.dump() == before
    assert sold.proposal("DUP-S-9") is None


def test_word_of_another_terminal_is_refused(sold: Journal, backend: Backend) -> None:
    sold.propose([proposal()])
    before = backend.dump()
    with pytest.raises(JournalWriteError):
        sold.propose([proposal("S-1", terminal="87654321")])
    with pytest.raises(JournalWriteError):
        sold.dismiss("DUP-S-2", Dismissal("02", "no", NOW, "87654321"))

    assert backend.dump() == before


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE proposals SET amount_minor = 1",
        "UPDATE proposals SET original_id = 'S-1'",
        "UPDATE proposals SET rule = 'cancelled_order'",
        "UPDATE proposals SET dismissed_by = '03'",
        (
            "UPDATE proposals SET dismissed_at = NULL, dismissed_by = NULL, dismissed_why = NULL,"
            " dismissed_terminal = NULL"
        ),
        (
            "INSERT INTO proposals VALUES ('X', '12345678', 'duplicate_sale', 'S-2', 500, '156', 'S-1',"
            " '', NULL, NULL, NULL, NULL)"
        ),
        (
            "INSERT INTO proposals VALUES ('X', '12345678', 'whim', 'S-1', 500, '156', 'S-1', '', NULL,"
            " NULL, NULL, NULL)"
        ),
        (
            "INSERT INTO proposals VALUES ('X', '12345678', 'duplicate_sale', 'S-1', 500, '156', 'S-2',"
            " '', '', NULL, 'no', '12345678')"
        ),
    ],
)
def test_table_refuses_what_no_code_would_write(
    sold: Journal, backend: Backend, statement: str
) -> None:
    sold.propose([proposal()])
    sold.dismiss("DUP-S-2", NO)
    before = backend.dump()
    with pytest.raises(backend.broken):
        backend.execute(statement)

    assert backend.dump() == before


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE proposals SET because = 'S-9'",
        "UPDATE proposals SET proposed_at = '2026-03-10T02:00:00+00:00'",
        (
            "UPDATE proposals SET dismissed_at = '2026-03-10T02:00:00+00:00', dismissed_by = '03',"
            " dismissed_why = 'no', dismissed_terminal = '12345678'"
        ),
        "DELETE FROM proposals",
        (
            "INSERT INTO proposals VALUES ('DUP-S-1', '12345678', 'duplicate_sale', 'S-1', 500, '156',"
            " 'S-2', '2026-03-09T02:00:00+00:00', NULL, NULL, NULL, NULL)"
        ),
    ],
)
def test_table_that_says_otherwise_than_the_chain_is_found(
    sold: Journal, backend: Backend, statement: str
) -> None:
    sold.propose([proposal()])
    backend.execute(statement)

    with pytest.raises(
        JournalCorruptError, match=r"^proposal DUP-S-[12] is not what its rows say$"
    ):
        sold.verify()


@pytest.mark.parametrize("kind", [FleetBackend, PostgresBackend], ids=lambda kind: kind.name)
def test_two_terminals_that_run_a_rule_propose_once_and_either_may_say_no(
    kind: type[FleetBackend | PostgresBackend], tmp_path: Path
) -> None:
    backend = kind(tmp_path)
    try:
        one, other = backend.open(), backend.open(key=KEY, terminal="87654321")
        one.commit([know("S-1", 500), know("S-2", 500)])
        assert one.propose([proposal()]) == [proposal()]
        assert other.propose([proposal(terminal="87654321")]) == []

        no = Dismissal("02", "two coffees", NOW, "87654321")
        assert other.dismiss("DUP-S-2", no).dismissal == no
        with pytest.raises(JournalWriteError):
            one.dismiss("DUP-S-2", NO)
        assert [each.dismissal for each in one.proposals()] == [no]
        assert (one.verify(), other.verify()) == (3, 1)
        one.close()
        other.close()
    finally:
        backend.remove()


def test_two_terminals_that_run_a_rule_at_the_same_moment_propose_each_sale_once(
    tmp_path: Path,
) -> None:
    backend = FleetBackend(tmp_path)
    try:
        journals = [backend.open(), backend.open(terminal="87654321")]
        sales = [f"S-{n}" for n in range(1, 41)]
        journals[0].commit(
            [know(name, 500, stan=f"{n:06d}") for n, name in enumerate(sales, start=1)]
        )
        start, counts = threading.Barrier(2), {}

        def run(journal: Journal, terminal: str) -> None:
            start.wait()
            new = [len(journal.propose([proposal(name, terminal=terminal)])) for name in sales]
            counts[terminal] = sum(new)

        threads = [
            threading.Thread(target=run, args=pair)
            for pair in zip(journals, ("12345678", "87654321"), strict=True)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)

        assert sum(counts.values()) == 40
        assert len(journals[0].proposals()) == 40
        assert journals[0].verify() + journals[1].verify() == 80
    finally:
        backend.remove()
