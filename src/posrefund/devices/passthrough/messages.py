"""What stands in a frame of such a terminal, and in the message inside it. Floor 6.

It refuses what is no BER-TLV, no message of the dialect, or another kind of message: what cannot be read cannot be
written down, nor its answer known.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from posrefund.closed import closed
from posrefund.codec.tlv import TLV, parse_tlv, write_tlv
from posrefund.dialects.capture import open_capture
from posrefund.errors import DecodeError

if TYPE_CHECKING:
    from collections.abc import Callable

    from posrefund.devices.passthrough.settings import RelaySettings
    from posrefund.dialects import Dialect

__all__ = ["Question", "Reply", "answer_body", "random_of", "read_question", "read_reply", "redact"]

_LENGTH_BYTES = 2


@dataclass(frozen=True, slots=True)
class Question:
    """A terminal's message, as far as a relay may know it.

    Attributes:
        digest: By which the message is known again, to the byte.
        random: What the answer echoes.
        message: The message, from its TPDU on; it holds card data.
        mti: Its MTI.
        stan: Its DE11; empty where it has none, as the next two.
        terminal: Its DE41.
        amount: Its DE4.
    """

    digest: str
    random: bytes = field(repr=False)
    message: bytes = field(repr=False)
    mti: str = ""
    stan: str = ""
    terminal: str = ""
    amount: str = ""

    @property
    def moves_money(self) -> bool:
        """Whether it is an authorisation or a financial message (ISO 8583-1, MTI, second digit).

        A reversal, an upload or a sign-in may be said again: their terminals do, with the same bytes.
        """
        return self.mti[1] in "12"

    @property
    def facts(self) -> dict[str, str]:
        """What may be written down."""
        return {
            "mti": self.mti,
            "stan": self.stan,
            "terminal": self.terminal,
            "amount": self.amount,
            "bytes": str(len(self.message)),
        }


@dataclass(frozen=True, slots=True)
class Reply:
    """What a host sent.

    Attributes:
        is_answer: Whether it is the answer to the question.
        code: Its DE39; empty where it has none.
        facts: What may be written down.
    """

    is_answer: bool
    code: str
    facts: dict[str, str]


@closed
def read_question(
    body: bytes, settings: RelaySettings, dialect: Dialect, digest: Callable[[bytes], str]
) -> Question:
    """Read a frame's body.

    Raises:
        DecodeError: It is no message to be relayed, or none of the dialect.
    """
    found = _values(body)
    tags = settings.tags
    if found.get(tags.kind, b"").hex().upper() != settings.relayed_kind:
        raise DecodeError(tags.kind, "the kind that is relayed", offset_bytes=0)
    if settings.host and found.get(tags.host, b"").hex().upper() != settings.host:
        raise DecodeError(tags.host, "the host of this relay", offset_bytes=0)
    message = found.get(tags.message, b"")
    if settings.has_length:
        if int.from_bytes(message[:_LENGTH_BYTES], "big") != len(message) - _LENGTH_BYTES:
            raise DecodeError(tags.message, "a length that fits", offset_bytes=0)
        message = message[_LENGTH_BYTES:]
    return Question(
        digest(message), found.get(tags.random, b""), message, **_known_fields(message, dialect)
    )


def random_of(body: bytes, settings: RelaySettings) -> bytes:
    """Return what an answer to *body* has to echo, whatever else is wrong with it."""
    try:
        return _values(body).get(settings.tags.random, b"")
    except DecodeError:
        return b""


@closed
def read_reply(message: bytes, question: Question, dialect: Dialect) -> Reply:
    """Look whether *message* answers *question*: MTI, STAN and terminal are those of its answer."""
    try:
        fields = open_capture(message, dialect).fields
        seen = _known_fields(message, dialect)
    except DecodeError:
        seen = {"mti": "unreadable", "bytes": str(len(message))}
        return Reply(is_answer=False, code="", facts=seen)
    code = _plain(fields.get("39", ""))
    is_answer = (
        seen["mti"][:3] == f"{question.mti[:2]}{int(question.mti[2]) + 1}"
        and (not question.stan or seen["stan"] == question.stan)
        and (not question.terminal or seen["terminal"] == question.terminal)
    )
    return Reply(
        is_answer=is_answer, code=code, facts={**seen, "code": code, "bytes": str(len(message))}
    )


def answer_body(
    random: bytes, settings: RelaySettings, *, message: bytes = b"", result: str = ""
) -> bytes:
    """Return the body that answers a terminal: the host's bytes, or a result of ours."""
    tags = settings.tags
    if message and settings.has_length:
        message = len(message).to_bytes(_LENGTH_BYTES, "big") + message
    parts = (
        (tags.kind, bytes.fromhex(settings.relayed_kind)),
        (tags.random, random),
        (tags.message, message),
        (tags.result, result.encode("ascii")),
    )
    return write_tlv([TLV(bytes.fromhex(tag), value) for tag, value in parts if value])


@closed
def redact(body: bytes, settings: RelaySettings) -> bytes:
    """Return *body* with zeros in place of what is not known to be harmless; as long, and as readable.

    Example:
        >>> from posrefund.devices.passthrough import RelaySettings, redact
        >>> redact(bytes.fromhex("DF010101DF04021234DF060460000300"), RelaySettings()).hex().upper()
        'DF010101DF04021234DF060400000000'
    """
    tags = settings.tags
    shown = {tags.kind, tags.random, tags.host, tags.result}
    try:
        found = parse_tlv(body, path="")
    except DecodeError:
        return bytes(len(body))
    return write_tlv(
        [
            TLV(
                each.tag,
                each.value if _is_shown(each, shown) else bytes(len(each.value)),
                length=each.length,
            )
            for each in found
        ]
    )


def _is_shown(found: TLV, shown: set[str]) -> bool:
    """Short enough, too, to hold no card number."""
    return found.name in shown and len(found.value) <= 4


def _values(body: bytes) -> dict[str, bytes]:
    found = parse_tlv(body, path="frame")
    names = [each.name for each in found]
    if len(set(names)) < len(names):
        raise DecodeError("frame", "each tag once", offset_bytes=0)
    return {each.name: each.value for each in found}


def _known_fields(message: bytes, dialect: Dialect) -> dict[str, str]:
    """The fields by which a message is told from others; none of them holds a card number."""
    capture = open_capture(message, dialect)
    if capture.framing.length_prefix or capture.framing.mac_missing:
        raise DecodeError("frame", "a message as it goes to a host", offset_bytes=0)
    fields = capture.fields
    names = {"mti": "t", "stan": "11", "terminal": "41", "amount": "4"}
    return {name: _plain(fields.get(number, "")) for name, number in names.items()}


def _plain(text: str) -> str:
    """Text of a short fixed field; ``***`` where somebody put something else there."""
    return text if text.isascii() and text.isprintable() and len(text) <= 12 else "***"
