"""Literal files of each layout, with made-up numbers in the columns that the published layouts name."""

from __future__ import annotations

__all__ = ["ALIPAY", "SHOP", "SHOP_TOML", "WECHAT", "ZM_LINE"]

ZM_LINE = (
    "S22 48020000    00049992    000007 0309100000 6200000000000005    000000001000 5411 08 2"
    "02603091000000000078    R-1                              01 000003 0308233000 C000000000"
    "006 D000000000994 0001                 04 00 000201                                     "
    "       202603082330000000035 123456789012345                                            "
    "                                    12345678                                            "
    "                                                                                        "
    "                                                                               "
)
"""40 fields and 131 bytes in reserve, a space between: widths of lyonliyang/demo ``UnionField``."""

WECHAT = (
    "\ufeff交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,"
    "货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,"
    "商户数据包,手续费,费率,订单金额,申请退款金额,费率备注\r\n"
    "`2026-03-09 09:58:01,`wx0000000000000001,`1900000109,`0,`,`4200000001202603090000000001,`S-9,`o1,`JSAPI,`SUCCESS,"
    "`ICBC_DEBIT,`CNY,`100.00,`0.00,`0,`0,`0.00,`0.00,`,`,`鞋,`,`0.60000,`0.60%,`100.00,`0.00,`\r\n"
    "`2026-03-09 10:00:00,`wx0000000000000001,`1900000109,`0,`,`4200000001202603080000000003,`S-1,`o1,`JSAPI,`REFUND,"
    "`ICBC_DEBIT,`CNY,`0.00,`0.00,`50000000012026030900000001,`R-1,`10.00,`0.00,`ORIGINAL,`PROCESSING,`鞋,`,"
    "`-0.06000,`0.60%,`0.00,`10.00,`\r\n"
    "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额\r\n"
    "`2,`100.00,`10.00,`0.00,`0.54000,`100.00,`10.00\r\n"
)
"""Columns and totals as pay.weixin.qq.com lists them for bills since 2018."""

ALIPAY = (
    "customerId,transactionId,originalTransactionId,transactionRequestId,orderDescription,paymentMethodType,pspName,"
    "transactionType,paymentTime,productCode,transactionAmountValue,transactionCurrency,"
    "originalTransactionRequestId,voucherAmount\n"
    '2188000000000001,P1,,S-9,"shoes, red",ALIPAY_HK,AlipayHK,PAYMENT,2026-03-09T09:58:01+08:00,In-store,10000,'
    "HKD,,0\n"
    "2188000000000001,P2,P0,R-1,,ALIPAY_HK,AlipayHK,REFUND,2026-03-09T10:00:00+08:00,In-store,1000,HKD,S-1,0\n"
    "<END>\n"
)
"""Fields in the order of docs.antom.com/ac/amsapi/transaction, and the last line of its reports."""

SHOP_TOML = """
name = "shop"
form = "csv"
encoding = "gbk"
separator = ";"
currency = "156"
columns = [
    { name = "终端号", type = "word", role = "terminal" },
    { name = "凭证号", type = "digits", role = "stan" },
    { name = "商户", type = "word", role = "merchant" },
    { name = "参考号", type = "word", role = "rrn" },
    { name = "类型", type = "word" },
    { name = "金额", type = "decimal", role = "amount", minus = true },
    { name = "时间", type = "time", role = "time", form = "YYYY/MM/DD hh:mm:ss" },
    { name = "卡号", type = "card", role = "card" },
    { name = "授权码", type = "word", role = "auth_code" },
    { name = "手续费", type = "decimal", role = "fee", minus = true },
]

[[kind]]
is = "refund"
when = { "类型" = "退货" }

[[kind]]
is = "sale"
when = { "类型" = "消费" }

[[kind]]
is = "return"
when = { "类型" = "退汇" }

[fee]
refund_rate_ppm = 6000
tolerance_minor = 0
"""

SHOP = (
    "终端号;凭证号;商户;参考号;类型;金额;时间;卡号;授权码;手续费\n"
    "12345678;000007;123456789012345;606810000123;退货;-10.00;2026/03/09 10:00:00;6200000000000005;654321;-0.06\n"
)
"""A user's own layout: Chinese headings in GBK, the sign before the amount, a card number that nobody may keep."""
