"""Sealing and unsealing: the MAC over literal bytes, four verdicts, and nothing a peer sends raises."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import plain_des
from posrefund.crypto import Key, KeySet, Purpose
from posrefund.dialects import dialect
from posrefund.dialects.file import load_dialect
from posrefund.errors import EncodeError
from posrefund.seal import seal, unseal
from posrefund.values import Received
from published import MESSAGES, by_name

UNIONPAY = dialect("unionpay")
MAK = bytes.fromhex("55036372B17543ECB173730768B8D6C4")  # published with the 0830 below
PIK = bytes.fromhex("C7D50808A7DFFE62B9943B45A4C77FC7")
KEYS = KeySet(Key(PIK, Purpose.PIN), Key(MAK, Purpose.MAC))
OTHER_KEYS = KeySet(Key(PIK, Purpose.PIN), Key(MAK[8:] + MAK[:8], Purpose.MAC))

ANSWER = by_name("capk_list_0830_response_mab_plus_mac")
ECHO = {"t": "0820", "60": "00000001301"}


def test_seal_gives_the_published_message_with_its_literal_mac() -> None:
    raw = seal({"t": "0830", **ANSWER.fields, "64": ""}, UNIONPAY, KEYS)

    assert raw == ANSWER.raw
    assert raw[-8:] == b"5FE058DB"


@pytest.mark.parametrize("place", ["", "00" * 8, "FFFFFFFFFFFFFFFF", "anything"])
def test_seal_fills_the_place_whatever_stood_there(place: str) -> None:
    raw = seal({**ECHO, "64": place}, UNIONPAY, KEYS)

    assert raw[:-8] == bytes.fromhex("082000000000000000110011000000013010")
    assert raw[-8:] == plain_des.unionpay_mac(MAK, raw[:-8])


def test_seal_leaves_a_message_without_a_place_unsealed() -> None:
    for keys in (None, KEYS):
        assert seal(ECHO, UNIONPAY, keys) == bytes.fromhex("082000000000000000100011000000013010")


def test_seal_leaves_the_given_fields_alone() -> None:
    fields = {**ECHO, "64": ""}
    seal(fields, UNIONPAY, KEYS)

    assert fields == {**ECHO, "64": ""}


def test_seal_without_keys_refuses_a_message_that_needs_them() -> None:
    with pytest.raises(EncodeError, match=r"^DE64: expected a MAC key: sign in first$"):
        seal({**ECHO, "64": ""}, UNIONPAY, None)


def test_the_mac_is_as_wide_as_its_own_field_whatever_the_others_are_written_in() -> None:
    rule = 'data_enc = "b", len_enc = "b", len_type = 0, max_len = 8'
    text = (
        f'name = "x"\nbase = "iso87-ascii"\nbitmap_enc = "b"\nfields.64 = {{ rule = {{ {rule} }} }}'
    )
    mixed = load_dialect(text)

    raw = seal({"t": "0800", "11": "000001", "64": ""}, mixed, KEYS)
    assert raw[:-8] == b"0800" + bytes.fromhex("0020000000000001") + b"000001"
    assert unseal(raw, mixed, KEYS).mac == "valid"


@pytest.mark.parametrize(("name", "value"), [("11", "1"), ("8", "1"), ("35", "G")])
def test_seal_names_the_field_that_does_not_fit(name: str, value: str) -> None:
    for fields in ({**ECHO, name: value}, {**ECHO, name: value, "64": ""}):
        with pytest.raises(EncodeError, match=rf"^DE{name}: "):
            seal(fields, UNIONPAY, KEYS)


# --- unseal ----------------------------------------------------------------------------------------


def test_unseal_says_valid_of_the_published_message() -> None:
    received = unseal(ANSWER.raw, UNIONPAY, KEYS)

    assert received.mac == "valid"
    assert received.refusal is None
    assert received.length_bytes == 330
    assert {n: v for n, v in received.fields.items() if n not in ("t", "p")} == ANSWER.fields


def test_unseal_says_wrong_under_another_key_and_no_key_without_one() -> None:
    assert unseal(ANSWER.raw, UNIONPAY, OTHER_KEYS).mac == "wrong"
    assert unseal(ANSWER.raw, UNIONPAY, None).mac == "no_key"


def test_unseal_says_absent_when_the_message_has_no_mac() -> None:
    for keys in (None, KEYS):
        assert unseal(seal(ECHO, UNIONPAY, None), UNIONPAY, keys).mac == "absent"


def test_unseal_never_says_valid_when_any_byte_was_flipped() -> None:
    """One flip always shows; the fold's weakness needs two that agree (see the tests of the MAC)."""
    for mask in (0x01, 0x20, 0x80, 0xFF):
        for place in range(len(ANSWER.raw)):
            raw = bytearray(ANSWER.raw)
            raw[place] ^= mask
            received = unseal(bytes(raw), UNIONPAY, KEYS)
            assert received.mac in ("wrong", "absent")
            assert (received.refusal is None) is bool(received.fields)


def test_unseal_never_says_valid_when_the_message_was_cut_or_lengthened() -> None:
    for end in range(len(ANSWER.raw)):
        assert unseal(ANSWER.raw[:end], UNIONPAY, KEYS).mac == "absent"
    assert unseal(ANSWER.raw + b"\0", UNIONPAY, KEYS).refusal is not None


def test_unseal_says_wrong_when_the_mac_is_in_lower_case() -> None:
    assert unseal(ANSWER.raw[:-8] + b"5fe058db", UNIONPAY, KEYS).mac == "wrong"


def test_unseal_of_no_message_holds_the_refusal_and_no_field() -> None:
    received = unseal(b"\x02", UNIONPAY, KEYS)

    assert received.fields == {}
    assert received.mac == "absent"
    assert received.refusal is not None
    assert (received.refusal.path, received.refusal.offset_bytes) == ("MTI", 0)
    assert received.length_bytes == 1


def test_unseal_does_not_show_the_fields_when_printed() -> None:
    raw = seal({"t": "0200", "2": "6200000000000005", "64": ""}, UNIONPAY, KEYS)
    received = unseal(raw, UNIONPAY, KEYS)

    assert received.fields["2"] == "6200000000000005"
    assert "6200000000000005" not in repr(received)


@given(st.binary(max_size=300))
def test_unseal_of_any_bytes_never_raises_and_never_says_valid(raw: bytes) -> None:
    for keys in (None, KEYS):
        received = unseal(raw, UNIONPAY, keys)
        assert isinstance(received, Received)
        assert received.length_bytes == len(raw)
        assert received.mac != "valid"


@given(st.binary(min_size=8, max_size=8), st.binary(max_size=200))
def test_unseal_of_any_bytes_behind_a_bitmap_never_raises(bitmap: bytes, rest: bytes) -> None:
    for mti in (b"\x02\x10", b"\x02\x30"):
        assert unseal(mti + bitmap + rest, UNIONPAY, KEYS).mac in ("wrong", "absent")


@pytest.mark.parametrize("row", [pytest.param(row, id=row.name) for row in MESSAGES])
def test_unseal_of_a_published_message_says_wrong_or_absent(row: object) -> None:
    body = row.body  # type: ignore[attr-defined]
    received = unseal(body, UNIONPAY, OTHER_KEYS)

    assert received.mac == ("wrong" if "64" in received.fields else "absent")


@given(
    st.binary(min_size=16, max_size=16),
    st.from_regex(r"[0-9]{6}", fullmatch=True),
    st.from_regex(r"[0-9]{1,17}", fullmatch=True),
    st.text(st.characters(max_codepoint=255), max_size=163),
)
def test_unseal_says_valid_of_whatever_was_sealed_with_the_same_key(
    mak: bytes, stan: str, de60: str, text: str
) -> None:
    keys = KeySet(Key(PIK, Purpose.PIN), Key(mak, Purpose.MAC))
    fields = {"t": "0220", "11": stan, "60": de60, "63": text, "64": ""}
    raw = seal(fields, UNIONPAY, keys)
    received = unseal(raw, UNIONPAY, keys)

    assert raw[-8:] == plain_des.unionpay_mac(mak, raw[:-8])
    assert received.mac == "valid"
    assert {name: received.fields[name] for name in ("11", "60", "63")} == {
        "11": stan,
        "60": de60,
        "63": text,
    }


def test_unseal_blames_nobody_for_a_key_that_was_closed() -> None:
    """A set that the next sign-in replaced: the host's MAC is not wrong, nobody has looked at it."""
    closed = KeySet(Key(PIK, Purpose.PIN), Key(MAK, Purpose.MAC))
    closed.close()
    received = unseal(ANSWER.raw, UNIONPAY, closed)
    assert (received.mac, received.key_set_id) == ("no_key", "")
