"""What follows from what a ZVT terminal said: a result, and a doubt wherever a yes or a no is not proven. Floor 6.

A yes needs a completion and one status information with result 00, in which the amount, the currency, the terminal
and a transaction number that is not the one before are what they have to be. A no needs a code that proves that
nothing was booked, said by everything that says one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from posrefund.devices.contract import DeviceVoid
from posrefund.devices.results import (
    DeviceApproved,
    DeviceDeclined,
    DeviceInDoubt,
    DeviceNotSent,
    DeviceReason,
)
from posrefund.devices.zvt.codes import is_busy, proves_nothing_booked, reason_of

if TYPE_CHECKING:
    from posrefund.devices.contract import DeviceRequest
    from posrefund.devices.results import DeviceResult
    from posrefund.devices.zvt.heard import Heard, Status

__all__ = [
    "Expected",
    "doubt",
    "judge",
    "judge_last",
    "not_sent",
    "receipt_asked",
]

_HOST_MAY_HAVE_BEEN_ASKED = frozenset({0x04})
"""Of a dialogue that nobody heard: an intermediate status after which only the host's own no proves anything."""


def not_sent(request: DeviceRequest, reason: DeviceReason, raw_code: str = "") -> DeviceNotSent:
    """Return that the question never reached the terminal, or that it took nothing."""
    return DeviceNotSent(
        request_id=request.request_id, amount=request.amount, reason=reason, raw_code=raw_code
    )


def doubt(
    request: DeviceRequest, reason: DeviceReason, heard: Heard, after: str = "", raw_code: str = ""
) -> DeviceInDoubt:
    """Return that nobody knows."""
    return DeviceInDoubt(
        request_id=request.request_id,
        amount=request.amount,
        reason=reason,
        raw_code=raw_code,
        seen=tuple(heard.seen),
        after=after,
    )


@dataclass(frozen=True, slots=True)
class Expected:
    """What a status information is compared with, besides the request.

    Attributes:
        after: The reference of the terminal's last transaction before the question, empty if it told none.
        terminal: Its TID, as it said when it was registered with.
        names_currency: Whether it has to name the currency.
    """

    after: str
    terminal: str | None
    names_currency: bool


def judge(request: DeviceRequest, heard: Heard, expected: Expected) -> DeviceResult:
    """Judge a dialogue about *request* that the terminal has ended."""
    if heard.refusal is not None:
        return _refused(request, heard.refusal)
    if heard.abort is not None:
        return _aborted(request, heard, expected.after)
    status = heard.statuses[0] if len(heard.statuses) == 1 else None
    if status is None:
        return doubt(request, DeviceReason.PROTOCOL, heard, expected.after)
    if status.result != 0:
        reason = reason_of(status.result or 0)
        return doubt(request, reason, heard, expected.after, _hex(status.result))
    fault = _fault(request, status, expected)
    if fault is not None:
        return doubt(request, fault, heard, expected.after, _hex(0))
    return _approved(request, status, heard)


def judge_last(
    request: DeviceRequest, heard: Heard, status: Status | None, expected: Expected
) -> DeviceResult:
    """Judge what a terminal remembers as its last transaction.

    It is *request* only if everything is equal and it is not the one that was the last before. Where nobody knows
    that one, only a reversal can be told from an older one: it names what it reversed.
    """
    after = expected.after
    if status is None:
        return doubt(request, DeviceReason.ORIGINAL_NOT_FOUND, heard, after)
    if status.reference == after or not (after or _names_original(request, status)):
        heard.seen.append("the last transaction may be an older one")
        return doubt(request, DeviceReason.ORIGINAL_NOT_FOUND, heard, after)
    fault = _fault(request, status, expected)
    if fault is not None:
        heard.seen.append("the last transaction is another one")
        return doubt(request, fault, heard, after, _hex(status.result))
    if status.result == 0:
        return _approved(request, status, heard)
    if status.result and proves_nothing_booked(status.result, _HOST_MAY_HAVE_BEEN_ASKED):
        return _declined(request, status.result)
    return doubt(request, reason_of(status.result or 0), heard, after, _hex(status.result))


def receipt_asked(request: DeviceVoid) -> str | None:
    """Return the four digits of the receipt that a void names, as ``0045`` or ``000123/0045``."""
    receipt = request.reference.rpartition("/")[2]
    right = len(receipt) == 4 and receipt.isascii() and receipt.isdigit()
    return receipt if right and receipt != "0000" else None


# --- inside ------------------------------------------------------------------------------------------


def _refused(request: DeviceRequest, code: int) -> DeviceResult:
    """It did not take the command: there was no transaction."""
    if is_busy(code):
        return not_sent(request, reason_of(code), _hex(code))
    return _declined(request, code)


def _aborted(request: DeviceRequest, heard: Heard, after: str) -> DeviceResult:
    code = heard.abort or 0
    agree = all(status is not None and status.result == code for status in heard.statuses)
    if agree and proves_nothing_booked(code, frozenset(heard.intermediate)):
        return _declined(request, code)
    return doubt(request, reason_of(code), heard, after, _hex(code))


def _fault(request: DeviceRequest, status: Status, expected: Expected) -> DeviceReason | None:
    """Return what is not as it was asked for, or None."""
    is_silent = status.currency is None and not expected.names_currency
    asked_trace = _trace_asked(request)
    is_other = asked_trace and status.original_trace not in (None, asked_trace)
    is_older = not status.reference or status.reference == expected.after
    is_elsewhere = expected.terminal and status.terminal not in (None, expected.terminal)
    for wrong, reason in (
        (status.amount_minor != request.amount.minor, DeviceReason.AMOUNT),
        (not is_silent and status.currency != request.amount.currency, DeviceReason.CURRENCY),
        (is_older, DeviceReason.PROTOCOL),
        (is_other, DeviceReason.ORIGINAL_NOT_FOUND),
        (is_elsewhere, DeviceReason.PROTOCOL),
    ):
        if wrong:
            return reason
    return None


def _trace_asked(request: DeviceRequest) -> str:
    """Return the trace number that a void names, or nothing."""
    if not isinstance(request, DeviceVoid):
        return ""
    trace = request.reference.rpartition("/")[0]
    return trace if trace != "000000" else ""


def _names_original(request: DeviceRequest, status: Status) -> bool:
    trace = _trace_asked(request)
    return bool(trace) and status.original_trace == trace


def _approved(request: DeviceRequest, status: Status, heard: Heard) -> DeviceApproved:
    return DeviceApproved(
        request_id=request.request_id,
        amount=request.amount,
        raw_code=_hex(0),
        reference=status.reference,
        receipt=tuple(heard.lines),
    )


def _declined(request: DeviceRequest, code: int) -> DeviceDeclined:
    return DeviceDeclined(
        request_id=request.request_id,
        amount=request.amount,
        raw_code=_hex(code),
        reason=reason_of(code),
    )


def _hex(code: int | None) -> str:
    return "" if code is None else f"{code:02X}"
