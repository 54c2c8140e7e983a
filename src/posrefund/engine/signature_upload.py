"""A signature on its way to the acquirer: its packets, the words of the slip beside it, and how far it has come. Floor 4.

Only what the host accepted has a slip that is signed. A packet counts once the host has taken it; after a crash the next
one to go is the first that has no answer, and a host takes one again that it has.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Literal, TypeAlias

from posrefund.engine.signing import signature_of
from posrefund.engine.table import State
from posrefund.errors import InvalidRequestError
from posrefund.values import infer_year

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from posrefund.dialects import Dialect
    from posrefund.dialects.signature import SignatureUpload
    from posrefund.engine.attempt import Attempt
    from posrefund.engine.papers import Signature
    from posrefund.engine.requests import Original

__all__ = [
    "TAKEN",
    "Packet",
    "SignatureResult",
    "SignatureSent",
    "packets_of",
    "packets_taken",
    "slip_facts",
    "slip_tags",
    "to_upload",
]

TAKEN = "signature_packet"
"""Kind of the note that says what the host said to a packet."""
_NAME_BYTES_MAX = 40
"""Of the merchant: as long as slips print it; with it the words fit DE55 (255 bytes)."""
_TEXT_BYTES_MAX = 20
_SHORT_BYTES_MAX = 127
"""Lengths up to here stand in one byte."""
_LATE = timedelta(days=7)
"""So much after its intent an answer may have been made, at most."""

SignatureResult: TypeAlias = Literal[
    "uploaded", "refused", "unanswered", "no_card", "no_picture", "does_not_fit"
]


@dataclass(frozen=True, slots=True)
class SignatureSent:
    """What became of one signature.

    Attributes:
        attempt_id: Whose slip it is under.
        result: ``uploaded``; ``refused`` by the host; ``unanswered``: ask again later; ``no_card``: its batch is closed,
            and the number of the card is gone with it; ``no_picture``: it is not there, or not what was signed;
            ``does_not_fit``: no picture of black and white, or one that takes too many packets.
        code: What the host said last; empty where it said nothing.
    """

    attempt_id: str
    result: SignatureResult
    code: str = ""


@dataclass(frozen=True, slots=True)
class Packet:
    """One part of a picture.

    Attributes:
        number: Its number in the message, DE60.3.
        part: Its bytes.
        place: 1 for the first.
        count: How many there are.
    """

    number: str
    part: bytes = field(repr=False)
    place: int
    count: int


def packets_of(picture: bytes, rule: SignatureUpload) -> tuple[Packet, ...]:
    """Return the packets of *picture* in their order.

    Raises:
        InvalidRequestError: Path ``picture``: there is none, or it takes more packets than the host has numbers for.

    Example:
        >>> from posrefund.dialects.signature import SignatureUpload
        >>> from posrefund.engine.signature_upload import packets_of
        >>> [(each.number, len(each.part)) for each in packets_of(bytes(1100), SignatureUpload())]
        [('800', 512), ('801', 512), ('805', 76)]
    """
    size = rule.packet_bytes
    parts = [picture[at : at + size] for at in range(0, len(picture), size)]
    if not 0 < len(parts) <= rule.packets_max:
        expected = f"1 to {size * rule.packets_max} bytes"
        raise InvalidRequestError([("picture", expected)])
    numbers = rule.numbers(len(parts))
    return tuple(
        Packet(number, part, place, len(parts))
        for place, (number, part) in enumerate(zip(numbers, parts, strict=True), 1)
    )


def packets_taken(notes: Sequence[Mapping[str, str]], digest: str, approval: str) -> int:
    """Return how many packets of the picture with *digest* the host has, without a gap.

    Args:
        notes: The journal's of kind ``TAKEN`` about one attempt.
        digest: SHA-256 of the picture that goes up; what the host has of another one is worth nothing.
        approval: The code that says yes.
    """
    places = {
        int(note["place"])
        for note in notes
        if (note["picture"], note["code"]) == (digest, approval)
    }
    return next(count for count in range(len(places) + 1) if count + 1 not in places)


def to_upload(
    attempts: Iterable[Attempt],
    signed: Mapping[str, Sequence[Mapping[str, str]]],
    taken: Mapping[str, Sequence[Mapping[str, str]]],
    approval: str,
    *,
    again: bool = False,
) -> list[tuple[Attempt, Signature]]:
    """Return what was signed with a picture and has still to go up.

    Args:
        attempts: Of the open batch.
        signed: The notes of ``posrefund.engine.signing.SIGNED``, by attempt.
        taken: Those of ``TAKEN``, by attempt.
        approval: The code that says yes.
        again: What the host refused, too.
    """
    found = []
    for attempt in attempts:
        if attempt.state not in (State.ACCEPTED, State.CONFIRMED):
            continue
        signature = signature_of(attempt, signed.get(attempt.attempt_id, ()))
        if signature is None or signature.kind != "bitmap":
            continue
        notes = taken.get(attempt.attempt_id, ())
        is_refused = bool(notes) and notes[-1]["code"] != approval
        if _is_up(notes, approval) or (is_refused and not again):
            continue
        found.append((attempt, signature))
    return found


def _is_up(notes: Sequence[Mapping[str, str]], approval: str) -> bool:
    return any(
        packets_taken(notes, note["picture"], approval) == int(note["of"])
        for note in notes
        if note["place"] == note["of"]
    )


# --- the words of the slip -------------------------------------------------------------------------


def slip_facts(
    attempt: Attempt,
    original: Original | None,
    dialect: Dialect,
    *,
    merchant_name: str = "",
    prints: int = 0,
) -> dict[str, str]:
    """Return what the slip of *attempt* says besides what stands in fields of its own; nothing of the card.

    Args:
        attempt: What the host accepted.
        original: The sale that a refund or a void is about.
        dialect: What the host speaks.
        merchant_name: As it stands on the slip.
        prints: How often the merchant's copy was printed.
    """
    told = attempt.facts
    institutions = told.get("institutions", "").ljust(22)
    facts = {
        "merchant_name": _cut(merchant_name, _NAME_BYTES_MAX),
        "transaction": _cut(dialect.messages[attempt.kind].zh, _TEXT_BYTES_MAX),
        "operator": told.get("operator", ""),
        "issuer": institutions[:11].strip(),
        "acquirer": institutions[11:].strip(),
        "moment": _moment(attempt),
        "auth_code": told.get("auth_code", ""),
        "organisation": told.get("organisation", ""),
        "currency": attempt.amount.currency,
        "prints": f"{min(prints, 99):02d}",
    }
    if original is not None and attempt.kind == "refund":
        facts |= {
            "original_rrn": original.rrn,
            "original_mmdd": f"{original.transaction_date:%m%d}",
            "original_auth_code": original.auth_code or "",
            "original_terminal": original.terminal,
        }
    if original is not None and attempt.kind == "void":
        facts |= {"original_stan": original.stan, "original_batch": original.batch}
    return {name: value for name, value in facts.items() if value}


def slip_tags(facts: Mapping[str, str], rule: SignatureUpload) -> bytes:
    """Return *facts* as the host takes them: tag of two bytes, length of one, value.

    Raises:
        InvalidRequestError: Path ``slip``: digits are packed that are none.

    Example:
        >>> from posrefund.dialects.signature import SignatureUpload
        >>> from posrefund.engine.signature_upload import slip_tags
        >>> slip_tags({"original_mmdd": "0309", "currency": "156"}, SignatureUpload()).hex()
        'ff0a03313536ff63020309'
    """
    written = bytearray()
    for tag, name in rule.tags.items():
        if name not in facts:
            continue
        value = _value(facts[name], is_packed=tag in rule.packed)
        written += bytes.fromhex(tag) + bytes([len(value)]) + value
    return bytes(written)


def _value(text: str, *, is_packed: bool) -> bytes:
    if not is_packed:
        return text.encode("gbk", "replace")[:_SHORT_BYTES_MAX]
    if not (text.isascii() and text.isdigit()):
        raise InvalidRequestError([("slip", "digits, where they are packed")])
    return bytes.fromhex(text.zfill(len(text) + len(text) % 2))


def _cut(text: str, bytes_max: int) -> str:
    """The beginning of *text* that takes no more than *bytes_max* in GBK, whole characters of it."""
    return text.encode("gbk", "replace")[:bytes_max].decode("gbk", "ignore")


def _moment(attempt: Attempt) -> str:
    """The host's date and time with its year, YYYYMMDDhhmmss; empty where it said none."""
    mmdd, hhmmss = attempt.facts.get("host_date", ""), attempt.facts.get("host_time", "")
    try:
        day = infer_year(mmdd, not_after=attempt.host_day + _LATE)
    except InvalidRequestError:
        return ""
    return f"{day:%Y%m%d}{hhmmss}" if len(hhmmss) == 6 else ""
