"""``interpret``: what an answer proves. The only file that may turn bytes of a host into a yes. Floor 4.

Order of suspicion: is it readable · is it the answer to *this* message · is its MAC right · does it
echo what was asked · what does its code say about money. Whatever fails leaves the attempt in doubt,
never approved; a no counts only while a single copy can have left.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from posrefund.dialects import look_up
from posrefund.engine.table import Event
from posrefund.errors import InvalidRequestError
from posrefund.values import RRN
from posrefund.values.card import mask_pan

if TYPE_CHECKING:
    from collections.abc import Mapping

    from posrefund.dialects import Dialect, MessageTable
    from posrefund.engine.attempt import Attempt
    from posrefund.values import Received

__all__ = [
    "Conclusion",
    "Stranger",
    "echo_fault",
    "interpret",
    "interpret_reversal",
    "reply_mti",
    "stranger_to",
]

_KEPT = (
    "rrn", "auth_code", "host_time", "host_date", "host_year", "settlement_date", "settlement_year",
    "institutions", "organisation", "voucher",
)  # fmt: skip
"""What an approval says that a slip, a later refund or the books need."""


@dataclass(frozen=True, slots=True)
class Stranger:
    """An answer to some other message.

    Attributes:
        path: The first field of the key that differs: ``MTI``, ``DE11``, ``DE41`` or one that tells days,
            batches and amounts apart.
        expected: What it is in our message.
        seen: What it is in this one.
        nearest: The attempt that it was compared with; empty where it is the one listened for.
    """

    path: str
    expected: str
    seen: str
    nearest: str = ""


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What follows from an answer.

    Attributes:
        event: ACCEPT, DECLINE or DOUBT; UNDO for a reversal.
        facts: What is known now; ``reason`` says why there is doubt.
    """

    event: Event
    facts: Mapping[str, str]


def stranger_to(mti: str, stan: str, terminal: str, fields: Mapping[str, str]) -> Stranger | None:
    """Compare the key of an answer with ours; None when it is the answer to our message."""
    for path, name, expected in (("MTI", "t", mti), ("DE11", "11", stan), ("DE41", "41", terminal)):
        seen = fields.get(name, "")
        if seen != expected:
            return Stranger(path, expected, seen)
    return None


def interpret(
    attempt: Attempt, table: MessageTable, received: Received, dialect: Dialect
) -> Conclusion | Stranger:
    """Say what *received* proves about *attempt*."""
    if received.refusal is not None:
        return _doubt("unreadable", {"where": received.refusal.path})
    fields = received.fields
    stranger = stranger_to(reply_mti(table, fields), attempt.stan, attempt.terminal, fields)
    if stranger is not None:
        return stranger
    code = look_up(dialect.codes, fields.get("39", ""))
    facts = {"code": fields.get("39", ""), "mac": received.mac}
    if received.mac in ("wrong", "no_key"):
        return _doubt("bad_mac", facts)
    booked = code.money == "booked"
    fault = _fault(attempt, table, fields, dialect, booked=booked)
    if fault:
        return _doubt("mismatch", facts | {"where": fault})
    if attempt.copies > 1 and code.code in dialect.received_codes:
        return _doubt("received", facts)
    if booked:
        return _yes(attempt, received, facts, dialect)
    if code.money == "unknown":
        return _doubt(f"code_{code.code}", facts)
    return _no(attempt, table, facts, dialect)


def reply_mti(table: MessageTable, fields: Mapping[str, str]) -> str:
    """Return the MTI that an answer to *table* has to have; of two, the one that this one has."""
    seen = fields.get("t", "")
    return seen if seen in table.mti_replies else table.mti_reply


def _yes(
    attempt: Attempt, received: Received, facts: Mapping[str, str], dialect: Dialect
) -> Conclusion:
    if received.mac != "valid":
        return _doubt("no_mac", facts)
    kept = _kept(received.fields, dialect)
    if attempt.kind != "sale" or not attempt.is_by_code:
        kept.pop("voucher", None)  # what an answer repeats of it is nothing new
    return Conclusion(Event.ACCEPT, {**facts, **kept})


def _no(
    attempt: Attempt, table: MessageTable, facts: Mapping[str, str], dialect: Dialect
) -> Conclusion:
    """A no closes a single copy only: of two, the second may be refused because the first was booked.

    Of a host that repeats its answer, an authentic no is the first one's, too; not so one that it says of
    every message it cannot read or does not know for ours: the first copy may have arrived unharmed.
    """
    is_stored = table.repeat != "none" and facts["code"] not in dialect.unread_codes
    if attempt.copies > 1 and not (is_stored and facts["mac"] == "valid"):
        return _doubt("declined_after_repeat", facts)
    return Conclusion(Event.DECLINE, facts)


def interpret_reversal(
    attempt: Attempt, received: Received, dialect: Dialect, *, is_same_day: bool
) -> Conclusion | Stranger:
    """Say what *received* proves about the reversal of *attempt*.

    ``UNDO`` only for an approval that authenticates itself, or for one that says there is nothing (left) to
    undo, while the host's settlement day is certainly the attempt's (*is_same_day*). Everything else
    leaves it REVERSING.
    """
    if received.refusal is not None:
        return _doubt("unreadable", {"where": received.refusal.path})
    fields = received.fields
    table = dialect.messages["reversal"]
    stranger = stranger_to(table.mti_reply, attempt.stan, attempt.terminal, fields)
    if stranger is not None:
        return stranger
    code = fields.get("39", "")
    facts = {"reversal_code": code, "reversal_mac": received.mac}
    was_nothing = look_up(dialect.codes, code).money == "not_booked"
    # Without a MAC all that is echoed counts: a bent request is refused in the words for "nothing to undo".
    echoed = {
        name: len(fields.get(name, "")) if was_nothing else width
        for name, width in dialect.echoed.items()
        if table.copies(name)
    }
    form = (
        *table.response_faults(fields, approved=not was_nothing),
        *dialect.value_faults(fields),
    )
    if received.mac in ("wrong", "no_key") or form or echo_fault(attempt, fields, echoed):
        return _doubt("reversal_refused", facts)
    proven = is_same_day if was_nothing else received.mac == "valid"
    if code in dialect.reversed_codes and proven:
        return Conclusion(Event.UNDO, facts)
    return _doubt("reversal_refused", facts)


def _fault(
    attempt: Attempt,
    table: MessageTable,
    fields: Mapping[str, str],
    dialect: Dialect,
    *,
    booked: bool,
) -> str:
    """Name the first field of the answer that is not what it has to be, or nothing."""
    faults = (*table.response_faults(fields, approved=booked), *dialect.value_faults(fields))
    if faults:
        return faults[0][0]
    echo = echo_fault(attempt, fields, dialect.echoed)
    return echo or (_rrn_fault(fields, dialect) if booked else "")


def echo_fault(attempt: Attempt, fields: Mapping[str, str], echoed: Mapping[str, int]) -> str:
    """Name the first field of *echoed* that does not repeat what *attempt* sent, or nothing."""
    asked = attempt.fields
    for name, width in echoed.items():
        if name in fields and fields[name][:width] != asked.get(name, "")[:width]:
            return f"DE{name}"
    # Whose account a code was, only its host knows: there is nothing to compare it with.
    if "2" in fields and not attempt.is_by_code and mask_pan(fields["2"]) != attempt.card_masked:
        return "DE2"
    return ""


def _rrn_fault(fields: Mapping[str, str], dialect: Dialect) -> str:
    try:
        RRN(dialect.fact("rrn", fields) or "")
    except InvalidRequestError:
        return "DE37"
    return ""


def _kept(fields: Mapping[str, str], dialect: Dialect) -> dict[str, str]:
    facts = {name: dialect.fact(name, fields) for name in _KEPT}
    return {name: value for name, value in facts.items() if value is not None}


def _doubt(reason: str, facts: Mapping[str, str]) -> Conclusion:
    return Conclusion(Event.DOUBT, {"reason": reason, **facts})
