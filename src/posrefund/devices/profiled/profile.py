"""What is known of one family of terminals, as data: line, order, messages, codes, patience. Floor 6."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, NamedTuple

from posrefund.closed import closed
from posrefund.devices.profiled.layout import tagged
from posrefund.devices.results import DeviceReason
from posrefund.errors import ConfigError
from posrefund.exchanges import ENQ, AckNakExchange, BareExchange, ENQExchange
from posrefund.framing import STXETX, STXETXFramer, TagTextFramer

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from posrefund.devices.contract import Can
    from posrefund.devices.profiled.field import Field
    from posrefund.devices.profiled.layout import Layout, Span
    from posrefund.exchanges import AckNak, Exchange
    from posrefund.framing import Framer, TagText

__all__ = ["PROFILES", "Code", "Operation", "Patience", "Profile", "Setting", "profile"]

PROFILES = ("caisse_ap", "concert", "transbank")
"""What comes with this package."""

_FILL = ord("0")


class Code(NamedTuple):
    """What a result code proves.

    Attributes:
        kind: ``declined`` only where it proves that nothing was booked.
        reason: In our words; None for a yes.
    """

    kind: Literal["approved", "declined", "in_doubt"]
    reason: DeviceReason | None = None


_UNKNOWN = Code("in_doubt", DeviceReason.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Operation:
    """A question and what may answer it.

    Attributes:
        request: How it is asked.
        replies: How it is answered; a reply is one of them or it is none.
    """

    request: Layout
    replies: tuple[Layout, ...]


class Setting(NamedTuple):
    """What the till says of itself, and was not asked for.

    Attributes:
        field: How it looks.
        default: What is said where nobody says otherwise.
    """

    field: Field
    default: str


@dataclass(frozen=True, slots=True)
class Patience:
    """How long is waited, in seconds.

    Attributes:
        open_s: For the line to open.
        inter_byte_s: Inside a frame; on a line without an end mark this silence is the end of the message.
        answer_s: For the answer, from when the question was accepted: a customer looks for his card.
    """

    open_s: float = 5.0
    inter_byte_s: float = 0.3
    answer_s: float = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One kind of terminal.

    Attributes:
        name: Short.
        title: For people.
        can: What it can do.
        line: How its frames look.
        rules: Who may speak when; None where nobody acknowledges.
        patience: How long is waited.
        codes: Its result codes; parts of one are joined by a slash. What is not among them proves nothing.
        currencies: Those it knows, ISO 4217 numeric; empty for any.
        settings: What the till says of itself.
        poll: A question that moves nothing, asked before one that moves money; empty for none.
        progress: What a message begins with that says that it is still at work; empty for none.
        refund: How money is given back.
        void: How a transaction is undone.
        last: How it is asked for its last transaction.
    """

    name: str
    title: str
    can: Can
    line: STXETX | TagText
    rules: ENQ | AckNak | None
    codes: Mapping[str, Code]
    patience: Patience = Patience()
    currencies: frozenset[str] = frozenset()
    settings: Mapping[str, Setting] = field(default_factory=lambda: MappingProxyType({}))
    poll: bytes = b""
    progress: bytes = b""
    refund: Operation | None = None
    void: Operation | None = None
    last: Operation | None = None

    def talk(self) -> tuple[Framer, Exchange]:
        """Return a framer and an exchange for a fresh conversation."""
        if not isinstance(self.line, STXETX):
            text = TagTextFramer(self.line)
            return text, BareExchange(text)
        framer = STXETXFramer(self.line)
        match self.rules:
            case None:
                return framer, BareExchange(framer)
            case ENQ():
                return framer, ENQExchange(framer, self.rules)
            case _:
                return framer, AckNakExchange(framer, self.rules)

    def meaning(self, code: str) -> Code:
        """Return what *code* proves; one that nobody knows proves nothing."""
        return self.codes.get(code, _UNKNOWN)

    @closed
    def redact(self, body: bytes) -> bytes:
        """Return *body*, every field replaced by ``0`` that may not be kept; of what is no message, all of it.

        Same length, and the framer can carry it. What stays: what the till itself said, and result codes.

        Example:
            >>> from posrefund.devices.profiled import profile
            >>> profile("transbank").redact(b"1210|00|597029414300|75001088|794981|123")
            b'1210|00|000000000000|00000000|000000|123'
        """
        if body == self.poll:
            return body
        for layout in self._layouts():
            spans = layout.spans(body)
            if spans is not None:
                return _kept(body, spans, is_tagged=layout.form == "tagged")
        return bytes((_FILL,)) * len(body)

    def _layouts(self) -> Iterable[Layout]:
        for operation in (self.refund, self.void, self.last):
            if operation is not None:
                yield from operation.replies
                yield operation.request


def _kept(body: bytes, spans: list[Span], *, is_tagged: bool) -> bytes:
    """Where there are tags nobody knows every value, so only what is known stays."""
    left = bytearray(body)
    known = {span.start: span.field for span in spans}
    for start, end in _values(body) if is_tagged else [(span.start, span.end) for span in spans]:
        if start not in known or not known[start].is_harmless:
            left[start:end] = bytes((_FILL,)) * (end - start)
    return bytes(left)


def _values(body: bytes) -> list[tuple[int, int]]:
    return [(start, end) for _, start, end in tagged(body.decode("latin-1"))]


@lru_cache
def profile(name: str) -> Profile:
    """Return a profile that comes with this package.

    Raises:
        ConfigError: There is none of that name.

    Example:
        >>> from posrefund.devices.profiled import profile
        >>> profile("concert").title
        'Concert E over a serial line: credit'
    """
    from posrefund.devices.profiled.load import read_profile

    if name not in PROFILES:
        raise ConfigError(f"unknown profile; known: {', '.join(PROFILES)}")
    found = files("posrefund.devices.profiled").joinpath(f"{name}.toml")
    return read_profile(found.read_text(encoding="utf-8"))
