"""Cards at rest: each sealed under a key of its own, which is destroyed once its batch is closed. Floor 5."""

from __future__ import annotations

import hmac
import json
import os
from typing import TYPE_CHECKING

from posrefund.crypto import open_box, seal_box
from posrefund.values import PAN, KeptCard

if TYPE_CHECKING:
    from posrefund.values.card import Secret

__all__ = ["fingerprint_of", "open_card", "seal_card"]

_ITEM_KEY_BYTES = 32
_FINGERPRINT_DIGITS = 32


def fingerprint_of(key: bytes, secret: Secret | None) -> str:
    """Return the digest by which *secret* is known again; empty of none.

    A code or a voucher with the digits of some card gets another one: its label stands before it.
    """
    if secret is None:
        return ""
    digest = hmac.digest(key, f"{secret.label}{secret.reveal()}".encode(), "sha256")
    return digest.hex()[:_FINGERPRINT_DIGITS]


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
