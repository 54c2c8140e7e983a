"""What can go wrong on purpose, as data: one queue of faults and one table of what each does.

Faults are taken in the order they were queued, one for a request, by its MTI; nothing is random.
An answer with wrong fields carries a right MAC over them: the lie is the host's, not the line's.
Floor 9.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from posrefund.crypto import ISO9797_1
from posrefund.emulators.host.dialects import ALL_MTIS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from posrefund.crypto import MACRule
    from posrefund.emulators.host.dialects import HostDialect

__all__ = ["EFFECTS", "NO_EFFECT", "Delivery", "Effect", "Fault", "FaultQueue"]

_DELAY_S_MAX = 600.0
_MINOR_MAX = 999_999_999_999
_GARBAGE = bytes(range(0xF0, 0x100)) * 3


@dataclass(frozen=True, slots=True)
class Delivery:
    """What goes out for one request.

    Attributes:
        replies: Messages from TPDU to end; none is silence.
        delay_s: How long to wait before the first.
        close: Whether the connection ends afterwards.
    """

    replies: tuple[bytes, ...] = ()
    delay_s: float = 0.0
    close: bool = False


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault in waiting.

    Attributes:
        kind: A key of ``EFFECTS``.
        mti: The request it strikes; a refund of the host's dialect if empty.
        times: How many requests it strikes.
        always: It strikes all of them, however many.
        minor: It strikes only a request of this amount, in minor units; 0 for any.
        code: DE39 for ``code`` and ``booked_code``, DE44 for ``wrong_result``, as long as the dialect's codes.
        seconds: For ``delay``.
        index: For ``flip_mac_byte``, 0 to 7.

    Raises:
        ValueError: An unknown kind, or a value out of range.
        TypeError: A value of another type.
    """

    kind: str
    mti: str = ""
    times: int = 1
    code: str = "96"
    seconds: float = 0.0
    index: int = 0
    minor: int = 0
    always: bool = False

    def __post_init__(self) -> None:
        for path, right in (
            ("kind", self.kind in EFFECTS),
            ("mti", re.fullmatch("([0-9]{4})?", self.mti)),
            ("times", self.times >= 1),
            ("code", re.fullmatch("[0-9A-Z]{2,3}", self.code)),
            ("seconds", 0 <= self.seconds <= _DELAY_S_MAX),
            ("index", self.index in range(8)),
            ("minor", 0 <= self.minor <= _MINOR_MAX),
        ):
            if not right:
                message = f"fault: {path} is not one the host knows"
                raise ValueError(message)


Fields = dict[str, str]


def _same_fields(fields: Fields, _: Fault) -> None:
    """Change nothing."""


def _same_tag(tag: bytes, _: Fault) -> bytes:
    return tag


def _send(reply: bytes, _: Fault) -> Delivery:
    return Delivery((reply,))


@dataclass(frozen=True, slots=True)
class Effect:
    """What a kind of fault changes, stage by stage.

    Attributes:
        sees: Whether the host sees the request at all.
        books: Whether it does what was asked.
        fields: Changes the answer's fields before the MAC is made.
        tag: Changes the MAC; empty removes it.
        line: Turns the answer into what goes out.
        mac_rule: The rule of the answer's MAC, if not the host's own.
    """

    sees: bool = True
    books: bool = True
    fields: Callable[[Fields, Fault], None] = _same_fields
    tag: Callable[[bytes, Fault], bytes] = _same_tag
    line: Callable[[bytes, Fault], Delivery] = _send
    mac_rule: MACRule | None = None


def _set_code(fields: Fields, fault: Fault) -> None:
    fields["39"] = fault.code


def _set_result(fields: Fields, fault: Fault) -> None:
    """The host tells of another result of what it was asked about than stands in its books."""
    if "39" in fields:
        fields["39"], fields["44"] = "0" * len(fields["39"]), fault.code


def _shift(number: str) -> Callable[[Fields, Fault], None]:
    """Return a change of the last character of field *number*."""

    def change(fields: Fields, _: Fault) -> None:
        if value := fields.get(number):
            fields[number] = value[:-1] + ("2" if value.endswith("1") else "1")

    return change


def _shift_original(fields: Fields, fault: Fault) -> None:
    """The answer is about another message than it was asked about."""
    for number in ("56", "61", "90"):
        if value := fields.get(number):
            fields[number] = f"{value[:9]}{(int(value[9]) + 1) % 10}{value[10:]}"


def _drop(number: str) -> Callable[[Fields, Fault], None]:
    """Return a change that leaves field *number* out."""

    def change(fields: Fields, _: Fault) -> None:
        fields.pop(number, None)

    return change


def _other_day(number: str) -> Callable[[Fields, Fault], None]:
    """Return a change of the MMDD at the end of field *number* to another day of the calendar."""

    def change(fields: Fields, _: Fault) -> None:
        if value := fields.get(number):
            fields[number] = value[:-4] + ("0102" if value[-4:] != "0102" else "0203")

    return change


def _add_ten(fields: Fields, _: Fault) -> None:
    """The MTI of the answer is ten more than it should be."""
    mti = fields["t"]
    fields["t"] = f"{mti[:2]}{(int(mti[2]) + 1) % 10}{mti[3]}"


def _balance(fields: Fields, _: Fault) -> None:
    """Both verdicts say: balanced, whatever the totals are."""
    if totals := fields.get("48"):
        fields["48"] = f"{totals[:30]}1{totals[31:61]}1"


def _add_a_fen(fields: Fields, _: Fault) -> None:
    """The host's debits of domestic cards are more by one than its books say; its verdict stays."""
    if totals := fields.get("48"):
        fields["48"] = f"{int(totals[:12]) + 1:012d}{totals[12:]}"


def _unbalance(fields: Fields, _: Fault) -> None:
    """The verdict on domestic cards says: unbalanced, whatever the totals are."""
    if totals := fields.get("48"):
        fields["48"] = f"{totals[:30]}2{totals[31:]}"


def _cut_totals(fields: Fields, _: Fault) -> None:
    if totals := fields.get("48"):
        fields["48"] = totals[:31]


def _add_unknown(fields: Fields, _: Fault) -> None:
    fields["9"] = "0011223344556677"


def _break_check_value(fields: Fields, _: Fault) -> None:
    if block := fields.get("62"):
        fields["62"] = f"{block[:-1]}{int(block[-1], 16) ^ 1:X}"


def _halve_keys(fields: Fields, _: Fault) -> None:
    fields["62"] = fields.get("62", "")[: len(fields.get("62", "")) // 4 * 2]


def _other_tag(tag: bytes, _: Fault) -> bytes:
    return bytes(ord("1" if digit == ord("0") else "0") for digit in tag)


def _flip_tag(tag: bytes, fault: Fault) -> bytes:
    flipped = bytearray(tag)
    flipped[fault.index] ^= 0x01
    return bytes(flipped)


def _unswapped(reply: bytes, _: Fault) -> Delivery:
    """The TPDU as the request had it."""
    return Delivery((reply[:1] + reply[3:5] + reply[1:3] + reply[5:],))


def _other_header(reply: bytes, _: Fault) -> Delivery:
    """The last digit of the header is another one."""
    return Delivery((reply[:10] + bytes([reply[10] ^ 0x01]) + reply[11:],))


NO_EFFECT = Effect()

EFFECTS: Mapping[str, Effect] = {
    "drop_request": Effect(sees=False, books=False),
    "drop_reply": Effect(line=lambda _reply, _fault: Delivery()),
    "close_before_reply": Effect(line=lambda _reply, _fault: Delivery(close=True)),
    "delay": Effect(line=lambda reply, fault: Delivery((reply,), delay_s=fault.seconds)),
    "duplicate_reply": Effect(line=lambda reply, _fault: Delivery((reply, reply))),
    "truncate": Effect(line=lambda reply, _fault: Delivery((reply[: len(reply) // 2],))),
    "garbage": Effect(line=lambda _reply, _fault: Delivery((_GARBAGE,))),
    "bad_mac": Effect(tag=_other_tag),
    "no_mac": Effect(tag=lambda _tag, _fault: b""),
    "flip_mac_byte": Effect(tag=_flip_tag),
    "wrong_stan": Effect(fields=_shift("11")),
    "wrong_amount": Effect(fields=_shift("4")),
    "wrong_terminal": Effect(fields=_shift("41")),
    "wrong_rrn": Effect(fields=_shift("37")),
    "wrong_totals": Effect(fields=_add_a_fen),
    "unbalanced": Effect(fields=_unbalance),
    "half_totals": Effect(fields=_cut_totals),
    "unknown_field": Effect(fields=_add_unknown),
    "code": Effect(books=False, fields=_set_code),
    "booked_code": Effect(fields=_set_code),
    "wrong_result": Effect(fields=_set_result),
    "wrong_original": Effect(fields=_shift_original),
    "no_rrn": Effect(fields=_drop("37")),
    "no_code": Effect(fields=_drop("39")),
    "wrong_date": Effect(fields=_other_day("13")),
    "wrong_settlement_date": Effect(fields=_other_day("15")),
    "wrong_mti": Effect(fields=_add_ten),
    "balanced": Effect(fields=_balance),
    "other_mac_rule": Effect(mac_rule=ISO9797_1),
    "unswapped_tpdu": Effect(line=_unswapped),
    "other_header": Effect(line=_other_header),
    "wrong_kcv": Effect(fields=_break_check_value),
    "half_key_set": Effect(fields=_halve_keys),
}
"""Kind of fault → what it does."""


class FaultQueue:
    """Faults in waiting, first queued first taken.

    Args:
        dialect: The host's; a fault that is meant for another dialect is refused.
    """

    def __init__(self, dialect: HostDialect) -> None:
        self._dialect = dialect
        self._waiting: list[Fault] = []

    def add(self, fault: Fault) -> Fault:
        """Put *fault* at the end and return it, its MTI filled in.

        Raises:
            ValueError: The request is one of other dialects only, or the code has not the length
                that codes of this one have.
        """
        dialect = self._dialect
        fault = replace(fault, mti=fault.mti or dialect.refund_mti)
        says_code = EFFECTS[fault.kind].fields in (_set_code, _set_result)
        for path, right in (
            ("mti", fault.mti in dialect.known_mtis or fault.mti not in ALL_MTIS),
            ("code", not says_code or len(fault.code) == len(dialect.codes.approved)),
        ):
            if not right:
                message = f"fault: {path} is not one of {dialect.name}"
                raise ValueError(message)
        self._waiting.append(fault)
        return fault

    def clear(self) -> None:
        """Forget all of them."""
        self._waiting.clear()

    def take(self, mti: str, minor: int = 0) -> Fault | None:
        """Take one use of the first fault for *mti* and the amount *minor*."""
        for place, fault in enumerate(self._waiting):
            if fault.mti == mti and fault.minor in (0, minor):
                if not fault.always:
                    rest = [replace(fault, times=fault.times - 1)] if fault.times > 1 else []
                    self._waiting[place : place + 1] = rest
                return fault
        return None
