"""``seal`` and ``unseal``: fields to protected bytes, bytes to fields and a verdict. Floor 4."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posrefund.closed import closed
from posrefund.crypto import encrypt_track, mac, verify
from posrefund.dialects.definition import MAC_BYTES, MAC_FIELDS, MAC_PLACE
from posrefund.errors import DecodeError, EncodeError, InvalidKeyError, MACMismatchError
from posrefund.framing import Envelope
from posrefund.values import MACVerdict, Received

if TYPE_CHECKING:
    from collections.abc import Mapping

    from posrefund.crypto import KeySet
    from posrefund.dialects import Dialect

__all__ = ["seal", "unseal"]

_TRACKS = ("35", "36")
_BEHIND = {
    name: frozenset(str(number) for number in range(int(name) + 1, 129)) for name in MAC_FIELDS
}
"""Fields that would stand behind a MAC."""
NO_ENVELOPE = Envelope(b"", b"")
"""Nothing before the MTI, or nothing of it under the MAC."""


@closed
def seal(
    fields: Mapping[str, str],
    dialect: Dialect,
    keys: KeySet | None,
    envelope: Envelope = NO_ENVELOPE,
) -> bytes:
    """Return the bytes of a message, its MAC at the end when *fields* hold DE64 or DE128.

    Where the dialect sends tracks encrypted, DE35 and DE36 are given clear and leave with one block under
    the TDK; a clear track is never sent then.

    Args:
        fields: ``"t"`` and the fields; the value of the MAC field is only a place to fill.
        dialect: Whose encoding and MAC rule apply.
        keys: Working keys; None only for messages without a MAC.
        envelope: What will stand before it, for a dialect whose MAC covers that, too.

    Raises:
        EncodeError: A value does not fit its field, a MAC is asked for without keys, or not in the
            last field.
        InvalidKeyError: The dialect's MAC rule does not take the key, or there is a track to encrypt and no
            TDK: sign in again.
        KeyUsageError: The keys are those of a sign-in that is over: they only verify.
    """
    fields = _with_tracks(fields, dialect, keys)
    mac_field = _mac_field(fields)
    if mac_field is None:
        return dialect.codec.encode(fields)
    if keys is None:
        raise EncodeError(f"DE{mac_field}", "a MAC key: sign in first")
    if not _is_last(mac_field, fields):
        raise EncodeError(f"DE{mac_field}", "no field after the MAC")
    whole = dialect.codec.encode({**fields, mac_field: MAC_PLACE})
    unsealed = whole[: -dialect.mac_width]
    covered = _before(dialect, envelope) + unsealed
    tag = mac(keys.mak, covered, dialect.mac).ljust(MAC_BYTES, b"\0")
    return unsealed + (tag if dialect.mac_width == MAC_BYTES else tag.hex().upper().encode("ascii"))


def _with_tracks(
    fields: Mapping[str, str], dialect: Dialect, keys: KeySet | None
) -> Mapping[str, str]:
    tracks = [name for name in _TRACKS if name in fields]
    if dialect.tracks == "clear" or not tracks:
        return fields
    if keys is None or keys.tdk is None:
        raise InvalidKeyError("the keys of the last sign-in have no TDK, and tracks go encrypted")
    return {**fields, **{name: encrypt_track(keys.tdk, fields[name]) for name in tracks}}


@closed
def unseal(
    body: bytes, dialect: Dialect, keys: KeySet | None, envelope: Envelope = NO_ENVELOPE
) -> Received:
    """Take a message apart and say whether its MAC fits. Never raises on what a peer sent.

    Args:
        body: From the MTI on.
        dialect: Whose encoding and MAC rule apply.
        keys: Of the sign-in that the message it answers was sent under, and no other; to verify is enough.
        envelope: What stood before it, for a dialect whose MAC covers that, too.
    """
    try:
        fields = dialect.codec.decode(body)
    except DecodeError as refusal:
        return Received({}, "absent", refusal.with_traceback(None), len(body))
    covered = _before(dialect, envelope) + body[: -dialect.mac_width]
    verdict = _verdict(fields, covered, dialect, keys)
    judged_by = keys.key_set_id if keys and verdict in ("valid", "wrong") else ""
    return Received(fields, verdict, None, len(body), judged_by)


def _before(dialect: Dialect, envelope: Envelope) -> bytes:
    """What the MAC covers of the bytes before the MTI."""
    match dialect.mac.covers_from:
        case "mti":
            return b""
        case "header":
            return envelope.header
        case "tpdu":
            return envelope.tpdu + envelope.header


def _verdict(
    fields: Mapping[str, str], covered: bytes, dialect: Dialect, keys: KeySet | None
) -> MACVerdict:
    mac_field = _mac_field(fields)
    if mac_field is None:
        return "absent"
    if keys is None:
        return "no_key"
    try:
        tag = bytes.fromhex(fields[mac_field])
        width = dialect.mac.tag_bytes
        if tag[width:].strip(b"\0"):
            return "wrong"
        verify(keys.mak, covered, tag[:width], dialect.mac)
    except InvalidKeyError:  # closed, or no key for this rule: it judged nothing
        return "no_key"
    except (MACMismatchError, ValueError):  # text that is no hexadecimal
        return "wrong"
    return "valid" if _is_last(mac_field, fields) else "wrong"


def _mac_field(fields: Mapping[str, str]) -> str | None:
    """The field the MAC stands in, where there is one: the last of the two."""
    return next((name for name in reversed(MAC_FIELDS) if name in fields), None)


def _is_last(mac_field: str, fields: Mapping[str, str]) -> bool:
    return _BEHIND[mac_field].isdisjoint(fields)
