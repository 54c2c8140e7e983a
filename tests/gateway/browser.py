"""A headless Chromium, where there is one: it clicks as a person does, and takes pictures."""

from __future__ import annotations

import os
import shutil
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

WAIT_S = 20.0


@contextmanager
def chromium(width: int = 640, height: int = 1040, *, dark: bool = False) -> Iterator[Any]:
    """Lend a browser; skip where there is none, unless it is demanded."""
    driver, program = shutil.which("chromedriver"), shutil.which("chromium")
    if not (driver and program):
        if os.environ.get("POSREFUND_REQUIRE_BROWSER"):
            pytest.fail("chromium and chromedriver have to be here")
        pytest.skip("chromium and chromedriver are not installed")
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = program
    for said in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(said)
    options.add_argument(f"--window-size={width},{height}")
    if dark:
        options.add_argument("--force-dark-mode")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    browser = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    try:
        yield browser
    finally:
        browser.quit()


NAME = (
    ((0.08, 0.75), (0.14, 0.2), (0.2, 0.75), (0.11, 0.5), (0.22, 0.48)),
    ((0.3, 0.3), (0.28, 0.7), (0.36, 0.72), (0.4, 0.4), (0.42, 0.72), (0.5, 0.55)),
    ((0.55, 0.5), (0.6, 0.35), (0.66, 0.6), (0.72, 0.4), (0.8, 0.62), (0.93, 0.3)),
)
"""Three strokes of a name, in parts of the box."""


def draw_name(browser: Any, kind: str = "mouse") -> None:
    """Sign in the box with a ``mouse``, a ``pen`` or a finger (``touch``), from pointer down to pointer up."""
    from selenium.webdriver.common.actions.action_builder import ActionBuilder
    from selenium.webdriver.common.actions.pointer_input import PointerInput
    from selenium.webdriver.common.by import By

    canvas = browser.find_element(By.ID, "pad")
    wide, high = canvas.size["width"], canvas.size["height"]
    device: Any = PointerInput
    actions = ActionBuilder(browser, mouse=device(kind, "hand"), duration=4)
    hand: Any = actions.pointer_action
    for stroke in NAME:
        for place, (x, y) in enumerate(stroke):
            hand.move_to(canvas, int((x - 0.5) * wide), int((y - 0.5) * high))
            if place == 0:
                hand.pointer_down()
        hand.pointer_up()
    actions.perform()


class Phone:
    """A customer's phone, which opens what a code said: narrow, and in the customer's language."""

    def __init__(self, browser: Any, link: str, language: str) -> None:
        self.browser = browser
        size = {"width": 390, "height": 400, "deviceScaleFactor": 2, "mobile": True}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        browser.execute_cdp_cmd(
            "Emulation.setUserAgentOverride", {"userAgent": "a phone", "acceptLanguage": language}
        )
        browser.get(link)

    @property
    def text(self) -> str:
        """All that can be read."""
        return str(self.browser.execute_script("return document.body.innerText"))

    def wait_for(self, state: str) -> None:
        """Wait until the page is ``open`` to sign, ``signed`` or ``gone``."""
        script = "return document.getElementById('sheet').dataset.state"
        assert comes(lambda: self.browser.execute_script(script) == state), self.text

    def click(self, name: str) -> None:
        """Press a button."""
        self.browser.execute_script("document.getElementById(arguments[0]).click()", name)

    def picture(self, path: Path) -> None:
        """Keep what is seen."""
        self.browser.save_screenshot(str(path))


def comes(is_so: Callable[[], bool]) -> bool:
    """Wait until it is so; return whether it came to that."""
    until = time.monotonic() + WAIT_S
    while time.monotonic() < until:
        if is_so():
            return True
        time.sleep(0.02)
    return False


class Page:
    """The counter in a browser, as a person sees it; each look is one script, so that no screen changes in between."""

    def __init__(self, browser: Any, url: str, token: str, **more: str) -> None:
        self._browser = browser
        self.clicks, self._known = 0, "0"
        said = "&".join(f"{name}={value}" for name, value in {"token": token, **more}.items())
        browser.get(f"{url}/counter#{said}")

    @property
    def name(self) -> str:
        """Which screen it is."""
        return self._said("screen")

    @property
    def step(self) -> int:
        """The how-manieth of the refund."""
        return int(self._said("step") or 0)

    @property
    def text(self) -> str:
        """All that can be read."""
        return str(self._browser.execute_script("return document.body.innerText"))

    @property
    def choices(self) -> list[str]:
        """The keys that can be pressed."""
        script = "return [...document.querySelectorAll('#choices button')].map(b => b.dataset.key)"
        return list(self._browser.execute_script(script))

    def wait_for(self, name: str) -> None:
        """Wait until the screen *name* is shown, another than was clicked on, and nothing is under way."""

        def is_there() -> bool:
            is_new = self._said("version") != self._known
            return self.name == name and is_new and self._said("busy") != "true"

        assert comes(is_there), f"{name} is not shown, but {self.text!r}"

    @property
    def link(self) -> str:
        """The address that a phone opens."""
        script = "return document.getElementById('link').href"
        return str(self._browser.execute_script(script))

    def wait_until_busy(self) -> None:
        """Wait until something is under way."""
        assert comes(lambda: self._said("busy") == "true")

    def click(self, key: str, *, times: int = 1) -> None:
        """Click the button of *key*; several times as a nervous hand does, faster than a screen changes."""
        self._known = self._said("version")
        self.clicks += 1
        script = """
            const button = document.querySelector(`#choices button[data-key="${arguments[0]}"]`);
            for (let left = arguments[1]; left > 0; left--) button.click();
        """
        self._browser.execute_script(script, key, times)

    def type(self, text: str) -> None:
        """Type into the field and press Enter."""
        from selenium.webdriver.common.by import By
        from selenium.webdriver.common.keys import Keys

        self._known = self._said("version")
        self._browser.find_element(By.ID, "field").send_keys(text + Keys.ENTER)

    def picture(self, path: Path) -> None:
        """Keep what is seen."""
        self._browser.save_screenshot(str(path))

    def complaints(self) -> list[str]:
        """What the browser itself has to say."""
        return [str(line["message"]) for line in self._browser.get_log("browser")]

    def _said(self, name: str) -> str:
        script = "return document.getElementById('till').dataset[arguments[0]] || ''"
        return str(self._browser.execute_script(script, name))
