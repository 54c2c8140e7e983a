"""What platforms and regions are known to ask for, as the same text that a shop writes. Floor 4.

A shop's own keys go before those of its packs; lists are joined. Each pack says what a public source says, and no more:
a shop's contract decides.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["PLATFORMS", "REGIONS"]

PLATFORMS: Mapping[str, str] = MappingProxyType(
    {
        # WeChat Pay v3: at most 50 partial refunds of an order, one a minute, within a year of the payment.
        "wechat": "refunds_max = 50\ngap_s = 60\nwindow_days = 365\n",
        # Alipay: 99 in the old batch interface, three seconds between two.
        "alipay": "refunds_max = 99\ngap_s = 3\n",
        # Square: 20 refunds of a payment, within a year.
        "square": "refunds_max = 20\nwindow_days = 365\n",
        # Interac: a year, and the card has to be there.
        "interac": 'window_days = 365\nother_card = "never"\n',
        # UnionPay leaves it to the acquirer; an open-source acquirer's host says 22 after 30 days (posp_server).
        "unionpay": 'window_days = 30\nother_card = "never"\n',
    }
)
"""By name."""

REGIONS: Mapping[str, str] = MappingProxyType(
    {
        # 会计档案管理办法 (2015), annex: vouchers are kept 30 years. Gambling (MCC 7995) is no lawful trade there.
        "cn": 'retention_years = 30\nmcc_blocked = ["7995"]\n',
        # Directive (EU) 2015/2366, article 21: records of payments are kept five years.
        "eu": "retention_years = 5\n",
    }
)
"""By name."""
