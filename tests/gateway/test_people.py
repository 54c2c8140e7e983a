"""A second person at the door: asked for, shown, given with a PIN, and the refund made again under its id."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from gateway.lines import Counter, refund_body, tokens
from posrefund.dialects import Policy
from shop import UNIONPAY, Shop, sale

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from posrefund.aio import AsyncTerminal
    from posrefund.terminal.desk import Desk

PINS = {"01": "590318", "02": "739104", "09": "482915"}


@pytest.fixture
def strict(tmp_path: Path) -> Iterator[Shop]:
    """A shop where every refund needs a second person."""
    dialect = UNIONPAY.derive("unionpay", policy=Policy(approval_from_minor=1))
    made = Shop(tmp_path, dialect=dialect)
    made.terminal.sale(sale("S-1", 12_800))
    made.to(1, 10)
    made.terminal.close()
    yield made
    made.terminal.close()


async def enrol(terminal: AsyncTerminal) -> None:
    def everybody(desk: Desk) -> None:
        desk.staff.add_first("09", "Zhao", PINS["09"])
        for number, role in (("01", "cashier"), ("02", "supervisor")):
            desk.staff.add(number, "Li", role, "190283", by="09", pin=PINS["09"])
            desk.staff.set_pin(number, PINS[number], by=number, pin="190283")

    await terminal.at_desk(everybody)


def test_a_refund_waits_for_a_second_person_and_goes_then(strict: Shop) -> None:
    async def day() -> None:
        async with Counter(strict) as counter:
            await enrol(counter.terminal)
            body = refund_body("R-1", 100, pin=PINS["01"])
            waits = await counter.post("/refunds", body)
            assert (waits.status_code, waits.json()["error"]["code"]) == (409, "approval_needed")
            stands = (await counter.get("/refunds/R-1")).json()
            assert (stands["type"], stands["state"]) == ("Approval", "AWAITING_APPROVAL")
            (shown,) = (await counter.get("/approvals")).json()["approvals"]
            assert (shown["maker"], shown["amount_minor"]) == ("01", 100)

            async def approve(role: Any = "till", **change: Any) -> tuple[int, str]:
                yes = {"checker": "02", "digest": shown["digest"], "pin": PINS["02"]} | change
                answer = await counter.post("/approvals/R-1/approve", yes, role)
                data = answer.json()
                return answer.status_code, data.get("state") or data["error"]["code"]

            assert await approve(pin="111111") == (403, "operator_pin_wrong")
            assert await approve(pin=None) == (403, "pin_proof_needed")
            assert await approve("supervisor", pin=None) == (403, "operator_pin_needed")
            assert await approve(checker="01") == (403, "approval_same_person")
            assert await approve(digest="0" * 16) == (409, "approval_changed")
            assert await approve("monitor") == (403, "role_not_allowed")
            assert await approve() == (200, "CLEARED")
            made = await counter.post("/refunds", body)
            assert (made.status_code, made.json()["type"]) == (200, "Approved")

    asyncio.run(day())
    assert strict.booked("refund") == [100]


def test_where_no_pin_proves_anybody_a_till_approves_nothing(strict: Shop) -> None:
    async def day() -> None:
        async with Counter(strict) as counter:
            asked = await counter.post("/approvals", refund_body("R-1", 100))
            assert asked.json()["needed"] is True
            digest = asked.json()["approval"]["digest"]
            for pin in (None, "123456"):
                yes = {"checker": "02", "digest": digest, "pin": pin}
                refused = await counter.post("/approvals/R-1/approve", yes)
                assert refused.json()["error"]["code"] == "pin_proof_needed"
            by_supervisor = {"checker": "02", "digest": digest}
            said = await counter.post("/approvals/R-1/approve", by_supervisor, "supervisor")
            assert said.json()["state"] == "CLEARED"

    asyncio.run(day())
    assert strict.booked("refund") == []


def test_a_supervisors_own_token_says_yes_for_nobody_else(strict: Shop) -> None:
    async def day() -> None:
        async with Counter(strict, tokens=tokens(operator="02")) as counter:
            asked = await counter.post("/approvals", refund_body("R-1", 100, operator="02"))
            yes = {"checker": "03", "digest": asked.json()["approval"]["digest"]}
            refused = await counter.post("/approvals/R-1/approve", yes, "supervisor")
            assert refused.json()["error"]["code"] == "operator_not_allowed"

    asyncio.run(day())


def test_what_waits_is_withdrawn(strict: Shop) -> None:
    async def day() -> None:
        async with Counter(strict) as counter:
            await counter.post("/approvals", refund_body("R-1", 100))
            gone = await counter.post("/approvals/R-1/withdraw", {"by": "02"})
            again = await counter.post("/approvals/R-1/withdraw", {"by": "02"})
            assert gone.json()["state"] == "CANCELLED"
            assert (again.status_code, again.json()["error"]["code"]) == (409, "approval_unknown")
            assert (await counter.get("/approvals")).json() == {"approvals": []}

    asyncio.run(day())


def test_a_refund_is_looked_at_before_it_is_made(strict: Shop) -> None:
    async def day() -> None:
        async with Counter(strict) as counter:
            fits = (await counter.post("/refunds/check", refund_body("R-1", 100))).json()
            over = (await counter.post("/refunds/check", refund_body("R-2", 20_000))).json()

            assert (fits["faults"], fits["route"], fits["needs_approval"]) == ([], "refund", True)
            assert fits["would_be_sent"] is False
            assert fits["bounds"] == {
                "least_minor": 1,
                "most_minor": 12_800,
                "alone_minor": 12_800,
                "currency": "156",
            }
            assert [each["code"] for each in over["faults"]] == ["over_remaining"]
            assert over["route"] is None

    asyncio.run(day())
