"""``posrefund selfcheck``, ``faults``, ``bundle`` and ``dossier``, against an emulated host in this process."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from posrefund.cli.app import app
from posrefund.cli.config import load, open_keystore, write
from posrefund.cli.init import make_keystore
from posrefund.emulators.host import (
    EmulatedHost,
    HostProfile,
    HostServer,
    HostTime,
    TerminalRecord,
)
from posrefund.errors import (
    ConfigError,
    DecodeError,
    InvalidRequestError,
    LocalProtocolError,
    RefusedError,
)
from posrefund.office import find_card_data

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CARD = "6200000000000005"
ZONE = timezone(timedelta(hours=8))
ROOMY = "space_low_bytes = 1\nspace_full_bytes = 1\n"


class Till:
    """The folder of a terminal, and its host."""

    def __init__(self, folder: Path, server: HostServer, time: HostTime) -> None:
        self.folder, self.server, self.time = folder, server, time

    def posrefund(self, *words: str, exit_code: int = 0) -> str:
        config = ["--config", str(self.folder / "posrefund.toml")]
        result = CliRunner().invoke(app, [*words, *config], env={"COLUMNS": "200"})
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == exit_code, result.output
        return result.output

    def settings(self, more: str = "", port: int | None = None) -> None:
        """Write the settings, with a table of the self-check."""
        path = write(
            self.folder,
            terminal="12345678",
            merchant="123456789012345",
            address="127.0.0.1",
            port=port or self.server.port,
            answer_s=5,
        )
        with path.open("a", encoding="utf-8") as file:
            file.write(more)


@pytest.fixture
def till(tmp_path: Path) -> Iterator[Till]:
    folder = tmp_path / "shop"
    folder.mkdir()
    make_keystore(folder, bytes.fromhex("70F2A84CCBC2AE8625CBB0F2C22AB923"), test_keys=True)
    path = write(
        folder, terminal="12345678", merchant="123456789012345", address="127.0.0.1", port=1
    )
    tmk = open_keystore(load(path)).key("tmk")
    time = HostTime(datetime.now(UTC).astimezone(ZONE).replace(hour=14), runs=True)
    record = TerminalRecord("12345678", "123456789012345", tmk)
    with HostServer(EmulatedHost(HostProfile(), [record], clock=time)) as server:
        made = Till(folder, server, time)
        made.settings(f"\n[selfcheck]\n{ROOMY}")
        made.posrefund("sign-in", "--accept-clock")
        yield made


def test_selfcheck_says_what_it_saw_and_ends_with_0(till: Till) -> None:
    shown = till.posrefund("selfcheck")
    assert "free space" in shown
    assert re.search(r"connect [0-9]+ ms, answer [0-9]+ ms", shown)
    assert re.search(r"free [0-9.]+ GB", shown)
    assert "blocks" not in shown

    zh = till.posrefund("selfcheck", "--lang", "zh")
    assert "剩余空间" in zh
    assert "正常" in zh
    assert re.search(r"连接 [0-9]+ ms, 应答 [0-9]+ ms", zh)


def test_selfcheck_ends_with_1_where_something_warns_and_3_where_something_blocks(
    till: Till,
) -> None:
    till.settings(f'\n[selfcheck]\n{ROOMY}min_version = "99"\n')
    assert "update the software" in till.posrefund("selfcheck", exit_code=1)

    till.settings(f"\n[selfcheck]\n{ROOMY}", port=9)
    data = json.loads(till.posrefund("selfcheck", "--json", exit_code=3))
    (host,) = [check for check in data["checks"] if check["name"] == "host"]
    assert (host["verdict"], host["reason"]) == ("block", "refused")
    assert host["remedy_zh"].startswith("核对主机地址和端口")


def test_a_refund_waits_for_a_self_check_once_the_settings_ask_for_one(till: Till) -> None:
    till.posrefund("sale", "S-1", "--amount", "128.00", "--card", CARD)
    till.time.advance(timedelta(days=1))
    till.posrefund("sign-in", "--accept-clock")
    words = ("refund", "R-1", "--original", "S-1", "--card", CARD, "--amount", "28")
    with pytest.raises(RefusedError, match="selfcheck_failed"):
        till.posrefund(*words)
    assert till.server.host.ledger.entries()[-1].kind == "sale"

    till.posrefund("selfcheck")

    assert "REFUND" in till.posrefund(*words)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("colour = 1", r"\[selfcheck\]: an entry that no policy has"),
        ('block = "host"', r"\[selfcheck\] block: expected a list of texts"),
        ('block = ["hosts"]', "a name or code that no check has"),
        ("valid_s = 0", "expected seconds above 0"),
        ("valid_s = true", r"\[selfcheck\] valid_s: expected a whole number"),
        ("connect_s = 601", r"\[selfcheck\] connect_s: expected seconds"),
        ("years = [2024]", r"\[selfcheck\] years: expected two years"),
        ("min_version = 1", r"\[selfcheck\] min_version: expected text"),
        ("required = 1", r"\[selfcheck\] required: expected texts"),
        ('required = {posrefund = "1"}', r"\[selfcheck\] required: a range of versions"),
    ],
)
def test_a_policy_that_cannot_be_names_its_entry(till: Till, entry: str, message: str) -> None:
    till.settings(f"\n[selfcheck]\n{entry}\n")

    with pytest.raises(ConfigError, match=message):
        till.posrefund("selfcheck")


def test_faults_are_listed_opened_and_closed_by_somebody(till: Till) -> None:
    assert till.posrefund("faults", "list") == "no faults\n"
    assert till.posrefund("faults", "list", "--lang", "zh") == "没有故障\n"
    name = till.posrefund("faults", "open", "printer", "--detail", "no paper comes").strip()
    assert "no paper comes" in till.posrefund("faults", "list")
    with pytest.raises(InvalidRequestError):
        till.posrefund("faults", "close", name, "--by", "", "--done", "new roll")
    assert till.posrefund("selfcheck", exit_code=1).count("printer") == 1

    closed = till.posrefund("faults", "close", name, "--by", "07", "--done", "new roll")

    assert closed == f"{name} printer: closed by 07\n"
    till.posrefund("faults", "maintained", "cleaned the reader", "--by", "07")
    (fault,) = json.loads(till.posrefund("faults", "list", "--all", "--json"))
    assert (fault["closed_by"], fault["done"]) == ("07", "new roll")
    assert "new roll" in till.posrefund("faults", "list", "--all", "--lang", "zh")
    with pytest.raises(LocalProtocolError):
        till.posrefund("faults", "close", name, "--by", "07", "--done", "again")


def test_a_bundle_is_made_verified_and_found_out_when_it_was_changed(till: Till) -> None:
    till.posrefund("sale", "S-1", "--amount", "128.00", "--card", CARD)
    file = till.folder / "support.zip"

    told = till.posrefund("bundle", "make", str(file), "--request", "S-1")

    head = told.split()[-1]
    assert file.stat().st_mode & 0o777 == 0o600
    assert CARD.encode() not in file.read_bytes()
    verified = CliRunner().invoke(app, ["bundle", "verify", str(file), "--head", head])
    assert (verified.exit_code, verified.output.split()[-1]) == (0, head)
    as_data = CliRunner().invoke(app, ["bundle", "verify", str(file), "--json"])
    assert "dossier.zh.txt" in json.loads(as_data.output)["files"]
    rows = json.loads(till.posrefund("journal", "show", "--rows", "--json"))
    assert json.loads(rows[-1]["body"]) == {"head": head}
    with pytest.raises(ConfigError, match="cannot be written"):
        till.posrefund("bundle", "make", str(file))

    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    changed = CliRunner().invoke(app, ["bundle", "verify", str(file), "--head", head])
    assert isinstance(changed.exception, DecodeError)


def test_a_bundle_with_a_log_of_the_line_has_its_end(till: Till) -> None:
    till.settings(f"\n[selfcheck]\n{ROOMY}")
    text = (till.folder / "posrefund.toml").read_text(encoding="utf-8")
    log = till.folder / "line.jsonl"
    (till.folder / "posrefund.toml").write_text(
        text.replace("[keys]", 'wire_log = "line.jsonl"\n[keys]', 1), encoding="utf-8"
    )
    till.posrefund("sale", "S-1", "--amount", "128.00", "--card", CARD)
    file = till.folder / "support.zip"

    till.posrefund("bundle", "make", str(file), "--wire-log", str(log), "--no-check")

    found = CliRunner().invoke(app, ["bundle", "verify", str(file), "--json"])
    assert "line.jsonl" in json.loads(found.output)["files"]
    with pytest.raises(ConfigError, match="cannot be read"):
        till.posrefund("bundle", "make", str(till.folder / "b"), "--wire-log", "nowhere")


def test_dossier_of_a_request(till: Till) -> None:
    till.posrefund("sale", "S-1", "--amount", "128.00", "--card", CARD)

    zh = till.posrefund("dossier", "S-1", "--lang", "zh")
    assert "状态: 主机已受理" in zh
    assert find_card_data(zh) == []
    assert json.loads(till.posrefund("dossier", "S-1", "--json"))["state"] == "ACCEPTED"
    file = till.folder / "s-1.txt"
    till.posrefund("dossier", "S-1", "--out", str(file))
    assert file.read_text(encoding="utf-8").startswith("Request: S-1\n")
    with pytest.raises(RefusedError, match="original_unknown"):
        till.posrefund("dossier", "S-9")
