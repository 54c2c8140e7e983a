"""The second oracle: psec and ciphers written from their definitions, random inputs, equal results.

psec is of its own author and has no SM4, no CMAC and no DUKPT: those are held against the plain ones. What
is known to be wrong in psec 1.3.0 is kept out: optional blocks of extended length, retail MAC keys of 16-byte
halves. It imports TripleDES from its old place and gives it short keys; this is the one module of the tests where
a warning of ``cryptography`` may pass.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from psec import aes as psec_aes
from psec import des as psec_des
from psec import mac as psec_mac
from psec import pinblock, tr31

import plain_des
import plain_mac
import plain_sm4
from posrefund.crypto import Algorithm, Key, MACRule, Purpose, kcv, mac
from posrefund.crypto.dukpt import KeyUse, initial_key, session_key
from posrefund.crypto.dukpt_aes import Indicator, Kind, working_key
from posrefund.crypto.keyblock import Header, unwrap_key_block, wrap_key_block
from posrefund.crypto.ksn import KSN
from posrefund.crypto.soft import (
    PINFormat,
    decrypt_pin_block,
    encrypt_pin_block,
    make_offline_pin_block,
    read_offline_pin_block,
)
from posrefund.errors import InvalidKeyError, InvalidPINBlockError
from posrefund.values import PAN
from posrefund.values.card import passes_luhn

pytestmark = [
    pytest.mark.filterwarnings("ignore:TripleDES has been moved"),
    pytest.mark.filterwarnings("ignore:Two-key TripleDES"),
    pytest.mark.filterwarnings("ignore:Single-key TripleDES"),
]

Encrypt = Callable[[bytes, bytes], bytes]
TDEA, AES, SM4 = Algorithm.TDEA, Algorithm.AES, Algorithm.SM4
PLAIN: dict[Algorithm, Encrypt] = {
    TDEA: plain_des.encrypt,
    AES: psec_aes.encrypt_aes_ecb,
    SM4: plain_sm4.encrypt,
}
WIDTHS = {TDEA: 8, AES: 16, SM4: 16}
messages = st.binary(max_size=100)


def is_strong(key: bytes) -> bool:
    """Parts that are neighbours differ by more than parity."""
    bits = bytes(byte & 0xFE for byte in key)
    return bits[:8] != bits[8:16] and bits[8:16] != bits[16:]


def keys(*sizes: int) -> st.SearchStrategy[bytes]:
    return st.sampled_from(sizes).flatmap(lambda size: st.binary(min_size=size, max_size=size))


def with_check_digit(digits: str) -> str:
    return next(digits + last for last in "0123456789" if passes_luhn(digits + last))


strong = keys(16, 24).filter(is_strong)
double = keys(16).filter(is_strong)
mac_keys = st.one_of(
    st.tuples(st.just(TDEA), keys(8, 16, 24)),
    st.tuples(st.just(AES), keys(16, 24, 32)),
    st.tuples(st.just(SM4), keys(16)),
)
pins = st.text("0123456789", min_size=4, max_size=12)
accounts = st.text("0123456789", min_size=12, max_size=18).map(with_check_digit)


def material(key: Key) -> bytes:
    return key.use(key.purpose, "a test")


# --- the oracle's own oracle -----------------------------------------------------------------------


def test_plain_sm4_gives_the_standards_own_example() -> None:
    """GB/T 32907-2016, annex A.1."""
    key = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
    block = bytes.fromhex("681EDF34D206965E86B3E94F536E4246")

    assert plain_sm4.encrypt(key, key) == block
    assert plain_sm4.decrypt(key, block) == key


def test_plain_des_gives_the_oldest_example() -> None:
    """NBS Special Publication 500-20; and TDEA of NIST SP 800-67 with one key is DES."""
    key, clear = bytes.fromhex("0123456789ABCDEF"), b"Now is t"

    assert plain_des.encrypt(key, clear).hex().upper() == "3FA40E8A984D4815"
    assert plain_des.encrypt(key * 3, clear) == plain_des.encrypt(key, clear)


def test_plain_cmac_gives_the_examples_of_its_standard() -> None:
    """NIST SP 800-38B, appendix D.1, examples 1 and 2 (RFC 4493, 4)."""
    key = bytes.fromhex("2B7E151628AED2A6ABF7158809CF4F3C")
    one = bytes.fromhex("6BC1BEE22E409F96E93D7E117393172A")

    found = [plain_mac.cmac(PLAIN[AES], key, data, width=16) for data in (b"", one)]
    assert [each.hex().upper() for each in found] == [
        "BB1D6929E95937287FA37D129B756746",
        "070A16B46B4D4144F79BDD9DD04A287C",
    ]


# --- MACs and check values -------------------------------------------------------------------------


@given(mac_keys, messages, st.integers(1, 3))
def test_chained_mac_is_that_of_the_plain_one(
    kind: tuple[Algorithm, bytes], data: bytes, method: int
) -> None:
    algorithm, key = kind
    rule = MACRule("iso9797-1", algorithm, padding=method)
    width = WIDTHS[algorithm]

    right = plain_mac.cbc_mac(PLAIN[algorithm], key, data, method=method, width=width)
    assert mac(Key(key, Purpose.MAC, algorithm), data, rule) == right


@given(st.sampled_from([TDEA, AES]), keys(16, 24), messages, st.integers(1, 3))
def test_chained_mac_is_that_of_psec(
    algorithm: Algorithm, key: bytes, data: bytes, method: int
) -> None:
    rule = MACRule("iso9797-1", algorithm, padding=method)
    theirs = psec_mac.Algorithm.AES if algorithm is AES else psec_mac.Algorithm.DES

    right = psec_mac.generate_cbc_mac(key, data, method, algorithm=theirs)
    assert mac(Key(key, Purpose.MAC, algorithm), data, rule) == right


@given(keys(16), messages, st.integers(1, 3))
def test_retail_mac_is_that_of_psec(key: bytes, data: bytes, method: int) -> None:
    right = psec_mac.generate_retail_mac(key[:8], key[8:], data, method)

    assert mac(Key(key, Purpose.MAC), data, MACRule("iso9797-3", padding=method)) == right


@given(mac_keys, messages)
def test_cmac_is_that_of_the_plain_one(kind: tuple[Algorithm, bytes], data: bytes) -> None:
    algorithm, key = kind
    assume(len(key) > 8)
    right = plain_mac.cmac(PLAIN[algorithm], key, data, width=WIDTHS[algorithm])

    assert mac(Key(key, Purpose.MAC, algorithm), data, MACRule("cmac", algorithm)) == right


@given(mac_keys, messages)
def test_folds_are_those_of_the_plain_ones(kind: tuple[Algorithm, bytes], data: bytes) -> None:
    algorithm, key = kind
    assume(algorithm is not AES)
    encrypt, width, held = PLAIN[algorithm], WIDTHS[algorithm], Key(key, Purpose.MAC, algorithm)

    right = plain_mac.unionpay(encrypt, key, data, width=width)
    assert mac(held, data, MACRule("unionpay-ecb", algorithm)) == right
    if algorithm is TDEA:
        assert right == plain_des.unionpay_mac(key, data)
    right = encrypt(key, plain_mac.folded(data, width))
    assert mac(held, data, MACRule("xor-encrypt", algorithm)) == right


@given(mac_keys, st.integers(1, 8))
def test_check_value_is_that_of_the_plain_ones(kind: tuple[Algorithm, bytes], size: int) -> None:
    algorithm, key = kind
    zeros = bytes(WIDTHS[algorithm])
    if algorithm is AES:
        right = plain_mac.cmac(PLAIN[AES], key, zeros, width=16)
    else:
        right = PLAIN[algorithm](key, zeros)

    assert kcv(key, length_bytes=size, algorithm=algorithm) == right[:size]
    if algorithm is TDEA:
        assert psec_des.generate_kcv(key, size) == right[:size]


# --- PIN blocks ------------------------------------------------------------------------------------


def theirs_reads(pin_format: int, key: bytes, block: bytes, pan: str) -> str | None:
    """What psec makes of a block: the PIN, or None for any refusal."""
    try:
        if pin_format == 4:
            return pinblock.decipher_pinblock_iso_4(key, block, pan)
        clear = psec_des.decrypt_tdes_ecb(key, block)
        read = pinblock.decode_pinblock_iso_0 if pin_format == 0 else pinblock.decode_pinblock_iso_3
        return read(clear, pan)
    except ValueError:
        return None


def ours_reads(pin_format: PINFormat, key: Key, block: bytes, pan: str) -> str | None:
    try:
        return decrypt_pin_block(key, block, PAN(pan), pin_format=pin_format)
    except InvalidPINBlockError:
        return None


def pin_key(key: bytes, pin_format: int) -> Key:
    return Key(key, Purpose.PIN, AES if pin_format == 4 else TDEA)


@given(st.sampled_from((0, 3, 4)), double, pins, accounts)
def test_pin_block_of_ours_is_read_by_psec(
    pin_format: PINFormat, key: bytes, pin: str, pan: str
) -> None:
    block = encrypt_pin_block(pin_key(key, pin_format), pin, PAN(pan), pin_format=pin_format)

    assert theirs_reads(pin_format, key, block, pan) == pin
    if pin_format == 0:
        clear = pinblock.encode_pinblock_iso_0(pin, pan)
        assert block == psec_des.encrypt_tdes_ecb(key, clear)


@given(st.sampled_from((0, 3, 4)), double, pins, accounts)
def test_pin_block_of_psec_is_read_by_us(
    pin_format: PINFormat, key: bytes, pin: str, pan: str
) -> None:
    if pin_format == 4:
        block = pinblock.encipher_pinblock_iso_4(key, pin, pan)
    else:
        make = pinblock.encode_pinblock_iso_0 if pin_format == 0 else pinblock.encode_pinblock_iso_3
        block = psec_des.encrypt_tdes_ecb(key, make(pin, pan))

    assert ours_reads(pin_format, pin_key(key, pin_format), block, pan) == pin


@given(double, pins)
def test_pin_block_of_format_1_holds_what_its_standard_says(key: bytes, pin: str) -> None:
    block = encrypt_pin_block(Key(key, Purpose.PIN), pin, pin_format=1)
    head = f"1{len(pin):X}{pin}"

    assert plain_des.decrypt(key, block).hex().upper().startswith(head)
    made = plain_des.encrypt(key, bytes.fromhex(head.ljust(16, "7")))
    assert decrypt_pin_block(Key(key, Purpose.PIN), made, pin_format=1) == pin


@given(pins)
def test_offline_block_is_that_of_psec(pin: str) -> None:
    block = pinblock.encode_pinblock_iso_2(pin)

    assert make_offline_pin_block(pin) == block
    assert read_offline_pin_block(block) == pin == pinblock.decode_pinblock_iso_2(block)


@given(st.sampled_from((0, 3)), double, pins, accounts, st.integers(0, 15), st.integers(1, 15))
def test_block_with_one_digit_changed_is_taken_or_refused_as_by_psec(
    pin_format: PINFormat, key: bytes, pin: str, pan: str, place: int, change: int
) -> None:
    clear = pinblock.encode_pinblock_iso_0(pin, pan)
    touched = int.from_bytes(clear, "big") ^ change << 4 * place
    block = plain_des.encrypt(key, touched.to_bytes(8, "big"))

    ours = ours_reads(pin_format, Key(key, Purpose.PIN), block, pan)
    assert ours == theirs_reads(pin_format, key, block, pan)


# --- key blocks ------------------------------------------------------------------------------------

protections = st.one_of(
    st.tuples(st.sampled_from("ABC"), strong), st.tuples(st.just("D"), keys(16, 24, 32))
)


def kek(version: str, key: bytes) -> Key:
    return Key(key, Purpose.KEK, AES if version == "D" else TDEA)


@given(protections, double, st.sampled_from(["P0", "D0", "M3", "K0", "B1"]), st.booleans())
def test_key_block_of_psec_is_read_by_us(
    protection: tuple[str, bytes], key: bytes, usage: str, with_optional: bool
) -> None:
    version, over = protection
    purpose, mode = {
        "P0": (Purpose.PIN, "E"),
        "D0": (Purpose.DATA, "B"),
        "M3": (Purpose.MAC, "C"),
        "K0": (Purpose.KEK, "B"),
        "B1": (Purpose.DUKPT, "X"),
    }[usage]
    header = tr31.Header(version, usage, "T", mode, "00", "N")
    if with_optional:
        header.blocks["KS"] = "00604B120F9292800000"
    block = tr31.wrap(over, header, key)

    assert material(unwrap_key_block(kek(version, over), block, purpose)) == key
    with pytest.raises(InvalidKeyError):
        unwrap_key_block(
            kek(version, over), block[:-1] + ("1" if block[-1] == "0" else "0"), purpose
        )


@given(
    st.one_of(
        st.tuples(st.just("B"), keys(24).filter(is_strong)), st.tuples(st.just("D"), keys(32))
    ),
    strong,
    st.booleans(),
)
def test_key_block_of_ours_is_read_by_psec(
    protection: tuple[str, bytes], key: bytes, with_optional: bool
) -> None:
    version, over = protection
    optional = (("KS", "00604B120F9292800000"),) if with_optional else ()
    header = Header(version, "P0", "T", "E", optional=optional)
    block = wrap_key_block(kek(version, over), Key(key, Purpose.PIN), header=header)

    theirs, found = tr31.unwrap(over, block)
    assert found == key
    assert (theirs.key_usage, theirs.algorithm, theirs.mode_of_use) == ("P0", "T", "E")
    assert theirs.blocks.get("KS") == (optional[0][1] if optional else None)


@given(keys(32), keys(16, 24, 32))
def test_aes_key_in_a_block_of_ours_is_read_by_psec(over: bytes, key: bytes) -> None:
    block = wrap_key_block(kek("D", over), Key(key, Purpose.DATA, AES))

    assert tr31.unwrap(over, block)[1] == key


# --- DUKPT -----------------------------------------------------------------------------------------

tdea_counters = st.integers(1, 0x1FFFFF).filter(lambda counter: counter.bit_count() <= 10)
aes_counters = st.integers(1, 0xFFFFFFFF).filter(lambda counter: counter.bit_count() <= 16)


@given(double, keys(8), tdea_counters, st.sampled_from(KeyUse))
def test_session_key_is_that_of_the_plain_derivation(
    bdk: bytes, device: bytes, counter: int, use: KeyUse
) -> None:
    number = (int.from_bytes(device + b"\0\0", "big") >> 21 << 21 | counter).to_bytes(10, "big")
    initial = plain_mac.tdea_initial_key(bdk, number)
    mask, _, is_data = use.value
    right = plain_mac.xor(plain_mac.tdea_transaction_key(initial, number), bytes.fromhex(mask) * 2)
    if is_data:
        right = plain_des.encrypt(right, right)

    ours = initial_key(Key(bdk, Purpose.BDK), KSN(number))
    assert material(ours) == initial
    assert material(session_key(ours, KSN(number), use)) == right


AES_USES = {
    Indicator.PIN_ENCRYPTION: "1000",
    Indicator.MAC_GENERATION: "2000",
    Indicator.DATA_BOTH_WAYS: "3002",
    Indicator.KEY_ENCRYPTION: "0002",
}
AES_KINDS = {
    Kind.TDEA128: ("0000", 128),
    Kind.TDEA192: ("0001", 192),
    Kind.AES128: ("0002", 128),
    Kind.AES192: ("0003", 192),
    Kind.AES256: ("0004", 256),
}


@given(keys(32), keys(8), aes_counters, st.sampled_from([*AES_USES]), st.sampled_from([*AES_KINDS]))
def test_working_key_is_that_of_the_plain_derivation(
    initial: bytes, device: bytes, counter: int, use: Indicator, kind: Kind
) -> None:
    number = device + counter.to_bytes(4, "big")
    code, bits = AES_KINDS[kind]
    right = plain_mac.aes_dukpt_key(
        PLAIN[AES], initial, number, usage=AES_USES[use], algorithm=code, bits=bits
    )

    held = Key(initial, Purpose.DUKPT, AES)
    assert material(working_key(held, KSN(number), use, kind)) == right


@given(keys(16), st.lists(aes_counters, min_size=2, max_size=12, unique=True))
def test_working_keys_of_different_transactions_differ(initial: bytes, counters: list[int]) -> None:
    held = Key(initial, Purpose.DUKPT, AES)
    found = {
        material(working_key(held, KSN(bytes(8) + n.to_bytes(4, "big")), use))
        for n in counters
        for use in (Indicator.PIN_ENCRYPTION, Indicator.MAC_BOTH_WAYS)
    }

    assert len(found) == 2 * len(counters)
