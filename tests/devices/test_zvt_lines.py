"""ZVT over what it is really spoken over: a pseudo terminal with pyserial, and a TCP port; and Wireshark listening."""

from __future__ import annotations

import json
import struct
import subprocess
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from devices.still_line import VirtualStream
from devices.zvt_lines import REFUND, emulated, settings, void
from posrefund.devices import DeviceApproved, DeviceInDoubt, DeviceNotSent
from posrefund.devices.zvt import ZVTSettings, ZvtTerminal
from posrefund.emulators.device import DeviceServer, ListeningStream, Scene
from posrefund.emulators.zvt import EmulatedZVT
from posrefund.testing import PTYPair
from tshark import needs_tshark

if TYPE_CHECKING:
    from pathlib import Path

# --- over a pseudo terminal ------------------------------------------------------------------------


def test_refunds_over_a_serial_port() -> None:
    device = emulated()
    with PTYPair() as pair, DeviceServer(device, pair.device, is_open=True):
        driver = ZvtTerminal.on_serial(pair.port, settings())
        results = [driver.refund(REFUND) for _ in range(2)]
        assert driver.status() == "00"
        driver.close()
    assert [type(result) for result in results] == [DeviceApproved] * 2
    assert device.money_asked == len(device.ledger.bookings) == 2


def test_a_terminal_that_is_unplugged_in_the_middle_leaves_a_doubt_and_then_nothing_is_sent() -> (
    None
):
    device = emulated(Scene(seconds=30))
    with PTYPair() as pair, DeviceServer(device, pair.device, is_open=True):
        driver = ZvtTerminal.on_serial(pair.port, settings(silence_s=20.0))
        plug = threading.Thread(target=_unplug_when_asked, args=(device, pair))
        plug.start()
        result = driver.refund(REFUND)
        plug.join()
        again = driver.refund(REFUND)
        driver.close()
    assert isinstance(result, DeviceInDoubt)
    assert isinstance(again, DeviceNotSent)
    assert device.money_asked == 1


def _unplug_when_asked(device: EmulatedZVT, pair: PTYPair) -> None:
    give_up = time.monotonic() + 20
    while not device.money_asked and time.monotonic() < give_up:
        time.sleep(0.01)
    pair.unplug()


# --- over TCP ----------------------------------------------------------------------------------------


def test_refunds_and_a_recovery_over_tcp() -> None:
    device = emulated()
    port = ListeningStream(("127.0.0.1", 0))
    host, _, number = port.name.rpartition(":")
    with DeviceServer(device, port):
        driver = ZvtTerminal.on_tcp(host, int(number), settings())
        before = driver.refund(REFUND)
        assert isinstance(before, DeviceApproved)
        assert isinstance(driver.refund(REFUND), DeviceApproved)
        found = driver.recover(replace(REFUND, after=before.reference))
        assert isinstance(found, DeviceApproved)
        driver.close()
    port.stop()
    assert device.money_asked == 2


def test_nobody_listening_is_nothing_sent() -> None:
    port = ListeningStream(("127.0.0.1", 0))
    host, _, number = port.name.rpartition(":")
    port.stop()
    assert isinstance(
        ZvtTerminal.on_tcp(host, int(number), settings()).refund(REFUND), DeviceNotSent
    )


# --- Wireshark -----------------------------------------------------------------------------------------

_PORT = 20_007


def _conversation(voids: bool = False) -> list[tuple[bool, bytes]]:
    """What went over the line in a refund or a reversal: whether the till said it, and what."""
    device = EmulatedZVT()
    sale = device.ledger.sell(1234)
    stream = VirtualStream(device)
    said: list[tuple[bool, bytes]] = []
    write, read = stream.write, stream.read_some

    def writing(data: bytes, deadline: float) -> None:
        said.append((True, bytes(data)))
        write(data, deadline)

    def reading(deadline: float) -> bytes:
        chunk = read(deadline)
        if chunk:
            said.append((False, chunk))
        return chunk

    stream.write, stream.read_some = writing, reading  # type: ignore[method-assign]
    with pytest.MonkeyPatch.context() as patch:
        stream.patch(patch)
        driver = ZvtTerminal(stream, ZVTSettings(), serial=False)
        result = driver.void(void(sale.reference)) if voids else driver.refund(REFUND)
    assert isinstance(result, DeviceApproved)
    return said


def _capture(said: list[tuple[bool, bytes]]) -> bytes:
    """Return a capture file of the conversation: raw IP, one packet a command, in the open pcap format."""
    packets = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65_535, 101)]
    sent = {True: 1, False: 1}
    for number, (by_till, data) in enumerate(said):
        ports = (40_000, _PORT) if by_till else (_PORT, 40_000)
        tcp = struct.pack(
            ">HHIIBBHHH", *ports, sent[by_till], sent[not by_till], 5 << 4, 0x18, 65_535, 0, 0
        )
        sent[by_till] += len(data)
        length = 20 + len(tcp) + len(data)
        ip = struct.pack(">BBHHHBBH", 0x45, 0, length, number, 0, 64, 6, 0) + bytes(
            [127, 0, 0, 1, 127, 0, 0, 1]
        )
        packets.append(struct.pack("<IIII", number, 0, length, length) + ip + tcp + data)
    return b"".join(packets)


def _read_by_tshark(capture: bytes, folder: Path, *options: str) -> list[dict[str, object]]:
    file = folder / "zvt.pcap"
    file.write_bytes(capture)
    done = subprocess.run(
        ["tshark", "-r", str(file), "-T", "json", *options],
        capture_output=True,
        check=True,
        timeout=120,
    )
    return [_flat(frame["_source"]["layers"].get("zvt", {})) for frame in json.loads(done.stdout)]


def _flat(layer: Any) -> dict[str, object]:
    found: dict[str, object] = {}
    for each in layer if isinstance(layer, list) else [layer]:
        for name, value in each.items():
            if isinstance(value, dict):
                found.update(_flat(value))
            elif name.startswith("zvt."):
                found.setdefault(name, value)
    return found


@needs_tshark
@pytest.mark.slow
def test_wireshark_reads_the_refund_its_amount_and_its_currency(tmp_path: Path) -> None:
    """Nobody of this project wrote the dissector; it pairs commands with their replies, too."""
    said = _conversation()
    frames = _read_by_tshark(_capture(said), tmp_path, "-d", f"tcp.port=={_PORT},zvt")
    by_command = {frame.get("zvt.control_field"): frame for frame in frames}
    refund = by_command["0x0631"]
    assert (refund["zvt.amount"], refund["zvt.cc"]) == ("1234", "0x0978")
    at = frames.index(refund)
    assert (frames[at + 1]["zvt.ccrc"], frames[at + 1]["zvt.resp_to"]) == ("0x80", str(at + 1))
    registration = by_command["0x0600"]
    assert registration["zvt.reg.config_byte"] == "0xbe"
    status = by_command["0x040f"]
    assert status["zvt.result_code"] == "0x00"
    assert status["zvt.trace_number"] == "000123"
    assert status["zvt.terminal_id"] == "12345678"
    # of a repeated receipt, 06 20, the dissector of tshark 4.0 knows nothing
    assert {"0x04ff", "0x06d1", "0x060f"} <= set(by_command)


@needs_tshark
@pytest.mark.slow
def test_wireshark_calls_it_a_refund_and_a_reversal(tmp_path: Path) -> None:
    for voids, expected in ((False, "Refund"), (True, "Reversal")):
        file = tmp_path / "zvt.pcap"
        file.write_bytes(_capture(_conversation(voids)))
        done = subprocess.run(
            [
                *("tshark", "-r", str(file), "-d", f"tcp.port=={_PORT},zvt"),
                *("-T", "fields", "-e", "_ws.col.Info"),
            ],
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        )
        assert expected in done.stdout.splitlines()


@needs_tshark
@pytest.mark.slow
def test_wireshark_reads_a_serial_frame_of_ours(tmp_path: Path) -> None:
    """In this form it undoes no doubling and checks no CRC: only a frame without a DLE inside is shown to it."""
    frame = bytes.fromhex("1002 06310D00000004000000001234490978 1003 7DA7")
    capture = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65_535, 147)
    capture += struct.pack("<IIII", 0, 0, len(frame), len(frame)) + frame
    how = 'uat:user_dlts:"User 0 (DLT=147)","zvt","0","","0",""'
    (refund,) = _read_by_tshark(capture, tmp_path, "-o", how)
    assert (refund["zvt.control_field"], refund["zvt.amount"]) == ("0x0631", "1234")
    assert refund["zvt.crc"] == "0xa77d"  # low byte first
