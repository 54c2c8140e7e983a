"""TDEA DUKPT: every printed key comes out, and a counter is never given twice."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import plain_des
from posrefund.crypto import ISO9797_3, Key, Purpose, mac
from posrefund.crypto._blockcipher import Algorithm, cmac, encrypt_cbc
from posrefund.crypto._dukpt_tdea import derive_transaction_key
from posrefund.crypto.dukpt import DUKPT, KeyUse, initial_key, session_key
from posrefund.crypto.ksn import KSN
from posrefund.crypto.soft import encrypt_pin_block
from posrefund.errors import InvalidKeyError, KeyUsageError
from posrefund.values import PAN
from published import known_answers

BDK = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
IK = bytes.fromhex("6AC292FAA1315B4D858AB3A3D7D5933A")
DEVICE = "FFFF9876543210"


def ksn(text: str) -> KSN:
    return KSN(bytes.fromhex(text))


def cases(table: str) -> pytest.MarkDecorator:
    rows = known_answers("dukpt_tdea", table)
    return pytest.mark.parametrize("case", [pytest.param(row, id=row["name"]) for row in rows])


def key_of(case: dict[str, str], use: KeyUse) -> Key:
    bdk, number = Key(bytes.fromhex(case["bdk"]), Purpose.BDK), ksn(case["ksn"])
    return session_key(initial_key(bdk, number), number, use)


def padded(case: dict[str, str]) -> bytes:
    data = case["data_ascii"].encode()
    return data + bytes(-len(data) % 8)


def material(key: Key) -> bytes:
    return key.use(key.purpose, "a test")


# --- published numbers ------------------------------------------------------------------------------


@cases("initial_key")
def test_initial_key_is_the_published_one(case: dict[str, str]) -> None:
    found = initial_key(Key(bytes.fromhex(case["bdk"]), Purpose.BDK), ksn(case["ksn"]))

    assert material(found).hex().upper() == case["output"]
    assert found.purpose is Purpose.DUKPT


@cases("transaction_key")
def test_transaction_key_is_the_published_one(case: dict[str, str]) -> None:
    found = derive_transaction_key(IK, bytes.fromhex(case["ksn"]))

    assert found.hex().upper() == case["output"]


@cases("pin")
def test_pin_block_under_a_session_key_is_the_published_one(case: dict[str, str]) -> None:
    found = encrypt_pin_block(key_of(case, KeyUse.PIN), case["pin"], PAN(case["pan"]))

    assert found.hex().upper() == case["output"]


@pytest.mark.parametrize(
    ("use", "case"),
    [
        pytest.param(use, row, id=row["name"])
        for use, table in [
            (KeyUse.MAC_REQUEST, "mac_request"),
            (KeyUse.MAC_RESPONSE, "mac_response"),
        ]
        for row in known_answers("dukpt_tdea", table)
    ],
)
def test_mac_under_a_session_key_is_the_published_one(use: KeyUse, case: dict[str, str]) -> None:
    found = mac(key_of(case, use), case["data_ascii"].encode(), ISO9797_3)

    assert found[: int(case["len"])].hex().upper() == case["output"]


@pytest.mark.parametrize(
    ("use", "case"),
    [
        pytest.param(use, row, id=row["name"])
        for use, table in [
            (KeyUse.MAC_REQUEST, "cmac_request"),
            (KeyUse.MAC_RESPONSE, "cmac_response"),
        ]
        for row in known_answers("dukpt_tdea", table)
    ],
)
def test_cmac_under_a_session_key_is_the_published_one(use: KeyUse, case: dict[str, str]) -> None:
    found = cmac(material(key_of(case, use)), case["data_ascii"].encode(), Algorithm.TDEA)

    assert found.hex().upper() == case["output"]


@pytest.mark.parametrize(
    ("use", "case"),
    [
        pytest.param(use, row, id=row["name"])
        for use, table in [
            (KeyUse.DATA_REQUEST, "data_request"),
            (KeyUse.DATA_RESPONSE, "data_response"),
        ]
        for row in known_answers("dukpt_tdea", table)
    ],
)
def test_data_under_a_session_key_is_the_published_one(use: KeyUse, case: dict[str, str]) -> None:
    found = encrypt_cbc(material(key_of(case, use)), padded(case))

    assert found.hex().upper() == case["output"]


@given(st.binary(min_size=16, max_size=16), st.integers(1, 0x1FFFFF))
def test_transaction_key_agrees_with_the_definition_in_plain_des(key: bytes, counter: int) -> None:
    """X9.24-1 as it is written there: one DES with XOR before and after, twice for each bit."""
    flip = bytes.fromhex("C0C0C0C000000000C0C0C0C000000000")
    wanted, register = key, 0x9876543210E00000
    for bit in (1 << place for place in range(20, -1, -1)):
        if counter & bit:
            register |= bit
            halves = []
            for each in (bytes(a ^ b for a, b in zip(wanted, flip, strict=True)), wanted):
                right = int.from_bytes(each[8:], "big")
                block = (register ^ right).to_bytes(8, "big")
                halves.append(int.from_bytes(plain_des.encrypt(each[:8], block), "big") ^ right)
            wanted = b"".join(half.to_bytes(8, "big") for half in halves)
    number = (0xFFFF9876543210E00000 | counter).to_bytes(10, "big")

    assert derive_transaction_key(key, number) == wanted


# --- the counter ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "after"),
    [
        ("E00000", "E00001"),
        ("E00001", "E00002"),
        ("E003FF", "E00400"),
        ("EFF800", "EFF801"),
        ("EFF801", "EFF802"),
        ("EFF840", "EFF880"),
        ("EFFC00", "F00000"),
        ("FFF000", "FFF001"),
        ("FFF400", "FFF800"),
    ],
)
def test_next_counter_is_the_next_with_at_most_ten_one_bits(now: str, after: str) -> None:
    assert ksn(DEVICE + now).next() == ksn(DEVICE + after)


@given(st.integers(0, 0x1FF7FF))
def test_next_counter_skips_none_that_is_allowed(counter: int) -> None:
    number = KSN((0xFFFF9876543210E00000 | counter).to_bytes(10, "big"))
    wanted = counter + 1
    while wanted.bit_count() > 10:
        wanted += 1

    assert number.next().counter == wanted
    assert number.next().is_usable
    assert number.next().value[:7] == number.value[:7]


def test_counter_ends_and_is_refused_before_it_starts_again() -> None:
    last = max(sum(1 << bit for bit in bits) for bits in combinations(range(21), 10))
    state = DUKPT(Key(IK, Purpose.DUKPT), ksn(DEVICE + f"{0xE00000 | last:06X}"))

    assert state.key(KeyUse.PIN).purpose is Purpose.PIN
    with pytest.raises(InvalidKeyError, match="the DUKPT counter is exhausted"):
        state.advance()


@pytest.mark.parametrize("counter", ["E00000", "FFFFFF", "E007FF", "FFFC00"])
def test_counter_that_no_transaction_has_gives_no_key(counter: str) -> None:
    with pytest.raises(InvalidKeyError, match=r"^no transaction has this DUKPT counter$"):
        session_key(Key(IK, Purpose.DUKPT), ksn(DEVICE + counter), KeyUse.PIN)


def test_state_advances_by_giving_another_and_never_changes() -> None:
    start = DUKPT(Key(IK, Purpose.DUKPT), ksn(DEVICE + "E00000"))
    first = start.advance()

    assert str(first.ksn) == DEVICE + "E00001"
    assert start.ksn.counter == 0
    assert first.advance().ksn.counter == 2
    assert not first.key(KeyUse.PIN).equals(first.advance().key(KeyUse.PIN))


def test_uses_of_one_transaction_have_five_keys() -> None:
    state = DUKPT(Key(IK, Purpose.DUKPT), ksn(DEVICE + "E00001"))

    assert len({material(state.key(use)) for use in KeyUse}) == 5


# --- refusals ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("purpose", [each for each in Purpose if each is not Purpose.DUKPT])
def test_session_key_comes_from_an_initial_key_only(purpose: Purpose) -> None:
    with pytest.raises(KeyUsageError):
        session_key(Key(IK, purpose), ksn(DEVICE + "E00001"), KeyUse.PIN)


@pytest.mark.parametrize("purpose", [each for each in Purpose if each is not Purpose.BDK])
def test_initial_key_comes_from_a_base_derivation_key_only(purpose: Purpose) -> None:
    with pytest.raises(KeyUsageError):
        initial_key(Key(BDK, purpose), ksn(DEVICE + "E00000"))


@pytest.mark.parametrize("size", [0, 8, 9, 11, 13, 16])
def test_serial_number_of_another_length_is_refused(size: int) -> None:
    with pytest.raises(InvalidKeyError, match=r"^a key serial number has 10 bytes"):
        KSN(bytes(size))


def test_key_or_number_of_another_length_is_refused() -> None:
    number = ksn(DEVICE + "E00001")
    with pytest.raises(InvalidKeyError, match="takes keys of 16 bytes"):
        initial_key(Key(BDK + BDK[:4] + BDK[12:], Purpose.BDK), number)
    with pytest.raises(InvalidKeyError, match="takes keys of 16 bytes"):
        session_key(Key(IK + BDK[:8], Purpose.DUKPT), number, KeyUse.PIN)
    with pytest.raises(InvalidKeyError, match="serial numbers of 10"):
        session_key(Key(IK, Purpose.DUKPT), ksn("123456789012345600000001"), KeyUse.PIN)


def test_key_of_another_algorithm_is_refused() -> None:
    with pytest.raises(InvalidKeyError, match="TDEA DUKPT takes"):
        session_key(Key(IK, Purpose.DUKPT, Algorithm.AES), ksn(DEVICE + "E00001"), KeyUse.PIN)


def test_state_shows_no_key() -> None:
    shown = repr(DUKPT(Key(IK, Purpose.DUKPT), ksn(DEVICE + "E00001")))

    assert IK.hex() not in shown.lower()
    assert "Key(DUKPT-IK, KCV " in shown
