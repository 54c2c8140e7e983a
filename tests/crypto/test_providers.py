"""Who computes TDEA: two libraries agree, nobody is chosen silently, and what is missing or wrong is refused at once."""

from __future__ import annotations

import builtins
import importlib.util
import sys
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import plain_des
from posrefund.crypto import (
    ISO9797_1,
    ISO9797_3,
    UNIONPAY_ECB,
    Algorithm,
    Key,
    MACRule,
    Purpose,
    mac,
    require,
    use_tdea_provider,
)
from posrefund.crypto import _blockcipher as door
from posrefund.crypto import _cryptography as openssl
from posrefund.crypto import _pycryptodome as pycryptodome
from posrefund.crypto.selftest import BUILT_IN, Verdict, check
from posrefund.crypto.soft import encrypt_pin_block
from posrefund.errors import ConfigError, InvalidKeyError
from posrefund.values import PAN

KEY = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
CMAC = MACRule("cmac")
needs_pycryptodome = pytest.mark.skipif(
    importlib.util.find_spec("Crypto") is None, reason="PyCryptodome is not installed"
)

parts = st.binary(min_size=8, max_size=8)
keys = st.one_of(
    parts,
    st.binary(min_size=16, max_size=16),
    st.binary(min_size=24, max_size=24),
    parts.map(lambda part: part * 2),
    parts.map(lambda part: part * 3),
    st.tuples(parts, parts).map(lambda two: two[0] + two[0] + two[1]),
    st.tuples(parts, parts).map(lambda two: two[0] + two[1] + two[1]),
    parts.map(lambda part: part + bytes(byte ^ 1 for byte in part)),
)


@pytest.fixture
def other() -> Iterator[None]:
    use_tdea_provider("pycryptodome")
    yield
    use_tdea_provider("cryptography")


@needs_pycryptodome
@pytest.mark.usefixtures("other")
@pytest.mark.parametrize("entry", BUILT_IN, ids=lambda entry: entry["id"])
def test_every_known_answer_comes_out_with_pycryptodome(entry: dict[str, Any]) -> None:
    assert check(entry) is Verdict.PASSED


@needs_pycryptodome
@given(
    keys, st.binary(min_size=8, max_size=8), st.integers(1, 5), st.sampled_from([None, b"IVIVIVIV"])
)
def test_both_give_the_same_bytes_whatever_the_key(
    key: bytes, block: bytes, count: int, iv: bytes | None
) -> None:
    for way in ("encryptor", "decryptor"):
        one, two = (getattr(p, way)(key, Algorithm.TDEA, iv) for p in (openssl, pycryptodome))
        for _ in range(2):  # a chain goes on where it ended
            assert one(block * count) == two(block * count)
    if len(key) > 8:
        chains = [p.cmac_chain(key, Algorithm.TDEA) for p in (openssl, pycryptodome)]
        assert chains[0](block * count) == chains[1](block * count)


@needs_pycryptodome
@pytest.mark.usefixtures("other")
def test_macs_and_pin_blocks_are_those_of_plain_python() -> None:
    data = bytes(range(60))
    mak, pik = Key(KEY, Purpose.MAC), Key(KEY, Purpose.PIN)

    assert mac(mak, data, UNIONPAY_ECB) == plain_des.unionpay_mac(KEY, data)
    assert mac(mak, data, ISO9797_3) == plain_des.iso9797_3_mac(KEY, data)
    first, second = mac(mak, data, ISO9797_1), mac(mak, data, ISO9797_1)
    assert first == second  # the chain begins anew
    clear = bytes.fromhex("06123456FFFFFFFF")  # the account of this card is zeros
    block = encrypt_pin_block(pik, "123456", PAN("6200000000000005"))
    assert block == plain_des.encrypt(KEY, clear)


@needs_pycryptodome
@pytest.mark.usefixtures("other")
@pytest.mark.parametrize("size", sorted(set(range(33)) - {8, 16, 24}))
def test_key_of_another_length_is_refused_by_both(size: int) -> None:
    for way in (door.encrypt_ecb, door.decrypt_ecb):
        with pytest.raises(InvalidKeyError, match=r"^a TDEA key has 8, 16 or 24 bytes"):
            way(bytes(size), bytes(8))
    with pytest.raises(InvalidKeyError, match=r"^a TDEA key has 8, 16 or 24 bytes"):
        door.cmac(bytes(size), b"", Algorithm.TDEA)


@needs_pycryptodome
@pytest.mark.parametrize("algorithm", [Algorithm.AES, Algorithm.SM4])
def test_pycryptodome_is_asked_for_tdea_alone(algorithm: Algorithm) -> None:
    for make in (pycryptodome.encryptor, pycryptodome.decryptor, pycryptodome.cmac_chain):
        with pytest.raises(ConfigError, match=rf"^pycryptodome has no {algorithm} here"):
            make(KEY, algorithm)


def test_provider_that_is_not_installed_is_a_fault_of_the_settings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("Crypto", "Crypto.Cipher", "Crypto.Cipher.DES", "Crypto.Cipher.DES3"):
        monkeypatch.setitem(sys.modules, name, None)

    with pytest.raises(ConfigError, match=r'pip install "posrefund\[pycryptodome\]"') as caught:
        use_tdea_provider("pycryptodome")
    assert caught.value.__cause__ is None
    require(Algorithm.TDEA)  # the one before stays


@pytest.mark.parametrize("name", ["", "openssl", "PyCryptodome", None])
def test_provider_that_nobody_knows_is_refused(name: Any) -> None:
    with pytest.raises(ConfigError, match=r"^TDEA comes from cryptography or pycryptodome$"):
        use_tdea_provider(name)


def test_provider_that_computes_something_else_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(*_: object) -> Callable[[bytes], bytes]:
        return lambda blocks: blocks

    monkeypatch.setitem(door._BY_NAME, "odd", SimpleNamespace(NAME="odd", encryptor=wrong))
    with pytest.raises(ConfigError, match=r"^TDEA of odd gives a wrong answer$"):
        use_tdea_provider("odd")
    monkeypatch.setitem(door._providers, Algorithm.SM4, door._BY_NAME["odd"])
    with pytest.raises(ConfigError, match=r"^SM4 of odd gives a wrong answer$"):
        require(Algorithm.SM4)


def test_release_of_cryptography_without_tdea_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if "decrepit" in name:
            raise ImportError(name)
        return real(name, *args, **kwargs)

    openssl._triple_des.cache_clear()
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ConfigError, match=r"^cryptography has no TDEA here"):
        require(Algorithm.TDEA)
    require(Algorithm.AES)


@pytest.mark.parametrize("odd", [None, 5, [], "TDEA", b"cryptography"])
def test_what_is_no_provider_or_no_cipher_is_refused(odd: Any) -> None:
    with pytest.raises(ConfigError, match=r"^TDEA comes from cryptography or pycryptodome$"):
        use_tdea_provider(odd)
    with pytest.raises(ConfigError, match=r"^a cipher is one of an Algorithm$"):
        require(odd)
