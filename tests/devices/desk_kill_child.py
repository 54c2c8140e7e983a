"""A till that kills itself, really, at a step; run by ``test_desk_kill``.

Usage: python desk_kill_child.py FOLDER STEP [FOLDER STEP …]: a process for each, one after the other, forked from this one,
which has loaded all of it; told are its exit status and what it said. The device's own ledger is a file beside the journal:
it lives on.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from devices.desk_shop import Device, Shop, refund
from forked import forked
from posrefund.devices import DeviceResult

if TYPE_CHECKING:
    from collections.abc import Callable

    from posrefund.devices import DeviceRefund, DeviceRequest


class Trigger:
    """SIGKILL at one step: nothing is flushed or closed."""

    def __init__(self, step: int) -> None:
        self.step = step
        self.count = 0

    def around(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return *function* with a step before and after it."""

        def stepped(*args: Any, **kwargs: Any) -> Any:
            self.pull()
            result = function(*args, **kwargs)
            self.pull()
            return result

        return stepped

    def pull(self) -> None:
        """One step."""
        self.count += 1
        if self.count == self.step:
            os.kill(os.getpid(), signal.SIGKILL)


class Kept(Device):
    """A device that keeps its ledger in a file."""

    ledger: Path

    def refund(self, request: DeviceRefund) -> DeviceResult:
        """Book it, and say so."""
        with self.ledger.open("a") as file:
            file.write(f"{request.request_id}\n")
        return super().refund(request)

    def recover(self, request: DeviceRequest) -> DeviceResult:
        """Say what stands in the ledger."""
        is_booked = self.ledger.exists() and request.request_id in self.ledger.read_text().split()
        self.recovery = "approved" if is_booked else "in_doubt"
        return super().recover(request)


def main(folder: Path, step: int) -> None:
    """Refund, as a shop does that was just switched on."""
    trigger = Trigger(step)
    device = Kept()
    device.ledger = folder / "ledger"
    shop = Shop(folder / "journal.db", device)
    shop.desk.recover()
    shop.journal.ask_device = trigger.around(shop.journal.ask_device)  # type: ignore[method-assign]
    shop.journal.answer_device = trigger.around(shop.journal.answer_device)  # type: ignore[method-assign]
    device.refund = trigger.around(device.refund)  # type: ignore[method-assign]
    result = shop.desk.refund(refund())
    shop.close()
    print(type(result).__name__, trigger.count)


if __name__ == "__main__":
    words = iter(sys.argv[1:])
    json.dump(
        [
            forked(partial(main, Path(folder), int(step)))
            for folder, step in zip(words, words, strict=True)
        ],
        sys.stdout,
    )
