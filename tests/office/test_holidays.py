"""A country's holidays as a calendar, held against what its government announced."""

from __future__ import annotations

import sys
from datetime import date

import pytest

from posrefund.errors import ConfigError
from posrefund.office import holidays_of


def test_china_works_two_saturdays_for_the_spring_festival_of_2026() -> None:
    """State Council, arrangement for 2026: 15 to 23 February off, 14 and 28 February worked."""
    calendar = holidays_of("CN", [2026])
    assert not any(calendar.is_business_day(date(2026, 2, day)) for day in range(15, 24))
    assert all(calendar.is_business_day(date(2026, 2, day)) for day in (13, 14, 24, 28))
    assert calendar.add(date(2026, 2, 13), 2) == date(2026, 2, 24)


@pytest.mark.parametrize(
    ("country", "day", "works"),
    [
        ("FR", date(2026, 7, 14), False),
        ("DE", date(2026, 7, 14), True),
        ("SA", date(2026, 7, 12), True),  # a Sunday
        ("SA", date(2026, 7, 10), False),  # a Friday
    ],
)
def test_every_country_has_its_own_days(country: str, day: date, works: bool) -> None:
    assert holidays_of(country, [2026]).is_business_day(day) is works


def test_part_of_a_country_has_days_of_its_own() -> None:
    corpus_christi = date(2026, 6, 4)
    assert holidays_of("DE", [2026]).is_business_day(corpus_christi)
    assert not holidays_of("DE", [2026], subdivision="BY").is_business_day(corpus_christi)


@pytest.mark.parametrize(
    ("country", "years", "part"),
    [
        ("XX", [2026], None),
        ("", [2026], None),
        ("DE", [2026], "ZZ"),
        ("CN", [0], None),
        ("CN", [9999], None),
    ],
)
def test_country_or_year_that_is_none_is_refused(
    country: str, years: list[int], part: str | None
) -> None:
    with pytest.raises(ConfigError, match="calendar"):
        holidays_of(country, years, subdivision=part)


def test_without_the_library_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "holidays", None)
    with pytest.raises(ConfigError, match=r"pip install 'posrefund\[calendar\]'"):
        holidays_of("CN", [2026])
