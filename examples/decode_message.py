"""Read a caught message: find its framing, print its fields masked, write the same bytes again.

Run it: ``python examples/decode_message.py [HEX]``. Without an argument it reads a refund that
this library made under a published test key.
"""

from __future__ import annotations

import sys

from posrefund import dialect
from posrefund.codec import describe
from posrefund.crypto import Key, Purpose, verify
from posrefund.dialects.capture import open_capture
from posrefund.errors import DecodeError

MAK = Key(bytes.fromhex("5BB5C72CD00B7338"), Purpose.MAC)  # code456.com/article/3026509
REFUND = """
007D60000300006032000000000220702406800CC0801B166200000000000005
2000000000000028000000063012051000010036303638313230303030303230
3030303032313233343536373831323334353637383930313233343531353600
14250000070006000016000007000002030900034355504144344434343536
"""


def main(message_hex: str = REFUND) -> None:
    """Print the picture of a message."""
    unionpay = dialect("unionpay")
    raw = bytes.fromhex(message_hex)
    capture = open_capture(raw, unionpay)
    framing = capture.framing
    print(f"{len(raw)} bytes, TPDU {framing.tpdu.hex()}, header {framing.header.hex()}")
    for node in describe(capture.fields, unionpay.fields, spans=capture.spans):
        print(f"{node.path:<7}{node.en:<26} {node.value}")
        for part in node.children:
            print(f"       {part.path:<26} {part.value}")
    print(f"the same bytes again: {capture.rebuild(unionpay) == raw}")
    if message_hex == REFUND:
        verify(MAK, raw[framing.body_at : -8], raw[-8:], unionpay.mac)  # raises if it does not fit
        print("its MAC fits")
    try:
        open_capture(raw[2:-20], unionpay)
    except DecodeError as refusal:
        print(f"cut short: {refusal}")


if __name__ == "__main__":
    main(*sys.argv[1:2])
