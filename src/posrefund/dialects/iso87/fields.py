"""The field table of ISO 8583:1987, DE2 to DE128; one table for the ASCII and the packed dialect. Floor 3.

DE60 holds the batch and DE62 of a sign-in answer the keys: a choice of these dialects, as the paper
``docs/reference/iso-dialects.md`` says. What is reserved for others is text that is never shown.

Source: ISO 8583:1987 as public packagers and dissectors repeat it (jPOS, Wireshark).
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from posrefund.codec import BERTLV, Field, Layout, Part
from posrefund.dialects.emv import EMV_TAGS

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["FIELDS"]

_DE90 = Layout(
    (
        Part("mti", 4, "原消息类型", "original MTI"),
        Part("stan", 6, "原流水号", "original STAN"),
        Part("transmitted", 10, "原传输日期时间", "original MMDDhhmmss"),
        Part("acquirer", 11, "原受理方", "original acquirer"),
        Part("forwarder", 11, "原发送方", "original forwarder"),
    )
)

_ROWS = (
    Field(2, "n..19", "主账号", "PAN", show="pan"),
    Field(3, "n6", "交易处理码", "processing code"),
    Field(4, "n12", "交易金额", "amount"),
    Field(5, "n12", "清算金额", "settlement amount"),
    Field(6, "n12", "持卡人扣账金额", "cardholder billing amount"),
    Field(7, "n10", "交易传输时间", "sent at MMDDhhmmss UTC"),
    Field(8, "n8", "持卡人扣账手续费", "cardholder billing fee"),
    Field(9, "n8", "清算汇率", "settlement conversion rate"),
    Field(10, "n8", "持卡人扣账汇率", "billing conversion rate"),
    Field(11, "n6", "系统跟踪号", "STAN"),
    Field(12, "n6", "所在地时间", "local time hhmmss"),
    Field(13, "n4", "所在地日期", "local date MMDD"),
    Field(14, "n4", "卡有效期", "expiry YYMM", show="never"),
    Field(15, "n4", "清算日期", "settlement date MMDD"),
    Field(16, "n4", "兑换日期", "conversion date MMDD"),
    Field(17, "n4", "受理日期", "capture date MMDD"),
    Field(18, "n4", "商户类型", "merchant type"),
    Field(19, "n3", "受理方国家代码", "acquirer country"),
    Field(20, "n3", "主账号扩展国家代码", "PAN extended country"),
    Field(21, "n3", "发送方国家代码", "forwarder country"),
    Field(22, "n3", "服务点输入方式码", "POS entry mode"),
    Field(23, "n3", "卡序列号", "card sequence number"),
    Field(24, "n3", "网络国际标识", "NII"),
    Field(25, "n2", "服务点条件码", "POS condition code"),
    Field(26, "n2", "服务点PIN获取码", "PIN capture code"),
    Field(27, "n1", "授权码长度", "authorisation code length"),
    Field(28, "x+n8", "交易费", "transaction fee"),
    Field(29, "x+n8", "清算费", "settlement fee"),
    Field(30, "x+n8", "交易处理费", "processing fee"),
    Field(31, "x+n8", "清算处理费", "settlement processing fee"),
    Field(32, "n..11", "受理方标识码", "acquirer"),
    Field(33, "n..11", "发送方标识码", "forwarder"),
    Field(34, "ans..28", "扩展主账号", "extended PAN", show="never"),
    Field(35, "z..37", "2磁道数据", "track 2", show="never"),
    Field(36, "z...104", "3磁道数据", "track 3", show="never"),
    Field(37, "an12", "检索参考号", "RRN"),
    Field(38, "an6", "授权标识应答码", "authorisation code"),
    Field(39, "an2", "应答码", "response code"),
    Field(40, "an3", "服务限制码", "service restriction code", show="never"),
    Field(41, "ans8", "终端标识码", "terminal"),
    Field(42, "ans15", "受卡方标识码", "merchant"),
    Field(43, "ans40", "受卡方名称地址", "merchant name and place"),
    Field(44, "ans..25", "附加响应数据", "additional response data", show="never"),
    Field(45, "ans..76", "1磁道数据", "track 1", show="never"),
    Field(46, "ans...999", "附加数据-ISO", "additional data, ISO", show="never"),
    Field(47, "ans...999", "附加数据-国家", "additional data, national", show="never"),
    Field(48, "ans...999", "附加数据-私有", "additional data, private", show="never"),
    Field(49, "an3", "交易货币代码", "currency"),
    Field(50, "an3", "清算货币代码", "settlement currency"),
    Field(51, "an3", "持卡人账户货币代码", "billing currency"),
    Field(52, "b64", "个人标识码数据", "PIN block", show="never"),
    Field(53, "n16", "安全控制信息", "security control"),
    Field(54, "ans...120", "附加金额", "additional amounts", show="never"),
    Field(55, "b...255", "IC卡数据域", "chip data", show="never", layout=BERTLV(EMV_TAGS)),
    Field(60, "ans...999", "批次号", "batch"),
    Field(62, "b...255", "密钥", "keys", show="never"),
    Field(64, "b64", "报文鉴别码", "MAC"),
    Field(66, "n1", "清算代码", "settlement code"),
    Field(67, "n2", "扩展付款代码", "extended payment code"),
    Field(68, "n3", "接收方国家代码", "receiver country"),
    Field(69, "n3", "清算方国家代码", "settlement country"),
    Field(70, "n3", "网络管理信息码", "network management code"),
    Field(71, "n4", "报文号", "message number"),
    Field(72, "n4", "末报文号", "last message number"),
    Field(73, "n6", "动作日期", "action date YYMMDD"),
    Field(74, "n10", "贷记笔数", "credits, number"),
    Field(75, "n10", "贷记冲正笔数", "credit reversals, number"),
    Field(76, "n10", "借记笔数", "debits, number"),
    Field(77, "n10", "借记冲正笔数", "debit reversals, number"),
    Field(78, "n10", "转账笔数", "transfers, number"),
    Field(79, "n10", "转账冲正笔数", "transfer reversals, number"),
    Field(80, "n10", "查询笔数", "inquiries, number"),
    Field(81, "n10", "授权笔数", "authorisations, number"),
    Field(82, "n12", "贷记处理费", "credits, processing fee"),
    Field(83, "n12", "贷记交易费", "credits, transaction fee"),
    Field(84, "n12", "借记处理费", "debits, processing fee"),
    Field(85, "n12", "借记交易费", "debits, transaction fee"),
    Field(86, "n16", "贷记金额", "credits, amount"),
    Field(87, "n16", "贷记冲正金额", "credit reversals, amount"),
    Field(88, "n16", "借记金额", "debits, amount"),
    Field(89, "n16", "借记冲正金额", "debit reversals, amount"),
    Field(90, "n42", "原始数据元", "original data elements", layout=_DE90),
    Field(91, "an1", "文件更新代码", "file update code"),
    Field(92, "an2", "文件安全代码", "file security code", show="never"),
    Field(93, "an5", "应答标识", "response indicator"),
    Field(94, "an7", "服务标识", "service indicator"),
    Field(95, "an42", "替换金额", "replacement amounts"),
    Field(96, "b64", "报文安全码", "message security code", show="never"),
    Field(97, "x+n16", "净清算金额", "net settlement amount"),
    Field(98, "ans25", "收款方", "payee", show="never"),
    Field(99, "n..11", "清算机构", "settlement institution"),
    Field(100, "n..11", "接收机构", "receiving institution"),
    Field(101, "ans..17", "文件名", "file name"),
    Field(102, "ans..28", "账户标识1", "account 1", show="never"),
    Field(103, "ans..28", "账户标识2", "account 2", show="never"),
    Field(104, "ans...100", "交易描述", "transaction description", show="never"),
    Field(128, "b64", "报文鉴别码", "MAC"),
)

_RESERVED = tuple(
    Field(number, "ans...999", f"保留域{number}", f"reserved {number}", show="never")
    for number in (56, 57, 58, 59, 61, 63, *range(105, 128))
)

FIELDS: Mapping[str, Field] = MappingProxyType(
    {str(row.number): row for row in sorted((*_ROWS, *_RESERVED), key=lambda row: row.number)}
)
