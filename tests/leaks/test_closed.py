"""The door itself, and the watch that stands before it: it has to see what an open door lets out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Generator, Iterator

import pytest

import canary
from canary import TMK, everything_in, leaks_in
from posrefund.closed import closed, closed_class, wipe
from posrefund.crypto import Key, Purpose
from posrefund.crypto.probe import probe


def inner(secret: bytes) -> bytes:
    spread = [secret, bytearray(secret)]
    try:
        raise KeyError(secret)  # noqa: TRY301
    except KeyError:
        raise ValueError(len(spread))  # noqa: B904 — a context is what this is about


@pytest.mark.parametrize("secret", [*canary.KEYS, *canary.CARDS, canary.PASSPHRASE])
def test_watch_sees_a_secret_in_every_spelling(secret: str | bytes) -> None:
    shown: list[object] = [secret, [secret], {"a": repr(secret)}, (repr([secret]),)]
    if isinstance(secret, bytes):
        shown += [
            bytearray(secret),
            secret.hex(),
            [*secret],
            secret[:8] + b"more",
            b"less" + secret[-8:],
        ]
        shown += [int.from_bytes(secret, "big"), f"{secret.hex().upper()}00"]
    for each in shown:
        assert leaks_in(repr(each))
        assert leaks_in(f"a {each} b".encode())
    assert not leaks_in("no secret at all")


def test_watch_sees_what_an_open_door_lets_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the tests above would say nothing: with the frames as they are, the key stands there."""
    monkeypatch.setattr("canary._TESTS", "nowhere")
    with pytest.raises(ValueError, match="2") as caught:
        inner(TMK)
    assert leaks_in(everything_in(caught.value))

    with pytest.raises(ValueError, match="2") as wiped:
        closed(inner)(TMK)
    assert wiped.value.__cause__ is wiped.value.__context__ is None
    wiped.value.__traceback__ = wiped.value.__traceback__.tb_next  # type: ignore[union-attr]  # reason: ours
    assert leaks_in(everything_in(wiped.value)) == set()


def test_closed_function_keeps_its_name_its_lines_and_its_result() -> None:
    function = closed(inner)
    with pytest.raises(ValueError, match="2") as caught:
        function(secret=TMK)

    assert function.__name__ == "inner"
    assert closed(len)(b"abc") == 3
    assert [entry.name for entry in caught.traceback][-2:] == ["guarded", "inner"]


class Holder:
    """Fails wherever it is touched."""

    limit = 7

    def __init__(self, secret: bytes) -> None:
        if len(secret) < self.limit:
            inner(secret)
        self._secret = secret

    def method(self, secret: bytes) -> bytes:
        return inner(secret)

    @classmethod
    def of(cls, secret: bytes) -> bytes:
        return inner(secret)

    @property
    def value(self) -> bytes:
        """What it holds."""
        return inner(self._secret)

    def _private(self, secret: bytes) -> bytes:
        return inner(secret)


def test_closed_class_fails_with_empty_hands_wherever_it_is_touched() -> None:
    kind = closed_class(Holder)
    held = kind(TMK)
    for act in (
        lambda: kind(TMK[:6]),
        lambda: held.method(TMK),
        lambda: kind.of(TMK),
        lambda: held.value,
    ):
        with pytest.raises(ValueError, match="2") as caught:
            act()
        assert [entry.name for entry in caught.traceback][-1] == "inner"
        assert not caught.traceback[-1].frame.f_locals
        assert not caught.traceback[-2].frame.f_locals
    assert (kind.limit, kind.value.__doc__) == (7, "What it holds.")
    assert kind._private.__code__.co_name == "_private"


def test_wipe_leaves_the_frames_that_still_run() -> None:
    kept = TMK
    try:
        inner(kept)
    except ValueError as error:
        wipe(error)
    assert kept == TMK


class Pair:
    """Properties that are set and deleted, and a function of its own."""

    @property
    def value(self) -> bytes:
        return b""

    @value.setter
    def value(self, secret: bytes) -> None:
        inner(secret)

    @value.deleter
    def value(self) -> None:
        inner(TMK)

    @staticmethod
    def alone(secret: bytes) -> bytes:
        return inner(secret)


def test_closed_class_closes_what_sets_and_deletes_and_static_methods() -> None:
    held = closed_class(Pair)()
    for act in (
        lambda: setattr(held, "value", TMK),
        lambda: delattr(held, "value"),
        lambda: held.alone(TMK),
        lambda: Pair.alone(TMK),
    ):
        with pytest.raises(ValueError, match="2") as caught:
            act()
        assert [entry.name for entry in caught.traceback][-1] == "inner"
        assert not caught.traceback[-1].frame.f_locals
        assert not caught.traceback[-2].frame.f_locals
    assert held.value == b""


class Later:
    """What runs on after its call."""

    def parts(self, secret: bytes) -> Iterator[bytes]:
        yield from ()
        yield inner(secret)

    async def later(self, secret: bytes) -> bytes:
        return inner(secret)


def test_generator_and_coroutine_are_closed_until_their_end() -> None:
    held = closed_class(Later)()
    for act in (lambda: next(iter(held.parts(TMK))), lambda: held.later(TMK).send(None)):
        with pytest.raises(ValueError, match="2") as caught:
            act()
        assert [entry.name for entry in caught.traceback][-1] == "inner"
        assert not caught.traceback[-1].frame.f_locals
        assert not caught.traceback[-2].frame.f_locals
        assert not caught.traceback[-3].frame.f_locals.keys() & {"args", "kwargs"}


@closed
def echo() -> Generator[str, str, str]:
    said = ""
    while said != "over":
        try:
            said = yield said
        except KeyError:
            said = "caught"
    return said


def test_closed_generator_is_sent_to_thrown_at_and_returns_as_it_would_open() -> None:
    talk = echo()
    assert (next(talk), talk.send("a"), talk.throw(KeyError())) == ("", "a", "caught")
    with pytest.raises(StopIteration) as done:
        talk.send("over")
    assert done.value.value == "over"
    begun = echo()
    next(begun)
    begun.close()


async def parts_later(secret: bytes) -> AsyncIterator[int]:
    yield secret[0]


def test_door_that_would_not_close_is_not_built() -> None:
    with pytest.raises(TypeError, match="asynchronous generator"):
        closed(parts_later)
    with pytest.raises(TypeError, match="asynchronous generator"):
        closed_class(type("Odd", (), {"method": parts_later}))


def test_search_for_a_mac_that_is_stopped_leaves_with_empty_hands(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def stop(*_: object) -> bytes:
        raise KeyboardInterrupt

    monkeypatch.setattr("posrefund.crypto.probe.mac", stop)
    found = probe(Key(TMK, Purpose.MAC), canary.CARDS[0].encode(), bytes(4))
    with pytest.raises(KeyboardInterrupt) as caught:
        next(found)
    assert [entry.name for entry in caught.traceback][1:3] == ["_search", "_over"]
    assert leaks_in(everything_in(caught.value)) == set()
