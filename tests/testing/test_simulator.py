"""The simulator: one seed is one story, the product breaks nothing in it, and every planted bug is caught."""

from __future__ import annotations

import ast
import itertools
import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posrefund.testing.simulator import (
    INVARIANTS,
    checker,
    evidence,
    invariants,
    invariants_batch,
    invariants_books,
    invariants_inquiry,
    invariants_people,
    run_seed,
    run_seeds,
    witness,
)
from posrefund.testing.simulator import (
    __main__ as command,
)
from posrefund.testing.simulator.__main__ import main
from posrefund.testing.simulator.hunt import hunt
from posrefund.testing.simulator.planted import PLANTED
from posrefund.testing.simulator.probe import ILLEGAL, UNUSED
from posrefund.testing.simulator.swarm import BEYOND, FAULTS

if TYPE_CHECKING:
    from types import ModuleType

pytestmark = pytest.mark.slow

CI = os.environ.get("CI") == "true"
SEEDS = range(1, 101 if CI else 9)
ROOT = Path(__file__).parent.parent.parent

SHOWN_BY = {
    "repeat_believed": {"lose_reply": 0.3},
    "repeat_unasked": {"lose_reply": 0.3},
    "repeat_with_pin": {"lose_reply": 0.6},
    "new_number": {"lose_reply": 0.3},
    "send_first": {},
    "strangers_dropped": {"late_reply": 0.5},
    "no_recovery": {"kill": 1.0},
    "94_is_yes": {"say_code": 0.5},
    "10_is_yes": {"say_code": 0.5},
    "unknown_is_no": {"book_and_say_code": 0.5},
    "restart_is_not_sent": {"kill": 1.0},
    "time_out_releases": {"lose_reply": 0.3},
    "doubt_is_settled": {"lose_request": 0.3},
    "absence_too_soon": {"lose_reply": 0.3},
    "late_decline_believed": {"lose_reply": 0.3, "say_code": 0.4, "late_by_gateway": 0.7},
    "late_yes_to_other_day": {"lose_reply": 0.3, "lose_request": 0.2, "late_by_gateway": 0.7},
    "bad_mac": {"forge_yes": 0.5},
    "wrong_amount": {"wrong_amount": 0.5},
    "other_terminal": {"wrong_terminal": 0.5},
    "other_number": {"wrong_stan": 0.5},
    "any_undo": {"lose_reply": 0.3, "book_and_say_code": 0.3},
    "refund_reversed": {"lose_reply": 0.3},
    "calendar_day": {},
    "calendar_void": {},
    "doubt_blocks_nothing": {"lose_reply": 0.4},
    "no_reserve": {},
    "clear_number": {},
    "row_rewritten": {},
    "row_left_out": {"kill": 1.0},
    "answers_not_kept": {},
    "no_lock": {"second_process": 0.5},
    "restore_unnoticed": {"journal_restored": 0.1},
    "lost_refund_forgotten": {"journal_restored": 0.1},
    "approve_without_checker": {},
    "stale_approval": {},
    "approval_reused": {"refuse_connection": 0.3},
    "doubt_uploaded": {"lose_reply": 0.3},
    "counted_twice": {},
    "uploaded_anew": {"unbalanced": 0.7},
    "batch_before_end": {},
    "absence_is_no": {"lose_request": 0.4, "forge_result": 0.01},
    "unsigned_result": {"lose_request": 0.3, "lose_reply": 0.2, "forge_result": 0.6},
    "any_original": {"lose_reply": 0.3, "wrong_original": 0.6},
    "question_is_result": {"lose_reply": 0.3, "decline": 0.5, "forge_result": 0.01},
}
"""Planted bug → the faults that bring it to light, so that a few seeds are enough here."""


def test_one_seed_is_one_story() -> None:
    one, again = run_seed(5, is_told=True), run_seed(5, is_told=True)

    assert one.lines == again.lines
    assert (one.steps, one.faults, one.states) == (again.steps, again.faults, again.states)
    assert one.lines != run_seed(6, is_told=True).lines
    assert run_seed(5).lines == []


def test_a_story_is_the_same_bytes_in_another_process() -> None:
    def told(hash_seed: str) -> bytes:
        command = [sys.executable, "-m", "posrefund.testing.simulator", "--seed", "5", "--trace"]
        path = os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": path}
        return subprocess.run(command, capture_output=True, check=True, env=environment).stdout

    first = told("1")

    assert first == told("2")
    assert first.endswith(b"verdict: no violation\n")
    assert first.count(b"\n") > 100


def test_a_story_holds_no_card_number() -> None:
    text = "\n".join(run_seed(5, is_told=True).lines)

    assert "620000" not in text
    assert "620550" not in text


def test_seeds_break_nothing_and_do_a_lot() -> None:
    report = run_seeds(SEEDS)

    assert report.violations == []
    assert report.seeds == len(SEEDS)
    assert report.days > 33 * report.seeds
    assert report.steps > 150 * report.seeds
    assert report.states["CONFIRMED"] > 3 * report.seeds
    assert {"MANUAL", "REVERSED", "DECLINED"} <= report.states.keys()
    assert len(report.faults) > (40 if CI else 20)
    assert {("SENT", "accept"), ("SENT", "doubt"), ("IN_DOUBT", "accept")} <= report.legal
    assert report.legal.isdisjoint((str(state), str(event)) for state, event in UNUSED)
    assert report.illegal <= {(str(state), str(event)) for state, event in ILLEGAL}
    assert len(report.illegal) > 40


@given(st.integers())
@settings(max_examples=20 if CI else 2)
def test_every_integer_is_a_seed(seed: int) -> None:
    assert run_seed(seed).violation is None


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_every_fault_alone_breaks_nothing(fault: str) -> None:
    rates = {fault: 0.3, "lose_reply": 0.1}

    reports = [run_seed(seed, rates=rates) for seed in range(1, 7 if CI else 2)]

    assert [report.violation for report in reports if report.violation] == []
    if CI:
        assert sum(report.faults[fault] for report in reports) > 0


def test_what_the_product_does_not_stand_is_never_drawn() -> None:
    assert not set(BEYOND) & FAULTS.keys()


# --- planted bugs ----------------------------------------------------------------------------


def test_each_planted_bug_has_its_test_and_there_are_forty_four() -> None:
    assert SHOWN_BY.keys() == PLANTED.keys()
    assert len(PLANTED) == 44


@pytest.mark.parametrize("name", sorted(PLANTED))
def test_planted_bug_is_caught(name: str) -> None:
    found = hunt(name, range(1, 31), enough=1, rates=SHOWN_BY[name])

    assert found.caught == 1


@pytest.mark.parametrize(
    ("name", "by"), [("repeat_believed", {"I5", "I2"}), ("repeat_unasked", {"I2", "I1"})]
)
def test_what_a_repeat_does_to_the_money_is_seen_even_if_nobody_counts_the_copies(
    name: str, by: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A repeat is a violation by itself (I6); without that check, the harm it does is found at the host."""
    others = [each for each in checker._AT_EACH_STEP if each[0] != "I6"]
    monkeypatch.setattr(checker, "_AT_EACH_STEP", others)

    found = hunt(name, range(1, 61), enough=3, rates={"lose_reply": 0.3})

    assert found.caught == 3
    assert by & found.by.keys()


def test_what_an_unnoticed_restore_does_to_the_money_is_seen_even_if_nobody_looks_at_numbers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A number that is used again shows it first (I6); without that check, the host's books do."""
    others = [each for each in checker._AT_EACH_STEP if each[0] != "I6"]
    monkeypatch.setattr(checker, "_AT_EACH_STEP", others)

    found = hunt("restore_unnoticed", range(1, 31), enough=6, rates={"journal_restored": 0.1})

    assert {"I1", "I2", "I5"} & found.by.keys()


@pytest.mark.parametrize("name", sorted(PLANTED))
def test_planted_bug_is_taken_out_again(name: str) -> None:
    with PLANTED[name].plant():
        pass

    if name in ("send_first", "clear_number", "row_rewritten"):  # these break every seed
        assert run_seed(1).violation is None


# --- the command -----------------------------------------------------------------------------


def test_command_fails_for_a_violation(capsys: pytest.CaptureFixture[str]) -> None:
    status = main(["--seed", "1", "--trace", "--plant", "clear_number"])

    assert status == 1
    assert "verdict: I11: a row holds card data in clear" in capsys.readouterr().out


def test_command_fails_for_a_planted_bug_that_nobody_catches(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in set(PLANTED) - {"no_lock", "clear_number"}:
        monkeypatch.delitem(PLANTED, name)

    status = main(["--seeds", "1", "--planted"])  # nobody opens a second process in seed 1

    out = capsys.readouterr().out
    assert status == 1
    assert "clear_number         caught in 1 of 1 seeds by I11 1" in out
    assert "no_lock              NOT CAUGHT in 0 of 1 seeds" in out
    assert out.endswith("1 of 2 planted bugs caught\n")


def test_command_plays_a_range_and_says_what_it_did(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in set(PLANTED) - {"send_first"}:
        monkeypatch.delitem(PLANTED, name)

    status = main(["--seeds=-1-1", "--minutes", "0"])

    out = capsys.readouterr().out
    assert status == 0
    assert out.startswith("3 seeds from -1, 0 more from 0\n3 seeds, ")
    assert "I10 not applicable yet" in out
    assert "0 violations\n" in out
    assert out.endswith("1 of 1 planted bugs caught\n")


def test_command_goes_on_from_a_commit(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in set(PLANTED) - {"send_first"}:
        monkeypatch.delitem(PLANTED, name)
    minutes = itertools.count(step=60.0)  # a minute passes from each look at the clock to the next
    clock = SimpleNamespace(perf_counter=lambda: next(minutes), process_time=time.process_time)
    monkeypatch.setattr(command, "time", clock)

    main(["--seeds", "1", "--minutes", "3", "--more-from", "0000000000ff" + "0" * 28])

    assert "1 seeds from 1, 2 more from 255\n3 seeds, " in capsys.readouterr().out


# --- what the papers say ---------------------------------------------------------------------


def test_the_page_names_every_invariant_bug_and_fault_that_is_beyond_us() -> None:
    page = (ROOT / "docs" / "concepts" / "simulator.md").read_text(encoding="utf-8")

    missing = [name for name in (*PLANTED, *BEYOND) if f"`{name}`" not in page]
    missing += [each.name for each in INVARIANTS if f"| {each.name} |" not in page]
    missing += [f"{state} {event}" for state, event in UNUSED if f"`{state} {event}`" not in page]
    assert missing == []


@pytest.mark.parametrize(
    "module",
    [
        *(checker, evidence, invariants, invariants_batch, invariants_books, invariants_inquiry),
        *(invariants_people, witness),
    ],
)
def test_the_checker_is_a_second_witness(module: ModuleType) -> None:
    """It imports nothing of what it judges."""
    tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
    imported = {
        str(node.module).split(".")[1]
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("posrefund.")
    }

    assert imported <= {"testing", "emulators"}


def test_power_fails_at_every_kind_of_hook() -> None:
    cuts = sum((run_seed(seed, rates={"kill": 1.0}).cuts for seed in range(1, 11)), Counter[str]())

    assert {"before BEGIN", "before INSERT", "before COMMIT", "after COMMIT"} <= cuts.keys()
    assert {"before sending", "after sending", "before receiving", "after receiving"} <= cuts.keys()
    assert cuts.total() > 25


def test_no_other_part_of_the_library_loads_the_simulator() -> None:
    code = (
        "import sys, posrefund, posrefund.testing, posrefund.cli, posrefund.terminal;"
        "print([m for m in sys.modules if 'simulator' in m])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
