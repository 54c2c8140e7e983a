"""The host's ISO 8583 dialects: the same rules in other bytes, asked by a terminal packed by hand."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

import plain_des
from emulators.host_peer import CARD, OTHER_CARD, at
from emulators.iso_peer import NAMES, IsoPeer, booked, clock, make_host, says
from posrefund.emulators.host import EmulatedHost, HostProfile

if TYPE_CHECKING:
    pass


@pytest.fixture(params=NAMES)
def peer(request: pytest.FixtureRequest) -> IsoPeer:
    host, _ = make_host(request.param)
    peer = IsoPeer(host, request.param)
    peer.sign_in()
    return peer


# --- bytes -----------------------------------------------------------------------------------------

ECHOES = {
    "iso87-ascii": (
        (b"0800" b"8238000000C00000" b"0400000000000000"
        b"0309021500" b"000001" b"101500" b"0309" b"12345678" b"123456789012345" b"301"),
        (b"0810" b"8238000002C00010" b"0400000000000000"
        b"0309021500" b"000001" b"100000" b"0309" b"00" b"12345678" b"123456789012345"
        b"006000001" b"301"),
    ),
    "iso87-binary": (
        bytes.fromhex("6000030000" "0800" "8238000000C00000" "0400000000000000")
        + bytes.fromhex("0309021500" "000001" "101500" "0309")
        + b"12345678" b"123456789012345" b"\x03\x01",
        bytes.fromhex("6000000003" "0810" "8238000002C00010" "0400000000000000")
        + bytes.fromhex("0309021500" "000001" "100000" "0309")
        + b"00" b"12345678" b"123456789012345" b"\x00\x06000001" b"\x03\x01",
    ),
    "iso93-ascii": (
        (b"1804" b"0230010000C00000"
        b"0309021500" b"000001" b"260309101500" b"831" b"12345678" b"123456789012345"),
        (b"1814" b"0230010002C00010"
        b"0309021500" b"000001" b"260309100000" b"831" b"800" b"12345678" b"123456789012345"
        b"006000001"),
    ),
    "iso93-binary": (
        bytes.fromhex("1804" "0230010000C00000" "0309021500" "000001" "260309101500" "0831")
        + b"12345678" b"123456789012345",
        bytes.fromhex("1814" "0230010002C00010" "0309021500" "000001" "260309100000" "0831" "0800")
        + b"12345678" b"123456789012345" b"\x00\x06000001",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_echo_is_these_bytes_and_so_is_its_answer(name: str) -> None:
    host, _ = make_host(name)
    asked, answered = ECHOES[name]

    assert host.answer(asked) == answered


def test_unionpay_is_the_dialect_of_a_profile_that_names_none() -> None:
    assert HostProfile().dialect == "unionpay"
    assert (
        EmulatedHost(HostProfile(), [], clock=lambda: at("2026-03-09T10:00:00")).dialect.name
        == "unionpay"
    )


def test_dialect_that_the_host_does_not_speak_is_refused_with_those_it_does() -> None:
    with pytest.raises(ValueError, match=r"unionpay, iso87-ascii.*iso93-binary"):
        EmulatedHost(HostProfile(dialect="iso03"), [], clock=lambda: at("2026-03-09T10:00:00"))


# --- sign-in, sign-off, echo -----------------------------------------------------------------------


def test_sign_in_hands_out_two_double_length_keys_and_the_batch(peer: IsoPeer) -> None:
    reply = peer.sign_in()

    assert len(bytes.fromhex(reply[62])) == 40
    assert len(peer.mak) == 16
    assert peer.mak[:8] != peer.mak[8:]
    expected = {0, 7, 11, 12, 39, 41, 42, 60, 62} | ({24} if peer.is_1993 else {13, 70})
    assert set(reply) == expected
    assert (reply[39], reply[60]) == (says(peer, "managed"), "000001")


def test_sign_off_ends_what_sign_in_began(peer: IsoPeer) -> None:
    assert peer.manage("802")[39] == says(peer, "managed")

    assert peer.sale()[39] == says(peer, "batch")
    assert booked(peer) == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"de41": "00000000"}, "terminal"),
        ({"de42": "000000000000000"}, "merchant"),
        ({"de60": "000001"}, "form"),
    ],
)
def test_sign_in_of_a_stranger_is_refused(
    peer: IsoPeer, changes: dict[str, str], code: str
) -> None:
    reply = peer.manage("801", **changes)

    assert reply[39] == says(peer, code)
    assert 62 not in reply


@pytest.mark.parametrize("name", NAMES)
def test_management_of_an_unknown_kind_is_an_invalid_transaction(name: str) -> None:
    host, _ = make_host(name)
    peer = IsoPeer(host, name)
    place = "de24" if peer.is_1993 else "de70"

    assert peer.manage("831", **{place: "999"})[39] == says(peer, "kind")


# --- sale and refund -------------------------------------------------------------------------------


def test_sale_is_approved_sealed_and_booked(peer: IsoPeer) -> None:
    reply = peer.sale(2_500)
    (entry,) = peer.host.ledger.entries()

    shared = {0, 2, 3, 4, 7, 11, 12, 14, 15, 32, 37, 38, 39, 41, 42, 49, 60, 64}
    own = {24} if peer.is_1993 else {13, 25}
    assert set(reply) == shared | own | ({24} if peer.name == "iso87-binary" else set())
    assert reply[0] == ("1210" if peer.is_1993 else "0210")
    assert reply[39] == says(peer, "ok")
    assert (reply[12], reply[15]) == (
        ("260309100000", "260309") if peer.is_1993 else ("100000", "0309")
    )
    assert (entry.kind, entry.amount_minor, entry.batch) == ("sale", 2_500, "000001")
    assert (entry.rrn, entry.auth, entry.stan) == (reply[37], reply[38], reply[11])
    assert entry.entry_mode == ("052" if peer.is_1993 else "072")


def test_mac_of_an_answer_is_that_of_the_plain_witness(peer: IsoPeer) -> None:
    message = peer.sealed(peer.money_mti, peer.money("000000", 100, CARD))
    body = (peer.host.answer(message) or b"")[len(peer.wire.tpdu) :]
    covered, tag = (
        (body[:-16], bytes.fromhex(body[-16:].decode()))
        if peer.wire.is_text
        else (
            body[:-8],
            body[-8:],
        )
    )

    assert plain_des.iso9797_3_mac(peer.mak, covered) == tag


def test_refund_of_the_next_day_is_approved_and_booked(peer: IsoPeer) -> None:
    sale = peer.sale()
    clock(peer).advance(timedelta(days=1))
    reply = peer.refund(sale, 4_000)
    entry = peer.host.ledger.entries()[-1]

    assert (reply[39], reply[4]) == (says(peer, "ok"), "000000004000")
    assert 64 in reply
    assert (entry.kind, entry.amount_minor, entry.original_rrn) == ("refund", 4_000, sale[37])


def test_refund_of_more_than_is_left_is_refused(peer: IsoPeer) -> None:
    sale = peer.sale()
    clock(peer).advance(timedelta(days=1))
    peer.refund(sale, 6_000)

    assert peer.refund(sale, 4_001)[39] == says(peer, "over")
    assert peer.refund(sale, 4_000)[39] == says(peer, "ok")
    assert booked(peer) == ["sale", "refund", "refund"]


def test_refund_on_the_day_of_the_sale_is_refused(peer: IsoPeer) -> None:
    assert peer.refund(peer.sale(), 100)[39] == says(peer, "original")


def test_refund_after_the_window_is_refused(peer: IsoPeer) -> None:
    sale = peer.sale()
    clock(peer).advance(timedelta(days=31))

    assert peer.refund(sale, 100)[39] == says(peer, "old")


@pytest.mark.parametrize(
    ("stan", "day", "code"),
    [
        ("000002", "260309", "ok"),
        ("000000", "260309", "ok"),
        ("000009", "260309", "original"),
        ("000002", "260308", "original"),
        ("000002", "260230", "form"),
        ("000002", "260000", "form"),
    ],
)
def test_refund_names_its_original_truly_or_not_at_all(
    peer: IsoPeer, stan: str, day: str, code: str
) -> None:
    sale = peer.sale()
    clock(peer).advance(timedelta(days=1))
    fields = peer.refund_fields(sale, 100) | peer.reference(stan, day)

    assert peer.ask(peer.money_mti, fields)[39] == says(peer, code)


@pytest.mark.parametrize(
    "wrong", [{"mti": "0400"}, {"mti": "9200"}, {"time": "101500"}, {"tail": "1"}]
)
def test_reference_of_another_form_is_a_format_error(peer: IsoPeer, wrong: dict[str, str]) -> None:
    sale = peer.sale()
    clock(peer).advance(timedelta(days=1))
    tail = wrong.get("tail", "")
    parts = {name: value for name, value in wrong.items() if name != "tail"}
    reference = peer.reference(sale[11], "260309", **parts)
    reference = {n: value[: len(value) - len(tail)] + tail for n, value in reference.items()}

    reply = peer.ask(peer.money_mti, peer.refund_fields(sale, 100) | reference)
    assert reply[39] == says(peer, "form")
    assert booked(peer) == ["sale"]


@pytest.mark.parametrize("name", ["iso93-ascii", "iso93-binary"])
def test_original_of_1993_names_the_year_and_that_must_be_right(name: str) -> None:
    host, time = make_host(name)
    peer = IsoPeer(host, name)
    peer.sign_in()
    sale = peer.sale()
    time.advance(timedelta(days=1))
    fields = peer.refund_fields(sale, 100)

    assert peer.ask("1200", fields | peer.reference(sale[11], "250309"))[39] == "914"
    fields = peer.refund_fields(sale, 100)
    assert peer.ask("1200", fields | peer.reference(sale[11], "250229"))[39] == "914"


def test_refund_to_another_card_is_refused(peer: IsoPeer) -> None:
    sale = peer.sale()
    clock(peer).advance(timedelta(days=1))

    assert peer.refund(sale, 100, card=OTHER_CARD)[39] == says(peer, "card")


def test_refund_with_a_typed_number_is_refused(peer: IsoPeer) -> None:
    sale = peer.sale()
    clock(peer).advance(timedelta(days=1))
    keyed = "51010165414C" if peer.is_1993 else "012"

    assert peer.refund(sale, 100, de22=keyed)[39] == says(peer, "keyed")


def test_sale_of_nothing_is_refused(peer: IsoPeer) -> None:
    assert peer.sale(0)[39] == says(peer, "zero")


# --- void and reversal -----------------------------------------------------------------------------


def test_void_undoes_the_sale_of_the_same_batch(peer: IsoPeer) -> None:
    sale = peer.sale()
    reply = peer.void(sale)
    entries = peer.host.ledger.entries()

    assert (reply[3], reply[39]) == ("020000", says(peer, "ok"))
    assert [(e.kind, e.state) for e in entries] == [("sale", "voided"), ("void", "booked")]
    assert peer.void(sale)[39] == says(peer, "state")


def test_void_of_another_amount_or_day_is_refused(peer: IsoPeer) -> None:
    sale = peer.sale()

    assert peer.void(sale, 9_999)[39] == says(peer, "amount")
    peer.void(sale, 1)
    other_day = {**peer.sent, **peer.times(), 4: sale[4], **peer.reference(sale[11], "260308")}
    assert peer.ask(peer.money_mti, other_day)[39] == says(peer, "original")
    clock(peer).advance(timedelta(days=1))
    assert peer.void(sale)[39] == says(peer, "original")


@pytest.mark.parametrize("kind", ["sale", "void"])
def test_reversal_undoes_a_sale_or_a_void(peer: IsoPeer, kind: str) -> None:
    sale = peer.sale()
    if kind == "void":
        peer.void(sale)
    undone = peer.sent
    reply = peer.reverse(undone)
    entries = peer.host.ledger.entries()

    assert reply[0] == ("1430" if peer.is_1993 else "0410")
    assert (reply[39], reply[11]) == (says(peer, "undone"), undone[11])
    assert 64 in reply
    assert entries[-1].kind == "reversal"
    assert entries[0].state == ("booked" if kind == "void" else "reversed")
    assert peer.host.ledger.refusals == []


@pytest.mark.parametrize("kind", ["sale", "void"])
def test_a_reversal_once_more_is_answered_as_the_first_and_books_nothing(
    peer: IsoPeer, kind: str
) -> None:
    sale = peer.sale()
    if kind == "void":
        peer.void(sale)
    undone = peer.sent
    first = peer.reverse(undone)
    entries = booked(peer)

    again = peer.reverse(undone)

    assert (again[39], again[11]) == (first[39], first[11]) == (says(peer, "undone"), undone[11])
    assert 64 in again
    assert booked(peer) == entries
    assert peer.host.ledger.refusals == []


def test_a_sale_that_is_voided_is_not_reversed(peer: IsoPeer) -> None:
    sale = peer.sale()
    sold = peer.sent
    peer.void(sale)

    assert peer.reverse(sold)[39] == says(peer, "state")


def test_reversal_of_what_never_came_is_accepted_and_it_may_not_come_late(peer: IsoPeer) -> None:
    lost = peer.money("000000", 10_000, CARD)

    assert peer.reverse(lost)[39] == says(peer, "undone")
    assert peer.ask(peer.money_mti, lost)[39] == says(peer, "twice")
    assert booked(peer) == []


def test_reversal_that_names_another_time_finds_nothing(peer: IsoPeer) -> None:
    peer.sale()
    other = peer.sent | ({12: "260309101501"} if peer.is_1993 else {7: "0309021501"})

    assert peer.reverse(other)[39] == says(peer, "original")
    assert booked(peer) == ["sale"]


def test_reversal_under_a_stan_of_its_own_is_a_format_error(peer: IsoPeer) -> None:
    peer.sale()

    assert peer.reverse(peer.sent, de11="000099")[39] == says(peer, "form")


def test_reversal_as_another_kind_finds_nothing(peer: IsoPeer) -> None:
    peer.sale()

    assert peer.reverse(peer.sent, de3="020000")[39] == says(peer, "original")


def test_refund_has_no_reversal(peer: IsoPeer) -> None:
    sale = peer.sale()
    clock(peer).advance(timedelta(days=1))
    peer.refund(sale, 100)

    assert peer.reverse(peer.sent)[39] == says(peer, "kind")
