"""``posrefund batch``: look, have a second person say yes, run, run again."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

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
from posrefund.errors import InvalidRequestError, RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CARD = "6200000000000005"
TERMINAL, MERCHANT = "12345678", "123456789012345"
ZONE = timezone(timedelta(hours=8))


def posrefund(folder: Path, *words: str) -> tuple[int, str]:
    config = ["--config", str(folder / "posrefund.toml")]
    result = CliRunner().invoke(app, [*words, *config], env={"COLUMNS": "160"})
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A shop with three sales of yesterday, and its host on a line."""
    make_keystore(tmp_path, bytes.fromhex("70F2A84CCBC2AE8625CBB0F2C22AB923"), test_keys=True)
    address: dict[str, Any] = {"terminal": TERMINAL, "merchant": MERCHANT, "address": "127.0.0.1"}
    path = write(tmp_path, **address, port=1)
    time = HostTime(datetime.now(UTC).astimezone(ZONE).replace(hour=14), runs=True)
    record = TerminalRecord(TERMINAL, MERCHANT, open_keystore(load(path)).key("tmk"))
    host = EmulatedHost(HostProfile(takes_keyed_refunds=True), [record], clock=time)
    with HostServer(host) as server:
        write(tmp_path, **address, port=server.port, answer_s=5)
        (tmp_path / "rules.toml").write_text(
            'default_role = "lead"\n[roles.lead]\nmay_key = true\nmay_approve = true\n',
            encoding="utf-8",
        )
        text = path.read_text(encoding="utf-8")
        path.write_text(
            text.replace("[profile]", '[profile]\nrules = "rules.toml"'), encoding="utf-8"
        )
        posrefund(tmp_path, "sign-in", "--accept-clock")
        for number in (1, 2, 3):
            posrefund(tmp_path, "sale", f"S-{number}", "--amount", "10.00", "--card", CARD)
        time.advance(timedelta(days=1))
        posrefund(tmp_path, "sign-in", "--accept-clock")
        lines = [f"S-{number},{CARD}" for number in (1, 2, 3)]
        (tmp_path / "recall.csv").write_text("\n".join(["original,card", *lines]), encoding="utf-8")
        yield tmp_path


def batch(folder: Path, *words: str) -> tuple[int, str]:
    return posrefund(folder, "batch", str(folder / "recall.csv"), "--name", "RECALL-7", *words)


def test_file_is_looked_at_approved_and_run_and_a_second_run_changes_nothing(folder: Path) -> None:
    code, text = batch(folder, "--lang", "zh")
    assert code == 1
    assert "可退: 3  ¥30.00" in text
    found = re.search("digest ([0-9a-f]{64})", text)
    assert found

    with pytest.raises(RefusedError, match="approval_needed"):
        batch(folder, "--run")
    with pytest.raises(RefusedError, match="approval_same_person"):
        batch(folder, "--approve", found[1], "--by", "01")
    assert batch(folder, "--approve", found[1], "--by", "02")[0] == 1

    for _ in range(2):
        code, text = batch(folder, "--run", "--json")
        data = json.loads(text)
        assert code == 0
        assert data["counts"]["approved"] == {"lines": 3, "amount_minor": {"156": 3_000}}
        assert CARD not in text


def test_digest_and_checker_go_together_and_a_file_that_is_none_is_named(folder: Path) -> None:
    code, text = batch(folder, "--by", "02")
    assert code == 2
    assert "go together" in text
    (folder / "recall.csv").write_bytes(b"\xff\xfe")
    with pytest.raises(InvalidRequestError, match="UTF-8"):
        batch(folder)
