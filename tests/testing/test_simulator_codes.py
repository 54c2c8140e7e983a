"""Worlds in which codes pay, too: seen in the journal's rows, and every invariant holds."""

from __future__ import annotations

import re
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING

import pytest

from posrefund.testing.simulator import run_seed, story
from posrefund.testing.simulator.world import payer_code

if TYPE_CHECKING:
    from collections.abc import Callable

SEEDS = range(1, 17)


def test_a_worlds_code_is_of_the_payer_that_it_names_and_new() -> None:
    codes = [payer_code(number, number % 3).code for number in range(4)]

    assert [code.wallet for code in codes] == ["unionpay"] * 4
    assert len({code.reveal() for code in codes}) == 4


def _counted(shown: Counter[str], name: str, made: Callable[..., object], *given: object) -> object:
    shown[name] += 1
    return made(*given)


@pytest.mark.slow
def test_codes_pay_and_are_paid_back_in_worlds_where_everything_fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shown: Counter[str] = Counter()
    for name in ("payer_code", "BackToPayer"):
        made = getattr(story, name)
        monkeypatch.setattr(story, name, partial(_counted, shown, name, made))
    reports = [run_seed(seed) for seed in SEEDS]

    assert shown["payer_code"] > 10
    assert shown["BackToPayer"] > 10
    assert [each.violation for each in reports] == [None] * len(SEEDS)
    assert not any(re.search("4800120957", str(each)) for each in reports)
