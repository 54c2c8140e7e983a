"""Payments by code over the door: sold by what a telephone shows, given back to whoever paid, asked about at the host."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from gateway.lines import CARD, Counter, refund_body, sale_body
from posrefund.dialects import dialect
from posrefund.emulators.host import HostProfile
from posrefund.gateway.answers import OutcomeData
from shop import Shop

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

CODE = "6201234567890123451"
WECHAT = "134567890123456780"


def by_code(request_id: str, minor: int, code: str = CODE) -> dict[str, Any]:
    body = sale_body(request_id, minor, code=code)
    del body["card"]
    return body


def back(request_id: str, original: str, minor: int | None = None, **more: Any) -> dict[str, Any]:
    body = refund_body(request_id, minor, original_id=original)
    del body["card"]
    return body | (more or {"back_to_payer": True})


@pytest.fixture
def wallets(tmp_path: Path) -> Iterator[Shop]:
    """A shop of an aggregator, which takes codes alone and can be asked."""
    profile = HostProfile(dialect="aggregator")
    made = Shop(tmp_path, profile=profile, dialect=dialect("aggregator"))
    made.terminal.close()
    yield made
    made.terminal.close()


def code_of(answer: httpx.Response) -> tuple[int, str, str]:
    error = answer.json()["error"]
    return answer.status_code, error["code"], error["effect"]


def test_a_sale_by_code_is_told_with_wallet_and_voucher_and_goes_back_unread(shop: Shop) -> None:
    async def day() -> None:
        async with Counter(shop) as counter:
            sold = (await counter.post("/sales", by_code("S-2", 500))).json()
            booked = shop.host.ledger.entries()[-1]
            assert (sold["type"], sold["wallet"], sold["card_masked"]) == (
                "Approved",
                "unionpay",
                "QR",
            )
            assert sold["voucher"] == booked.voucher
            check = (await counter.post("/refunds/check", back("R-1", "S-2"))).json()
            assert (check["would_be_sent"], check["route"]) == (True, "void")
            given = (await counter.post("/refunds", back("R-1", "S-2"))).json()
            assert (given["type"], given["kind"], given["voucher"]) == (
                "Approved",
                "void",
                booked.voucher,
            )
            again = (await counter.post("/refunds", back("R-1", "S-2"))).json()
            assert again["attempt_id"] == given["attempt_id"]

    asyncio.run(day())
    assert shop.booked("void") == [500]


def test_the_voucher_of_the_slip_names_the_payment_and_another_is_refused(wallets: Shop) -> None:
    async def day() -> None:
        async with Counter(wallets) as counter:
            sold = (await counter.post("/sales", by_code("S-2", 500, WECHAT))).json()
            assert sold["wallet"] == "wechat"
            other = await counter.post("/refunds", back("R-1", "S-2", voucher="QR000000000000"))
            assert code_of(other)[:2] == (409, "other_voucher")
            wanted = back("R-1", "S-2", voucher=sold["voucher"])
            assert (await counter.post("/refunds", wanted)).json()["type"] == "Approved"

    asyncio.run(day())
    assert wallets.booked("void") == [500]


def test_what_a_card_paid_does_not_go_back_unread(shop: Shop) -> None:
    async def day() -> None:
        async with Counter(shop) as counter:
            await counter.post("/sales", by_code("S-2", 500))
            unread = await counter.post("/refunds", back("R-1", "S-1", 100))
            assert code_of(unread)[:2] == (409, "card_needed")
            card = await counter.post("/refunds", refund_body("R-2", 100, original_id="S-2"))
            assert code_of(card)[:2] == (409, "other_method")

    asyncio.run(day())
    assert shop.booked("refund") == []


@pytest.mark.parametrize(
    ("path", "change", "where"),
    [
        ("/sales", {"card": CARD}, "card"),
        ("/sales", {"code": None}, "code"),
        ("/sales", {"code": CODE[:15]}, "code"),
        ("/sales", {"code": CODE + "x"}, "code"),
        ("/sales", {"voucher": "58210526789789570802"}, "body"),
        ("/refunds", {"card": CARD}, "card"),
        ("/refunds", {"voucher": "58210526789789570802"}, "card"),
        ("/refunds", {"back_to_payer": False}, "back_to_payer"),
        ("/refunds", {"back_to_payer": 1}, "back_to_payer"),
        ("/refunds", {"code": CODE}, "body"),
    ],
)
def test_what_is_no_one_way_is_said_by_its_place(
    shop: Shop, path: str, change: dict[str, Any], where: str
) -> None:
    body = by_code("X-1", 500) if path == "/sales" else back("X-1", "S-1", 100)

    async def day() -> httpx.Response:
        async with Counter(shop) as counter:
            return await counter.post(path, body | change)

    answer = asyncio.run(day())
    assert code_of(answer) == (422, "invalid_request", "nothing_sent")
    assert where in [each["path"] for each in answer.json()["error"]["faults"]]
    assert CODE[:15] not in answer.text


@pytest.mark.parametrize("path", ["/sales", "/refunds", "/refunds/check", "/approvals"])
def test_a_body_without_any_way_is_none_however_sound_the_rest(shop: Shop, path: str) -> None:
    body = sale_body("X-1", 500) if path == "/sales" else refund_body("X-1", 100)
    del body["card"]

    async def day() -> httpx.Response:
        async with Counter(shop) as counter:
            return await counter.post(path, body)

    answer = asyncio.run(day())
    assert code_of(answer)[:2] == (422, "invalid_request")
    [fault] = answer.json()["error"]["faults"]
    assert fault["path"] == "card"
    assert fault["expected"].startswith("exactly one of card, ")


def test_the_description_has_exactly_one_of_the_ways(shop: Shop) -> None:
    async def day() -> dict[str, Any]:
        async with Counter(shop) as counter:
            found: dict[str, Any] = (await counter.http.get("/openapi.json")).json()
            return found

    schemas = asyncio.run(day())["components"]["schemas"]
    ways = {
        name: [each["required"] for each in schemas[name]["oneOf"]]
        for name in ("SaleBody", "RefundBody")
    }
    assert ways == {
        "SaleBody": [["card"], ["code"]],
        "RefundBody": [["card"], ["back_to_payer"], ["voucher"]],
    }


def test_what_is_published_of_an_outcome_is_all_that_is_told(shop: Shop) -> None:
    async def day() -> dict[str, Any]:
        async with Counter(shop) as counter:
            found: dict[str, Any] = (await counter.post("/sales", sale_body("S-2", 500))).json()
            return found

    assert [*asyncio.run(day())] == [*OutcomeData.__struct_fields__]


# --- asked about at the host --------------------------------------------------------------------------


def test_a_lost_answer_is_asked_for_and_nothing_is_sent_again(wallets: Shop) -> None:
    async def day() -> None:
        async with Counter(wallets) as counter:
            await counter.post("/sales", by_code("S-2", 500, WECHAT))
            wallets.fault("drop_reply", mti="0200")
            lost = await counter.post("/refunds", back("R-1", "S-2"))
            assert (lost.status_code, lost.json()["type"]) == (202, "InDoubt")
            found = await counter.post("/refunds/R-1/inquire")
            assert (found.status_code, found.json()["type"]) == (200, "Approved")
            wallets.fault("drop_reply", mti="0200")
            assert (await counter.post("/sales", by_code("S-3", 7, "134567890123456781"))).json()[
                "type"
            ] == "InDoubt"
            assert (await counter.post("/sales/S-3/inquire")).json()["type"] == "Approved"

    asyncio.run(day())
    assert (wallets.booked("void"), wallets.booked("sale")) == ([500], [500, 7])


def test_a_question_that_fails_does_not_say_that_nothing_was_sent(wallets: Shop) -> None:
    async def day() -> None:
        async with Counter(wallets) as counter:
            await counter.post("/sales", by_code("S-2", 500, WECHAT))
            wallets.fault("drop_reply", mti="0200")
            await counter.post("/refunds", back("R-1", "S-2"))
            wallets.fault("drop_reply", mti="0200")
            silent = await counter.post("/refunds/R-1/inquire")
            assert code_of(silent) == (504, "host_silent", "in_doubt")
            assert silent.json()["error"]["retry_is_safe"] is False

    asyncio.run(day())


def test_a_host_that_cannot_be_asked_is_a_rule_and_the_doubt_stays(shop: Shop) -> None:
    async def day() -> None:
        async with Counter(shop) as counter:
            shop.fault("drop_reply")
            await counter.post("/refunds", refund_body("R-1", 100))
            asked = await counter.post("/refunds/R-1/inquire")
            assert code_of(asked) == (409, "no_inquiry", "in_doubt")
            unknown = await counter.post("/refunds/R-9/inquire")
            assert code_of(unknown) == (404, "request_unknown", "nothing_sent")
            assert (
                await counter.post("/refunds/R-1/inquire", role="supervisor")
            ).status_code == 403

    asyncio.run(day())
