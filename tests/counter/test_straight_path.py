"""From the menu to the slip: what stands on each screen, how many keys and steps it takes, and that it is done once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posrefund.engine.approval import digest_of

if TYPE_CHECKING:
    from counter.desk import Clerk
    from shop import Shop

TO_THE_ENTRY = ("1", "1")
TO_THE_CHECK = (*TO_THE_ENTRY, "2", "enter")
TO_THE_END = (*TO_THE_CHECK, "enter", "1")


def test_menu_to_slip_refunds_once_and_names_each_step(clerk: Clerk, shop: Shop) -> None:
    clerk.press(*TO_THE_END)

    names = [screen.name for screen in clerk.seen]
    assert names == ["menu", "card", "original", "amount", "check", "sign", "slip"]
    assert shop.booked("refund") == [12_800]
    assert clerk.screen.tone == "good"
    assert any("620000******0005" in line for line in clerk.screen.paper)


def test_refund_is_entered_within_three_keys_of_the_menu(clerk: Clerk) -> None:
    clerk.press(*TO_THE_ENTRY)

    assert clerk.screen.name == "original"
    assert clerk.pressed <= 3


def test_refund_takes_at_most_six_steps_and_counts_them_right(clerk: Clerk) -> None:
    clerk.press(*TO_THE_END)

    steps = [screen.step for screen in clerk.seen if screen.step]
    assert steps == [1, 2, 3, 4, 5]
    assert all(screen.steps <= 6 for screen in clerk.seen)
    assert clerk.pressed == 6


def test_digest_that_is_shown_is_the_one_of_what_is_journalled(clerk: Clerk, shop: Shop) -> None:
    clerk.press(*TO_THE_CHECK)
    shown = clerk.fact("digest").replace(" ", "")
    clerk.press("enter", "1")

    journal = shop.terminal.journal
    attempt, content = journal.last_attempt("C-1"), journal.content("C-1")
    assert attempt is not None
    assert content is not None
    assert len(shown) == 16
    assert digest_of(content, attempt).startswith(shown)
