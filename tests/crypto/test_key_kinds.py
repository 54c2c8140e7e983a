"""Keys of AES and SM4, keys that were published, and the ways in which a key could slip out."""

from __future__ import annotations

import copy
import json
import logging
import pickle
import traceback
from pathlib import Path
from tomllib import loads

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posrefund.crypto import (
    Algorithm,
    Key,
    Purpose,
    is_well_known,
    kcv,
    mac,
    unwrap_key,
    unwrap_key_set,
    wrap_key,
)
from posrefund.errors import InvalidKeyError, KeyUsageError
from published import known_answers

SIZES = {Algorithm.TDEA: (8, 16, 24), Algorithm.AES: (16, 24, 32), Algorithm.SM4: (16,)}
CANARY = bytes.fromhex("D3A1C5E7B98F6A4C2E1B7D5F3A9C8E6B")
MATERIAL = bytes.fromhex("3F419E1CB7079442AA37474C2EFBF8B8")
VECTORS = Path(__file__).parent.parent / "vectors" / "crypto"
every_algorithm = pytest.mark.parametrize("algorithm", Algorithm)


def cases(table: str) -> pytest.MarkDecorator:
    rows = known_answers("keys", table)
    return pytest.mark.parametrize("case", [pytest.param(row, id=row["name"]) for row in rows])


# --- check values and lengths ----------------------------------------------------------------------


@cases("kcv")
def test_check_value_is_the_published_one(case: dict[str, str]) -> None:
    key, check, algorithm = (
        bytes.fromhex(case["key"]),
        bytes.fromhex(case["kcv"]),
        Algorithm(case["cipher"]),
    )

    assert kcv(key, length_bytes=len(check), algorithm=algorithm) == check
    assert Key(key, Purpose.MAC, algorithm).kcv_hex == check[:3].hex().upper()


@every_algorithm
@pytest.mark.parametrize("size", [-1, 0, 17, 100])
def test_check_value_of_no_or_too_many_bytes_is_refused(algorithm: Algorithm, size: int) -> None:
    with pytest.raises(InvalidKeyError, match=r"^a check value of "):
        kcv(MATERIAL, length_bytes=size, algorithm=algorithm)


@every_algorithm
@pytest.mark.parametrize("purpose", Purpose)
def test_key_has_a_length_of_its_algorithm(algorithm: Algorithm, purpose: Purpose) -> None:
    for size in range(1, 40):
        material = bytes(range(1, size + 1))
        if size in SIZES[algorithm]:
            key = Key(material, purpose, algorithm, allow_weak=True)
            assert (key.algorithm, key.use(purpose, "a test")) == (algorithm, material)
            continue
        with pytest.raises(InvalidKeyError, match=rf"^an? {algorithm} key has "):
            Key(material, purpose, algorithm, allow_weak=True)


def test_key_without_an_algorithm_is_one_of_tdea() -> None:
    assert Key(CANARY, Purpose.DUKPT).algorithm is Algorithm.TDEA


@pytest.mark.parametrize("algorithm", [Algorithm.AES, Algorithm.SM4])
def test_key_with_equal_halves_is_weak_to_tdea_only(algorithm: Algorithm) -> None:
    halves = CANARY[:8] * 2

    assert Key(halves, Purpose.PIN, algorithm).use(Purpose.PIN, "a test") == halves
    with pytest.raises(InvalidKeyError, match=r"^a DUKPT-IK key must not be single DES"):
        Key(halves, Purpose.DUKPT)


# --- the ladder ------------------------------------------------------------------------------------


@cases("unwrap")
def test_unwrapped_key_is_the_published_one(case: dict[str, str]) -> None:
    kek = Key(bytes.fromhex(case["kek"]), Purpose.KEK, Algorithm(case["cipher"]))
    key = unwrap_key(kek, bytes.fromhex(case["wrapped"]), Purpose.PIN)

    assert key.use(Purpose.PIN, "a test") == bytes.fromhex(case["clear"])
    assert key.algorithm is kek.algorithm
    assert wrap_key(kek, key) == bytes.fromhex(case["wrapped"])


@given(st.sampled_from([(Algorithm.AES, 16), (Algorithm.AES, 32), (Algorithm.SM4, 16)]), st.data())
def test_wrapped_key_comes_back(kind: tuple[Algorithm, int], data: st.DataObject) -> None:
    algorithm, size = kind
    material = data.draw(st.binary(min_size=size, max_size=size))
    kek = Key(CANARY, Purpose.KEK, algorithm)
    wrapped = wrap_key(kek, Key(material, Purpose.MAC, algorithm))

    assert unwrap_key(kek, wrapped, Purpose.MAC).use(Purpose.MAC, "a test") == material


@pytest.mark.parametrize(
    ("algorithm", "words", "right"),
    [
        (Algorithm.TDEA, "a wrapped key has 8, 16 or 24 bytes", (8, 16, 24)),
        (Algorithm.AES, "a wrapped key under AES has 16 or 32 bytes", (16, 32)),
        (Algorithm.SM4, "a wrapped key under SM4 has 16 bytes", (16,)),
    ],
)
def test_wrapped_key_of_another_length_is_refused(
    algorithm: Algorithm, words: str, right: tuple[int, ...]
) -> None:
    kek = Key(CANARY, Purpose.KEK, algorithm)
    for size in set(range(40)) - set(right):
        with pytest.raises(InvalidKeyError, match=rf"^{words}$"):
            unwrap_key(kek, bytes(size), Purpose.MAC)


def test_ladder_of_one_cipher_does_not_carry_keys_of_another() -> None:
    kek = Key(CANARY, Purpose.KEK, Algorithm.SM4)
    with pytest.raises(KeyUsageError, match=r"^a SM4 KEK key cannot be used for wrapping a key"):
        wrap_key(kek, Key(MATERIAL, Purpose.MAC))
    aes = Key(CANARY, Purpose.KEK, Algorithm.AES)
    with pytest.raises(
        KeyUsageError, match=r"^a AES KEK key cannot be used for DE62 of a sign-in$"
    ):
        unwrap_key_set(aes, bytes(40))


# --- published keys --------------------------------------------------------------------------------


def published() -> list[tuple[str, bytes]]:
    found = []
    for path in sorted(VECTORS.glob("*.toml")):
        for rows in loads(path.read_text(encoding="utf-8")).values():
            for row in rows if isinstance(rows, list) else ():
                for name in ("key", "kek"):
                    material = bytes.fromhex(row.get(name, ""))
                    if len(material) in (8, 16, 24, 32):
                        found.append((f"{path.stem} {row['name']}", material))
    return found


def held(material: bytes) -> Key:
    kind = Algorithm.AES if len(material) == 32 else Algorithm.TDEA
    return Key(material, Purpose.MAC, kind)


def test_key_of_every_vector_is_known_as_published() -> None:
    assert len(published()) > 50
    assert [name for name, material in published() if not is_well_known(held(material))] == []


@pytest.mark.parametrize(
    "material",
    [
        bytes(16),
        b"\x11" * 16,
        b"\xff" * 24,
        bytes.fromhex("0123456789ABCDEF"),
        bytes.fromhex("0123456789ABCDEF" * 2),
        bytes.fromhex("0022446688AACCEE" * 3),  # the same without parity
        bytes.fromhex("0123456789ABCDEFFEDCBA9876543210"),
        bytes.fromhex("0123456789ABCDEFFEDCBA98765432100123456789ABCDEF"),
        bytes(range(16)),
    ],
)
def test_key_of_textbooks_is_known_in_all_its_spellings(material: bytes) -> None:
    assert is_well_known(Key(material, Purpose.KEK, allow_weak=True))


@every_algorithm
@given(data=st.data())
def test_key_by_chance_is_not_known(algorithm: Algorithm, data: st.DataObject) -> None:
    tail = data.draw(st.binary(min_size=8, max_size=8))

    assert not is_well_known(Key(CANARY[:8] + tail, Purpose.MAC, algorithm))


def test_key_that_was_closed_is_not_looked_up() -> None:
    key = Key(CANARY, Purpose.PIN)
    key.close()
    with pytest.raises(InvalidKeyError, match=r"^the key was closed$"):
        is_well_known(key)


# --- nothing slips out -----------------------------------------------------------------------------


@pytest.mark.parametrize("purpose", Purpose)
def test_key_prints_type_purpose_and_three_bytes_of_check_value(purpose: Purpose) -> None:
    texts = [repr(Key(CANARY, purpose, kind)) for kind in Algorithm]

    assert texts == [
        f"Key({purpose}, KCV {kcv(CANARY, length_bytes=3).hex().upper()})",
        f"Key(AES {purpose}, KCV {kcv(CANARY, length_bytes=3, algorithm=Algorithm.AES).hex().upper()})",
        f"Key(SM4 {purpose}, KCV {kcv(CANARY, length_bytes=3, algorithm=Algorithm.SM4).hex().upper()})",
    ]


@every_algorithm
def test_key_gives_nothing_to_whoever_prints_copies_logs_or_raises(
    algorithm: Algorithm, caplog: pytest.LogCaptureFixture
) -> None:
    key = Key(CANARY, Purpose.PIN, algorithm)
    logging.getLogger("test").warning("%r %s", key, {"key": key})
    seen = [repr(key), f"{key}", str([key]), caplog.text]
    for way in (
        lambda: mac(key, b"data"),
        lambda: copy.copy(key),
        lambda: copy.deepcopy({"key": key}),
        lambda: pickle.dumps(key),
        key.__getstate__,
        lambda: key.__reduce_ex__(4),
        lambda: json.dumps(key),
        lambda: format(key, "x"),
        lambda: key == key,
        lambda: hash(key),
        lambda: vars(key),
        lambda: bytes(key),  # type: ignore[call-overload]
    ):
        with pytest.raises(TypeError) as caught:
            way()
        whole = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
        seen.append("".join(whole.format()))
    for text in seen:
        assert CANARY.hex() not in text.lower()
        assert repr(CANARY)[2:-1] not in text


@pytest.mark.parametrize(
    "name", ["purpose", "algorithm", "kcv_hex", "_material", "_check", "_idle"]
)
def test_key_does_not_become_one_for_something_else(name: str) -> None:
    key = Key(MATERIAL, Purpose.MAC)
    before = getattr(key, name)
    with pytest.raises(AttributeError, match="stays what it was made for"):
        setattr(key, name, Purpose.PIN)
    with pytest.raises(AttributeError, match="stays what it was made for"):
        delattr(key, name)
    assert getattr(key, name) is before
    with pytest.raises(KeyUsageError):
        key.use(Purpose.PIN, "a PIN block")


@every_algorithm
@pytest.mark.parametrize("size", [0, 1, 7, 12, 17, 31])
def test_part_of_a_block_is_refused_and_spoils_no_later_key(
    algorithm: Algorithm, size: int
) -> None:
    """A context of OpenSSL would keep it, and put it before the next key that the TMK opens."""
    kek = Key(CANARY, Purpose.KEK, algorithm)
    wrapped = wrap_key(kek, Key(MATERIAL, Purpose.PIN, algorithm))
    assert kek.decrypt_key(wrapped) == MATERIAL
    with pytest.raises(InvalidKeyError, match="whole blocks"):
        kek.decrypt_key(bytes(size))
    assert kek.decrypt_key(wrapped) == MATERIAL
