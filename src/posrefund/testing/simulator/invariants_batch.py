"""I16 and L3: what a closing of a batch may say, and when it may be over. Floor 10.

Judged by what left on the line, against the journal's rows, and by the host's own books.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from posrefund.emulators.host.wire import Request
    from posrefund.testing.simulator.evidence import Evidence
    from posrefund.testing.simulator.witness import Seen

__all__ = ["closing_is_over", "closing_says_what_was_accepted"]

_YES = ("ACCEPTED", "CONFIRMED")
_ITEM_DIGITS = 40


def closing_says_what_was_accepted(evidence: Evidence) -> Iterator[str]:
    """I16: totals and uploads hold what was accepted and nothing else; the batch ends when the host says so."""
    for request, _ in evidence.left:
        match request.rule.kind if request.rule else "":
            case "settlement":
                yield from _totals_faults(evidence, request)
            case "upload_details":
                digits = request.get("48")[2:]
                for at in range(0, len(digits), _ITEM_DIGITS):
                    row = digits[at : at + _ITEM_DIGITS]
                    found = _accepted(evidence, request, row[2:8], int(row[28:]))
                    yield from _upload_faults(request, row[2:8], found, ("sale", "void"))
            case "upload_refund":
                stan, minor = request.get("11"), int(request.get("4"))
                found = _accepted(evidence, request, stan, minor)
                yield from _upload_faults(request, stan, found, ("refund",))
            case _:
                pass
    for closed in evidence.witness.closed:
        batch = closed["closed_batch"]
        if closed["ended_by"] == "terminal" and evidence.batch_of_host() in ("", batch):
            yield f"batch {batch} is over here, and open at the host"


def _totals_faults(evidence: Evidence, request: Request) -> Iterator[str]:
    yes = [seen for seen in _of_batch(evidence, request) if _is_accepted(seen)]
    debits = [seen.minor for seen in yes if seen.data["kind"] == "sale"]
    credits_ = [seen.minor for seen in yes if seen.data["kind"] != "sale"]
    expected = (
        f"{sum(debits):012d}{len(debits):03d}{sum(credits_):012d}{len(credits_):03d}0{'0' * 31}"
    )
    if request.get("48") != expected:
        yield f"the totals of batch {request.batch} are not those of its accepted items"


def _is_accepted(seen: Seen) -> bool:
    """Whether the host or a file said yes; the word of people alone goes into no total."""
    is_word = seen.state == "ACCEPTED" and seen.facts.get("evidence") == "people"
    return seen.state in _YES and not is_word


def _of_batch(evidence: Evidence, request: Request) -> list[Seen]:
    attempts = evidence.witness.attempts.values()
    return [seen for seen in attempts if seen.data["batch"] == request.batch]


def _accepted(evidence: Evidence, request: Request, stan: str, minor: int) -> list[Seen]:
    return [
        seen
        for seen in _of_batch(evidence, request)
        if _is_accepted(seen) and (seen.data["stan"], seen.minor) == (stan, minor)
    ]


def _upload_faults(
    request: Request, stan: str, found: list[Seen], kinds: tuple[str, ...]
) -> Iterator[str]:
    if not any(seen.data["kind"] in kinds for seen in found):
        yield f"{request.batch}/{stan} was uploaded, and is no accepted {' or '.join(kinds)}"


def closing_is_over(evidence: Evidence) -> Iterator[str]:
    """L3: no closing is under way a month after the faults have stopped."""
    if evidence.witness.remembered("closing"):
        yield "a batch is still being closed"
