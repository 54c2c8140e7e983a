"""A row of the journal as a sentence, for people who never saw one. Floor 8."""

from __future__ import annotations

import json
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from posrefund.engine import State
from posrefund.office.paper import money

if TYPE_CHECKING:
    from collections.abc import Mapping

    from posrefund.journal import Row
    from posrefund.office.paper import Language

__all__ = ["STATES", "sentence"]

STATES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        State.AWAITING_APPROVAL: ("待复核", "waits for a second person"),
        State.CLEARED: ("已复核", "approved by a second person"),
        State.INTENT: ("已登记，未发送", "written down, not sent"),
        State.SENT: ("已发送，等待应答", "sent, waiting for the answer"),
        State.NOT_SENT: ("未发出", "nothing left the terminal"),
        State.ACCEPTED: ("主机已受理", "accepted by the host"),
        State.DECLINED: ("主机未受理", "not accepted by the host"),
        State.IN_DOUBT: ("结果未知", "in doubt: how it ended is not known"),
        State.REVERSING: ("正在冲正", "being undone by a reversal"),
        State.REVERSED: ("已冲正", "undone by a reversal"),
        State.CONFIRMED: ("对账已确认入账", "confirmed by a settlement file"),
        State.MISMATCHED: ("与对账文件不符", "the settlement file says otherwise"),
        State.BOUNCED: ("款项被退回", "the money came back"),
        State.MANUAL: ("待人工处理", "in people's hands"),
        State.RELEASED: ("已证实未入账，额度已释放", "proven not booked, released"),
        State.CANCELLED: ("已撤回", "withdrawn"),
        State.EXPIRED: ("已过期", "waited too long"),
    }
)
_KINDS = {"sale": ("消费", "sale"), "refund": ("退货", "refund"), "void": ("撤销", "void")}
_NOTES = {
    "ask": ("申请复核", "a second person was asked"),
    "approval": ("复核", "the second person answered"),
    "know": ("登记原交易", "the sale was taken in"),
    "inbound": ("收到报文", "a message came in"),
    "inquiry_sent": ("查询主机", "the host was asked about it"),
    "inquiry": ("查询应答", "what became of it was asked, and answered"),
    "reversal_sent": ("发送冲正", "a reversal was sent"),
    "host_only": ("对账文件有本机未知的记录", "a settlement file has a row that nobody here knows"),
    "open_row": ("对账文件提及", "a settlement file mentions it"),
    "described_before": ("此前曾按描述登记", "it was described before"),
    "device_asked": ("向外设发起", "a device was asked"),
    "device_answered": ("外设应答", "the device answered"),
    "complaint_opened": ("顾客投诉", "a customer complained"),
    "complaint_answered": ("答复投诉", "the complaint was answered"),
    "complaint_closed": ("投诉了结", "the complaint is over"),
    "complaint_late": ("投诉处理超时", "the complaint is late"),
    "feedback": ("顾客评价", "what the customer thinks of it"),
}
_SAID = (
    ("operator", "操作员", "operator"), ("approved_by", "复核员", "approved by"), ("why", "原因", "reason"),
    ("code", "应答码", "response code"), ("DE39", "应答码", "response code"), ("mac", "MAC", "MAC"),
    ("rrn", "参考号", "RRN"), ("DE37", "参考号", "RRN"), ("auth_code", "授权码", "auth code"),
    ("host_date", "主机日期", "host date"), ("host_time", "主机时间", "host time"),
    ("verdict", "查询结果", "answer"), ("authenticated", "已认证", "authenticated"), ("because", "未采用", "moves nothing"),
    ("source", "来源", "source"), ("evidence", "依据", "evidence"), ("file_day", "对账文件", "settlement file"),
    ("reason", "说明", "because"), ("by", "经办", "by"), ("people", "经办", "people"),
    ("maker", "申请人", "asked by"), ("checker", "复核员", "approved by"), ("order_ref", "订单号", "order"),
    ("complaint", "投诉号", "complaint"), ("clock", "时限", "clock"), ("ending", "结果", "ending"), ("score", "评分", "score"),
)  # fmt: skip
"""What of a row is said besides, in this order."""


def sentence(row: Row, language: Language) -> str:
    """Return what a row says.

    Example:
        >>> from posrefund.journal import Row
        >>> from posrefund.office.story_words import sentence
        >>> row = Row(9, "2026-03-10T02:00:42+00:00", "move", "R-1/1", '{"state":"ACCEPTED","facts":{"code":"00"}}', b"")
        >>> sentence(row, "en"), sentence(row, "zh")
        ('accepted by the host; response code 00', '主机已受理；应答码 00')
    """
    at = 0 if language == "zh" else 1
    told = row.facts
    if row.kind == "open":
        head, facts = _opened(told["attempt"], at), _facts_of(told["attempt"])
    elif row.kind == "move":
        head, facts = STATES.get(told["state"], (told["state"],) * 2)[at], told["facts"]
    else:
        head, facts = _NOTES.get(row.kind, (row.kind, row.kind))[at], told
    said = [
        f"{words[at]} {facts[name]}"
        for name, *words in _SAID
        if facts.get(name) and isinstance(facts[name], str)
    ]
    return ("；" if language == "zh" else "; ").join([head, *said])


def _opened(attempt: Mapping[str, Any], at: int) -> str:
    kind = _KINDS.get(attempt["kind"], (attempt["kind"],) * 2)[at]
    amount = money(attempt["amount_minor"], attempt["currency"])
    place = f"{attempt['batch']}/{attempt['stan']}"
    card = attempt["card_masked"]
    if at == 0:
        return f"登记{kind} {amount}，卡号 {card}，批次/凭证 {place}"
    return f"{kind} of {amount} written down, card {card}, batch/STAN {place}"


def _facts_of(attempt: Mapping[str, Any]) -> Mapping[str, Any]:
    facts: dict[str, Any] = json.loads(attempt["facts"])
    return facts
