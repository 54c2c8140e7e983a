"""Opt-in checks: classes, lengths, Luhn, calendars; on both ways, compiled and not, at the right place."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posrefund.codec import Check, Codec
from posrefund.dialects import dialect
from posrefund.errors import DecodeError, EncodeError

UNIONPAY = dialect("unionpay")
CHECKS = {
    "2": Check("n", length_min=12, length_max=19, luhn=True),
    "4": Check("n"),
    "12": Check("n", calendar="hhmmss"),
    "13": Check("n", calendar="MMDD"),
    "14": Check("n", calendar="YYMM"),
}
GOOD = {"t": "0200", "2": "6200000000000005", "4": "000000000100", "13": "0229", "14": "3012"}


@pytest.mark.parametrize(
    ("characters", "right", "wrong"),
    [
        ("n", ["", "0123456789"], ["A", "-1", " 1", "１", "1.0"]),
        ("an", ["", "aZ 09"], ["é", "a-b", "\t"]),
        ("ans", ["", "a-b é中"], ["\x00", "a\x7f", "\n"]),
        ("z", ["6200D3012", "62=30"], ["62F", "d"]),
        ("b", ["", "00FF"], ["ff", "0G"]),
        ("x+n", ["C00000001", "D1"], ["", "1", "E1", "C1C"]),
    ],
)
def test_classes_take_what_iso_8583_says(
    characters: str, right: list[str], wrong: list[str]
) -> None:
    check = Check(characters)  # type: ignore[arg-type]  # reason: the table is plain text

    assert [check.fault(value) for value in right] == [None] * len(right)
    assert all(check.fault(value) for value in wrong)


@pytest.mark.parametrize(
    ("check", "value", "expected"),
    [
        (Check(length_min=2), "1", "at least 2 characters"),
        (Check(length_min=2, length_max=2), "123", "2 characters"),
        (Check(length_min=2, length_max=4), "12345", "2 to 4 characters"),
        (Check(length_max=4), "12345", "0 to 4 characters"),
        (Check(luhn=True), "6200000000000006", "digits that pass the Luhn check"),
        (Check(luhn=True), "", "digits that pass the Luhn check"),
        (Check(luhn=True), "62A", "digits that pass the Luhn check"),
        (Check(calendar="MMDD"), "1301", "a date or time MMDD"),
        (Check(calendar="MMDD"), "0230", "a date or time MMDD"),
        (Check(calendar="MMDD"), "229", "a date or time MMDD"),
        (Check(calendar="YYMM"), "3000", "a date or time YYMM"),
        (Check(calendar="YYMMDD"), "230229", "a date or time YYMMDD"),
        (Check(calendar="hhmmss"), "240000", "a date or time hhmmss"),
        (Check(calendar="hhmmss"), "236000", "a date or time hhmmss"),
        (Check(calendar="MMDDhhmmss"), "0229235960", "a date or time MMDDhhmmss"),
        (Check(), "anything", None),
        (Check(calendar="MMDD"), "0229", None),
        (Check(calendar="YYMMDD"), "240229", None),
        (Check(calendar="YYMM"), "3012", None),
        (Check(calendar="hhmmss"), "235959", None),
        (Check(calendar="MMDDhhmmss"), "1231000000", None),
    ],
)
def test_checks_say_what_they_expected(check: Check, value: str, expected: str | None) -> None:
    assert check.fault(value) == expected


@given(st.dates(date(2024, 1, 1), date(2024, 12, 31)))
def test_every_day_of_a_leap_year_is_on_the_calendar(day: date) -> None:
    assert Check("n", calendar="MMDD").fault(f"{day:%m%d}") is None


def test_a_checked_codec_reads_and_writes_what_is_right() -> None:
    codec = Codec(UNIONPAY.specification, checks=CHECKS)

    for _ in range(3):
        assert codec.decode(codec.encode(GOOD)) == {
            **GOOD,
            "p": codec.decode(codec.encode(GOOD))["p"],
        }


@pytest.mark.parametrize(
    ("number", "value", "offset"),
    [
        ("2", "6200000000000006", 10),
        ("4", "00000000000A", 19),
        ("13", "0231", 25),
        ("14", "3013", 27),
    ],
)
@pytest.mark.parametrize("warm", [0, 3], ids=["first", "compiled"])
def test_a_checked_codec_refuses_both_ways_at_the_field(
    number: str, value: str, offset: int, warm: int
) -> None:
    codec = Codec(UNIONPAY.specification, checks=CHECKS)
    for _ in range(warm):
        codec.decode(codec.encode(GOOD))
    raw = UNIONPAY.codec.encode(GOOD | {number: value})

    with pytest.raises(DecodeError) as refused:
        codec.decode(raw)
    assert (refused.value.path, refused.value.offset_bytes) == (f"DE{number}", offset)
    assert value not in str(refused.value)
    with pytest.raises(EncodeError) as unwritten:
        codec.encode(GOOD | {number: value})
    assert unwritten.value.path == f"DE{number}"
    assert value not in str(unwritten.value)


def test_all_faults_are_named_at_once() -> None:
    codec = Codec(UNIONPAY.specification, checks=CHECKS)
    wrong = {"2": "62", "4": "1", "9": "1", "11": "0000001", "13": "0231", "63": "é" * 200}

    assert codec.faults(wrong) == (
        ("MTI", "this field"),
        ("DE2", "12 to 19 characters"),
        ("DE4", "12 nibbles, found 1"),
        ("DE9", "a field of this specification"),
        ("DE11", "6 nibbles, found 7"),
        ("DE13", "a date or time MMDD"),
        ("DE63", "at most 163 bytes, found 200"),
    )
    assert codec.faults(GOOD) == ()
    assert codec.faults({**GOOD, "p": "whatever", "4": 100}) == (("DE4", "text"),)  # type: ignore[dict-item]


@given(
    st.dictionaries(st.sampled_from(["t", "2", "4", "13", "62", "63", "99"]), st.text(max_size=20))
)
def test_no_faults_means_it_can_be_encoded(fields: dict[str, str]) -> None:
    codec = Codec(UNIONPAY.specification, checks=CHECKS)

    if codec.faults(fields):
        with pytest.raises(EncodeError):
            codec.encode(fields)
    else:
        assert codec.decode(codec.encode(fields))["t"] == fields["t"].upper()
