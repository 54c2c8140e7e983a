"""Planted bugs of closing a batch: what is counted, what goes up, and when the batch is over. Floor 10."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from posrefund.engine import State, batch, compose
from posrefund.terminal import batch as driver
from posrefund.terminal.batch import BatchCloser
from posrefund.testing.simulator.planted.plant import Planted, replaced

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from posrefund.engine import Attempt
    from posrefund.engine.batch import Closing
    from posrefund.terminal.line import Steps

__all__ = ["CLOSINGS"]

_counts = batch.counts
_end = BatchCloser._end
_compose_uploaded_refund = compose.compose_uploaded_refund


def _doubt_uploaded() -> AbstractContextManager[None]:
    """What is in doubt counts, in the totals and in what goes up."""

    def counts(attempt: Attempt) -> bool:
        return _counts(attempt) or attempt.state is State.IN_DOUBT

    return replaced((batch, "counts", counts))


def _counted_twice() -> AbstractContextManager[None]:
    """An item is counted in its own batch, and in every later one."""

    def attempts(closer: Any, _: Closing) -> list[Attempt]:
        found: list[Attempt] = closer._journal.attempts()
        return found

    return replaced((BatchCloser, "_attempts", attempts))


def _uploaded_anew() -> AbstractContextManager[None]:
    """A refund goes up under a number of its own, so that the host knows it twice."""

    def anew(attempt: Attempt, card: Any, view: Any, now: Any) -> dict[str, str]:
        fields = {**attempt.fields, "11": str(view.stan)}
        return _compose_uploaded_refund(replace(attempt, fields=fields), card, view, now)

    return replaced((driver, "compose_uploaded_refund", anew))


def _batch_before_end() -> AbstractContextManager[None]:
    """The next batch is open before the host was asked to end this one."""

    def end(closer: Any, closing: Closing) -> Steps[Closing]:
        closer._journal.remember(
            closer._clock(),
            "batch_closed",
            {"closed_batch": closing.batch, "ended_by": "terminal"},
            batch=closing.batch.next(),
        )
        return _end(closer, closing)

    return replaced((BatchCloser, "_end", end))


CLOSINGS = (
    Planted("doubt_uploaded", "a doubt is counted and uploaded", _doubt_uploaded),
    Planted("counted_twice", "an item is counted again in the next batch", _counted_twice),
    Planted("uploaded_anew", "an uploaded refund gets a new STAN", _uploaded_anew),
    Planted(
        "batch_before_end", "the batch goes on before the host has ended it", _batch_before_end
    ),
)
