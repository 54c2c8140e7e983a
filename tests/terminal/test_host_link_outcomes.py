"""A refund over the real host link, and everything that a line can do to it: the outcome, and never a second frame.

The link, its framer and its rules are the real ones; below them is a stream in memory whose time is virtual, and at
its end the emulated host. What goes wrong is data. A kept connection has served a sign-in right before.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from posrefund.dialects.capture import open_capture
from posrefund.engine import Approved, Declined, InDoubt, NotSent, Outcome
from posrefund.errors import LinkClosedError, LinkOpenError
from posrefund.framing import LengthPrefixFramer, frame
from posrefund.link import HostLink, StreamLink
from shop import UNIONPAY, Shop, refund, sale

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from posrefund.errors import Effect

MTI_AT = 11
MONEY = bytes.fromhex("0220")
ANSWER_S = 60
"""The dialect's; whatever comes later is late."""
HANG_UP = None
Chunk = tuple[float, bytes | None]
"""After how many seconds, and what; None is the far end closing the line."""


def at_once(reply: bytes) -> list[Chunk]:
    return [(0, reply)]


@dataclass(frozen=True)
class Fate:
    """What becomes of a refund's connection, its question and its answer.

    Attributes:
        opening: Why it cannot be opened; ``"swallowed"`` takes all of the time first.
        closes_at_once: The far end hangs up before it has read a byte.
        before: Lies on the line before anything was asked.
        takes: After so many bytes of the question the line breaks.
        stalls: The line takes nothing.
        swallows: The line takes everything and loses it.
        answer: What comes of an answer, frame and all.
    """

    opening: str = ""
    closes_at_once: bool = False
    before: bytes = b""
    takes: int | None = None
    stalls: bool = False
    swallows: bool = False
    answer: Callable[[bytes], list[Chunk]] = at_once


CALM = Fate()


class World:
    """A host behind a line, and the time.

    Attributes:
        frames: The money frames that the host has received, whole.
        fate: Of the next refund.
        held: What a gateway puts on the next connection.
    """

    def __init__(self) -> None:
        self.now = 50_000.0
        self.shop: Any = None
        self.frames: list[bytes] = []
        self.fate = CALM
        self.held: list[bytes] = []
        self.opened = 0

    def monotonic(self) -> float:
        return self.now


class Wire:
    """A stream to the host of *world*."""

    name = "wire"

    def __init__(self, world: World) -> None:
        self._world = world
        self.is_open = self.far_closed = False
        self._begin()

    def _begin(self) -> None:
        self.coming: deque[Chunk] = deque()
        self._framer = LengthPrefixFramer()
        self.far_closed = False

    def open(self, timeout_s: float) -> None:
        world, fate = self._world, self._world.fate
        if fate.opening:
            if fate.opening == "swallowed":
                world.now += timeout_s
            raise LinkOpenError(f"wire: {fate.opening}")
        self._begin()
        self.is_open = True
        world.opened += 1
        self.coming.extend((world.now, held) for held in world.held)
        world.held = []
        self.suffer(fate)

    def suffer(self, fate: Fate) -> None:
        """What *fate* does to a line before anything is asked on it."""
        self.far_closed = self.far_closed or fate.closes_at_once or bool(fate.opening)
        if fate.before:
            self.coming.append((self._world.now, fate.before))

    def write(self, data: bytes, deadline: float) -> None:
        self._expect_open("nothing_sent")
        is_money = data[2 + MTI_AT :].startswith(MONEY)
        fate = self._world.fate if is_money else CALM
        if fate.stalls:
            self._world.now = deadline
            raise LinkClosedError("the line took no more in time", effect="nothing_sent")
        if not fate.swallows:
            self._carry(data[: fate.takes], fate)
        if fate.takes is not None:
            raise LinkClosedError(
                "sending failed", effect="in_doubt" if fate.takes else "nothing_sent"
            )

    def _carry(self, data: bytes, fate: Fate) -> None:
        for message in self._framer.feed(data):
            if message[MTI_AT:].startswith(MONEY):
                self._world.frames.append(message)
            for reply in self._world.shop.host.respond(message).replies:
                now = self._world.now
                self.coming.extend((now + after, what) for after, what in fate.answer(frame(reply)))

    def read_some(self, deadline: float) -> bytes:
        self._expect_open("in_doubt")
        world = self._world
        if self.coming and self.coming[0][0] <= max(deadline, world.now):
            at, chunk = self.coming.popleft()
            world.now = max(world.now, at)
            if chunk is not HANG_UP:
                return chunk
            self.far_closed = True
        if self.far_closed:
            raise LinkClosedError("the other side closed the line", effect="in_doubt")
        world.now = max(world.now, deadline)
        return b""

    def peer_closed(self) -> bool:
        self._expect_open("nothing_sent")
        arrived = [chunk for at, chunk in self.coming if at <= self._world.now]
        return HANG_UP in arrived[:1] or (self.far_closed and not arrived)

    def _expect_open(self, effect: Effect) -> None:
        if not self.is_open:
            raise LinkClosedError("the link is not open", effect=effect)

    def cancel(self) -> None:
        self.is_open = False

    def close(self) -> None:
        self.is_open = False
        self._begin()


@dataclass
class Till:
    """A shop at 10:00 of the day after the sales S-1 to S-6 of ¥128.00, signed in over the line under test."""

    shop: Shop
    world: World
    wire: Wire
    link: HostLink

    def refund(
        self, request_id: str = "R-1", fate: Fate = CALM, of: str = "S-1", minor: int = 100
    ) -> Outcome:
        self.world.fate = fate
        if self.wire.is_open:
            self.wire.suffer(fate)
        try:
            return self.shop.terminal.refund(refund(request_id, of, minor))
        finally:
            self.world.fate = CALM

    def status(self, request_id: str) -> Outcome:
        outcome = self.shop.terminal.status(request_id)
        assert outcome is not None
        return outcome


@contextmanager
def opened_till(folder: Path, keep_open_s: float) -> Iterator[Till]:
    world, shop = World(), Shop(folder)
    for number in range(1, 7):
        shop.terminal.sale(sale(f"S-{number}", 12_800))
    wire = Wire(world)
    link = HostLink([StreamLink(wire)], keep_open_s=keep_open_s, chance=lambda: 0.0)

    def pass_by(seconds: float) -> None:
        world.now += seconds

    world.shop, shop.other_link = shop, link
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "monotonic", world.monotonic)
        patch.setattr(link, "_pause", pass_by)
        shop.restart()
        shop.to(1, 10)
        assert wire.is_open == bool(keep_open_s)
        yield Till(shop, world, wire, link)
        shop.terminal.close()


@pytest.fixture
def till(tmp_path: Path, keep_open_s: float) -> Iterator[Till]:
    with opened_till(tmp_path, keep_open_s) as till:
        yield till


with_and_without_keeping = pytest.mark.parametrize("keep_open_s", [0, 300], ids=["fresh", "kept"])


# --- what a line can do to an answer -------------------------------------------------------------

NOISE = b"\xff\xfe\xfd\xfc"
NAK, EOT = b"\x15", b"\x04"


def in_pieces(reply: bytes) -> list[Chunk]:
    return [(number / 100, bytes([byte])) for number, byte in enumerate(reply)]


def too_slow(reply: bytes) -> list[Chunk]:
    return [(number, bytes([byte])) for number, byte in enumerate(reply)]


def late(reply: bytes) -> list[Chunk]:
    return [(ANSWER_S + 5, reply)]


def framed(message: bytes) -> bytes:
    return len(message).to_bytes(2, "big") + message


def of_another(reply: bytes) -> bytes:
    """The same answer under a STAN that nobody has used."""
    fields = {**open_capture(reply[2:], UNIONPAY).fields, "11": "654321"}
    return framed(reply[2 : 2 + MTI_AT] + UNIONPAY.codec.encode(fields))


Expected = tuple[type, str]
"""An outcome and its reason."""
NO_REPLY, CLOSED, UNREADABLE = (
    (InDoubt, reason) for reason in ("no_reply", "closed", "unreadable")
)
UNREACHABLE, NOTHING_LEFT = ((NotSent, reason) for reason in ("unreachable", "closed"))
YES: Expected = (Approved, "")

# name, fate, outcome on a fresh line, outcome on a kept one, money frames that arrive on a fresh line, on a kept one
BEFORE_IT_LEFT: list[tuple[str, Fate, Expected, Expected, int, int]] = [
    ("refused", Fate(opening="refused"), UNREACHABLE, UNREACHABLE, 0, 0),
    ("times out while opening", Fate(opening="swallowed"), UNREACHABLE, UNREACHABLE, 0, 0),
    # a kept line that is closed is opened anew, and that one is closed at once, too
    ("closes at once", Fate(closes_at_once=True), NOTHING_LEFT, NOTHING_LEFT, 0, 0),
    ("breaks before the first byte", Fate(takes=0), NOTHING_LEFT, NOTHING_LEFT, 0, 0),
    ("breaks after the first byte", Fate(takes=1), CLOSED, CLOSED, 0, 0),
    ("breaks before the last byte", Fate(takes=-1), CLOSED, CLOSED, 0, 0),
    ("stalls", Fate(stalls=True), NOTHING_LEFT, NOTHING_LEFT, 0, 0),
    ("half-open", Fate(swallows=True), NO_REPLY, NO_REPLY, 0, 0),
    ("garbage was there", Fate(before=NOISE), UNREADABLE, UNREADABLE, 1, 1),
    ("a NAK was there", Fate(before=NAK), UNREADABLE, UNREADABLE, 1, 1),
    ("an EOT was there", Fate(before=EOT), NO_REPLY, NO_REPLY, 1, 1),
    ("half a frame was there", Fate(before=b"\x00\x40half"), UNREADABLE, UNREADABLE, 1, 1),
]
AFTER_IT_LEFT: list[tuple[str, Fate, Expected]] = [
    ("closes before the answer", Fate(answer=lambda _: [(1, HANG_UP)]), CLOSED),
    ("closes within it", Fate(answer=lambda it: [(1, it[:40]), (1, HANG_UP)]), CLOSED),
    ("closes within its length", Fate(answer=lambda it: [(1, it[:1]), (1, HANG_UP)]), CLOSED),
    ("closes after it", Fate(answer=lambda it: [(1, it), (1, HANG_UP)]), YES),
    ("silence", Fate(answer=lambda _: []), NO_REPLY),
    ("late", Fate(answer=late), NO_REPLY),
    ("garbage", Fate(answer=lambda _: [(1, NOISE)]), UNREADABLE),
    ("garbage in a frame", Fate(answer=lambda _: [(1, framed(NOISE))]), UNREADABLE),
    ("garbage, then the answer", Fate(answer=lambda it: [(1, NOISE + it)]), UNREADABLE),
    ("truncated frame", Fate(answer=lambda it: [(1, it[:-1])]), NO_REPLY),
    ("frame of a truncated answer", Fate(answer=lambda it: [(1, framed(it[2:-9]))]), UNREADABLE),
    ("twice", Fate(answer=lambda it: [(1, it), (2, it)]), YES),
    ("twice in one piece", Fate(answer=lambda it: [(1, it + it)]), YES),
    ("a stranger's before it", Fate(answer=lambda it: [(1, of_another(it) + it)]), YES),
    ("a stranger's alone", Fate(answer=lambda it: [(1, of_another(it))]), NO_REPLY),
    ("split", Fate(answer=in_pieces), YES),
    ("trickles too slowly", Fate(answer=too_slow), NO_REPLY),
    ("stalls within it", Fate(answer=lambda it: [(1, it[:40]), (ANSWER_S + 5, it[40:])]), NO_REPLY),
    ("keep-alives, then the answer", Fate(answer=lambda it: [(1, b"\0\0" * 3), (2, it)]), YES),
    ("a NAK", Fate(answer=lambda _: [(1, NAK)]), NO_REPLY),
    ("a NAK, then the answer", Fate(answer=lambda it: [(1, NAK + it)]), UNREADABLE),
    ("an EOT, then the answer", Fate(answer=lambda it: [(1, EOT + it)]), NO_REPLY),
]


def seen(outcome: Outcome) -> Expected:
    return type(outcome), outcome.reason if isinstance(outcome, InDoubt | NotSent) else ""


def ends_well(till: Till, outcome: Outcome) -> None:
    """Asked again, also by a restarted terminal, the same is said and nothing leaves, until a person or a file decides."""
    frames = len(till.world.frames)
    if not isinstance(outcome, NotSent):
        assert till.refund() == outcome
        till.shop.restart()
        assert till.refund() == outcome
    assert len(till.world.frames) == frames
    till.shop.settle(1)
    final = till.shop.terminal.status("R-1")
    assert isinstance(final, Approved) == bool(till.shop.booked("refund"))
    assert till.shop.booked("refund") in ([], [100])


@with_and_without_keeping
@pytest.mark.parametrize(
    ("fate", "fresh", "kept", "frames_fresh", "frames_kept"),
    [pytest.param(*row[1:], id=row[0]) for row in BEFORE_IT_LEFT],
)
def test_what_goes_wrong_before_the_money_frame_has_left(
    till: Till,
    keep_open_s: float,
    fate: Fate,
    fresh: Expected,
    kept: Expected,
    frames_fresh: int,
    frames_kept: int,
) -> None:
    outcome = till.refund(fate=fate)

    assert seen(outcome) == (kept if keep_open_s else fresh)
    assert len(till.world.frames) == (frames_kept if keep_open_s else frames_fresh)
    assert not till.wire.is_open
    ends_well(till, outcome)


@with_and_without_keeping
@pytest.mark.parametrize(
    ("fate", "expected"), [pytest.param(*row[1:], id=row[0]) for row in AFTER_IT_LEFT]
)
def test_what_goes_wrong_after_the_money_frame_has_left(
    till: Till, keep_open_s: float, fate: Fate, expected: Expected
) -> None:
    opened = till.world.opened
    outcome = till.refund(fate=fate)

    assert seen(outcome) == expected
    assert len(till.world.frames) == 1
    assert till.world.opened - opened == (0 if keep_open_s else 1)
    ends_well(till, outcome)


@with_and_without_keeping
@pytest.mark.parametrize(
    "fate",
    [pytest.param(fate, id=name) for name, fate, expected in AFTER_IT_LEFT if expected == YES],
)
def test_no_of_the_host_is_a_no_wherever_a_yes_would_be_a_yes(till: Till, fate: Fate) -> None:
    till.shop.fault("code", code="51")
    outcome = till.refund(fate=fate)

    assert isinstance(outcome, Declined)
    assert (outcome.code, outcome.authenticated) == ("51", False)
    assert till.refund() == outcome
    assert len(till.world.frames) == 1
    assert till.shop.booked("refund") == []


# --- a kept line, and answers of another exchange --------------------------------------------------

kept = pytest.mark.parametrize("keep_open_s", [300], ids=["kept"])


@kept
def test_clean_refunds_share_one_connection(till: Till) -> None:
    opened = till.world.opened
    outcomes = [till.refund(f"R-{number}", of=f"S-{number}") for number in range(1, 7)]

    assert all(isinstance(outcome, Approved) for outcome in outcomes)
    assert till.world.opened == opened
    assert till.link.seen().reused == 6
    assert len(till.world.frames) == len(set(till.world.frames)) == 6


KEEPS = {
    "split",
    "keep-alives, then the answer",
    # One message for one question; that it is a bad one only the engine knows. See the next test but two.
    "garbage in a frame",
    "frame of a truncated answer",
}


@kept
@pytest.mark.parametrize(
    ("fate", "is_kept"), [pytest.param(row[1], row[0] in KEEPS, id=row[0]) for row in AFTER_IT_LEFT]
)
def test_line_is_kept_only_after_a_clean_end(till: Till, fate: Fate, is_kept: bool) -> None:
    """What is late is on a line that is closed; of "twice" the second copy lay there unread."""
    till.refund(fate=fate)
    opened = till.world.opened
    till.world.now += 2

    assert isinstance(till.refund("R-2", of="S-2"), Approved)
    assert till.world.opened == opened + (not is_kept)
    assert len(till.world.frames) == 2


@kept
def test_second_copy_that_came_meanwhile_is_found_and_counted(till: Till) -> None:
    till.refund(fate=Fate(answer=lambda it: [(1, it), (3, it)]))
    assert till.wire.is_open
    till.world.now += 10
    opened = till.world.opened

    assert isinstance(till.refund("R-2", of="S-2"), Approved)
    assert till.world.opened == opened + 1
    assert till.link.seen().unfit["unread"] == 1


@kept
@pytest.mark.parametrize("first", ["yes", "no"])
@pytest.mark.parametrize("second", ["yes", "no", "silence"])
def test_second_copy_that_comes_behind_the_look_is_not_the_next_ones_answer(
    till: Till, first: str, second: str
) -> None:
    """The worst moment: the kept line was clean when it was looked at. Amount and card are the same."""
    copies: list[bytes] = []

    def keep_a_copy(reply: bytes) -> list[Chunk]:
        copies.append(reply)
        return [(1, reply)]

    def behind_the_copy(reply: bytes) -> list[Chunk]:
        own: list[Chunk] = [] if second == "silence" else [(2, reply)]
        return [(1, copies[0]), *own]

    if first == "no":
        till.shop.fault("code", code="51")
    one = till.refund("R-1", Fate(answer=keep_a_copy))
    if second == "no":
        till.shop.fault("code", code="61")
    two = till.refund("R-2", Fate(answer=behind_the_copy), of="S-2")

    assert isinstance(one, Approved if first == "yes" else Declined)
    assert till.status("R-1") == one
    wanted = {"yes": Approved, "no": Declined, "silence": InDoubt}[second]
    assert isinstance(two, wanted)
    if isinstance(two, Declined):
        assert two.code == "61"
    assert len(till.world.frames) == 2
    assert not till.wire.is_open  # two answers, or none of its own


@kept
@pytest.mark.parametrize("moment", ["before the look", "behind it"])
def test_true_answer_that_follows_a_bad_one_finds_its_own_refund(till: Till, moment: str) -> None:
    """The line was kept, for the link cannot tell a bad message from a good one; the engine can."""
    true: list[bytes] = []

    def bad_first(reply: bytes) -> list[Chunk]:
        true.append(reply)
        return [(1, framed(NOISE)), *([(2, reply)] if moment == "before the look" else [])]

    def true_one_first(reply: bytes) -> list[Chunk]:
        return [*([(1, true[0])] if moment == "behind it" else []), (2, reply)]

    assert seen(till.refund("R-1", Fate(answer=bad_first))) == UNREADABLE
    till.world.now += 5
    two = till.refund("R-2", Fate(answer=true_one_first), of="S-2")

    assert isinstance(two, Approved)
    assert isinstance(till.status("R-1"), Approved if moment == "behind it" else InDoubt)
    assert len(till.world.frames) == 2


@with_and_without_keeping
@pytest.mark.parametrize("first", ["yes", "no"])
@pytest.mark.parametrize("second", ["yes", "no", "silence"])
def test_late_answer_that_a_gateway_puts_on_the_next_line_is_not_the_next_ones(
    till: Till, first: str, second: str
) -> None:
    """The doubt it answers takes a signed yes; an unsigned no on another line proves nothing to anybody."""

    def hold(reply: bytes) -> list[Chunk]:
        till.world.held.append(reply)
        return []

    if first == "no":
        till.shop.fault("code", code="51")
    assert seen(till.refund("R-1", Fate(answer=hold))) == NO_REPLY
    if second == "no":
        till.shop.fault("code", code="61")
    fate = CALM if second != "silence" else Fate(answer=lambda _: [])
    two = till.refund("R-2", fate, of="S-2")

    assert isinstance(till.status("R-1"), Approved if first == "yes" else InDoubt)
    wanted = {"yes": Approved, "no": Declined, "silence": InDoubt}[second]
    assert isinstance(two, wanted)
    if isinstance(two, Declined):
        assert two.code == "61"
    assert len(till.world.frames) == 2
    assert not till.wire.is_open


# --- every byte ------------------------------------------------------------------------------------


@kept
def test_no_byte_of_an_approving_frame_can_be_changed_into_another_approval(till: Till) -> None:
    """Length, message and MAC. TPDU and header stand outside the MAC and say nothing about money."""
    envelope = range(2, 2 + MTI_AT)
    size = at = 0
    while at <= size:
        changed: list[int] = []

        def flip(reply: bytes, at: int = at, changed: list[int] = changed) -> list[Chunk]:
            changed.append(len(reply))
            bits = (0x01, 0x80, 0xFF)[at % 3]
            return [(1, reply[:at] + bytes([reply[at] ^ bits]) + reply[at + 1 :])]

        outcome = till.refund(f"R-{at}", Fate(answer=flip), minor=1)
        assert isinstance(outcome, InDoubt) or at in envelope, at
        till.shop.settle(1)
        assert isinstance(till.status(f"R-{at}"), Approved)
        [length] = changed
        size, at = length - 1, at + 1
    assert len(till.world.frames) == size + 1
    assert till.shop.booked("refund") == [1] * (size + 1)


# --- any weather -----------------------------------------------------------------------------------

ANY_FATE = st.sampled_from(
    [*(row[1] for row in BEFORE_IT_LEFT), *(row[1] for row in AFTER_IT_LEFT), CALM, CALM]
)


@pytest.mark.slow
@given(
    keep_open_s=st.sampled_from([0, 300]),
    days=st.lists(
        st.tuples(ANY_FATE, st.booleans(), st.booleans(), st.floats(0, 400)),
        min_size=1,
        max_size=6,
    ),
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_in_any_weather_each_refund_leaves_once_and_no_outcome_lies(
    keep_open_s: float, days: list[tuple[Fate, bool, bool, float]]
) -> None:
    """Fates one after the other, a host that says no now and then, a gateway that brings old answers."""
    with TemporaryDirectory() as folder, opened_till(Path(folder), keep_open_s) as till:
        replies: list[bytes] = []
        for number, (fate, declines, brings, idle_s) in enumerate(days, start=1):
            till.world.now += idle_s
            if brings:
                till.world.held = replies[-2:]
            if declines:
                till.shop.fault("code", code="51")

            def listen(reply: bytes, fate: Fate = fate) -> list[Chunk]:
                replies.append(reply)
                return fate.answer(reply)

            till.refund(f"R-{number}", replace(fate, answer=listen), of=f"S-{number}")
            till.shop.host.faults.clear()
            assert len(till.world.frames) <= number
        booked = Counter(
            entry.stan for entry in till.shop.host.ledger.entries() if entry.kind == "refund"
        )
        for number in range(1, len(days) + 1):
            outcome = till.status(f"R-{number}")
            times = booked[outcome.attempt.stan]
            assert times <= 1
            assert not (isinstance(outcome, Approved) and not times), outcome
            assert not (isinstance(outcome, Declined | NotSent) and times), outcome
        left = Counter(
            open_capture(message, UNIONPAY).fields["11"] for message in till.world.frames
        )
        assert set(left.values()) <= {1}
