"""What tests of self-checks share: a policy that asks nothing of the disk they run on, and a restart with a policy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posrefund.engine.selfcheck import SelfCheckPolicy

if TYPE_CHECKING:
    from shop import Shop

__all__ = ["GENEROUS", "reopen"]

GENEROUS = SelfCheckPolicy(space_low_bytes=1, space_full_bytes=1)


def reopen(shop: Shop, policy: SelfCheckPolicy | None = GENEROUS) -> None:
    """Restart the terminal with a policy."""
    shop.terminal.close()
    shop.checks = policy
    shop.terminal = shop.open()
