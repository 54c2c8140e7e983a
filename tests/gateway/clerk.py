"""Somebody in front of a browser, as a program: sits down, sees a screen, presses a key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from posrefund.counter import CardsToPractise
from shop import TERMINAL

if TYPE_CHECKING:
    from gateway.lines import Counter

ENTER = {"key": "enter"}
TO_THE_CONFIRMATION = (
    *({"key": "1"},) * 3,  # refund, the first card, its sale
    {"text": "28.00"},
    ENTER,  # what will be written down
)
SIGNED = {"key": "1"}  # on paper, and sent


class Clerk:
    """Somebody in front of a browser, as a program."""

    def __init__(self, counter: Counter) -> None:
        self.counter, self.data = counter, dict[str, Any]()

    async def sit(self, **body: Any) -> None:
        answer = await self.counter.post("/counter", {"language": "en", **body})
        assert answer.status_code == 200, answer.text
        self.data = answer.json()
        await self.settle()

    @property
    def screen(self) -> dict[str, Any]:
        screen: dict[str, Any] = self.data["screen"]
        return screen

    async def send(self, what: dict[str, Any], version: int | None = None) -> bool:
        """Press or type on the screen that is seen, or on the one of another version."""
        body = {"version": version or self.data["version"], **what}
        answer = await self.counter.post(f"/counter/{self.data['seat']}", body)
        assert answer.status_code == 200, answer.text
        self.data = answer.json()
        return bool(self.data["is_taken"])

    async def look(self) -> None:
        path = f"/counter/{self.data['seat']}"
        after = {"after": str(self.data["version"])}
        self.data = (await self.counter.get(path, params=after)).json()

    async def settle(self) -> None:
        while self.screen["is_busy"]:
            await self.look()

    async def do(self, *steps: dict[str, Any]) -> None:
        for step in steps:
            assert await self.send(step)
            await self.settle()


def readers() -> dict[str, Any]:
    return {"readers": {TERMINAL: CardsToPractise()}}


async def confirmed(clerk: Clerk) -> None:
    """Go from the menu to where the next key sends the refund."""
    await clerk.sit()
    await clerk.do(*TO_THE_CONFIRMATION)
    assert clerk.screen["name"] == "sign"
