"""A person in front of a browser refunds at the counter: clicks in a headless Chromium, a real socket, the emulated host."""

from __future__ import annotations

import importlib.util
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from gateway.browser import Page, chromium
from gateway.lines import SECRETS
from gateway.open_door import OpenDoor
from posrefund.counter import CardsToPractise
from posrefund.gateway import OpenTerminals, TerminalNotOpenError
from shop import TERMINAL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from posrefund.aio import AsyncTerminal
    from shop import Shop

pytestmark = pytest.mark.slow
PICTURES = os.environ.get("POSREFUND_PICTURES")
"""A folder where each screen is kept, for whoever wants to look."""


@pytest.fixture(scope="module")
def only_browser() -> Iterator[Any]:
    """One for all: each door has a port of its own, so that nothing which a page keeps is found by the next one."""
    with chromium() as lent:
        yield lent


@pytest.fixture
def door(shop: Shop) -> Iterator[OpenDoor]:
    with OpenDoor(shop, readers={TERMINAL: CardsToPractise()}) as opened:
        yield opened


@pytest.fixture
def browser(only_browser: Any, door: OpenDoor) -> Iterator[Any]:
    """Without a page, and away from it before the door is closed; *door* is open all the while."""
    assert door.url
    only_browser.get_log("browser")
    yield only_browser
    only_browser.get("about:blank")


def keep(page: Page, name: str) -> None:
    if PICTURES:
        page.picture(Path(PICTURES) / f"{name}.png")


def to_the_confirmation(page: Page, amount: str = "28.00") -> list[int]:
    """Go from the menu to where the next click sends it; return the steps that were shown."""
    steps = []
    page.wait_for("menu")
    keep(page, "menu")
    for name, key in (("card", "1"), ("original", "1"), ("amount", "1")):
        page.click(key)
        page.wait_for(name)
        keep(page, name)
        steps.append(page.step)
    page.type(amount)
    page.wait_for("check")
    keep(page, "check")
    steps.append(page.step)
    page.click("enter")
    page.wait_for("sign")
    keep(page, "sign")
    return [*steps, page.step]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_clicks_make_a_refund_in_at_most_six_steps(
    shop: Shop, door: OpenDoor, browser: Any, lang: str
) -> None:
    page = Page(browser, door.url, SECRETS["till"], terminal=TERMINAL, lang=lang)
    steps = to_the_confirmation(page)
    page.click("1", times=3)  # signed on paper, by a nervous hand
    page.wait_for("slip")
    keep(page, f"slip.{lang}")

    assert steps == [1, 2, 3, 4, 5]
    assert page.clicks <= 6
    assert {"zh": "已受理", "en": "accepted"}[lang] in page.text
    assert "6200000000000005" not in browser.page_source
    assert page.complaints() == []
    assert SECRETS["till"] not in browser.current_url
    assert shop.booked("refund") == [2_800]


def test_a_doubt_offers_no_again(shop: Shop, door: OpenDoor, browser: Any) -> None:
    page = Page(browser, door.url, SECRETS["till"], terminal=TERMINAL, lang="en")
    to_the_confirmation(page)
    shop.fault("drop_reply")
    page.click("1")
    page.wait_for("doubt")
    keep(page, "doubt")

    assert page.choices == ["enter"]  # to the menu, and nowhere else
    page.click("enter")
    page.wait_for("menu")
    assert "1 in doubt" in page.text
    assert shop.booked("refund") == [2_800]


def test_a_page_that_is_loaded_anew_while_it_waits_sends_nothing_twice(
    shop: Shop, door: OpenDoor, browser: Any
) -> None:
    page = Page(browser, door.url, SECRETS["till"], terminal=TERMINAL, lang="en")
    to_the_confirmation(page)
    door.hold()
    page.click("1")
    page.wait_until_busy()
    assert page.choices == []
    keep(page, "waiting")
    browser.refresh()
    page = Page(browser, door.url, SECRETS["till"], terminal=TERMINAL, lang="en")
    door.let_go()
    page.wait_for("menu")
    assert shop.booked("refund") == [2_800]


def test_a_wrong_token_is_told_and_another_one_asked_for(door: OpenDoor, browser: Any) -> None:
    page = Page(browser, door.url, "prt_nobody", terminal=TERMINAL, lang="en")
    page.wait_for("token")
    assert "no token" in page.text
    keep(page, "token")
    page = Page(browser, door.url, SECRETS["till"], terminal=TERMINAL, lang="en")
    page.wait_for("menu")  # the address of a door that was started anew, over the old one


def test_a_terminal_that_is_being_opened_is_waited_for(
    door: OpenDoor, browser: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_open = threading.Event()
    lend = OpenTerminals.lend

    async def opening(
        self: OpenTerminals, name: str, *, is_watching: bool = False
    ) -> AsyncTerminal:
        if not is_open.is_set():
            raise TerminalNotOpenError(name, 1.0)
        return await lend(self, name, is_watching=is_watching)

    monkeypatch.setattr(OpenTerminals, "lend", opening)
    page = Page(browser, door.url, SECRETS["till"], terminal=TERMINAL, lang="en")
    page.wait_for("later")
    keep(page, "later")
    is_open.set()
    page.wait_for("menu")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("browser.zh", "摘要\n#"),
        ("browser.en", "Do not repeat it."),
        ("sign.zh", "确认签名"),
        ("sign.en", "Sign in the box"),
    ],
)
def test_the_pictures_in_the_pages_say_what_the_counter_says(name: str, expected: str) -> None:
    image = pytest.importorskip("PIL.Image", reason="pip install 'posrefund[print]'")
    path = Path(__file__).resolve().parents[2] / "docs" / "make_browser_pictures.py"
    spec = importlib.util.spec_from_file_location("browser_pictures", path)
    assert spec is not None
    assert spec.loader is not None
    pictures = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(pictures)

    with image.open(pictures.PICTURES[name]) as kept:
        said = kept.text[pictures.TEXT]
    _, seen = pictures.seen(name)
    assert pictures.words(seen) == pictures.words(said), f"run: python docs/{path.name}"
    assert expected in pictures.words(said)
    assert pictures.PICTURES[name].stat().st_size <= 120 * 1024
