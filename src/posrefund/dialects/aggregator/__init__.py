"""An aggregator's dialect: one host for the codes of WeChat, Alipay and UnionPay, in the frame of UnionPay's. Floor 3.

Source: CHAN (chinaljp/posp): its table of transactions, its field maps, and what it makes of each field. What it does
not say is marked where it stands; ask the aggregator, and change it in a profile.
"""

from __future__ import annotations

from datetime import time
from types import MappingProxyType

from posrefund.codec import Field
from posrefund.dialects.aggregator.messages import ANSWERS, INQUIRY, MESSAGES, WALLETS
from posrefund.dialects.unionpay import UNIONPAY

__all__ = ["AGGREGATOR"]

AGGREGATOR = UNIONPAY.derive(
    "aggregator",
    fields=(
        Field(
            5, "ans...999", "二维码链接", "address of a code that the terminal shows", show="never"
        ),
        Field(
            6,
            "ans..30",
            "付款码/订单号",
            "payer's code; in answers and refunds the order number",
            show="never",
        ),
        Field(7, "ans..30", "商户订单号", "the merchant's order number"),
        Field(44, "ans..25", "支付渠道", "wallet; in answers issuer and acquirer"),
    ),
    messages=MESSAGES,
    answers=ANSWERS,
    words=MappingProxyType({"wallet": WALLETS}),
    constants=MappingProxyType({}),
    reversed_codes=frozenset(),
    inquiry=INQUIRY,
    cut_off=time(23, 59),
    slip_title=MappingProxyType({"zh": "扫码支付签购单", "en": "Wallet payment slip"}),
)
"""Its days are those of the calendar: no answer says another settlement day."""
