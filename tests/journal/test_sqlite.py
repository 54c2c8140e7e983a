"""The journal: all or nothing, never beyond the ceiling, and nobody changes it unseen."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from engine.builders import (
    FINGERPRINT,
    NOW,
    PAN_DIGITS,
    PROPERTY,
    STRIPE,
    TRACK2,
    original,
    plan,
    refund_request,
    view,
)
from journal.builders import KEY, dump, fill, know, move, open_journal, opening, sums
from posrefund.engine import OPEN_STATES, TABLE, Event, Know, Move, Note, OriginalRef, State
from posrefund.engine.machine import Occasion, start_refund
from posrefund.errors import (
    InvalidKeyError,
    JournalCorruptError,
    JournalError,
    JournalWriteError,
    LocalProtocolError,
)
from posrefund.journal.replay import replay
from posrefund.values import PAN, RRN, Amount

if TYPE_CHECKING:
    from collections.abc import Iterator

    from posrefund.engine import Action
    from posrefund.journal import SQLiteJournal

ROWS = 12
"""How many rows ``fill`` writes."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


@pytest.fixture
def journal(path: Path) -> Iterator[SQLiteJournal]:
    with open_journal(path) as opened:
        yield opened


@pytest.fixture
def filled(journal: SQLiteJournal) -> SQLiteJournal:
    fill(journal)
    return journal


def refused(journal: SQLiteJournal, path: Path, actions: list[Action]) -> Exception:
    """Commit what must be refused, and compare everything before and after."""
    before = dump(path)
    with pytest.raises((JournalError, LocalProtocolError)) as caught:
        journal.commit(actions)
    assert dump(path) == before
    assert not journal._db.in_transaction
    journal.verify()
    return caught.value


# --- all or nothing ----------------------------------------------------------------------------


def test_commit_keeps_actions_in_order_and_numbers_the_rows(filled: SQLiteJournal) -> None:
    rows = filled.rows()

    assert [row.seq for row in rows] == list(range(1, ROWS + 1))
    assert [(row.kind, row.subject) for row in rows] == [
        ("signed_in", ""),
        ("know", "S-1"),
        ("know", "S-2"),
        ("open", "R-1/1"),
        ("move", "R-1/1"),
        ("inbound", "R-1/1"),
        ("move", "R-1/1"),
        ("open", "R-2/1"),
        ("move", "R-2/1"),
        ("open", "R-2/2"),
        ("move", "R-2/2"),
        ("move", "R-2/2"),
    ]
    assert filled.verify() == ROWS


def test_failing_second_action_leaves_nothing_of_the_first(
    filled: SQLiteJournal, path: Path
) -> None:
    error = refused(
        filled,
        path,
        [Note("inbound", NOW, {"a": "b"}), know("S-3"), *move("R-1/1", Event.ACCEPT)],
    )

    assert isinstance(error, LocalProtocolError)
    assert str(error) == "no step accept from ACCEPTED"


def test_commit_of_nothing_writes_nothing(filled: SQLiteJournal, path: Path) -> None:
    before = dump(path)
    filled.commit([])

    assert dump(path) == before


def test_step_of_an_attempt_that_nobody_opened_is_refused(
    filled: SQLiteJournal, path: Path
) -> None:
    assert str(refused(filled, path, move("R-9/1", Event.SEND))) == "no attempt R-9/1"


@pytest.mark.parametrize(
    "name", ["", "/", "R-1", "R-1/", "R-1/x", "R-1/-1", "R-1/²", "R-1/" + "9" * 30]
)
def test_name_that_is_no_attempt_s_is_a_journal_error(filled: SQLiteJournal, name: str) -> None:
    with pytest.raises(JournalError, match=r"^no attempt "):
        filled.attempt(name)


def test_attempt_comes_back_as_it_was_written(journal: SQLiteJournal) -> None:
    made = plan("refund")
    journal.commit([know(), *made.opening(b"message", NOW)])

    assert journal.attempt("R-1/1") == replace(made.attempt, state=State.SENT, copies=1)
    assert journal.content("R-1") == made.content
    assert journal.content("R-2") is None
    assert journal.last_attempt("R-2") is None


def test_original_comes_back_as_it_was_learned_and_once(journal: SQLiteJournal) -> None:
    journal.commit([Know(original(), NOW), Know(original(amount=Amount(1)), NOW)])

    assert journal.all_originals() == [original()]
    assert [row.kind for row in journal.rows()] == ["know"]


def test_original_is_found_by_its_slip_too(journal: SQLiteJournal) -> None:
    journal.commit([know("S-1"), know("S-2")])
    rrn = RRN("606710000042")

    assert [sale.original_id for sale in journal.originals("S-2")] == ["S-2"]
    assert [sale.original_id for sale in journal.originals(OriginalRef(rrn, "0308"))] == [
        "S-1",
        "S-2",
    ]
    assert journal.originals(OriginalRef(rrn, "0309")) == []
    assert journal.originals("S-3") == []


def test_last_attempt_of_a_request_is_the_newest(filled: SQLiteJournal) -> None:
    last = filled.last_attempt("R-2")

    assert last is not None
    assert (last.number, last.state) == (2, "IN_DOUBT")
    assert [attempt.attempt_id for attempt in filled.open_attempts()] == ["R-2/2"]
    assert [attempt.attempt_id for attempt in filled.attempts()] == ["R-1/1", "R-2/1", "R-2/2"]


def test_notes_are_read_by_kind_and_attempt(filled: SQLiteJournal) -> None:
    assert filled.notes("inbound") == [{"DE39": "00"}]
    assert filled.notes("inbound", "R-1/1") == [{"DE39": "00"}]
    assert filled.notes("inbound", "R-2/1") == []


# --- the ceiling -------------------------------------------------------------------------------


def test_two_refunds_whose_sum_passes_the_sale_are_refused(
    journal: SQLiteJournal, path: Path
) -> None:
    journal.commit([know(), opening("R-1", "000001", 6_000), *move("R-1/1", Event.SEND)])
    journal.commit(move("R-1/1", Event.ACCEPT))
    error = refused(journal, path, [opening("R-2", "000002", 4_001)])

    assert isinstance(error, JournalWriteError)
    assert str(error) == "the original is unknown or its ceiling would be passed"
    journal.commit([opening("R-2", "000002", 4_000)])
    assert sums(journal) == (4_000, 6_000)


@pytest.mark.parametrize(
    "change",
    [
        "reserved_minor = 10001",
        "accepted_minor = 9000",
        "amount_minor = 1999",
        "reserved_minor = -1",
    ],
)
def test_ceiling_is_the_database_s_own_and_no_code_can_skip_it(
    filled: SQLiteJournal, change: str
) -> None:
    filled._db.execute("UPDATE originals SET reserved_minor = 1001 WHERE original_id = 'S-1'")
    with pytest.raises(sqlite3.IntegrityError, match="CHECK constraint failed"):
        filled._db.execute(f"UPDATE originals SET {change} WHERE original_id = 'S-1'")


def test_refund_of_a_sale_that_nobody_knows_is_refused(journal: SQLiteJournal, path: Path) -> None:
    refused(journal, path, [opening("R-1", "000001")])


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ("", (1_000, 0)),
        ("send", (1_000, 0)),
        ("fail", (0, 0)),
        ("send fail", (0, 0)),
        ("send accept", (0, 1_000)),
        ("send decline", (0, 0)),
        ("send doubt", (1_000, 0)),
        ("doubt", (1_000, 0)),
        ("send doubt accept", (0, 1_000)),
        ("send doubt decline", (0, 0)),
        ("send doubt reverse", (1_000, 0)),
        ("send doubt reverse undo", (0, 0)),
        ("send doubt reverse give_up", (1_000, 0)),
        ("send doubt give_up", (1_000, 0)),
        ("send doubt give_up release", (0, 0)),
        ("send doubt give_up accept", (0, 1_000)),
        ("send doubt give_up decline", (0, 0)),
        ("send doubt give_up confirm", (0, 1_000)),
        ("send accept confirm", (0, 1_000)),
        ("send accept contradict", (0, 1_000)),
        ("send accept contradict give_up", (0, 1_000)),
        ("send accept contradict give_up release", (0, 0)),
        ("send accept confirm bounce", (0, 0)),
        ("send accept confirm bounce give_up", (0, 0)),
        ("send accept confirm bounce give_up confirm", (0, 1_000)),
        ("send decline contradict", (0, 0)),
        ("send decline contradict give_up accept", (0, 1_000)),
    ],
)
def test_what_is_reserved_and_given_back_follows_every_step(
    journal: SQLiteJournal, events: str, expected: tuple[int, int]
) -> None:
    steps = move("R-1/1", *(Event(event) for event in events.split()))
    journal.commit([know(), opening("R-1", "000001"), *steps])

    assert sums(journal) == expected
    journal.verify()


def test_money_given_back_elsewhere_meanwhile_is_not_given_back_twice(
    journal: SQLiteJournal, path: Path
) -> None:
    """A decline frees the amount, another refund takes it, then the decline proves false."""
    journal.commit([know(), opening("R-1", "000001", 6_000)])
    journal.commit(move("R-1/1", Event.SEND, Event.DECLINE, Event.CONTRADICT))
    journal.commit([opening("R-2", "000002", 6_000), *move("R-2/1", Event.SEND, Event.ACCEPT)])
    journal.commit(move("R-1/1", Event.GIVE_UP))

    assert isinstance(
        refused(journal, path, move("R-1/1", Event.ACCEPT)),
        JournalWriteError,
    )


@pytest.mark.parametrize(
    ("events", "facts"),
    [
        ("send doubt", (False, True, False)),
        ("send doubt give_up", (False, True, False)),
        ("send decline contradict", (False, False, True)),
        ("send accept", (True, False, False)),
        ("send accept confirm", (True, False, False)),
        ("send decline", (False, False, False)),
        ("fail", (False, False, False)),
    ],
)
def test_original_says_whether_it_is_voided_in_doubt_or_a_case(
    journal: SQLiteJournal, events: str, facts: tuple[bool, bool, bool]
) -> None:
    void = opening("R-1", "000001", 10_000)
    void = replace(void, attempt=replace(void.attempt, kind="void"))
    steps = move("R-1/1", *(Event(event) for event in events.split()))
    journal.commit([know(), void, *steps])
    (sale,) = journal.originals("S-1")

    assert (sale.is_voided, sale.has_open_attempt, sale.has_case) == facts


# --- guards ------------------------------------------------------------------------------------


def test_number_of_a_batch_is_used_once(filled: SQLiteJournal, path: Path) -> None:
    error = refused(filled, path, [opening("R-3", "000001", original_id="S-2", minor=1)])

    assert "UNIQUE constraint failed: attempts.terminal" in str(error)
    filled.commit([opening("R-3", "000001", original_id="S-2", minor=1, batch="000002")])


def test_request_has_one_open_attempt(filled: SQLiteJournal, path: Path) -> None:
    error = refused(filled, path, [opening("R-2", "000009", 1, number=3, original_id="S-2")])

    assert "UNIQUE constraint failed: attempts.request_id" in str(error)


def test_original_has_one_open_attempt(filled: SQLiteJournal, path: Path) -> None:
    error = refused(filled, path, [opening("R-9", "000009", 1)])

    assert "UNIQUE constraint failed: attempts.original_id" in str(error)


def test_attempt_of_a_request_has_one_number(filled: SQLiteJournal, path: Path) -> None:
    refused(filled, path, [opening("R-1", "000009", 1, original_id="S-2")])


def test_next_number_follows_the_last_one(journal: SQLiteJournal) -> None:
    assert journal.next_stan("000001") == "000001"
    journal.remember(NOW, "stan_taken", stan="000041")
    assert journal.next_stan("000001") == "000042"
    journal.commit([know(), opening("R-1", "000042")])
    assert journal.next_stan("000001") == "000043"


def test_next_number_wraps_and_skips_what_is_used_in_the_batch_or_still_open(
    journal: SQLiteJournal,
) -> None:
    journal.commit([know("S-1"), know("S-2"), know("S-3"), know("S-4")])
    journal.commit([opening("R-1", "000001"), *move("R-1/1", Event.SEND, Event.ACCEPT)])
    journal.commit([opening("R-2", "000002", original_id="S-2"), *move("R-2/1", Event.FAIL)])
    journal.commit([opening("R-3", "000003", original_id="S-3", batch="000009")])
    closed = opening("R-4", "000004", original_id="S-4", batch="000009")
    journal.commit([closed, *move("R-4/1", Event.FAIL)])
    journal.remember(NOW, "stan_taken", stan="999998")
    assert journal.next_stan("000001") == "999999"
    journal.remember(NOW, "stan_taken", stan="999999")

    assert journal.next_stan("000001") == "000004"
    assert journal.next_stan("000009") == "000001"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE chain SET body = '{}' WHERE seq = 1",
        "UPDATE chain SET seq = 99",
        "DELETE FROM chain WHERE seq = 1",
        "DELETE FROM chain",
    ],
)
def test_chain_is_append_only(filled: SQLiteJournal, statement: str) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="the chain is append-only"):
        filled._db.execute(statement)
    filled.verify()


# --- opening -----------------------------------------------------------------------------------


def test_reopened_journal_is_the_same(path: Path) -> None:
    with open_journal(path) as first:
        fill(first)
        before = first.rows(), first.attempts(), first.all_originals(), first.terminal_facts()
    with open_journal(path) as again:
        after = again.rows(), again.attempts(), again.all_originals(), again.terminal_facts()
        assert again.verify() == len(before[0])

    assert after == before


def test_journal_of_another_terminal_is_refused(path: Path) -> None:
    open_journal(path).close()
    with pytest.raises(JournalError, match=r"^this is the journal of terminal 12345678$"):
        open_journal(path, terminal="87654321")
    open_journal(path).close()


def test_journal_opened_with_another_key_is_refused(path: Path) -> None:
    with open_journal(path) as first:
        fill(first)
        last = len(first.rows())
    with pytest.raises(JournalCorruptError, match="another key") as caught:
        open_journal(path, key=bytes(32))
    assert caught.value.row == last
    open_journal(path).close()


def test_journal_of_another_version_is_refused(path: Path) -> None:
    with open_journal(path) as first:
        first._set_meta(version="2")
    with pytest.raises(JournalError, match=r"^journal of version 2, this is 1$"):
        open_journal(path)


def test_journal_that_is_open_is_refused_to_a_second_instance(
    journal: SQLiteJournal, path: Path
) -> None:
    with pytest.raises(JournalError, match=r"^another process has this journal open$"):
        open_journal(path)
    fill(journal)
    journal.close()
    open_journal(path).close()


def test_journal_that_is_open_is_refused_to_a_second_process(
    journal: SQLiteJournal, path: Path
) -> None:
    program = (
        "import sys\n"
        "from posrefund.errors import JournalError\n"
        "from posrefund.journal import SQLiteJournal\n"
        "try:\n"
        "    SQLiteJournal(sys.argv[1], key=bytes(range(32)), terminal='12345678')\n"
        "except JournalError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True
    )
    fill(journal)

    assert done.stdout == "another process has this journal open\n"


def test_journal_closed_twice_is_closed_and_closes_nothing_else(path: Path) -> None:
    """The second close once closed whatever file had got the lock's number meanwhile."""
    journal = open_journal(path)
    journal.close()
    other = os.open(path.with_name("other"), os.O_RDWR | os.O_CREAT)
    journal.close()

    os.fstat(other)
    os.close(other)


def test_journal_in_a_directory_that_is_not_there_is_a_journal_error(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match=r"^the journal cannot be locked: "):
        open_journal(tmp_path / "nowhere" / "journal.db")


@pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() == 0, reason="nothing is read-only to this user"
)
def test_journal_in_a_read_only_directory_is_a_journal_error(tmp_path: Path) -> None:
    shut = tmp_path / "shut"
    shut.mkdir(mode=0o500)
    with pytest.raises(JournalError, match=r"^the journal cannot be locked: "):
        open_journal(shut / "journal.db")


def test_journal_that_may_not_be_written_is_a_journal_error(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.open

    def shut(name: Any, *rest: Any) -> int:
        if Path(name) == path:
            raise PermissionError(13, "Permission denied", str(name))
        return real(name, *rest)

    monkeypatch.setattr(os, "open", shut)
    with pytest.raises(JournalError, match=r"^the journal cannot be opened: Permission denied$"):
        open_journal(path)
    monkeypatch.undo()
    open_journal(path).close()


@pytest.mark.parametrize("content", [b"this is no database\n" * 100, bytes(4096), b"\xff" * 20])
def test_file_that_is_no_database_is_refused_and_left_alone(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(JournalCorruptError):
        open_journal(path)

    assert path.read_bytes() == content


def test_directory_instead_of_a_file_is_a_journal_error(path: Path) -> None:
    path.mkdir()
    with pytest.raises(JournalError):
        open_journal(path)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_journal_is_nobody_else_s_to_read(filled: SQLiteJournal, path: Path) -> None:
    modes = {file.name: file.stat().st_mode & 0o777 for file in path.parent.iterdir()}

    assert modes == {
        "journal.db": 0o600,
        "journal.db-wal": 0o600,
        "journal.db-shm": 0o600,
        "journal.db.lock": 0o600,
    }


def test_every_commit_is_synced(journal: SQLiteJournal) -> None:
    assert journal._db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert journal._db.execute("PRAGMA synchronous").fetchone() == (2,)


# --- disk full ---------------------------------------------------------------------------------


def test_full_disk_is_a_write_error_that_leaves_nothing_and_passes(
    filled: SQLiteJournal, path: Path
) -> None:
    (pages,) = filled._db.execute("PRAGMA page_count").fetchone()
    filled._db.execute(f"PRAGMA max_page_count = {pages}")
    long = Note("inbound", NOW, {"long": "x" * 100_000})
    error = refused(filled, path, [opening("R-5", "000005", 1, original_id="S-2"), long])

    assert isinstance(error, JournalWriteError)
    assert str(error) == "SQLITE_FULL: database or disk is full"
    assert error.effect == "nothing_sent"
    with pytest.raises(JournalWriteError):
        filled.remember(NOW, "stan_taken", stan="000777", long="x" * 100_000)
    assert filled.terminal_facts()["stan"] == "000003"

    filled._db.execute(f"PRAGMA max_page_count = {pages + 1_000}")
    filled.commit([opening("R-5", "000005", 1, original_id="S-2"), long])
    assert filled.attempt("R-5/1").state == "INTENT"
    filled.verify()


# --- trust -------------------------------------------------------------------------------------


class Tampering:
    """Changes a journal behind its back, asks what it says, and puts everything back."""

    def __init__(self, journal: SQLiteJournal) -> None:
        self._journal = journal

    def found(self, *statements: str, values: tuple[object, ...] = ()) -> tuple[str, int | None]:
        """Return what ``verify`` says after *statements*; *values* are those of the last one."""
        db = self._journal._db
        db.execute("BEGIN")
        try:
            db.execute("PRAGMA defer_foreign_keys = ON")
            db.execute("DROP TRIGGER chain_is_append_only_1")
            db.execute("DROP TRIGGER chain_is_append_only_2")
            for statement in statements[:-1]:
                db.execute(statement)
            db.execute(statements[-1], values)
            with pytest.raises(JournalCorruptError) as caught:
                self._journal.verify()
            return caught.value.reason, caught.value.row
        finally:
            db.execute("ROLLBACK")
            self._journal.verify()


@pytest.fixture
def tampering(filled: SQLiteJournal) -> Tampering:
    return Tampering(filled)


def flipped(raw: bytes, place: int, mask: int) -> bytes:
    changed = bytearray(raw)
    changed[place % len(raw)] ^= mask
    return bytes(changed)


@pytest.mark.parametrize("column", ["at", "kind", "subject", "body", "link"])
def test_any_byte_of_any_column_that_is_flipped_is_found_and_its_row_named(
    filled: SQLiteJournal, tampering: Tampering, column: str
) -> None:
    for row in filled.rows():
        value = getattr(row, column)
        raw = value if isinstance(value, bytes) else value.encode()
        cast = "?" if column == "link" else "CAST(? AS TEXT)"
        update = f"UPDATE chain SET {column} = {cast} WHERE seq = {row.seq}"
        for place in {*range(0, len(raw), max(1, len(raw) // 12)), len(raw) - 1} if raw else ():
            for mask in (0x01, 0x20, 0x80):
                found = tampering.found(update, values=(flipped(raw, place, mask),))
                assert found == ("the chain does not fit", row.seq)


@settings(PROPERTY, max_examples=60)
@given(st.data())
def test_any_flip_at_all_is_found_and_its_row_named(data: st.DataObject) -> None:
    with TemporaryDirectory() as folder, open_journal(Path(folder) / "journal.db") as journal:
        fill(journal)
        rows = journal.rows()
        for _ in range(10):
            row = data.draw(st.sampled_from(rows))
            column = data.draw(st.sampled_from(["at", "kind", "body", "link"]))
            value = getattr(row, column)
            raw = value if isinstance(value, bytes) else value.encode()
            place, mask = data.draw(st.integers(0, len(raw) - 1)), data.draw(st.integers(1, 255))
            cast = "?" if column == "link" else "CAST(? AS TEXT)"
            found = Tampering(journal).found(
                f"UPDATE chain SET {column} = {cast} WHERE seq = {row.seq}",
                values=(flipped(raw, place, mask),),
            )
            assert found == ("the chain does not fit", row.seq)


def test_row_that_is_renumbered_is_found(tampering: Tampering) -> None:
    for seq in range(1, ROWS):
        found = tampering.found(f"UPDATE chain SET seq = 1000 WHERE seq = {seq}")
        assert found == ("the chain does not fit", seq)


def test_row_taken_out_of_the_middle_is_found(tampering: Tampering) -> None:
    assert tampering.found("DELETE FROM chain WHERE seq = 5") == ("the chain does not fit", 5)


def test_row_taken_out_of_the_middle_is_found_though_the_gap_was_closed(
    tampering: Tampering,
) -> None:
    found = tampering.found(
        "DELETE FROM chain WHERE seq = 5",
        "UPDATE chain SET seq = -seq WHERE seq > 5",
        "UPDATE chain SET seq = -seq - 1 WHERE seq < 0",
    )

    assert found == ("the chain does not fit", 5)


@pytest.mark.parametrize("first", [1, 2, 7, 12])
def test_tail_cut_off_is_found(tampering: Tampering, first: int) -> None:
    found = tampering.found(f"DELETE FROM chain WHERE seq >= {first}")

    assert found == ("rows are missing at the end", first)


@pytest.mark.parametrize(("one", "other"), [(1, 2), (2, 3), (4, 9), (1, 12)])
def test_two_rows_that_changed_places_are_found(tampering: Tampering, one: int, other: int) -> None:
    found = tampering.found(
        f"UPDATE chain SET seq = -1 WHERE seq = {one}",
        f"UPDATE chain SET seq = {one} WHERE seq = {other}",
        f"UPDATE chain SET seq = {other} WHERE seq = -1",
    )

    assert found == ("the chain does not fit", one)


def test_row_put_in_is_found(filled: SQLiteJournal, tampering: Tampering) -> None:
    last = len(filled.rows())
    found = tampering.found(
        "INSERT INTO chain SELECT seq + 1, at, kind, subject, body, link FROM chain"
        f" WHERE seq = {last}"
    )

    assert found == ("the chain does not fit", last + 1)


FORGED_SALE = """
    INSERT INTO originals SELECT 'S-9', terminal, merchant, batch, stan, rrn, transaction_date,
    settlement_date, amount_minor, currency, auth_code, card_fingerprint, organisation, 0, 0
    FROM originals WHERE original_id = 'S-2'
"""


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        (
            "UPDATE attempts SET state = 'RELEASED' WHERE request_id = 'R-1'",
            "attempt R-1/1 is not what its rows say",
        ),
        (
            "UPDATE attempts SET hold = 'none' WHERE request_id = 'R-1'",
            "attempt R-1/1 is not what its rows say",
        ),
        (
            "UPDATE attempts SET amount_minor = 1 WHERE request_id = 'R-1'",
            "attempt R-1/1 is not what its rows say",
        ),
        (
            "UPDATE attempts SET facts = '{}' WHERE number = 2",
            "attempt R-2/2 is not what its rows say",
        ),
        (
            "UPDATE attempts SET original_id = 'S-2' WHERE number = 2",
            "attempt R-2/2 is not what its rows say",
        ),
        ("DELETE FROM attempts WHERE number = 2", "attempt R-2/2 is not what its rows say"),
        (
            "UPDATE originals SET reserved_minor = 0 WHERE original_id = 'S-1'",
            "the sums of original S-1 are not what its rows say",
        ),
        (
            "UPDATE originals SET accepted_minor = 999 WHERE original_id = 'S-1'",
            "the sums of original S-1 are not what its rows say",
        ),
        (
            "UPDATE originals SET reserved_minor = 1 WHERE original_id = 'S-2'",
            "the sums of original S-2 are not what its rows say",
        ),
        (
            "UPDATE originals SET amount_minor = 99999 WHERE original_id = 'S-1'",
            "original S-1 is not what its row says",
        ),
        (
            "UPDATE originals SET card_fingerprint = 'f' WHERE original_id = 'S-2'",
            "original S-2 is not what its row says",
        ),
        (
            "UPDATE originals SET settlement_date = '2026-03-07' WHERE original_id = 'S-2'",
            "original S-2 is not what its row says",
        ),
        (
            "DELETE FROM originals WHERE original_id = 'S-2'",
            "original S-2 is not what its row says",
        ),
        (
            FORGED_SALE,
            "original S-9 is not what its row says",
        ),
        ("UPDATE attempts SET facts = 'x'", "a stored attempt cannot be read"),
        ("UPDATE attempts SET state = 'PAID'", "a stored attempt cannot be read"),
        ("UPDATE attempts SET amount_minor = -1", "a stored attempt cannot be read"),
        ("UPDATE attempts SET created_at = 'now'", "a stored attempt cannot be read"),
        ("UPDATE originals SET transaction_date = 'now'", "a stored original cannot be read"),
    ],
)
def test_table_that_is_not_what_the_chain_says_is_found(
    tampering: Tampering, statement: str, reason: str
) -> None:
    assert tampering.found(statement) == (reason, None)


def test_last_row_that_was_changed_refuses_the_journal_when_it_is_opened(path: Path) -> None:
    with open_journal(path) as journal:
        fill(journal)
        last = len(journal.rows())
        journal._db.execute("DROP TRIGGER chain_is_append_only_1")
        journal._db.execute("UPDATE chain SET body = '{}' WHERE seq = ?", (last,))
    with pytest.raises(JournalCorruptError, match="its last row was changed") as caught:
        open_journal(path)

    assert caught.value.row == last


def test_file_with_rubbish_in_it_is_corrupt_or_says_the_same_and_nothing_worse(path: Path) -> None:
    with open_journal(path) as journal:
        fill(journal)
    whole, told = path.read_bytes(), what_it_says(path)
    assert told != "corrupt"
    noticed = 0
    for start in range(0, len(whole), 512):
        path.write_bytes(whole[:start] + b"\xa5" * 512 + whole[start + 512 :])
        says = what_it_says(path)
        assert says in ("corrupt", told)
        noticed += says == "corrupt"
    assert noticed > 20


def what_it_says(path: Path) -> str:
    """Return all that a journal tells, or ``corrupt`` if it refuses to."""
    try:
        with open_journal(path) as journal:
            journal.verify()
            return repr((journal.rows(), journal.attempts(), journal.all_originals()))
    except JournalError:
        return "corrupt"


# --- card data ---------------------------------------------------------------------------------


def found_in(folder: Path, needles: dict[str, bytes]) -> list[tuple[str, str]]:
    """Return which needle stands in which file."""
    return [
        (file.name, name)
        for file in sorted(folder.iterdir())
        for name, needle in needles.items()
        if needle in file.read_bytes()
    ]


def test_no_file_of_the_journal_ever_holds_a_number_a_track_or_a_pin(path: Path) -> None:
    block = bytes.fromhex("C0FFEE0BADF00D11")
    card = replace(STRIPE, pin_block=block, expiry="3012")
    made = start_refund(
        refund_request(card=card), original(), view(), Occasion(1, FINGERPRINT, NOW)
    )
    packed = bytes.fromhex(PAN_DIGITS) + bytes.fromhex(TRACK2.replace("D", "0")) + block
    needles = {
        "number": PAN_DIGITS.encode(),
        "number, packed": bytes.fromhex(PAN_DIGITS),
        "track": TRACK2.encode(),
        "track, packed": bytes.fromhex(TRACK2),
        "what follows the number": TRACK2[17:].encode(),
        "PIN block": block,
        "PIN block, hexadecimal": block.hex().upper().encode(),
        "pin block, hexadecimal": block.hex().encode(),
        "message": packed,
    }
    with open_journal(path) as journal:
        journal.commit([know(), *made.opening(packed, NOW)])
        assert found_in(path.parent, needles) == []
        assert {file.name for file in path.parent.iterdir()} >= {"journal.db-wal", "journal.db-shm"}
        journal.commit(move("R-1/1", Event.ACCEPT, code="00"))
        assert found_in(path.parent, needles) == []
        journal.wipe_pans()
        assert found_in(path.parent, needles) == []
    assert found_in(path.parent, needles) == []


def test_sealed_number_can_be_read_back_until_it_is_wiped(
    filled: SQLiteJournal, path: Path
) -> None:
    assert filled.pan("R-1/1") == PAN(PAN_DIGITS)
    sealed = {
        f"{attempt}.{part}": value
        for attempt, *values in filled._db.execute("SELECT * FROM sealed_pans")
        for part, value in enumerate(values)
    }
    assert len(sealed) == 6
    assert len(found_in(path.parent, sealed)) >= 6

    assert filled.wipe_pans() == 3
    assert filled.wipe_pans() == 0
    for attempt_id in ("R-1/1", "R-2/1", "R-2/2"):
        with pytest.raises(JournalError, match=f"^the card number of {attempt_id} was wiped$"):
            filled.pan(attempt_id)
    assert found_in(path.parent, sealed) == []
    filled.verify()


def test_number_is_sealed_differently_each_time(filled: SQLiteJournal) -> None:
    sealed = filled._db.execute("SELECT item_key, box FROM sealed_pans").fetchall()

    assert len({item_key for item_key, _ in sealed}) == 3
    assert len({box for _, box in sealed}) == 3


def test_sealed_number_opens_with_its_own_key_and_under_its_own_name_only(
    filled: SQLiteJournal,
) -> None:
    filled._db.execute(
        "UPDATE sealed_pans SET (item_key, box) ="
        " (SELECT item_key, box FROM sealed_pans WHERE attempt_id = 'R-2/1')"
        " WHERE attempt_id = 'R-1/1'"
    )
    with pytest.raises(InvalidKeyError) as caught:
        filled.pan("R-1/1")
    assert PAN_DIGITS not in str(caught.value)
    filled._key = bytes(32)
    with pytest.raises(InvalidKeyError):
        filled.pan("R-2/1")


def test_card_is_known_again_by_a_digest_that_needs_the_key(path: Path) -> None:
    with open_journal(path) as journal:
        one = journal.fingerprint(PAN(PAN_DIGITS))
        assert one == journal.fingerprint(PAN(PAN_DIGITS))
        assert one != journal.fingerprint(PAN("6200000000000047"))
        assert len(one) == 32
    with open_journal(path.with_name("other.db"), key=KEY[::-1]) as other:
        assert other.fingerprint(PAN(PAN_DIGITS)) != one


# --- random histories --------------------------------------------------------------------------

SALES = {"S-1": 1_000, "S-2": 50}
HELD = {
    "INTENT": "reserved",
    "SENT": "reserved",
    "IN_DOUBT": "reserved",
    "REVERSING": "reserved",
    "ACCEPTED": "accepted",
    "CONFIRMED": "accepted",
}


class Histories(RuleBasedStateMachine):
    """Random openings and steps, against a model of a few lines."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.path = Path(self.folder.name) / "journal.db"
        self.journal = open_journal(self.path)
        self.model: dict[str, dict[str, Any]] = {}
        self.stan = 0

    @initialize()
    def learn_the_sales(self) -> None:
        self.journal.commit([know(name, minor) for name, minor in SALES.items()])

    @rule(
        request=st.sampled_from(["R-1", "R-2", "R-3"]),
        sale=st.sampled_from(sorted(SALES)),
        minor=st.sampled_from([1, 25, 50, 400, 600, 1_000, 1_001]),
    )
    def open_an_attempt(self, request: str, sale: str, minor: int) -> None:
        mine = [name for name in self.model if name.startswith(request)]
        is_open = any(self._is_open(name) for name in mine)
        allowed = (
            not is_open
            and not any(self._is_open(n) for n in self.model if self.model[n]["sale"] == sale)
            and self._held(sale, "reserved") + self._held(sale, "accepted") + minor <= SALES[sale]
        )
        self.stan += 1
        action = opening(
            request,
            f"{self.stan:06d}",
            minor,
            number=len(mine) + 1,
            original_id=sale,
        )
        if self._committed([action], allowed=allowed):
            self.model[action.attempt.attempt_id] = {
                "sale": sale,
                "minor": minor,
                "state": "INTENT",
                "hold": "reserved",
            }

    @rule(pick=st.integers(0, 99), event=st.sampled_from(list(Event)))
    def move_an_attempt(self, pick: int, event: Event) -> None:
        if not self.model:
            return
        name = sorted(self.model)[pick % len(self.model)]
        item = self.model[name]
        after = TABLE.get((State(item["state"]), event))
        hold = item["hold"] if after in ("MANUAL", "MISMATCHED") else HELD.get(str(after), "none")
        others = [n for n in self.model if n != name]
        rivals = [
            n
            for n in others
            if self.model[n]["sale"] == item["sale"] or n.split("/")[0] == name.split("/")[0]
        ]
        total = hold != "none" and item["minor"]
        total += sum(
            self._held(item["sale"], kind, without=name) for kind in ("reserved", "accepted")
        )
        allowed = (
            after is not None
            and total <= SALES[item["sale"]]
            and not (after in OPEN_STATES and any(self._is_open(n) for n in rivals))
        )
        if self._committed([Move(name, event, NOW)], allowed=allowed):
            item.update(state=str(after), hold=hold)

    @rule()
    def restart(self) -> None:
        self.journal.close()
        self.journal = open_journal(self.path)

    @rule()
    def close_the_batch(self) -> None:
        self.journal.wipe_pans()

    @invariant()
    def sums_are_those_of_the_model_and_never_beyond_the_sale(self) -> None:
        for sale in self.journal.all_originals():
            reserved = self._held(sale.original_id, "reserved")
            accepted = self._held(sale.original_id, "accepted")
            assert (sale.reserved_minor, sale.accepted_minor) == (reserved, accepted)
            assert reserved + accepted <= SALES[sale.original_id]

    @invariant()
    def states_are_those_of_the_model(self) -> None:
        assert {a.attempt_id: str(a.state) for a in self.journal.attempts()} == {
            name: item["state"] for name, item in self.model.items()
        }

    @invariant()
    def chain_alone_tells_the_same_story(self) -> None:
        told = replay(self.journal.rows())
        assert list(told.values()) == self.journal.attempts()
        self.journal.verify()

    def _committed(self, actions: list[Action], *, allowed: bool) -> bool:
        if allowed:
            self.journal.commit(actions)
        else:
            before = dump(self.path)
            with pytest.raises((JournalWriteError, LocalProtocolError)):
                self.journal.commit(actions)
            assert dump(self.path) == before
        return allowed

    def _is_open(self, name: str) -> bool:
        return self.model[name]["state"] in OPEN_STATES

    def _held(self, sale: str, hold: str, without: str = "") -> int:
        return sum(
            item["minor"]
            for name, item in self.model.items()
            if item["sale"] == sale and item["hold"] == hold and name != without
        )

    def teardown(self) -> None:
        self.journal.close()
        self.folder.cleanup()


def test_random_histories_never_pass_the_ceiling_and_replay_to_the_same_attempts() -> None:
    run_state_machine_as_test(
        Histories, settings=settings(PROPERTY, max_examples=40, stateful_step_count=25)
    )
