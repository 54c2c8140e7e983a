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

        assert self._comes(is_there), f"{name} is not shown, but {self.text!r}"

    def wait_until_busy(self) -> None:
        """Wait until something is under way."""
        assert self._comes(lambda: self._said("busy") == "true")

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

    @staticmethod
    def _comes(is_so: Callable[[], bool]) -> bool:
        until = time.monotonic() + WAIT_S
        while time.monotonic() < until:
            if is_so():
                return True
            time.sleep(0.02)
        return False
