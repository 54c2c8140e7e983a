"""What makes one acquirer's ISO 8583 different from another's, in one frozen value. Floor 3."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import time, timedelta, timezone
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from posrefund.codec import Codec, Field, specification
from posrefund.crypto import UNIONPAY_ECB, MACRule

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from posrefund.dialects.codes import ResponseCode
    from posrefund.dialects.message import MessageTable
    from posrefund.errors import Fault

__all__ = ["Dialect", "Timers"]


@dataclass(frozen=True, slots=True)
class Timers:
    """How long the terminal waits and how often it tries.

    Units:
        Seconds; tries are counts of messages sent.
    """

    connect_s: float = 10.0
    answer_s: float = 60.0
    reversal_tries: int = 3


@dataclass(frozen=True)
class Dialect:
    """A dialect: every fact of it that code needs, and no code.

    Attributes:
        name: As the command line and the configuration call it.
        fields: The field table by number.
        messages: The message tables by our names.
        codes: The response codes by their two characters.
        mac: The MAC rule; the MAC stands in DE64.
        timers: Waiting times.
        cut_off: When the host's settlement day ends, host time.
        zone: The host's civil time zone.
        tpdu: Default TPDU of a request, 5 bytes.
        header: Default message header, 6 bytes.
        de60_tail: What a transaction's DE60 carries after 60.3 (capability, chip condition …).
        reversed_codes: Answers to a reversal that mean: undone.
        accept_pads: Filler nibbles that an odd-length field may end in; UnionPay ignores them all.
    """

    name: str
    fields: Mapping[str, Field]
    messages: Mapping[str, MessageTable]
    codes: Mapping[str, ResponseCode]
    mac: MACRule = UNIONPAY_ECB
    timers: Timers = field(default_factory=Timers)
    cut_off: time = time(23)
    zone: timezone = timezone(timedelta(hours=8))
    tpdu: bytes = bytes.fromhex("6000030000")
    header: bytes = bytes.fromhex("603200000000")
    de60_tail: str = "600"
    reversed_codes: frozenset[str] = frozenset({"00", "12", "25"})
    accept_pads: str = "0123456789ABCDEF"

    @cached_property
    def specification(self) -> dict[str, dict[str, Any]]:
        """The pyiso8583 specification of this dialect; give it to pyiso8583 and it works there."""
        return specification(self.fields.values())

    @cached_property
    def codec(self) -> Codec:
        """The codec of this dialect."""
        return Codec(self.specification, accept_pads=self.accept_pads)

    def value_faults(self, fields: Mapping[str, str]) -> tuple[Fault, ...]:
        """Name every field whose characters are not those of its table row."""
        found = []
        for number, value in fields.items():
            row = self.fields.get(number)
            expected = row.fault(value) if row else None
            if expected:
                found.append((f"DE{number}", expected))
        return tuple(found)

    def derive(self, name: str, *, fields: Iterable[Field] = (), **changes: Any) -> Dialect:
        """Return a dialect that differs only in what is given; *fields* are added or replaced.

        Example:
            >>> from posrefund.dialects import dialect
            >>> house = dialect("unionpay").derive("my-bank", de60_tail="50")
            >>> house.name, house.de60_tail
            ('my-bank', '50')
        """
        table = {**self.fields, **{str(row.number): row for row in fields}}
        return replace(self, name=name, fields=MappingProxyType(table), **changes)
