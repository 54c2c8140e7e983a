"""A terminal that speaks Concert, protocol E, on a serial line: the emulated one. Floor 9.

Strict where a real one is: a question needs ENQ before it, its LRC, its 34 characters and their form. It answers in a
session of its own, repeats what was not acknowledged, and keeps books of what it gave back.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from posrefund.emulators.device import Say, Script
from posrefund.framing import STXETX, Control, Damaged, STXETXFramer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from posrefund.emulators.device import Scene
    from posrefund.framing import Event

__all__ = ["ConcertTerminal", "Credit"]

_ASKED = re.compile(
    rb"(?P<pos>\d\d)(?P<amount>\d{8})(?P<long>[01])(?P<mode>[0-9A-Z])(?P<type>[0124])(?P<currency>\d{3})"
    rb"(?P<private>[ -~]{10})A01(?P<wait>[01])B01[01]"
)
_SIGNALS = frozenset({Control.ENQ, Control.ACK, Control.NAK, Control.EOT})
_TRIES = 3
_REPORT = "620000******0005".ljust(55)
_YES, _NOT_KNOWN = "0", "9"


@dataclass(frozen=True, slots=True)
class Credit:
    """What it gave back.

    Attributes:
        amount_minor: How much.
        currency: ISO 4217 numeric.
        number: Its own.
    """

    amount_minor: int
    currency: str
    number: str


class ConcertTerminal:
    """One terminal.

    Args:
        script: Which amount ends how; result digits are ``0`` done, ``7`` refused, ``9`` not verified. Of the scenes that
            are played next, ``busy`` is looked at when ENQ comes.
        signal_s: It waits so long for a signal before it repeats.

    Attributes:
        asked: Every question that it acknowledged, in order, repetitions too.
        credits: What it gave back.
    """

    def __init__(self, script: Script | None = None, *, signal_s: float = 1.0) -> None:
        self.script = script or Script()
        self.asked: list[bytes] = []
        self.credits: list[Credit] = []
        self._signal_s = signal_s
        self._refused_bids = 0
        self.connect()

    @property
    def deadline(self) -> float | None:
        """When it does something of itself."""
        return self._deadline

    def connect(self) -> None:
        """A fresh conversation; an answer that nobody took is forgotten."""
        self._framer = STXETXFramer(STXETX(controls=_SIGNALS, body_bytes_max=80))
        self._answer = b""
        self._rest("idle")

    def receive(self, chunk: bytes, now: float) -> Sequence[Say]:
        """Take bytes as they come."""
        return [say for event in self._framer.feed(chunk) for say in self._react(event, now)]

    def deadline_passed(self, now: float) -> Sequence[Say]:
        """Begin to answer, repeat, or give up."""
        if self._deadline is None or now < self._deadline:
            return ()
        match self._state:
            case "heard":  # without an end of the session it works, too
                self._wait("working", now, self._scene.seconds)
                return ()
            case "working" | "bidding":
                return self._again("bidding", self._signal(Control.ENQ), now)
            case "telling":
                return self._again("telling", self._frame(), now)
            case _:
                return self._rest("idle")

    # --- what comes ------------------------------------------------------------------------------

    def _react(self, event: Event, now: float) -> list[Say]:
        if self._state in ("bidding", "telling"):
            return self._react_telling(event, now)
        match self._state, event:
            case "idle", Control.ENQ:
                return self._bid_for(now)
            case "hearing", _:
                return self._react_hearing(event, now)
            case "heard", bytes() if event == self.asked[-1]:
                self.asked.append(event)  # it is told again, and done once
                return [self._signal(Control.ACK)]
            case "heard", Control.EOT:
                self._wait("working", now, self._scene.seconds)
            case _:
                pass
        return []

    def _react_hearing(self, event: Event, now: float) -> list[Say]:
        match event:
            case bytes():
                return self._hear(event, now)
            case Damaged(reason) if reason != "noise":
                return [self._signal(Control.NAK)]
            case Control.ENQ:
                return [self._signal(Control.ACK)]
            case Control.EOT:
                return self._rest("idle")
            case _:
                return []

    def _react_telling(self, event: Event, now: float) -> list[Say]:
        match self._state, event:
            case "bidding", Control.ACK:
                self._tries = 0
                return self._again("telling", self._frame(), now)
            case "telling", Control.ACK:
                return [self._signal(Control.EOT), *self._rest("idle")]
            case "telling", Control.NAK:
                return self._again("telling", self._frame(), now)
            case _:
                return []

    def _bid_for(self, now: float) -> list[Say]:
        scene = self.script.queue[0] if self.script.queue else self.script.usual
        if self._refused_bids < scene.busy:
            self._refused_bids += 1
            return [self._signal(Control.NAK)]
        self._wait("hearing", now, self._signal_s)
        return [self._signal(Control.ACK)]

    def _hear(self, body: bytes, now: float) -> list[Say]:
        found = _ASKED.fullmatch(body)
        if not found:
            return [self._signal(Control.NAK)]
        self.asked.append(body)
        self._refused_bids = 0
        self._scene = self.script.play(int(found["amount"]))
        self._answer = self._act(self._scene, {k: v.decode() for k, v in found.groupdict().items()})
        self._wait("heard", now, self._signal_s)
        return [self._signal(Control.ACK)]

    # --- what it does ----------------------------------------------------------------------------

    def _act(self, scene: Scene, asked: dict[str, str]) -> bytes:
        """Give back, or not; return what is said of it."""
        code = scene.code or (_NOT_KNOWN if asked["wait"] == "1" else _YES)
        is_done = code == _YES if scene.does_act is None else scene.does_act
        if is_done and asked["type"] == "1":
            number = f"{len(self.credits) + 1:06}"
            self.credits.append(Credit(int(asked["amount"]), asked["currency"], number))
        lies = {
            "amount": {"amount": f"{int(asked['amount']) ^ 1:08}"},
            "terminal": {"pos": f"{(int(asked['pos']) + 1) % 100:02}"},
            "currency": {"currency": "840" if asked["currency"] != "840" else "978"},
        }
        told = asked | lies.get(str(scene.lie), {})
        report = _REPORT if asked["long"] == "1" else ""
        text = f"{told['pos']}{code}{told['amount']}{told['mode']}{report}{told['currency']}{told['private']}"
        return text.encode()

    # --- who has the word ------------------------------------------------------------------------

    def _wait(self, state: str, now: float, seconds: float) -> None:
        self._state, self._tries = state, 0
        self._deadline: float | None = now + seconds

    def _rest(self, state: str) -> list[Say]:
        self._wait(state, 0.0, 0.0)
        self._deadline = None
        return []

    def _again(self, state: str, say: Say, now: float) -> list[Say]:
        if self._tries >= _TRIES:
            return [self._signal(Control.EOT), *self._rest("idle")]
        self._state, self._deadline = state, now + self._signal_s
        self._tries += 1
        return [say]

    def _frame(self) -> Say:
        return Say(self._framer.frame(self._answer))

    @staticmethod
    def _signal(said: Control) -> Say:
        return Say(bytes((said,)), "control")
