"""Terminals that share a journal: a token sees what was done at its own, and refunds any sale of the shop."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx

from gateway.lines import HeldLink, refund_body, sale_body
from posrefund.aio import AsyncTerminal
from posrefund.crypto import Key, Purpose
from posrefund.emulators.host import EmulatedHost, HostProfile, HostTime, TerminalRecord
from posrefund.gateway import DoorOptions, OpenTerminals, Token, Tokens, digest_of, gateway_app
from posrefund.journal import SQLiteFleet
from posrefund.testing import ManualClock, MemoryLink
from posrefund.values import MerchantID, TerminalID
from shop import HOST_ZONE, TMK, UNIONPAY
from terminal.memory_store import MemoryKeyStore

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

NAMES = [TerminalID("00000001"), TerminalID("00000002")]
MERCHANT = MerchantID("123456789012345")
START = datetime(2026, 3, 9, 14, 5, tzinfo=HOST_ZONE)


async def screen_about(ask: Callable[..., Awaitable[Any]], number: int, request: str) -> str:
    """What a counter in a browser shows whoever asks there how *request* stands."""
    data = await ask("POST", number, "/counter", {"language": "en"})
    seat, what = f"/counter/{data['seat']}", [{"key": "3"}, {"text": request}]
    while what or data["screen"]["is_busy"]:
        if data["screen"]["is_busy"]:
            data = await ask("GET", number, f"{seat}?after={data['version']}")
        else:
            data = await ask("POST", number, seat, {"version": data["version"], **what.pop(0)})
    return str(data["screen"]["name"])


def test_a_token_sees_what_was_done_at_its_own_terminals(tmp_path: Path) -> None:
    records = [TerminalRecord(name, MERCHANT, Key(TMK, Purpose.KEK)) for name in NAMES]
    host_time, clock = HostTime(START), ManualClock(START.astimezone(UTC))
    host = EmulatedHost(HostProfile(), records, clock=host_time)
    tokens = [
        Token(name, "till", digest_of(f"prt_{name}"), terminals=(str(name),)) for name in NAMES
    ]

    async def day() -> None:
        with SQLiteFleet(tmp_path / "fleet.db") as fleet:
            terminals = {
                str(name): AsyncTerminal(
                    name,
                    MERCHANT,
                    dialect=UNIONPAY,
                    keystore=MemoryKeyStore(Key(TMK, Purpose.KEK)),
                    journal=fleet.journal(name, key=bytes(32)),
                    link=HeldLink(MemoryLink(host.respond)),
                    clock=clock,
                )
                for name in NAMES
            }
            options = DoorOptions(tokens=Tokens(tokens), clock=clock)
            app = gateway_app(OpenTerminals(terminals), options)
            transport = httpx.ASGITransport(app=app)
            async with httpx.AsyncClient(transport=transport, base_url="http://door") as http:

                async def ask(method: str, number: int, path: str, body: Any = None) -> Any:
                    said = {"Authorization": f"Bearer prt_{NAMES[number]}"}
                    url = f"/v1/terminals/{NAMES[number]}{path}"
                    return (await http.request(method, url, headers=said, json=body)).json()

                for number in (0, 1):
                    await ask("POST", number, "/sign-in", {})
                sold = await ask("POST", 0, "/sales", sale_body("S-1", 9_000))
                assert sold["type"] == "Approved"
                host_time.set(START + timedelta(days=1))
                clock.set((START + timedelta(days=1)).astimezone(UTC))
                for number in (0, 1):
                    await ask("POST", number, "/sign-in", {})

                made = await ask("POST", 1, "/refunds", refund_body("R-1", 500))
                assert made["type"] == "Approved"  # another till's sale, of the same shop
                assert (await ask("GET", 1, "/refunds/R-1"))["type"] == "Approved"
                for path in ("/refunds/R-1", "/sales/R-1"):
                    hidden = await ask("GET", 0, path)
                    assert hidden["error"]["code"] == "request_unknown"
                slip = await ask("POST", 0, "/requests/R-1/slip", {})
                assert slip["error"]["code"] == "request_unknown"
                for number, name in ((1, "accepted"), (0, "status")):
                    assert await screen_about(ask, number, "R-1") == name
                assert (await ask("GET", 1, "/sales/S-1"))["error"]["code"] == "request_unknown"
            for terminal in terminals.values():
                await terminal.close()

    asyncio.run(day())
