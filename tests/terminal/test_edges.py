"""Edges where a second refund, a lost one or a lie could slip through; each was found by review."""

from __future__ import annotations

import socket
from dataclasses import replace
from datetime import timedelta

import pytest

from posrefund.codec import Codec
from posrefund.engine import Approved, InDoubt, State
from posrefund.errors import (
    DecodeError,
    InvalidRequestError,
    JournalError,
    LinkClosedError,
    LinkOpenError,
    RequestConflictError,
)
from posrefund.link import TCPLink
from shop import CHIP, UNIONPAY, Shop, refund, sale


def test_a_link_that_is_closed_while_we_listen_leaves_a_doubt(next_day: Shop) -> None:
    def hang_up(reply: bytes) -> bytes:
        raise LinkClosedError("the link is not open", effect="nothing_sent")

    next_day.link.on_reply = hang_up
    outcome = next_day.terminal.refund(refund("R-1", "S-1", 100))

    assert isinstance(outcome, InDoubt)
    assert next_day.booked("refund") == [100]


def test_a_tcp_link_that_is_closed_cannot_say_that_nothing_was_sent() -> None:
    with pytest.raises(LinkClosedError) as closed:
        TCPLink("127.0.0.1", 9).receive(1)

    assert closed.value.effect == "in_doubt"


@pytest.mark.parametrize("address", ["acquirer..example", "x" * 64 + ".example"])
def test_a_name_that_is_none_is_no_connection(address: str) -> None:
    with pytest.raises(LinkOpenError):
        TCPLink(address, 9).open(1)


def test_a_closed_peer_is_noticed_before_the_first_byte_whatever_the_number_of_open_files() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        link = TCPLink("127.0.0.1", server.getsockname()[1])
        link.open(1)
        peer, _ = server.accept()
        peer.close()
        with pytest.raises(LinkClosedError):  # reading is how this test waits for the news
            link.receive(5)
        with pytest.raises(LinkClosedError) as closed:
            link.send(b"message")
        link.close()

    assert closed.value.effect == "nothing_sent"


def test_a_sale_of_a_name_that_came_from_a_feed_is_refused_before_it_is_sent(shop: Shop) -> None:
    shop.terminal.sale(sale("S-1", 500))
    sold = shop.terminal.journal.originals("S-1")[0]
    shop.terminal.record_sale(replace(sold, original_id="S-9", terminal="87654321"))
    shop.link.sent.clear()

    with pytest.raises(RequestConflictError):
        shop.terminal.sale(sale("S-9", 500))

    assert shop.link.sent == []


def test_one_sale_cannot_be_known_under_two_names(next_day: Shop) -> None:
    sold = next_day.terminal.journal.originals("S-1")[0]

    with pytest.raises(RequestConflictError):
        next_day.terminal.record_sale(replace(sold, original_id="FEED-77"))

    assert len(next_day.terminal.journal.all_originals()) == 1


@pytest.mark.parametrize(
    "change",
    [{"accepted_minor": 1}, {"reserved_minor": 1}, {"is_voided": True}, {"has_case": True}],
)
def test_a_sale_of_which_something_was_given_back_elsewhere_is_not_taken_in(
    next_day: Shop, change: dict[str, object]
) -> None:
    sold = next_day.terminal.journal.originals("S-1")[0]
    used = replace(sold, original_id="S-9", terminal="87654321", **change)  # type: ignore[arg-type]

    with pytest.raises(InvalidRequestError):
        next_day.terminal.record_sale(used)


def test_a_sale_whose_answer_could_not_be_written_down_is_undone_before_the_next(
    shop: Shop,
) -> None:
    def fill(reply: bytes) -> bytes:
        shop.terminal.journal._db.execute("PRAGMA query_only = ON")
        return reply

    shop.link.on_reply = fill
    with pytest.raises(JournalError) as failed:
        shop.terminal.sale(sale("S-1", 500))
    assert (failed.value.effect, failed.value.retry_is_safe) == ("in_doubt", False)
    shop.terminal.journal._db.execute("PRAGMA query_only = OFF")
    shop.link.on_reply = None

    assert isinstance(shop.terminal.sale(sale("S-2", 600)), Approved)

    assert shop.booked("sale") == [600]
    assert shop.terminal.journal.attempt("S-1/1").state is State.REVERSED


def test_a_card_that_may_be_needed_for_a_reversal_survives_the_wipe(shop: Shop) -> None:
    shop.fault("drop_reply", "0200")
    shop.terminal.sale(sale("S-1", 500))

    shop.terminal.journal.wipe_cards()
    shop.terminal.resolve_doubts()

    assert shop.terminal.journal.attempt("S-1/1").state is State.REVERSED
    assert shop.terminal.journal.wipe_cards() == 1


def test_a_reversal_without_its_card_ends_with_people_and_blocks_nothing(shop: Shop) -> None:
    shop.fault("drop_reply", "0200")
    shop.terminal.sale(sale("S-1", 500))
    shop.terminal.journal._db.execute("DELETE FROM sealed_cards")

    assert isinstance(shop.terminal.sale(sale("S-2", 600)), Approved)
    assert shop.terminal.journal.attempt("S-1/1").state is State.MANUAL


def test_a_new_batch_destroys_the_cards_of_the_old_one(shop: Shop) -> None:
    shop.terminal.sale(sale("S-1", 500))
    assert shop.terminal.journal.card("S-1/1") == CHIP.kept

    shop.host.close_batch("12345678")
    shop.terminal.sign_in()

    assert shop.terminal.journal.card("S-1/1") is None


def test_an_unsigned_reversal_answer_proves_nothing_near_the_cut_over(shop: Shop) -> None:
    """The host's day turned a moment before ours: its 25 means *not today's*, not *undone*."""
    shop.to(0, 22, 58)
    shop.fault("drop_reply", "0200")
    shop.terminal.sale(sale("S-1", 500))
    shop.host_time.advance(timedelta(minutes=3))  # 23:01 there
    shop.clock.advance(timedelta(seconds=90))  # 22:59:30 here

    shop.terminal.resolve_doubts()

    assert shop.booked("sale") == [500]
    assert shop.terminal.journal.attempt("S-1/1").state is State.MANUAL


def test_a_sale_near_the_cut_over_may_be_of_the_day_before_ours(shop: Shop) -> None:
    """Our clock was three minutes ahead at the sale: the host booked it on the day that was ending."""
    shop.to(0, 22, 58)
    shop.clock.advance(timedelta(minutes=3))  # 23:01 here
    shop.fault("drop_reply", "0200")
    shop.terminal.sale(sale("S-1", 500))
    shop.host_time.advance(timedelta(minutes=30))
    shop.clock.advance(timedelta(minutes=30))

    shop.terminal.resolve_doubts()

    assert shop.booked("sale") == [500]
    assert shop.terminal.journal.attempt("S-1/1").state is State.MANUAL


def test_an_answer_of_another_day_undoes_nothing_whatever_our_own_clock_says(shop: Shop) -> None:
    """A clock that was set back by a day: the host's 25 means *not today's*, and its DE13 says so."""
    shop.fault("drop_reply", "0200")
    shop.terminal.sale(sale("S-1", 500))
    shop.host_time.advance(timedelta(days=1))

    shop.terminal.resolve_doubts()

    assert shop.booked("sale") == [500]
    assert shop.terminal.journal.attempt("S-1/1").state is State.MANUAL


def test_closing_wipes_the_keys_and_every_later_call_says_so(shop: Shop) -> None:
    keys = shop.terminal._procedures.keyring.present
    assert keys is not None
    shop.terminal.close()

    assert bytes(keys.mak._material) == b""
    with pytest.raises(JournalError, match=r"^the journal is closed$"):
        shop.terminal.status("S-1")
    with pytest.raises(JournalError, match=r"^the journal is closed$"):
        shop.terminal.sale(sale("S-1", 1))
    with pytest.raises(JournalError, match=r"^the journal is closed$"):
        shop.terminal.journal.commit([])
    shop.terminal = shop.open()


def test_no_hidden_error_of_a_refusal_holds_the_message() -> None:
    codec = Codec(UNIONPAY.specification)
    fields = {"t": "0200", "2": "6200000000000005", "41": "12345678"}
    for _ in range(3):
        codec.decode(codec.encode(fields))
    raw = codec.encode(fields)[:-1] + b"\xff"

    with pytest.raises(DecodeError) as refused:
        codec.decode(raw)

    assert refused.value.__context__ is None
    assert refused.value.__cause__ is None
