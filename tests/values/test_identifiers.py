"""Identifiers: strings that cannot be malformed, and none that could hide a card number."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posrefund.errors import InvalidRequestError
from posrefund.values import RRN, STAN, BatchNumber, MerchantID, RequestID, TerminalID

Kind = type[STAN | BatchNumber | RRN | TerminalID | MerchantID | RequestID]
KINDS: list[Kind] = [STAN, BatchNumber, RRN, TerminalID, MerchantID, RequestID]

RIGHT: list[tuple[Kind, str]] = [
    (STAN, "000001"),
    (STAN, "999999"),
    (BatchNumber, "000000"),
    (BatchNumber, "000001"),
    (RRN, "160816123456"),
    (RRN, "abcXYZ 12345"),
    (TerminalID, "12345678"),
    (TerminalID, " ~T!1 ab"),
    (MerchantID, "123456789012345"),
    (MerchantID, "shop 1/a       "),
    (RequestID, "a"),
    (RequestID, "refund:2026-03-09_17.b"),
    (RequestID, "x" * 64),
    (RequestID, "123456789012"),
    (RequestID, "123456789012-123456789012"),
]
WRONG: list[tuple[Kind, Any]] = [
    (STAN, "000000"),
    (STAN, "00001"),
    (STAN, "0000001"),
    (STAN, "00000A"),
    (STAN, "０００００１"),
    (STAN, "000001\n"),
    (STAN, 1),
    (STAN, None),
    (BatchNumber, "１２３４５６"),
    (BatchNumber, "12345"),
    (BatchNumber, b"000001"),
    (RRN, "16081612345"),
    (RRN, "1608161234567"),
    (RRN, "16081612345-"),
    (RRN, "16081612345é"),
    (TerminalID, "1234567"),
    (TerminalID, "123456789"),
    (TerminalID, "1234567\t"),
    (TerminalID, "终端123456"),
    (MerchantID, "1" * 14),
    (MerchantID, "1" * 14 + "\x7f"),
    (RequestID, ""),
    (RequestID, "x" * 65),
    (RequestID, "a b"),
    (RequestID, "a\n"),
    (RequestID, "退款"),
    (RequestID, "a/b"),
    (RequestID, "1234567890123"),
    (RequestID, "order-6200000000000005"),
    (RequestID, "1234567890123x"),
    (RequestID, 7),
]
PATHS = ["stan", "batch", "rrn", "terminal", "merchant", "request_id"]


@pytest.mark.parametrize(("kind", "text"), RIGHT)
def test_identifier_is_the_very_text_it_was_made_of(kind: Kind, text: str) -> None:
    value = kind(text)

    assert value == text
    assert str(value) == text
    assert repr(value) == f"{kind.__name__}({text!r})"


@pytest.mark.parametrize(("kind", "value"), WRONG)
def test_identifier_refuses_what_is_malformed_and_does_not_repeat_it(
    kind: Kind, value: Any
) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        kind(value)

    assert caught.value.faults == ((kind.path, kind.expected),)
    if isinstance(value, str) and len(value) > 6:
        assert value not in str(caught.value)


def test_identifiers_name_their_own_path() -> None:
    assert [kind.path for kind in KINDS] == PATHS


@pytest.mark.parametrize(("kind", "text"), RIGHT)
def test_identifier_survives_pickling_and_copying_with_its_type(kind: Kind, text: str) -> None:
    value = kind(text)
    for other in (pickle.loads(pickle.dumps(value)), copy.copy(value), copy.deepcopy(value)):
        assert other == value
        assert type(other) is kind


@given(
    st.sampled_from(KINDS), st.one_of(st.text(max_size=70), st.none(), st.integers(), st.binary())
)
def test_identifier_of_anything_is_right_or_refused(kind: Kind, given: Any) -> None:
    try:
        value = kind(given)
    except InvalidRequestError:
        return
    assert value.isascii()


@given(st.from_regex(r"[0-9A-Za-z._:\-]{0,40}[0-9]{13}[0-9A-Za-z._:\-]{0,11}", fullmatch=True))
def test_request_id_with_a_run_of_thirteen_digits_is_refused_wherever_it_stands(text: str) -> None:
    with pytest.raises(InvalidRequestError):
        RequestID(text)


@pytest.mark.parametrize(
    ("stan", "following"), [("000001", "000002"), ("000999", "001000"), ("999998", "999999"), ("999999", "000001")]
)  # fmt: skip
def test_stan_is_followed_by_the_next_and_never_by_zero(stan: str, following: str) -> None:
    assert STAN(stan).next() == following
    assert type(STAN(stan).next()) is STAN


@given(st.integers(1, 999_998))
def test_stan_counts_up_by_one(number: int) -> None:
    assert int(STAN(f"{number:06d}").next()) == number + 1
