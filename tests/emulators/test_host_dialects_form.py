"""Strictness of the host in its ISO 8583 dialects: field by field, byte by byte."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from emulators.host_peer import CARD, TERMINAL, Fields
from emulators.iso_peer import NAMES, IsoPeer, booked, clock, make_host, says
from posrefund.emulators.host import Delivery

if TYPE_CHECKING:
    pass

PIN = {26: "12", 52: "0011223344556677", 53: "2600000000000000"}
TRACK = CARD + "D30122010000000"


@pytest.fixture(params=NAMES)
def peer(request: pytest.FixtureRequest) -> IsoPeer:
    host, _ = make_host(request.param)
    peer = IsoPeer(host, request.param)
    peer.sign_in()
    return peer


def test_wrong_mac_is_refused_and_leaves_the_stan_free(peer: IsoPeer) -> None:
    fields = peer.money("000000", 10_000, CARD)
    right = peer.sealed(peer.money_mti, fields)
    last = b"0" if right[-1:] != b"0" else b"1"

    assert peer.send(right[:-1] + last)[39] == says(peer, "mac")
    assert booked(peer) == []
    assert peer.send(right)[39] == says(peer, "ok")


def mandatory(peer: IsoPeer) -> list[int]:
    common = [4, 7, 11, 12, 22, 37, 42, 49, 60]
    if peer.is_1993:
        return [*common, 56]
    return [*common, 13, 25, 90, *([24] if peer.name == "iso87-binary" else [])]


def test_missing_mandatory_field_is_a_format_error(peer: IsoPeer) -> None:
    sale = peer.sale()
    clock(peer).advance(timedelta(days=1))
    for number in mandatory(peer):
        fields = peer.refund_fields(sale, 100)
        del fields[number]
        assert peer.ask(peer.money_mti, fields)[39] == says(peer, "form"), number
        where = 128 if number == 90 else number  # without DE90 its MAC stands in DE64
        assert peer.host.log[-1].endswith(f"at DE{where}")
    assert booked(peer) == ["sale"]


def test_missing_mac_or_kind_is_refused(peer: IsoPeer) -> None:
    fields = peer.money("000000", 10_000, CARD)
    bare = peer.wire.tpdu + peer.wire.pack(peer.money_mti, fields)

    assert peer.send(bare)[39] == says(peer, "form")
    del fields[3]
    assert peer.ask(peer.money_mti, fields)[39] == says(peer, "kind")


FORBIDDEN: dict[int, str] = {
    15: "0309",
    32: "48021000",
    37: "606810000003",
    38: "000003",
    39: "68",
    62: "4142434445464748",
}


def test_field_that_does_not_belong_there_is_a_format_error(peer: IsoPeer) -> None:
    new = {15: "260309", 39: "000", 25: "4021"} if peer.is_1993 else {70: "301"}
    if peer.name == "iso87-ascii":
        new[24] = "003"
    for number, value in (FORBIDDEN | new).items():
        reply = peer.ask(peer.money_mti, {**peer.money("000000", 100, CARD), number: value})
        assert reply[39] == says(peer, "form"), number
    assert booked(peer) == []


SHAPES: list[tuple[Fields, Fields]] = [
    # field of 1987, field of 1993
    ({3: "00000A"}, {3: "00000A"}),
    ({4: "00000000010A"}, {4: "00000000010A"}),
    ({7: "1309021500"}, {7: "0332021500"}),
    ({11: "000000"}, {11: "000000"}),
    ({12: "240000"}, {12: "260309240000"}),
    ({13: "0000"}, {12: "261309101500"}),
    ({14: "3013"}, {14: "3013"}),
    ({22: "032"}, {22: "51010135414C"}),
    ({22: "073"}, {22: "51010155514C"}),
    ({25: "06"}, {24: "20A"}),
    ({49: "840"}, {49: "840"}),
    ({60: "00001"}, {60: "0000001"}),
    ({60: "00000A"}, {60: "00000A"}),
    ({26: "12"}, {52: "0011223344556677"}),
    ({53: "2600000000000000"}, {35: TRACK, 22: "51010125414C"}),
    ({**PIN, 26: "06", 22: "071"}, {22: "51010151314C"}),
    ({**PIN, 22: "072"}, {52: "0011223344556677", 22: "51010155414C"}),
    ({22: "022"}, {22: "51010125414C"}),
    ({23: "001", 22: "012"}, {23: "001", 22: "51010165414C"}),
]


def test_field_of_another_form_is_a_format_error(peer: IsoPeer) -> None:
    for old, new in SHAPES:
        wrong = new if peer.is_1993 else old
        if not peer.wire.is_text and any("A" in value for value in wrong.values()):
            continue  # no packed digit
        fields = {**peer.money("000000", 10_000, CARD), **wrong}
        assert peer.ask(peer.money_mti, fields)[39] == says(peer, "form"), wrong
    assert booked(peer) == []


def test_form_that_is_right_is_taken(peer: IsoPeer) -> None:
    pin = {52: "0011223344556677", 22: "51010151314C"} if peer.is_1993 else {**PIN, 22: "071"}
    for more in (pin, {23: "001"}, {55: "9F260411223344"}):
        fields = {**peer.money("000000", 10_000, CARD), **more}
        assert peer.ask(peer.money_mti, fields)[39] == says(peer, "ok"), more


def test_track_names_the_card_by_either_separator_where_it_is_text(peer: IsoPeer) -> None:
    for separator in "D=" if peer.wire.is_text else "D":
        fields = peer.money("000000", 10_000, CARD)
        fields |= {22: "51010125414C" if peer.is_1993 else "022"}
        fields |= {35: TRACK.replace("D", separator)}
        del fields[2]
        assert peer.ask(peer.money_mti, fields)[39] == says(peer, "ok")
        assert peer.host.ledger.entries()[-1].pan.reveal() == CARD


def test_field_that_no_table_has_gets_no_answer(peer: IsoPeer) -> None:
    body = peer.wire.pack(peer.money_mti, {**peer.money("000000", 100, CARD), 9: "00" * 8})

    assert peer.host.respond(peer.wire.tpdu + body) == Delivery(close=True)
    assert peer.host.log[-1] == "unreadable: bitmap"


def test_wrong_batch_is_refused(peer: IsoPeer) -> None:
    assert peer.sale(de60="000002")[39] == says(peer, "batch")
    peer.host.close_batch(TERMINAL)
    assert peer.sale()[39] == says(peer, "batch")
    peer.sign_in()
    assert peer.sale()[39] == says(peer, "ok")
    assert peer.batch == "000002"


def test_same_stan_twice_is_refused_the_second_time(peer: IsoPeer) -> None:
    peer.sale()

    assert peer.send(peer.last_sent)[39] == says(peer, "twice")
    assert booked(peer) == ["sale"]


@pytest.mark.parametrize("mti", ["0100", "1100", "0220", "0820"])
def test_unknown_mti_is_a_format_error(peer: IsoPeer, mti: str) -> None:
    assert peer.ask(mti, peer.money("000000", 100, CARD))[39] == says(peer, "form")


def test_cut_message_never_crashes_and_books_nothing(peer: IsoPeer) -> None:
    sale = peer.sale()
    clock(peer).advance(timedelta(days=1))
    whole = peer.sealed(peer.money_mti, peer.refund_fields(sale, 100))
    for end in range(len(whole)):
        reply = peer.host.answer(whole[:end])
        if reply is not None:
            assert peer.open(reply)[39] == says(peer, "form")
    assert peer.open(peer.host.answer(whole + b"0") or b"")[39] == says(peer, "form")
    assert booked(peer) == ["sale"]
    assert peer.send(whole)[39] == says(peer, "ok")


def test_message_with_any_byte_changed_books_nothing(peer: IsoPeer) -> None:
    whole = peer.sealed(peer.money_mti, peer.money("000000", 100, CARD))
    ends_at = len(peer.wire.tpdu)
    for place in range(ends_at, len(whole)):
        for change in (0x01, 0x20, 0x80):
            changed = bytearray(whole)
            changed[place] ^= change
            peer.host.answer(bytes(changed))
    assert booked(peer) == []


@pytest.mark.parametrize("name", ["iso87-ascii", "iso93-ascii"])
@pytest.mark.parametrize(
    ("right", "wrong"), [(b"006000001", b" 06000001"), (b"006000001", b"+06000001")]
)
def test_number_written_in_another_way_is_a_format_error(
    name: str, right: bytes, wrong: bytes
) -> None:
    host, _ = make_host(name)
    peer = IsoPeer(host, name)
    peer.sign_in()
    whole = peer.sealed(peer.money_mti, peer.money("000000", 100, CARD))
    assert whole.count(right) == 1

    assert peer.send(whole.replace(right, wrong))[39] == says(peer, "form")


@pytest.mark.parametrize("name", ["iso87-ascii", "iso93-ascii"])
def test_bitmap_in_lower_case_gets_no_approval(name: str) -> None:
    host, _ = make_host(name)
    peer = IsoPeer(host, name)
    peer.sign_in()
    whole = peer.sealed(peer.money_mti, peer.money("000000", 100, CARD))

    assert whole[4:20] != whole[4:20].lower()
    reply = host.answer(whole[:4] + whole[4:20].lower() + whole[20:])
    assert reply is None or peer.open(reply)[39] == says(peer, "form")


@pytest.mark.parametrize("name", ["iso87-ascii", "iso87-binary"])
def test_second_bitmap_without_a_field_in_it_is_a_format_error(name: str) -> None:
    host, _ = make_host(name)
    peer = IsoPeer(host, name)
    peer.sign_in()
    body = peer.wire.pack("0200", {**peer.money("000000", 100, CARD), 64: "00" * 8})
    first = 20 if peer.wire.is_text else 10
    at = 4 if peer.wire.is_text else 2
    top = f"{body[at : at + 1].hex()}" if not peer.wire.is_text else body[at : at + 1].decode()
    digit = f"{int(top, 16) | (0x8 if peer.wire.is_text else 0x80):X}"
    lead = digit.encode() if peer.wire.is_text else bytes.fromhex(digit)
    empty = b"0" * 16 if peer.wire.is_text else bytes(8)
    message = body[:at] + lead + body[at + 1 : first] + empty + body[first:]

    assert peer.send(peer.wire.tpdu + message)[39] == "30"
