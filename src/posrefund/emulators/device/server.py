"""An emulated device on a stream, in a thread of its own: it listens, answers, and waits when it should. Floor 9."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Self

from posrefund.emulators.device.faults import FaultyVoice
from posrefund.errors import LinkError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from posrefund.emulators.device.contract import EmulatedDevice
    from posrefund.emulators.device.faults import Act
    from posrefund.link import Stream

__all__ = ["DeviceServer"]

_LISTEN_S = 0.2
_WRITE_S = 2.0
_CLOSE_WITHIN_S = 1.0


class DeviceServer:
    """Serves one device on one stream until it is closed; each ``open`` of the stream is a conversation.

    Args:
        device: The device.
        stream: Its end of the line. Its ``open`` waits for whoever calls (``posrefund.testing.pipe``, a listening port),
            or it is a port that is always there (a pseudo terminal).
        voice: What goes wrong on the way.
        is_open: The stream is open already, as that of a pseudo terminal, and stays so.

    Attributes:
        lock: Held while the device works; hold it to look at the device from another thread.
    """

    def __init__(
        self,
        device: EmulatedDevice,
        stream: Stream,
        voice: FaultyVoice | None = None,
        *,
        is_open: bool = False,
    ) -> None:
        self.device, self.voice = device, voice or FaultyVoice()
        self.lock = threading.Lock()
        self._stream, self._is_port = stream, is_open
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="emulated-device", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Hang up and stop; a second call does nothing."""
        self._closing.set()
        self._stream.close()
        self._thread.join(_CLOSE_WITHIN_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _serve(self) -> None:
        while not self._closing.is_set():
            with suppress(LinkError):
                if not self._is_port:
                    self._stream.open(_LISTEN_S)
                self._converse()
            if self._is_port:
                break
        self._stream.close()  # it may have been opened while somebody closed it

    def _converse(self) -> None:
        self._connect()
        while not self._closing.is_set():
            deadline = self.device.deadline
            latest = time.monotonic() + _LISTEN_S
            chunk = self._stream.read_some(min(deadline, latest) if deadline else latest)
            acts = self._react(chunk, time.monotonic())
            if not self._perform(acts):
                return

    def _connect(self) -> None:
        with self.lock:
            self.device.connect()
            self.voice.connect()

    def _react(self, chunk: bytes, now: float) -> list[Act]:
        with self.lock:
            device = self.device
            said = device.receive(chunk, now) if chunk else device.deadline_passed(now)
            return self.voice.speak(said)

    def _perform(self, acts: Iterable[Act]) -> bool:
        """Perform *acts*; say whether the conversation goes on."""
        for act in acts:
            if act.after_s and self._closing.wait(act.after_s):
                return False
            if act.is_end:
                self._stream.close()
                return False
            self._stream.write(act.data, time.monotonic() + _WRITE_S)
        return True
