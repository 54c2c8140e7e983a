"""Who may ask for what: tokens, roles, terminals, operators, and how often."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from gateway.lines import AT, CARD, Counter, auth, refund_body, sale_body, tokens
from posrefund.errors import ConfigError
from posrefund.gateway import ROLES, RateLimit, Token, Tokens, digest_of, new_token
from posrefund.gateway.operations import OPERATIONS

if TYPE_CHECKING:
    from posrefund.gateway import Operation, Role
    from shop import Shop

BODIES: dict[str, Any] = {
    "refund": refund_body("R-1", 100),
    "check_refund": refund_body("R-1", 100),
    "ask_approval": refund_body("R-1", 100),
    "sale": sale_body("S-2", 100),
    "approve": {"checker": "02", "digest": "0"},
    "withdraw": {"by": "02"},
    "sign_in": {},
    "close_batch": {},
    "open_fault": {"kind": "printer"},
    "close_fault": {"by": "02", "done": "new roll"},
    "maintained": {"by": "02", "what": "new roll"},
    "slip": {},
    "host_request_done": {"by": "02"},
    "upload_signatures": {},
    "open_complaint": {"kind": "other", "words": "nobody was there", "by": "02"},
    "answer_complaint": {"words": "sorry", "by": "02"},
    "close_complaint": {"how": "a call", "by": "02"},
    "give_feedback": {"score": 3, "by": "02"},
}


def address(operation: Operation) -> str:
    path = operation.path.replace("{terminal}", "12345678").replace("{request}", "R-1")
    more = {"events": "?wait=false", "find_sales": "?request_id=S-1"}.get(operation.name, "")
    path = path.replace("{fault}", "F-1").replace("{name}", "software")
    return path.replace("{complaint}", "K-1") + more


def test_each_role_is_let_in_where_the_table_says_and_nowhere_else(shop: Shop) -> None:
    async def day() -> None:
        async with Counter(shop) as counter:
            for operation in OPERATIONS:
                for role, rights in ROLES.items():
                    answer = await counter.http.request(
                        operation.method,
                        address(operation),
                        headers=auth(role),
                        json=BODIES.get(operation.name),
                    )
                    code = (
                        ""
                        if answer.status_code == 200
                        else answer.json().get("error", {}).get("code", "")
                    )
                    is_let_in = operation.right is None or operation.right in rights
                    assert (code != "role_not_allowed") == is_let_in, (operation.name, role)

    asyncio.run(day())


def test_only_health_and_the_description_ask_for_no_token() -> None:
    assert [each.name for each in OPERATIONS if each.right is None] == ["health"]


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer "},
        {"Authorization": "Bearer prt_somebody-else"},
        {"Authorization": "Basic cHJ0Og=="},
        {"Authorization": "prt_till-of-the-tests"},
        {"Authorization": f"Bearer {digest_of('prt_till-of-the-tests')}"},
        {"X-Token": "prt_till-of-the-tests"},
    ],
)
def test_without_a_token_that_is_known_nobody_gets_anything(
    shop: Shop, said: dict[str, str]
) -> None:
    async def day() -> None:
        async with Counter(shop) as counter:
            body = refund_body("R-1", 100)
            answer = await counter.http.post(f"{AT}/refunds", headers=said, json=body)
            assert answer.status_code == 401
            assert answer.headers["WWW-Authenticate"] == "Bearer"
            assert answer.json()["error"]["effect"] == "nothing_sent"

    asyncio.run(day())
    assert shop.booked("refund") == []


def test_two_tokens_in_one_request_are_none(shop: Shop) -> None:
    async def day() -> None:
        async with Counter(shop) as counter:
            twice = [("Authorization", auth("admin")["Authorization"])] * 2
            answer = await counter.http.get("/v1/terminals", headers=twice)
            assert answer.status_code == 401

    asyncio.run(day())


def test_a_terminal_of_others_looks_like_none(shop: Shop) -> None:
    async def day() -> None:
        async with Counter(shop, tokens=tokens(terminals=("87654321",))) as counter:
            theirs = await counter.get("/refunds/R-1")
            none = await counter.http.get("/v1/terminals/87654321/refunds/R-1", headers=auth())
            listed = await counter.http.get("/v1/terminals", headers=auth())

            assert theirs.json() == none.json()
            assert theirs.json()["error"]["code"] == "terminal_unknown"
            assert (theirs.status_code, none.status_code) == (404, 404)
            assert listed.json() == {"terminals": []}

    asyncio.run(day())


def test_a_token_of_one_person_speaks_for_nobody_else(shop: Shop) -> None:
    async def day() -> None:
        async with Counter(shop, tokens=tokens(operator="07")) as counter:
            other = await counter.post("/refunds", refund_body("R-1", 100, operator="08"))
            own = await counter.post("/refunds", refund_body("R-2", 100, operator="7"))
            unnamed = await counter.post("/refunds", refund_body("R-3", 100))

            assert (other.status_code, other.json()["error"]["code"]) == (
                403,
                "operator_not_allowed",
            )
            assert own.json()["type"] == unnamed.json()["type"] == "Approved"
            made = counter.terminal.journal.last_attempt("R-3")
            assert made is not None
            assert made.facts["operator"] == "07"

    asyncio.run(day())
    assert shop.booked("refund") == [100, 100]


def test_who_asks_too_often_waits_and_others_do_not(shop: Shop) -> None:
    now = [100.0]

    async def day() -> None:
        rate = RateLimit(per_second=0.5, burst=3)
        async with Counter(shop, rate=rate, monotonic=lambda: now[0]) as counter:
            asked = [(await counter.get("/refunds/R-1")).status_code for _ in range(5)]
            assert asked == [404, 404, 404, 429, 429]
            refused = await counter.get("/refunds/R-1")
            assert refused.headers["Retry-After"] == "2"
            assert refused.json()["error"]["retry_is_safe"] is True
            assert (await counter.get("/refunds/R-1", "supervisor")).status_code == 404
            now[0] += 2
            assert (await counter.get("/refunds/R-1")).status_code == 404
            assert (await counter.get("/refunds/R-1")).status_code == 429

    asyncio.run(day())


def test_a_wrong_token_uses_up_nobodys_tries(shop: Shop) -> None:
    async def day() -> None:
        rate = RateLimit(per_second=0.001, burst=1)
        async with Counter(shop, rate=rate, monotonic=lambda: 0.0) as counter:
            wrong = {"Authorization": "Bearer prt_guess"}
            guessed = [await counter.http.get("/v1/terminals", headers=wrong) for _ in range(4)]
            assert {each.status_code for each in guessed} == {401}
            assert (await counter.http.get("/v1/terminals", headers=auth())).status_code == 200

    asyncio.run(day())


# --- tokens themselves -----------------------------------------------------------------------------


def test_a_new_token_has_256_bits_and_is_found_by_itself_alone() -> None:
    secret = new_token()
    known = Tokens([Token("till-1", "till", digest_of(secret))])

    assert len(secret) == 4 + 43
    assert len({new_token() for _ in range(100)}) == 100
    found = known.find(secret)
    assert found is not None
    assert found.name == "till-1"
    assert known.find(secret[:-1]) is known.find(secret.upper()) is known.find("") is None
    assert secret not in repr(found)


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"name": ""}, "name"),
        ({"name": "6200000000000005"}, "name"),
        ({"role": "king"}, "role"),
        ({"sha256": "prt_in-clear"}, "sha256"),
        ({"operator": "0001"}, "operator"),
    ],
)
def test_a_token_that_cannot_be_is_refused_and_not_repeated(
    fields: dict[str, Any], named: str
) -> None:
    right = {"name": "till-1", "role": "till", "sha256": "0" * 64}
    with pytest.raises(ConfigError, match=named) as error:
        Token(**right | fields)
    wrong = next(iter(fields.values()))
    assert not wrong or wrong not in str(error.value)


def test_the_same_token_twice_is_a_mistake() -> None:
    with pytest.raises(ConfigError):
        Tokens([Token(name, "till", "0" * 64) for name in ("a", "b")])
    with pytest.raises(ConfigError):
        Tokens([Token("a", role, digest_of(role)) for role in _roles("till", "admin")])


def _roles(*names: Role) -> tuple[Role, ...]:
    return names


def test_a_card_in_a_request_of_who_may_not_is_not_read(shop: Shop) -> None:
    async def day() -> None:
        async with Counter(shop) as counter:
            answer = await counter.post("/sales", {"card": CARD, "nonsense": 1}, "monitor")
            assert answer.status_code == 403

    asyncio.run(day())
