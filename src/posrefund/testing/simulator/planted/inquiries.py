"""Planted bugs of asking the host: what is taken for a result, and about whom. Floor 10."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from posrefund.engine import Event, State, heard, inquiry
from posrefund.testing.simulator.planted.plant import Planted, replaced

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from posrefund.engine import Attempt
    from posrefund.values import Received

__all__ = ["INQUIRIES"]


def _absence_is_no() -> AbstractContextManager[None]:
    def of_absence(attempt: Attempt, *_: Any) -> Event | str:
        return Event.DECLINE if attempt.state is State.IN_DOUBT else ""

    return replaced((inquiry, "_of_absence", of_absence))


def _unsigned_believed() -> AbstractContextManager[None]:
    def under(_: str, received: Received) -> Received:
        return replace(received, mac="valid")

    return replaced((inquiry, "under", under))


def _any_original() -> AbstractContextManager[None]:
    return replaced((heard, "_unrepeated", lambda *_: iter(())))


def _question_is_result() -> AbstractContextManager[None]:
    """DE39 of the answer, which says that the question was answered, is taken for the result of the refund."""
    real = heard._verdict

    def verdict(rule: Any, fields: Any, dialect: Any) -> Any:
        told, code = real(rule, fields, dialect)
        return (told, fields["39"]) if told == "processed" else (told, code)

    return replaced((heard, "_verdict", verdict))


INQUIRIES = (
    Planted("absence_is_no", "a host that does not find a refund has declined it", _absence_is_no),
    Planted("unsigned_result", "an inquiry is believed whoever answers it", _unsigned_believed),
    Planted("any_original", "an answer about another refund is believed", _any_original),
    Planted("question_is_result", "that a question was answered is taken for a yes",
            _question_is_result),
)  # fmt: skip
