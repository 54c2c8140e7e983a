"""What the host wants of a terminal besides money: what its headers ask for, and the signatures that have to go up. Floor 10."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from posrefund.gateway.answers import DoneData, HostRequestList, UploadedData, WaitingData
from posrefund.gateway.bodies import HostRequestDoneBody, UploadBody
from posrefund.gateway.operation import Answer, Operation
from posrefund.office.signature_pictures import pictures_in

if TYPE_CHECKING:
    from posrefund.gateway.operation import Call
    from posrefund.terminal.desk import Desk

__all__ = ["ERRANDS"]


async def _asked(call: Call) -> Answer:
    def look(desk: Desk) -> list[dict[str, str]]:
        found = desk.host_requests()
        return [{"name": each.name, "since": each.since.isoformat()} for each in found]

    return Answer({"host_requests": await call.terminal.at_desk(look)})


async def _done(call: Call) -> Answer:
    body: HostRequestDoneBody = call.body
    name, by = call.path["name"], call.operator(body.by)
    await call.terminal.at_desk(lambda desk: desk.host_request_done(name, by=by))
    return Answer({"done": True})


async def _waiting(call: Call) -> Answer:
    found = await call.terminal.at_desk(lambda desk: desk.signatures_waiting())
    return Answer({"waiting": list(found)})


async def _upload(call: Call) -> Answer:
    body: UploadBody = call.body
    slip = call.options.slip_of(call.path["terminal"])
    sent = await call.terminal.upload_signatures(
        pictures_in(slip.signatures), merchant_name=slip.merchant_name, again=body.again
    )
    waiting = await call.terminal.at_desk(lambda desk: desk.signatures_waiting())
    told: list[dict[str, Any]] = [
        {"attempt_id": each.attempt_id, "result": each.result, "code": each.code or None}
        for each in sent
    ]
    return Answer({"signatures": told, "waiting": list(waiting)})


_AT = "/v1/terminals/{terminal}"

ERRANDS = (
    Operation(
        "GET",
        f"{_AT}/host-requests",
        "host_requests",
        "List what the host asks for in its headers and nobody has done, the weightiest first.",
        "watch",
        _asked,
        {200: HostRequestList},
    ),
    Operation(
        "POST",
        f"{_AT}/host-requests/{{name}}/done",
        "host_request_done",
        "Write down that somebody did what the host asked for.",
        "care",
        _done,
        {200: DoneData},
        body=HostRequestDoneBody,
        is_finished=True,
    ),
    Operation(
        "GET",
        f"{_AT}/signatures",
        "signatures_waiting",
        "List the requests of the open batch whose signed pictures have still to go up.",
        "read",
        _waiting,
        {200: WaitingData},
    ),
    Operation(
        "POST",
        f"{_AT}/signatures/upload",
        "upload_signatures",
        "Upload the signatures of the open batch; before the batch is closed.",
        "care",
        _upload,
        {200: UploadedData},
        body=UploadBody,
        is_finished=True,
    ),
)
"""No money moves here, and no refund waits for it."""
