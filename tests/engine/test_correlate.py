"""Whose answer it is: every field of the key decides, and an answer that is nobody's says by which."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.builders import (
    DIALECT,
    PROPERTY,
    REFUND_ANSWER,
    REVERSAL_ANSWER,
    SALE_ANSWER,
    TODAY,
    attempt_in,
)
from posrefund.dialects import dialect
from posrefund.engine import Attempt, State
from posrefund.engine.correlate import Owner, correlate, is_answer_to, key_of
from posrefund.engine.interpret import Stranger

REFUND = attempt_in(State.IN_DOUBT)
SALE = attempt_in(State.REVERSING, "sale")

KEY = {
    "t": ("0210", "MTI", "0230"),
    "41": ("87654321", "DE41", "12345678"),
    "11": ("000008", "DE11", "000007"),
    "13": ("0301", "DE13", "0309"),
    "3": ("000000", "DE3", "200000"),
    "4": ("000000001001", "DE4", "000000001000"),
    "25": ("06", "DE25", "00"),
    "49": ("344", "DE49", "156"),
    "60": ("25000002000600", "DE60", "25000001"),
    "2": ("6200000000000047", "DE2", "620000******0005"),
}
"""Field → another value, what it is called, and what was expected. All but the last are UnionPay's echo rule."""


def owner_name(found: Owner | Stranger) -> str:
    return found.attempt.attempt_id if isinstance(found, Owner) else f"nobody: {found.path}"


def other(name: str, **changes: Any) -> Attempt:
    return replace(REFUND, request_id=name, **changes)


def test_an_answer_finds_its_attempt() -> None:
    assert correlate(REFUND_ANSWER, [REFUND], DIALECT) == Owner(REFUND, is_reversal=False)
    assert correlate(REVERSAL_ANSWER, [SALE], DIALECT) == Owner(SALE, is_reversal=True)
    assert correlate(SALE_ANSWER, [SALE], DIALECT) == Owner(SALE, is_reversal=False)


@pytest.mark.parametrize("number", KEY)
def test_every_field_of_the_key_tells_a_stranger_and_says_so(number: str) -> None:
    value, path, expected = KEY[number]
    found = correlate(REFUND_ANSWER | {number: value}, [REFUND], DIALECT)

    assert isinstance(found, Stranger)
    assert (found.path, found.expected, found.nearest) == (path, expected, "R-1/1")
    assert found.seen in (value, value[:8], "620000******0047")


def test_the_merchant_of_somebody_else_is_not_shown() -> None:
    found = correlate(REFUND_ANSWER | {"42": "999999999999990"}, [REFUND], DIALECT)

    assert found == Stranger("DE42", "123456789012345", "***", "R-1/1")


def test_a_whole_number_in_an_answer_is_masked_in_what_is_said_of_it() -> None:
    found = correlate(REFUND_ANSWER | {"2": "6200000000000047"}, [REFUND], DIALECT)

    assert "6200000000000047" not in repr(found)


def test_a_number_that_came_round_is_told_apart_by_its_batch() -> None:
    fields = {**REFUND.fields, "60": "25000002000600"}
    later = other("R-2", batch="000002", fields=fields)

    assert owner_name(correlate(REFUND_ANSWER, [REFUND, later], DIALECT)) == "R-1/1"
    answer = REFUND_ANSWER | {"60": "25000002000600"}
    assert owner_name(correlate(answer, [REFUND, later], DIALECT)) == "R-2/1"


def test_a_number_that_came_round_is_told_apart_by_its_day_where_no_batch_is_said() -> None:
    answer = {name: value for name, value in REFUND_ANSWER.items() if name != "60"}
    later = other("R-2", host_day=TODAY + timedelta(days=30))

    assert owner_name(correlate(answer, [REFUND, later], DIALECT)) == "R-1/1"
    assert owner_name(correlate(answer | {"13": "0408"}, [REFUND, later], DIALECT)) == "R-2/1"


def test_what_nothing_tells_apart_is_nobody_s() -> None:
    twin = other("R-2")
    found = correlate(REFUND_ANSWER, [REFUND, twin], DIALECT)

    assert found == Stranger("key", "one attempt", "2 attempts", "R-1/1 R-2/1")


def test_the_year_counts_where_the_host_says_it() -> None:
    known = dialect("iso93-ascii")
    answer = {"t": "1210", "11": "000007", "12": "250309100001", "41": "12345678"}
    table = known.messages["refund"]
    assert table.mti_reply == "1210"
    last_year = correlate(answer, [REFUND], known)
    this_year = correlate(answer | {"12": "260309100001"}, [REFUND], known)

    assert last_year == Stranger("DE12", "260309", "250309", "R-1/1")
    assert this_year == Owner(REFUND, is_reversal=False)


def test_the_nearest_is_the_one_that_fits_furthest() -> None:
    other_batch = other("R-2", fields={**REFUND.fields, "4": "000000009999"})
    answer = REFUND_ANSWER | {"60": "25000009000600"}

    for candidates in ([REFUND, other_batch], [other_batch, REFUND]):
        found = correlate(answer, candidates, DIALECT)
        assert isinstance(found, Stranger)
        assert (found.path, found.nearest) == ("DE60", "R-1/1")


def test_without_any_candidate_the_number_is_what_differs() -> None:
    assert correlate(REFUND_ANSWER, [], DIALECT) == Stranger("DE11", "", "000007")
    assert correlate({}, [], DIALECT) == Stranger("DE11", "", "")


def test_a_refund_has_no_reversal_to_be_answered() -> None:
    found = correlate(REVERSAL_ANSWER, [REFUND], DIALECT)

    assert found == Stranger("MTI", "0230", "0410", "R-1/1")


def test_a_repeat_may_be_answered_under_its_own_mti() -> None:
    refund = replace(DIALECT.messages["refund"], repeat="next_mti")
    known = DIALECT.derive("house", messages={**DIALECT.messages, "refund": refund})
    answer = REFUND_ANSWER | {"t": "0231"}

    assert isinstance(correlate(answer, [REFUND], known), Owner)
    assert isinstance(correlate(answer, [REFUND], DIALECT), Stranger)


@pytest.mark.parametrize("offset", range(-6, 7))
def test_the_host_s_date_lies_within_two_days_of_the_attempt(offset: int) -> None:
    day = TODAY + timedelta(days=offset)
    found = correlate(REFUND_ANSWER | {"13": f"{day:%m%d}"}, [REFUND], DIALECT)

    assert isinstance(found, Owner) == (abs(offset) <= 2)


@pytest.mark.parametrize("at", [date(2026, 1, 1), date(2025, 12, 31), date(2028, 2, 29)])
def test_the_date_is_compared_across_new_year_and_the_29th(at: date) -> None:
    attempt = replace(REFUND, host_day=at)
    for offset in (-1, 0, 1):
        day = at + timedelta(days=offset)
        assert is_owner(correlate(REFUND_ANSWER | {"13": f"{day:%m%d}"}, [attempt], DIALECT))
    assert not is_owner(correlate(REFUND_ANSWER | {"13": "0615"}, [attempt], DIALECT))


def is_owner(found: Owner | Stranger) -> bool:
    return isinstance(found, Owner)


def test_a_day_that_is_none_is_nobody_s() -> None:
    assert not is_owner(correlate(REFUND_ANSWER | {"13": "0230"}, [REFUND], DIALECT))


def test_key_of_names_what_has_to_be_said() -> None:
    assert key_of(REFUND, DIALECT) == {
        "mti": "0230",
        "DE41": "12345678",
        "DE11": "000007",
        "DE13": "0309",
        "DE3": "200000",
        "DE4": "000000001000",
        "DE25": "00",
        "DE42": "123456789012345",
        "DE49": "156",
        "DE60": "25000001",
    }
    assert key_of(SALE, DIALECT, is_reversal=True)["mti"] == "0410"


values = st.one_of(st.text(max_size=17), st.sampled_from([*REFUND_ANSWER.values(), "", "²"]))


@PROPERTY
@given(st.dictionaries(st.sampled_from([*REFUND_ANSWER, "t", "90"]), values))
def test_whatever_comes_is_the_attempt_s_only_if_all_of_its_key_is(changes: dict[str, str]) -> None:
    answer = REFUND_ANSWER | changes
    found = correlate(answer, [REFUND], DIALECT)
    same = all(
        answer[name][: len(REFUND_ANSWER[name])] == REFUND_ANSWER[name]
        for name in ("t", "11", "41", "4", "3", "49", "42")
    )

    if isinstance(found, Owner):
        assert same
        assert is_answer_to(REFUND, answer, DIALECT)
    else:
        assert found.path
        assert found.nearest == "R-1/1"
