"""Fixtures for tests of the whole terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from shop import Shop, sale
from terminal.checking import reopen

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """A signed-in terminal at 14:05 host time of day 0."""
    made = Shop(tmp_path)
    yield made
    made.terminal.close()


@pytest.fixture
def next_day(shop: Shop) -> Shop:
    """The same, with a sale S-1 of ¥128.00 on day 0, at 10:00 of day 1."""
    shop.terminal.sale(sale("S-1", 12_800))
    shop.to(1, 10)
    return shop


@pytest.fixture
def checked(shop: Shop) -> Shop:
    """A terminal that refunds only after a good self-check."""
    reopen(shop)
    return shop
