"""The profile itself is looked at before a message is sent: what is legal in a file and leaves money to luck."""

from __future__ import annotations

from dataclasses import replace

import pytest

from certify.bed import bed
from posrefund.certify import certify
from posrefund.dialects import Dialect, dialect, names

UNIONPAY = dialect("unionpay")


def with_response(name: str, old: str, new: str) -> Dialect:
    table = UNIONPAY.messages[name]
    assert f" {old}" in f" {table.response}"
    response = " ".join(new if entry == old else entry for entry in table.response.split())
    return UNIONPAY.derive(
        "house",
        messages={**UNIONPAY.messages, name: replace(table, response=" ".join(response.split()))},
    )


def with_code(code: str, **changes: object) -> Dialect:
    row = replace(UNIONPAY.codes[code], **changes)  # type: ignore[arg-type]
    return UNIONPAY.derive("house", codes={**UNIONPAY.codes, code: row})


def without(name: str) -> Dialect:
    kept = {key: table for key, table in UNIONPAY.messages.items() if key != name}
    return UNIONPAY.derive("house", messages=kept)


def faults(known: Dialect) -> set[str]:
    with bed() as found:
        run = certify(replace(found.subject, dialect=known), only=["profile"])
    return {each.check for each in run.results[0].failures}


@pytest.mark.parametrize("name", names())
def test_every_built_in_profile_passes(name: str) -> None:
    assert faults(dialect(name)) == set()


@pytest.mark.parametrize(
    ("known", "check"),
    [
        (with_response("sale", "37A", "37C"), "profile.sale.names"),
        (with_response("refund", "13A", ""), "profile.refund.names"),
        (with_response("refund", "64A", "64C"), "profile.refund.mac"),
        (with_response("void", "64A", ""), "profile.void.mac"),
        (with_code("A0", money="unknown"), "profile.codes.retry"),
        (without("reversal"), "profile.messages"),
        (
            UNIONPAY.derive("house", timers=replace(UNIONPAY.timers, answer_s=1.0)),
            "profile.timers",
        ),
        (
            UNIONPAY.derive(
                "house",
                codes={n: replace(row, sign_in_first=False) for n, row in UNIONPAY.codes.items()},
            ),
            "profile.codes.sign_in",
        ),
        (with_code("51", zh=""), "profile.codes.words"),
        (UNIONPAY.derive("house", answers={**UNIONPAY.answers, "rrn": "999"}), "profile.lint"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_leaves_money_to_luck_is_named(known: Dialect, check: str) -> None:
    assert check in faults(known)


def test_a_profile_that_takes_no_cards_fails_none_of_the_cases_that_are_played_with_them() -> None:
    with bed() as found:
        run = certify(replace(found.subject, dialect=dialect("aggregator")))

    assert run.failed_checks == frozenset()
    absent = {each.name: each.why_en for each in run.results if each.verdict == "absent"}
    assert "takes no cards" in absent["sale"]
    assert "takes no cards" in absent["refund_lost"]
    assert run.verdict == "incomplete"
