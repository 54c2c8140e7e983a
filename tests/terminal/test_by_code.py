"""Payments by code in a whole shop: sold by what a telephone shows, given back by the voucher, and never another way."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from posrefund.emulators.host import HostProfile
from posrefund.engine import (
    Approved,
    Declined,
    DescribedSale,
    Document,
    InDoubt,
    OriginalRef,
    Reason,
    RefundRequest,
    State,
)
from posrefund.engine.policy import Rules
from posrefund.errors import RefusedError, RequestConflictError
from posrefund.values import RRN, Amount, BackToPayer, CodeRead, PayerCode, RequestID, Voucher
from shop import CHIP, STRIPE, TERMINAL, UNIONPAY, Shop, refund, sale

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from posrefund.values import CardRead

DIGITS = "6201234567890123451"
CODE = CodeRead(PayerCode(DIGITS))
BACK = BackToPayer()
RECEIPT = (Document("receipt", "000042"),)


def code(number: int) -> CodeRead:
    """Return a code that no other payment of a test has."""
    return CodeRead(PayerCode(f"62{number:016d}0"))


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = Shop(tmp_path)
    yield made
    made.terminal.close()


@pytest.fixture
def next_day(shop: Shop) -> Shop:
    """S-1 by code, S-2 by card; both of yesterday."""
    assert isinstance(shop.terminal.sale(sale("S-1", 12_800, CODE)), Approved)
    assert isinstance(shop.terminal.sale(sale("S-2", 12_800)), Approved)
    shop.to(1, 10)
    return shop


def codes_of(shop: Shop, request: RefundRequest) -> list[str]:
    """Return every code of the refusal; nothing was sent."""
    sent = len(shop.link.sent)
    with pytest.raises(RefusedError) as caught:
        shop.terminal.refund(request)
    assert len(shop.link.sent) == sent
    assert caught.value.owner in ("merchant", "acquirer")
    assert caught.value.hint_zh
    assert caught.value.hint_en
    return [caught.value.code, *(each.code for each in caught.value.others)]


def by(
    name: str, original: str, card: CardRead | CodeRead | BackToPayer, minor: int = 100
) -> RefundRequest:
    return refund(name, original, minor, card)


def say_yes(shop: Shop, request_id: str) -> None:
    asked = shop.terminal.journal.last_approval(request_id)
    assert asked is not None
    shop.terminal.approve(request_id, checker="02", digest=asked.digest)


# --- the straight path ------------------------------------------------------------------------------


def test_a_sale_by_code_keeps_wallet_and_voucher_and_nothing_of_the_code(shop: Shop) -> None:
    outcome = shop.terminal.sale(sale("S-1", 12_800, CODE))

    assert isinstance(outcome, Approved)
    attempt = outcome.attempt
    booked = shop.host.ledger.entries()[0]
    assert attempt.facts["wallet"] == "unionpay"
    assert attempt.facts["voucher"] == booked.voucher
    assert len(booked.voucher) == 20
    assert attempt.card_masked == "QR"
    known = shop.terminal.journal.originals("S-1")[0]
    assert (known.wallet, known.voucher) == ("unionpay", booked.voucher)
    assert shop.terminal.journal.card("S-1/1") is None


def test_a_refund_needs_nothing_but_the_sale(next_day: Shop) -> None:
    outcome = next_day.terminal.refund(by("R-1", "S-1", BACK, 2_800))

    assert isinstance(outcome, Approved)
    assert next_day.booked("refund") == [2_800]
    sold, given = next_day.host.ledger.entries()[0], next_day.host.ledger.entries()[-1]
    assert (given.voucher, given.original_rrn) == (sold.voucher, sold.rrn)
    assert outcome.attempt.facts["voucher"] == sold.voucher
    assert (
        outcome.attempt.card_fingerprint
        == next_day.terminal.journal.attempt("S-1/1").card_fingerprint
    )


def test_what_stands_on_the_slip_finds_it_too(next_day: Shop) -> None:
    known = next_day.terminal.journal.originals("S-1")[0]
    ref = OriginalRef(RRN(known.rrn), f"{known.transaction_date:%m%d}")
    typed = BackToPayer(Voucher(known.voucher))

    wanted = replace(by("R-1", "S-1", typed), original=ref)
    assert isinstance(next_day.terminal.refund(wanted), Approved)


def test_of_the_same_day_it_is_voided_and_the_void_names_the_voucher(shop: Shop) -> None:
    shop.terminal.sale(sale("S-1", 12_800, CODE))

    assert isinstance(shop.terminal.refund(replace(by("R-1", "S-1", BACK), amount=None)), Approved)
    assert shop.booked("void") == [12_800]
    voucher = shop.terminal.journal.originals("S-1")[0].voucher
    assert f"A4020{voucher}".encode("ascii") in shop.link.sent[-1]


def test_asking_again_is_the_same_request_with_the_voucher_typed_or_not_another(
    next_day: Shop,
) -> None:
    first = next_day.terminal.refund(by("R-1", "S-1", BACK))
    sent = len(next_day.link.sent)

    assert isinstance(first, Approved)
    assert isinstance(next_day.terminal.refund(by("R-1", "S-1", BACK)), Approved)
    assert len(next_day.link.sent) == sent
    with pytest.raises(RequestConflictError):
        next_day.terminal.refund(by("R-1", "S-1", CHIP))


def test_a_sale_asked_again_with_another_code_is_another_request(shop: Shop) -> None:
    shop.terminal.sale(sale("S-1", 100, code(1)))

    assert isinstance(shop.terminal.sale(sale("S-1", 100, code(1))), Approved)
    with pytest.raises(RequestConflictError):
        shop.terminal.sale(sale("S-1", 100, code(2)))
    assert shop.booked("sale") == [100]


def test_a_code_with_the_digits_of_a_card_is_not_that_card(shop: Shop) -> None:
    journal = shop.terminal.journal
    digits = "6200000000000000001"

    assert journal.fingerprint(PayerCode(digits)) != journal.fingerprint(Voucher(digits))
    assert (
        len({journal.fingerprint(PayerCode("6200000000000005")), journal.fingerprint(CHIP.pan)})
        == 2
    )
    assert journal.fingerprint(None) == ""


# --- the host's own rules ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("digits", "code_of_host"), [("6201234567890123459", "56"), (DIGITS, "14")]
)
def test_the_host_refuses_a_code_that_is_nobodys_or_has_paid(
    shop: Shop, digits: str, code_of_host: str
) -> None:
    shop.terminal.sale(sale("S-0", 100, CODE))

    outcome = shop.terminal.sale(sale("S-1", 100, CodeRead(PayerCode(digits))))

    assert isinstance(outcome, Declined)
    assert outcome.code == code_of_host
    assert shop.booked("sale") == [100]
    assert digits.encode("ascii") not in shop.host.log[-1].encode("ascii")


def test_the_host_pays_back_to_the_voucher_that_paid_and_to_no_other(
    next_day: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = "58210309606814999999"
    journal = next_day.terminal.journal
    bent = replace(journal.originals("S-1")[0], voucher=other)
    monkeypatch.setattr(journal, "originals", lambda _: [bent])

    outcome = next_day.terminal.refund(by("R-1", "S-1", BACK))

    assert isinstance(outcome, Declined)
    assert outcome.code == "14"
    assert next_day.booked("refund") == []


def test_an_answer_without_a_voucher_is_a_yes_and_the_refund_asks_for_it(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        type(shop.host.dialect.layout), "voucher_fields", lambda _self, _voucher: {}
    )
    assert isinstance(shop.terminal.sale(sale("S-1", 12_800, CODE)), Approved)
    shop.to(1, 10)

    assert codes_of(shop, by("R-1", "S-1", BACK)) == ["voucher_needed"]
    typed = BackToPayer(Voucher(shop.host.ledger.entries()[0].voucher))
    assert isinstance(shop.terminal.refund(by("R-1", "S-1", typed)), Approved)


# --- original route only ----------------------------------------------------------------------------


def test_what_a_code_paid_goes_to_no_card_and_to_no_other_code(next_day: Shop) -> None:
    assert codes_of(next_day, by("R-1", "S-1", CHIP)) == ["other_method"]
    assert codes_of(next_day, by("R-1", "S-1", STRIPE)) == ["other_method"]
    assert codes_of(next_day, by("R-1", "S-1", code(7)))[0] == "other_method"


def test_what_a_card_paid_goes_to_no_code_and_not_back_unread(next_day: Shop) -> None:
    assert codes_of(next_day, by("R-1", "S-2", code(7)))[0] == "other_method"
    assert codes_of(next_day, by("R-1", "S-2", BACK)) == ["card_needed"]
    typed = BackToPayer(Voucher("58210309606814000002"))
    assert codes_of(next_day, by("R-1", "S-2", typed)) == ["card_needed"]


def test_a_voucher_of_another_payment_is_not_that_sales(next_day: Shop) -> None:
    typed = BackToPayer(Voucher("58210309606814999999"))

    assert codes_of(next_day, by("R-1", "S-1", typed)) == ["other_voucher"]


def test_another_way_needs_permission_a_document_and_a_second_person(tmp_path: Path) -> None:
    made = Shop(tmp_path, rules=Rules(other_method="two_people"))
    made.terminal.sale(sale("S-1", 12_800, CODE))
    made.to(1, 10)
    wanted = by("R-1", "S-1", CHIP)

    assert codes_of(made, wanted) == ["other_method_document"]
    wanted = replace(wanted, documents=RECEIPT)
    preview = made.terminal.check_refund(wanted)
    assert [each.code for each in preview.reviews] == ["review_other_method"]
    assert preview.needs_approval
    assert codes_of(made, wanted)[0] == "approval_needed"
    say_yes(made, "R-1")
    outcome = made.terminal.refund(wanted)

    assert isinstance(
        outcome, Declined
    )  # this acquirer takes the original route alone, whatever the shop says
    assert outcome.code == "14"
    assert outcome.attempt.facts["review"] == "review_other_method"
    assert made.booked("refund") == []
    made.terminal.close()


def test_a_dialect_without_codes_takes_none(tmp_path: Path) -> None:
    messages = {**UNIONPAY.messages}
    for name in ("sale", "refund", "void"):
        templates = {key: value for key, value in messages[name].templates.items() if key != "59"}
        messages[name] = replace(messages[name], templates=templates)
    made = Shop(tmp_path, dialect=UNIONPAY.derive("cards only", messages=messages))

    for wanted in (CODE, CodeRead(PayerCode("134567890123456780"))):
        with pytest.raises(RefusedError, match="method_not_taken"):
            made.terminal.sale(sale("S-1", 100, wanted))
    assert made.link.sent == []
    made.terminal.close()


def test_a_wallet_that_the_acquirer_does_not_take_is_refused_before_the_line(shop: Shop) -> None:
    for digits in ("134567890123456780", "280000000000000000", "9999999999999999"):
        with pytest.raises(RefusedError, match="method_not_taken"):
            shop.terminal.sale(sale("S-1", 100, CodeRead(PayerCode(digits))))
    assert shop.link.sent == []


# --- sales that this journal does not know ----------------------------------------------------------


def test_a_described_sale_goes_back_by_the_voucher_of_its_slip_with_a_second_person(
    tmp_path: Path,
) -> None:
    policy = replace(UNIONPAY.policy, ceiling="host_only")
    (tmp_path / "one").mkdir()
    made = Shop(tmp_path / "one", dialect=UNIONPAY.derive("unionpay", policy=policy))
    made.terminal.sale(sale("S-1", 12_800, CODE))
    booked = made.host.ledger.entries()[0]
    made.terminal.close()
    (tmp_path / "two").mkdir()
    made.folder = tmp_path / "two"  # a new journal, which knows nothing
    made.make_keys()
    made.terminal = made.open()
    made.host.close_batch(TERMINAL)
    made.to(1, 10)
    slip = DescribedSale(RRN(booked.rrn), booked.host_time.date(), auth_code=booked.auth)
    wanted = RefundRequest(
        RequestID("R-1"), slip, BackToPayer(Voucher(booked.voucher)), Reason.CUSTOMER, Amount(100)
    )

    assert codes_of(made, replace(wanted, card=BACK)) == ["voucher_needed"]
    assert codes_of(made, wanted)[0] == "approval_needed"
    say_yes(made, "R-1")
    assert isinstance(made.terminal.refund(wanted), Approved)
    again = replace(wanted, request_id=RequestID("R-2"))
    other = BackToPayer(Voucher("58210309606814999999"))
    assert codes_of(made, replace(again, card=other)) == ["other_method"]
    assert codes_of(made, replace(again, card=CHIP)) == ["account_mismatch"]
    assert codes_of(made, again)[0] == "approval_needed"
    made.terminal.close()


# --- doubts -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["drop_reply", "drop_request", "bad_mac"])
def test_a_sale_by_code_in_doubt_is_reversed_after_a_restart_too(shop: Shop, fault: str) -> None:
    shop.fault(fault, "0200")
    assert isinstance(shop.terminal.sale(sale("S-1", 100, CODE)), InDoubt)
    shop.restart()

    assert isinstance(shop.terminal.sale(sale("S-2", 200, code(2))), Approved)
    assert shop.terminal.journal.attempt("S-1/1").state is State.REVERSED
    assert shop.booked("sale") == [200]


def test_a_void_by_voucher_in_doubt_is_reversed(shop: Shop) -> None:
    shop.terminal.sale(sale("S-1", 100, CODE))
    shop.fault("drop_reply", "0200")
    assert isinstance(shop.terminal.refund(replace(by("R-1", "S-1", BACK), amount=None)), InDoubt)

    shop.terminal.resolve_doubts()

    assert shop.terminal.journal.attempt("R-1/1").state is State.REVERSED
    assert isinstance(shop.terminal.refund(replace(by("R-2", "S-1", BACK), amount=None)), Approved)


def test_a_refund_by_voucher_in_doubt_is_never_reversed_and_the_file_settles_it(
    next_day: Shop,
) -> None:
    next_day.fault("drop_reply")
    assert isinstance(next_day.terminal.refund(by("R-1", "S-1", BACK)), InDoubt)
    sent = len(next_day.link.sent)
    next_day.terminal.resolve_doubts()
    assert len(next_day.link.sent) == sent
    assert codes_of(next_day, by("R-2", "S-1", BACK)) == ["original_in_doubt"]
    next_day.to(2, 10)

    assert next_day.settle(1).count("RESOLVED_YES") == 1
    outcome = next_day.terminal.status("R-1")
    assert isinstance(outcome, Approved)
    assert outcome.confirmed


def test_a_sale_by_code_that_only_the_file_proved_is_given_back_by_the_slips_voucher(
    shop: Shop,
) -> None:
    timers = replace(UNIONPAY.timers, reversal_tries=0)
    shop.terminal.close()
    shop.dialect = UNIONPAY.derive("unionpay", timers=timers)
    shop.terminal = shop.open()
    shop.fault("drop_reply", "0200")
    shop.terminal.sale(sale("S-1", 100, CODE))
    shop.to(1, 10)
    assert shop.settle(0).count("RESOLVED_YES") == 1
    known = shop.terminal.journal.originals("S-1")[0]

    assert (known.wallet, known.voucher) == ("unionpay", "")
    assert codes_of(shop, by("R-1", "S-1", BACK)) == ["voucher_needed"]
    assert codes_of(shop, by("R-1", "S-1", CHIP)) == ["other_method"]
    typed = BackToPayer(Voucher(shop.host.ledger.entries()[0].voucher))
    assert isinstance(shop.terminal.refund(by("R-1", "S-1", typed)), Approved)


def test_a_late_answer_brings_the_voucher(tmp_path: Path) -> None:
    made = Shop(tmp_path, profile=HostProfile(repeat="stored_answer"))
    made.fault("drop_reply", "0200")
    made.terminal.sale(sale("S-1", 100, CODE))
    assert made.terminal.journal.attempt("S-1/1").state is State.IN_DOUBT

    late = made.host.answer(made.link.sent[-1])  # what it answered first
    assert late is not None
    made.terminal.receive_late(late)

    assert made.terminal.journal.attempt("S-1/1").state is State.ACCEPTED
    assert (
        made.terminal.journal.originals("S-1")[0].voucher == made.host.ledger.entries()[0].voucher
    )
    made.terminal.close()


# --- the batch, the chain and what is not there -----------------------------------------------------


def test_a_batch_with_codes_balances(shop: Shop) -> None:
    shop.terminal.sale(sale("S-1", 12_800, CODE))
    shop.terminal.sale(sale("S-2", 500))

    closed = shop.terminal.close_batch()

    assert closed.verdict == "balanced"
    assert closed.ours.whole.debit_minor == 13_300


def test_in_a_batch_that_does_not_balance_codes_hold_up_no_card(shop: Shop) -> None:
    for number in range(3):
        shop.terminal.sale(sale(f"S-{number}", 100, code(number)))
    shop.terminal.sale(sale("S-9", 500))
    lost = next(each for each in shop.host.ledger.entries() if each.amount_minor == 500)
    lost.state = "reversed"

    closed = shop.terminal.close_batch()

    assert closed.verdict == "unbalanced"
    notes = [(note["items"], note["code"]) for note in shop.terminal.journal.notes("uploaded")]
    assert notes == [("S-9/1", "00"), *((f"S-{number}/1", "no_card") for number in range(3))]


def test_nothing_on_disk_and_nothing_that_was_heard_holds_a_code(
    next_day: Shop, tmp_path: Path
) -> None:
    next_day.terminal.refund(by("R-1", "S-1", BACK))
    next_day.fault("drop_reply", "0200")
    next_day.terminal.sale(sale("S-3", 100, code(3)))
    next_day.terminal.resolve_doubts()
    next_day.terminal.journal.verify()
    rows = "".join(row.body for row in next_day.terminal.journal.rows())
    next_day.terminal.close()

    secrets = (DIGITS, code(3).code.reveal())
    data = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    for digits in secrets:
        assert digits not in rows
        assert digits.encode("ascii") not in data
        assert digits[-12:] not in rows
        assert bytes.fromhex(digits[:18]) not in data
    assert (
        sum(digits.encode("ascii") in sent for sent in next_day.link.sent for digits in secrets)
        == 1
    )


def test_sales_are_found_as_ever_and_say_who_paid(next_day: Shop) -> None:
    known = next_day.terminal.journal.all_originals()

    assert [(each.original_id, each.wallet, bool(each.voucher)) for each in known] == [
        ("S-1", "unionpay", True),
        ("S-2", "", False),
    ]
    assert known[0].voucher not in repr(known[0])


def test_what_codes_paid_lately_is_listed_newest_first_without_what_went_back(
    shop: Shop,
) -> None:
    journal, merchant = shop.terminal.journal, shop.terminal.view().merchant
    for day, number in enumerate((1, 2, 3, 4)):
        shop.to(day * 14, 10)
        shop.terminal.sale(sale(f"S-{number}", 100, code(number)))
        shop.terminal.sale(sale(f"C-{number}", 100))
    named = [each.original_id for each in journal.sales_by_code(merchant)]
    assert named == ["S-4", "S-3", "S-2"]  # the first is more than a month older than the last
    assert [each.original_id for each in journal.sales_by_code(merchant, most=1)] == ["S-4"]
    assert isinstance(shop.terminal.refund(by("R-1", "S-3", BACK)), Approved)

    assert [each.original_id for each in journal.sales_by_code(merchant)] == ["S-4", "S-2"]
    assert journal.sales_by_code("999999999999999") == []
