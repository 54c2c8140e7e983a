"""What follows from a finding, as data: verdicts, policies, ranges of versions, faults."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posrefund.engine.faults import TerminalFault
from posrefund.engine.selfcheck import Check, SelfCheck, SelfCheckPolicy, check_last, heals
from posrefund.engine.selfcheck_table import CHECKS, REASONS, CheckName
from posrefund.engine.versions import VersionRange, release_of
from posrefund.errors import ConfigError, InvalidRequestError, LocalProtocolError, RefusedError

NOW = datetime(2026, 3, 9, 6, 5, tzinfo=UTC)


def report(*codes: str, at: datetime = NOW) -> SelfCheck:
    """A report in which *codes* fail as the table has them."""
    failing = dict(code.split(".") for code in codes)
    checks = tuple(
        Check(name, REASONS[f"{name}.{failing[name]}"].verdict, failing[name])
        if name in failing
        else Check(name, "ok")
        for name in CHECKS
    )
    return SelfCheck(at, checks)


# --- the table -------------------------------------------------------------------------------------


def test_every_reason_is_of_a_check_and_says_in_both_languages_what_helps() -> None:
    assert set(get_args(CheckName)) == set(CHECKS)
    for code, reason in REASONS.items():
        assert code.partition(".")[0] in CHECKS
        for text in (reason.zh, reason.en, reason.remedy_zh, reason.remedy_en):
            assert text.strip() == text != ""
        assert reason.zh.isascii() is False
        assert reason.en.isascii()


def test_what_nobody_sees_again_at_the_next_look_is_a_persons_to_close() -> None:
    by_people = {code for code in REASONS if not heals(code)}

    assert by_people == {
        "storage.failed",
        "clock.insane",
        "clock.backwards",
        "keys.differ",
        "keys.unreadable",
        "shutdown.unclean",
    }


# --- the report and the policy ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("codes", "verdict"),
    [
        ((), "ok"),
        (("host.slow",), "warn"),
        (("host.refused",), "block"),
        (("host.slow", "space.full"), "block"),
    ],
)
def test_the_worst_check_is_the_verdict(codes: tuple[str, ...], verdict: str) -> None:
    assert report(*codes).verdict == verdict


def test_a_report_of_nothing_is_skipped() -> None:
    assert SelfCheck(NOW, ()).verdict == "skipped"
    with pytest.raises(KeyError):
        SelfCheck(NOW, ()).check("host")


def test_a_code_counts_before_a_name_and_blocking_before_warning() -> None:
    policy = SelfCheckPolicy(
        blocks=frozenset({"host", "doubts.open", "version"}),
        warns=frozenset({"host.refused", "version"}),
    )

    assert policy.verdict("host.refused") == "warn"
    assert policy.verdict("host.slow") == "block"
    assert policy.verdict("doubts.open") == "block"
    assert policy.verdict("version.unknown") == "block"
    assert policy.verdict("space.low") == "warn"


@pytest.mark.parametrize(
    "wrong",
    [
        {"blocks": frozenset({"hosts"})},
        {"warns": frozenset({"host.tired"})},
        {"valid_s": 0},
        {"connect_s": 0},
        {"answer_s": -1},
        {"sign_in_s": 0},
    ],
)
def test_a_policy_that_cannot_be_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ConfigError):
        SelfCheckPolicy(**wrong)  # type: ignore[arg-type]


@given(
    codes=st.sets(st.sampled_from(sorted(REASONS))),
    blocks=st.frozensets(st.sampled_from(sorted(REASONS))),
    age_s=st.integers(-100, 100_000),
)
def test_property_a_refund_may_go_only_after_a_recent_result_that_does_not_block(
    codes: set[str], blocks: frozenset[str], age_s: int
) -> None:
    one_each = {code.partition(".")[0]: code for code in codes}
    policy = SelfCheckPolicy(blocks=blocks)
    fact = report(*one_each.values()).as_fact()
    blocking = {code for code in one_each.values() if policy.verdict(code) == "block"}
    now = NOW + timedelta(seconds=age_s)
    if not blocking and 0 <= age_s <= policy.valid_s:
        check_last(fact, policy, now)
        return
    with pytest.raises(RefusedError) as caught:
        check_last(fact, policy, now)
    assert caught.value.code == "selfcheck_failed"
    assert all(code in caught.value.hint_en for code in blocking)
    assert all(REASONS[code].zh in caught.value.hint_zh for code in blocking)


def test_no_result_at_all_is_too_old() -> None:
    with pytest.raises(RefusedError, match="too_old"):
        check_last("", SelfCheckPolicy(), NOW)


def test_a_result_of_a_later_version_with_a_code_nobody_knows_here_still_counts_its_age() -> None:
    fact = json.dumps({"at": NOW.isoformat(), "block": ["warp.core"], "warn": []})

    check_last(fact, SelfCheckPolicy(), NOW)


# --- versions --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        (">=1.2, <2", ("1.2", "1.2.0", "1.10", "1.99.9rc1"), ("1.1.9", "2", "2.0", "", "abc")),
        (">=1.2", ("1.2", "99"), ("1", "0")),
        ("<2", ("0", "1.99"), ("2.0.0", "10")),
        ("", ("0", "1", "99"), ("", "x")),
    ],
)
def test_ranges(text: str, inside: tuple[str, ...], outside: tuple[str, ...]) -> None:
    wanted = VersionRange.of_text(text)

    assert [version for version in inside if not wanted.holds(version)] == []
    assert [version for version in outside if wanted.holds(version)] == []


@pytest.mark.parametrize(
    "text", ["1.2", "=1", ">1", "<=2", ">=1, >=2", ">=", "<", ">=2, <1", ">=1, <1.0", ">=a"]
)
def test_what_is_no_range_is_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        VersionRange.of_text(text)


releases = st.lists(st.integers(0, 50), min_size=1, max_size=4).map(
    lambda numbers: ".".join(map(str, numbers))
)


@given(releases, releases)
def test_property_a_range_says_what_the_order_of_numbers_says(least: str, found: str) -> None:
    def padded(version: str) -> list[int]:
        numbers = [int(part) for part in version.split(".")]
        return numbers + [0] * (4 - len(numbers))

    assert VersionRange(least).holds(found) == (padded(found) >= padded(least))
    assert (release_of(found) == release_of(least)) == (padded(found) == padded(least))
    assert VersionRange.of_text(str(VersionRange(least))) == VersionRange(least)


# --- faults ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["", "Printer", "a.b.c", "printer ", "x" * 33, "a/b", "1st"])
def test_a_kind_is_a_plain_word(kind: str) -> None:
    with pytest.raises(InvalidRequestError, match="kind"):
        TerminalFault("F-1", kind, "", NOW)


def test_a_fault_is_closed_once_by_somebody_who_says_what_was_done() -> None:
    fault = TerminalFault("F-1", "printer", "no paper", NOW)
    with pytest.raises(InvalidRequestError, match=r"by: .*; done: "):
        fault.closed(NOW, by="", done="")
    with pytest.raises(InvalidRequestError, match="done"):
        fault.closed(NOW, by="07", done="card 6200000000000005")

    closed = fault.closed(NOW, by="07", done="new roll")

    assert (fault.is_open, closed.is_open) == (True, False)
    with pytest.raises(LocalProtocolError, match="closed already"):
        closed.closed(NOW, by="07", done="again")
