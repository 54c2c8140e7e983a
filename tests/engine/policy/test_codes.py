"""Every code has an owner and says what to do in both languages; contacts stand beside those that need them."""

from __future__ import annotations

import pytest

from posrefund.dialects import dialect, names
from posrefund.engine.policy import (
    ACQUIRER_CODES,
    BOOK,
    Contact,
    Hold,
    Rules,
    contact_for,
    name_contact,
)
from posrefund.engine.policy.about_people import check_approver
from posrefund.engine.policy.rules import Role
from posrefund.engine.refusals import REFUSALS, refuse, together
from posrefund.engine.rule_codes import RULE_CODES
from posrefund.errors import InvalidRequestError, RefusedError

RULES = Rules(
    contacts=(
        Contact("acquirer", phone="95534", zh="银联商务", en="UMS", hours="24 h"),
        Contact("merchant", mail="help@shop.example"),
    )
)


def test_every_rule_says_codes_that_are_known_and_every_code_is_some_rules() -> None:
    said = [code for rule in BOOK for code in rule.codes]

    assert set(said) <= REFUSALS.keys()
    assert set(RULE_CODES) <= set(said)


@pytest.mark.parametrize("code", sorted(REFUSALS))
def test_code_has_an_owner_and_a_hint_in_both_languages(code: str) -> None:
    owner, zh, en = REFUSALS[code]

    assert owner in ("merchant", "acquirer", "issuer", "engineer")
    assert any("\u4e00" <= char <= "\u9fff" for char in zh)
    assert en
    assert en.isascii()


@pytest.mark.parametrize("name", names())
def test_response_code_has_an_owner_and_words_for_the_clerk_in_both_languages(name: str) -> None:
    for row in dialect(name).codes.values():
        assert row.owner in ("merchant", "acquirer", "issuer", "engineer")
        assert row.clerk_zh
        assert row.clerk_en


@pytest.mark.parametrize("code", ["03", "12", "40", "57", "58", "97"])
def test_acquirer_is_named_beside_the_codes_that_only_it_can_mend(code: str) -> None:
    assert code in ACQUIRER_CODES
    assert contact_for(RULES, code=code) == "银联商务 / UMS, 95534, 24 h"
    assert contact_for(RULES, code=code, owner="merchant") == "银联商务 / UMS, 95534, 24 h"


def test_contact_of_a_refusal_is_its_owners_and_of_each_that_it_carries() -> None:
    refusal = name_contact(together([refuse("over_remaining"), refuse("dispute_hold")]), RULES)

    assert refusal.contact == "help@shop.example"
    assert refusal.others[0].contact == "银联商务 / UMS, 95534, 24 h"
    assert contact_for(RULES, code="51", owner="issuer") == ""
    assert contact_for(Rules(), code="58") == ""


def test_together_is_flat_and_keeps_what_each_one_knows() -> None:
    inner = together([refuse("original_voided"), refuse("dispute_hold")])
    found = together([inner, refuse("account_mismatch")])

    assert found.code == "original_voided"
    assert [each.code for each in found.others] == ["dispute_hold", "account_mismatch"]
    assert all(not each.others for each in found.others)


def test_second_person_is_one_whose_role_may_approve() -> None:
    rules = Rules(roles=(Role("clerk"), Role("manager", may_approve=True)))

    check_approver(rules, "manager")
    check_approver(Rules(), None)
    for role, code in (("clerk", "role_may_not_approve"), (None, "role_unknown")):
        with pytest.raises(RefusedError) as caught:
            check_approver(rules, role)
        assert caught.value.code == code


def test_hold_that_says_too_little_names_every_fault() -> None:
    with pytest.raises(InvalidRequestError) as caught:
        Hold("S-1", "other", by=" ", why="card 6200000000000005")  # type: ignore[arg-type]

    assert [path for path, _ in caught.value.faults] == ["kind", "by", "why"]
    assert "6200000000000005" not in str(caught.value)
