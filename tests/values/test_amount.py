"""Money: whole minor units of a known kind, and nothing that merely looks like them."""

from __future__ import annotations

import pickle
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posrefund.errors import InvalidRequestError
from posrefund.values import Amount
from posrefund.values.amount import format_minor


@pytest.mark.parametrize("minor", [1, 12_345, 10**12 - 1])
def test_amount_takes_whole_minor_units(minor: int) -> None:
    assert Amount(minor).minor == minor
    assert Amount(minor) == Amount(minor, "156")


@pytest.mark.parametrize(
    "minor",
    [0, -1, 10**12, 10**30, 1.0, 1.5, float("nan"), True, False, "100", b"1", None, Decimal(1), Fraction(1), [1]],
)  # fmt: skip
def test_amount_refuses_what_is_no_whole_number_in_range(minor: object) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        Amount(minor)  # type: ignore[arg-type]

    assert caught.value.faults == (
        ("amount.minor", "a whole number of minor units, 1 to 999999999999"),
    )


def test_amount_refuses_a_subclass_of_int_for_it_may_lie() -> None:
    class Lying(int):
        pass

    with pytest.raises(InvalidRequestError):
        Amount(Lying(5))


@pytest.mark.parametrize(
    "currency", ["", "15", "1560", "CNY", "１５６", "1 6", "-15", 156, None, b"156"]
)
def test_amount_refuses_a_currency_that_is_not_three_digits(currency: object) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        Amount(1, currency)  # type: ignore[arg-type]

    assert caught.value.faults == (("amount.currency", "three digits, ISO 4217 numeric"),)


def test_amount_tells_both_faults_at_once() -> None:
    with pytest.raises(InvalidRequestError) as caught:
        Amount(0, "CNY")

    assert [path for path, _ in caught.value.faults] == ["amount.minor", "amount.currency"]


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (12_345, "156", "¥123.45"),
        (1, "156", "¥0.01"),
        (100, "156", "¥1.00"),
        (123_456_789, "156", "¥1234567.89"),
        (999_999_999_999, "156", "¥9999999999.99"),
        (1500, "392", "JP¥1500"),
        (5, "344", "HK$0.05"),
        (5, "446", "MOP$0.05"),
        (5, "784", "AED 0.05"),
        (5, "840", "$0.05"),
        (5, "978", "€0.05"),
        (1500, "410", "410 1500"),
    ],
)
def test_amount_is_written_for_a_person(minor: int, currency: str, text: str) -> None:
    assert str(Amount(minor, currency)) == text


@pytest.mark.parametrize(("minor", "text"), [(0, "¥0.00"), (-5, "-¥0.05"), (-12_345, "-¥123.45")])
def test_sum_of_amounts_is_written_when_zero_or_negative(minor: int, text: str) -> None:
    assert format_minor(minor) == text


@given(st.integers(1, 10**12 - 1))
def test_amount_written_holds_every_digit_of_the_minor_units(minor: int) -> None:
    assert int(str(Amount(minor)).removeprefix("¥").replace(".", "")) == minor


@given(
    st.one_of(st.none(), st.integers(), st.floats(), st.text(), st.binary(), st.booleans()),
    st.one_of(st.text(), st.integers()),
)
def test_amount_of_anything_is_right_or_refused(minor: object, currency: object) -> None:
    try:
        amount = Amount(minor, currency)  # type: ignore[arg-type]
    except InvalidRequestError:
        return
    assert type(amount.minor) is int
    assert 1 <= amount.minor < 10**12


def test_amount_cannot_be_changed_or_ordered_and_survives_pickling() -> None:
    amount = Amount(5)
    with pytest.raises(AttributeError):
        amount.minor = 6  # type: ignore[misc]
    with pytest.raises(TypeError):
        assert Amount(5) < Amount(6)  # type: ignore[operator]

    assert pickle.loads(pickle.dumps(amount)) == amount
    assert len({amount, Amount(5)}) == 1
