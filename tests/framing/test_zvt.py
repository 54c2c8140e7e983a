"""ZVT: the same commands on a serial line and over TCP."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framing.lines import byte_by_byte, play
from posrefund.errors import ConfigError, FramingError
from posrefund.framing import (
    ZVTTCP,
    Control,
    Damaged,
    ZVTSerial,
    ZVTSerialFramer,
    ZVTTCPFramer,
)

REFUND = bytes.fromhex("06310D 000000 04 000000001234 49 0978")
"""12.34 EUR, password 000000; Wireshark's dissector calls it Refund and reads amount and currency."""
STUFFED = bytes.fromhex("06310D 000000 04 000000001010 49 0978")

# Commands of PA00P015; the check bytes agree with the table of ecrterm, another implementation.
SERIAL = [
    (REFUND, "1002 06310D000000040000000012344909 78 1003 7DA7"),
    (STUFFED, "1002 06310D00000004000000001010 1010 490978 1003 AAE2"),
    (bytes.fromhex("800000"), "1002 800000 1003 F51F"),
    (bytes.fromhex("060F00"), "1002 060F00 1003 C633"),
]


@pytest.mark.parametrize(("command", "framed"), SERIAL)
def test_command_on_a_serial_line_is_written_and_read(command: bytes, framed: str) -> None:
    raw = bytes.fromhex(framed)

    assert ZVTSerialFramer().frame(command) == raw
    assert play(ZVTSerialFramer(), [raw]) == ([command], None)
    assert play(ZVTSerialFramer(), byte_by_byte(raw)) == ([command], None)


def test_controls_stand_between_commands_and_nowhere_else() -> None:
    raw = bytes.fromhex("06 1002 800000 1003 F51F 15 10 06 1010 02 04")

    assert play(ZVTSerialFramer(), [raw]) == (
        [
            Control.ACK,
            bytes.fromhex("800000"),
            Control.NAK,
            Damaged("noise", 11, 1),
            Control.ACK,
            Damaged("noise", 13, 1),
            Damaged("cut", 14, 3),
        ],
        None,
    )
    framer = ZVTSerialFramer()
    assert (framer.control(Control.ACK), framer.control(Control.NAK)) == (b"\x06", b"\x15")
    with pytest.raises(FramingError):
        framer.control(Control.ENQ)


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        ("1002 800000 1003 1FF5", [Damaged("check", 0, 9)]),  # the CRC's bytes the other way round
        ("1002 1003 0000", [Damaged("check", 0, 6)]),
        ("1002 8000 1041 00 1003 F51F", [Damaged("escape", 0, 11)]),
        (
            "1002 1041 1003 0000 1002 800000 1003 F51F",
            [Damaged("escape", 0, 8), bytes.fromhex("800000")],
        ),
        ("1002 8000 1002 800000 1003 F51F", [Damaged("cut", 0, 4), bytes.fromhex("800000")]),
        ("1002 8000 10", [Damaged("cut", 0, 5)]),
        ("10", [Damaged("cut", 0, 1)]),
    ],
)
def test_damage_on_a_serial_line_says_what_is_wrong(stream: str, expected: list[object]) -> None:
    raw = bytes.fromhex(stream)

    assert play(ZVTSerialFramer(), [raw]) == (expected, None)
    assert play(ZVTSerialFramer(), byte_by_byte(raw)) == (expected, None)


def test_crc_that_the_paper_names_is_not_the_one_it_means() -> None:
    """XMODEM over 80 00 00 03, either way round, is refused."""
    for check in ("ED5B", "5BED"):
        events, _ = play(ZVTSerialFramer(), [bytes.fromhex("1002 800000 1003" + check)])
        assert events == [Damaged("check", 0, 9)]


@given(st.binary(min_size=1, max_size=40), st.data())
def test_command_with_one_flipped_bit_is_never_delivered(body: bytes, data: st.DataObject) -> None:
    raw = bytearray(ZVTSerialFramer().frame(body))
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= 1 << data.draw(st.integers(0, 7))

    events, _ = play(ZVTSerialFramer(), [bytes(raw)])

    assert not [event for event in events if isinstance(event, bytes)]


def test_thousand_broken_escapes_are_one_damage() -> None:
    raw = bytes.fromhex("1002") + b"\x10\x41" * 4000 + bytes.fromhex("1003 0000")

    assert play(ZVTSerialFramer(), [raw]) == ([Damaged("escape", 0, len(raw))], None)


def test_command_longer_than_the_bound_is_skipped_up_to_its_check_bytes() -> None:
    framer = ZVTSerialFramer(ZVTSerial(5))
    for filler, told in ((b"A", 13), (b"\x10", 14)):
        long = ZVTSerialFramer().frame(filler * 99)
        raw = long + ZVTSerialFramer().frame(b"12345")
        for chunks in ([raw], byte_by_byte(raw)):
            damage, *rest = play(ZVTSerialFramer(ZVTSerial(5)), chunks)[0]
            assert damage == Damaged("too long", 0, told)
            assert rest == [b"12345"]
    assert play(framer, [ZVTSerialFramer().frame(b"123456")])[0] == [Damaged("too long", 0, 12)]


# --- over TCP ---------------------------------------------------------------------------------------


def test_commands_over_tcp_stand_one_after_another() -> None:
    long = bytes.fromhex("06D1 FF 2C01") + b"x" * 300
    commands = [REFUND, bytes.fromhex("800000"), long, bytes.fromhex("06D1 FF 0000")]
    raw = b"".join(commands)

    assert play(ZVTTCPFramer(), [raw]) == (commands, None)
    assert play(ZVTTCPFramer(), byte_by_byte(raw)) == (commands, None)
    assert [ZVTTCPFramer().frame(command) for command in commands] == commands


def test_command_over_tcp_longer_than_the_bound_is_refused() -> None:
    framer = ZVTTCPFramer(ZVTTCP(300))

    assert framer.feed(REFUND + bytes.fromhex("06D1 FF 2801")) == [REFUND]
    with pytest.raises(FramingError, match=r"^frame at byte 16: expected a command of at most 300"):
        framer.feed(b"")
    assert framer.pending_bytes == 0


def test_longest_command_over_tcp_is_taken() -> None:
    assert play(ZVTTCPFramer(ZVTTCP(len(REFUND))), [REFUND]) == ([REFUND], None)
    with pytest.raises(FramingError, match="a command of at most 15 bytes"):
        ZVTTCPFramer(ZVTTCP(15)).frame(REFUND)


@pytest.mark.parametrize("body", ["", "80", "8000", "800001", "80000000", "06D1FF", "06D1FF0100"])
def test_command_whose_length_is_not_its_own_is_not_framed(body: str) -> None:
    with pytest.raises(FramingError, match="CC II LL") as caught:
        ZVTTCPFramer().frame(bytes.fromhex(body))
    assert caught.value.effect == "nothing_sent"


def test_bound_that_makes_no_sense_is_refused() -> None:
    for make in (lambda: ZVTTCP(2), lambda: ZVTTCP(65_541), lambda: ZVTSerial(0)):
        with pytest.raises(ConfigError):
            make()
