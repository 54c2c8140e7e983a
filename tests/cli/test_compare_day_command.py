"""``posrefund compare-day`` from a command line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from journal.builders import dump, know, open_journal
from office.books import put, rows_of
from office.lines import line
from posrefund.cli.app import app
from posrefund.cli.config import write

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A till whose refund of 10.00 was accepted, and a file that shows 9.99 of it."""
    write(tmp_path, terminal="12345678", merchant="123456789012345", address="127.0.0.1", port=1)
    with open_journal(tmp_path / "journal.db") as journal:
        journal.commit([know("S-1")])
        put(journal, "ACCEPTED")
    (tmp_path / "wrong").write_bytes(rows_of(line(amount="000000000999")))
    (tmp_path / "right").write_bytes(rows_of(line()))
    return tmp_path


def compare(folder: Path, file: str, *words: str) -> tuple[int, str]:
    named = [str(folder / file), "--day", "2026-03-09", "--config", str(folder / "posrefund.toml")]
    result = CliRunner().invoke(app, ["compare-day", *named, *words])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


def test_a_difference_is_shown_and_nothing_is_changed(folder: Path) -> None:
    before = dump(folder / "journal.db")

    status, said = compare(folder, "wrong", "--count", "1")

    assert status == 4
    assert said == (
        "1 terminals beside the settlement file of 2026-03-09; nothing was changed\n"
        "whole: what it lacks counts\n"
        "\n"
        "category             journal           sum    file           sum    difference\n"
        "AMOUNT                     1         10.00       1          9.99         -0.01\n"
        "the file has                                     1          9.99\n"
        "\n"
        "rows and sums in no line above: 0 rows, difference 0.00\n"
        "1 for people to look at\n"
        "AMOUNT               12345678 000007 refund 10.00 / 9.99 R-1/1 (line 1)\n"
    )
    assert dump(folder / "journal.db") == before


def test_a_day_without_differences_ends_with_0_and_is_told_as_data(folder: Path) -> None:
    status, said = compare(folder, "right", "--json")

    assert status == 0
    data = json.loads(said)
    assert data["categories"] == [
        {
            "category": "MATCH",
            "journal": {"count": 1, "sum_minor": 1000},
            "file": {"count": 1, "sum_minor": 1000},
            "difference_minor": 0,
        }
    ]
    assert (data["differences"], data["whole"], data["engine"]) == ([], False, "plain")


def test_it_speaks_chinese(folder: Path) -> None:
    assert compare(folder, "right", "--lang", "zh")[1].startswith(
        "1 台终端对照 2026-03-09 对账文件；未作任何改动\n无法证明文件完整：JOURNAL_ONLY 不作依据\n"
    )


def test_a_file_that_is_not_there_is_said(folder: Path) -> None:
    status, said = compare(folder, "nowhere")

    assert status == 2
    assert "nowhere" in said
