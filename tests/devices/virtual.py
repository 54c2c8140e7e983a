"""A line to an emulated device in one thread and in no time: the clock is moved to whatever happens next.

What takes 180 seconds on a counter takes none here, and no test depends on how busy the machine is.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

import pytest

from posrefund.emulators.device import Act, EmulatedDevice, FaultyVoice, LineFault, Say
from posrefund.errors import LinkClosedError, LinkOpenError

__all__ = ["FlippingVoice", "VirtualStream", "virtual"]


class VirtualStream:
    """Both ends of a line and the time on it; ``keeps``: opening it anew drops nothing, as on a worn serial line."""

    name = "virtual"

    def __init__(self, device: EmulatedDevice, voice: FaultyVoice | FlippingVoice) -> None:
        self.device, self.voice = device, voice
        self.now = 1000.0
        self.written: list[bytes] = []
        self.read: list[bytes] = []
        self.is_dead = self.keeps = False
        self._queue: deque[tuple[float, Act]] = deque()
        self._is_open = False

    def clock(self) -> float:
        return self.now

    def open(self, timeout_s: float) -> None:
        if self.is_dead:
            raise LinkOpenError("nobody is there")
        self._is_open = True
        if self.keeps:
            return
        self._queue.clear()
        self.device.connect()
        self.voice.connect()

    def write(self, data: bytes, deadline: float) -> None:
        if not self._is_open:
            raise LinkClosedError("closed", effect="nothing_sent")
        self.written.append(data)
        self._say(self.device.receive(data, self.now))

    def read_some(self, deadline: float) -> bytes:
        while True:
            comes = self._queue[0][0] if self._queue else None
            acts = self.device.deadline
            happens = min((each for each in (comes, acts) if each is not None), default=None)
            if not self._is_open:
                raise LinkClosedError("closed", effect="in_doubt")
            if happens is None or happens > max(deadline, self.now):
                self.now = max(self.now, deadline)
                return b""
            self.now = max(self.now, happens)
            if happens != comes:
                self._say(self.device.deadline_passed(self.now))
                continue
            act = self._queue.popleft()[1]
            self._is_open = not act.is_end
            if act.data:
                self.read.append(act.data)
                return act.data

    def peer_closed(self) -> bool:
        return not self._is_open or (bool(self._queue) and self._queue[0][1].is_end)

    def cancel(self) -> None:
        self._is_open = False

    def close(self) -> None:
        self._is_open = False

    def _say(self, said: Iterable[Say]) -> None:
        at = max(self.now, self._queue[-1][0] if self._queue else 0.0)
        for act in self.voice.speak(said):
            at += act.after_s
            self._queue.append((at, act))


class FlippingVoice:
    """Another byte at one place of one thing that is said, once."""

    def __init__(self, at: int, place: int, pattern: int) -> None:
        self.at, self.place, self.pattern = at, place, pattern
        self.said: list[Say] = []
        self.is_flipped = False

    def connect(self) -> None:
        pass

    def speak(self, said: Iterable[Say]) -> list[Act]:
        acts = []
        for say in said:
            data = bytearray(say.data)
            if len(self.said) == self.at and self.place < len(data):
                data[self.place] ^= self.pattern
                self.is_flipped = True
            self.said.append(say)
            acts.append(Act(bytes(data), say.after_s))
        return acts

    def repeated(self) -> bool:
        """Whether a body was said more than once."""
        bodies = [say.data for say in self.said if say.kind == "body"]
        return len(bodies) > len(set(bodies))


def virtual(
    monkeypatch: pytest.MonkeyPatch,
    device: EmulatedDevice,
    *faults: LineFault,
    voice: FlippingVoice | None = None,
) -> VirtualStream:
    """Return a line to *device* whose clock is the one that device lines look at."""
    stream = VirtualStream(device, voice or FaultyVoice(faults))
    monkeypatch.setattr("posrefund.devices.line._now", stream.clock)
    return stream
