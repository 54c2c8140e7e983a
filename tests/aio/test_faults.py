"""Each fault of a line, and what a refund in an event loop is then: never approved unseen, never sent twice."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from aio.far_end import FarEnd
from aio.gates import Gate
from aio.tills import till
from posrefund.aio import AsyncTCPLink, SharedConnection, acquirer_matcher
from posrefund.engine import Approved, InDoubt, NotSent
from shop import UNIONPAY, Shop, refund

if TYPE_CHECKING:
    from posrefund.aio import AsyncLink

WISH = refund("R-1", "S-1", 100)
HURRIED = UNIONPAY.derive("unionpay", timers=replace(UNIONPAY.timers, answer_s=0.05))
"""For lines on which nothing comes anyway."""
Seen = tuple[type, str, int, list[int]]
"""The outcome, its reason, how many refunds the host saw, and what it booked."""

FAULTS: dict[str, Seen] = {
    "": (Approved, "", 1, [100]),
    "split": (Approved, "", 1, [100]),
    "coalesced": (Approved, "", 1, [100]),
    "duplicate": (Approved, "", 1, [100]),
    "closed_after_answer": (Approved, "", 1, [100]),
    "closed_before_booking": (InDoubt, "closed", 1, []),
    "closed_before_answer": (InDoubt, "closed", 1, [100]),
    "closed_inside_answer": (InDoubt, "closed", 1, [100]),
    "reset_before_answer": (InDoubt, "closed", 1, [100]),
    "garbage": (InDoubt, "unreadable", 1, [100]),
    "silent": (InDoubt, "no_reply", 1, [100]),
    "late": (InDoubt, "no_reply", 1, [100]),
}
LINKS = ["own", "kept", "shared"]


def link_to(end: FarEnd, kind: str, late: list[bytes]) -> AsyncLink:
    if kind == "shared":
        matcher = acquirer_matcher(UNIONPAY)
        return SharedConnection(end.address, matcher=matcher, on_late=late.append).link()
    return AsyncTCPLink(end.address, keep_open_s=30 if kind == "kept" else 0)


async def seen_with(shop: Shop, kind: str, fault: str) -> tuple[Seen, int]:
    """Refund over a line with *fault*, ask again over a sound one, and count what the host saw in the end."""
    async with FarEnd(shop.host.respond) as end:
        dialect = HURRIED if FAULTS.get(fault, ("", ""))[1] == "no_reply" else UNIONPAY
        terminal = till(shop, link_to(end, kind, []), dialect=dialect)
        await terminal.echo()  # so that a kept or shared connection is there before
        end.fault = fault
        outcome = await terminal.refund(WISH)
        facts = terminal.journal.attempt("R-1/1").facts
        seen = (type(outcome), facts.get("reason", ""), end.refunds, shop.booked("refund"))
        end.fault = ""
        again = await terminal.refund(WISH)
        assert type(again) is type(outcome)
        await terminal.close()
        return seen, end.refunds


@pytest.mark.parametrize("kind", LINKS)
@pytest.mark.parametrize("fault", FAULTS)
def test_fault_gives_the_outcome_that_it_proves_and_no_second_refund(
    shop: Shop, kind: str, fault: str
) -> None:
    seen, refunds_in_the_end = asyncio.run(seen_with(shop, kind, fault))

    assert seen == FAULTS[fault]
    assert refunds_in_the_end == 1


@pytest.mark.parametrize("kind", ["own", "kept"])
def test_message_that_cannot_be_read_is_a_doubt(shop: Shop, kind: str) -> None:
    """Over a shared line it is nobody's; see below."""
    seen, _ = asyncio.run(seen_with(shop, kind, "garbled"))

    assert seen[0] is InDoubt
    assert seen[2:] == (1, [100])


def test_message_that_cannot_be_read_on_a_shared_line_is_handed_on(shop: Shop) -> None:
    async def story() -> None:
        async with FarEnd(shop.host.respond) as end:
            late: list[bytes] = []
            terminal = till(shop, link_to(end, "shared", late), dialect=HURRIED)
            end.fault = "garbled"
            assert isinstance(await terminal.refund(WISH), InDoubt)
            assert late == [b"\xff" * 48]
            assert await terminal.receive_late(late[0]) is None
            await terminal.close()

    asyncio.run(story())


@pytest.mark.parametrize("kind", LINKS)
def test_host_that_cannot_be_reached_leaves_nothing_sent_and_the_next_attempt_goes_through(
    shop: Shop, kind: str
) -> None:
    async def story() -> None:
        async with FarEnd(shop.host.respond) as end:
            link = link_to(end, kind, [])
            terminal = till(shop, link)
            server = end._server
            assert server is not None
            address = end.address
            server.close()
            await server.wait_closed()
            outcome = await terminal.refund(WISH)
            assert isinstance(outcome, NotSent)
            assert terminal.journal.attempt("R-1/1").facts["reason"] == "unreachable"
            end._server = await asyncio.get_running_loop().create_server(
                server._protocol_factory,
                *address,  # type: ignore[attr-defined]
            )
            assert isinstance(await terminal.refund(WISH), Approved)
            assert (end.refunds, shop.booked("refund")) == (1, [100])
            await terminal.close()

    asyncio.run(story())


@pytest.mark.parametrize("kind", LINKS)
def test_line_that_is_closed_at_once_carries_nothing_to_the_host(shop: Shop, kind: str) -> None:
    """Whether its farewell is here before the refund leaves is chance: nothing sent, or a doubt; never a yes or no."""

    async def story() -> None:
        async with FarEnd(shop.host.respond) as end:
            terminal = till(shop, link_to(end, kind, []))
            end.fault = "closed_at_once"
            assert isinstance(await terminal.refund(WISH), NotSent | InDoubt)
            assert (end.refunds, shop.booked("refund")) == (0, [])
            await terminal.close()

    asyncio.run(story())


@pytest.mark.parametrize("kind", ["kept", "shared"])
def test_connection_that_the_host_closed_while_it_was_idle_is_made_anew(
    shop: Shop, kind: str
) -> None:
    async def story() -> None:
        async with FarEnd(shop.host.respond) as end:
            terminal = till(shop, link_to(end, kind, []))
            await terminal.echo()
            for peer in end.peers:
                peer.transport.close()
            await end.no_more_peers()
            assert isinstance(await terminal.refund(WISH), Approved)
            assert (len(end.peers), end.refunds) == (2, 1)
            await terminal.close()

    asyncio.run(story())


def test_answer_that_comes_late_over_a_shared_line_closes_its_doubt(shop: Shop) -> None:
    async def story() -> None:
        async with FarEnd(shop.host.respond) as end:
            late: list[bytes] = []
            terminal = till(shop, link_to(end, "shared", late), dialect=HURRIED)
            end.fault = "late"
            assert isinstance(await terminal.refund(WISH), InDoubt)
            end.peers[0].transport.write(end.held[0])
            await terminal.echo()  # it is on the line behind the late one
            [message] = late
            assert isinstance(await terminal.receive_late(message), Approved)
            assert isinstance(await terminal.status("R-1"), Approved)
            assert end.refunds == 1
            await terminal.close()

    asyncio.run(story())


CANCELLED = [("open", False, 0), ("open", True, 0), ("send", False, 0), ("send", True, 1),
             ("receive", False, 1), ("receive", True, 1)]  # fmt: skip


@pytest.mark.parametrize("kind", LINKS)
@pytest.mark.parametrize(("at", "after", "arrives"), CANCELLED)
def test_task_that_is_cancelled_leaves_a_doubt_and_the_terminal_in_order(
    shop: Shop, kind: str, at: str, after: bool, arrives: int
) -> None:
    async def story() -> None:
        async with FarEnd(shop.host.respond) as end:
            gate = Gate(link_to(end, kind, []), at, after=after)
            terminal = till(shop, gate)
            task = asyncio.create_task(terminal.refund(WISH))
            await gate.reached.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            gate.at = ""
            attempt = terminal.journal.attempt("R-1/1")
            assert (attempt.state, attempt.facts["reason"]) == ("IN_DOUBT", "interrupted")
            await terminal.echo()
            assert isinstance(await terminal.refund(WISH), InDoubt)
            assert end.refunds == arrives
            await terminal.close()

    asyncio.run(story())


def test_task_that_is_cancelled_while_another_works_has_done_nothing(shop: Shop) -> None:
    async def story() -> None:
        async with FarEnd(shop.host.respond) as end:
            gate = Gate(link_to(end, "own", []), "receive")
            terminal = till(shop, gate)
            first = asyncio.create_task(terminal.refund(WISH))
            await gate.reached.wait()
            waiting = asyncio.create_task(terminal.refund(refund("R-2", "S-1", 200)))
            await asyncio.sleep(0)
            waiting.cancel()
            first.cancel()
            found: list[Any] = await asyncio.gather(first, waiting, return_exceptions=True)
            assert [type(each) for each in found] == [asyncio.CancelledError] * 2
            assert await terminal.status("R-2") is None
            await terminal.close()

    asyncio.run(story())
