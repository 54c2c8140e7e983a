"""Signatures and prints on a whole terminal: in the chain, once, and there after a restart."""

from __future__ import annotations

from pathlib import Path

import pytest

from posrefund.engine import Signature, State
from posrefund.errors import JournalCorruptError, RefusedError, RequestConflictError
from shop import Shop, refund, sale

DRAWN = Signature.of("bitmap", b"abc")


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    made = Shop(tmp_path)
    made.terminal.sale(sale("S-1", 12_800))
    made.to(1, 10)
    made.terminal.sign_in()
    made.terminal.refund(refund("R-1", "S-1", 2_800))
    return made


def test_a_signature_stands_after_a_restart(shop: Shop) -> None:
    assert shop.terminal.signature("R-1") is None
    assert shop.terminal.sign("R-1", DRAWN) == DRAWN
    shop.terminal.close()
    again = shop.open()

    assert again.signature("R-1") == DRAWN
    assert again.signature("S-1") is None
    assert again.signature("R-2") is None
    again.journal.verify()
    again.close()


def test_the_same_signature_twice_is_one_row_and_another_is_none(shop: Shop) -> None:
    shop.terminal.sign("R-1", DRAWN)
    rows = len(shop.terminal.journal.rows())
    shop.terminal.sign("R-1", DRAWN)
    with pytest.raises(RequestConflictError):
        shop.terminal.sign("R-1", Signature("paper"))

    assert len(shop.terminal.journal.rows()) == rows
    assert shop.terminal.signature("R-1") == DRAWN
    shop.terminal.close()


def test_a_signature_that_is_changed_in_the_journal_is_found(shop: Shop) -> None:
    import sqlite3

    shop.terminal.sign("R-1", DRAWN)
    shop.terminal.sign("S-1", Signature("paper"))
    shop.terminal.close()
    database = sqlite3.connect(shop.folder / "journal.db")
    other = Signature.of("bitmap", b"another hand").sha256
    with database:
        database.execute("DROP TRIGGER chain_is_append_only_1")
        changed = database.execute(
            "UPDATE chain SET body = replace(body, ?, ?) WHERE kind = 'signature'",
            (DRAWN.sha256, other),
        )
        assert changed.rowcount == 2
    database.close()
    again = shop.open()
    with pytest.raises(JournalCorruptError, match="does not fit"):
        again.journal.verify()
    again.close()


def test_nothing_to_sign_is_refused_and_nothing_is_written(shop: Shop) -> None:
    rows = len(shop.terminal.journal.rows())
    for request in ("R-2", ""):
        with pytest.raises(RefusedError) as caught:
            shop.terminal.sign(request, DRAWN)
        assert caught.value.code == "nothing_to_sign"

    assert len(shop.terminal.journal.rows()) == rows
    shop.terminal.close()


def test_a_signature_changes_nothing_else(shop: Shop) -> None:
    before = shop.terminal.status("R-1")
    shop.terminal.sign("R-1", DRAWN)

    after = shop.terminal.status("R-1")
    assert before is not None
    assert after is not None
    assert after.attempt == before.attempt
    assert after.attempt.state is State.ACCEPTED
    shop.terminal.close()


def test_prints_are_counted_copy_by_copy(shop: Shop) -> None:
    terminal = shop.terminal
    terminal.note_print("R-1", "customer")
    terminal.note_print("R-1", "customer")
    terminal.note_print("S-1", "merchant")

    seen = {
        (request, copy): terminal.prints(request, copy)
        for request in ("R-1", "S-1", "R-2")
        for copy in ("customer", "merchant")
    }
    assert {key: count for key, count in seen.items() if count} == {
        ("R-1", "customer"): 2,
        ("S-1", "merchant"): 1,
    }
    with pytest.raises(RefusedError) as caught:
        terminal.note_print("R-2", "customer")
    assert caught.value.code == "request_unknown"
    terminal.journal.verify()
    terminal.close()
