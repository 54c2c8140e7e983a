"""Each fault once, with what the books say afterwards."""

from __future__ import annotations

from datetime import timedelta

import pytest

import plain_des
from emulators.host_peer import TMK, Fields, Peer, make_host, unpack
from posrefund.emulators.host import Delivery, Fault
from posrefund.emulators.host.faults import EFFECTS


@pytest.fixture
def peer() -> Peer:
    host, clock = make_host()
    peer = Peer(host)
    peer.sign_in()
    peer.sale()
    clock.advance(timedelta(days=1))
    return peer


def deliver(peer: Peer, fault: Fault) -> Delivery:
    """Send one refund of 100 into *fault*."""
    peer.host.faults.add(fault)
    (sale,) = peer.host.ledger.entries()
    fields = peer.refund_fields({13: "0309", 37: sale.rrn}, 100)
    return peer.host.respond(peer.sealed("0220", fields))


def refunds(peer: Peer) -> int:
    return sum(entry.kind == "refund" for entry in peer.host.ledger.entries())


def fields_of(delivery: Delivery) -> Fields:
    (reply,) = delivery.replies
    return unpack(reply[11:])[1]


def is_sealed(peer: Peer, delivery: Delivery) -> bool:
    (reply,) = delivery.replies
    return plain_des.unionpay_mac(peer.mak, reply[11:-8]) == reply[-8:]


def test_drop_request_books_nothing_and_the_stan_stays_free(peer: Peer) -> None:
    assert deliver(peer, Fault("drop_request")) == Delivery()
    assert refunds(peer) == 0
    peer.stan -= 1
    assert fields_of(deliver(peer, Fault("delay")))[39] == "00"


@pytest.mark.parametrize(("kind", "close"), [("drop_reply", False), ("close_before_reply", True)])
def test_lost_reply_leaves_the_refund_booked(peer: Peer, kind: str, close: bool) -> None:
    assert deliver(peer, Fault(kind)) == Delivery(close=close)
    assert refunds(peer) == 1


def test_delay_is_the_deliverys(peer: Peer) -> None:
    delivery = deliver(peer, Fault("delay", seconds=2.5))
    assert (delivery.delay_s, len(delivery.replies), refunds(peer)) == (2.5, 1, 1)


@pytest.mark.parametrize("index", range(8))
def test_flip_mac_byte_changes_one_byte_of_the_tag(peer: Peer, index: int) -> None:
    (reply,) = deliver(peer, Fault("flip_mac_byte", index=index)).replies
    right = plain_des.unionpay_mac(peer.mak, reply[11:-8])
    assert [i for i in range(8) if reply[-8 + i] != right[i]] == [index]


def test_bad_mac_is_eight_digits_that_are_all_wrong(peer: Peer) -> None:
    (reply,) = deliver(peer, Fault("bad_mac")).replies
    right = plain_des.unionpay_mac(peer.mak, reply[11:-8])
    assert all(a != b for a, b in zip(reply[-8:], right, strict=True))
    assert refunds(peer) == 1


def test_no_mac_takes_field_and_bit_away(peer: Peer) -> None:
    fields = fields_of(deliver(peer, Fault("no_mac")))
    assert (fields[39], 64 in fields) == ("00", False)


@pytest.mark.parametrize(
    ("kind", "number", "value"),
    [
        ("wrong_stan", 11, "000001"),
        ("wrong_amount", 4, "000000000101"),
        ("wrong_terminal", 41, "12345671"),
        ("wrong_rrn", 37, "606910000001"),
        ("unknown_field", 9, "0011223344556677"),
    ],
)
def test_lie_of_the_host_is_sealed_and_booked(
    peer: Peer, kind: str, number: int, value: str
) -> None:
    delivery = deliver(peer, Fault(kind))
    assert fields_of(delivery)[number] == value
    assert is_sealed(peer, delivery)
    assert refunds(peer) == 1


@pytest.mark.parametrize(
    ("kind", "booked", "next_code"), [("code", 0, "94"), ("booked_code", 1, "94")]
)
def test_code_is_answered_without_mac(peer: Peer, kind: str, booked: int, next_code: str) -> None:
    fields = fields_of(deliver(peer, Fault(kind, code="68")))
    assert (fields[39], 64 in fields, refunds(peer)) == ("68", False, booked)
    peer.stan -= 1
    again = peer.refund({13: "0309", 37: peer.host.ledger.entries()[0].rrn}, 100)
    assert again[39] == next_code


def test_code_00_is_an_approval_that_was_not_booked(peer: Peer) -> None:
    delivery = deliver(peer, Fault("code", code="00"))
    assert fields_of(delivery)[39] == "00"
    assert is_sealed(peer, delivery)
    assert refunds(peer) == 0


def test_duplicate_reply_goes_out_twice(peer: Peer) -> None:
    first, second = deliver(peer, Fault("duplicate_reply")).replies
    assert first == second
    assert refunds(peer) == 1


def test_truncate_sends_half(peer: Peer) -> None:
    (reply,) = deliver(peer, Fault("truncate")).replies
    assert len(reply) == 71  # of 142
    assert refunds(peer) == 1


def test_garbage_is_no_message(peer: Peer) -> None:
    (reply,) = deliver(peer, Fault("garbage")).replies
    assert reply == bytes(range(0xF0, 0x100)) * 3


@pytest.mark.parametrize("network_code", ["001", "003", "004"])
def test_wrong_kcv_breaks_the_last_check_value(network_code: str) -> None:
    host, _ = make_host()
    host.faults.add(Fault("wrong_kcv", mti="0800"))
    peer = Peer(host)
    with pytest.raises(AssertionError, match="wrong KCV"):
        peer.sign_in(network_code)


def test_half_key_set_has_the_pik_only() -> None:
    host, _ = make_host()
    host.faults.add(Fault("half_key_set", mti="0800"))
    peer = Peer(host)
    with pytest.raises((AssertionError, ValueError)):
        peer.sign_in()
    (reply,) = host.respond(peer.last_sent).replies
    assert len(unpack(reply[11:])[1][62]) == 80


def test_refused_sign_in_hands_out_no_keys() -> None:
    host, _ = make_host()
    host.faults.add(Fault("code", mti="0800", code="96"))
    reply = Peer(host).sign_in()
    assert (reply[39], 62 in reply) == ("96", False)
    assert plain_des.encrypt(TMK, bytes(8)) != bytes(8)


def test_faults_strike_in_order_by_mti_and_as_often_as_asked(peer: Peer) -> None:
    faults = peer.host.faults
    for fault in (Fault("code", code="91", times=2), Fault("code", mti="0200", code="51")):
        faults.add(fault)
    faults.add(Fault("code", code="96"))
    sale = {13: "0309", 37: peer.host.ledger.entries()[0].rrn}
    codes = [peer.refund(sale, 1)[39], peer.sale()[39]]
    codes += [peer.refund(sale, 1)[39] for _ in range(3)]
    assert codes == ["91", "51", "91", "96", "00"]


def test_cleared_faults_do_nothing(peer: Peer) -> None:
    peer.host.faults.add(Fault("code"))
    peer.host.faults.clear()
    assert fields_of(deliver(peer, Fault("delay")))[39] == "00"


@pytest.mark.parametrize("kind", sorted(EFFECTS))
def test_every_fault_can_meet_every_request(kind: str) -> None:
    host, _ = make_host()
    peer = Peer(host)
    peer.sign_in()
    for mti in ("0800", "0820", "0200", "0400", "0100"):
        host.faults.add(Fault(kind, mti=mti))
        fields = {41: "12345678", 42: "123456789012345", 60: "00000001301"}
        assert isinstance(host.respond(peer.sealed(mti, fields)), Delivery)


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "unheard_of"},
        {"kind": "code", "code": "9"},
        {"kind": "code", "mti": "220"},
        {"kind": "code", "times": 0},
        {"kind": "delay", "seconds": -1.0},
        {"kind": "flip_mac_byte", "index": 8},
        {"kind": "code", "minor": -1},
        {"kind": "code", "minor": 10**12},
    ],
)
def test_fault_that_makes_no_sense_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="fault:"):
        Fault(**wrong)  # type: ignore[arg-type]  # reason: the point of the test


def test_fault_for_an_amount_strikes_that_amount_as_often_as_it_comes(peer: Peer) -> None:
    (sale,) = peer.host.ledger.entries()
    peer.host.faults.add(Fault("code", code="51", minor=100, always=True))

    def answer(minor: int) -> str:
        fields = peer.refund_fields({13: "0309", 37: sale.rrn}, minor)
        return fields_of(peer.host.respond(peer.sealed("0220", fields)))[39]

    assert [answer(100), answer(101), answer(100)] == ["51", "00", "51"]
    assert refunds(peer) == 1


def test_faults_in_turn_come_before_what_stands_behind_them(peer: Peer) -> None:
    (sale,) = peer.host.ledger.entries()
    for fault in (Fault("code", code="91", times=2), Fault("code", code="51", always=True)):
        peer.host.faults.add(fault)
    codes = []
    for _ in range(4):
        fields = peer.refund_fields({13: "0309", 37: sale.rrn}, 100)
        codes.append(fields_of(peer.host.respond(peer.sealed("0220", fields)))[39])

    assert codes == ["91", "91", "51", "51"]
