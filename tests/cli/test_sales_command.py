"""``posrefund sales`` and ``posrefund proposals``: what they print, what they end with, and that they keep no card number."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from posrefund.cli.app import app
from posrefund.cli.config import write
from posrefund.cli.init import make_keystore
from posrefund.errors import (
    ConfigError,
    DecodeError,
    InvalidRequestError,
    LocalProtocolError,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CARD = "6200000000000005"
DAY = datetime.now(UTC).date() - timedelta(days=2)
"""Within the week that ``proposals run`` looks at unasked."""
HEADER = "id,terminal,batch,stan,rrn,date,time,amount,auth_code,card,order_ref"
FEED = f"""{HEADER}
T-1,87654321,000007,000042,606710000042,{DAY},14:05:30,128.00,654321,{CARD},A-17
T-2,87654321,000007,000043,606710000043,{DAY},14:08:00,128.00,654322,{CARD},
T-3,87654321,000007,000044,606710000044,{DAY},15:00:00,5.00,654321,****0047,A-17
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make_keystore(tmp_path, bytes.fromhex("70F2A84CCBC2AE8625CBB0F2C22AB923"), test_keys=True)
    write(tmp_path, terminal="12345678", merchant="123456789012345", address="127.0.0.1", port=1)
    (tmp_path / "feed.csv").write_text(FEED, encoding="utf-8")
    return tmp_path


@pytest.fixture
def posrefund(folder: Path) -> Callable[..., str]:
    def call(*words: str, exit_code: int = 0) -> str:
        config = ["--config", str(folder / "posrefund.toml")]
        result = CliRunner().invoke(app, [*words, *config])
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == exit_code, result.output
        return result.output

    return call


@pytest.fixture
def fed(folder: Path, posrefund: Callable[..., str]) -> Callable[..., str]:
    posrefund("sales", "import", str(folder / "feed.csv"))
    return posrefund


def test_import_says_what_became_of_each_and_again_changes_nothing(
    folder: Path, posrefund: Callable[..., str]
) -> None:
    feed = str(folder / "feed.csv")

    assert posrefund("sales", "import", feed, "--dry-run") == (
        "3 sales: 3 would be new, 0 known, 0 would be refused\n"
    )
    assert posrefund("sales", "import", feed) == "3 sales: 3 new, 0 known, 0 refused\n"
    assert posrefund("sales", "import", feed, "--lang", "zh") == "3 笔：新增 0，已有 3，拒绝 0\n"
    assert posrefund("sales", "import", feed, "--dry-run", "--lang", "zh") == (
        "3 笔：新增 0，已有 3，拒绝 0（试运行，未写入）\n"
    )
    assert posrefund("journal", "verify") == "4 rows, all in order\n"  # and one of the key file
    assert CARD not in posrefund("journal", "show", "--rows", "--json")


def test_sale_that_contradicts_is_named_and_the_status_says_so(
    folder: Path, fed: Callable[..., str]
) -> None:
    (folder / "feed.csv").write_text(FEED.replace("5.00", "6.00"), encoding="utf-8")

    assert fed("sales", "import", str(folder / "feed.csv"), exit_code=4) == (
        "3 sales: 0 new, 2 known, 1 refused\n"
        "line 4, T-3: another sale is known under its id, or at its place in the batch\n"
    )
    found = json.loads(fed("sales", "import", str(folder / "feed.csv"), "--json", exit_code=4))
    assert found == {
        "new": 0,
        "known": 2,
        "refused": [{"line": 4, "sale": "T-3", "why": "other_content"}],
        "dry_run": False,
    }


def test_only_some_of_many_refusals_are_printed(
    folder: Path, posrefund: Callable[..., str]
) -> None:
    rows = [
        f"N-{n},87654321,000007,{n:06d},{n:012d},{DAY},14:05:30,1.00,,{CARD}," for n in range(1, 31)
    ]
    (folder / "feed.csv").write_text("\n".join([HEADER, *rows]), encoding="utf-8")
    posrefund("sales", "import", str(folder / "feed.csv"))
    (folder / "feed.csv").write_text(
        "\n".join([HEADER, *rows]).replace(",1.00,", ",2.00,"), encoding="utf-8"
    )

    said = posrefund("sales", "import", str(folder / "feed.csv"), exit_code=4).splitlines()
    assert len(said) == 22
    assert said[-1] == "… 10 more: --json lists all"


def test_wrong_file_names_its_lines_and_takes_nothing_in(
    folder: Path, posrefund: Callable[..., str]
) -> None:
    feed = folder / "feed.csv"
    feed.write_text(FEED.replace(",000043,", ",43,"), encoding="utf-8")
    with pytest.raises(InvalidRequestError, match=r"^line 3, stan: expected 6 digits, not 000000$"):
        posrefund("sales", "import", str(feed))
    feed.write_bytes(FEED.encode().replace(b"A-17", "甲".encode("gbk"), 1))
    with pytest.raises(DecodeError, match=r"^line 2 at byte [0-9]+: expected text in utf-8$"):
        posrefund("sales", "import", str(feed))
    with pytest.raises(ConfigError, match="cannot be read"):
        posrefund("sales", "import", str(folder / "none.csv"))
    assert posrefund("journal", "show") == "the journal is empty\n"

    assert posrefund("sales", "import", str(feed), "--encoding", "gbk").startswith("3 sales: 3 new")


def test_columns_may_have_other_names(folder: Path, posrefund: Callable[..., str]) -> None:
    feed = folder / "feed.csv"
    feed.write_text(
        FEED.replace("order_ref", "bestellung").replace("auth_code", "x"), encoding="utf-8"
    )

    said = posrefund(
        "sales", "import", str(feed), "--column", "bestellung=order_ref", "--column", "x="
    )
    assert said == "3 sales: 3 new, 0 known, 0 refused\n"
    with pytest.raises(InvalidRequestError, match="THEIRS=OURS"):
        posrefund("sales", "import", str(feed), "--column", "x")


@pytest.mark.parametrize(
    ("words", "sale", "why"),
    [
        (["--request", "T-1"], "T-1", ["request_id"]),
        (["--rrn", "606710000042", "--date", str(DAY)], "T-1", ["rrn_and_day"]),
        (["--rrn", "606710000042", "--date", f"{DAY:%m%d}"], "T-1", ["rrn_and_day"]),
        (["--rrn", "606710000042"], "T-1", ["rrn"]),
        (["--auth", "654321", "--last4", "0005", "--amount", "128"], "T-1", ["auth_card_amount"]),
        (["--auth", "654321", "--last4", "0047", "--amount", "5.00"], "T-3", ["auth_card_amount"]),
    ],
)
def test_one_sale_is_found(
    fed: Callable[..., str], words: list[str], sale: str, why: list[str]
) -> None:
    found = json.loads(fed("sales", "find", *words, "--json"))

    assert [(one["sale"], one["rank"], one["why"]) for one in found["candidates"]] == [
        (sale, 1, why)
    ]
    assert (found["only"], found["is_complete"]) == (sale, True)


def test_code_of_a_slip_finds_its_sale(fed: Callable[..., str]) -> None:
    (first, *_) = json.loads(fed("sales", "list", "--date", str(DAY), "--json"))
    spoken = "-".join(first["code"][n : n + 5] for n in range(0, 20, 5)).lower()

    found = json.loads(fed("sales", "find", "--code", spoken, "--json"))
    assert found["only"] == "T-1"
    assert found["candidates"][0]["why"] == ["code"]
    with pytest.raises(InvalidRequestError, match="code"):
        fed("sales", "find", "--code", first["code"][:-1] + "Z")


def test_several_are_shown_and_none_is_chosen(fed: Callable[..., str]) -> None:
    shown = fed("sales", "find", "--order", "A-17", exit_code=4)
    assert "T-1" in shown
    assert "T-3" in shown
    assert shown.endswith("several fit: compare them with the slip\n")
    assert "有多笔符合，请与小票核对" in fed(
        "sales", "find", "--order", "A-17", "--lang", "zh", exit_code=4
    )
    found = json.loads(fed("sales", "find", "--order", "A-17", "--json", exit_code=4))
    assert found["only"] is None
    assert [one["rank"] for one in found["candidates"]] == [1, 1]


def test_nothing_found_is_said(fed: Callable[..., str]) -> None:
    assert fed("sales", "find", "--order", "A-1", exit_code=5) == "no sale fits\n"
    assert fed("sales", "find", "--order", "A-1", "--lang", "zh", exit_code=5) == "没有符合的交易\n"


def test_half_a_question_is_refused(fed: Callable[..., str]) -> None:
    with pytest.raises(InvalidRequestError, match="--code, --request, --rrn with --date"):
        fed("sales", "find")
    with pytest.raises(InvalidRequestError):
        fed("sales", "find", "--auth", "654321")
    with pytest.raises(InvalidRequestError, match="YYYY-MM-DD"):
        fed("sales", "find", "--rrn", "606710000042", "--date", "2026-13-01")


def test_chinese_headings_stand_over_the_same_sales(fed: Callable[..., str]) -> None:
    listed = fed("sales", "list", "--date", str(DAY), "--lang", "zh")

    assert listed.split()[:7] == [
        "请求号",
        "终端号",
        "批次/凭证号",
        "参考号",
        "金额",
        "可退",
        "订单号",
    ]
    assert fed("sales", "list", "--date", "2026-01-01", "--lang", "zh") == "没有该日的交易\n"


def test_sales_of_a_day_are_listed(fed: Callable[..., str]) -> None:
    listed = fed("sales", "list", "--date", str(DAY))

    assert [line.split()[0] for line in listed.splitlines()[2:]] == ["T-1", "T-2", "T-3"]
    assert CARD not in listed
    assert fed("sales", "list", "--date", "2026-01-01") == "no sale of that day is known\n"


def test_rule_proposes_once_and_people_decide(fed: Callable[..., str]) -> None:
    assert fed("proposals", "run") == (
        "DUP-T-2: ¥128.00 of T-2, repeats T-1\n1 new, 0 known, 0 orders unknown\n"
    )
    assert fed("proposals", "run") == "0 new, 1 known, 0 orders unknown\n"
    assert fed("proposals", "list") == (
        "DUP-T-2: ¥128.00 of T-2, repeats T-1 — open\n  posrefund proposals take DUP-T-2 --card …\n"
    )
    assert fed("proposals", "list", "--lang", "zh").startswith(
        "DUP-T-2：T-2 的 ¥128.00，与 T-1 重复 — 待处理\n"
    )
    said = fed("proposals", "dismiss", "DUP-T-2", "--by", "02", "--why", "two coffees")
    assert said == "DUP-T-2: dismissed\n"
    assert fed("proposals", "list") == "nothing is proposed\n"
    assert fed("proposals", "list", "--lang", "zh") == "没有待处理的建议\n"
    assert "two coffees" in fed("proposals", "list", "--all")
    (one,) = json.loads(fed("proposals", "list", "--all", "--json"))
    assert (one["state"], one["dismissal"]["by"], one["dismissal"]["why"]) == (
        "dismissed",
        "02",
        "two coffees",
    )
    with pytest.raises(LocalProtocolError):
        fed("proposals", "dismiss", "DUP-T-2", "--by", "02", "--why", "again")


def test_rule_goes_by_its_options(fed: Callable[..., str]) -> None:
    def new(*words: str) -> list[Any]:
        found: list[Any] = json.loads(fed("proposals", "run", "--json", *words))["new"]
        return found

    assert new("--minutes", "2") == []
    assert new("--since", str(DAY + timedelta(days=1))) == []
    assert [one["proposal_id"] for one in new("--any-terminal", "--since", str(DAY))] == ["DUP-T-2"]
    with pytest.raises(InvalidRequestError, match="YYYY-MM-DD"):
        new("--since", "yesterday")


def test_cancelled_orders_are_proposed(folder: Path, fed: Callable[..., str]) -> None:
    (folder / "cancelled.csv").write_text("订单号\nA-17\nA-18\n", encoding="utf-8")
    said = fed("proposals", "run", "--cancelled", str(folder / "cancelled.csv"))

    assert said == (
        "CXL-T-1: ¥128.00 of T-1, of the cancelled order A-17\n"
        "CXL-T-3: ¥5.00 of T-3, of the cancelled order A-17\n"
        "2 new, 0 known, 1 orders unknown\n"
    )


def test_bar_is_on_standard_error_and_only_on_a_terminal(folder: Path) -> None:
    pty = pytest.importorskip("pty")
    words = [sys.executable, "-m", "posrefund", "sales", "import", "feed.csv"]
    plain = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=True)
    assert (plain.stdout, plain.stderr) == ("3 sales: 3 new, 0 known, 0 refused\n", "")

    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w") as screen:
        shown = subprocess.run(words, cwd=folder, stdout=subprocess.PIPE, stderr=screen, check=True)
    assert shown.stdout == b"3 sales: 0 new, 3 known, 0 refused\n"
    assert b"3/3" in os.read(ours, 65536)
    os.close(ours)


def test_import_that_is_killed_goes_on_where_it_was_cut_off(
    folder: Path, posrefund: Callable[..., str]
) -> None:
    """SIGKILL as soon as a commit is seen from outside; what lasted are whole commits of a thousand."""
    rows = [
        f"K-{n},87654321,000007,{n:06d},{n:012d},{DAY},14:05:30,1.00,,{CARD},"
        for n in range(1, 6_001)
    ]
    (folder / "feed.csv").write_text("\n".join([HEADER, *rows]), encoding="utf-8")
    assert posrefund("journal", "show") == "the journal is empty\n"
    words = [sys.executable, "-m", "posrefund", "sales", "import", "feed.csv"]
    with subprocess.Popen(words, cwd=folder, stdout=subprocess.DEVNULL) as child:
        while child.poll() is None and not _count(folder):
            with suppress(subprocess.TimeoutExpired):
                child.wait(0.02)
        child.kill()
    lasted = _count(folder)
    assert lasted in range(1_000, 6_001, 1_000)

    found = json.loads(posrefund("sales", "import", str(folder / "feed.csv"), "--json"))
    assert (found["new"], found["known"], found["refused"]) == (6_000 - lasted, lasted, [])
    assert _count(folder) == 6_000
    assert "all in order" in posrefund("journal", "verify")


def _count(folder: Path) -> int:
    with closing(sqlite3.connect(folder / "journal.db")) as db:
        ((count,),) = db.execute("SELECT count(*) FROM originals").fetchall()
        return int(count)
