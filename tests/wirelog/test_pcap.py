"""Capture files: byte for byte as libpcap writes them, read back, and read by tshark, which nobody here wrote."""

from __future__ import annotations

import json
import struct
import subprocess
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posrefund.errors import ConfigError, DecodeError
from posrefund.framing import ABECSFramer, LengthPrefixFramer, frame
from posrefund.wirelog import Entry, PcapFile, read_log, replay
from posrefund.wirelog.pcap import RAW_IP, USER0, Packet, file_header, read_packets, record
from posrefund.wirelog.tcp import Conversation, read_segment
from tshark import needs_tshark
from wirelog.lines import NOW

if TYPE_CHECKING:
    from pathlib import Path

MOMENT = datetime(2026, 3, 9, 10, 30, 0, 250_000, tzinfo=UTC)
HEADER = bytes.fromhex("d4c3b2a1 0200 0400 00000000 00000000 ffff0000")
"""libpcap's: magic, version 2.4, no zone, no accuracy, snapshot length 65535."""
BIG_ENDIAN_NANOSECONDS = (
    bytes.fromhex("a1b23c4d 0002 0004 00000000 00000000 00040000 00000093")
    + bytes.fromhex("69aea128 0ee6b280 00000003 00000003")
    + b"OPN"
)


def test_file_is_written_as_libpcap_writes_it() -> None:
    assert file_header(RAW_IP) == HEADER + bytes.fromhex("65000000")
    assert file_header(USER0) == HEADER + bytes.fromhex("93000000")
    assert record(MOMENT, b"OPN") == bytes.fromhex("28a1ae69 90d00300 03000000 03000000") + b"OPN"


def test_either_byte_order_and_either_clock_is_read() -> None:
    ours = file_header(USER0) + record(MOMENT, b"OPN")

    for capture in (ours, BIG_ENDIAN_NANOSECONDS):
        assert [(p.time, p.link_type, p.data) for p in read_packets(capture)] == [
            (MOMENT, USER0, b"OPN")
        ]


def read_on(capture: bytes) -> tuple[list[Packet], DecodeError | None]:
    """What can be read, and what ended it."""
    found: list[Packet] = []
    try:
        found.extend(read_packets(capture))
    except DecodeError as refusal:
        return found, refusal
    return found, None


@given(st.lists(st.binary(max_size=30), max_size=5), st.integers(0, 200))
def test_capture_that_is_cut_gives_what_is_whole_and_says_where_it_ends(
    packets: list[bytes], cut: int
) -> None:
    capture = file_header(USER0) + b"".join(record(MOMENT, packet) for packet in packets)
    ends = [24 + sum(16 + len(each) for each in packets[:n]) for n in range(len(packets) + 1)]
    found, refusal = read_on(capture[:cut])

    assert [packet.data for packet in found] == packets[: len(found)]
    assert (refusal is None) == (min(cut, len(capture)) in ends)
    assert refusal is None or refusal.offset_bytes in (0, *ends)


@pytest.mark.parametrize(
    ("capture", "offset_bytes"),
    [
        (b"\xd4\xc3\xb2", 0),
        (b"\0" * 24, 0),
        (file_header(1) + record(MOMENT, b"ethernet"), 40),
        (file_header(USER0) + b"\0" * 15, 24),
        (file_header(USER0) + struct.pack("<IIII", 0, 0, 65_536, 65_536) + bytes(65_536), 24),
        (file_header(RAW_IP) + record(MOMENT, b"\x45" + bytes(18)), 40),
        (file_header(RAW_IP) + record(MOMENT, b"\x45" + bytes(8) + b"\x06" + bytes(40)), 40),
    ],
)
def test_what_is_no_capture_of_ours_is_refused_by_its_place(
    capture: bytes, offset_bytes: int
) -> None:
    with pytest.raises(DecodeError) as caught:
        list(read_log(capture))
    assert caught.value.offset_bytes == offset_bytes


def test_packets_of_other_protocols_are_passed_over() -> None:
    udp = bytes.fromhex("45000014 00000000 40110000 c0000201 c0000202")
    capture = file_header(RAW_IP) + b"".join(record(MOMENT, p) for p in (udp, b"\x60six", b""))

    assert list(read_log(capture)) == []


# --- the made-up conversation ---------------------------------------------------------------------


def test_segment_has_the_checksums_that_the_standard_gives() -> None:
    """Checked by their own rule: the sum of all 16-bit words, checksum included, is FFFF (RFC 1071)."""

    def total(data: bytes) -> int:
        words = struct.unpack(f">{(len(data) + 1) // 2}H", data + bytes(len(data) % 2))
        found: int = sum(words)
        while found >> 16:
            found = (found & 0xFFFF) + (found >> 16)
        return found

    talk = Conversation(8583, 77)
    for packet in (*talk.begin(), *talk.say("sent", b"abc"), *talk.say("received", b"de"), *talk.end()):  # fmt: skip
        length = len(packet) - 20
        assert total(packet[:20]) == 0xFFFF
        assert total(packet[12:20] + struct.pack(">HH", 6, length) + packet[20:]) == 0xFFFF


def test_conversation_counts_what_each_side_has_said() -> None:
    talk = Conversation(8583, 0xFFFF_FFFF)  # sequence numbers go round
    packets = [*talk.begin(), *talk.say("sent", bytes(3000)), *talk.say("received", b"ok"), *talk.end()]  # fmt: skip
    numbers = [struct.unpack_from(">II", packet, 24) for packet in packets]

    ours, theirs = 0xFFFF_FFFF, (0xFFFF_FFFF * 7 + 1) % (1 << 32)
    assert numbers[:3] == [(ours, 0), (theirs, 0), (0, theirs + 1)]
    assert [seq for seq, _ in numbers[3:6]] == [0, 1460, 2920]
    assert numbers[6] == (theirs + 1, 3000)
    assert numbers[7:] == [(3000, theirs + 3), (theirs + 3, 3001), (3001, theirs + 4)]


@given(st.binary(max_size=80))
def test_any_packet_is_a_segment_or_nothing_or_refused(packet: bytes) -> None:
    for data in (packet, b"\x45" + packet, b"\x45\0\0\x28" + packet[4:9] + b"\x06" + packet[9:]):
        try:
            found = read_segment(data, 0)
        except DecodeError:
            continue
        assert found is None or data.endswith(found.data) or found.data in data


# --- files ----------------------------------------------------------------------------------------


def entries(*said: tuple[str, bytes]) -> list[Entry]:
    opened = Entry(NOW, "iso8583", 1, "open", note="host:8583")
    passed = [Entry(NOW, "iso8583", 1, "frame", way, len(data), data) for way, data in said]  # type: ignore[arg-type]  # reason: a way
    return [opened, *passed, Entry(NOW, "iso8583", 1, "close")]


def test_frames_come_back_out_of_a_capture_with_their_directions(tmp_path: Path) -> None:
    sink = PcapFile(tmp_path / "line.pcap", 8583)
    long = frame(bytes(range(256)) * 16)
    for entry in entries(("sent", frame(b"ask")), ("received", long), ("sent", frame(b"again"))):
        sink.write(entry)

    found = replay(read_log((tmp_path / "line.pcap").read_bytes()), LengthPrefixFramer)

    assert [(e.entry.way, e.event) for e in found if e.event is not None] == [
        ("sent", b"ask"),
        ("received", bytes(range(256)) * 16),
        ("sent", b"again"),
    ]


def test_capture_that_begins_within_a_conversation_tells_the_host_by_its_port(
    tmp_path: Path,
) -> None:
    talk = Conversation(8583, 5)
    list(talk.begin())
    packets = [*talk.say("received", b"\0\1a"), *talk.say("sent", b"\0\1b")]
    capture = file_header(RAW_IP) + b"".join(record(NOW, packet) for packet in packets)

    found = [e for e in replay(read_log(capture), LengthPrefixFramer) if e.event is not None]

    assert [(each.entry.way, each.event) for each in found] == [("received", b"a"), ("sent", b"b")]


def test_file_is_added_to_and_made_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "pad.pcap"
    for _ in range(2):  # two runs of a program
        PcapFile(path).write(Entry(NOW, "abecs", 1, "frame", "sent", 3, ABECSFramer().frame(b"OPN")))  # fmt: skip

    found = [each.event for each in replay(read_log(path.read_bytes()), ABECSFramer)]

    assert found == [b"OPN", b"OPN"]
    assert path.stat().st_mode & 0o777 == 0o600


def test_file_that_was_moved_away_is_begun_again(tmp_path: Path) -> None:
    path = tmp_path / "pad.pcap"
    sink = PcapFile(path)
    path.rename(tmp_path / "older.pcap")
    sink.write(Entry(NOW, "abecs", 1, "frame", "sent", 3, b"x"))

    assert [packet.data for packet in read_packets(path.read_bytes())] == [b"x"]


def test_file_that_is_something_else_is_left_alone(tmp_path: Path) -> None:
    other = tmp_path / "journal.db"
    other.write_bytes(b"SQLite format 3\0 and more")
    serial = tmp_path / "serial.pcap"
    PcapFile(serial)
    for path, port in ((other, 8583), (serial, 8583)):
        before = path.read_bytes()
        with pytest.raises(ConfigError, match="is no capture"):
            PcapFile(path, port)
        assert path.read_bytes() == before
    with pytest.raises(ConfigError, match="cannot be"):
        PcapFile(tmp_path / "no such folder" / "x.pcap")
    with pytest.raises(ConfigError, match="cannot be"):
        PcapFile(tmp_path)


# --- a reader that nobody here wrote --------------------------------------------------------------


def tshark(path: Path, *words: str) -> list[dict[str, Any]]:
    done = subprocess.run(
        [
            *("tshark", "-r", str(path), "-T", "json", "-o", "tcp.check_checksum:TRUE"),
            *("-o", "ip.check_checksum:TRUE", *words),
        ],
        capture_output=True,
        check=True,
        timeout=120,
    )
    return [frame["_source"]["layers"] for frame in json.loads(done.stdout)]


@needs_tshark
@pytest.mark.slow
def test_tshark_finds_the_checksums_right_and_the_conversation_whole(tmp_path: Path) -> None:
    sink = PcapFile(tmp_path / "line.pcap", 8583)
    for entry in entries(("sent", frame(b"a" * 4000)), ("received", frame(b"odd"))):
        sink.write(entry)

    packets = tshark(tmp_path / "line.pcap")

    assert len(packets) == 3 + 3 + 1 + 3
    assert {packet["ip"]["ip.checksum.status"] for packet in packets} == {"1"}
    assert {packet["tcp"]["tcp.checksum.status"] for packet in packets} == {"1"}
    assert "tcp.analysis" not in json.dumps([p["tcp"].get("Timestamps", "") for p in packets])
    flags = [packet["tcp"].get("tcp.analysis", {}).get("tcp.analysis.flags") for packet in packets]
    assert flags == [None] * len(packets)
    assert {packet["tcp"]["tcp.stream"] for packet in packets} == {"0"}


@needs_tshark
@pytest.mark.slow
def test_tshark_reads_the_frames_of_a_serial_line(tmp_path: Path) -> None:
    sink = PcapFile(tmp_path / "pad.pcap")
    framed = ABECSFramer().frame(b"OPN")
    sink.write(Entry(MOMENT, "abecs", 1, "frame", "sent", 3, framed))

    [packet] = tshark(tmp_path / "pad.pcap")

    assert packet["frame"]["frame.encap_type"] == "45"  # WTAP_ENCAP_USER0
    assert packet["frame"]["frame.len"] == str(len(framed))
    assert packet["frame"]["frame.time_epoch"] == "1773052200.250000000"
