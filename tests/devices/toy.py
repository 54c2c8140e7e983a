"""The smallest device there is: ABECS framing, ACK for every question, and the question back with ``000`` behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from posrefund.devices import DeviceLine
from posrefund.emulators.device import DeviceServer, FaultyVoice, LineFault, Say
from posrefund.exchanges import AckNak, AckNakExchange, Exchange
from posrefund.framing import ABECSFramer, Control, Damaged, Framer
from posrefund.testing import pipe

RULES = AckNak(ack_s=0.15, nak_discards=True)


class Toy:
    """Answers every question; what it heard stays in ``asked``."""

    deadline: float | None = None

    def __init__(self) -> None:
        self.asked: list[bytes] = []
        self.said: list[Control] = []
        self._last: list[Say] = []

    def connect(self) -> None:
        self._framer = ABECSFramer()

    def receive(self, chunk: bytes, now: float) -> Sequence[Say]:
        return [say for event in self._framer.feed(chunk) for say in self._react(event)]

    def deadline_passed(self, now: float) -> Sequence[Say]:
        return ()

    def _react(self, event: object) -> list[Say]:
        match event:
            case bytes():
                self.asked.append(event)
                self._last = [Say(self._framer.frame(event + b"000"))]
                return [Say(b"\x06", "control"), *self._last]
            case Damaged():
                return [Say(b"\x15", "control")]
            case Control.NAK:
                return self._last
            case Control():
                self.said.append(event)
            case _:
                pass
        return []


def talk() -> tuple[Framer, Exchange]:
    framer = ABECSFramer()
    return framer, AckNakExchange(framer, RULES)


@contextmanager
def line_to(
    toy: Toy, *faults: LineFault, wrap: Callable[..., object] = lambda near: near
) -> Iterator[DeviceLine]:
    near, far = pipe()
    line = DeviceLine(wrap(near), talk, inter_byte_s=0.1)  # type: ignore[arg-type]
    with DeviceServer(toy, far, FaultyVoice(faults)):
        line.open(1)
        try:
            yield line
        finally:
            line.close()
