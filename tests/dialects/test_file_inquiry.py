"""``[inquiry]`` of a dialect file: what it says, and what it cannot mean."""

from __future__ import annotations

import pytest

from inquiring import INQUIRING, PROFILE
from posrefund.dialects import dialect, names
from posrefund.dialects.file import dump_dialect, load_dialect, profile_digest, read_dialect
from posrefund.dialects.inquiry import Inquiry
from posrefund.errors import ConfigError

AGGREGATOR = """
name = "aggregator"
base = "unionpay"

[messages.inquiry]
zh = "查询"
en = "QUERY"
mti = "0200"
request = "3 4 11 41 42 49 60 61 64"
response = "3 4C 11 12C 13C 15C 37C 39 41 42 49C 60 61 64A"

[messages.inquiry.holds]
3 = "730000"
4 = "{sent.4}"
11 = "{stan}"
41 = "{terminal}"
42 = "{merchant}"
49 = "{sent.49}"
60 = "60{batch}000"
61 = "{original_batch}{original_stan}{original_mmdd}"
64 = "{mac}"

[inquiry]
told_codes = ["00", "61"]
pending_codes = ["09"]
repeats = ["61"]
"""
"""As the aggregators of QR payments ask (0200, 730000): the answer has one code, and it is the result."""


def test_what_a_file_says_is_what_the_dialect_has() -> None:
    assert Inquiry(
        about=("refund",),
        told_codes=frozenset({"00"}),
        pending_codes=frozenset({"09"}),
        absent_codes=frozenset({"25"}),
        result="44[0:2]",
        repeats=("60", "61"),
        transit_s=3600,
        absence="noted",
        answer_s=10.0,
        pauses_s=(120, 300, 600),
        tries=5,
    ) == (INQUIRING.inquiry)
    assert load_dialect(AGGREGATOR).inquiry == Inquiry(
        told_codes=frozenset({"00", "61"}), pending_codes=frozenset({"09"}), repeats=("61",)
    )


@pytest.mark.parametrize("text", [PROFILE, AGGREGATOR])
def test_it_is_written_out_and_read_again(text: str) -> None:
    known = load_dialect(text)

    assert load_dialect(dump_dialect(known)) == known
    assert read_dialect(text).warnings == ()
    assert profile_digest(known) != profile_digest(dialect("unionpay"))


def test_a_profile_may_change_one_word_of_its_base_or_take_all_of_it_out() -> None:
    base = 'name = "mine"\nbase = "iso87-ascii"\n'
    changed = load_dialect(f'{base}[inquiry]\nabsence = "released"\ntransit_s = 7200\n').inquiry
    assert changed is not None
    assert (changed.absence, changed.transit_s, changed.result) == ("released", 7200, "44[0:2]")
    assert load_dialect(f"{base}inquiry = false\n").inquiry is None


def test_no_paper_knows_an_inquiry_of_card_payments_at_a_unionpay_host_so_none_of_ours_has_one() -> (
    None
):
    having = {name for name in names() if dialect(name).inquiry is not None}

    assert having == {"aggregator", "iso87-ascii", "iso87-binary", "iso93-ascii", "iso93-binary"}


@pytest.mark.parametrize(
    ("old", "new", "path", "expected"),
    [
        ('told_codes = ["00"]', "told_codes = []", "inquiry.told_codes", "tells the result"),
        ('told_codes = ["00"]', 'told_codes = ["00", "25"]', "inquiry.told_codes", "once"),
        ('told_codes = ["00"]', 'told_codes = ["QQ"]', "inquiry.told_codes", "QQ is not in it"),
        ('result = "44[0:2]"', 'result = "45[0:2]"', "inquiry.result", "a field of the answer"),
        ('result = "44[0:2]"', 'result = "here"', "inquiry.result", "a field, or characters"),
        ('repeats = ["60", "61"]', "repeats = []", "inquiry.repeats", "come back"),
        ('repeats = ["60", "61"]', 'repeats = ["60"]', "inquiry.repeats", "{sent.11}"),
        ('repeats = ["60", "61"]', 'repeats = ["61", "63"]', "inquiry.repeats", "of the answer"),
        ("transit_s = 3600", "transit_s = 0", "inquiry.transit_s", "a whole number from 1"),
        ("transit_s = 3600", "transit = 3600", "inquiry.transit", "did you mean transit_s"),
        ("transit_s = 3600", 'absence = "believed"', "inquiry.absence", "noted, released"),
        ("answer_s = 10", "answer_s = 0", "inquiry.answer_s", "seconds, above 0"),
        ("pauses_s = [120, 300, 600]", "pauses_s = [0]", "inquiry.pauses_s", "above 0"),
        ("pauses_s = [120, 300, 600]", "pauses_s = []", "inquiry.pauses_s", "at least one"),
        ("tries = 5", 'about = ["echo"]', "inquiry.about", "sale, refund, void"),
        ('11 = "{stan}"', '11 = "{sent.11}"', "messages.inquiry.holds.11", "a number of its own"),
        ('3 = "{sent.3}"', '3 = "{sent.35}"', "messages.inquiry.holds.3", "a fact of this message"),
    ],
)
def test_what_cannot_be_meant_is_named(old: str, new: str, path: str, expected: str) -> None:
    assert PROFILE.count(old) == 1
    found = read_dialect(PROFILE.replace(old, new))

    assert found.dialect is None
    assert [(each.path, expected in each.expected) for each in found.faults] == [(path, True)]


def test_rules_without_a_message_are_a_fault() -> None:
    text = 'name = "a"\nbase = "unionpay"\n[inquiry]\ntold_codes = ["00"]\nrepeats = ["61"]\n'

    assert [each.path for each in read_dialect(text).faults] == ["inquiry"]


def test_a_code_that_a_host_says_of_a_question_it_could_not_take_is_no_result() -> None:
    bad = AGGREGATOR.replace('["00", "61"]', '["00", "A0"]')

    [fault] = read_dialect(bad).faults
    assert (fault.path, "could not take" in fault.expected) == ("inquiry.told_codes", True)


def test_what_will_surprise_is_a_warning() -> None:
    unsigned = PROFILE.replace("49C 60 61 64A", "49C 60 61")
    assert [each.path for each in read_dialect(unsigned).warnings] == ["messages.inquiry.response"]
    sales = PROFILE.replace("tries = 5", 'about = ["sale", "refund"]')
    [warning] = read_dialect(sales).warnings
    assert (warning.path, "reversed" in warning.expected) == ("inquiry.about", True)


def test_what_cannot_be_meant_is_none_in_python_either() -> None:
    with pytest.raises(ConfigError, match="told_codes"):
        Inquiry(repeats=("61",))
