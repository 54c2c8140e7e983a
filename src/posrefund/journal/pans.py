"""Card numbers at rest: each sealed under a key of its own, which is destroyed at batch close. Floor 5."""

from __future__ import annotations

import os

from posrefund.crypto import open_box, seal_box
from posrefund.values import PAN

__all__ = ["open_pan", "seal_pan"]

_ITEM_KEY_BYTES = 32


def seal_pan(key: bytes, attempt_id: str, pan: PAN) -> tuple[bytes, bytes]:
    """Return the item key, sealed under *key*, and the number, sealed under the item key."""
    context = attempt_id.encode()
    item_key = os.urandom(_ITEM_KEY_BYTES)
    box = seal_box(item_key, pan.reveal().encode("ascii"), context=context)
    return seal_box(key, item_key, context=context), box


def open_pan(key: bytes, attempt_id: str, item_key: bytes, box: bytes) -> PAN:
    """Return the number.

    Raises:
        InvalidKeyError: Another key, or bytes that were touched.
    """
    context = attempt_id.encode()
    return PAN(
        open_box(open_box(key, item_key, context=context), box, context=context).decode("ascii")
    )
