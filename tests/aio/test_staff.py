"""PINs in a loop of tasks: asked with one, approved at the desk with another, and the loop waits for neither."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from aio.gates import InProcess
from aio.tills import till
from posrefund.dialects import Policy
from posrefund.engine import Approved
from posrefund.errors import RefusedError
from shop import UNIONPAY, Shop, refund, sale

if TYPE_CHECKING:
    from pathlib import Path

    from posrefund.terminal.desk import Desk

WISH = refund("R-1", "S-1", 100)


def test_two_people_prove_themselves_to_a_task_while_the_loop_runs_on(tmp_path: Path) -> None:
    dialect = UNIONPAY.derive("unionpay", policy=Policy(approval_from_minor=1))
    shop = Shop(tmp_path, dialect=dialect)
    shop.terminal.sale(sale("S-1", 12_800))
    shop.to(1, 10)
    shop.terminal.close()
    inside, go_on = threading.Event(), threading.Event()

    def enrol(desk: Desk) -> None:
        desk.staff.add_first("09", "Zhao", "482915")
        desk.staff.add("01", "Sun", "cashier", "190283", by="09", pin="482915")
        desk.staff.set_pin("01", "590318", by="01", pin="190283")

    async def story() -> None:
        with ThreadPoolExecutor(2) as threads:
            terminal = till(shop, InProcess(shop.link), executor=threads, dialect=dialect)
            await terminal.at_desk(enrol)
            with pytest.raises(RefusedError, match="operator_pin_needed"):
                await terminal.refund(WISH)
            with pytest.raises(RefusedError, match="operator_unknown"):
                await terminal.refund(replace(WISH, operator="77"), pin="590318")
            with pytest.raises(RefusedError, match="approval_needed"):
                await terminal.refund(WISH, pin="590318")
            (waiting,) = await terminal.at_desk(lambda desk: desk.pending_approvals())
            journal: Any = terminal.journal
            look = journal.pin_is

            def slow(number: str, pin: str) -> bool:
                inside.set()
                assert go_on.wait(30)
                return bool(look(number, pin))

            journal.pin_is = slow
            yes = asyncio.create_task(
                terminal.at_desk(
                    lambda desk: desk.approve(
                        "R-1", checker="09", digest=waiting.digest, pin="482915"
                    )
                )
            )
            await asyncio.get_running_loop().run_in_executor(threads, inside.wait, 30)
            assert not yes.done()  # and yet this line is reached
            go_on.set()
            assert (await yes).checker == "09"
            assert isinstance(await terminal.refund(WISH), Approved)
            await terminal.close()

    asyncio.run(story())
