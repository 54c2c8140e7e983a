"""I1 to I6, I13 and I14: what must be true of the money after every step. Floor 10.

Each is a function that yields a sentence for everything that breaks it, by what the journal's rows, the
host's ledger and the line say, never by what the product says of itself.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from posrefund.testing.simulator.invariants_inquiry import (
    BY_INQUIRY,
    inquiry_fault,
    question_faults,
)
from posrefund.testing.simulator.invariants_people import closed_by_people, people_fault
from posrefund.testing.simulator.witness import OPEN, host_day

if TYPE_CHECKING:
    from collections.abc import Iterator

    from posrefund.emulators.host.wire import Request
    from posrefund.testing.simulator.evidence import Evidence
    from posrefund.testing.simulator.witness import Seen, Step

__all__ = [
    "ceiling_holds",
    "day_decides_the_route",
    "every_yes_and_message_has_its_reason",
    "final_stays_final",
    "identity_is_one",
    "nothing_is_lost",
    "release_needs_proof",
    "request_has_one_effect",
]

_BOOKING = ("00", "11", "A2", "A4", "A5", "A6")
"""The codes that book a refund at a UnionPay host; 10 (a part of it) and 94 (seen before) do not."""
_UNCLEAR = ("06", "09", "10", "20", "68", "79", "90", "91", "92", "94", "95", "96", "98", "A7")
_UNREAD = ("03", "12", "30", "40", "58", "77", "97", "99", "A0")
"""Said of a copy that the host could not take for one; it says nothing about another."""
_SAID_ONCE = {"35", "36", "52"}
_UNDOING = ("00", "12", "25")
_YES = ("ACCEPTED", "CONFIRMED")
_NO = ("DECLINED", "NOT_SENT", "REVERSED", "RELEASED")
_AFTER_FINAL = ("confirm", "contradict", "bounce")


def ceiling_holds(evidence: Evidence) -> Iterator[str]:
    """I1: no sale is given back beyond its amount, in the journal and in the host's ledger."""
    for name, sale in evidence.witness.sales.items():
        reserved, accepted = evidence.witness.sums(name)
        if reserved + accepted > sale["amount_minor"]:
            yield f"{name}: {reserved} reserved and {accepted} given back of {sale['amount_minor']}"
    yield from _unknown_ceilings(evidence)
    taken: dict[str, int] = {}
    given: Counter[str] = Counter()
    for entry in evidence.ledger.entries():
        if entry.kind == "sale":
            taken[entry.rrn] = entry.amount_minor
        elif entry.kind in ("refund", "void") and entry.state != "reversed":
            given[entry.original_rrn] += entry.amount_minor
    for rrn, minor in given.items():
        if minor > taken.get(rrn, 0):
            yield f"the host gave back {minor} of {taken.get(rrn, 0)}"


def _unknown_ceilings(evidence: Evidence) -> Iterator[str]:
    """Attempts at a sale of which a file showed that something was given back, and nobody here knows what by."""
    attempts = evidence.witness.attempts.values() if evidence.witness.host_only else ()
    known = {(seen.data["stan"], seen.facts.get("rrn")) for seen in attempts}
    blocked = {sale for row, sale in evidence.witness.host_only.items() if row not in known}
    for seen in evidence.witness.opened if blocked else ():
        sale = evidence.witness.sales.get(seen.data["original_id"] or "")
        if sale and (sale["stan"], sale["transaction_date"][5:].replace("-", "")) in blocked:
            yield f"{seen.name} is about a sale of which a file knows more than the journal"


def request_has_one_effect(evidence: Evidence) -> Iterator[str]:
    """I2: a request has at most one open attempt and at most one live entry at the host."""
    effects: Counter[str] = Counter()
    open_attempts: Counter[str] = Counter()
    for seen in evidence.witness.attempts.values():
        request = seen.data["request_id"]
        effects[request] += len(evidence.live(seen))
        open_attempts[request] += seen.state in OPEN
    for seen in _lost_halves(evidence):
        effects[seen.data["request_id"]] += len(evidence.live(seen))
    for request, count in effects.items():
        if count > 1:
            yield f"{request} stands {count} times in the host's books"
        if open_attempts[request] > 1:
            yield f"{request} has {open_attempts[request]} open attempts"


def _lost_halves(evidence: Evidence) -> Iterator[Seen]:
    """Lost attempts at what was asked for again; of another sale it is another request, under a number that was lost."""
    there = evidence.witness.attempts.values()
    identities = {seen.identity for seen in there}
    asked = {(seen.data["request_id"], seen.data["original_id"]) for seen in there}
    for seen in evidence.lost:
        is_again = (seen.data["request_id"], seen.data["original_id"]) in asked
        if is_again and seen.identity not in identities:
            yield seen


def nothing_is_lost(evidence: Evidence) -> Iterator[str]:
    """I3: what the host has booked for this terminal, the journal knows."""
    for entry in evidence.unknown_entries():
        yield f"the journal knows nothing of {entry.kind} {entry.batch}/{entry.stan}"


def every_yes_and_message_has_its_reason(evidence: Evidence) -> Iterator[str]:
    """I4: no byte leaves before its intent is durable; no yes without its authentic, fitting evidence."""
    for request, digest in evidence.left:
        yield from _message_faults(evidence, request, digest)
    for step in evidence.witness.steps:
        if fault := _yes_fault(evidence, step):
            yield f"{step.seen.name} {step.after}: {fault}"
    for seen in evidence.witness.attempts.values():
        if seen.state in _YES and not evidence.all_booked(seen) and not closed_by_people(seen):
            yield f"{seen.name} is {seen.state}, and the host has never booked it"


def _message_faults(evidence: Evidence, request: Request, digest: str) -> Iterator[str]:
    match request.mti:
        case "0200" | "0220" if evidence.of_digest(digest) is None:
            yield f"{request.mti} {request.get('11')} left and was not written down before"
        case "0400":
            yield from _reversal_faults(evidence, request.batch, request.get("11"))
        case "0600":
            yield from question_faults(evidence, request)
        case _:
            pass


def _reversal_faults(evidence: Evidence, batch: str, stan: str) -> Iterator[str]:
    undone = [
        seen
        for seen in evidence.witness.attempts.values()
        if seen.identity[:2] == (batch, stan) and seen.state == "REVERSING"
    ]
    if not any(seen.data["kind"] in ("sale", "void") for seen in undone):
        yield f"a reversal of {batch}/{stan} left, which is no sale or void that is being undone"


def _yes_fault(evidence: Evidence, step: Step) -> str:
    if step.event == "confirm" and step.before == "MANUAL":
        return people_fault(evidence, step) or (
            "" if step.seen.facts.get("file_day") else "no file"
        )
    if step.event != "accept":
        return ""
    if step.facts.get("evidence") == "people":
        return people_fault(evidence, step)
    if step.facts.get("evidence") == BY_INQUIRY:
        is_yes = step.facts.get("code") in _BOOKING
        return inquiry_fault(step) or ("" if is_yes else "its code is no yes")
    if step.facts.get("evidence") == "settlement file":
        return "" if step.facts.get("file_day") else "a file without a day"
    seen, inbound = step.seen, step.inbound
    if inbound is None:
        return "no answer was kept before"
    sent = seen.data
    expected = {
        "mti": "0230" if sent["kind"] == "refund" else "0210",
        "mac": "valid",
        "DE11": sent["stan"],
        "DE41": sent["terminal"],
        "DE42": sent["merchant"],
        "DE4": f"{seen.minor:012d}",
        "DE49": sent["currency"],
    }
    wrong = [name for name, value in expected.items() if inbound.get(name) != value]
    if inbound.get("DE39") not in _BOOKING:
        wrong.append("DE39")
    return f"the answer's {', '.join(wrong)} says something else" if wrong else ""


def release_needs_proof(evidence: Evidence) -> Iterator[str]:
    """I5: a no, and the release of what was held, follows from an answer, a proof or two people, never from time."""
    for seen in evidence.lost if evidence.witness.accepted else ():
        for entry in evidence.live(seen):
            if entry.settlement_day.isoformat() not in evidence.witness.files:
                yield f"{seen.name} was lost, and its file unread when people were let accept it"
    for step in evidence.witness.steps:
        if step.after in _NO and (fault := _no_fault(evidence, step)):
            yield f"{step.seen.name} {step.after}: {fault}"
    for seen in evidence.witness.attempts.values():
        if seen.state in _NO and evidence.live(seen) and not closed_by_people(seen):
            yield f"{seen.name} is {seen.state}, and stands in the host's books"


def _no_fault(evidence: Evidence, step: Step) -> str:
    inbound = step.inbound or {}
    code = inbound.get("DE39", "")
    match step.after:
        case "NOT_SENT":
            copies = evidence.copies[step.seen.digest]
            return f"{copies} copies have left" if copies else ""
        case "DECLINED" if step.facts.get("evidence") == "people":
            return people_fault(evidence, step)
        case "DECLINED" if step.facts.get("evidence") == BY_INQUIRY:
            return inquiry_fault(step) or _unproven_no(evidence, step)
        case "DECLINED":
            is_no = code and code not in (*_BOOKING, *_UNCLEAR) and inbound["mac"] != "wrong"
            return _unfit_no(evidence, step, inbound) if is_no else "no answer says so"
        case "REVERSED":
            is_undone = inbound.get("mti") == "0410" and code in _UNDOING
            return "" if is_undone else "no answer says so"
        case _:
            people = {name for name in step.facts.get("released_by", "").split(", ") if name}
            is_proven = len(people) == 2 and step.seen.facts.get("absent")
            return "" if is_proven else "not by two people after a proven absence"


def _unproven_no(evidence: Evidence, step: Step) -> str:
    """The result that an inquiry tells is a plain no of the message itself, and of all of its copies."""
    code = step.facts.get("code", "")
    if code in (*_BOOKING, *_UNCLEAR, *_UNREAD):
        return f"{code} is no plain no"
    is_one = step.seen.sends + step.seen.lost_sends <= 1
    if not is_one and evidence.profile.repeat != "stored_answer":
        return "one answer about several copies says so"
    return "" if step.before == "IN_DOUBT" else "it was decided before"


def _unfit_no(evidence: Evidence, step: Step, inbound: dict[str, str]) -> str:
    """An unsigned no speaks for one copy, on the line it was asked on; a signed one for more where it is stored."""
    is_signed = inbound["mac"] == "valid"
    if step.before == "IN_DOUBT" and not is_signed:
        return "a late answer that nobody signed says so"
    is_stored = evidence.profile.repeat == "stored_answer" and inbound["DE39"] not in _UNREAD
    if step.seen.sends > 1 and not (is_signed and is_stored):
        return "an answer to one of several copies says so"
    return "" if step.before in ("SENT", "IN_DOUBT") else "it was decided before"


def identity_is_one(evidence: Evidence) -> Iterator[str]:
    """I6: every copy of a message is the one that was announced, and a number in use is used once."""
    yield from _reused(evidence)
    used: defaultdict[tuple[str, str], list[Seen]] = defaultdict(list)
    for seen in evidence.witness.attempts.values():
        if evidence.copies[seen.digest] > _copies(seen):
            yield f"{seen.name} left {evidence.copies[seen.digest]} times"
        if seen.state in OPEN:
            used[seen.data["terminal"], seen.data["stan"]].append(seen)
    for (_, stan), open_attempts in used.items():
        if len(open_attempts) > 1:
            yield f"STAN {stan} is in use {len(open_attempts)} times"
    for request, digest in evidence.left:
        known = evidence.of_digest(digest)
        if known:
            yield from _copy_faults(evidence, known, request)


def _copy_faults(evidence: Evidence, known: Seen, request: Request) -> Iterator[str]:
    """Its identity is the journal's; a second copy is the same, and has neither PIN nor track."""
    if evidence.copies[known.digest] > 1 and _SAID_ONCE & request.fields.keys():
        yield f"{known.name} left again with a PIN or a track in it"
    if not evidence.is_same(known.digest):
        yield f"{known.name} left again as another message"
    if _wire_identity(known) != (
        request.get("41"), request.batch, request.get("11"), int(request.get("4") or "0")
    ):  # fmt: skip
        yield f"{known.name} left under another identity than the journal's"


def _reused(evidence: Evidence) -> Iterator[str]:
    gone = {seen.identity[:2] for seen in evidence.lost}
    for seen in evidence.witness.opened:
        if seen.identity[:2] in gone:
            yield f"{seen.name} has the number of one that left before the journal was put back"


def _copies(seen: Seen) -> int:
    """How many copies its rows admit: one, for each SEND that was written down."""
    return max(seen.sends, int(seen.state != "INTENT")) + seen.lost_sends


def _wire_identity(seen: Seen) -> tuple[str, str, str, int]:
    return seen.data["terminal"], seen.data["batch"], seen.data["stan"], seen.minor


def final_stays_final(evidence: Evidence) -> Iterator[str]:
    """I13: late, double and forged answers never flip what is final; only files and cases move it."""
    for step in evidence.witness.steps:
        is_final = step.before in (*_YES, *_NO)
        if is_final and step.event not in _AFTER_FINAL:
            yield f"{step.seen.name} went from {step.before} to {step.after}"


def day_decides_the_route(evidence: Evidence) -> Iterator[str]:
    """I14: void or refund by the host's settlement day, and the sale's days are those of the host's ledger."""
    for seen in evidence.witness.opened:
        day = host_day(seen)
        if seen.data["host_day"] != day:
            yield f"{seen.name} is of {day}, not of {seen.data['host_day']}"
        sale = evidence.witness.sales.get(seen.data["original_id"] or "")
        kind = seen.data["kind"]
        if sale and (kind == "void") != (sale["settlement_date"] == day):
            yield f"{seen.name} is a {kind} on {day} of a sale of {sale['settlement_date']}"
    for sale in evidence.witness.known:
        yield from _date_faults(evidence, sale)


def _date_faults(evidence: Evidence, sale: dict[str, str]) -> Iterator[str]:
    if "ceiling" in sale:
        return  # what a slip is said to show; whether it was right is seen when something is given back
    booked = [
        entry
        for entry in evidence.ledger.entries()
        if (entry.batch, entry.stan, entry.kind) == (sale["batch"], sale["stan"], "sale")
    ]
    days = {(e.host_time.date().isoformat(), e.settlement_day.isoformat()) for e in booked}
    if (sale["transaction_date"], sale["settlement_date"]) not in days:
        yield f"{sale['original_id']} has other dates than in the host's ledger"
