"""Key blocks: every printed one opens, none that was touched does, and a key is only what its block says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posrefund.crypto import Algorithm, Key, Purpose
from posrefund.crypto._keyblock import derive, open_block, seal_block
from posrefund.crypto.keyblock import Header, unwrap_key_block, wrap_key_block
from posrefund.errors import InvalidKeyError, KeyUsageError
from published import known_answers

REFUSAL = r"^the key block is refused$"
TDEA_KEK = bytes.fromhex("DD7515F2BFC17F85CE48F3CA25CB21F6")
AES_KEK = bytes.fromhex("88E1AB2A2E3DD38C1FA039A536500CC8A87AB9D62DC92C01058FA79F44657DE6")
MATERIAL = bytes.fromhex("3F419E1CB7079442AA37474C2EFBF8B8")
LONG = bytes(range(32))
TDEA_PROTECTION = Key(TDEA_KEK, Purpose.KEK)
AES_PROTECTION = Key(AES_KEK, Purpose.KEK, Algorithm.AES)
NAMES = {row["name"]: row for row in known_answers("keyblock", "block")}
ONE_OF_EACH = ["001", "002", "006", "008", "iso20038-b2"]


def cases(table: str) -> pytest.MarkDecorator:
    rows = known_answers("keyblock", table)
    return pytest.mark.parametrize("case", [pytest.param(row, id=row["name"]) for row in rows])


# --- published numbers ------------------------------------------------------------------------------


@cases("derived")
def test_derived_keys_are_the_published_ones(case: dict[str, str]) -> None:
    found = derive(case["version"], bytes.fromhex(case["kbpk"]))

    assert [key.hex().upper() for key in found] == [case["kbek"], case["kbak"]]


@cases("block")
def test_published_block_opens_to_its_key(case: dict[str, str]) -> None:
    header, key = open_block(bytes.fromhex(case["kbpk"]), case["block"])

    assert key.hex().upper() == case["output"]
    written = f"{header.usage}{header.algorithm}{header.mode}{header.key_version}"
    assert case["block"][5:12] == written + header.exportability


@cases("broken")
def test_block_that_is_broken_as_printed_is_refused(case: dict[str, str]) -> None:
    with pytest.raises(InvalidKeyError, match=REFUSAL):
        open_block(bytes.fromhex(case["kbpk"]), case["block"])


def test_optional_blocks_are_read_short_and_long() -> None:
    case = NAMES["tr31-unwrap-006"]
    short, _ = open_block(bytes.fromhex(case["kbpk"]), case["block"])
    case = NAMES["tr31-unwrap-020"]
    long, _ = open_block(bytes.fromhex(case["kbpk"]), case["block"])

    assert short.optional == (("KS", "00604B120F9292800000"),)
    assert [label for label, _ in long.optional] == ["CT", "KP", "TS"]
    assert len(long.optional[0][1]) == 0x5CC - 10


# --- nothing that was touched opens -----------------------------------------------------------------


@pytest.mark.parametrize("name", ONE_OF_EACH)
def test_block_with_any_bit_changed_is_refused(name: str) -> None:
    case = NAMES[f"tr31-unwrap-{name}"]
    key, block = bytes.fromhex(case["kbpk"]), case["block"]
    for place, character in enumerate(block):
        for bit in range(8):
            touched = block[:place] + chr(ord(character) ^ 1 << bit) + block[place + 1 :]
            with pytest.raises(InvalidKeyError, match=REFUSAL):
                open_block(key, touched)


@pytest.mark.parametrize("name", ONE_OF_EACH)
def test_block_cut_or_lengthened_anywhere_is_refused(name: str) -> None:
    case = NAMES[f"tr31-unwrap-{name}"]
    key, block = bytes.fromhex(case["kbpk"]), case["block"]
    for end in range(len(block)):
        for touched in (block[:end], f"{block[0]}{end:04}{block[5:end]}"):
            with pytest.raises(InvalidKeyError, match=REFUSAL):
                open_block(key, touched)
    for tail in ("0", "00", "\n", " "):
        with pytest.raises(InvalidKeyError, match=REFUSAL):
            open_block(key, block + tail)


@pytest.mark.parametrize("name", ONE_OF_EACH)
def test_block_under_another_key_is_refused(name: str) -> None:
    case = NAMES[f"tr31-unwrap-{name}"]
    key = bytes.fromhex(case["kbpk"])
    for other in (key[::-1], key[:8], b"", key + key, key[:-1] + bytes([key[-1] ^ 2])):
        with pytest.raises(InvalidKeyError, match=REFUSAL) as caught:
            open_block(other, case["block"])
        assert caught.value.__cause__ is None


@given(
    st.sampled_from("ABCDEF"),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=120),
)
def test_any_text_is_refused_and_nothing_else(version: str, text: str) -> None:
    for block in (text, f"{version}{5 + len(text):04}{text}"):
        with pytest.raises(InvalidKeyError, match=REFUSAL):
            open_block(AES_KEK, block)


@given(
    st.sampled_from("ABCDE"),
    st.text("0123456789ABCDEFKSPB", max_size=40),
    st.text("0123456789ABCDEF", max_size=100),
)
def test_block_that_is_well_formed_and_made_up_is_refused(v: str, body: str, tail: str) -> None:
    text = f"P0TE00E0{len(body) % 4}00{body}{tail}"
    for key in (TDEA_KEK, AES_KEK):
        with pytest.raises(InvalidKeyError, match=REFUSAL):
            open_block(key, f"{v}{5 + len(text):04}{text}")


# --- what is written is read ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("protection", "version", "length"), [(TDEA_PROTECTION, "B", 96), (AES_PROTECTION, "D", 112)]
)
@pytest.mark.parametrize("purpose", Purpose)
def test_written_block_is_read_again(
    protection: Key, version: str, length: int, purpose: Purpose
) -> None:
    key = Key(MATERIAL, purpose)
    block = wrap_key_block(protection, key)

    assert unwrap_key_block(protection, block, purpose).equals(key)
    assert block[0] == version
    assert len(block) == length
    assert block != wrap_key_block(protection, key)


@pytest.mark.parametrize("size", [16, 24, 32])
def test_length_of_the_key_does_not_show(size: int) -> None:
    key = Key(LONG[:size], Purpose.PIN, Algorithm.AES)
    block = wrap_key_block(AES_PROTECTION, key)

    assert len(block) == 144  # as X9.143:2021, 8.1
    assert unwrap_key_block(AES_PROTECTION, block, Purpose.PIN).algorithm is Algorithm.AES
    assert len(wrap_key_block(TDEA_PROTECTION, Key(MATERIAL[:8], Purpose.MAC))) == 96


@given(
    st.sampled_from([TDEA_PROTECTION, AES_PROTECTION]),
    st.lists(
        st.tuples(st.sampled_from(["KS", "LB", "TS"]), st.text("ABC 019:-.", max_size=400)),
        max_size=4,
    ),
)
def test_optional_blocks_are_written_and_read_again(
    protection: Key, optional: list[tuple[str, str]]
) -> None:
    version = "B" if protection is TDEA_PROTECTION else "D"
    header = Header(version, "M3", "T", "C", "12", "E", tuple(optional))
    block = wrap_key_block(protection, Key(MATERIAL, Purpose.MAC), header=header)
    found, clear = open_block(protection.use(Purpose.KEK, "a test"), block)

    assert (found, clear) == (header, MATERIAL)


@pytest.mark.parametrize(
    "wrong",
    [
        {"version": "A"},
        {"version": "C"},
        {"version": "D"},
        {"version": "X"},
        {"key_version": "1"},
        {"exportability": "NN"},
        {"exportability": "é"},
        {"optional": (("K", "1"),)},
        {"optional": (("KS", "é"),)},
        {"optional": (("KS", "0" * 9999),)},
        {"optional": (("PB", "0000"),)},
    ],
)
def test_header_that_cannot_be_written_is_refused(wrong: dict[str, Any]) -> None:
    header = replace(Header("B", "M3", "T", "C"), **wrong)
    with pytest.raises(InvalidKeyError, match=REFUSAL):
        wrap_key_block(TDEA_PROTECTION, Key(MATERIAL, Purpose.MAC), header=header)


def test_protection_key_weaker_than_the_key_is_refused() -> None:
    with pytest.raises(InvalidKeyError, match=REFUSAL):
        wrap_key_block(TDEA_PROTECTION, Key(MATERIAL + LONG[:8], Purpose.PIN))
    with pytest.raises(InvalidKeyError, match=REFUSAL):
        wrap_key_block(TDEA_PROTECTION, Key(MATERIAL, Purpose.PIN, Algorithm.AES))
    short = Key(AES_KEK[:16], Purpose.KEK, Algorithm.AES)
    with pytest.raises(InvalidKeyError, match=REFUSAL):
        wrap_key_block(short, Key(LONG, Purpose.PIN, Algorithm.AES))


def test_protection_key_of_the_other_algorithm_is_refused() -> None:
    block = wrap_key_block(TDEA_PROTECTION, Key(MATERIAL, Purpose.PIN))
    with pytest.raises(InvalidKeyError, match=REFUSAL):
        unwrap_key_block(AES_PROTECTION, block, Purpose.PIN)
    with pytest.raises(InvalidKeyError, match=REFUSAL):
        unwrap_key_block(Key(AES_KEK[:16], Purpose.KEK, Algorithm.SM4), block, Purpose.PIN)


# --- a key is what its block says -------------------------------------------------------------------


def made(usage: str, algorithm: str, mode: str) -> str:
    return seal_block(AES_KEK, Header("D", usage, algorithm, mode), MATERIAL)


@pytest.mark.parametrize("asked", Purpose)
@pytest.mark.parametrize("own", Purpose)
def test_key_comes_out_for_its_own_purpose_only(own: Purpose, asked: Purpose) -> None:
    block = wrap_key_block(AES_PROTECTION, Key(MATERIAL, own))
    if own is asked:
        assert unwrap_key_block(AES_PROTECTION, block, asked).purpose is own
        return
    with pytest.raises(KeyUsageError):
        unwrap_key_block(AES_PROTECTION, block, asked)


@pytest.mark.parametrize(
    ("usage", "modes", "purpose"),
    [
        ("P0", "EBN", Purpose.PIN),
        ("M0", "CN", Purpose.MAC),
        ("M1", "CN", Purpose.MAC),
        ("M3", "CN", Purpose.MAC),
        ("M6", "CN", Purpose.MAC),
        ("M3", "V", Purpose.MAC_VERIFY),
        ("M6", "V", Purpose.MAC_VERIFY),
        ("D0", "EBN", Purpose.DATA),
        ("K0", "DBN", Purpose.KEK),
        ("K1", "DBN", Purpose.KEK),
        ("B0", "XN", Purpose.BDK),
        ("B1", "XN", Purpose.DUKPT),
        ("V1", "", Purpose.PIN),
        ("S0", "", Purpose.KEK),
        ("00", "", Purpose.DATA),
    ],
)
def test_mode_of_use_has_to_allow_what_the_purpose_does(
    usage: str, modes: str, purpose: Purpose
) -> None:
    for mode in "BCDEGNSTVXY":
        block = made(usage, "A", mode)
        if mode in modes:
            assert unwrap_key_block(AES_PROTECTION, block, purpose).purpose is purpose
            continue
        with pytest.raises(KeyUsageError) as caught:
            unwrap_key_block(AES_PROTECTION, block, purpose)
        assert str(caught.value) == f"a {usage}/A/{mode} key cannot be used for {purpose}"


def test_algorithm_that_a_key_cannot_have_is_refused() -> None:
    for letter in "HERSX":
        block = made("M3", "A", "C")
        with pytest.raises(InvalidKeyError, match=REFUSAL):
            made("M3", letter, "C")
        with pytest.raises(InvalidKeyError, match=REFUSAL):
            unwrap_key_block(AES_PROTECTION, block.replace("M3A", f"M3{letter}"), Purpose.MAC)
    case = NAMES["tr31-unwrap-020"]
    protection = Key(bytes.fromhex(case["kbpk"]), Purpose.KEK, Algorithm.AES)
    with pytest.raises(KeyUsageError):
        unwrap_key_block(protection, case["block"], Purpose.MAC)


def test_header_of_a_written_block_has_to_fit_the_key() -> None:
    key = Key(MATERIAL, Purpose.PIN)
    for usage, algorithm, mode in [
        ("M3", "T", "C"), ("P0", "A", "E"), ("P0", "T", "D"), ("ZZ", "T", "N")
    ]:  # fmt: skip
        with pytest.raises(KeyUsageError):
            wrap_key_block(TDEA_PROTECTION, key, header=Header("B", usage, algorithm, mode))
    with pytest.raises(KeyUsageError):
        wrap_key_block(AES_PROTECTION, Key(MATERIAL, Purpose.PIN, Algorithm.SM4))


def test_only_a_key_encrypting_key_opens_and_makes_blocks() -> None:
    block = wrap_key_block(TDEA_PROTECTION, Key(MATERIAL, Purpose.PIN))
    for purpose in Purpose:
        if purpose is not Purpose.KEK:
            with pytest.raises(KeyUsageError):
                unwrap_key_block(Key(TDEA_KEK, purpose), block, Purpose.PIN)
            with pytest.raises(KeyUsageError):
                wrap_key_block(Key(TDEA_KEK, purpose), Key(MATERIAL, Purpose.PIN))
