"""``seal`` and ``unseal``: fields to protected bytes, bytes to fields and a verdict. Floor 4."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posrefund.crypto import mac, verify
from posrefund.errors import DecodeError, EncodeError, MACMismatchError
from posrefund.values import MACVerdict, Received

if TYPE_CHECKING:
    from collections.abc import Mapping

    from posrefund.crypto import KeySet
    from posrefund.dialects import Dialect

__all__ = ["seal", "unseal"]

_MAC_FIELD = "64"
_MAC_BYTES = 8


def seal(fields: Mapping[str, str], dialect: Dialect, keys: KeySet | None) -> bytes:
    """Return the bytes of a message, its MAC at the end when *fields* hold DE64.

    Args:
        fields: ``"t"`` and the fields; the value of ``"64"`` is only a place to fill.
        dialect: Whose encoding and MAC rule apply.
        keys: Working keys; None only for messages without a MAC.

    Raises:
        EncodeError: A value does not fit its field, or a MAC is asked for without keys.
    """
    if _MAC_FIELD not in fields:
        return dialect.codec.encode(fields)
    if keys is None:
        raise EncodeError("DE64", "a MAC key: sign in first")
    unsealed = dialect.codec.encode({**fields, _MAC_FIELD: "00" * _MAC_BYTES})[:-_MAC_BYTES]
    return unsealed + mac(keys.mak, unsealed, dialect.mac)


def unseal(body: bytes, dialect: Dialect, keys: KeySet | None) -> Received:
    """Take a message apart and say whether its MAC fits. Never raises on what a peer sent."""
    try:
        fields = dialect.codec.decode(body)
    except DecodeError as refusal:
        return Received({}, "absent", refusal, len(body))
    return Received(fields, _verdict(fields, body, dialect, keys), None, len(body))


def _verdict(
    fields: Mapping[str, str], body: bytes, dialect: Dialect, keys: KeySet | None
) -> MACVerdict:
    if _MAC_FIELD not in fields:
        return "absent"
    if keys is None:
        return "no_key"
    try:
        verify(keys.mak, body[:-_MAC_BYTES], body[-_MAC_BYTES:], dialect.mac)
    except MACMismatchError:
        return "wrong"
    return "valid"
