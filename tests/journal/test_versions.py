"""An older file opens in a newer program, whole and unchanged in what it says; a newer one is left alone."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from engine.builders import FINGERPRINT, NOW, PAN_DIGITS, original, plan
from journal.builders import KEY, ROWS, dump, fill, move, open_journal, sums
from posrefund.engine import Event, Know, Open
from posrefund.errors import JournalCorruptError, JournalError, JournalWriteError
from posrefund.journal import embedded as journal_module
from posrefund.journal.schema import SCHEMA_VERSION, VERSIONS
from posrefund.values import PAN, KeptCard

if TYPE_CHECKING:
    from collections.abc import Sequence

VERSION_1 = Path(__file__).parent.parent / "vectors" / "journal" / "version_1.sql"
"""What the program of version 1 wrote, twelve rows signed with the tests' key, as text."""


@pytest.fixture
def old(path: Path) -> Path:
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    db.executescript(VERSION_1.read_text(encoding="ascii"))
    db.close()
    path.chmod(0o600)
    return path


NEXT = str(len(VERSIONS) + 1)
MADE_ANEW = ("'version'", "'journal_id'")
"""The facts that a newer program sets."""


def rows_of(path: Path) -> list[str]:
    """Return every row of every table but what a newer program sets."""
    return sorted(
        line
        for line in dump(path)
        if line.startswith("INSERT") and not any(name in line for name in MADE_ANEW)
    )


def shape_of(path: Path) -> list[object]:
    """Return the SQL of every table, index and trigger."""
    db = sqlite3.connect(path)
    try:
        found = "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name"
        return db.execute(found).fetchall()
    finally:
        db.close()


def contents(folder: Path) -> dict[str, bytes]:
    """Return every file but the lock, which says who holds it."""
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.suffix != ".lock"}


def versions(monkeypatch: pytest.MonkeyPatch, known: Sequence[str]) -> None:
    """Be the program that knows these versions."""
    monkeypatch.setattr(journal_module, "VERSIONS", known)


def test_file_of_version_1_opens_with_every_row_as_it_was(old: Path) -> None:
    before = rows_of(old)
    assert len(before) == ROWS + 14
    with open_journal(old) as journal:
        assert journal.terminal_facts()["version"] == SCHEMA_VERSION
        assert journal.verify() == ROWS
        assert sums(journal) == (500, 1_000)
        assert [str(attempt.state) for attempt in journal.attempts()] == [
            "ACCEPTED",
            "NOT_SENT",
            "IN_DOUBT",
        ]
        assert journal.card("R-2/2") == KeptCard(PAN(PAN_DIGITS))
        assert journal.notes("inbound") == [{"DE39": "00"}]
    assert [row.replace(",'journal','','','','','')", ")") for row in rows_of(old)] == before


def test_file_of_version_1_goes_on(old: Path) -> None:
    with open_journal(old) as journal:
        journal.commit(move("R-2/2", Event.ACCEPT))
        assert journal.verify() == ROWS + 1
    with open_journal(old) as journal:
        assert journal.verify() == ROWS + 1
        assert sums(journal) == (0, 1_500)


def test_migrated_file_has_the_tables_of_a_new_one(old: Path) -> None:
    new = old.with_name("new.db")
    open_journal(old).close()
    open_journal(new).close()

    assert shape_of(old) == shape_of(new)


def test_refund_looks_nothing_up_row_by_row(path: Path) -> None:
    """What version 2 is for."""
    with open_journal(path) as journal:
        for where in (
            "FROM attempts WHERE original_id = 'S-1'",
            "FROM attempts WHERE stan = '000001' AND (batch = '000001' OR state IN ('SENT'))",
            "FROM chain WHERE kind = 'inbound' ORDER BY seq",
        ):
            plan = journal._db.execute(f"EXPLAIN QUERY PLAN SELECT * {where}").fetchall()
            assert [step[3].split()[0] for step in plan] == ["SEARCH"]


@pytest.mark.parametrize("version", [NEXT, "99", "0", "-1", "01", "1.0", "", "x"])
def test_version_that_is_not_known_is_refused_and_not_touched(path: Path, version: str) -> None:
    with open_journal(path) as journal:
        fill(journal)
        journal._set_meta(version=version)
    before = contents(path.parent)
    with pytest.raises(JournalError) as caught:
        open_journal(path)

    assert (
        str(caught.value)
        == f"journal of version {version}, this program knows 1 to {SCHEMA_VERSION}"
    )
    assert contents(path.parent) == before


def test_newer_file_that_keeps_its_log_otherwise_is_not_touched_either(path: Path) -> None:
    with open_journal(path) as journal:
        journal._set_meta(version=NEXT)
        journal._db.execute("PRAGMA journal_mode = DELETE")
    before = contents(path.parent)
    with pytest.raises(JournalError, match=f"this program knows 1 to {SCHEMA_VERSION}"):
        open_journal(path)

    assert contents(path.parent) == before


def test_file_without_a_version_is_refused(path: Path) -> None:
    with open_journal(path) as journal:
        journal._db.execute("DELETE FROM meta WHERE key = 'version'")
    with pytest.raises(JournalError, match=r"^journal of version None, this program knows"):
        open_journal(path)


def test_wrong_key_migrates_nothing(old: Path) -> None:
    before = dump(old)
    with pytest.raises(JournalCorruptError, match="another key"):
        open_journal(old, key=KEY[::-1])

    assert dump(old) == before


def test_step_that_fails_leaves_the_file_at_the_version_before_it(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, bad = "CREATE TABLE extra (x TEXT) STRICT;", "INSERT INTO nowhere VALUES (1);"
    versions(monkeypatch, (*VERSIONS, good, f"{good.replace('extra', 'more')}{bad}"))
    with pytest.raises(JournalWriteError, match="no such table: nowhere"):
        open_journal(old)
    tables = [row[1] for row in shape_of(old) if isinstance(row, tuple)]
    assert ("extra" in tables, "more" in tables) == (True, False)

    versions(monkeypatch, (*VERSIONS, good, good.replace("extra", "more")))
    with open_journal(old) as journal:
        assert journal.terminal_facts()["version"] == str(len(VERSIONS) + 2)
        assert journal.verify() == ROWS


def test_each_step_is_made_once(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    count = "UPDATE meta SET value = value || '!' WHERE key = 'batch';"
    versions(monkeypatch, (*VERSIONS, count, count))
    for _ in range(3):
        with open_journal(old) as journal:
            assert journal.terminal_facts()["batch"] == "000001!!"


def test_sale_by_code_of_a_file_of_version_9_is_what_it_was_and_a_feed_may_say_more(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its row has no word of the wallet, for its attempt has it; the columns that came stay empty."""
    facts = {"operator": "01", "entry": "03", "wallet": "wechat", "voucher": "4200001234567890"}
    attempt = replace(plan("sale").attempt, facts=facts, card_fingerprint=FINGERPRINT)
    sold = replace(original(), original_id=attempt.request_id, card_last4="")
    with open_journal(path) as journal:
        journal.commit(
            [Open(attempt, "content", b"m", None), *move(attempt.attempt_id, Event.SEND)]
        )
        journal.commit([*move(attempt.attempt_id, Event.ACCEPT), Know(sold, NOW)])
        before = journal.rows()
        journal._db.executescript(
            "DROP INDEX one_sale_per_voucher; ALTER TABLE originals DROP COLUMN wallet;"
            " ALTER TABLE originals DROP COLUMN voucher;"
        )
        journal._set_meta(version="9")
    with open_journal(path) as journal:
        assert journal.terminal_facts()["version"] == SCHEMA_VERSION
        (known,) = journal.all_originals()
        assert (known.wallet, known.voucher) == ("wechat", "4200001234567890")
        assert journal.rows() == before
        feed = replace(sold, original_id="T-1", stan="000999", card_fingerprint="", wallet="alipay")
        assert journal.take_in([feed], NOW) == ["new"]
        assert journal.paid_by_code() == {"T-1": {"wallet": "alipay"}}
        assert journal.verify() == len(before) + 1


def test_old_file_tells_nothing_of_what_was_before_and_all_of_what_comes(old: Path) -> None:
    with open_journal(old) as journal:
        assert journal.notices() == []
        journal.commit(move("R-2/2", Event.ACCEPT))
        assert [(each.notice_id, str(each.kind)) for each in journal.notices()] == [
            ("R-2:1", "accepted")
        ]
        journal.commit(move("R-1/1", Event.CONFIRM))
        assert journal.verify() == ROWS + 2
    with open_journal(old) as journal:
        assert [each.notice_id for each in journal.notices()] == ["R-1:1", "R-2:1"]
        assert journal.contact("R-1") == ""
        assert journal.verify() == ROWS + 2


def test_relay_looks_nothing_up_row_by_row(path: Path) -> None:
    with open_journal(path) as journal:
        for where in (
            "FROM outbox WHERE request_id = 'R-1' ORDER BY sequence DESC LIMIT 1",
            "FROM outbox WHERE next_try <= '2026' AND terminal = '1' ORDER BY next_try LIMIT 1",
            "FROM outbox WHERE next_try IS NOT NULL",
            "FROM deliveries WHERE request_id = 'R-1' ORDER BY sequence, channel",
        ):
            plan = journal._db.execute(f"EXPLAIN QUERY PLAN SELECT * {where}").fetchall()
            assert [step[3].split()[0] for step in plan] == ["SEARCH"]
        stuck = "SELECT * FROM deliveries WHERE state = 'STUCK' ORDER BY request_id, sequence"
        (step,) = journal._db.execute(f"EXPLAIN QUERY PLAN {stuck}").fetchall()
        assert "USING INDEX deliveries_stuck" in step[3]
