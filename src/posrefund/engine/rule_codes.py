"""The codes of the shop's rules: who can mend it, and what the clerk does now, in both languages. Floor 4.

They are part of ``refusals.REFUSALS``. A code that begins with ``review_`` refuses nothing: it says why a second
person has to say yes.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["RULE_CODES"]

RULE_CODES: Mapping[str, tuple[str, str, str]] = MappingProxyType(
    {
        "merchant_not_permitted": (
            "acquirer",
            "本商户现在不能退款（{why_zh}）：请联系收单机构",
            "this merchant may not refund now ({why_en}): call the acquirer",
        ),
        "mcc_not_allowed": (
            "acquirer",
            "商户类别（MCC）{mcc} 不允许退款：请联系收单机构",
            "merchant category {mcc} may not refund: call the acquirer",
        ),
        "period_blocked": (
            "merchant",
            "{first} 至 {last} 停办退款{why}：请过后再来",
            "no refunds from {first} to {last}{why}: come back after it",
        ),
        "window_expired": (
            "merchant",
            "已过退款期限：结算日后{limit_zh}内可退，{last} 止。请与商户协商其他办法",
            "the time for a refund is over: {limit_en} after the settlement date, until {last}; settle it another way",
        ),
        "too_many_refunds": (
            "merchant",
            "该交易已退款 {count} 次，最多 {most} 次：请与商户协商其他办法",
            "that sale has {count} refunds, and at most {most} are allowed: settle it another way",
        ),
        "too_soon": (
            "merchant",
            "同一交易两次退款须间隔 {gap} 秒：请在提示时间之后办理",
            "two refunds of one sale have to be {gap} seconds apart: try again after the time shown",
        ),
        "dispute_hold": (
            "acquirer",
            "原交易正在争议处理中，不能退款：请联系收单机构",
            "that sale is disputed and may not be refunded now: call the acquirer",
        ),
        "legal_hold": (
            "merchant",
            "原交易被依法冻结，不能退款：请报告主管",
            "that sale is under a legal hold and may not be refunded: tell your manager",
        ),
        "card_blocked": (
            "acquirer",
            "此卡在止付名单上，不能退款：请联系收单机构",
            "this card is on the block list and takes no refund: call the acquirer",
        ),
        "keyed_card": (
            "merchant",
            "卡号不能手工输入：请刷卡、插卡或挥卡",
            "a card number may not be typed: swipe, insert or tap the card",
        ),
        "other_card_document": (
            "merchant",
            "不是原付款卡：须出示证明此卡属于原付款人的凭证",
            "this is not the card that paid: a document has to show that it is the same customer's",
        ),
        "other_method": (
            "merchant",
            "须原路退回：扫码支付的凭付款凭证码退回，不能改退到卡或其他付款码",
            "money goes back the way it came: what a code paid, by its voucher and not to a card or another code",
        ),
        "other_method_document": (
            "merchant",
            "不是原付款方式：须出示凭证，证明收款账户属于原付款人",
            "this is not the way it was paid: a document has to show that it goes to the same customer",
        ),
        "card_needed": (
            "merchant",
            "原交易是刷卡支付：请读原付款卡",
            "that sale was paid by card: read the card that paid",
        ),
        "voucher_needed": (
            "merchant",
            "本机没有这笔交易的付款凭证码：请按签购单输入",
            "this terminal does not know the voucher of that payment: type it from the slip",
        ),
        "other_voucher": (
            "merchant",
            "付款凭证码不是原交易的：请核对签购单",
            "that voucher is not the one of that sale: check the slip",
        ),
        "over_terminal_cap": (
            "merchant",
            "超过本机单笔退款上限 {most}：请联系主管",
            "more than one refund on this terminal may be, {most}: tell your manager",
        ),
        "order_ref_required": (
            "merchant",
            "须提供订单号或小票参考号：请联系商户客服核对订单",
            "name the order, or the reference on the slip: ask the shop's service for it",
        ),
        "order_mismatch": (
            "merchant",
            "原交易属于另一订单：请核对订单号",
            "that sale belongs to another order: check the order number",
        ),
        "documents_required": (
            "merchant",
            "须提供凭证：{kinds_zh}",
            "a document is needed: {kinds_en}",
        ),
        "signature_required": (
            "merchant",
            "须顾客签名：请签名后再提交",
            "the customer has to sign first: take the signature, then ask again",
        ),
        "role_unknown": (
            "merchant",
            "该操作员没有角色，不能退款：请联系主管",
            "this operator has no role and may not refund: tell your manager",
        ),
        "role_may_not_refund": (
            "merchant",
            "角色“{role}”无退款权限：请有权限的人办理",
            "role {role} may not refund: let somebody do it who may",
        ),
        "role_may_not_approve": (
            "merchant",
            "角色“{role}”无复核权限：请有权限的人复核",
            "role {role} may not approve: let somebody do it who may",
        ),
        "over_role_limit": (
            "merchant",
            "超过角色“{role}”的单笔上限 {most}：请权限更高的人办理",
            "more than role {role} may refund at once, {most}: let somebody with a higher limit do it",
        ),
        "over_day_limit": (
            "merchant",
            "超过角色“{role}”的当日上限（{most}，今日已退 {done}）：请权限更高的人办理",
            "more than role {role} may refund in a day, {most} (today so far {done}): let somebody else do it",
        ),
        "partial_not_allowed": (
            "merchant",
            "角色“{role}”只能全额退款：请退剩余全部金额",
            "role {role} may only refund all that is left: ask for the whole rest",
        ),
        "unreferenced_not_allowed": (
            "merchant",
            "不允许无原交易的退款：请找到原交易",
            "a refund without a known sale is not allowed: find the sale",
        ),
        "review_other_method": (
            "merchant",
            "不是原付款方式：须凭证，并由另一人复核",
            "this is not the way it was paid: a second person looks at the document and says yes",
        ),
        "review_other_card": (
            "merchant",
            "不是原付款卡：须凭证，并由另一人复核",
            "this is not the card that paid: a second person looks at the document and says yes",
        ),
        "review_amount": (
            "merchant",
            "超过角色“{role}”可独自办理的金额 {most}：须另一人复核",
            "more than role {role} may refund alone, {most}: a second person says yes",
        ),
        "review_unreferenced": (
            "merchant",
            "本机不知原交易：须另一人复核",
            "nobody here knows that sale: a second person says yes",
        ),
    }
)
