"""Power fails at any step of a closing: the batch is closed once, an item counts once, nothing in doubt goes up.

Every row that is written, every card that is wiped, every send and every receive is a place where the world can
end, just before and just after. What comes back up is a new terminal on the same files, which closes again.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from posrefund.cli.books import compare, difference
from posrefund.engine import InDoubt, State
from posrefund.errors import RefusedError
from shop import TERMINAL, UNIONPAY, Shop, refund, sale
from terminal.power import Fuse, PowerCut, wire

if TYPE_CHECKING:
    from pathlib import Path

FAULTS = (None, "unbalanced")


def open_shop(folder: Path, fault: str | None) -> Shop:
    """Day 1: a refund, one in doubt that the host has, one sale in doubt, another sale."""
    folder.mkdir()
    shop = Shop(folder)
    shop.terminal.sale(sale("S-1", 12_800))
    shop.terminal.sale(sale("S-2", 700))
    shop.to(1, 10)
    shop.terminal.refund(refund("R-1", "S-1", 2_800))
    shop.fault("drop_reply")
    assert isinstance(shop.terminal.refund(refund("R-2", "S-2", 300)), InDoubt)
    shop.fault("drop_reply", "0200")
    assert isinstance(shop.terminal.sale(sale("S-3", 900)), InDoubt)
    if fault:
        shop.fault(fault, "0500")
    shop.link.sent.clear()
    return shop


def wired(shop: Shop, blow_at: int) -> Fuse:
    fuse = Fuse(blow_at)
    wire(shop, fuse)
    journal = shop.terminal.journal
    journal.wipe_cards = fuse.guard(journal.wipe_cards)  # type: ignore[method-assign]
    return fuse


def up_again(shop: Shop) -> None:
    shop.terminal.close()
    shop.terminal = shop.open()


def close_at_last(shop: Shop) -> None:
    """What a shop does that sees no slip: it closes, until it hears that it is signed off."""
    with suppress(RefusedError):
        shop.terminal.close_batch()


def check_end(shop: Shop, before: list[dict[str, str | int]]) -> None:
    """The batch is closed once at both ends, and the books are those of before, the undone sale aside."""
    closed = shop.terminal.last_batch()
    assert closed is not None
    assert (closed.batch, closed.next_batch) == ("000007", "000008")
    assert shop.terminal.view().batch == shop.host.terminals[TERMINAL].batch == "000008"
    assert [each.attempt_id for each in closed.doubts] == ["R-2/1"]
    assert closed.suggestion.explanations == (("R-2/1",),)
    assert (closed.ours.whole.debit_count, closed.ours.whole.credit_count) == (2, 1)
    after = shop.host.ledger.as_data()
    assert [row for row in after if row["kind"] != "reversal" and row["state"] == "booked"] == [
        row for row in before if row["amount_minor"] != 900
    ]
    doubt = shop.terminal.journal.attempt("R-2/1")
    assert doubt.state is State.IN_DOUBT
    sent = [UNIONPAY.codec.decode(message[11:]) for message in shop.link.sent]
    assert doubt.stan not in [fields["11"] for fields in sent]
    assert not any(
        doubt.stan in fields.get("48", "")[2:] for fields in sent if fields["t"] == "0320"
    )
    notes = shop.terminal.journal.notes("uploaded")
    items = [name for note in notes for name in note["items"].split()]
    assert sorted(items) == ["R-1/1", "S-1/1", "S-2/1"]  # each written down once
    assert shop.terminal.journal.card("R-2/1") is not None
    assert [shop.terminal.journal.card(name) for name in items] == [None, None, None]
    shop.to(2, 10)
    for day in range(3):
        shop.settle(day)
    lines = compare(shop.terminal.journal.attempts(), shop.host.ledger.as_data())
    assert difference(lines) == 0, lines
    assert shop.terminal.journal.verify() > 0


@pytest.mark.parametrize("fault", FAULTS)
def test_power_may_fail_at_any_step_of_a_closing(tmp_path: Path, fault: str | None) -> None:
    dry = open_shop(tmp_path / "dry", fault)
    fuse = wired(dry, 0)
    dry.terminal.close_batch()
    dry.terminal.close()
    assert fuse.steps > 50
    for blow_at in range(1, fuse.steps + 1):
        shop = open_shop(tmp_path / f"{blow_at}", fault)
        before = shop.host.ledger.as_data()
        wired(shop, blow_at)
        with pytest.raises(PowerCut):
            shop.terminal.close_batch()
        up_again(shop)
        assert shop.terminal.view().batch in ("000007", shop.host.terminals[TERMINAL].batch)
        close_at_last(shop)
        check_end(shop, before)
        shop.terminal.close()


@pytest.mark.parametrize("second", range(1, 16, 2))
def test_power_may_fail_again_while_it_goes_on(tmp_path: Path, second: int) -> None:
    for first in range(3, 60, 7):
        shop = open_shop(tmp_path / f"{first}", "unbalanced")
        before = shop.host.ledger.as_data()
        for blow_at in (first, second):
            wired(shop, blow_at)
            with suppress(PowerCut, RefusedError):
                shop.terminal.close_batch()
            up_again(shop)
        close_at_last(shop)
        check_end(shop, before)
        shop.terminal.close()


def test_who_signs_in_instead_of_closing_again_has_closed_it_once_all_the_same(
    tmp_path: Path,
) -> None:
    dry = open_shop(tmp_path / "dry", None)
    steps = wired(dry, 0)
    dry.terminal.close_batch()
    dry.terminal.close()
    for blow_at in range(1, steps.steps + 1):
        shop = open_shop(tmp_path / f"{blow_at}", None)
        wired(shop, blow_at)
        with suppress(PowerCut):
            shop.terminal.close_batch()
        up_again(shop)
        shop.terminal.sign_in()
        batch = shop.host.terminals[TERMINAL].batch
        assert shop.terminal.view().batch == batch
        if batch == "000007":
            assert shop.terminal.close_batch().next_batch == "000008"
        else:
            closed = shop.terminal.last_batch()
            assert closed is not None
            assert closed.next_batch == "000008"
            assert not shop.terminal.view().is_closing
            assert shop.terminal.journal.card("R-1/1") is None
        assert shop.terminal.journal.card("R-2/1") is not None
        assert shop.terminal.journal.verify() > 0
        shop.terminal.close()
