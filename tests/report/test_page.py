"""The page: whole, alone, without card numbers, in one language at a time, and with its figures in it."""

from __future__ import annotations

import csv
import io
import re
import sys
from base64 import b64decode
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import pytest

from posrefund.errors import ConfigError
from posrefund.office.report import FIGURES, Report, as_csv, as_html, as_text, csv_files
from posrefund.office.report.words import COLUMNS, VALUES, WORDS
from posrefund.values.card import passes_luhn
from report.trade import CARDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from posrefund.office.paper import Language

each_language = pytest.mark.parametrize("language", ["zh", "en"])
each_report = pytest.mark.parametrize("name", ["month", "day", "empty"])

SAME_IN_BOTH = {"SQL", "CSV", "MAC", "σ"}
"""Words that are no English in a Chinese page."""


@pytest.fixture
def report(name: str, request: pytest.FixtureRequest) -> Report:
    found: Report = request.getfixturevalue(name)
    return found


def parsed(page: str) -> ElementTree.Element:
    """It is well-formed, or this fails."""
    return ElementTree.fromstring(page.removeprefix("<!DOCTYPE html>"))


def words_on(page: str) -> Iterator[str]:
    """What a person reads or hears: no style, no query."""
    skipped = {"style", "code"}
    for element in parsed(page).iter():
        if element.tag not in skipped and element.text:
            yield element.text
        if element.tail:
            yield element.tail
        yield element.get("aria-label", "")


# --- whole and alone -------------------------------------------------------------------------------


@each_report
@each_language
def test_page_fetches_nothing(report: Report, language: Language) -> None:
    page = as_html(report, language)
    tree = parsed(page)
    links = [
        (element.tag, value)
        for element in tree.iter()
        for name, value in element.attrib.items()
        if name in ("src", "href", "action", "data", "poster", "srcset", "style")
    ]

    assert tree.get("lang") == {"zh": "zh-CN", "en": "en"}[language]
    assert all(tag == "a" and value.startswith("data:text/csv;") for tag, value in links)
    assert not [
        e.tag for e in tree.iter() if e.tag in ("script", "link", "img", "iframe", "object", "base")
    ]
    assert not re.search(r"https?://|url\(|@import|//[a-z]", re.sub(r"base64,[^\"]*", "", page))


@each_language
def test_drawing_has_its_words_and_its_table_beside_it(month: Report, language: Language) -> None:
    tree = parsed(as_html(month, language))
    cards = {card.get("id"): card for card in tree.iter("article") if card.get("id")}
    drawn = {name for name, card in cards.items() if card.find(".//svg") is not None}

    assert drawn == {
        *("doubts", "bridge", "ageing", "daily", "files", "curve", "hours", "codes"),
        *("flow", "failures", "reasons", "exceptions", "habits"),
    }
    for name in drawn:
        drawing = cards[name].find(".//svg")
        assert drawing is not None
        title = FIGURES[name or ""].title_zh if language == "zh" else FIGURES[name or ""].title_en
        assert drawing.get("role") == "img"
        assert drawing.get("aria-label", "").startswith(title)
        assert drawing.findtext("title") == title
        assert cards[name].find(".//tbody/tr") is not None


def test_every_figure_is_there_with_its_query_and_its_file(month: Report) -> None:
    tree = parsed(as_html(month, "en"))
    cards = {card.get("id"): card for card in tree.iter("article") if card.get("id")}

    assert cards.keys() == FIGURES.keys()
    for name, table in month.tables.items():
        link = cards[name].find(".//a")
        assert link is not None
        text = b64decode(link.get("href", "").partition("base64,")[2]).decode()
        assert cards[name].findtext(".//code") == table.sql
        assert link.get("download") == f"2026-03_{name}.csv"
        assert text == as_csv(table)


def test_sums_on_the_page_are_those_of_the_figures(month: Report) -> None:
    tree = parsed(as_html(month, "en"))
    shown = [
        [cell.text for cell in row.iter("td")]
        for card in tree.iter("article")
        if card.get("id") == "bridge"
        for row in card.findall(".//tbody/tr")
    ]

    assert [row[1].replace("−", "-") for row in shown if row[1]] == [
        str(row["count"]) for row in month.tables["bridge"].dicts()
    ]
    assert [minor_of(row[2] or "") for row in shown] == [
        row["sum_minor"] for row in month.tables["bridge"].dicts()
    ]


def minor_of(text: str) -> int:
    return int(text.replace("¥", "").replace(",", "").replace(".", "").replace("−", "-"))


@each_language
def test_drawing_stays_within_its_frame(month: Report, language: Language) -> None:
    """Texts stand on the drawing, with a little room for a wide font."""
    for drawing in parsed(as_html(month, language)).iter("svg"):
        _, _, width, height = map(float, drawing.get("viewBox", "").split())
        for text in drawing.iter("text"):
            x, y = float(text.get("x", "")), float(text.get("y", ""))
            length = sum(12 if ord(char) > 0x2E80 else 6 for char in text.text or "")
            left = (
                x - {"start": 0, "middle": length / 2, "end": length}[text.get("text-anchor", "")]
            )
            assert left >= -2
            assert left + length <= width + 6
            assert 8 <= y <= height


# --- words -----------------------------------------------------------------------------------------


@each_report
def test_page_in_chinese_has_no_english_left(report: Report) -> None:
    english = set()
    for text in words_on(as_html(report, "zh")):
        english |= set(re.findall(r"[A-Za-z]{3,}", text))

    assert english <= SAME_IN_BOTH


@each_report
def test_page_in_english_has_no_chinese_in_it(report: Report) -> None:
    assert not re.search("[\u2e80-\uffef]", as_html(report, "en"))


@each_report
def test_text_is_in_one_language(report: Report) -> None:
    assert not re.search("[\u2e80-\uffef]", as_text(report, "en"))
    assert set(re.findall("[A-Za-z]{3,}", as_text(report, "zh"))) <= SAME_IN_BOTH


def test_words_are_there_in_both_languages() -> None:
    tables = [WORDS, COLUMNS, *VALUES.values()]
    for zh, en in (pair for table in tables for pair in table.values()):
        assert zh
        assert not re.search("[\u2e80-\uffef]", en)
    for figure in FIGURES.values():
        assert re.search("[\u2e80-\uffef]", figure.title_zh)
        assert figure.title_en.isascii() or "−" in figure.title_en
        assert bool(figure.note_zh) == bool(figure.note_en)


def test_columns_of_all_figures_have_words(month: Report) -> None:
    names = {name for table in month.tables.values() for name in table.columns}

    assert names <= COLUMNS.keys()


@each_report
@each_language
def test_nothing_says_that_money_arrived(report: Report, language: Language) -> None:
    """Accepted is accepted; only a settlement file makes it settled."""
    said = as_html(report, language) + as_text(report, language)

    assert "到账" not in said
    assert not re.search(r"arrived|paid out|money moved|成功退款", said)
    assert VALUES["state"]["ACCEPTED"] == ("已受理", "accepted")


# --- card data -------------------------------------------------------------------------------------


@each_report
@each_language
def test_no_output_holds_a_card_number(report: Report, language: Language) -> None:
    page = as_html(report, language)
    files = [b64decode(found).decode() for found in re.findall(r'base64,([^"]*)"', page)]
    outputs = [
        re.sub(r"base64,[^\"]*", "", page),
        as_text(report, language),
        *files,
        *csv_files(report).values(),
    ]
    for text in outputs:
        for pan in CARDS:
            assert pan not in text
            assert f"{pan[:6]}*" not in text  # not even masked: its last four digits are enough
        assert not [run for run in re.findall(r"\d{13,19}", text) if passes_luhn(run)]
        assert not re.search(r"\b[0-9a-f]{32}\b", text), "a fingerprint"


# --- CSV -------------------------------------------------------------------------------------------


def test_csv_reads_back_as_the_figure(month: Report) -> None:
    for name, text in csv_files(month).items():
        table = month.tables[name.removeprefix("2026-03_").removesuffix(".csv")]
        head, *rows = csv.reader(io.StringIO(text, newline=""))
        assert tuple(head) == table.columns
        assert rows == [["" if v is None else str(v) for v in row] for row in table.rows]
        if any(column.endswith("_minor") for column in head):
            assert "currency" in head


def test_formula_in_a_name_stays_text(month: Report) -> None:
    table = month.tables["undecided"]
    row = ("=HYPERLINK(1)", *table.rows[0][1:])

    assert "\r\n'=HYPERLINK(1)," in as_csv(type(table)(table.columns, (row,), ""))


# --- without the extra -----------------------------------------------------------------------------


def test_page_without_its_extra_says_what_to_install(
    day: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)

    with pytest.raises(ConfigError, match=r"pip install 'posrefund\[report\]'"):
        as_html(day)


@each_language
def test_names_from_outside_are_escaped(month: Report, language: Language) -> None:
    evil = "<script>alert('x')</script>&"
    tables = dict(month.tables)
    for name, column in (("undecided", 0), ("reasons", 0), ("habits", 0)):
        table = tables[name]
        rows = tuple((*row[:column], evil, *row[column + 1 :]) for row in table.rows)
        tables[name] = type(table)(table.columns, rows, table.sql)
    page = as_html(Report(month.scope, month.terminals, tables, month.findings), language)

    assert "<script" not in page
    assert parsed(page).find(".//script") is None
