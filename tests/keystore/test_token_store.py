"""What may be brought into a token, and what it lets nobody do with it afterwards."""

from __future__ import annotations

import ctypes
import traceback
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from posrefund.crypto import AES_CMAC, HMAC_SHA256, Algorithm, Key, MACRule, Purpose
from posrefund.errors import ConfigError, InvalidKeyError, KeyUsageError, PosRefundError
from posrefund.keystore import Token, token_key
from posrefund.keystore._pkcs11 import library

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from softhsm import SoftHSM

DOUBLE = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
"""Its check value 08D7B4 is printed in many manuals; the others here were computed with PyCryptodome."""
RFC_4493 = bytes.fromhex("2B7E151628AED2A6ABF7158809CF4F3C")
FRESH = bytes.fromhex("5B3C9A1E77D04F2286E1C05D9B2A6F48")
"""Made up for these tests, and published nowhere else."""
ABILITIES = ("ENCRYPT", "DECRYPT", "SIGN", "VERIFY", "WRAP", "UNWRAP", "DERIVE")


def kek(material: bytes = DOUBLE, algorithm: Algorithm = Algorithm.TDEA) -> Key:
    return Key(material, Purpose.KEK, algorithm)


def mak(material: bytes = DOUBLE, algorithm: Algorithm = Algorithm.TDEA) -> Key:
    return Key(material, Purpose.MAC, algorithm)


# --- storing ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        (kek(), "TokenKey('a key', KEK, KCV 08D7B4)"),
        (mak(), "TokenKey('a key', MAC, KCV 08D7B4)"),
        (kek(DOUBLE + RFC_4493[:8]), "TokenKey('a key', KEK, KCV 926C94)"),
        (kek(b"\0" + RFC_4493[1:]), "TokenKey('a key', KEK, KCV DD1D37)"),
        (mak(RFC_4493, Algorithm.AES), "TokenKey('a key', AES MAC, KCV 7AD386)"),
        (kek(RFC_4493, Algorithm.AES), "TokenKey('a key', AES KEK, KCV 7AD386)"),
    ],
    ids=repr,
)
def test_stored_key_shows_the_check_value_it_has_outside(
    token: Token, key: Key, shown: str
) -> None:
    stored = token.store(key, "a key", test_keys=True)

    assert repr(stored) == shown
    assert (stored.purpose, stored.algorithm, stored.kcv_hex) == (
        key.purpose,
        key.algorithm,
        key.kcv_hex,
    )
    assert repr(token.key("a key")) == shown


def test_keys_are_there_after_a_restart(softhsm: SoftHSM) -> None:
    with softhsm.open() as token:
        token.store(kek(), "主密钥 TMK", test_keys=True)
        token.store(mak(RFC_4493, Algorithm.AES), "mak", test_keys=True)
    softhsm.lose_sessions()
    with softhsm.open() as token:
        assert list(map(repr, token.keys())) == [
            "TokenKey('mak', AES MAC, KCV 7AD386)",
            "TokenKey('主密钥 TMK', KEK, KCV 08D7B4)",
        ]


def test_label_is_taken_once(token: Token) -> None:
    token.store(kek(), "tmk", test_keys=True)
    with pytest.raises(ConfigError, match=r"^the token 'till' has a key 'tmk' already$"):
        token.store(mak(), "tmk", test_keys=True)
    assert repr(token.key("tmk")) == "TokenKey('tmk', KEK, KCV 08D7B4)"


def test_key_that_is_not_there_is_a_config_error(token: Token) -> None:
    with pytest.raises(ConfigError, match=r"^the token 'till' has no key 'tmk'$"):
        token.key("tmk")


@pytest.mark.parametrize("purpose", [Purpose.PIN, Purpose.DATA, Purpose.DUKPT, Purpose.BDK])
def test_purposes_that_nothing_is_done_for_in_a_token_are_refused(
    token: Token, purpose: Purpose
) -> None:
    with pytest.raises(KeyUsageError, match="cannot be used for a token"):
        token.store(Key(DOUBLE, purpose), "a key", test_keys=True)
    assert token.find() == []


def test_what_pkcs11_cannot_name_is_refused(token: Token) -> None:
    with pytest.raises(ConfigError, match=r"^PKCS#11 has no name for SM4$"):
        token.store(kek(DOUBLE, Algorithm.SM4), "a key", test_keys=True)
    with pytest.raises(InvalidKeyError, match="a TDEA key in a token has 16 or 24 bytes"):
        token.store(mak(DOUBLE[:8]), "a key", test_keys=True)
    assert token.find() == []


def test_closed_key_is_not_stored(token: Token) -> None:
    key = kek()
    key.close()
    with pytest.raises(InvalidKeyError, match=r"^the key was closed$"):
        token.store(key, "a key", test_keys=True)
    assert token.find() == []


def test_key_that_the_token_cannot_use_is_taken_out_again(token: Token) -> None:
    """SoftHSM wants 32 bytes for HMAC-SHA256, and says so only when the key is used."""
    with pytest.raises(InvalidKeyError, match="refused the length or form: sign by SHA256_HMAC"):
        token.store(mak(RFC_4493, Algorithm.AES), "a key", HMAC_SHA256, test_keys=True)
    assert token.find() == []


def test_failure_to_store_shows_no_material(softhsm: SoftHSM, token: Token) -> None:
    key = mak(RFC_4493, Algorithm.AES)
    token.store(key, "taken", test_keys=True)
    failing: list[Any] = [
        lambda: token.store(key, "published"),
        lambda: token.store(key, "taken", test_keys=True),
        lambda: token.store(key, "too short", HMAC_SHA256, test_keys=True),
        softhsm.lose_sessions,
        lambda: token.store(key, "lost", test_keys=True),
    ]
    told = [shown for shown in map(all_that_is_shown, failing) if shown]

    assert len(told) == 4
    for shown in told:
        assert "in store" in shown
        assert RFC_4493.hex() not in shown.lower()
        assert repr(RFC_4493) not in shown


def all_that_is_shown(fail: Callable[[], object]) -> str:
    """Return what the most talkative report of an error could hold, but of this file's own frames."""
    try:
        fail()
    except PosRefundError as error:
        stack = traceback.TracebackException.from_exception(error, capture_locals=True).stack
        ours = [
            f"in {frame.name}: {frame.locals}" for frame in stack if "/posrefund/" in frame.filename
        ]
        return f"{error!r} {vars(error)} {error.__context__!r} {ours}"
    return ""


def test_published_key_is_stored_as_a_test_key_only(softhsm: SoftHSM) -> None:
    with softhsm.open() as token:
        with pytest.raises(InvalidKeyError, match="a token takes it as a test key only"):
            token.store(kek(), "tmk")
        assert token.find() == []
        token.store(kek(), "tmk", test_keys=True)
        token.store(kek(FRESH), "fresh", test_keys=True)
    with softhsm.open() as token:
        assert [token.key(label).is_test_key for label in ("fresh", "tmk")] == [False, True]


def test_key_that_the_token_took_for_another_is_taken_out_again(
    token: Token, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(token_key, "_check_value", lambda *_: "08D7B5")
    with pytest.raises(InvalidKeyError, match="has another check value for 'tmk'"):
        token.store(kek(), "tmk", test_keys=True)
    assert token.find() == []


# --- what nobody gets out, or in -------------------------------------------------------------------


def allowed(found: Any) -> set[str]:
    names = library().Attribute
    return {name for name in ABILITIES if found[names[name]]}


def test_stored_key_has_the_abilities_of_its_purpose_and_no_others(
    softhsm: SoftHSM, token: Token
) -> None:
    token.store(kek(), "tmk", test_keys=True)
    token.store(mak(), "mak", test_keys=True)

    assert allowed(softhsm.object(token, "tmk")) == {"DECRYPT"}
    assert allowed(softhsm.object(token, "mak")) == {"SIGN", "VERIFY"}


@pytest.mark.parametrize("key", [kek(), mak()], ids=repr)
def test_stored_key_is_private_and_fixed_for_good(softhsm: SoftHSM, token: Token, key: Key) -> None:
    pkcs11 = library()
    names = pkcs11.Attribute
    token.store(key, "key", test_keys=True)
    found = softhsm.object(token, "key")

    assert found[names.PRIVATE] is True
    assert found[names.MODIFIABLE] is False
    with pytest.raises(pkcs11.PKCS11Error):
        found.copy({})


class Mechanism(ctypes.Structure):
    _fields_: ClassVar[Sequence[Any]] = (
        ("mechanism", ctypes.c_ulong),
        ("parameter", ctypes.c_void_p),
        ("length", ctypes.c_ulong),
    )


CKM_DES3_ECB, CKM_DES3_CMAC = 0x132, 0x138
CKR_KEY_FUNCTION_NOT_PERMITTED = 0x68


def bare(softhsm: SoftHSM, found: Any, function: str, mechanism: int) -> int:
    """Call the library itself: python-pkcs11 would not even try."""
    by = Mechanism(mechanism, None, 0)
    call = getattr(ctypes.CDLL(softhsm.module), function)
    call.restype = ctypes.c_ulong
    # before 0.9 python-pkcs11 called it _handle
    session, key = (
        ctypes.c_ulong(getattr(each, "handle", None) or each._handle)
        for each in (found.session, found)
    )
    return int(call(session, ctypes.byref(by), key))


def test_the_token_itself_refuses_what_a_key_is_not_for(softhsm: SoftHSM, token: Token) -> None:
    token.store(kek(), "tmk", test_keys=True)
    token.store(mak(), "mak", test_keys=True)
    tmk, mac_key = softhsm.object(token, "tmk"), softhsm.object(token, "mak")

    assert bare(softhsm, mac_key, "C_DecryptInit", CKM_DES3_ECB) == CKR_KEY_FUNCTION_NOT_PERMITTED
    assert bare(softhsm, mac_key, "C_EncryptInit", CKM_DES3_ECB) == CKR_KEY_FUNCTION_NOT_PERMITTED
    assert bare(softhsm, tmk, "C_EncryptInit", CKM_DES3_ECB) == CKR_KEY_FUNCTION_NOT_PERMITTED
    assert bare(softhsm, tmk, "C_SignInit", CKM_DES3_CMAC) == CKR_KEY_FUNCTION_NOT_PERMITTED
    assert bare(softhsm, tmk, "C_DecryptInit", CKM_DES3_ECB) == 0


def test_material_is_not_read_out(softhsm: SoftHSM, token: Token) -> None:
    pkcs11 = library()
    token.store(kek(), "tmk", test_keys=True)
    token.store(mak(), "mak", test_keys=True)
    for label in ("tmk", "mak"):
        with pytest.raises(pkcs11.AttributeSensitive):
            softhsm.object(token, label)[pkcs11.Attribute.VALUE]


@pytest.mark.parametrize(
    ("name", "value"),
    [("DECRYPT", True), ("EXTRACTABLE", True), ("SENSITIVE", False), ("WRAP", True)],
)
def test_key_cannot_be_given_more_afterwards_nor_a_copy_of_it(
    softhsm: SoftHSM, token: Token, name: str, value: bool
) -> None:
    pkcs11 = library()
    token.store(mak(), "mak", test_keys=True)
    found = softhsm.object(token, "mak")
    with pytest.raises(pkcs11.PKCS11Error):
        found[pkcs11.Attribute[name]] = value
    with pytest.raises(pkcs11.PKCS11Error):
        found.copy({pkcs11.Attribute[name]: value})

    assert allowed(softhsm.object(token, "mak")) == {"SIGN", "VERIFY"}


def foreign(token: Token, label: str, **attributes: Any) -> None:
    """Make a key as somebody else's tool may make one."""
    pkcs11 = library()
    names = pkcs11.Attribute
    given: dict[Any, Any] = {
        names.CLASS: pkcs11.ObjectClass.SECRET_KEY,
        names.KEY_TYPE: pkcs11.KeyType.DES2,
        names.VALUE: DOUBLE,
        names.LABEL: label,
        names.TOKEN: True,
        names.SENSITIVE: True,
        names.EXTRACTABLE: False,
        **{names[ability]: False for ability in ABILITIES},
        **{names[name]: value for name, value in attributes.items()},
    }
    token.run(lambda session: session.create_object(given), "this test")


def test_key_of_another_tool_is_used_if_it_is_for_one_thing(token: Token) -> None:
    foreign(token, "tmk", DECRYPT=True, UNWRAP=True)
    foreign(token, "mak", SIGN=True, VERIFY=True)

    assert repr(token.keys()) == (
        "[TokenKey('mak', MAC, KCV 08D7B4), TokenKey('tmk', KEK, KCV 08D7B4)]"
    )


def test_check_value_of_another_tools_cmac_key_is_computed_in_the_token(token: Token) -> None:
    """PKCS#11's own would be 7DF76B: a block of zeros, RFC 4493's AES-128(key, 0)."""
    names, kinds = library().Attribute, library().KeyType
    foreign(token, "mak", SIGN=True, VERIFY=True, KEY_TYPE=kinds.AES, VALUE=RFC_4493)

    assert token.find("mak")[0].found[names.CHECK_VALUE].hex() == "7df76b"
    assert repr(token.key("mak")) == "TokenKey('mak', AES MAC, KCV 7AD386)"


@pytest.mark.parametrize(
    "attributes",
    [
        {"DECRYPT": True, "ENCRYPT": True},
        {"DECRYPT": True, "SIGN": True},
        {"DECRYPT": True, "WRAP": True},
        {"SIGN": True, "VERIFY": True, "DERIVE": True},
        {"VERIFY": True},
        {},
        {"DECRYPT": True, "EXTRACTABLE": True},
        {"DECRYPT": True, "SENSITIVE": False},
    ],
    ids=" ".join,
)
def test_key_that_may_do_too_much_or_come_out_is_none_of_ours(
    token: Token, attributes: dict[str, bool]
) -> None:
    foreign(token, "tmk", **attributes)

    assert token.keys() == []
    with pytest.raises(InvalidKeyError, match="not one key that stays there, for one purpose"):
        token.key("tmk")


def test_two_keys_of_one_label_are_none(token: Token) -> None:
    foreign(token, "tmk", DECRYPT=True)
    foreign(token, "tmk", DECRYPT=True)
    with pytest.raises(InvalidKeyError, match="not one key"):
        token.key("tmk")


@pytest.mark.parametrize("rule", [None, AES_CMAC, MACRule("cmac")])
def test_rule_decides_about_hmac_only(token: Token, rule: MACRule | None) -> None:
    key = token.store(mak(RFC_4493, Algorithm.AES), "mak", rule, test_keys=True)

    assert key.cmac(b"").hex() == "bb1d6929e95937287fa37d129b756746"
