"""``posrefund settle`` and ``posrefund cases``: a file from the shell, its report, and what people do about it."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from cli.test_shop_commands import CARD, Counter, counter
from posrefund.emulators.host import Fault, HostProfile, settlement_file
from posrefund.errors import ConfigError, DecodeError, InvalidRequestError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["counter"]

TOML = """
name = "ours"
form = "csv"
columns = [
    { name = "tid", type = "word", role = "terminal" },
    { name = "trace", type = "digits", role = "stan" },
    { name = "mid", type = "word", role = "merchant" },
    { name = "cents", type = "minor", role = "amount" },
    { name = "at", type = "time", role = "time", form = "MMDDhhmmss" },
]

[[kind]]
is = "refund"
when = { tid = "nothing" }
"""


def sold(desk: Counter) -> Path:
    """Sell for 1.00, and write the host's file of that day."""
    desk.posrefund("sign-in", "--accept-clock")
    desk.posrefund("sale", "S-1", "--amount", "1.00", "--card", CARD, "--entry", "021")
    return written(desk)


def written(desk: Counter) -> Path:
    file = desk.folder / "file"
    settlement_file.write(file, desk.server.host.ledger, desk.time().date(), HostProfile())
    return file


def day_of(desk: Counter) -> str:
    return desk.time().date().isoformat()


def test_report_proves_that_no_row_was_lost_and_the_same_in_json(counter: Counter) -> None:
    file = sold(counter)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    words = ("settle", str(file), "--day", day_of(counter), "--count", "1", "--sum", "100")
    text = counter.posrefund(*words, "--sha256", digest)

    assert "MATCH" in text
    assert "rows and sums in no line above: 0 rows, difference 0.00" in text
    assert "0 for people to look at" in text
    found = json.loads(counter.posrefund(*words, "--json"))
    assert found["sha256"] == digest
    assert found["whole"] is True
    assert found["unaccounted"] == {"count": 0, "sum_minor": 0}
    assert [each["category"] for each in found["findings"]] == ["MATCH"]
    assert [(each["journal"], each["file"]) for each in found["categories"]] == [
        ({"count": 1, "sum_minor": 100}, {"count": 1, "sum_minor": 100})
    ]


def test_report_in_chinese_says_who_has_to_act(counter: Counter) -> None:
    file = sold(counter)
    raw = file.read_text(encoding="ascii")
    file.write_text(raw.replace("000000000100 000000000000", "000000000101 000000000000"))
    text = counter.posrefund(
        "settle", str(file), "--day", day_of(counter), "--lang", "zh", exit_code=4
    )

    assert "AMOUNT" in text
    assert "1 笔需人工处理" in text
    assert "向收单机构查询" in text


@pytest.mark.parametrize(
    "options",
    [
        ("--count", "2"),
        ("--sum", "101"),
        ("--sha256", "00" * 32),
        ("--sha1", "00" * 20),
        ("--layout", "wechat"),
    ],
)
def test_refused_file_changes_nothing_and_is_a_case_until_a_good_one_comes(
    counter: Counter, options: tuple[str, str]
) -> None:
    file = sold(counter)
    words = ("settle", str(file), "--day", day_of(counter))
    with pytest.raises(DecodeError):
        counter.posrefund(*words, *options)

    assert "ACCEPTED" in counter.posrefund("journal", "show")
    listed = counter.posrefund("cases", "list", exit_code=4)
    assert "FILE_FAULT" in listed
    assert "1 open" in listed
    counter.posrefund(*words, "--count", "1")
    assert "0 open" in counter.posrefund("cases", "list")


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_report_is_lines(lang: str, counter: Counter) -> None:
    file = sold(counter)
    words = ("--day", day_of(counter), "--count", "1", "--lang", lang)
    said = counter.posrefund("settle", str(file), *words)

    assert "\N{REPLACEMENT CHARACTER}" not in said
    assert len(said.splitlines()) > 5


def test_cases_are_listed_shown_and_closed(counter: Counter) -> None:
    sold(counter)
    counter.time.advance(timedelta(days=1))
    counter.posrefund("sign-in", "--accept-clock")
    counter.server.host.faults.add(Fault("close_before_reply", mti="0220"))
    words = ("refund", "R-1", "--original", "S-1", "--card", CARD, "--entry", "021")
    counter.posrefund(*words, exit_code=11)
    file = written(counter)
    file.write_text(file.read_text(encoding="ascii").replace("0220 20", "0200 20"))
    counter.posrefund("settle", str(file), "--day", day_of(counter), exit_code=4)

    found = json.loads(counter.posrefund("cases", "list", "--json", exit_code=4))
    (case,) = found["cases"]
    assert (case["category"], case["owner"], case["age"]) == ("HOST_ONLY", "security", "0-1")
    assert found["ageing"] == {"0-1": 1, "1-2": 0, "3-7": 0, "8-30": 0, ">30": 0}
    name = case["case"]
    shown = counter.posrefund("cases", "show", name, "--lang", "zh")
    assert "长款" in shown
    zh = counter.posrefund("cases", "list", "--lang", "zh", exit_code=4)
    assert zh.startswith(f"{name} HOST_ONLY 最高 0天 ")
    assert "[安全]" in zh
    assert "1 件未结；天数 0-1: 1  " in zh
    assert json.loads(counter.posrefund("cases", "show", name, "--json"))["case"] == name
    with pytest.raises(InvalidRequestError, match="no card number"):
        counter.posrefund("cases", "close", name, "--by", "Wang", "--how", CARD)
    said = counter.posrefund("cases", "close", name, "--by", "Wang", "--how", "letter 4711")
    assert f"{name} closed by Wang: letter 4711" in said
    assert "0 open" in counter.posrefund("cases", "list")
    assert "(closed)" in counter.posrefund("cases", "list", "--all")
    assert "（已结）" in counter.posrefund("cases", "list", "--all", "--lang", "zh")
    assert "all in order" in counter.posrefund("journal", "verify")


def test_day_of_the_host_finds_what_waited_too_long(counter: Counter) -> None:
    sold(counter)
    later = (counter.time().date() + timedelta(days=3)).isoformat()
    listed = counter.posrefund("cases", "list", "--day", later, exit_code=4)

    assert listed.count("FILE_FAULT") == 3
    assert "3 open" in listed


def test_layout_of_one_s_own_is_a_path(counter: Counter, tmp_path: Path) -> None:
    counter.posrefund("sign-in", "--accept-clock")
    layout, file = tmp_path / "ours.toml", tmp_path / "file.csv"
    layout.write_text(TOML, encoding="utf-8")
    day = counter.time().date()
    file.write_text(f"tid,trace,mid,cents,at\n87654321,000001,M,100,{day:%m%d}100000\n")
    words = ("settle", str(file), "--day", day.isoformat(), "--layout")

    assert "other terminals" in counter.posrefund(*words, str(layout))
    with pytest.raises(ConfigError, match="one of alipay"):
        counter.posrefund(*words, "visa")
    layout.write_bytes(b"\xff")
    with pytest.raises(ConfigError, match="can be read"):
        counter.posrefund(*words, str(layout))
    layout.write_text("name = 1", encoding="utf-8")
    with pytest.raises(ConfigError, match="name: text of"):
        counter.posrefund(*words, str(layout))


def test_day_that_is_none_is_named(counter: Counter) -> None:
    file = sold(counter)
    counter.posrefund("settle", str(file), "--day", "today", exit_code=2)
    counter.posrefund("settle", "nothing", "--day", day_of(counter), exit_code=2)
    counter.posrefund("cases", "list", "--day", "today", exit_code=2)
