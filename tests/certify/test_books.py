"""What explains a host's totals: the very items, found again among all that were said and refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

from hypothesis import given
from hypothesis import strategies as st

from certify.bed import CARDS
from posrefund.certify.books import Books, Item
from posrefund.dialects import dialect
from posrefund.engine import Attempt
from posrefund.engine.batch import BatchTotals, Totals
from posrefund.engine.table import State
from posrefund.values import Amount

UNIONPAY = dialect("unionpay")


def item(name: str, kind: str, minor: int, *, booked: bool, check: str = "x.not_booked") -> Item:
    attempt = Attempt(
        request_id=name,
        number=1,
        kind=kind,  # type: ignore[arg-type]
        state=State.ACCEPTED if booked else State.DECLINED,
        hold="none",
        terminal="12345678",
        merchant="123456789012345",
        batch="000007",
        stan="000001",
        amount=Amount(minor),
        fields={},
        key_set_id="",
        created_at=datetime(2026, 3, 9, tzinfo=UTC),
        host_day=date(2026, 3, 9),
        card_masked="",
        card_fingerprint="",
        original_id=None,
        copies=1,
        facts={},
    )
    return Item(attempt, CARDS[0], check, "zh", "en")


def filled(kinds: list[tuple[str, bool]]) -> Books:
    books = Books(UNIONPAY)
    for number, (kind, booked) in enumerate(kinds):
        minor = books.plain_minor() if booked else books.suspect_minor()
        books.add(item(f"{number}", kind, minor, booked=booked))
    return books


def told(books: Books, *turned: Item) -> BatchTotals:
    other = Books(UNIONPAY)
    for each in books.items:
        other.add(each)
    other.turn(turned)
    return other.totals()


def test_totals_count_what_was_approved_and_nothing_that_was_refused() -> None:
    books = filled([("sale", True), ("refund", True), ("void", True), ("sale", False)])

    assert books.totals().domestic == Totals(1014, 1, 1027 + 1040, 2)


def test_equal_totals_are_explained_by_nothing() -> None:
    books = filled([("sale", True), ("sale", False)])

    assert books.explain(books.totals()) == ()


def test_a_difference_that_no_item_makes_is_not_explained() -> None:
    books = filled([("sale", True), ("sale", False)])
    ours = books.totals()
    more = replace(ours, domestic=replace(ours.domestic, debit_minor=ours.domestic.debit_minor + 1))

    assert books.explain(more) is None


def test_one_that_was_approved_and_is_missing_is_found() -> None:
    books = filled([("sale", True), ("refund", True), ("sale", False), ("refund", False)])
    missing = books.items[1]

    assert books.explain(told(books, missing)) == (missing,)


def test_after_it_is_believed_the_totals_are_the_hosts() -> None:
    books = filled([("sale", True), ("sale", False), ("refund", False)])
    host = told(books, books.items[1], books.items[2])

    found = books.explain(host)
    assert found is not None
    books.turn(found)

    assert books.totals() == host
    assert books.explain(host) == ()


def test_a_closed_batch_holds_nothing() -> None:
    books = filled([("sale", True)])
    books.close()

    assert books.totals() == BatchTotals()


@given(
    st.lists(
        st.tuples(st.sampled_from(["sale", "void", "refund"]), st.booleans()),
        min_size=1,
        max_size=12,
    ),
    st.data(),
)
def test_whatever_was_refused_and_booked_is_found_exactly(
    kinds: list[tuple[str, bool]], data: st.DataObject
) -> None:
    books = filled(kinds)
    suspects = [each for each in books.items if not each.is_booked]
    turned = data.draw(st.lists(st.sampled_from(suspects), unique_by=id)) if suspects else []

    found = books.explain(told(books, *turned))

    assert found is not None
    assert {each.attempt.request_id for each in found} == {
        each.attempt.request_id for each in turned
    }
