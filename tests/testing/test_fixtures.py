"""What integrators get for their own tests, used as they would use it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from posrefund.engine import Approved, InDoubt, Reason, RefundRequest, SaleRequest
from posrefund.testing import EmulatedAcquirer
from posrefund.values import PAN, Amount, CardRead

if TYPE_CHECKING:
    from pathlib import Path

pytest_plugins = ["posrefund.testing.fixtures"]

CARD = CardRead("051", PAN("6200000000000005"), expiry="3012", sequence_number="001")
REFUND = RefundRequest("REFUND-1", original="SALE-1", card=CARD, reason=Reason.DEFECT)


def test_a_refund_on_the_next_day(emulated_host: EmulatedAcquirer) -> None:
    terminal = emulated_host.open_terminal()
    terminal.sale(SaleRequest("SALE-1", Amount(12_800), CARD))
    emulated_host.turn_to(1, 10)
    terminal.sign_in()

    assert isinstance(terminal.refund(REFUND), Approved)
    assert emulated_host.booked("refund") == [12_800]


def test_a_lost_answer_and_a_restart(emulated_host: EmulatedAcquirer) -> None:
    terminal = emulated_host.open_terminal()
    terminal.sale(SaleRequest("SALE-1", Amount(12_800), CARD))
    emulated_host.turn_to(1, 10)
    terminal.sign_in()
    emulated_host.misbehave("close_before_reply")

    assert isinstance(terminal.refund(REFUND), InDoubt)
    terminal.close()
    terminal = emulated_host.open_terminal()
    assert isinstance(terminal.refund(REFUND), InDoubt)
    assert emulated_host.booked("refund") == [12_800]


@pytest.mark.parametrize("dialect", ["iso87-ascii", "iso87-binary", "iso93-ascii", "iso93-binary"])
def test_it_speaks_the_other_dialects_too(tmp_path: Path, dialect: str) -> None:
    with EmulatedAcquirer(tmp_path, dialect) as acquirer:
        sold = acquirer.open_terminal().sale(SaleRequest("SALE-1", Amount(12_800), CARD))

        assert isinstance(sold, Approved)
        assert acquirer.booked("sale") == [12_800]
