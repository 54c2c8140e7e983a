"""``tls`` in ``[host]``, and ``posrefund host --tls-cert``: the shop's commands over a line that is verified."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from canary import leaks_in
from link.certificates import CA, Issued
from posrefund.cli.app import app
from posrefund.cli.config import load, open_keystore, write
from posrefund.cli.init import make_keystore
from posrefund.cli.tls_settings import tls_settings
from posrefund.emulators.host import (
    EmulatedHost,
    HostProfile,
    HostServer,
    HostTime,
    TerminalRecord,
)
from posrefund.errors import ConfigError, LinkOpenError
from posrefund.framing import LengthPrefixFramer
from posrefund.link import TLSSettings
from posrefund.wirelog import read_log, replay

CARD = "6200000000000005"
TERMINAL, MERCHANT, ADDRESS = "12345678", "123456789012345", "127.0.0.1"
Serve = Callable[[Issued], HostServer]


class Shop:
    """A folder with settings, and the commands that are run in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "posrefund.toml"
        make_keystore(folder, bytes.fromhex("70F2A84CCBC2AE8625CBB0F2C22AB923"), test_keys=True)
        self._write(port=1, answer_s=60)

    def talk_to(self, port: int, *lines: str) -> None:
        """Point the settings at *port*, with *lines* in ``[host]``."""
        self._write(port=port, answer_s=5)
        text = self.config.read_text(encoding="utf-8")
        changed = text.replace("\n[keys]", "\n".join([*lines, "", "[keys]"]))
        self.config.write_text(changed, encoding="utf-8")

    def _write(self, *, port: int, answer_s: float) -> None:
        write(
            self.folder,
            terminal=TERMINAL,
            merchant=MERCHANT,
            address=ADDRESS,
            port=port,
            answer_s=answer_s,
        )

    def run(self, *words: str) -> Any:
        return CliRunner().invoke(app, [*words, "--config", str(self.config)])


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


@pytest.fixture
def serve(shop: Shop) -> Iterator[Serve]:
    servers: list[HostServer] = []

    def start(issued: Issued) -> HostServer:
        tmk = open_keystore(load(shop.config)).key("tmk")
        zone = timezone(timedelta(hours=8))
        time = HostTime(datetime.now(UTC).astimezone(zone).replace(hour=14), runs=True)
        record = TerminalRecord(TERMINAL, MERCHANT, tmk)
        host = EmulatedHost(HostProfile(), [record], clock=time)
        servers.append(HostServer(host, tls=issued.server_context()))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def test_a_shop_sells_over_tls(shop: Shop, serve: Serve) -> None:
    ca = CA(shop.folder)
    issued = ca.issue("127.0.0.1")
    pin = ":".join(issued.pin[at : at + 2] for at in range(0, 64, 2)).upper()
    server = serve(issued)
    shop.talk_to(server.port, "tls = true", 'ca = "ca.pem"', f'pin = "{pin}"')

    signed_in = shop.run("sign-in", "--accept-clock")
    sold = shop.run("sale", "S-1", "--amount", "1.00", "--card", CARD)

    assert (signed_in.exit_code, sold.exit_code) == (0, 0), (signed_in, sold)
    shown = json.loads(shop.run("journal", "show", "--json").output)
    assert [line["state"] for line in shown] == ["ACCEPTED"]


def test_host_that_is_not_trusted_any_more_gets_no_refund_and_the_journal_knows(
    shop: Shop, serve: Serve
) -> None:
    ca, other = CA(shop.folder), CA(shop.folder, "other")
    trusted, stranger = serve(ca.issue("127.0.0.1")), serve(other.issue("127.0.0.1"))
    shop.talk_to(trusted.port, "tls = true", 'ca = "ca.pem"')
    assert shop.run("sign-in", "--accept-clock").exit_code == 0

    shop.talk_to(stranger.port, "tls = true", 'ca = "ca.pem"')
    sale = shop.run("sale", "S-1", "--amount", "1.00", "--card", CARD)
    shown = json.loads(shop.run("journal", "show", "--json").output)
    refused = shop.run("sign-in", "--accept-clock")

    assert [line["state"] for line in shown] == ["NOT_SENT"]
    assert "a CA that is not trusted here" in sale.output
    assert "CA" not in json.dumps(shown)  # said to the person, not kept
    assert isinstance(refused.exception, LinkOpenError)
    assert "a CA that is not trusted here" in str(refused.exception)
    with stranger.lock:
        assert not list(stranger.host.ledger.entries())


def test_plain_host_is_not_talked_to_by_mistake(shop: Shop, serve: Serve) -> None:
    ca = CA(shop.folder)
    server = serve(ca.issue("127.0.0.1"))
    shop.talk_to(server.port)  # no TLS on our side, but on the host's

    refused = shop.run("sign-in", "--accept-clock")
    assert refused.exit_code != 0


def test_settings_are_read_as_they_stand_there(tmp_path: Path) -> None:
    host = {
        "tls": True,
        "ca": "ca.pem",
        "certificate": "till.pem",
        "key": "till.key",
        "pin": ["AB" * 32, "cd" * 32],
        "server_name": "pos.acquirer.example",
    }
    assert tls_settings(host, tmp_path) == TLSSettings(
        ca=tmp_path / "ca.pem",
        certificate=tmp_path / "till.pem",
        key=tmp_path / "till.key",
        pins=("ab" * 32, "cd" * 32),
        server_name="pos.acquirer.example",
    )
    assert tls_settings({}, tmp_path) is None
    assert tls_settings({"tls": True}, tmp_path) == TLSSettings()


@pytest.mark.parametrize(
    ("host", "named"),
    [
        ({"tls": "yes"}, "tls"),
        ({"ca": "ca.pem"}, "ca"),
        ({"tls": False, "pin": "ab" * 32}, "pin"),
        ({"tls": True, "pin": "abc"}, "pin"),
        ({"tls": True, "pin": 7}, "pin"),
        ({"tls": True, "ca": ""}, "ca"),
        ({"tls": True, "server_name": 1}, "server_name"),
        ({"tls": True, "key": "till.key"}, "key"),
    ],
)
def test_wrong_settings_are_refused_by_name(
    tmp_path: Path, host: dict[str, object], named: str
) -> None:
    with pytest.raises(ConfigError, match=named):
        tls_settings(host, tmp_path)


def test_missing_file_is_named_before_anything_is_sent(shop: Shop) -> None:
    shop.talk_to(1, "tls = true", 'ca = "absent.pem"')
    refused = shop.run("sign-in", "--accept-clock")

    assert isinstance(refused.exception, ConfigError)
    assert "absent.pem" in str(refused.exception)


def test_host_command_wants_a_certificate_that_it_can_read(shop: Shop) -> None:
    key_alone = shop.run("host", "--port", "0", "--tls-key", str(shop.config))
    no_pem = shop.run("host", "--port", "0", "--tls-cert", str(shop.config))

    assert key_alone.exit_code == 2
    assert isinstance(no_pem.exception, ConfigError)


def test_the_demo_over_tls_ends_with_equal_books(tmp_path: Path) -> None:
    log = tmp_path / "line.jsonl"
    words = ["posrefund", "demo", "--dir", str(tmp_path / "d"), "--transport", "tls"]
    words += ["--wire-log", str(log)]
    done = subprocess.run(
        [sys.executable, "-m", *words], check=False, capture_output=True, encoding="utf-8"
    )

    assert done.returncode == 0, done.stderr
    assert "(TLS)" in done.stdout
    assert "difference: ¥0.00" in done.stdout
    assert CARD not in done.stdout
    found = replay(read_log(log.read_bytes()), LengthPrefixFramer)
    types = [each.event[11:13].hex() for each in found if isinstance(each.event, bytes)]
    assert {"0800", "0810", "0200", "0210", "0220", "0230"} <= set(types)  # above TLS, readable
    assert leaks_in(log.read_bytes()) == set()
