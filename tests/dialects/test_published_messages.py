"""Messages that others published: the clean ones decode and encode again, the broken ones say where."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import iso8583
import pytest

from posrefund.dialects import dialect
from posrefund.dialects.capture import Capture, open_capture
from posrefund.errors import DecodeError
from published import CLEAN, MESSAGES, Published, by_name, check_refusal

# The broken rows: where each is refused, and why.
REFUSED = {
    "sale_0210_response_koolcloud_extra48": ("DE40", 73, "a field of this specification"),
    "balance_or_sale_0200_request_koolcloud": ("DE40", 66, "a field of this specification"),
    "sale_0210_mag_response_jiso": ("frame.length_prefix", 0, "142, for that many bytes follow"),
    "signin_0800_request_vfwz": ("DE60", 104, "at most 17 nibbles, found 50"),
    "signin_0810_response_epoint": ("frame.length_prefix", 0, "126, for that many bytes follow"),
    "signin_0800_request_http": ("frame.length_prefix", 0, "92, for that many bytes follow"),
    "reversal_0400_request_halo": ("frame.length_prefix", 0, "86, for that many bytes follow"),
    "points_0512_request_noncup": (
        "frame",
        0,
        "a length prefix, a TPDU (60…), a header (60… to 63…) or an MTI",
    ),
}
MAC_INPUT_ONLY = "reversal_0400_mab_no_mac"

every_clean = pytest.mark.parametrize("row", [pytest.param(row, id=row.name) for row in CLEAN])
every_message = pytest.mark.parametrize("row", [pytest.param(row, id=row.name) for row in MESSAGES])


def values(capture: Capture) -> dict[str, str]:
    return {number: value for number, value in capture.fields.items() if number not in ("t", "p")}


def test_rows_are_all_of_them_and_every_broken_one_is_accounted_for() -> None:
    broken = {row.name for row in MESSAGES if not row.clean}

    assert len(MESSAGES) == 41
    assert len(CLEAN) == 32
    assert broken == {*REFUSED, MAC_INPUT_ONLY}


@every_clean
def test_clean_message_decodes_to_exactly_its_fields(row: Published) -> None:
    capture = open_capture(row.raw, dialect(row.dialect))

    assert capture.fields["t"] == row.mti
    assert values(capture) == row.fields
    assert capture.framing.length_prefix is row.length_prefix
    assert len(capture.framing.tpdu) == 5 * row.tpdu
    assert len(capture.framing.header) == row.header_bytes


@every_clean
def test_clean_message_is_rebuilt_byte_for_byte(row: Published) -> None:
    found = dialect(row.dialect)

    assert open_capture(row.raw, found).rebuild(found) == row.raw


@every_clean
def test_clean_message_is_read_alike_by_pyiso8583_alone(row: Published) -> None:
    found = dialect(row.dialect)
    capture = open_capture(row.raw, found)
    body = row.body + b"\0" * 8 * bool(capture.framing.mac_missing)
    pads = capture.framing.pads
    if pads:
        assert row.name == "refund_0220_request_easy8583"  # the only filler that is not 0
        body = body[:22] + bytes.fromhex("0010") + body[24:]
    fields, _ = iso8583.decode(body, found.specification)
    again, _ = iso8583.encode(dict(fields), found.specification)

    assert {n: v for n, v in fields.items() if n in capture.fields} == capture.fields
    assert again == body


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_broken_message_is_refused_by_path_and_offset(name: str) -> None:
    row = by_name(name)
    with pytest.raises(DecodeError) as caught:
        open_capture(row.raw, dialect(row.dialect))

    path, offset_bytes, expected = REFUSED[name]
    assert (caught.value.path, caught.value.offset_bytes) == (path, offset_bytes)
    assert caught.value.expected == expected


def test_mac_input_block_is_read_and_said_to_lack_its_mac() -> None:
    row = by_name(MAC_INPUT_ONLY)
    found = dialect(row.dialect)
    capture = open_capture(row.raw, found)

    assert capture.framing.mac_missing == "64"
    assert values(capture) == {
        "2": "6226900000006520",
        "3": "000000",
        "4": "000000005800",
        "11": "000015",
        "14": "3207",
        "22": "051",
        "23": "001",
        "25": "00",
        "26": "12",
        "36": "6226900000006520D00000000000000000000",
        "39": "06",
        "41": "67533448",
        "42": "(20147270673839",
        "49": "156",
        "60": "22000001000501",
    }
    assert capture.rebuild(found) == row.raw


@every_message
def test_message_under_a_foreign_dialect_decodes_or_says_where(row: Published) -> None:
    for name in ("unionpay", "unionpay-botim", "unionpay-vfwz", "unionpay-p8583"):
        found = dialect(name)
        try:
            capture = open_capture(row.raw, found)
        except DecodeError as error:
            check_refusal(error, row.raw)
        else:
            assert capture.rebuild(found) == row.raw


@every_clean
def test_message_cut_at_any_byte_is_refused_unless_only_the_mac_is_gone(row: Published) -> None:
    found = dialect(row.dialect)
    whole = open_capture(row.raw, found)
    mac_at = whole.spans["64"][0] if "64" in whole.spans and not row.length_prefix else None
    for end in range(len(row.raw)):
        if end == mac_at:
            assert open_capture(row.raw[:end], found).framing.mac_missing == "64"
            continue
        with pytest.raises(DecodeError) as caught:
            open_capture(row.raw[:end], found)
        check_refusal(caught.value, row.raw[:end])


@every_clean
@pytest.mark.parametrize("mask", [0x01, 0x80, 0xFF])
def test_message_with_any_byte_flipped_decodes_again_or_is_refused(
    row: Published, mask: int
) -> None:
    found = dialect(row.dialect)
    for place in range(len(row.raw)):
        raw = bytearray(row.raw)
        raw[place] ^= mask
        try:
            capture = open_capture(bytes(raw), found)
        except DecodeError as error:
            check_refusal(error, bytes(raw))
        else:
            assert capture.rebuild(found) == raw


_OTHER_NAMES = {"cup": "unionpay", "botim": "unionpay-botim"}


def _dialect_of(row: dict[str, Any]) -> str:
    for word in ("vfwz", "p8583"):
        if word in row["name"]:
            return f"unionpay-{word}"
    return _OTHER_NAMES.get(row["cup_dialect"], "unionpay")


def test_messages_of_a_given_collection_decode_or_say_where() -> None:
    folder = os.environ.get("POSREFUND_VECTORS", "")
    file = Path(folder) / "unionpay_messages.jsonl"
    if not folder or not file.is_file():
        pytest.skip("POSREFUND_VECTORS names no directory with unionpay_messages.jsonl")
    for line in file.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        raw, found = bytes.fromhex(row["hex"]), dialect(_dialect_of(row))
        if row["parses_cleanly"]:
            capture = open_capture(raw, found)
            fields = {n: v.removeprefix("hex:") for n, v in row["fields"].items()}
            assert (capture.fields["t"], values(capture)) == (row["mti"], fields), row["name"]
            assert capture.rebuild(found) == raw, row["name"]
            continue
        try:
            assert open_capture(raw, found).rebuild(found) == raw
        except DecodeError as error:
            check_refusal(error, bytes(raw))
