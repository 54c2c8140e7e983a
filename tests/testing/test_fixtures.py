"""What integrators get for their own tests, used as they would use it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from posrefund.devices import DeviceApproved, DeviceInDoubt, DeviceRefund
from posrefund.devices.abecs import AbecsPinPad
from posrefund.devices.zvt import ZvtTerminal
from posrefund.emulators.pinpad import EmulatedPinPad
from posrefund.emulators.zvt import EmulatedZVT
from posrefund.engine import Approved, InDoubt, Reason, RefundRequest, SaleRequest
from posrefund.testing import EmulatedAcquirer, ServedDevice
from posrefund.values import PAN, Amount, CardRead, RequestID

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


def test_a_card_from_the_pin_pad(emulated_pinpad: ServedDevice[EmulatedPinPad]) -> None:
    pad = AbecsPinPad(emulated_pinpad.stream)
    pad.open()
    card = pad.read_card(Amount(12_800), now=datetime(2026, 3, 9, 14, 5, tzinfo=UTC))
    pad.close()

    assert (card.pan.reveal(), card.entry_mode[:2]) == ("6200000000000005", "05")


EUROS = DeviceRefund(RequestID("R-1"), Amount(1234, "978"))


def test_a_refund_on_the_terminal(emulated_terminal: ServedDevice[EmulatedZVT]) -> None:
    terminal = ZvtTerminal(emulated_terminal.stream, serial=False)
    result = terminal.refund(EUROS)
    terminal.close()

    assert isinstance(result, DeviceApproved)
    assert emulated_terminal.device.ledger.refunded_minor == 1234


def test_a_terminal_that_hangs_up(emulated_terminal: ServedDevice[EmulatedZVT]) -> None:
    emulated_terminal.misbehave("close_before@5")
    terminal = ZvtTerminal(emulated_terminal.stream, serial=False)
    result = terminal.refund(EUROS)
    terminal.close()

    assert isinstance(result, DeviceInDoubt)
