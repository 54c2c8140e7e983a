"""A refund that needs two at the counter: who asked cannot agree, and what is agreed to is the digest that is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from counter.desk import Clerk
from posrefund.dialects import Policy
from posrefund.engine import State
from shop import UNIONPAY, Shop, sale

if TYPE_CHECKING:
    from pathlib import Path

PINS = {"09": "482915", "01": "590318", "02": "739104"}
TO_THE_CHECK = ("1", "1", "1", "enter")


def shop_for_two(folder: Path, *, staff: bool, **policy: Any) -> Shop:
    """Every refund needs two; with *staff* a manager 09, a cashier 01 and a supervisor 02 with PINs."""
    dialect = UNIONPAY.derive("unionpay", policy=Policy(approval_from_minor=1, **policy))
    shop = Shop(folder, dialect=dialect)
    shop.terminal.sale(sale("S-1", 12_800))
    shop.to(1, 10)
    people = shop.terminal.staff
    if staff:
        people.add_first("09", "Zhao", PINS["09"])
        for number, role in (("01", "cashier"), ("02", "supervisor")):
            people.add(number, f"name {number}", role, "190283", by="09", pin=PINS["09"])
            people.set_pin(number, PINS[number], by=number, pin="190283")
    return shop


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return shop_for_two(tmp_path, staff=True)


@pytest.fixture
def asking(shop: Shop) -> Clerk:
    """At the field for a second person, who asked having typed his PIN."""
    clerk = Clerk(shop.terminal)
    clerk.press(*TO_THE_CHECK, "enter")
    clerk.enter(PINS["01"])
    return clerk


def test_second_person_agrees_and_it_is_six_steps(asking: Clerk, shop: Shop) -> None:
    assert asking.screen.name == "approve"
    asking.enter("02")
    assert asking.enter(PINS["02"]).name == "sign"
    assert (asking.screen.step, asking.screen.steps) == (6, 6)
    asking.press("1")

    attempt = shop.terminal.journal.last_attempt("C-1")
    assert attempt is not None
    assert attempt.facts["approved_by"] == "02"
    assert shop.booked("refund") == [12_800]
    assert max(screen.step for screen in asking.seen) == 6


def test_digest_that_is_agreed_to_is_the_one_that_was_checked(asking: Clerk) -> None:
    checked = next(screen for screen in asking.seen if screen.name == "check")
    shown = {fact.label: fact.value for fact in checked.facts}["digest"]

    assert asking.fact("digest") == shown
    assert asking.terminal.pending_approvals()[0].digest.startswith(shown.replace(" ", ""))


def test_who_asked_cannot_agree_and_another_one_still_can(asking: Clerk, shop: Shop) -> None:
    asking.enter("01")
    screen = asking.enter(PINS["01"])

    assert screen.name == "approve"
    assert [one.code for one in screen.objections] == ["approval_same_person"]
    asking.enter("02")
    asking.enter(PINS["02"])
    asking.press("1")
    assert shop.booked("refund") == [12_800]


def test_wrong_pin_is_told_with_what_is_left_and_asks_for_it_again(asking: Clerk) -> None:
    asking.enter("02")
    screen = asking.enter("000001")

    assert screen.name == "approve_pin"
    assert "2 more" in screen.objections[0].hint
    assert asking.enter(PINS["02"]).name == "sign"


def test_wrong_pin_of_who_asks_asks_again_and_writes_nothing(shop: Shop) -> None:
    clerk = Clerk(shop.terminal)
    clerk.press(*TO_THE_CHECK, "enter")
    screen = clerk.enter("000001")

    assert screen.name == "maker_pin"
    assert screen.objections
    assert shop.terminal.pending_approvals() == []


def test_what_waits_is_agreed_to_later_and_gone_on_with_under_its_id(
    asking: Clerk, shop: Shop
) -> None:
    assert asking.press("esc").name == "waits"
    assert asking.press("enter").keys.count("5") == 1
    asking.press("5", "1", "1")
    asking.enter("02")
    assert asking.enter(PINS["02"]).name == "approvals"
    assert asking.press("1").choices[0].label == "Read the card and refund"
    assert asking.press("1", "1").name == "check"
    assert asking.press("enter").name == "sign"
    asking.press("1")

    assert shop.booked("refund") == [12_800]
    assert {each.request.request_id for each in asking.sent()} == {"C-1"}  # type: ignore[attr-defined]


def test_what_waits_can_be_taken_back(asking: Clerk, shop: Shop) -> None:
    asking.press("esc", "enter", "5", "1", "2")

    last = shop.terminal.journal.last_approval("C-1")
    assert last is not None
    assert last.state is State.CANCELLED
    assert shop.booked("refund") == []


def test_without_staff_a_number_is_enough_and_never_the_own_one(tmp_path: Path) -> None:
    shop = shop_for_two(tmp_path, staff=False)
    clerk = Clerk(shop.terminal)
    clerk.press(*TO_THE_CHECK, "enter")
    assert clerk.screen.name == "approve"
    assert [one.code for one in clerk.enter("1").objections] == ["approval_same_person"]
    assert clerk.enter("02").name == "sign"


def test_number_that_is_none_is_told_at_the_field(asking: Clerk) -> None:
    screen = asking.enter("0002")

    assert screen.field is not None
    assert screen.field.error == "1 to 3 letters or digits"


def test_no_pin_is_on_any_screen_or_in_any_effect(asking: Clerk) -> None:
    asking.enter("02")
    asking.enter(PINS["02"])
    asking.press("1")

    said = repr([screen.as_data() for screen in asking.seen]) + repr(asking.performed)
    assert not [pin for pin in PINS.values() if pin in said]
    assert "6200000000000005" not in said


def test_staff_signs_in_by_pin_and_the_counter_is_theirs_then(shop: Shop) -> None:
    clerk = Clerk(shop.terminal)
    clerk.press("2")
    clerk.enter("02")
    assert clerk.enter("000001").objections
    assert clerk.enter(PINS["02"]).name == "signed_in"

    assert clerk.counter.operator == "02"
    assert clerk.press("enter").footer.endswith("operator 02")
