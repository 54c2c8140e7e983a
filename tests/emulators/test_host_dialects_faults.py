"""Faults, settings and books of a host that speaks ISO 8583."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from emulators.host_peer import CARD, Peer
from emulators.host_peer import make_host as make_unionpay_host
from emulators.iso_peer import NAMES, IsoPeer, booked, clock, make_host, says
from posrefund.emulators.host import Codes, Delivery, Fault, Ledger
from posrefund.emulators.host import settlement_file as host_file
from posrefund.emulators.host.faults import EFFECTS
from posrefund.errors import MACMismatchError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(params=NAMES)
def peer(request: pytest.FixtureRequest) -> IsoPeer:
    host, _ = make_host(request.param)
    peer = IsoPeer(host, request.param)
    peer.sign_in()
    return peer


def test_profile_may_say_other_codes(peer: IsoPeer) -> None:
    other_code = "888" if peer.is_1993 else "88"
    host, _ = make_host(peer.name, codes=replace(peer.host.codes, bad_mac=other_code))
    other = IsoPeer(host, peer.name)
    other.sign_in()
    other.mak = bytes(16)

    assert other.sale()[39] == other_code


def test_codes_of_unionpay_stay_the_defaults() -> None:
    host, _ = make_unionpay_host()

    assert host.codes == Codes()
    assert host.codes.approvals == {"00"}


@pytest.mark.parametrize("kind", sorted(EFFECTS))
def test_every_fault_can_meet_every_dialect(peer: IsoPeer, kind: str) -> None:
    code = says(peer, "broken")
    for mti in ("1804", "1200", "1420") if peer.is_1993 else ("0800", "0200", "0400"):
        peer.host.faults.add(Fault(kind, mti=mti, code=code))
        sent = peer.sealed(mti, peer.money("000000", 100, CARD))
        assert isinstance(peer.host.respond(sent), Delivery)


@pytest.mark.parametrize("kind", ["bad_mac", "no_mac", "flip_mac_byte"])
def test_fault_of_the_mac_leaves_the_refund_booked_and_the_answer_false(
    peer: IsoPeer, kind: str
) -> None:
    sale = peer.sale()
    clock(peer).advance(timedelta(days=1))
    added = peer.host.faults.add(Fault(kind))
    message = peer.sealed(peer.money_mti, peer.refund_fields(sale, 100))

    assert added.mti == peer.money_mti
    reply = peer.host.answer(message)
    assert reply is not None
    if kind == "no_mac":
        assert 64 not in peer.open(reply)
    else:
        with pytest.raises(MACMismatchError):
            peer.open(reply)
    assert booked(peer) == ["sale", "refund"]


def test_fault_of_the_fields_is_sealed_with_a_right_mac(peer: IsoPeer) -> None:
    peer.host.faults.add(Fault("unknown_field", mti=peer.money_mti))
    assert peer.sale()[9] == "0011223344556677"
    peer.host.faults.add(Fault("wrong_amount", mti=peer.money_mti))
    assert peer.sale(10_000)[4] == "000000010001"
    peer.host.faults.add(Fault("code", mti=peer.money_mti, code=says(peer, "broken")))
    assert peer.sale()[39] == says(peer, "broken")
    assert booked(peer) == ["sale", "sale"]


def test_fault_of_the_keys_spoils_the_sign_in(peer: IsoPeer) -> None:
    mti = "1804" if peer.is_1993 else "0800"
    peer.host.faults.add(Fault("wrong_kcv", mti=mti))
    with pytest.raises(AssertionError, match="wrong KCV"):
        peer.sign_in()
    peer.host.faults.add(Fault("half_key_set", mti=mti))
    assert len(bytes.fromhex(peer.manage("801")[62])) == 20


def test_fault_meant_for_another_dialect_is_refused_when_it_is_injected(peer: IsoPeer) -> None:
    foreign, long = ("0200", "96") if peer.is_1993 else ("1200", "909")

    with pytest.raises(ValueError, match=f"fault: mti is not one of {peer.name}"):
        peer.host.faults.add(Fault("delay", mti=foreign))
    with pytest.raises(ValueError, match=f"fault: mti is not one of {peer.name}"):
        peer.host.faults.add(Fault("delay", mti="0220"))
    with pytest.raises(ValueError, match=f"fault: code is not one of {peer.name}"):
        peer.host.faults.add(Fault("code", mti=peer.money_mti, code=long))


def test_unionpay_refuses_a_fault_of_1993_and_takes_a_refund_by_default() -> None:
    host, _ = make_unionpay_host()

    with pytest.raises(ValueError, match="fault: mti is not one of unionpay"):
        host.faults.add(Fault("delay", mti="1200"))
    assert host.faults.add(Fault("delay")).mti == "0220"


def test_settlement_file_has_its_one_layout_whatever_the_dialect(peer: IsoPeer) -> None:
    sale = peer.sale()
    day = peer.host.ledger.entries()[0].settlement_day
    (line,) = host_file.text(peer.host.ledger, day, peer.host.profile).splitlines()

    assert len(line) == 299
    assert sale[37] in line
    assert "0200 000000" in line


def test_books_come_back_from_their_file_with_all_that_a_reversal_needs(
    peer: IsoPeer, tmp_path: Path
) -> None:
    peer.sale()
    path = tmp_path / "books.json"
    peer.host.ledger.save(path)
    host, _ = make_host(peer.name, ledger=Ledger.load(path))
    again = IsoPeer(host, peer.name, stan=peer.stan)
    again.sign_in()

    assert again.reverse(peer.sent)[39] == says(peer, "undone")
    assert [entry.state for entry in host.ledger.entries()] == ["reversed", "booked"]


def test_books_show_no_time_of_sending_where_the_dialect_has_none() -> None:
    host, _ = make_unionpay_host()
    peer = Peer(host)
    peer.sign_in()
    peer.sale()

    assert "sent_at" not in host.ledger.as_data()[0]


def test_host_that_stores_its_answers_repeats_them(peer: IsoPeer) -> None:
    host, _ = make_host(peer.name, repeat="stored_answer")
    other = IsoPeer(host, peer.name)
    other.sign_in()

    first = other.sale()
    assert other.send(other.last_sent) == first


def test_decline_carries_a_mac_when_the_profile_says_so(peer: IsoPeer) -> None:
    host, _ = make_host(peer.name, mac_on_declines=True)
    other = IsoPeer(host, peer.name)
    other.sign_in()

    assert 64 in other.sale(0)
    assert 64 not in peer.sale(0)
