"""A line that loses, doubles, delays, mixes up, cuts and bends what it carries. Floor 10.

It is a ``Link`` like the one over TCP: a stream of bytes with a length before each message, read through
the real framer, so that a reply may come in pieces. Time is virtual: whoever waits makes it pass.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import TYPE_CHECKING

from posrefund.errors import LinkClosedError, LinkOpenError, LinkTimeoutError
from posrefund.framing import LengthPrefixFramer, frame
from posrefund.testing.simulator.host import mti_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from posrefund.testing.simulator.host import SimulatedHost
    from posrefund.testing.simulator.power import Fuse
    from posrefund.testing.simulator.swarm import Swarm
    from posrefund.testing.simulator.tale import Tale
    from posrefund.testing.simulator.virtual import VirtualTime

__all__ = ["LossyLink", "Wire"]

_TRANSIT_S = 1.0
_WITHIN_S = (2, 50)
_TOO_LATE_S = (61, 600)
_HELD_MAX = 6
_ENVELOPE_BYTES = 11
_MONEY = ("0200", "0220", "0221")
_UPLOAD = "0320"
"""Books without a MAC: a line that bends one is beyond every terminal, so a bent one is dropped as TCP would."""
_ON_THE_WAY_OUT = (
    *("half_open", "lose_request", "delay_request", "duplicate_request"),
    *("flip_request", "truncate_request"),
)
_ON_THE_WAY_BACK = (
    *("lose_reply", "delay_reply", "duplicate_reply", "reorder_reply"),
    *("truncate_reply", "flip_reply", "split_reply", "hang_up"),
)


@dataclass(slots=True)
class Wire:
    """What an impartial ear at the terminal's end of the line has heard.

    Attributes:
        left: Every message of which a byte left, whole, oldest first.
        came: How many messages the terminal was handed that are long enough to be one.
    """

    left: list[bytes]
    came: int = 0


class LossyLink:
    """The line of one world.

    Args:
        random: The seed's.
        time: The world's.
        swarm: What goes wrong.
        host: At the other end.
        fuse: Passed before and after each operation.
        tale: Told what went wrong.

    Attributes:
        wire: What was heard on it.
        on_left: Called when the first byte of a message has left.
        held: Replies that were on the way lately, whether they arrived or not.
    """

    def __init__(
        self,
        random: Random,
        time: VirtualTime,
        swarm: Swarm,
        host: SimulatedHost,
        fuse: Fuse,
        tale: Tale,
    ) -> None:
        self._random, self._time, self._swarm = random, time, swarm
        self._host, self._fuse, self._tale = host, fuse, tale
        self.wire = Wire([])
        self.on_left: Callable[[], None] = lambda: None
        self.held: deque[bytes] = deque(maxlen=_HELD_MAX)
        self._is_ended = False
        self._begin()

    # --- the contract of a link --------------------------------------------------------------

    def open(self, timeout_s: float) -> None:
        """Connect.

        Raises:
            LinkOpenError: Refused, or the host is down.
        """
        self._fuse.hook("before connecting")
        self._begin()
        self._time.wait(_TRANSIT_S)
        is_down = self._time.now < self._host.down_until and not self._swarm.is_calm
        if is_down or self._strikes("refuse_connection"):
            raise LinkOpenError("the simulated host refuses")
        self._is_open = True
        self._fuse.hook("after connecting")

    def send(self, message: bytes) -> None:
        """Send one message once.

        Raises:
            LinkClosedError: The line broke; ``effect`` says whether a byte left.
        """
        self._fuse.hook("before sending")
        if not self._is_open:
            raise LinkClosedError("the link is not open", effect="nothing_sent")
        if self._strikes("cut_before_send"):
            raise LinkClosedError("cut before the first byte", effect="nothing_sent")
        self.wire.left.append(message)
        self._tale.steps += 1
        self.on_left()
        cut = self._swarm.one_of("cut_in_send", "cut_after_send")
        if cut != "cut_in_send":
            self._carry(message)
        if cut:
            self._tale.tell(f"line: {cut}")
            raise LinkClosedError("cut while sending", effect="in_doubt")
        self._fuse.hook("after sending")

    def receive(self, timeout_s: float) -> bytes:
        """Return the next message.

        Raises:
            LinkTimeoutError: None came in time.
            LinkClosedError: The host hung up.
            FramingError: What came is no frame.
        """
        self._fuse.hook("before receiving")
        deadline = self._time.monotonic() + timeout_s
        while not self._ready:
            if not self._arriving or self._arriving[0][0] > deadline:
                self._end_of_waiting(deadline)
            at, _, chunk = heappop(self._arriving)
            self._time.wait(at - self._time.monotonic())
            self._ready.extend(self._framer.feed(chunk))
        message = self._ready.popleft()
        self.wire.came += len(message) >= _ENVELOPE_BYTES
        self._tale.steps += 1
        self._tale.tell(f"line: {mti_of(message)} came")
        self._fuse.hook("after receiving")
        return message

    def close(self) -> None:
        """Hang up; what has not arrived by now never will, here."""
        self._begin()

    # --- what happens to a request -----------------------------------------------------------

    def _carry(self, message: bytes) -> None:
        forgeable = ("forge_yes",) if mti_of(message) in _MONEY else ()
        fate = self._swarm.one_of(*_ON_THE_WAY_OUT, *forgeable)
        self._tale.tell(f"line: {mti_of(message)} left{f', {fate}' if fate else ''}")
        match fate:
            case "half_open" | "lose_request":
                return
            case "delay_request":
                late_s = self._random.randint(*_TOO_LATE_S)
                self._time.later(late_s, lambda: self._deliver_late(message))
            case "duplicate_request":
                self._answer(*self._deliver(message), *self._deliver(message))
            case "flip_request" if mti_of(message) == _UPLOAD:
                return
            case "flip_request":
                self._answer(*self._deliver(self._bent(message)))
            case "truncate_request":
                self._answer(*self._deliver(message[: self._random.randrange(len(message))]))
            case "forge_yes":
                forged = self._host.say_yes_without_booking(message).replies
                self._answer(*(reply[:-1] + bytes([reply[-1] ^ 1]) for reply in forged))
            case _:
                self._answer(*self._deliver(message))

    def _deliver(self, message: bytes) -> tuple[bytes, ...]:
        self._tale.steps += 1
        delivery = self._host.respond(message)
        self._is_ended = self._is_ended or delivery.close
        self.held.extend(delivery.replies)
        return delivery.replies

    def _deliver_late(self, message: bytes) -> None:
        """The conversation is over; its answer may turn up in another one."""
        self._tale.steps += 1
        self._tale.tell(f"line: {mti_of(message)} arrives late")
        self.held.extend(self._host.respond(message).replies)

    # --- what happens to a reply -------------------------------------------------------------

    def _answer(self, *replies: bytes) -> None:
        if self.held and self._strikes(
            "late_reply"
        ):  # one of another conversation, held on the way
            self._arrive(self._random.choice(self.held), _TRANSIT_S)
        for reply in replies:
            self._return(reply)

    def _return(self, reply: bytes) -> None:
        fate = self._swarm.one_of(*_ON_THE_WAY_BACK)
        if fate:
            self._tale.tell(f"line: {mti_of(reply)} back, {fate}")
        if fate == "hang_up":
            self._is_ended = True
        elif fate == "split_reply":
            self._arrive_in_pieces(reply)
        else:
            self._arrive_whole(fate, reply)

    def _arrive_whole(self, fate: str, reply: bytes) -> None:
        match fate:
            case "lose_reply":
                return
            case "delay_reply":
                self._arrive(reply, self._random.randint(*_WITHIN_S))
            case "duplicate_reply":
                self._arrive(reply, _TRANSIT_S)
                self._arrive(reply, _TRANSIT_S)
            case "reorder_reply":
                self._arrive(reply, 2 * _TRANSIT_S)
                self._arrive(self._random.choice(self.held), _TRANSIT_S)
            case "truncate_reply":
                self._arrive(reply[: self._random.randrange(len(reply))], _TRANSIT_S)
            case "flip_reply":
                self._arrive(self._bent(reply), _TRANSIT_S)
            case _:
                self._arrive(reply, _TRANSIT_S)

    def _arrive(self, reply: bytes, after_s: float) -> None:
        if reply:
            self._push(frame(reply), after_s)

    def _arrive_in_pieces(self, reply: bytes) -> None:
        data = frame(reply)
        at = sorted(self._random.randrange(len(data)) for _ in range(3))
        seconds = sorted(self._random.randint(1, 70) for _ in range(4))
        pieces = (data[a:b] for a, b in zip((0, *at), (*at, len(data)), strict=True))
        for piece, after_s in zip(pieces, seconds, strict=True):
            self._push(piece, after_s)

    def _push(self, data: bytes, after_s: float) -> None:
        self._count += 1
        heappush(self._arriving, (self._time.monotonic() + after_s, self._count, data))

    # --- inside ------------------------------------------------------------------------------

    def _begin(self) -> None:
        self._is_open = False
        self._is_ended = False
        self._framer = LengthPrefixFramer()
        self._ready: deque[bytes] = deque()
        self._arriving: list[tuple[float, int, bytes]] = []
        self._count = 0

    def _end_of_waiting(self, deadline: float) -> None:
        """Raise what an empty line gives: the other side has closed it, or nobody says a word."""
        if self._is_ended and not self._arriving:
            raise LinkClosedError("the host closed the line without an answer", effect="in_doubt")
        self._time.wait(deadline - self._time.monotonic())
        raise LinkTimeoutError("no answer in time")

    def _strikes(self, name: str) -> bool:
        strikes = self._swarm.strikes(name)
        if strikes:
            self._tale.tell(f"line: {name}")
        return strikes

    def _bent(self, message: bytes) -> bytes:
        bent = bytearray(message)
        bent[self._random.randrange(len(bent))] ^= 1 << self._random.randrange(8)
        return bytes(bent)
