"""MACs, PIN blocks and key derivation beside psec and dukpt (extra ``bench``), the same bytes from both.

psec makes its contexts anew for every call, as its interface asks; a key of ours keeps them. Where a peer has no
such function, it is put together from the peer's own blocks, and the title says so.
"""

from __future__ import annotations

import importlib
import warnings
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any, NamedTuple

from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC

from benchmarks.timing import measure, report
from posrefund.crypto import (
    AES_CMAC,
    ISO9797_1,
    ISO9797_3,
    UNIONPAY_ECB,
    Algorithm,
    Key,
    MACRule,
    Purpose,
    mac,
    unwrap_key_set,
)
from posrefund.crypto.dukpt import KeyUse, initial_key, session_key
from posrefund.crypto.ksn import KSN
from posrefund.crypto.soft import encrypt_pin_block
from posrefund.values import PAN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_KEY = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
_DATA = bytes(range(200))
"""As long as a refund with its chip data."""
_PIN, _CARD = "123456", "6200000000000005"
_AES_CBC = MACRule("iso9797-1", Algorithm.AES)
_KSN = bytes.fromhex("FFFF9876543210E001FF")
"""Nine steps; dukpt 1.0.1 looks at no more than nine bits of the counter."""
_PIN_MASK = int("00000000000000FF" * 2, 16)
# code456.com/article/3026509: a published sign-in
_TMK = bytes.fromhex("CA5D92598DCA48CE8A4C76361A9269E9")
_DE62 = bytes.fromhex(
    "6701EAD6A9AD51E51AA406E2C27FCFA98D0A74B8B651F9E9BACE9AE10000000000000000AB7153CA"
)


class _Pair(NamedTuple):
    """What gives the same with both; ``same`` is how theirs and ours are compared."""

    title: str
    ours: Callable[[], Any]
    theirs: Callable[[], Any]
    same: Callable[[Any, Any], bool] = lambda ours, theirs: bool(ours == theirs)


def crypto() -> None:
    """Measure what a message costs in keys."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # psec takes TDEA from where it no longer belongs
        _beside("psec", _psec_pairs)
        _beside("dukpt", _dukpt_pairs)
    _beside("cryptography", _cryptography_pairs)


def _beside(peer: str, pairs: Callable[[], Iterator[_Pair]]) -> None:
    try:
        name = f"{peer} {version(peer)}"
    except PackageNotFoundError:
        print(f"{peer}: not installed")
        return
    for pair in pairs():
        if not pair.same(pair.ours(), pair.theirs()):
            raise ValueError(f"{pair.title}: other bytes than {name}")
        report(pair.title, measure({name: pair.theirs, "posrefund": pair.ours}), peer=name)


def _psec_pairs() -> Iterator[_Pair]:
    macs, blocks, des = (
        importlib.import_module(f"psec.{name}") for name in ("mac", "pinblock", "des")
    )
    left, right = _KEY[:8], _KEY[8:]
    mak, pik, card = Key(_KEY, Purpose.MAC), Key(_KEY, Purpose.PIN), PAN(_CARD)
    aes, pik_aes = (Key(_KEY, purpose, Algorithm.AES) for purpose in (Purpose.MAC, Purpose.PIN))
    yield _Pair(
        "ISO 9797-1 algorithm 3 (X9.19) of 200 bytes",
        lambda: mac(mak, _DATA, ISO9797_3),
        lambda: macs.generate_retail_mac(left, right, _DATA, 1),
    )
    yield _Pair(
        "UnionPay MAC of 200 bytes; theirs from psec.des",
        lambda: mac(mak, _DATA, UNIONPAY_ECB),
        lambda: _fold_of(des.encrypt_tdes_ecb),
    )
    yield _Pair(
        "ISO 9797-1 algorithm 1, TDEA, of 200 bytes",
        lambda: mac(mak, _DATA, ISO9797_1),
        lambda: macs.generate_cbc_mac(_KEY, _DATA, 1),
    )
    yield _Pair(
        "ISO 9797-1 algorithm 1, AES, of 200 bytes",
        lambda: mac(aes, _DATA, _AES_CBC),
        lambda: macs.generate_cbc_mac(_KEY, _DATA, 1, None, macs.Algorithm.AES),
    )
    yield _Pair(
        "PIN block of format 0, encrypted",
        lambda: encrypt_pin_block(pik, _PIN, card),
        lambda: des.encrypt_tdes_ecb(_KEY, blocks.encode_pinblock_iso_0(_PIN, _CARD)),
    )
    yield _Pair(
        "PIN block of format 4, encrypted",
        lambda: encrypt_pin_block(pik_aes, _PIN, card, pin_format=4),
        lambda: blocks.encipher_pinblock_iso_4(_KEY, _PIN, _CARD),
        lambda ours, theirs: (
            {blocks.decipher_pinblock_iso_4(_KEY, block, _CARD) for block in (ours, theirs)}
            == {_PIN}
        ),
    )
    tmk = Key(_TMK, Purpose.KEK)
    yield _Pair(
        "key set of a sign-in; theirs from psec.des",
        lambda: unwrap_key_set(tmk, _DE62),
        lambda: _key_set_of(des),
        lambda ours, theirs: ours.key_set_id == theirs,
    )


def _fold_of(encrypt: Callable[[bytes, bytes], bytes]) -> bytes:
    """The UnionPay MAC as one writes it with a library of blocks."""
    total = 0
    for start in range(0, len(_DATA), 8):
        total ^= int.from_bytes(_DATA[start : start + 8], "big")
    text = f"{total:016X}".encode("ascii")
    first = int.from_bytes(encrypt(_KEY, text[:8]), "big") ^ int.from_bytes(text[8:], "big")
    return encrypt(_KEY, first.to_bytes(8, "big"))[:4].hex().upper().encode("ascii")


def _key_set_of(des: Any) -> str:
    """The same set and its check values, as one writes it with psec."""
    found = []
    for part in (_DE62[:20], _DE62[20:28] + _DE62[36:]):
        key = des.decrypt_tdes_ecb(_TMK, part[:-4])
        if des.generate_kcv(key, 4) != part[-4:]:
            raise ValueError("wrong check value")
        found.append(part[-4:-1].hex().upper())
    return "-".join(found)


def _dukpt_pairs() -> Iterator[_Pair]:
    server = importlib.import_module("dukpt").Server(_KEY)
    bits = importlib.import_module("bitstring").BitArray(bytes=_KSN)
    bdk, ksn = Key(_KEY, Purpose.BDK), KSN(_KSN)
    yield _Pair(
        "TDEA DUKPT, from BDK to the PIN key of counter 1FF",
        lambda: session_key(initial_key(bdk, ksn), ksn, KeyUse.PIN),
        lambda: server.derive_key(server.generate_ipek(bits), bits).bytes,
        lambda ours, theirs: ours.equals(
            Key((int.from_bytes(theirs, "big") ^ _PIN_MASK).to_bytes(16, "big"), Purpose.PIN)
        ),
    )


def _cryptography_pairs() -> Iterator[_Pair]:
    aes = Key(_KEY, Purpose.MAC, Algorithm.AES)

    def theirs() -> bytes:
        context = CMAC(AES(_KEY))
        context.update(_DATA)
        return context.finalize()

    yield _Pair("AES CMAC of 200 bytes", lambda: mac(aes, _DATA, AES_CMAC), theirs)
