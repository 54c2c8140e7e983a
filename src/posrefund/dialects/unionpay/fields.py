"""The field table of the UnionPay POS dialect, DE2 to DE64, and what stands inside the composite ones.

Numbers that the dialect does not use (5 to 10, 16 to 21, 24, 28 to 31, 33, 34, 40, 43, 45 to 47, 50,
51, 56) are absent: a message that carries one is refused by its number. Floor 3.

Source: public derivatives of Q/CUP 009 (CHAN text, JPOSPackageUnionPay, J-ISO8583, LIAO) and the
published messages that decode and encode again byte for byte; see decision 0003 for DE62 and DE63.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from posrefund.codec import Field, Layout, Part
from posrefund.dialects.emv import EMV_TAGS

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["FIELDS", "ORGANISATIONS"]

ORGANISATIONS = ("CUP", "VIS", "MCC", "MAE", "JCB", "DCC", "AMX")
"""DE63.1 of a notification or refund; ``000`` when the terminal does not know."""

_DE44 = Layout(
    (
        Part("issuer", 11, "发卡行", "issuer"),
        Part("acquirer", 11, "收单行", "acquirer"),
    )
)
_TOTALS = tuple(
    part
    for prefix, zh, en in (("", "内卡", "domestic"), ("foreign_", "外卡", "foreign"))
    for part in (
        Part(f"{prefix}debit_amount", 12, f"{zh}借记总金额", f"{en} debit amount"),
        Part(f"{prefix}debit_count", 3, f"{zh}借记总笔数", f"{en} debit count"),
        Part(f"{prefix}credit_amount", 12, f"{zh}贷记总金额", f"{en} credit amount"),
        Part(f"{prefix}credit_count", 3, f"{zh}贷记总笔数", f"{en} credit count"),
        Part(f"{prefix}result", 1, f"{zh}对账应答", f"{en} result: 1 equal, 2 different, 3 error"),
    )
)
_DE48 = Layout(_TOTALS)
_DE53 = Layout(
    (
        Part("pin_format", 1, "PIN格式", "PIN format: 0 none, 1 without PAN, 2 with PAN"),
        Part("key_length", 1, "密钥长度", "key: 0 single, 6 double, 3 SM4"),
        Part("tracks", 1, "磁道加密", "tracks: 1 encrypted"),
        Part("reserved", 13, "保留", "reserved"),
    )
)
_DE60 = Layout(
    (
        Part("type", 2, "交易类型码", "transaction type"),
        Part("batch", 6, "批次号", "batch"),
        Part("network", 3, "网络管理信息码", "network management code"),
        Part("capability", 1, "终端读取能力", "reader capability"),
        Part("chip_condition", 1, "IC卡条件代码", "chip condition"),
        Part("partial", 1, "支持部分扣款标志", "partial approval supported"),
        Part("account_kind", 3, "账户类型", "account kind"),
    )
)
_DE61 = Layout(
    (
        Part("batch", 6, "原批次号", "original batch"),
        Part("stan", 6, "原流水号", "original STAN"),
        Part("date", 4, "原交易日期", "original date MMDD"),
        Part("auth_mode", 2, "原授权方式", "original authorisation mode"),
        Part("auth_institution", 11, "原授权机构", "original authorising institution"),
    )
)
_DE62_KEYS = Layout(
    (
        Part("pik", 32, "PIN密钥密文", "PIN key, enciphered", show="never"),
        Part("pik_kcv", 8, "PIN密钥校验值", "PIN key check value"),
        Part("mak", 32, "MAC密钥密文", "MAC key, enciphered", show="never"),
        Part("mak_kcv", 8, "MAC密钥校验值", "MAC key check value"),
    )
)
_DE63 = Layout((Part("organisation", 3, "卡组织/操作员", "card organisation or operator"),))

_ROWS = (
    Field(2, "n..19", "主账号", "PAN", show="pan"),
    Field(3, "n6", "交易处理码", "processing code"),
    Field(4, "n12", "交易金额", "amount"),
    Field(11, "n6", "受卡方系统跟踪号", "STAN"),
    Field(12, "n6", "受卡方所在地时间", "local time hhmmss"),
    Field(13, "n4", "受卡方所在地日期", "local date MMDD"),
    Field(14, "n4", "卡有效期", "expiry YYMM", show="never"),
    Field(15, "n4", "清算日期", "settlement date MMDD"),
    Field(22, "n3<", "服务点输入方式码", "POS entry mode"),
    Field(23, "n3", "卡序列号", "card sequence number"),
    Field(25, "n2", "服务点条件码", "POS condition code"),
    Field(26, "n2", "服务点PIN获取码", "PIN capture code"),
    Field(27, "n1<", "借贷记标识", "debit or credit"),
    Field(32, "n..11", "受理方标识码", "acquirer"),
    Field(35, "z..37", "2磁道数据", "track 2", show="never"),
    Field(36, "z...104", "3磁道数据", "track 3", show="never"),
    Field(37, "an12", "检索参考号", "RRN"),
    Field(38, "an6", "授权标识应答码", "authorisation code"),
    Field(39, "an2", "应答码", "response code"),
    Field(41, "ans8", "受卡机终端标识码", "terminal"),
    Field(42, "ans15", "受卡方标识码", "merchant"),
    Field(44, "ans..25", "附加响应数据", "issuer and acquirer", layout=_DE44),
    Field(48, "n...322", "附加数据-私有", "totals", show="never", layout=_DE48, layout_width=62),
    Field(49, "an3", "交易货币代码", "currency"),
    Field(52, "b64", "个人标识码数据", "PIN block", show="never"),
    Field(53, "n16", "安全控制信息", "security control", layout=_DE53),
    Field(54, "ans...040", "附加金额", "balance", show="never"),
    Field(55, "b...255", "IC卡数据域", "chip data", show="never", tags=EMV_TAGS),
    Field(57, "ans...999", "自定义域57", "private 57", show="never"),
    Field(58, "b...100", "PBOC电子钱包", "e-purse data", show="never"),
    Field(59, "ans...600", "自定义域59", "private 59", show="never"),
    Field(60, "n...17", "自定义域60", "type, batch, network code", layout=_DE60),
    Field(61, "n...29", "原始信息域", "original transaction", layout=_DE61),
    Field(
        62,
        "b...999",
        "自定义域62",
        "keys or parameters",
        show="never",
        layout=_DE62_KEYS,
        layout_width=80,
    ),
    Field(63, "ans...163", "自定义域63", "organisation and texts", layout=_DE63),
    Field(64, "b64", "报文鉴别码", "MAC"),
)

FIELDS: Mapping[str, Field] = MappingProxyType({str(row.number): row for row in _ROWS})
