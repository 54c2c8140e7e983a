"""The demonstration's host: a process of its own, steered over its standard input. Floor 11."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any, Self

from posrefund.errors import ConfigError

if TYPE_CHECKING:
    from datetime import date, datetime
    from pathlib import Path

__all__ = ["HostProcess"]


class HostProcess:
    """``posrefund host --control``, started and stopped with this object; *batch* is its open one."""

    def __init__(
        self,
        config: Path,
        ledger: Path,
        tls: tuple[Path, Path] | None = None,
        *,
        batch: str = "000007",
    ) -> None:
        command = [sys.executable, "-m", "posrefund", "host", "--control", "--port", "0"]
        if tls is not None:
            command += ["--tls-cert", str(tls[0]), "--tls-key", str(tls[1])]
        self._process = subprocess.Popen(  # noqa: S603 — ourselves, with our own words
            [*command, "--config", str(config), "--ledger", str(ledger), "--batch", batch],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
            start_new_session=True,  # a Ctrl-C is ours: what is out is still answered while we stop
        )
        self.port = int(self._read()["listening"][1])

    @property
    def pid(self) -> int:
        """Process number, to show that it is another one."""
        return self._process.pid

    def set_clock(self, moment: datetime) -> None:
        """Set the host's clock; it runs on from there."""
        self._ask(clock=moment.isoformat())

    def lose_next_answer(self, mti: str) -> None:
        """Let the host book the next *mti* and never answer it."""
        self._ask(fault={"kind": "drop_reply", "mti": mti})

    def close_batch(self, terminal: str) -> str:
        """Close the terminal's batch on the host's side; return the new one."""
        return str(self._ask(close_batch=terminal)["batch"])

    def ledger(self) -> list[dict[str, Any]]:
        """Return the host's own books, card numbers masked."""
        entries: list[dict[str, Any]] = self._ask(ledger=True)["ledger"]
        return entries

    def write_settlement_file(self, day: date, path: Path) -> None:
        """Let the host write its settlement file of *day*."""
        self._ask(settlement_file=day.isoformat(), path=str(path))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()  # the end of its commands is the end of the host
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _ask(self, **command: object) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        answer = self._read()
        if "error" in answer:
            raise ConfigError(f"the host refused a command: {answer['error']}")
        return answer

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise ConfigError("the emulated host did not start")
        answer: dict[str, Any] = json.loads(line)
        return answer
