"""Closing a batch at the emulated host: totals, uploads, the end, and what it refuses. Bytes by hand."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from emulators.host_peer import (
    CARD,
    CARD_19,
    MERCHANT,
    OTHER_CARD,
    PREFIX,
    TERMINAL,
    Fields,
    Peer,
    make_host,
    numbered,
    pack,
)
from posrefund.emulators.host import Fault, HostTime, Ledger, Totals

if TYPE_CHECKING:
    from pathlib import Path

NOTHING = "0" * 30


@pytest.fixture
def peer() -> Peer:
    """Signed in at the host, batch 000001."""
    host, _ = make_host()
    made = Peer(host)
    made.sign_in()
    return made


def settle(peer: Peer, domestic: str, foreign: str = NOTHING, **more: str) -> Fields:
    fields = {
        11: peer.next_stan(), 41: TERMINAL, 42: MERCHANT, 48: f"{domestic}0{foreign}0",
        49: "156", 60: f"00{peer.batch}201", 63: "01 ",
    }  # fmt: skip
    return peer.send(PREFIX + pack("0500", {**fields, **numbered(more)}))


def upload(peer: Peer, *items: str, **more: str) -> Fields:
    fields = {
        11: peer.next_stan(), 41: TERMINAL, 42: MERCHANT,
        48: f"{len(items):02d}{''.join(items)}", 60: f"00{peer.batch}201",
    }  # fmt: skip
    return peer.send(PREFIX + pack("0320", {**fields, **numbered(more)}))


def end(peer: Peer, code: str = "202", total: int = 0, **more: str) -> Fields:
    fields = {
        11: peer.next_stan(), 41: TERMINAL, 42: MERCHANT,
        48: f"{total:04d}", 60: f"00{peer.batch}{code}",
    }  # fmt: skip
    return peer.send(PREFIX + pack("0320", {**fields, **numbered(more)}))


def item(stan: str, amount: int, card: str = CARD) -> str:
    return f"00{stan}{card:0>20}{amount:012d}"


def upload_refund(peer: Peer, sale: Fields, amount: int, stan: str, **more: str) -> Fields:
    fields = {**peer.refund_fields(sale, amount), 11: stan}
    return peer.send(PREFIX + pack("0320", {**fields, **numbered(more)}))


def next_day(peer: Peer) -> None:
    assert isinstance(peer.host.clock, HostTime)
    peer.host.clock.advance(timedelta(days=1))


def entries(peer: Peer, kind: str) -> list[tuple[str, int]]:
    found = peer.host.ledger.entries()
    return [(e.stan, e.amount_minor) for e in found if e.kind == kind and e.state != "reversed"]


def test_settlement_answers_the_literal_bytes(peer: Peer) -> None:
    """As the published 0510 (ipaynow mPOS SDK): no DE39, no MAC, a verdict after each half of DE48."""
    peer.sale(10_000)
    reply = peer.host.answer(
        bytes.fromhex(
            "6000030000603100311003"
            "0500" "0020000000C18012"
            "000009" "3132333435363738" "313233343536373839303132333435"
            "0062" "000000010000" "001" "000000000000" "000" "0" + "0" * 31 +
            "313536" "0011" "000000012010" "0003303120"
        )
    )  # fmt: skip

    assert reply is not None
    assert reply.hex().upper() == (
        "6000000003603100311003"
        "0510" "003A000108C18010"  # 11 12 13 15 32 37 41 42 48 49 60
        "000009" "100000" "0309" "0309" "0848021000" "363036383130303030303033"
        "3132333435363738" "313233343536373839303132333435"
        "0062" "000000010000" "001" "000000000000" "000" "1" + "0" * 30 + "1"
        "313536" "0011" "000000012010"
    )  # fmt: skip


def test_unbalanced_totals_come_back_as_the_hosts_own(peer: Peer) -> None:
    sale = peer.sale(10_000)
    peer.void(sale)
    reply = settle(peer, "000000010000001000000000000000")

    assert reply[0] == "0510"
    assert 39 not in reply
    assert reply[48] == "0000000100000010000000100000012" + NOTHING + "2"


@pytest.mark.parametrize(
    "said",
    [
        "000000010001001000000000000000",
        "000000010000002000000000000000",
        "000000010000001000000000001000",
        "000000010000001000000000000001",
    ],
)
def test_one_digit_off_is_unbalanced(peer: Peer, said: str) -> None:
    peer.sale(10_000)

    assert settle(peer, said)[48][30] == "2"


def test_foreign_totals_are_compared_too(peer: Peer) -> None:
    assert settle(peer, NOTHING)[48][30] == "1"
    assert settle(peer, NOTHING, "0" * 29 + "1")[48][30] == "2"


def test_a_reversed_sale_counts_nowhere(peer: Peer) -> None:
    peer.reverse(peer.sale(10_000))

    assert settle(peer, NOTHING)[48][30] == "1"


@pytest.mark.parametrize("batch", ["000002", "999998"])
def test_a_settlement_of_another_batch_is_answered_with_error(peer: Peer, batch: str) -> None:
    peer.sale(10_000)
    reply = settle(peer, NOTHING, de60=f"00{batch}201")

    assert reply[48] == NOTHING + "3" + NOTHING + "3"
    assert peer.host.log[-1] == "0500 answered 77"


# --- uploads ---------------------------------------------------------------------------------------


def test_an_item_that_is_booked_counts_once_however_often_it_goes_up(peer: Peer) -> None:
    sale = peer.sale(10_000)
    void = peer.void(sale)
    for _ in range(3):
        assert upload(peer, item(sale[11], 10_000), item(void[11], 10_000))[39] == "00"

    assert entries(peer, "sale") == [(sale[11], 10_000)]
    assert entries(peer, "void") == [(void[11], 10_000)]


def test_a_refund_that_is_booked_counts_once_however_often_it_goes_up(peer: Peer) -> None:
    sale = peer.sale(10_000)
    next_day(peer)
    refund = peer.refund(sale, 2_500)
    for _ in range(3):
        reply = upload_refund(peer, sale, 2_500, refund[11])
        assert (reply[0], reply[39], reply[11]) == ("0330", "00", refund[11])

    assert entries(peer, "refund") == [(refund[11], 2_500)]
    assert peer.host.ledger.totals(TERMINAL, "000001") == Totals(1, 10_000, 1, 2_500)


def test_an_item_that_the_host_lacks_is_booked_once(peer: Peer) -> None:
    sale = peer.sale(10_000)
    next_day(peer)
    for _ in range(2):
        assert upload(peer, item("000900", 777))[39] == "00"
        assert upload_refund(peer, sale, 2_500, "000901")[39] == "00"

    assert entries(peer, "sale") == [(sale[11], 10_000), ("000900", 777)]
    assert entries(peer, "refund") == [("000901", 2_500)]
    rrns = [entry.rrn for entry in peer.host.ledger.entries()]
    assert len(set(rrns)) == len(rrns)


def test_an_uploaded_refund_passes_no_ceiling(peer: Peer) -> None:
    sale = peer.sale(10_000)
    next_day(peer)
    peer.refund(sale, 9_000)

    assert upload_refund(peer, sale, 1_001, "000900")[39] == "61"
    assert upload_refund(peer, sale, 1_000, "000901")[39] == "00"
    assert sum(minor for _, minor in entries(peer, "refund")) == 10_000


def test_a_number_that_stands_for_something_else_is_refused(peer: Peer) -> None:
    sale = peer.sale(10_000)
    other = item(sale[11], 10_000, OTHER_CARD)

    assert upload(peer, item(sale[11], 9_999))[39] == "94"
    assert upload(peer, other)[39] == "94"
    assert upload(peer, item(sale[11], 10_000, "6200000000000006"))[39] == "14"
    assert upload_refund(peer, sale, 10_000, sale[11])[39] == "94"
    assert entries(peer, "sale") == [(sale[11], 10_000)]
    assert entries(peer, "refund") == []


def test_eight_items_fit_and_a_19_digit_card_among_them(peer: Peer) -> None:
    items = [item(f"{900 + n:06d}", n + 1, CARD_19 if n % 2 else CARD) for n in range(8)]

    assert upload(peer, *items)[39] == "00"
    assert [minor for _, minor in entries(peer, "sale")] == [1, 2, 3, 4, 5, 6, 7, 8]


@pytest.mark.parametrize(
    "de48", ["00", "0000", "02" + "0" * 40, "01" + "0" * 39, "01" + "0" * 41, "08" + "0" * 319]
)
def test_details_of_another_form_are_a_format_error(peer: Peer, de48: str) -> None:
    assert upload(peer, de48=de48)[39] == "30"


@pytest.mark.parametrize("number", [2, 35, 37, 52, 63, 64])
def test_a_field_too_many_is_a_format_error(peer: Peer, number: int) -> None:
    values = {2: CARD, 35: f"{CARD}D3012201", 37: "0" * 12, 52: "00" * 8, 63: "001", 64: "00" * 8}
    reply = upload(peer, item("000900", 1), **{f"de{number}": values[number]})

    assert reply[39] == "30"
    assert entries(peer, "sale") == []


@pytest.mark.parametrize("number", [35, 26, 52, 53, 64])
def test_an_uploaded_refund_with_track_pin_or_mac_is_a_format_error(
    peer: Peer, number: int
) -> None:
    sale = peer.sale(10_000)
    next_day(peer)
    values = {35: f"{CARD}D3012201", 26: "12", 52: "00" * 8, 53: "06" + "0" * 14, 64: "00" * 8}
    reply = upload_refund(peer, sale, 1, "000900", **{f"de{number}": values[number]})

    assert reply[39] == "30"


def test_an_upload_to_another_batch_is_refused_with_77(peer: Peer) -> None:
    sale = peer.sale(10_000)
    next_day(peer)
    peer.host.close_batch(TERMINAL)

    assert upload(peer, item("000900", 1))[39] == "77"
    assert upload_refund(peer, sale, 1, "000900")[39] == "77"
    assert entries(peer, "refund") == []


# --- the end ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["202", "207"])
def test_the_end_opens_the_next_batch_once(peer: Peer, code: str) -> None:
    for _ in range(2):  # the second one comes again, for its answer was lost
        assert end(peer, code)[39] == "00"
        assert peer.host.terminals[TERMINAL].batch == "000002"
    assert end(peer, code, de60=f"00000003{code}")[39] == "77"
    assert end(peer, code, de60=f"00999998{code}")[39] == "77"


def test_after_the_last_number_comes_the_first(peer: Peer) -> None:
    peer.host.terminals[TERMINAL].batch = peer.batch = "999998"

    assert end(peer)[39] == "00"
    assert peer.host.terminals[TERMINAL].batch == "000001"
    assert end(peer)[39] == "00"


def test_a_restarted_host_remembers_its_batch(peer: Peer, tmp_path: Path) -> None:
    path = tmp_path / "ledger.json"
    peer.host.ledger.path = path
    end(peer)

    host, _ = make_host(ledger=Ledger.load(path))
    assert host.terminals[TERMINAL].batch == "000002"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"de41": "99999999"}, "97"),
        ({"de42": "999999999999999"}, "03"),
        ({"de48": "000"}, "30"),
        ({"de48": "0" * 61 + "1"}, "30"),  # a verdict in a request
        ({"de49": "840"}, "30"),
        ({"de60": "00000001201000"}, "30"),
    ],
)
def test_a_settlement_that_is_refused_says_why_in_de39(
    peer: Peer, change: dict[str, str], code: str
) -> None:
    reply = settle(peer, NOTHING, **change)

    assert (reply[0], reply[39]) == ("0510", code)
    assert 48 not in reply


# --- faults ----------------------------------------------------------------------------------------


def test_faults_of_totals_strike_the_answer_and_not_the_books(peer: Peer) -> None:
    peer.sale(10_000)
    right = "000000010000001000000000000000"
    answers = {}
    for kind in ("wrong_totals", "unbalanced", "half_totals"):
        peer.host.faults.add(Fault(kind, mti="0500"))
        answers[kind] = settle(peer, right)[48]

    assert answers == {
        "wrong_totals": "0000000100010010000000000000001" + NOTHING + "1",
        "unbalanced": right + "2" + NOTHING + "1",
        "half_totals": right + "1",
    }
    assert settle(peer, right)[48] == right + "1" + NOTHING + "1"


def test_an_end_that_is_refused_on_purpose_ends_nothing(peer: Peer) -> None:
    peer.host.faults.add(Fault("code", mti="0320", code="96"))

    assert end(peer)[39] == "96"
    assert peer.host.terminals[TERMINAL].batch == "000001"
    peer.host.faults.add(Fault("drop_reply", mti="0320"))
    fields = {11: "000500", 41: TERMINAL, 42: MERCHANT, 48: "0000", 60: "00000001202"}
    assert peer.host.answer(PREFIX + pack("0320", fields)) is None
    assert peer.host.terminals[TERMINAL].batch == "000002"
