"""Holds every invariant against the books, and says which does not apply to this product yet. Floor 10."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from posrefund.testing.simulator.invariants import (
    ceiling_holds,
    day_decides_the_route,
    every_yes_and_message_has_its_reason,
    final_stays_final,
    identity_is_one,
    nothing_is_lost,
    release_needs_proof,
    request_has_one_effect,
)
from posrefund.testing.simulator.invariants_batch import (
    closing_is_over,
    closing_says_what_was_accepted,
)
from posrefund.testing.simulator.invariants_books import (
    books_agree,
    chain_is_whole,
    everything_is_decided,
    nothing_waits_to_be_sent,
    recovery_is_total,
    secrets_stay_out,
)
from posrefund.testing.simulator.invariants_people import approved_is_executed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from posrefund.testing.simulator.evidence import Evidence

__all__ = ["INVARIANTS", "Checker", "Invariant", "ViolationError"]

When = Literal["step", "start", "day", "end", "call", "never"]


class ViolationError(Exception):
    """An invariant does not hold.

    Attributes:
        invariant: Which, as ``I4``.
        what: What was found; no card data.
    """

    def __init__(self, invariant: str, what: str) -> None:
        self.invariant = invariant
        self.what = what
        super().__init__(f"{invariant}: {what}")


@dataclass(frozen=True, slots=True)
class Invariant:
    """One of the list.

    Attributes:
        name: ``I1`` to ``I16``, ``L1`` to ``L3``.
        when: After every step, after a start, once a day, at the end, at every call, or never: the
            product has no notion of it yet.
        text: What has to hold.
    """

    name: str
    when: When
    text: str


INVARIANTS = (
    Invariant("I1", "step", "no sale is given back beyond its amount"),
    Invariant("I2", "step", "one request, one open attempt, one effect at the host"),
    Invariant("I3", "step", "what the host booked the journal knows; nothing disappears"),
    Invariant("I4", "step", "written down before it is sent; no yes without fitting evidence"),
    Invariant("I5", "step", "nothing is released without proof, and never by time"),
    Invariant("I6", "step", "one identity for every copy; a number in use is used once"),
    Invariant("I7", "day", "the chain only grows and fits; the tables are its replay"),
    Invariant("I8", "end", "journal and host's ledger agree, or people hold the case"),
    Invariant("I9", "step", "maker is not checker; what was approved is what is sent, once"),
    Invariant("I10", "never", "one notice for each change the customer sees"),
    Invariant("I11", "step", "no card data in clear, in rows or files"),
    Invariant("I12", "start", "a start is total, and a second one changes nothing"),
    Invariant("I13", "step", "no answer flips what is final; none is dropped silently"),
    Invariant("I14", "step", "void or refund by the host's settlement day; the right year"),
    Invariant("I15", "call", "only documented errors leave a public call"),
    Invariant("I16", "step", "a closing counts and uploads what was accepted; the host ends it"),
    Invariant("L1", "end", "a month after the faults everything is final or with people"),
    Invariant("L2", "end", "nothing waits to be sent"),
    Invariant("L3", "end", "no closing is under way"),
)
"""Those that are ``never`` checked are printed as not applicable, and count as nothing."""

_AT_EACH_STEP = (
    ("I1", ceiling_holds),
    ("I2", request_has_one_effect),
    ("I3", nothing_is_lost),
    ("I4", every_yes_and_message_has_its_reason),
    ("I5", release_needs_proof),
    ("I6", identity_is_one),
    ("I9", approved_is_executed),
    ("I13", final_stays_final),
    ("I14", day_decides_the_route),
    ("I16", closing_says_what_was_accepted),
)


class Checker:
    """The invariants of one world.

    Args:
        evidence: The books.
        secrets: Card numbers and tracks that are used in it.
    """

    def __init__(self, evidence: Evidence, secrets: Iterable[str]) -> None:
        self.evidence = evidence
        self._secrets = tuple(secrets)

    def step(self) -> None:
        """Check what has to hold after every step, if anything is new.

        Raises:
            ViolationError: The first that does not hold.
        """
        if self.evidence.look():
            for name, check in _AT_EACH_STEP:
                _require(name, check(self.evidence))
            _require("I11", secrets_stay_out(self.evidence, self._secrets))

    def day(self, files: bytes) -> None:
        """Read the whole chain again, and look for card data in the bytes of the journal's *files*.

        Raises:
            ViolationError: The first that does not hold.
        """
        self.step()
        _require("I7", chain_is_whole(self.evidence))
        _require("I11", secrets_stay_out(self.evidence, self._secrets, files))

    def start(self, rows_before_again: int) -> None:
        """Check what has to hold after two starts in a row.

        Raises:
            ViolationError: The first that does not hold.
        """
        self.step()
        _require("I12", recovery_is_total(self.evidence, rows_before_again=rows_before_again))

    def end(self) -> None:
        """Check what has to hold a month after the last fault.

        Raises:
            ViolationError: The first that does not hold.
        """
        self.step()
        _require("L1", everything_is_decided(self.evidence))
        _require("L2", nothing_waits_to_be_sent(self.evidence))
        _require("L3", closing_is_over(self.evidence))
        _require("I8", books_agree(self.evidence))


def _require(name: str, faults: Iterable[str]) -> None:
    for fault in faults:
        raise ViolationError(name, fault)
