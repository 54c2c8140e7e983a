"""What was touched is refused, exhaustively: every bit, every character, every cut, in the manner of Wycheproof.

All numbers are literal, so a refusal that chance could deny (a tag or a check value of 32 bits lets one of 2**32
forgeries through) is certain here. What no check can refuse in principle stands at the end, by name.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import pytest

import plain_des
from posrefund.crypto import (
    ISO9797_1,
    ISO9797_3,
    Algorithm,
    Key,
    MACRule,
    Purpose,
    mac,
    unwrap_key_set,
    verify,
)
from posrefund.crypto._blockcipher import cmac, encrypt_cbc
from posrefund.crypto._keyblock import derive
from posrefund.crypto.keyblock import unwrap_key_block
from posrefund.crypto.soft import decrypt_pin_block, read_offline_pin_block
from posrefund.errors import InvalidKeyError, InvalidPINBlockError, MACMismatchError
from posrefund.values import PAN
from published import known_answers

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef -/\n\x00"
DIGITS = "\uff10\u0660\u06f0"  # the zeros of other scripts
BLOCKS = {
    row["block"][0] + f"-{row['name']}": row
    for row in known_answers("keyblock", "block")
    if len(row["block"]) < 200
}


def every_bit(data: bytes) -> Iterator[bytes]:
    for place in range(len(data)):
        for bit in range(8):
            yield data[:place] + bytes([data[place] ^ 1 << bit]) + data[place + 1 :]


def every_cut(data: bytes) -> Iterator[bytes]:
    """Cut from either end, a byte left out, a byte twice, and something put on."""
    for place in range(len(data)):
        yield data[:place]
        yield data[place + 1 :]
        if data[place : place + 1] != data[place + 1 : place + 2]:
            yield data[:place] + data[place + 1 :]
            yield data[: place + 1] + data[place:]
    yield from (data + b"\0", data + data + b"0", b"\0" + data, data + b"0", data + b"\x80")


# --- key blocks ------------------------------------------------------------------------------------


@cache
def protection(name: str) -> Key:
    row = BLOCKS[name]
    algorithm = Algorithm.AES if name[0] in "DE" else Algorithm.TDEA
    return Key(bytes.fromhex(row["kbpk"]), Purpose.KEK, algorithm, allow_weak=True)


def refused(name: str, block: str) -> None:
    for purpose in (Purpose.PIN, Purpose.MAC):
        with pytest.raises(InvalidKeyError, match=r"^the key block is refused$"):
            unwrap_key_block(protection(name), block, purpose)


def test_blocks_of_all_versions_are_there() -> None:
    assert {name[0] for name in BLOCKS} == set("ABCDE")
    assert len(BLOCKS) > 20


@pytest.mark.parametrize("name", BLOCKS)
def test_key_block_with_any_bit_of_any_character_changed_is_refused(name: str) -> None:
    block = BLOCKS[name]["block"]
    for place, character in enumerate(block):
        for bit in range(16):
            refused(name, block[:place] + chr(ord(character) ^ 1 << bit) + block[place + 1 :])


@pytest.mark.slow
@pytest.mark.parametrize("name", ["A-tr31-unwrap-004", "B-tr31-unwrap-005", "C-tr31-unwrap-026", "D-tr31-unwrap-008", "E-tr31-unwrap-iso20038-b2", "B-tr31-unwrap-018"])  # fmt: skip
def test_key_block_with_any_character_replaced_is_refused(name: str) -> None:
    block = BLOCKS[name]["block"]
    for place, character in enumerate(block):
        for other in (ALPHABET + DIGITS).replace(character, ""):
            refused(name, block[:place] + other + block[place + 1 :])


@pytest.mark.parametrize("name", BLOCKS)
def test_key_block_cut_stretched_or_shuffled_is_refused(name: str) -> None:
    block = BLOCKS[name]["block"]
    for touched in every_cut(block.encode()):
        text = touched.decode("latin-1")
        refused(name, text)
        if len(text) >= 5:  # and with a length that fits again
            refused(name, f"{text[0]}{len(text) % 10_000:04}{text[5:]}")
    for place in range(len(block) - 1):
        if block[place] != block[place + 1]:
            pair = block[place + 1] + block[place]
            refused(name, block[:place] + pair + block[place + 2 :])
    refused(name, block.lower())
    refused(name, f" {block}")


def authentic(head: str, clear: bytes, version: str = "B") -> str:
    """A key block of that head and inside whose MAC is right, whatever stands in it."""
    algorithm, key = (
        (Algorithm.TDEA, bytes(range(24))) if version == "B" else (Algorithm.AES, bytes(range(32)))
    )
    encryption, authentication = derive(version, key)
    size = len(head) + 2 * (len(clear) + (8 if version == "B" else 16))
    text = f"{version}{size:04}{head[5:]}"
    tag = cmac(authentication, text.encode() + clear, algorithm)
    return text + (encrypt_cbc(encryption, clear, algorithm, iv=tag) + tag).hex().upper()


def opened(block: str) -> Key:
    material, algorithm = (
        (bytes(range(24)), Algorithm.TDEA) if block[0] == "B" else (bytes(range(32)), Algorithm.AES)
    )
    return unwrap_key_block(Key(material, Purpose.KEK, algorithm), block, Purpose.PIN)


PIN_HEAD, ROOM = "B0000P0TE00N0000", bytes(range(1, 31))


@pytest.mark.parametrize("version", ["B", "D"])
@pytest.mark.parametrize("bits", [0, 1, 7, 127, 129, 136 + 8 * 14, 256, 0x8080, 0xFFFF])
def test_key_of_a_length_that_is_none_is_refused_though_the_mac_is_right(
    bits: int, version: str
) -> None:
    room = ROOM if version == "B" else ROOM[:30]
    good = authentic(PIN_HEAD, (128).to_bytes(2, "big") + room, version)
    assert opened(good).kcv_hex
    with pytest.raises(InvalidKeyError, match=r"^the key block is refused$"):
        opened(authentic(PIN_HEAD, bits.to_bytes(2, "big") + room, version))


@pytest.mark.parametrize(
    "head",
    [
        "B0000P TE00N0000", "B0000P0-E00N0000", "B0000P0TE 0N0000", "B0000P0TE00.0000",
        "B0000P0TE00N01 0", "B0000P0TE00N0A00", "B0000P0TE00N0100K 08----",
        "B0000P0TE00N0100KS00--------", "B0000P0TE00N0100KS01----", "B0000P0TE00N0100KS03----",
        "B0000P0TE00N0100KS0002------", "B0000P0TE00N0100KS000009----", "B0000P0TE00N0200KS08----",
        "B0000P0TE00N0100KSFF----", "B0000P0TE00N0100ks0g----",
    ],
)  # fmt: skip
def test_header_that_is_none_is_refused_though_the_mac_is_right(head: str) -> None:
    inside = (128).to_bytes(2, "big") + ROOM
    assert opened(authentic("B0000P0TE00N0100KS08----", inside)).kcv_hex
    with pytest.raises(InvalidKeyError, match=r"^the key block is refused$"):
        opened(authentic(head, inside))


def test_optional_block_shorter_than_its_own_head_is_refused_though_the_mac_is_right() -> None:
    """It would end inside itself; the cipher text behind it is made to say so: "?01" is its head."""
    rooms = (n.to_bytes(30, "big") for n in range(10_000))
    blocks = (authentic("B0000P0TE00N0100K", (128).to_bytes(2, "big") + room) for room in rooms)
    short = next(block for block in blocks if block[18:20] == "01")
    with pytest.raises(InvalidKeyError, match=r"^the key block is refused$"):
        opened(short)


# --- PIN blocks ------------------------------------------------------------------------------------


@pytest.mark.parametrize("length", [0, 1, 2, 3, 13, 14, 15])
def test_pin_block_that_says_another_length_than_4_to_12_is_refused(length: int) -> None:
    """Whole and right but for the count: digits where digits stand, fillers behind them."""
    pan, pik = PAN("6200000000000005"), Key(MAK, Purpose.PIN)
    account = int(pan.reveal()[-13:-1], 16)
    for pin_format, filler in ((0, "F"), (3, "A")):
        field = f"{pin_format}{length:X}{'7' * length}".ljust(16, filler)[:16]
        block = plain_des.encrypt(MAK, (int(field, 16) ^ account).to_bytes(8, "big"))
        with pytest.raises(InvalidPINBlockError):
            decrypt_pin_block(pik, block, pan, pin_format=0 if pin_format == 0 else 3)
    with pytest.raises(InvalidPINBlockError):
        read_offline_pin_block(bytes.fromhex(f"2{length:X}{'7' * length}".ljust(16, "F")[:16]))
    with pytest.raises(InvalidPINBlockError):
        decrypt_pin_block(
            pik, plain_des.encrypt(MAK, bytes.fromhex(f"1{length:X}77777777777777")), pin_format=1
        )


# --- MACs ------------------------------------------------------------------------------------------

CMACS = known_answers("macs", "cmac")
RETAIL = [row for row in known_answers("iso9797", "mac") if len(row["tag"]) == 16]


def cmac_case(row: dict[str, str]) -> tuple[Key, bytes, bytes, MACRule]:
    cipher = Algorithm(row["cipher"])
    key = Key(bytes.fromhex(row["key"]), Purpose.MAC, cipher)
    return key, bytes.fromhex(row["data"]), bytes.fromhex(row["tag"]), MACRule("cmac", cipher)


def retail_case(row: dict[str, str]) -> tuple[Key, bytes, bytes, MACRule]:
    key = Key(bytes.fromhex(row["key"]), Purpose.MAC)
    return key, bytes.fromhex(row["data"]), bytes.fromhex(row["tag"]), ISO9797_3


EVERY_MAC = [
    *(pytest.param(*cmac_case(row), id=f"{row['cipher']}-{row['name']}") for row in CMACS),
    *(pytest.param(*retail_case(row), id=row["name"]) for row in RETAIL),
]
every_mac = pytest.mark.parametrize(("key", "data", "tag", "rule"), EVERY_MAC)


def mismatched(key: Key, data: bytes, tag: bytes, rule: MACRule) -> None:
    with pytest.raises(MACMismatchError):
        verify(key, data, tag, rule)


@every_mac
def test_mac_with_any_bit_of_the_tag_changed_is_refused(
    key: Key, data: bytes, tag: bytes, rule: MACRule
) -> None:
    verify(key, data, tag, rule)
    for wrong in every_bit(tag):
        mismatched(key, data, wrong, rule)
    for wrong in (bytes(len(tag)), b"\xff" * len(tag), tag[::-1]):
        mismatched(key, data, wrong, rule)


@every_mac
def test_mac_cut_or_stretched_is_refused(key: Key, data: bytes, tag: bytes, rule: MACRule) -> None:
    for wrong in every_cut(tag):
        mismatched(key, data, wrong, rule)
    for size in range(4, len(tag)):  # a rule that sends fewer bytes wants exactly those
        shorter = MACRule(rule.algorithm, rule.cipher, length_bytes=size)
        verify(key, data, tag[:size], shorter)
        mismatched(key, data, tag, shorter)
        mismatched(key, data, tag[: size - 1], shorter)


@every_mac
def test_message_with_any_bit_changed_is_refused(
    key: Key, data: bytes, tag: bytes, rule: MACRule
) -> None:
    for wrong in every_bit(data):
        mismatched(key, wrong, tag, rule)


@every_mac
def test_message_cut_stretched_or_shuffled_is_refused(
    key: Key, data: bytes, tag: bytes, rule: MACRule
) -> None:
    width = 16 if rule.cipher is not Algorithm.TDEA else 8
    for wrong in every_cut(data):
        if rule is ISO9797_3 and filled(wrong) == filled(data):
            continue  # zeros that fill the last block: see the end
        mismatched(key, wrong, tag, rule)
    for start in range(0, len(data) - 2 * width + 1, width):
        one, two = data[start : start + width], data[start + width : start + 2 * width]
        if one != two:
            mismatched(key, data[:start] + two + one + data[start + 2 * width :], tag, rule)


def filled(data: bytes) -> bytes:
    return data + bytes(-len(data) % 8)


@pytest.mark.parametrize("row", RETAIL, ids=lambda row: row["name"])
def test_mac_of_another_rule_is_refused(row: dict[str, str]) -> None:
    key, data, tag, _ = retail_case(row)
    mismatched(key, data, tag, ISO9797_1)
    for method in (2, 3):
        mismatched(key, data, tag, MACRule("iso9797-3", padding=method))
    for algorithm in ("cmac", "xor-encrypt"):
        mismatched(key, data, tag, MACRule(algorithm))
    mismatched(key, data, tag, MACRule("unionpay-ecb"))
    mismatched(key, data, tag.hex().upper().encode(), ISO9797_3)


# --- the keys of a sign-in -------------------------------------------------------------------------

TMK = bytes.fromhex("CA5D92598DCA48CE8A4C76361A9269E9")
PIK = bytes.fromhex("807A23AD32B36D457AE91FDF927570EA")
MAK = bytes.fromhex("55036372B17543ECB173730768B8D6C4")
TDK = bytes.fromhex("C7D50808A7DFFE62B9943B45A4C77FC7")
PUBLISHED = bytes.fromhex(  # code456.com/article/3026509
    "6701EAD6A9AD51E51AA406E2C27FCFA98D0A74B8B651F9E9BACE9AE10000000000000000AB7153CA"
)


def wrapped(key: bytes) -> bytes:
    return plain_des.encrypt(TMK, key) + plain_des.encrypt(key, bytes(8))[:4]


SETS = {  # the published one, and others that the oracle made of published keys
    "40 with a MAK of 8": PUBLISHED,
    "24": wrapped(PIK[:8]) + wrapped(MAK[:8]),
    "40": wrapped(PIK) + wrapped(MAK),
    "60": wrapped(PIK) + wrapped(MAK) + wrapped(TDK),
}


@pytest.mark.parametrize("name", SETS)
def test_key_set_with_any_bit_changed_is_refused_whole(name: str) -> None:
    kek, block = Key(TMK, Purpose.KEK), SETS[name]
    assert unwrap_key_set(kek, block).pik.purpose is Purpose.PIN
    for wrong in every_bit(block):
        with pytest.raises(InvalidKeyError, match=r"refused$"):
            unwrap_key_set(kek, wrong)


@pytest.mark.parametrize("name", SETS)
def test_key_set_cut_or_stretched_is_refused(name: str) -> None:
    kek, block = Key(TMK, Purpose.KEK), SETS[name]
    for wrong in every_cut(block):
        if len(block) == 60 and wrong in (block[:40], block[20:]):
            continue  # whole parts, and as many as a set may have: see the end
        with pytest.raises(InvalidKeyError):
            unwrap_key_set(kek, wrong)


@pytest.mark.parametrize("name", SETS)
def test_key_set_under_any_tmk_that_differs_in_a_bit_that_counts_is_refused(name: str) -> None:
    for place in range(16):
        for bit in range(1, 8):  # bit 0 is parity: see below
            other = TMK[:place] + bytes([TMK[place] ^ 1 << bit]) + TMK[place + 1 :]
            with pytest.raises(InvalidKeyError):
                unwrap_key_set(Key(other, Purpose.KEK), SETS[name])


# --- what no check can refuse ----------------------------------------------------------------------


def flipped_parity(key: bytes) -> bytes:
    return bytes(byte ^ 1 for byte in key)


def test_parity_of_a_des_key_changes_nothing_so_nothing_can_notice_it() -> None:
    """DES drops the low bit of each byte: the key is another, what it does is the same, its KCV too."""
    block = SETS["40"]
    twin = unwrap_key_set(Key(flipped_parity(TMK), Purpose.KEK), block)
    assert twin.key_set_id == unwrap_key_set(Key(TMK, Purpose.KEK), block).key_set_id

    inside = (
        wrapped(flipped_parity(PIK))[:16] + block[16:]
    )  # needs the TMK: who has it needs no trick
    assert unwrap_key_set(Key(TMK, Purpose.KEK), inside).key_set_id == twin.key_set_id

    row = RETAIL[0]
    key, data, tag, rule = retail_case(row)
    verify(Key(flipped_parity(bytes.fromhex(row["key"])), Purpose.MAC), data, tag, rule)
    assert mac(key, data, rule) == tag


def test_parts_of_a_key_set_that_change_places_are_not_noticed() -> None:
    """ECB and one check value for a part: nothing says whose a part is. The MAC of the next answer does."""
    block = SETS["40"]
    swapped = unwrap_key_set(Key(TMK, Purpose.KEK), block[20:] + block[:20])

    assert swapped.pik.use(Purpose.PIN, "a test") == MAK


def test_key_set_of_three_that_lost_a_whole_part_is_not_noticed() -> None:
    """40 bytes are a set, too. A terminal that needs a TDK has to miss it, for no check value does."""
    kek, block = Key(TMK, Purpose.KEK), SETS["60"]

    assert unwrap_key_set(kek, block).tdk is not None
    assert unwrap_key_set(kek, block[:40]).tdk is None
    assert unwrap_key_set(kek, block[20:]).pik.use(Purpose.PIN, "a test") == MAK


def test_zeros_that_padding_1_would_add_keep_a_retail_mac() -> None:
    """Method 1 does not say where a message ends; methods 2 and 3 do, and CMAC does."""
    data = bytes.fromhex(next(row["data"] for row in RETAIL if len(row["data"]) % 16))
    key = Key(bytes.fromhex(RETAIL[0]["key"]), Purpose.MAC)

    verify(key, data + b"\0", mac(key, data, ISO9797_3), ISO9797_3)
    for rule in (MACRule("iso9797-3", padding=2), MACRule("iso9797-3", padding=3), MACRule("cmac")):
        mismatched(key, data + b"\0", mac(key, data, rule), rule)
