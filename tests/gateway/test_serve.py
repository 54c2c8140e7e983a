"""``posrefund serve`` as whoever runs it sees it: TLS, a stop with care, one bad terminal among three, one line to begin."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from typer.testing import CliRunner

from gateway.fleet_site import SECRET, DoorProcess, Site, ask, ready, refund_of
from posrefund.cli import serve_loop
from posrefund.cli.app import app
from posrefund.cli.demo_certificate import make_certificate
from posrefund.cli.serve_settings import serve_settings
from posrefund.cli.token_file import write_tokens
from posrefund.emulators.host import Fault
from posrefund.errors import ConfigError
from posrefund.gateway import Token, digest_of
from posrefund.gateway.kept import Standing, TerminalState

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FILES = 'file = "{id}.db"'
pytestmark = pytest.mark.slow


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path, 3, FILES)
    yield made
    made.server.close()


@pytest.fixture
def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        return port


async def health(address: tuple[str, int]) -> dict[str, dict[str, Any]]:
    reply = await ask(address, "GET", "/v1/health")
    assert reply is not None
    return {each["terminal"]: each for each in reply.data["terminals"]}


async def known(address: tuple[str, int]) -> None:
    """Wait until the token is one of the door's."""
    async with asyncio.timeout(20):
        while (reply := await ask(address, "GET", "/v1/health")) and reply.status == 401:
            await asyncio.sleep(0.05)
    assert reply is not None
    assert reply.status == 200


def refund_in_time(door: DoorProcess, *wish: Any) -> Any:
    reply = asyncio.run(ask(door.address, "POST", *refund_of(*wish)))
    assert reply is not None
    return reply.status, reply.data.get("type")


# --- one line --------------------------------------------------------------------------------------


def test_settings_of_one_terminal_are_a_door(tmp_path: Path) -> None:
    site = Site(tmp_path, 1, FILES)
    text = site.config.read_text().replace("{id}", "00000001")
    head, _, rest = text.partition("[profile]")
    shared, _, _ = rest.partition("[[terminals]]")
    config = tmp_path / "posrefund.toml"
    config.write_text(f'[terminal]\nid = "00000001"\n[profile]{shared}')
    settings = serve_settings(config)
    assert (settings.host, settings.port, len(settings.terminals)) == ("127.0.0.1", 8080, 1)
    assert settings.tokens == tmp_path / "tokens.toml"
    config.write_text(f"{head}{config.read_text()}")  # a free port, for this test

    with DoorProcess(config) as door:
        asyncio.run(ready(door.address, 1))
        assert refund_in_time(door, "00000001", "R-1", 500) == (200, "Approved")
    assert site.refunded() == [500]
    assert door.errors().splitlines() == ["terminal 00000001: open", "terminal 00000001: closed"]
    site.server.close()


def test_whoever_waits_for_the_line_that_it_listens_may_ask_at_once(site: Site) -> None:
    with DoorProcess(site.config) as door:
        assert refund_in_time(door, "00000003", "R-1", 300) == (200, "Approved")
        assert refund_in_time(door, "00000001", "R-2", 100) == (200, "Approved")
        assert door.said.splitlines() == [
            "opening 3 terminals …",
            f"door of 3 terminals on {door.url}; Ctrl-C stops it",
        ]


def test_terminal_that_could_not_be_opened_is_named_before_it_says_that_it_listens(
    site: Site,
) -> None:
    (site.folder / "00000002.json").chmod(0o644)
    with DoorProcess(site.config) as door:
        opening, closed, listens = door.said.splitlines()
        assert refund_in_time(door, "00000003", "R-1", 300) == (200, "Approved")
    assert opening == "opening 3 terminals …"
    assert closed.startswith(
        "  not open: 00000002: failed (ConfigError: the key file 00000002.json"
    )
    assert listens == f"door of 3 terminals, 2 open, on {door.url}; Ctrl-C stops it"


HANGING = """
import sys, threading
from posrefund.cli import serve_loop
from posrefund.cli.serve_settings import serve_settings
from posrefund.cli.serve_terminals import Openings

is_told, openings = threading.Event(), Openings._open

def opening(self, plan):
    if plan.settings.terminal == "00000001":
        assert is_told.wait(60)
    return openings(self, plan)

Openings._open = opening
serve_loop._PATIENCE_S = 4.0
threading.Thread(target=lambda: (sys.stdin.read(), is_told.set()), daemon=True).start()
serve_loop.serve_until_stopped(serve_settings(__import__("pathlib").Path(sys.argv[1])))
"""


def test_terminal_that_hangs_holds_up_neither_the_line_nor_who_asks_meanwhile(
    site: Site, free_port: int
) -> None:
    config = site.write("hanging.toml", listen=f"127.0.0.1:{free_port}")
    with subprocess.Popen(
        [sys.executable, "-c", HANGING, str(config)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "COLUMNS": "200"},
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            assert child.stdout.readline() == "opening 3 terminals …\n"
            with httpx.Client(base_url=f"http://127.0.0.1:{free_port}") as http:
                assert http.get("/health").status_code == 200  # before it says that it listens
            assert child.stdout.readline() == "  not open: 00000001: opening\n"
            assert child.stdout.readline().startswith("door of 3 terminals, 2 open, on http://")
            reply = asyncio.run(
                ask(("127.0.0.1", free_port), "POST", *refund_of("00000003", "R-1", 300))
            )
            assert reply is not None
            assert reply.status == 200
            child.stdin.close()
            child.terminate()
            assert child.wait(30) == 0
        finally:
            child.kill()


def test_door_that_is_stopped_while_it_opens_its_terminals_ends(site: Site) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "posrefund", "serve", "--config", str(site.config)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "COLUMNS": "200"},
    ) as child:
        assert child.stdout is not None
        try:
            assert child.stdout.readline() == "opening 3 terminals …\n"
            child.terminate()
            assert child.wait(30) == 0
        finally:
            child.kill()


def test_door_of_many_names_ten_of_those_that_are_not_open(
    capsys: pytest.CaptureFixture[str],
) -> None:
    standings = [
        Standing(
            f"{n:08d}", TerminalState.ELSEWHERE if n else TerminalState.OPEN, "", 0.0, None, ""
        )
        for n in range(14)
    ]
    serve_loop._say_started("http://127.0.0.1:1", standings)

    said = capsys.readouterr().out.splitlines()
    assert said[0] == "  not open: 00000001: elsewhere"
    assert said[9:] == [
        "  not open: 00000010: elsewhere",
        "  … and 3 more; /v1/health names them",
        "door of 14 terminals, 1 open, on http://127.0.0.1:1; Ctrl-C stops it",
    ]


def test_door_without_tokens_says_how_to_make_one(site: Site) -> None:
    (site.folder / "tokens.toml").unlink()
    with DoorProcess(site.config) as door:
        assert door.said.startswith("Nobody may ask yet: ")
        assert "posrefund tokens add till-1 --role till" in door.said
        reply = asyncio.run(ask(door.address, "GET", "/v1/health"))
        assert reply is not None
        assert reply.status == 401
        write_tokens(site.folder / "tokens.toml", [Token("till", "admin", digest_of(SECRET))])
        asyncio.run(known(door.address))
    assert "tokens read anew: 1" in door.errors()


def test_address_in_use_is_said_in_a_sentence(site: Site) -> None:
    with DoorProcess(site.config) as door:
        taken = site.write("again.toml", listen=f"127.0.0.1:{door.address[1]}")
        result = CliRunner().invoke(app, ["serve", "--config", str(taken)])
    assert isinstance(result.exception, ConfigError)
    assert str(result.exception).startswith(f"cannot listen on 127.0.0.1:{door.address[1]}: ")


# --- TLS and the end -------------------------------------------------------------------------------


def test_door_speaks_tls_and_nothing_older_than_1_2(site: Site) -> None:
    certificate, key = make_certificate(site.folder, "127.0.0.1")
    config = site.write("tls.toml", certificate=certificate.name, key=key.name)
    trust = ssl.create_default_context(cafile=certificate)
    with DoorProcess(config) as door:
        assert door.url.startswith("https://127.0.0.1:")
        with httpx.Client(verify=trust, base_url=door.url) as http:
            assert http.get("/ready").status_code in (200, 503)
            refused = http.get("/v1/health")
            assert refused.status_code == 401
            found = http.get("/metrics", headers={"Authorization": f"Bearer {SECRET}"})
            assert found.status_code == 200
        with pytest.raises(httpx.HTTPError):
            httpx.get(f"http://127.0.0.1:{door.address[1]}/ready")
        old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        old.load_verify_locations(certificate)
        old.set_ciphers("ALL:@SECLEVEL=0")
        with pytest.warns(DeprecationWarning, match="TLSv1_1"):
            old.maximum_version = ssl.TLSVersion.TLSv1_1
        with httpx.Client(verify=old, base_url=door.url) as http, pytest.raises(httpx.HTTPError):
            http.get("/ready")


def test_certificate_that_is_none_ends_it_at_once(site: Site) -> None:
    (site.folder / "none.pem").write_text("no certificate")
    config = site.write("tls.toml", certificate="none.pem")
    result = CliRunner().invoke(app, ["serve", "--config", str(config)])
    assert isinstance(result.exception, ConfigError)
    assert "certificate" in str(result.exception)


def test_answer_under_way_is_delivered_when_the_door_is_stopped(site: Site) -> None:
    is_out = threading.Event()
    respond = site.host.respond

    def seen(message: bytes) -> Any:
        delivery = respond(message)
        is_out.set()
        return delivery

    async def story(door: DoorProcess) -> None:
        await ready(door.address, 3)
        site.host.faults.add(Fault("delay", mti="0220", seconds=1.5))
        is_out.clear()
        site.host.respond = seen  # type: ignore[method-assign]
        asked = asyncio.create_task(ask(door.address, "POST", *refund_of("00000001", "R-1", 700)))
        await asyncio.to_thread(is_out.wait, 20)
        door.terminate()
        reply = await asked
        assert reply is not None
        assert (reply.status, reply.data["type"]) == (200, "Approved")
        with pytest.raises(OSError, match=r".*"):
            await ask(door.address, "GET", "/ready")

    with DoorProcess(site.config) as door:
        asyncio.run(story(door))
        assert door.wait() == 0
    assert site.refunded() == [700]
    for terminal in site.terminals():
        assert terminal.journal.open_attempts() == []
        assert not terminal.journal.unclean_since


def test_stop_ends_who_listens_to_events_and_does_not_wait_for_him(site: Site) -> None:
    async def story(door: DoorProcess) -> None:
        await ready(door.address, 3)
        reader, writer = await asyncio.open_connection(*door.address)
        asked = f"GET /v1/events HTTP/1.1\r\nHost: door\r\nAuthorization: Bearer {SECRET}\r\n\r\n"
        writer.write(asked.encode())
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        door.terminate()
        async with asyncio.timeout(20):
            await reader.read()
        writer.close()

    with DoorProcess(site.config) as door:
        asyncio.run(story(door))
        assert door.wait(20) == 0  # by the timers it may wait for 47 s


# --- one bad terminal ------------------------------------------------------------------------------


def test_one_bad_terminal_of_three_keeps_no_other_from_working_and_is_opened_once_it_is_mended(
    site: Site,
) -> None:
    keys = site.folder / "00000002.json"
    keys.chmod(0o644)

    async def story(address: tuple[str, int]) -> None:
        await ready(address, 2)
        for name in ("00000001", "00000003"):
            reply = await ask(address, "POST", *refund_of(name, f"R-{name}", 100))
            assert reply is not None
            assert reply.data["type"] == "Approved"
        bad = await ask(address, "POST", *refund_of("00000002", "R-2", 100))
        assert bad is not None
        assert (bad.status, bad.data["error"]["code"]) == (503, "terminal_not_open")
        assert bad.data["error"]["effect"] == "nothing_sent"
        unknown = await ask(address, "POST", *refund_of("00000009", "R-9", 100))
        assert unknown is not None
        assert unknown.status == 404
        found = await health(address)
        assert {name: each["state"] for name, each in found.items()} == {
            "00000001": "open",
            "00000002": "failed",
            "00000003": "open",
        }
        assert "may be read by others" in found["00000002"]["reason"]
        keys.chmod(0o600)
        await ready(address, 3)
        mended = await ask(address, "POST", *refund_of("00000002", "R-2", 100))
        assert mended is not None
        assert mended.data["type"] == "Approved"

    with DoorProcess(site.config) as door:
        asyncio.run(story(door.address))
    assert site.refunded() == [100, 100, 100]


def test_a_door_goes_on_when_nobody_reads_what_it_says(tmp_path: Path) -> None:
    script = """
import os, time
from posrefund.cli.serve_loop import _tell
from posrefund.gateway.kept import Standing, TerminalState
read, write = os.pipe()
os.dup2(write, 2)
os.close(read)
os.close(write)
for _ in range(2):
    _tell(Standing("00000001", TerminalState.OPEN, "", time.time(), None, ""))
os._exit(7)
"""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    ended = subprocess.run([sys.executable, "-c", script], env=env, cwd=tmp_path, check=False)
    assert ended.returncode == 7


def test_terminals_in_one_file_give_back_each_others_sales_under_one_key(tmp_path: Path) -> None:
    site = Site(tmp_path, 2, 'fleet = "fleet.db"\nkey_of = "00000002"', in_fleet=True)

    async def story(address: tuple[str, int]) -> None:
        await ready(address, 2)
        path, body = refund_of("00000001", "R-1", 400)
        reply = await ask(address, "POST", path.replace("00000001", "00000002"), body)
        assert reply is not None
        assert reply.data["type"] == "Approved"

    with DoorProcess(site.config) as door:
        asyncio.run(story(door.address))
    assert site.refunded() == [400]
    site.server.close()


def test_metrics_are_open_to_everybody_only_where_that_is_said(site: Site) -> None:
    def seen(config: Path) -> tuple[int, int]:
        with DoorProcess(config) as door, httpx.Client(base_url=door.url) as http:
            return http.get("/metrics").status_code, http.get("/v1/health").status_code

    assert seen(site.config) == (401, 401)
    assert seen(site.write("open.toml", metrics_open=True)) == (200, 401)
