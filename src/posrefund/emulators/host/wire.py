"""Bytes to a request and answer fields to bytes, with pyiso8583 and the host's own tables.

What is so broken that nobody can be answered ends in ``UnreadableError``; what is merely wrong is
noted in the request as its first fault, a field name and never a value. Floor 9.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass, field

import iso8583

from posrefund.emulators.host.tables import (
    FIELD_SHAPES,
    KNOWN_MTIS,
    REPLY_SPEC,
    RULES,
    SPEC,
    MessageRule,
    rule_key,
)
from posrefund.errors import FramingError
from posrefund.framing import Envelope

__all__ = ["MAC_BYTES", "Request", "UnreadableError", "encode_reply", "read"]

MAC_BYTES = 8
_TPDU_ID = 0x60
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
        envelope: TPDU and header.
        mti: Four digits.
        fields: The well-formed fields by number; the MAC is not among them.
        rule: Its row in the message table, or None.
        fault: The first thing wrong with its form, or None.
        mac_input: The bytes that the MAC covers.
        tag: DE64, or empty.
    """

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
    def batch(self) -> str:
        """DE60.2."""
        return self.get("60")[2:8]

    @property
    def reply_mti(self) -> str:
        """The MTI of its answer."""
        return f"{self.mti[:2]}{int(self.mti[2]) + 1}{self.mti[3]}"


def read(message: bytes, *, de60_digits: tuple[int, ...]) -> Request:
    """Read *message* from the TPDU to its end.

    Raises:
        UnreadableError: There is no envelope, no MTI of a request, or no terminal to answer to.
    """
    envelope, body = _open_envelope(message)
    fields, fault = _unpack(body)
    mti = fields.pop("t", "")
    if not mti.isdecimal() or int(mti[2]) % 2:
        raise UnreadableError(where="MTI")
    tag = bytes.fromhex(fields.get("64", ""))
    rule = RULES.get(rule_key(mti, fields))
    form = _misshapen(fields) or _misplaced(mti, rule, fields, de60_digits)
    sound = {n: v for n, v in fields.items() if n not in form and n != "64"}
    if "41" not in sound:
        raise UnreadableError(where=fault or "DE41")
    first = fault or next(map(_path, form), None)
    return Request(envelope, mti, sound, rule, first, body[: len(body) - len(tag)], tag)


def _open_envelope(message: bytes) -> tuple[Envelope, bytes]:
    try:
        envelope, body = Envelope.unwrap(message)
    except FramingError:
        raise UnreadableError(where="envelope") from None
    if envelope.tpdu[0] != _TPDU_ID:
        raise UnreadableError(where="TPDU")
    return envelope, body


def _unpack(body: bytes) -> tuple[dict[str, str], str | None]:
    """Return the fields that could be read, by number (and ``t``), and where reading stopped."""
    stopped_at = None
    try:
        fields, _ = iso8583.decode(body, SPEC)
    except iso8583.DecodeError as error:
        fields, stopped_at = dict(error.doc_dec), error.field
        fields.pop(stopped_at, None)
        fields.pop("64", None)
    except (LookupError, ValueError):
        # pyiso8583 lets a KeyError out when a bit is set that its specification does not have.
        raise UnreadableError(where="bitmap") from None
    for key in ("h", "p"):
        fields.pop(key, None)
    return fields, _path(stopped_at) if stopped_at else None


def _path(key: str) -> str:
    return {"t": "MTI", "p": "bitmap"}.get(key, f"DE{key}")


def _misshapen(fields: dict[str, str]) -> list[str]:
    """Return the numbers of misshapen fields; one without a shape stands in no request."""
    return [
        n
        for n, value in fields.items()
        if n not in FIELD_SHAPES or not FIELD_SHAPES[n].fullmatch(value)
    ]


def _misplaced(
    mti: str, rule: MessageRule | None, fields: dict[str, str], de60_digits: tuple[int, ...]
) -> list[str]:
    """Return the numbers of fields that the rule misses, forbids or wants in another form."""
    if rule is None:
        return [] if mti in KNOWN_MTIS else [_MTI]
    present = frozenset(fields)
    wrong = sorted(rule.mandatory - present) + sorted(present - rule.mandatory - rule.optional)
    if len(fields.get("60", "")) not in (de60_digits if rule.is_money else (11,)):
        wrong.append("60")
    if (
        "61" in present
        and "61" in rule.mandatory | rule.optional
        and not _is_original(rule, fields["61"])
    ):
        wrong.append("61")
    return wrong + (_card_faults(fields) if rule.reads_card and not wrong else [])


def _is_original(rule: MessageRule, de61: str) -> bool:
    return len(de61) in rule.original_digits and (len(de61) == 12 or _is_day(de61[12:16]))


def _is_day(mmdd: str) -> bool:
    month, day = int(mmdd[:2]), int(mmdd[2:])
    return 1 <= month <= 12 and 1 <= day <= calendar.monthrange(2000, month)[1]  # 2000: has 29/02


def _card_faults(fields: dict[str, str]) -> list[str]:
    """Return what contradicts the entry mode: number or track, PIN and DE53 belong together."""
    mode, pin_digit = fields["22"][:2], fields["22"][2]
    needed, forbidden = _BY_ENTRY[mode]
    wrong = [n for n in needed if n not in fields] + [n for n in forbidden if n in fields]
    if ("26" in fields) != ("52" in fields) or (pin_digit == "2" and "52" in fields):
        wrong.append("52")
    if ("53" in fields) != bool({"35", "36", "52"} & fields.keys()):
        wrong.append("53")
    return wrong


_MAGNETIC = ("35",), ("2", "23", "55")
_CHIP = ("2",), ()
_BY_ENTRY: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "01": (("2",), ("23", "35", "36", "55")),
    "02": _MAGNETIC,
    "80": _MAGNETIC,
    "90": _MAGNETIC,
    "95": _MAGNETIC,
    "05": _CHIP,
    "07": _CHIP,
    "91": _CHIP,
    "98": _CHIP,
}
"""First two digits of DE22 → (fields it needs, fields it excludes)."""


def encode_reply(fields: dict[str, str]) -> bytes:
    """Return the body of an answer; *fields* holds the MTI under ``t``."""
    body, _ = iso8583.encode(fields, REPLY_SPEC)
    return bytes(body)
