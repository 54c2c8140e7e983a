"""I9, and what people's word is worth in the others: by rows alone, with none of the engine's code. Floor 10."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from posrefund.testing.simulator.evidence import Evidence
    from posrefund.testing.simulator.witness import Seen, Step

__all__ = ["approved_is_executed", "closed_by_people", "people_fault"]


def approved_is_executed(evidence: Evidence) -> Iterator[str]:
    """I9: maker is not checker; what was approved is what is sent, once; nothing that needs it goes without."""
    for asked in evidence.witness.judged:
        if asked.state == "CLEARED" and _person(asked.checker) == _person(asked.data["maker"]):
            yield f"{asked.data['request_id']} was approved by who asked for it"
    for seen in evidence.witness.opened:
        if seen.approval:
            yield from _use_faults(evidence, seen)
        elif _needs_approval(evidence, seen):
            yield f"{seen.name} was begun and nobody had approved it"
        yield from _description_faults(evidence, seen)


def closed_by_people(seen: Seen) -> bool:
    """Say whether *seen* stands as it does because people said so."""
    return seen.facts.get("evidence") == "people"


def people_fault(evidence: Evidence, step: Step) -> str:
    """Say what is wrong with a step that people took, or nothing."""
    facts = step.facts
    people = {_person(name) for name in facts.get("closed_by", "").split(", ")} - {""}
    least = 2 if facts.get("against") else evidence.demands.case_people
    if step.before != "MANUAL" or facts.get("evidence") != "people":
        return "not a case in people's hands"
    if len(people) < least or not facts.get("document", "").strip():
        return f"{len(people)} of {least} people, or no document"
    return ""


def _use_faults(evidence: Evidence, seen: Seen) -> Iterator[str]:
    asked = evidence.witness.asked[seen.approval]
    if not seen.was_cleared or len(asked.used_by) > 1:
        yield f"{seen.name} used {seen.approval}, which was not there to be used"
    begun, ends = seen.data["created_at"], asked.data["expires_at"]
    if datetime.fromisoformat(begun) >= datetime.fromisoformat(ends):
        yield f"{seen.name} used {seen.approval} after its time"
    if _digest(seen) != asked.data["digest"]:
        yield f"{seen.name} is not what {seen.approval} approved"


def _needs_approval(evidence: Evidence, seen: Seen) -> bool:
    sale = evidence.witness.sales.get(seen.data["original_id"] or "")
    least = evidence.demands.approval_from_minor
    return bool(sale) and ("ceiling" in (sale or {}) or 0 < least <= seen.minor)


def _description_faults(evidence: Evidence, seen: Seen) -> Iterator[str]:
    """A described sale is refunded, never voided, only where the profile says so, and it is of no ceiling we had."""
    sale = evidence.witness.sales.get(seen.data["original_id"] or "")
    if not sale or "ceiling" not in sale:
        return
    if seen.data["kind"] != "refund" or evidence.demands.ceiling != "host_only":
        yield f"{seen.name} is a {seen.data['kind']} of a sale that is not known"
    for other in evidence.witness.sales.values():
        if "ceiling" not in other and _slip(other) == _slip(sale):
            yield f"{seen.name} goes round the ceiling of {other['original_id']}"


def _slip(sale: dict[str, str]) -> tuple[str, str]:
    return sale.get("rrn", ""), sale["transaction_date"]


def _digest(seen: Seen) -> str:
    data = seen.data
    parts = [
        seen.content, data["amount_minor"], data["currency"], data["original_id"],
        data["card_fingerprint"],
    ]  # fmt: skip
    text = json.dumps(parts, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def _person(name: str) -> str:
    return name.strip().lower().lstrip("0")
