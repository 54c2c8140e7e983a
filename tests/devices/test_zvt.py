"""The ZVT driver against the emulated terminal: what it asks, what it believes, what it leaves in doubt."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import pytest

from devices.zvt_lines import EUROS, FORMS, REFUND, emulated, rig, void
from posrefund.devices import (
    Can,
    DeviceApproved,
    DeviceDeclined,
    DeviceInDoubt,
    DeviceNotSent,
    DeviceReason,
    DeviceRefund,
)
from posrefund.devices.zvt import PROFILES
from posrefund.emulators.device import Lie, Scene, Script
from posrefund.emulators.zvt import Card, EmulatedZVT
from posrefund.errors import DeviceBusyError, LinkOpenError
from posrefund.values import Amount, RequestID

every_form = pytest.mark.parametrize("form", FORMS)

REFUND_COMMAND = bytes.fromhex("06310D 000000 04 000000001234 49 0978")
REPEAT_COMMAND = bytes.fromhex("062005 000000 03 03")
REGISTRATION = bytes.fromhex("060006 000000 BE 0978")


@every_form
def test_a_refund_registers_looks_what_was_last_and_asks_once(form: str) -> None:
    with rig(form) as it:
        result = it.driver.refund(REFUND)
    assert isinstance(result, DeviceApproved)
    assert (result.request_id, result.amount, result.raw_code) == ("R-1", EUROS, "00")
    assert result.reference == "000122/0044"
    assert result.receipt == (
        "** HÄNDLERBELEG **",
        "GUTSCHRIFT",
        "Nr: ************0005",
        "Trace 000122 Beleg 0044",
        "EUR 12,34",
    )
    assert it.device.asked == [REGISTRATION, REPEAT_COMMAND, REFUND_COMMAND]
    assert it.device.ledger.refunded_minor == 1234


@every_form
def test_refunds_follow_one_another(form: str) -> None:
    with rig(form) as it:
        references = [it.driver.refund(REFUND).reference for _ in range(3)]
    assert references == ["000122/0044", "000123/0045", "000124/0046"]
    assert it.device.money_asked == it.booked == 3


def test_an_amount_whose_digits_are_ten_is_doubled_on_the_line_and_read_right() -> None:
    ten = DeviceRefund(RequestID("R-10"), Amount(101010, "978"))
    with rig("serial") as it:
        assert isinstance(it.driver.refund(ten), DeviceApproved)
    assert it.device.ledger.refunded_minor == 101010


@every_form
def test_a_reversal_names_its_receipt_and_is_done_once(form: str) -> None:
    with rig(form) as it:
        sale = it.device.ledger.sell(1234)
        first = it.driver.void(void(sale.reference))
        again = it.driver.void(void(sale.reference))
    assert isinstance(first, DeviceApproved)
    assert it.device.asked[2] == bytes.fromhex("063006 000000 87 0044")
    assert isinstance(again, DeviceDeclined)
    assert (again.reason, again.raw_code) == (DeviceReason.ALREADY_REFUNDED, "B4")
    assert it.booked == 2


def test_a_reversal_of_what_is_not_there_is_declined_and_one_without_a_receipt_is_not_asked() -> (
    None
):
    with rig("tcp") as it:
        missing = it.driver.void(void("9999"))
        nameless = it.driver.void(void("000123/0000"))
    assert isinstance(missing, DeviceDeclined)
    assert (missing.reason, missing.raw_code) == (DeviceReason.NOT_REFUNDABLE, "B5")
    assert isinstance(nameless, DeviceNotSent)
    assert nameless.reason is DeviceReason.ORIGINAL_NOT_FOUND
    assert it.device.money_asked == 1


def test_a_reversal_of_another_amount_is_no_yes() -> None:
    with rig("tcp") as it:
        sale = it.device.ledger.sell(999)
        result = it.driver.void(void(sale.reference))
    assert isinstance(result, DeviceInDoubt)
    assert result.reason is DeviceReason.AMOUNT


# --- no -----------------------------------------------------------------------------------------

DECLINES = [
    ("05", DeviceReason.HOST_REFUSED),
    ("33", DeviceReason.HOST_REFUSED),  # 51: no funds
    ("64", DeviceReason.CARD_REFUSED),
    ("6A", DeviceReason.BATCH_FULL),
    ("6C", DeviceReason.CANCELLED),
    ("6F", DeviceReason.CURRENCY),
    ("85", DeviceReason.KEYS_MISSING),
    ("C3", DeviceReason.AMOUNT),
    ("F0", DeviceReason.BATCH_FULL),
]
DOUBTS = [
    ("44", DeviceReason.HOST_REFUSED),  # 68: the host answered too late
    ("5B", DeviceReason.HOST_REFUSED),  # 91: the issuer cannot be reached
    ("66", DeviceReason.DEVICE_FAULT),
    ("7D", DeviceReason.HOST_UNREACHABLE),
    ("9A", DeviceReason.PROTOCOL),
    ("9C", DeviceReason.BUSY),  # in the middle of it
    ("A3", DeviceReason.HOST_UNREACHABLE),
    ("CC", DeviceReason.PRINTER),
    ("FF", DeviceReason.UNKNOWN),
    ("AB", DeviceReason.UNKNOWN),  # nobody knows it
]


@pytest.mark.parametrize(("code", "reason"), DECLINES)
def test_a_code_that_proves_that_nothing_was_booked_is_a_no(
    code: str, reason: DeviceReason
) -> None:
    with rig("tcp", emulated(Scene(code=code))) as it:
        result = it.driver.refund(REFUND)
    assert isinstance(result, DeviceDeclined)
    assert (result.reason, result.raw_code) == (reason, code)
    assert it.booked == 0


@pytest.mark.parametrize(("code", "reason"), DOUBTS)
def test_any_other_code_leaves_a_doubt_and_is_kept(code: str, reason: DeviceReason) -> None:
    with rig("tcp", emulated(Scene(code=code))) as it:
        result = it.driver.refund(REFUND)
    assert isinstance(result, DeviceInDoubt)
    assert (result.reason, result.raw_code) == (reason, code)
    assert result.seen[-1] == f"abort {code}"


def test_an_abort_after_the_host_was_asked_proves_nothing() -> None:
    """The terminal booked it; then somebody pressed a key."""
    with rig("tcp", emulated(Scene(code="6C", status=1, does_act=True))) as it:
        result = it.driver.refund(REFUND)
    assert isinstance(result, DeviceInDoubt)
    assert it.booked == 1


@every_form
@pytest.mark.parametrize("lie", ["amount", "currency", "terminal", "reference"])
def test_a_yes_about_something_else_is_no_yes(form: str, lie: Lie) -> None:
    device = EmulatedZVT(Script().then(Scene()).then(Scene(lie=lie)), emulated().model)
    with rig(form, device) as it:
        it.driver.refund(REFUND)
        result = it.driver.refund(REFUND)
    assert isinstance(result, DeviceInDoubt)
    assert result.after == "000122/0044"
    assert it.device.money_asked == 2


def test_a_busy_terminal_took_nothing() -> None:
    with rig("serial", emulated(Scene(busy=1))) as it:
        busy, then = it.driver.refund(REFUND), it.driver.refund(REFUND)
    assert isinstance(busy, DeviceNotSent)
    assert (busy.reason, busy.raw_code) == (DeviceReason.BUSY, "9C")
    assert isinstance(then, DeviceApproved)
    assert it.booked == 1


def test_another_currency_is_not_asked_for() -> None:
    with rig("tcp") as it:
        result = it.driver.refund(DeviceRefund(RequestID("R-1"), Amount(1234, "840")))
    assert isinstance(result, DeviceNotSent)
    assert result.reason is DeviceReason.CURRENCY
    assert it.device.asked == []


def test_a_terminal_that_does_not_answer_a_registration_was_asked_for_no_money() -> None:
    """As one in the field does when the currency is one that it does not know."""
    with rig("tcp", currency="999") as it:
        result = it.driver.refund(DeviceRefund(RequestID("R-1"), Amount(1, "999")))
    assert isinstance(result, DeviceNotSent)
    assert result.reason is DeviceReason.TIMEOUT
    assert it.device.money_asked == 0


def test_a_wrong_password_moves_nothing() -> None:
    with rig("serial", emulated(password="123456")) as it:
        result = it.driver.refund(REFUND)
    assert isinstance(result, DeviceNotSent)
    assert it.device.money_asked == 0


# --- recovery -----------------------------------------------------------------------------------


@every_form
def test_what_was_booked_is_found_again_by_the_number_before_it(form: str) -> None:
    device = EmulatedZVT(Script().then(Scene()).then(Scene(seconds=1.0)), emulated().model)
    with rig(form, device) as it:
        it.driver.refund(REFUND)
        doubt = it.driver.refund(REFUND)
        assert isinstance(doubt, DeviceInDoubt)
        assert (doubt.reason, doubt.after) == (DeviceReason.TIMEOUT, "000122/0044")
        found = it.driver.recover(replace(REFUND, after=doubt.after))
    assert isinstance(found, DeviceApproved)
    assert found.reference == "000123/0045"
    assert it.device.money_asked == it.booked == 2


def test_an_older_equal_transaction_is_not_taken_for_the_one_in_doubt() -> None:
    scenes = Script().then(Scene()).then(Scene(seconds=1.0, does_act=False))
    with rig("tcp", EmulatedZVT(scenes, emulated().model)) as it:
        it.driver.refund(REFUND)
        doubt = it.driver.refund(REFUND)
        assert isinstance(doubt, DeviceInDoubt)
        by_number = it.driver.recover(replace(REFUND, after=doubt.after))
        without = it.driver.recover(REFUND)
    for result in (by_number, without):
        assert isinstance(result, DeviceInDoubt)
        assert result.reason is DeviceReason.ORIGINAL_NOT_FOUND
        assert result.seen[-1] == "the last transaction may be an older one"


def test_a_newer_transaction_of_another_amount_is_another_one() -> None:
    with rig("tcp") as it:
        it.driver.refund(REFUND)
        other = DeviceRefund(RequestID("R-2"), Amount(99, "978"))
        result = it.driver.recover(replace(other, after="000121/0043"))
    assert isinstance(result, DeviceInDoubt)
    assert result.reason is DeviceReason.AMOUNT


def test_a_terminal_that_remembers_nothing_leaves_the_doubt() -> None:
    with rig("tcp") as it:
        result = it.driver.recover(replace(REFUND, after="000121/0043"))
        assert it.driver.last_reference() == ""
    assert isinstance(result, DeviceInDoubt)


def test_a_reversal_is_found_again_by_what_it_reversed() -> None:
    with rig("tcp") as it:
        sale = it.device.ledger.sell(1234)
        it.driver.void(void(sale.reference))
        found = it.driver.recover(void(sale.reference))
        other = it.driver.recover(void("000001/0001"))
    assert isinstance(found, DeviceApproved)
    assert isinstance(other, DeviceInDoubt)


@pytest.mark.parametrize(("code", "kind"), [("05", DeviceDeclined), ("6C", DeviceInDoubt)])
def test_a_remembered_no_is_one_only_if_the_host_said_it(code: str, kind: type[object]) -> None:
    scenes = Script().then(Scene()).then(Scene(code=code, seconds=1.0))
    device = EmulatedZVT(scenes, emulated(remembers_declines=True).model)
    with rig("tcp", device) as it:
        it.driver.refund(REFUND)
        doubt = it.driver.refund(REFUND)
        assert isinstance(doubt, DeviceInDoubt)
        assert type(it.driver.recover(replace(REFUND, after=doubt.after))) is kind


def test_recovering_asks_twice_and_moves_nothing() -> None:
    with rig("serial") as it:
        it.driver.refund(REFUND)
        it.device.asked.clear()
        it.driver.recover(replace(REFUND, after="000121/0043"))
    assert it.device.asked == [REGISTRATION, REPEAT_COMMAND, REPEAT_COMMAND]


def test_who_kept_the_number_before_does_not_ask_for_it_again() -> None:
    with rig("tcp") as it:
        it.driver.refund(REFUND)
        before = it.driver.last_reference()
        it.device.asked.clear()
        assert isinstance(it.driver.refund(replace(REFUND, after=before)), DeviceApproved)
    assert before == "000122/0044"
    assert it.device.asked == [REGISTRATION, REFUND_COMMAND]


# --- status, abort, kinds of terminal ------------------------------------------------------------------


@every_form
def test_a_terminal_says_that_it_is_ready(form: str) -> None:
    with rig(form) as it:
        assert it.driver.status() == "00"
    assert it.device.asked[1] == bytes.fromhex("050103 000000")


def test_a_line_that_cannot_be_opened_raises_where_nothing_can_be_told() -> None:
    with rig("tcp") as it:
        it.near.open = _refuse  # type: ignore[method-assign, assignment]
        with pytest.raises(LinkOpenError):
            it.driver.status()
        assert isinstance(it.driver.refund(REFUND), DeviceNotSent)
        assert isinstance(it.driver.recover(replace(REFUND, after="000121/0043")), DeviceInDoubt)


def _refuse(_timeout_s: float) -> None:
    raise LinkOpenError("planted")


@every_form
def test_a_refund_is_stopped_while_it_waits_for_a_card(form: str) -> None:
    with rig(form, emulated(Scene(seconds=30)), silence_s=20.0, total_s=20.0) as it:
        stopper = threading.Thread(target=_abort_when_asked, args=(it,))
        stopper.start()
        result = it.driver.refund(REFUND)
        stopper.join()
    assert isinstance(result, DeviceDeclined)
    assert (result.reason, result.raw_code) == (DeviceReason.CANCELLED, "6C")
    assert it.device.asked[-1] == bytes.fromhex("06B000")
    assert it.booked == 0


def _abort_when_asked(it: object) -> None:
    give_up = time.monotonic() + 20
    while not it.device.money_asked and time.monotonic() < give_up:  # type: ignore[attr-defined]
        time.sleep(0.01)
    it.driver.abort()  # type: ignore[attr-defined]


def test_nobody_stops_what_has_a_card_or_cannot_be_stopped() -> None:
    plain = PROFILES["global-payments"]
    with rig("tcp", emulated(Scene(seconds=0.4)), profile=plain) as it:
        assert not it.driver.can & Can.ABORT
        stopper = threading.Thread(target=_abort_when_asked, args=(it,))
        stopper.start()
        result = it.driver.refund(REFUND)
        stopper.join()
    assert isinstance(result, DeviceApproved)
    assert bytes.fromhex("06B000") not in it.device.asked
    with rig("tcp", emulated(Scene(seconds=0.4, status=1))) as it:
        assert it.driver.can & Can.ABORT
        stopper = threading.Thread(target=_abort_when_asked, args=(it,))
        stopper.start()
        result = it.driver.refund(REFUND)
        stopper.join()
    assert isinstance(result, DeviceApproved)
    assert bytes.fromhex("06B000") not in it.device.asked


def test_cancelling_from_another_thread_leaves_a_doubt() -> None:
    with rig("tcp", emulated(Scene(seconds=30)), silence_s=20.0, total_s=20.0) as it:
        timer = threading.Timer(0.3, it.driver.cancel)
        timer.start()
        result = it.driver.refund(REFUND)
    assert isinstance(result, DeviceInDoubt)


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("generic", {}),
        ("cardcomplete", {"charset": "latin-1", "lines_in_tlv": True}),
        ("hobex", {"names_currency": False, "text_blocks": True}),
    ],
)
def test_kinds_of_terminal_give_the_same_receipt(name: str, model: dict[str, object]) -> None:
    with rig("tcp", emulated(None, **model), profile=PROFILES[name]) as it:
        result = it.driver.refund(REFUND)
    assert isinstance(result, DeviceApproved)
    assert result.receipt[0] == "** HÄNDLERBELEG **"
    assert len(result.receipt) == 5


def test_a_terminal_that_has_to_name_the_currency_and_does_not_is_not_believed() -> None:
    with rig("tcp", emulated(names_currency=False)) as it:
        result = it.driver.refund(REFUND)
    assert isinstance(result, DeviceInDoubt)
    assert result.reason is DeviceReason.CURRENCY


def test_a_card_number_that_a_terminal_shows_is_nowhere_in_the_result() -> None:
    with rig("tcp", emulated(card=Card(is_masked=False))) as it:
        result = it.driver.refund(REFUND)
    assert isinstance(result, DeviceApproved)
    assert "Nr: 620000******0005" in result.receipt
    assert "6200000000000005" not in repr(result)


def test_busy_is_an_error_where_there_is_no_result() -> None:
    with rig("tcp") as it:
        it.device._refusal = lambda *_: "A0"  # type: ignore[method-assign]
        with pytest.raises(DeviceBusyError):
            it.driver.last_reference()
