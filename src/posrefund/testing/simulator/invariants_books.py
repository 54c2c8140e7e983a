"""I7, I8, I11, I12, L1 and L2: the books themselves, and what is left when the faults have stopped. Floor 10."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from posrefund.testing.simulator.evidence import Evidence

__all__ = [
    "books_agree",
    "chain_is_whole",
    "everything_is_decided",
    "nothing_waits_to_be_sent",
    "recovery_is_total",
    "secrets_stay_out",
]

_YES = ("ACCEPTED", "CONFIRMED")
_CASE = ("MANUAL", "MISMATCHED", "BOUNCED")
_DECIDED = ("DECLINED", "NOT_SENT", "REVERSED", "RELEASED", "CONFIRMED", *_CASE)


def chain_is_whole(evidence: Evidence) -> Iterator[str]:
    """I7: the chain only grows, every row is bound to the one before, the tables are its replay."""
    for fault in (evidence.witness.chain_fault(), evidence.witness.table_fault()):
        if fault:
            yield fault


def books_agree(evidence: Evidence) -> Iterator[str]:
    """I8: journal and host's ledger say the same of every transaction, or people hold the case."""
    for seen in evidence.witness.attempts.values():
        ours = seen.minor * (seen.state in _YES)
        theirs = sum(entry.amount_minor for entry in evidence.live(seen))
        if ours != theirs and seen.state not in _CASE:
            yield f"{seen.name} is {seen.state}: {ours} here, {theirs} at the host"
    for entry in evidence.unknown_entries():
        yield f"{entry.kind} {entry.batch}/{entry.stan} is at the host only"
    for seen in evidence.lost:
        for entry in evidence.live(seen):
            is_kept = (entry.stan, entry.rrn) in evidence.witness.host_only
            if entry.kind != "sale" and not is_kept:
                yield f"{seen.name} was lost, and no file has brought it back"


def secrets_stay_out(
    evidence: Evidence, secrets: Iterable[str], files: bytes = b""
) -> Iterator[str]:
    """I11: no card number and no track in a row, or anywhere in the journal's files."""
    for secret in secrets:
        if any(secret in text for text in evidence.witness.texts):
            yield "a row holds card data in clear"
        if secret.encode("ascii") in files:
            yield "the journal's files hold card data in clear"


def recovery_is_total(evidence: Evidence, *, rows_before_again: int) -> Iterator[str]:
    """I12: after a start nothing is under way, and a second start finds nothing to do."""
    for seen in evidence.witness.attempts.values():
        if seen.state in ("INTENT", "SENT"):
            yield f"{seen.name} is {seen.state} after a start"
    if evidence.witness.rows != rows_before_again:
        yield "a second start wrote rows"


def everything_is_decided(evidence: Evidence) -> Iterator[str]:
    """L1, I3: a month after the faults have stopped, everything is final or in people's hands."""
    for seen in evidence.witness.attempts.values():
        if seen.state not in _DECIDED:
            yield f"{seen.name} is still {seen.state}"
    if evidence.witness.is_behind:
        yield "the journal lost rows, and was never reconciled"


def nothing_waits_to_be_sent(evidence: Evidence) -> Iterator[str]:
    """L2: no reversal is left that the terminal itself would have to send; there are no notices yet."""
    for seen in evidence.witness.attempts.values():
        if seen.state == "REVERSING" or (
            seen.state == "IN_DOUBT" and seen.data["kind"] != "refund"
        ):
            yield f"{seen.name} still waits to be undone"
