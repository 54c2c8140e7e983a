"""A customer signs with mouse, pen and finger: on the counter's page, and on a phone that a code leads to."""

from __future__ import annotations

import os
from base64 import b64decode
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from gateway.browser import Page, Phone, chromium, comes, draw_name
from gateway.lines import SECRETS
from gateway.open_door import OpenDoor
from gateway.test_counter_browser import to_the_confirmation
from posrefund.counter import CardsToPractise
from posrefund.engine import Signature
from posrefund.office.signature_pictures import as_jbig
from posrefund.office.slips import SlipSettings
from shop import TERMINAL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shop import Shop

pytestmark = pytest.mark.slow
PICTURES = os.environ.get("POSREFUND_PICTURES")
"""A folder where each screen is kept, for whoever wants to look."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "signatures"


@contextmanager
def opened(shop: Shop, folder: Path, **more: Any) -> Iterator[OpenDoor]:
    slip = SlipSettings(merchant_name="南京路百货", signatures=folder)
    with OpenDoor(shop, readers={TERMINAL: CardsToPractise()}, slip=slip, **more) as door:
        yield door


def keep(page: Page | Phone, name: str) -> None:
    if PICTURES:
        page.picture(Path(PICTURES) / f"{name}.png")


def shown_signature(browser: Any) -> bytes:
    """What the clerk sees of it."""
    script = "const i = document.getElementById('signature'); return i ? i.src : ''"
    return b64decode(browser.execute_script(script).partition(",")[2])


def assert_kept(shop: Shop, folder: Path, picture: bytes) -> None:
    """The journal has its digest, the folder the picture, and a host can take it."""
    signature = Signature.of("bitmap", picture)
    terminal = shop.open()
    (refund,) = (each for each in terminal.journal.attempts() if each.kind == "refund")
    assert terminal.signature(refund.request_id) == signature
    terminal.close()
    assert [each.name for each in folder.iterdir()] == [signature.sha256]
    assert (folder / signature.sha256).read_bytes() == picture
    assert 100 < len(as_jbig(picture)) <= 1_000
    assert shop.booked("refund") == [2_800]


@pytest.mark.parametrize(("lang", "hand"), [("zh", "touch"), ("en", "pen"), ("en", "mouse")])
def test_a_signature_on_the_page_goes_with_the_refund(
    shop: Shop, folder: Path, lang: str, hand: str
) -> None:
    with opened(shop, folder) as door, chromium() as browser:
        page = Page(browser, door.url, SECRETS["till"], terminal=TERMINAL, lang=lang)
        to_the_confirmation(page)
        page.click("3")
        page.wait_for("sign_here")
        page.click("enter")  # nothing was drawn
        assert comes(lambda: {"zh": "请先签名", "en": "Sign first"}[lang] in page.text)
        draw_name(browser, hand)
        browser.execute_script("document.getElementById('clear').click()")
        draw_name(browser, hand)
        keep(page, f"sign_here.{lang}")
        page.click("enter", times=3)  # a nervous hand
        page.wait_for("sign")
        picture = shown_signature(browser)
        keep(page, f"signed.{lang}")
        page.click("1", times=3)
        page.wait_for("slip")
        keep(page, f"signed_slip.{lang}")
        assert page.complaints() == []

    assert_kept(shop, folder, picture)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_signature_by_phone_goes_with_the_refund(shop: Shop, folder: Path, lang: str) -> None:
    with opened(shop, folder) as door, chromium() as browser, chromium() as other:
        page = Page(browser, door.url, SECRETS["till"], terminal=TERMINAL, lang=lang)
        to_the_confirmation(page)
        page.click("4")
        page.wait_for("sign_phone")
        keep(page, f"sign_phone.{lang}")
        link = page.link
        assert browser.execute_script("return document.querySelectorAll('svg.qr path').length") == 1

        phone = Phone(other, link, {"zh": "zh-CN", "en": "en-GB"}[lang])
        phone.wait_for("open")
        assert {"zh": "请签名", "en": "Please sign"}[lang] in phone.text
        assert "¥28.00" in phone.text
        assert "南京路百货" in phone.text
        assert "0005" not in other.page_source
        draw_name(other, "touch")
        keep(phone, f"phone.{lang}")
        phone.click("done")
        phone.wait_for("signed")
        keep(phone, f"phone_signed.{lang}")

        page.wait_for("sign")  # at once, without a key
        picture = shown_signature(browser)
        assert shop.booked("refund") == []
        page.click("1")
        page.wait_for("slip")
        complaints = page.complaints() + [str(line["message"]) for line in other.get_log("browser")]
        assert complaints == []

        again = Phone(other, link, "en-GB")
        again.wait_for("gone")
        assert "holds no longer" in again.text

    assert_kept(shop, folder, picture)


def test_a_code_that_the_clerk_left_is_gone_on_the_phone(shop: Shop, folder: Path) -> None:
    with opened(shop, folder) as door, chromium() as browser, chromium() as other:
        page = Page(browser, door.url, SECRETS["till"], terminal=TERMINAL, lang="en")
        to_the_confirmation(page)
        page.click("4")
        page.wait_for("sign_phone")
        link = page.link
        phone = Phone(other, link, "zh-CN")
        phone.wait_for("open")
        phone.click("language")
        assert "Please sign" in phone.text
        draw_name(other, "touch")
        page.click("esc")
        page.wait_for("sign")
        phone.click("done")
        phone.wait_for("gone")
        keep(phone, "phone_gone.en")
        assert shown_signature(browser) == b""
    assert not folder.exists()


def test_without_a_code_drawn_the_link_is_text(
    shop: Shop, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("posrefund.gateway.counter_door.qr_path", lambda _: ("", 0))
    with opened(shop, folder) as door, chromium() as browser:
        page = Page(browser, door.url, SECRETS["till"], terminal=TERMINAL, lang="en")
        to_the_confirmation(page)
        page.click("4")
        page.wait_for("sign_phone")
        assert f"{door.url}/sign/" in page.text
        assert browser.execute_script("return document.querySelector('svg.qr')") is None
