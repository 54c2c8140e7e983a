"""What a till sends about complaints and feedback, and what it is answered: the shapes that are published. Floor 10."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from posrefund.engine.complaints import Channel, Clock, ComplaintKind, Ending
from posrefund.gateway.bodies import Body, Note, Operator

__all__ = [
    "AnswerBody",
    "CloseComplaintBody",
    "ComplaintBody",
    "ComplaintData",
    "ComplaintList",
    "ComplaintQuestion",
    "FeedbackBody",
    "FeedbackData",
]

_Words = Annotated[
    str, Meta(min_length=1, max_length=200, description="1 to 200 characters, no card number")
]


class ComplaintBody(Body):
    """What a customer complains of. The words are kept for ever: no name and no telephone number belongs in them."""

    kind: Annotated[
        ComplaintKind, Meta(description="not_arrived, amount, refused, twice, service or other")
    ]
    words: _Words
    by: Operator
    channel: Annotated[Channel, Meta(description="counter, phone, message or letter")] = "counter"


class AnswerBody(Body):
    """The first answer to a complaint."""

    words: _Words
    by: Operator


class CloseComplaintBody(Body):
    """A complaint is over."""

    how: _Words
    by: Operator
    ending: Annotated[Ending, Meta(description="solved or withdrawn")] = "solved"


class FeedbackBody(Body):
    """What a customer thinks of a refund; the last word counts."""

    score: Annotated[int, Meta(ge=1, le=5, description="1 to 5, from bad to good")]
    by: Operator
    words: Note = ""


class ComplaintQuestion(Body):
    """Which complaints."""

    all: Annotated[bool, Meta(description="true: those that are over, too")] = False


class ComplaintData(Struct):
    """What a customer complains of; *late*: the clocks that ran out before they were stopped."""

    complaint: str
    request_id: str
    kind: ComplaintKind
    channel: Channel
    state: Literal["open", "answered", "solved", "withdrawn"]
    words: str
    by: str
    opened_at: str
    answer_due: str
    solve_due: str
    late: list[Clock]
    answered_at: str | None
    answered_by: str
    answer: str
    closed_at: str | None
    closed_by: str
    how: str


class ComplaintList(Struct):
    """Complaints, oldest first."""

    complaints: list[ComplaintData]


class FeedbackData(Struct):
    """What a customer thinks of a refund."""

    request_id: str
    attempt_id: str
    score: int
    words: str
    by: str
    at: str
