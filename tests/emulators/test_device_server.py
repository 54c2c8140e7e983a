"""Where an emulated device is served, and its script as a file."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.toy import Toy, talk
from posrefund.devices import DeviceLine
from posrefund.emulators.device import DeviceServer, ListeningStream, Scene, read_script
from posrefund.errors import LinkOpenError
from posrefund.link import SerialStream, TCPStream
from posrefund.testing import PTYPair


def test_a_device_on_a_tcp_port_serves_one_caller_after_the_other() -> None:
    toy, listening = Toy(), ListeningStream()
    host, port = listening.address
    with DeviceServer(toy, listening):
        for question in (b"OPN", b"CLO"):
            line = DeviceLine(TCPStream(host, port), talk)
            line.open(2)
            line.ask(question, answer_s=2)
            assert line.receive() == question + b"000"
            line.close()
    listening.stop()
    assert toy.asked == [b"OPN", b"CLO"]


def test_a_device_on_a_pseudo_terminal_outlives_whoever_opens_it() -> None:
    toy = Toy()
    with PTYPair() as pair, DeviceServer(toy, pair.device, is_open=True):
        for question in (b"OPN", b"CLO"):
            line = DeviceLine(SerialStream(pair.port), talk)
            line.open(2)
            line.ask(question, answer_s=2)
            assert line.receive() == question + b"000"
            line.close()
    assert toy.asked == [b"OPN", b"CLO"]


def test_nobody_calls_a_port_that_listens_no_more() -> None:
    listening = ListeningStream()
    with pytest.raises(LinkOpenError, match="nobody called"):
        listening.open(0.01)
    host, port = listening.address
    listening.stop()
    listening.stop()
    with pytest.raises(LinkOpenError, match="no more"):
        listening.open(0.01)
    with pytest.raises(LinkOpenError):
        TCPStream(host, port).open(1)


def test_a_server_that_is_closed_has_stopped() -> None:
    listening = ListeningStream()
    server = DeviceServer(Toy(), listening)
    server.close()
    server.close()
    listening.stop()

    assert not server._thread.is_alive()


def test_a_script_is_read_from_a_file() -> None:
    script = read_script(
        """
        usual = {status = 2, seconds = 0.5}
        [amounts.1234]
        code = "05"
        does_act = true
        [[queue]]
        busy = 1
        lie = "amount"
        """
    )

    assert [script.play(1234), script.play(1234), script.play(1)] == [
        Scene(busy=1, lie="amount"),
        Scene(code="05", does_act=True),
        Scene(status=2, seconds=0.5),
    ]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("usual = ", "the file"),
        ("other = 1", "the file"),
        ("amounts = 1", "amounts"),
        ("amounts = {1 = 2}", "amounts.1"),
        ("amounts = {x = {}}", "amounts"),
        ("queue = {}", "queue"),
        ("queue = [1]", "queue[0]"),
        ("usual = {colour = 1}", "usual"),
        ("usual = {code = 5}", "usual.code"),
        ("usual = {busy = true}", "usual.busy"),
        ("usual = {busy = -1}", "usual.busy"),
        ("usual = {does_act = 1}", "usual.does_act"),
        ('usual = {lie = "weather"}', "usual.lie"),
    ],
)
def test_a_wrong_script_is_refused_and_the_place_is_named(text: str, place: str) -> None:
    with pytest.raises(ValueError, match="script: ") as caught:
        read_script(text)
    assert f"script: {place}: " in str(caught.value)


@given(st.text(max_size=60))
def test_whatever_text_comes_is_a_script_or_refused(text: str) -> None:
    with suppress(ValueError):
        read_script(text)
