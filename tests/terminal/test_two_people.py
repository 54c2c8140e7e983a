"""Two people, whatever happens between them: what changes voids the yes, and power may fail at any step."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from posrefund.dialects import Policy
from posrefund.engine import Approved, DescribedSale, Document, Reason, State
from posrefund.errors import RefusedError
from posrefund.values import RRN, Amount, RequestID
from shop import UNIONPAY, Shop, refund, sale
from terminal.power import Fuse, PowerCut

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from posrefund.terminal import Terminal

PINS = {"09": "482915", "01": "590318", "02": "739104", "03": "615203"}
WISH = refund("R-1", "S-1", 10_000)


def open_shop(folder: Path, **policy: Any) -> Shop:
    """A shop with a manager, two cashiers and a supervisor, and two sales of the day before on one card."""
    folder.mkdir(exist_ok=True)
    dialect = UNIONPAY.derive("unionpay", policy=Policy(approval_from_minor=1, **policy))
    shop = Shop(folder, dialect=dialect)
    shop.terminal.sale(sale("S-1", 12_800))
    shop.terminal.sale(sale("S-2", 12_800))
    shop.to(1, 10)
    staff = shop.terminal.staff
    staff.add_first("09", "Zhao", PINS["09"])
    for number, role in (("01", "cashier"), ("02", "supervisor"), ("03", "cashier")):
        staff.add(number, f"name {number}", role, "190283", by="09", pin=PINS["09"])
        staff.set_pin(number, PINS[number], by=number, pin="190283")
    return shop


def code_of(call: Callable[[], object]) -> str:
    try:
        call()
    except RefusedError as refusal:
        return refusal.code
    return ""


def approved(terminal: Terminal) -> str:
    """Ask for WISH and let the supervisor say yes; return the digest."""
    assert code_of(lambda: terminal.refund(WISH, pin=PINS["01"])) == "approval_needed"
    digest = terminal.pending_approvals()[0].digest
    terminal.approve("R-1", checker="02", digest=digest, pin=PINS["02"])
    return digest


CHANGES: dict[str, dict[str, Any]] = {
    "amount": {"amount": Amount(9_999)},
    "all of it": {"amount": None},
    "original": {"original": RequestID("S-2")},
    "reason": {"reason": Reason.DEFECT},
    "note": {"note": "a word more"},
    "order": {"order_ref": "4711"},
    "documents": {"documents": (Document("receipt", "4711"),)},
    "who asks": {"operator": "03"},
}


@pytest.mark.parametrize("changed", CHANGES)
def test_yes_is_void_when_anything_of_the_request_changes(tmp_path: Path, changed: str) -> None:
    shop = open_shop(tmp_path)
    terminal, other = shop.terminal, replace(WISH, **CHANGES[changed])
    digest = approved(terminal)

    assert code_of(lambda: terminal.refund(other, pin=PINS[other.operator])) == "approval_needed"
    (waiting,) = terminal.pending_approvals()
    assert waiting.state is State.AWAITING_APPROVAL
    assert waiting.digest != digest
    old = code_of(lambda: terminal.approve("R-1", checker="02", digest=digest, pin=PINS["02"]))
    assert old == "approval_changed"
    assert shop.booked("refund") == []
    assert terminal.journal.approvals()[0].state is State.CANCELLED
    terminal.close()


def test_yes_counts_for_exactly_what_was_shown_and_once(tmp_path: Path) -> None:
    shop = open_shop(tmp_path)
    digest = approved(shop.terminal)
    outcome = shop.terminal.refund(WISH)

    assert isinstance(outcome, Approved)
    assert outcome.attempt.facts["approval"] == digest
    (used,) = shop.terminal.journal.approvals()
    assert (used.maker, used.checker, used.attempt, used.digest) == ("01", "02", 1, digest)
    opened = [row.facts for row in shop.terminal.journal.rows() if row.kind == "open"]
    assert [facts.get("approval") for facts in opened] == [None, None, "R-1#1"]  # sales, then it
    shop.terminal.close()


def test_sale_that_only_the_host_knows_takes_two_who_prove_it_whatever_the_amount(
    tmp_path: Path,
) -> None:
    slip = DescribedSale(RRN("606799999999"), date(2026, 3, 9), auth_code="777777")
    wish = replace(refund("R-1", "S-1", 1), original=slip)
    shut = open_shop(tmp_path / "shut")
    assert code_of(lambda: shut.terminal.refund(wish, pin=PINS["01"])) == "original_unknown"
    shut.terminal.close()

    shop = open_shop(tmp_path / "open", ceiling="host_only")
    terminal = shop.terminal
    assert code_of(lambda: terminal.refund(wish)) == "operator_pin_needed"
    assert code_of(lambda: terminal.refund(wish, pin=PINS["01"])) == "approval_needed"
    digest = terminal.pending_approvals()[0].digest
    for checker, code in (("01", "approval_same_person"), ("03", "operator_may_not_approve")):
        given = code_of(
            lambda who=checker: terminal.approve("R-1", checker=who, digest=digest, pin=PINS[who])  # type: ignore[misc]  # reason: a default
        )
        assert given == code
    assert shop.link.sent == []
    terminal.close()


# --- power ---------------------------------------------------------------------------------------


def wire(shop: Shop, fuse: Fuse) -> None:
    """Put the fuse into each step that lasts: the count, the look, the proof, the question, the yes."""
    journal: Any = shop.terminal.journal
    for name in ("commit", "change_operator", "pin_is"):
        setattr(journal, name, fuse.guard(getattr(journal, name)))


def morning(shop: Shop) -> None:
    """Ask, approve, send; done again from the start it goes on where it stopped."""
    terminal = shop.terminal
    with suppress(RefusedError):
        terminal.refund(WISH, pin=PINS["01"])
    for waiting in terminal.pending_approvals():
        terminal.approve("R-1", checker="02", digest=waiting.digest, pin=PINS["02"])
    with suppress(RefusedError):
        terminal.refund(WISH)


def test_power_may_fail_at_any_step_between_two_people(tmp_path: Path) -> None:
    dry, fuse = open_shop(tmp_path / "dry"), Fuse(blow_at=0)
    wire(dry, fuse)
    morning(dry)
    assert dry.booked("refund") == [10_000]
    dry.terminal.close()
    assert fuse.steps == 2 * (3 + 1 + 3 + 1 + 2)  # proof, question, proof, yes; intent and answer
    for blow_at in range(1, fuse.steps + 1):
        shop = open_shop(tmp_path / f"{blow_at}")
        wire(shop, Fuse(blow_at))
        with pytest.raises(PowerCut):
            morning(shop)
        shop.terminal.close()
        shop.terminal = shop.open()
        morning(shop)
        check(shop)
        shop.terminal.close()


def check(shop: Shop) -> None:
    """Sent once at the most, used once, and before each question and each yes its maker's proof is in the chain."""
    assert shop.booked("refund") in ([], [10_000])
    (used,) = (a for a in shop.terminal.journal.approvals() if a.state is State.INTENT)
    assert (used.maker, used.checker) == ("01", "02")
    proven: list[str] = []
    for row in shop.terminal.journal.rows():
        if row.kind == "staff" and row.facts["event"] == "proven":
            proven.append(row.subject)
        elif row.kind == "ask":
            assert proven[-1] == "01"
        elif row.kind == "approval":
            assert (proven[-1], row.facts["by"]) == ("02", "02")
    assert all(each.failures == 0 for each in shop.terminal.staff.everyone())
    shop.terminal.journal.verify()
