"""Terminal processes that kill themselves, really, at a step; for ``test_kill``.

Usage: python kill_child.py. A line of standard input for each process, ``["CONFIG", STEP]``; it is forked from this one, which
has loaded all of it. Told are its exit status and what it said. Step 0 runs through and says the number of steps.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from forked import forked
from posrefund.cli.config import load, open_terminal
from posrefund.engine import Reason, RefundRequest
from posrefund.values import PAN, Amount, CardRead, RequestID

if TYPE_CHECKING:
    from collections.abc import Callable

CARD = CardRead("051", PAN("6200000000000005"), expiry="3012", sequence_number="001")


class Trigger:
    """Counts steps and pulls the plug at one of them: SIGKILL, nothing is flushed or closed."""

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


def main(config: Path, step: int) -> None:
    """Refund a part of SALE-1."""
    trigger = Trigger(step)
    with open_terminal(load(config)) as terminal:
        journal, link = terminal.journal, terminal._link
        journal.commit = trigger.around(journal.commit)  # type: ignore[method-assign]
        link.send = trigger.around(link.send)  # type: ignore[method-assign]
        link.receive = trigger.around(link.receive)  # type: ignore[method-assign]
        terminal.refund(
            RefundRequest(
                RequestID("REFUND-1"),
                original=RequestID("SALE-1"),
                card=CARD,
                reason=Reason.CUSTOMER,
                amount=Amount(300),
            )
        )
    print(trigger.count)


if __name__ == "__main__":
    for line in sys.stdin:
        where, at = json.loads(line)
        print(json.dumps(forked(partial(main, Path(where), at))), flush=True)
