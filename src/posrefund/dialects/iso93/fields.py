"""The field table of ISO 8583:1993: that of 1987, and here what is another. Floor 3.

Source: ISO 8583:1993 as public packagers and dissectors repeat it (jPOS, Wireshark).
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from posrefund.codec import Field, Layout, Part
from posrefund.dialects.iso87.fields import FIELDS as FIELDS_87

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
    Field(12, "n12", "所在地日期时间", "local time YYMMDDhhmmss"),
    Field(13, "n4", "卡生效日期", "effective date YYMM", show="never"),
    Field(15, "n6", "清算日期", "settlement date YYMMDD"),
    Field(20, "n3", "主账号国家代码", "PAN country"),
    Field(22, "an12", "服务点数据码", "POS data code"),
    Field(24, "n3", "功能码", "function code"),
    Field(25, "n4", "原因码", "message reason code"),
    Field(26, "n4", "受卡方业务码", "card acceptor business code"),
    Field(27, "n1", "授权码长度", "approval code length"),
    Field(28, "n6", "对账日期", "reconciliation date YYMMDD"),
    Field(29, "n3", "对账标识", "reconciliation indicator"),
    Field(30, "n24", "原始金额", "original amounts"),
    Field(31, "ans..99", "受理方参考数据", "acquirer reference data", show="never"),
    Field(38, "an6", "授权码", "approval code"),
    Field(39, "n3", "动作码", "action code"),
    Field(40, "n3", "服务码", "service code", show="never"),
    Field(43, "ans..99", "受卡方名称地址", "merchant name and place"),
    Field(44, "ans..99", "附加响应数据", "additional response data", show="never"),
    Field(46, "ans...204", "费用", "fees", show="never"),
    Field(49, "n3", "交易货币代码", "currency"),
    Field(50, "n3", "对账货币代码", "reconciliation currency"),
    Field(51, "n3", "持卡人账户货币代码", "billing currency"),
    Field(53, "b..48", "安全控制信息", "security control", show="never"),
    Field(56, "n..35", "原始数据元", "original data elements", layout=_DE56),
    Field(57, "n3", "授权周期码", "authorisation life cycle"),
    Field(58, "n..11", "授权代理机构", "authorising agent"),
    Field(66, "ans...204", "原始费用", "original fees", show="never"),
    Field(70, "n3", "授权代理国家代码", "agent country"),
    Field(71, "n8", "报文号", "message number"),
    Field(72, "ans...999", "数据记录", "data record", show="never"),
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
    Field(99, "an..11", "清算机构", "settlement institution"),
    Field(105, "n16", "贷记退单金额", "credits, chargeback amount"),
    Field(106, "n16", "借记退单金额", "debits, chargeback amount"),
    Field(107, "n10", "贷记退单笔数", "credits, chargeback number"),
    Field(108, "n10", "借记退单笔数", "debits, chargeback number"),
    Field(109, "ans..84", "贷记费用", "credits, fee amounts"),
    Field(110, "ans..84", "借记费用", "debits, fee amounts"),
)

_CHANGED = {str(row.number): row for row in _ROWS}

FIELDS: Mapping[str, Field] = MappingProxyType(
    dict(sorted({**FIELDS_87, **_CHANGED}.items(), key=lambda item: int(item[0])))
)
