"""Hosts that keep the paper but in one thing: each deviation by its name, for who has to find them. Floor 9.

A fault strikes one message or a few; a deviation is how a host is. Each names what a certification has to say of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from posrefund.emulators.host.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Mapping

    from posrefund.emulators.host.host import EmulatedHost

__all__ = ["DEVIATIONS", "Deviation", "deviate"]

_SALES, _REFUNDS, _REVERSALS = "0200", "0220", "0400"
_MONEY = (_SALES, _REFUNDS, _REVERSALS)
_SIGN_IN, _OTHERS, _SETTLEMENT, _UPLOAD = "0800", "0820", "0500", "0320"
_ALL = (*_MONEY, _SIGN_IN, _OTHERS, _SETTLEMENT, _UPLOAD)


@dataclass(frozen=True, slots=True)
class Deviation:
    """One way to be wrong; UnionPay's messages.

    Attributes:
        en: What the host does.
        faults: What is wrong with its answers, always.
        leaves_out: What it does not do, as in ``HostProfile``.
    """

    en: str
    faults: tuple[Fault, ...] = ()
    leaves_out: frozenset[str] = frozenset()


def _always(kind: str, *mtis: str, code: str = "96") -> tuple[Fault, ...]:
    return tuple(Fault(kind, mti=mti, code=code, always=True) for mti in mtis)


DEVIATIONS: Mapping[str, Deviation] = {
    "number_changed": Deviation(
        "does not return the number of a sale", _always("wrong_stan", _SALES)
    ),
    "amount_changed": Deviation(
        "returns another amount of a refund", _always("wrong_amount", _REFUNDS)
    ),
    "terminal_changed": Deviation(
        "returns another terminal in a refund", _always("wrong_terminal", _REFUNDS)
    ),
    "rrn_missing": Deviation("gives a sale no RRN", _always("no_rrn", _SALES)),
    "code_missing": Deviation("answers a refund without a code", _always("no_code", _REFUNDS)),
    "date_wrong": Deviation("tells another date in a sale", _always("wrong_date", _SALES)),
    "settlement_date_wrong": Deviation(
        "tells another settlement date in a refund", _always("wrong_settlement_date", _REFUNDS)
    ),
    "mti_wrong": Deviation("answers a reversal with another MTI", _always("wrong_mti", _REVERSALS)),
    "field_too_many": Deviation(
        "puts a field into a refund's answer that no table has", _always("unknown_field", _REFUNDS)
    ),
    "tpdu_unswapped": Deviation("returns the TPDU as it came", _always("unswapped_tpdu", *_ALL)),
    "header_changed": Deviation("changes the header", _always("other_header", *_ALL)),
    "mac_rule_other": Deviation(
        "makes its MACs by another rule", _always("other_mac_rule", *_MONEY)
    ),
    "mac_missing": Deviation("sends no MAC with a sale", _always("no_mac", _SALES)),
    "kcv_wrong": Deviation("sends a wrong check value", _always("wrong_kcv", _SIGN_IN)),
    "balanced_always": Deviation(
        "says balanced whatever the totals are", _always("balanced", _SETTLEMENT)
    ),
    "totals_wrong": Deviation(
        "tells a total that is not that of its books", _always("wrong_totals", _SETTLEMENT)
    ),
    "upload_unanswered": Deviation("does not answer an upload", _always("drop_reply", _UPLOAD)),
    "refused_and_booked": Deviation(
        "books a refund and refuses it", _always("booked_code", _REFUNDS, code="61")
    ),
    "wrong_mac_taken": Deviation("does not look at a MAC", leaves_out=frozenset({"mac"})),
    "number_taken_twice": Deviation("books one number twice", leaves_out=frozenset({"stan"})),
    "other_card_taken": Deviation("gives back to any card", leaves_out=frozenset({"card"})),
    "over_refund_taken": Deviation(
        "gives back more than was paid", leaves_out=frozenset({"over_refund"})
    ),
    "reversal_not_booked": Deviation(
        "confirms a reversal and does not undo", leaves_out=frozenset({"reversal"})
    ),
    "last_digit_lost": Deviation(
        "reads an odd card number from the wrong end", leaves_out=frozenset({"last_digit"})
    ),
    "upload_counted_twice": Deviation(
        "counts an item each time that it goes up", leaves_out=frozenset({"once"})
    ),
    "upload_mac_unanswered": Deviation(
        "does not answer an upload that carries a MAC", leaves_out=frozenset({"upload_answer"})
    ),
    "batch_kept": Deviation(
        "takes the end of a batch and goes on in it", leaves_out=frozenset({"next_batch"})
    ),
}
"""Name → deviation."""


def deviate(host: EmulatedHost, name: str) -> None:
    """Make *host* wrong in one thing, from its next request on.

    Raises:
        KeyError: No such deviation.
        ValueError: The host speaks another dialect than UnionPay, and its messages are others.
    """
    found = DEVIATIONS[name]
    for fault in found.faults:
        host.faults.add(fault)
    left_out = host.profile.leaves_out | found.leaves_out
    host.profile = replace(host.profile, leaves_out=left_out)
