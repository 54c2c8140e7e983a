"""The host is asked what became of an earlier message, and answers from its own books. Floor 9.

It tells only of what it took for a message of that terminal: what it refused for its form, its batch or its MAC may have
been anybody's. What was undone since stands in the books no more, and is not found.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from posrefund.emulators.host.dialects.definition import MessageRule, field_set, row

if TYPE_CHECKING:
    from posrefund.emulators.host.business import Case
    from posrefund.emulators.host.ledger import Entry, Refusal

__all__ = ["UNIONPAY_INQUIRY", "tell"]

_NEAR = timedelta(days=1)
_ANY_KIND = "730000"
"""DE3 of an aggregator's query: its number says which message it is about."""

UNIONPAY_INQUIRY: dict[tuple[str, ...], MessageRule] = {
    ("0600", "200000", "25", "000"): MessageRule(
        "inquiry",
        field_set("3 4 11 41 42 49 60 61 64"),
        frozenset(),
        row("3 4 11 12 13 15 37 39 41 42 44 49 60 61 64"),
        original_digits=(16,),
        is_money=False,
        has_new_stan=False,
        reads_card=False,
        asks=True,
    )
}
"""Of a UnionPay host that can be asked, which is none that any paper knows: DE60 of the refund and, in DE61, its batch,
STAN and date; DE44 of the answer is the refund's own code."""


def tell(case: Case) -> tuple[str, dict[str, str]]:
    """Return DE39 of the answer and the fields that tell of what was asked about."""
    entry, refusal = _entry(case), _refusal(case)
    if entry is not None:
        ends = entry.host_time + timedelta(seconds=case.profile.in_progress_s)
        if case.now < ends:
            return case.codes.in_progress, {}
        return _said(case, case.codes.approved, _of(entry, case))
    if refusal is not None:
        return _said(case, refusal.code, {"37": refusal.rrn})
    return case.codes.not_found, {}


def _said(case: Case, code: str, fields: dict[str, str]) -> tuple[str, dict[str, str]]:
    rule = case.request.rule
    assert rule is not None
    if rule.result == "39":
        return code, fields
    return case.codes.told, fields | {rule.result: code}


def _of(entry: Entry, case: Case) -> dict[str, str]:
    wide = len(case.request.get("12")) == 12
    return {
        "12": f"{entry.host_time:%y%m%d%H%M%S}" if wide else f"{entry.host_time:%H%M%S}",
        "13": f"{entry.host_time:%m%d}",
        "15": f"{entry.settlement_day:%y%m%d}" if wide else f"{entry.settlement_day:%m%d}",
        "37": entry.rrn,
        "38": entry.auth,
        "4": f"{entry.amount_minor:012d}",
        **(case.request.dialect.layout.voucher_fields(entry.voucher) if entry.voucher else {}),
    }


def _entry(case: Case) -> Entry | None:
    """What stands under the number that is named, of the batch, the time and the amount that are said, too."""
    request, original = case.request, case.request.original
    entry = case.ledger.find_stan((request.get("41"), _batch(case), original.stan))
    if entry is None or entry.state == "reversed" or entry.merchant != request.get("42"):
        return None
    is_same = request.get("3") in (entry.processing_code, _ANY_KIND) and _is_of(
        case, entry.amount_minor
    )
    if entry.sent_at:
        return entry if is_same and original.sent_at == entry.sent_at else None
    days = {f"{entry.host_time + shift:%m%d}" for shift in (-_NEAR, timedelta(0), _NEAR)}
    return entry if is_same and original.day in days else None


def _refusal(case: Case) -> Refusal | None:
    """The first no to an authentic message under that number: a second copy gets *duplicate*, the first its result."""
    key = (case.request.get("41"), _batch(case), case.request.original.stan)
    said = (
        each
        for each in case.ledger.refusals
        if each.is_authentic
        and (each.terminal, each.batch, each.stan) == key
        and _is_of(case, each.amount_minor)
    )
    return next(said, None)


def _is_of(case: Case, amount_minor: int) -> bool:
    """Say whether that is the amount that is asked about; an aggregator's question says none."""
    return not case.request.get("4") or case.request.amount_minor == amount_minor


def _batch(case: Case) -> str:
    """The batch of what is asked about: that of the original, or of the question where the original says none."""
    return case.request.original.batch or case.request.batch
