"""A link with several addresses, over streams that a test scripts and a clock that it moves."""

from __future__ import annotations

import errno
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext, suppress
from typing import Any

import pytest

from link.lines import LONG_S
from posrefund.errors import (
    ConfigError,
    FramingError,
    LinkClosedError,
    LinkOpenError,
    LinkTimeoutError,
)
from posrefund.framing import LengthPrefix, LengthPrefixFramer
from posrefund.link import BackOff, HostLink, Link, StreamLink, TCPLink, TCPStream

QUESTION, ANSWER = b"\x00\x08question", b"\x00\x06answer"
DOWN = "no connection: Connection refused"


class World:
    """The time, and everything that happened in it."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.seen: list[str] = []
        self.pauses: list[float] = []


class Scripted:
    """A stream whose far end is a script.

    Attributes:
        openings: What becomes of each: empty for a connection, a reason, or ``"swallows"`` for no answer until the time is up.
            Connections, when it is used up.
        comes: What is on the line now.
        far_closed: The far end has closed it.
        left: What was written on the last connection.
    """

    def __init__(self, world: World, name: str, openings: Sequence[str] = ()) -> None:
        self.world, self.name = world, name
        self.openings = list(openings)
        self.comes: list[bytes] = []
        self.far_closed = False
        self.left = b""
        self.answers: list[list[bytes]] = []
        self.is_open = False
        self.write_fails = False

    def open(self, timeout_s: float) -> None:
        self.close()
        self.world.seen.append(f"{self.name} {timeout_s:g}")
        fate = self.openings.pop(0) if self.openings else ""
        if fate == "swallows":
            self.world.now += timeout_s
        if fate:
            raise LinkOpenError(f"{self.name}: {fate}")
        self.is_open, self.far_closed, self.left, self.comes = True, False, b"", []

    def write(self, data: bytes, deadline: float) -> None:
        assert self.is_open
        if self.write_fails:
            raise LinkClosedError("sending failed", effect="nothing_sent")
        self.left += data
        if self.answers:
            self.comes += self.answers.pop(0)

    def read_some(self, deadline: float) -> bytes:
        if not self.is_open:
            raise LinkClosedError("the link is not open", effect="in_doubt")
        if self.comes:
            return self.comes.pop(0)
        if self.far_closed:
            raise LinkClosedError("the other side closed the line", effect="in_doubt")
        return b""

    def peer_closed(self) -> bool:
        if not self.is_open:
            raise LinkClosedError("the link is not open", effect="nothing_sent")
        return self.far_closed and not self.comes

    def cancel(self) -> None:
        self.is_open = False

    def close(self) -> None:
        if self.is_open:
            self.world.seen.append(f"{self.name} closed")
        self.is_open = False


class Timed(HostLink):
    """It lives in a world of its own time."""

    world: World

    def _now(self) -> float:
        return self.world.now

    def _pause(self, seconds: float) -> None:
        self.world.pauses.append(seconds)
        self.world.now += seconds


def link_to(
    *streams: Scripted, prefix: LengthPrefix | None = None, **settings: Any
) -> tuple[Timed, World]:
    links = [StreamLink(stream, lambda: LengthPrefixFramer(prefix)) for stream in streams]
    made = Timed(links, **{"chance": lambda: 0.0, **settings})
    made.world = streams[0].world
    return made, made.world


def exchange(link: HostLink, stream: Scripted, *answers: bytes) -> bytes:
    """One question and its answer, as a terminal does it."""
    link.open(10)
    stream.answers = [list(answers)]
    try:
        link.send(b"question")
        return link.receive(0)
    finally:
        link.close()


# --- addresses ---------------------------------------------------------------------------------


def test_next_address_is_dialled_when_one_does_not_answer_and_stays_the_first() -> None:
    world = World()
    one, two = Scripted(world, "one", ["swallows"]), Scripted(world, "two")
    link, _ = link_to(one, two)

    assert exchange(link, two, ANSWER) == b"answer"
    assert exchange(link, two, ANSWER) == b"answer"
    assert world.seen == ["one 5", "two 5", "two closed", "two 5", "two closed"]
    assert (one.left, two.left) == (b"", QUESTION)


def test_preferred_address_is_dialled_again_when_the_other_fails() -> None:
    world = World()
    one, two = Scripted(world, "one", [DOWN]), Scripted(world, "two", ["", DOWN])
    link, _ = link_to(one, two)
    exchange(link, two, ANSWER)
    world.seen.clear()

    assert exchange(link, one, ANSWER) == b"answer"
    assert world.seen == ["two 5", "one 10", "one closed"]


def test_opening_that_fails_everywhere_says_why_for_each_and_sends_nothing() -> None:
    world = World()
    one, two = Scripted(world, "one", ["swallows"] * 9), Scripted(world, "two", [DOWN] * 9)
    link, _ = link_to(one, two, back_off=BackOff(first_s=1, tries=2))

    with pytest.raises(LinkOpenError) as refused:
        link.open(12)
    assert str(refused.value) == f"one: swallows; two: {DOWN}"
    assert refused.value.effect == "nothing_sent"
    assert world.seen == ["one 6", "two 6", "one 2.5", "two 2.5"]
    assert world.now <= 1012
    assert world.pauses == [1.0]
    assert [(at.opened, at.failed, at.last_reason) for at in link.seen().addresses] == [
        (0, 2, "one: swallows"),
        (0, 2, f"two: {DOWN}"),
    ]


def test_line_that_failed_to_open_sends_nothing_afterwards() -> None:
    world = World()
    link, _ = link_to(Scripted(world, "one", [DOWN] * 9), back_off=BackOff(tries=1))
    with pytest.raises(LinkOpenError):
        link.open(1)

    with pytest.raises(LinkClosedError) as sent:
        link.send(b"question")
    with pytest.raises(LinkClosedError) as heard:
        link.receive(1)
    link.close()
    assert (sent.value.effect, heard.value.effect) == ("nothing_sent", "in_doubt")


def test_host_that_comes_back_is_found_in_a_later_round() -> None:
    world = World()
    stream = Scripted(world, "one", [DOWN, DOWN])
    link, _ = link_to(stream, back_off=BackOff(first_s=1, factor=2, tries=3))

    assert exchange(link, stream, ANSWER) == b"answer"
    assert world.pauses == [1.0, 2.0]
    assert link.seen().addresses[0].opened == 1


def test_link_without_an_address_is_refused() -> None:
    with pytest.raises(ConfigError):
        HostLink([])


# --- kept connections --------------------------------------------------------------------------


@pytest.fixture
def kept() -> tuple[Timed, Scripted, World]:
    """A link whose connection has served one exchange well and lies idle."""
    world = World()
    stream = Scripted(world, "one")
    link, _ = link_to(stream, keep_open_s=30)
    assert exchange(link, stream, ANSWER) == b"answer"
    assert world.seen == ["one 10"]
    return link, stream, world


def test_clean_connection_serves_again(kept: tuple[Timed, Scripted, World]) -> None:
    link, stream, world = kept
    world.now += 29.9

    assert exchange(link, stream, ANSWER) == b"answer"
    assert world.seen == ["one 10"]
    assert stream.left == QUESTION * 2
    assert link.seen().reused == 1


def grow_old(stream: Scripted, world: World) -> None:
    world.now += 30


def hang_up(stream: Scripted, world: World) -> None:
    stream.far_closed = True


def come_late(stream: Scripted, world: World) -> None:
    stream.comes.append(ANSWER)


def come_in_half(stream: Scripted, world: World) -> None:
    stream.comes.append(ANSWER[:1])


def come_as_noise(stream: Scripted, world: World) -> None:
    stream.comes.append(b"\xff\xff\x15")


def come_and_hang_up(stream: Scripted, world: World) -> None:
    stream.comes.append(ANSWER)
    stream.far_closed = True


@pytest.mark.parametrize(
    ("meanwhile", "why"),
    [
        (grow_old, "idle"),
        (hang_up, "closed"),
        (come_late, "unread"),
        (come_in_half, "unread"),
        (come_as_noise, "unread"),
        (come_and_hang_up, "closed"),
    ],
)
def test_kept_connection_that_is_not_fit_is_closed_and_opened_afresh(
    kept: tuple[Timed, Scripted, World],
    meanwhile: Callable[[Scripted, World], None],
    why: str,
) -> None:
    link, stream, world = kept
    meanwhile(stream, world)

    assert exchange(link, stream, b"\x00\x05other") == b"other"
    assert world.seen == ["one 10", "one closed", "one 10"]
    assert stream.left == QUESTION  # nothing on the old one
    assert link.seen().unfit == {why: 1}


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        ([], LinkTimeoutError),
        ([ANSWER[:4]], LinkTimeoutError),
        ([b"\xff\xff"], FramingError),
        ([ANSWER, ANSWER], None),
        ([ANSWER + ANSWER], None),
        ([ANSWER + b"\x00"], None),
    ],
    ids=["silence", "half", "garbage", "twice", "coalesced", "more"],
)
def test_exchange_that_did_not_end_clean_ends_its_connection(
    answers: list[bytes], error: type[Exception] | None
) -> None:
    world = World()
    stream = Scripted(world, "one")
    link, _ = link_to(stream, keep_open_s=30)
    with pytest.raises(error) if error else nullcontext():
        exchange(link, stream, *answers)

    assert world.seen == ["one 10", "one closed"]
    assert link.seen().reused == 0


def test_question_left_open_ends_the_connection(kept: tuple[Timed, Scripted, World]) -> None:
    """A Ctrl-C between question and answer, say."""
    link, _, world = kept
    link.open(10)
    link.send(b"question")
    link.close()

    assert world.seen == ["one 10", "one closed"]


def test_send_that_fails_ends_the_connection_and_is_not_made_again(
    kept: tuple[Timed, Scripted, World],
) -> None:
    link, stream, world = kept
    link.open(10)
    stream.write_fails = True
    with pytest.raises(LinkClosedError) as failed:
        link.send(b"question")
    link.close()

    assert failed.value.effect == "nothing_sent"
    assert stream.left == QUESTION
    assert world.seen == ["one 10", "one closed"]


def test_connection_is_not_kept_unless_somebody_asked_for_it() -> None:
    world = World()
    stream = Scripted(world, "one")
    link, _ = link_to(stream)
    exchange(link, stream, ANSWER)

    assert world.seen == ["one 10", "one closed"]


def test_close_between_exchanges_hangs_up(kept: tuple[Timed, Scripted, World]) -> None:
    link, _, world = kept
    link.close()
    link.close()

    assert world.seen == ["one 10", "one closed"]


def test_open_within_an_exchange_ends_it_first(kept: tuple[Timed, Scripted, World]) -> None:
    link, _, world = kept
    link.open(10)
    link.send(b"question")
    link.open(10)

    assert world.seen == ["one 10", "one closed", "one 10"]


# --- keep-alives ---------------------------------------------------------------------------------

TELLS = LengthPrefix(size=4, encoding="ascii", keep_alive="tell")


def kept_in_digits() -> tuple[Timed, Scripted, World]:
    world = World()
    stream = Scripted(world, "one")
    link, _ = link_to(stream, keep_open_s=30, prefix=TELLS)
    assert exchange(link, stream, b"0006answer") == b"answer"
    stream.left = b""
    return link, stream, world


def test_keep_alive_goes_out_and_makes_the_connection_young() -> None:
    link, stream, world = kept_in_digits()
    for _ in range(3):
        world.now += 20
        assert link.keep_alive(world.now)
        stream.comes.append(b"0000")
    world.now += 20

    assert exchange(link, stream, b"0005other") == b"other"
    assert stream.left == b"0000" * 3 + b"0008question"  # echoes of ours are not echoed
    assert world.seen == ["one 10"]


def test_keep_alive_of_the_host_is_answered_with_the_same_and_is_nothing_unread() -> None:
    link, stream, world = kept_in_digits()
    stream.comes.append(b"0000")

    assert exchange(link, stream, b"00000005other") == b"other"
    assert stream.left == b"0000" + b"0008question" + b"0000"
    assert world.seen == ["one 10"]


def test_keep_alive_that_cannot_be_answered_says_nothing_about_the_question() -> None:
    link, stream, _ = kept_in_digits()
    link.open(10)
    link.send(b"question")
    stream.comes.append(b"0000")
    stream.write_fails = True

    with pytest.raises(LinkClosedError) as failed:
        link.receive(0)
    assert failed.value.effect == "in_doubt"


def test_keep_alive_without_a_frame_for_it_writes_nothing_and_ages(
    kept: tuple[Timed, Scripted, World],
) -> None:
    link, stream, world = kept
    world.now += 29
    assert link.keep_alive(world.now)
    world.now += 1

    assert not link.keep_alive(world.now)
    assert stream.left == QUESTION
    assert world.seen == ["one 10", "one closed"]


def test_keep_alive_closes_what_the_host_has_closed_or_does_not_take() -> None:
    for break_it in ("far_closed", "write_fails"):
        link, stream, world = kept_in_digits()
        setattr(stream, break_it, True)

        assert not link.keep_alive(world.now)
        assert world.seen == ["one 10", "one closed"]


def test_keep_alive_stays_out_of_an_exchange() -> None:
    link, stream, world = kept_in_digits()
    assert not link_to(Scripted(World(), "one"))[0].keep_alive(0)
    link.open(10)

    assert not link.keep_alive(world.now)
    assert stream.left == b""


# --- signing on ----------------------------------------------------------------------------------


def test_sign_on_comes_once_for_each_connection_before_its_first_message() -> None:
    world = World()
    stream = Scripted(world, "one")

    def sign_on(link: Link) -> None:
        link.open(99)
        link.send(b"hello")
        assert link.receive(99) == b"hi"
        link.close()

    link, _ = link_to(stream, keep_open_s=30, sign_on=sign_on)
    stream.answers = [[b"\x00\x02hi"], [ANSWER], [ANSWER]]
    for _ in range(2):
        link.open(10)
        link.send(b"question")
        assert link.receive(0) == b"answer"
        link.close()

    assert stream.left == b"\x00\x05hello" + QUESTION * 2
    assert world.seen == ["one 10"]


def ask_and_go(link: Link) -> None:
    link.send(b"hello")


def wait_in_vain(link: Link) -> None:
    link.send(b"hello")
    link.receive(0)


def stumble(_: Link) -> None:
    raise ValueError("4111 and more of it")


@pytest.mark.parametrize(
    ("sign_on", "words"),
    [
        (ask_and_go, "left a question open"),
        (wait_in_vain, "the sign-on failed: no answer in time"),
        (stumble, "the sign-on failed: ValueError"),
    ],
)
def test_sign_on_that_fails_opens_nothing_and_the_next_address_is_tried(
    sign_on: Callable[[Link], None], words: str
) -> None:
    world = World()
    one, two = Scripted(world, "one"), Scripted(world, "two")
    link, _ = link_to(one, two, sign_on=sign_on, back_off=BackOff(tries=1))

    with pytest.raises(LinkOpenError) as refused:
        link.open(10)
    assert words in str(refused.value)
    assert "4111" not in str(refused.value)
    assert refused.value.effect == "nothing_sent"
    assert world.seen == ["one 5", "one closed", "two 10", "two closed"]
    assert QUESTION not in one.left + two.left


def test_sign_on_waits_no_longer_than_the_opening() -> None:
    world = World()
    stream = Scripted(world, "one")
    heard: list[float] = []

    class Listening(StreamLink):
        def receive(self, timeout_s: float) -> bytes:
            heard.append(timeout_s)
            return b"hi"

    def sign_on(link: Link) -> None:
        link.send(b"hello")
        world.now += 4
        link.receive(60)

    link = Timed([Listening(stream)], sign_on=sign_on)
    link.world = world
    link.open(10)

    assert heard == [6.0]


# --- cancelling ----------------------------------------------------------------------------------


def test_cancel_ends_the_pauses_of_an_opening() -> None:
    world = World()
    stream = Scripted(world, "one", [DOWN] * 99)
    pausing = threading.Event()

    class Watched(HostLink):
        def _pause(self, seconds: float) -> None:
            pausing.set()
            super()._pause(seconds)

    link = Watched(
        [StreamLink(stream)],
        back_off=BackOff(first_s=600, max_s=600, tries=9),
        chance=lambda: 0.0,
    )
    raised: list[LinkOpenError] = []

    def call() -> None:
        with pytest.raises(LinkOpenError) as error:
            link.open(3600)
        raised.append(error.value)

    thread = threading.Thread(target=call, daemon=True)
    thread.start()
    assert pausing.wait(LONG_S)
    link.cancel()
    thread.join(LONG_S)

    assert [str(error) for error in raised] == ["opening was cancelled"]
    assert world.seen == ["one 3600"]


def test_cancel_ends_the_conversation_until_the_next_opening(
    kept: tuple[Timed, Scripted, World],
) -> None:
    link, stream, world = kept
    link.open(10)
    link.cancel()
    with pytest.raises(LinkClosedError) as cancelled:
        link.send(b"question")
    link.close()

    assert cancelled.value.effect == "nothing_sent"
    assert exchange(link, stream, ANSWER) == b"answer"
    assert world.seen == ["one 10", "one 10"]


@pytest.fixture
def nobody_answers(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Every call rings for ever: the kernel of a test machine would not let one. Set when somebody waits for it."""
    ringing = threading.Event()
    full, other = socket.socketpair()
    full.setblocking(False)
    for size in (65_536, 1):
        with suppress(BlockingIOError):
            while True:
                full.send(bytes(size))

    class Deaf(socket.socket):
        is_calling = False

        def connect_ex(self, _: Any) -> int:
            self.is_calling = True
            ringing.set()
            return errno.EINPROGRESS

        def fileno(self) -> int:
            return full.fileno() if self.is_calling else super().fileno()

    monkeypatch.setattr(socket, "socket", Deaf)
    yield ringing
    monkeypatch.undo()
    full.close()
    other.close()


@pytest.mark.parametrize("end", ["cancel", "close"])
def test_call_that_nobody_answers_is_ended_from_another_thread(
    nobody_answers: threading.Event, end: str
) -> None:
    stream = TCPStream("127.0.0.1", 9)
    raised: list[str] = []

    def call() -> None:
        with pytest.raises(LinkOpenError) as error:
            stream.open(3600)
        raised.append(str(error.value))

    thread = threading.Thread(target=call, daemon=True)
    thread.start()
    assert nobody_answers.wait(LONG_S)
    getattr(stream, end)()
    thread.join(LONG_S)

    assert raised == ["127.0.0.1:9: opening was cancelled"]


def test_host_link_is_cancelled_while_it_dials(nobody_answers: threading.Event) -> None:
    link = HostLink([TCPLink("127.0.0.1", 9), TCPLink("127.0.0.1", 10)])
    raised: list[str] = []

    def call() -> None:
        with pytest.raises(LinkOpenError) as error:
            link.open(3600)
        raised.append(str(error.value))

    thread = threading.Thread(target=call, daemon=True)
    thread.start()
    assert nobody_answers.wait(LONG_S)
    link.cancel()
    thread.join(LONG_S)

    assert raised == ["opening was cancelled"]
    assert [at.failed for at in link.seen().addresses] == [1, 0]


@pytest.mark.usefixtures("nobody_answers")
def test_call_that_nobody_answers_ends_in_time() -> None:
    with pytest.raises(LinkOpenError, match=r"no connection to 127\.0\.0\.1:9: timed out"):
        TCPStream("127.0.0.1", 9).open(0.02)


@pytest.mark.parametrize("port", [0, 65_536, 99_999])
def test_port_that_is_none_is_not_another_one(port: int) -> None:
    with pytest.raises(LinkOpenError, match="no address"):
        TCPStream("127.0.0.1", port).open(1)


def test_addresses_over_real_sockets() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(LONG_S)
        port = server.getsockname()[1]
        with socket.socket() as nobody:  # bound, and listening to no one
            nobody.bind(("127.0.0.1", 0))
            nobody_port = nobody.getsockname()[1]
            link = HostLink([TCPLink("127.0.0.1", nobody_port), TCPLink("127.0.0.1", port)])
            link.open(LONG_S)
        far, _ = server.accept()
        with far:
            far.settimeout(LONG_S)
            link.send(b"question")
            assert far.recv(100) == QUESTION
            far.sendall(ANSWER)
            assert link.receive(LONG_S) == b"answer"
        link.close()

    assert [(at.opened, at.failed) for at in link.seen().addresses] == [(0, 1), (1, 0)]
    assert "Connection refused" in link.seen().addresses[0].last_reason
