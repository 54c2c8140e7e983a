"""Keys on their way in: ladder, components, variants and tracks fail without showing what they held."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from canary import AES, LONG, MAK, PIK, TDK, TMK, TRACK, everything_in, leaks_in
from posrefund.crypto import Algorithm, Key, Purpose, unwrap_key, unwrap_key_set, wrap_key
from posrefund.crypto._blockcipher import encrypt_ecb
from posrefund.crypto.components import Component, combine
from posrefund.crypto.keys import kcv
from posrefund.crypto.sign_in import SignInRule, WeakKeyWarning
from posrefund.crypto.track import decrypt_track, encrypt_track
from posrefund.crypto.variants import numbered_variant, tr31_variants
from posrefund.errors import PosRefundError

Case = tuple[str, Callable[[], object]]


def untyped(value: Any) -> Any:
    return value


def part(material: bytes) -> bytes:
    return encrypt_ecb(TMK, material) + kcv(material, length_bytes=4)


KEK, AES_KEK = Key(TMK, Purpose.KEK), Key(AES, Purpose.KEK, Algorithm.AES)
PIN_KEY, DATA_KEY = Key(PIK, Purpose.PIN), Key(TDK, Purpose.DATA)
SET = part(PIK) + part(MAK)
SHUT = Key(TMK, Purpose.KEK)
SHUT.close()
ONE, TWO = Component(TMK), Component(PIK)

LADDER: list[Case] = [
    ("key of 15 bytes", lambda: unwrap_key(KEK, PIK[:15], Purpose.PIN)),
    ("key that is text", lambda: unwrap_key(KEK, untyped(PIK.hex()), Purpose.PIN)),
    ("key that is a list", lambda: unwrap_key(KEK, untyped([*PIK]), Purpose.PIN)),
    ("weak key inside", lambda: unwrap_key(KEK, encrypt_ecb(TMK, PIK[:8] * 2), Purpose.PIN)),
    ("key under a PIN key", lambda: unwrap_key(PIN_KEY, SET[:16], Purpose.PIN)),
    ("key under a closed key", lambda: unwrap_key(SHUT, SET[:16], Purpose.PIN)),
    ("key under bytes", lambda: unwrap_key(untyped(TMK), SET[:16], Purpose.PIN)),
    ("wrapped under a PIN key", lambda: wrap_key(PIN_KEY, DATA_KEY)),
    ("wrapped for another cipher", lambda: wrap_key(AES_KEK, PIN_KEY)),
    ("wrapped bytes", lambda: wrap_key(KEK, untyped(PIK))),
    ("set cut", lambda: unwrap_key_set(KEK, SET[:-1])),
    ("set that is text", lambda: unwrap_key_set(KEK, untyped(SET.hex()))),
    ("set that is none", lambda: unwrap_key_set(KEK, untyped(None))),
    ("PIK with a wrong check value", lambda: unwrap_key_set(KEK, SET[:19] + b"\0" + SET[20:])),
    ("MAK with a wrong check value", lambda: unwrap_key_set(KEK, SET[:-1] + b"\0")),
    ("set under another key", lambda: unwrap_key_set(Key(LONG, Purpose.KEK), SET)),
    ("set under AES", lambda: unwrap_key_set(AES_KEK, SET)),
    ("set with equal keys", lambda: unwrap_key_set(KEK, part(PIK) + part(PIK))),
    ("set with the TMK", lambda: unwrap_key_set(KEK, part(PIK) + part(TMK))),
    ("set with a weak PIK", lambda: unwrap_key_set(KEK, part(PIK[:8] * 2) + part(MAK))),
    ("set with a weak MAK", lambda: unwrap_key_set(KEK, part(PIK) + part(MAK[:8] * 2))),
    ("set with parity", lambda: unwrap_key_set(KEK, SET, SignInRule(strict_parity=True))),
]
PARTS: list[Case] = [
    ("component too short", lambda: Component(TMK[:15])),
    ("component of single DES", lambda: Component(TMK[:8])),
    ("component that is text", lambda: Component(untyped(TMK.hex()))),
    ("component compared", lambda: ONE == TMK),
    ("one component", lambda: combine([ONE], Purpose.KEK)),
    ("the same twice", lambda: combine([ONE, Component(TMK)], Purpose.KEK)),
    ("two lengths", lambda: combine([ONE, Component(LONG)], Purpose.KEK)),
    ("two algorithms", lambda: combine([ONE, Component(AES, Algorithm.AES)], Purpose.KEK)),
    ("another check value", lambda: combine([ONE, TWO], Purpose.KEK, expected_kcv=b"\0\0\0")),
    ("a short check value", lambda: combine([ONE, TWO], Purpose.KEK, expected_kcv=b"\0")),
    ("no parts but bytes", lambda: combine(untyped([TMK, PIK]), Purpose.KEK)),
    ("variant 32", lambda: numbered_variant(KEK, 32)),
    ("variant of a PIN key", lambda: numbered_variant(PIN_KEY, 1)),
    ("variant of AES", lambda: tr31_variants(AES_KEK)),
    ("variant of a closed key", lambda: tr31_variants(SHUT)),
    ("variant of bytes", lambda: numbered_variant(untyped(TMK), 1)),
]
TRACKS: list[Case] = [
    ("track under a PIN key", lambda: encrypt_track(PIN_KEY, TRACK)),
    ("track with a letter", lambda: encrypt_track(DATA_KEY, f"{TRACK}X")),
    ("track too long", lambda: encrypt_track(DATA_KEY, TRACK * 5)),
    ("track too short", lambda: encrypt_track(DATA_KEY, TRACK[:16])),
    ("track of bytes", lambda: encrypt_track(DATA_KEY, untyped(TRACK.encode()))),
    ("track under bytes", lambda: encrypt_track(untyped(TDK), TRACK)),
    ("sealed track with a letter", lambda: decrypt_track(DATA_KEY, f"{TRACK}X")),
    ("sealed track of none", lambda: decrypt_track(DATA_KEY, untyped(None))),
]


@pytest.mark.parametrize(
    "fails", [pytest.param(f, id=name) for name, f in [*LADDER, *PARTS, *TRACKS]]
)
def test_failure_on_the_way_in_holds_no_key_and_no_track(fails: Callable[[], object]) -> None:
    with pytest.raises((PosRefundError, TypeError, AttributeError)) as caught:
        fails()

    assert leaks_in(everything_in(caught.value)) == set()


def test_warning_made_an_error_holds_no_key() -> None:
    block, rule = part(PIK) + part(MAK[:8] * 2), SignInRule(equal_halves_mak=True)
    with pytest.raises(WeakKeyWarning) as caught:
        unwrap_key_set(KEK, block, rule)
    assert leaks_in(everything_in(caught.value)) == set()

    with pytest.warns(WeakKeyWarning) as warned:
        unwrap_key_set(KEK, block, rule)
    assert [each.filename for each in warned] == [__file__]
