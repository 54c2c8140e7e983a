"""``posrefund follow-up`` and the settings behind its days."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from posrefund.cli.app import app
from posrefund.cli.arrival_settings import arrival_settings
from posrefund.cli.config import load
from posrefund.engine.calendar import Arrival
from posrefund.errors import ConfigError
from shop import Shop, refund, sale

if TYPE_CHECKING:
    from pathlib import Path

TODAY = date(2026, 2, 10)


def test_days_are_the_defaults_where_nothing_is_said(tmp_path: Path) -> None:
    assert arrival_settings({}, tmp_path, TODAY) == Arrival(1, 10)


def test_days_and_a_calendar_file(tmp_path: Path) -> None:
    (tmp_path / "days.txt").write_text("2026-02-11 off\n", encoding="utf-8")
    table = {"least_days": 0, "most_days": 1, "calendar": "days.txt"}
    arrival = arrival_settings({"arrival": table}, tmp_path, TODAY)
    assert arrival.expected(TODAY).latest == date(2026, 2, 12)


def test_days_and_a_country(tmp_path: Path) -> None:
    table = {"most_days": 1, "country": "CN"}
    arrival = arrival_settings({"arrival": table}, tmp_path, TODAY)
    assert arrival.expected(date(2026, 2, 14)).latest == date(2026, 2, 24)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ([], "only"),
        ({"days": 3}, "only"),
        ({"most_days": 3.5}, "most_days"),
        ({"most_days": True}, "most_days"),
        ({"least_days": 5, "most_days": 3}, "arrival"),
        ({"country": 86}, "are text"),
        ({"country": "CN", "calendar": "days.txt"}, "either"),
        ({"calendar": "nowhere.txt"}, "cannot be read"),
        ({"country": "XX"}, "no such country"),
    ],
)
def test_settings_that_are_none_are_named(table: Any, said: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=said):
        arrival_settings({"arrival": table}, tmp_path, TODAY)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A shop that refunded fifty days ago: one is accepted and in no file, one is in doubt."""
    start = datetime.now(UTC) - timedelta(days=50, hours=1)
    shop = Shop(tmp_path, start=start)
    (tmp_path / "posrefund.toml").write_text(
        '[profile]\ndialect = "unionpay"\n[terminal]\nid = "12345678"\n'
        '[merchant]\nid = "123456789012345"\n[host]\naddress = "127.0.0.1"\nport = 1\n'
        '[keys]\nfile = "keys.json"\npassphrase_file = "passphrase"\n'
        '[journal]\nfile = "journal.db"\n[arrival]\nleast_days = 1\nmost_days = 3\n',
        encoding="utf-8",
    )
    (tmp_path / "passphrase").write_bytes(b"only for tests\n")
    with shop.terminal as terminal:
        terminal.sale(sale("S-1", 12_800))
        terminal.sale(sale("S-2", 6_660))
        shop.host_time.set(start + timedelta(days=1))
        shop.clock.set(start + timedelta(days=1, seconds=42))
        terminal.sign_in()
        terminal.refund(refund("R-1", "S-1", 2_800))
        shop.fault("drop_reply")
        terminal.refund(refund("R-2", "S-2", 1_000))
    return tmp_path


def follow_up(folder: Path, *words: str) -> tuple[int, str]:
    config = ["--config", str(folder / "posrefund.toml")]
    result = CliRunner().invoke(app, ["follow-up", *words, *config], env={"COLUMNS": "160"})
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


def test_what_is_overdue_and_what_is_undecided_is_listed(folder: Path) -> None:
    code, text = follow_up(folder, "--json")
    data = json.loads(text)
    assert code == 1
    assert [each["request_id"] for each in data["overdue"]] == ["R-1"]
    assert data["newly_overdue"] == ["R-1"]
    assert [each["attempt_id"] for each in data["undecided"]] == ["R-2/1"]
    assert data["ageing"] == {"0-1": 0, "1-2": 0, "3-7": 0, "8-30": 0, ">30": 1}

    code, text = follow_up(folder, "--lang", "zh")
    assert code == 1
    assert "R-1  逾期" in text
    assert "已过预计日期：请联系收单机构查询" in text
    assert "R-2/1  ¥10.00  IN_DOUBT  49 天" in text
    assert json.loads(follow_up(folder, "--json")[1])["newly_overdue"] == []


def test_status_says_the_expected_day_and_that_it_has_passed(folder: Path) -> None:
    assert load(folder / "posrefund.toml").arrival == Arrival(1, 3)
    config = ["--config", str(folder / "posrefund.toml")]
    result = CliRunner().invoke(app, ["status", "R-1", *config], env={"COLUMNS": "160"})
    assert result.exit_code == 0, result.output
    assert "ask the acquirer" in result.output
