"""Cards at rest: each sealed under a key of its own, which is destroyed once its batch is closed. Floor 5."""

from __future__ import annotations

import json
import os

from posrefund.crypto import open_box, seal_box
from posrefund.values import PAN, KeptCard

__all__ = ["open_card", "seal_card"]

_ITEM_KEY_BYTES = 32


def seal_card(key: bytes, attempt_id: str, card: KeptCard) -> tuple[bytes, bytes]:
    """Return the item key, sealed under *key*, and the card, sealed under the item key."""
    context = attempt_id.encode()
    item_key = os.urandom(_ITEM_KEY_BYTES)
    clear = json.dumps([card.pan.reveal(), card.expiry]).encode("ascii")
    return seal_box(key, item_key, context=context), seal_box(item_key, clear, context=context)


def open_card(key: bytes, attempt_id: str, item_key: bytes, box: bytes) -> KeptCard:
    """Return the card.

    Raises:
        InvalidKeyError: Another key, or bytes that were touched.
    """
    context = attempt_id.encode()
    clear = open_box(open_box(key, item_key, context=context), box, context=context)
    number, expiry = json.loads(clear)
    return KeptCard(PAN(number), expiry)
