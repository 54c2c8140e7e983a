"""Bytes to a request and answer fields to bytes, with pyiso8583 and the tables of the host's dialect.

What is so broken that nobody can be answered ends in ``UnreadableError``; what is merely wrong is
noted in the request as its first fault, a field name and never a value. Floor 9.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import iso8583

from posrefund.emulators.host.house import filled_with
from posrefund.errors import FramingError
from posrefund.framing import Envelope

if TYPE_CHECKING:
    from posrefund.emulators.host.dialects import HostDialect, MessageRule, Original
    from posrefund.emulators.host.profile import HostProfile

__all__ = ["Request", "UnreadableError", "encode_reply", "read"]

_TPDU_ID = b"\x60"
_MAC_FIELDS = ("64", "128")
_MTI = "t"


class UnreadableError(ValueError):
    """Bytes that get no answer.

    Attributes:
        where: What could not be read: ``envelope``, ``TPDU``, ``MTI``, ``bitmap`` or a DE.
    """

    def __init__(self, *, where: str) -> None:
        self.where = where
        super().__init__(f"no request at {where}")


@dataclass(frozen=True, slots=True)
class Request:
    """One request as the host understood it.

    Attributes:
        dialect: What it is written in.
        envelope: TPDU and header, as far as the dialect has them.
        mti: Four digits; those of the message that it repeats, if it is a repeat the host knows (0221).
        fields: The well-formed fields by number; the MAC is not among them.
        rule: Its row in the message table, or None.
        fault: The first thing wrong with its form, or None.
        mac_input: The bytes that the MAC covers.
        tag: The MAC, or empty.
    """

    dialect: HostDialect
    envelope: Envelope
    mti: str
    fields: dict[str, str] = field(repr=False)
    rule: MessageRule | None
    fault: str | None
    mac_input: bytes = field(repr=False)
    tag: bytes

    def get(self, number: str) -> str:
        """Return the field, or an empty text."""
        return self.fields.get(number, "")

    @property
    def amount_minor(self) -> int:
        """DE4, 0 where there is none."""
        return int(self.get("4") or "0")

    @property
    def content(self) -> tuple[tuple[str, str], ...]:
        """All that a copy of it says again, whatever its MAC and whether its MTI says that it is one."""
        return (("t", self.mti), *sorted(self.fields.items()))

    @property
    def batch(self) -> str:
        """The batch number."""
        return self.dialect.layout.batch(self.fields)

    @property
    def original(self) -> Original:
        """What it says about the message it refers to."""
        return self.dialect.layout.original(self.fields)

    @property
    def entry_mode(self) -> str:
        """How card and PIN came in, three digits as in DE22 of ISO 8583:1987."""
        return self.dialect.layout.entry_mode(self.fields)

    @property
    def sent_at(self) -> str:
        """The time by which a reversal would name it; empty if by none."""
        return self.dialect.layout.sent_at(self.fields)

    @property
    def network_code(self) -> str:
        """What a management message is for."""
        return self.dialect.layout.network_code(self.fields)

    @property
    def is_upload_with_mac(self) -> bool:
        """Whether it belongs to the closing of a batch and carries a MAC, be that its place or not."""
        return self.rule is not None and self.rule.closes and bool(self.tag or self.fault == "DE64")

    @property
    def reply_mti(self) -> str:
        """The MTI of its answer."""
        return f"{self.mti[:2]}{int(self.mti[2]) + 1}{self.mti[3]}"


def read(message: bytes, dialect: HostDialect, profile: HostProfile) -> Request:
    """Read *message* from the TPDU, or the MTI, to its end.

    Raises:
        UnreadableError: There is no envelope, no MTI of a request, or no terminal to answer to.
    """
    envelope, body = _open_envelope(message, dialect)
    fields, fault = _unpack(body, dialect, profile)
    mti = _known_mti(fields.pop(_MTI, ""), dialect, profile)
    if not mti.isdecimal() or int(mti[2]) % 2:
        raise UnreadableError(where="MTI")
    rule = dialect.rules.get(dialect.layout.rule_key(mti, fields))
    form = _misshapen(fields, dialect) or _misplaced(mti, rule, fields, dialect, profile)
    tag = _tag(fields, form)
    covered = body[: len(body) - len(dialect.mac_on_line(tag))]
    sound = {n: v for n, v in fields.items() if n not in form and n not in _MAC_FIELDS}
    if "41" not in sound:
        raise UnreadableError(where=fault or "DE41")
    first = fault or next(map(_path, form), None)
    return Request(dialect, envelope, mti, sound, rule, first, covered, tag)


def _known_mti(mti: str, dialect: HostDialect, profile: HostProfile) -> str:
    """Return the MTI of the message that *mti* repeats, where the host knows repeats; else *mti*."""
    first = f"{mti[:3]}0"
    is_repeat = mti[3:] == "1" and first in dialect.known_mtis
    return first if is_repeat and profile.repeat == "stored_answer" else mti


def _open_envelope(message: bytes, dialect: HostDialect) -> tuple[Envelope, bytes]:
    try:
        envelope, body = Envelope.unwrap(message, dialect.tpdu_bytes, dialect.header_bytes)
    except FramingError:
        raise UnreadableError(where="envelope") from None
    if envelope.tpdu[:1] != _TPDU_ID[: dialect.tpdu_bytes]:
        raise UnreadableError(where="TPDU")
    return envelope, body


def _unpack(
    body: bytes, dialect: HostDialect, profile: HostProfile
) -> tuple[dict[str, str], str | None]:
    """Return the fields that could be read, by number (and ``t``), and where reading stopped."""
    stopped_at = None
    try:
        fields, encoded = _decode(body, dialect, profile)
        if dialect.is_text or "1" in fields:
            stopped_at = _written_otherwise(fields, encoded, dialect)
    except iso8583.DecodeError as error:
        fields, stopped_at = dict(error.doc_dec), error.field
    except (LookupError, ValueError):
        # pyiso8583 lets a KeyError out when a bit is set that its specification does not have.
        raise UnreadableError(where="bitmap") from None
    for key in ("h", "p", "1") if stopped_at is None else ("h", "p", "1", stopped_at, *_MAC_FIELDS):
        fields.pop(key, None)
    return fields, _path(stopped_at) if stopped_at else None


def _decode(
    body: bytes, dialect: HostDialect, profile: HostProfile
) -> tuple[dict[str, str], dict[str, Any]]:
    """Read *body* with the filler that the host itself sends, then with the others that it reads."""
    try:
        return iso8583.decode(body, dialect.spec)
    except iso8583.DecodeError:
        for pad in profile.pads[1:] if dialect.name == "unionpay" else "":
            with suppress(iso8583.DecodeError):
                return iso8583.decode(body, filled_with(dialect.spec, pad))
        raise


def _written_otherwise(
    fields: dict[str, str], encoded: dict[str, Any], dialect: HostDialect
) -> str | None:
    """Return the first part that is not written as the host would: a length of ``+5``, say.

    Characters leave more than one way to write a number, and a second bitmap may be empty.
    """
    again = iso8583.encode(dict(fields), dialect.spec)[1]
    return next((key for key, part in encoded.items() if part != again.get(key)), None)


def _tag(fields: dict[str, str], form: list[str]) -> bytes:
    """Return the MAC, which is the last field of the message; empty if there is none."""
    last = next((n for n in reversed(_MAC_FIELDS) if n in fields), "64")
    return b"" if last in form else bytes.fromhex(fields.get(last, ""))


def _path(key: str) -> str:
    return {"t": "MTI", "p": "bitmap", "1": "bitmap"}.get(key, f"DE{key}")


def _misshapen(fields: dict[str, str], dialect: HostDialect) -> list[str]:
    """Return the numbers of misshapen fields; one without a shape stands in no request."""
    shapes = dialect.shapes
    return [n for n, value in fields.items() if n not in shapes or not shapes[n].fullmatch(value)]


def _misplaced(
    mti: str,
    rule: MessageRule | None,
    fields: dict[str, str],
    dialect: HostDialect,
    profile: HostProfile,
) -> list[str]:
    """Return the numbers of fields that the rule misses, forbids or wants in another form."""
    if rule is None:
        return [] if mti in dialect.known_mtis else [_MTI]
    present = frozenset(fields)
    wrong = sorted(rule.mandatory - present) + sorted(present - rule.mandatory - rule.optional)
    wrong += dialect.layout.misplaced(rule, fields, profile)
    return wrong + (dialect.layout.card_faults(fields) if rule.reads_card and not wrong else [])


def encode_reply(fields: dict[str, str], dialect: HostDialect) -> bytes:
    """Return the body of an answer; *fields* holds the MTI under ``t``."""
    body, _ = iso8583.encode(fields, dialect.reply_spec)
    return bytes(body)
