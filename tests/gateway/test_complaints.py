"""Complaints and feedback over the door: heard at the till, answered by others, and told once when they are late."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from gateway.lines import Counter, auth, refund_body
from posrefund.engine.complaints import ServiceLevel
from posrefund.gateway.chores import Chores
from shop import TERMINAL

if TYPE_CHECKING:
    from posrefund.gateway import Role
    from shop import Shop

SAID = {"kind": "not_arrived", "channel": "phone", "words": "no money yet", "by": "07"}


async def opened(counter: Counter, **more: Any) -> dict[str, Any]:
    """A refund R-1, and a complaint about it."""
    await counter.post("/refunds", refund_body("R-1", 1_000))
    answer = await counter.post("/requests/R-1/complaints", SAID | more)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def events(counter: Counter) -> list[dict[str, Any]]:
    """What the stream tells of complaints, from the first row on."""
    path = "/v1/events?wait=false&history=true"
    text = (await counter.http.get(path, headers=auth("monitor"))).text
    blocks = [block.splitlines() for block in text.split("\n\n") if "event: complaint" in block]
    return [
        json.loads(line.removeprefix("data: "))
        for block in blocks
        for line in block
        if line.startswith("data: ")
    ]


def test_a_till_hears_it_and_a_supervisor_answers(shop: Shop) -> None:
    async def day() -> None:
        levels = {TERMINAL: ServiceLevel(2, 4)}
        async with Counter(shop, levels=levels) as counter:
            made = await opened(counter)
            name = made["complaint"]
            assert (made["state"], made["request_id"], made["late"]) == ("open", "R-1", [])
            assert made["answer_due"] < made["solve_due"]
            assert (await counter.post("/requests/R-1/complaints", SAID)).json() == made
            listed = (await counter.get("/complaints")).json()
            assert listed == {"complaints": [made]}

            answer = {"words": "asked the bank", "by": "02"}
            refused = await counter.post(f"/complaints/{name}/answer", answer)
            assert refused.json()["error"]["code"] == "role_not_allowed"
            answered = await counter.post(f"/complaints/{name}/answer", answer, "supervisor")
            assert (answered.json()["state"], answered.json()["answered_by"]) == ("answered", "02")
            twice = await counter.post(f"/complaints/{name}/answer", answer, "supervisor")
            assert (twice.status_code, twice.json()["error"]["code"]) == (409, "not_now")
            end = {"how": "it was there", "by": "02", "ending": "withdrawn"}
            over = (await counter.post(f"/complaints/{name}/close", end, "supervisor")).json()
            assert (over["state"], over["how"]) == ("withdrawn", "it was there")
            assert (await counter.get("/complaints")).json() == {"complaints": []}
            every = await counter.get("/complaints", params={"all": "true"})
            assert every.json() == {"complaints": [over]}
            assert [each["state"] for each in await events(counter)] == [
                "open",
                "answered",
                "withdrawn",
            ]
            await counter.terminal.at_desk(lambda desk: desk.journal.verify())

    asyncio.run(day())


def test_a_breach_is_an_event_once_and_says_nothing_of_what_the_customer_said(shop: Shop) -> None:
    async def day() -> None:
        async with Counter(shop, level=ServiceLevel(1, 200)) as counter:
            made = await opened(counter)
            chores = Chores(sign_in_s=0, obey_s=0, resolve_s=0, remind_s=1e-6, clock=shop.clock)
            routine = chores.routine(counter.terminal)
            assert await routine.go() == ""
            assert [each["state"] for each in await events(counter)] == ["open"]

            shop.clock.set(shop.clock() + timedelta(days=3))
            for _ in range(3):
                assert await routine.go() == ""
            _, late = await events(counter)
            assert {name: late[name] for name in ("complaint", "request_id", "state", "clock")} == {
                "complaint": made["complaint"],
                "request_id": "R-1",
                "state": "late",
                "clock": "answer",
            }
            assert late["due"] == made["answer_due"]
            assert SAID["words"] not in str(await events(counter))
            (listed,) = (await counter.get("/complaints")).json()["complaints"]
            assert listed["late"] == ["answer"]

    asyncio.run(day())


def test_what_is_not_known_here_is_not_complained_of(shop: Shop) -> None:
    async def day() -> None:
        async with Counter(shop) as counter:
            for path, body in (
                ("/requests/R-404/complaints", SAID),
                ("/requests/R-404/feedback", {"score": 1, "by": "07"}),
            ):
                answer = await counter.post(path, body)
                assert (answer.status_code, answer.json()["error"]["code"]) == (
                    404,
                    "request_unknown",
                )
            end = await counter.post("/complaints/K-9/close", {"how": "so", "by": "02"}, "admin")
            assert (end.status_code, end.json()["error"]["code"]) == (409, "not_now")

    asyncio.run(day())


def test_a_card_number_and_a_word_that_is_none_are_named_and_not_repeated(shop: Shop) -> None:
    async def day() -> None:
        async with Counter(shop) as counter:
            await opened(counter)
            for path, body, places in (
                ("/requests/R-1/complaints", SAID | {"words": "card 6200000000000005"}, ["words"]),
                (
                    "/requests/R-1/complaints",
                    SAID | {"kind": "anger", "by": "0007"},
                    ["kind", "by"],
                ),
                ("/requests/R-1/feedback", {"score": 6, "by": "07"}, ["score"]),
                (
                    "/requests/R-1/feedback",
                    {"score": 1, "by": "07", "words": "6200000000000005"},
                    ["words"],
                ),
            ):
                answer = await counter.post(path, body)
                assert answer.status_code == 422
                assert sorted(f["path"] for f in answer.json()["error"]["faults"]) == sorted(places)
                assert "0005" not in answer.text
            sale = await counter.post("/requests/S-1/feedback", {"score": 1, "by": "07"})
            assert [f["path"] for f in sale.json()["error"]["faults"]] == ["request_id"]

    asyncio.run(day())


def test_feedback_is_taken_at_the_till_and_replaced(shop: Shop) -> None:
    async def day() -> None:
        async with Counter(shop) as counter:
            await counter.post("/refunds", refund_body("R-1", 1_000))
            first = await counter.post("/requests/R-1/feedback", {"score": 2, "by": "07"})
            second = await counter.post(
                "/requests/R-1/feedback", {"score": 5, "by": "07", "words": "it came"}
            )
            roles: tuple[Role, ...] = ("monitor",)
            for role in roles:
                refused = await counter.post(
                    "/requests/R-1/feedback", {"score": 1, "by": "07"}, role
                )
                assert refused.status_code == 403

            assert (first.json()["score"], second.json()["score"]) == (2, 5)
            assert second.json()["attempt_id"] == "R-1/1"
            kept = await counter.terminal.at_desk(lambda desk: desk.journal.notes("feedback"))
            assert [each["score"] for each in kept] == ["2", "5"]
            assert await events(counter) == []

    asyncio.run(day())
