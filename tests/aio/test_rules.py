"""A terminal in an event loop goes by the same rules, and says them before it touches the line."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from aio.tills import till
from posrefund.engine.policy import Contact, Role, Rules
from posrefund.errors import RefusedError
from shop import refund

if TYPE_CHECKING:
    from shop import Shop

RULES = Rules(
    merchant_status="revoked",
    roles=(Role("clerk", may_refund=False),),
    contacts=(Contact("acquirer", "95534"),),
)


class DeadLink:
    """A line that fails the test when anybody touches it."""

    async def open(self, timeout_s: float) -> None:
        pytest.fail("the line was opened")

    async def send(self, message: bytes) -> None:
        pytest.fail("something was sent")

    async def receive(self, timeout_s: float) -> bytes:
        pytest.fail("something was waited for")

    def close(self) -> None:
        """Nothing to close."""


def test_rules_and_roles_speak_before_the_line(shop: Shop) -> None:
    async def story() -> None:
        async with till(shop, DeadLink(), rules=RULES, role_of={"01": "clerk"}.get) as terminal:
            with pytest.raises(RefusedError) as caught:
                await terminal.refund(refund("R-1", "S-1", 100))
            found = await terminal.at_desk(lambda desk: desk.check_refund(refund("R-1", "S-1")))
        codes = ["merchant_not_permitted", "role_may_not_refund"]
        assert [caught.value.code, *(other.code for other in caught.value.others)] == codes
        assert [fault.code for fault in found.faults] == codes
        assert caught.value.contact == "95534"

    asyncio.run(story())
