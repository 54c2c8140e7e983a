"""The commands a shop uses, against an emulated host in this process, and the demonstration itself."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from journal.backends import PostgresBackend
from posrefund.cli import money
from posrefund.cli.app import app, run
from posrefund.cli.config import load, open_keystore, write
from posrefund.cli.demo_pad import PinPad, check_pin_pad
from posrefund.cli.host import _faults
from posrefund.cli.init import make_keystore
from posrefund.emulators.host import (
    EmulatedHost,
    Fault,
    HostProfile,
    HostServer,
    HostTime,
    TerminalRecord,
    settlement_file,
)
from posrefund.errors import (
    ConfigError,
    InvalidRequestError,
    JournalError,
    LocalProtocolError,
    RefusedError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CARD = "6200000000000005"
ZONE = timezone(timedelta(hours=8))


class Counter:
    """A host in this process and the folder of a terminal that talks to it."""

    def __init__(self, folder: Path, server: HostServer, time: HostTime) -> None:
        self.folder = folder
        self.server = server
        self.time = time

    def posrefund(self, *words: str, exit_code: int = 0) -> str:
        config = ["--config", str(self.folder / "posrefund.toml")]
        result = CliRunner().invoke(app, [*words, *config])
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == exit_code, result.output
        return result.output


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Counter]:
    folder = tmp_path / "shop"
    folder.mkdir()
    make_keystore(folder, bytes.fromhex("70F2A84CCBC2AE8625CBB0F2C22AB923"), test_keys=True)
    path = write(
        folder, terminal="12345678", merchant="123456789012345", address="127.0.0.1", port=1
    )
    tmk = open_keystore(load(path)).key("tmk")
    time = HostTime(datetime.now(UTC).astimezone(ZONE).replace(hour=14), runs=True)
    record = TerminalRecord("12345678", "123456789012345", tmk)
    host = EmulatedHost(HostProfile(), [record], clock=time)
    with HostServer(host) as server:
        write(
            folder,
            terminal="12345678",
            merchant="123456789012345",
            address="127.0.0.1",
            port=server.port,
            answer_s=1,
        )
        yield Counter(folder, server, time)


def test_a_shop_sells_waits_a_day_and_refunds(counter: Counter) -> None:
    assert "batch 000001" in counter.posrefund("sign-in", "--accept-clock")
    counter.posrefund("sale", "S-1", "--amount", "128.00", "--card", CARD)
    counter.time.advance(timedelta(days=1))
    counter.posrefund("sign-in", "--accept-clock")

    slip = counter.posrefund(
        "refund", "R-1", "--original", "S-1", "--card", CARD, "--amount", "28", "--lang", "zh"
    )

    assert "退货(REFUND)" in slip
    assert "RMB 28.00" in slip
    assert CARD not in slip
    assert "已受理" in slip
    later = counter.posrefund("status", "R-1", "--lang", "zh")
    assert re.search(r"预计退回 +\d{4}/\d\d/\d\d\n", slip)
    assert later.replace("         *** 重打印 ***         \n", "", 1) == slip
    assert counter.posrefund("follow-up") == "nothing to follow up\n"
    shown = json.loads(counter.posrefund("journal", "show", "--json"))
    assert [line["state"] for line in shown] == ["ACCEPTED", "ACCEPTED"]
    assert "all in order" in counter.posrefund("journal", "verify")
    assert '"seq": "1"' in counter.posrefund("journal", "show", "--rows", "--json")


def test_a_backup_is_taken_while_the_till_has_the_journal_open(counter: Counter) -> None:
    from posrefund.cli.config import open_terminal

    counter.posrefund("sign-in", "--accept-clock")
    file = counter.folder / "backup.db"
    with open_terminal(load(counter.folder / "posrefund.toml")):
        assert counter.posrefund("journal", "backup", str(file)) == "3 rows, all in order\n"
        with pytest.raises(JournalError, match="overwrites nothing"):
            counter.posrefund("journal", "backup", str(file))

    assert file.stat().st_mode & 0o777 == 0o600


def test_a_journal_in_postgresql_serves_every_command_but_backup(
    counter: Counter, tmp_path: Path
) -> None:
    database = PostgresBackend(tmp_path)
    database.execute(f"CREATE DATABASE {database.schema}")
    path = counter.folder / "posrefund.toml"
    dsn = database.dsn.replace("dbname=postgres", f"dbname={database.schema}")
    text = path.read_text(encoding="utf-8").replace('file = "journal.db"', f'dsn = "{dsn}"')
    path.write_text(text, encoding="utf-8")

    counter.posrefund("sign-in", "--accept-clock")
    counter.posrefund("sale", "S-1", "--amount", "1.00", "--card", CARD, "--lang", "en")
    shown = json.loads(counter.posrefund("journal", "show", "--json"))
    assert [line["state"] for line in shown] == ["ACCEPTED"]
    assert "all in order" in counter.posrefund("journal", "verify")
    assert not (counter.folder / "journal.db").exists()
    with pytest.raises(ConfigError, match="pg_dump"):
        counter.posrefund("journal", "backup", str(tmp_path / "copy.db"))


def test_a_settlement_file_resolves_a_doubt_from_the_command_line(counter: Counter) -> None:
    counter.posrefund("sign-in", "--accept-clock")
    counter.posrefund("sale", "S-1", "--amount", "1.00", "--card", CARD, "--entry", "021")
    counter.time.advance(timedelta(days=1))
    counter.posrefund("sign-in", "--accept-clock")
    counter.server.host.faults.add(Fault("close_before_reply", mti="0220"))
    words = ("refund", "R-1", "--original", "S-1", "--card", CARD, "--entry", "021")
    assert "in doubt (closed)" in counter.posrefund(*words, exit_code=11)

    day = counter.time().date()
    file = counter.folder / settlement_file.file_name(day)
    settlement_file.write(file, counter.server.host.ledger, day, HostProfile())
    found = counter.posrefund("settle", str(file), "--day", day.isoformat())

    assert "RESOLVED_YES" in found
    assert "settled" in counter.posrefund(*words)


def test_each_way_a_refund_can_stand_has_its_exit_status(counter: Counter) -> None:
    counter.posrefund("sign-in", "--accept-clock")
    for number in range(3):
        counter.posrefund("sale", f"S-{number}", "--amount", "1.00", "--card", CARD)
    counter.time.advance(timedelta(days=1))
    counter.posrefund("sign-in", "--accept-clock")
    counter.server.host.faults.add(Fault("code", mti="0220", code="51"))
    words = ("--card", CARD)
    out = counter.posrefund("refund", "R-0", "--original", "S-0", *words, exit_code=10)
    assert "declined 51" in out
    counter.server.close()
    out = counter.posrefund("refund", "R-1", "--original", "S-1", *words, exit_code=12)
    assert "not sent (unreachable)" in out
    with pytest.raises(RefusedError):
        counter.posrefund("refund", "R-2", "--original", "S-9", *words)
    assert "unknown" in counter.posrefund("status", "R-9", exit_code=2)


def test_a_keyed_card_number_is_refused(counter: Counter) -> None:
    with pytest.raises(RefusedError, match="keyed_card"):
        counter.posrefund("refund", "R-1", "--original", "S-1", "--card", CARD, "--entry", "011")
    counter.posrefund("sign-in", "--accept-clock")
    with pytest.raises(RefusedError, match="keyed_card"):
        counter.posrefund("sale", "S-1", "--amount", "1.00", "--card", CARD, "--entry", "012")


@pytest.mark.parametrize("amount", ["0", "-1", "1.234", "x", "", "1e3", "1,00"])
def test_an_amount_that_is_none_is_refused(counter: Counter, amount: str) -> None:
    with pytest.raises(InvalidRequestError):
        counter.posrefund("sale", "S-1", "--amount", amount, "--card", CARD)


def test_a_journal_in_use_is_said_so(counter: Counter) -> None:
    from posrefund.cli.config import open_terminal

    with (
        open_terminal(load(counter.folder / "posrefund.toml")),
        pytest.raises(JournalError, match="another process"),
    ):
        counter.posrefund("sign-in", "--accept-clock")


def test_a_refusal_is_exit_status_3_with_its_hint_in_both_languages(
    counter: Counter, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    counter.posrefund("sign-in", "--accept-clock")
    counter.posrefund("sale", "S-1", "--amount", "2.00", "--card", CARD)
    words = ["refund", "R-1", "--original", "S-1", "--card", CARD, "--amount", "1.00"]
    config = ["--config", str(counter.folder / "posrefund.toml")]
    monkeypatch.setattr(sys, "argv", ["posrefund", *words, *config])

    with pytest.raises(SystemExit) as ended:
        run()

    assert ended.value.code == 3
    error = capsys.readouterr().err
    assert "not_before" in error
    assert re.search("23:00 host time / 主机时间 .{10} 23:00 之后", error)


def test_init_asks_and_writes_files_that_open(tmp_path: Path) -> None:
    answers = "12345678\n123456789012345\n\n\n70F2A84CCBC2AE8625CBB0F2C22AB923\n"

    result = CliRunner().invoke(app, ["init", "--test-keys", str(tmp_path / "new")], input=answers)

    assert result.exit_code == 0, result.output
    settings = load(tmp_path / "new" / "posrefund.toml")
    store = open_keystore(settings)
    assert store.tmk.kcv_hex in result.output
    assert "70F2A84C" not in result.output
    said = "".join(result.output.split())  # lines are folded
    assert "neveruseitwitharealhost" in said
    assert f"cd{tmp_path / 'new'}&&posrefundsign-in" in said
    if os.name == "posix":
        assert settings.key_file.stat().st_mode & 0o077 == 0
        assert settings.passphrase_file.stat().st_mode & 0o077 == 0


def test_init_takes_no_published_key_and_makes_a_random_one_for_no_answer(tmp_path: Path) -> None:
    answers = "12345678\n123456789012345\n\n\n70F2A84CCBC2AE8625CBB0F2C22AB923\n\n"

    result = CliRunner().invoke(app, ["init", str(tmp_path)], input=answers)

    assert result.exit_code == 0, result.output
    store = open_keystore(load(tmp_path / "posrefund.toml"))
    assert "this key was published" in result.stderr
    assert not store.test_keys
    assert store.tmk.kcv_hex != "8C1267"
    assert f"check value is {store.tmk.kcv_hex}" in result.stdout


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('dialect = "unionpay"', 'dialect = "esperanto"', "unknown dialect"),
        ("port = 8583", 'port = "x"', "port"),
        ("answer_s = 60", "answer_s = 0", "answer_s"),
        ('id = "12345678"', 'id = "1"', "terminal"),
        ("[journal]", "[diary]", "[journal] is missing"),
        ("[journal]", '[journal]\ndsn = "postgresql:///shop"', "[journal]: either file or dsn"),
        ('file = "journal.db"', "dsn = 5", "[journal] dsn: expected text"),
        ("[host]", '[host]\ntpdu = "60"', "tpdu"),
        ("[host]", "[host", "no TOML"),
    ],
)
def test_wrong_settings_are_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = write(
        tmp_path, terminal="12345678", merchant="123456789012345", address="127.0.0.1", port=8583
    )
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")

    with pytest.raises(ConfigError) as failed:
        load(path)

    assert message in str(failed.value)


def test_a_missing_configuration_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="posrefund init"):
        load(tmp_path / "nothing.toml")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_demo_ends_with_equal_books_in_two_processes(tmp_path: Path, lang: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "posrefund", "demo", "--dir", str(tmp_path / "d"), "--lang", lang],
        check=False,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
    )

    assert done.returncode == 0, done.stderr
    assert ("差额: ¥0.00" if lang == "zh" else "difference: ¥0.00") in done.stdout
    assert CARD not in done.stdout
    assert "到账" not in done.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo terminals")
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_demo_takes_card_and_pin_from_a_pad_on_a_port(tmp_path: Path, lang: str) -> None:
    words = ["posrefund", "demo", "--dir", str(tmp_path / "d"), "--pinpad", "pty", "--json"]
    done = subprocess.run(
        [sys.executable, "-m", *words, "--lang", lang],
        check=False,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
    )

    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["difference_minor"] == 0
    sent = [each for each in told["events"] if each.get("direction") == "sent"]
    of_money = [each for each in sent if each["mti"] in ("0200", "0220")]
    assert of_money
    assert all("52" in each["fields"] for each in of_money)
    assert ("密码键盘：读到" if lang == "zh" else "PIN pad: read") in done.stdout
    assert CARD not in done.stdout


def test_the_demo_on_windows_says_that_there_is_no_pseudo_terminal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(ConfigError, match="Windows has none"):
        check_pin_pad(PinPad.PTY)
    check_pin_pad(PinPad.NONE)


def test_the_demo_as_data_tells_the_same_story(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "posrefund", "demo", "--dir", str(tmp_path / "d"), "--json"],
        check=True,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
    )
    data = json.loads(done.stdout)

    messages = [event for event in data["events"] if "mti" in event]
    assert data["difference_minor"] == 0
    assert [m["mti"] for m in messages if m["direction"] == "sent"] == [
        *("0800", "0200", "0800", "0200", "0800", "0220", "0200", "0200", "0800", "0800"),
    ]
    refund = next(m for m in messages if m["mti"] == "0220")
    assert refund["fields"]["61"]["batch"] == "000007"
    assert refund["fields"]["2"] == "620000******0005"
    assert CARD not in done.stdout


def test_the_demo_never_deletes_a_folder_it_did_not_make(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("dear diary", encoding="utf-8")

    result = CliRunner().invoke(app, ["demo", "--dir", str(tmp_path)])

    assert isinstance(result.exception, ConfigError)
    assert (tmp_path / "mine").exists()


def _control(counter: Counter, *words: str, line: str) -> str:
    config = ["--config", str(counter.folder / "posrefund.toml"), "--port", "0", "--control"]
    result = CliRunner().invoke(app, ["host", *words, *config], input=line + '\n{"stop": true}\n')
    assert result.exit_code == 0, result.output
    return result.output


def test_host_speaks_the_dialect_it_is_told_to(counter: Counter) -> None:
    fault = '{"fault": {"kind": "delay"}}'

    assert '"mti": "0220"' in _control(counter, line=fault)
    assert '"mti": "0200"' in _control(counter, "--dialect", "iso87-ascii", line=fault)
    assert '"mti": "1200"' in _control(counter, "--dialect", "iso93-binary", line=fault)


def test_host_takes_what_goes_wrong_from_a_file(counter: Counter) -> None:
    script = counter.folder / "script.toml"
    script.write_text(
        '[[fault]]\nkind = "code"\ncode = "51"\nminor = 1234\nalways = true\n', encoding="utf-8"
    )

    assert _faults(script) == [Fault("code", code="51", minor=1234, always=True)]
    assert '"clear_faults": true' in _control(
        counter, "--script", str(script), line='{"clear_faults": true}'
    )


@pytest.mark.parametrize(
    "text",
    [
        "[[fault]",
        '[[fault]]\nkind = "vanish"',
        "[[fault]]\nmti = 1",
        'fault = "drop"',
        "[[fault]]\n",
    ],
)
def test_host_refuses_a_script_that_is_none(counter: Counter, text: str) -> None:
    script = counter.folder / "script.toml"
    script.write_text(text, encoding="utf-8")

    with pytest.raises(ConfigError, match=r"script\.toml: expected \[\[fault\]\]"):
        counter.posrefund("host", "--script", str(script))


def test_host_says_that_a_script_is_not_there(counter: Counter) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        counter.posrefund("host", "--script", str(counter.folder / "none.toml"))


def test_host_says_that_its_port_is_taken(counter: Counter) -> None:
    port = str(counter.server.port)
    with pytest.raises(ConfigError, match=rf"^cannot listen on 127\.0\.0\.1:{port}: .*--port$"):
        counter.posrefund("host", "--port", port)


def test_host_refuses_a_dialect_that_it_does_not_speak(counter: Counter) -> None:
    assert "iso93-ascii" in counter.posrefund("host", "--dialect", "iso03", exit_code=2)


def test_emulated_stripe_is_long_enough_for_sm4() -> None:
    track = money.card_of(CARD, "021", "3012").track2
    assert track is not None
    assert track.reveal() == "6200000000000005D301220100000000000000000"[:37]


def test_host_that_cannot_begin_says_why(tmp_path: Path) -> None:
    make_keystore(tmp_path, b"another terminal")
    path = write(tmp_path, terminal="12345678", merchant="1" * 15, address="127.0.0.1", port=8583)
    (tmp_path / "books.json").write_text("[]")
    words = ["host", "--config", str(path), "--control", "--port", "0"]
    result = CliRunner().invoke(app, [*words, "--ledger", str(tmp_path / "books.json")])

    assert isinstance(result.exception, ConfigError)
    house = (
        'name = "my-bank"\nbase = "unionpay"\nmac = { algorithm = "unionpay-ecb", cipher = "SM4" }'
    )
    (tmp_path / "my-bank.toml").write_text(house)
    path.write_text(path.read_text().replace('"unionpay"', '"my-bank.toml"'))
    result = CliRunner().invoke(app, [*words, "--dialect", "unionpay"])
    assert isinstance(result.exception, ConfigError)
    assert "a terminal's TMK is of another cipher than the MAC rule" in str(result.exception)


def test_journal_that_was_put_back_is_refused_and_accepted_by_two_people(
    counter: Counter, tmp_path: Path
) -> None:
    copy = tmp_path / "copy.db"
    counter.posrefund("sign-in", "--accept-clock")
    counter.posrefund("sale", "S-1", "--amount", "10.00", "--card", CARD)
    counter.posrefund("journal", "backup", str(copy))
    counter.posrefund("sale", "S-2", "--amount", "20.00", "--card", CARD)
    for file in counter.folder.glob("journal.db*"):
        file.unlink()
    copy.rename(counter.folder / "journal.db")

    counter.posrefund("status", "S-2", exit_code=2)
    with pytest.raises(RefusedError, match=r"journal_behind.*posrefund journal accept"):
        counter.posrefund("refund", "R-1", "--original", "S-1", "--card", CARD)
    with pytest.raises(InvalidRequestError, match="two different people"):
        counter.posrefund("journal", "accept", "--by", "ann", "--evidence", "files")
    both = ("journal", "accept", "--by", "ann", "--by", "bo", "--evidence", "files")
    with pytest.raises(LocalProtocolError, match="complete files of these days are missing: "):
        counter.posrefund(*both)

    told = json.loads(counter.posrefund("journal", "show", "--rows", "--json"))
    (epoch,) = [json.loads(row["body"]) for row in told if row["kind"] == "epoch"]
    day = date.fromisoformat(epoch["from_day"])
    file, ledger = tmp_path / "file", counter.server.host.ledger
    while day <= date.fromisoformat(epoch["to_day"]):
        settlement_file.write(file, ledger, day, HostProfile())
        lines = str(len(file.read_text().splitlines()))
        words = ("settle", str(file), "--day", day.isoformat(), "--lines", lines)
        found = counter.posrefund(*words, exit_code=4 if lines != "0" else 0)
        assert ("HOST_ONLY" in found) == (lines != "0")
        day += timedelta(days=1)
    assert "refunds are possible" in counter.posrefund(*both)
    assert "all in order" in counter.posrefund("journal", "verify")


def test_anchor_stands_where_the_settings_say(counter: Counter) -> None:
    path = counter.folder / "posrefund.toml"
    text = path.read_text().replace('file = "keys.json"', 'file = "keys.json"\nanchor = "other"')
    path.write_text(text)
    counter.posrefund("sign-in", "--accept-clock")
    assert (counter.folder / "other").exists()
    assert not (counter.folder / "keys.json.anchor").exists()


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("en", ["DE11 is 0", "expected: mti=0210", "seen: mti=0210"]),
        ("zh", ["DE11 为 0", "应为: mti=0210", "实为: mti=0210"]),
    ],
)
def test_an_answer_that_is_nobody_s_is_explained(
    counter: Counter, lang: str, words: list[str]
) -> None:
    counter.posrefund("sign-in", "--accept-clock")
    assert "every answer" in counter.posrefund("explain")
    counter.server.host.faults.add(Fault("wrong_stan", mti="0200"))
    counter.posrefund("sale", "S-1", "--amount", "1.00", "--card", CARD, exit_code=11)
    said = counter.posrefund("explain", "S-1", "--lang", lang)
    [row] = json.loads(counter.posrefund("explain", "--json"))

    assert all(word in said for word in words)
    assert (row["field"], row["asked"]) == ("DE11", "S-1/1")
    assert "every answer" in counter.posrefund("explain", "S-2")


# --- what people decide ----------------------------------------------------------------------------


def careful(counter: Counter, policy: str) -> None:
    """Let the shop speak a dialect file of its own."""
    (counter.folder / "bank.toml").write_text(
        f'name = "bank"\nbase = "unionpay"\n[policy]\n{policy}\n', encoding="utf-8"
    )
    settings = counter.folder / "posrefund.toml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace('"unionpay"', '"bank.toml"'), encoding="utf-8")


def test_a_second_person_approves_from_the_command_line(counter: Counter) -> None:
    careful(counter, "approval_from_minor = 1")
    counter.posrefund("sign-in", "--accept-clock")
    counter.posrefund("sale", "S-1", "--amount", "10.00", "--card", CARD)
    words = ("refund", "R-1", "--original", "S-1", "--card", CARD)
    with pytest.raises(RefusedError, match="approval_needed"):
        counter.posrefund(*words)
    assert "waits for a second person" in counter.posrefund("status", "R-1", exit_code=12)
    listed = counter.posrefund("approvals")
    digest = listed.split()[-1]

    assert "R-1: waits, until" in listed
    assert "¥10.00 of S-1 to 620000******0005, customer, asked by 01" in listed
    with pytest.raises(RefusedError, match="approval_same_person"):
        counter.posrefund("approve", "R-1", "--by", "01", "--digest", digest)
    said = counter.posrefund("approve", "R-1", "--by", "02", "--digest", digest)
    assert "approved by 02: make the refund again" in said
    assert "VOID" in counter.posrefund(*words)
    assert counter.posrefund("approvals") == ""


def test_what_waits_is_withdrawn_from_the_command_line(counter: Counter) -> None:
    careful(counter, "approval_from_minor = 1")
    counter.posrefund("sign-in", "--accept-clock")
    counter.posrefund("sale", "S-1", "--amount", "10.00", "--card", CARD)
    with pytest.raises(RefusedError, match="approval_needed"):
        counter.posrefund("refund", "R-1", "--original", "S-1", "--card", CARD)

    assert "R-1: withdrawn" in counter.posrefund("withdraw", "R-1", "--by", "01")
    assert counter.posrefund("approvals") == ""


def test_slip_of_another_terminal_is_described_on_the_command_line(counter: Counter) -> None:
    day = (counter.time() - timedelta(days=1)).date().isoformat()
    words = (
        "refund",
        "R-1",
        "--original",
        f"606799999999:{day}",
        "--card",
        CARD,
        "--amount",
        "1.00",
    )
    counter.posrefund("sign-in", "--accept-clock")
    with pytest.raises(RefusedError, match="original_unknown"):
        counter.posrefund(*words)
    careful(counter, 'ceiling = "host_only"')
    with pytest.raises(RefusedError, match="approval_needed"):
        counter.posrefund(*words, "--slip", "000001:000002:654321")

    assert "given back of it here so far: ¥0.00" in counter.posrefund("approvals")


def test_case_is_closed_from_the_command_line(counter: Counter) -> None:
    counter.posrefund("sign-in", "--accept-clock")
    counter.posrefund("sale", "S-1", "--amount", "10.00", "--card", CARD)
    counter.time.advance(timedelta(days=1))
    counter.posrefund("sign-in", "--accept-clock")
    counter.server.host.faults.add(Fault("drop_reply", mti="0220"))
    counter.posrefund("refund", "R-1", "--original", "S-1", "--card", CARD, exit_code=11)
    words = ("close", "R-1", "--verdict", "booked", "--by", "Wang", "--evidence", "letter 4711")
    with pytest.raises(InvalidRequestError, match="two different people"):
        counter.posrefund(*words)

    assert "accepted" in counter.posrefund(*words, "--by", "Li")


def test_a_sale_made_twice_is_proposed_and_given_back_once(counter: Counter) -> None:
    counter.posrefund("sign-in", "--accept-clock")
    for name in ("S-1", "S-2"):
        counter.posrefund("sale", name, "--amount", "128.00", "--card", CARD)
    assert "DUP-S-2" in counter.posrefund("proposals", "run")
    counter.time.advance(timedelta(days=1))
    counter.posrefund("sign-in", "--accept-clock")

    slip = counter.posrefund("proposals", "take", "DUP-S-2", "--card", CARD, "--lang", "zh")
    assert "重复交易" in slip
    assert "RMB 128.00" in slip
    with pytest.raises(LocalProtocolError, match="the proposal is taken"):
        counter.posrefund("proposals", "take", "DUP-S-2", "--card", CARD)
    assert counter.posrefund("proposals", "list") == "nothing is proposed\n"
    booked = [e.amount_minor for e in counter.server.host.ledger.entries() if e.kind == "refund"]
    assert booked == [12_800]
