"""A customer signs: on the counter's screen, or by a link that holds once, for one screen, for some minutes."""

from __future__ import annotations

import asyncio
import logging
from base64 import b64decode
from typing import TYPE_CHECKING, Any

import pytest

from gateway.clerk import SIGNED, Clerk, confirmed, readers
from gateway.lines import AT, SECRETS, Counter, auth
from gateway.test_removed_tokens import others
from posrefund.codec.jbig import read_jbig
from posrefund.engine import Signature
from posrefund.office import find_card_data
from posrefund.office.signature_pictures import as_jbig
from posrefund.office.signatures import draw
from posrefund.office.slips import SlipSettings

if TYPE_CHECKING:
    from pathlib import Path

    import httpx

    from posrefund.terminal.desk import Desk
    from shop import Shop

HERE, PHONE, ESC = {"key": "3"}, {"key": "4"}, {"key": "esc"}
URL = "https://sign.shop.example"
STROKES = [[[20, 60], [90, 20], [160, 70]], [[200, 40], [260, 90]]]
OTHER = [[[20, 90], [300, 20]]]
PNG = draw([[(x, y) for x, y in stroke] for stroke in STROKES], 384, 128)


class Monotonic:
    """Seconds that a test lets go by."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Phone:
    """The customer's: it has no token of the door, only the link."""

    def __init__(self, counter: Counter, clerk: Clerk) -> None:
        self._http = counter.http
        self.link: str = clerk.screen["picture"]
        self.path = self.link.removeprefix(URL)

    async def look(self) -> httpx.Response:
        return await self._http.get(f"{self.path}/wanted")

    async def sign(self, strokes: Any = STROKES) -> httpx.Response:
        return await self._http.post(self.path, json={"strokes": strokes})


def options(folder: Path | None, **more: Any) -> dict[str, Any]:
    slip = SlipSettings(merchant_name="Noodle House", signatures=folder)
    return {**readers(), "slip": slip, "phone_url": URL, **more}


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"] if answer.is_error else ""


GONE = (404, "link_unknown")


async def at_the_code(counter: Counter) -> tuple[Clerk, Phone]:
    """Go to where the code to sign by phone is shown."""
    clerk = Clerk(counter)
    await confirmed(clerk)
    await clerk.do(PHONE)
    assert clerk.screen["name"] == "sign_phone"
    return clerk, Phone(counter, clerk)


def signature_of_the_refund(desk: Desk) -> Signature | None:
    (refund,) = (each for each in desk.journal.attempts() if each.kind == "refund")
    return desk.signature(refund.request_id)


# --- on the screen ---------------------------------------------------------------------------------


def test_what_is_drawn_on_the_screen_is_kept_and_its_digest_written_down(
    shop: Shop, tmp_path: Path
) -> None:
    folder = tmp_path / "signatures"

    async def day() -> Signature | None:
        async with Counter(shop, **options(folder)) as counter:
            clerk = Clerk(counter)
            await confirmed(clerk)
            assert clerk.screen["pad"] == ""
            await clerk.do(HERE)
            assert (clerk.screen["name"], clerk.screen["pad"]) == ("sign_here", "here")
            await clerk.do({"key": "enter"})  # nothing was drawn
            assert clerk.screen["name"] == "sign_here"
            await clerk.do({"strokes": STROKES})
            assert clerk.screen["name"] == "sign"
            assert b64decode(clerk.data["signature"]) == PNG
            assert not folder.exists()  # nothing is sent yet, and may never be
            await clerk.do(SIGNED)
            assert clerk.screen["name"] == "slip"
            return await counter.terminal.at_desk(signature_of_the_refund)

    signature = asyncio.run(day())
    assert signature == Signature.of("bitmap", PNG)
    (kept,) = folder.iterdir()
    assert kept.name == signature.sha256
    assert kept.read_bytes() == PNG
    header = read_jbig(as_jbig(kept.read_bytes()))
    assert (header.width, header.height, header.planes) == (384, 128, 1)
    assert shop.booked("refund") == [2_800]


def test_what_was_signed_goes_up_through_the_same_door(shop: Shop, tmp_path: Path) -> None:
    slips = {"12345678": SlipSettings(merchant_name="Noodle House", signatures=tmp_path / "s")}

    async def day() -> Any:
        async with Counter(shop, **options(None, slips=slips)) as counter:
            clerk = Clerk(counter)
            await confirmed(clerk)
            await clerk.do(HERE, {"strokes": STROKES}, SIGNED)
            return (await counter.post("/signatures/upload", {})).json()

    said = asyncio.run(day())
    assert [each["result"] for each in said["signatures"]] == ["uploaded"]
    assert said["waiting"] == []
    (stored,) = shop.host.signatures.values()
    assert stored.picture == as_jbig(PNG)
    assert stored.tags["FF00"] == "Noodle House"


def test_who_goes_back_leaves_no_picture_behind(shop: Shop, tmp_path: Path) -> None:
    folder = tmp_path / "signatures"

    async def day() -> None:
        async with Counter(shop, **options(folder)) as counter:
            clerk = Clerk(counter)
            await confirmed(clerk)
            await clerk.do(HERE, {"strokes": STROKES}, ESC, {"key": "enter"})
            assert clerk.screen["name"] == "sign"
            assert clerk.data["signature"] == ""
            await clerk.do(SIGNED)  # on paper now

    asyncio.run(day())
    assert not folder.exists()
    assert shop.booked("refund") == [2_800]


def test_without_a_folder_it_says_so_and_takes_paper(shop: Shop) -> None:
    async def day() -> None:
        async with Counter(shop, **options(None)) as counter:
            clerk = Clerk(counter)
            await confirmed(clerk)
            assert [each["key"] for each in clerk.screen["choices"]] == ["1", "2", "esc"]
            assert any("No folder" in line for line in clerk.screen["lines"])
            assert not await clerk.send({"strokes": STROKES})
            await clerk.do(SIGNED)

    asyncio.run(day())
    assert shop.booked("refund") == [2_800]


def test_without_an_address_for_phones_no_code_is_offered(shop: Shop, tmp_path: Path) -> None:
    async def day() -> None:
        async with Counter(shop, **options(tmp_path, phone_url="")) as counter:
            clerk = Clerk(counter)
            await confirmed(clerk)
            assert [each["key"] for each in clerk.screen["choices"]] == ["1", "2", "3", "esc"]

    asyncio.run(day())


def test_a_picture_that_cannot_be_kept_sends_nothing(shop: Shop, tmp_path: Path) -> None:
    folder = tmp_path / "signatures"
    folder.write_text("a file is in the way")

    async def day() -> None:
        async with Counter(shop, **options(folder)) as counter:
            clerk = Clerk(counter)
            await confirmed(clerk)
            await clerk.do(HERE, {"strokes": STROKES}, SIGNED)
            (said,) = clerk.screen["objections"]
            assert said["code"] == "signature_not_kept"
            assert str(tmp_path) not in str(clerk.data)
            assert shop.booked("refund") == []
            folder.unlink()
            await clerk.do(ESC)  # back to the last look, with what was drawn
            assert clerk.screen["name"] == "sign"
            await clerk.do(SIGNED)
            assert clerk.screen["name"] == "slip"

    asyncio.run(day())
    assert shop.booked("refund") == [2_800]
    assert len([*folder.iterdir()]) == 1


@pytest.mark.parametrize("keys", [(), (PHONE,)])
def test_strokes_are_taken_only_where_the_screen_has_the_box(
    shop: Shop, tmp_path: Path, keys: tuple[dict[str, Any], ...]
) -> None:
    async def day() -> None:
        async with Counter(shop, **options(tmp_path)) as counter:
            clerk = Clerk(counter)
            await confirmed(clerk)
            await clerk.do(*keys)
            before = clerk.data
            assert not await clerk.send({"strokes": STROKES})
            assert clerk.data["screen"] == before["screen"]

    asyncio.run(day())


# --- by phone --------------------------------------------------------------------------------------


def test_a_phone_signs_and_the_clerk_sends(shop: Shop, tmp_path: Path) -> None:
    async def day() -> None:
        async with Counter(shop, **options(tmp_path, monotonic=Monotonic())) as counter:
            clerk, phone = await at_the_code(counter)
            assert phone.link.startswith(f"{URL}/sign/")
            assert (await phone.look()).json() == {
                "amount": "¥28.00", "shop": "Noodle House", "watermark": "", "seconds_left": 300
            }  # fmt: skip
            waiting = asyncio.create_task(
                clerk.look()
            )  # the page's own question for the next screen
            await asyncio.sleep(0)
            assert (await phone.sign()).json() == {"signed": True}
            await asyncio.wait_for(waiting, 5)
            assert clerk.screen["name"] == "sign"
            assert b64decode(clerk.data["signature"]) == PNG
            assert shop.booked("refund") == []  # a phone sends nothing
            await clerk.do(SIGNED)
            assert clerk.screen["name"] == "slip"

    asyncio.run(day())
    assert shop.booked("refund") == [2_800]
    assert [each.name for each in tmp_path.iterdir() if len(each.name) == 64] == [
        Signature.of("bitmap", PNG).sha256
    ]


def test_a_link_is_taken_once(shop: Shop, tmp_path: Path) -> None:
    async def day() -> None:
        async with Counter(shop, **options(tmp_path)) as counter:
            clerk, phone = await at_the_code(counter)
            both = await asyncio.gather(phone.sign(STROKES), phone.sign(OTHER))
            assert sorted(code(each) for each in both) == [(200, ""), GONE]
            assert code(await phone.sign()) == GONE
            assert code(await phone.look()) == GONE
            await clerk.look()
            assert clerk.screen["name"] == "sign"

    asyncio.run(day())


def test_a_look_uses_nothing_up(shop: Shop, tmp_path: Path) -> None:
    async def day() -> None:
        async with Counter(shop, **options(tmp_path)) as counter:
            _, phone = await at_the_code(counter)
            for _ in range(30):  # a messenger that shows what is behind a link
                assert (await counter.http.get(phone.path)).status_code == 200
                assert (await phone.look()).status_code == 200
            assert (await phone.sign()).status_code == 200

    asyncio.run(day())


@pytest.mark.parametrize(("seconds", "holds"), [(299.0, True), (300.0, False), (10_000.0, False)])
def test_a_link_holds_for_five_minutes(
    shop: Shop, tmp_path: Path, seconds: float, holds: bool
) -> None:
    clock = Monotonic()

    async def day() -> None:
        async with Counter(shop, **options(tmp_path, monotonic=clock)) as counter:
            clerk, phone = await at_the_code(counter)
            clock.now += seconds
            assert code(await phone.look()) == ((200, "") if holds else GONE)
            assert code(await phone.sign()) == ((200, "") if holds else GONE)
            await clerk.send(PHONE)
            assert clerk.screen["name"] == ("sign" if holds else "sign_phone")
            if not holds:  # another code holds again
                assert (await Phone(counter, clerk).sign()).status_code == 200

    asyncio.run(day())


@pytest.mark.parametrize("key", ["esc", "4"])
def test_a_link_dies_with_its_screen(shop: Shop, tmp_path: Path, key: str) -> None:
    async def day() -> None:
        async with Counter(shop, **options(tmp_path)) as counter:
            clerk, phone = await at_the_code(counter)
            await clerk.do({"key": key})
            assert clerk.screen["picture"] != phone.link
            assert code(await phone.look()) == GONE
            assert code(await phone.sign()) == GONE
            assert clerk.screen["signature"] == ""

    asyncio.run(day())


def test_a_link_of_one_seat_signs_at_no_other(shop: Shop, tmp_path: Path) -> None:
    async def day() -> None:
        async with Counter(shop, **options(tmp_path)) as counter:
            first, one = await at_the_code(counter)
            second, other = await at_the_code(counter)
            assert one.link != other.link
            assert (await one.sign()).status_code == 200
            await first.send(ESC)
            assert first.screen["name"] == "sign"
            assert (await other.look()).status_code == 200
            await second.send({"key": "9"})
            assert second.screen["name"] == "sign_phone"

    asyncio.run(day())


def test_a_link_dies_with_its_seat(shop: Shop, tmp_path: Path) -> None:
    async def day() -> None:
        async with Counter(shop, **options(tmp_path)) as counter:
            _, phone = await at_the_code(counter)
            for _ in range(16):  # pushed out by others of the same token
                await Clerk(counter).sit()
            assert code(await phone.look()) == GONE

    asyncio.run(day())


def test_a_link_opens_nothing_else(shop: Shop, tmp_path: Path) -> None:
    async def day() -> None:
        async with Counter(shop, **options(tmp_path)) as counter:
            clerk, phone = await at_the_code(counter)
            secret = phone.path.rpartition("/")[2]
            assert len(secret) == 43  # 256 bits
            said = {"Authorization": f"Bearer {secret}"}
            for path in (f"{AT}/sales", f"{AT}/counter/{clerk.data['seat']}", "/v1/terminals"):
                assert (await counter.http.get(path, headers=said)).status_code == 401
            for wrong in (
                secret[:-1],
                secret + "A",
                secret.swapcase(),
                "",
                "%00",
                clerk.data["seat"],
            ):
                assert code(await counter.http.get(f"/sign/{wrong}/wanted")) in (
                    GONE,
                    (404, "not_found"),
                )
            for method in ("PUT", "DELETE", "PATCH"):
                assert (await counter.http.request(method, phone.path)).status_code == 405
            assert (await phone.sign()).status_code == 200

    asyncio.run(day())


def test_no_token_is_asked_of_a_phone_and_a_token_signs_at_no_other_seat(
    shop: Shop, tmp_path: Path
) -> None:
    async def day() -> None:
        async with Counter(shop, **options(tmp_path)) as counter:
            clerk = Clerk(counter)
            await confirmed(clerk)
            await clerk.do(HERE)
            body = {"version": clerk.data["version"], "strokes": STROKES}
            path = f"{AT}/counter/{clerk.data['seat']}"
            for role in ("admin", "monitor", "supervisor"):
                answer = await counter.http.post(path, json=body, headers=auth(role))
                assert answer.status_code in (403, 404)
            assert (await counter.http.post(path, json=body)).status_code == 401

    asyncio.run(day())


UNSOUND: list[tuple[bytes, str]] = [
    (b"", "bad_json"),
    (b"{", "bad_json"),
    (b"\xff\xfe", "bad_json"),
    (b"[" * 5_000, "bad_json"),
    (b"null", "invalid_request"),
    (b"{}", "invalid_request"),
    (b'{"strokes": []}', "invalid_request"),
    (b'{"strokes": [[]]}', "invalid_request"),
    (b'{"strokes": [[[1]]]}', "invalid_request"),
    (b'{"strokes": [[[1, 2, 3]]]}', "invalid_request"),
    (b'{"strokes": [[[-1, 2], [9, 90]]]}', "invalid_request"),
    (b'{"strokes": [[[384, 2], [9, 90]]]}', "invalid_request"),
    (b'{"strokes": [[[1, 128], [9, 90]]]}', "invalid_request"),
    (b'{"strokes": [[[1.5, 2], [9, 90]]]}', "invalid_request"),
    (b'{"strokes": [[["1", 2], [9, 90]]]}', "invalid_request"),
    (b'{"strokes": [[[1e999, 2], [9, 90]]]}', "bad_json"),
    (b'{"strokes": [[[5, 5]]]}', "invalid_request"),  # a dot
    (b'{"strokes": [[[5, 5], [9, 9]]]}', "invalid_request"),  # a slip of the finger
    (b'{"strokes": [[[0, 0], [383, 127]]], "png": "iVBORw0KGgo="}', "invalid_request"),
    (b'{"strokes": "6200000000000005"}', "invalid_request"),
]


@pytest.mark.parametrize(("raw", "expected"), UNSOUND)
def test_what_is_no_signature_is_refused_and_the_link_holds(
    shop: Shop, tmp_path: Path, raw: bytes, expected: str
) -> None:
    async def day() -> None:
        async with Counter(shop, **options(tmp_path)) as counter:
            _, phone = await at_the_code(counter)
            said = {"Content-Type": "application/json"}
            answer = await counter.http.post(phone.path, content=raw, headers=said)
            assert code(answer) == ({"bad_json": 400}.get(expected, 422), expected)
            assert "6200000000000005" not in answer.text
            assert (await phone.sign()).status_code == 200

    asyncio.run(day())


def test_what_is_too_large_or_of_another_type_is_refused(shop: Shop, tmp_path: Path) -> None:
    async def day() -> None:
        async with Counter(shop, **options(tmp_path)) as counter:
            _, phone = await at_the_code(counter)
            large = [[[x % 384, x % 128] for x in range(4_000)] for _ in range(3)]
            assert code(await phone.sign(large)) == (413, "body_too_large")
            answer = await counter.http.post(
                phone.path, content=PNG, headers={"Content-Type": "image/png"}
            )
            assert code(answer) == (415, "not_json_type")
            answer = await counter.http.post(phone.path, data={"strokes": "[[[0,0],[90,90]]]"})
            assert code(answer) == (415, "not_json_type")

    asyncio.run(day())


def test_drawings_that_are_none_use_a_link_up_in_the_end(shop: Shop, tmp_path: Path) -> None:
    async def day() -> list[int]:
        async with Counter(shop, **options(tmp_path)) as counter:
            _, phone = await at_the_code(counter)
            return [(await phone.sign([[[5, 5]]])).status_code for _ in range(12)]

    assert asyncio.run(day()) == [422] * 10 + [404] * 2


# --- what is seen ----------------------------------------------------------------------------------


def test_the_page_is_the_same_for_every_link_and_runs_nothing_else(shop: Shop) -> None:
    async def day() -> None:
        async with Counter(shop) as counter:
            page = await counter.http.get("/sign/nobody-gave-it-out")
            assert page.status_code == 200
            policy = page.headers["Content-Security-Policy"]
            assert policy.startswith("default-src 'none'; connect-src 'self'")
            assert "unsafe" not in policy
            assert "frame-ancestors 'none'" in policy
            assert page.headers["Referrer-Policy"] == "no-referrer"
            assert "http" not in page.text
            assert "innerHTML" not in page.text
            assert "/* pad" not in page.text  # both parts are in it
            assert "drawingPad" in page.text

    asyncio.run(day())


def test_neither_link_nor_card_is_in_a_log_or_on_the_phone(
    shop: Shop, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    logging.getLogger("httpx").setLevel(
        logging.WARNING
    )  # the client's own: it logs what it asks for

    async def day() -> tuple[str, str]:
        async with Counter(shop, **options(tmp_path)) as counter:
            with caplog.at_level(logging.DEBUG):
                clerk, phone = await at_the_code(counter)
                seen = [await phone.look(), await phone.sign([[[1, 1]]]), await phone.sign()]
                seen.append(await phone.sign())
                await clerk.send(ESC)
            told = "".join(each.text + repr(each.headers) for each in seen)
            return phone.path.rpartition("/")[2], told

    secret, told = asyncio.run(day())
    assert secret not in caplog.text
    assert secret not in told
    assert find_card_data(told) == []
    assert "0005" not in told  # not even what is left of a masked number
    assert SECRETS["till"] not in told


def test_no_link_leads_to_the_seat_of_a_token_that_is_gone(shop: Shop, tmp_path: Path) -> None:
    async def day() -> None:
        async with Counter(shop, **options(tmp_path)) as counter:
            _, phone = await at_the_code(counter)
            assert code(await phone.look()) == (200, "")
            counter.options.tokens.become(others(but="till"))  # nobody looks at the page
            assert code(await phone.look()) == GONE
            assert code(await phone.sign()) == GONE

    asyncio.run(day())
