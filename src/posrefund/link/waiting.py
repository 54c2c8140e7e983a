"""Streams over what takes and gives bytes without waiting: the waiting is done here, once. Floor 5."""

from __future__ import annotations

import selectors
import threading
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from posrefund.closed import closed
from posrefund.errors import LinkClosedError, LinkOpenError
from posrefund.link._door import Door

if TYPE_CHECKING:
    from posrefund.errors import Effect

__all__ = ["READ_BYTES", "WaitingStream", "why"]

READ_BYTES = 8192
_LOOK_AHEAD_BYTES = 65_536
"""What ``peer_closed`` keeps for the reader; a peer that sends more unasked is not looked behind."""


class WaitingStream(ABC):
    """A stream whose kind says how to connect, take, give and free; none of them waits but the first."""

    def __init__(self) -> None:
        self._door: Door | None = None
        self._ahead = bytearray()
        self._closing = threading.Lock()

    @property
    @abstractmethod
    def name(self) -> str:
        """What the stream leads to."""

    @abstractmethod
    def _connect(self, timeout_s: float) -> None:
        """Be ready; or raise ``LinkOpenError``, or ``LinkClosedError`` when cancelled, and hold nothing."""

    @abstractmethod
    def _descriptor(self) -> int | None:
        """What a selector can wait for; None where there is nothing of the kind."""

    @abstractmethod
    def _take(self) -> bytes | None:
        """Return what is there, ``b""`` at the end of it, None for nothing yet; or raise ``OSError``."""

    @abstractmethod
    def _give(self, data: memoryview) -> int:
        """Return how many bytes were taken, 0 for not now; or raise ``OSError`` when none was."""

    @abstractmethod
    def _free(self) -> None:
        """Give back what ``_connect`` took; must not raise."""

    def open(self, timeout_s: float) -> None:
        """Open it; one that is open already is closed first.

        Raises:
            LinkOpenError: It did not work; nothing was sent.
        """
        self.close()
        try:
            door = Door()
        except OSError as error:
            raise LinkOpenError(f"{self.name} cannot be opened: {why(error)}") from None
        self._door = door  # so that another thread can end it from here on
        try:
            with door:
                self._connect(timeout_s)
                door.check("nothing_sent")
        except LinkClosedError:
            self.close()
            raise LinkOpenError(f"{self.name}: opening was cancelled") from None
        except BaseException:
            with self._closing:
                self._door = None
                door.free()
            raise

    @closed
    def write(self, data: bytes, deadline: float) -> None:
        """Write all of *data* once.

        Raises:
            LinkClosedError: Not all of it; ``effect`` is ``"nothing_sent"`` only if no byte of it was taken.
        """
        with self._open_door("nothing_sent") as door:
            self._write(door, memoryview(data), deadline)

    def _write(self, door: Door, data: memoryview, deadline: float) -> None:
        sent_bytes = 0
        door.check("nothing_sent")
        while sent_bytes < len(data):
            effect: Effect = "in_doubt" if sent_bytes else "nothing_sent"
            try:
                taken_bytes = self._give(data[sent_bytes:])
            except OSError as error:
                raise LinkClosedError(f"sending failed: {why(error)}", effect=effect) from None
            sent_bytes += taken_bytes
            if not taken_bytes and not door.wait(
                self._descriptor(), selectors.EVENT_WRITE, deadline, effect
            ):
                raise LinkClosedError("the line took no more in time", effect=effect)

    @closed
    def read_some(self, deadline: float) -> bytes:
        """Return what is there, at least one byte, or nothing at the deadline.

        Raises:
            LinkClosedError: The other side closed the line, it was unplugged, or somebody cancelled.
        """
        with self._open_door("in_doubt") as door:
            door.check("in_doubt")
            if self._ahead:
                found = bytes(self._ahead)
                self._ahead.clear()
                return found
            return self._read(door, deadline)

    def _read(self, door: Door, deadline: float) -> bytes:
        while (chunk := self._taken()) is None:
            if not door.wait(self._descriptor(), selectors.EVENT_READ, deadline, "in_doubt"):
                return self._taken() or b""
        return chunk

    def _taken(self) -> bytes | None:
        try:
            chunk = self._take()
        except OSError as error:
            raise LinkClosedError(f"receiving failed: {why(error)}", effect="in_doubt") from None
        if chunk == b"":
            raise LinkClosedError("the other side closed the line", effect="in_doubt")
        return chunk

    def peer_closed(self) -> bool:
        """Look, without writing and without waiting, whether the other side has closed the line.

        Raises:
            LinkClosedError: This side has; nothing was sent.
        """
        with self._open_door("nothing_sent") as door:
            door.check("nothing_sent")
            try:
                while len(self._ahead) < _LOOK_AHEAD_BYTES:
                    chunk = self._take()
                    if not chunk:
                        return chunk is not None
                    self._ahead += chunk
            except OSError:
                return True
            return False

    def cancel(self) -> None:
        """End the conversation from any thread; it stays ended until the stream is opened again."""
        door = self._door
        if door is not None:
            door.shut()

    def close(self) -> None:
        """Cancel, and give back what the stream holds; harmless when it is closed already."""
        with self._closing:
            door, self._door = self._door, None
            if door is not None:
                door.free()
                self._free()
            self._ahead.clear()

    def _open_door(self, effect: Effect) -> Door:
        door = self._door
        if door is None:
            raise LinkClosedError("the link is not open", effect=effect)
        return door


def why(error: OSError) -> str:
    """Say what an ``OSError`` means, without what it was about."""
    return error.strerror or type(error).__name__
