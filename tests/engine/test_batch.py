"""Closing a batch, the pure part: every stage and signal, what counts, what goes up next."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.builders import DIALECT, PROPERTY, attempt_in
from posrefund.engine import Attempt, State
from posrefund.engine.attempt import Kind
from posrefund.engine.batch import (
    STEPS,
    BatchTotals,
    Closing,
    Signal,
    Stage,
    Totals,
    check_fits,
    counts,
    currency_of,
    doubts_of,
    next_upload,
    totals_of,
)
from posrefund.errors import LocalProtocolError, RefusedError
from posrefund.values import Amount, BatchNumber

LEGAL = """
asking ask_again asking
asking balanced ending
asking unbalanced uploading
asking overtaken over
uploading uploaded ending
uploading overtaken over
ending ended signing_off
ending overtaken over
signing_off signed_off over
signing_off overtaken over
"""
VERDICTS = ("", "balanced", "unbalanced", "error")
PAIRS = list(product(Stage, Signal))
CLOSING = Closing(
    Stage.ASKING, BatchNumber("000007"), datetime(2026, 3, 9, 14, 5, tzinfo=UTC), "01"
)


Item = tuple[Kind, State, int]


def items(*parts: Item) -> list[Attempt]:
    """Attempts of one batch, numbered from 1."""
    return [
        replace(
            attempt_in(state, kind),
            request_id=f"Q-{number}",
            stan=f"{number:06d}",
            amount=Amount(minor),
        )
        for number, (kind, state, minor) in enumerate(parts, start=1)
    ]


# --- stages ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("stage", "signal"), PAIRS, ids=[f"{a}-{b}" for a, b in PAIRS])
def test_every_stage_and_signal_leads_where_the_drawing_says_or_nowhere(
    stage: Stage, signal: Signal
) -> None:
    legal = {(a, b): c for a, b, c in (line.split() for line in LEGAL.split("\n") if line)}
    closing = replace(CLOSING, stage=stage)
    expected = legal.get((str(stage), str(signal)))
    if expected is None:
        with pytest.raises(LocalProtocolError):
            closing.after(signal)
    else:
        assert closing.after(signal, verdict="error") == replace(
            closing, stage=Stage(expected), verdict="error"
        )


def test_only_the_end_that_the_host_took_leads_to_the_next_batch() -> None:
    assert [key for key, stage in STEPS.items() if stage is Stage.SIGNING_OFF] == [
        (Stage.ENDING, Signal.ENDED)
    ]


@given(
    st.sampled_from(Stage),
    st.lists(st.integers(0, 10**12 - 1), min_size=4, max_size=4),
    st.lists(st.integers(0, 999), min_size=4, max_size=4),
    st.sampled_from(VERDICTS),
    st.booleans(),
)
@PROPERTY
def test_a_closing_is_the_same_after_a_restart(
    stage: Stage, minors: list[int], numbers: list[int], verdict: Any, is_answered: bool
) -> None:
    parts = [Totals(minors[at], numbers[at], minors[at + 1], numbers[at + 1]) for at in (0, 2)]
    totals = BatchTotals(*parts)
    closing = replace(
        CLOSING, stage=stage, ours=totals, host=totals if is_answered else None, verdict=verdict
    )

    assert Closing.of_text(closing.as_text()) == closing


@pytest.mark.parametrize(
    "text",
    ["", "{}", "[]", "null", "1", '{"stage": "asking"}', CLOSING.as_text().replace("asking", "no")],
)
def test_a_text_that_is_no_closing_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="this is no closing of a batch"):
        Closing.of_text(text)


# --- what counts -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "is_counted"), [(State.ACCEPTED, False), (State.CONFIRMED, True)]
)
def test_what_people_alone_say_was_booked_is_a_doubt_until_a_file_shows_it(
    state: State, *, is_counted: bool
) -> None:
    said = replace(attempt_in(state), facts={"evidence": "people", "closed_by": "ann, bo"})

    assert counts(said) is is_counted
    assert doubts_of([said]) == (() if is_counted else (said,))
    assert next_upload([said], ()) == ((said,) if is_counted else ())


@pytest.mark.parametrize("state", State)
def test_only_what_was_accepted_counts(state: State) -> None:
    assert counts(attempt_in(state)) is (state in (State.ACCEPTED, State.CONFIRMED))


def test_a_voided_sale_stays_in_the_debits_and_its_void_in_the_credits() -> None:
    batch = items(
        ("sale", State.ACCEPTED, 10_000),
        ("void", State.ACCEPTED, 10_000),
        ("sale", State.REVERSED, 500),
        ("refund", State.CONFIRMED, 300),
        ("refund", State.IN_DOUBT, 7),
        ("sale", State.MANUAL, 8),
        ("sale", State.DECLINED, 9),
        ("refund", State.MISMATCHED, 11),
    )

    assert totals_of(batch, DIALECT) == BatchTotals(Totals(10_000, 1, 10_300, 2), Totals())


def test_a_card_is_foreign_only_where_the_host_named_a_foreign_organisation() -> None:
    named = ["CUP", "000", "", "VIS", "JCB", "XYZ"]
    one: Item = ("sale", State.ACCEPTED, 1)
    batch = [
        replace(each, facts={**each.facts, "organisation": name})
        for each, name in zip(items(*[one] * 6), named, strict=True)
    ]

    totals = totals_of(batch, DIALECT)

    assert totals == BatchTotals(Totals(4, 4), Totals(2, 2))
    assert totals.whole == Totals(6, 6)


ANY = st.lists(
    st.tuples(
        st.sampled_from(["sale", "void", "refund"]), st.sampled_from(State), st.integers(1, 10**6)
    ),
    max_size=30,
)


@given(ANY)
@PROPERTY
def test_totals_are_the_sums_of_what_goes_up_and_nothing_goes_up_twice(
    parts: list[tuple[Kind, State, int]],
) -> None:
    batch, done, messages = items(*parts), set[str](), 0
    while some := next_upload(batch, done):
        assert len(some) <= (1 if some[0].kind == "refund" else 8)
        assert {each.kind == "refund" for each in some} == {some[0].kind == "refund"}
        assert not done & {each.attempt_id for each in some}
        done |= {each.attempt_id for each in some}
        messages += 1

    accepted = [each for each in batch if each.state in (State.ACCEPTED, State.CONFIRMED)]
    refunds = [each for each in accepted if each.kind == "refund"]
    assert done == {each.attempt_id for each in accepted}
    assert messages == -(-(len(accepted) - len(refunds)) // 8) + len(refunds)
    whole = totals_of(batch, DIALECT).whole
    assert whole.debit_count + whole.credit_count == len(accepted)
    assert whole.debit_minor == sum(a.amount.minor for a in accepted if a.kind == "sale")
    assert whole.credit_minor == sum(a.amount.minor for a in accepted if a.kind != "sale")


def test_sales_and_voids_go_up_before_refunds() -> None:
    batch = items(
        ("refund", State.ACCEPTED, 1), ("sale", State.ACCEPTED, 2), ("void", State.ACCEPTED, 3)
    )

    assert [each.stan for each in next_upload(batch, set())] == ["000002", "000003"]
    assert [each.stan for each in next_upload(batch, {"Q-2/1", "Q-3/1"})] == ["000001"]
    assert next_upload(batch, {"Q-1/1", "Q-2/1", "Q-3/1"}) == ()


@given(ANY)
@PROPERTY
def test_a_doubt_is_named_and_in_no_total(parts: list[tuple[Kind, State, int]]) -> None:
    batch = items(*parts)
    doubts = doubts_of(batch)

    assert {each.state for each in doubts} <= {
        *(State.INTENT, State.SENT, State.IN_DOUBT, State.REVERSING, State.MANUAL)
    }
    assert totals_of(doubts, DIALECT) == BatchTotals()
    assert next_upload(doubts, set()) == ()


# --- what fits -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "part",
    [
        Totals(debit_count=1_000),
        Totals(credit_count=1_000),
        Totals(debit_minor=10**12),
        Totals(credit_minor=10**12),
    ],
)
def test_totals_that_a_message_has_no_room_for_are_refused_and_never_cut(part: Totals) -> None:
    for totals in (BatchTotals(part), BatchTotals(foreign=part)):
        with pytest.raises(RefusedError) as refused:
            check_fits(totals)
        assert refused.value.code == "batch_does_not_fit"


def test_the_largest_totals_fit() -> None:
    whole = Totals(10**12 - 1, 999, 10**12 - 1, 999)

    check_fits(BatchTotals(whole, whole))
    assert set(BatchTotals(whole, whole).as_facts().values()) == {"999999999999", "999"}


def test_two_currencies_are_no_batch() -> None:
    batch = items(("sale", State.ACCEPTED, 1), ("sale", State.ACCEPTED, 1))
    other = [replace(batch[1], amount=Amount(1, "840"))]

    assert currency_of([]) == currency_of(batch) == "156"
    assert currency_of(other) == "840"
    with pytest.raises(RefusedError):
        currency_of([*batch, *other])


@pytest.mark.parametrize(
    ("batch", "after"),
    [("000001", "000002"), ("999998", "000001"), ("999999", "000001"), ("000000", "000001")],
)
def test_a_batch_number_is_1_to_999998(batch: str, after: str) -> None:
    assert BatchNumber(batch).next() == after
