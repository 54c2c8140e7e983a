"""Every reason a rule can give for saying no before anything is sent. Floor 4.

Codes are stable: programs branch on them. Each carries who can mend it and what the clerk does now, in
both languages.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from posrefund.engine.rule_codes import RULE_CODES
from posrefund.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

__all__ = ["REFUSALS", "refuse", "together"]

REFUSALS: Mapping[str, tuple[str, str, str]] = MappingProxyType(
    {
        "not_signed_in": ("merchant", "请先签到", "sign in first"),
        "sign_in_first": (
            "merchant",
            "主机要求重新签到：请签到后再试",
            "the host asked for a new sign-in: sign in, then try again",
        ),
        "no_signature_upload": (
            "merchant",
            "该主机没有电子签名上送",
            "this host takes no signatures",
        ),
        "signatures_waiting": (
            "merchant",
            "有电子签名尚未上送：先上送（posrefund upload-signatures），再结算",
            "signatures have not gone up: upload them (posrefund upload-signatures), then close the batch",
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
        "operator_unknown": (
            "merchant",
            "没有这个操作员：请核对操作员号，或请经理添加（posrefund staff add）",
            "nobody of that number works here: check it, or let a manager add the person (posrefund staff add)",
        ),
        "operator_inactive": (
            "merchant",
            "该操作员已停用：请换操作员办理",
            "that operator does not work here any more: let another one do it",
        ),
        "operator_locked": (
            "merchant",
            "密码错误次数过多，该操作员锁定至 {until}：请等待或请经理解锁（posrefund staff unlock）",
            "too many wrong PINs: that operator is locked until {until}; wait, or let a manager unlock it (posrefund staff unlock)",
        ),
        "operator_pin_needed": (
            "merchant",
            "须输入操作员密码",
            "the operator's PIN is needed",
        ),
        "operator_pin_wrong": (
            "merchant",
            "操作员密码错误：还可再试 {left} 次",
            "the operator's PIN is wrong: {left} more before a lock",
        ),
        "operator_pin_change": (
            "merchant",
            "密码由他人设定：请先本人改密（posrefund staff set-pin）",
            "somebody else chose that PIN: change it first (posrefund staff set-pin)",
        ),
        "operator_may_not_approve": (
            "merchant",
            "该操作员的角色无复核权限：请有权限的人复核",
            "that operator's role may not approve: let somebody do it who may",
        ),
        "operator_no_manager": (
            "merchant",
            "须由经理办理",
            "only a manager may do that",
        ),
        "operator_last_manager": (
            "merchant",
            "这是最后一位经理：请先添加另一位经理",
            "that is the last manager: add another one first",
        ),
        "role_unknown": (
            "merchant",
            "店规中没有这个角色：请用 posrefund policy explain 查看",
            "the shop's rules know no such role: posrefund policy explain lists them",
        ),
        "operator_known": (
            "merchant",
            "该操作员号已有人使用：请换一个号",
            "that operator number is taken: choose another one",
        ),
        "staff_known": (
            "merchant",
            "本机已有操作员：请由经理添加",
            "this terminal has its first operator: a manager adds the others",
        ),
        "amount_needed": (
            "merchant",
            "本机不知原交易余额：请输入退款金额",
            "nobody here knows what is left of that sale: say how much",
        ),
        "request_unknown": (
            "merchant",
            "本机没有这个单号：请核对",
            "nothing is known under that id: check it",
        ),
        "no_inquiry": (
            "acquirer",
            "不能向本主机查询这笔交易的状态：等对账结果，或询问收单机构",
            "this host cannot be asked about that: the settlement file will tell, or call the acquirer",
        ),
        "nothing_to_sign": (
            "merchant",
            "没有已受理的交易可签名：请核对单号",
            "nothing that was accepted waits for a signature under that id: check it",
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
        "method_not_taken": (
            "acquirer",
            "收单机构不受理这种付款方式：请换一种方式，或联系收单机构",
            "the acquirer does not take this way of paying: take another one, or call the acquirer",
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
        **RULE_CODES,
    }
)


def refuse(
    code: str,
    *,
    not_before: datetime | None = None,
    others: Sequence[RefusedError] = (),
    **words: str,
) -> RefusedError:
    """Return the error of *code*, ready to raise; *words* fill the places in its hints.

    Example:
        >>> from posrefund.engine.refusals import refuse
        >>> str(refuse("over_remaining"))
        'refused (over_remaining): the amount is more than what is left of that sale'
    """
    owner, zh, en = REFUSALS[code]
    if words:
        zh, en = zh.format(**words), en.format(**words)
    return RefusedError(
        code, owner=owner, hint_zh=zh, hint_en=en, not_before=not_before, others=others
    )


def together(faults: Sequence[RefusedError]) -> RefusedError:
    """Return the first of *faults*, which carries the others; what those carried stands beside them.

    Example:
        >>> from posrefund.engine.refusals import refuse, together
        >>> together([refuse("original_voided"), refuse("account_mismatch")]).others[0].code
        'account_mismatch'
    """
    flat = [each for fault in faults for each in (fault, *fault.others)]
    first, *rest = (_with(each, ()) for each in flat)
    return _with(first, rest)


def _with(fault: RefusedError, others: Sequence[RefusedError]) -> RefusedError:
    return RefusedError(
        fault.code,
        owner=fault.owner,
        hint_zh=fault.hint_zh,
        hint_en=fault.hint_en,
        not_before=fault.not_before,
        contact=fault.contact,
        others=others,
    )
