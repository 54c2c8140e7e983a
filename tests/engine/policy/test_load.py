"""A rules file: what it says is what is read, and what is wrong in it is all named."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.builders import PROPERTY
from posrefund.engine.calendar import BusinessCalendar
from posrefund.engine.policy import Contact, DocumentRule, Limit, Period, Role, Rules, load_rules
from posrefund.engine.policy.load import KEYS
from posrefund.errors import ConfigError

WHOLE = """
name = "银联商务，超市"
platform = "wechat"
region = "cn"
merchant_status = "active"
merchant_through = 2027-06-30
merchant_may_refund = true
mcc = "5411"
mcc_allowed = ["5411", "5812"]
mcc_blocked = ["6051"]
window_business_days = 30
window_days = 60
days_off = [2026-10-01, 2026-10-02]
days_worked = [2026-10-10]
refunds_max = 10
gap_s = 90
other_card = "two_people"
other_method = "two_people"
blocked_cards = ["00112233445566778899aabbccddeeff"]
terminal_max = { 156 = 500000, 840 = 70000 }
order_required = true
signature_from = { 156 = 100000 }
unreferenced = false
default_role = "clerk"
retention_years = 15

[[blocked_periods]]
first = 2026-12-31
last = 2027-01-01
why = "盘点"

[[documents]]
any_of = ["receipt", "fapiao"]
from = { 156 = 50000 }

[[documents]]
any_of = ["red_letter_fapiao"]

[roles.clerk]
refund_max = { 156 = 100000 }
alone_max = { 156 = 20000 }
day_max = { 156 = 300000 }
day_count_max = 20
may_partial = false

[roles.manager]
may_approve = true
may_key = true
may_unreferenced = true

[contacts.acquirer]
zh = "银联商务"
en = "UMS"
phone = "95534"
hours = "24 h"

[contacts.merchant]
zh = "客服"
phone = "010-12345"
mail = "help@shop.example"
"""


def faults(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load_rules(text)
    return str(caught.value)


def test_file_with_every_key_is_read_as_it_stands() -> None:
    assert load_rules(WHOLE) == Rules(
        name="银联商务，超市",
        platform="wechat",
        region="cn",
        merchant_through=date(2027, 6, 30),
        mcc="5411",
        mcc_allowed=("5411", "5812"),
        mcc_blocked=("7995", "6051"),
        blocked_periods=(Period(date(2026, 12, 31), date(2027, 1, 1), "盘点"),),
        window_business_days=30,
        window_days=60,
        calendar=BusinessCalendar(
            frozenset({date(2026, 10, 1), date(2026, 10, 2)}), frozenset({date(2026, 10, 10)})
        ),
        refunds_max=10,
        gap_s=90,
        other_card="two_people",
        other_method="two_people",
        blocked_cards=("00112233445566778899aabbccddeeff",),
        terminal_max=Limit((("156", 500_000), ("840", 70_000))),
        order_required=True,
        documents=(
            DocumentRule(("receipt", "fapiao"), Limit((("156", 50_000),))),
            DocumentRule(("red_letter_fapiao",)),
        ),
        signature_from=Limit((("156", 100_000),)),
        unreferenced=False,
        roles=(
            Role(
                "clerk",
                may_partial=False,
                refund_max=Limit((("156", 100_000),)),
                alone_max=Limit((("156", 20_000),)),
                day_max=Limit((("156", 300_000),)),
                day_count_max=20,
            ),
            Role("manager", may_approve=True, may_key=True, may_unreferenced=True),
        ),
        default_role="clerk",
        contacts=(
            Contact("acquirer", phone="95534", hours="24 h", zh="银联商务", en="UMS"),
            Contact("merchant", phone="010-12345", mail="help@shop.example", zh="客服"),
        ),
        retention_years=15,
    )


def test_every_key_stands_in_the_file_above() -> None:
    assert [key for key in KEYS if key not in WHOLE] == []


def test_page_about_rules_shows_a_file_that_loads_and_names_every_key() -> None:
    page = Path(__file__).parents[3] / "docs" / "howto" / "rules.md"
    text = page.read_text(encoding="utf-8").partition("```toml\n")[2].partition("```")[0]

    assert load_rules(text).name == "Corner shop, UMS"
    assert [key for key in KEYS if key not in text] == []


def test_empty_file_has_no_rule() -> None:
    assert load_rules("") == Rules()


def test_every_wrong_key_is_named_at_once_with_its_line_and_path() -> None:
    text = """
refund_max = 3
gap_s = -1
platform = "weixin"
merchant_through = "2026-12-31"
mcc_blocked = ["79"]
terminal_max = { CNY = 1, 156 = 1.5 }
blocked_cards = ["620000"]
[roles.Clerk]
may_refund = "yes"
may_pay = true
[[documents]]
any_of = ["passport"]
until = 3
[[blocked_periods]]
first = 2026-03-02
last = 2026-03-01
[contacts.bank]
phone = "1"
[contacts.merchant]
phone = 95534
"""
    said = faults(text)

    for fault in (
        "line 2: refund_max: expected a key that is known; did you mean refunds_max?",
        "line 3: gap_s: expected a whole number from 0 to 604800",
        "line 4: platform: expected one of , wechat, alipay, square, interac, unionpay",
        "line 5: merchant_through: expected a day, such as 2026-12-31, without quotes",
        "line 6: mcc_blocked: expected a list of texts, each four digits",
        "line 7: terminal_max.CNY: expected a currency of three digits (ISO 4217), such as 156",
        "line 7: terminal_max.156: expected minor units, a whole number of at most 12 digits",
        "line 8: blocked_cards: expected a list of texts, each a fingerprint",
        "line 9: roles.Clerk: expected a name of small letters",
        "line 10: roles.Clerk.may_refund: expected true or false",
        "line 11: roles.Clerk.may_pay: expected a key that is known",
        "line 13: documents[0].any_of: expected a list of texts, each one of receipt",
        "line 14: documents[0].until: expected a key that is known",
        "line 17: blocked_periods[0].last: expected a day that is not before the first",
        "line 18: contacts.bank: expected a key that is known: acquirer, merchant",
        "line 21: contacts.merchant.phone: expected text",
    ):
        assert fault in said, fault
    assert said.count("expected") == 16


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("gap_s = ", "rules: line 1"),
        ('default_role = "clerk"', "default_role: expected a role of this file"),
        ("refunds_max = true", "refunds_max: expected a whole number"),
        ("order_required = 1", "order_required: expected true or false"),
        ("merchant_through = 2026-01-01T00:00:00Z", "merchant_through: expected a day"),
        ("days_off = ['2026-01-01']", "days_off: expected a list of days"),
        ("days_off = [2026-01-03]\ndays_worked = [2026-01-03]", "days_worked: expected no day"),
        ("roles = 3", "roles: expected a table"),
        ("documents = {}", "documents: expected a list of tables"),
        ("terminal_max = {}", "terminal_max: expected minor units by currency"),
        ("terminal_max = 500", "terminal_max: expected a table"),
        ("name = '6200000000000005'", "name: expected one line, at most 200 characters"),
    ],
)
def test_value_of_another_kind_is_named_and_never_shown(text: str, said: str) -> None:
    found = faults(text)

    assert said in found
    assert "6200000000000005" not in found


def check_loads_or_says_why(text: str) -> None:
    said = ""
    try:
        load_rules(text)
    except ConfigError as error:
        said = str(error)
    assert said.startswith("rules: ") or not said


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 10**13) | st.text(max_size=12) | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["156", "clerk", "first", "acquirer", "any_of"]), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


def toml(value: object) -> str:
    """Write *value* as TOML on one line."""
    match value:
        case bool():
            return str(value).lower()
        case date() | int():
            return str(value)
        case list():
            return f"[{', '.join(map(toml, value))}]"
        case dict():
            return f"{{ {', '.join(f'{key} = {toml(each)}' for key, each in value.items())} }}"
        case _:
            return '"' + "".join(f"\\U{ord(char):08x}" for char in str(value)) + '"'


@PROPERTY
@given(st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=6))
def test_whatever_stands_at_a_key_rules_or_a_config_error_come_of_it(
    data: dict[str, object],
) -> None:
    text = "\n".join(f"{key} = {toml(value)}" for key, value in data.items())
    check_loads_or_says_why(text)


@PROPERTY
@given(
    st.text(max_size=200)
    | st.lists(st.sampled_from([*WHOLE.split("\n")]), max_size=12).map("\n".join)
)
def test_whatever_the_text_rules_or_a_config_error_come_of_it(text: str) -> None:
    check_loads_or_says_why(text)
