"""A line to an emulated device on which no time passes: what waits, waits in a clock that is turned on.

One thread, the driver's own: deterministic, and three minutes of silence take none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from posrefund.emulators.device import FaultyVoice
from posrefund.errors import LinkClosedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from posrefund.emulators.device import Act, EmulatedDevice, LineFault

__all__ = ["VirtualStream"]


class VirtualStream:
    """The driver's end; the device is called when bytes or times come.

    Args:
        device: At the other end.
        faults: What goes wrong between what it says and the line.
        flips: Position of a byte that is read, counted from the first one since ``arm`` → bits that change in it.
        chunk: Nothing comes in larger pieces.
    """

    name = "virtual"

    def __init__(
        self,
        device: EmulatedDevice,
        faults: Iterable[LineFault] = (),
        flips: Mapping[int, int] | None = None,
        chunk: int = 4096,
    ) -> None:
        self.device, self.voice = device, FaultyVoice(faults)
        self.flips, self.chunk = dict(flips or {}), chunk
        self.now = 1000.0
        self.read_bytes = self.said = 0
        self.wrote: list[bytes] = []
        self.heard = bytearray()
        self._line: list[tuple[float, bytes | None]] = []
        self._is_open = self._is_ended = False

    def patch(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let the driver's clock be this line's."""
        monkeypatch.setattr("posrefund.devices.line._now", lambda: self.now)

    def open(self, timeout_s: float) -> None:
        self._line, self._is_open, self._is_ended = [], True, False
        self.device.connect()
        self.voice.connect()

    def write(self, data: bytes, deadline: float) -> None:
        if not self._is_open or self._is_ended:
            raise LinkClosedError("the device is gone", effect="nothing_sent")
        self.wrote.append(bytes(data))
        self._hear(self.device.receive(data, self.now))

    def read_some(self, deadline: float) -> bytes:
        while True:
            if not self._is_open:
                raise LinkClosedError("the line is closed", effect="in_doubt")
            if self._line and self._line[0][0] <= self.now:
                return self._read()
            due = [deadline, *(at for at, _ in self._line[:1])]
            if self.device.deadline is not None and not self._is_ended:
                due.append(self.device.deadline)
            self.now = max(self.now, min(due))
            if self.device.deadline is not None and self.device.deadline <= self.now:
                self._hear(self.device.deadline_passed(self.now))
            elif self.now >= deadline and not (self._line and self._line[0][0] <= self.now):
                return b""

    def peer_closed(self) -> bool:
        return bool(self._line) and self._line[0] == (self._line[0][0], None)

    def cancel(self) -> None:
        self._is_open = False

    def close(self) -> None:
        self._is_open = False

    def _hear(self, said: Iterable[object]) -> None:
        says = list(said)
        self.said += len(says)
        at = self._line[-1][0] if self._line else self.now
        for act in self.voice.speak(says):  # type: ignore[arg-type]
            at = max(at, self.now) + act.after_s
            self._line.append((at, self._act(act)))

    def _act(self, act: Act) -> bytes | None:
        return None if act.is_end else act.data

    def _read(self) -> bytes:
        at, data = self._line[0]
        if data is None:
            self._is_ended = True
            raise LinkClosedError("the device closed the line", effect="in_doubt")
        piece, rest = data[: self.chunk], data[self.chunk :]
        self._line[:1] = [(at, rest)] if rest else []
        found = bytes(
            byte ^ self.flips.get(self.read_bytes + place, 0) for place, byte in enumerate(piece)
        )
        self.read_bytes += len(found)
        self.heard += found
        return found
