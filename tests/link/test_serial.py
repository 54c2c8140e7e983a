"""Serial ports: opened for one alone, unplugged, absent, forbidden; and pyserial stays unloaded until then."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from link.lines import LONG_S, soon
from posrefund.errors import ConfigError, LinkClosedError, LinkOpenError
from posrefund.link import SerialStream, StreamLink
from posrefund.testing import PTYPair

pytest.importorskip("pty", reason="this system has no pseudo terminals")


@pytest.fixture
def pair() -> Iterator[PTYPair]:
    with PTYPair() as pair:
        yield pair


def test_pyserial_is_loaded_when_a_port_is_opened_and_not_before() -> None:
    code = (
        "import sys\n"
        "from posrefund.link import SerialStream, StreamLink\n"
        "stream = SerialStream('loop://')\n"
        "print('serial' in sys.modules)\n"
        "stream.open(1)\n"
        "print('serial' in sys.modules)\n"
        "stream.close()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.split() == ["False", "True"]


# --- opening -------------------------------------------------------------------------------------


def test_port_is_opened_for_one_stream_alone(pair: PTYPair) -> None:
    first, second = SerialStream(pair.port), SerialStream(pair.port)
    first.open(1)
    with pytest.raises(LinkOpenError, match="another stream or program has it open") as caught:
        second.open(1)
    assert caught.value.effect == "nothing_sent"

    first.write(b"a", soon())  # the owner goes on
    assert pair.device.read_some(soon()) == b"a"
    first.close()
    second.open(1)
    second.close()


def test_port_is_closed_to_another_process(pair: PTYPair) -> None:
    stream = SerialStream(pair.port)
    stream.open(1)
    code = (
        "import sys\n"
        "from posrefund.errors import LinkOpenError\n"
        "from posrefund.link import SerialStream\n"
        "try:\n"
        "    SerialStream(sys.argv[1]).open(1)\n"
        "except LinkOpenError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, pair.port], capture_output=True, text=True, check=True
    )
    stream.close()

    assert "another stream or program has it open" in done.stdout


def test_absent_port_is_said_to_be_absent(tmp_path: Path) -> None:
    with pytest.raises(LinkOpenError, match="there is no such port") as caught:
        SerialStream(str(tmp_path / "ttyUSB9")).open(1)
    assert caught.value.effect == "nothing_sent"


def test_file_that_is_no_port_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(LinkOpenError):
        SerialStream(str(tmp_path / "file")).open(1)


@contextmanager
def as_nobody() -> Iterator[None]:
    """Nothing is forbidden to root: be somebody else for a moment, with all that is needed loaded before."""
    import serial  # noqa: F401

    was_root = os.geteuid() == 0
    if was_root:
        os.seteuid(65_534)
    try:
        yield
    finally:
        if was_root:
            os.seteuid(0)


def test_forbidden_port_is_said_to_be_forbidden(pair: PTYPair) -> None:
    Path(pair.port).chmod(0)
    with as_nobody(), pytest.raises(LinkOpenError, match="permission denied") as caught:
        SerialStream(pair.port).open(1)
    assert caught.value.effect == "nothing_sent"


@pytest.mark.parametrize(
    ("number", "text", "words"),
    [
        (errno.EACCES, "could not open port /dev/ttyUSB0", "permission denied"),
        (errno.ENOENT, "could not open port /dev/ttyUSB0", "there is no such port"),
        (errno.EBUSY, "could not open port /dev/ttyUSB0", "another stream or program"),
        (errno.EAGAIN, "Could not exclusively lock port", "another stream or program"),
        (
            None,
            "could not open port 'COM3': FileNotFoundError(2, '...', None, 2)",
            "there is no such port",
        ),
        (
            None,
            "could not open port 'COM3': PermissionError(13, '...', None, 5)",
            "another stream or program",
        ),
    ],
)
def test_what_pyserial_says_is_put_into_words(
    monkeypatch: pytest.MonkeyPatch, number: int | None, text: str, words: str
) -> None:
    """The sentences of pyserial 3.5, serialposix.py and serialwin32.py."""
    import serial

    def refuse(*_: object, **__: object) -> None:
        raise serial.SerialException(*([text] if number is None else [number, text]))

    monkeypatch.setattr(serial, "serial_for_url", refuse)
    with pytest.raises(LinkOpenError, match=words):
        SerialStream("COM3").open(1)


@pytest.mark.parametrize("url", ["nothing://x", "socket://127.0.0.1", "", "socket://127.0.0.1:1"])
def test_url_that_leads_nowhere_is_no_connection(url: str) -> None:
    with pytest.raises(LinkOpenError):
        SerialStream(url).open(1)


@pytest.mark.parametrize("form", ["8N1", "7E1", "8E1", "7O2", "8N2", "5N1.5"])
def test_forms_of_the_field_are_what_the_port_is_set_to(form: str) -> None:
    stream = SerialStream("loop://", baud=19_200, form=form)
    stream.open(1)
    port = stream._port
    assert port is not None
    bits, parity, stop = port.bytesize, port.parity, port.stopbits
    stream.close()

    assert f"{bits}{parity}{stop}" == form


def test_port_that_does_not_take_a_setting_says_so(
    monkeypatch: pytest.MonkeyPatch, pair: PTYPair
) -> None:
    import termios

    def refuse(*_: object) -> None:
        raise termios.error(errno.EINVAL, "Invalid argument")  # no OSError, and pyserial lets it by

    monkeypatch.setattr(termios, "tcsetattr", refuse)
    with pytest.raises(LinkOpenError, match="does not take this speed or form"):
        SerialStream(pair.port, form="7E1").open(1)


@pytest.mark.parametrize("form", ["9N1", "8X1", "8N3", "8n1", "", "8N1 "])
def test_form_that_is_none_is_refused_at_the_start(form: str) -> None:
    with pytest.raises(ConfigError, match="form"):
        SerialStream("/dev/ttyUSB0", form=form)


def test_speed_and_flow_that_are_none_are_refused_at_the_start() -> None:
    with pytest.raises(ConfigError, match="baud"):
        SerialStream("/dev/ttyUSB0", baud=0)
    with pytest.raises(ConfigError, match="flow"):
        SerialStream("/dev/ttyUSB0", flow="cts")  # type: ignore[arg-type]  # reason: the test


def test_what_came_before_the_port_was_opened_is_dropped(pair: PTYPair) -> None:
    pair.device.write(b"stale", soon())
    stream = SerialStream(pair.port)
    stream.open(1)
    pair.device.write(b"new", soon())
    found = stream.read_some(soon())
    stream.close()

    assert found.startswith(b"n")


# --- unplugged -----------------------------------------------------------------------------------


def test_unplugged_device_is_noticed_by_a_waiting_reader(pair: PTYPair) -> None:
    stream = SerialStream(pair.port)
    stream.open(1)
    raised: list[LinkClosedError] = []

    def read() -> None:
        try:
            stream.read_some(soon())
        except LinkClosedError as error:
            raised.append(error)

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    pair.unplug()
    thread.join(LONG_S / 2)
    stream.close()

    assert not thread.is_alive()
    assert "unplugged" in str(raised[0])
    assert raised[0].effect == "in_doubt"


def test_message_to_an_unplugged_device_has_provably_not_been_sent(pair: PTYPair) -> None:
    stream = SerialStream(pair.port)
    link = StreamLink(stream)
    link.open(1)
    pair.unplug()

    with pytest.raises(LinkClosedError) as sent:
        link.send(b"message")
    with pytest.raises(LinkClosedError) as written:  # nor when nobody looks first
        stream.write(b"message", soon())
    link.close()

    assert (sent.value.effect, written.value.effect) == ("nothing_sent", "nothing_sent")


def test_port_without_a_descriptor_cannot_say_what_a_failed_write_took(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stream = SerialStream("loop://")
    stream.open(1)
    port = stream._port
    assert port is not None

    def fail(_: bytes) -> int:
        raise OSError(errno.EIO, "broke")

    monkeypatch.setattr(port, "write", fail)
    with pytest.raises(LinkClosedError) as written:
        stream.write(b"message", soon())
    stream.close()

    assert written.value.effect == "in_doubt"
