"""What says no and what nobody knows: each is a screen, none refunds twice, and a doubt offers no "again"."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from counter.desk import Clerk
from posrefund.counter import Failed, Tone
from posrefund.engine import Reason, Signature
from posrefund.engine.policy import Contact, DocumentRule, Limit, Role, Rules
from posrefund.errors import JournalWriteError
from shop import CHIP, Shop, refund, sale

if TYPE_CHECKING:
    from pathlib import Path

TO_THE_SIGNATURE = ("1", "1", "2", "enter", "enter")


def shop_with(folder: Path, **rules: Any) -> Shop:
    """A shop with rules, and a sale S-1 of ¥128.00 of yesterday."""
    shop = Shop(folder, rules=Rules(**rules))
    shop.terminal.sale(sale("S-1", 12_800))
    shop.to(1, 10)
    return shop


# --- in doubt --------------------------------------------------------------------------------------


def test_refund_without_an_answer_is_in_doubt_and_is_not_offered_again(
    clerk: Clerk, shop: Shop
) -> None:
    clerk.press(*TO_THE_SIGNATURE)
    shop.fault("drop_reply")
    screen = clerk.press("1")

    assert (screen.name, screen.tone) == ("doubt", Tone.DOUBT)
    assert screen.keys == ("enter",)
    assert clerk.fact("reference") == "C-1"
    assert screen.lines[0].startswith("Do not repeat it")
    assert shop.booked("refund") == [12_800]


def test_open_doubt_shows_itself_in_the_menu_and_is_listed(clerk: Clerk, shop: Shop) -> None:
    clerk.press(*TO_THE_SIGNATURE)
    shop.fault("drop_reply")
    menu = clerk.press("1", "enter")

    assert (menu.name, menu.tone) == ("menu", Tone.DOUBT)
    assert menu.lines[0].startswith("1 in doubt")
    assert clerk.press("4").choices[0].detail == "C-1"
    assert clerk.press("1").name == "doubt"


def test_sale_whose_refund_is_in_doubt_takes_no_other_and_shows_that_one(
    clerk: Clerk, shop: Shop
) -> None:
    clerk.press(*TO_THE_SIGNATURE)
    shop.fault("drop_reply")
    clerk.press("1", "enter")
    sent = len(clerk.sent())
    screen = clerk.press("1", "1", "2")

    assert screen.name == "doubt"
    assert screen.lines[0] == "A refund of this sale is in doubt: no other goes."
    assert clerk.fact("reference") == "C-1"
    assert screen.keys == ("enter",)
    assert len(clerk.sent()) == sent


def test_failure_after_something_may_have_left_is_a_doubt(clerk: Clerk) -> None:
    clerk.press(*TO_THE_SIGNATURE)
    clerk.dialogue.press("1")
    error = JournalWriteError("the disk is full")
    error.effect = "in_doubt"
    assert clerk.dialogue.resume(Failed(error)) is None

    assert clerk.screen.name == "doubt"
    assert clerk.screen.keys == ("enter",)
    assert clerk.fact("reference") == "C-1"


# --- said no ---------------------------------------------------------------------------------------


def test_decline_says_code_and_what_to_do_and_whom_to_call(tmp_path: Path) -> None:
    contacts = (Contact("acquirer", phone="95516", en="the acquirer"),)
    shop = shop_with(tmp_path, contacts=contacts)
    shop.fault("code", code="03")
    clerk = Clerk(shop.terminal)
    screen = clerk.press("1", "1", "1", "enter", "enter", "1")

    assert (screen.name, screen.tone) == ("declined", Tone.BAD)
    assert clerk.fact("code") == "03"
    assert any("95516" in line for line in screen.lines)
    assert shop.booked("refund") == []


def test_what_was_not_sent_may_be_sent_again_and_is_the_same_refund(
    clerk: Clerk, shop: Shop
) -> None:
    clerk.press(*TO_THE_SIGNATURE)
    shop.link.is_down = True
    assert clerk.press("1").name == "not_sent"
    shop.link.is_down = False
    assert clerk.press("1").name == "sign"
    assert clerk.press("1").name == "slip"

    ids = {each.request.request_id for each in clerk.sent()}  # type: ignore[attr-defined]
    assert ids == {"C-1"}
    assert shop.booked("refund") == [12_800]


def test_every_rule_that_says_no_is_told_at_once(tmp_path: Path) -> None:
    contacts = (Contact("acquirer", phone="95516"),)
    shop = shop_with(tmp_path, mcc="6010", mcc_blocked=("6010",), window_days=0, contacts=contacts)
    shop.terminal.hold("S-1", "legal", by="09", why="order 7")
    screen = Clerk(shop.terminal).press("1", "1", "1")

    assert screen.name == "refused"
    assert {one.code for one in screen.objections} == {"mcc_not_allowed", "legal_hold"}
    assert any(one.contact for one in screen.objections)


def test_other_card_is_refused_before_an_amount_is_asked_for(clerk: Clerk) -> None:
    clerk.press("1", "2", "8")
    screen = clerk.enter("S-1")

    assert [one.code for one in screen.objections] == ["account_mismatch"]


@pytest.mark.parametrize("typed", ["", "!", "\x00", "6200000000000005", "000000000000 9999"])
def test_what_can_be_no_slips_is_no_sale_in_the_clerks_language(shop: Shop, typed: str) -> None:
    screen = Clerk(shop.terminal, language="zh")
    screen.press("1", "1", "8")
    field = screen.enter(typed).field

    assert field is not None
    assert field.error == "没有这笔交易：请核对"


@pytest.mark.parametrize(
    "typed", ["0", "0.00", "128.01", "1e3", "-1", "12.345", "一", "999999999999"]
)
def test_amount_outside_its_bounds_cannot_be_entered(clerk: Clerk, typed: str) -> None:
    clerk.press("1", "1", "2")
    screen = clerk.enter(typed)

    assert screen.name == "amount"
    assert screen.field is not None
    assert screen.field.error


@pytest.mark.parametrize(("typed", "minor"), [("0.01", 1), ("127.99", 12_799), ("128.00", 12_800)])
def test_amount_at_its_bounds_is_taken(clerk: Clerk, shop: Shop, typed: str, minor: int) -> None:
    clerk.press("1", "1", "2")
    clerk.enter(typed)
    clerk.press("enter", "1")

    assert clerk.screen.name == "slip"
    assert shop.booked("refund") == [minor]


def test_signature_that_the_rules_want_leaves_no_way_around_it(tmp_path: Path) -> None:
    shop = shop_with(tmp_path, signature_from=Limit((("156", 1),)))
    clerk = Clerk(shop.terminal)
    screen = clerk.press("1", "1", "1", "enter", "enter")

    assert screen.keys == ("1", "esc")
    clerk.press("1")
    assert shop.terminal.signature("C-1") is not None


def test_signature_that_was_drawn_elsewhere_goes_with_the_refund(clerk: Clerk, shop: Shop) -> None:
    drawn = Signature.of("bitmap", b"a picture")
    assert not clerk.dialogue.sign(drawn)
    clerk.press(*TO_THE_SIGNATURE)
    assert clerk.dialogue.sign(drawn)
    assert [choice.label for choice in clerk.screen.choices[:-1]] == ["Signed: refund now"]
    clerk.press("1")

    assert shop.terminal.signature("C-1") == drawn


def test_order_and_document_that_the_rules_want_are_asked_for(tmp_path: Path) -> None:
    shop = shop_with(tmp_path, order_required=True, documents=(DocumentRule(("receipt",)),))
    clerk = Clerk(shop.terminal)
    assert clerk.press("1", "1", "1", "enter").name == "order"
    assert clerk.enter("4711").name == "document"
    clerk.press("1")
    assert clerk.enter("000042").name == "check"
    assert (clerk.fact("order"), clerk.fact("document")) == ("4711", "receipt 000042")
    clerk.press("enter", "1")

    assert shop.booked("refund") == [12_800]


def test_refund_is_not_offered_to_whom_it_is_not_allowed(tmp_path: Path) -> None:
    shop = shop_with(tmp_path, roles=(Role("cashier", may_refund=False),), default_role="cashier")
    clerk = Clerk(shop.terminal)

    assert "1" not in clerk.screen.keys
    assert clerk.press("1").name == "menu"


# --- pressed twice ---------------------------------------------------------------------------------


def test_key_that_is_pressed_while_something_is_under_way_is_nothing(clerk: Clerk) -> None:
    clerk.press(*TO_THE_SIGNATURE)
    effect = clerk.dialogue.press("1")
    shown = clerk.screen

    assert (shown.name, shown.is_busy, shown.keys) == ("waiting", True, ())
    assert [clerk.dialogue.press(key) for key in ("1", "2", "enter", "esc", "0")] == [None] * 5
    assert clerk.dialogue.enter("1") is None
    clerk.perform(effect)
    assert clerk.screen.name == "slip"


def test_enter_held_down_from_the_amount_on_sends_nothing(clerk: Clerk) -> None:
    clerk.press("1", "1", "2", *["enter"] * 20)

    assert clerk.screen.name == "sign"
    assert clerk.sent() == []


def test_second_refund_is_another_request_and_its_sale_has_nothing_left(
    clerk: Clerk, shop: Shop
) -> None:
    clerk.press(*TO_THE_SIGNATURE, "1", "enter", "1", "1")

    assert [choice.detail.split(" · ")[-1] for choice in clerk.screen.choices[:-2]] == ["S-2"]
    clerk.press("8")
    screen = clerk.enter("S-1")
    assert [one.code for one in screen.objections] == ["nothing_remaining"]
    assert shop.booked("refund") == [12_800]


def test_request_that_was_accepted_already_is_told_and_not_sent(clerk: Clerk, shop: Shop) -> None:
    """As when somebody opened two counters under one id, or this one lost its way back."""
    clerk.press("1", "1", "2")
    shop.terminal.refund(refund("C-1", "S-1", 100, CHIP))
    screen = clerk.enter("1.00")

    assert (screen.name, screen.tone) == ("slip", Tone.GOOD)
    assert clerk.sent() == []
    assert shop.booked("refund") == [100]


def test_id_that_is_another_refund_s_is_refused(clerk: Clerk, shop: Shop) -> None:
    clerk.press("1", "1", "2")
    shop.terminal.refund(refund("C-1", "S-2", 100, CHIP))
    screen = clerk.enter("1.00")

    assert [one.code for one in screen.objections] == ["RequestConflictError"]
    assert shop.booked("refund") == [100]


def test_reason_changes_the_digest(clerk: Clerk, shop: Shop) -> None:
    clerk.press("1", "1", "2", "enter")
    before = clerk.fact("digest")
    clerk.press("3")

    assert clerk.fact("digest") != before
    assert clerk.fact("reason") == "defect"
    clerk.press("enter", "1")
    attempt = shop.terminal.journal.last_attempt("C-1")
    assert attempt is not None
    assert attempt.facts["why"] == Reason.DEFECT
