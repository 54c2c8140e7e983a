"""Planted bugs of the driver: what is sent when, and again. Floor 10."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from posrefund.engine import Event, Move, State
from posrefund.engine.attempt import Attempt
from posrefund.errors import LinkError
from posrefund.seal import seal
from posrefund.terminal import Terminal
from posrefund.testing.simulator.planted.plant import Planted, replaced

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from posrefund.engine.machine import Plan

__all__ = ["REPEATS"]

_converse = Terminal._converse
_perform = Terminal._perform


def _listen_again(terminal: Any, attempt: Attempt, message: bytes) -> None:
    """Send *message* once more and take what comes at its face."""
    timers = terminal.dialect.timers
    try:
        terminal._line.open(timers.connect_s)
        terminal._line.send(message, answer_s=timers.answer_s)
        while not terminal._took_answer(attempt):
            pass
    except LinkError:
        terminal.journal.commit([_doubt(terminal, attempt)])


def _doubt(terminal: Any, attempt: Attempt) -> Move:
    return Move(attempt.attempt_id, Event.DOUBT, terminal._clock(), {"reason": "no_reply"})


def _repeat(copies: int) -> AbstractContextManager[None]:
    """Let silence be followed by the same bytes again; the engine is told of *copies*."""

    def converse(terminal: Any, attempt: Attempt, message: bytes) -> None:
        real = terminal.journal.commit
        silent: list[Any] = []

        def commit(actions: Any) -> None:
            actions = list(actions)
            moves = [action for action in actions if isinstance(action, Move)]
            if any(move.facts.get("reason") == "no_reply" for move in moves):
                silent.extend(actions)
            else:
                real(actions)

        with replaced((terminal.journal, "commit", commit)):
            _converse(terminal, attempt, message)
        if silent:
            _listen_again(terminal, replace(attempt, copies=copies), message)

    return replaced((Terminal, "_converse", converse))


def _new_number() -> AbstractContextManager[None]:
    """Silence is followed by a new message under the next STAN."""

    def perform(terminal: Any, plan: Plan) -> Any:
        outcome = _perform(terminal, plan)
        attempt = terminal.journal.attempt(plan.attempt.attempt_id)
        if attempt.state is State.IN_DOUBT and attempt.facts.get("reason") == "no_reply":
            fields = {**plan.fields, "11": str(terminal.view().stan)}
            message = terminal._line.wrap(seal(fields, terminal.dialect, terminal._keys))
            _listen_again(terminal, replace(attempt, stan=fields["11"]), message)
        return outcome

    return replaced((Terminal, "_perform", perform))


def _send_first() -> AbstractContextManager[None]:
    """The message leaves before its intent is written down."""

    def perform(terminal: Any, plan: Plan) -> Any:
        message = terminal._line.wrap(seal(plan.fields, terminal.dialect, terminal._keys))
        terminal._line.open(terminal.dialect.timers.connect_s)
        terminal._line.send(message, answer_s=1)
        terminal._line.close()
        return _perform(terminal, plan)

    return replaced((Terminal, "_perform", perform))


def _drop_strangers() -> AbstractContextManager[None]:
    """An answer to another message is thrown away without a row."""
    real = Terminal._took_answer

    def took_answer(terminal: Any, attempt: Attempt) -> bool:
        commit = terminal.journal.commit

        def only_moves(actions: Any) -> None:
            actions = list(actions)
            if any(isinstance(action, Move) for action in actions):
                commit(actions)

        with replaced((terminal.journal, "commit", only_moves)):
            return real(terminal, attempt)

    return replaced((Terminal, "_took_answer", took_answer))


REPEATS = (
    Planted("repeat_believed", "after silence the same bytes again, and a 61 or 77 to them is a no",
            lambda: _repeat(1)),
    Planted("repeat_unasked", "a refund is repeated at a host that looks for no duplicates",
            lambda: _repeat(2)),
    Planted("new_number", "a new STAN for the repeat of a doubt", _new_number),
    Planted("send_first", "the intent is written down after the message has left", _send_first),
    Planted("strangers_dropped", "a late answer is dropped without a trace", _drop_strangers),
    Planted("no_recovery", "a start leaves what was under way as it is",
            lambda: replaced((Terminal, "_recover", lambda _: None))),
)  # fmt: skip
