"""The terminal of a shop, in an event loop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from posrefund.aio import AsyncTerminal
from posrefund.journal import SQLiteJournal
from shop import MERCHANT, TERMINAL, UNIONPAY, Shop

if TYPE_CHECKING:
    from posrefund.aio import AsyncLink


def till(shop: Shop, link: AsyncLink, **more: Any) -> AsyncTerminal:
    """Open the shop's terminal over *link*, its journal and keys as they are."""
    keystore = shop.open_keys()
    journal = SQLiteJournal(shop.folder / "journal.db", key=keystore.journal_key, terminal=TERMINAL)
    settings: dict[str, Any] = {"dialect": UNIONPAY, "clock": shop.clock} | more
    return AsyncTerminal(
        TERMINAL, MERCHANT, keystore=keystore, journal=journal, link=link, **settings
    )
