"""What people decide about a case: closed by a document, or released after a proven absence. Floor 4.

People are believed because they answer for it, and never for good: a settlement file, or a late answer with
a valid MAC, that says the opposite opens the case again. Whoever speaks against a file needs a second one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Literal

from posrefund.engine.actions import Know, Move
from posrefund.engine.notes import is_note
from posrefund.engine.refusals import refuse
from posrefund.engine.requests import Original
from posrefund.engine.table import OPEN_STATES, Event, State
from posrefund.errors import InvalidRequestError, LocalProtocolError
from posrefund.values import RRN

if TYPE_CHECKING:
    from datetime import datetime

    from posrefund.engine.actions import Action
    from posrefund.engine.attempt import Attempt
    from posrefund.errors import Fault

__all__ = ["CASES", "Case", "Statement", "Verdict", "close_case", "release", "same_person"]

Verdict = Literal["booked", "not_booked"]

CASES = frozenset({State.MANUAL, State.MISMATCHED, State.BOUNCED})
"""What waits for people; a refund in doubt may be taken up by them, too."""

_ONE_DAY = timedelta(days=1)
_PERSON_CHARACTERS_MAX = 40


@dataclass(frozen=True, slots=True)
class Statement:
    """What people say about one attempt, and what they rest it on.

    Attributes:
        verdict: Whether the acquirer booked it.
        people: Who says so, by name or number; each once.
        evidence: The acquirer's document: its number, its date, who signed. Nothing in it that could be a card number.
        rrn: The acquirer's number of the transaction, where the document says it.
        transaction_date: Of a sale, with the year; without it and RRN and ``settlement_date`` the sale stays
            unknown to refunds until a settlement file shows it.
        settlement_date: Of a sale, with the year.

    Raises:
        InvalidRequestError: Every fault at once.

    Example:
        >>> from posrefund.engine.people import Statement
        >>> Statement("booked", ("Wang", "Li"), "letter 4711 of 12 March").verdict
        'booked'
    """

    verdict: Verdict
    people: tuple[str, ...]
    evidence: str
    rrn: str = ""
    transaction_date: date | None = None
    settlement_date: date | None = None

    def __post_init__(self) -> None:
        faults: list[Fault] = []
        if self.verdict not in ("booked", "not_booked"):
            faults.append(("verdict", "booked or not_booked"))
        faults += _people_faults(self.people)
        if not is_note(self.evidence) or not self.evidence.strip():
            faults.append(("evidence", "what proves it, no card number"))
        if self.rrn:
            try:
                RRN(self.rrn)
            except InvalidRequestError as error:
                faults += error.faults
        if faults:
            raise InvalidRequestError(faults)


@dataclass(frozen=True, slots=True)
class Case:
    """An attempt that people hold, with what stands around it.

    Attributes:
        attempt: The one.
        original: The sale that it gave back, or, of a sale, what is known as one under its id.
        is_beside_open: Whether another attempt of its request or its sale is not decided.
        is_hinted_at: Whether a settlement file showed a row that may be its, and decided nothing.
    """

    attempt: Attempt
    original: Original | None = None
    is_beside_open: bool = False
    is_hinted_at: bool = False

    @property
    def is_in_file(self) -> bool:
        """Whether a settlement file showed it, perhaps not as it should be."""
        return bool(self.attempt.facts.get("file_day"))


def close_case(case: Case, said: Statement, *, people_min: int, now: datetime) -> list[Action]:
    """Close *case* as *said*; one that was not in people's hands yet is taken there first.

    What is said to be booked holds its amount of the sale for good. What is said not to be booked gives it
    free, and the request is over: only a *proven* absence (``release``) lets it be made again.

    Raises:
        InvalidRequestError: Too few people, or dates that are not near the day it was sent.
        RefusedError: Another attempt is open (``original_in_doubt``), or as much is not left (``over_remaining``).
        LocalProtocolError: Nothing of it is people's to decide.
    """
    attempt = case.attempt
    against = _speaks_against_a_file(case, said)
    if len(said.people) < (2 if against else people_min):
        raise InvalidRequestError([("people", "two different people")])
    taking = _take(case, said, now)
    _check_room(case, said)
    facts = {
        "code": "",  # people say it, in no words of the host
        "evidence": "people",
        "closed_by": ", ".join(said.people),
        "document": said.evidence,
        "verdict": said.verdict,
        "at": now.isoformat(),
    }
    if against:
        facts["against"] = "settlement file"
    if said.verdict == "not_booked":
        return [*taking, Move(attempt.attempt_id, Event.DECLINE, now, facts)]
    if said.rrn:
        facts["rrn"] = said.rrn
    learned = _learn(case, said, now)
    if attempt.kind == "sale" and case.original is None and not learned:
        facts["original"] = "unknown"
    # A file that showed it is the last word that will come: nothing later would confirm it.
    event = Event.CONFIRM if case.is_in_file else Event.ACCEPT
    return [*taking, Move(attempt.attempt_id, event, now, facts), *learned]


def release(
    attempt: Attempt, *, people: tuple[str, str], evidence: str, now: datetime
) -> list[Action]:
    """Give what a case holds of its sale back: absence proven by files, and two people said so.

    Raises:
        InvalidRequestError: The two are one, or no evidence is named.
        LocalProtocolError: Files have not proven the absence.
    """
    faults = _people_faults(people, least=2)
    if not is_note(evidence) or not evidence.strip():
        faults.append(("evidence", "what proves the absence, no card number"))
    if faults:
        raise InvalidRequestError(faults)
    if not attempt.facts.get("absent"):
        message = "complete files of three settlement days have not proven the absence yet"
        raise LocalProtocolError(message)
    facts = {"released_by": ", ".join(people), "evidence": evidence, "at": now.isoformat()}
    return [Move(attempt.attempt_id, Event.RELEASE, now, facts)]


def same_person(one: str, other: str) -> bool:
    """Say whether two names or operator numbers mean one person: ``1`` is ``01``, ``li`` is ``Li``.

    Example:
        >>> from posrefund.engine.people import same_person
        >>> same_person("01", "1"), same_person("Li", "Wang")
        (True, False)
    """
    return _plain(one) == _plain(other)


def _plain(name: str) -> str:
    return name.strip().casefold().lstrip("0")


def _people_faults(people: object, *, least: int = 1) -> list[Fault]:
    names = list(people) if isinstance(people, tuple) else []
    is_sound = least <= len(names) <= 2 and all(
        is_note(name) and name.strip() and "," not in name and len(name) <= _PERSON_CHARACTERS_MAX
        for name in names
    )
    if not is_sound or len({_plain(name) for name in names}) < len(names):
        how_many = "two" if least == 2 else "one or two"
        return [("people", f"{how_many} different people, by name or number")]
    return []


def _speaks_against_a_file(case: Case, said: Statement) -> bool:
    if said.verdict == "booked":
        return bool(case.attempt.facts.get("absent") or case.attempt.facts.get("missing"))
    return case.is_in_file or case.is_hinted_at


def _take(case: Case, said: Statement, now: datetime) -> list[Action]:
    """The step that puts it into people's hands, if it is not there yet."""
    attempt = case.attempt
    # A sale or void in doubt is still being undone; that ends in MANUAL by itself.
    is_theirs = attempt.state in CASES or (
        attempt.state is State.IN_DOUBT and attempt.kind == "refund"
    )
    if not is_theirs:
        message = f"a {attempt.kind} that is {attempt.state} is not people's to decide"
        raise LocalProtocolError(message)
    if attempt.state is State.MANUAL:
        return []
    if attempt.state not in OPEN_STATES and case.is_beside_open:
        raise refuse("original_in_doubt")
    facts = {"taken_by": ", ".join(said.people), "at": now.isoformat()}
    return [Move(attempt.attempt_id, Event.GIVE_UP, now, facts)]


def _check_room(case: Case, said: Statement) -> None:
    """Refuse to count more of a sale as given back than was paid."""
    attempt, original = case.attempt, case.original
    if said.verdict != "booked" or attempt.hold != "none" or attempt.original_id is None:
        return
    if original is None or attempt.amount.minor > original.remaining_minor:
        raise refuse("over_remaining")


def _learn(case: Case, said: Statement, now: datetime) -> list[Action]:
    """The sale that the document describes, if it says enough and the journal lacks it."""
    attempt = case.attempt
    made, settled = said.transaction_date, said.settlement_date
    if attempt.kind != "sale" or case.original or not said.rrn or made is None or settled is None:
        return []
    if abs(made - attempt.host_day) > _ONE_DAY or abs(settled - attempt.host_day) > _ONE_DAY:
        raise InvalidRequestError([("transaction_date", "a day next to the one it was sent on")])
    original = Original(
        original_id=attempt.request_id,
        terminal=attempt.terminal,
        merchant=attempt.merchant,
        batch=attempt.batch,
        stan=attempt.stan,
        rrn=said.rrn,
        transaction_date=made,
        settlement_date=settled,
        amount=attempt.amount,
        auth_code=None,
        card_fingerprint=attempt.card_fingerprint,
        card_last4=attempt.card_last4,
        order_ref=attempt.facts.get("order_ref", ""),
        made_at=attempt.created_at,
        wallet=attempt.facts.get("wallet", ""),
        voucher=attempt.facts.get("voucher", ""),
    )
    return [Know(original, now)]
