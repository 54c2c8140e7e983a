"""Reports and the list of refunds from a command line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from journal.builders import fill, open_journal
from posrefund.cli.app import app
from posrefund.cli.config import write
from posrefund.errors import ConfigError, InvalidRequestError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A shop whose till gave back 10.00 on 9 March, and has 5.00 in doubt."""
    write(tmp_path, terminal="12345678", merchant="123456789012345", address="127.0.0.1", port=1)
    with open_journal(tmp_path / "journal.db") as journal:
        fill(journal)
    return tmp_path


def posrefund(folder: Path, *words: str, exit_code: int = 0) -> str:
    config = ["--config", str(folder / "posrefund.toml")]
    result = CliRunner().invoke(app, [*words, *config])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == exit_code, result.output
    return result.output


def test_day_is_printed_in_the_language_asked_for(folder: Path) -> None:
    english = posrefund(folder, "report", "day", "2026-03-09")
    chinese = posrefund(folder, "report", "day", "2026-03-09", "--lang", "zh")

    assert english.startswith("Refund report of the day 2026-03-09\n")
    assert "opening + new − resolved = closing: ¥5.00 = ¥5.00  [balanced]" in english
    assert chinese.startswith("退款日报 2026-03-09\n")


def test_till_may_have_its_journal_open(folder: Path) -> None:
    with open_journal(folder / "journal.db"):
        assert "¥10.00" in posrefund(folder, "report", "day", "2026-03-09")


@pytest.mark.parametrize("wanted", ["2026-03", "2026-03-31"])
def test_month_is_written_as_a_page(wanted: str, folder: Path) -> None:
    out = folder / "march.html"

    assert posrefund(folder, "report", "month", wanted, "--format", "html", "--out", str(out)) == ""
    assert out.read_text(encoding="utf-8").startswith('<!DOCTYPE html>\n<html lang="en">')


def test_csv_is_a_file_for_each_figure(folder: Path) -> None:
    out = folder / "csv"
    posrefund(folder, "report", "day", "2026-03-09", "--format", "csv", "--out", str(out))

    assert len(list(out.iterdir())) == 27
    assert (out / "2026-03-09_totals.csv").read_bytes() == (
        b"kind,state,currency,count,sum_minor\r\n"
        b"refund,ACCEPTED,156,1,1000\r\n"
        b"refund,IN_DOUBT,156,1,500\r\n"
        b"refund,NOT_SENT,156,1,500\r\n"
    )


def test_running_day_is_the_one_without_a_date(folder: Path) -> None:
    assert "not over yet" in posrefund(folder, "report", "day")


def test_sums_that_do_not_balance_are_an_exit_status(folder: Path) -> None:
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(folder / "journal.db", isolation_level=None)) as db:
        db.execute("UPDATE attempts SET state = 'DECLINED' WHERE state = 'IN_DOUBT'")

    assert "[not balanced]" in posrefund(folder, "report", "day", "2026-03-09", exit_code=4)


def test_refunds_are_listed_with_their_sum(folder: Path) -> None:
    listed = json.loads(posrefund(folder, "refunds", "list", "--day", "2026-03-09", "--json"))

    assert [(row["attempt"], row["state"], row["amount_minor"]) for row in listed] == [
        ("R-1/1", "ACCEPTED", 1000),
        ("R-2/1", "NOT_SENT", 500),
        ("R-2/2", "IN_DOUBT", 500),
    ]
    shown = posrefund(folder, "refunds", "list", "--day", "2026-03-09", "--lang", "zh")
    assert "已受理与已确认: ¥10.00" in shown
    (line,) = [each for each in shown.splitlines() if "R-1/1" in each]
    assert "¥10.00" in line  # a refund is one line, however narrow the screen
    assert "2026-03-09 " in line


@pytest.mark.parametrize(
    ("option", "value", "attempts"),
    [
        ("--state", "IN_DOUBT", ["R-2/2"]),
        ("--operator", "01", ["R-1/1", "R-2/1", "R-2/2"]),
        ("--operator", "02", []),
        ("--terminal", "87654321", []),
    ],
)
def test_refunds_are_filtered(option: str, value: str, attempts: list[str], folder: Path) -> None:
    text = posrefund(folder, "refunds", "list", "--day", "2026-03-09", option, value, "--json")

    assert [row["attempt"] for row in json.loads(text)] == attempts


def test_what_cannot_be_done_is_said(folder: Path) -> None:
    out = str(folder / "nowhere" / "page.html")
    with pytest.raises(ConfigError, match="needs a folder"):
        posrefund(folder, "report", "day", "2026-03-09", "--format", "csv")
    with pytest.raises(ConfigError, match="No such file"):
        posrefund(folder, "report", "day", "2026-03-09", "--format", "html", "--out", out)
    with pytest.raises(InvalidRequestError, match="state"):
        posrefund(folder, "refunds", "list", "--state", "PAID")
    assert "YYYY-MM" in posrefund(folder, "report", "day", "yesterday", exit_code=2)


def test_journal_in_postgresql_has_no_file_to_read(folder: Path) -> None:
    path = folder / "posrefund.toml"
    text = path.read_text(encoding="utf-8").replace('file = "journal.db"', 'dsn = "dbname=none"')
    path.write_text(text, encoding="utf-8")

    with pytest.raises(ConfigError, match="PostgreSQL"):
        posrefund(folder, "report", "day")
    other = str(folder / "journal.db")
    assert "¥10.00" in posrefund(folder, "report", "day", "2026-03-09", "--journal", other)
