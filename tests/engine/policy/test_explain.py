"""The sentences are the rules: golden texts, and no rule without a sentence that says its own numbers."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date, timedelta
from typing import Any, Literal

import pytest

from engine.builders import NOW, asked, original, refund_request
from engine.policy.test_load import WHOLE
from posrefund.engine.policy import (
    BOOK,
    Contact,
    DocumentRule,
    History,
    Limit,
    Period,
    Role,
    Rules,
    explain,
    judge,
    load_rules,
)
from posrefund.engine.policy.rule import is_set
from posrefund.values import Amount

ENGLISH = """\
Rules for refunds: 银联商务，超市
(they begin with the pack of platform wechat)
(they begin with the pack of region cn)
- The merchant may work until 2027-06-30; after that nothing is refunded.
- Only merchant categories 5411, 5812 may refund; this one is 5411.
- Merchant categories 7995, 6051 may not refund; this one is 5411.
- No refunds on the host days from 2026-12-31 to 2027-01-01 (盘点).
- The records of refunds are kept for at least 15 years; nothing here deletes any.
- Only sales of this merchant are refunded, and none that was voided, that the books disagree about, or of which a refund is in doubt.
- A sale under a dispute hold or a legal hold is not refunded until the hold is lifted.
- Money goes back the way it came; another way needs a document and a second person.
- The money goes back to the card that paid; a reissued card, or a phone's number of it, needs a document and a second person.
- The card is read; its number is never typed, but by manager.
- Nothing goes to a card on the block list (1 of them).
- All refunds of a sale together are at most what was paid, in its currency; without an amount all that is left.
- A sale that nobody here knows is never refunded.
- A sale may be refunded for 30 business days and 60 days after its settlement date; after the cut-off it is the next day.
- Business days: 2 days off and 1 worked at weekends are listed; else weeks count.
- A sale is refunded at most 10 times.
- Two refunds of one sale are at least 90 seconds apart.
- One refund on this terminal is at most ¥5000.00, $700.00; no other currency.
- The order is named, or the reference on the slip; an order that is not the sale's is refused.
- A document is needed from ¥500.00 on, in other currencies always: receipt or fapiao.
- A document is needed: red-letter fapiao.
- The customer signs before it is sent from ¥1000.00 on, in other currencies always.
- These roles may refund: clerk, manager.
- An operator whose role nobody says is clerk.
- Role clerk refunds at most ¥1000.00 at once; no other currency.
- Role clerk refunds at most ¥200.00 alone; more, or another currency, needs a second person.
- Role clerk refunds at most ¥3000.00 in a settlement day; no other currency.
- Role clerk makes at most 20 refunds in a settlement day.
- clerk may only refund all that is left.
- These roles may be the second person: manager.
Acquirer: 银联商务 / UMS, 95534, 24 h
Merchant: 客服, 010-12345, help@shop.example
"""

CHINESE = """\
退款规则
- 只退本商户的交易；已撤销、账务有争议、或有一笔退款结果未知的交易不退。
- 有争议处理或依法冻结的交易，解除之前不退。
- 原路退回：扫码支付的凭付款凭证码退回原付款账户，不改退到其他方式。
- 款项只退回原付款卡，其他卡一律不退。
- 卡号须由设备读取，不能手工输入。
- 同一交易的退款合计不超过原金额，币种与原交易相同；不写金额即退剩余全部。
- 本机不知道的交易，只在收单机构允许时办理，并须另一人复核。
- 退款期限：结算日后 365 天内（日切后算下一日）。
- 同一交易最多退款 50 次。
- 同一交易两次退款至少间隔 60 秒。
"""


def test_whole_file_in_english() -> None:
    assert explain(load_rules(WHOLE), "en") == ENGLISH


def test_wechats_rules_in_chinese() -> None:
    rules = replace(load_rules('platform = "wechat"'), platform="")

    assert explain(rules, "zh") == CHINESE


ONE = Limit((("156", 100),))
OTHER: dict[str, Any] = {
    "name": "another",
    "platform": "wechat",
    "region": "cn",
    "merchant_status": "revoked",
    "merchant_through": date(2026, 1, 1),
    "merchant_may_refund": False,
    "mcc_allowed": ("5411",),
    "mcc_blocked": ("7995",),
    "blocked_periods": (Period(date(2026, 1, 1), date(2026, 1, 2)),),
    "window_business_days": 5,
    "window_days": 7,
    "calendar": load_rules("days_off = [2026-10-01]").calendar,
    "refunds_max": 2,
    "gap_s": 3,
    "other_card": "two_people",
    "other_method": "two_people",
    "blocked_cards": ("0" * 32,),
    "terminal_max": ONE,
    "order_required": True,
    "documents": (DocumentRule(),),
    "signature_from": ONE,
    "unreferenced": False,
    "roles": (Role("clerk"),),
    "default_role": "clerk",
    "contacts": (Contact("merchant", "1"),),
    "retention_years": 5,
}
OF_ROLE: dict[str, Any] = {
    "may_refund": False,
    "may_approve": True,
    "may_key": True,
    "may_unreferenced": True,
    "may_partial": False,
    "refund_max": ONE,
    "alone_max": ONE,
    "day_max": ONE,
    "day_count_max": 4,
}
BASE = Rules(mcc="5411", roles=(Role("boss"),))


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("name", OTHER)
def test_every_setting_that_changes_changes_a_line(
    name: str, language: Literal["zh", "en"]
) -> None:
    base = replace(BASE, roles=(Role("boss", may_unreferenced=True),))
    changed = replace(base, **{name: OTHER[name]})

    assert explain(changed, language) != explain(base, language)


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("name", OF_ROLE)
def test_every_right_of_a_role_that_changes_changes_a_line(
    name: str, language: Literal["zh", "en"]
) -> None:
    changed = replace(BASE, roles=(Role("boss", **{name: OF_ROLE[name]}),))

    assert explain(changed, language) != explain(BASE, language)


def test_no_setting_is_missing_above() -> None:
    assert {field.name for field in fields(Rules)} - OTHER.keys() == {"mcc"}  # said with its list
    assert {field.name for field in fields(Role)} - OF_ROLE.keys() == {"name"}


def test_every_setting_is_read_by_a_rule_and_every_rule_has_a_sentence_where_it_is_in_force() -> (
    None
):
    read = {setting for rule in BOOK for setting in rule.settings}
    rules = replace(BASE, **OTHER | {"roles": (Role("clerk", **OF_ROLE),)})

    for rule in BOOK:
        assert rule.is_in_force(rules), rule.codes
        assert [*rule.say(rules)], rule.codes
        for zh, en in rule.say(rules):
            assert any("\u4e00" <= char <= "\u9fff" for char in zh)
            assert not any("\u4e00" <= char <= "\u9fff" for char in en)
    beside = {"name", "platform", "region", "contacts", "mcc"}
    assert {field.name for field in fields(Rules)} - read == beside
    assert {f"roles.{name}" for name in OF_ROLE} <= read
    assert all(is_set(rules, setting) for setting in read)


def test_rule_that_is_not_in_force_is_not_mentioned() -> None:
    always = [rule for rule in BOOK if rule.always]

    assert explain(Rules(), "en").count("\n- ") == len(always) == 7


def refuses(rules: Rules, **question: Any) -> bool:
    return bool(judge(rules, asked(**question)).faults)


@pytest.mark.parametrize("number", [1, 7, 50])
def test_number_in_a_sentence_is_the_number_that_decides(number: int) -> None:
    many, gap = Rules(refunds_max=number), Rules(gap_s=number)
    assert f"- A sale is refunded at most {number} times.\n" in explain(many)
    assert not refuses(many, history=History(number - 1))
    assert refuses(many, history=History(number))

    assert f"at least {number} seconds apart" in explain(gap)
    assert not refuses(gap, history=History(1, NOW - timedelta(seconds=number)))
    assert refuses(gap, history=History(1, NOW - timedelta(seconds=number - 1)))

    window = Rules(window_days=number)
    settled = date(2026, 3, 9) - timedelta(days=number)
    assert f"refunded for {number} days after" in explain(window)
    assert not refuses(window, sale=original(settlement_date=settled))
    assert refuses(window, sale=original(settlement_date=settled - timedelta(days=1)))

    cap = Rules(terminal_max=Limit((("156", number * 100),)))
    assert f"at most ¥{number}.00; no other currency" in explain(cap)
    assert not refuses(cap, request=refund_request(amount=Amount(number * 100)))
    assert refuses(cap, request=refund_request(amount=Amount(number * 100 + 1)))
