"""Slips over the door: what to print, and that it is written down as printed before it goes out. Floor 10."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from posrefund.gateway.answers import SlipData
from posrefund.gateway.bodies import SlipBody
from posrefund.gateway.faults import DoorError
from posrefund.gateway.operation import Answer, Operation
from posrefund.gateway.reading import request_id_of
from posrefund.office.slips import as_text, slip_of_request

if TYPE_CHECKING:
    from posrefund.gateway.operation import Call
    from posrefund.office.slips import Columns
    from posrefund.terminal.desk import Desk

__all__ = ["SLIPS"]


async def _slip(call: Call) -> Answer:
    body: SlipBody = call.body
    request_id = request_id_of(call.path["request"])
    settings = call.options.slip_of(call.path["terminal"])
    columns = cast("Columns", body.columns or settings.columns)

    def made(desk: Desk) -> dict[str, Any]:
        outcome = desk.status(request_id)
        if outcome is None or not call.may_see(outcome.attempt.terminal):
            raise DoorError("request_unknown")
        content = slip_of_request(
            desk,
            outcome,
            settings,
            language=body.language,
            copy=body.copy,
            arrival=call.options.arrival_of(call.path["terminal"]),
        )
        text = as_text(content, columns)
        desk.note_print(request_id, body.copy)
        return {"content": content.as_data(), "text": text}

    return Answer(await call.terminal.at_desk(made))


SLIPS = (
    Operation(
        "POST",
        "/v1/terminals/{terminal}/requests/{request}/slip",
        "slip",
        "Return a slip to print, or the notice that there is none; each one counts as printed.",
        "slip",
        _slip,
        {200: SlipData},
        body=SlipBody,
        is_finished=True,
    ),
)
"""What is printed."""
