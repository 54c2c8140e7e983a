"""Requests: every fault at once, no float, and a digest that tells one request from another."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.builders import CHIP, FINGERPRINT, PROPERTY, original, refund_request, sale_request
from posrefund.engine import Original, OriginalRef, Reason, RefundRequest, SaleRequest
from posrefund.engine.rules import amount_to_refund
from posrefund.errors import InvalidRequestError
from posrefund.values import PAN, RRN, Amount, CardRead, RequestID

REF = OriginalRef(RRN("606710000042"), "0308")
NOT_AN_AMOUNT = [10.0, 0, 0.0, 1_000, "10.00", False, True, b"", (), float("nan")]


def faults_of(make: Any, **fields: Any) -> list[tuple[str, str]]:
    """Return what is wrong with a request made of *fields*."""
    with pytest.raises(InvalidRequestError) as caught:
        make(**fields)
    return list(caught.value.faults)


def test_refund_request_names_every_fault_at_once() -> None:
    assert faults_of(
        RefundRequest,
        request_id="no spaces",
        original="6200000000000005",
        card="6200000000000005",
        reason="customer",
        amount=10.0,
        operator="four",
        note="call 6200000000000005",
    ) == [
        ("request_id", "1 to 64 of A-Z a-z 0-9 . _ : - with no run of 13 digits"),
        ("original", "1 to 64 of A-Z a-z 0-9 . _ : - with no run of 13 digits"),
        ("amount", "an Amount"),
        ("card", "one of CardRead, CodeRead, BackToPayer"),
        ("operator", "1 to 3 letters or digits"),
        ("reason", "one of customer, duplicate, defect, not_delivered, price, fraud"),
        ("note", "at most 200 characters, no card number"),
    ]


def test_sale_request_names_every_fault_at_once() -> None:
    assert faults_of(SaleRequest, request_id="", amount=None, card=None, operator="") == [
        ("request_id", "1 to 64 of A-Z a-z 0-9 . _ : - with no run of 13 digits"),
        ("amount", "an Amount"),
        ("card", "one of CardRead, CodeRead"),
        ("operator", "1 to 3 letters or digits"),
    ]


def test_fault_never_quotes_what_was_found() -> None:
    with pytest.raises(InvalidRequestError) as caught:
        refund_request(note="6200000000000005", operator="6200000000000005")

    assert "6200000000000005" not in str(caught.value) + repr(caught.value)


@pytest.mark.parametrize("amount", NOT_AN_AMOUNT)
def test_amount_of_a_refund_is_an_amount_or_none_and_nothing_false(amount: Any) -> None:
    """Zero once counted as "no amount named", that is: all that is left of the sale."""
    assert faults_of(refund_request, amount=amount) == [("amount", "an Amount")]


@pytest.mark.parametrize("amount", [*NOT_AN_AMOUNT, None])
def test_amount_of_a_sale_is_an_amount(amount: Any) -> None:
    assert faults_of(sale_request, amount=amount) == [("amount", "an Amount")]


@pytest.mark.parametrize("minor", [10.0, 10.5, 0, -1, True, "10", None, 10**12, float("inf")])
def test_amount_is_a_whole_number_of_minor_units(minor: Any) -> None:
    assert faults_of(Amount, minor=minor) == [
        ("amount.minor", "a whole number of minor units, 1 to 999999999999")
    ]


@pytest.mark.parametrize("number", [None, 7, "", "a" * 65, "a b", "a/1", "中", "1234567890123"])
def test_request_id_is_refused_when_it_is_none(number: Any) -> None:
    assert [path for path, _ in faults_of(refund_request, request_id=number)] == ["request_id"]
    assert [path for path, _ in faults_of(sale_request, request_id=number)] == ["request_id"]


@pytest.mark.parametrize("named", [None, 7, "a b", ("606710000042", "0308"), "6200000000000005"])
def test_original_is_a_request_id_or_a_reference(named: Any) -> None:
    assert [path for path, _ in faults_of(refund_request, original=named)] == ["original"]


@pytest.mark.parametrize(
    "note",
    [
        "x" * 201,
        "1234567890123",
        "card 6200000000000005!",
        "card 6200 0000 0000 0005",
        "6200-0000-0000-0005",
        "62.00.00.00.00.00.00.05",
        None,
        7,
    ],
)
def test_note_with_what_could_be_a_card_number_is_refused(note: Any) -> None:
    assert [path for path, _ in faults_of(refund_request, note=note)] == ["note"]


@pytest.mark.parametrize("note", ["", "x" * 200, "123456789012", "颜色不对", "2026-03-09 10:00:00"])
def test_note_of_a_clerk_is_taken(note: str) -> None:
    assert refund_request(note=note).note == note


@pytest.mark.parametrize("reason", ["customer", "", None, "CUSTOMER"])
def test_reason_is_one_of_the_list_and_not_its_text(reason: Any) -> None:
    assert [path for path, _ in faults_of(refund_request, reason=reason)] == ["reason"]


def test_plain_texts_become_request_ids() -> None:
    refund = RefundRequest("R-1", original="S-1", card=CHIP, reason=Reason.PRICE)
    sale = SaleRequest("S-9", amount=Amount(1), card=CHIP)

    assert type(refund.request_id) is RequestID
    assert type(refund.original) is RequestID
    assert type(sale.request_id) is RequestID
    assert (refund.request_id, refund.original, sale.request_id) == ("R-1", "S-1", "S-9")


def test_request_shows_no_card_number() -> None:
    assert "6200000000000005" not in repr(refund_request()) + repr(sale_request())


# --- the digest --------------------------------------------------------------------------------

VARIANTS: list[tuple[RefundRequest, str]] = [
    (refund_request(), FINGERPRINT),
    (refund_request(), "f" * 32),
    (refund_request(original=RequestID("S-2")), FINGERPRINT),
    (refund_request(original=REF), FINGERPRINT),
    (refund_request(original=replace(REF, date_mmdd="0309")), FINGERPRINT),
    (refund_request(original=replace(REF, rrn=RRN("606710000043"))), FINGERPRINT),
    (refund_request(amount=None), FINGERPRINT),
    (refund_request(amount=Amount(1_001)), FINGERPRINT),
    (refund_request(amount=Amount(1_000, "344")), FINGERPRINT),
    (refund_request(reason=Reason.FRAUD), FINGERPRINT),
    (refund_request(operator="02"), FINGERPRINT),
    (refund_request(note="x"), FINGERPRINT),
]


def test_content_changes_with_every_part_and_with_the_card() -> None:
    digests = [request.content(fingerprint) for request, fingerprint in VARIANTS]

    assert len(set(digests)) == 12


def test_content_is_the_same_for_the_same_request_under_any_id_and_any_entry() -> None:
    again = refund_request(card=CardRead("072", PAN("6200000000000005")), request_id="R-2")

    assert again.content(FINGERPRINT) == refund_request().content(FINGERPRINT)


def test_content_of_a_sale_changes_with_every_part_and_is_no_refund_s() -> None:
    digests = {
        sale_request().content(FINGERPRINT),
        sale_request().content("f" * 32),
        sale_request(amount=Amount(10_001)).content(FINGERPRINT),
        sale_request(amount=Amount(10_000, "840")).content(FINGERPRINT),
        sale_request(operator="02").content(FINGERPRINT),
        refund_request(amount=Amount(10_000)).content(FINGERPRINT),
    }

    assert len(digests) == 6


def test_content_is_written_down_and_so_never_changes_between_releases() -> None:
    assert refund_request().content(FINGERPRINT) == (
        "17209e06d8aafd036c04b672c76bcde4dcf90edefcf346706e906738e9cd689b"
    )
    assert sale_request().content(FINGERPRINT) == (
        "9a4a7cdcc72ac4dbb658d046dd2f7507380534a583b1302b3121c3aefdff911b"
    )


parts = st.tuples(
    st.one_of(
        st.sampled_from([RequestID("S-1"), RequestID("606710000042"), REF]),
        st.from_regex(r"[0-9A-Za-z]{1,12}", fullmatch=True).map(RequestID),
    ),
    st.none() | st.builds(Amount, st.integers(1, 3), st.sampled_from(["156", "344"])),
    st.sampled_from(list(Reason)),
    st.sampled_from(["01", "02", "cus"]),
    st.text(alphabet='ab,"[]', max_size=3),
    st.sampled_from([FINGERPRINT, "f" * 32]),
)


def digest(made_of: Any) -> str:
    named, amount, reason, operator, note, fingerprint = made_of
    request = RefundRequest(
        RequestID("R-1"), named, CHIP, reason, amount=amount, operator=operator, note=note
    )
    return request.content(fingerprint)


@PROPERTY
@given(parts, parts)
def test_two_requests_have_one_digest_exactly_when_they_ask_the_same(one: Any, other: Any) -> None:
    assert (digest(one) == digest(other)) is (one == other)


@PROPERTY
@given(st.none() | st.integers(1, 10_000), st.integers(0, 9_999))
def test_what_is_refunded_is_what_was_asked_and_never_a_cent_more(
    asked: int | None, accepted: int
) -> None:
    sale: Original = original(accepted_minor=accepted)
    request = refund_request(amount=asked and Amount(asked))

    assert amount_to_refund(request, sale) == (asked or 10_000 - accepted)


def test_remaining_is_what_was_paid_less_what_is_held_and_given_back() -> None:
    sale = Original(
        original_id="S-1",
        terminal="12345678",
        merchant="123456789012345",
        batch="000001",
        stan="000003",
        rrn="606710000042",
        transaction_date=date(2026, 3, 8),
        settlement_date=date(2026, 3, 8),
        amount=Amount(100),
        auth_code=None,
        card_fingerprint=FINGERPRINT,
        reserved_minor=30,
        accepted_minor=20,
    )

    assert sale.remaining_minor == 50
