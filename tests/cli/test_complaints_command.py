"""``posrefund complaints`` and ``posrefund feedback``, the settings behind their hours, and the list of a day."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from cli.test_follow_up_command import folder
from posrefund.cli.app import app
from posrefund.cli.complaint_settings import complaint_settings
from posrefund.cli.config import load
from posrefund.engine.calendar import BusinessCalendar
from posrefund.engine.complaints import ServiceLevel
from posrefund.errors import ConfigError, InvalidRequestError, LocalProtocolError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["folder"]

CARD = "6200000000000005"
ALWAYS = BusinessCalendar(weekend=frozenset())


def posrefund(folder: Path, *words: str, exit_code: int = 0) -> str:
    config = ["--config", str(folder / "posrefund.toml")]
    result = CliRunner().invoke(app, [*words, *config], env={"COLUMNS": "200"})
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == exit_code, result.output
    return result.output


def complain(folder: Path, *more: str) -> str:
    about = ("complaints", "open", "R-1", "--kind", "not_arrived", "--channel", "phone")
    return posrefund(folder, *about, "--words", "no money yet", "--by", "07", *more)


def test_hours_are_the_defaults_where_nothing_is_said() -> None:
    assert complaint_settings({}, ALWAYS) == ServiceLevel(24, 72, ALWAYS)
    table = {"complaints": {"answer_hours": 4, "solve_hours": 48}}
    assert complaint_settings(table, ALWAYS) == ServiceLevel(4, 48, ALWAYS)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ([], "only"),
        ({"hours": 3}, "only answer_hours, solve_hours"),
        ({"answer_hours": 3.5}, "hours"),
        ({"answer_hours": 80}, "hours"),
        ({"answer_hours": 0}, "hours"),
        ({"solve_hours": "48"}, "hours"),
    ],
)
def test_settings_that_are_none_are_named(table: Any, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        complaint_settings({"complaints": table}, ALWAYS)


def test_clock_of_the_settings_runs_on_the_days_of_the_arrival(folder: Path) -> None:
    toml = folder / "posrefund.toml"
    off = [date.today() + timedelta(days=n) for n in range(-1, 3)]  # noqa: DTZ011 — any day will do
    (folder / "days.txt").write_text("".join(f"{day} off\n" for day in off), encoding="utf-8")
    said = (
        toml.read_text(encoding="utf-8") + 'calendar = "days.txt"\n[complaints]\nanswer_hours = 1\n'
    )
    toml.write_text(said, encoding="utf-8")
    level = load(toml).complaints

    assert (level.answer_hours, level.solve_hours) == (1, 72)
    made = json.loads(complain(folder, "--json"))
    due = datetime.fromisoformat(made["answer_due"])
    assert due - datetime.now(UTC) > timedelta(days=1)


def test_complaint_is_opened_answered_and_closed(folder: Path) -> None:
    assert posrefund(folder, "complaints", "list") == "no complaints\n"
    opened = complain(folder)
    name = opened.split()[0]
    assert opened.startswith("K-")
    assert " R-1 the money did not come, by telephone: to be answered until 20" in opened
    assert complain(folder) == opened
    (listed,) = json.loads(posrefund(folder, "complaints", "list", "--json"))["complaints"]
    assert (listed["complaint"], listed["state"], listed["late"]) == (name, "open", [])

    answer = ("complaints", "answer", name, "--by", "02", "--words", "asked the bank")
    assert "answered, to be solved until 20" in posrefund(folder, *answer)
    zh = posrefund(folder, "complaints", "list", "--lang", "zh")
    assert f"{name} R-1 未收到退款（电话）：已答复，限 20" in zh
    assert "  no money yet\n  asked the bank\n" in zh
    with pytest.raises(LocalProtocolError, match="answered already"):
        posrefund(folder, *answer)
    end = ("complaints", "close", name, "--by", "02", "--how", "it was there", "--withdrawn")
    assert posrefund(folder, *end).endswith("by telephone: withdrawn\n")
    assert posrefund(folder, "complaints", "list", "--lang", "zh") == "没有投诉\n"
    assert "it was there" in posrefund(folder, "complaints", "list", "--all")
    assert "all in order" in posrefund(folder, "journal", "verify")


def test_open_complaint_is_in_the_list_of_the_day(folder: Path) -> None:
    complain(folder)
    found = json.loads(posrefund(folder, "follow-up", "--json", exit_code=1))
    (each,) = found["complaints"]
    assert (each["request_id"], each["kind"], each["state"]) == ("R-1", "not_arrived", "open")
    assert found["newly_late"] == []
    assert "the money did not come" in posrefund(folder, "follow-up", exit_code=1)
    assert "未收到退款" in posrefund(folder, "follow-up", "--lang", "zh", exit_code=1)


def test_feedback_is_written_down_and_replaced(folder: Path) -> None:
    words = ("feedback", "R-1", "--score")
    assert posrefund(folder, *words, "2", "--by", "07") == "R-1: score written down 2\n"
    made = json.loads(posrefund(folder, *words, "5", "--by", "07", "--words", "it came", "--json"))
    assert (made["score"], made["words"], made["attempt_id"]) == (5, "it came", "R-1/1")
    assert posrefund(folder, *words, "5", "--by", "07", "--lang", "zh") == "R-1: 已记录评分 5\n"
    with pytest.raises(InvalidRequestError, match="score"):
        posrefund(folder, *words, "6", "--by", "07")


def test_card_number_is_refused_and_not_repeated(folder: Path) -> None:
    for words in (
        ("complaints", "open", "R-1", "--kind", "other", "--words", CARD, "--by", "07"),
        ("complaints", "open", "R-1", "--kind", CARD, "--words", "none", "--by", "07"),
        ("feedback", "R-1", "--score", "1", "--by", "07", "--words", CARD),
    ):
        with pytest.raises(InvalidRequestError) as caught:
            posrefund(folder, *words)
        assert CARD not in str(caught.value)
