"""The profiles on real lines: a pipe, a pseudo terminal with pyserial, TCP; unplugged, cancelled, hung up."""

from __future__ import annotations

import os
import threading
import time

import pytest

from devices.profiles import CREDIT, MAKERS, VOID, Emulated
from posrefund.devices import (
    DeviceApproved,
    DeviceInDoubt,
    DeviceNotSent,
    DeviceReason,
    DeviceResult,
    ProfiledTerminal,
    profile,
)
from posrefund.emulators.caisse_ap import CaisseAPTerminal
from posrefund.emulators.device import (
    DeviceServer,
    FaultyVoice,
    LineFault,
    ListeningStream,
    Scene,
    Script,
)
from posrefund.link import SerialStream, Stream, TCPStream
from posrefund.testing import PTYPair, pipe

no_pty = pytest.mark.skipif(os.name == "nt", reason="there is no pseudo terminal on Windows")
SERIAL = ["concert", "transbank"]


def give_back(name: str, stream: Stream, answer_s: float = 5.0) -> DeviceResult:
    terminal = ProfiledTerminal(stream, profile(name), answer_s=answer_s)
    return terminal.void(VOID) if name == "transbank" else terminal.refund(CREDIT)


def test_a_pipe_a_fault_and_a_second_conversation() -> None:
    near, far = pipe()
    with DeviceServer(MAKERS["concert"](Script()), far, FaultyVoice([LineFault("check", 3)])):
        assert isinstance(give_back("concert", near), DeviceApproved)
        assert isinstance(give_back("concert", near), DeviceApproved)


@no_pty
@pytest.mark.parametrize("name", SERIAL)
def test_money_is_given_back_over_a_serial_port(name: str) -> None:
    with PTYPair() as pair, DeviceServer(MAKERS[name](Script()), pair.device, is_open=True):
        for _ in range(2 if name == "concert" else 1):
            assert isinstance(give_back(name, SerialStream(pair.port)), DeviceApproved)


@no_pty
@pytest.mark.parametrize("name", SERIAL)
def test_who_pulls_the_plug_while_it_works_leaves_a_doubt(name: str) -> None:
    device = MAKERS[name](Script(usual=Scene(seconds=60.0)))
    with PTYPair() as pair, DeviceServer(device, pair.device, is_open=True):
        done: list[DeviceResult] = []
        till = threading.Thread(
            target=lambda: done.append(give_back(name, SerialStream(pair.port), 20.0))
        )
        till.start()
        wait_for_the_question(device)
        pair.unplug()
        till.join(10)

    (result,) = done
    assert isinstance(result, DeviceInDoubt)
    assert result.reason is DeviceReason.LINK
    assert len(device.asked) == 1


@no_pty
@pytest.mark.parametrize("name", SERIAL)
def test_a_port_that_is_gone_was_not_asked(name: str) -> None:
    with PTYPair() as pair:
        port = pair.port
    result = give_back(name, SerialStream(port))

    assert isinstance(result, DeviceNotSent)
    assert result.reason is DeviceReason.LINK


def test_money_is_given_back_over_tcp() -> None:
    listening = ListeningStream()
    device = CaisseAPTerminal()
    with DeviceServer(device, listening):
        result = give_back("caisse_ap", TCPStream(*listening.address))
    listening.stop()

    assert isinstance(result, DeviceApproved)
    assert device.credits == [(1234, "978")]


def test_who_cancels_while_it_works_leaves_a_doubt_within_half_a_second() -> None:
    near, far = pipe()
    device = MAKERS["concert"](Script(usual=Scene(seconds=60.0)))
    terminal = ProfiledTerminal(near, profile("concert"))
    with DeviceServer(device, far):
        done: list[DeviceResult] = []
        till = threading.Thread(target=lambda: done.append(terminal.refund(CREDIT)))
        till.start()
        wait_for_the_question(device)
        terminal.cancel()
        till.join(10)
        terminal.close()

    assert isinstance(done[0], DeviceInDoubt)


def wait_for_the_question(device: Emulated) -> None:
    ends = time.monotonic() + 10
    while not device.asked and time.monotonic() < ends:
        time.sleep(0.01)
    assert device.asked
