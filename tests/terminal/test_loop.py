"""The loop of a thread: what a step raises, a procedure sees where it was yielded, and an interrupt, too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from posrefund.engine import InDoubt, State
from posrefund.errors import LinkClosedError, LinkOpenError
from posrefund.terminal import loop
from posrefund.terminal.line import Close, Open, Send
from posrefund.terminal.loop import run
from posrefund.testing import MemoryLink
from shop import refund

if TYPE_CHECKING:
    from posrefund.terminal.line import Steps
    from shop import Shop


def test_error_of_a_step_is_raised_where_it_was_yielded_and_may_be_caught() -> None:
    link = MemoryLink.silent()
    link.is_down = True

    def procedure() -> Steps[str]:
        try:
            yield Open(1.0)
        except LinkOpenError:
            yield Close()
        return "not sent"

    assert run(procedure(), link) == "not sent"


def test_error_that_is_not_caught_comes_out_of_the_loop() -> None:
    link = MemoryLink.silent()
    link.cut_before_send = True

    def procedure() -> Steps[None]:
        yield Open(1.0)
        yield Send(b"message")

    with pytest.raises(LinkClosedError, match="before the first byte"):
        run(procedure(), link)


STEPS = ["Open", "Send", "Receive"]


@pytest.mark.parametrize("at", STEPS)
@pytest.mark.parametrize("interrupt", [KeyboardInterrupt, SystemExit, MemoryError])
def test_interrupt_in_a_step_of_a_refund_leaves_a_doubt_and_a_line_that_is_hung_up(
    next_day: Shop, monkeypatch: pytest.MonkeyPatch, at: str, interrupt: type[BaseException]
) -> None:
    real = loop._perform
    seen: list[str] = []

    def perform(step: Any, link: Any) -> bytes | None:
        seen.append(type(step).__name__)
        if type(step).__name__ == at:
            raise interrupt
        return real(step, link)

    monkeypatch.setattr(loop, "_perform", perform)
    with pytest.raises(interrupt):
        next_day.terminal.refund(refund("R-1", "S-1", 100))

    assert seen == [*STEPS[: STEPS.index(at) + 1], "Close"]
    attempt = next_day.terminal.journal.attempt("R-1/1")
    assert (attempt.state, attempt.facts["reason"]) == (State.IN_DOUBT, "interrupted")
    assert len(next_day.link.sent) == (at == "Receive")


class Interrupting:
    """Steps that are interrupted while nobody performs one: where a signal meets the loop itself."""

    def __init__(self, inner: Any, at: int) -> None:
        self._inner, self._at, self.count = inner, at, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def send(self, answer: bytes | None) -> Any:
        """Hand over, and be interrupted right behind it."""
        step = self._inner.send(answer)
        self.count += 1
        if self.count == self._at:
            raise KeyboardInterrupt
        return step

    def throw(self, error: BaseException) -> Any:
        """As the generator."""
        return self._inner.throw(error)


@pytest.mark.parametrize("at", [1, 2, 3])
def test_interrupt_between_two_steps_of_a_refund_leaves_a_doubt(next_day: Shop, at: int) -> None:
    steps: Any = Interrupting(next_day.terminal._procedures.refund(refund("R-1", "S-1", 100)), at)
    with pytest.raises(KeyboardInterrupt):
        run(steps, next_day.link)

    attempt = next_day.terminal.journal.attempt("R-1/1")
    assert (attempt.state, attempt.facts["reason"]) == (State.IN_DOUBT, "interrupted")
    assert len(next_day.link.sent) == (at == 3)
    assert isinstance(next_day.terminal.refund(refund("R-1", "S-1", 100)), InDoubt)
    assert len(next_day.link.sent) == (at == 3)


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_refund_that_is_dropped_half_way_leaves_a_doubt(next_day: Shop, steps: int) -> None:
    procedure = next_day.terminal._procedures.refund(refund("R-1", "S-1", 100))
    for _ in range(steps):
        procedure.send(None)
    procedure.close()

    attempt = next_day.terminal.journal.attempt("R-1/1")
    assert (attempt.state, attempt.facts["reason"]) == (State.IN_DOUBT, "interrupted")


def test_loop_that_is_interrupted_twice_hangs_up_and_ends_what_it_was_in() -> None:
    ended: list[str] = []

    class Twice(Interrupting):
        def throw(self, error: BaseException) -> Any:
            self._inner.throw(error)
            raise KeyboardInterrupt

    class Link(MemoryLink):
        def close(self) -> None:
            ended.append("hung up")

    def stubborn() -> Steps[None]:
        try:
            try:
                yield Open(1.0)
            except KeyboardInterrupt:
                yield Open(2.0)
        finally:
            ended.append("over")

    steps: Any = Twice(stubborn(), 1)
    with pytest.raises(KeyboardInterrupt):
        run(steps, Link(lambda _: pytest.fail("nothing is sent")))

    assert ended == ["hung up", "over"]
