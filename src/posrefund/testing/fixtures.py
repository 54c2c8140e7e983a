"""Fixtures for pytest: ``pytest_plugins = ["posrefund.testing.fixtures"]`` in a ``conftest.py``. Floor 10."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from posrefund.testing.acquirer import EmulatedAcquirer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["emulated_host"]


@pytest.fixture
def emulated_host(tmp_path: Path) -> Iterator[EmulatedAcquirer]:
    """An emulated acquirer on a loopback port, UnionPay; ``open_terminal()`` gives a terminal of it."""
    with EmulatedAcquirer(tmp_path) as acquirer:
        yield acquirer
