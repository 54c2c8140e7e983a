"""Sales in the journal: taken in by feeds, each of them once, and found by each of their ways. On every backend."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from engine.builders import FINGERPRINT, MERCHANT, NOW, original
from journal.backends import refused
from journal.builders import know, move, opening, sums
from posrefund.engine import Event, Know, ReceiptCode, SaleQuery, receipt_code
from posrefund.engine.lookup import CANDIDATES_MAX
from posrefund.errors import JournalWriteError
from posrefund.values import STAN, Amount, BatchNumber, TerminalID

if TYPE_CHECKING:
    from journal.backends import Backend
    from posrefund.engine import FoundSales, Original
    from posrefund.journal import Journal

THERE = original(
    original_id="T-1", terminal="87654321", card_last4="0005", order_ref="A-17", made_at=NOW
)
"""A sale of another terminal."""


def find(journal: Journal, **given: Any) -> FoundSales:
    return journal.find_sales(SaleQuery(**given), merchant=MERCHANT)


def names(found: FoundSales) -> list[str]:
    return [one.sale.original_id for one in found.candidates]


# --- feeds -----------------------------------------------------------------------------------------


def test_same_sale_twice_is_one_row(journal: Journal, backend: Backend) -> None:
    assert journal.take_in([THERE], NOW) == ["new"]
    before = backend.dump()
    assert journal.take_in([THERE, THERE], NOW + timedelta(days=1)) == ["known", "known"]

    assert backend.dump() == before
    assert journal.all_originals() == [THERE]
    assert journal.verify() == 1


def test_many_are_one_commit_and_twice_in_it_is_once(journal: Journal) -> None:
    sales = [
        original(original_id=f"T-{n}", stan=f"{n:06d}", terminal="87654321") for n in range(1, 41)
    ]

    assert journal.take_in([*sales, sales[0]], NOW) == [*["new"] * 40, "known"]
    assert journal.all_originals() == sales
    assert journal.verify() == 40


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({"amount": Amount(9_999)}, "other_content"),
        ({"amount": Amount(10_000, "344")}, "other_content"),
        ({"rrn": "606710000043"}, "other_content"),
        ({"auth_code": "111111"}, "other_content"),
        ({"card_fingerprint": "f" * 32}, "other_content"),
        ({"card_fingerprint": "", "card_last4": "0006"}, "other_content"),
        ({"settlement_date": date(2026, 3, 9)}, "other_content"),
        ({"stan": "000999"}, "other_content"),
        ({"original_id": "T-2"}, "other_id"),
        ({"card_fingerprint": "", "auth_code": None, "organisation": None}, "known"),
        ({"order_ref": "", "made_at": None, "card_last4": ""}, "known"),
        ({"original_id": receipt_code(THERE)}, "known"),
        ({"original_id": receipt_code(THERE), "amount": Amount(9_999)}, "other_content"),
    ],
)
def test_sale_that_is_known_is_the_same_as_far_as_a_feed_says_or_is_refused(
    journal: Journal, backend: Backend, changes: dict[str, Any], verdict: str
) -> None:
    journal.take_in([THERE], NOW)
    before = backend.dump()

    assert journal.take_in([replace(THERE, **changes)], NOW) == [verdict]
    assert backend.dump() == before


def test_feed_that_knows_more_contradicts_nothing_and_teaches_nothing(journal: Journal) -> None:
    """The first word stands in the chain: a card that was half known stays so, and goes to two people."""
    half = replace(THERE, card_fingerprint="", auth_code=None)
    journal.take_in([half], NOW)

    assert journal.take_in([THERE], NOW) == ["known"]
    assert journal.take_in([replace(THERE, card_last4="0006")], NOW) == ["other_content"]
    assert journal.all_originals() == [half]
    journal.verify()


def test_sale_that_is_refused_keeps_no_other_one_out(journal: Journal) -> None:
    journal.take_in([THERE], NOW)
    other = replace(THERE, original_id="T-2", stan="000009")

    assert journal.take_in([replace(THERE, amount=Amount(1)), other], NOW) == [
        "other_content",
        "new",
    ]
    assert journal.all_originals() == [THERE, other]
    journal.verify()


def test_dry_run_says_the_same_and_writes_nothing(journal: Journal, backend: Backend) -> None:
    journal.take_in([THERE], NOW)
    before = backend.dump()
    sales = [
        THERE,
        replace(THERE, amount=Amount(1)),
        replace(THERE, original_id="T-2", stan="000009"),
    ]

    assert journal.take_in(sales, NOW, dry_run=True) == ["known", "other_content", "new"]
    assert backend.dump() == before
    assert journal.take_in(sales, NOW) == ["known", "other_content", "new"]


BY_CODE = replace(
    THERE, card_fingerprint="", card_last4="", wallet="wechat", voucher="4200001234567890"
)
"""The same, paid by a code."""


def test_sale_that_a_code_paid_stands_with_its_voucher_after_a_restart(backend: Backend) -> None:
    with backend.open() as journal:
        assert journal.take_in([BY_CODE], NOW) == ["new"]
        (row,) = journal.rows_of("know")
        assert (row.facts["wallet"], row.facts["voucher"]) == ("wechat", "4200001234567890")
    with backend.open() as journal:
        assert journal.all_originals() == [BY_CODE]
        assert journal.sales_by_code(MERCHANT) == [BY_CODE]
        assert journal.paid_by_code() == {
            "T-1": {"wallet": "wechat", "voucher": "4200001234567890"}
        }
        assert not BY_CODE.is_half_known
        assert journal.take_in([BY_CODE], NOW) == ["known"]
        assert journal.verify() == 1


@pytest.mark.parametrize(
    ("known", "told", "verdict"),
    [
        (BY_CODE, replace(BY_CODE, voucher=""), "known"),
        (replace(BY_CODE, voucher=""), BY_CODE, "known"),
        (BY_CODE, replace(BY_CODE, voucher="4200001234567891"), "other_content"),
        (BY_CODE, replace(BY_CODE, wallet="alipay"), "other_content"),
        (BY_CODE, THERE, "other_content"),
        (THERE, BY_CODE, "other_content"),
        (replace(THERE, card_fingerprint=""), BY_CODE, "other_content"),
    ],
)
def test_card_and_code_did_not_both_pay(
    journal: Journal, known: Original, told: Original, verdict: str
) -> None:
    journal.take_in([known], NOW)

    assert journal.take_in([told], NOW) == [verdict]
    assert journal.all_originals() == [known]
    journal.verify()


def test_sale_that_was_described_gets_no_fresh_ceiling_by_a_feed(journal: Journal) -> None:
    described = original(original_id="sale:1", ceiling="host_only", terminal="?606710000042")
    journal.commit([Know(described, NOW)])

    assert journal.take_in([THERE], NOW) == ["described"]
    assert journal.all_originals() == [described]


def test_attempt_of_this_journal_is_not_a_sale_because_a_feed_says_so(filled: Journal) -> None:
    """R-3/1 is in doubt: what it turns out to be, answers and files say."""
    filled.commit(
        [opening("R-3", "000050", 500, original_id="S-2"), *move("R-3/1", Event.SEND, Event.DOUBT)]
    )
    doubt = filled.attempt("R-3/1")
    fed = original(original_id="F-1", terminal=doubt.terminal, batch=doubt.batch, stan=doubt.stan)

    assert filled.take_in([fed], NOW) == ["own"]
    assert filled.take_in([fed], NOW, dry_run=True) == ["own"]
    assert filled.take_in([replace(THERE, original_id="R-1")], NOW) == ["own"]
    assert [sale.original_id for sale in filled.all_originals()] == ["S-1", "S-2"]


def test_sales_of_a_feed_are_found_whole_after_a_restart(backend: Backend) -> None:
    with backend.open() as journal:
        journal.take_in([THERE], NOW)
    with backend.open() as journal:
        assert journal.all_originals() == [THERE]
        assert journal.all_originals()[0].made_at == NOW
        journal.verify()


def test_half_known_sale_is_never_given_back_without_a_yes(
    journal: Journal, backend: Backend
) -> None:
    half = original(card_fingerprint="", card_last4="0005")
    journal.take_in([half], NOW)

    error = refused(journal, backend, [opening("R-1", "000001")])
    assert isinstance(error, JournalWriteError)
    assert (
        str(error)
        == "nobody has approved a refund of a sale without a ceiling, or a card or voucher"
    )


def test_sale_by_code_is_given_back_without_a_yes_only_where_its_voucher_is_known(
    journal: Journal, backend: Backend
) -> None:
    known = original(card_fingerprint="", wallet="wechat", voucher="4200001234567890")
    half = replace(known, original_id="S-2", stan="000999", voucher="")
    assert journal.take_in([known, half], NOW) == ["new", "new"]

    error = refused(journal, backend, [opening("R-2", "000002", original_id="S-2")])
    assert "nobody has approved" in str(error)
    journal.commit([opening("R-1", "000001")])
    journal.verify()


# --- looking a sale up -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"code": ReceiptCode.parse(receipt_code(THERE))}, ("code",)),
        ({"request_id": "T-1"}, ("request_id",)),
        ({"rrn": "606710000042", "day": date(2026, 3, 8)}, ("rrn_and_day",)),
        ({"rrn": "606710000042", "day": "0308"}, ("rrn_and_day",)),
        ({"rrn": "606710000042"}, ("rrn",)),
        ({"order_ref": "A-17"}, ("order_ref",)),
        ({"auth_code": "654321", "card_last4": "0005", "amount": Amount(10_000)}, ("auth_card_amount",)),
    ],
)  # fmt: skip
def test_none_one_or_several_fit_and_none_of_another_merchant(
    journal: Journal, given: dict[str, Any], why: tuple[str, ...]
) -> None:
    elsewhere = replace(THERE, original_id="X-1", merchant="999999999999999")
    journal.take_in(
        [elsewhere, original(original_id="T-0", rrn="000000000000", auth_code=None)], NOW
    )
    assert find(journal, **given).candidates == ()

    journal.take_in([THERE], NOW)
    found = find(journal, **given)
    assert [(one.sale, one.why) for one in found.candidates] == [(THERE, why)]
    assert found.only == THERE

    twin = replace(THERE, original_id="T-2", terminal="87654322")
    journal.take_in([twin], NOW)
    if why in (("code",), ("request_id",)):
        assert names(find(journal, **given)) == ["T-1"]
    else:
        assert names(find(journal, **given)) == ["T-2", "T-1"]
        assert find(journal, **given).only is None


def test_sale_of_another_merchant_is_not_found_by_its_id(journal: Journal) -> None:
    journal.take_in([replace(THERE, merchant="999999999999999")], NOW)

    assert find(journal, request_id="T-1").candidates == ()


def test_what_is_found_says_what_is_left_of_it(filled: Journal) -> None:
    (found,) = find(filled, request_id="S-1").candidates

    assert (found.sale.reserved_minor, found.sale.accepted_minor) == sums(filled) == (500, 1_000)
    assert found.sale.has_open_attempt


def test_code_on_a_refunds_slip_finds_the_sale(filled: Journal) -> None:
    attempt = filled.attempt("R-1/1")
    code = ReceiptCode.parse(receipt_code(attempt))

    (found,) = find(filled, code=code).candidates
    assert (found.sale.original_id, found.why) == ("S-1", ("code_of_refund",))
    assert find(filled, code=replace(code, day=code.day + timedelta(days=3))).candidates == ()


def test_code_of_a_slip_that_nobody_knows_finds_nothing(filled: Journal) -> None:
    code = ReceiptCode(
        TerminalID("00000000"), BatchNumber("000001"), STAN("000001"), date(2026, 3, 9)
    )

    assert find(filled, code=code).candidates == ()


def test_too_many_are_cut_off_and_said_to_be(journal: Journal) -> None:
    many = [
        replace(THERE, original_id=f"T-{n}", stan=f"{n:06d}") for n in range(1, CANDIDATES_MAX + 2)
    ]
    journal.take_in(many, NOW)

    found = find(journal, order_ref="A-17")
    assert len(found.candidates) == CANDIDATES_MAX
    assert not found.is_complete
    assert found.only is None
    assert find(journal, request_id="T-1").only == many[0]


def test_sales_of_a_day_come_in_the_order_of_their_slips(journal: Journal) -> None:
    later = replace(THERE, original_id="T-0", stan="999999")
    other_day = replace(THERE, original_id="T-9", transaction_date=date(2026, 3, 7))
    journal.take_in([later, THERE, other_day], NOW)

    assert journal.sales_of_day(MERCHANT, date(2026, 3, 8)) == [THERE, later]
    assert journal.sales_of_day(MERCHANT, date(2026, 3, 8), most=1) == [THERE]
    assert journal.sales_of_day("999999999999999", date(2026, 3, 8)) == []


def test_sales_of_an_order_are_all_of_them(journal: Journal) -> None:
    card = replace(THERE, original_id="T-2", stan="000009", transaction_date=date(2026, 3, 7))
    journal.take_in(
        [THERE, card, replace(THERE, original_id="T-3", stan="000010", order_ref="")], NOW
    )

    assert journal.sales_of_order(MERCHANT, "A-17") == [card, THERE]
    assert journal.sales_of_order(MERCHANT, "") == []


def test_sales_of_a_card_are_its_own_newest_first_and_only_those_with_a_time(
    journal: Journal,
) -> None:
    def sale(number: int, **changes: Any) -> Original:
        return replace(THERE, **{"original_id": f"T-{number}", "stan": f"{number:06d}", **changes})

    mine = [sale(n, made_at=NOW + timedelta(minutes=n)) for n in range(1, 4)]
    others = [
        sale(5, card_fingerprint="e" * 32),
        sale(6, made_at=None),
        sale(7, card_fingerprint=""),
        sale(8, merchant="999999999999999"),
    ]
    journal.take_in([*mine, *others], NOW)

    assert journal.sales_of_card(MERCHANT, THERE.card_fingerprint) == mine[::-1]
    assert journal.sales_of_card(MERCHANT, THERE.card_fingerprint, most=1) == mine[-1:]
    assert journal.sales_of_card(MERCHANT, "f" * 32) == []


def test_what_a_feed_told_without_a_card_is_not_taken_for_paid_by_a_code(journal: Journal) -> None:
    assert journal.sales_by_code(MERCHANT) == []
    bare = replace(THERE, card_fingerprint="", card_last4="", made_at=NOW)
    journal.take_in([bare], NOW)

    assert journal.sales_by_code(MERCHANT) == []


def test_only_sales_that_may_be_one_made_twice_are_looked_at(journal: Journal) -> None:
    def sale(number: int, **changes: Any) -> Original:
        return replace(THERE, **{"original_id": f"T-{number}", "stan": f"{number:06d}", **changes})

    twice = [sale(1), sale(2, made_at=NOW + timedelta(minutes=5))]
    alone = [
        sale(3, amount=Amount(1)),
        sale(4, card_fingerprint="e" * 32),
        sale(5, card_fingerprint="d" * 32, made_at=None),
        sale(6, card_fingerprint="d" * 32),
        sale(7, card_fingerprint="", card_last4="0006"),
        sale(8, card_fingerprint="", card_last4="0006", made_at=NOW + timedelta(minutes=1)),
        sale(9, merchant="999999999999999"),
    ]
    journal.take_in([*twice, *alone], NOW)

    found = journal.repeated_sales(MERCHANT, date(2026, 3, 8))
    assert sorted(found, key=lambda one: one.original_id) == twice
    assert journal.repeated_sales(MERCHANT, date(2026, 3, 9)) == []


def test_fingerprint_is_that_of_the_card(journal: Journal) -> None:
    """The builders' one is a literal: no look-up may mistake it for a number."""
    journal.commit([know(), opening("R-1", "000001"), *move("R-1/1", Event.SEND)])

    assert all(
        FINGERPRINT not in row.body or '"card_fingerprint"' in row.body for row in journal.rows()
    )
