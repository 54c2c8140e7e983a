"""What one exchange was: the message that was sent, and what came back, taken apart. Floor 10.

It holds card data and lives no longer than its case; the trace keeps what may be kept.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from posrefund.dialects import look_up

if TYPE_CHECKING:
    from collections.abc import Mapping

    from posrefund.dialects import Dialect, MessageTable
    from posrefund.dialects.codes import Money
    from posrefund.framing import Envelope
    from posrefund.values import Received

__all__ = ["Heard"]

_REVERSAL, _SETTLEMENT = "reversal", "settlement"
_MANAGED = ("sign_in", "sign_off", "echo")


@dataclass(frozen=True, slots=True)
class Heard:
    """A request and its answer.

    Attributes:
        name: Of the message: ``"sale"``.
        dialect: What it was written in.
        step: Its number in the trace.
        sent: Every field of the request.
        sent_in: TPDU and header of the request.
        received: The answer; None where none came.
        received_in: TPDU and header of the answer.
        body: The bytes of the answer from its MTI on.
        trouble: Why nothing came: the name of an error; empty where something did.
    """

    name: str
    dialect: Dialect
    step: int
    sent: Mapping[str, str] = field(repr=False)
    sent_in: Envelope
    received: Received | None = None
    received_in: Envelope | None = None
    body: bytes = field(default=b"", repr=False)
    trouble: str = ""

    @property
    def table(self) -> MessageTable:
        """The message's table."""
        return self.dialect.messages[self.name]

    @property
    def fields(self) -> Mapping[str, str]:
        """The fields of the answer; empty where there is none that could be read."""
        return self.received.fields if self.received else {}

    @property
    def has_come(self) -> bool:
        """Whether something came that could be read."""
        return bool(self.fields)

    @property
    def code(self) -> str:
        """DE39 of the answer, or empty."""
        return self.fields.get("39", "")

    @property
    def money(self) -> Money:
        """What the answer says about money; unknown where it says nothing."""
        return look_up(self.dialect.codes, self.code).money

    @property
    def is_done(self) -> bool:
        """Whether the host says that it did what was asked, in the words for this message."""
        if not self.has_come:
            return False
        if self.name == _SETTLEMENT:
            return True
        if self.name == _REVERSAL and self.code in self.dialect.reversed_codes:
            return True
        managed = self.dialect.managed_codes if self.name in _MANAGED else frozenset[str]()
        return self.code in managed or self.money == "booked"

    @property
    def is_plain_yes(self) -> bool:
        """Whether the answer has to have the fields of an approval."""
        return self.name == _SETTLEMENT or (
            self.is_done and (self.name != _REVERSAL or self.money == "booked")
        )

    @property
    def is_refused(self) -> bool:
        """Whether the host says that it did nothing."""
        return self.has_come and not self.is_done and bool(self.code)

    def fact(self, name: str) -> str:
        """Return what the answer says of *name*; empty where it says nothing."""
        return self.dialect.fact(name, self.fields) or ""
