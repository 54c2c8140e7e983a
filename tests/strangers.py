"""Clients that nobody here wrote, each run in a process of its own against an emulated terminal on a pseudo terminal.

In a process of their own, for they sleep, leave ports open and turn warnings into nothing of ours. Where a package is
not installed the tests say so and skip; ``POSREFUND_REQUIRE_STRANGERS=1`` makes them fail instead.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from typing import Any

import pytest

__all__ = ["need", "run"]

_PACKAGES = {"transbank": "transbank-pos-sdk", "telium": "pyTeliumManager"}
_WITHIN_S = 30


def need(module: str) -> None:
    """Skip the test, or fail it where strangers are required, if *module* is not there."""
    if importlib.util.find_spec(module) is not None:
        return
    reason = f"{_PACKAGES[module]} is not installed: pip install 'posrefund[strangers]'"
    if os.environ.get("POSREFUND_REQUIRE_STRANGERS") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


def run(code: str, *arguments: str) -> Any:
    """Run *code*, which prints JSON as its last line, and return what it says."""
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True, text=True, timeout=_WITHIN_S, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])
