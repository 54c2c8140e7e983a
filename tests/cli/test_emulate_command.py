"""``posrefund emulate``: a device in a process of its own, and a driver that finds it where the command says."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from posrefund.cli.emulate import DEVICES
from posrefund.devices import DeviceApproved, DeviceDeclined, DeviceRefund
from posrefund.devices.abecs import AbecsPinPad
from posrefund.devices.zvt import ZvtTerminal
from posrefund.link import SerialStream
from posrefund.values import Amount, RequestID

posix = pytest.mark.skipif(sys.platform == "win32", reason="pseudo terminals and SIGINT")
pytestmark = posix


@contextmanager
def emulated(*words: str) -> Iterator[str]:
    """What the command says that a till should open; Ctrl-C ends it with a word and no traceback."""
    command = [sys.executable, "-m", "posrefund", "emulate", *words]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        said = process.stdout.readline()
        found = re.fullmatch(rf"emulated {words[0]} on (\S+); Ctrl-C stops it\n", said)
        assert found, said + process.stderr.read()
        try:
            yield found[1]
        finally:
            process.send_signal(signal.SIGINT)
            rest, errors = process.communicate(timeout=20)
    # the signal may have met the first line while it was being printed: then that is said again
    assert (rest.splitlines()[-1], errors, process.returncode) == ("stopped", "", 0)


def refuse(*words: str) -> str:
    command = [sys.executable, "-m", "posrefund", "emulate", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    return " ".join(done.stderr.split())


def test_a_terminal_on_tcp_with_a_script_and_a_fault(tmp_path: Path) -> None:
    script = tmp_path / "script.toml"
    script.write_text('[amounts.500]\ncode = "6C"\n', encoding="utf-8")
    words = ("--tcp", "127.0.0.1:0", "--script", str(script), "--fault", "delay:0.01s@1")
    with emulated("zvt", *words) as where:
        address, port = where.split(":")
        terminal = ZvtTerminal.on_tcp(address, int(port))
        yes = terminal.refund(DeviceRefund(RequestID("R-1"), Amount(1234, "978")))
        no = terminal.refund(DeviceRefund(RequestID("R-2"), Amount(500, "978")))
        terminal.close()

    assert isinstance(yes, DeviceApproved)
    assert isinstance(no, DeviceDeclined)
    assert no.raw_code == "6C"


def test_a_pin_pad_on_a_pseudo_terminal() -> None:
    with emulated("pinpad", "--pty") as port, AbecsPinPad(SerialStream(port)) as pad:
        pad.open()
        assert pad.identity().maker


@pytest.mark.parametrize("name", sorted(DEVICES))
def test_every_device_is_served_and_stopped(name: str) -> None:
    with emulated(name, "--tcp", "127.0.0.1:0") as where:
        assert where.startswith("127.0.0.1:")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "one of --pty, --tcp ADDRESS:PORT, --serial PORT"),
        (("--pty", "--tcp", "127.0.0.1:0"), "one of --pty, --tcp ADDRESS:PORT, --serial PORT"),
        (("--tcp", "nowhere"), "--tcp is ADDRESS:PORT"),
        (("--tcp", "127.0.0.1:99999"), "cannot listen on 127.0.0.1:99999"),
        (("--serial", "/dev/no-such-port"), "there is no such port"),
        (("--pty", "--fault", "vanish"), "--fault: a fault is spelt KIND"),
        (("--pty", "--script", "no-such-file.toml"), "no-such-file.toml: it cannot be read"),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_sentence(words: tuple[str, ...], said: str) -> None:
    assert said in refuse("zvt", *words)


def test_a_script_that_is_wrong_is_told_with_its_place(tmp_path: Path) -> None:
    script = tmp_path / "script.toml"
    script.write_text("[usual]\ncolour = 1\n", encoding="utf-8")

    assert "script: usual: expected one of" in refuse("zvt", "--pty", "--script", str(script))
