"""Every way in which two books can differ, who looks at it, and what is done next: as data. Floor 4.

The set is closed: a reconciliation puts each item of either book into exactly one of these. The page
``docs/reference/exceptions.md`` is made from this table.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "CATEGORIES",
    "EXCEPTIONS",
    "Category",
    "ExceptionRule",
    "Loser",
    "Owner",
    "Severity",
    "needs_somebody",
]

Category = Literal[
    "MATCH",
    "LATE_MATCH",
    "RESOLVED_YES",
    "RESOLVED_NO",
    "JOURNAL_ONLY",
    "HOST_ONLY",
    "DECLINED_BUT_BOOKED",
    "AMOUNT",
    "CURRENCY",
    "SIGN",
    "DUPLICATE_HOST",
    "DUPLICATE_JOURNAL",
    "ORIG_MISMATCH",
    "OVER_REFUND",
    "BOUNCED",
    "FEE",
    "FILE_FAULT",
    "OPEN_CASE",
    "PENDING",
]
CATEGORIES: tuple[Category, ...] = get_args(Category)

Owner = Literal["nobody", "shop", "finance", "security", "support"]
"""Whose case it is; ``support`` are the people who wrote or run this program."""
Loser = Literal["nobody", "customer", "merchant", "unknown"]
"""Who has too little money until the case is closed."""
Severity = Literal["none", "low", "high", "top"]


@dataclass(frozen=True, slots=True)
class ExceptionRule:
    """What one category means for people.

    Attributes:
        owner: Whose case it is; ``"nobody"`` where none is opened.
        loser: Who has too little money until somebody acts.
        severity: ``"top"`` is looked at the same day.
        meaning_zh: What happened.
        meaning_en: The same in English.
        next_zh: What its owner does next.
        next_en: The same in English.
    """

    owner: Owner
    loser: Loser
    severity: Severity
    meaning_zh: str
    meaning_en: str
    next_zh: str
    next_en: str


_NOTHING = ("无需处理", "nothing")
_ASK = ("向收单机构查询，并保存书面答复", "ask the acquirer, and keep its answer in writing")

EXCEPTIONS: Mapping[Category, ExceptionRule] = MappingProxyType(
    {
        "MATCH": ExceptionRule(
            "nobody", "nobody", "none",
            "双方账目一致", "both books have it, and agree", *_NOTHING,
        ),
        "LATE_MATCH": ExceptionRule(
            "nobody", "nobody", "none",
            "日切后入账，金额一致", "booked a day or two later: the cut-over lay between", *_NOTHING,
        ),
        "RESOLVED_YES": ExceptionRule(
            "nobody", "nobody", "none",
            "原来结果不明，文件证明已入账", "it was in doubt, and is booked",
            "停止重试；顾客需要时补打凭证", "try no more; print the slip if the customer wants it",
        ),
        "RESOLVED_NO": ExceptionRule(
            "shop", "customer", "low",
            "原来结果不明，三天完整文件均无记录", "it was in doubt, and three whole files do not show it",
            "两人确认后释放金额，可重新退货", "two people release it; then the refund may be made again",
        ),
        "JOURNAL_ONLY": ExceptionRule(
            "finance", "customer", "top",
            "短款：主机已受理，文件中没有", "the host said yes, and the files do not show it", *_ASK,
        ),
        "HOST_ONLY": ExceptionRule(
            "security", "merchant", "top",
            "长款：文件中有，本机没有", "the host booked what this journal never made",
            "查明由谁发起：其他渠道、流水丢失或欺诈", "find out who made it: another channel, a lost journal, or fraud",
        ),
        "DECLINED_BUT_BOOKED": ExceptionRule(
            "finance", "merchant", "top",
            "本机为拒绝或未发送，文件显示已入账", "refused, not sent or undone here, and booked there",
            "不要重新退货；向收单机构查询", "do not refund again; ask the acquirer",
        ),
        "AMOUNT": ExceptionRule(
            "finance", "unknown", "high",
            "金额或参考号不一致", "booked with another amount or reference number", *_ASK,
        ),
        "CURRENCY": ExceptionRule(
            "finance", "unknown", "high", "币种不一致", "booked in another currency", *_ASK,
        ),
        "SIGN": ExceptionRule(
            "finance", "customer", "top",
            "资金方向相反", "booked the other way round", *_ASK,
        ),
        "DUPLICATE_HOST": ExceptionRule(
            "finance", "merchant", "top",
            "主机重复入账", "the host booked it twice",
            "向收单机构追回重复的一笔", "claim the second one back from the acquirer",
        ),
        "DUPLICATE_JOURNAL": ExceptionRule(
            "support", "unknown", "top",
            "本机两笔对应主机一笔：程序错误", "two attempts here, one booking there: must be impossible",
            "停用该终端的退货并联系支持", "stop refunds on this terminal and call support",
        ),
        "ORIG_MISMATCH": ExceptionRule(
            "finance", "unknown", "high",
            "文件中的原交易与本机不同", "booked against another sale than ours", *_ASK,
        ),
        "OVER_REFUND": ExceptionRule(
            "security", "merchant", "top",
            "退货合计超过原交易金额", "more was given back than the sale brought in",
            "追回多退金额，查明来源", "claim the excess back, and find out who gave it",
        ),
        "BOUNCED": ExceptionRule(
            "shop", "customer", "high",
            "退款被退回：账户已注销或冻结", "the money came back: account closed or frozen",
            "联系顾客，改用其他方式退款", "call the customer and find another way to pay",
        ),
        "FEE": ExceptionRule(
            "finance", "merchant", "low",
            "手续费与约定不符", "the fee is not what was agreed",
            "与收单机构核对费率", "check the rate with the acquirer",
        ),
        "FILE_FAULT": ExceptionRule(
            "finance", "unknown", "high",
            "对账文件缺失、残缺或与合计不符", "a file is missing, damaged, or not what its totals say",
            "重新下载文件；仍不符则联系收单机构", "fetch the file again; if it stays so, call the acquirer",
        ),
        "OPEN_CASE": ExceptionRule(
            "finance", "unknown", "high",
            "此前已有未结差错", "people hold this one already",
            "先结清原有差错", "close what is open about it first",
        ),
        "PENDING": ExceptionRule(
            "nobody", "nobody", "none",
            "交易正在进行", "under way at this moment",
            "稍后再次读取文件", "read the file again later",
        ),
    }
)  # fmt: skip


def needs_somebody(category: Category) -> bool:
    """Say whether an item of *category* becomes a case.

    Example:
        >>> from posrefund.engine.exceptions import needs_somebody
        >>> needs_somebody("MATCH"), needs_somebody("HOST_ONLY")
        (False, True)
    """
    return EXCEPTIONS[category].owner != "nobody"
