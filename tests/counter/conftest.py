"""A shop with sales of yesterday, and a clerk at its counter."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from counter.desk import Clerk
from shop import CHIP, OTHER_CHIP, Shop, sale

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """10:00 of day 1; on day 0 the first card paid ¥128.00 and ¥30.00, the second ¥66.60."""
    made = Shop(tmp_path)
    made.terminal.sale(sale("S-1", 12_800, CHIP))
    made.terminal.sale(sale("S-2", 3_000, CHIP))
    made.terminal.sale(sale("S-3", 6_660, OTHER_CHIP))
    made.to(1, 10)
    yield made
    made.terminal.close()


@pytest.fixture
def clerk(shop: Shop) -> Clerk:
    """At its menu."""
    return Clerk(shop.terminal)
