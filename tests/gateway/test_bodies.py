"""What is sent wrong: each way has its own answer, every fault is named at once, and nothing is repeated."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.lines import AT, CARD, Counter, auth, refund_body, sale_body
from posrefund.errors import InvalidRequestError, PosRefundError
from posrefund.gateway import DoorError
from posrefund.gateway.bodies import RefundBody, SaleQuestion
from posrefund.gateway.shapes import decoder_of, read_body, read_query

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from shop import Shop

JSON = {"Content-Type": "application/json"}


def sent(shop: Shop, content: bytes, headers: dict[str, str] | None = None) -> httpx.Response:
    """What a refund of these bytes is answered with."""

    async def day() -> httpx.Response:
        async with Counter(shop) as counter:
            said = auth() | (JSON if headers is None else headers)
            return await counter.http.post(f"{AT}/refunds", headers=said, content=content)

    answer = asyncio.run(day())
    assert shop.booked("refund") == []
    return answer


def code_of(answer: httpx.Response) -> tuple[int, str, str]:
    error = answer.json()["error"]
    return answer.status_code, error["code"], error["effect"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff",
        b"\xef\xbb\xbf{}",
        b'{"request_id":"\xff"}',
        b'{"request_id":"\\ud800"}',
        b"[" * 30_000,
        b'{"card":' * 5_000,
        b"{} {}",
    ],
    ids=lambda content: repr(content[:12]),
)
def test_what_is_no_json_is_said_to_be_none(shop: Shop, content: bytes) -> None:
    status, code, effect = code_of(sent(shop, content))

    assert (status, effect) in {(400, "nothing_sent"), (422, "nothing_sent")}
    assert code == ("bad_json" if status == 400 else "invalid_request")


@pytest.mark.parametrize(
    "kind", ["", "text/plain", "application/x-www-form-urlencoded", "application/json5"]
)
def test_what_is_not_sent_as_json_is_not_read(shop: Shop, kind: str) -> None:
    content = json.dumps(refund_body("R-1", 100)).encode()

    assert code_of(sent(shop, content, {"Content-Type": kind}))[:2] == (415, "not_json_type")


def test_a_type_with_its_character_set_is_json(shop: Shop) -> None:
    answer = sent(shop, b"{", {"Content-Type": "Application/JSON; charset=utf-8"})

    assert code_of(answer)[:2] == (400, "bad_json")


def test_a_body_that_is_too_large_is_not_read_to_its_end(shop: Shop) -> None:
    async def day() -> None:
        async with Counter(shop) as counter:
            asked = 0

            async def pieces() -> Any:
                nonlocal asked
                for _ in range(1_000):
                    asked += 1
                    yield b" " * 1_024

            said = auth() | JSON
            answer = await counter.http.post(f"{AT}/refunds", headers=said, content=pieces())
            assert code_of(answer)[:2] == (413, "body_too_large")
            assert asked < 70
            told = await counter.http.post(f"{AT}/refunds", headers=said, content=b" " * 65_537)
            assert code_of(told)[:2] == (413, "body_too_large")
            endless = said | {"Content-Length": "9" * 5_000}  # no number to Python
            told = await counter.http.post(f"{AT}/refunds", headers=endless, content=b"{}")
            assert code_of(told)[:2] == (413, "body_too_large")
            least = await counter.http.post(f"{AT}/refunds", headers=said, content=b" " * 65_536)
            assert code_of(least)[:2] == (400, "bad_json")

    asyncio.run(day())


def test_every_fault_is_named_at_once_and_no_value(shop: Shop) -> None:
    body = {
        "request_id": "6200000000000005",
        "amount_minor": "12.30",
        "reason": "because 6200000000000005",
        "card": {"entry": "999", "pan": "6200000000000006 ", "6200000000000005": 1},
        "documents": [{"kind": "receipt", "number": "1"}, {"kind": "letter"}],
        "6205500000000000004": True,
    }
    answer = sent(shop, json.dumps(body).encode())

    assert code_of(answer)[:2] == (422, "invalid_request")
    faults = {each["path"]: each["expected"] for each in answer.json()["error"]["faults"]}
    assert list(faults) == [
        "card.entry",
        "card.pan",
        "card",
        "reason",
        "amount_minor",
        "documents[1].kind",
        "documents[1].number",
        "body",
    ]
    assert faults["amount_minor"] == "a whole number of minor units, 1 to 999999999999"
    assert "6200000000000005" not in answer.text
    assert "6205500000000000004" not in answer.text


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"card": CARD | {"pan": "6200000000000006"}}, "card.pan"),
        ({"card": CARD | {"track2": "6200000000000005D3012"}}, "card.track2"),
        ({"card": CARD | {"pin_block": "00" * 8, "pin_bypassed": True}}, "card.pin_bypassed"),
        ({"request_id": "R-6200000000000005"}, "request_id"),
        ({"original_id": None}, "original_id"),
        ({"original_rrn": "606710000042"}, "original_id"),
        ({"original_id": None, "original_date": "0308"}, "original_id"),
        ({"note": "card 6200000000000005"}, "note"),
        ({"contact": "6200000000000005"}, "contact"),
        ({"order_ref": "6200000000000005"}, "order_ref"),
        ({"signature": {"kind": "paper", "sha256": "0" * 64}}, "signature.sha256"),
        ({"documents": [{"kind": "receipt", "number": "6200000000000005"}]}, "documents.number"),
    ],
)
def test_what_no_shape_can_say_is_said_by_its_place(
    shop: Shop, change: dict[str, Any], path: str
) -> None:
    content = json.dumps(refund_body("R-1", 100) | change).encode()
    answer = sent(shop, content)

    assert code_of(answer)[:2] == (422, "invalid_request")
    assert [each["path"] for each in answer.json()["error"]["faults"]] == [path]
    assert "6200000000000005" not in answer.text


def test_a_sale_can_be_named_in_three_ways(shop: Shop) -> None:
    async def day() -> None:
        async with Counter(shop) as counter:
            sold = counter.terminal.journal.originals("S-1")[0]
            unnamed: dict[str, Any] = {"original_id": None, "original_rrn": sold.rrn}
            by_slip = unnamed | {"original_date": f"{sold.transaction_date:%m%d}"}
            described = unnamed | {"described": {"day": sold.transaction_date.isoformat()}}
            ways: list[dict[str, Any]] = [{}, by_slip, described]
            for number, named in enumerate(ways):
                body = refund_body(f"R-{number}", 100 + number) | named
                answer = await counter.post("/refunds", body)
                assert answer.json()["type"] == "Approved", answer.text

    asyncio.run(day())
    assert shop.booked("refund") == [100, 101, 102]


def test_a_question_says_each_thing_once(shop: Shop) -> None:
    async def day() -> None:
        async with Counter(shop) as counter:
            for query, path in [
                ("order_ref=a&order_ref=b", "query"),
                ("nonsense=1", "body"),
                ("rrn=12", "rrn"),
                ("amount_minor=12.5", "amount_minor"),
                ("order_ref=%ff", "query"),
                ("", "query"),
                ("auth_code=123456", "auth_code"),
                ("code=nothing", "code"),
            ]:
                answer = await counter.http.get(f"{AT}/sales?{query}", headers=auth())
                assert code_of(answer)[:2] == (422, "invalid_request"), query
                assert [each["path"] for each in answer.json()["error"]["faults"]] == [path], query

    asyncio.run(day())


def test_a_body_with_a_card_prints_as_its_name() -> None:
    read = read_body(
        json.dumps(refund_body("R-1", 100, pin="1234")).encode(), decoder_of(RefundBody)
    )

    assert repr(read) == str(read) == "RefundBody(***)"
    assert repr(read.card) == f"{read.card}" == "Card(***)"


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
NAMES = st.sampled_from([each.encode_name for each in msgspec.structs.fields(RefundBody)])


def complaint(work: Callable[[], object]) -> PosRefundError | None:
    """What it complains of, if it does."""
    try:
        work()
    except PosRefundError as error:
        return error
    return None


@given(st.dictionaries(NAMES | st.text(max_size=8), JSON_VALUES, max_size=8))
def test_whatever_a_body_is_its_faults_are_paths_that_the_shape_knows(
    found: dict[str, Any],
) -> None:
    known = {each.encode_name for each in msgspec.structs.fields(RefundBody)} | {"body"}
    error = complaint(lambda: read_body(json.dumps(found).encode(), decoder_of(RefundBody)))

    if isinstance(error, DoorError):
        assert error.code == "bad_json"  # half of a surrogate pair
    else:
        assert isinstance(error, InvalidRequestError)  # no eight members make a refund with a card
        assert error.faults
        assert {path.partition(".")[0].partition("[")[0] for path, _ in error.faults} <= known


@given(st.binary(max_size=40))
def test_whatever_a_question_is_it_is_answered(raw: bytes) -> None:
    error = complaint(lambda: read_query(raw, SaleQuestion))

    assert error is None or (isinstance(error, InvalidRequestError) and error.faults)


def test_a_sale_of_another_currency_is_said_in_its_minor_units(shop: Shop) -> None:
    async def day() -> None:
        async with Counter(shop) as counter:
            answer = await counter.post("/sales", sale_body("S-9", 100, currency="999999"))
            assert code_of(answer)[:2] == (422, "invalid_request")

    asyncio.run(day())


def test_nobody_is_sent_elsewhere_with_his_card(shop: Shop) -> None:
    async def day() -> None:
        async with Counter(shop) as counter:
            answer = await counter.post("/refunds/", refund_body("R-1", 100))
            assert code_of(answer)[:2] == (404, "not_found")
            assert "location" not in answer.headers

    asyncio.run(day())
