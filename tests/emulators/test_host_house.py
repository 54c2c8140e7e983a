"""What one UnionPay host reads and wants otherwise than the next: fillers, odd card numbers, MACs and tracks of uploads."""

from __future__ import annotations

from datetime import timedelta

import pytest

from emulators.host_peer import CARD, CARD_19, MERCHANT, PREFIX, TERMINAL, Fields, Peer, make_host
from emulators.host_peer import pack as pack_fields
from posrefund.emulators.host import HostProfile

DE2_LEFT = "19" + CARD_19 + "0"
"""The length in two digits, then the number and a filler."""


def signed_in(profile: HostProfile) -> Peer:
    host, _ = make_host(profile)
    peer = Peer(host)
    peer.sign_in()
    return peer


def with_de2(peer: Peer, written: str) -> bytes | None:
    """Sell ¥100.00 to the card of nineteen digits, DE2 *written* so; return the answer."""
    fields = peer.money_fields("22", 10_000, CARD_19)
    body = pack_fields("0200", {**fields, 64: "00" * 8})
    bent = body.replace(bytes.fromhex(DE2_LEFT), bytes.fromhex(written))
    assert (bent == body) == (written == DE2_LEFT)
    return peer.host.answer(peer.under_mac(bent[:-8]))


@pytest.mark.parametrize("pad", ["0", "F"])
def test_either_filler_is_read_and_a_zero_is_sent(pad: str) -> None:
    reply = with_de2(signed_in(HostProfile()), f"19{CARD_19}{pad}")

    assert reply is not None
    assert bytes.fromhex(DE2_LEFT) in reply


@pytest.mark.parametrize(("pads", "other"), [("0", "F"), ("F", "0"), ("0F", "A")])
def test_another_filler_than_its_own_is_no_form_that_it_knows(pads: str, other: str) -> None:
    host, _ = make_host(HostProfile(pads=pads))
    request = pack_fields(
        "0800", {11: "000001", 41: TERMINAL, 42: MERCHANT, 60: "00000001003", 63: "001"}
    )
    own = request.replace(bytes.fromhex("000000010030"), bytes.fromhex(f"00000001003{pads[0]}"))
    strange = request.replace(bytes.fromhex("000000010030"), bytes.fromhex(f"00000001003{other}"))

    refusal, reply = host.answer(PREFIX + strange), host.answer(PREFIX + own)
    assert refusal is not None
    assert reply is not None
    assert b"30" + TERMINAL.encode() in refusal
    assert b"00" + TERMINAL.encode() in reply
    assert bytes.fromhex(f"001100000001003{pads[0]}") in reply


def test_a_number_from_the_right_has_a_zero_before_it_on_the_way_back_too() -> None:
    profile = HostProfile(number_from="right")
    right = f"190{CARD_19}"

    assert with_de2(signed_in(profile), DE2_LEFT) is None
    reply = with_de2(signed_in(profile), right)
    assert reply is not None
    assert bytes.fromhex(right) in reply
    assert with_de2(signed_in(HostProfile()), right) is None


def details(peer: Peer) -> Fields:
    stan = peer.host.ledger.entries()[0].stan
    return {
        11: peer.next_stan(), 41: TERMINAL, 42: MERCHANT,
        48: f"0100{stan}{CARD:0>20}000000010000", 60: f"00{peer.batch}201",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("upload_mac", "without", "with_mac", "with_other"),
    [("none", "00", "30", "30"), ("taken", "00", "00", "00"), ("needed", "30", "00", "A0")],
)
def test_a_mac_on_an_upload_is_refused_not_looked_at_or_needed(
    upload_mac: str, without: str, with_mac: str, with_other: str
) -> None:
    peer = signed_in(HostProfile(upload_mac=upload_mac))  # type: ignore[arg-type]
    peer.sale()

    plain = peer.send(PREFIX + pack_fields("0320", details(peer)))
    sealed = peer.ask("0320", details(peer))
    other = peer.send(PREFIX + pack_fields("0320", {**details(peer), 64: "11" * 8}))
    assert (plain[39], sealed[39], other[39]) == (without, with_mac, with_other)
    assert (64 in sealed) == (upload_mac == "needed")
    assert len(peer.host.ledger.entries()) == 1


def test_a_refund_that_goes_up_without_its_track_is_refused_where_one_is_wanted() -> None:
    host, clock = make_host(HostProfile(needs_uploaded_track=True))
    peer = Peer(host)
    peer.sign_in()
    sale = peer.sale()
    clock.advance(timedelta(days=1))
    refund = peer.refund(sale, 100)

    fields = {**peer.refund_fields(sale, 100), 11: refund[11]}
    assert peer.send(PREFIX + pack_fields("0320", fields))[39] == "30"


def test_what_is_said_of_unionpay_is_not_said_of_the_others() -> None:
    for name in ("iso87-ascii", "iso93-binary", "aggregator"):
        plain, _ = make_host(HostProfile(dialect=name))
        other, _ = make_host(
            HostProfile(dialect=name, pads="F", number_from="right", upload_mac="needed")
        )
        assert (plain.dialect.spec, plain.dialect.rules) == (
            other.dialect.spec,
            other.dialect.rules,
        )
