"""What somebody on the line can make of an answer to a sign-in, which has no MAC."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posrefund.dialects.capture import open_capture
from posrefund.seal import seal
from shop import UNIONPAY

if TYPE_CHECKING:
    from posrefund.crypto import KeySet
    from shop import Shop

__all__ = ["MESSAGE_AT", "body_of", "forge", "key_block_of", "recording", "resealed"]

MESSAGE_AT = 11
"""TPDU and header stand before it."""


def body_of(message: bytes) -> bytes:
    return message[MESSAGE_AT:]


def key_block_of(reply: bytes) -> str:
    """DE62 of a sign-in answer that was recorded."""
    return open_capture(reply, UNIONPAY).fields["62"]


def forge(shop: Shop, *, batch: str = "", **fields: str) -> None:
    """Let the answers of the next sign-in hold other fields (``de62=…``), until ``shop.link.on_reply`` is None."""

    def change(reply: bytes) -> bytes:
        held = open_capture(reply, UNIONPAY).fields
        if held["t"] != "0810":
            return reply
        new = {**held, **{name.removeprefix("de"): value for name, value in fields.items()}}
        if batch:
            new["60"] = held["60"][:2] + batch + held["60"][8:]
        return reply[:MESSAGE_AT] + UNIONPAY.codec.encode(new)

    shop.link.on_reply = change


def resealed(reply: bytes, keys: KeySet) -> bytes:
    """The same answer, its MAC made anew under *keys*."""
    fields = open_capture(reply, UNIONPAY).fields
    return reply[:MESSAGE_AT] + seal(fields, UNIONPAY, keys)


def recording(shop: Shop) -> list[bytes]:
    """Record every reply from now on."""
    heard: list[bytes] = []

    def keep(reply: bytes) -> bytes:
        heard.append(reply)
        return reply

    shop.link.on_reply = keep
    return heard
