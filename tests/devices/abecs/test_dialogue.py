"""The driver and the emulated pad, which share no line: cards, PINs, encryption, and every refusal."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import Literal

import pytest

from devices.abecs.bench import (
    FIRST,
    KEY,
    NOW,
    QUICK,
    QUIET_S,
    SECOND,
    TIMES,
    WRAPPED_PIK,
    emulated,
    opened,
    pad_on,
    read_and_enter,
    seen,
    serving,
)
from plain_des import decrypt
from posrefund.devices import DeviceReason
from posrefund.devices.abecs import AbecsPinPad, DUKPTKey, PadKey, PadTimes, WorkingKey
from posrefund.emulators.device import Scene, Script
from posrefund.emulators.pinpad import EmulatedPinPad
from posrefund.errors import (
    ConfigError,
    DeviceRefusedError,
    InvalidRequestError,
    LinkOpenError,
    LinkTimeoutError,
    RemoteProtocolError,
)
from posrefund.framing import ABECSFramer
from posrefund.link import SerialStream
from posrefund.testing import RecordingStream, pipe
from posrefund.values import PAN, Amount, CardRead


def test_chip_card_and_its_pin_under_a_working_key() -> None:
    device = emulated()
    with pad_on(device) as pad:
        entered = read_and_enter(pad)

    assert (entered.card.entry_mode, entered.card.expiry) == ("051", "3012")
    assert seen(entered) == ("6200000000000005", "1111")
    assert entered.ksn == ""
    assert device.inside.did == ["GCX000", "GTK000", "GPN000"]


Way = Literal["chip", "stripe", "tap", "tapped_stripe"]


@pytest.mark.parametrize(
    ("way", "mode"), [("stripe", "021"), ("tap", "071"), ("tapped_stripe", "071")]
)
def test_every_way_to_show_a_card(way: Way, mode: str) -> None:
    with pad_on(emulated(replace(SECOND, way=way))) as pad:
        entered = read_and_enter(pad)

    assert entered.card.entry_mode == mode
    assert seen(entered) == ("6205500000000000004", "1111")
    assert (entered.card.track2 is not None) == (mode == "021")


def test_dukpt_gives_the_published_block_and_number() -> None:
    """ANSI X9.24-1:2009, appendix A.4: the first transaction of FFFF9876543210E00000, PIN 1234."""
    card = CardRead("051", PAN("4012345678909"))
    with pad_on(emulated(pin="1234")) as pad:
        assert pad.serial_number_of(DUKPTKey(1)) == "FFFF9876543210E00001"
        first = pad.enter_pin(card, DUKPTKey(1))
        second = pad.enter_pin(card, DUKPTKey(1))

    assert first.card.pin_block == bytes.fromhex("1B9C1845EB993A7A")
    assert (first.ksn, second.ksn) == ("FFFF9876543210E00001", "FFFF9876543210E00002")
    assert second.card.pin_block != first.card.pin_block


def test_data_under_a_working_key_are_what_the_definition_says() -> None:
    data, vector = b"CRIPTOGRAFADO !!", bytes.fromhex("7F7C1AFAC0A84FB7")
    key = decrypt(bytes.fromhex("CA5D92598DCA48CE8A4C76361A9269E9"), WRAPPED_PIK)
    with pad_on(emulated()) as pad:
        ecb = pad.encrypt(data, WorkingKey(1, WRAPPED_PIK), mode="ECB").data
        cbc = pad.encrypt(data, WorkingKey(1, WRAPPED_PIK), vector=vector).data

    assert decrypt(key, ecb) == data
    clear = decrypt(key, cbc)
    before = vector + cbc[:8]
    assert bytes(a ^ b for a, b in zip(clear, before, strict=True)) == data


def test_data_under_dukpt_come_with_the_number_of_their_key() -> None:
    with pad_on(emulated()) as pad:
        first, second = (pad.encrypt(bytes(8), DUKPTKey(1), mode="ECB") for _ in range(2))

    assert (first.ksn, second.ksn) == ("FFFF9876543210E00001", "FFFF9876543210E00002")
    assert first.data != second.data


def test_pad_says_who_it_is_and_which_keys_it_has() -> None:
    with pad_on(emulated()) as pad:
        who = pad.identity()

    assert (who.serial_number, who.maker, who.specification) == ("0000000042", "POSREFUND", "2.12")
    assert (who.master_keys, who.dukpt_keys) == (frozenset({1}), frozenset({1}))


def test_display_and_the_end_of_a_transaction() -> None:
    device = emulated()
    with pad_on(device) as pad:
        pad.open()
        pad.display("TOTAL", "¥28.00")
        assert device.inside.shown == "TOTAL           ¥28.00          "
        pad.remove_card()
        pad.finish("THANK YOU")
        assert device.inside.shown.rstrip() == "THANK YOU"


@pytest.mark.parametrize("lines", [("x" * 17,), ("退货",), ("a\nb",), ("", "x" * 17)])
def test_display_takes_two_lines_of_sixteen_of_its_own_alphabet(lines: tuple[str, ...]) -> None:
    with pad_on(emulated()) as pad, pytest.raises(InvalidRequestError):
        pad.display(*lines)


def test_requests_that_no_pad_can_do_are_refused_before_the_line_is_opened() -> None:
    device = emulated()
    card = CardRead("051", PAN("6200000000000005"))
    with pad_on(device) as pad:
        for digits in ((3, 6), (6, 4), (4, 13)):
            with pytest.raises(InvalidRequestError):
                pad.enter_pin(card, KEY, digits=digits)
        for data in (b"", bytes(7), bytes(264)):
            with pytest.raises(InvalidRequestError):
                pad.encrypt(data, KEY)
        with pytest.raises(InvalidRequestError):
            pad.encrypt(bytes(8), KEY, vector=b"")
        for within_s in (0, 256):
            with pytest.raises(InvalidRequestError):
                pad.read_card(None, now=NOW, within_s=within_s)
    assert device.inside.did == []
    with pytest.raises(ConfigError):
        PadTimes(ack_s=0)


# --- the customer and the pad say no -----------------------------------------------------------------


def test_customer_cancels_and_the_next_one_enters() -> None:
    device = emulated()
    device.inside.pins.extend(["cancel", "2468"])
    with pad_on(device) as pad:
        with pytest.raises(DeviceRefusedError) as caught:
            read_and_enter(pad)
        assert (caught.value.reason, caught.value.raw_code) == (DeviceReason.CANCELLED, "013")
        assert seen(read_and_enter(pad)).pin == "2468"


@pytest.mark.parametrize("key", [WorkingKey(2, WRAPPED_PIK), DUKPTKey(2)])
def test_pad_without_the_key_says_so_before_it_asks_anybody(key: PadKey) -> None:
    device = emulated()
    with pad_on(device) as pad:
        with pytest.raises(DeviceRefusedError) as pin:
            pad.enter_pin(CardRead("051", PAN("6200000000000005")), key)
        with pytest.raises(DeviceRefusedError) as data:
            pad.encrypt(bytes(8), key)
    for caught in (pin, data):
        assert (caught.value.reason, caught.value.raw_code) == (DeviceReason.KEYS_MISSING, "042")
    assert device.inside.entered_for == []


def test_pad_that_takes_no_pin_for_a_while_is_busy() -> None:
    device = EmulatedPinPad(Script(usual=Scene(busy=1)), quiet_s=QUIET_S)
    with pad_on(device) as pad:
        card = pad.read_card(None, now=NOW)
        with pytest.raises(DeviceRefusedError) as caught:
            pad.enter_pin(card, KEY)
        assert caught.value.reason is DeviceReason.BUSY
        assert opened(pad.enter_pin(card, KEY).card) == "1234"


@pytest.mark.parametrize("code", ["043", "060", "079", "012", "041"])
def test_a_card_that_does_not_work_is_told(code: str) -> None:
    device = EmulatedPinPad(Script({1000: Scene(code=code)}), quiet_s=QUIET_S)
    with pad_on(device) as pad:
        with pytest.raises(DeviceRefusedError) as caught:
            pad.read_card(Amount(1000), now=NOW)
        assert caught.value.raw_code == code
        assert pad.read_card(Amount(999), now=NOW).pan == FIRST.pan


def test_pad_whose_second_answer_is_about_another_card_is_not_believed() -> None:
    device = EmulatedPinPad(Script(usual=Scene(lie="reference")), quiet_s=QUIET_S)
    with pad_on(device) as pad, pytest.raises(RemoteProtocolError) as caught:
        pad.read_card(Amount(1000), now=NOW)
    assert "62" not in str(caught.value)


def test_notices_are_for_the_clerk_and_keep_the_line_waiting() -> None:
    heard: list[str] = []
    near, far = pipe()
    device = EmulatedPinPad(Script(usual=Scene(status=3)), quiet_s=QUIET_S)
    with AbecsPinPad(near, TIMES, notify=heard.append) as pad, serving(device, far):
        pad.read_card(Amount(1000), now=NOW)
    assert heard == [f"PROCESSING {n}".ljust(32) for n in (1, 2, 3)]


def test_notices_without_end_are_given_up() -> None:
    device = EmulatedPinPad(Script(usual=Scene(status=40)), quiet_s=QUIET_S)
    with pad_on(device) as pad, pytest.raises(RemoteProtocolError):
        pad.read_card(Amount(1000), now=NOW)


# --- ending what waits ---------------------------------------------------------------------------------


def test_nobody_enters_anything_and_the_pad_is_told_to_stop() -> None:
    device = emulated(pin="nothing")
    with pad_on(device, times=QUICK) as pad:
        with pytest.raises(LinkTimeoutError) as caught:
            read_and_enter(pad)
        assert device.deadline is None  # it waits for nobody
        device.inside.pin = "4321"
        assert seen(read_and_enter(pad)).pin == "4321"
    assert (caught.value.effect, caught.value.retry_is_safe) == ("nothing_sent", True)


def test_cancel_from_another_thread_ends_the_question_and_stops_the_pad() -> None:
    device = emulated(pin="nothing")
    found: list[BaseException] = []
    with pad_on(device, times=replace(TIMES, customer_s=30.0)) as pad:

        def ask() -> None:
            try:
                read_and_enter(pad)
            except DeviceRefusedError as error:
                found.append(error)

        thread = threading.Thread(target=ask)
        thread.start()
        deadline = time.monotonic() + 10
        while device.deadline is None and time.monotonic() < deadline:
            thread.join(0.005)
        pad.cancel()
        thread.join(10)
        assert [error.reason for error in found] == [DeviceReason.CANCELLED]  # type: ignore[attr-defined]
        assert device.deadline is None
        device.inside.pin = "4321"
        assert seen(read_and_enter(pad)).pin == "4321"


def test_cancel_while_nothing_is_asked_harms_nothing() -> None:
    with pad_on(emulated()) as pad:
        pad.cancel()
        pad.open()
        pad.cancel()
        assert seen(read_and_enter(pad)).pin == "1111"


def test_pad_that_was_busy_with_somebody_elses_question_is_stopped_first() -> None:
    """The program before was killed while the customer was asked."""
    device = emulated(pin="nothing")
    device.connect()
    question = b"GPN093101" + WRAPPED_PIK.hex().upper().encode("ascii")
    question += b"19" + b"6205500000000000004" + b"10412" + b" " * 32
    device.receive(ABECSFramer().frame(question), 0.0)
    assert device.deadline == 60.0
    device.inside.pin = "1111"
    with pad_on(device) as pad:
        assert seen(read_and_enter(pad)) == ("6200000000000005", "1111")
    assert device.inside.entered_for == [FIRST.pan]


def test_no_pad_there() -> None:
    near, far = pipe()
    far.close()
    with AbecsPinPad(near, QUICK) as pad, pytest.raises(LinkTimeoutError) as caught:
        pad.open()
    assert caught.value.retry_is_safe


def test_no_port_there() -> None:
    with (
        AbecsPinPad(SerialStream("/dev/there-is-no-such-port")) as pad,
        pytest.raises(LinkOpenError),
    ):
        pad.open()


# --- secrets -------------------------------------------------------------------------------------------


def test_nothing_that_is_given_or_kept_shows_card_or_pin() -> None:
    wire: list[RecordingStream] = []
    near, far = pipe()
    wire.append(RecordingStream(near))
    with AbecsPinPad(wire[0], TIMES) as pad, serving(emulated(SECOND, "8642"), far):
        entered = read_and_enter(pad)
        shown = repr(entered) + str(entered) + repr(pad) + repr(KEY) + repr(vars(pad))
    block = entered.card.pin_block
    assert block is not None
    for secret in (
        "6205500000000000004",
        "8642",
        block.hex(),
        block.hex().upper(),
        WRAPPED_PIK.hex(),
    ):
        assert secret not in shown
    passed = b"".join(data for _, data in wire[0].passed)
    assert b"8642" not in passed  # the PIN itself never crosses the line
    assert WRAPPED_PIK.hex().upper().encode() in passed


def test_errors_leave_the_driver_with_empty_hands() -> None:
    device = EmulatedPinPad(Script(usual=Scene(lie="reference")), quiet_s=QUIET_S)
    with pad_on(device) as pad, pytest.raises(RemoteProtocolError) as caught:
        pad.read_card(Amount(1000), now=NOW)
    trace, names = caught.value.__traceback__, []
    while trace is not None:
        if (
            "abecs/" in trace.tb_frame.f_code.co_filename
            and "tests" not in trace.tb_frame.f_code.co_filename
        ):
            names += [*trace.tb_frame.f_locals]
        trace = trace.tb_next
    assert not {"first", "second"} & {*names}


def test_card_without_a_card_waits_as_long_as_it_was_told() -> None:
    device = EmulatedPinPad(card=None, quiet_s=QUIET_S)
    with pad_on(device, times=QUICK) as pad, pytest.raises(LinkTimeoutError):
        pad.read_card(None, now=NOW, within_s=1)
