"""What an answer to an inquiry says, taken from its bytes: about whom, and what. Floor 4.

It proves nothing yet. It has to be the answer to this very question, to repeat what names the attempt, and to say
nothing that differs from it; whatever fails says nothing at all.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from posrefund.closed import closed
from posrefund.dialects import look_up
from posrefund.engine.inquired import InquiryAnswer
from posrefund.engine.interpret import Stranger, stranger_to
from posrefund.errors import InvalidRequestError
from posrefund.values import RRN
from posrefund.values.card import mask_pan

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from posrefund.dialects import Dialect
    from posrefund.dialects.inquiry import Inquiry
    from posrefund.engine.attempt import Attempt
    from posrefund.engine.inquired import InquiryVerdict
    from posrefund.values import Received

__all__ = ["Heard", "hear"]

_KEPT = (
    "auth_code",
    "voucher",
    "host_time",
    "host_date",
    "host_year",
    "settlement_date",
    "settlement_year",
)
"""What an answer about a booking says that the books need, besides its RRN."""


@dataclass(frozen=True, slots=True)
class Heard:
    """An answer of the line, taken apart.

    Attributes:
        answer: What it says.
        facts: What else is to be known of a booking.
        where: The first field that is not what it has to be.
    """

    answer: InquiryAnswer
    facts: Mapping[str, str] = field(default_factory=dict)
    where: str = ""


@closed
def hear(
    attempt: Attempt,
    asked: Mapping[str, str],
    received: Received,
    dialect: Dialect,
    now: datetime,
) -> Heard | Stranger:
    """Say what *received* says of *attempt*; whatever is not as it has to be says nothing.

    Args:
        attempt: Which was asked about.
        asked: The fields of the inquiry.
        received: What came; its MAC judged by the keys of the inquiry.
        dialect: What it is written in.
        now: The time.
    """
    rule, table = dialect.inquiry, dialect.messages["inquiry"]
    assert rule is not None, "it was asked"
    if received.refusal is not None:
        return Heard(_answer("unclear", received, now), where=received.refusal.path)
    fields = received.fields
    stranger = stranger_to(table.mti_reply, asked["11"], attempt.terminal, fields)
    if stranger is not None:
        return stranger
    verdict, code = _verdict(rule, fields, dialect)
    booked = verdict == "processed" and look_up(dialect.codes, code).money == "booked"
    faults = (
        *table.response_faults(fields, approved=booked),
        *dialect.value_faults(fields),
    )
    rrn = (dialect.fact("rrn", fields) or "") if booked else ""
    where = faults[0][0] if faults else next(_unrepeated(attempt, asked, fields, dialect), "")
    where = where or _rrn_fault(rrn)
    if where:
        return Heard(_answer("unclear", received, now), where=where)
    answer = replace(_answer(verdict, received, now, code), rrn=rrn)
    return Heard(answer, _kept(fields, dialect) if booked else {})


def _answer(
    verdict: InquiryVerdict, received: Received, now: datetime, code: str = ""
) -> InquiryAnswer:
    is_authentic = received.mac == "valid"
    return InquiryAnswer(verdict, code, authenticated=is_authentic, seen_at=now, source="line")


def _verdict(
    rule: Inquiry, fields: Mapping[str, str], dialect: Dialect
) -> tuple[InquiryVerdict, str]:
    """What DE39 says of the question, and the code of the message itself."""
    said = fields.get("39", "")
    if said in rule.pending_codes:
        return "in_progress", ""
    if said in rule.absent_codes:
        return "not_found", ""
    code = (dialect.said_at(rule.result, fields) or "").strip() if rule.result else said
    is_code = re.fullmatch("[0-9A-Za-z]{1,3}", code, flags=re.ASCII) is not None
    return ("processed", code) if said in rule.told_codes and is_code else ("unclear", "")


def _unrepeated(
    attempt: Attempt, asked: Mapping[str, str], fields: Mapping[str, str], dialect: Dialect
) -> Iterator[str]:
    """The fields that do not come back as they were asked, or are those of another attempt."""
    rule = dialect.inquiry
    for name in rule.repeats if rule else ():
        if fields.get(name) != asked.get(name):
            yield f"DE{name}"
    for name, width in dialect.echoed.items():
        expected = asked.get(name, attempt.fields.get(name, ""))
        if name in fields and fields[name][:width] != expected[:width]:
            yield f"DE{name}"
    if "2" in fields and mask_pan(fields["2"]) != attempt.card_masked:
        yield "DE2"


def _rrn_fault(rrn: str) -> str:
    try:
        return "" if not rrn or RRN(rrn) else "DE37"
    except InvalidRequestError:
        return "DE37"


def _kept(fields: Mapping[str, str], dialect: Dialect) -> dict[str, str]:
    facts = {name: dialect.fact(name, fields) for name in _KEPT}
    return {name: value for name, value in facts.items() if value is not None}
