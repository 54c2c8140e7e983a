"""A child in a pseudo-terminal of 80 columns and 24 lines: what it draws, and keys for it."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from typing import TYPE_CHECKING, Self

import pyte

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Keyboard"]

_COLUMNS, _LINES = 80, 24
_WITHIN_S = 60.0
_LOOK_S = 0.1
_NOT_TWICE_S = 0.3
_KEYS = {"enter": "\r", "ctrl+c": "\x03"}


class Keyboard:
    """Starts *command*; entered, it reads what is drawn and sends what is pressed.

    Attributes:
        pressed: How many keys were sent.
    """

    def __init__(self, command: Sequence[str]) -> None:
        self._command, self.pressed = command, 0
        self._last = ("", 0.0)
        self._screen = pyte.Screen(_COLUMNS, _LINES)
        self._stream = pyte.ByteStream(self._screen)

    def __enter__(self) -> Self:
        self._ours, theirs = pty.openpty()
        size = struct.pack("HHHH", _LINES, _COLUMNS, 0, 0)
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, size)
        more = {"PYTHONPATH": os.pathsep.join(sys.path), "TERM": "xterm-256color"}
        self._child = subprocess.Popen(
            self._command,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env={**os.environ, **more},
            start_new_session=True,
        )
        os.close(theirs)
        return self

    def __exit__(self, *_: object) -> None:
        if self._child.poll() is None:
            self._child.kill()
        self._child.wait()
        os.close(self._ours)

    def press(self, *keys: str, then: str) -> None:
        """Send keys, and wait until *then* stands on the screen."""
        for key in keys:
            self._take_a_breath(key)
            self.pressed += 1
            os.write(self._ours, _KEYS.get(key, key).encode())
        self.wait_for(then)

    def wait_for(self, text: str) -> None:
        end = time.monotonic() + _WITHIN_S
        while text not in self.text():
            assert time.monotonic() < end, f"no {text!r} on the screen:\n{self.text()}"
            self._look()

    def wait_for_the_end(self) -> int:
        """Return the exit status."""
        end = time.monotonic() + _WITHIN_S
        while (status := self._child.poll()) is None:
            assert time.monotonic() < end, f"it does not end:\n{self.text()}"
            self._look()
        return status

    def interrupt(self) -> None:
        """Send SIGINT, as another program does."""
        self._child.send_signal(signal.SIGINT)

    def text(self) -> str:
        return "\n".join(self._screen.display)

    def _take_a_breath(self, key: str) -> None:
        """The same key sooner than this is a hand in a hurry: the counter takes it for one press."""
        last, when = self._last
        if key == last:
            time.sleep(max(0.0, when + _NOT_TWICE_S - time.monotonic()))
        self._last = (key, time.monotonic())

    def _look(self) -> None:
        if not select.select([self._ours], [], [], _LOOK_S)[0]:
            return
        try:
            self._stream.feed(os.read(self._ours, 65_536))
        except OSError:  # so Linux says that the child has hung up
            self._child.wait(_WITHIN_S)
