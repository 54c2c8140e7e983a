"""A shop whose terminal moves into an event loop."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from shop import Shop, sale

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """10:00 of day 1, a sale S-1 of ¥128.00 on day 0; the terminal in a thread is put away."""
    made = Shop(tmp_path)
    made.terminal.sale(sale("S-1", 12_800))
    made.to(1, 10)
    made.terminal.close()
    yield made
    made.terminal.close()
