"""The chain: nobody changes the journal unseen, and no card number can be read from it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.builders import (
    FINGERPRINT,
    NOW,
    PAN_DIGITS,
    PROPERTY,
    STRIPE,
    TRACK2,
    original,
    refund_request,
    view,
)
from journal.builders import KEY, ROWS, fill, know, move, open_journal
from posrefund.engine import Event
from posrefund.engine.machine import start_refund
from posrefund.engine.plan import Occasion
from posrefund.errors import InvalidKeyError, JournalCorruptError, JournalError
from posrefund.journal.keys import JournalKeys
from posrefund.values import PAN, KeptCard

if TYPE_CHECKING:
    from posrefund.journal import SQLiteJournal

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
    INSERT INTO originals SELECT 'S-9', terminal, merchant, batch, '000999', rrn, transaction_date,
    settlement_date, amount_minor, currency, auth_code, card_fingerprint, organisation, 0, 0, ceiling,
    card_last4, order_ref, made_at, wallet, voucher
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
        (
            "UPDATE originals SET wallet = 'wechat' WHERE original_id = 'S-2'",
            "how original S-2 was paid is not what its row says",
        ),
        (
            "UPDATE originals SET voucher = '58210526789789570802' WHERE original_id = 'S-2'",
            "how original S-2 was paid is not what its row says",
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
    with pytest.raises(JournalCorruptError, match="the last row was changed") as caught:
        open_journal(path)

    assert caught.value.row == last


@pytest.mark.parametrize("rubbish", [b"\xa5", b"\0"])
def test_file_with_rubbish_in_it_is_corrupt_or_says_the_same_and_nothing_worse(
    path: Path, rubbish: bytes
) -> None:
    with open_journal(path) as journal:
        fill(journal)
    whole, told = path.read_bytes(), what_it_says(path)
    assert told != "corrupt"
    noticed = 0
    for start in range(0, len(whole), 512):
        path.write_bytes(whole[:start] + rubbish * 512 + whole[start + 512 :])
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
        journal.wipe_cards()
        assert found_in(path.parent, needles) == []
    assert found_in(path.parent, needles) == []


def test_sealed_number_can_be_read_back_until_it_is_wiped(
    filled: SQLiteJournal, path: Path
) -> None:
    assert filled.card("R-1/1") == KeptCard(PAN(PAN_DIGITS))
    sealed = {
        f"{attempt}.{part}": value
        for attempt, *values in filled._db.execute("SELECT * FROM sealed_cards")
        for part, value in enumerate(values)
    }
    assert len(sealed) == 6
    assert len(found_in(path.parent, sealed)) >= 6

    assert filled.wipe_cards() == 2
    assert filled.wipe_cards() == 0
    assert [filled.card(attempt_id) for attempt_id in ("R-1/1", "R-2/1")] == [None, None]
    filled.verify()
    filled.commit(move("R-2/2", Event.DECLINE))  # until now a reversal might have needed it
    assert filled.card("R-2/2") == KeptCard(PAN(PAN_DIGITS))
    assert filled.wipe_cards() == 1
    assert filled.card("R-2/2") is None
    assert found_in(path.parent, sealed) == []


def test_number_is_sealed_differently_each_time(filled: SQLiteJournal) -> None:
    sealed = filled._db.execute("SELECT item_key, box FROM sealed_cards").fetchall()

    assert len({item_key for item_key, _ in sealed}) == 3
    assert len({box for _, box in sealed}) == 3


def test_sealed_number_opens_with_its_own_key_and_under_its_own_name_only(
    filled: SQLiteJournal,
) -> None:
    filled._db.execute(
        "UPDATE sealed_cards SET (item_key, box) ="
        " (SELECT item_key, box FROM sealed_cards WHERE attempt_id = 'R-2/1')"
        " WHERE attempt_id = 'R-1/1'"
    )
    with pytest.raises(InvalidKeyError) as caught:
        filled.card("R-1/1")
    assert PAN_DIGITS not in str(caught.value)
    filled._keys = JournalKeys(bytes(32), "12345678")
    with pytest.raises(InvalidKeyError):
        filled.card("R-2/1")


def test_card_is_known_again_by_a_digest_that_needs_the_key(path: Path) -> None:
    with open_journal(path) as journal:
        one = journal.fingerprint(PAN(PAN_DIGITS))
        assert one == journal.fingerprint(PAN(PAN_DIGITS))
        assert one != journal.fingerprint(PAN("6200000000000047"))
        assert len(one) == 32
    with open_journal(path.with_name("other.db"), key=KEY[::-1]) as other:
        assert other.fingerprint(PAN(PAN_DIGITS)) != one
