"""Nothing of a card leaves by the door: not in an answer, a header, an event or a log, whatever is asked."""

from __future__ import annotations

import asyncio
import json
import logging
from traceback import walk_tb
from typing import TYPE_CHECKING, Any

from gateway.lines import AT, CARD, Counter, auth, refund_body, sale_body
from posrefund.gateway import Answer, Operation, gateway_app
from posrefund.gateway.bodies import RefundBody
from posrefund.gateway.operations import OPERATIONS
from posrefund.office import find_card_data

if TYPE_CHECKING:
    import httpx
    import pytest

    from posrefund.gateway import Call
    from shop import Shop

PAN, PAN_19, PIN = "6200000000000005", "6205500000000000004", "4812095"
BLOCK = "5D93E81A7C40B62F"
STRIPE = {
    "entry": "021",
    "pan": PAN,
    "expiry": "3012",
    "track2": f"{PAN}D30122010000",
    "pin_block": BLOCK,
}
CODE = "6201234567890123451"
SECRETS = (PAN, PAN_19, PIN, BLOCK, BLOCK.lower(), "D30122010000", "till-of-the-tests", CODE)


RAISED: list[RuntimeError] = []


async def _broken(call: Call) -> Answer:
    """What nobody foresaw, with a card in its text and its frames."""
    card = call.body.card.pan
    RAISED.append(RuntimeError(card))
    raise RAISED[-1]


BROKEN = Operation(
    "POST", "/v1/terminals/{terminal}/broken", "broken", "", "refund", _broken, {}, body=RefundBody
)


def by_code(request_id: str, minor: int) -> dict[str, Any]:
    return {"request_id": request_id, "amount_minor": minor, "code": CODE}


def back_body(request_id: str, minor: int, **more: Any) -> dict[str, Any]:
    body = refund_body(request_id, minor, **more)
    del body["card"]
    return body


async def session(counter: Counter, take: Any) -> None:
    """Everything a till does, right and wrong."""
    stripe = refund_body("R-2", 200, card=STRIPE, pin=PIN)
    bodies: list[tuple[str, Any]] = [
        ("/sales", sale_body("S-2", 5_000, card=STRIPE)),
        ("/sales", sale_body("S-3", 5_000, card=CARD | {"pan": PAN_19})),
        ("/sales", by_code("S-4", 300)),
        ("/sales", by_code("S-4", 301)),
        ("/sales", by_code("S-5", 300) | {"card": STRIPE}),
        ("/sales", by_code(CODE, 300)),
        ("/sales", by_code("S-6", 300) | {"code": f"{CODE}x", CODE: CODE, "order_ref": CODE}),
        ("/sales", by_code("S-7", 300) | {"code": "134567890123456780"}),
        ("/refunds", back_body("R-10", 300, original_id="S-4", voucher=CODE)),
        ("/refunds", back_body("R-11", 300, original_id="S-4", back_to_payer=True)),
        ("/refunds/R-11/inquire", None),
        (f"/refunds/{CODE}/inquire", None),
        (f"/host-requests/{CODE}/done", {"by": CODE}),
        ("/refunds", refund_body("R-1", 100)),
        ("/refunds", refund_body("R-1", 101)),
        ("/refunds", refund_body("R-2", 200, card=STRIPE)),
        ("/refunds", refund_body("R-9", 200, card=STRIPE, pin=PIN)),
        ("/refunds/check", stripe),
        ("/approvals", refund_body("R-3", 300, card=STRIPE)),
        ("/refunds", refund_body("R-4", 99_999)),
        ("/refunds", refund_body("R-5", 1, card=CARD | {"pan": PAN_19})),
        ("/refunds", refund_body(PAN, 1)),
        ("/refunds", refund_body("R-6", 1, note=f"card {PAN}", order_ref=PAN, contact=PAN)),
        (
            "/refunds",
            refund_body("R-7", 1, card={"pan": PAN, PAN: PAN, "track2": STRIPE["track2"]}),
        ),
        ("/refunds", {PAN: STRIPE, "card": PAN, "pin": [PIN]}),
        ("/refunds", [STRIPE]),
        ("/refunds", refund_body("R-8", 1, operator=PAN)),
        ("/broken", stripe),
        ("/requests/R-1/slip", {"copy": "merchant"}),
        ("/requests/S-4/slip", {"copy": "merchant"}),
        ("/requests/R-11/slip", {"copy": "customer"}),
        ("/requests/R-2/slip", {"copy": "customer", "language": "zh"}),
        (f"/requests/{PAN}/slip", {}),
        (f"/approvals/{PAN}/approve", {"checker": "02", "digest": PAN, "pin": PIN}),
        ("/faults", {"kind": "printer", "detail": f"it printed {PAN}"}),
        (f"/faults/{PAN}/close", {"by": "07", "done": "torn"}),
        ("/maintained", {"by": PAN, "what": PAN}),
        ("/selfcheck", None),
        ("/requests/R-1/complaints", {"kind": "twice", "words": f"card {PAN}", "by": "07"}),
        ("/requests/R-1/complaints", {"kind": PAN, "words": "paid twice", "by": PAN}),
        ("/requests/R-1/complaints", {"kind": "twice", "words": "paid twice", "by": "07"}),
        (f"/requests/{PAN}/complaints", {"kind": "twice", "words": "paid twice", "by": "07"}),
        (f"/complaints/{PAN}/answer", {"words": "no", "by": "07"}),
        (f"/complaints/{PAN}/close", {"how": PAN, "by": "07"}),
        ("/requests/R-1/feedback", {"score": 1, "words": PAN, "by": "07"}),
    ]
    for path, body in bodies:
        take(await counter.post(path, body, "admin"))
    for path in (
        "/complaints",
        "/refunds/R-1",
        "/refunds/R-2",
        f"/refunds/{PAN}",
        f"/{PAN}",
        f"/sales/{PAN}",
    ):
        take(await counter.get(path))
    for query in (f"order_ref={CODE}", f"{CODE}=1", f"code={CODE}"):
        take(await counter.http.get(f"{AT}/sales?{query}", headers=auth()))
    for query in (f"order_ref={PAN}", f"{PAN}=1", f"code={PAN}", "request_id=S-2", f"rrn={PAN}"):
        take(await counter.http.get(f"{AT}/sales?{query}", headers=auth()))
    take(await counter.http.get(f"/v1/terminals/{PAN}/refunds/R-1", headers=auth()))
    take(await counter.http.get(f"/v1/events?wait=false&after={PAN}", headers=auth()))
    take(await counter.http.get("/v1/events?wait=false&history=true", headers=auth()))
    take(await counter.http.request(f"X{PAN}", f"{AT}/refunds", headers=auth()))
    for content in (b"{" + PAN.encode(), json.dumps(stripe).encode()[:-9], b"\xff" + PAN.encode()):
        said = auth() | {"Content-Type": "application/json"}
        take(await counter.http.post(f"{AT}/refunds", headers=said, content=content))
    said = {"Authorization": f"Bearer {PAN}", "Content-Type": PAN}
    take(await counter.http.post(f"{AT}/refunds", headers=said, content=PAN.encode()))
    said = auth() | {"Content-Type": PAN, "Last-Event-ID": PAN}
    take(await counter.http.post(f"{AT}/refunds", headers=said, content=PAN.encode()))


def test_no_answer_and_no_log_holds_card_data(
    shop: Shop, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    answers: list[httpx.Response] = []

    async def day() -> None:
        async with Counter(shop) as counter:
            counter.http._transport.app = gateway_app(  # type: ignore[attr-defined]
                counter.terminals, counter.options, operations=[BROKEN]
            )
            with caplog.at_level(logging.DEBUG):
                await session(counter, answers.append)

    logging.getLogger("httpx").setLevel(
        logging.WARNING
    )  # the client's own: it logs what it asks for
    asyncio.run(day())
    statuses = [each.status_code for each in answers]
    assert {200, 400, 401, 404, 405, 409, 415, 422, 500} <= {*statuses}
    assert shop.booked("refund") == [100, 200]
    for answer in answers:
        text = answer.text + repr(answer.headers)
        assert find_card_data(text) == [], answer.request.url
        assert [secret for secret in SECRETS if secret in text] == []
    printed = "".join(capfd.readouterr()) + caplog.text
    assert "unexpected RuntimeError" in caplog.text
    assert "admin: refund" in caplog.text
    (raised,) = RAISED
    frames = [frame for frame, _ in walk_tb(raised.__traceback__)]
    assert "_broken" in [frame.f_code.co_name for frame in frames]
    assert [
        secret for secret in SECRETS if secret in repr([each.f_locals for each in frames])
    ] == []
    assert find_card_data(printed) == []
    assert [secret for secret in SECRETS if secret in printed] == []


def test_the_session_asks_for_everything_that_takes_a_card_or_a_code() -> None:
    with_card = {
        each.path
        for each in OPERATIONS
        if each.body is not None and {"card", "code"} & {*each.body.__struct_fields__}
    }
    paths = ("/sales", "/refunds", "/refunds/check", "/approvals")
    tried = {f"/v1/terminals/{{terminal}}{path}" for path in paths}

    assert with_card == tried
