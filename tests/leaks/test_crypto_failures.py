"""Every way in which crypto can fail, with marked keys, PINs and cards: the error holds none of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from canary import (
    AES,
    IK,
    LONG,
    MAK,
    PAN_16,
    PASSPHRASE,
    PIK,
    PIN,
    TDK,
    TMK,
    TRACK,
    everything_in,
    leaks_in,
)
from posrefund.crypto import (
    AES_CMAC,
    ISO9797_1,
    ISO9797_3,
    UNIONPAY_ECB,
    Algorithm,
    Key,
    MACRule,
    Purpose,
    is_well_known,
    kcv,
    mac,
    open_box,
    seal_box,
    verify,
)
from posrefund.crypto.dukpt import DUKPT, KeyUse, initial_key, session_key
from posrefund.crypto.dukpt_aes import AESDUKPT, Indicator, Kind, update_key, working_key
from posrefund.crypto.dukpt_aes import initial_key as aes_initial_key
from posrefund.crypto.keyblock import Header, unwrap_key_block, wrap_key_block
from posrefund.crypto.ksn import KSN
from posrefund.crypto.soft import (
    decrypt_pin_block,
    encrypt_pin_block,
    make_offline_pin_block,
    read_offline_pin_block,
)
from posrefund.errors import PosRefundError
from posrefund.values import PAN, CardRead, Track2

Case = tuple[str, Callable[[], object]]
CARD = PAN(PAN_16)
KSN10, KSN12 = (
    KSN(bytes.fromhex("FFFF9876543210E00001")),
    KSN(bytes.fromhex("123456789012345600000001")),
)
SPENT = KSN(bytes.fromhex("FFFF9876543210FFFFFF")), KSN(bytes.fromhex("1234567890123456FFFFFFFF"))


def key(material: bytes, purpose: Purpose, algorithm: Algorithm = Algorithm.TDEA) -> Key:
    return Key(material, purpose, algorithm)


def shut(material: bytes, purpose: Purpose, algorithm: Algorithm = Algorithm.TDEA) -> Key:
    closed_key = Key(material, purpose, algorithm)
    closed_key.close()
    return closed_key


KEK, AES_KEK = key(TMK, Purpose.KEK), key(AES, Purpose.KEK, Algorithm.AES)
PIN_KEY, MAC_KEY, DATA_KEY = key(PIK, Purpose.PIN), key(MAK, Purpose.MAC), key(TDK, Purpose.DATA)
AES_PIN_KEY = key(AES[:16], Purpose.PIN, Algorithm.AES)
INITIAL, AES_INITIAL = key(IK, Purpose.DUKPT), key(AES, Purpose.DUKPT, Algorithm.AES)
MESSAGE = b"0200" + PAN_16.encode() + TRACK.encode() + bytes.fromhex(PAN_16)
BLOCK = wrap_key_block(KEK, PIN_KEY)
PIN_BLOCK = encrypt_pin_block(PIN_KEY, PIN, CARD)
BOX = seal_box(AES, PAN_16.encode(), context=b"item")
SINGLE = TMK[:8]


def untyped(value: Any) -> Any:
    return value


KEYS: list[Case] = [
    *(
        (
            f"key of {size} bytes of {algorithm}",
            lambda s=size, a=algorithm: Key((AES * 2)[:s], Purpose.MAC, a),
        )
        for algorithm in Algorithm
        for size in (1, 7, 9, 15, 17, 23, 25, 31, 33, 64)
    ),
    ("key with equal halves", lambda: Key(SINGLE * 2, Purpose.PIN)),
    ("key of single length", lambda: Key(SINGLE, Purpose.KEK)),
    ("key that is text", lambda: Key(untyped(TMK.hex()), Purpose.KEK)),
    ("key that is a list", lambda: Key(untyped(list(TMK)), Purpose.KEK)),
    ("kcv of another length", lambda: kcv(TMK[:15], length_bytes=3)),
    ("kcv longer than a block", lambda: kcv(TMK, length_bytes=9)),
    ("kcv of no bytes", lambda: kcv(TMK, length_bytes=0)),
    ("closed key looked up", lambda: is_well_known(shut(TMK, Purpose.KEK))),
]
MACS: list[Case] = [
    ("mac under a PIN key", lambda: mac(PIN_KEY, MESSAGE)),
    ("mac under a closed key", lambda: mac(shut(MAK, Purpose.MAC), MESSAGE)),
    ("mac under another cipher", lambda: mac(MAC_KEY, MESSAGE, AES_CMAC)),
    ("mac under another length", lambda: mac(key(LONG, Purpose.MAC), MESSAGE, ISO9797_3)),
    ("cmac of single DES", lambda: mac(key(SINGLE, Purpose.MAC), MESSAGE, MACRule("cmac"))),
    ("mac of text", lambda: mac(MAC_KEY, untyped(PAN_16))),
    ("mac of a list", lambda: mac(MAC_KEY, untyped([*MESSAGE]), ISO9797_1)),
    ("verify wrong", lambda: verify(MAC_KEY, MESSAGE, b"00000000")),
    ("verify short", lambda: verify(MAC_KEY, MESSAGE, mac(MAC_KEY, MESSAGE)[:4])),
    ("verify empty", lambda: verify(MAC_KEY, MESSAGE, b"", ISO9797_3)),
    ("verify under a PIN key", lambda: verify(PIN_KEY, MESSAGE, bytes(8))),
    ("verify text", lambda: verify(MAC_KEY, MESSAGE, untyped("00000000"))),
    ("verify none", lambda: verify(MAC_KEY, MESSAGE, untyped(None), UNIONPAY_ECB)),
]
PINS: list[Case] = [
    *(
        (
            f"PIN {name} in format {n}",
            lambda p=pin, n=n: encrypt_pin_block(PIN_KEY, p, CARD, pin_format=n),
        )
        for name, pin in {
            "too long": PIN * 2,
            "with a space": f"{PIN} ",
            "with a letter": f"{PIN}A",
            "of Unicode digits": f"{PIN}\uff11",
            "of bytes": PIN.encode(),
            "in a list": [PIN],
        }.items()
        for n in (0, 1, 3, 4)
    ),
    ("PIN under a MAC key", lambda: encrypt_pin_block(MAC_KEY, PIN, CARD)),
    ("PIN under a closed key", lambda: encrypt_pin_block(shut(PIK, Purpose.PIN), PIN, CARD)),
    ("PIN in format 4 under TDEA", lambda: encrypt_pin_block(PIN_KEY, PIN, CARD, pin_format=4)),
    ("PIN in format 0 under AES", lambda: encrypt_pin_block(AES_PIN_KEY, PIN, CARD)),
    ("PIN without account", lambda: encrypt_pin_block(PIN_KEY, PIN)),
    ("PIN with an account as text", lambda: encrypt_pin_block(PIN_KEY, PIN, untyped(PAN_16))),
    ("PIN in no format", lambda: encrypt_pin_block(PIN_KEY, PIN, CARD, pin_format=untyped(2))),
    (
        "PIN and no chance",
        lambda: encrypt_pin_block(PIN_KEY, PIN, CARD, pin_format=3, random_bytes=untyped(None)),
    ),
    ("PIN block cut", lambda: decrypt_pin_block(PIN_KEY, PIN_BLOCK[:7], CARD)),
    (
        "PIN block under another key",
        lambda: decrypt_pin_block(key(TDK, Purpose.PIN), PIN_BLOCK, CARD),
    ),
    (
        "PIN block of another format",
        lambda: decrypt_pin_block(PIN_KEY, PIN_BLOCK, CARD, pin_format=3),
    ),
    ("PIN block of no account", lambda: decrypt_pin_block(PIN_KEY, PIN_BLOCK)),
    ("PIN block under a MAC key", lambda: decrypt_pin_block(MAC_KEY, PIN_BLOCK, CARD)),
    ("PIN block none", lambda: decrypt_pin_block(PIN_KEY, untyped(None), CARD)),
    ("offline PIN too long", lambda: make_offline_pin_block(PIN * 2)),
    ("offline PIN of bytes", lambda: make_offline_pin_block(untyped(PIN.encode()))),
    (
        "offline block with a letter",
        lambda: read_offline_pin_block(bytes.fromhex(f"28{PIN}FFFFFE")),
    ),
    ("offline block of format 0", lambda: read_offline_pin_block(bytes.fromhex(f"08{PIN}FFFFFF"))),
    ("offline block cut", lambda: read_offline_pin_block(bytes.fromhex(f"28{PIN}FFFF"))),
]
BLOCKS: list[Case] = [
    ("key block cut", lambda: unwrap_key_block(KEK, BLOCK[:-2], Purpose.PIN)),
    ("key block changed", lambda: unwrap_key_block(KEK, BLOCK[:-1] + "?", Purpose.PIN)),
    (
        "key block with another MAC",
        lambda: unwrap_key_block(
            KEK, BLOCK[:-1] + "0123456789ABCDEF"[BLOCK[-1] == "0"], Purpose.PIN
        ),
    ),
    (
        "key block under another key",
        lambda: unwrap_key_block(key(LONG, Purpose.KEK), BLOCK, Purpose.PIN),
    ),
    ("key block under AES", lambda: unwrap_key_block(AES_KEK, BLOCK, Purpose.PIN)),
    ("key block under a PIN key", lambda: unwrap_key_block(PIN_KEY, BLOCK, Purpose.PIN)),
    ("key block for something else", lambda: unwrap_key_block(KEK, BLOCK, Purpose.MAC)),
    ("key block of bytes", lambda: unwrap_key_block(KEK, untyped(BLOCK.encode()), Purpose.PIN)),
    ("key block none", lambda: unwrap_key_block(KEK, untyped(None), Purpose.PIN)),
    ("wrap a longer key", lambda: wrap_key_block(KEK, key(LONG, Purpose.PIN))),
    ("wrap under a PIN key", lambda: wrap_key_block(PIN_KEY, MAC_KEY)),
    ("wrap a closed key", lambda: wrap_key_block(KEK, shut(PIK, Purpose.PIN))),
    (
        "wrap by a wrong header",
        lambda: wrap_key_block(KEK, PIN_KEY, header=Header("B", "P0", "T", "E", "000")),
    ),
    (
        "wrap as another usage",
        lambda: wrap_key_block(KEK, PIN_KEY, header=Header("B", "M3", "T", "C")),
    ),
    ("wrap as version A", lambda: wrap_key_block(KEK, PIN_KEY, header=Header("A", "P0", "T", "E"))),
    ("open box under another key", lambda: open_box(AES[::-1], BOX, context=b"item")),
    ("open box in another context", lambda: open_box(AES, BOX, context=b"other")),
    ("open box changed", lambda: open_box(AES, BOX[:-1], context=b"item")),
    ("open box with a short key", lambda: open_box(AES[:31], BOX, context=b"item")),
    ("open box none", lambda: open_box(AES, untyped(None), context=b"item")),
    ("seal box with a short key", lambda: seal_box(AES[:31], PASSPHRASE, context=b"item")),
    ("seal box of text", lambda: seal_box(AES, untyped(PAN_16), context=b"item")),
    ("seal box in no context", lambda: seal_box(AES, PASSPHRASE, context=untyped("item"))),
]
PINS += [
    (f"PIN in format {wrong!r}", partial(encrypt_pin_block, PIN_KEY, PIN, CARD, pin_format=wrong))
    for wrong in (untyped(True), untyped(1.0), untyped(3.0), untyped("1"), untyped(None))
]
NO_KEYS: list[Case] = [
    ("mac under bytes", lambda: mac(untyped(MAK), MESSAGE)),
    ("verify under bytes", lambda: verify(untyped(MAK), MESSAGE, bytes(8))),
    ("PIN under bytes", lambda: encrypt_pin_block(untyped(PIK), PIN, CARD)),
    ("PIN block under bytes", lambda: decrypt_pin_block(untyped(PIK), PIN_BLOCK, CARD)),
    ("key block under bytes", lambda: unwrap_key_block(untyped(TMK), BLOCK, Purpose.PIN)),
    ("wrap under bytes", lambda: wrap_key_block(untyped(TMK), PIN_KEY)),
    ("wrap bytes", lambda: wrap_key_block(KEK, untyped(PIK))),
    ("session key from bytes", lambda: session_key(untyped(IK), KSN10, KeyUse.PIN)),
    ("AES initial key from bytes", lambda: aes_initial_key(untyped(AES), KSN12)),
    ("bytes looked up", lambda: is_well_known(untyped(TMK))),
    ("bytes compared", lambda: KEK.equals(untyped(TMK))),
    ("key compared", lambda: KEK == TMK),
]
DERIVED: list[Case] = [
    ("initial key from a KEK", lambda: initial_key(KEK, KSN10)),
    ("initial key from a long key", lambda: initial_key(key(LONG, Purpose.BDK), KSN10)),
    ("initial key of an AES number", lambda: initial_key(key(TMK, Purpose.BDK), KSN12)),
    ("session key from a KEK", lambda: session_key(KEK, KSN10, KeyUse.PIN)),
    ("session key of no transaction", lambda: session_key(INITIAL, SPENT[0], KeyUse.PIN)),
    ("session key for nothing", lambda: session_key(INITIAL, KSN10, untyped(None))),
    (
        "session key of a closed one",
        lambda: session_key(shut(IK, Purpose.DUKPT), KSN10, KeyUse.MAC_REQUEST),
    ),
    ("counter at its end", lambda: DUKPT(INITIAL, SPENT[0]).advance()),
    ("AES initial key from TDEA", lambda: aes_initial_key(key(TMK, Purpose.BDK), KSN12)),
    (
        "working key of HMAC",
        lambda: working_key(AES_INITIAL, KSN12, Indicator.MAC_BOTH_WAYS, Kind.HMAC128),
    ),
    (
        "working key too strong",
        lambda: working_key(
            key(AES[:16], Purpose.DUKPT, Algorithm.AES),
            KSN12,
            Indicator.PIN_ENCRYPTION,
            Kind.AES256,
        ),
    ),
    ("working key to derive", lambda: working_key(AES_INITIAL, KSN12, Indicator.KEY_DERIVATION)),
    (
        "working key of no transaction",
        lambda: working_key(AES_INITIAL, SPENT[1], Indicator.PIN_ENCRYPTION),
    ),
    ("update key of HMAC", lambda: update_key(AES_INITIAL, KSN12, Kind.HMAC256)),
    ("AES counter at its end", lambda: AESDUKPT(AES_INITIAL, SPENT[1]).advance()),
]
CARDS: list[Case] = [
    ("account with a wrong digit", lambda: PAN(PAN_16 + "0")),
    ("account as bytes", lambda: PAN(untyped(PAN_16.encode()))),
    ("account with a space", lambda: PAN(f"{PAN_16} ")),
    ("track too long", lambda: Track2(TRACK + "0" * 30)),
    ("track with a letter", lambda: Track2(TRACK + "X")),
    ("track as bytes", lambda: Track2(untyped(TRACK.encode()))),
    ("card with an account as text", lambda: CardRead("051", untyped(PAN_16))),
    ("card with a track it must not have", lambda: CardRead("051", CARD, track2=Track2(TRACK))),
    ("card with a track as text", lambda: CardRead("021", CARD, track2=untyped(TRACK))),
    ("card with a PIN for a block", lambda: CardRead("051", CARD, pin_block=untyped(PIN))),
    ("card whose sequence is a PIN", lambda: CardRead("051", CARD, sequence_number=PIN)),
]  # fmt: skip
CASES = [*KEYS, *MACS, *PINS, *BLOCKS, *NO_KEYS, *DERIVED, *CARDS]


@pytest.mark.parametrize("fails", [pytest.param(f, id=name) for name, f in CASES])
def test_failure_holds_no_key_no_pin_and_no_card(fails: Callable[[], object]) -> None:
    with pytest.raises((PosRefundError, TypeError, AttributeError)) as caught:
        fails()

    assert leaks_in(everything_in(caught.value)) == set()
    assert "src" in everything_in(caught.value)  # it was looked into


def test_failure_during_a_failure_of_the_caller_holds_nothing_of_either() -> None:
    def fails() -> None:
        try:
            int(PAN_16 + "x")
        except ValueError:
            encrypt_pin_block(PIN_KEY, PIN * 2, CARD)

    with pytest.raises(PosRefundError) as caught:
        fails()
    assert leaks_in(everything_in(caught.value)) == set()
    assert caught.value.__context__ is None
