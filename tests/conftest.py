"""Hypothesis profiles: the same inputs on every run, more of them on the build server. Cheap passphrases."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from posrefund.crypto import operator_pin
from posrefund.keystore import locks
from softhsm import softhsm, token

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["softhsm", "token"]  # fixtures of every folder

# A shell that starts us in the background has us ignore Ctrl-C, and so would every server that a test starts and stops.
signal.signal(signal.SIGINT, signal.default_int_handler)
# Workers of pytest-xdist get one, and a console that is made under it keeps that width for ever.
os.environ.pop("COLUMNS", None)

_IN_MEMORY, _ROOM_BYTES = "/dev/shm", 2 << 30


def _has_room_in_memory() -> bool:
    """Whether files may stand in memory here: Linux, enough of it, and programs may be started from there."""
    if sys.platform != "linux" or not os.access(_IN_MEMORY, os.W_OK):
        return False
    found = os.statvfs(_IN_MEMORY)
    return found.f_bavail * found.f_frsize >= _ROOM_BYTES and not found.f_flag & os.ST_NOEXEC


# Journals sync at every step, thousands of times in a run. What a test needs of that is that it was asked for, and in which
# order: no test can cut the power of this disk. Whoever names a TMPDIR is obeyed.
if "TMPDIR" not in os.environ and _has_room_in_memory():
    os.environ["TMPDIR"] = tempfile.tempdir = _IN_MEMORY

settings.register_profile("dev", derandomize=True, deadline=None, max_examples=100)
settings.register_profile("ci", derandomize=True, deadline=None, max_examples=1000)
settings.load_profile("ci" if os.environ.get("CI") == "true" else "dev")

collect_ignore = ["codec/pyiso8583_shim.py"]  # it puts itself in the place of pyiso8583


@pytest.fixture(autouse=True, scope="session")
def _quick_passphrases() -> Iterator[None]:
    """Guessing a passphrase or a PIN is made slow on purpose; not in files that tests make."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(locks, "_NEW_N", 2**4)
        patch.setattr(operator_pin, "_NEW_N", 2**4)
        yield
