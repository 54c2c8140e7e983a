"""What an answer proves: a yes only if all of it that repeats the question says what was asked. Floor 6."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from posrefund.devices.results import (
    DeviceApproved,
    DeviceDeclined,
    DeviceInDoubt,
    DeviceReason,
    DeviceResult,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from posrefund.devices.contract import DeviceRequest
    from posrefund.devices.profiled.field import Field
    from posrefund.devices.profiled.profile import Operation, Profile

__all__ = ["Reading", "in_doubt", "judge", "read"]


class Reading(NamedTuple):
    """What an answer says.

    Attributes:
        code: Its result code; parts are joined by a slash.
        number: The device's own number of it, or empty.
        differing: Names of the fields that repeat something else than was asked.
    """

    code: str
    number: str
    differing: tuple[str, ...]


_NOTHING = Reading("", "", ())


def read(operation: Operation, asked: Mapping[str, str], body: bytes) -> Reading | None:
    """Read an answer to *operation*; None if it has not exactly the form of one."""
    for layout in operation.replies:
        spans = layout.spans(body)
        if spans is not None:
            text = body.decode("ascii", errors="replace")
            return _reading([(each.field, text[each.start : each.end]) for each in spans], asked)
    return None


def _reading(found: list[tuple[Field, str]], asked: Mapping[str, str]) -> Reading:
    parts = sorted((field.name, text) for field, text in found if field.tells == "code")
    return Reading(
        code="/".join(text for _, text in parts),
        number=next((text.strip() for field, text in found if field.tells == "number"), ""),
        differing=tuple(
            field.name
            for field, text in found
            if field.carries and not field.repeats(text, asked[field.carries])
        ),
    )


def judge(
    profile: Profile,
    operation: Operation,
    asked: Mapping[str, str],
    request: DeviceRequest,
    body: bytes,
) -> DeviceResult:
    """Return what *body* proves of *request*.

    A no is held to the same as a yes: one that speaks of something else could hide a yes that is still to come.

    Args:
        profile: Its codes.
        operation: What was asked.
        asked: What the question said, by what a field carries.
        request: As whoever asked knows it.
        body: The answer.
    """
    found = read(operation, asked, body)
    if found is None:
        return in_doubt(request, DeviceReason.PROTOCOL, "an answer that has not the form of one")
    if found.differing:
        differing = [f"an answer with another {name}" for name in found.differing]
        return in_doubt(request, DeviceReason.PROTOCOL, *differing, found=found)
    match profile.meaning(found.code):
        case ("approved", _):
            return DeviceApproved(
                request_id=str(request.request_id),
                amount=request.amount,
                raw_code=found.code,
                reference=found.number,
            )
        case ("declined", reason) if reason is not None:
            return DeviceDeclined(
                request_id=str(request.request_id),
                amount=request.amount,
                raw_code=found.code,
                reference=found.number,
                reason=reason,
            )
        case (_, reason):
            seen = "a result that does not prove that nothing was booked"
            return in_doubt(request, reason or DeviceReason.UNKNOWN, seen, found=found)


def in_doubt(
    request: DeviceRequest, reason: DeviceReason, *seen: str, found: Reading = _NOTHING
) -> DeviceInDoubt:
    """Return the doubt about *request*, with what was seen and the code that was found."""
    return DeviceInDoubt(
        request_id=str(request.request_id),
        amount=request.amount,
        raw_code=found.code,
        reference=found.number,
        reason=reason,
        seen=seen,
    )
