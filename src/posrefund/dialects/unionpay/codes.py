"""The response codes (DE39) of the UnionPay POS dialect, as data.

One row per code of the appendix, in its classes A to E. The class says what a terminal shows; only
``money`` says what may be concluded. It refuses to guess: where the host's words leave room for a
booking the row says ``"unknown"``, and a code not listed is left to ``look_up``. An acquirer's own
meanings belong in its profile. Source: public derivatives of the UnionPay POS terminal
specification (Q/CUP 009), appendix on response codes; the judgements on ``money`` are explained in
decision 0011. Floor 3.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

from posrefund.dialects.codes import CodeClass, Money, Owner, ResponseCode

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["CODES"]


class _Advice(NamedTuple):
    """The last seven attributes of a ``ResponseCode``, in its order; many codes share them."""

    owner: Owner
    zh: str
    en: str
    may_retry: bool = False
    sign_in_first: bool = False
    zh_by_code: str = ""
    en_by_code: str = ""


_Row = tuple[str, str, str, Money, _Advice]
"""Code, its words in Chinese and English, the money, and what follows."""

# Booked: accepted by the host. No text may promise more than that.

_PRINT = _Advice(
    "merchant",
    "已受理：请打印签购单，并请顾客签字",
    "accepted: please print the slip and ask the customer to sign it",
)
_CONFIRM = _Advice(
    "issuer",
    "已受理，待发卡行确认：请打印签购单，并请顾客向发卡行查询",
    "accepted, to be confirmed by the card's bank: please print the slip and ask the customer to "
    "check with that bank",
    zh_by_code="已受理，待付款方确认：请打印签购单，并请顾客向发卡行或钱包客服查询",
    en_by_code="accepted, to be confirmed by whoever paid: please print the slip and ask the customer "
    "to check with the bank or the wallet",
)

# Unknown: every text forbids a second try, for the first one may stand in somebody's books.

_WAIT = _Advice(
    "acquirer",
    "结果未知：请不要重做，终端会继续处理",
    "result unknown: please do not repeat it; the terminal keeps working on it",
)
_WAIT_FOR_ISSUER = _WAIT._replace(owner="issuer")
_WAIT_AND_COMPARE = _Advice(
    "acquirer",
    "结果未知：请不要重做，终端会继续处理；请主管与收单机构核对金额",
    "result unknown: please do not repeat it; the terminal keeps working on it; ask the supervisor "
    "to compare the amount with the acquirer",
)
_WAIT_AND_BALANCE = _Advice(
    "acquirer",
    "对账不平，结果未知：请不要重做，终端会继续处理；请主管联系收单机构对账",
    "the totals differ, result unknown: please do not repeat it; the terminal keeps working on it; "
    "ask the supervisor to reconcile with the acquirer",
)

# Not booked, and the same request may be tried again.

_TRY_AGAIN = _Advice(
    "merchant",
    "未受理：请再试一次；仍不成功请联系收单机构",
    "not accepted: please try once more; if it fails again, call the acquirer",
    may_retry=True,
)
_ENTER_PIN_AGAIN = _Advice(
    "merchant",
    "未受理，密码不正确：请顾客重新输入密码",
    "not accepted, wrong PIN: please ask the customer to enter the PIN again",
    may_retry=True,
)
_SIGN_IN = _Advice(
    "merchant",
    "未受理：请重新签到后再试一次；仍不成功请联系收单机构",
    "not accepted: please sign in again, then try once more; if it fails again, call the acquirer",
    may_retry=True,
    sign_in_first=True,
)

# Not booked, and something in the request has to change: that is a new request, not a new attempt.

_CHECK_AMOUNT = _Advice(
    "merchant",
    "未受理：请核对金额后重新发起",
    "not accepted: please check the amount, then start a new request",
)
_CHECK_REMAINDER = _Advice(
    "merchant",
    "未受理：请核对原交易金额和已退金额，再重新发起",
    "not accepted: please check the original amount and what was refunded before, then start a new "
    "request",
)
_CHECK_CARD = _Advice(
    "merchant",
    "未受理：请核对卡片，退货须用原交易所用的卡，再重新发起",
    "not accepted: please check the card, which for a refund is the card of the original sale; then "
    "start a new request",
    zh_by_code="未受理：消费请顾客刷新付款码，退货请核对签购单上的付款凭证码，再重新发起",
    en_by_code="not accepted: for a sale please ask the customer for a new code, for a refund check the "
    "voucher number of the slip; then start a new request",
)
_CHECK_ORIGINAL = _Advice(
    "merchant",
    "未受理：请核对原交易参考号和日期，再重新发起",
    "not accepted: please check the original reference number and date, then start a new request",
)
_CHECK_DATE = _Advice(
    "merchant",
    "未受理：请核对原交易日期；如已超过可退天数，请联系收单机构",
    "not accepted: please check the date of the original sale; if it is too old to refund, call "
    "the acquirer",
)

# Not booked, and somebody else has to act.

_CALL_ACQUIRER = _Advice(
    "acquirer",
    "未受理：请联系收单机构，并告知应答码",
    "not accepted: please call the acquirer and tell them this code",
)
_CALL_SECURITY = _Advice(
    "acquirer",
    "未受理：请联系收单机构的安全部门",
    "not accepted: please call the acquirer's security department",
)
_REGISTER_TERMINAL = _Advice(
    "acquirer",
    "未受理：请重新签到，并联系收单机构核对终端号",
    "not accepted: please sign in again and call the acquirer to check the terminal number",
)
_CHECK_FUNDS = _Advice(
    "merchant",
    "未受理，可退资金不足：请主管与收单机构核实结算资金",
    "not accepted, too little money to refund from: please ask the supervisor to check the shop's "
    "settlement funds with the acquirer",
)
_CALL_ENGINEER = _Advice(
    "engineer",
    "未受理：请联系终端维护人员，并告知应答码",
    "not accepted: please call the terminal's service engineer and tell them this code",
)
_ASK_BANK = _Advice(
    "issuer",
    "未受理：请顾客联系发卡行",
    "not accepted: please ask the customer to call the card's bank",
    zh_by_code="未受理：请顾客联系发卡行或钱包客服",
    en_by_code="not accepted: please ask the customer to call the bank or the wallet",
)
_BRING_NEW_CARD = _Advice(
    "issuer",
    "未受理，卡已过期：请顾客出示同一账户的新卡，或联系发卡行",
    "not accepted, the card has expired: please ask the customer for the new card of the same "
    "account, or to call the card's bank",
    zh_by_code="未受理，付款码所绑的卡已过期：请顾客联系发卡行或钱包客服",
    en_by_code="not accepted, the card behind the code has expired: please ask the customer to call the "
    "bank or the wallet",
)
_HOLD_CARD = _Advice(
    "issuer",
    "未受理：请先留住卡片并联系收单机构，按其指示处理；请不要与顾客争执",
    "not accepted: please hold on to the card, call the acquirer and do as they say; do not argue "
    "with the customer",
    zh_by_code="未受理：请联系收单机构，按其指示处理；请不要与顾客争执",
    en_by_code="not accepted: please call the acquirer and do as they say; do not argue with the customer",
)

_TABLE: Final[Mapping[CodeClass, tuple[_Row, ...]]] = {
    "approved": (  # class A: success
        ("00", "承兑或交易成功", "approved", "booked", _PRINT),
        # Made for sales. A refund for less than was asked is not the refund that was asked.
        ("10", "部分承兑", "partial approval", "unknown", _WAIT_AND_COMPARE),
        ("11", "成功，VIP客户", "approved, VIP", "booked", _PRINT),
        ("A2", "交易成功，请向发卡行确认", "approved, confirm with issuer", "booked", _CONFIRM),
        ("A4", "交易成功，请向发卡行确认", "approved, confirm with issuer", "booked", _CONFIRM),
        ("A5", "交易成功，请向发卡行确认", "approved, confirm with issuer", "booked", _CONFIRM),
        ("A6", "交易成功，请向发卡行确认", "approved, confirm with issuer", "booked", _CONFIRM),
    ),
    "retry": (  # class B: failed, may be tried again
        # In 13, 14 and 42 the content has to change first.
        # 09: the host has the request and has not finished with it.
        ("09", "请求正在处理中", "request in progress", "unknown", _WAIT),
        ("13", "无效金额", "invalid amount", "not_booked", _CHECK_AMOUNT),
        ("14", "无效卡号", "invalid card number", "not_booked", _CHECK_CARD),
        ("42", "无此账户", "no such account", "not_booked", _CHECK_CARD),
        # 99, A0: the host could not read the PIN or trust the MAC, and stopped; new keys mend it.
        ("99", "PIN格式错", "PIN format error", "not_booked", _SIGN_IN),
        ("A0", "MAC校验错", "MAC error", "not_booked", _SIGN_IN),
    ),
    "declined": (  # class C: failed
        ("01", "查发卡行", "refer to issuer", "not_booked", _ASK_BANK),
        ("02", "查发卡行的特殊条件", "refer to issuer, special", "not_booked", _ASK_BANK),
        ("03", "无效商户", "invalid merchant", "not_booked", _CALL_ACQUIRER),
        ("05", "不予承兑/持卡人认证失败", "do not honour", "not_booked", _ASK_BANK),
        ("12", "无效交易", "invalid transaction", "not_booked", _CALL_ACQUIRER),
        ("15", "无此发卡行", "no such issuer", "not_booked", _CALL_ACQUIRER),
        ("19", "重新送入交易", "re-enter transaction", "not_booked", _TRY_AGAIN),
        # 20: one host could not read the answer of the next, and that answer may have been a yes.
        ("20", "无效应答", "invalid response", "unknown", _WAIT),
        (
            "21",
            "不做任何处理/卡未初始化或睡眠卡",
            "no action taken or sleeping card",
            "not_booked",
            _ASK_BANK,
        ),
        (
            "22",
            "怀疑操作有误/超出交易允许天数",
            "suspected malfunction or refund window exceeded",
            "not_booked",
            _CHECK_DATE,
        ),
        ("23", "不可接受的交易费", "fee not acceptable", "not_booked", _CALL_ACQUIRER),
        (
            "25",
            "未能找到文件上记录/没有原始交易",
            "no original record",
            "not_booked",
            _CHECK_ORIGINAL,
        ),
        # 30: the message was refused before anybody looked at the money.
        ("30", "格式错误", "format error", "not_booked", _CALL_ENGINEER),
        ("31", "银联不支持的银行", "bank not supported by UnionPay", "not_booked", _CALL_ACQUIRER),
        ("39", "无此信用卡账户", "no such credit card account", "not_booked", _ASK_BANK),
        ("40", "请求的功能尚不支持", "function not supported", "not_booked", _CALL_ACQUIRER),
        ("44", "无此投资账户", "no investment account", "not_booked", _ASK_BANK),
        ("51", "无足够的存款", "insufficient funds", "not_booked", _CHECK_FUNDS),
        ("52", "无此支票账户", "no cheque account", "not_booked", _ASK_BANK),
        ("53", "无此储蓄账户", "no savings account", "not_booked", _ASK_BANK),
        ("54", "过期的卡", "expired card", "not_booked", _BRING_NEW_CARD),
        ("55", "不正确的PIN", "wrong PIN", "not_booked", _ENTER_PIN_AGAIN),
        ("56", "无此卡记录", "no card record", "not_booked", _CHECK_CARD),
        (
            "57",
            "不允许持卡人进行的交易",
            "transaction not permitted to cardholder",
            "not_booked",
            _CALL_ACQUIRER,
        ),
        (
            "58",
            "不允许终端进行的交易",
            "transaction not permitted to terminal",
            "not_booked",
            _CALL_ACQUIRER,
        ),
        ("59", "有作弊嫌疑/卡片校验错", "fraud suspected or CVN error", "not_booked", _ASK_BANK),
        ("60", "与安全保密部门联系", "contact security", "not_booked", _CALL_SECURITY),
        ("61", "超出金额限制", "amount limit exceeded", "not_booked", _CHECK_REMAINDER),
        ("62", "受限制的卡", "restricted card", "not_booked", _ASK_BANK),
        ("63", "违反安全保密规定", "security violation", "not_booked", _CHECK_CARD),
        ("64", "原始金额不正确", "original amount wrong", "not_booked", _CHECK_REMAINDER),
        ("65", "超出次数限制", "count limit exceeded", "not_booked", _CALL_ACQUIRER),
        ("66", "呼受理方安全保密部门", "call acquirer security", "not_booked", _CALL_SECURITY),
        ("67", "捕捉（没收卡）", "capture card", "not_booked", _HOLD_CARD),
        # 68: an answer did come, only too late to be passed on; it may have been a yes.
        ("68", "收到的回答太迟", "response too late", "unknown", _WAIT),
        ("75", "PIN次数超限", "PIN tries exceeded", "not_booked", _ASK_BANK),
        # 79, 95: the two sides' books differ. That says nothing about any one item in them.
        ("79", "脱机交易对账不平", "offline totals not balanced", "unknown", _WAIT_AND_BALANCE),
        # 90: the day is being cut over; the item may stand on either side of the cut.
        ("90", "日期切换正在处理", "day cut-over", "unknown", _WAIT),
        # 91, 92: the switch cannot reach the issuer now; whether it did before, nobody says.
        ("91", "发卡行不能操作", "issuer down", "unknown", _WAIT_FOR_ISSUER),
        ("92", "网络设施不可达", "network unreachable", "unknown", _WAIT_FOR_ISSUER),
        ("93", "交易违法、不能完成", "violation of law", "not_booked", _CALL_ACQUIRER),
        # 94: the host has seen this identity before, and the first one may have been booked.
        ("94", "重复交易", "duplicate transaction", "unknown", _WAIT),
        ("95", "调节控制错", "reconcile error", "unknown", _WAIT_AND_BALANCE),
        # 96, A7: the switch itself failed, before or after it passed the request on.
        ("96", "系统异常、失效", "system malfunction", "unknown", _WAIT),
        ("A1", "转账货币不一致", "currency mismatch", "not_booked", _CALL_ACQUIRER),
        ("A3", "账户不正确", "wrong account", "not_booked", _CHECK_CARD),
        (
            "A7",
            "拒绝，交换中心异常",
            "refused, switch or security processing failure",
            "unknown",
            _WAIT,
        ),
    ),
    "operator": (  # class D: the operator acts
        ("04", "没收卡", "pick up card", "not_booked", _HOLD_CARD),
        ("07", "特殊条件下没收卡", "pick up card, special", "not_booked", _HOLD_CARD),
        ("33", "过期的卡", "expired card, pick up", "not_booked", _HOLD_CARD),
        ("34", "有作弊嫌疑", "fraud suspected", "not_booked", _HOLD_CARD),
        ("35", "与安全保密部门联系", "contact security", "not_booked", _HOLD_CARD),
        ("36", "受限制的卡", "restricted card", "not_booked", _HOLD_CARD),
        ("37", "与安全保密部门联系", "contact security", "not_booked", _HOLD_CARD),
        ("38", "超过允许的PIN试输入", "PIN tries exceeded, pick up card", "not_booked", _HOLD_CARD),
        ("41", "丢失卡", "lost card", "not_booked", _HOLD_CARD),
        ("43", "被窃卡", "stolen card", "not_booked", _HOLD_CARD),
        # 77: the batch does not match or nobody is signed in; the host stops there.
        ("77", "需要向网络中心签到", "sign-in needed", "not_booked", _SIGN_IN),
        ("97", "POS终端号找不到", "unknown terminal", "not_booked", _REGISTER_TERMINAL),
    ),
    "system": (  # class E: system fault
        ("06", "出错", "error", "unknown", _WAIT),
        # 98: the issuer was asked and did not answer.
        ("98", "银联收不到发卡行应答", "issuer timeout", "unknown", _WAIT_FOR_ISSUER),
    ),
}

CODES: Final[Mapping[str, ResponseCode]] = MappingProxyType(
    {
        code: ResponseCode(code, zh, en, kind, money, *advice)
        for kind, rows in _TABLE.items()
        for code, zh, en, money, advice in rows
    }
)
"""Every response code of the UnionPay POS dialect, by its two characters."""
