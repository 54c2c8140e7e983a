"""Closing a batch against the emulated host: what leaves, what is counted, what is carried over."""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from posrefund.cli.books import compare, difference
from posrefund.dialects import dialect
from posrefund.emulators.host import EmulatedHost, HostProfile, HostServer
from posrefund.engine import Approved, InDoubt, State, Statement
from posrefund.engine.batch import BatchTotals, Totals
from posrefund.engine.suggest import Suggestion
from posrefund.errors import (
    EncodeError,
    JournalCorruptError,
    LinkClosedError,
    LinkError,
    LinkOpenError,
    LinkTimeoutError,
    RefusedError,
    RemoteProtocolError,
)
from posrefund.link import TCPLink
from shop import OTHER_CHIP, STRIPE, TAP, TERMINAL, UNIONPAY, Shop, refund, sale

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from posrefund.dialects import MessageTable

ENVELOPE_BYTES = 11


def left(shop: Shop) -> list[dict[str, str]]:
    """The fields of everything that left since, read by the codec alone."""
    return [UNIONPAY.codec.decode(message[ENVELOPE_BYTES:]) for message in shop.link.sent]


def mtis(shop: Shop) -> list[str]:
    return [fields["t"] for fields in left(shop)]


def refused(code: str) -> Any:
    return pytest.raises(RefusedError, match=rf"\({code}\)")


@pytest.fixture
def busy(next_day: Shop) -> Shop:
    """Day 1, batch 000007: a sale of ¥128.00 on day 0; a sale and its void, two sales, and a refund of ¥28.00."""
    terminal = next_day.terminal
    terminal.sale(sale("S-2", 700, STRIPE))
    terminal.refund(refund("V-2", "S-2", card=STRIPE))
    terminal.sale(sale("S-3", 900, TAP))
    terminal.sale(sale("S-4", 50))
    terminal.refund(refund("R-1", "S-1", 2_800))
    next_day.link.sent.clear()
    return next_day


DAY_TOTALS = BatchTotals(Totals(14_450, 4, 3_500, 2))


def with_mac(name: str) -> MessageTable:
    table = UNIONPAY.messages[name]
    return replace(
        table,
        request=f"{table.request} 64",
        response=f"{table.response} 64A",
        templates={**table.templates, "64": "{mac}"},
    )


WITH_MACS = UNIONPAY.derive(
    "house",
    messages={
        **UNIONPAY.messages,
        **{
            name: with_mac(name)
            for name in ("upload_details", "upload_refund", "upload_end", "balanced_end")
        },
    },
)
"""An acquirer that wants a MAC on what goes up."""


@pytest.fixture
def sealed(tmp_path: Path) -> Iterator[Shop]:
    """A sale, and a refund of a sale of the day before, at a host that wants a MAC on what goes up."""
    shop = Shop(tmp_path, profile=HostProfile(upload_mac="needed"), dialect=WITH_MACS)
    shop.terminal.sale(sale("S-1", 12_800))
    shop.to(1, 10)
    shop.terminal.sale(sale("S-2", 700))
    shop.terminal.refund(refund("R-1", "S-1", 2_800))
    shop.link.sent.clear()
    yield shop
    shop.terminal.close()


def test_where_a_host_wants_macs_on_uploads_each_has_one(sealed: Shop) -> None:
    sealed.fault("unbalanced", "0500")
    closed = sealed.terminal.close_batch()

    assert (closed.verdict, closed.uploaded, closed.refused) == ("unbalanced", 3, {})
    assert [("64" in fields) for fields in left(sealed)] == [False, True, True, True, False]
    assert sealed.host.terminals[TERMINAL].batch == "000008"


def test_an_end_after_equal_totals_has_its_mac_too(sealed: Shop) -> None:
    assert sealed.terminal.close_batch().verdict == "balanced"
    assert [("64" in fields) for fields in left(sealed)] == [False, True, False]


@pytest.mark.parametrize("kind", ["bad_mac", "no_mac"])
def test_an_upload_whose_answer_has_a_wrong_mac_or_none_stays_open_and_goes_up_again(
    sealed: Shop, kind: str
) -> None:
    sealed.fault("unbalanced", "0500", times=2)
    sealed.fault(kind, "0320")
    with pytest.raises(RemoteProtocolError):
        sealed.terminal.close_batch()

    assert sealed.host.terminals[TERMINAL].batch == "000007"
    closed = sealed.terminal.close_batch()
    assert (closed.uploaded, closed.refused) == (3, {})
    assert (
        difference(compare(sealed.terminal.journal.attempts(), sealed.host.ledger.as_data())) == 0
    )


# --- an ordinary evening ---------------------------------------------------------------------------


def test_a_balanced_batch_is_three_messages(busy: Shop) -> None:
    closed = busy.terminal.close_batch()

    assert mtis(busy) == ["0500", "0320", "0820"]
    settlement, end, sign_off = left(busy)
    assert settlement["48"] == "000000014450004000000003500002" + "0" * 32
    assert (settlement["60"], settlement["63"], settlement["49"]) == ("00000007201", "01 ", "156")
    assert (end["60"], end["48"]) == ("00000007207", "0000")
    assert sign_off["60"] == "00000008002"
    assert len({fields["11"] for fields in left(busy)}) == 3
    assert (closed.verdict, closed.ended_by) == ("balanced", "terminal")
    assert (closed.batch, closed.next_batch) == ("000007", "000008")
    assert closed.ours == closed.host == DAY_TOTALS
    assert (closed.uploaded, closed.refused, closed.doubts) == (0, {}, ())
    assert busy.terminal.view().batch == busy.host.terminals[TERMINAL].batch == "000008"


def test_none_of_its_messages_carries_a_mac_a_pin_or_a_track(busy: Shop) -> None:
    busy.fault("unbalanced", "0500")
    busy.terminal.close_batch()

    for fields in left(busy):
        assert not fields.keys() & {"35", "36", "45", "52", "53", "26", "55", "64", "128"}


def test_the_settlement_leaves_as_these_bytes(busy: Shop) -> None:
    busy.terminal.close_batch()

    stan = left(busy)[0]["11"]
    assert busy.link.sent[0].hex().upper() == (
        "6000030000" "603200000000"
        "0500" "0020000000C18012"  # as the published 0500 of a public C test
        f"{stan}" "3132333435363738" "313233343536373839303132333435"
        "0062" "000000014450" "004" "000000003500" "002" "0" + "0" * 31 +
        "313536" "0011000000072010" "0003303120"
    )  # fmt: skip


def test_an_empty_batch_closes(shop: Shop) -> None:
    closed = shop.terminal.close_batch()

    assert mtis(shop) == ["0500", "0320", "0820"]
    assert closed.ours == closed.host == BatchTotals()


def test_what_differs_goes_up_sales_and_voids_by_eights_then_refunds_one_by_one(
    busy: Shop,
) -> None:
    for number in range(5, 11):
        busy.terminal.sale(sale(f"S-{number}", number))
    busy.terminal.refund(refund("R-2", "S-1", 100))
    busy.link.sent.clear()
    busy.fault("unbalanced", "0500")
    closed = busy.terminal.close_batch()

    assert mtis(busy) == ["0500", "0320", "0320", "0320", "0320", "0320", "0820"]
    first, second, *refunds, end = left(busy)[1:-1]
    assert (first["48"][:2], len(first["48"])) == ("08", 322)
    assert (second["48"][:2], len(second["48"])) == ("03", 122)
    assert [each["4"] for each in refunds] == ["000000002800", "000000000100"]
    assert (end["60"], end["48"]) == ("00000007202", "0013")
    assert (closed.verdict, closed.uploaded, closed.refused) == ("unbalanced", 13, {})
    assert difference(compare(busy.terminal.journal.attempts(), busy.host.ledger.as_data())) == 0


def test_an_uploaded_refund_says_what_the_refund_said_without_its_track(next_day: Shop) -> None:
    next_day.terminal.refund(refund("R-1", "S-1", 2_800, STRIPE))
    (sent,) = left(next_day)
    next_day.fault("unbalanced", "0500")
    next_day.terminal.close_batch()

    up = next(fields for fields in left(next_day) if fields["t"] == "0320" and "37" in fields)
    copied = ("3", "4", "11", "22", "25", "37", "38", "41", "42", "49", "60", "61", "63")
    assert {name: up.get(name) for name in copied} == {name: sent.get(name) for name in copied}
    assert (up["2"], up["14"]) == ("6200000000000005", "3012")
    assert up.keys() == {"t", "p", "2", "14", *copied}


@pytest.mark.parametrize("kind", ["unbalanced", "wrong_totals"])
def test_an_item_counts_once_at_the_host_whatever_goes_up(busy: Shop, kind: str) -> None:
    before = busy.host.ledger.as_data()
    busy.fault(kind, "0500")
    closed = busy.terminal.close_batch()

    assert closed.verdict == "unbalanced"
    assert busy.host.ledger.as_data() == before


def test_a_sale_in_doubt_is_undone_before_the_totals(busy: Shop) -> None:
    busy.fault("drop_reply", "0200")
    assert isinstance(busy.terminal.sale(sale("S-9", 4_000)), InDoubt)
    busy.link.sent.clear()
    closed = busy.terminal.close_batch()

    assert mtis(busy) == ["0400", "0500", "0320", "0820"]
    assert closed.verdict == "balanced"
    assert closed.ours == DAY_TOTALS
    assert closed.doubts == ()


# --- doubts ----------------------------------------------------------------------------------------


def in_doubt(shop: Shop, request_id: str, minor: int, fault: str = "drop_reply") -> None:
    shop.fault(fault)
    assert isinstance(shop.terminal.refund(refund(request_id, "S-1", minor)), InDoubt)


def test_a_doubt_is_neither_counted_nor_uploaded_and_is_suggested_not_concluded(
    busy: Shop,
) -> None:
    in_doubt(busy, "R-2", 300)
    doubt = busy.terminal.journal.attempt("R-2/1")
    busy.link.sent.clear()
    closed = busy.terminal.close_batch()

    assert closed.verdict == "unbalanced"
    assert closed.ours == DAY_TOTALS
    assert closed.host == BatchTotals(Totals(14_450, 4, 3_800, 3))
    assert closed.suggestion == Suggestion((("R-2/1",),), is_complete=True)
    assert [each.attempt_id for each in closed.doubts] == ["R-2/1"]
    for fields in left(busy):
        assert fields["11"] != doubt.stan
        assert doubt.stan not in [fields.get("48", "")[n : n + 6] for n in range(4, 322, 40)]
    assert busy.terminal.journal.attempt("R-2/1").state is State.IN_DOUBT
    assert closed.uploaded == 6


def test_a_doubt_that_the_host_has_not_leaves_the_totals_equal(busy: Shop) -> None:
    in_doubt(busy, "R-2", 300, "drop_request")
    closed = busy.terminal.close_batch()

    assert closed.verdict == "balanced"
    assert closed.suggestion == Suggestion()
    assert [each.attempt_id for each in closed.doubts] == ["R-2/1"]
    assert busy.terminal.journal.attempt("R-2/1").state is State.IN_DOUBT


def test_a_doubt_is_carried_over_and_the_file_resolves_it_in_the_next_batch(busy: Shop) -> None:
    """In doubt in batch 7, confirmed by its file in batch 8, in neither's totals, its card kept until then."""
    in_doubt(busy, "R-2", 300)
    busy.terminal.close_batch()
    assert busy.terminal.journal.card("R-2/1") is not None
    assert busy.terminal.journal.card("R-1/1") is None
    busy.to(2, 10)
    with refused("original_in_doubt"):
        busy.terminal.refund(refund("R-3", "S-1", 100))
    busy.terminal.sale(sale("S-9", 60))
    stans = {each.stan for each in busy.terminal.journal.attempts(batch="000008")}
    assert busy.terminal.journal.attempt("R-2/1").stan not in stans
    busy.settle(1)
    assert busy.terminal.journal.attempt("R-2/1").state is State.CONFIRMED
    assert isinstance(busy.terminal.refund(refund("R-3", "S-1", 100)), Approved)

    closed = busy.terminal.close_batch()

    assert (closed.batch, closed.verdict) == ("000008", "balanced")
    assert closed.ours == BatchTotals(Totals(60, 1, 100, 1))
    assert closed.doubts == ()
    assert busy.terminal.journal.card("R-2/1") is None
    assert difference(compare(busy.terminal.journal.attempts(), busy.host.ledger.as_data())) == 0


def test_what_people_alone_say_was_booked_does_not_go_up(busy: Shop) -> None:
    """They were wrong; the host, which lacks it, would book what goes up, and a void as a sale at that."""
    busy.fault("drop_request")
    assert isinstance(busy.terminal.refund(refund("R-2", "S-1", 100)), InDoubt)
    said = Statement(verdict="booked", people=("ann", "bo"), evidence="letter 4711")
    busy.terminal.close_case("R-2", said)
    busy.fault("unbalanced", "0500")
    books = busy.host.ledger.as_data()
    closed = busy.terminal.close_batch()

    assert closed.ours == DAY_TOTALS
    assert [each.attempt_id for each in closed.doubts] == ["R-2/1"]
    assert busy.host.ledger.as_data() == books


def test_a_doubt_of_an_earlier_batch_is_listed_and_explains_nothing(busy: Shop) -> None:
    in_doubt(busy, "R-2", 300, "drop_request")
    busy.terminal.close_batch()
    busy.to(2, 10)
    busy.terminal.sale(sale("S-9", 300))
    busy.fault("wrong_totals", "0500")
    closed = busy.terminal.close_batch()

    assert [(each.attempt_id, each.batch) for each in closed.doubts] == [("R-2/1", "000007")]
    assert closed.suggestion.explanations == ()


def test_the_keys_of_a_doubt_stay_through_a_closing_and_a_sign_in(busy: Shop) -> None:
    in_doubt(busy, "R-2", 300)
    sent_with = busy.terminal.journal.attempt("R-2/1").key_set_id
    busy.terminal.close_batch()
    busy.to(2, 10)

    assert busy.terminal.view().key_set_id != sent_with
    assert busy.open_keys().key_set(sent_with) is not None


def test_a_sale_that_could_not_be_undone_is_listed_for_people(busy: Shop) -> None:
    busy.fault("drop_reply", "0200")
    busy.terminal.sale(sale("S-9", 4_000))
    busy.fault("drop_request", "0400", times=3)
    closed = busy.terminal.close_batch()

    assert [each.state for each in closed.doubts] == [State.MANUAL]
    assert closed.ours == DAY_TOTALS
    assert closed.suggestion.explanations == (("S-9/1",),)


# --- after it --------------------------------------------------------------------------------------


def test_after_it_no_money_moves_before_a_sign_in(busy: Shop) -> None:
    busy.terminal.close_batch()
    with refused("not_signed_in"):
        busy.terminal.sale(sale("S-9", 1))
    with refused("not_signed_in"):
        busy.terminal.close_batch()
    busy.terminal.sign_in()

    assert isinstance(busy.terminal.sale(sale("S-9", 1)), Approved)
    assert busy.terminal.journal.attempt("S-9/1").batch == "000008"


def test_a_sale_of_a_closed_batch_is_no_longer_voided(busy: Shop) -> None:
    busy.terminal.close_batch()
    busy.terminal.sign_in()
    with refused("not_before"):
        busy.terminal.refund(refund("V-3", "S-3", card=TAP))
    busy.to(2, 10)

    assert isinstance(busy.terminal.refund(refund("V-3", "S-3", card=TAP)), Approved)
    assert busy.booked("refund") == [2_800, 900]


def test_reconciling_a_closed_batch_confirms_it(busy: Shop) -> None:
    busy.fault("unbalanced", "0500")
    busy.terminal.close_batch()
    for day in (0, 1):
        busy.settle(day)

    assert {each.state for each in busy.terminal.journal.attempts()} == {State.CONFIRMED}
    assert busy.terminal.journal.verify() > 0


def test_the_report_is_read_back_after_a_restart(busy: Shop) -> None:
    assert busy.terminal.last_batch() is None
    in_doubt(busy, "R-2", 300)
    closed = busy.terminal.close_batch()
    busy.restart()

    assert busy.terminal.last_batch() == closed


def test_the_batch_after_999998_is_000001(busy: Shop) -> None:
    busy.host.terminals[TERMINAL].batch = "999998"
    busy.terminal.sign_in()
    busy.terminal.sale(sale("S-9", 1))
    closed = busy.terminal.close_batch()

    assert (closed.batch, closed.next_batch) == ("999998", "000001")
    assert busy.host.terminals[TERMINAL].batch == "000001"


# --- interrupted -----------------------------------------------------------------------------------


def test_while_it_is_under_way_no_money_moves_and_stored_outcomes_are_still_told(
    busy: Shop,
) -> None:
    busy.fault("drop_reply", "0500")
    with pytest.raises(LinkTimeoutError) as silent:
        busy.terminal.close_batch()
    assert (silent.value.effect, silent.value.retry_is_safe) == ("nothing_sent", True)
    busy.restart()
    busy.link.sent.clear()
    with refused("batch_closing") as no:
        busy.terminal.sale(sale("S-9", 1))
    assert "结算" in no.value.hint_zh
    for wanted in (refund("R-9", "S-1", 1), refund("V-9", "S-3", card=TAP)):
        with refused("batch_closing"):
            busy.terminal.refund(wanted)
    assert isinstance(busy.terminal.refund(refund("R-1", "S-1", 2_800)), Approved)
    assert busy.link.sent == []

    closed = busy.terminal.close_batch()

    assert closed.verdict == "balanced"
    assert mtis(busy) == ["0500", "0320", "0820"]


def test_totals_are_asked_for_again_under_a_new_number(busy: Shop) -> None:
    busy.fault("drop_reply", "0500", times=2)
    for _ in range(2):
        with pytest.raises(LinkTimeoutError):
            busy.terminal.close_batch()
    busy.terminal.close_batch()

    stans = [fields["11"] for fields in left(busy) if fields["t"] == "0500"]
    assert len(set(stans)) == len(stans) == 3


def test_an_upload_without_an_answer_is_sent_again_and_counts_once(busy: Shop) -> None:
    before = busy.host.ledger.as_data()
    busy.fault("unbalanced", "0500")
    for number in range(3):  # details, refund, end: each is lost once
        busy.fault("drop_reply", "0320")
        with pytest.raises(LinkTimeoutError):
            busy.terminal.close_batch()
        busy.restart()
        assert busy.terminal.view().batch == "000007", number
    closed = busy.terminal.close_batch()

    assert [fields["t"] for fields in left(busy)] == ["0500", *["0320"] * 6, "0820"]
    assert (closed.uploaded, closed.verdict) == (6, "unbalanced")
    assert busy.host.ledger.as_data() == before
    assert busy.terminal.view().batch == busy.host.terminals[TERMINAL].batch == "000008"


def test_a_line_that_cannot_be_opened_begins_nothing(busy: Shop) -> None:
    busy.fault("drop_reply", "0200")
    busy.terminal.sale(sale("S-9", 4_000))
    busy.link.is_down = True
    with pytest.raises(LinkOpenError):
        busy.terminal.close_batch()  # the undoing goes first, and could not
    busy.link.is_down = False

    assert not busy.terminal.view().is_closing
    assert isinstance(busy.terminal.sale(sale("S-10", 1)), Approved)


def test_a_sign_off_that_nobody_answers_changes_nothing(busy: Shop) -> None:
    busy.fault("drop_reply", "0820")
    closed = busy.terminal.close_batch()

    assert closed.next_batch == busy.terminal.view().batch == "000008"
    with refused("not_signed_in"):
        busy.terminal.sale(sale("S-9", 1))


@pytest.mark.parametrize("code", ["77", "99", "A0"])
def test_an_upload_that_wants_a_sign_in_first_waits_for_it(busy: Shop, code: str) -> None:
    busy.fault("unbalanced", "0500")
    busy.fault("code", "0320", code=code)
    with refused(f"host_{code}"):
        busy.terminal.close_batch()
    assert busy.terminal.view().is_closing
    busy.terminal.sign_in()
    assert busy.terminal.view().is_closing  # the same batch: it is not over

    assert busy.terminal.close_batch().uploaded == 6


def test_an_item_that_the_host_refuses_is_reported_and_stops_nothing(busy: Shop) -> None:
    busy.fault("unbalanced", "0500")
    busy.fault("code", "0320", code="94")  # the details: five of them
    closed = busy.terminal.close_batch()

    ids = ["S-1/1", "S-2/1", "V-2/1", "S-3/1", "S-4/1"]
    assert closed.refused == dict.fromkeys(ids, "94")
    assert closed.uploaded == 1
    assert left(busy)[-2]["48"] == "0001"
    assert busy.terminal.journal.attempt("S-1/1").state is State.ACCEPTED


def test_an_end_that_is_refused_is_no_end(busy: Shop) -> None:
    for code in ("96", "30", "05"):
        busy.fault("code", "0320", code=code)
        with refused(f"host_{code}"):
            busy.terminal.close_batch()
        assert busy.terminal.view().batch == busy.host.terminals[TERMINAL].batch == "000007"
    busy.fault("booked_code", "0320", code="96")  # it did end it, and says something else
    with refused("host_96"):
        busy.terminal.close_batch()
    assert busy.terminal.view().batch == "000007"

    assert busy.terminal.close_batch().next_batch == "000008"
    assert busy.host.terminals[TERMINAL].batch == "000008"


def test_an_item_whose_card_is_gone_does_not_go_up_and_is_reported(busy: Shop) -> None:
    busy.terminal.journal.wipe_cards()
    busy.fault("unbalanced", "0500")
    closed = busy.terminal.close_batch()

    assert set(closed.refused.values()) == {"no_card"}
    assert closed.uploaded == 0
    assert mtis(busy) == ["0500", "0320", "0820"]


NOT_AN_ANSWER = ("garbage", "truncate", "unknown_field", "half_totals")
SILENCE = ("drop_request", "drop_reply", "close_before_reply", "wrong_stan", "wrong_terminal")


@pytest.mark.parametrize("mti", ["0500", "0320"])
@pytest.mark.parametrize("kind", [*NOT_AN_ANSWER, *SILENCE, "duplicate_reply", "delay", "bad_mac"])
@pytest.mark.parametrize("is_balanced", [True, False])
def test_whatever_the_host_does_the_batch_is_closed_in_the_end_and_the_books_agree(
    busy: Shop, mti: str, kind: str, is_balanced: bool
) -> None:
    before = busy.host.ledger.as_data()
    busy.fault(kind, mti, times=2)
    if not is_balanced:
        busy.fault("unbalanced", "0500")
    for _ in range(3):
        with suppress(LinkError, RemoteProtocolError):
            busy.terminal.close_batch()
            break
        assert busy.terminal.view().batch == "000007"
        busy.restart()
    assert busy.terminal.last_batch() is not None

    assert busy.host.ledger.as_data() == before
    assert busy.terminal.view().batch == busy.host.terminals[TERMINAL].batch == "000008"
    assert busy.terminal.journal.verify() > 0


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        *((kind, RemoteProtocolError) for kind in ("garbage", "truncate", "unknown_field")),
        ("half_totals", RemoteProtocolError),
        ("drop_reply", LinkTimeoutError),
        ("wrong_stan", LinkTimeoutError),
        ("wrong_terminal", LinkTimeoutError),
        ("close_before_reply", LinkClosedError),
    ],
)
def test_what_is_no_answer_to_the_settlement_is_an_error_and_no_verdict(
    busy: Shop, kind: str, error: type[Exception]
) -> None:
    busy.fault(kind, "0500")
    with pytest.raises(error):
        busy.terminal.close_batch()

    assert busy.terminal.view().is_closing
    assert mtis(busy) == ["0500"]


def test_an_answer_that_speaks_of_another_batch_is_none(busy: Shop) -> None:
    busy.link.on_reply = lambda reply: reply.replace(
        bytes.fromhex("000000072010"), bytes.fromhex("000000082010")
    )
    with pytest.raises(RemoteProtocolError, match="DE60"):
        busy.terminal.close_batch()
    busy.link.on_reply = None

    assert busy.terminal.close_batch().verdict == "balanced"


# --- overtaken by the host -------------------------------------------------------------------------


def test_a_host_that_closed_the_batch_itself_ends_the_closing_at_the_next_sign_in(
    busy: Shop,
) -> None:
    in_doubt(busy, "R-2", 300)
    busy.host.close_batch(TERMINAL)
    with refused("host_77"):
        busy.terminal.close_batch()  # its verdict is error, so things go up, and it wants a sign-in
    with refused("batch_closing"):
        busy.terminal.sale(sale("S-9", 1))
    busy.terminal.sign_in()
    closed = busy.terminal.last_batch()

    assert closed is not None
    assert (closed.batch, closed.next_batch, closed.ended_by) == ("000007", "000008", "host")
    assert closed.verdict == "error"
    assert closed.suggestion == Suggestion()
    assert [each.attempt_id for each in closed.doubts] == ["R-2/1"]
    assert busy.terminal.journal.card("R-1/1") is None
    assert busy.terminal.journal.card("R-2/1") is not None
    assert isinstance(busy.terminal.sale(sale("S-9", 1)), Approved)
    assert busy.terminal.close_batch().batch == "000008"


def test_an_end_whose_answer_was_lost_and_a_sign_in_close_the_batch_once(busy: Shop) -> None:
    busy.fault("drop_reply", "0320")
    with pytest.raises(LinkTimeoutError):
        busy.terminal.close_batch()
    busy.terminal.sign_in()  # in the morning nobody remembers
    closed = busy.terminal.last_batch()

    assert closed is not None
    assert (closed.next_batch, closed.ended_by, closed.verdict) == ("000008", "host", "balanced")
    assert busy.terminal.view().batch == busy.host.terminals[TERMINAL].batch == "000008"
    assert isinstance(busy.terminal.sale(sale("S-9", 1)), Approved)


def test_a_sign_in_that_dies_after_the_next_batch_came_ends_the_closing_at_the_next_start(
    busy: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy.fault("drop_reply", "0500")
    with pytest.raises(LinkTimeoutError):
        busy.terminal.close_batch()
    busy.host.close_batch(TERMINAL)
    with monkeypatch.context() as cut:
        cut.setattr(busy.terminal._procedures.closer, "after_sign_in", lambda: sys.exit("power"))
        with pytest.raises(SystemExit):
            busy.terminal.sign_in()
    busy.restart()
    closed = busy.terminal.last_batch()

    assert closed is not None
    assert (closed.batch, closed.next_batch, closed.ended_by) == ("000007", "000008", "host")
    assert busy.terminal.journal.card("R-1/1") is None
    rows = len(busy.terminal.journal.rows())
    busy.restart()
    assert len(busy.terminal.journal.rows()) == rows
    busy.terminal.sale(sale("S-9", 60))
    assert busy.terminal.close_batch().batch == "000008"


# --- refused before anything -----------------------------------------------------------------------


@pytest.mark.parametrize("name", ["iso87-ascii", "iso87-binary", "iso93-ascii", "iso93-binary"])
def test_a_host_without_settlement_is_not_asked(tmp_path: Path, name: str) -> None:
    shop = Shop(tmp_path, profile=HostProfile(dialect=name), dialect=dialect(name))
    rows = len(shop.terminal.journal.rows())
    with refused("no_settlement"):
        shop.terminal.close_batch()

    assert shop.link.sent == []
    assert len(shop.terminal.journal.rows()) == rows
    shop.terminal.close()


def test_an_operator_that_fits_no_message_begins_nothing(busy: Shop) -> None:
    with pytest.raises(EncodeError):
        busy.terminal.close_batch("0" * 164)

    assert busy.link.sent == []
    assert not busy.terminal.view().is_closing


def test_a_batch_that_fits_no_message_begins_nothing(busy: Shop) -> None:
    journal = busy.terminal.journal
    rows = journal.attempts(batch="000007")
    many = [replace(rows[0], request_id=f"Q-{number}") for number in range(1_000)]
    real = journal.attempts
    journal.attempts = lambda **asked: many if "batch" in asked else real(**asked)  # type: ignore[method-assign]
    with refused("batch_does_not_fit"):
        busy.terminal.close_batch()

    assert busy.link.sent == []
    assert not busy.terminal.view().is_closing


def test_what_a_changed_journal_remembers_of_a_closing_is_corrupt(busy: Shop) -> None:
    busy.terminal.journal.remember(busy.clock(), "closing", closing=json.dumps({"stage": "asking"}))
    with pytest.raises(JournalCorruptError):
        busy.terminal.close_batch()


def test_no_row_of_a_closing_holds_a_card_number(busy: Shop) -> None:
    in_doubt(busy, "R-2", 300)
    busy.fault("drop_reply", "0320")
    with pytest.raises(LinkTimeoutError) as silent:
        busy.terminal.close_batch()
    busy.terminal.close_batch()

    text = "".join(row.body for row in busy.terminal.journal.rows())
    for number in ("6200000000000005", "6205500000000000004"):
        assert number not in text
        assert number not in repr(silent.value)
        assert number not in repr(busy.terminal.last_batch())


# --- over TCP --------------------------------------------------------------------------------------


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[Shop, HostServer]]:
    shop = Shop(tmp_path)
    assert isinstance(shop.host, EmulatedHost)
    with HostServer(shop.host) as running:
        shop.terminal.close()
        shop.other_link = TCPLink(*running.address)
        shop.terminal = shop.open()
        yield shop, running
        shop.terminal.close()


def test_a_day_with_a_doubt_closes_over_tcp(server: tuple[Shop, HostServer]) -> None:
    shop, _ = server
    shop.terminal.sale(sale("S-1", 12_800))
    shop.terminal.sale(sale("S-2", 700, OTHER_CHIP))
    shop.to(1, 10)
    shop.terminal.refund(refund("R-1", "S-1", 2_800))
    shop.fault("close_before_reply")
    assert isinstance(shop.terminal.refund(refund("R-2", "S-1", 300)), InDoubt)
    shop.fault("close_before_reply", "0320")
    with pytest.raises(LinkError):
        shop.terminal.close_batch()
    closed = shop.terminal.close_batch()

    assert (closed.verdict, closed.uploaded) == ("unbalanced", 3)
    assert closed.suggestion.explanations == (("R-2/1",),)
    assert shop.host.terminals[TERMINAL].batch == shop.terminal.view().batch == "000008"
    assert closed.closed_at - shop.clock() == timedelta(0)
