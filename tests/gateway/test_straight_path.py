"""A till in any language: sells, refunds, asks how it stands."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from gateway.lines import Counter, refund_body, sale_body

if TYPE_CHECKING:
    from shop import Shop


def test_a_refund_is_made_told_and_made_once(shop: Shop) -> None:
    async def day() -> None:
        async with Counter(shop) as counter:
            first = await counter.post("/refunds", refund_body("R-1", 1_000))
            again = await counter.post("/refunds", refund_body("R-1", 1_000))
            stands = await counter.get("/refunds/R-1")

            assert first.status_code == 200, first.text
            data = first.json()
            assert (data["type"], data["amount_minor"], data["original_id"]) == (
                "Approved",
                1_000,
                "S-1",
            )
            assert data["expected_by"] is not None
            assert again.json() == data == stands.json()

    asyncio.run(day())
    assert shop.booked("refund") == [1_000]


def test_a_sale_is_made_and_looked_up(shop: Shop) -> None:
    async def day() -> None:
        async with Counter(shop) as counter:
            sold = await counter.post("/sales", sale_body("S-2", 5_000, order_ref="order 7"))
            found = await counter.get("/sales", params={"order_ref": "order 7"})
            nothing = await counter.get("/refunds/R-9")

            assert (sold.status_code, sold.json()["type"]) == (200, "Approved")
            assert found.json()["only"] == "S-2"
            assert nothing.status_code == 404
            assert nothing.json()["error"]["code"] == "request_unknown"

    asyncio.run(day())
    assert shop.booked("sale") == [12_800, 5_000]


def test_the_door_says_that_it_is_open_to_anybody_and_nothing_else(shop: Shop) -> None:
    async def day() -> None:
        async with Counter(shop) as counter:
            assert (await counter.http.get("/health")).json() == {"status": "up"}
            refused = await counter.http.get("/v1/terminals")
            assert refused.status_code == 401
            assert refused.headers["WWW-Authenticate"] == "Bearer"
            assert (await counter.http.get("/nothing")).json()["error"]["code"] == "not_found"
            described = (await counter.http.get("/openapi.json")).json()
            assert described["openapi"] == "3.1.0"

    asyncio.run(day())
