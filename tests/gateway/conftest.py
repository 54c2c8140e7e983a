"""The shop of the doors: 10:00 of day 1, a sale S-1 of ¥128.00 on day 0, no terminal open."""

from __future__ import annotations

from aio.conftest import shop

__all__ = ["shop"]
