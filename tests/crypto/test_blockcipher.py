"""The one door to the block ciphers: published blocks, one way in, and a clear word where one is missing."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any, NoReturn

import pytest
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.ciphers import Cipher
from hypothesis import given
from hypothesis import strategies as st

import posrefund
from posrefund.crypto import Algorithm, _cryptography
from posrefund.crypto import _blockcipher as door
from posrefund.errors import ConfigError, InvalidKeyError
from published import known_answers

SIZES = {Algorithm.TDEA: (8, 16, 24), Algorithm.AES: (16, 24, 32), Algorithm.SM4: (16,)}
KEY = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
every_algorithm = pytest.mark.parametrize("algorithm", Algorithm)


def cases(table: str) -> pytest.MarkDecorator:
    rows = known_answers("blocks", table)
    return pytest.mark.parametrize("case", [pytest.param(row, id=row["name"]) for row in rows])


@cases("ecb")
def test_block_is_the_published_one_both_ways(case: dict[str, str]) -> None:
    algorithm = Algorithm(case["cipher"])
    key, clear, found = (bytes.fromhex(case[name]) for name in ("key", "clear", "cipher_text"))

    assert door.encrypt_ecb(key, clear, algorithm) == found
    assert door.decrypt_ecb(key, found, algorithm) == clear


@cases("cbc")
def test_chain_is_the_published_one_both_ways(case: dict[str, str]) -> None:
    algorithm, iv = Algorithm(case["cipher"]), bytes.fromhex(case["iv"])
    key, clear, found = (bytes.fromhex(case[name]) for name in ("key", "clear", "cipher_text"))

    assert door.encrypt_cbc(key, clear, algorithm, iv=iv) == found
    assert door.decrypt_cbc(key, found, algorithm, iv=iv) == clear


@given(st.sampled_from(Algorithm), st.data())
def test_chain_without_a_first_block_begins_with_zeros_and_is_ecb_mixed(
    algorithm: Algorithm, data: Any
) -> None:
    size = data.draw(st.sampled_from(SIZES[algorithm]))
    key = data.draw(st.binary(min_size=size, max_size=size))
    width = door.block_bytes(algorithm)
    one, two = (data.draw(st.binary(min_size=width, max_size=width)) for _ in range(2))
    first = door.encrypt_ecb(key, one, algorithm)
    mixed = bytes(a ^ b for a, b in zip(first, two, strict=True))
    chain = first + door.encrypt_ecb(key, mixed, algorithm)

    assert door.encrypt_cbc(key, one + two, algorithm) == chain
    assert door.decrypt_cbc(key, chain, algorithm) == one + two


@every_algorithm
def test_key_of_another_length_is_refused(algorithm: Algorithm) -> None:
    for size in set(range(40)) - set(SIZES[algorithm]):
        with pytest.raises(InvalidKeyError, match=rf"^an? {algorithm} key has "):
            door.encrypt_ecb(bytes(size), bytes(16), algorithm)


@every_algorithm
@pytest.mark.parametrize("excess", [1, 7, 9])
def test_blocks_that_are_not_whole_are_refused(algorithm: Algorithm, excess: int) -> None:
    for way in (door.encrypt_ecb, door.decrypt_ecb, door.encrypt_cbc, door.decrypt_cbc):
        with pytest.raises(ValueError, match="block length"):
            way(KEY, bytes(16 + excess), algorithm)


@every_algorithm
def test_cipher_that_the_provider_lacks_is_a_fault_of_the_settings(
    algorithm: Algorithm, monkeypatch: pytest.MonkeyPatch
) -> None:
    door.require(algorithm)

    def refuse(*_: object) -> NoReturn:
        raise UnsupportedAlgorithm("not in this build")

    monkeypatch.setattr(Cipher, "encryptor", refuse)
    monkeypatch.setattr(Cipher, "decryptor", refuse)
    monkeypatch.setattr(_cryptography, "CMAC", refuse)
    wanted = rf"^cryptography has no {algorithm} here: under FIPS"
    with pytest.raises(ConfigError, match=wanted) as caught:
        door.require(algorithm)
    assert caught.value.__cause__ is None
    for way in (door.encrypt_ecb, door.decrypt_ecb, door.encrypt_cbc, door.decrypt_cbc, door.cmac):
        with pytest.raises(ConfigError, match=wanted):
            way(KEY, bytes(16), algorithm)


def test_no_other_file_imports_a_block_cipher() -> None:
    source = Path(posrefund.__file__).parent
    guilty = []
    for path in source.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                named = node.module.endswith((".ciphers", ".algorithms", ".modes", ".cmac"))
                if named and path.name != "_cryptography.py":
                    guilty.append(path.name)

    assert guilty == []
