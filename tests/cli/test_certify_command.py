"""``posrefund certify``: progress, evidence, exit statuses; the emulated host, and one that is somebody else's."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from posrefund.certify import CASES
from posrefund.cli.app import app
from posrefund.cli.certify_subject import read_card, read_original
from posrefund.cli.config import write
from posrefund.cli.init import make_keystore
from posrefund.crypto import Key, Purpose
from posrefund.emulators.host import (
    EmulatedHost,
    HostProfile,
    HostServer,
    HostTime,
    TerminalRecord,
)
from posrefund.errors import ConfigError

TMK = bytes.fromhex("70F2A84CCBC2AE8625CBB0F2C22AB923")
TERMINAL, MERCHANT = "12345678", "123456789012345"


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["certify", *words], catch_exceptions=True)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "evidence"


@pytest.fixture
def stranger() -> Iterator[tuple[HostServer, HostTime]]:
    """A host that this command did not start."""
    clock = HostTime(datetime.now(UTC), runs=True)
    record = TerminalRecord(TERMINAL, MERCHANT, Key(TMK, Purpose.KEK), batch="000042")
    with HostServer(EmulatedHost(HostProfile(), [record], clock=clock)) as server:
        yield server, clock


@pytest.fixture
def config(tmp_path: Path) -> Path:
    make_keystore(tmp_path, TMK, test_keys=True)
    return write(tmp_path, terminal=TERMINAL, merchant=MERCHANT, address="127.0.0.1", port=1)


@pytest.mark.slow
def test_a_run_against_the_emulated_host_passes_and_writes_the_evidence(out: Path) -> None:
    done = run("--out", str(out))

    assert done.exit_code == 0, done.output
    marked = re.findall(r"^✓ (\w+) ", done.stdout, re.MULTILINE)
    assert marked == [case.name for case in CASES]
    assert f"{len(CASES)} passed, 0 failed, 0 not finished, 0 not in this profile; " in done.stdout
    assert {path.name for path in out.iterdir()} == {
        "report.html",
        "results.json",
        "trace.txt",
        "profile.toml",
        "SHA256SUMS",
    }


@pytest.mark.slow
def test_a_deviation_is_named_in_the_language_that_was_asked_for(out: Path) -> None:
    found = {
        lang: run("--deviation", "reversal_not_booked", "--lang", lang, "--out", str(out))
        for lang in ("zh", "en")
    }

    assert {done.exit_code for done in found.values()} == {1}
    assert "reversal.undone: 冲正已应答成功" in found["zh"].stdout
    assert "reversal.undone: the reversal was confirmed" in found["en"].stdout


@pytest.mark.slow
def test_as_data_it_is_one_document_and_the_same_status(out: Path) -> None:
    done = run("--json", "--only", "sale", "--deviation", "mac_missing", "--out", str(out))

    data = json.loads(done.stdout)
    assert done.exit_code == 1
    assert [case["case"] for case in data["cases"]] == ["profile", "sign_in", "sale"]
    assert data == json.loads((out / "results.json").read_text(encoding="utf-8"))


@pytest.mark.slow
def test_switches_are_told_and_written_as_a_file(out: Path) -> None:
    done = run("--only", "echo", "--switches", "--out", str(out))

    assert done.exit_code == 0
    assert "· mac " in done.stdout
    assert (out / "found.toml").exists()


@pytest.mark.slow
def test_a_dialect_that_cannot_close_a_batch_says_that_it_is_not_in_the_profile(out: Path) -> None:
    done = run("--profile", "iso87-ascii", "--only", "settle_empty", "--out", str(out))

    assert done.exit_code == 4
    assert "· settle_empty" in done.stdout
    assert "not in this profile: message settlement" in done.stdout
    assert "0 not finished, 1 not in this profile" in done.stdout


@pytest.mark.slow
def test_a_host_of_somebody_else_is_certified_over_two_days(
    config: Path, out: Path, stranger: tuple[HostServer, HostTime]
) -> None:
    server, clock = stranger
    where = ["--config", str(config), "--host", f"127.0.0.1:{server.port}", "--out", str(out)]

    today = run(*where)
    assert today.exit_code == 4, today.output
    assert "public test numbers go to this host" in today.stderr
    named = re.findall(r"[0-9]{12}:[0-9]{4}:[0-9]+", today.stdout)
    assert len(named) == 5

    clock.advance(timedelta(days=1))
    originals = [word for each in named for word in ("--original", each)]
    # Our own clock did not move: the sales of today are yesterday's at the host only.
    tomorrow = run(*where, *originals, "--only", "refund", "--only", "refund_over")

    assert tomorrow.exit_code == 0, tomorrow.output
    assert "✓ refund " in tomorrow.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--host", "127.0.0.1:9"], "--host needs --config"),
        (["--only", "nothing"], "--only is one of"),
        (["--deviation", "nothing"], "--deviation is one of"),
        (["--profile", "nothing"], "unknown dialect"),
        (["--card", "6200000000000006:3012"], "--card: expected"),
        (["--card", "6200000000000005:3012"], "two test cards"),
        (["--profile", "iso87-ascii", "--deviation", "upload_unanswered"], "UnionPay's messages"),
    ],
)
def test_what_cannot_be_meant_is_refused(words: list[str], said: str, out: Path) -> None:
    done = run(*words, "--out", str(out))

    assert done.exit_code not in (0, 4)
    assert said in re.sub(r"\s+", " ", f"{done.output} {done.exception}").replace("│ ", "")
    assert not out.exists()


def test_a_folder_of_somebody_else_is_left_alone(out: Path) -> None:
    out.mkdir()
    (out / "thesis.txt").write_text("mine", encoding="utf-8")

    done = run("--out", str(out))

    assert isinstance(done.exception, ConfigError)
    assert [path.name for path in out.iterdir()] == ["thesis.txt"]


def test_a_wrong_card_is_not_repeated() -> None:
    with pytest.raises(ConfigError) as refused:
        read_card("6200000000000006:3012")

    assert "6200000000000006" not in str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "606710000042",
        "606710000042:0308",
        "606710000042:1345:1",
        "6:0308:1",
        "606710000042:0308:x",
        "606710000042:0308:0",
    ],
)
def test_an_original_that_says_nothing_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="RRN:MMDD:AMOUNT"):
        read_original(text, TERMINAL, MERCHANT, datetime(2026, 3, 9, tzinfo=UTC))


def test_an_original_is_named_by_rrn_day_and_amount() -> None:
    found = read_original(
        "606710000042:0308:1234", TERMINAL, MERCHANT, datetime(2026, 3, 9, tzinfo=UTC)
    )

    assert (found.rrn, f"{found.transaction_date}", found.amount.minor) == (
        "606710000042",
        "2026-03-08",
        1234,
    )
    assert found.stan == "000000"
