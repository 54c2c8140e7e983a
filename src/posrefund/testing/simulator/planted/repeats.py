"""Planted bugs of the driver: what is sent when, and again. Floor 10."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from posrefund.engine import Event, Move, State, machine, repeat
from posrefund.engine.attempt import Attempt
from posrefund.errors import LinkError
from posrefund.terminal.exchange import Exchange
from posrefund.terminal.line import Close, Open, Send
from posrefund.testing.simulator.planted.plant import Planted, replaced

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from posrefund.engine.plan import Plan
    from posrefund.terminal.line import Steps

__all__ = ["REPEATS"]

_converse = Exchange._converse
_perform = Exchange.perform


def _listen_again(exchange: Any, attempt: Attempt, message: bytes) -> Steps[None]:
    """Send *message* once more and take what comes at its face."""
    timers = exchange._dialect.timers
    try:
        yield from exchange._line.open(timers.connect_s)
        yield from exchange._line.send(message, answer_s=timers.answer_s)
        while not (yield from exchange._took_answer(attempt)):
            pass
    except LinkError:
        exchange._journal.commit([_doubt(exchange, attempt)])


def _doubt(exchange: Any, attempt: Attempt) -> Move:
    return Move(attempt.attempt_id, Event.DOUBT, exchange._clock(), {"reason": "no_reply"})


def _repeat(copies: int) -> AbstractContextManager[None]:
    """Let silence be followed by the same bytes again; the engine is told of *copies*."""

    def converse(exchange: Any, attempt: Attempt, message: bytes) -> Steps[None]:
        real = exchange._journal.commit
        silent: list[Any] = []

        def commit(actions: Any) -> None:
            actions = list(actions)
            moves = [action for action in actions if isinstance(action, Move)]
            if any(move.facts.get("reason") == "no_reply" for move in moves):
                silent.extend(actions)
            else:
                real(actions)

        with replaced((exchange._journal, "commit", commit)):
            yield from _converse(exchange, attempt, message)
        if silent:
            yield from _listen_again(exchange, replace(attempt, copies=copies), message)

    return replaced((Exchange, "_converse", converse))


def _repeat_with_pin() -> AbstractContextManager[None]:
    """Where a message may be repeated, its bytes are kept and sent again, a track in them or not."""
    kept: dict[str, bytes] = {}
    carry = Exchange._carry

    def remember(exchange: Any, attempt: Attempt, message: bytes) -> Steps[None]:
        kept[attempt.attempt_id] = message
        yield from carry(exchange, attempt, message)

    def repeat_it(exchange: Any, attempt: Attempt) -> Steps[None]:
        yield from exchange._line.open(exchange._dialect.timers.connect_s)
        exchange._journal.commit([repeat.announce_repeat(attempt, exchange._clock())])
        again = exchange._journal.attempt(attempt.attempt_id)
        yield from carry(exchange, again, kept[attempt.attempt_id])

    return replaced(
        (machine, "is_repeatable", lambda *_: True),
        (Exchange, "_carry", remember),
        (Exchange, "_repeat", repeat_it),
    )


def _new_number() -> AbstractContextManager[None]:
    """Silence is followed by a new message under the next STAN."""

    def perform(exchange: Any, plan: Plan) -> Steps[None]:
        yield from _perform(exchange, plan)
        attempt = exchange._journal.attempt(plan.attempt.attempt_id)
        if attempt.state is State.IN_DOUBT and attempt.facts.get("reason") == "no_reply":
            fields = {**plan.fields, "11": str(exchange._view().stan)}
            message = exchange._line.wrap(exchange._keyring.seal(fields, exchange._line.envelope))
            yield from _listen_again(exchange, replace(attempt, stan=fields["11"]), message)

    return replaced((Exchange, "perform", perform))


def _send_first() -> AbstractContextManager[None]:
    """The message leaves before its intent is written down."""

    def perform(exchange: Any, plan: Plan) -> Steps[None]:
        message = exchange._line.wrap(exchange._keyring.seal(plan.fields, exchange._line.envelope))
        yield Open(exchange._dialect.timers.connect_s)
        yield Send(message)
        yield Close()
        yield from _perform(exchange, plan)

    return replaced((Exchange, "perform", perform))


def _drop_strangers() -> AbstractContextManager[None]:
    """An answer to another message is thrown away without a row."""
    real = Exchange._took_answer

    def took_answer(exchange: Any, attempt: Attempt) -> Steps[bool]:
        commit = exchange._journal.commit

        def only_moves(actions: Any) -> None:
            actions = list(actions)
            if any(isinstance(action, Move) for action in actions):
                commit(actions)

        with replaced((exchange._journal, "commit", only_moves)):
            return (yield from real(exchange, attempt))

    return replaced((Exchange, "_took_answer", took_answer))


REPEATS = (
    Planted("repeat_believed", "after silence the same bytes again, and a 61 or 77 to them is a no",
            lambda: _repeat(1)),
    Planted("repeat_unasked", "a refund is repeated at a host that looks for no duplicates",
            lambda: _repeat(2)),
    Planted("repeat_with_pin", "a message with a track in it is sent again", _repeat_with_pin),
    Planted("new_number", "a new STAN for the repeat of a doubt", _new_number),
    Planted("send_first", "the intent is written down after the message has left", _send_first),
    Planted("strangers_dropped", "a late answer is dropped without a trace", _drop_strangers),
    Planted("no_recovery", "a start leaves what was under way as it is",
            lambda: replaced((Exchange, "recover", lambda _: None))),
)  # fmt: skip
