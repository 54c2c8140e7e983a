"""Lines of paper: two columns for Chinese, nothing wider than the paper, nothing lost."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.builders import PROPERTY
from office.slip_shop import columns
from posrefund.office.paper import centred, line, lines, printable, rule, width, wrap


@pytest.mark.parametrize(
    ("text", "expected"), [("", 0), ("RMB 1.00", 8), ("退货", 4), ("（1）", 5), ("é", 2), ("🙂", 2)]
)
def test_width_is_that_of_chinese_printers(text: str, expected: int) -> None:
    assert width(text) == expected


@pytest.mark.parametrize(
    ("label", "value", "expected"),
    [
        ("批次号", "000001", ["批次号    000001"]),
        ("卡号", "12345678901", ["卡号 12345678901"]),
        ("卡号", "123456789012", ["卡号", "    123456789012"]),
        ("商户", "上海南京东路百货", ["商户", "上海南京东路百货"]),
        ("商户", "上海南京东路第一百货", ["商户", "  上海南京东路第", "  一百货"]),
        ("A label that is long", "1", ["A label that is", "long", "               1"]),
        ("", "", [" " * 16]),
    ],
)
def test_a_label_and_its_value_take_the_lines_that_they_need(
    label: str, value: str, expected: list[str]
) -> None:
    assert lines(label, value, 16) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("   ", []),
        ("one two", ["one two"]),
        ("one two three", ["one two", "three"]),
        ("ORDER-2026-0815", ["ORDER-", "2026-0815"[:5], "0815"]),
        ("abcdefghijkl", ["abcdefgh", "ijkl"]),
        ("退货退货退，货", ["退货退货", "退，货"]),  # no line begins with a comma
        ("退货 ab", ["退货 ab"]),
    ],
)
def test_text_is_broken_where_a_person_would(text: str, expected: list[str]) -> None:
    assert wrap(text, 8) == expected


@PROPERTY
@given(st.text(max_size=200), st.integers(2, 60))
def test_nothing_is_wider_than_the_line_and_nothing_is_lost(text: str, limit: int) -> None:
    found = wrap(text, limit)

    assert "".join(found).replace(" ", "") == text.replace(" ", "")
    assert all(0 < columns(part) <= width(part) <= limit for part in found)


@PROPERTY
@given(st.text(max_size=80), st.text(max_size=80), st.sampled_from([16, 32, 48]))
def test_a_pair_is_never_wider_than_the_paper(label: str, value: str, limit: int) -> None:
    found = lines(printable(label), printable(value), limit)

    assert all(width(part) <= limit for part in found)
    flat = re.sub(" ", "", "".join(found))
    assert flat == re.sub(" ", "", printable(label) + printable(value))


def test_the_middle_of_a_line_and_a_line_across() -> None:
    assert centred("退货", 8) == "  退货  "
    assert centred("ab", 6) == "  ab  "
    assert rule(4) == "----"
    assert line("a", "b", 3) == "a b"
    assert line("aa", "bb", 3) == "aa bb"  # a caller that cares takes lines()


def test_only_what_can_be_printed_is() -> None:
    assert printable("a\nb\x1b\u202e\ud800退") == "a?b???退"
