"""The published description, tried out by schemathesis: sound and unsound requests, and every check that it has."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode

from gateway.lines import Counter, auth
from posrefund.gateway.counter_door import counter_operations
from posrefund.gateway.counter_room import CounterRoom
from posrefund.gateway.operations import OPERATIONS
from posrefund.gateway.sign_door import signing_operations
from shop import OTHER_PAN, PAN_16, PAN_19, TERMINAL

if TYPE_CHECKING:
    from schemathesis import Case

    from posrefund.gateway.operation import Operation
    from shop import Shop

schemathesis.openapi.format("pan", st.sampled_from([PAN_16, PAN_19, OTHER_PAN]))

ROOM = CounterRoom(time.monotonic)
EVERY = [
    each
    for each in (*OPERATIONS, *counter_operations(ROOM), *signing_operations(ROOM))
    if each.is_published
]
TRIED = [each for each in EVERY if each.name != "events"]  # a stream has no end
NEED_WHAT_IS_NOT_THERE = (
    "refund_status",
    "sale_status",
    "inquire_refund",
    "inquire_sale",
    "host_request_done",
    "slip",
    "approve",
    "withdraw",
    "close_fault",
    "open_complaint",
    "answer_complaint",
    "close_complaint",
    "give_feedback",
    "look",
    "press",
    "sign_by_phone",
    "what_to_sign",
)
"""They ask for something by a name that nobody guesses."""
_ALSO_SOUND = ["422"]
"""What a shape cannot say: the number on the track is that of the card, exactly one way names the sale, a day exists."""


def opened(shop: Shop) -> Counter:
    """A door whose terminal is signed in; closed by the fixture of the shop."""

    async def sign_in() -> Counter:
        counter = Counter(shop)
        await counter.__aenter__()
        return counter

    return asyncio.run(sign_in())


def coherent(body: dict[str, Any]) -> dict[str, Any]:
    """*body*, its members such as fit one another: a chip, and the one sale that the shop knows."""
    if {"card", "code", "back_to_payer", "voucher"} & body.keys():
        card = {"entry": "051", "pan": PAN_16, "sequence_number": "001"}
        for way in ("code", "back_to_payer", "voucher"):
            body.pop(way, None)
        body |= {"card": card, "operator": "01", "currency": "156", "order_ref": ""}
    if "note" in body:  # of a refund; a sale has none
        body |= {"note": ""}
    if "reason" in body:
        named = ("original_rrn", "original_date", "described", "documents", "signature", "contact")
        body = {name: value for name, value in body.items() if name not in (*named, "pin")}
        body |= {"original_id": "S-1", "amount_minor": 1}
    return body


@pytest.mark.slow
@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("operation", TRIED, ids=lambda each: each.name)
def test_nothing_that_is_sent_breaks_what_is_published(
    shop: Shop, operation: Operation, mode: GenerationMode
) -> None:
    counter = opened(shop)
    config = schemathesis.Config()
    config.projects.default.checks.positive_data_acceptance.expected_statuses += _ALSO_SOUND
    schema = schemathesis.openapi.from_asgi("/openapi.json", counter.app, config=config)
    strategy: Any = schema[operation.path][operation.method].as_strategy(generation_mode=mode)
    if mode is GenerationMode.NEGATIVE and operation.right is None and operation.body is None:
        return  # nothing of it can be unsound
    seen: list[int] = []

    @settings(
        max_examples=20,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=strategy, is_coherent=st.booleans())
    def try_out(case: Case[Any], is_coherent: bool) -> None:
        named = unquote(str(case.path_parameters.get("terminal", "")))
        # A seat is given to anybody who says nothing wrong: mended, an unsound request may be a sound one.
        is_mended = len(named) == len(TERMINAL) and operation.name != "sit_down"
        if named and (mode is GenerationMode.POSITIVE or is_mended):
            case.path_parameters["terminal"] = TERMINAL
        if mode is GenerationMode.POSITIVE and is_coherent and isinstance(case.body, dict):
            case.body = coherent(case.body)
        if mode is GenerationMode.POSITIVE and is_coherent and operation.name == "find_sales":
            case.query = {"request_id": "S-1"}  # half of a way to a sale is none
        headers = auth("admin") if operation.right is not None else {}
        response = case.call_and_validate(headers=headers)
        seen.append(response.status_code)

    try:
        try_out()
    finally:
        asyncio.run(counter.__aexit__())

    if mode is GenerationMode.NEGATIVE:
        assert {400, 401, 404, 422} & {*seen}
    else:
        assert (200 in seen) == (operation.name not in NEED_WHAT_IS_NOT_THERE), seen


def test_the_description_is_sound(shop: Shop) -> None:
    counter = opened(shop)
    schema = schemathesis.openapi.from_asgi("/openapi.json", counter.app)
    asyncio.run(counter.__aexit__())

    schema.validate()
    paths = schema.raw_schema["paths"].values()
    published = {each["operationId"] for path in paths for each in path.values()}
    assert {each.name for each in EVERY} == published
    assert len(list(schema.get_all_operations())) == len(published)
