"""The field table of ISO 8583:1993, DE2 to DE128; one table for the ASCII and the packed dialect. Floor 3.

DE60 holds the batch and DE62 of a sign-in answer the keys: a choice of these dialects, as the paper
``docs/reference/iso-dialects.md`` says. What is reserved for others is text that is never shown.

Source: ISO 8583:1993 as public packagers and dissectors repeat it (jPOS, Wireshark).
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from posrefund.codec import Field, Layout, Part
from posrefund.dialects.emv import EMV_TAGS

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["FIELDS"]

_DE56 = Layout(
    (
        Part("mti", 4, "原消息类型", "original MTI"),
        Part("stan", 6, "原流水号", "original STAN"),
        Part("local", 12, "原日期时间", "original YYMMDDhhmmss"),
        Part("acquirer_length", 2, "原受理方长度", "length of the original acquirer"),
    )
)

_ROWS = (
    Field(2, "n..19", "主账号", "PAN", show="pan"),
    Field(3, "n6", "交易处理码", "processing code"),
    Field(4, "n12", "交易金额", "amount"),
    Field(5, "n12", "清算金额", "settlement amount"),
    Field(6, "n12", "持卡人扣账金额", "cardholder billing amount"),
    Field(7, "n10", "交易传输时间", "transmission MMDDhhmmss UTC"),
    Field(8, "n8", "持卡人扣账手续费", "cardholder billing fee"),
    Field(9, "n8", "清算汇率", "settlement conversion rate"),
    Field(10, "n8", "持卡人扣账汇率", "billing conversion rate"),
    Field(11, "n6", "系统跟踪号", "STAN"),
    Field(12, "n12", "所在地日期时间", "local time YYMMDDhhmmss"),
    Field(13, "n4", "卡生效日期", "effective date YYMM", show="never"),
    Field(14, "n4", "卡有效期", "expiry YYMM", show="never"),
    Field(15, "n6", "清算日期", "settlement date YYMMDD"),
    Field(16, "n4", "兑换日期", "conversion date MMDD"),
    Field(17, "n4", "受理日期", "capture date MMDD"),
    Field(18, "n4", "商户类型", "merchant type"),
    Field(19, "n3", "受理方国家代码", "acquirer country"),
    Field(20, "n3", "主账号国家代码", "PAN country"),
    Field(21, "n3", "发送方国家代码", "forwarder country"),
    Field(22, "an12", "服务点数据码", "POS data code"),
    Field(23, "n3", "卡序列号", "card sequence number"),
    Field(24, "n3", "功能码", "function code"),
    Field(25, "n4", "原因码", "message reason code"),
    Field(26, "n4", "受卡方业务码", "card acceptor business code"),
    Field(27, "n1", "授权码长度", "approval code length"),
    Field(28, "n6", "对账日期", "reconciliation date YYMMDD"),
    Field(29, "n3", "对账标识", "reconciliation indicator"),
    Field(30, "n24", "原始金额", "original amounts"),
    Field(31, "ans..99", "受理方参考数据", "acquirer reference data", show="never"),
    Field(32, "n..11", "受理方标识码", "acquirer"),
    Field(33, "n..11", "发送方标识码", "forwarder"),
    Field(34, "ans..28", "扩展主账号", "extended PAN", show="never"),
    Field(35, "z..37", "2磁道数据", "track 2", show="never"),
    Field(36, "z...104", "3磁道数据", "track 3", show="never"),
    Field(37, "an12", "检索参考号", "RRN"),
    Field(38, "an6", "授权码", "approval code"),
    Field(39, "n3", "动作码", "action code"),
    Field(40, "n3", "服务码", "service code", show="never"),
    Field(41, "ans8", "终端标识码", "terminal"),
    Field(42, "ans15", "受卡方标识码", "merchant"),
    Field(43, "ans..99", "受卡方名称地址", "merchant name and place"),
    Field(44, "ans..99", "附加响应数据", "additional response data", show="never"),
    Field(45, "ans..76", "1磁道数据", "track 1", show="never"),
    Field(46, "ans...204", "费用", "fees", show="never"),
    Field(47, "ans...999", "附加数据-国家", "additional data, national", show="never"),
    Field(48, "ans...999", "附加数据-私有", "additional data, private", show="never"),
    Field(49, "n3", "交易货币代码", "currency"),
    Field(50, "n3", "对账货币代码", "reconciliation currency"),
    Field(51, "n3", "持卡人账户货币代码", "billing currency"),
    Field(52, "b64", "个人标识码数据", "PIN block", show="never"),
    Field(53, "b..48", "安全控制信息", "security control", show="never"),
    Field(54, "ans...120", "附加金额", "additional amounts", show="never"),
    Field(55, "b...255", "IC卡数据域", "chip data", show="never", tags=EMV_TAGS),
    Field(56, "n..35", "原始数据元", "original data elements", layout=_DE56),
    Field(57, "n3", "授权周期码", "authorisation life cycle"),
    Field(58, "n..11", "授权代理机构", "authorising agent"),
    Field(60, "ans...999", "批次号", "batch"),
    Field(62, "b...255", "密钥", "keys", show="never"),
    Field(64, "b64", "报文鉴别码", "MAC"),
    Field(66, "ans...204", "原始费用", "original fees", show="never"),
    Field(67, "n2", "扩展付款代码", "extended payment code"),
    Field(68, "n3", "接收方国家代码", "receiver country"),
    Field(69, "n3", "清算方国家代码", "settlement country"),
    Field(70, "n3", "授权代理国家代码", "agent country"),
    Field(71, "n8", "报文号", "message number"),
    Field(72, "ans...999", "数据记录", "data record", show="never"),
    Field(73, "n6", "动作日期", "action date YYMMDD"),
    *(Field(n, "n10", f"对账笔数{n}", f"reconciliation count {n}") for n in range(74, 86)),
    *(Field(n, "n16", f"对账金额{n}", f"reconciliation amount {n}") for n in range(86, 90)),
    Field(90, "n10", "付款冲正笔数", "payments, reversal number"),
    Field(91, "n3", "目的方国家代码", "destination country"),
    Field(92, "n3", "来源方国家代码", "originator country"),
    Field(93, "n..11", "目的方标识码", "destination"),
    Field(94, "n..11", "来源方标识码", "originator"),
    Field(95, "ans..99", "发卡方参考数据", "issuer reference data", show="never"),
    Field(96, "b...999", "密钥管理数据", "key management data", show="never"),
    Field(97, "x+n16", "净对账金额", "net reconciliation amount"),
    Field(98, "ans25", "收款方", "payee", show="never"),
    Field(99, "an..11", "清算机构", "settlement institution"),
    Field(100, "n..11", "接收机构", "receiving institution"),
    Field(101, "ans..17", "文件名", "file name"),
    Field(102, "ans..28", "账户标识1", "account 1", show="never"),
    Field(103, "ans..28", "账户标识2", "account 2", show="never"),
    Field(104, "ans...100", "交易描述", "transaction description", show="never"),
    Field(105, "n16", "贷记退单金额", "credits, chargeback amount"),
    Field(106, "n16", "借记退单金额", "debits, chargeback amount"),
    Field(107, "n10", "贷记退单笔数", "credits, chargeback number"),
    Field(108, "n10", "借记退单笔数", "debits, chargeback number"),
    Field(109, "ans..84", "贷记费用", "credits, fee amounts"),
    Field(110, "ans..84", "借记费用", "debits, fee amounts"),
    Field(128, "b64", "报文鉴别码", "MAC"),
)

_RESERVED = tuple(
    Field(number, "ans...999", f"保留域{number}", f"reserved {number}", show="never")
    for number in (59, 61, 63, *range(111, 128))
)

FIELDS: Mapping[str, Field] = MappingProxyType(
    {str(row.number): row for row in sorted((*_ROWS, *_RESERVED), key=lambda row: row.number)}
)
