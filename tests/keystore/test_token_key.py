"""A key in a token opens a sign-in and makes MACs as one outside does, and refuses the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from posrefund.crypto import (
    AES_CMAC,
    HMAC_SHA256,
    ISO9797_1,
    ISO9797_3,
    SM4_CBC,
    UNIONPAY_ECB,
    UNIONPAY_SM4,
    Algorithm,
    Key,
    MACRule,
    Purpose,
    mac,
    unwrap_key,
    unwrap_key_set,
    wrap_key,
)
from posrefund.errors import ConfigError, InvalidKeyError, KeyUsageError, MACMismatchError
from posrefund.keystore._pkcs11 import library
from published import known_answers

if TYPE_CHECKING:
    from posrefund.keystore import Token
    from softhsm import SoftHSM

TMK = bytes.fromhex("CA5D92598DCA48CE8A4C76361A9269E9")
DE62 = bytes.fromhex(
    "6701EAD6A9AD51E51AA406E2C27FCFA98D0A74B8B651F9E9BACE9AE10000000000000000AB7153CA"
)
"""DE62 of a sign-in answer; published example of code456.com/article/3026509."""
DOUBLE = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
RFC_4493 = bytes.fromhex("2B7E151628AED2A6ABF7158809CF4F3C")
TDES_CMAC = MACRule("cmac")
MANY = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


# --- the master key's side of a sign-in ------------------------------------------------------------


def test_sign_in_is_opened_in_the_token(token: Token) -> None:
    tmk = token.store(Key(TMK, Purpose.KEK), "tmk", test_keys=True)
    keys = unwrap_key_set(tmk, DE62)

    assert keys.key_set_id == "8D0A74-AB7153"
    inside, outside = keys, unwrap_key_set(Key(TMK, Purpose.KEK), DE62)
    assert inside.pik.equals(outside.pik)
    assert inside.mak.equals(outside.mak)


def test_wrong_check_value_refuses_the_whole_set(token: Token) -> None:
    tmk = token.store(Key(TMK, Purpose.KEK), "tmk", test_keys=True)
    for place in range(len(DE62)):
        changed = bytearray(DE62)
        changed[place] ^= 0x10
        with pytest.raises(InvalidKeyError):
            unwrap_key_set(tmk, bytes(changed))


def test_master_key_of_three_parts_opens_a_sign_in(token: Token) -> None:
    key = Key(TMK + DOUBLE[:8], Purpose.KEK)
    pik, mak = Key(DOUBLE, Purpose.PIN), Key(RFC_4493, Purpose.MAC)
    block = wrap_key(key, pik) + bytes.fromhex("08D7B4FB")
    block += wrap_key(key, mak) + bytes.fromhex("86A5F081")
    keys = unwrap_key_set(token.store(key, "tmk", test_keys=True), block)

    assert keys.pik.equals(pik)
    assert keys.mak.equals(mak)


def test_working_key_that_is_the_master_key_is_known_by_its_check_value(token: Token) -> None:
    outside = Key(DOUBLE, Purpose.KEK)
    tmk = token.store(outside, "tmk", test_keys=True)
    own = wrap_key(outside, Key(DOUBLE, Purpose.PIN)) + bytes.fromhex("08D7B4FB")
    other = wrap_key(outside, Key(RFC_4493, Purpose.MAC)) + bytes.fromhex("86A5F081")
    with pytest.raises(InvalidKeyError, match="two keys of the sign-in are the same") as caught:
        unwrap_key_set(tmk, own + other)
    assert caught.value.kcv == "08D7B4"


def test_check_values_are_compared_of_keys_that_could_be_the_same(token: Token) -> None:
    tmk = token.store(Key(DOUBLE, Purpose.KEK), "tmk", test_keys=True)

    assert tmk.equals(Key(DOUBLE, Purpose.PIN))
    assert not tmk.equals(Key(RFC_4493, Purpose.PIN))
    assert not tmk.equals(Key(DOUBLE + DOUBLE[:8], Purpose.PIN))  # the same cipher, and value
    assert Key(DOUBLE + DOUBLE[:8], Purpose.PIN).kcv_hex == tmk.kcv_hex
    assert not tmk.equals(Key(DOUBLE, Purpose.PIN, Algorithm.AES))


def test_one_key_is_unwrapped_under_aes_in_the_token(token: Token) -> None:
    """FIPS 197, appendix C.1: 69C4…C55A is 0011…EEFF under 0001…0E0F."""
    kek = token.store(Key(bytes(range(16)), Purpose.KEK, Algorithm.AES), "kek", test_keys=True)
    wrapped = bytes.fromhex("69C4E0D86A7B0430D8CDB78070B4C55A")
    key = unwrap_key(kek, wrapped, Purpose.MAC)

    assert key.equals(
        Key(bytes.fromhex("00112233445566778899AABBCCDDEEFF"), Purpose.MAC, Algorithm.AES)
    )
    with pytest.raises(KeyUsageError):
        unwrap_key_set(kek, DE62)


@pytest.mark.parametrize("wrapped", [b"", bytes(7), bytes(9), bytes(23)])
def test_no_whole_blocks_are_no_wrapped_key(token: Token, wrapped: bytes) -> None:
    tmk = token.store(Key(TMK, Purpose.KEK), "tmk", test_keys=True)
    with pytest.raises(InvalidKeyError, match="a wrapped key is whole blocks of TDEA"):
        tmk.decrypt_key(wrapped)


def test_mac_key_opens_no_sign_in(token: Token) -> None:
    mak = token.store(Key(TMK, Purpose.MAC), "mak", test_keys=True)
    with pytest.raises(KeyUsageError, match="a MAC key cannot be used for unwrapping a key"):
        unwrap_key_set(mak, DE62)


def test_softhsm_cannot_unwrap_inside(softhsm: SoftHSM, token: Token) -> None:
    """Why a working key surfaces; softhsm #596. A later one may: then ``decrypt_key`` has a better way."""
    pkcs11 = library()
    if pkcs11.lib(softhsm.module).library_version > (2, 6):
        pytest.skip("this SoftHSM2 is newer than the one that is known not to")
    names = pkcs11.Attribute
    made = {
        names.CLASS: pkcs11.ObjectClass.SECRET_KEY,
        names.KEY_TYPE: pkcs11.KeyType.DES2,
        names.VALUE: TMK,
        names.LABEL: "unwraps",
        names.TOKEN: True,
        names.UNWRAP: True,
    }
    token.run(lambda session: session.create_object(made), "this test")
    found = softhsm.object(token, "unwraps")
    with pytest.raises(pkcs11.MechanismInvalid):
        found.unwrap_key(
            pkcs11.ObjectClass.SECRET_KEY,
            pkcs11.KeyType.DES2,
            DE62[:16],
            mechanism=pkcs11.Mechanism.DES3_ECB,
            template={},
        )


# --- MACs ------------------------------------------------------------------------------------------

RFC_4231_1 = bytes.fromhex("B0344C61D8DB38535CA8AFCEAF0BF12B881DC200C9833DA726E9376C2E32CFF7")
"""Of "Hi There" under 20 bytes 0B: HMAC fills a key with zeros, and so does the test, to SoftHSM's 32."""
RFC_4231_KEY = b"\x0b" * 20 + bytes(12)


@pytest.mark.parametrize(
    "case",
    [case for case in known_answers("macs", "cmac") if case["cipher"] != "SM4"],
    ids=lambda case: case["name"],
)
def test_cmac_is_the_published_one(token: Token, case: dict[str, str]) -> None:
    cipher = Algorithm(case["cipher"])
    key, data, tag = (bytes.fromhex(case[name]) for name in ("key", "data", "tag"))
    stored = token.store(Key(key, Purpose.MAC, cipher), "mak", test_keys=True)

    assert stored.cmac(data) == tag
    assert stored.mac(data, MACRule("cmac", cipher)) == tag


def test_hmac_is_that_of_rfc_4231(token: Token) -> None:
    key = Key(RFC_4231_KEY, Purpose.MAC, Algorithm.AES)
    stored = token.store(key, "mak", HMAC_SHA256, test_keys=True)

    assert stored.mac(b"Hi There", HMAC_SHA256) == RFC_4231_1
    assert repr(stored) == f"TokenKey('mak', AES MAC, KCV {key.kcv_hex})"
    with pytest.raises(KeyUsageError):
        stored.cmac(b"Hi There")
    with pytest.raises(KeyUsageError):
        stored.mac(b"Hi There", AES_CMAC)


def test_mac_has_the_form_of_its_rule(token: Token) -> None:
    stored = token.store(Key(RFC_4493, Purpose.MAC, Algorithm.AES), "mak", test_keys=True)

    assert stored.mac(b"", MACRule("cmac", Algorithm.AES, length_bytes=4)).hex() == "bb1d6929"
    assert stored.mac(b"", MACRule("cmac", Algorithm.AES, length_bytes=4, encoding="hex")) == (
        b"BB1D6929"
    )


def test_mac_is_verified_in_whole(token: Token) -> None:
    stored = token.store(Key(RFC_4493, Purpose.MAC, Algorithm.AES), "mak", test_keys=True)
    right = bytes.fromhex("BB1D6929E95937287FA37D129B756746")
    stored.verify(b"", right, AES_CMAC)
    for tag in (b"", right[:4], right + b"\0", right[:-1] + b"\0", right[::-1]):
        with pytest.raises(MACMismatchError):
            stored.verify(b"", tag, AES_CMAC)
    with pytest.raises(MACMismatchError):
        stored.verify(b"\0", right, AES_CMAC)


@pytest.mark.parametrize(
    "rule", [UNIONPAY_ECB, UNIONPAY_SM4, ISO9797_1, ISO9797_3, SM4_CBC], ids=repr
)
def test_macs_that_pkcs11_does_not_have_are_refused(token: Token, rule: MACRule) -> None:
    stored = token.store(Key(DOUBLE, Purpose.MAC), "mak", test_keys=True)
    with pytest.raises(ConfigError, match=rf"^PKCS#11 has no MAC {rule.algorithm} with"):
        stored.mac(b"data", rule)


def test_key_for_another_cipher_makes_no_mac(token: Token) -> None:
    stored = token.store(Key(DOUBLE, Purpose.MAC), "mak", test_keys=True)
    with pytest.raises(KeyUsageError, match="cannot be used for cmac with AES"):
        stored.mac(b"data", AES_CMAC)


def test_master_key_makes_no_mac(token: Token) -> None:
    stored = token.store(Key(TMK, Purpose.KEK), "tmk", test_keys=True)
    uses: list[Any] = [lambda: stored.mac(b"", TDES_CMAC), lambda: stored.cmac(b"")]
    for use in uses:
        with pytest.raises(KeyUsageError, match=r"a (DES3_ECB )?KEK key cannot be used"):
            use()


@pytest.mark.slow
@MANY
@given(
    key=st.sampled_from([16, 24]).flatmap(lambda n: st.binary(min_size=n, max_size=n)),
    data=st.binary(max_size=80),
)
def test_token_and_library_make_one_mac(token: Token, key: bytes, data: bytes) -> None:
    outside = Key(key, Purpose.MAC, Algorithm.AES)
    label = f"mak {len(token.find())}"
    inside = token.store(outside, label, test_keys=True)

    assert inside.mac(data, AES_CMAC) == mac(outside, data, AES_CMAC)
    inside.verify(data, mac(outside, data, AES_CMAC), AES_CMAC)


@MANY
@given(wrapped=st.integers(1, 6).flatmap(lambda n: st.binary(min_size=8 * n, max_size=8 * n)))
def test_token_and_library_decrypt_alike(token: Token, wrapped: bytes) -> None:
    outside = Key(TMK, Purpose.KEK)
    inside = token.key("tmk") if token.find("tmk") else token.store(outside, "tmk", test_keys=True)

    assert inside.decrypt_key(wrapped) == outside.decrypt_key(wrapped)


def test_keys_are_not_compared_by_accident(token: Token) -> None:
    stored = token.store(Key(TMK, Purpose.KEK), "tmk", test_keys=True)
    with pytest.raises(TypeError, match="use equals"):
        _ = stored == stored
    with pytest.raises(TypeError):
        hash(stored)
