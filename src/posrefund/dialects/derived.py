"""Dialects that differ from UnionPay's in a few fields: each is only its differences. Floor 3.

They are here to read what is out there; published messages of each stand in the tests. Only ``unionpay``
itself is meant to talk to a host.
"""

from __future__ import annotations

from posrefund.codec import Field, Tag, Tagged
from posrefund.dialects.message import CLOSING
from posrefund.dialects.unionpay import UNIONPAY

__all__ = ["DERIVED"]

_PLACE = Tagged(
    (Tag("01", "纬度", "latitude"), Tag("02", "经度", "longitude")),
    length_width=2,
)
BOTIM = UNIONPAY.derive(
    "unionpay-botim",
    fields=[
        Field(
            59,
            "ans...600",
            "自定义域59",
            "tagged data",
            show="never",
            layout=Tagged((Tag("A1", "位置信息", "location", layout=_PLACE),)),
        ),
        Field(60, "ans...999", "自定义域60", "batch, merchant, original (ASCII)"),
    ],
)
"""Botim/PayBy gateway: DE60 is text of 46 or 64 characters and carries the original of a refund; A1 of DE59 is
where the terminal stands.

Source: "Gateway terminal to host guide" v2.1.2, public.
"""

OPEN_TERMINAL = UNIONPAY.derive(
    "unionpay-vfwz",
    fields=[
        Field(46, "ans...999", "自定义域46", "terminal data", show="never"),
        Field(56, "b...999", "自定义域56", "answer text", show="never"),
        Field(63, "b...163", "自定义域63", "SM4 PIN block", show="never"),
    ],
    kept=UNIONPAY.kept.removesuffix(" 63:3"),
    messages={name: row for name, row in UNIONPAY.messages.items() if name not in CLOSING},
)
"""A regional dialect with terminal data in DE46, answer texts in DE56 and an SM4 PIN block in DE63: what its
settlement has for an operator there, no source says.

Source: public iso8583 test messages of vfwz (0200, 0810, 0930).
"""

VENDOR_47 = UNIONPAY.derive(
    "unionpay-p8583",
    fields=[Field(47, "b...999", "自定义域47", "vendor data", show="never")],
)
"""A vendor's test dialect with binary data in DE47. Source: public p8583 test message (0800)."""

DERIVED = (BOTIM, OPEN_TERMINAL, VENDOR_47)
