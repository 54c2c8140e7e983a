"""The JSON of commands that move no money: of the counter, of people, and of messages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from typer.testing import CliRunner

from cli.test_follow_up_command import folder
from cli.test_shop_commands import CARD, Counter, counter
from posrefund.cli.app import app
from published import by_name

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["counter", "folder"]

SALE = by_name("sale_0200_mag_request_jiso").raw.hex()


def data(words: Sequence[str], exit_code: int = 0) -> Any:
    result = CliRunner().invoke(app, [*words, "--json"])
    assert result.exit_code == exit_code, result.output
    return json.loads(result.stdout)


def test_faults_and_notices_of_a_counter(counter: Counter) -> None:
    def said(*words: str) -> Any:
        return json.loads(counter.posrefund(*words, "--json"))

    fault = said("faults", "open", "printer", "--detail", "no paper")
    assert (fault["kind"], fault["detail"], fault["closed_at"]) == ("printer", "no paper", "")
    closed = said("faults", "close", fault["fault"], "--by", "07", "--done", "paper")
    assert (closed["fault"], closed["closed_by"]) == (fault["fault"], "07")
    assert said("faults", "maintained", "cleaned", "--by", "07") == {"what": "cleaned", "by": "07"}

    said("sign-in", "--accept-clock")
    said("sale", "S-1", "--amount", "12.30", "--card", CARD)
    said("refund", "R-1", "--original", "S-1", "--card", CARD, "--contact", "+8613800138000")
    settings = counter.folder / "posrefund.toml"
    notify = '[notify]\nmerchant = "面馆"\nphone = "4008"\n[[notify.channel]]\nname = "log"\nurl = "file:told"\n'
    settings.write_text(f"{settings.read_text(encoding='utf-8')}\n{notify}", encoding="utf-8")
    (notice,) = said("notices", "show", "R-1")
    assert (notice["notice"], notice["kind"]) == ("R-1:1", "accepted")
    assert "已受理" in notice["text"]
    assert "13800138000" not in json.dumps(notice)
    assert said("notices", "retry", "R-1") == {"request_id": "R-1", "to_try_anew": 0}

    file = counter.folder / "copy.db"
    copy = said("journal", "backup", str(file))
    assert (copy["file"], copy["rows"]) == (str(file), said("journal", "verify")["rows"])
    bundle = said("bundle", "make", str(counter.folder / "bundle.zip"), "--no-check")
    assert len(bundle["head"]) == 64
    assert CARD not in json.dumps(bundle)


def test_a_case_is_closed(folder: Path) -> None:
    gone: Any = None
    words = ("close", "R-2", "--verdict", "not_booked", "--by", "07", "--by", "08")
    text = Counter(folder, gone, gone).posrefund(
        *words, "--evidence", "letter 1 of Bank A", "--json", exit_code=10
    )
    closed = json.loads(text)

    assert (closed["type"], closed["code"], closed["state"]) == ("Declined", "closed", "DECLINED")
    assert closed["attempt_id"] == "R-2/1"


def test_staff_of_a_counter(counter: Counter) -> None:
    pins = counter.folder / "pins"
    pins.write_text("739182\n739182\n", encoding="utf-8")
    pins.chmod(0o600)
    words = ("staff", "add", "09", "--name", "Li", "--first", "--pin-file", str(pins), "--json")
    added = json.loads(counter.posrefund(*words))

    assert (added["number"], added["name"], added["role"]) == ("09", "Li", "manager")
    assert "739182" not in json.dumps(added)


def test_dialects_and_known_answers() -> None:
    (unionpay,) = [each for each in data(["dialect", "list"]) if each["dialect"] == "unionpay"]
    assert (unionpay["encoding"], unionpay["tpdu"]) == ("packed", True)
    assert data(["selftest"])["failed"] == []


def test_a_dialect_file_with_a_fault(tmp_path: Path) -> None:
    file = tmp_path / "bank.toml"
    file.write_text('name = "bank"\nbase = "unionpay"\ncolour = 1\n', encoding="utf-8")
    found = data(["dialect", "lint", str(file)], exit_code=1)

    assert [(each["line"], each["path"]) for each in found["faults"]] == [(3, "colour")]


def test_rules_in_both_languages(tmp_path: Path) -> None:
    file = tmp_path / "rules.toml"
    file.write_text("refunds_max = 50\n", encoding="utf-8")
    found = data(["policy", "explain", str(file)])

    assert "- A sale is refunded at most 50 times." in found["en"]
    assert len(found["zh"]) == len(found["en"])


def test_what_differs_between_two_messages() -> None:
    other = SALE.replace("000000000001001082", "000000000002001082")
    (row,) = data(["diff", SALE, other], exit_code=1)
    assert (row["field"], row["first"], row["second"]) == ("DE4", "000000000001", "000000000002")
    assert data(["diff", SALE, SALE]) == []


def test_what_a_message_is() -> None:
    best, *_ = data(["doctor", SALE])
    assert best == {
        "dialect": "unionpay",
        "rank": "reads",
        "framing": "length prefix, TPDU, header",
        "said": "reads: 0200, 15 fields",
    }
    assert {each["rank"] for each in data(["doctor", "FFFF"], exit_code=1)} == {"refused"}


def test_no_way_to_a_mac(tmp_path: Path) -> None:
    key = tmp_path / "mak"
    key.write_text("0123456789ABCDEF" * 2, encoding="ascii")

    assert data(["mac-probe", SALE, "--mac", "00" * 8, "--key-file", str(key)], exit_code=1) == {
        "ways": []
    }
