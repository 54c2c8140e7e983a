"""A counter in a browser gives nobody more than the door does: no yes of a till's own, no other operator, no other till."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from gateway.clerk import TO_THE_CONFIRMATION, Clerk, readers
from gateway.lines import SECRETS, Counter, refund_body
from gateway.test_people import PINS, enrol, strict
from posrefund.gateway import Token, Tokens, digest_of
from posrefund.gateway.rights import ROLES

if TYPE_CHECKING:
    from shop import Shop

__all__ = ["strict"]


def one(**more: Any) -> Tokens:
    return Tokens([Token("one", "till", digest_of(SECRETS["till"]), **more)])


def codes(clerk: Clerk) -> list[str]:
    return [each["code"] for each in clerk.screen["objections"]]


def test_a_till_says_yes_to_nothing_that_no_pin_proves(strict: Shop) -> None:
    async def day() -> None:
        async with Counter(strict, **readers()) as counter:
            clerk = Clerk(counter)
            await clerk.sit()
            await clerk.do(*TO_THE_CONFIRMATION, {"text": "02"})
            assert (clerk.screen["name"], codes(clerk)) == ("approve", ["pin_proof_needed"])

    asyncio.run(day())
    assert strict.booked("refund") == []


def test_a_pin_proves_a_yes_at_a_till(strict: Shop) -> None:
    async def day() -> None:
        async with Counter(strict, **readers()) as counter:
            await enrol(counter.terminal)
            clerk = Clerk(counter)
            await clerk.sit()
            asked_by, agreed_by = {"text": PINS["01"]}, {"text": PINS["02"]}
            await clerk.do(*TO_THE_CONFIRMATION, asked_by, {"text": "02"}, agreed_by)
            assert clerk.screen["name"] == "sign"

    asyncio.run(day())


def test_an_admin_says_yes_at_a_counter_as_at_the_door(strict: Shop) -> None:
    admin = Tokens([Token("one", "admin", digest_of(SECRETS["till"]))])
    assert "approve" in ROLES["admin"]

    async def day() -> None:
        async with Counter(strict, tokens=admin, **readers()) as counter:
            clerk = Clerk(counter)
            await clerk.sit()
            await clerk.do(*TO_THE_CONFIRMATION, {"text": "02"})
            assert clerk.screen["name"] == "sign"

    asyncio.run(day())


def test_who_speaks_for_one_operator_signs_in_as_nobody_else(shop: Shop) -> None:
    async def day() -> None:
        async with Counter(shop, tokens=one(operator="07"), **readers()) as counter:
            clerk = Clerk(counter)
            await clerk.sit()
            await clerk.do({"key": "2"}, {"text": "08"})
            assert codes(clerk) == ["operator_not_allowed"]
            await clerk.do({"key": "enter"}, {"key": "2"}, {"text": "07"})
            assert (clerk.screen["name"], codes(clerk)) == ("signed_in", [])

    asyncio.run(day())


def test_who_speaks_for_one_operator_refunds_in_no_other_name(strict: Shop) -> None:
    both = Tokens(
        [
            Token("one", "admin", digest_of(SECRETS["till"]), operator="07"),
            Token("all", "admin", digest_of(SECRETS["admin"])),
        ]
    )

    async def day() -> None:
        async with Counter(strict, tokens=both, **readers()) as counter:
            asked = refund_body("R-1", 100, operator="08")
            assert (await counter.post("/approvals", asked, "admin")).status_code == 200
            (shown,) = (await counter.get("/approvals", "admin")).json()["approvals"]
            yes = {"checker": "09", "digest": shown["digest"]}
            assert (await counter.post("/approvals/R-1/approve", yes, "admin")).status_code == 200
            clerk = Clerk(counter)
            await clerk.sit()
            await clerk.do(*({"key": key} for key in ("5", "1", "1", "1", "enter", "1")))
            assert codes(clerk) == ["operator_not_allowed"]

    asyncio.run(day())
    assert strict.booked("refund") == []
