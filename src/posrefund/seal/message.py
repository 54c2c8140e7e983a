"""``seal`` and ``unseal``: fields to protected bytes, bytes to fields and a verdict. Floor 4."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posrefund.crypto import mac, verify
from posrefund.dialects.definition import MAC_BYTES, MAC_FIELDS, MAC_PLACE
from posrefund.errors import DecodeError, EncodeError, MACMismatchError
from posrefund.values import MACVerdict, Received

if TYPE_CHECKING:
    from collections.abc import Mapping

    from posrefund.crypto import KeySet
    from posrefund.dialects import Dialect

__all__ = ["seal", "unseal"]


def seal(fields: Mapping[str, str], dialect: Dialect, keys: KeySet | None) -> bytes:
    """Return the bytes of a message, its MAC at the end when *fields* hold DE64 or DE128.

    Args:
        fields: ``"t"`` and the fields; the value of the MAC field is only a place to fill.
        dialect: Whose encoding and MAC rule apply.
        keys: Working keys; None only for messages without a MAC.

    Raises:
        EncodeError: A value does not fit its field, a MAC is asked for without keys, or not in the
            last field.
        InvalidKeyError: The dialect's MAC rule does not take the key: sign in again.
        KeyUsageError: The keys are those of a sign-in that is over: they only verify.
    """
    mac_field = _mac_field(fields)
    if mac_field is None:
        return dialect.codec.encode(fields)
    if keys is None:
        raise EncodeError(f"DE{mac_field}", "a MAC key: sign in first")
    if not _is_last(mac_field, fields):
        raise EncodeError(f"DE{mac_field}", "no field after the MAC")
    whole = dialect.codec.encode({**fields, mac_field: MAC_PLACE})
    unsealed = whole[: -dialect.mac_width]
    tag = mac(keys.mak, unsealed, dialect.mac)
    return unsealed + (tag if dialect.mac_width == MAC_BYTES else tag.hex().upper().encode("ascii"))


def unseal(body: bytes, dialect: Dialect, keys: KeySet | None) -> Received:
    """Take a message apart and say whether its MAC fits. Never raises on what a peer sent.

    Args:
        body: From the MTI on.
        dialect: Whose encoding and MAC rule apply.
        keys: Of the sign-in that the message it answers was sent under, and no other; to verify is enough.
    """
    try:
        fields = dialect.codec.decode(body)
    except DecodeError as refusal:
        return Received({}, "absent", refusal, len(body))
    verdict = _verdict(fields, body, dialect, keys)
    judged_by = keys.key_set_id if keys and verdict in ("valid", "wrong") else ""
    return Received(fields, verdict, None, len(body), judged_by)


def _verdict(
    fields: Mapping[str, str], body: bytes, dialect: Dialect, keys: KeySet | None
) -> MACVerdict:
    mac_field = _mac_field(fields)
    if mac_field is None:
        return "absent"
    if keys is None:
        return "no_key"
    try:
        tag = bytes.fromhex(fields[mac_field])
        verify(keys.mak, body[: -dialect.mac_width], tag, dialect.mac)
    except (MACMismatchError, ValueError):  # text that is no hexadecimal, a key of another rule
        return "wrong"
    return "valid" if _is_last(mac_field, fields) else "wrong"


def _mac_field(fields: Mapping[str, str]) -> str | None:
    """The field the MAC stands in, where there is one: the last of the two."""
    return next((name for name in reversed(MAC_FIELDS) if name in fields), None)


def _is_last(mac_field: str, fields: Mapping[str, str]) -> bool:
    return all(int(name) <= int(mac_field) for name in fields if name.isdigit())
