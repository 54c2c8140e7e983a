"""A lock in a token: another key for every file, and nothing opens but with that token."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from posrefund.crypto import Algorithm, Key, Purpose
from posrefund.errors import ConfigError, InvalidKeyError, PosRefundError
from posrefund.keystore import TokenLock
from posrefund.keystore._pkcs11 import library

if TYPE_CHECKING:
    from posrefund.keystore import Token
    from softhsm import SoftHSM

LABEL = "key file"


def test_key_comes_back_after_a_restart(softhsm: SoftHSM) -> None:
    with softhsm.open() as token:
        header, key = TokenLock(token, LABEL).new()
        assert len(key) == 32
    softhsm.lose_sessions()
    with softhsm.open() as token:
        assert TokenLock(token, LABEL).open(header) == key


def test_header_holds_names_and_the_wrapped_key_only(token: Token) -> None:
    header, key = TokenLock(token, LABEL).new()

    assert sorted(header) == ["kind", "label", "wrapped"]
    assert (header["kind"], header["label"]) == ("token", LABEL)
    wrapped = bytes.fromhex(header["wrapped"])
    assert len(wrapped) == 16 + 32 + 16
    assert key not in wrapped
    assert key[:16] not in wrapped
    assert key[16:] not in wrapped


def test_every_file_has_a_key_of_its_own(token: Token) -> None:
    lock = TokenLock(token, LABEL)
    made = [lock.new() for _ in range(20)]

    assert len({key for _, key in made}) == 20
    assert len({header["wrapped"][:32] for header, _ in made}) == 20  # nor is a start used twice
    assert len(token.find()) == 2
    assert [lock.open(header) for header, _ in made] == [key for _, key in made]


@pytest.mark.slow
def test_every_changed_bit_is_refused(token: Token) -> None:
    lock = TokenLock(token, LABEL)
    header, _ = lock.new()
    wrapped = bytes.fromhex(header["wrapped"])
    for bit in range(8 * len(wrapped)):
        changed = bytearray(wrapped)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(InvalidKeyError, match="not locked by 'key file' of the token 'till'"):
            lock.open({**header, "wrapped": changed.hex()})


def test_lock_of_another_token_does_not_open(softhsm: SoftHSM) -> None:
    softhsm.make("office")
    with softhsm.open() as till, softhsm.open("office") as office:
        header, _ = TokenLock(till, LABEL).new()
        with pytest.raises(ConfigError, match="'office' does not hold the two keys of 'key file'"):
            TokenLock(office, LABEL).open(header)
        TokenLock(office, LABEL).new()
        with pytest.raises(InvalidKeyError):
            TokenLock(office, LABEL).open(header)


def test_lock_of_another_label_does_not_open(token: Token) -> None:
    header, _ = TokenLock(token, LABEL).new()
    other = TokenLock(token, "other")
    other.new()
    with pytest.raises(ConfigError, match="not locked by 'other' but by other keys"):
        other.open(header)
    with pytest.raises(InvalidKeyError):
        other.open({**header, "label": "other"})


NO_HEADERS: list[dict[str, Any]] = [
    {},
    {"kind": "passphrase"},
    {"kind": "token"},
    {"kind": "token", "label": LABEL},
    {"kind": "token", "label": LABEL, "wrapped": ""},
    {"kind": "token", "label": LABEL, "wrapped": "zz" * 64},
    {"kind": "token", "label": LABEL, "wrapped": "00" * 63},
    {"kind": "token", "label": LABEL, "wrapped": "00" * 65},
    {"kind": "token", "label": LABEL, "wrapped": 7},
    {"kind": "token", "label": 7, "wrapped": "00" * 64},
]


@pytest.mark.parametrize("header", NO_HEADERS, ids=str)
def test_header_that_is_none_is_a_config_error(token: Token, header: dict[str, Any]) -> None:
    lock = TokenLock(token, LABEL)
    lock.new()
    with pytest.raises(ConfigError):
        lock.open(header)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.dictionaries(
        st.sampled_from(["kind", "label", "wrapped"]),
        st.one_of(
            st.sampled_from(["token", LABEL]), st.binary(max_size=70).map(bytes.hex), st.text()
        ),
    )
)
def test_any_header_gives_an_error_of_ours(token: Token, header: dict[str, str]) -> None:
    lock = TokenLock(token, LABEL)
    if not token.find():
        lock.new()
    with pytest.raises(PosRefundError):
        lock.open(header)


def test_opening_never_makes_keys(token: Token) -> None:
    with pytest.raises(ConfigError, match="does not hold the two keys"):
        TokenLock(token, LABEL).open({"kind": "token", "label": LABEL, "wrapped": "00" * 64})
    assert token.find() == []


def test_half_a_lock_is_none(token: Token) -> None:
    lock = TokenLock(token, LABEL)
    header, _ = lock.new()
    token.find(LABEL)[0].found.destroy()
    for use in (lock.new, lambda: lock.open(header)):
        with pytest.raises(ConfigError, match="does not hold the two keys"):
            use()


def test_keys_of_a_lock_stay_in_the_token_and_are_for_nothing_else(token: Token) -> None:
    pkcs11 = library()
    names = pkcs11.Attribute
    TokenLock(token, LABEL).new()
    able = []
    for found in [handle.found for handle in token.find(LABEL)]:
        assert found[names.LOCAL] is True  # made there
        assert found[names.NEVER_EXTRACTABLE] is True
        assert found[names.ALWAYS_SENSITIVE] is True
        assert found[names.MODIFIABLE] is False
        assert found[names.VALUE_LEN] == 32
        with pytest.raises(pkcs11.AttributeSensitive):
            _ = found[names.VALUE]
        able.append(
            {
                each
                for each in ("ENCRYPT", "DECRYPT", "SIGN", "VERIFY", "WRAP", "UNWRAP")
                if found[names[each]]
            }
        )

    assert sorted(map(sorted, able)) == [["DECRYPT", "ENCRYPT"], ["SIGN", "VERIFY"]]
    assert token.keys() == []


def test_mac_key_of_the_same_label_is_not_taken_for_the_lock(token: Token) -> None:
    token.store(Key(bytes(range(16)), Purpose.MAC, Algorithm.AES), LABEL, test_keys=True)
    lock = TokenLock(token, LABEL)
    header, key = lock.new()

    assert lock.open(header) == key


def test_closed_token_opens_nothing(token: Token) -> None:
    lock = TokenLock(token, LABEL)
    header, _ = lock.new()
    token.close()
    for use in (lock.new, lambda: lock.open(header)):
        with pytest.raises(ConfigError, match=r"^the token 'till' was closed$"):
            use()


def test_lock_shows_names_only_and_has_a_label(token: Token) -> None:
    assert repr(TokenLock(token, LABEL)) == "TokenLock('till', 'key file')"
    with pytest.raises(ConfigError, match="a lock has a label of 1 to 64 printable characters"):
        TokenLock(token, "")
