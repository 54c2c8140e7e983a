"""Which doubts would explain a difference: all that fit, none that does not, and never without end."""

from __future__ import annotations

from itertools import chain, combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.builders import PROPERTY
from engine.test_batch import Item, items
from posrefund.engine import State
from posrefund.engine.attempt import Kind
from posrefund.engine.batch import Totals
from posrefund.engine.suggest import EXPLANATIONS_MAX, Suggestion, suggest

DOUBT = State.IN_DOUBT
FEN: Item = ("refund", DOUBT, 1)


def test_one_refund_in_doubt_explains_a_credit_of_its_amount() -> None:
    doubts = items(("refund", DOUBT, 500), ("refund", DOUBT, 700), ("sale", State.MANUAL, 500))

    assert suggest(Totals(0, 0, 500, 1), doubts) == Suggestion((("Q-1/1",),), is_complete=True)
    assert suggest(Totals(500, 1, 0, 0), doubts) == Suggestion((("Q-3/1",),), is_complete=True)
    assert suggest(Totals(500, 1, 1_200, 2), doubts).explanations == (("Q-3/1", "Q-1/1", "Q-2/1"),)


def test_two_that_fit_are_two_explanations() -> None:
    doubts = items(("refund", DOUBT, 500), ("void", DOUBT, 500))

    assert suggest(Totals(0, 0, 500, 1), doubts).explanations == (("Q-1/1",), ("Q-2/1",))


@pytest.mark.parametrize(
    "difference",
    [
        Totals(),  # nothing to explain
        Totals(0, 0, 500, 2),  # the sum of one, the count of two
        Totals(0, 0, 499, 1),
        Totals(500, 1, 0, 0),  # the other side
        Totals(0, 0, -500, -1),  # ours and not the host's
        Totals(0, 0, 500, 0),
        Totals(500, 1, -500, -1),
    ],
)
def test_what_does_not_fit_is_no_explanation(difference: Totals) -> None:
    assert suggest(difference, items(("refund", DOUBT, 500))) == Suggestion()


def test_it_gives_up_and_says_so() -> None:
    doubts = items(("refund", DOUBT, 2), *[FEN] * 39)
    found = suggest(Totals(0, 0, 20, 20), doubts)  # the sets without the first one come last

    assert not found.is_complete
    assert found.explanations == ()


def test_more_explanations_than_people_read_are_cut_and_it_says_so() -> None:
    found = suggest(Totals(0, 0, 1, 1), items(*[FEN] * 6))

    assert len(found.explanations) == EXPLANATIONS_MAX == 5
    assert not found.is_complete
    assert suggest(Totals(0, 0, 1, 1), items(*[FEN] * 5)).is_complete


@given(
    st.lists(st.tuples(st.sampled_from(["sale", "void", "refund"]), st.integers(1, 4)), max_size=7),
    st.integers(0, 12),
    st.integers(0, 3),
    st.integers(0, 12),
    st.integers(0, 3),
)
@PROPERTY
def test_it_finds_what_trying_every_set_finds(
    parts: list[tuple[Kind, int]], debit: int, debits: int, credit: int, credits_: int
) -> None:
    doubts = items(*[(kind, DOUBT, minor) for kind, minor in parts])
    sets = chain.from_iterable(combinations(doubts, size) for size in range(1, 8))
    fitting = set()
    for some in sets:
        sales = [each.amount.minor for each in some if each.kind == "sale"]
        others = [each.amount.minor for each in some if each.kind != "sale"]
        if (sum(sales), len(sales), sum(others), len(others)) == (debit, debits, credit, credits_):
            fitting.add(frozenset(each.attempt_id for each in some))

    found = suggest(Totals(debit, debits, credit, credits_), doubts)

    assert {frozenset(names) for names in found.explanations} <= fitting
    assert len(found.explanations) == min(len(fitting), EXPLANATIONS_MAX)
    assert found.is_complete is (len(fitting) <= EXPLANATIONS_MAX)
