"""Of I4, I5 and I6, what is about asking the host: no answer closes anything that does not prove it. Floor 10."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posrefund.testing.simulator.witness import OPEN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from posrefund.emulators.host.wire import Request
    from posrefund.testing.simulator.evidence import Evidence
    from posrefund.testing.simulator.witness import Seen, Step

__all__ = ["BY_INQUIRY", "inquiry_fault", "question_faults"]

BY_INQUIRY = "inquiry"


def inquiry_fault(step: Step) -> str:
    """Say why the answer that was kept before *step* does not prove what was concluded, or nothing."""
    told, sent = step.inquired, step.seen.data
    if told is None:
        return "no answer to an inquiry was kept before"
    identity = f"{sent['batch']}{sent['stan']}"
    expected = {
        "mti": "0610",
        "mac": "valid",
        "authenticated": "yes",
        "verdict": "processed",
        "DE39": "00",
        "DE41": sent["terminal"],
        "DE42": sent["merchant"],
        "DE4": f"{step.seen.minor:012d}",
    }
    wrong = [name for name, value in expected.items() if told.get(name) != value]
    if told.get("DE61", "")[:12] != identity:
        wrong.append("DE61")
    if told.get("DE44") != step.facts.get("code"):
        wrong.append("DE44")
    return f"the answer's {', '.join(wrong)} says something else" if wrong else ""


def question_faults(evidence: Evidence, request: Request) -> Iterator[str]:
    """An inquiry that left was written down, under a number that is nobody else's, and names what was sent."""
    stan, named = request.get("11"), request.get("61")
    if stan not in evidence.witness.questions:
        yield f"inquiry {stan} left and was not written down before"
    attempts = evidence.witness.attempts.values()
    if any(seen.state in OPEN and seen.data["stan"] == stan for seen in attempts):
        yield f"inquiry {stan} has the number of an attempt that is open"
    if not any(_names(seen, named) for seen in attempts):
        yield f"inquiry {stan} is about no attempt of this terminal"
    if {"2", "14", "35", "52", "55"} & request.fields.keys():
        yield f"inquiry {stan} holds card data"


def _names(seen: Seen, named: str) -> bool:
    return named[:12] == f"{seen.data['batch']}{seen.data['stan']}" and seen.state != "INTENT"
