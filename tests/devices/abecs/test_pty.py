"""The pad behind a pseudo terminal, through pyserial: card, PIN, and the plug pulled in the middle."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from devices.abecs.bench import QUICK, TIMES, emulated, read_and_enter, seen, serving
from posrefund.devices.abecs import AbecsPinPad
from posrefund.emulators.device import LineFault
from posrefund.errors import LinkClosedError, LinkError
from posrefund.link import SerialStream

if sys.platform == "win32":
    pytest.skip("a pseudo terminal is not there on Windows", allow_module_level=True)

from posrefund.testing import PTYPair


@pytest.fixture
def pair() -> Iterator[PTYPair]:
    with PTYPair() as pair:
        yield pair


def test_card_and_pin_over_a_port(pair: PTYPair) -> None:
    device = emulated()
    with (
        serving(device, pair.device, is_open=True),
        AbecsPinPad(SerialStream(pair.port, baud=19_200), TIMES) as pad,
    ):
        assert seen(read_and_enter(pad)) == ("6200000000000005", "1111")
        pad.close()  # the next one opens the port again
        assert seen(read_and_enter(pad)) == ("6200000000000005", "1111")


def test_late_answer_on_a_port_that_was_opened_again(pair: PTYPair) -> None:
    device = emulated()
    fault = LineFault.spelt("late:0.4s@7")
    with (
        serving(device, pair.device, fault, is_open=True),
        AbecsPinPad(SerialStream(pair.port, baud=19_200), QUICK) as pad,
    ):
        with pytest.raises(LinkError):
            read_and_enter(pad)
        device.inside.pin = "2222"
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            try:
                found = seen(read_and_enter(pad))
                break
            except LinkError:
                continue
        assert found.pin == "2222"


def test_plug_is_pulled_while_the_customer_is_asked(pair: PTYPair) -> None:
    device = emulated(pin="nothing")
    found: list[LinkError] = []
    server = serving(device, pair.device, is_open=True)
    with AbecsPinPad(SerialStream(pair.port), replace(TIMES, customer_s=30.0)) as pad:

        def ask() -> None:
            try:
                read_and_enter(pad)
            except LinkError as error:
                found.append(error)

        thread = threading.Thread(target=ask)
        thread.start()
        deadline = time.monotonic() + 10
        while device.deadline is None and time.monotonic() < deadline:
            thread.join(0.005)
        pair.unplug()
        thread.join(10)
    server.close()
    assert [type(error) for error in found] == [LinkClosedError]
    assert found[0].retry_is_safe
    assert device.inside.entered_for == []
