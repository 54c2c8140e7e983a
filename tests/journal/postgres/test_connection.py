"""The line to the database breaks, anywhere: nothing acknowledged is lost, nothing is guessed."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from engine.builders import NOW
from journal.builders import ROWS, fill, know, move, opening
from journal.server import own_server
from posrefund.engine import Event, Note
from posrefund.errors import ConfigError, JournalError, JournalWriteError
from posrefund.journal import PostgresJournal
from posrefund.journal import postgres as module
from posrefund.journal.postgres_schema import POSTGRES_VERSIONS
from posrefund.journal.server import connect
from posrefund.values import TerminalID

if TYPE_CHECKING:
    from collections.abc import Iterator

    from journal.backends import PostgresBackend


@pytest.fixture
def filled(database: PostgresBackend) -> Iterator[PostgresJournal]:
    with database.open() as journal:
        fill(journal)
        yield journal


def cut_off(database: PostgresBackend, journal: PostgresJournal) -> None:
    """Let the server end the connection, as its restart does."""
    pid = journal._db.info.backend_pid
    database.execute(f"SELECT pg_terminate_backend({pid}, 5000)")


# --- between and within commits ----------------------------------------------------------------


def test_connection_lost_between_two_commits_is_made_anew(
    database: PostgresBackend, filled: PostgresJournal
) -> None:
    cut_off(database, filled)
    assert len(filled.rows()) == ROWS
    cut_off(database, filled)
    filled.commit(move("R-2/2", Event.DECLINE))
    cut_off(database, filled)
    assert filled.verify() == ROWS + 1
    cut_off(database, filled)
    filled.commit([])
    cut_off(database, filled)


def test_row_of_half_a_commit_is_not_built_upon(filled: PostgresJournal) -> None:
    """An interrupt between the last statement and the commit: nobody ran the clean-up."""
    filled._db.execute("BEGIN")
    filled._within = True
    filled._append("note", "", NOW, {})
    filled._within = False
    filled.commit([Note("inbound", NOW, {"n": "1"})])
    assert filled.verify() == ROWS + 1


def test_database_that_lost_rows_behind_a_broken_line_is_not_written_to(
    database: PostgresBackend, filled: PostgresJournal
) -> None:
    """Another server answers now, as after a failover, and it never got the last row."""
    cut_off(database, filled)
    database.execute(
        "SET session_replication_role = replica;"
        f" DELETE FROM chain WHERE seq = {ROWS};"
        " RESET session_replication_role"
    )
    before = database.dump()

    with pytest.raises(JournalError, match="the database has lost rows"):
        filled.commit([Note("inbound", NOW, {"n": "1"})])
    assert database.dump() == before
    with pytest.raises(JournalError, match="the journal is closed"):
        filled.rows()


def test_connection_lost_within_a_commit_leaves_nothing_and_the_next_one_goes_through(
    database: PostgresBackend, filled: PostgresJournal
) -> None:
    before = database.dump()

    def broken() -> Iterator[Note]:
        yield Note("inbound", NOW, {"n": "1"})
        cut_off(database, filled)
        yield Note("inbound", NOW, {"n": "2"})

    with pytest.raises(JournalWriteError, match="57P01 AdminShutdown"):
        filled.commit(broken())
    assert database.dump() == before
    filled.commit([Note("inbound", NOW, {"n": "3"})])
    assert filled.verify() == ROWS + 1


def test_half_a_commit_that_an_interrupt_left_open_is_never_ended_by_the_next_one(
    database: PostgresBackend, filled: PostgresJournal
) -> None:
    filled._db.execute("BEGIN")
    filled._db.execute("DELETE FROM sealed_cards")
    filled.commit([Note("inbound", NOW, {})])

    assert database.ask("SELECT count(*) FROM sealed_cards") == [(3,)]
    filled._db.execute("BEGIN")
    filled._db.execute("DELETE FROM sealed_cards")
    assert len(filled.rows()) == ROWS + 1
    assert database.ask("SELECT count(*) FROM sealed_cards") == [(3,)]
    assert filled.card("R-1/1") is not None


class Cutter:
    """A connection that breaks at the first COMMIT, before or after the server has done it."""

    def __init__(self, journal: PostgresJournal, *, done: bool) -> None:
        self._db, self._done = journal._db, done

    def __getattr__(self, name: str) -> Any:
        return getattr(self._db, name)

    def execute(self, sql: Any, values: Any = None) -> Any:
        import psycopg

        if sql != "COMMIT":
            return self._db.execute(sql, values)
        if self._done:
            self._db.execute("COMMIT")
        self._db.close()
        raise psycopg.OperationalError("server closed the connection unexpectedly")


def test_commit_whose_answer_was_lost_is_found_to_be_done_once(filled: PostgresJournal) -> None:
    filled._db = Cutter(filled, done=True)  # type: ignore[assignment]
    filled.commit(move("R-2/2", Event.ACCEPT))

    assert filled.verify() == ROWS + 1
    assert str(filled.attempt("R-2/2").state) == "ACCEPTED"


def test_commit_that_never_arrived_is_found_not_to_be_done(
    database: PostgresBackend, filled: PostgresJournal
) -> None:
    before = database.dump()
    filled._db = Cutter(filled, done=False)  # type: ignore[assignment]
    with pytest.raises(
        JournalWriteError, match=r"^the database did not commit: nothing was written$"
    ):
        filled.commit(move("R-2/2", Event.ACCEPT))

    assert database.dump() == before
    filled.commit(move("R-2/2", Event.ACCEPT))
    assert filled.verify() == ROWS + 1


def test_commit_that_nobody_can_be_asked_about_is_said_to_be_unknown(
    filled: PostgresJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody(dsn: str, schema: str) -> None:
        raise JournalError("the database cannot be reached: OperationalError")

    filled._db = Cutter(filled, done=True)  # type: ignore[assignment]
    with monkeypatch.context() as patch:
        patch.setattr(module, "connect", nobody)
        patch.setattr(module, "_ASK_AGAIN_S", 0.2)
        with pytest.raises(JournalError, match="whether it was written is unknown") as caught:
            filled.commit(move("R-2/2", Event.ACCEPT))
    assert not isinstance(caught.value, JournalWriteError)
    assert str(filled.attempt("R-2/2").state) == "ACCEPTED"


def test_commit_that_another_one_took_over_right_after_is_still_found(
    database: PostgresBackend, filled: PostgresJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = connect

    def late(dsn: str, schema: str) -> Any:
        monkeypatch.setattr(module, "connect", real)
        database.let_leases_run_out()
        with database.open() as other:
            other.commit([Note("inbound", NOW, {})])
        return real(dsn, schema)

    monkeypatch.setattr(module, "connect", late)
    filled._db = Cutter(filled, done=True)  # type: ignore[assignment]
    filled.commit(move("R-2/2", Event.ACCEPT))

    assert [row.kind for row in filled.rows()[ROWS:]] == ["move", "inbound"]
    with pytest.raises(JournalWriteError, match="took this terminal over"):
        filled.commit([])


# --- what is refused at the door ---------------------------------------------------------------


def test_server_that_does_not_sync_is_refused(database: PostgresBackend) -> None:
    server = own_server()
    database.dsn = server.dsn
    database.execute("ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")
    try:
        while database.ask("SHOW fsync") != [("off",)]:
            pass
        with pytest.raises(
            JournalError, match=r"^the database does not sync its log: fsync = off$"
        ):
            database.open()
    finally:
        database.execute("ALTER SYSTEM RESET fsync", "SELECT pg_reload_conf()")
        while database.ask("SHOW fsync") != [("on",)]:
            pass


@pytest.mark.parametrize("setting", ["off", "local", "on", "remote_apply"])
def test_commit_waits_for_the_disk_whatever_the_address_says(
    database: PostgresBackend, setting: str
) -> None:
    database.dsn += f" options='-c synchronous_commit={setting}'"
    with database.open() as journal:
        found = journal._db.execute("SHOW synchronous_commit").fetchone()
    assert found == ({"off": "on", "local": "on"}.get(setting, setting),)


@pytest.mark.parametrize(
    ("dsn", "kind", "said"),
    [
        ("host=127.0.0.1 port=1 password=secret", JournalError, "the database cannot be reached: "),
        (
            "postgresql://till:secret@127.0.0.1:1/x",
            JournalError,
            "the database cannot be reached: ",
        ),
        ("secret", ConfigError, "the journal's database: expected postgresql://"),
        ("hots=secret", ConfigError, "the journal's database: expected postgresql://"),
    ],
)
def test_address_is_never_quoted(dsn: str, kind: type[Exception], said: str) -> None:
    pytest.importorskip("psycopg")
    with pytest.raises(kind) as caught:
        PostgresJournal(dsn, key=bytes(32), terminal=TerminalID("12345678"))

    assert str(caught.value).startswith(said)
    assert "secret" not in f"{caught.value!r} {caught.value.__context__!r}"


@pytest.mark.parametrize(
    "schema", ["", "a b", 'x"; DROP TABLE chain; --', "A", "1a", "é", "a" * 64]
)
def test_schema_that_is_no_plain_name_is_refused(schema: str) -> None:
    pytest.importorskip("psycopg")
    with pytest.raises(ConfigError, match=r"^the schema of the journal: "):
        PostgresJournal("", key=bytes(32), terminal=TerminalID("12345678"), schema=schema)


def test_newer_database_is_refused_and_not_touched(database: PostgresBackend) -> None:
    database.open().close()
    database.execute("UPDATE meta SET value = '99' WHERE key = 'version'")
    before = database.dump()
    with pytest.raises(
        JournalError,
        match=rf"^journal of version 99, this program knows 1 to {len(POSTGRES_VERSIONS)}$",
    ):
        database.open()
    assert database.dump() == before
    database.execute("DELETE FROM meta WHERE key = 'version'")
    with pytest.raises(JournalError, match=r"^a journal without a version$"):
        database.open()


def test_database_goes_forward_step_by_step_and_each_step_is_whole(
    database: PostgresBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.open() as journal:
        fill(journal)
    before = database.dump()
    good, bad = "CREATE TABLE extra (x TEXT);", "CREATE TABLE more (x TEXT); SELECT 1 / 0;"
    monkeypatch.setattr(module, "POSTGRES_VERSIONS", (*POSTGRES_VERSIONS, good, bad))
    with pytest.raises(JournalError, match="DivisionByZero"):
        database.open()
    mine = f"FROM pg_tables WHERE schemaname = '{database.schema}'"
    assert database.ask(f"SELECT count(*) {mine} AND tablename IN ('extra', 'more')") == [(1,)]

    good_too = bad.partition(" SELECT")[0]
    monkeypatch.setattr(module, "POSTGRES_VERSIONS", (*POSTGRES_VERSIONS, good, good_too))
    with database.open() as journal:
        assert journal.verify() == ROWS
        assert journal.terminal_facts()["version"] == str(len(POSTGRES_VERSIONS) + 2)
    assert [line for line in database.dump() if "version" not in line] == [
        line for line in before if "version" not in line
    ]


# --- what is not there -------------------------------------------------------------------------


def test_journal_is_imported_without_the_driver_and_says_what_is_missing() -> None:
    program = (
        "import sys; sys.modules['psycopg'] = None\n"
        "from posrefund.errors import PosRefundError\n"
        "from posrefund.journal import PostgresJournal\n"
        "try:\n"
        "    PostgresJournal('', key=bytes(32), terminal='12345678')\n"
        "except PosRefundError as error:\n"
        "    print(type(error).__name__, error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert done.stdout == (
        "ConfigError a journal in PostgreSQL needs psycopg: pip install 'posrefund[postgres]'\n"
    )


@pytest.mark.parametrize("value", ["nul \0", "half a pair \ud800"])
def test_text_that_the_database_cannot_hold_is_a_write_error(
    filled: PostgresJournal, value: str
) -> None:
    with pytest.raises(JournalWriteError):
        filled.remember(NOW, "signed_in", batch=value)
    filled.commit([know("S-7"), opening("R-7", "000007", 1, original_id="S-7")])
    assert filled.verify() == ROWS + 2


def test_rotation_that_nobody_can_be_asked_about_closes_the_journal(
    database: PostgresBackend, filled: PostgresJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To go on with the wrong one of two keys would break the chain."""
    new = bytes([2] * 32)
    filled._db = Cutter(filled, done=True)  # type: ignore[assignment]
    with monkeypatch.context() as patch:
        patch.setattr(module, "_ASK_AGAIN_S", 0.2)
        patch.setattr(PostgresJournal, "_connection", _nobody)
        with pytest.raises(JournalError, match="whether it was written is unknown"):
            filled.rotate_key(new, NOW)
    with pytest.raises(JournalError, match=r"^the journal is closed$"):
        filled.commit([])
    database.let_leases_run_out()
    with database.open(key=new) as again:
        assert again.verify() == ROWS + 1


def _nobody(journal: PostgresJournal) -> Any:
    if journal._db.closed:
        raise JournalError("the database cannot be reached: OperationalError")
    return journal._db
