"""What speaks for a refund besides the card, and what a request's digest makes of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posrefund.engine import Document, Reason, RefundRequest, SaleRequest, Signature
from posrefund.engine.papers import DocumentKind
from posrefund.errors import InvalidRequestError
from posrefund.values import PAN, Amount, CardRead

SHA = "ab" * 32
CARD = CardRead("051", PAN("6200000000000005"))
OLD_REFUND = "2b999906b05f529b99223a5a95605d00f210d003d5b970f67a1a847e0e8a386b"
OLD_SALE = "23922adfcaa47ba51aa869991184e2de5b41c7fe4cab5ea330ac4b6c0d79bc0c"


def request(**changes: object) -> RefundRequest:
    wanted = {"original": "S-1", "card": CARD, "reason": Reason.CUSTOMER, "amount": Amount(1000)}
    return RefundRequest("R-1", **{**wanted, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("parts", "paths"),
    [
        (("ticket", "1"), ["document.kind"]),
        (("receipt", ""), ["document.number"]),
        (("receipt", "x" * 65), ["document.number"]),
        (("receipt", "6200000000000005"), ["document.number"]),
        (("receipt", "a\nb"), ["document.number"]),
        (("receipt", "1", SHA.upper()), ["document.sha256"]),
        (("ticket", "", "x"), ["document.kind", "document.number", "document.sha256"]),
    ],
)
def test_every_fault_of_a_document_is_named_at_once(
    parts: tuple[str, ...], paths: list[str]
) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        Document(*parts)  # type: ignore[arg-type]
    assert [path for path, _ in caught.value.faults] == paths


@pytest.mark.parametrize(
    "number",
    ["26312000000123456789", "12345678", "3100192130 12345678", "144031909110-12345678"],
)
@pytest.mark.parametrize("kind", ["fapiao", "red_letter_fapiao"])
def test_number_of_a_fapiao_is_longer_than_a_card_s(kind: DocumentKind, number: str) -> None:
    """State Taxation Administration, announcement 11 of 2024: 20 digits; code and number before that."""
    assert Document(kind, number).said == f"{kind} {number}"


@pytest.mark.parametrize(
    ("kind", "number"),
    [
        ("fapiao", "6200000000000005"),
        ("receipt", "26312000000123456789"),
        ("fapiao", "0" * 19),
        ("fapiao", "310019213012345678"),
    ],
)
def test_number_that_could_be_a_card_s_is_none_of_a_document(
    kind: DocumentKind, number: str
) -> None:
    with pytest.raises(InvalidRequestError, match="no card number"):
        Document(kind, number)


@pytest.mark.parametrize(
    ("kind", "sha256"), [("paper", SHA), ("bitmap", ""), ("qr", "00"), ("ink", "")]
)
def test_signature_is_a_picture_with_a_digest_or_paper_without(kind: str, sha256: str) -> None:
    with pytest.raises(InvalidRequestError):
        Signature(kind, sha256)  # type: ignore[arg-type]


def test_every_fault_of_the_papers_of_a_request_is_named_at_once() -> None:
    with pytest.raises(InvalidRequestError) as caught:
        request(
            order_ref="6200000000000005",
            documents=["receipt"],
            signature="me",
            corrects="",
            contact="a\nb",
        )
    assert [path for path, _ in caught.value.faults] == [
        "order_ref",
        "documents",
        "signature",
        "contact",
    ]
    with pytest.raises(InvalidRequestError, match="corrects"):
        request(corrects="R 1")


def test_digest_of_a_request_without_papers_is_that_of_earlier_versions() -> None:
    """Literal: what journals out there have stored under ``requests.content``."""
    assert request().content("00" * 16) == OLD_REFUND
    assert SaleRequest("S-1", Amount(1000), CARD).content("00" * 16) == OLD_SALE


def test_what_is_approved_covers_the_papers_but_neither_signature_nor_contact() -> None:
    plain = request().content("00")
    for changes in (
        {"order_ref": "O-1"},
        {"documents": (Document("receipt", "1"),)},
        {"corrects": "R-0"},
    ):
        assert request(**changes).content("00") != plain
    assert request(signature=Signature("paper"), contact="+86 10 0000").content("00") == plain


def test_contact_stands_in_no_repr() -> None:
    assert "13800" not in repr(request(contact="13800000000"))


@given(st.text(max_size=80))
def test_any_text_is_a_document_number_or_a_named_fault(text: str) -> None:
    faults, said = [], ""
    try:
        said = Document("order", text).said
    except InvalidRequestError as error:
        faults = [path for path, _ in error.faults]
    assert faults == ["document.number"] or (said == f"order {text}" and said.isprintable())
