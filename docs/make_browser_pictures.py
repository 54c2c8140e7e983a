"""Take ``_static/counter.browser.zh.png`` and ``.en.png``: the counter in a headless Chromium, before a refund and in doubt.

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

from gateway.browser import Page, chromium  # noqa: E402
from gateway.lines import SECRETS  # noqa: E402
from gateway.open_door import OpenDoor  # noqa: E402
from posrefund.counter import CardsToPractise  # noqa: E402
from shop import TERMINAL, Shop, sale  # noqa: E402

__all__ = ["PICTURES", "TEXT", "seen", "words"]

PICTURES = {lang: DOCS / "_static" / f"counter.browser.{lang}.png" for lang in ("zh", "en")}
TEXT = "screen"
"""Name of the text inside the picture."""

_HEIGHTS = {"zh": 1050, "en": 860}


def seen(lang: str) -> tuple[bytes, str]:
    """Return a picture of the counter in *lang* as PNG, and what can be read on it."""
    with tempfile.TemporaryDirectory() as folder:
        return _played(Shop(Path(folder)), lang)


def words(text: str) -> str:
    """Return *text* without what is another each time: ids, digests, moments."""
    digest = r"\b[0-9a-f]{4}(?: [0-9a-f]{4}){3}\b"
    return re.sub(rf"{digest}|[0-9A-Za-z]*[0-9][0-9A-Za-z:\-]*", "#", text)


def _played(shop: Shop, lang: str) -> tuple[bytes, str]:
    for request, minor in (("SALE-1041", 12_800), ("SALE-1042", 6_660)):
        shop.terminal.sale(sale(request, minor))
    shop.to(1, 10)
    shop.terminal.close()  # the door has it now
    with (
        OpenDoor(shop, readers={TERMINAL: CardsToPractise()}) as door,
        chromium(640, _HEIGHTS[lang]) as browser,
    ):
        page = Page(browser, door.url, SECRETS["till"], terminal=TERMINAL, lang=lang)
        for name, key in (("menu", "1"), ("card", "1"), ("original", "1")):
            page.wait_for(name)
            page.click(key)
        page.wait_for("amount")
        page.type("28.00")
        page.wait_for("check")
        if lang == "en":
            page.click("enter")
            page.wait_for("sign")
            shop.fault("drop_reply")
            page.click("1")
            page.wait_for("doubt")
        return _png(browser, page.text), page.text


def _png(browser: Any, text: str) -> bytes:
    """What is seen, in few colours, with what is read on it."""
    picture = Image.open(io.BytesIO(browser.get_screenshot_as_png())).convert("RGB").quantize(64)
    told, made = PngInfo(), io.BytesIO()
    told.add_itxt(TEXT, text)
    picture.save(made, "PNG", optimize=True, pnginfo=told)
    return made.getvalue()


def main() -> None:
    """Take both."""
    for lang, path in PICTURES.items():
        path.write_bytes(seen(lang)[0])


if __name__ == "__main__":
    main()
