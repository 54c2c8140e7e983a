"""What a log may hold of an ISO 8583 message: what a journal may, the MAC, and the ends of the card number. Floor 3.

An allow-list. A message that the dialect does not read to its last byte, or whose envelope is none, becomes
zeros from end to end. What is kept is looked at again: a number that passes for a card's, and a value that the
message hides elsewhere, are not kept because of the field they stand in.
"""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING

from posrefund.closed import closed
from posrefund.dialects.capture import Framing, is_header, is_tpdu, read_capture
from posrefund.dialects.definition import MAC_FIELDS
from posrefund.errors import CodecError
from posrefund.framing import Envelope, redact_all
from posrefund.values.card import mask_pan, passes_luhn

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from posrefund.codec import Field
    from posrefund.codec.inside import Piece
    from posrefund.dialects.definition import Dialect
    from posrefund.framing import Redactor

__all__ = ["redacted_pan", "redactor"]

_BLANK = "0"
_NUMBER = re.compile(r"[0-9](?:[ -]?[0-9]){12,}")
_PAN_DIGITS_MAX = 19
_SECRET_CHARACTERS = 8
"""Shorter values stand everywhere by chance."""


def redactor(dialect: Dialect, envelope: Envelope | None = None) -> Redactor:
    """Return the redactor of a line to a host.

    Args:
        dialect: What is spoken there.
        envelope: How long TPDU and header are; the dialect's own, if left out.

    Example:
        >>> from posrefund.dialects import dialect
        >>> from posrefund.dialects.redact import redactor
        >>> known = dialect("iso87-ascii").derive("bare", tpdu=b"", header=b"")
        >>> sale = known.codec.encode({"t": "0200", "2": "6200000000000047", "11": "000001"})
        >>> known.codec.decode(redactor(known)(sale))["2"]
        '6200000000010047'
    """
    around = Envelope(dialect.tpdu, dialect.header) if envelope is None else envelope
    tpdu_bytes, header_at = len(around.tpdu), len(around.tpdu) + len(around.header)

    @closed
    def redact(body: bytes) -> bytes:
        framing = Framing(tpdu=body[:tpdu_bytes], header=body[tpdu_bytes:header_at])
        if not (is_tpdu(framing.tpdu) and is_header(framing.header)):
            return redact_all(body)
        try:
            return _redacted(body, framing, dialect)
        except CodecError:
            return redact_all(body)

    return redact


def _redacted(body: bytes, framing: Framing, dialect: Dialect) -> bytes:
    capture = read_capture(body, framing, dialect)
    fields = {
        name: value if name in ("t", "p", "1") else _left_of(name, value, dialect)
        for name, value in capture.fields.items()
    }
    left = replace(capture, framing=replace(capture.framing, pads={}), fields=fields)
    found = left.rebuild(dialect)
    if len(found) != len(body) or _holds_any(found, _secrets(capture.fields, dialect)):
        return redact_all(body)
    return found


def _left_of(name: str, value: str, dialect: Dialect) -> str:
    """Return as much of a field as may be kept, blank where it may not."""
    row = dialect.fields.get(name)
    if row is None or row.show == "never" or row.fault(value):
        return _BLANK * len(value)
    if row.show == "pan":
        return redacted_pan(value)
    kept = value if name in MAC_FIELDS else dialect.kept_of({name: value}).get(name, "")
    return _harmless(kept, row).ljust(len(value), _BLANK)


def redacted_pan(digits: str) -> str:
    """Return a card number with zeros for all that ``mask_pan`` hides, and no card number any more.

    A one stands before the last four where zeros alone would give a number that passes the Luhn check: whoever
    searches a log for card numbers shall find none, and nobody's real number may come out by chance.

    Example:
        >>> from posrefund.dialects.redact import redacted_pan
        >>> redacted_pan("4111111111111111"), redacted_pan("6200000000000005"), redacted_pan("1234")
        ('4111110000001111', '6200000000010005', '0000')
    """
    shown = mask_pan(digits)
    if len(shown) != len(digits):
        return _BLANK * len(digits)
    zeros = shown.replace("*", _BLANK)
    if zeros != digits and not passes_luhn(zeros):
        return zeros
    return zeros[:-5] + "1" + zeros[-4:]


def _harmless(text: str, row: Field) -> str:
    """Blank the parts that are hidden, and whatever passes for a card number."""
    pieces = row.layout.scan(text, row.show).pieces if row.layout else ()
    for start, end, is_hidden in _leaves(pieces) if pieces else [(0, len(text), False)]:
        inner = text[start:end]
        left = _BLANK * len(inner) if is_hidden else _NUMBER.sub(_unless_a_number, inner)
        text = text[:start] + left + text[end:]
    return text


def _leaves(pieces: Sequence[Piece]) -> Iterator[tuple[int, int, bool]]:
    for piece in pieces:
        if piece.inside and piece.show == "clear":
            yield from _leaves(piece.inside)
        else:
            yield piece.start, piece.end, piece.show != "clear"


def _unless_a_number(found: re.Match[str]) -> str:
    """Keep digits that cannot be a card's; a longer run could hold one anywhere."""
    digits = found[0].replace(" ", "").replace("-", "")
    if len(digits) <= _PAN_DIGITS_MAX and not passes_luhn(digits):
        return found[0]
    return re.sub(r"[0-9]", _BLANK, found[0])


# --- the second look -------------------------------------------------------------------------------


def _secrets(fields: Mapping[str, str], dialect: Dialect) -> Iterator[str]:
    """Yield what the message hides, and the card number within."""
    for name, value in fields.items():
        row = dialect.fields.get(name)
        if row is not None and row.show != "clear":
            digits = re.match(r"[0-9]*", value)
            yield from (value, digits[0] if digits else "")


def _holds_any(raw: bytes, secrets: Iterator[str]) -> bool:
    """Whether one of *secrets* stands in *raw*: as text, or as packed digits from either half of a byte."""
    texts = (raw.hex(), raw.decode("latin-1").lower())
    marked = {each.lower() for each in secrets if len(each) >= _SECRET_CHARACTERS}
    return any(secret in text for text, secret in product(texts, marked) if len(set(secret)) > 2)
