"""Every reason a rule can give for saying no before anything is sent. Floor 4.

Codes are stable: programs branch on them. Each carries who can mend it and what the clerk does now, in
both languages.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from posrefund.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

__all__ = ["REFUSALS", "refuse"]

REFUSALS: Mapping[str, tuple[str, str, str]] = MappingProxyType(
    {
        "not_signed_in": ("merchant", "请先签到", "sign in first"),
        "sign_in_first": (
            "merchant",
            "主机要求重新签到：请签到后再试",
            "the host asked for a new sign-in: sign in, then try again",
        ),
        "journal_behind": (
            "merchant",
            "本机流水不完整（曾被还原或更换）：须读完结算文件、由两人确认后才能退款（posrefund journal accept）",
            "this journal lost rows: once every settlement file is read, two people accept it (posrefund journal accept)",
        ),
        "original_unknown": (
            "merchant",
            "本机没有这笔原交易：请核对参考号和日期",
            "this terminal does not know that sale: check its reference number and date",
        ),
        "original_ambiguous": (
            "merchant",
            "有多笔交易符合：请用原交易单号指定",
            "more than one sale fits: name it by its request id",
        ),
        "other_merchant": (
            "merchant",
            "原交易属于另一商户",
            "that sale was made for another merchant",
        ),
        "original_voided": ("merchant", "原交易已撤销", "that sale was voided"),
        "original_in_doubt": (
            "acquirer",
            "原交易有一笔结果未知的退款：等结果明确后再办",
            "a refund of that sale is still in doubt: wait until it is resolved",
        ),
        "original_has_case": (
            "acquirer",
            "原交易账务有争议：请联系收单机构",
            "the books disagree about that sale: call the acquirer",
        ),
        "approval_needed": (
            "merchant",
            "须由另一人复核：复核后用同一单号重新提交",
            "a second person has to approve it: then ask again under the same id",
        ),
        "approval_unknown": (
            "merchant",
            "没有待复核的申请",
            "nothing of that request waits for an approval",
        ),
        "approval_changed": (
            "merchant",
            "申请内容已变：请核对后重新复核",
            "the request is not what was shown: look at it again",
        ),
        "approval_same_person": (
            "merchant",
            "申请人不能复核自己的申请：请另一人复核",
            "who asked cannot approve: let another person look at it",
        ),
        "approval_expired": (
            "merchant",
            "申请已过期：请重新提交",
            "it waited too long: ask again",
        ),
        "amount_needed": (
            "merchant",
            "本机不知原交易余额：请输入退款金额",
            "nobody here knows what is left of that sale: say how much",
        ),
        "over_remaining": (
            "merchant",
            "退款金额超过可退余额",
            "the amount is more than what is left of that sale",
        ),
        "nothing_remaining": ("merchant", "原交易已全额退款", "that sale was refunded in full"),
        "currency_mismatch": (
            "merchant",
            "币种与原交易不同",
            "the currency is not that of the sale",
        ),
        "account_mismatch": (
            "merchant",
            "不是原付款卡：请使用原卡",
            "this is not the card that paid: use that card",
        ),
        "pin_required": (
            "merchant",
            "本交易须输密码：请顾客输入密码后重新发起",
            "this needs the customer's PIN: have it entered, then start again",
        ),
        "pin_unwanted": (
            "merchant",
            "收单机构规定本交易不输密码：请重新读卡，不要输密码",
            "the acquirer takes no PIN for this: read the card again, without a PIN",
        ),
        "track_key_missing": (
            "acquirer",
            "磁道须加密，而本次签到未下发磁道密钥：请插卡或挥卡，或联系收单机构",
            "tracks go encrypted and the last sign-in brought no key for them: read the chip, or call the acquirer",
        ),
        "clock_differs": (
            "merchant",
            "主机时钟{clock_zh}：请校准不准的一方，或确认接受主机时钟后再签到",
            "the host's clock is {clock_en}: set the one that is wrong, or sign in and accept the host's",
        ),
        "keys_came_back": (
            "acquirer",
            "主机下发了以前用过的密钥：请重新签到；再次出现请联系收单机构",
            "keys of an earlier sign-in came back: sign in again; if it happens again, call the acquirer",
        ),
        "batch_closing": (
            "merchant",
            "正在结算：请先完成结算",
            "the batch is being closed: finish closing it first",
        ),
        "no_settlement": (
            "merchant",
            "本主机不用终端结算：批次由主机切换",
            "this host takes no settlement from a terminal: it opens the batches itself",
        ),
        "batch_does_not_fit": (
            "acquirer",
            "本批次超过 999 笔、金额过大或有多种币种，结算报文放不下：请联系收单机构",
            "more than 999 transactions, too large a sum or two currencies: no settlement message holds this batch, call the acquirer",
        ),
        "selfcheck_failed": (
            "merchant",
            "自检未通过：{zh}：处理后重新自检（posrefund selfcheck）",
            "the self-check says no: {en}: deal with it, then check again (posrefund selfcheck)",
        ),
        "device_cannot": (
            "merchant",
            "此设备不支持这种交易：请在设备上办理或换设备",
            "this device cannot do that: do it on the device itself, or take another one",
        ),
        "device_in_doubt": (
            "merchant",
            "此设备上一笔结果未知：请先查询结果或由人确认，再办新的交易",
            "how this device's last transaction ended is not known: ask it, or let people settle it, first",
        ),
        "not_before": (
            "merchant",
            "现在不能撤销也不能退货：请在提示时间之后办理",
            "neither a void nor a refund is possible yet: come back after the time shown",
        ),
    }
)


def refuse(code: str, *, not_before: datetime | None = None, **words: str) -> RefusedError:
    """Return the error of *code*, ready to raise; *words* fill the places in its hints.

    Example:
        >>> from posrefund.engine.refusals import refuse
        >>> str(refuse("over_remaining"))
        'refused (over_remaining): the amount is more than what is left of that sale'
    """
    owner, zh, en = REFUSALS[code]
    if words:
        zh, en = zh.format(**words), en.format(**words)
    return RefusedError(code, owner=owner, hint_zh=zh, hint_en=en, not_before=not_before)
