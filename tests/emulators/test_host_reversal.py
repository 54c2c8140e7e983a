"""Reversals: of sales and voids, never of refunds."""

from __future__ import annotations

from datetime import timedelta

import pytest

from emulators.host_peer import CARD, MERCHANT, OTHER_CARD, TERMINAL, Peer, make_host
from posrefund.emulators.host import HostProfile


def test_reversal_undoes_a_sale() -> None:
    host, _ = make_host()
    peer = Peer(host)
    peer.sign_in()
    reply = peer.reverse(peer.sale(900))
    assert {n: value for n, value in reply.items() if n != 64} == {
        0: "0410",
        2: CARD,
        3: "000000",
        4: "000000000900",
        11: "000002",
        12: "100000",
        13: "0309",
        14: "3012",
        15: "0309",
        25: "00",
        32: "48021000",
        37: "606810000003",
        39: "00",
        41: TERMINAL,
        42: MERCHANT,
        44: "01020000   48021000   ",
        49: "156",
        60: "22000001000600",
    }
    assert 64 in reply
    assert [(e.kind, e.state) for e in host.ledger.entries()] == [
        ("sale", "reversed"),
        ("reversal", "booked"),
    ]


def test_reversal_of_a_void_brings_the_sale_back() -> None:
    host, _ = make_host()
    peer = Peer(host)
    peer.sign_in()
    sale = peer.sale()
    void = peer.void(sale)
    assert peer.reverse(void)[39] == "00"
    assert [(e.kind, e.state) for e in host.ledger.entries()] == [
        ("sale", "booked"),
        ("void", "reversed"),
        ("reversal", "booked"),
    ]
    assert peer.void(sale)[39] == "00"


def test_second_reversal_is_refused_with_25() -> None:
    host, _ = make_host()
    peer = Peer(host)
    peer.sign_in()
    sale = peer.sale()
    assert [peer.reverse(sale)[39] for _ in range(2)] == ["00", "25"]


def test_reversal_of_nothing_is_approved_and_bars_the_late_original() -> None:
    host, _ = make_host()
    peer = Peer(host)
    peer.sign_in()
    fields = peer.money_fields("22", 900, CARD)
    late = peer.sealed("0200", fields)
    assert [peer.reverse(fields)[39] for _ in range(2)] == ["00", "00"]
    peer.stan = 2
    assert peer.send(late)[39] == "94"
    assert host.ledger.entries() == ()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"de4": "000000009999"}, "64"),
        ({"de2": OTHER_CARD}, "14"),
        ({"de3": "200000", "de60": "23000001000600", "de61": "000001000002"}, "25"),
        ({"de39": "A0"}, "00"),
        ({"de39": "06"}, "00"),
        ({"de39": "96"}, "00"),
        ({"de39": "00"}, "30"),
        ({"de38": "000002"}, "00"),
    ],
)
def test_reversal_is_answered_by_the_rule_it_breaks(changes: dict[str, str], code: str) -> None:
    host, _ = make_host()
    peer = Peer(host)
    peer.sign_in()
    assert peer.reverse(peer.sale(), **changes)[39] == code


def test_reversal_on_the_next_settlement_day_is_refused_with_25() -> None:
    host, clock = make_host(start="2026-03-09T22:59:59")
    peer = Peer(host)
    peer.sign_in()
    sale = peer.sale()
    clock.advance(timedelta(seconds=1))
    assert peer.reverse(sale)[39] == "25"


def test_reversal_of_a_voided_sale_is_refused_with_12() -> None:
    host, _ = make_host()
    peer = Peer(host)
    peer.sign_in()
    sale = peer.sale()
    peer.void(sale)
    assert peer.reverse(sale)[39] == "12"


def test_reversal_of_a_refund_does_not_exist() -> None:
    host, _ = make_host(HostProfile(same_day_refund_allowed=True))
    peer = Peer(host)
    peer.sign_in()
    refund = peer.refund(peer.sale(), 1)
    assert peer.reverse(refund, de60="25000001000600")[39] == "12"
    assert host.ledger.entries()[-1].state == "booked"
