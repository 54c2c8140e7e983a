"""What the emulated host does with payers' codes: its own rules, asked by a terminal packed by hand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulators.host_peer import CARD, MERCHANT, Fields, Peer, make_host
from engine.builders import PROPERTY
from posrefund.emulators.host import HostProfile, Ledger
from posrefund.emulators.host.payers import payer_of, tagged

if TYPE_CHECKING:
    from pathlib import Path

CODE = "6201234567890123451"
WECHAT, ALIPAY = "134567890123456780", "2800000000000000011"
PUBLISHED = "41343032303538323130353236373839373839353730383032"
"""DE59 of an answer: ``A4020 58210526789789570802`` (TOPW)."""


def text59(text: str) -> str:
    return text.encode("ascii").hex().upper()


@dataclass
class QRPeer(Peer):
    """Pays by UnionPay's codes."""

    def fields(self, kind: str, amount: int, de59: str) -> Fields:
        found = self.money_fields(kind, amount, CARD)
        del found[2], found[14]
        return {**found, 22: "032", 59: text59(de59)}

    def pay(self, code: str = CODE, amount: int = 10_000, factor: str = "") -> Fields:
        end = factor or code[-6:]
        return self.ask("0200", self.fields("22", amount, f"A20100306{end}A3{len(code):03d}{code}"))

    def back(self, sale: Fields, amount: int, voucher: str, **more: str) -> Fields:
        found = self.fields("25", amount, f"A4{len(voucher):03d}{voucher}")
        found |= {37: sale[37], 61: "000000000000" + sale[13], 63: "000"}
        return self.ask("0220", found | {int(name[2:]): value for name, value in more.items()})


@pytest.fixture
def peer() -> QRPeer:
    made = QRPeer(make_host()[0])
    made.sign_in()
    return made


def voucher_of(reply: Fields) -> str:
    text = bytes.fromhex(reply[59]).decode("ascii")
    assert text[:5] == "A4020"
    assert len(text) == 25
    return text[5:]


def next_day(peer: Peer) -> None:
    peer.host.clock.advance(timedelta(days=1))  # type: ignore[attr-defined]  # reason: a HostTime
    peer.sign_in()


def test_a_payment_is_answered_with_a_voucher_and_no_account(peer: QRPeer) -> None:
    reply = peer.pay()

    assert (reply[0], reply[39]) == ("0210", "00")
    assert 2 not in reply
    assert voucher_of(reply) == f"58210309{reply[37]}"
    assert reply[59][:10] == PUBLISHED[:10]
    booked = peer.host.ledger.entries()[0]
    assert (booked.entry_mode, booked.voucher) == ("032", voucher_of(reply))


@pytest.mark.parametrize(
    ("code", "answer"),
    [
        (CODE, "00"),
        ("6201234567890123459", "56"),
        ("1234567890123456780", "56"),
        ("620123456789012345", "56"),
    ],
)
def test_only_a_code_that_is_somebodys_pays_and_only_once(
    peer: QRPeer, code: str, answer: str
) -> None:
    assert peer.pay(code)[39] == answer
    again = peer.pay(code)

    assert again[39] == ("14" if answer == "00" else answer)
    assert 59 not in again  # no code is said back
    assert len(peer.host.ledger.entries()) == (answer == "00")


@pytest.mark.parametrize(
    "de59",
    [
        f"A20100306999999A3019{CODE}",  # the device's random factor is not the end of the code
        f"A3018{CODE}",
        f"A3020{CODE}",
        "A4020" + "5" * 20 + f"A3019{CODE}",
        "A3019620123456789012345A",
        "A5003abc",
    ],
)
def test_de59_that_is_not_of_the_form_is_answered_30(peer: QRPeer, de59: str) -> None:
    assert peer.ask("0200", peer.fields("22", 100, de59))[39] == "30"


def test_a_card_beside_a_code_is_answered_30_and_a_code_without_the_entry_mode_too(
    peer: QRPeer,
) -> None:
    fields = peer.fields("22", 100, f"A3019{CODE}")

    assert peer.ask("0200", {**fields, 2: CARD})[39] == "30"
    assert peer.ask("0200", {**fields, 11: peer.next_stan(), 2: CARD, 22: "072"})[39] == "30"
    assert peer.host.ledger.entries() == ()


def test_it_is_given_back_by_its_voucher_in_parts_and_not_beyond(peer: QRPeer) -> None:
    sale = peer.pay()
    next_day(peer)

    assert [peer.back(sale, minor, voucher_of(sale))[39] for minor in (4_000, 6_000, 1)] == [
        "00",
        "00",
        "61",
    ]


def test_another_voucher_a_card_and_none_are_refused_each_in_its_words(peer: QRPeer) -> None:
    sale, by_card = peer.pay(), peer.sale(5_000)
    other = peer.pay("6201234567890123461")
    next_day(peer)

    assert peer.back(sale, 100, voucher_of(other))[39] == "14"
    assert peer.back(sale, 100, "58210526789789570802")[39] == "14"
    assert peer.back(by_card, 100, voucher_of(sale))[39] == "14"
    assert (
        peer.refund(sale, 100, "6200000000000047")[39] == "14"
    )  # the account's own card, and yet no voucher
    bare = peer.fields("25", 100, "A5003abc") | {
        37: sale[37],
        61: "000000000000" + sale[13],
        63: "000",
    }
    assert peer.ask("0220", bare)[39] == "30"
    assert [each.kind for each in peer.host.ledger.entries()] == ["sale", "sale", "sale"]


def test_a_payment_is_voided_by_its_voucher_and_both_are_reversed_without_a_card(
    peer: QRPeer,
) -> None:
    sale = peer.pay()
    fields = peer.fields("23", 10_000, f"A4020{voucher_of(sale)}")
    fields |= {37: sale[37], 61: peer.batch + sale[11]}
    void = peer.ask("0200", fields)
    assert void[39] == "00"

    undo = {key: fields[key] for key in (3, 4, 22, 25, 41, 42, 49, 60, 61)}
    assert peer.ask("0400", {**undo, 11: void[11], 39: "98"})[39] == "00"
    undo = {**undo, 3: "000000", 60: f"22{peer.batch}000600", 11: sale[11], 39: "98"}
    del undo[61]
    assert peer.ask("0400", undo)[39] == "00"
    assert [each.state for each in peer.host.ledger.entries()] == [
        "reversed",
        "reversed",
        "booked",
        "booked",
    ]


def test_books_that_were_put_away_still_know_vouchers_and_used_codes(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "books.json")
    peer = QRPeer(make_host(ledger=ledger)[0])
    peer.sign_in()
    sale = peer.pay()
    again = QRPeer(make_host(ledger=Ledger.load(tmp_path / "books.json"))[0], stan=peer.stan)
    again.sign_in()

    assert again.pay()[39] == "14"
    next_day(again)
    assert again.back(sale, 100, voucher_of(sale))[39] == "00"


# --- the aggregator ---------------------------------------------------------------------------------


@pytest.fixture
def shop() -> Peer:
    made = Peer(make_host(HostProfile(dialect="aggregator"))[0])
    made.sign_in()
    return made


def wallet(shop: Peer, code: str, minor: int, **more: str) -> Fields:
    return {
        3: code, 4: f"{minor:012d}", 11: shop.next_stan(), 41: shop.terminal, 42: MERCHANT, 49: "156",
        60: f"60{shop.batch}000", **{int(name[2:]): value for name, value in more.items()},
    }  # fmt: skip


def test_an_aggregators_payment_is_these_bytes() -> None:
    host = make_host(HostProfile(dialect="aggregator"))[0]
    peer = Peer(host)
    peer.sign_in()
    peer.ask("0200", wallet(peer, "710000", 100, de06=WECHAT, de44="002"))

    assert peer.last_sent[11:-8] == bytes.fromhex(
        "02003420000000D0801171000000000000010018"
    ) + WECHAT.encode("ascii") + bytes.fromhex(
        "000002"
    ) + b"12345678123456789012345" + bytes.fromhex("03") + b"002" + b"156" + bytes.fromhex(
        "0011600000010000"
    )
    assert host.ledger.entries()[0].voucher.startswith("QR20260309")


@pytest.mark.parametrize(
    ("code", "channel", "answer"),
    [
        (WECHAT, "002", "00"),
        (ALIPAY, "003", "00"),
        (CODE, "004", "00"),
        (WECHAT, "003", "30"),
        (CODE, "002", "30"),
        (WECHAT, "005", "30"),
        ("134567890123456789", "002", "56"),
    ],
)
@pytest.mark.parametrize("pay", ["700000", "710000"])
def test_each_wallet_has_its_channel(
    shop: Peer, pay: str, code: str, channel: str, answer: str
) -> None:
    reply = shop.ask("0200", wallet(shop, pay, 100, de06=code, de44=channel))

    assert reply[39] == answer
    assert (reply.get(6, "").startswith("QR2026")) is (answer == "00")
    assert reply.get(6) != code


def test_an_aggregators_refund_names_the_payment_by_number_and_order(shop: Peer) -> None:
    sale = shop.ask("0200", wallet(shop, "710000", 100, de06=WECHAT, de44="002"))
    next_day(shop)
    named = {"de37": sale[37], "de44": "002", "de61": f"000001{sale[11]}0309"}

    assert shop.ask("0200", wallet(shop, "740000", 40, **named, de06=sale[6]))[39] == "00"
    assert shop.ask("0200", wallet(shop, "740000", 40, **named))[39] == "00"
    assert (
        shop.ask("0200", wallet(shop, "740000", 1, **named, de06="QR20260309000000000000"))[39]
        == "14"
    )
    assert shop.ask("0200", wallet(shop, "740000", 21, **named))[39] == "61"
    assert (
        shop.ask("0200", {**wallet(shop, "740000", 1, **named), 61: f"000001{sale[11]}"})[39]
        == "30"
    )
    assert 2 not in shop.ask("0200", wallet(shop, "740000", 1, **named))


# --- reading ----------------------------------------------------------------------------------------


@PROPERTY
@given(st.text(max_size=40))
def test_whatever_stands_in_tags_is_read_or_is_none(text: str) -> None:
    found = tagged(text, 2, 3)

    assert (
        found is None
        or "".join(f"{tag}{len(value):03d}{value}" for tag, value in found.items()) == text
    )


@PROPERTY
@given(st.text("0123456789", max_size=26))
def test_a_code_is_somebodys_by_its_last_digit(digits: str) -> None:
    found = payer_of(digits)

    assert found is None or digits[-1] in "012"
