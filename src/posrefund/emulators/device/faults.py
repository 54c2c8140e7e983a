"""What goes wrong between a device and the line, as data. Floor 9.

A fault hits what the device says: the *n*-th frame or control that it puts on the line in one conversation, counted
from 0. The same faults and the same seed give the same bytes. Lies of the device itself (another amount, another
terminal) are a matter of its script.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, cast, get_args

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from posrefund.emulators.device.contract import Say

__all__ = ["Act", "FaultKind", "FaultyVoice", "LineFault"]

FaultKind = Literal[
    "drop",
    "delay",
    "late",
    "duplicate",
    "truncate",
    "split",
    "coalesce",
    "corrupt",
    "check",
    "nak",
    "no_ack",
    "noise",
    "close_before",
    "close_mid",
    "close_after",
    "stall",
    "reorder",
]
"""``drop``: it never leaves. ``delay``, ``late``: it leaves *seconds* later. ``duplicate``: twice. ``truncate``: half of
it. ``split``: in pieces with pauses. ``coalesce``: in one piece with the next. ``corrupt``: one byte inside is another.
``check``: its last byte is. ``nak``: NAK instead. ``no_ack``: as ``drop``, for controls only. ``noise``: noise before it.
``close_*``: the line ends before, in the middle of or after it. ``stall``: nothing leaves any more. ``reorder``: after
the next."""

_NAK = b"\x15"
_SPELLING = re.compile(r"(\w+)(?::([\d.]+)s)?(?:@(\d+))?(?:#(\d+))?")


@dataclass(frozen=True, slots=True)
class LineFault:
    """One thing that goes wrong.

    Attributes:
        kind: What.
        at: With which frame or control, counted from 0 in each conversation.
        only: Whether only bodies or only controls are counted; ``any`` counts both.
        seconds: For ``delay`` and ``late``; the pause of ``split``.
        seed: Of what is drawn: which byte, which noise.
        conversations: In how many conversations it goes wrong, from the next one on.

    Example:
        >>> from posrefund.emulators.device import LineFault
        >>> LineFault.spelt("late:2.5s@3")
        LineFault(kind='late', at=3, only='any', seconds=2.5, seed=0, conversations=1)
    """

    kind: FaultKind
    at: int = 0
    only: Literal["any", "body", "control"] = "any"
    seconds: float = 0.0
    seed: int = 0
    conversations: int = 1

    @classmethod
    def spelt(cls, text: str) -> LineFault:
        """Read ``KIND[:SECONDSs][@AT][#SEED]``.

        Raises:
            ValueError: It is spelt otherwise.
        """
        found = _SPELLING.fullmatch(text)
        if not found or found[1] not in get_args(FaultKind):
            message = "a fault is spelt KIND[:SECONDSs][@AT][#SEED]"
            raise ValueError(message)
        kind, seconds, at, seed = found.groups()
        return cls(
            cast("FaultKind", kind), int(at or 0), "any", float(seconds or 0), int(seed or 0)
        )


@dataclass(frozen=True, slots=True)
class Act:
    """What happens on the line.

    Attributes:
        data: Bytes to write; none when the line ends.
        after_s: So long after the act before it.
        is_end: Whether the line is closed now.
    """

    data: bytes = b""
    after_s: float = 0.0
    is_end: bool = False


class FaultyVoice:
    """Puts faults between what a device says and what is written.

    Args:
        faults: What goes wrong.
    """

    def __init__(self, faults: Iterable[LineFault] = ()) -> None:
        self._waiting = list(faults)
        self._now: list[LineFault] = []
        self._counts = {"any": 0, "body": 0, "control": 0}
        self._kept: list[Act] = []
        self._glued = b""
        self._is_mute = False

    def add(self, fault: LineFault) -> None:
        """Let *fault* go wrong, too, from the next conversation on."""
        self._waiting.append(fault)

    def connect(self) -> None:
        """A fresh conversation begins: its frames are counted anew."""
        self._now = self._waiting
        self._waiting = [
            replace(fault, conversations=fault.conversations - 1)
            for fault in self._now
            if fault.conversations > 1
        ]
        self._counts = dict.fromkeys(self._counts, 0)
        self._kept, self._glued, self._is_mute = [], b"", False

    def speak(self, said: Iterable[Say]) -> list[Act]:
        """Return what becomes of what the device says."""
        acts: list[Act] = []
        for say in said:
            if not self._is_mute:
                acts += self._one(say)
        return acts

    def _one(self, say: Say) -> list[Act]:
        fault = self._fault_of(say)
        act = Act(self._glued + say.data, say.after_s)
        self._glued = b""
        if fault is None:
            kept, self._kept = self._kept, []
            return [act, *kept]
        return self._apply(fault, act)

    def _fault_of(self, say: Say) -> LineFault | None:
        counts = dict(self._counts)
        for name in ("any", say.kind):
            self._counts[name] += 1
        return next(
            (
                fault
                for fault in self._now
                if fault.only in ("any", say.kind)
                and counts[fault.only] == fault.at
                and (fault.kind != "no_ack" or say.kind == "control")
            ),
            None,
        )

    def _apply(self, fault: LineFault, act: Act) -> list[Act]:
        if fault.kind == "coalesce":
            self._glued = act.data
            return []
        if fault.kind == "reorder":
            self._kept.append(act)
            return []
        self._is_mute = fault.kind in _LAST
        return _EFFECTS[fault.kind](act, fault)


def _half(act: Act, _: LineFault) -> list[Act]:
    return [replace(act, data=act.data[: len(act.data) // 2])]


def _later(act: Act, fault: LineFault) -> list[Act]:
    return [replace(act, after_s=act.after_s + fault.seconds)]


_END = Act(is_end=True)
_LAST = frozenset({"stall", "close_before", "close_mid", "close_after"})
"""After these nothing more is said in this conversation."""

_EFFECTS: Mapping[str, Callable[[Act, LineFault], list[Act]]] = {
    "drop": lambda _act, _fault: [],
    "no_ack": lambda _act, _fault: [],
    "stall": lambda _act, _fault: [],
    "delay": _later,
    "late": _later,
    "duplicate": lambda act, _fault: [act, Act(act.data)],
    "truncate": _half,
    "split": lambda act, fault: [
        replace(act, data=act.data[:1]),
        Act(act.data[1:], fault.seconds),
    ],
    "corrupt": lambda act, fault: [replace(act, data=_another_byte(act.data, fault.seed))],
    "check": lambda act, _fault: [replace(act, data=act.data[:-1] + bytes((act.data[-1] ^ 1,)))],
    "nak": lambda act, _fault: [replace(act, data=_NAK)],
    "noise": lambda act, fault: [replace(act, data=_noise(fault.seed) + act.data)],
    "close_before": lambda _act, _fault: [_END],
    "close_mid": lambda act, fault: [*_half(act, fault), _END],
    "close_after": lambda act, _fault: [act, _END],
}


def _another_byte(data: bytes, seed: int) -> bytes:
    lots = random.Random(seed)  # noqa: S311 — nothing secret
    at = lots.randrange(len(data))
    flipped = bytearray(data)
    flipped[at] ^= lots.randrange(1, 256)
    return bytes(flipped)


def _noise(seed: int) -> bytes:
    lots = random.Random(seed)  # noqa: S311 — nothing secret
    return bytes(lots.choice(b"\x00\xff\x20\x7f\x80") for _ in range(lots.randrange(1, 9)))
