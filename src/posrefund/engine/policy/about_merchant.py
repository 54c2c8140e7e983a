"""Rules about the merchant: whether it may refund at all, in its category, on this day. Floor 4."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posrefund.engine.policy.rule import Rule
from posrefund.engine.refusals import refuse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from posrefund.engine.policy.asked import Asked
    from posrefund.engine.policy.rule import Said
    from posrefund.engine.policy.rules import Rules
    from posrefund.errors import RefusedError

__all__ = ["ABOUT_MERCHANT"]

_STATUS = {"suspended": ("已暂停", "suspended"), "revoked": ("已撤销", "revoked")}


def _permission(rules: Rules, asked: Asked) -> Iterator[RefusedError]:
    why = _STATUS.get(rules.merchant_status)
    if why is None and rules.merchant_through and asked.today > rules.merchant_through:
        day = rules.merchant_through.isoformat()
        why = f"资质 {day} 到期", f"its permission ended on {day}"
    if why is None and not rules.merchant_may_refund:
        why = "收单机构未开通退款", "the acquirer has not opened refunds for it"
    if why is not None:
        yield refuse("merchant_not_permitted", why_zh=why[0], why_en=why[1])


def _say_permission(rules: Rules) -> Iterator[Said]:
    if rules.merchant_status in _STATUS:
        zh, en = _STATUS[rules.merchant_status]
        yield f"商户{zh}：不办理退款。", f"The merchant is {en}: nothing is refunded."
    if rules.merchant_through:
        day = rules.merchant_through.isoformat()
        yield (
            f"商户资质有效至 {day}，其后不办理退款。",
            f"The merchant may work until {day}; after that nothing is refunded.",
        )
    if not rules.merchant_may_refund:
        yield (
            "收单机构未给本商户开通退款：不办理退款。",
            "The acquirer has not opened refunds for this merchant: nothing is refunded.",
        )


def _category(rules: Rules, asked: Asked) -> Iterator[RefusedError]:
    is_outside = rules.mcc_allowed and rules.mcc not in rules.mcc_allowed
    if is_outside or rules.mcc in rules.mcc_blocked:
        yield refuse("mcc_not_allowed", mcc=rules.mcc or "?")


def _say_category(rules: Rules) -> Iterator[Said]:
    mine = rules.mcc or "?"
    if rules.mcc_allowed:
        listed = ", ".join(rules.mcc_allowed)
        yield (
            f"只有这些商户类别（MCC）可退款：{listed}；本商户是 {mine}。",
            f"Only merchant categories {listed} may refund; this one is {mine}.",
        )
    if rules.mcc_blocked:
        listed = ", ".join(rules.mcc_blocked)
        yield (
            f"这些商户类别（MCC）不可退款：{listed}；本商户是 {mine}。",
            f"Merchant categories {listed} may not refund; this one is {mine}.",
        )


def _period(rules: Rules, asked: Asked) -> Iterator[RefusedError]:
    for period in rules.blocked_periods:
        if period.first <= asked.today <= period.last:
            why = f" ({period.why})" if period.why else ""
            first, last = period.first.isoformat(), period.last.isoformat()
            yield refuse("period_blocked", first=first, last=last, why=why)
            return


def _say_period(rules: Rules) -> Iterator[Said]:
    for period in rules.blocked_periods:
        first, last = period.first.isoformat(), period.last.isoformat()
        why = f" ({period.why})" if period.why else ""
        yield (
            f"{first} 至 {last}（主机日）不办理退款{why}。",
            f"No refunds on the host days from {first} to {last}{why}.",
        )


def _nothing(rules: Rules, asked: Asked) -> Iterator[RefusedError]:
    return iter(())


def _say_retention(rules: Rules) -> Iterator[Said]:
    years = rules.retention_years
    yield (
        f"退款记录至少保存 {years} 年；本机从不删除记录。",
        f"The records of refunds are kept for at least {years} years; nothing here deletes any.",
    )


ABOUT_MERCHANT = (
    Rule(
        ("merchant_not_permitted",),
        ("merchant_status", "merchant_through", "merchant_may_refund"),
        _permission,
        _say_permission,
    ),
    Rule(("mcc_not_allowed",), ("mcc_allowed", "mcc_blocked"), _category, _say_category),
    Rule(("period_blocked",), ("blocked_periods",), _period, _say_period),
    Rule((), ("retention_years",), _nothing, _say_retention),
)
