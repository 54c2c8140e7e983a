"""A sale, its refund, and everything on the straight way between them."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import date, datetime

import pytest

from posrefund.dialects.capture import open_capture
from posrefund.engine import (
    Approved,
    Declined,
    InDoubt,
    NotSent,
    OriginalRef,
    Reason,
    RefundRequest,
)
from posrefund.errors import LinkOpenError, RefusedError, RequestConflictError
from posrefund.values import PAN, RRN, Amount, CardRead, RequestID
from shop import CHIP, HOST_ZONE, OTHER_CHIP, STRIPE, TAP, UNIONPAY, Shop, refund, sale


def fields_of(message: bytes) -> dict[str, str]:
    return open_capture(message, UNIONPAY).fields


def test_a_next_day_refund_is_0220_with_the_sales_identity_in_de37_and_de61(next_day: Shop) -> None:
    sold = next_day.terminal.journal.originals("S-1")[0]

    outcome = next_day.terminal.refund(refund("R-1", "S-1", 2_800))

    assert isinstance(outcome, Approved)
    assert len(next_day.link.sent) == 1
    sent = fields_of(next_day.link.sent[0])
    assert {
        number: sent[number] for number in ("t", "3", "4", "22", "25", "37", "60", "61", "63")
    } == {
        "t": "0220",
        "3": "200000",
        "4": "000000002800",
        "22": "051",
        "25": "00",
        "37": sold.rrn,
        "60": "25000007000600",
        "61": "0000070000020309",
        "63": "CUP",
    }
    assert len(bytes.fromhex(sent["64"]).decode("ascii")) == 8
    assert next_day.booked("refund") == [2_800]


@pytest.mark.parametrize("card", [CHIP, TAP, STRIPE], ids=["chip", "contactless", "stripe"])
def test_every_way_of_reading_a_card_sells_and_refunds(shop: Shop, card: object) -> None:
    assert isinstance(shop.terminal.sale(sale("S-1", 100, card)), Approved)  # type: ignore[arg-type]
    shop.to(1, 10)

    outcome = shop.terminal.refund(refund("R-1", "S-1", card=card))  # type: ignore[arg-type]

    assert isinstance(outcome, Approved)
    assert outcome.attempt.kind == "refund"


def test_a_refund_may_name_its_sale_by_what_stands_on_the_slip(next_day: Shop) -> None:
    sold = next_day.terminal.journal.originals("S-1")[0]
    request = RefundRequest(
        RequestID("R-1"),
        original=OriginalRef(RRN(sold.rrn), "0309"),
        card=CHIP,
        reason=Reason.DEFECT,
    )

    assert isinstance(next_day.terminal.refund(request), Approved)


def test_partial_refunds_go_on_until_nothing_is_left(next_day: Shop) -> None:
    for number, minor in enumerate((2_800, 5_000, 5_000), start=1):
        assert isinstance(next_day.terminal.refund(refund(f"R-{number}", "S-1", minor)), Approved)

    with pytest.raises(RefusedError) as refused:
        next_day.terminal.refund(refund("R-4", "S-1", 1))

    assert refused.value.code == "nothing_remaining"
    assert next_day.booked("refund") == [2_800, 5_000, 5_000]


def test_more_than_what_is_left_is_refused_before_anything_is_sent(next_day: Shop) -> None:
    next_day.terminal.refund(refund("R-1", "S-1", 2_800))
    next_day.link.sent.clear()

    with pytest.raises(RefusedError) as refused:
        next_day.terminal.refund(refund("R-2", "S-1", 10_001))

    assert refused.value.code == "over_remaining"
    assert next_day.link.sent == []
    assert next_day.terminal.journal.last_attempt("R-2") is None


def test_asking_twice_gives_the_stored_answer_and_sends_nothing(next_day: Shop) -> None:
    first = next_day.terminal.refund(refund("R-1", "S-1", 2_800))
    next_day.restart()
    next_day.link.sent.clear()

    again = next_day.terminal.refund(refund("R-1", "S-1", 2_800))

    assert again == first
    assert next_day.link.sent == []


def test_the_same_id_with_another_content_is_a_conflict(next_day: Shop) -> None:
    next_day.terminal.refund(refund("R-1", "S-1", 2_800))

    with pytest.raises(RequestConflictError):
        next_day.terminal.refund(refund("R-1", "S-1", 2_801))

    assert next_day.booked("refund") == [2_800]


def test_many_threads_with_one_request_id_make_one_refund(next_day: Shop) -> None:
    outcomes = []

    def press() -> None:
        outcomes.append(next_day.terminal.refund(refund("R-1", "S-1", 2_800)))

    threads = [threading.Thread(target=press) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(outcomes) == 8
    assert all(outcome == outcomes[0] for outcome in outcomes)
    assert len(next_day.link.sent) == 1
    opened = [row.subject for row in next_day.terminal.journal.rows() if row.kind == "open"]
    assert opened == ["S-1/1", "R-1/1"]  # one intent, so one number
    assert next_day.booked("refund") == [2_800]


def test_another_card_is_refused(next_day: Shop) -> None:
    with pytest.raises(RefusedError) as refused:
        next_day.terminal.refund(refund("R-1", "S-1", card=OTHER_CHIP))

    assert refused.value.code == "account_mismatch"
    assert next_day.link.sent == []


def test_an_unknown_sale_is_refused(next_day: Shop) -> None:
    with pytest.raises(RefusedError) as refused:
        next_day.terminal.refund(refund("R-1", "S-9"))

    assert refused.value.code == "original_unknown"


def test_nothing_moves_before_the_first_sign_in(shop: Shop) -> None:
    (shop.folder / "keys.json").unlink()
    shop.terminal.close()
    from posrefund.keystore import FileKeyStore

    # A journal from before and a new key file are another terminal: begin with both new.
    (shop.folder / "journal.db").unlink()
    FileKeyStore.create(shop.folder / "keys.json", b"only for tests", tmk=b"another terminal")
    shop.terminal = shop.open()

    with pytest.raises(RefusedError) as refused:
        shop.terminal.sale(sale("S-1", 100))

    assert refused.value.code == "not_signed_in"
    assert shop.link.sent == []


# --- void or refund: by settlement day and batch -----------------------------------------------


def test_all_of_a_sale_of_today_in_the_open_batch_becomes_a_void(shop: Shop) -> None:
    shop.terminal.sale(sale("S-1", 500))
    shop.link.sent.clear()

    outcome = shop.terminal.refund(refund("R-1", "S-1"))

    assert isinstance(outcome, Approved)
    sent = fields_of(shop.link.sent[0])
    assert (sent["t"], sent["3"], sent["60"][:2], sent["61"]) == (
        "0200",
        "200000",
        "23",
        "000007000002",
    )
    assert outcome.attempt.kind == "void"


def not_before(shop: Shop, request: RefundRequest) -> datetime | None:
    shop.link.sent.clear()
    with pytest.raises(RefusedError) as refused:
        shop.terminal.refund(request)
    assert refused.value.code == "not_before"
    assert shop.link.sent == []
    return refused.value.not_before


END_OF_DAY_0 = datetime(2026, 3, 9, 23, 0, tzinfo=HOST_ZONE)
END_OF_DAY_1 = datetime(2026, 3, 10, 23, 0, tzinfo=HOST_ZONE)


def test_a_part_of_a_sale_of_today_has_to_wait(shop: Shop) -> None:
    shop.terminal.sale(sale("S-1", 500))

    assert not_before(shop, refund("R-1", "S-1", 499)) == END_OF_DAY_0


def test_a_sale_of_today_in_a_closed_batch_has_to_wait(shop: Shop) -> None:
    shop.terminal.sale(sale("S-1", 500))
    shop.host.close_batch("12345678")
    shop.to(0, 16)

    assert not_before(shop, refund("R-1", "S-1")) == END_OF_DAY_0


def test_another_terminals_sale_of_today_has_to_wait_and_can_be_refunded_tomorrow(
    shop: Shop,
) -> None:
    shop.terminal.sale(sale("S-1", 500))
    here = shop.terminal.journal.originals("S-1")[0]
    shop.terminal.record_sale(replace(here, original_id="S-2", terminal="87654321", stan="000002"))

    assert not_before(shop, refund("R-1", "S-2")) == END_OF_DAY_0

    shop.to(1, 0)
    assert isinstance(shop.terminal.refund(refund("R-1", "S-2")), Approved)


def test_a_sale_at_2330_belongs_to_the_next_settlement_day(shop: Shop) -> None:
    shop.to(0, 23, 30)
    shop.terminal.sale(sale("S-1", 500))
    sold = shop.terminal.journal.originals("S-1")[0]
    assert (sold.transaction_date, sold.settlement_date) == (date(2026, 3, 9), date(2026, 3, 10))

    shop.to(1, 10)
    assert not_before(shop, refund("R-1", "S-1", 1)) == END_OF_DAY_1

    shop.to(1, 23, 0)
    shop.terminal.refund(refund("R-1", "S-1", 1))
    sent = fields_of(shop.link.sent[-1])
    assert (sent["t"], sent["61"][12:16]) == ("0220", "0309")
    assert shop.booked("refund") == [1]


def test_a_sale_at_2330_can_be_voided_in_the_morning(shop: Shop) -> None:
    shop.to(0, 23, 30)
    shop.terminal.sale(sale("S-1", 500))
    shop.to(1, 10)

    outcome = shop.terminal.refund(refund("R-1", "S-1"))

    assert isinstance(outcome, Approved)
    assert outcome.attempt.kind == "void"


def test_what_is_left_after_a_partial_refund_is_never_voided(shop: Shop) -> None:
    shop.terminal.sale(sale("S-1", 500))
    shop.to(0, 23, 0)
    shop.terminal.refund(refund("R-1", "S-1", 100))

    outcome = shop.terminal.refund(refund("R-2", "S-1"))

    assert isinstance(outcome, Approved)
    assert (outcome.attempt.kind, outcome.attempt.amount) == ("refund", Amount(400))


def test_a_voided_sale_is_not_refunded(shop: Shop) -> None:
    shop.terminal.sale(sale("S-1", 500))
    shop.terminal.refund(refund("R-1", "S-1"))
    shop.to(1, 10)

    with pytest.raises(RefusedError) as refused:
        shop.terminal.refund(refund("R-2", "S-1", 1))

    assert refused.value.code == "original_voided"


# --- sign-in, not sent, signed off ---------------------------------------------------------------


def test_sign_in_takes_over_the_hosts_batch_and_clock(shop: Shop) -> None:
    shop.host.close_batch("12345678")

    done = shop.terminal.sign_in()

    assert (done.batch, done.batch_changed) == ("000008", True)
    assert done.host_offset.total_seconds() == -42
    assert shop.terminal.view().batch == "000008"


def test_a_batch_the_host_closed_is_a_decline_that_a_sign_in_mends(next_day: Shop) -> None:
    next_day.host.close_batch("12345678")

    declined = next_day.terminal.refund(refund("R-1", "S-1", 100))
    assert isinstance(declined, Declined)
    assert (declined.code, declined.may_retry, declined.sign_in_first) == ("77", True, True)

    with pytest.raises(RefusedError) as refused:
        next_day.terminal.refund(refund("R-1", "S-1", 100))
    assert refused.value.code == "sign_in_first"

    next_day.to(1, 11)
    again = next_day.terminal.refund(refund("R-1", "S-1", 100))
    assert isinstance(again, Approved)
    assert again.attempt.number == 2
    assert next_day.booked("refund") == [100]


def test_not_sent_when_the_host_cannot_be_reached_and_the_same_id_goes_through_later(
    next_day: Shop,
) -> None:
    next_day.link.is_down = True
    outcome = next_day.terminal.refund(refund("R-1", "S-1", 100))
    assert isinstance(outcome, NotSent)
    assert outcome.reason == "unreachable"

    next_day.link.is_down = False
    again = next_day.terminal.refund(refund("R-1", "S-1", 100))

    assert isinstance(again, Approved)
    assert again.attempt.number == 2
    assert again.attempt.stan != outcome.attempt.stan
    assert next_day.booked("refund") == [100]


def test_a_line_cut_before_the_first_byte_is_not_sent(next_day: Shop) -> None:
    next_day.link.cut_before_send = True

    assert isinstance(next_day.terminal.refund(refund("R-1", "S-1", 100)), NotSent)
    assert next_day.booked("refund") == []


def test_a_line_cut_after_the_last_byte_is_in_doubt(next_day: Shop) -> None:
    next_day.link.cut_after_send = True

    outcome = next_day.terminal.refund(refund("R-1", "S-1", 100))

    assert isinstance(outcome, InDoubt)
    assert outcome.reason == "closed"
    assert next_day.booked("refund") == [100]


def test_an_interrupted_wait_is_in_doubt_at_once(next_day: Shop) -> None:
    def interrupt(reply: bytes) -> bytes:
        raise KeyboardInterrupt

    next_day.link.on_reply = interrupt
    with pytest.raises(KeyboardInterrupt):
        next_day.terminal.refund(refund("R-1", "S-1", 100))
    next_day.link.on_reply = None

    outcome = next_day.terminal.refund(refund("R-1", "S-1", 100))

    assert isinstance(outcome, InDoubt)
    assert outcome.reason == "interrupted"
    assert next_day.booked("refund") == [100]


def test_neither_number_nor_expiry_stands_in_any_file_of_the_shop(shop: Shop) -> None:
    card = CardRead("051", PAN("6200000000000005"), expiry="2907", sequence_number="001")
    shop.fault("drop_reply", "0200")
    shop.terminal.sale(sale("S-1", 500, card))
    shop.terminal.resolve_doubts()
    assert fields_of(shop.link.sent[-1])["14"] == "2907"

    for row in shop.terminal.journal.rows():
        assert "2907" not in row.body.replace(row.at, "")
    for file in shop.folder.iterdir():
        assert b"6200000000000005" not in file.read_bytes(), file


# --- sales and voids in doubt are undone ----------------------------------------------------------


def test_a_sale_without_an_answer_is_reversed_before_the_next_money_message(shop: Shop) -> None:
    shop.fault("drop_reply", "0200")
    lost = shop.terminal.sale(sale("S-1", 500))
    assert isinstance(lost, InDoubt)
    shop.link.sent.clear()

    shop.terminal.sale(sale("S-2", 600))

    sent = [fields_of(message) for message in shop.link.sent]
    assert [message["t"] for message in sent] == ["0400", "0200"]
    assert (sent[0]["39"], sent[0]["11"], sent[0]["4"]) == ("98", "000002", "000000000500")
    assert shop.booked("sale") == [600]
    undone = shop.terminal.status("S-1")
    assert isinstance(undone, Declined)
    assert undone.code == "reversed"


def test_a_sale_with_a_wrong_mac_is_reversed_for_that_reason(shop: Shop) -> None:
    shop.fault("bad_mac", "0200")
    assert isinstance(shop.terminal.sale(sale("S-1", 500, STRIPE)), InDoubt)
    shop.link.sent.clear()

    shop.terminal.resolve_doubts()

    sent = fields_of(shop.link.sent[0])
    assert sent["39"] == "A0"
    assert not {"2", "35", "52"} & set(sent)
    assert shop.booked("sale") == []


def test_a_void_without_an_answer_is_reversed_and_its_request_may_be_made_again(shop: Shop) -> None:
    shop.terminal.sale(sale("S-1", 500))
    shop.fault("drop_reply", "0200")
    assert isinstance(shop.terminal.refund(refund("R-1", "S-1")), InDoubt)
    shop.terminal.resolve_doubts()

    again = shop.terminal.refund(refund("R-1", "S-1"))

    assert isinstance(again, Approved)
    assert (again.attempt.kind, again.attempt.number) == ("void", 2)
    assert shop.booked("void") == [500]


def test_a_reversal_that_is_never_answered_ends_with_people_and_does_not_block_the_terminal(
    shop: Shop,
) -> None:
    shop.fault("drop_reply", "0200")
    shop.terminal.sale(sale("S-1", 500))
    shop.fault("drop_request", "0400", times=3)
    shop.link.sent.clear()

    after = shop.terminal.sale(sale("S-2", 600))

    assert isinstance(after, Approved)
    assert [fields_of(message)["t"] for message in shop.link.sent] == ["0400"] * 3 + ["0200"]
    left = shop.terminal.status("S-1")
    assert isinstance(left, InDoubt)
    assert left.needs_people


def test_a_reversal_is_not_sent_on_another_settlement_day(shop: Shop) -> None:
    shop.fault("drop_reply", "0200")
    shop.terminal.sale(sale("S-1", 500))
    shop.to(1, 10)

    shop.terminal.resolve_doubts()

    assert shop.link.sent == []
    left = shop.terminal.status("S-1")
    assert isinstance(left, InDoubt)
    assert left.needs_people
    shop.settle(0)
    assert isinstance(shop.terminal.status("S-1"), Approved)
    assert shop.terminal.journal.originals("S-1")[0].amount == Amount(500)


def test_when_the_reversal_cannot_go_first_nothing_goes(shop: Shop) -> None:
    shop.fault("drop_reply", "0200")
    shop.terminal.sale(sale("S-1", 500))
    shop.link.is_down = True
    shop.link.sent.clear()

    with pytest.raises(LinkOpenError) as failed:
        shop.terminal.sale(sale("S-2", 600))

    assert failed.value.effect == "nothing_sent"
    assert shop.link.sent == []


def test_a_refund_in_doubt_is_never_reversed(next_day: Shop) -> None:
    next_day.fault("drop_reply")
    next_day.terminal.refund(refund("R-1", "S-1", 100))
    next_day.link.sent.clear()

    next_day.terminal.resolve_doubts()
    next_day.terminal.sale(sale("S-2", 600))

    assert [fields_of(message)["t"] for message in next_day.link.sent] == ["0200"]
