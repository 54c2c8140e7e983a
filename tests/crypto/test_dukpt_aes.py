"""AES DUKPT: every printed key of the standard's supplement comes out."""

from __future__ import annotations

import hashlib
import hmac

import pytest

from posrefund.crypto import Algorithm, Key, Purpose
from posrefund.crypto._blockcipher import cmac, encrypt_cbc
from posrefund.crypto._dukpt_aes import (
    Indicator,
    Kind,
    derive_initial_key,
    derive_transaction_key,
    derive_update_key,
    derive_working_key,
)
from posrefund.crypto.dukpt_aes import AESDUKPT, initial_key, update_key, working_key
from posrefund.crypto.ksn import KSN
from posrefund.errors import InvalidKeyError, KeyUsageError
from published import known_answers

USES = {
    "pin": Indicator.PIN_ENCRYPTION,
    "mac_gen": Indicator.MAC_GENERATION,
    "mac_ver": Indicator.MAC_VERIFICATION,
    "data_enc": Indicator.DATA_ENCRYPTION,
    "data_dec": Indicator.DATA_DECRYPTION,
}

IK = bytes.fromhex("1273671EA26AC29AFA4D1084127652A1")
DEVICE = "1234567890123456"


def ksn_of(counter: str) -> KSN:
    return KSN(bytes.fromhex(DEVICE + counter))


def aes(material: bytes, purpose: Purpose = Purpose.DUKPT) -> Key:
    return Key(material, purpose, Algorithm.AES)


def cases(table: str) -> pytest.MarkDecorator:
    rows = known_answers("dukpt_aes", table)
    return pytest.mark.parametrize("case", [pytest.param(row, id=row["name"]) for row in rows])


def transaction(case: dict[str, str]) -> tuple[bytes, bytes]:
    bdk, ksn = bytes.fromhex(case["bdk"]), bytes.fromhex(case["ksn"])
    return derive_transaction_key(derive_initial_key(bdk, ksn[:8]), ksn), ksn


def working(case: dict[str, str]) -> bytes:
    key, ksn = transaction(case)
    return derive_working_key(key, ksn, USES[case["usage"]], Kind[case["key_type"]])


# --- published numbers ------------------------------------------------------------------------------


@cases("initial_key")
def test_initial_key_is_the_published_one(case: dict[str, str]) -> None:
    found = derive_initial_key(bytes.fromhex(case["bdk"]), bytes.fromhex(case["ikid"]))

    assert found.hex().upper() == case["output"]


@cases("transaction_key")
def test_transaction_key_is_the_published_one(case: dict[str, str]) -> None:
    assert transaction(case)[0].hex().upper() == case["output"]


@cases("working_key")
def test_working_key_is_the_published_one(case: dict[str, str]) -> None:
    assert working(case).hex().upper() == case["output"]


@cases("update_key")
def test_key_for_updates_is_the_published_one(case: dict[str, str]) -> None:
    initial, device = bytes.fromhex(case["ik"]), bytes.fromhex(case["ikid"])

    assert (
        derive_update_key(initial, device, Kind[case["key_type"]]).hex().upper() == case["output"]
    )


@cases("cmac")
def test_cmac_under_a_working_key_is_the_published_one(case: dict[str, str]) -> None:
    found = cmac(working(case), case["data_ascii"].encode(), Algorithm.AES)

    assert found.hex().upper() == case["output"]


@cases("hmac")
def test_hmac_under_a_working_key_is_the_published_one(case: dict[str, str]) -> None:
    found = hmac.digest(working(case), case["data_ascii"].encode(), hashlib.sha256)

    assert found.hex().upper() == case["output"]


@cases("data")
def test_data_under_a_working_key_is_the_published_one(case: dict[str, str]) -> None:
    data = case["data_ascii"].encode()

    found = encrypt_cbc(working(case), data + bytes(-len(data) % 16), Algorithm.AES)

    assert found.hex().upper() == case["output"]


@pytest.mark.parametrize("table", ["working_key"])
def test_keys_are_the_published_ones_through_the_front_door(table: str) -> None:
    for case in known_answers("dukpt_aes", table):
        number = KSN(bytes.fromhex(case["ksn"]))
        initial = initial_key(aes(bytes.fromhex(case["bdk"]), Purpose.BDK), number)
        key = working_key(initial, number, USES[case["usage"]], Kind[case["key_type"]])
        assert key.use(key.purpose, "a test").hex().upper() == case["output"]
    for case in known_answers("dukpt_aes", "update_key"):
        number = KSN(bytes.fromhex(case["ikid"] + "00000000"))
        key = update_key(aes(bytes.fromhex(case["ik"])), number)
        assert key.use(Purpose.KEK, "a test").hex().upper() == case["output"]


# --- the counter ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "after"),
    [
        ("00000000", "00000001"),
        ("0000FFFF", "00010000"),
        ("0001FFFE", "00020000"),
        ("FFFE4000", "FFFE8000"),
        ("FFFE8000", "FFFF0000"),
    ],
)
def test_next_counter_is_the_next_with_at_most_sixteen_one_bits(now: str, after: str) -> None:
    assert ksn_of(now).next() == ksn_of(after)


def test_counter_ends_and_is_refused_before_it_starts_again() -> None:
    state = AESDUKPT(aes(IK), ksn_of("FFFF0000"))

    assert state.key(Indicator.PIN_ENCRYPTION).purpose is Purpose.PIN
    with pytest.raises(InvalidKeyError, match="the DUKPT counter is exhausted"):
        state.advance()


@pytest.mark.parametrize("counter", ["00000000", "FFFFFFFF", "0001FFFF"])
def test_counter_that_no_transaction_has_gives_no_key(counter: str) -> None:
    with pytest.raises(InvalidKeyError, match=r"^no transaction has this DUKPT counter$"):
        working_key(aes(IK), ksn_of(counter), Indicator.PIN_ENCRYPTION)


def test_state_advances_by_giving_another() -> None:
    first = AESDUKPT(aes(IK), ksn_of("00000000")).advance()

    assert first.ksn == ksn_of("00000001")
    assert IK.hex() not in repr(first).lower()


# --- what comes out, and what does not ----------------------------------------------------------------


def test_uses_and_kinds_of_one_transaction_have_different_keys() -> None:
    state = AESDUKPT(aes(IK * 2), ksn_of("00000001"))
    uses = [
        each for each in Indicator if each not in (Indicator.KEY_DERIVATION, Indicator.INITIAL_KEY)
    ]
    kinds = [Kind.TDEA128, Kind.TDEA192, Kind.AES128, Kind.AES192, Kind.AES256]
    keys = [state.key(use, kind) for use in uses for kind in kinds]

    assert len({key.use(key.purpose, "a test") for key in keys}) == len(keys) == 40


@pytest.mark.parametrize("kind", [Kind.AES192, Kind.AES256, Kind.HMAC128])
def test_key_stronger_than_the_initial_key_is_refused(kind: Kind) -> None:
    with pytest.raises(InvalidKeyError, match="none stronger than the initial key"):
        working_key(aes(IK), ksn_of("00000001"), Indicator.PIN_ENCRYPTION, kind)
    with pytest.raises(InvalidKeyError, match="none stronger than the initial key"):
        update_key(aes(IK), ksn_of("00000001"), kind)


@pytest.mark.parametrize("use", [Indicator.KEY_DERIVATION, Indicator.INITIAL_KEY])
def test_derivation_key_is_not_given_away(use: Indicator) -> None:
    with pytest.raises(InvalidKeyError, match=r"^DUKPT gives no derivation key away$"):
        working_key(aes(IK), ksn_of("00000001"), use)


def test_key_for_something_else_is_refused() -> None:
    number = ksn_of("00000001")
    for purpose in Purpose:
        if purpose is not Purpose.DUKPT:
            with pytest.raises(KeyUsageError):
                working_key(aes(IK, purpose), number, Indicator.PIN_ENCRYPTION)
        if purpose is not Purpose.BDK:
            with pytest.raises(KeyUsageError):
                initial_key(aes(IK, purpose), number)


def test_key_or_number_of_tdea_dukpt_is_refused() -> None:
    with pytest.raises(InvalidKeyError, match="AES DUKPT takes AES keys"):
        working_key(Key(IK, Purpose.DUKPT), ksn_of("00000001"), Indicator.PIN_ENCRYPTION)
    with pytest.raises(InvalidKeyError, match="serial numbers of 12"):
        initial_key(aes(IK, Purpose.BDK), KSN(bytes.fromhex("FFFF9876543210E00001")))
