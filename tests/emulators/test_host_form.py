"""Strictness: what is malformed is answered 30, what cannot be read gets no answer."""

from __future__ import annotations

from datetime import timedelta

import pytest

from emulators.host_peer import (
    CARD,
    CARD_19,
    MERCHANT,
    PREFIX,
    Fields,
    Peer,
    make_host,
    pack,
)

TRACK = {35: CARD + "D30122010000000"}
PIN = {26: "06", 52: "0011223344556677"}
DE53 = {53: "2600000000000000"}


@pytest.fixture
def peer() -> Peer:
    host, clock = make_host()
    peer = Peer(host)
    peer.sign_in()
    peer.sale()
    clock.advance(timedelta(days=1))
    return peer


def refund_of_first(peer: Peer) -> Fields:
    sale = peer.host.ledger.entries()[0]
    return peer.refund_fields({13: "0309", 37: sale.rrn}, 100)


@pytest.mark.parametrize("number", [3, 4, 11, 22, 25, 37, 49, 60, 61, 63, 64])
def test_missing_mandatory_field_is_answered_30(peer: Peer, number: int) -> None:
    fields = refund_of_first(peer)
    if number == 64:
        message = PREFIX + pack("0220", fields)
    else:
        del fields[number]
        message = peer.sealed("0220", fields)
    expected = "12" if number in (3, 60) else "30"  # without DE3 or DE60 it is no known kind
    assert peer.send(message)[39] == expected
    assert len(peer.host.ledger.entries()) == 1


@pytest.mark.parametrize(
    "extra",
    [
        {12: "100000"},
        {13: "0310"},
        {15: "0310"},
        {32: "48021000"},
        {39: "00"},
        {44: "01020000   48021000   "},
        {48: "00"},
        {55: "9F260411223344"},
        {62: "4142434445464748"},
    ],
)
def test_forbidden_field_is_answered_30(peer: Peer, extra: Fields) -> None:
    assert peer.ask("0220", {**refund_of_first(peer), **extra})[39] == "30"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({3: "20000A"}, "30"),
        ({4: "00000000010A"}, "30"),
        ({11: "000000"}, "30"),
        ({11: "00000F"}, "30"),
        ({14: "3013"}, "30"),
        ({22: "00A"}, "30"),
        ({22: "002"}, "30"),
        ({22: "073"}, "30"),
        ({37: "60681000-002"}, "30"),
        ({49: "840"}, "30"),
        ({60: "250000010006"}, "30"),
        ({60: "25000001000"}, "00"),
        ({60: "2500000100060"}, "00"),
        ({60: "25000001000600001"}, "00"),
        ({60: "25000001001600"}, "12"),
        ({60: "26000001000600"}, "12"),
        ({3: "000000"}, "12"),
        ({61: "000000000000"}, "30"),
        ({61: "0000000000001301"}, "30"),
        ({61: "0000000000000230"}, "30"),
        ({61: "00000000000003090"}, "30"),
        ({61: "00000000000003A9"}, "30"),
        ({63: "CU"}, "30"),
        ({63: "CUPS"}, "30"),
        ({63: "CUP"}, "00"),
        ({23: "001"}, "00"),
        ({59: "413230303253"}, "00"),
        ({**PIN, **DE53}, "30"),
        ({**PIN, **DE53, 22: "071"}, "00"),
        ({**PIN, 22: "071"}, "30"),
        ({26: "06"}, "30"),
        (DE53, "30"),
        ({**DE53, 53: "9600000000000000"}, "30"),
        (TRACK, "30"),
        ({**TRACK, **DE53}, "00"),
        ({**TRACK, **DE53, 22: "022"}, "30"),
        ({22: "022"}, "30"),
        ({35: CARD_19 + "D3012201000", **DE53}, "14"),
        ({35: CARD + "3012201000", **DE53}, "14"),
    ],
)
def test_form_of_a_field_decides(peer: Peer, changes: Fields, code: str) -> None:
    reply = peer.ask("0220", {**refund_of_first(peer), **changes})
    assert reply[39] == code


def test_answer_to_a_malformed_request_repeats_only_what_is_well_formed(peer: Peer) -> None:
    reply = peer.ask("0220", {**refund_of_first(peer), 4: "00000000010A"})
    assert 4 not in reply
    assert reply[11] == "000003"
    assert peer.host.log[-1] == "0220 answered 30 at DE4"


def test_unknown_mti_is_answered_30(peer: Peer) -> None:
    reply = peer.ask("0100", refund_of_first(peer))
    assert (reply[0], reply[39]) == ("0110", "30")


def test_field_that_cannot_be_unpacked_after_the_terminal_is_answered_30(peer: Peer) -> None:
    fields = refund_of_first(peer)
    message = peer.sealed("0220", fields)
    place = message.index(bytes.fromhex("0016" + fields[61]))
    assert peer.send(message[:place] + b"\x09" + message[place + 1 :])[39] == "30"


@pytest.mark.parametrize(
    ("message", "where"),
    [
        (b"", "envelope"),
        (PREFIX[:-1], "envelope"),
        (b"\x61" + PREFIX[1:] + b"\x02\x20", "TPDU"),
        (PREFIX, "MTI"),
        (PREFIX + b"\x02", "MTI"),
        (PREFIX + pack("0230", {41: "12345678"}), "MTI"),
        (PREFIX + pack("022A", {41: "12345678"}), "MTI"),
        (PREFIX + b"\x02\x20\x00", "bitmap"),
        (PREFIX + pack("0220", {11: "000001"}), "DE41"),
        (PREFIX + pack("0220", {9: "00" * 8, 41: "12345678"}), "bitmap"),
        (PREFIX + b"\x02\x20" + b"\x80" + bytes(15), "bitmap"),
        (PREFIX + pack("0220", {2: CARD})[:-4], "DE2"),
        (PREFIX + pack("0220", {22: "021", 41: "1234567"}), "DE41"),
        (PREFIX + bytes.fromhex("0220" + "0000040000000000" + "0211"), "DE22"),
    ],
)
def test_unreadable_message_gets_no_answer_and_is_counted(message: bytes, where: str) -> None:
    host, _ = make_host()
    delivery = host.respond(message)
    assert (delivery.replies, delivery.close) == ((), True)
    assert host.answer(message) is None
    assert host.unreadable_count == 2
    assert host.log[-1] == f"unreadable: {where}"


def test_entry_mode_is_left_justified_and_card_sequence_right_justified(peer: Peer) -> None:
    fields = {**refund_of_first(peer), 23: "007"}
    message = peer.sealed("0220", fields)
    assert bytes.fromhex("0720" + "0007" + "00") in message  # DE22, DE23, DE25
    assert peer.send(message)[39] == "00"
    other = message.replace(bytes.fromhex("0720000700"), bytes.fromhex("0072000700"))
    assert peer.host.answer(other) is None
    assert peer.host.log[-1] == "unreadable: DE22"


def test_logs_books_and_refusals_hold_no_card_number_and_no_key(peer: Peer) -> None:
    peer.ask("0220", refund_of_first(peer))
    peer.ask("0220", {**refund_of_first(peer), 4: "00000000010A"})
    host = peer.host
    shown = f"{host.log} {host.ledger.as_data()} {host.ledger.refusals} {host.ledger.entries()}"
    shown += f" {host.terminals} {host.profile}"
    assert CARD not in shown
    assert "620000******0005" in shown
    for secret in (peer.mak, peer.pik):
        assert secret.hex() not in shown.lower()
    assert MERCHANT in shown
