"""What a ZVT terminal said in one dialogue, kept as facts: codes, the last status information, lines to print. Floor 6.

Nothing of a card is kept: of a status information only the fields that a refund is judged by are read.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from posrefund.closed import closed
from posrefund.devices.zvt.bmp import (
    AMOUNT,
    CURRENCY,
    ORIGINAL_TRACE,
    RECEIPT,
    RESULT,
    TERMINAL,
    TRACE,
    data_of,
    digits_of,
    read_bmps,
)
from posrefund.devices.zvt.receipt import lines_of
from posrefund.errors import DecodeError

if TYPE_CHECKING:
    from posrefund.devices.zvt.settings import ZVTProfile

__all__ = ["Heard", "Status", "first_byte", "reference_of"]

_INTERMEDIATE, _STATUS, _DONE, _ABORT = b"\x04\xff", b"\x04\x0f", b"\x06\x0f", b"\x06\x1e"
_REFUSES = 0x84
_INSERT_CARD, _UNREADABLE = 0x0A, 0xFF
_LINES_MAX, _SEEN_MAX = 500, 40


@dataclass(frozen=True, slots=True)
class Status:
    """What a status information says of one transaction; None where it says nothing, empty where nobody can read it.

    Attributes:
        result: 0 is yes.
        amount_minor: Minor units.
        currency: Three digits.
        trace: The terminal's count of transactions, six digits.
        receipt: Its count of receipts, four digits.
        terminal: Its TID, eight digits.
        original_trace: Of what was reversed, six digits.
    """

    result: int | None
    amount_minor: int | None
    currency: str | None
    trace: str | None
    receipt: str | None
    terminal: str | None
    original_trace: str | None

    @classmethod
    @closed
    def read(cls, body: bytes) -> Status:
        """Read a whole command ``04 0F``.

        Raises:
            DecodeError: It cannot be read to its end.
        """
        found = read_bmps(body)
        digits = {tag: digits_of(value) or "" for tag, value in found.items()}
        amount, currency = digits.get(AMOUNT), digits.get(CURRENCY)
        return cls(
            found[RESULT][0] if RESULT in found else None,
            int(amount) if amount else None,
            currency and (currency[1:] if currency[0] == "0" else ""),
            digits.get(TRACE),
            digits.get(RECEIPT),
            digits.get(TERMINAL),
            digits.get(ORIGINAL_TRACE),
        )

    @property
    def reference(self) -> str:
        """The terminal's own number of the transaction: ``trace/receipt``, empty where it gave none."""
        return "" if "" in (self.trace, self.receipt) else reference_of(self.trace, self.receipt)


def reference_of(trace: str | None, receipt: str | None) -> str:
    """Return both numbers in one text; some terminals count only one of them.

    Example:
        >>> from posrefund.devices.zvt.heard import reference_of
        >>> reference_of("000123", "0045"), reference_of(None, "0045"), reference_of("000000", None)
        ('000123/0045', '000000/0045', '')
    """
    text = f"{trace or '000000'}/{receipt or '0000'}"
    return "" if text == "000000/0000" else text


@dataclass(slots=True)
class Heard:
    """One dialogue, as far as it came.

    Attributes:
        profile: Of the terminal.
        was_taken: The terminal said that it has the command.
        refusal: The code by which it refused it.
        intermediate: Every intermediate status there was.
        statuses: Every status information, each once; None for one that cannot be read.
        lines: To print.
        is_done: It ended with a completion.
        done: Whole, as it came.
        abort: It ended with this code; 0 where it said none.
        seen: All of it in words.
    """

    profile: ZVTProfile
    was_taken: bool = False
    refusal: int | None = None
    intermediate: set[int] = field(default_factory=set)
    statuses: list[Status | None] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    is_done: bool = False
    done: bytes = field(default=b"", repr=False)
    abort: int | None = None
    seen: list[str] = field(default_factory=list)
    _waits_for_card: bool = False

    @property
    def is_over(self) -> bool:
        """Whether the terminal has ended it."""
        return self.is_done or self.abort is not None or self.refusal is not None

    @property
    def waits_for_card(self) -> bool:
        """Whether the last that it said is that it waits for one."""
        return self._waits_for_card

    @property
    def registration(self) -> dict[int, str]:
        """What the completion of a registration says in digits: the terminal's TID and its currency."""
        try:
            found = read_bmps(self.done)
        except DecodeError:
            return {}
        return {tag: digits_of(found[tag]) or "" for tag in (TERMINAL, CURRENCY) if tag in found}

    @closed
    def take(self, body: bytes) -> None:
        """Take one command of the terminal's; it never raises."""
        self._waits_for_card = False
        match body[:2]:
            case head if head[:1] == bytes((_REFUSES,)):
                self.refusal = head[1] if len(head) > 1 else 0
                self._say(f"refused {self.refusal:02X}")
            case head if head == _INTERMEDIATE:
                self._take_intermediate(body)
            case head if head == _STATUS:
                self._take_status(body)
            case head if head == _DONE:
                self.is_done, self.done = True, body
                self._say("completion")
            case head if head == _ABORT:
                self.abort = first_byte(body, 0)
                self._say(f"abort {self.abort:02X}")
            case _:
                self.lines += lines_of(body, self.profile)[: _LINES_MAX - len(self.lines)]

    def _take_intermediate(self, body: bytes) -> None:
        status = first_byte(body, _UNREADABLE)
        self._waits_for_card = status == _INSERT_CARD and not self.statuses
        self.intermediate.add(status)
        self._say(f"intermediate status {status:02X}")

    def _take_status(self, body: bytes) -> None:
        try:
            status = Status.read(body)
        except DecodeError:
            status = None
        said = "unreadable" if status is None or status.result is None else f"{status.result:02X}"
        self._say(f"status information {said}")
        if status not in self.statuses:
            self.statuses.append(status)

    def _say(self, words: str) -> None:
        if len(self.seen) < _SEEN_MAX:
            self.seen.append(words)


def first_byte(body: bytes, otherwise: int) -> int:
    """Return the first byte of the data, or *otherwise*."""
    try:
        start, end = data_of(body)
    except DecodeError:
        return otherwise
    return body[start] if start < end else otherwise
