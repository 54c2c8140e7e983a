"""Events of a terminal that cannot be read here: that it was not looked at is said, never left out."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from gateway.lines import Counter, auth, refund_body
from gateway.test_events import Listener, everything
from posrefund.errors import JournalError
from posrefund.gateway import TerminalElsewhereError, TerminalNotOpenError
from posrefund.terminal.desk import Desk
from shop import TERMINAL

if TYPE_CHECKING:
    from posrefund.errors import PosRefundError
    from shop import Shop

FAR = "87654321"
NOT_OPEN = [
    (TerminalElsewhereError(FAR, 2.4), "terminal_elsewhere"),
    (TerminalNotOpenError(FAR, 2.4), "terminal_not_open"),
]
QUESTIONS = [
    f"{history}{wait}" for history in ("", "&history=true") for wait in ("", "&wait=false")
]


class Partly:
    """A door of two terminals, of which the second is only lent where nothing is wrong with it."""

    def __init__(self, counter: Counter, wrong: PosRefundError | None) -> None:
        self.wrong = wrong
        self._lend: Any = counter.terminals.lend
        counter.terminals.lend = self.lend  # type: ignore[method-assign]
        counter.terminals.names = lambda: [TERMINAL, FAR]  # type: ignore[method-assign]

    async def lend(self, name: str, *, is_watching: bool = False) -> Any:
        if name == FAR and self.wrong is not None:
            raise self.wrong
        return await self._lend(TERMINAL if name == FAR else name, is_watching=is_watching)


@pytest.mark.parametrize("query", QUESTIONS)
@pytest.mark.parametrize(("wrong", "code"), NOT_OPEN, ids=[code for _, code in NOT_OPEN])
def test_a_terminal_that_was_named_is_answered_as_everywhere(
    shop: Shop, wrong: PosRefundError, code: str, query: str
) -> None:
    async def day() -> None:
        async with Counter(shop) as counter:
            Partly(counter, wrong)
            for after in ("", f"&after={FAR}:3"):
                url = f"/v1/events?terminal={TERMINAL}&terminal={FAR}{query}{after}"
                answer = await counter.http.get(url, headers=auth())
                assert (answer.status_code, answer.headers["Retry-After"]) == (503, "3")
                assert answer.json()["error"]["code"] == code
                elsewhere = f"/v1/terminals/{FAR}/faults"  # as any other operation says it
                assert (await counter.http.get(elsewhere, headers=auth())).json() == answer.json()

    asyncio.run(day())


@pytest.mark.parametrize("query", QUESTIONS)
def test_a_terminal_that_nobody_knows_is_unknown_whatever_is_asked_of_it(
    shop: Shop, query: str
) -> None:
    async def day() -> None:
        async with Counter(shop) as counter:
            url = f"/v1/events?terminal={FAR}{query}"
            answer = await counter.http.get(url, headers=auth())
            assert (answer.status_code, answer.json()["error"]["code"]) == (404, "terminal_unknown")

    asyncio.run(day())


@pytest.mark.parametrize(
    ("wrong", "code", "retry_after_s"),
    [*((*each, 3) for each in NOT_OPEN), (JournalError("it is torn"), "journal_trouble", None)],
    ids=["elsewhere", "not open", "broken"],
)
def test_where_all_are_asked_it_is_said_which_was_not_looked_at(
    shop: Shop, wrong: PosRefundError, code: str, retry_after_s: int | None
) -> None:
    async def day() -> None:
        async with Counter(shop) as counter:
            await counter.post("/refunds", refund_body("R-1", 100))
            whole = await everything(counter, "history=true")
            assert {data["terminal"] for _, _, data in whole} == {TERMINAL}
            Partly(counter, wrong)
            told = await everything(counter, "history=true")
            assert [data for _, name, data in told if name != "unread"] == [
                data for _, _, data in whole
            ]
            ((_, _, unread),) = [each for each in told if each[1] == "unread"]
            assert unread == {
                "terminal": FAR,
                "seq": 0,
                "at": shop.clock().isoformat(),
                "code": code,
                "retry_after_s": retry_after_s,
            }
            ((name, _, unread),) = await everything(counter, "")
            assert (unread["terminal"], unread["seq"], unread["code"]) == (FAR, None, code)
            assert FAR not in name  # he is nowhere there yet

    asyncio.run(day())


def test_what_is_missing_is_told_from_where_he_stood_once_it_can_be_read(shop: Shop) -> None:
    async def day() -> None:
        async with Counter(shop, poll_s=0.01) as counter:
            site = Partly(counter, TerminalElsewhereError(FAR, 1))
            end = counter.terminal.journal.head()[0]
            listener = Listener(counter, f"after={TERMINAL}:{end},{FAR}:{end}")
            ((_, name, data),) = await listener.take(1)
            assert (name, data["seq"]) == ("unread", end)
            await counter.post("/refunds", refund_body("R-1", 100))
            here = await listener.take(3)
            assert {data["terminal"] for _, _, data in here} == {TERMINAL}
            site.wrong = None
            there = await listener.take(3)
            assert [data | {"terminal": TERMINAL} for _, _, data in there] == [
                data for _, _, data in here
            ]
            await listener.hang_up()

    asyncio.run(day())


def test_a_terminal_that_goes_while_somebody_listens_is_told_once_each_time(shop: Shop) -> None:
    async def day() -> None:
        async with Counter(shop, poll_s=0.001) as counter:
            site = Partly(counter, None)
            listener = Listener(counter)
            followed = counter.app.state.door.news._listening
            while FAR not in followed:
                await asyncio.sleep(0)
            for kind in ("printer", "pad", "drawer"):
                site.wrong = TerminalElsewhereError(FAR, 1)
                ((_, name, data),) = await listener.take(1)
                assert (name, data["code"], data["terminal"]) == (
                    "unread",
                    "terminal_elsewhere",
                    FAR,
                )
                await asyncio.sleep(0.02)  # it is looked at again and again meanwhile
                site.wrong = None
                await counter.terminal.at_desk(partial(Desk.open_fault, kind=kind, detail=""))
                told = await listener.take(2)  # of each terminal, which are one here
                assert [name for _, name, _ in told] == ["fault", "fault"]
            await listener.hang_up()

    asyncio.run(day())


def test_one_that_opens_later_is_followed_from_then_on(shop: Shop) -> None:
    async def day() -> None:
        async with Counter(shop, poll_s=0.01) as counter:
            site = Partly(counter, TerminalNotOpenError(FAR, 1))
            await counter.post("/refunds", refund_body("R-1", 100))
            listener = Listener(counter)
            ((_, name, data),) = await listener.take(1)
            assert (name, data["seq"]) == ("unread", None)
            stood = counter.terminal.journal.head()[0]
            site.wrong = None
            opened = asyncio.Event()
            lend = site._lend

            async def seen(name: str, **more: Any) -> Any:
                opened.set()
                return await lend(name, **more)

            site._lend = seen
            await opened.wait()
            while counter.terminal.is_busy:
                await asyncio.sleep(0)
            await asyncio.sleep(0.1)  # two looks of either
            await counter.post("/refunds", refund_body("R-2", 100))
            told = await listener.take(6)
            assert {data["request_id"] for _, _, data in told} == {"R-2"}  # and none of R-1
            assert all(data["seq"] > stood for _, _, data in told)
            assert FAR in told[-1][0]
            await listener.hang_up()

    asyncio.run(day())
