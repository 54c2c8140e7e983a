"""What a dialect of the host is: its tables as data, and a layout that knows where things stand.

The rest of the host asks a request for its batch, its original or its entry mode and never knows
the field they came in. Floor 9.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from posrefund.crypto import MACRule
    from posrefund.emulators.host.profile import Codes, HostProfile
    from posrefund.emulators.host.terminals import KeyBlock

__all__ = [
    "Facts",
    "HostDialect",
    "Kind",
    "Layout",
    "MessageRule",
    "Original",
    "Spec",
    "field_set",
    "management",
    "row",
    "shapes",
]

Kind = Literal[
    "sign_in",
    "sign_off",
    "echo",
    "sale",
    "void",
    "refund",
    "reversal",
    "inquiry",
    "settlement",
    "upload_details",
    "upload_refund",
    "upload_end",
    "upload_signature",
]
Spec = dict[str, Any]
Fields = dict[str, str]

MAC_BYTES = 8


@dataclass(frozen=True, slots=True)
class MessageRule:
    """One kind of request and its answer.

    Attributes:
        kind: What it asks for.
        mandatory: Fields it must have.
        optional: Fields it may have under a condition; anything else is forbidden.
        answer: Fields of the answer, as far as the host or the request has a value for them.
        undoes: What a reversal reverses.
        original_digits: UnionPay: lengths that DE61 may have.
        is_money: It is checked for batch and MAC, and it is booked.
        is_signed: It carries a MAC though it moves no money: it is checked for batch and MAC.
        closes: It belongs to the closing of a batch: it is checked for the batch, and carries no MAC.
        has_new_stan: Its STAN must not have been used in the batch.
        reads_card: The rules for entry mode, track and PIN hold.
        asks: It asks about an earlier message: it is checked for its MAC, books nothing, and is answered with a MAC.
        result: Of one that asks: where its answer has the code of the earlier message. DE39: it is that code.
    """

    kind: Kind
    mandatory: frozenset[str]
    optional: frozenset[str]
    answer: tuple[str, ...]
    undoes: Literal["sale", "void"] | None = None
    original_digits: tuple[int, ...] = ()
    is_money: bool = True
    is_signed: bool = False
    closes: bool = False
    has_new_stan: bool = True
    reads_card: bool = True
    asks: bool = False
    result: str = "44"

    @property
    def has_mac(self) -> bool:
        """Whether request and answer carry a MAC."""
        return self.is_money or self.is_signed or self.asks


@dataclass(frozen=True, slots=True)
class Original:
    """What a request says about the message it refers to.

    Attributes:
        batch: Its batch; ``000000`` unknown, empty if the dialect has no place for it.
        stan: Its STAN; ``000000`` unknown.
        day: Its day, MMDD or YYMMDD; empty if not said.
        sent_at: In a reversal, the time that the undone message carried; empty if not said.
    """

    batch: str = ""
    stan: str = ""
    day: str = ""
    sent_at: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the host adds to an answer, whatever the dialect."""

    now: datetime
    day: date
    rrn: str
    code: str
    profile: HostProfile


class Layout(ABC):
    """Where a dialect puts what the host has to know. Fields may be missing: then it is empty.

    Attributes:
        code_field: Where a customer's code stands, if one can.
    """

    code_field = ""

    @abstractmethod
    def rule_key(self, mti: str, fields: Fields) -> tuple[str, ...]:
        """Return where *fields* would stand in the rules."""

    @abstractmethod
    def misplaced(self, rule: MessageRule, fields: Fields, profile: HostProfile) -> list[str]:
        """Return the fields whose parts contradict the rule or each other."""

    @abstractmethod
    def card_faults(self, fields: Fields) -> list[str]:
        """Return the fields that contradict the entry mode."""

    @abstractmethod
    def batch(self, fields: Fields) -> str:
        """Return the batch number."""

    @abstractmethod
    def original(self, fields: Fields) -> Original:
        """Return what is said about the original."""

    @abstractmethod
    def entry_mode(self, fields: Fields) -> str:
        """Return how card and PIN came in, as the three digits of DE22 in ISO 8583:1987."""

    @abstractmethod
    def sent_at(self, fields: Fields) -> str:
        """Return the time by which a reversal names this message; empty if none does."""

    def payer_code(self, fields: Fields) -> str:
        """Return the code that a customer showed; empty where none can stand."""
        return ""

    def voucher(self, fields: Fields) -> str:
        """Return how a request names the payment by code that it gives back; empty where it names none."""
        return ""

    def voucher_fields(self, voucher: str) -> Fields:
        """Return the fields of an answer that tell the voucher of a payment by code."""
        return {}

    def new_voucher(self, now: datetime, rrn: str) -> str:
        """Return the voucher of a new payment by code."""
        return ""

    @abstractmethod
    def network_code(self, fields: Fields) -> str:
        """Return what a management message is for."""

    @abstractmethod
    def key_block(self, network_code: str, profile: HostProfile) -> KeyBlock:
        """Return which keys a sign-in hands out."""

    @abstractmethod
    def batch_field(self, kind: Kind, fields: Fields, batch: str) -> str:
        """Return the field of a management answer that tells the open batch."""

    @abstractmethod
    def host_fields(self, facts: Facts) -> Fields:
        """Return the fields of an answer that are the host's own."""


@dataclass(frozen=True)
class HostDialect:
    """One language of the host.

    Attributes:
        name: Its name in ``HostProfile.dialect``.
        spec: What the host reads, a pyiso8583 specification. Any other field ends the conversation.
        shapes: What may stand in a request's field once it is unpacked.
        rules: ``layout.rule_key`` → rule.
        generic_answer: What a request gets back that is in no table.
        layout: Where things stand.
        codes: DE39 of each refusal, unless the profile says otherwise.
        mac_codes: The DE39 with which an answer carries its MAC, unless the profile says otherwise.
        mac_rule: How the MAC is made.
        refund_mti: MTI of a refund.
        tpdu_bytes: 5 or 0.
        header_bytes: 6 or 0.
        is_text: Every byte of it is a character; binary fields stand as hexadecimal digits.
    """

    name: str
    spec: Mapping[str, Spec]
    shapes: Mapping[str, re.Pattern[str]]
    rules: Mapping[tuple[str, ...], MessageRule]
    generic_answer: tuple[str, ...]
    layout: Layout
    codes: Codes
    mac_codes: tuple[str, ...]
    mac_rule: MACRule
    refund_mti: str
    tpdu_bytes: int = 0
    header_bytes: int = 0
    is_text: bool = False

    @cached_property
    def known_mtis(self) -> frozenset[str]:
        """The MTIs of its requests."""
        return frozenset(mti for mti, *_ in self.rules)

    @cached_property
    def reply_spec(self) -> dict[str, Spec]:
        """What the host can write: DE9 is the field that no terminal knows (a fault)."""
        return {**self.spec, "9": self.spec["64"]}

    @property
    def mac_line_bytes(self) -> int:
        """How much room a MAC takes on the line."""
        return 2 * MAC_BYTES if self.is_text else MAC_BYTES

    def mac_on_line(self, tag: bytes) -> bytes:
        """Return a MAC as it stands on the line."""
        return tag.hex().upper().encode("ascii") if self.is_text else tag


def row(text: str) -> tuple[str, ...]:
    """Return the field numbers of *text* in their order."""
    return tuple(text.split())


def field_set(text: str) -> frozenset[str]:
    """Return the field numbers of *text*."""
    return frozenset(text.split())


def shapes(patterns: Mapping[str, str]) -> dict[str, re.Pattern[str]]:
    """Return compiled shapes by field number."""
    return {number: re.compile(pattern) for number, pattern in patterns.items()}


def management(
    kind: Kind, mandatory: str, optional: str, answer: str, *, closes: bool = False
) -> MessageRule:
    """Return the rule of a message without MAC or the reading of a card."""
    return MessageRule(
        kind,
        field_set(mandatory),
        field_set(optional),
        row(answer),
        is_money=False,
        closes=closes,
        has_new_stan=False,
        reads_card=False,
    )
