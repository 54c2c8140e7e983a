"""The last look with something to draw on: which keys there are, where they lead, and that none of them sends by accident."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from counter.desk import Clerk
from posrefund.counter import Pad
from posrefund.engine import Signature

if TYPE_CHECKING:
    from shop import Shop

TO_THE_SIGNATURE = ("1", "1", "1", "enter", "enter")
DRAWN, OTHER = Signature.of("bitmap", b"a name"), Signature.of("bitmap", b"another")


@pytest.fixture
def clerk(shop: Shop) -> Clerk:
    made = Clerk(shop.terminal)
    made.counter.pads = (Pad.HERE, Pad.PHONE)
    made.press(*TO_THE_SIGNATURE)
    assert made.screen.keys == ("1", "2", "3", "4", "esc")
    return made


@pytest.mark.parametrize("pads", [(), (Pad.HERE,), (Pad.PHONE,)])
def test_only_what_can_be_drawn_on_is_offered(shop: Shop, pads: tuple[Pad, ...]) -> None:
    clerk = Clerk(shop.terminal)
    clerk.counter.pads = pads
    clerk.press(*TO_THE_SIGNATURE)
    keys = {Pad.HERE: "3", Pad.PHONE: "4"}

    assert clerk.screen.keys == ("1", "2", *(keys[pad] for pad in pads), "esc")
    for key in {"3", "4"} - set(clerk.screen.keys):
        assert clerk.press(key).name == "sign"


@pytest.mark.parametrize(("key", "name"), [("3", "sign_here"), ("4", "sign_phone")])
def test_a_drawing_leads_back_and_the_next_key_sends_it(
    clerk: Clerk, shop: Shop, key: str, name: str
) -> None:
    assert clerk.press(key).name == name
    assert [fact.label for fact in clerk.screen.facts] == ["amount"]  # a customer looks at it
    assert clerk.dialogue.sign(DRAWN)
    assert (clerk.screen.name, clerk.screen.signature) == ("sign", DRAWN.sha256)
    assert clerk.screen.keys == ("1", "3", "4", "esc")
    assert clerk.sent() == []
    clerk.press("1")

    assert shop.terminal.signature("C-1") == DRAWN


@pytest.mark.parametrize("key", ["3", "4"])
def test_a_screen_to_draw_on_sends_nothing_whatever_is_pressed(clerk: Clerk, key: str) -> None:
    clerk.press(key)
    shown = clerk.screen
    for pressed in (*"12356789", "enter", "0", "r"):
        assert clerk.press(pressed) == shown
    assert clerk.press("esc").name == "sign"
    assert clerk.screen.signature == ""
    assert clerk.sent() == []


def test_each_code_is_a_screen_of_its_own(clerk: Clerk) -> None:
    seen = [clerk.press("4") for _ in range(4)]

    assert [each.pad for each in seen] == [Pad.PHONE] * 4
    assert all(one != other for one, other in pairwise(seen))
    assert "Code 4: those before hold no longer" in seen[-1].lines
    assert clerk.press("esc").name == "sign"


def test_the_last_drawing_is_the_one_that_counts(clerk: Clerk, shop: Shop) -> None:
    clerk.press("3")
    clerk.dialogue.sign(DRAWN)
    clerk.press("4")
    clerk.dialogue.sign(OTHER)
    clerk.press("1")

    assert shop.terminal.signature("C-1") == OTHER


def test_who_goes_back_to_the_check_has_signed_nothing(clerk: Clerk) -> None:
    clerk.press("3")
    clerk.dialogue.sign(DRAWN)
    clerk.press("esc", "enter")

    assert (clerk.screen.name, clerk.screen.signature) == ("sign", "")


@pytest.mark.parametrize(("language", "said"), [("en", "No folder"), ("zh", "文件夹")])
def test_why_there_is_nothing_to_draw_on_is_said_where_it_is_looked_for(
    shop: Shop, language: str, said: str
) -> None:
    clerk = Clerk(shop.terminal, language=language)
    clerk.press(*TO_THE_SIGNATURE)
    assert not any(said in line for line in clerk.screen.lines)  # a text terminal draws nothing
    clerk.counter.why_no_pad = "sign_no_folder"
    assert any(said in line for line in clerk.screen.lines)
