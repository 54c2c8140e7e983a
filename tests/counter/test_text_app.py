"""The counter in a text terminal, driven by Textual's pilot: what is drawn, what is typed, what a hand in a hurry does."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import pytest
from textual.widgets import Static

from counter.test_every_key import PATHS
from counter.test_menu import practice
from posrefund.counter import CardsToPractise, Counter, Dialogue, text_app
from posrefund.counter.text_app import CounterApp
from posrefund.engine import receipt_code

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from textual.pilot import Pilot

    from posrefund.terminal import Terminal
    from shop import Shop

SIZE = (80, 24)


@pytest.fixture(autouse=True)
def _no_haste(monkeypatch: pytest.MonkeyPatch) -> None:
    """Scripts press the same key twice on purpose."""
    monkeypatch.setattr(text_app, "_TWICE_S", 0.0)


class Hand:
    """Presses keys of an app that runs, and waits for what comes of each."""

    def __init__(self, app: CounterApp, pilot: Pilot[None], dialogue: Dialogue) -> None:
        self.app, self._pilot, self.dialogue = app, pilot, dialogue

    async def press(self, *keys: str) -> None:
        for key in keys:
            await self._pilot.press(key)
            await self.settle()

    async def settle(self) -> None:
        while self.dialogue.is_busy:
            await self._pilot.pause(0.01)
        await self._pilot.pause()

    def text(self) -> str:
        """All 24 lines, as they are drawn."""
        lines = self.app.screen._compositor.render_strips()
        return "\n".join(strip.text for strip in lines)


def play(shop: Shop, story: Callable[[Hand], Awaitable[None]], language: Any = "en") -> None:
    play_at(shop.terminal, story, language)


def play_at(
    terminal: Terminal, story: Callable[[Hand], Awaitable[None]], language: Any = "en"
) -> None:
    reader = CardsToPractise()
    counter = Counter(new_id=lambda: "C-1", language=language, cards=reader.cards)
    dialogue = Dialogue(counter)
    app = CounterApp(dialogue, terminal, reader)

    async def run() -> None:
        async with app.run_test(size=SIZE) as pilot:
            hand = Hand(app, pilot, dialogue)
            await hand.settle()
            await story(hand)

    asyncio.run(run())


def test_refund_by_six_keys_and_each_screen_fits_the_terminal(shop: Shop) -> None:
    async def story(hand: Hand) -> None:
        assert "Refund" in hand.text()
        for key, shown in [
            ("1", "620000******0047"),
            ("1", "¥30.00 left"),
            ("2", "¥0.01 to ¥128.00"),
            ("enter", "digest"),
            ("enter", "Signed on paper"),
            ("1", "UnionPay sales slip"),
        ]:
            await hand.press(key)
            assert shown in hand.text()
            choices = [choice.label for choice in hand.dialogue.screen.choices]
            assert all(label in hand.text() for label in choices)

    play(shop, story)
    assert shop.booked("refund") == [12_800]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_screen_of_practice_has_room_for_its_keys_and_its_field(
    tmp_path: Path, language: str
) -> None:
    """80 columns and 24 lines, one of them for the mark of training."""
    terminal = practice(tmp_path)

    async def story(hand: Hand) -> None:
        at: tuple[str, ...] = ()
        for name, keys in sorted(
            PATHS.items(), key=lambda path: path[1]
        ):  # each behind its own beginning
            if name == "over":
                continue
            for _ in range(9):  # whatever leads back to the menu
                if keys[: len(at)] == at or hand.dialogue.screen.name == "menu":
                    break
                shown = hand.dialogue.screen
                await hand.press("escape" if "esc" in shown.keys else "enter")
            is_menu = hand.dialogue.screen.name == "menu"
            await hand.press(*(keys if is_menu else keys[len(at) :]))
            at = keys
            shown, drawn = hand.dialogue.screen, hand.text()
            assert shown.name == name.partition(" ")[0]
            assert "TRAINING" in drawn
            assert shown.field is None or shown.field.label in drawn
            missing = [choice.label for choice in shown.choices if choice.label not in drawn]
            assert not missing, (shown.name, drawn)

    play_at(terminal, story, language)
    terminal.close()


def test_chinese_counter_is_chinese(shop: Shop) -> None:
    async def story(hand: Hand) -> None:
        assert "退货" in hand.text()
        await hand.press("1", "1", "2", "enter", "enter", "1")
        assert "银联签购单" in hand.text()

    play(shop, story, "zh")


def test_amount_is_typed_corrected_and_checked(shop: Shop) -> None:
    async def story(hand: Hand) -> None:
        await hand.press("1", "1", "2", *"999", "enter")
        assert "has to be" in hand.text()
        await hand.press(*"12", "backspace", "full_stop", "5", "enter")
        assert hand.dialogue.screen.facts[0].value == "¥1.50"

    play(shop, story)


def test_scanner_types_its_code_on_the_list_of_sales(shop: Shop) -> None:
    code = receipt_code(shop.terminal.journal.originals("S-1")[0])

    async def story(hand: Hand) -> None:
        await hand.press("1", "1")
        await hand._pilot.press(*code)
        assert code in hand.text()
        await hand.press("enter")
        assert hand.dialogue.screen.name == "amount"

    play(shop, story)


def test_pin_is_shown_as_dots_and_nothing_keeps_it(shop: Shop) -> None:
    people = shop.terminal.staff
    people.add_first("09", "Zhao", "482915")

    async def story(hand: Hand) -> None:
        await hand.press("2", "0", "9", "enter", *"482915")
        assert "●●●●●●" in hand.text()
        assert "482915" not in hand.text()
        await hand.press("enter")
        assert hand.dialogue.screen.name == "signed_in"
        assert hand.app._typed == ""
        widgets = repr([vars(each) for each in hand.app.query(Static)])
        assert "482915" not in widgets

    play(shop, story)


def test_same_key_twice_in_a_hurry_is_one_press(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_app, "_TWICE_S", 60.0)

    async def story(hand: Hand) -> None:
        await hand.press("1", "1", "1")
        assert hand.dialogue.screen.name == "card"

    play(shop, story)


def test_control_c_while_the_refund_is_under_way_neither_cancels_nor_leaves(shop: Shop) -> None:
    arrived, go_on = threading.Event(), threading.Event()
    respond = shop.link._respond

    def slow(message: bytes) -> Any:
        arrived.set()
        assert go_on.wait(30)
        return respond(message)

    async def story(hand: Hand) -> None:
        await hand.press("1", "1", "2", "enter", "enter")
        shop.link._respond = slow
        await hand._pilot.press("1")
        await asyncio.to_thread(arrived.wait, 30)
        await hand._pilot.press("ctrl+c", "ctrl+q", "enter", "escape", "1", "0")
        assert hand.app.is_running
        assert "Refunding" in hand.text()
        go_on.set()
        await hand.settle()
        assert hand.dialogue.screen.name == "slip"

    play(shop, story)
    assert shop.booked("refund") == [12_800]


def test_control_c_at_rest_leaves(shop: Shop) -> None:
    async def story(hand: Hand) -> None:
        await hand._pilot.press("ctrl+c")
        await hand._pilot.pause()
        assert not hand.app.is_running

    play(shop, story)


def test_slip_scrolls_by_keys(shop: Shop) -> None:
    async def story(hand: Hand) -> None:
        await hand.press("1", "1", "2", "enter", "enter", "1")
        assert "signed on paper" not in hand.text()
        await hand.press("pagedown", "pagedown")
        assert "signed on paper" in hand.text()

    play(shop, story)


def test_training_and_doubt_are_seen_at_once(shop: Shop) -> None:
    async def story(hand: Hand) -> None:
        shop.fault("drop_reply")
        await hand.press("1", "1", "2", "enter", "enter", "1")
        assert "Do not repeat it" in hand.text()
        assert "C-1" in hand.text()

    play(shop, story)
