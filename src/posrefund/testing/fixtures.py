"""Fixtures for pytest: ``pytest_plugins = ["posrefund.testing.fixtures"]`` in a ``conftest.py``. Floor 10."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from posrefund.emulators.pinpad import EmulatedPinPad
from posrefund.emulators.zvt import EmulatedZVT
from posrefund.testing.acquirer import EmulatedAcquirer
from posrefund.testing.served import ServedDevice

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["emulated_host", "emulated_pinpad", "emulated_terminal"]


@pytest.fixture
def emulated_host(tmp_path: Path) -> Iterator[EmulatedAcquirer]:
    """An emulated acquirer on a loopback port, UnionPay; ``open_terminal()`` gives a terminal of it."""
    with EmulatedAcquirer(tmp_path) as acquirer:
        yield acquirer


@pytest.fixture
def emulated_pinpad() -> Iterator[ServedDevice[EmulatedPinPad]]:
    """An emulated ABECS PIN pad with a test card and the PIN 1234, for ``AbecsPinPad(emulated_pinpad.stream)``."""
    with ServedDevice(EmulatedPinPad()) as served:
        yield served


@pytest.fixture
def emulated_terminal() -> Iterator[ServedDevice[EmulatedZVT]]:
    """An emulated ZVT terminal, for ``ZvtTerminal(emulated_terminal.stream, serial=False)``."""
    with ServedDevice(EmulatedZVT()) as served:
        yield served
