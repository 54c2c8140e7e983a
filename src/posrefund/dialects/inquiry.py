"""How a host tells what became of an earlier message, as data. Floor 3.

No public UnionPay or ISO text has such a message, so none of it has a default that could be taken for a
standard's: a dialect has an inquiry where its acquirer's paper has one. The message itself is a table like any
other, ``inquiry``; here stands what its answer says.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from posrefund.errors import ConfigError

if TYPE_CHECKING:
    from posrefund.errors import Fault

__all__ = ["ABSENCES", "Absence", "Inquiry", "inquiry_faults"]

Absence = Literal["noted", "released"]
"""What *not found* comes to once nothing can be under way any more: a note, or the end of the doubt."""
ABSENCES: tuple[Absence, ...] = ("noted", "released")

_MINUTE = 60
_PAUSES_S = (2 * _MINUTE, 5 * _MINUTE, 10 * _MINUTE, 30 * _MINUTE, 60 * _MINUTE)


@dataclass(frozen=True, slots=True)
class Inquiry:
    """What an answer to an inquiry says, and when one is made.

    Attributes:
        about: Which messages the host can be asked about; only those whose doubt is ``resolve`` are.
        told_codes: DE39 of an answer that says what became of the message.
        pending_codes: DE39 of one that says: still under way.
        absent_codes: DE39 of one that says: not found. All other codes say nothing.
        result: Where an answer holds the code of the message that was asked about, ``"44[0:2]"``; empty where
            DE39 of the answer is that code itself.
        repeats: Fields that name the message that was asked about: an answer has to repeat all of them.
        transit_s: How long a message can be on its way to the host: *not found* sooner than that is no finding.
        absence: What *not found* comes to after it. ``"released"`` is the acquirer's word, in writing, that its host
            never books what it did not find then.
        answer_s: How long an answer is waited for.
        pauses_s: How long after the message, and then after each inquiry, the next one is made; the last one for ever.
        tries: How many are made by themselves.

    Units:
        Seconds; tries are counts of messages sent.

    Raises:
        ConfigError: A code that says two things, no code that tells anything, nothing that names the message, or a
            number that is not above 0.
    """

    about: tuple[str, ...] = ("refund",)
    told_codes: frozenset[str] = frozenset()
    pending_codes: frozenset[str] = frozenset()
    absent_codes: frozenset[str] = frozenset()
    result: str = ""
    repeats: tuple[str, ...] = ()
    transit_s: int = 24 * 60 * _MINUTE
    absence: Absence = "noted"
    answer_s: float = 15.0
    pauses_s: tuple[int, ...] = _PAUSES_S
    tries: int = 12

    def __post_init__(self) -> None:
        for key, expected in inquiry_faults(self):
            message = f"inquiry: {key}: expected {expected}"
            raise ConfigError(message)


def inquiry_faults(inquiry: Inquiry) -> tuple[Fault, ...]:
    """Say what cannot be meant by *inquiry*; empty where it can.

    Example:
        >>> from posrefund.dialects.inquiry import Inquiry, inquiry_faults
        >>> inquiry_faults(Inquiry(told_codes=frozenset({"00"}), repeats=("90",)))
        ()
    """
    kinds = (inquiry.told_codes, inquiry.pending_codes, inquiry.absent_codes)
    is_positive = min((inquiry.transit_s, inquiry.tries, *inquiry.pauses_s)) > 0
    checks = (
        ("about", bool(inquiry.about), "a message, refund"),
        ("told_codes", bool(inquiry.told_codes), "the codes of an answer that tells the result"),
        ("told_codes", sum(map(len, kinds)) == len(frozenset().union(*kinds)), "each code once"),
        ("repeats", bool(inquiry.repeats), "the fields that name the message, and come back"),
        ("absence", inquiry.absence in ABSENCES, f"one of {', '.join(ABSENCES)}"),
        ("pauses_s", bool(inquiry.pauses_s), "pauses, at least one"),
        ("pauses_s", is_positive and inquiry.answer_s > 0, "numbers above 0"),
    )
    return tuple((key, expected) for key, is_right, expected in checks if not is_right)
