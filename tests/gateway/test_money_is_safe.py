"""What must never go wrong with money: doubts, doubles, tills that hang up, terminals that are elsewhere."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

import pytest

from gateway.lines import AT, Counter, auth, refund_body, sale_body
from posrefund.errors import JournalError, JournalWriteError, LinkOpenError, LinkTimeoutError
from posrefund.gateway import OpenTerminals, TerminalElsewhereError, gateway_app
from posrefund.gateway.faults import said_of
from shop import TERMINAL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from posrefund.aio import AsyncTerminal
    from shop import Shop


def test_a_doubt_is_neither_done_nor_an_error(shop: Shop) -> None:
    shop.fault("drop_reply")

    async def day() -> None:
        async with Counter(shop) as counter:
            doubt = await counter.post("/refunds", refund_body("R-1", 100))
            again = await counter.post("/refunds", refund_body("R-1", 100))
            other = await counter.post("/refunds", refund_body("R-2", 100))
            stands = await counter.get("/refunds/R-1")

            assert (doubt.status_code, doubt.json()["type"]) == (202, "InDoubt")
            assert (again.status_code, again.json()["type"]) == (202, "InDoubt")
            assert doubt.json()["clerk_en"].startswith("result unknown: do not repeat it")
            assert (other.status_code, other.json()["error"]["code"]) == (409, "original_in_doubt")
            assert (stands.status_code, stands.json()["type"]) == (200, "InDoubt")

    asyncio.run(day())


def test_a_decline_and_what_was_not_sent_say_so(shop: Shop) -> None:
    shop.fault("code", code="51")

    async def day() -> None:
        async with Counter(shop) as counter:
            declined = await counter.post("/refunds", refund_body("R-1", 100))
            shop.link.is_down = counter.link._inner.is_down = True
            not_sent = await counter.post("/refunds", refund_body("R-2", 100))

            assert (declined.status_code, declined.json()["type"]) == (200, "Declined")
            assert declined.json()["code"] == "51"
            assert (not_sent.status_code, not_sent.json()["type"]) == (200, "NotSent")

    asyncio.run(day())
    assert shop.booked("refund") == []


def test_the_same_id_with_other_content_is_refused(shop: Shop) -> None:
    async def day() -> None:
        async with Counter(shop) as counter:
            await counter.post("/refunds", refund_body("R-1", 100))
            other = await counter.post("/refunds", refund_body("R-1", 101))
            assert (other.status_code, other.json()["error"]["code"]) == (409, "request_conflict")
            assert other.json()["error"]["effect"] == "nothing_sent"

    asyncio.run(day())
    assert shop.booked("refund") == [100]


def test_twenty_tills_that_ask_the_same_at_once_refund_once(shop: Shop) -> None:
    async def day() -> None:
        async with Counter(shop) as counter:
            body = refund_body("R-1", 100)
            answers = await asyncio.gather(*(counter.post("/refunds", body) for _ in range(20)))
            assert {each.status_code for each in answers} == {200}
            assert len({each.text for each in answers}) == 1

    asyncio.run(day())
    assert shop.booked("refund") == [100]


def test_a_till_that_hangs_up_does_not_stop_its_refund(shop: Shop) -> None:
    async def day() -> None:
        async with Counter(shop) as counter:
            counter.link.gate.clear()
            counter.link.waits.clear()
            asking = asyncio.create_task(counter.post("/refunds", refund_body("R-1", 100)))
            await counter.link.waits.wait()  # the message is out, its answer is not here
            asking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asking
            counter.link.gate.set()

            stands = await counter.get("/refunds/R-1")
            assert stands.json()["type"] == "Approved"

    asyncio.run(day())
    assert shop.booked("refund") == [100]


def test_a_door_that_is_closed_waits_for_what_is_under_way(shop: Shop) -> None:
    async def day() -> None:
        async with Counter(shop) as counter:
            counter.link.gate.clear()
            counter.link.waits.clear()
            asking = asyncio.create_task(counter.post("/refunds", refund_body("R-1", 100)))
            await counter.link.waits.wait()
            asking.cancel()
            drained = asyncio.create_task(counter.app.state.door.drained())
            await asyncio.sleep(0)
            assert not drained.done()
            counter.link.gate.set()
            await drained
            assert counter.terminal.journal.open_attempts() == []

    asyncio.run(day())


class Broken(OpenTerminals):
    """Terminals of which lending fails with *error*."""

    def __init__(self, error: Exception) -> None:
        super().__init__({})
        self._error = error

    def names(self) -> Sequence[str]:
        return [TERMINAL]

    async def lend(self, name: str, *, is_watching: bool = False) -> AsyncTerminal:
        raise self._error


@pytest.mark.parametrize(
    ("error", "status", "code", "effect", "retry_is_safe"),
    [
        (TerminalElsewhereError(TERMINAL, 2.4), 503, "terminal_elsewhere", "nothing_sent", True),
        (JournalWriteError("disk full"), 503, "journal_not_written", "nothing_sent", True),
        (JournalError("it is damaged"), 500, "journal_trouble", "nothing_sent", False),
        (LinkOpenError("no"), 502, "host_unreachable", "nothing_sent", True),
        (LinkTimeoutError("no"), 504, "host_silent", "in_doubt", False),
        (RuntimeError("6200000000000005"), 500, "internal", "in_doubt", False),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_an_error_says_whether_money_may_have_moved(
    shop: Shop,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
    status: int,
    code: str,
    effect: str,
    retry_is_safe: bool,
) -> None:
    async def day() -> None:
        async with Counter(shop) as counter:
            counter.http._transport.app = gateway_app(Broken(error), counter.options)  # type: ignore[attr-defined]
            with caplog.at_level(logging.DEBUG):
                answer = await counter.http.post(
                    f"{AT}/refunds", headers=auth(), json=refund_body("R-1", 100)
                )
            said = answer.json()["error"]
            assert answer.status_code == status
            assert (said["code"], said["effect"], said["retry_is_safe"]) == (
                code,
                effect,
                retry_is_safe,
            )
            assert ("Retry-After" in answer.headers) == isinstance(error, TerminalElsewhereError)

    asyncio.run(day())
    assert "6200000000000005" not in caplog.text
    if code == "internal":
        assert "unexpected RuntimeError" in caplog.text
        assert error.__traceback__ is None or all(
            not frame.f_locals for frame in _inner_frames(error)
        )


def _inner_frames(error: BaseException) -> list[Any]:
    """Frames below the door's own."""
    found, trace = [], error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_name == "lend":
            found.append(trace.tb_frame)
        trace = trace.tb_next
    return found


def test_an_error_that_may_have_moved_money_is_never_safe_to_repeat_blindly() -> None:
    error = JournalWriteError("after it was sent")
    error.effect = "in_doubt"

    said = said_of(error).data["error"]
    assert (said["effect"], said["retry_is_safe"]) == ("in_doubt", False)


def test_a_sale_in_doubt_is_undone_and_told(shop: Shop) -> None:
    shop.fault("drop_reply", mti="0200")

    async def day() -> None:
        async with Counter(shop) as counter:
            doubt = await counter.post("/sales", sale_body("S-2", 700))
            assert (doubt.status_code, doubt.json()["type"]) == (202, "InDoubt")
            assert (await counter.post("/resolve-doubts", role="admin")).json() == {"done": True}
            stands = (await counter.get("/sales/S-2")).json()
            assert (stands["type"], stands["code"]) == ("Declined", "reversed")

    asyncio.run(day())
