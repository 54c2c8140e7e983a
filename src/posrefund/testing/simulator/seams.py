"""The two places where the real code looks at the machine it runs on, and how a run replaces them. Floor 10.

The line counts its seconds with ``time.monotonic``: in here they are virtual. The key store makes guessing
its passphrase slow on purpose: in here there is nothing to guess.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any
from unittest import mock

from posrefund.keystore import locks
from posrefund.terminal import line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from posrefund.testing.simulator.virtual import VirtualTime

__all__ = ["quick_passphrase", "virtual_seconds"]


class _Seconds:
    def __init__(self, time: VirtualTime) -> None:
        self.monotonic = time.monotonic


@contextmanager
def virtual_seconds(time: VirtualTime) -> Iterator[None]:
    """Let the line count the seconds of *time*."""
    seconds: Any = _Seconds(time)
    with ExitStack() as stack:
        stack.enter_context(mock.patch.object(line, "time", seconds))
        yield


@contextmanager
def quick_passphrase() -> Iterator[None]:
    """Let the key store stretch its passphrase by next to nothing."""
    with mock.patch.object(locks, "_NEW_N", 2):
        yield
