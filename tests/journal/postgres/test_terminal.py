"""A whole terminal over PostgreSQL: sells, refunds, is taken over in the middle, and stays honest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from posrefund.engine import Approved, InDoubt, State
from posrefund.errors import JournalWriteError
from posrefund.keystore import FileKeyStore
from posrefund.terminal import Terminal
from shop import MERCHANT, TERMINAL, Shop, refund, sale

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from journal.backends import PostgresBackend


class FleetShop(Shop):
    """The shop of the tests, its journal in a database."""

    database: PostgresBackend

    def open(self) -> Terminal:
        keystore = FileKeyStore(self.folder / "keys.json", b"only for tests")
        return Terminal(
            TERMINAL,
            MERCHANT,
            dialect=self.dialect,
            keystore=keystore,
            journal=self.database.open(key=keystore.journal_key),
            link=self.link,
            clock=self.clock,
        )


@pytest.fixture
def shop(
    database: PostgresBackend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[FleetShop]:
    """A sale S-1 of ¥128.00 on day 0; now it is 10:00 of day 1."""
    monkeypatch.setattr(FleetShop, "database", database, raising=False)
    made = FleetShop(tmp_path)
    made.terminal.sale(sale("S-1", 12_800))
    made.to(1, 10)
    yield made
    made.terminal.close()


def test_refund_is_accepted_confirmed_and_never_made_twice(shop: FleetShop) -> None:
    first = shop.terminal.refund(refund("R-1", "S-1", 2_800))
    shop.restart()
    second = shop.terminal.refund(refund("R-1", "S-1", 2_800))
    shop.to(2, 10)
    shop.settle(1)

    assert isinstance(first, Approved)
    assert isinstance(second, Approved)
    assert shop.booked("refund") == [2_800]
    assert shop.terminal.journal.attempt("R-1/1").state is State.CONFIRMED
    assert shop.terminal.journal.verify() == len(shop.terminal.journal.rows())


def test_terminal_taken_over_while_the_host_answers_believes_nothing_and_the_next_one_doubts(
    shop: FleetShop, database: PostgresBackend
) -> None:
    """The old process hears *approved*, and cannot write it down: another one answers for it now."""
    old = shop.terminal

    def take_over(reply: bytes) -> bytes:
        shop.link.on_reply = None
        database.let_leases_run_out()
        shop.terminal = shop.open()
        return reply

    shop.link.on_reply = take_over
    with pytest.raises(JournalWriteError, match="took this terminal over") as caught:
        old.refund(refund("R-1", "S-1", 2_800))
    assert caught.value.effect == "in_doubt"
    assert shop.booked("refund") == [2_800]

    found = shop.terminal.refund(refund("R-1", "S-1", 2_800))
    assert isinstance(found, InDoubt)
    assert shop.booked("refund") == [2_800]
    with pytest.raises(JournalWriteError, match="took this terminal over"):
        old.sale(sale("S-2", 100))
    old.close()
    assert len(shop.booked("sale")) == 1
    shop.to(2, 10)
    shop.settle(1)
    assert shop.terminal.journal.attempt("R-1/1").state is State.CONFIRMED
    assert shop.terminal.journal.verify() == len(shop.terminal.journal.rows())
