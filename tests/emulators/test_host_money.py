"""Sale, refund and void: what the host books, what it answers, and each refusal by its code."""

from __future__ import annotations

from datetime import timedelta

import pytest

import plain_des
from emulators.host_peer import (
    CARD,
    CARD_19,
    MERCHANT,
    OTHER_CARD,
    TERMINAL,
    Fields,
    Peer,
    make_host,
    numbered,
)
from posrefund.emulators.host import Codes, EmulatedHost, HostProfile, HostTime

NEXT_DAY = timedelta(days=1)


def signed_in(profile: HostProfile | None = None) -> tuple[EmulatedHost, HostTime, Peer]:
    host, clock = make_host(profile)
    peer = Peer(host)
    peer.sign_in()
    return host, clock, peer


def sold_yesterday(profile: HostProfile | None = None) -> tuple[EmulatedHost, Peer, Fields]:
    host, clock, peer = signed_in(profile)
    sale = peer.sale(10_000)
    clock.advance(NEXT_DAY)
    return host, peer, sale


def test_sale_is_booked_and_answered() -> None:
    host, _, peer = signed_in()
    reply = peer.sale(12_345)
    assert {n: value for n, value in reply.items() if n != 64} == {
        0: "0210",
        2: CARD,
        3: "000000",
        4: "000000012345",
        11: "000002",
        12: "100000",
        13: "0309",
        14: "3012",
        15: "0309",
        25: "00",
        32: "48021000",
        37: "606810000002",
        38: "000002",
        39: "00",
        41: TERMINAL,
        42: MERCHANT,
        44: "01020000   48021000   ",
        49: "156",
        60: "22000001000600",
        63: "CUP",
    }
    assert 64 in reply
    (entry,) = host.ledger.entries()
    assert (entry.kind, entry.amount_minor, entry.state) == ("sale", 12_345, "booked")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"de2": "6200000000000006"}, "14"),
        ({"de4": "000000000000"}, "13"),
        ({"de22": "012"}, "00"),
        ({"de55": "9F260811223344556677885F2A020156"}, "00"),
    ],
)
def test_sale_is_refused_only_for_a_bad_card_or_no_amount(
    changes: dict[str, str], code: str
) -> None:
    _, _, peer = signed_in()
    fields = {**peer.money_fields("22", 1, CARD), **numbered(changes)}
    assert peer.ask("0200", fields)[39] == code


def test_refund_is_booked_and_answered() -> None:
    host, peer, sale = sold_yesterday()
    reply = peer.refund(sale, 2_500)
    assert {n: value for n, value in reply.items() if n != 64} == {
        0: "0230",
        2: CARD,
        3: "200000",
        4: "000000002500",
        11: "000003",
        12: "100000",
        13: "0310",
        14: "3012",
        15: "0310",
        25: "00",
        32: "48021000",
        37: "606910000003",
        39: "00",
        41: TERMINAL,
        42: MERCHANT,
        44: "01020000   48021000   ",
        49: "156",
        60: "25000001000600",
        63: "CUP",
    }
    assert 64 in reply
    booked = host.ledger.entries()[-1]
    assert (booked.kind, booked.amount_minor) == ("refund", 2_500)
    assert (booked.original_rrn, booked.original_stan) == ("606810000002", "000002")
    assert booked.original_time == "0309100000"


def test_a_decline_has_the_same_fields_and_no_mac() -> None:
    _, peer, sale = sold_yesterday()
    approved = peer.refund(sale, 1)
    declined = peer.refund(sale, 10_000)
    assert declined[39] == "61"
    assert set(approved) - set(declined) == {64}


def test_a_decline_carries_a_mac_when_the_profile_says_so() -> None:
    _, peer, sale = sold_yesterday(HostProfile(mac_on_declines=True))
    assert 64 in peer.refund(sale, 10_001)


def test_magnetic_refund_gets_the_number_back_from_the_track() -> None:
    _, _, peer = signed_in(HostProfile(same_day_refund_allowed=True))
    sale = peer.sale(500, CARD_19)
    fields = peer.refund_fields(sale, 500)
    del fields[2]
    fields |= {22: "022", 35: CARD_19 + "D30122010000000", 53: "0600000000000000"}
    reply = peer.ask("0220", fields)
    assert reply[39] == "00"
    assert reply[2] == CARD_19
    assert reply[53] == "0600000000000000"
    assert 35 not in reply


def test_track_under_the_tdk_is_opened() -> None:
    host, _ = make_host(HostProfile(same_day_refund_allowed=True))
    peer = Peer(host)
    peer.sign_in("004")
    sale = peer.sale(500)
    track = CARD + "D30122010000000000"  # 34 digits: 16 to 31 are under the TDK
    block = plain_des.encrypt(peer.tdk, bytes.fromhex(track[16:32])).hex().upper()
    fields = peer.refund_fields(sale, 500)
    del fields[2]
    fields |= {22: "022", 35: track[:16] + block + track[32:], 53: "0610000000000000"}
    assert peer.ask("0220", fields)[2] == CARD


def test_track_that_was_never_encrypted_is_garbled_by_the_tdk() -> None:
    host, _ = make_host(HostProfile(same_day_refund_allowed=True))
    peer = Peer(host)
    peer.sign_in("004")
    fields = peer.refund_fields(peer.sale(500), 500)
    del fields[2]
    fields |= {22: "022", 35: "620000000000D3012", 53: "0610000000000000"}
    assert peer.ask("0220", fields)[39] == "14"


def test_refunds_are_accepted_until_the_sale_is_used_up() -> None:
    host, peer, sale = sold_yesterday()
    codes = [peer.refund(sale, amount)[39] for amount in (4_000, 4_000, 2_001, 2_000, 1)]
    assert codes == ["00", "00", "61", "00", "61"]
    assert host.ledger.remaining_minor(host.ledger.entries()[0]) == 0


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"de4": "000000010001"}, "61"),
        ({"de4": "000000000000"}, "13"),
        ({"de2": OTHER_CARD}, "14"),
        ({"de2": "6200000000000006"}, "14"),
        ({"de37": "606810000099"}, "25"),
        ({"de61": "0000000000000308"}, "25"),
        ({"de61": "0000000000000311"}, "25"),
        ({"de61": "0000000000000229"}, "25"),
        ({"de61": "0000020000020309"}, "25"),
        ({"de61": "0000010000030309"}, "25"),
        ({"de61": "0000010000020309"}, "00"),
        ({"de61": "0000000000020309"}, "00"),
        ({"de38": "000002"}, "00"),
        ({"de38": "000003"}, "25"),
        ({"de22": "012"}, "58"),
    ],
)
def test_refund_is_answered_by_the_rule_it_breaks(changes: dict[str, str], code: str) -> None:
    host, peer, sale = sold_yesterday()
    reply = peer.refund(sale, 10_000, **({"de14": "3012"} | changes))
    assert reply[39] == code
    assert len(host.ledger.entries()) == (2 if code == "00" else 1)
    assert [refusal.code for refusal in host.ledger.refusals] == ([] if code == "00" else [code])


def test_refund_on_another_terminal_of_the_merchant_is_accepted() -> None:
    host, peer, sale = sold_yesterday()
    other = Peer(host, "87654321")
    other.sign_in()
    assert other.refund(sale, 1_000)[39] == "00"
    assert peer.refund(sale, 9_001)[39] == "61"


def test_refund_of_a_refund_is_not_found() -> None:
    _, peer, sale = sold_yesterday()
    refund = peer.refund(sale, 1_000)
    assert peer.refund(refund, 1_000)[39] == "25"


@pytest.mark.parametrize("undo", ["void", "reverse"])
def test_refund_of_an_undone_sale_is_refused_with_12(undo: str) -> None:
    _, clock, peer = signed_in()
    sale = peer.sale()
    assert getattr(peer, undo)(sale)[39] == "00"
    clock.advance(NEXT_DAY)
    assert peer.refund(sale, 1)[39] == "12"


def test_refund_on_the_day_of_the_sale_is_refused_with_25() -> None:
    _, _, peer = signed_in()
    assert peer.refund(peer.sale(), 1)[39] == "25"


def test_codes_are_the_profiles() -> None:
    profile = HostProfile(codes=Codes(other_card="63", over_refund="64"))
    _, peer, sale = sold_yesterday(profile)
    assert peer.refund(sale, 1, OTHER_CARD)[39] == "63"
    assert peer.refund(sale, 10_001)[39] == "64"


def test_void_undoes_the_sale() -> None:
    host, _, peer = signed_in()
    sale = peer.sale(700)
    reply = peer.void(sale)
    assert (reply[0], reply[39], reply[4], reply[60]) == (
        "0210",
        "00",
        "000000000700",
        "23000001000600",
    )
    assert [(e.kind, e.state) for e in host.ledger.entries()] == [
        ("sale", "voided"),
        ("void", "booked"),
    ]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"de4": "000000009999"}, "64"),
        ({"de37": "606810000099"}, "25"),
        ({"de38": "000009"}, "25"),
        ({"de38": "000002"}, "00"),
        ({"de61": "000001000009"}, "25"),
        ({"de61": "000002000002"}, "25"),
        ({"de61": "0000010000020309"}, "00"),
        ({"de61": "0000010000020308"}, "25"),
        ({"de2": OTHER_CARD}, "14"),
        ({"de22": "012"}, "00"),
    ],
)
def test_void_is_answered_by_the_rule_it_breaks(changes: dict[str, str], code: str) -> None:
    _, _, peer = signed_in()
    sale = peer.sale()
    fields = {**peer.money_fields("23", 10_000, CARD), 37: sale[37], 61: "000001000002"}
    assert peer.ask("0200", {**fields, **numbered(changes)})[39] == code


def test_void_of_a_voided_sale_is_refused_with_12() -> None:
    _, _, peer = signed_in()
    sale = peer.sale()
    peer.void(sale)
    assert peer.void(sale)[39] == "12"


def test_void_of_a_refunded_sale_is_refused_with_12() -> None:
    _, _, peer = signed_in(HostProfile(same_day_refund_allowed=True))
    sale = peer.sale()
    peer.refund(sale, 1)
    assert peer.void(sale)[39] == "12"


def test_void_from_another_terminal_is_not_found() -> None:
    host, _, peer = signed_in()
    sale = peer.sale()
    other = Peer(host, "87654321")
    other.sign_in()
    assert other.void(sale)[39] == "25"


def test_void_after_the_batch_was_closed_is_not_found() -> None:
    host, _, peer = signed_in()
    sale = peer.sale()
    host.close_batch(TERMINAL)
    peer.sign_in()
    assert peer.void(sale, de61="000001" + sale[11])[39] == "25"


def test_batch_that_is_not_open_is_refused_with_77_before_the_mac_is_looked_at() -> None:
    host, peer, sale = sold_yesterday()
    host.close_batch(TERMINAL)
    peer.mak = bytes(8)
    assert peer.refund(sale, 1)[39] == "77"


def test_wrong_mac_is_refused_with_a0_and_leaves_the_stan_free() -> None:
    host, peer, sale = sold_yesterday()
    message = peer.sealed("0220", peer.refund_fields(sale, 100))
    assert peer.send(message[:-1] + b"\x00")[39] == "A0"
    assert peer.send(message)[39] == "00"
    assert len(host.ledger.entries()) == 2


@pytest.mark.parametrize(("amount", "first"), [(100, "00"), (10_001, "61")])
def test_repeated_stan_is_refused_with_94_whatever_became_of_the_first(
    amount: int, first: str
) -> None:
    host, peer, sale = sold_yesterday()
    message = peer.sealed("0220", peer.refund_fields(sale, amount))
    assert [peer.send(message)[39] for _ in range(3)] == [first, "94", "94"]
    assert sum(e.amount_minor for e in host.ledger.entries() if e.kind == "refund") in (0, amount)


def test_repeated_message_gets_the_stored_answer_when_the_profile_says_so() -> None:
    host, peer, sale = sold_yesterday(HostProfile(repeat="stored_answer"))
    fields = peer.refund_fields(sale, 100)
    message = peer.sealed("0220", fields)
    assert host.answer(message) == host.answer(message)
    assert len(host.ledger.entries()) == 2
    assert peer.ask("0220", {**fields, 4: "000000000101"})[39] == "94"


def test_same_stan_in_the_next_batch_is_new() -> None:
    host, peer, sale = sold_yesterday()
    assert peer.refund(sale, 1)[39] == "00"
    host.close_batch(TERMINAL)
    peer.sign_in()
    peer.stan = int(sale[11])
    assert peer.refund(sale, 1)[39] == "00"
