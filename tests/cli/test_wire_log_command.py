"""``wire_log`` in ``[host]`` and ``posrefund wirelog``: the shop's commands leave a log that can be read again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from canary import PAN_16, leaks_in
from posrefund.cli.app import app
from posrefund.cli.config import load, open_keystore, write
from posrefund.cli.init import make_keystore
from posrefund.cli.wire_log_settings import wire_log_paths
from posrefund.emulators.host import (
    EmulatedHost,
    HostProfile,
    HostServer,
    HostTime,
    TerminalRecord,
)
from posrefund.errors import ConfigError, DecodeError, FramingError
from posrefund.framing import ABECSFramer, frame
from posrefund.wirelog import Entry, JSONLinesFile, read_log
from posrefund.wirelog.pcap import RAW_IP, file_header, read_packets

TERMINAL, MERCHANT, ADDRESS = "12345678", "123456789012345", "127.0.0.1"


def run(*words: object) -> Any:
    return CliRunner().invoke(app, [str(word) for word in words])


class Shop:
    """A folder with settings, and a host that knows its terminal."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.config = folder, folder / "posrefund.toml"
        make_keystore(folder, bytes.fromhex("70F2A84CCBC2AE8625CBB0F2C22AB923"), test_keys=True)
        self._write(1)
        tmk = open_keystore(load(self.config)).key("tmk")
        zone = timezone(timedelta(hours=8))
        time = HostTime(datetime.now(UTC).astimezone(zone).replace(hour=14), runs=True)
        host = EmulatedHost(HostProfile(), [TerminalRecord(TERMINAL, MERCHANT, tmk)], clock=time)
        self.server = HostServer(host)
        self._write(self.server.port)

    def _write(self, port: int) -> None:
        write(self.folder, terminal=TERMINAL, merchant=MERCHANT, address=ADDRESS, port=port)

    def log_into(self, value: str) -> None:
        text = self.config.read_text(encoding="utf-8")
        self.config.write_text(text.replace("\n[keys]", f"wire_log = {value}\n\n[keys]", 1))  # fmt: skip

    def run(self, *words: str) -> Any:
        return run(*words, "--config", self.config)

    def trade(self) -> list[Any]:
        return [
            self.run("sign-in", "--accept-clock"),
            self.run("sale", "S-1", "--amount", "128.00", "--card", PAN_16),
        ]


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = Shop(tmp_path)
    yield made
    made.server.close()


@pytest.fixture
def log(shop: Shop) -> Path:
    """The log of a sign-in and a sale."""
    shop.log_into('"line.jsonl"')
    assert [done.exit_code for done in shop.trade()] == [0, 0]
    return shop.folder / "line.jsonl"


def test_shop_that_keeps_a_log_trades_as_before_and_the_log_can_be_read(log: Path) -> None:
    data = json.loads(run("wirelog", "show", log, "--json").output)
    messages = [row["message"] for row in data if "message" in row]

    assert [(row["mti"], row["fields"].get("4")) for row in messages] == [
        ("0800", None),
        ("0810", None),
        ("0200", "000000012800"),
        ("0210", "000000012800"),
    ]
    assert [row["what"] for row in data] == ["open", "frame", "frame", "close"] * 2
    assert {row["fields"]["2"] for row in messages if "2" in row["fields"]} == {"620000******0005"}
    assert leaks_in(log.read_bytes()) == set()


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("en", ["line opened", "→ sent frame", "← received frame", "sale", "128.00", "line closed"]),
        ("zh", ["线路打开", "→ 发出 报文", "← 收到 报文", "交易金额", "线路关闭"]),
    ],
)  # fmt: skip
def test_log_is_shown_in_the_language_asked_for(log: Path, lang: str, words: list[str]) -> None:
    shown = run("wirelog", "show", log, "--lang", lang).output

    missing = [word for word in words if word not in shown and word not in ("sale", "128.00")]
    assert missing == []
    assert "000000012800" in shown
    assert leaks_in(shown) == set()


def test_log_becomes_a_capture_once(log: Path, tmp_path: Path) -> None:
    made = tmp_path / "line.pcap"

    assert run("wirelog", "to-pcap", log, made).exit_code == 0
    again = run("wirelog", "to-pcap", log, made)

    assert isinstance(again.exception, ConfigError)
    of_log = json.loads(run("wirelog", "show", log, "--json").output)
    of_capture = json.loads(run("wirelog", "show", made, "--json").output)
    assert [row["message"] for row in of_capture if "message" in row] == [
        row["message"] for row in of_log if "message" in row
    ]
    assert leaks_in(made.read_bytes()) == set()


def test_two_files_are_kept_where_two_are_named(shop: Shop) -> None:
    shop.log_into('["line.jsonl", "line.pcap"]')
    assert [done.exit_code for done in shop.trade()] == [0, 0]

    capture = (shop.folder / "line.pcap").read_bytes()
    assert capture.startswith(file_header(RAW_IP))
    # Two conversations of a handshake, a question, an answer and a farewell.
    assert len(list(read_packets(capture))) == 2 * (3 + 2 + 3)
    assert len(list(read_log((shop.folder / "line.jsonl").read_bytes()))) == 8


def test_log_of_a_line_with_another_framing_is_read_by_the_shops_settings(shop: Shop) -> None:
    shop.log_into('"line.jsonl"')
    text = shop.config.read_text(encoding="utf-8")
    framing = '[host.framing]\nsize = 4\nencoding = "ascii"\n'
    shop.config.write_text(text.replace("[keys]", f"{framing}\n[keys]"), encoding="utf-8")
    address = shop.server.address
    shop.server.close()
    shop.server = HostServer(shop.server.host, address, prefix=load(shop.config).host.prefix)
    assert [done.exit_code for done in shop.trade()] == [0, 0]
    log = shop.folder / "line.jsonl"

    shown = run("wirelog", "show", log, "--config", shop.config, "--json").output

    assert [row["message"]["mti"] for row in json.loads(shown) if "message" in row] == ["0800", "0810", "0200", "0210"]  # fmt: skip
    assert isinstance(run("wirelog", "show", log).exception, FramingError)


def test_log_that_fails_is_told_once_and_stops_nothing(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.log_into('"line.jsonl"')

    def full(_self: JSONLinesFile, _entry: Entry) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(JSONLinesFile, "write", full)
    signed_in, sold = shop.trade()

    assert (signed_in.exit_code, sold.exit_code) == (0, 0)
    assert sold.stderr.count("wire log stopped") == 1
    assert "线路日志已停止" in sold.stderr


@pytest.mark.parametrize("value", ['""', "5", '["a", ""]', "[1]", "true"])
def test_setting_of_the_wrong_kind_is_refused(shop: Shop, value: str) -> None:
    shop.log_into(value)

    with pytest.raises(ConfigError, match=r"\[host\] wire_log: expected the name"):
        load(shop.config)


def test_file_that_is_something_else_is_refused_before_anything_is_sent(shop: Shop) -> None:
    shop.log_into('"posrefund.toml"')
    before = shop.config.read_bytes()

    refused = shop.run("sign-in", "--accept-clock")

    assert isinstance(refused.exception, ConfigError)
    assert "is no wire log" in str(refused.exception)
    assert shop.config.read_bytes() == before


def test_paths_are_relative_to_the_settings(tmp_path: Path) -> None:
    assert wire_log_paths({}, tmp_path) == ()
    assert wire_log_paths({"wire_log": "a.pcap"}, tmp_path) == (tmp_path / "a.pcap",)


# --- other lines, other files ---------------------------------------------------------------------


def test_lines_of_devices_are_shown_as_bytes(tmp_path: Path) -> None:
    sink = JSONLinesFile(tmp_path / "pad.jsonl")
    now = datetime(2026, 3, 9, 10, 30, tzinfo=UTC)
    framed = ABECSFramer().frame(b"OPN")
    for entry in (
        Entry(now, "iso8583", 1, "frame", "sent", 2, b"\0\2ab"),
        Entry(now, "abecs", 2, "frame", "sent", 3, framed),
        Entry(now, "abecs", 2, "control", "received", 1, b"\x06", "ACK"),
        Entry(now, "abecs", 2, "damage", "received", 9, note="check"),
        Entry(now, "abecs", 2, "frame", "received", 40, note="not kept"),
    ):
        sink.write(entry)

    words = ("wirelog", "show", sink.name, "--line", "abecs", "--reveal")
    shown = run(*words).output
    data = json.loads(run(*words, "--json").output)

    assert shown.splitlines() == [
        "2026-03-09 10:30:00.000000 #2 → sent frame 3 bytes",
        "4f 50 4e",
        "2026-03-09 10:30:00.000000 #2 ← received control 1 bytes ACK",
        "2026-03-09 10:30:00.000000 #2 ← received bytes that are no frame, not kept 9 bytes check",
        "2026-03-09 10:30:00.000000 #2 ← received frame 40 bytes not kept",
    ]
    assert [(row["what"], row["note"], row.get("hex")) for row in data] == [
        ("frame", "", "4f504e"),
        ("control", "ACK", None),
        ("damage", "check", None),
        ("frame", "not kept", None),
    ]


def test_serial_log_becomes_a_serial_capture(tmp_path: Path) -> None:
    sink = JSONLinesFile(tmp_path / "pad.jsonl")
    framed = ABECSFramer().frame(b"OPN")
    sink.write(Entry(datetime(2026, 3, 9, tzinfo=UTC), "abecs", 1, "frame", "sent", 3, framed))

    assert run("wirelog", "to-pcap", sink.name, tmp_path / "pad.pcap", "--port", 0).exit_code == 0
    shown = run("wirelog", "show", tmp_path / "pad.pcap", "--line", "abecs").output

    assert "· frame 3 bytes" in shown


def test_capture_of_somebody_else_shows_nothing_that_no_table_masks(tmp_path: Path) -> None:
    """Our logs are redacted; one from elsewhere may not be."""
    sink = JSONLinesFile(tmp_path / "foreign.jsonl")
    read, unread = (bytes.fromhex(f"0200 {bitmap} 16 {PAN_16}") for bitmap in ("40" + "00" * 7, "FF" * 8))  # fmt: skip
    for body in (read, unread):
        sink.write(Entry(datetime(2026, 3, 9, tzinfo=UTC), "iso8583", 1, "frame", "sent", len(body), frame(body)))  # fmt: skip

    for more in ((), ("--json",)):
        found = run("wirelog", "show", sink.name, *more)
        assert "620000******0005" in found.output
        assert leaks_in(found.output) == set()
        assert leaks_in(found.output.replace(" ", "")) == set()
    revealed = run("wirelog", "show", sink.name, "--reveal").output.replace(" ", "")
    assert revealed.count(PAN_16) == 3  # a field, its bytes, and the bytes that are no message


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("show", "{none}"), ConfigError),
        (("show", "{text}"), DecodeError),
        (("show", "{text}", "--line", "morse"), ConfigError),
        (("to-pcap", "{text}", "{new}"), DecodeError),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(
    words: tuple[str, ...], error: type[Exception], tmp_path: Path
) -> None:
    (tmp_path / "text").write_text("hello\n")
    paths = {name: str(tmp_path / name) for name in ("none", "text", "new")}

    refused = run("wirelog", *(word.format(**paths) for word in words))

    assert isinstance(refused.exception, error)
