"""MACs and PIN blocks beside psec (extra ``bench``), and beside one new cipher context of the library under both.

psec makes its contexts anew for every call, as its interface asks; a key of ours keeps them.
"""

from __future__ import annotations

import importlib
import warnings
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from benchmarks.timing import measure, report
from posrefund.crypto import AES_CMAC, ISO9797_1, ISO9797_3, Algorithm, Key, MACRule, Purpose, mac
from posrefund.crypto._blockcipher import encrypt_ecb
from posrefund.crypto.soft import encrypt_pin_block
from posrefund.values import PAN

if TYPE_CHECKING:
    from collections.abc import Callable

_KEY = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
_DATA = bytes(range(150))
"""As long as a refund without its chip data."""
_PIN, _CARD = "123456", "6200000000000005"
_AES_CBC = MACRule("iso9797-1", Algorithm.AES)


def crypto() -> None:
    """Measure what a message costs in keys."""
    _by_itself()
    try:
        name = f"psec {version('psec')}"
    except PackageNotFoundError:
        print("psec: not installed")
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it takes TDEA from where it no longer belongs
        for title, ours, theirs in _pairs():
            if ours() != theirs():
                raise ValueError(f"{title}: other bytes than {name}")
            report(title, measure({name: theirs, "posrefund": ours}), peer=name)


def _by_itself() -> None:
    mak, aes = Key(_KEY, Purpose.MAC), Key(_KEY, Purpose.MAC, Algorithm.AES)
    card = PAN(_CARD)
    pin_aes = Key(_KEY, Purpose.PIN, Algorithm.AES)
    peer = "two TDEA blocks, new cipher each"
    found = measure(
        {
            peer: lambda: (encrypt_ecb(_KEY, bytes(8)), encrypt_ecb(_KEY, bytes(8))),
            "UnionPay MAC of 150 bytes": lambda: mac(mak, _DATA),
            "AES CMAC of 150 bytes": lambda: mac(aes, _DATA, AES_CMAC),
            "PIN block of format 4": lambda: encrypt_pin_block(pin_aes, _PIN, card, pin_format=4),
        }
    )
    report("MAC and PIN block", found, peer=peer)


def _pairs() -> list[tuple[str, Callable[[], bytes], Callable[[], Any]]]:
    """Title, ours and theirs of what gives the same bytes with both."""
    macs, blocks, des = (
        importlib.import_module(f"psec.{name}") for name in ("mac", "pinblock", "des")
    )
    mak, pik = Key(_KEY, Purpose.MAC), Key(_KEY, Purpose.PIN)
    aes, card = Key(_KEY, Purpose.MAC, Algorithm.AES), PAN(_CARD)
    left, right = _KEY[:8], _KEY[8:]
    return [
        (
            "ISO 9797-1 algorithm 3 (X9.19) of 150 bytes",
            lambda: mac(mak, _DATA, ISO9797_3),
            lambda: macs.generate_retail_mac(left, right, _DATA, 1),
        ),
        (
            "ISO 9797-1 algorithm 1, TDEA, of 150 bytes",
            lambda: mac(mak, _DATA, ISO9797_1),
            lambda: macs.generate_cbc_mac(_KEY, _DATA, 1),
        ),
        (
            "ISO 9797-1 algorithm 1, AES, of 150 bytes",
            lambda: mac(aes, _DATA, _AES_CBC),
            lambda: macs.generate_cbc_mac(_KEY, _DATA, 1, None, macs.Algorithm.AES),
        ),
        (
            "PIN block of format 0, encrypted",
            lambda: encrypt_pin_block(pik, _PIN, card),
            lambda: des.encrypt_tdes_ecb(_KEY, blocks.encode_pinblock_iso_0(_PIN, _CARD)),
        ),
    ]
