"""Complaints and feedback over the door: a till hears them, and somebody with another token answers. Floor 10."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posrefund.gateway.complaint_shapes import (
    AnswerBody,
    CloseComplaintBody,
    ComplaintBody,
    ComplaintData,
    ComplaintList,
    ComplaintQuestion,
    FeedbackBody,
    FeedbackData,
)
from posrefund.gateway.faults import DoorError
from posrefund.gateway.operation import Answer, Operation
from posrefund.gateway.reading import request_id_of
from posrefund.office.complaints import (
    answer_complaint,
    close_complaint,
    complaints,
    give_feedback,
    open_complaint,
)

if TYPE_CHECKING:
    from posrefund.engine.complaints import Complaint, Feedback
    from posrefund.gateway.operation import Call
    from posrefund.terminal.desk import Desk
    from posrefund.values import RequestID

__all__ = ["COMPLAINTS"]


async def _list(call: Call) -> Answer:
    asked: ComplaintQuestion = call.query
    now = call.options.clock()
    found = await call.terminal.at_desk(
        lambda desk: complaints(desk.journal, open_only=not asked.all)
    )
    return Answer({"complaints": [each.as_data(now) for each in found]})


async def _open(call: Call) -> Answer:
    body: ComplaintBody = call.body
    request_id, by = request_id_of(call.path["request"]), call.operator(body.by)
    now = call.options.clock()

    def write(desk: Desk) -> Complaint:
        _check_known(call, desk, request_id)
        return open_complaint(
            desk.journal,
            request_id,
            kind=body.kind,
            channel=body.channel,
            words=body.words,
            by=by,
            level=call.options.level_of(call.path["terminal"]),
            zone=desk.dialect.zone,
            now=now,
        )

    return Answer((await call.terminal.at_desk(write)).as_data(now))


async def _answer(call: Call) -> Answer:
    body: AnswerBody = call.body
    name, by, now = call.path["complaint"], call.operator(body.by), call.options.clock()
    after = await call.terminal.at_desk(
        lambda desk: answer_complaint(desk.journal, name, by=by, words=body.words, now=now)
    )
    return Answer(after.as_data(now))


async def _close(call: Call) -> Answer:
    body: CloseComplaintBody = call.body
    name, by, now = call.path["complaint"], call.operator(body.by), call.options.clock()
    after = await call.terminal.at_desk(
        lambda desk: close_complaint(
            desk.journal, name, by=by, how=body.how, ending=body.ending, now=now
        )
    )
    return Answer(after.as_data(now))


async def _feedback(call: Call) -> Answer:
    body: FeedbackBody = call.body
    request_id, by = request_id_of(call.path["request"]), call.operator(body.by)
    now = call.options.clock()

    def write(desk: Desk) -> Feedback:
        _check_known(call, desk, request_id)
        return give_feedback(
            desk.journal, request_id, score=body.score, words=body.words, by=by, now=now
        )

    return Answer((await call.terminal.at_desk(write)).as_data())


def _check_known(call: Call, desk: Desk, request_id: RequestID) -> None:
    """Refuse what was not asked for at this very terminal."""
    journal = desk.journal
    made = journal.last_attempt(request_id) or journal.last_approval(request_id)
    if made is None or made.terminal != call.path["terminal"]:
        raise DoorError("request_unknown")


_AT = "/v1/terminals/{terminal}"

COMPLAINTS = (
    Operation(
        "GET",
        f"{_AT}/complaints",
        "complaints",
        "List what customers complain of, oldest first, each with what is due and until when.",
        "read",
        _list,
        {200: ComplaintList},
        query=ComplaintQuestion,
    ),
    Operation(
        "POST",
        f"{_AT}/requests/{{request}}/complaints",
        "open_complaint",
        "Write down a complaint about a request; the same in the same words is the one that is open.",
        "hear",
        _open,
        {200: ComplaintData},
        body=ComplaintBody,
        is_finished=True,
    ),
    Operation(
        "POST",
        f"{_AT}/complaints/{{complaint}}/answer",
        "answer_complaint",
        "Write down the first answer to a complaint.",
        "answer",
        _answer,
        {200: ComplaintData},
        body=AnswerBody,
        is_finished=True,
    ),
    Operation(
        "POST",
        f"{_AT}/complaints/{{complaint}}/close",
        "close_complaint",
        "Write down that a complaint is solved, or was withdrawn.",
        "answer",
        _close,
        {200: ComplaintData},
        body=CloseComplaintBody,
        is_finished=True,
    ),
    Operation(
        "POST",
        f"{_AT}/requests/{{request}}/feedback",
        "give_feedback",
        "Write down what a customer thinks of a refund; the last word counts.",
        "hear",
        _feedback,
        {200: FeedbackData},
        body=FeedbackBody,
        is_finished=True,
    ),
)
"""What customers say. No money moves here."""
