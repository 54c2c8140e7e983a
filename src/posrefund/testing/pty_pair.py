"""A serial port without hardware: a pseudo terminal, and the stream of the device behind it. Floor 10.

It shows opening, reading, writing and unplugging. Speed, parity and the control lines of a real port it does
not have: a pseudo terminal ignores such settings, or refuses them. Not on Windows.
"""

from __future__ import annotations

import os
from typing import Self

from posrefund.errors import LinkOpenError
from posrefund.link.waiting import READ_BYTES, WaitingStream, why

__all__ = ["PTYPair"]


class PTYPair:
    """A port to open and the device that answers on it.

    Attributes:
        device: The device's stream, open; closing it unplugs the device.

    Raises:
        LinkOpenError: The system has no pseudo terminal to give.

    Example:
        >>> from posrefund.testing import PTYPair
        >>> with PTYPair() as pair:
        ...     pair.port.startswith("/dev/")
        True
    """

    def __init__(self) -> None:
        self.device = _Device()
        self.device.open(0)

    @property
    def port(self) -> str:
        """What a ``SerialStream`` is opened with."""
        return self.device.name

    def unplug(self) -> None:
        """Pull the plug; whoever has the port open notices."""
        self.device.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.unplug()


class _Device(WaitingStream):
    """The master's side of a pseudo terminal."""

    def __init__(self) -> None:
        super().__init__()
        self._master = self._slave = -1
        self._port = "pseudo terminal"

    @property
    def name(self) -> str:
        return self._port

    def _connect(self, timeout_s: float) -> None:
        import tty

        try:
            self._master, self._slave = os.openpty()
        except OSError as error:
            raise LinkOpenError(f"no pseudo terminal: {why(error)}") from None
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        # Our own slave end stays open: a device is there before somebody opens its port, and after.
        self._port = os.ttyname(self._slave)

    def _descriptor(self) -> int:
        return self._master

    def _take(self) -> bytes | None:
        try:
            return os.read(self._master, READ_BYTES)
        except BlockingIOError:
            return None

    def _give(self, data: memoryview) -> int:
        try:
            return os.write(self._master, data)
        except BlockingIOError:
            return 0

    def _free(self) -> None:
        os.close(self._master)
        os.close(self._slave)
        self._master = self._slave = -1
