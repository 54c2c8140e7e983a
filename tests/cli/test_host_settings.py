"""``[host]``: several addresses, another framing, kept connections; and the emulated host that follows them."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from posrefund.cli.app import app
from posrefund.cli.config import load, open_keystore, open_terminal, write
from posrefund.cli.host_settings import HostSettings, host_link, host_settings
from posrefund.cli.init import make_keystore
from posrefund.emulators.host import EmulatedHost, HostProfile, HostServer, HostTime, TerminalRecord
from posrefund.errors import ConfigError
from posrefund.framing import LengthPrefix
from posrefund.link import BackOff

if TYPE_CHECKING:
    from pathlib import Path

ONE = {"address": "10.0.0.1", "port": 8583}
ASCII = LengthPrefix(size=4, encoding="ascii", trailer=b"\x03", keep_alive="tell")
ASCII_TOML = """
[host.framing]
size = 4
encoding = "ascii"
trailer = "03"
keep_alive = "tell"
"""


def test_one_address_and_no_more_is_what_it_always_was(tmp_path: Path) -> None:
    assert host_settings(ONE, tmp_path) == HostSettings(
        (("10.0.0.1", 8583),), None, LengthPrefix(), BackOff(), 0.0
    )


def test_every_setting_is_read_as_it_stands_there(tmp_path: Path) -> None:
    host = {
        "addresses": ["10.0.0.1:8583", "pos.acquirer.example:1", "[::1]:65535"],
        "tries": 5,
        "keep_open_s": 30,
        "framing": {
            "size": 3,
            "encoding": "hex",
            "counts_itself": True,
            "header": "0A0b",
            "trailer": "03",
            "counts_header": False,
            "counts_trailer": False,
            "keep_alive": "refuse",
            "body_bytes_max": 999,
        },
    }
    prefix = LengthPrefix(
        size=3,
        encoding="hex",
        counts_itself=True,
        header=b"\x0a\x0b",
        trailer=b"\x03",
        counts_header=False,
        counts_trailer=False,
        keep_alive="refuse",
        body_bytes_max=999,
    )
    addresses = (("10.0.0.1", 8583), ("pos.acquirer.example", 1), ("::1", 65_535))
    assert host_settings(host, tmp_path) == HostSettings(
        addresses, None, prefix, BackOff(tries=5), 30.0
    )


@pytest.mark.parametrize(
    ("host", "named"),
    [
        ({}, "port"),
        ({"address": "a", "port": 65_536}, "port"),
        ({"address": "", "port": 1}, "address"),
        ({**ONE, "addresses": ["a:1"]}, "either"),
        ({"addresses": []}, "addresses"),
        ({"addresses": "a:1"}, "addresses"),
        ({"addresses": ["a"]}, "addresses"),
        ({"addresses": ["a:0"]}, "addresses"),
        ({"addresses": [":1"]}, "addresses"),
        ({"addresses": [7]}, "addresses"),
        ({"addresses": ["a:²"]}, "addresses"),
        ({**ONE, "tries": 0}, "tries"),
        ({**ONE, "tries": "3"}, "tries"),
        ({**ONE, "keep_open_s": "30"}, "keep_open_s"),
        ({**ONE, "keep_open_s": True}, "keep_open_s"),
        ({**ONE, "framing": "bcd2"}, "framing"),
        ({**ONE, "framing": {"length": 2}}, "length: expected one of size, encoding"),
        ({**ONE, "framing": {"size": "2"}}, "size: expected a number"),
        ({**ONE, "framing": {"size": True}}, "size: expected a number"),
        ({**ONE, "framing": {"size": 5}}, "size"),
        ({**ONE, "framing": {"counts_itself": 1}}, "counts_itself: expected true or false"),
        ({**ONE, "framing": {"encoding": "octal"}}, "binary, bcd, ascii or hex"),
        ({**ONE, "framing": {"trailer": "3"}}, "trailer: expected hexadecimal"),
        ({**ONE, "framing": {"header": 3}}, "header: expected text"),
    ],
)
def test_wrong_settings_are_refused_by_name(
    tmp_path: Path, host: dict[str, object], named: str
) -> None:
    with pytest.raises(ConfigError, match=named):
        host_settings(host, tmp_path)


def test_time_that_is_none_is_refused_before_the_terminal_opens(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="keep_open_s"):
        host_link(host_settings({**ONE, "keep_open_s": -1}, tmp_path))


# --- the commands ------------------------------------------------------------------------------


class Shop:
    """A folder with settings, and the commands that are run in it."""

    def __init__(self, folder: Path) -> None:
        self.config = folder / "posrefund.toml"
        make_keystore(folder, bytes.fromhex("70F2A84CCBC2AE8625CBB0F2C22AB923"), test_keys=True)
        write(folder, terminal="12345678", merchant="123456789012345", address="a", port=1)

    def change(self, *lines: str, framing: str = "") -> None:
        """Write *lines* in place of the address."""
        text = self.config.read_text(encoding="utf-8")
        text = text.replace('address = "a"\nport = 1\n', "\n".join([*lines, ""]))
        self.config.write_text(text.replace("\n[keys]", f"{framing}\n[keys]"), encoding="utf-8")

    def run(self, *words: str) -> Any:
        return CliRunner().invoke(app, [*words, "--config", str(self.config)])


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def test_shop_sells_with_another_framing_past_an_address_that_is_down(shop: Shop) -> None:
    tmk = open_keystore(load(shop.config)).key("tmk")
    time = HostTime(datetime.now(UTC).astimezone(timezone(timedelta(hours=8))), runs=True)
    host = EmulatedHost(
        HostProfile(), [TerminalRecord("12345678", "123456789012345", tmk)], clock=time
    )
    with HostServer(host, prefix=ASCII) as server, socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        down, up = nobody.getsockname()[1], server.port
        shop.change(
            f'addresses = ["127.0.0.1:{down}", "127.0.0.1:{up}"]',
            "connect_s = 20",
            "keep_open_s = 30",
            framing=ASCII_TOML,
        )
        signed_in = shop.run("sign-in", "--accept-clock")
        sold = shop.run("sale", "S-1", "--amount", "1.00", "--card", "6200000000000005")

    assert (signed_in.exit_code, sold.exit_code) == (0, 0), (signed_in.output, sold.output)
    shown = json.loads(shop.run("journal", "show", "--json").output)
    assert [line["state"] for line in shown] == ["ACCEPTED"]
    assert load(shop.config).dialect.timers.connect_s == 20


def test_terminal_that_is_closed_leaves_no_connection_behind(shop: Shop) -> None:
    tmk = open_keystore(load(shop.config)).key("tmk")
    time = HostTime(datetime.now(UTC).astimezone(timezone(timedelta(hours=8))), runs=True)
    record = TerminalRecord("12345678", "123456789012345", tmk)
    with HostServer(EmulatedHost(HostProfile(), [record], clock=time)) as server:
        shop.change(f'addresses = ["127.0.0.1:{server.port}"]', "keep_open_s = 60")
        with open_terminal(load(shop.config)) as terminal:
            terminal.sign_in()
            link: Any = terminal._line._link
            assert link._current is not None
        assert link._current is None
        assert link.seen().addresses[0].opened == 1
        assert link.seen().reused >= 1  # the sign-in asks more than once


def test_host_command_speaks_the_framing_of_the_settings(shop: Shop) -> None:
    shop.change('addresses = ["127.0.0.1:1", "127.0.0.1:2"]', framing=ASCII_TOML)
    words = ["posrefund", "host", "--control", "--port", "0", "--config", str(shop.config)]
    with subprocess.Popen(
        [sys.executable, "-m", *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    ) as host:
        assert host.stdin is not None
        assert host.stdout is not None
        address, port = json.loads(host.stdout.readline())["listening"]
        with socket.create_connection((address, port), timeout=60) as line:
            line.sendall(b"0000")  # the trailer is counted, so zero stands alone
            assert line.recv(100) == b"0000"
        host.stdin.close()
        assert host.wait(60) == 0
