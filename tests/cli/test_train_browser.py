"""``posrefund train --browser`` as a child: an address to open, a refund by keys, the host's books, and a Ctrl-C."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import typer
from typer.testing import CliRunner

from posrefund.cli.app import app
from posrefund.cli.demo_host import HostProcess
from posrefund.cli.train import train
from posrefund.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

posix = pytest.mark.skipif(sys.platform == "win32", reason="process groups and SIGINT")
TO_THE_SLIP: tuple[dict[str, Any], ...] = (
    *({"key": "1"},) * 3,  # refund, the first card, its sale
    {"text": "28.00"},
    {"key": "enter"},
    {"key": "1"},  # signed on paper, and sent
)


@contextmanager
def training(folder: Path, *words: str) -> Iterator[tuple[subprocess.Popen[str], str, list[str]]]:
    """Lend the child in a process group of its own, the address it says, and what it said before."""
    with subprocess.Popen(
        [sys.executable, "-m", "posrefund", "train", str(folder), "--browser", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "COLUMNS": "60"},
        start_new_session=True,
    ) as child:
        assert child.stdout is not None
        said: list[str] = []
        try:
            while "/counter#" not in (line := child.stdout.readline()):
                assert line, said
                said.append(line.strip())
            yield child, line.strip(), said
        finally:
            child.kill()


class Clerk:
    """Somebody in front of a browser, as a program: it knows the address, and nothing else."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        self.said = {name: values[0] for name, values in parse_qs(parts.fragment).items()}
        self.http = httpx.Client(
            base_url=f"{parts.scheme}://{parts.netloc}",
            headers={"Authorization": f"Bearer {self.said['token']}"},
            timeout=30,
        )
        self._at = f"/v1/terminals/{self.said['terminal']}/counter"

    def sit(self) -> dict[str, Any]:
        return self._settled(self.http.post(self._at, json={"language": self.said["lang"]}))

    def act(self, shown: dict[str, Any], what: dict[str, Any]) -> dict[str, Any]:
        body = {"version": shown["version"], **what}
        return self._settled(self.http.post(f"{self._at}/{shown['seat']}", json=body))

    def _settled(self, answer: httpx.Response) -> dict[str, Any]:
        while True:
            assert answer.status_code == 200, answer.text
            shown: dict[str, Any] = answer.json()
            if not shown["screen"]["is_busy"]:
                return shown
            after = {"after": shown["version"]}
            answer = self.http.get(f"{self._at}/{shown['seat']}", params=after)


def refunds(folder: Path) -> list[int]:
    """What the host has booked, by its own file."""
    books = json.loads((folder / "host-ledger.json").read_text(encoding="utf-8"))
    return [each["amount_minor"] for each in books["entries"] if each["kind"] == "refund"]


@posix
@pytest.mark.slow
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_refund_is_made_in_a_browser_after_one_command(tmp_path: Path, lang: str) -> None:
    folder = tmp_path / "lessons"
    with training(folder, "--lang", lang) as (child, address, said):
        assert "LESSON-1" in " ".join(said)
        assert re.match(r"http://127\.0\.0\.1:[0-9]+/counter#terminal=TRAINING&token=prt_", address)
        clerk = Clerk(address)
        assert clerk.said["lang"] == lang
        with clerk.http as http:
            assert "<title>" in http.get("/counter").text
            shown = clerk.sit()
            assert shown["screen"]["watermark"] == "培训 TRAINING 无效"
            *to_the_last_look, signed = TO_THE_SLIP
            for step in to_the_last_look:
                shown = clerk.act(shown, step)
            shown = clerk.act(shown, {"key": "4"})
            link = urlsplit(shown["screen"]["picture"])
            assert address.startswith(f"{link.scheme}://{link.netloc}/")  # of this machine
            name = {"strokes": [[[20, 60], [90, 20], [160, 70]]]}
            with httpx.Client(base_url=f"{link.scheme}://{link.netloc}") as phone:
                assert phone.get(f"{link.path}/wanted").json()["watermark"] == "培训 TRAINING 无效"
                assert phone.post(link.path, json=name).status_code == 200
            shown = clerk.act(shown, {"key": "esc"})  # too late: what the customer did came first
            assert not shown["is_taken"]
            assert shown["signature"]
            shown = clerk.act(shown, signed)
            assert shown["screen"]["name"] == "slip"
        os.killpg(child.pid, signal.SIGINT)  # as a terminal does
        assert child.wait(30) == 0

    assert refunds(folder) == [2_800]
    assert len([*(folder / "signatures").iterdir()]) == 1
    kept = b"".join(path.read_bytes() for path in folder.iterdir() if path.is_file())
    assert clerk.said["token"].encode() not in kept
    assert not (folder / "tokens.toml").exists()


@posix
@pytest.mark.slow
def test_ctrl_c_of_a_terminal_does_not_reach_the_host(tmp_path: Path) -> None:
    """It would be gone before the answer that a refund still waits for."""
    folder = tmp_path / "lessons"
    train(folder, once=True)
    with HostProcess(folder / "posrefund.toml", folder / "host-ledger.json") as host:
        assert os.getpgid(host.pid) != os.getpgid(0)


@posix
@pytest.mark.slow
def test_practice_goes_on_with_another_token(tmp_path: Path) -> None:
    folder = tmp_path / "lessons"
    addresses = []
    for _ in range(2):
        with training(folder) as (child, address, _):
            addresses.append(address)
            child.send_signal(signal.SIGTERM)
            assert child.wait(30) == 0

    first, second = (Clerk(address).said["token"] for address in addresses)
    assert first != second


def test_without_the_extra_it_says_what_to_install_and_makes_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("posrefund.cli.http_extra.find_spec", lambda _: None)
    with pytest.raises(ConfigError, match=r"pip install 'posrefund\[http\]'"):
        train(tmp_path / "lessons", browser=True)
    assert list(tmp_path.iterdir()) == []


def test_once_and_a_browser_are_not_both_possible(tmp_path: Path) -> None:
    with pytest.raises(typer.BadParameter, match="either"):
        train(tmp_path / "lessons", browser=True, once=True)
    assert list(tmp_path.iterdir()) == []


def test_port_that_is_none_is_refused(tmp_path: Path) -> None:
    words = ["train", str(tmp_path / "lessons"), "--browser", "--port", "65536"]
    assert CliRunner().invoke(app, words).exit_code == 2
    assert list(tmp_path.iterdir()) == []
