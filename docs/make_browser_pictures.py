"""Take the pictures of the counter in a headless Chromium: ``_static/counter.browser.*.png`` and ``counter.sign.*.png``.

They are a look before a refund and a doubt; and a customer's phone, and the counter's own box to sign in.
Another Chromium or another font draws another picture. What stands on it is the program's, and is kept inside the picture
as text; a test compares that.
"""

from __future__ import annotations

import io
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parent
sys.path.insert(0, str(DOCS.parent / "tests"))

from PIL import Image  # noqa: E402
from PIL.PngImagePlugin import PngInfo  # noqa: E402

from gateway.browser import Page, Phone, chromium, draw_name  # noqa: E402
from gateway.lines import SECRETS  # noqa: E402
from gateway.open_door import OpenDoor  # noqa: E402
from posrefund.counter import CardsToPractise  # noqa: E402
from posrefund.office.slips import SlipSettings  # noqa: E402
from shop import TERMINAL, Shop, sale  # noqa: E402

__all__ = ["PICTURES", "TEXT", "seen", "words"]

PICTURES = {
    name: DOCS / "_static" / f"counter.{name}.png"
    for name in ("browser.zh", "browser.en", "sign.zh", "sign.en")
}
TEXT = "screen"
"""Name of the text inside the picture."""

_HEIGHTS = {"browser.zh": 1050, "browser.en": 860, "sign.zh": 1050, "sign.en": 900}


def seen(name: str) -> tuple[bytes, str]:
    """Return the picture *name* as PNG, and what can be read on it."""
    with tempfile.TemporaryDirectory() as folder:
        return _played(Shop(Path(folder)), name)


def words(text: str) -> str:
    """Return *text* without what is another each time: ids, digests, moments."""
    digest = r"\b[0-9a-f]{4}(?: [0-9a-f]{4}){3}\b"
    return re.sub(rf"{digest}|[0-9A-Za-z]*[0-9][0-9A-Za-z:\-]*", "#", text)


def _played(shop: Shop, name: str) -> tuple[bytes, str]:
    kind, _, lang = name.partition(".")
    for request, minor in (("SALE-1041", 12_800), ("SALE-1042", 6_660)):
        shop.terminal.sale(sale(request, minor))
    shop.to(1, 10)
    shop.terminal.close()  # the door has it now
    slip = SlipSettings(merchant_name="南京路百货", signatures=shop.folder / "signatures")
    with (
        OpenDoor(shop, readers={TERMINAL: CardsToPractise()}, slip=slip) as door,
        chromium(640, _HEIGHTS[name]) as browser,
    ):
        page = Page(browser, door.url, SECRETS["till"], terminal=TERMINAL, lang=lang)
        for screen, key in (("menu", "1"), ("card", "1"), ("original", "1")):
            page.wait_for(screen)
            page.click(key)
        page.wait_for("amount")
        page.type("28.00")
        page.wait_for("check")
        if name == "browser.zh":
            return _png(browser, page.text), page.text
        page.click("enter")
        page.wait_for("sign")
        return _doubted(shop, browser, page) if kind == "browser" else _signed(browser, page, lang)


def _doubted(shop: Shop, browser: Any, page: Page) -> tuple[bytes, str]:
    shop.fault("drop_reply")
    page.click("1")
    page.wait_for("doubt")
    return _png(browser, page.text), page.text


def _signed(browser: Any, page: Page, lang: str) -> tuple[bytes, str]:
    """On a phone in Chinese, in the box of the counter in English."""
    if lang == "en":
        page.click("3")
        page.wait_for("sign_here")
        draw_name(browser)
        return _png(browser, page.text), page.text
    page.click("4")
    page.wait_for("sign_phone")
    phone = Phone(browser, page.link, "zh-CN")
    phone.wait_for("open")
    draw_name(browser, "touch")
    return _png(browser, phone.text), phone.text


def _png(browser: Any, text: str) -> bytes:
    """What is seen, in few colours, with what is read on it."""
    picture = Image.open(io.BytesIO(browser.get_screenshot_as_png())).convert("RGB").quantize(64)
    told, made = PngInfo(), io.BytesIO()
    told.add_itxt(TEXT, text)
    picture.save(made, "PNG", optimize=True, pnginfo=told)
    return made.getvalue()


def main() -> None:
    """Take all."""
    for name, path in PICTURES.items():
        path.write_bytes(seen(name)[0])


if __name__ == "__main__":
    main()
