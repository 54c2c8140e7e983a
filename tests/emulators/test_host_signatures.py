"""The host takes signatures: MAC, whose slip, the order of packets, the words beside them; and digit 6 of its header."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

import plain_des
from emulators.host_peer import (
    CARD,
    MERCHANT,
    OTHER_CARD,
    PREFIX,
    TERMINAL,
    Fields,
    Peer,
    make_host,
    numbered,
    pack,
    unpack,
)
from emulators.test_host_control import talk

if TYPE_CHECKING:
    from posrefund.emulators.host import EmulatedHost

HEADER = "00000100" + "00000010" + "00000010" + "00000010" + "00000000"
WHOLE = HEADER + "B7DC66B5FF02"
FIRST, MIDDLE, LAST = HEADER + "AA" * 10, "BB" * 20, "CC" * 5 + "FF02"


def tag(name: str, value: bytes) -> str:
    return name + bytes([len(value)]).hex() + value.hex()


def words(reply: Fields, **more: bytes) -> str:
    """What stands beside a signature, from the answer that it is under."""
    found = {
        "FF00": "店".encode("gbk"),
        "FF01": "消费".encode("gbk"),
        "FF06": bytes.fromhex(f"2026{reply[13]}{reply[12]}"),
        "FF0A": b"156",
        **more,
    }
    return "".join(tag(name, value) for name, value in found.items() if value)


def upload(
    peer: Peer, reply: Fields, number: str, part: str, slip: str = "", **more: str
) -> Fields:
    fields = {
        2: CARD,
        4: reply[4],
        11: reply[11],
        15: reply[15],
        37: reply[37],
        41: TERMINAL,
        42: MERCHANT,
        55: slip or words(reply),
        60: f"07{peer.batch}{number}",
        62: part,
    }
    return peer.ask("0820", {**fields, **numbered(more)})


@pytest.fixture
def host() -> EmulatedHost:
    return make_host()[0]


@pytest.fixture
def peer(host: EmulatedHost) -> Peer:
    made = Peer(host)
    made.sign_in()
    return made


def test_a_picture_of_one_packet_is_whole_and_its_answer_carries_a_mac(
    host: EmulatedHost, peer: Peer
) -> None:
    sold = peer.sale(700)
    answer = upload(peer, sold, "800", WHOLE)

    assert (answer[0], answer[39], answer[60], answer[37]) == (
        "0830",
        "00",
        "07000001800",
        sold[37],
    )
    assert 64 in answer
    ((key, stored),) = host.signatures.items()
    assert key == (TERMINAL, "000001", sold[11])
    assert (stored.picture.hex().upper(), stored.is_whole) == (WHOLE, True)
    assert stored.tags["FF00"] == "店"


def test_packets_come_in_their_order_and_one_that_comes_again_is_one(
    host: EmulatedHost, peer: Peer
) -> None:
    sold = peer.sale(700)
    sent = [
        ("800", FIRST),
        ("800", FIRST),
        ("801", MIDDLE),
        ("801", MIDDLE),
        ("805", LAST),
        ("805", LAST),
    ]

    assert [upload(peer, sold, *each)[39] for each in sent] == ["00"] * 6
    (stored,) = host.signatures.values()
    assert stored.picture.hex().upper() == FIRST + MIDDLE + LAST
    assert stored.is_whole


@pytest.mark.parametrize(
    ("before", "number", "part", "code"),
    [
        ([], "801", MIDDLE, "30"),
        ([], "805", LAST, "30"),
        ([("800", FIRST)], "802", MIDDLE, "30"),
        ([("800", FIRST), ("801", MIDDLE)], "801", LAST, "30"),
        ([("800", FIRST), ("805", LAST)], "801", MIDDLE, "30"),
        ([("800", FIRST), ("805", LAST)], "806", MIDDLE, "30"),
        ([("800", FIRST), ("805", LAST)], "800", WHOLE, "94"),
        ([("800", FIRST)], "800", WHOLE, "00"),
        ([], "800", "AA" * 30, "30"),
        ([], "800", HEADER[:30], "30"),
    ],
)
def test_a_packet_out_of_order_or_without_a_header_is_refused(
    host: EmulatedHost, peer: Peer, before: list[tuple[str, str]], number: str, part: str, code: str
) -> None:
    sold = peer.sale(700)
    for each in before:
        assert upload(peer, sold, *each)[39] == "00"

    assert upload(peer, sold, number, part)[39] == code


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"de2": OTHER_CARD}, "14"),
        ({"de4": "000000000701"}, "64"),
        ({"de11": "000009"}, "25"),
        ({"de37": "000000000000"}, "25"),
        ({"de15": "0101"}, "25"),
        ({"de60": "07000002800"}, "77"),
        ({"de41": "99999999"}, "97"),
    ],
)
def test_a_signature_under_another_slip_is_refused(
    host: EmulatedHost, peer: Peer, more: dict[str, str], code: str
) -> None:
    assert upload(peer, peer.sale(700), "800", WHOLE, **more)[39] == code
    assert host.signatures == {}


def test_a_signature_without_its_macs_key_is_refused(host: EmulatedHost, peer: Peer) -> None:
    sold = peer.sale(700)
    peer.mak = bytes(7) + b"\x01"
    fields = {2: CARD, 4: sold[4], 11: sold[11], 37: sold[37], 41: TERMINAL, 42: MERCHANT}
    fields |= {55: words(sold), 60: "07000001800", 62: WHOLE}
    reply = host.answer(peer.sealed("0820", fields))
    assert reply is not None

    assert unpack(reply[11:])[1][39] == "A0"
    assert host.signatures == {}


def test_what_was_reversed_has_no_slip(peer: Peer) -> None:
    sold = peer.sale(700)
    peer.reverse(sold)

    assert upload(peer, sold, "800", WHOLE)[39] == "12"


@pytest.mark.parametrize(
    "wrong",
    [
        {"FF06": bytes.fromhex("20250309100000")},
        {"FF06": b""},
        {"FF01": b""},
        {"FF0A": b"840"},
        {"FF00": b"\xff\xff\xff"},
    ],
)
def test_words_that_are_not_those_of_the_slip_are_refused(
    peer: Peer, wrong: dict[str, bytes]
) -> None:
    sold = peer.sale(700)

    assert upload(peer, sold, "800", WHOLE, words(sold, **wrong))[39] == "30"


@pytest.mark.parametrize(
    "slip", ["FF", "FF01", "FF0105AA", "5F2A020156", "FF0101AAFF0101AA", "FF0181" + "41" * 129]
)
def test_tags_that_cannot_be_read_are_refused(peer: Peer, slip: str) -> None:
    assert upload(peer, peer.sale(700), "800", WHOLE, slip)[39] == "30"


def test_a_refund_names_its_sale_and_a_void_its_number() -> None:
    host, clock = make_host()
    peer = Peer(host)
    peer.sign_in()
    sold, gone = peer.sale(700), peer.sale(800)
    undone = peer.void(gone)
    clock.advance(timedelta(days=1))
    given = peer.refund(sold, 300)
    stan = bytes.fromhex(gone[11])
    sale = {"FF62": sold[37].encode(), "FF63": bytes.fromhex(sold[13])}

    assert upload(peer, undone, "800", WHOLE, words(undone))[39] == "30"
    assert upload(peer, undone, "800", WHOLE, words(undone, FF60=stan))[39] == "00"
    assert upload(peer, given, "800", WHOLE, words(given))[39] == "30"
    assert (
        upload(peer, given, "800", WHOLE, words(given, **sale | {"FF63": b"\x01\x01"}))[39] == "30"
    )
    assert upload(peer, given, "800", WHOLE, words(given, **sale))[39] == "00"


# --- digit 6 of the header -------------------------------------------------------------------------


def header_digit(host: EmulatedHost, message: bytes) -> int:
    reply = host.answer(message)
    assert reply is not None
    return reply[7] & 0x0F


def test_every_answer_to_a_terminal_asks_until_it_signs_in(host: EmulatedHost, peer: Peer) -> None:
    echo = PREFIX + pack("0820", {11: "000077", 41: TERMINAL, 42: MERCHANT, 60: "00000001301"})
    stranger = PREFIX + pack(
        "0820", {11: "000078", 41: "99999999", 42: MERCHANT, 60: "00000001301"}
    )
    assert talk(host, json.dumps({"asks": TERMINAL, "digit": "3"})) == [
        {"asks": TERMINAL, "digit": "3"}
    ]

    assert [header_digit(host, echo), header_digit(host, echo)] == [3, 3]
    assert header_digit(host, stranger) == 0
    sign_in = {11: "000079", 41: TERMINAL, 42: MERCHANT, 60: "00000001003", 63: "001"}
    assert header_digit(host, PREFIX + pack("0800", sign_in)) in (0, 3)
    assert header_digit(host, echo) == 0


def test_what_a_sign_in_does_not_do_is_asked_for_until_somebody_says_done(
    host: EmulatedHost, peer: Peer
) -> None:
    talk(host, json.dumps({"asks": TERMINAL, "digit": "B"}))
    message = PREFIX + pack("0820", {11: "000077", 41: TERMINAL, 42: MERCHANT, 60: "00000001301"})
    sign_in = {11: "000079", 41: TERMINAL, 42: MERCHANT, 60: "00000001003", 63: "001"}
    host.answer(PREFIX + pack("0800", sign_in))

    assert header_digit(host, message) == 11
    talk(host, json.dumps({"asks": TERMINAL, "digit": "0"}))
    assert header_digit(host, message) == 0


def test_control_tells_of_signatures_and_refuses_what_is_no_digit(
    host: EmulatedHost, peer: Peer
) -> None:
    sold = peer.sale(700)
    upload(peer, sold, "800", WHOLE)
    told, *wrong = talk(
        host,
        '{"signatures": true}',
        json.dumps({"asks": TERMINAL, "digit": "10"}),
        json.dumps({"asks": "nobody", "digit": "3"}),
        json.dumps({"asks": TERMINAL}),
    )

    (row,) = told["signatures"]
    assert (row["stan"], row["packets"], row["bytes"]) == (sold[11], ["800"], len(WHOLE) // 2)
    assert row["is_whole"] is True
    assert CARD not in json.dumps(told)
    assert [each["error"] for each in wrong] == [
        "asks: ValueError",
        "asks: KeyError",
        "asks: KeyError",
    ]


def test_the_mac_is_the_one_of_the_plain_oracle(peer: Peer) -> None:
    sold = peer.sale(700)
    answer = upload(peer, sold, "800", WHOLE)
    body = peer.last_sent[11:-8]

    assert peer.last_sent[-8:] == plain_des.unionpay_mac(peer.mak, body)
    assert answer[39] == "00"
