"""A piece of work in a process of its own, forked from one that has loaded all of it: to be killed, really."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["forked"]


def forked(work: Callable[[], None]) -> tuple[int, str]:
    """Do *work* in a process of its own; return its exit status, negative for a signal, and what it said.

    Only where no thread runs yet: a fork takes none with it.
    """
    ours, its = os.pipe()
    child = os.fork()
    if child == 0:
        os.dup2(its, 1)
        status = 1
        try:
            work()
            sys.stdout.flush()
            status = 0
        finally:
            os._exit(status)
    os.close(its)
    with os.fdopen(ours) as said:
        text = said.read()
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), text
