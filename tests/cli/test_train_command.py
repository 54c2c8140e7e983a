"""``posrefund train``: a folder to practise in, and the settings that keep it at home."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from posrefund.cli.app import app
from posrefund.cli.config import load, open_terminal, write
from posrefund.cli.demo_host import HostProcess
from posrefund.errors import ConfigError, RefusedError
from posrefund.journal import SQLiteJournal

if TYPE_CHECKING:
    from pathlib import Path


FEED_HEADER = "id,terminal,batch,stan,rrn,date,time,amount,card,order_ref"


def train(*words: str) -> str:
    result = CliRunner().invoke(app, ["train", *words, "--once"])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def test_folder_to_practise_in_has_sales_of_yesterday_and_goes_on(tmp_path: Path) -> None:
    said = train(str(tmp_path / "lessons"))
    assert "LESSON-1 ¥128.00" in said
    assert "培训模式" in train(str(tmp_path / "lessons"), "--lang", "zh")

    settings = load(tmp_path / "lessons" / "posrefund.toml")
    assert settings.training
    with open_terminal(settings) as terminal:
        assert isinstance(terminal.journal, SQLiteJournal)
        assert terminal.journal.is_training
        assert len(terminal.journal.all_originals()) == 2
        assert terminal.journal.verify()


@pytest.mark.slow
def test_what_was_refunded_is_sold_anew_at_the_next_start(tmp_path: Path) -> None:
    folder = tmp_path / "lessons"
    lines = tries(train(str(folder)))
    assert [line[:2] for line in lines] == [
        ["refund", "R-LESSON-1"],
        ["refund", "R-LESSON-2"],
    ]
    for number, batch in ((0, "000002"), (1, "000002")):
        with_host(folder, batch, lines[number])

    said = train(str(folder))
    assert "a sale of yesterday: LESSON-3 ¥128.00" in said
    assert "a sale of yesterday: LESSON-4 ¥66.60" in said
    assert "LESSON-1 " not in said
    lines = tries(said)
    assert [line[1] for line in lines] == ["R-LESSON-3", "R-LESSON-4"]
    with_host(folder, "000003", lines[0])
    with_host(folder, "000003", [*lines[1], "--amount", "6.60"])

    said = train(str(folder))
    assert "LESSON-5 ¥128.00" in said
    assert "LESSON-4 ¥66.60" in said  # something of it is left
    lines = tries(said)
    assert [line[1] for line in lines] == ["R-LESSON-4-1", "R-LESSON-5"]
    for line in lines:
        with_host(folder, "000004", line)
    with open_terminal(load(folder / "posrefund.toml")) as terminal:
        assert terminal.journal.verify()
        assert [sale.remaining_minor for sale in terminal.journal.all_originals()] == [0] * 5


def test_lesson_of_an_earlier_day_says_its_day(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "lessons"
    train(str(folder))
    with open_terminal(load(folder / "posrefund.toml")) as terminal:
        day = terminal.journal.all_originals()[0].transaction_date

    class Later(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return datetime.now(tz) + timedelta(days=3)

    monkeypatch.setattr("posrefund.cli.train.datetime", Later)
    said = train(str(folder), "--lang", "zh")
    assert f"{day} 消费 LESSON-1 ¥128.00" in said
    assert "LESSON-3" not in said


def tries(said: str) -> list[list[str]]:
    """The lines to try, without the settings."""
    lines = [line.split() for line in said.splitlines() if line.startswith("  posrefund ")]
    return [line[1 : line.index("--config")] for line in lines]


def with_host(folder: Path, batch: str, words: list[str]) -> None:
    """Carry a command out while the shop's host is there, as beside `posrefund train`."""
    config = folder / "posrefund.toml"
    with HostProcess(config, folder / "host-ledger.json", batch=batch) as host:
        text = re.sub(r"(?m)^port = .*$", f"port = {host.port}", config.read_text("utf-8"))
        config.write_text(text, encoding="utf-8")
        for each in (["sign-in", "--accept-clock"], words):
            done = CliRunner().invoke(app, [*each, "--config", str(config)], catch_exceptions=False)
            assert done.exit_code == 0, done.output


def test_settings_of_your_own_stay_when_practice_goes_on(tmp_path: Path) -> None:
    train(str(tmp_path / "lessons"))
    path = tmp_path / "lessons" / "posrefund.toml"
    more = "\n[retention]\ncontacts_days = 7\n"
    path.write_text(path.read_text(encoding="utf-8") + more, encoding="utf-8")
    train(str(tmp_path / "lessons"))

    assert path.read_text(encoding="utf-8").endswith(more)
    assert load(path).training


def test_port_that_was_taken_out_is_said(tmp_path: Path) -> None:
    train(str(tmp_path / "lessons"))
    path = tmp_path / "lessons" / "posrefund.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(re.sub("(?m)^port = .*$", "", text), encoding="utf-8")
    with pytest.raises(ConfigError, match="port"):
        train(str(tmp_path / "lessons"))


def test_dossier_of_what_was_practised_carries_the_mark(tmp_path: Path) -> None:
    train(str(tmp_path / "lessons"))
    config = str(tmp_path / "lessons" / "posrefund.toml")
    said = CliRunner().invoke(app, ["dossier", "LESSON-1", "--config", config]).output

    assert "REPRINT" in said
    assert said.count("培训 TRAINING 无效") == 3


def test_who_takes_a_proposal_that_needs_two_proves_it(tmp_path: Path) -> None:
    """Of the sale's card only four digits are known: a second person, always."""
    train(str(tmp_path / "lessons"))
    day = datetime.now(UTC).date() - timedelta(days=2)
    for name, text in (
        (
            "feed.csv",
            f"{FEED_HEADER}\nT-3,87654321,000007,000044,606710000044,{day},14:05:30,5.00,0047,A-17\n",
        ),
        ("cancelled.csv", "order_ref\nA-17\n"),
        ("pins", "482915\n"),
    ):
        (tmp_path / name).write_text(text, encoding="utf-8")

    def posrefund(*words: str) -> str:
        config = ("--config", str(tmp_path / "lessons" / "posrefund.toml"))
        result = CliRunner().invoke(app, [*words, *config])
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.output

    posrefund("sales", "import", str(tmp_path / "feed.csv"))
    posrefund("proposals", "run", "--cancelled", str(tmp_path / "cancelled.csv"))
    pins = ("--pin-file", str(tmp_path / "pins"))
    posrefund("staff", "add", "09", "--name", "Zhao", "--first", *pins)
    take = ("proposals", "take", "CXL-T-3", "--card", "6200000000000047", "--operator", "09")
    with pytest.raises(RefusedError) as refused:
        posrefund(*take, *pins)

    assert refused.value.code == "approval_needed"
    (waits,) = json.loads(posrefund("approvals", "--json"))
    assert (waits["request_id"], waits["maker"]) == ("CXL-T-3", "09")


def test_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "live.txt").write_text("x")
    with pytest.raises(ConfigError, match="was not made for training"):
        train(str(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["live.txt"]


@pytest.mark.parametrize("address", ["192.0.2.1", "host.example", "localhost", "0.0.0.0", "::2"])
def test_training_has_no_host_on_another_machine(tmp_path: Path, address: str) -> None:
    path = write(
        tmp_path, terminal="TRAINING", merchant="1" * 15, address=address, port=1, training=True
    )
    with pytest.raises(ConfigError, match=r"127\.0\.0\.1 or ::1"):
        load(path)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "127.1.2.3"])
def test_training_has_its_host_here(tmp_path: Path, address: str) -> None:
    path = write(
        tmp_path, terminal="TRAINING", merchant="1" * 15, address=address, port=1, training=True
    )
    assert load(path).training


@pytest.mark.parametrize("said", ['"yes"', "1"])
def test_training_is_yes_or_no(tmp_path: Path, said: str) -> None:
    path = write(
        tmp_path, terminal="TRAINING", merchant="1" * 15, address="::1", port=1, training=True
    )
    path.write_text(path.read_text().replace("training = true", f"training = {said}"))
    with pytest.raises(ConfigError, match="true or false"):
        load(path)
