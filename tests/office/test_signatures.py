"""Signatures: drawn, kept by their digest, or given by phone for one refund and no other."""

from __future__ import annotations

import hashlib
import hmac
import os
import struct
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from engine.builders import PROPERTY, attempt_in
from posrefund.engine import Signature, State
from posrefund.errors import ConfigError, InvalidRequestError
from posrefund.office.signatures import TextToSign, draw, fetch, keep, signed_by_phone

TEXT = TextToSign("R-1", "12345678", 1000, "156", "S-1", "00" * 16)
SAID = b"posrefund-sign-1 R-1 12345678 156 1000 S-1 00000000000000000000000000000000"
KEY = b"sixteen bytes it"


def pixels(png: bytes) -> list[str]:
    """Read a PNG of one bit a pixel, as the standard says (W3C PNG, third edition), with nobody's help."""
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    rest, parts = png[8:], {}
    while rest:
        length = int.from_bytes(rest[:4], "big")
        name, body, crc = rest[4:8], rest[8 : 8 + length], rest[8 + length : 12 + length]
        assert zlib.crc32(name + body) == int.from_bytes(crc, "big")
        parts[name], rest = body, rest[12 + length :]
    width, height, *kind = struct.unpack(">IIBBBBB", parts[b"IHDR"])
    assert kind == [1, 0, 0, 0, 0]
    raw, stride = zlib.decompress(parts[b"IDAT"]), 1 + (width + 7) // 8
    assert len(raw) == height * stride
    rows = [raw[at : at + stride] for at in range(0, len(raw), stride)]
    assert all(row[0] == 0 for row in rows)
    bits = ["".join(f"{byte:08b}" for byte in row[1:])[:width] for row in rows]
    return [row.replace("0", "#").replace("1", ".") for row in bits]


# --- drawn ---------------------------------------------------------------------------------------


def test_strokes_become_lines_of_a_pen_two_pixels_wide() -> None:
    assert pixels(draw([[(1, 1), (5, 1)], [(8, 3)], [(3, 6), (0, 3)]], 10, 8)) == [
        "..........",
        ".######...",
        ".######...",
        "##......##",
        "###.....##",
        ".###......",
        "..###.....",
        "...##.....",
    ]


def test_the_same_strokes_give_the_same_digest_everywhere() -> None:
    # As first made: nothing in the file is compressed, so no version of zlib has a say in it.
    assert hashlib.sha256(draw([[(10, 10), (90, 30)]], 100, 40)).hexdigest() == (
        "d2d8a97b847f08f25b025a3ce7e0a4d55a2ee5e0a938f524b2bcf6dc3b36d00d"
    )


def test_what_goes_over_the_edge_is_left_out() -> None:
    rows = pixels(draw([[(-5, 0), (20, 0)], [(3, -9), (3, 99)]], 8, 4))

    assert rows == ["########", "########", "...##...", "...##..."]


def test_a_large_picture_takes_more_than_one_block() -> None:
    rows = pixels(draw([[(0, 0), (1999, 1999)]], 2000, 2000))  # 500 kB, stored in blocks of 64

    assert all(row[place] == "#" for place, row in enumerate(rows))
    assert sum(row.count("#") for row in rows) < 4 * 2000


@PROPERTY
@given(
    st.lists(st.lists(st.tuples(st.integers(0, 39), st.integers(0, 19)), min_size=1), min_size=1)
)
def test_every_point_is_black(strokes: list[list[tuple[int, int]]]) -> None:
    rows = pixels(draw(strokes, 40, 20))

    assert all(rows[y][x] == "#" for stroke in strokes for x, y in stroke)


@pytest.mark.parametrize(
    ("strokes", "size", "path"),
    [
        ([], (10, 10), "strokes"),
        ([[]], (10, 10), "strokes"),
        ([[(0, 0)] * 20_001], (10, 10), "strokes"),
        ([[(0, 0), (10**9, 0)]], (10, 10), "strokes"),
        ([[(0, 0)]], (0, 10), "size"),
        ([[(0, 0)]], (10, 2001), "size"),
    ],
)
def test_no_signature_takes_nothing_or_everything(
    strokes: Any, size: tuple[int, int], path: str
) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        draw(strokes, *size)

    assert [fault for fault, _ in caught.value.faults] == [path]


# --- kept ----------------------------------------------------------------------------------------


def test_a_signature_is_kept_under_its_digest_for_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "signatures"
    signature = keep(b"abc", folder)

    # FIPS 180-2, appendix B.1: SHA-256 of "abc"
    digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert signature == Signature("bitmap", digest)
    assert [file.name for file in folder.iterdir()] == [digest]
    assert (folder / digest).stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
    assert fetch(signature, folder) == b"abc"


def test_kept_twice_is_once(tmp_path: Path) -> None:
    first = keep(b"abc", tmp_path)
    file = tmp_path / first.sha256
    made = file.stat().st_ino

    assert keep(b"abc", tmp_path) == first
    assert file.stat().st_ino == made


def test_what_was_changed_is_found_out(tmp_path: Path) -> None:
    signature = keep(b"abc", tmp_path)
    (tmp_path / signature.sha256).write_bytes(b"abd")

    with pytest.raises(InvalidRequestError, match="signature"):
        fetch(signature, tmp_path)
    assert fetch(keep(b"abc", tmp_path), tmp_path) == b"abc"  # whoever has the right one mends it


def test_what_is_not_there_or_was_never_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        fetch(Signature("bitmap", "00" * 32), tmp_path)
    with pytest.raises(InvalidRequestError, match="not given on paper"):
        fetch(Signature("paper"), tmp_path)


@pytest.mark.parametrize("picture", [b"", bytes(256 * 1024 + 1)])
def test_nothing_and_too_much_is_not_kept(picture: bytes, tmp_path: Path) -> None:
    with pytest.raises(InvalidRequestError, match="picture"):
        keep(picture, tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_is_full_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ConfigError, match="No space left on device"):
        keep(b"abc", tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_a_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(ConfigError, match="cannot be kept"):
        keep(b"abc", tmp_path / "file")


# --- by phone ------------------------------------------------------------------------------------


def test_the_text_to_sign_names_this_refund_and_no_other() -> None:
    assert str(TEXT).encode() == SAID
    assert str(replace(TEXT, original_id="")).split()[5] == "-"
    made = TextToSign.of(attempt_in(State.ACCEPTED))
    assert str(made).split()[:6] == str(TEXT).split()[:6]
    assert len(made.nonce) == 32
    assert made.nonce != TextToSign.of(attempt_in(State.ACCEPTED)).nonce


def test_a_phone_with_a_shared_key_signs() -> None:
    proof = hmac.digest(KEY, SAID, "sha256")
    signature = signed_by_phone(TEXT, proof, key=KEY)

    assert signature.kind == "qr"
    signature.check(SAID + b"\n" + proof)


def test_a_phone_with_a_key_of_its_own_signs() -> None:
    # RFC 8032, 7.1, test 1: the private key
    private = Ed25519PrivateKey.from_private_bytes(
        bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    )
    proof = private.sign(SAID)
    signature = signed_by_phone(TEXT, proof, key=private.public_key())

    signature.check(SAID + b"\n" + proof)
    with pytest.raises(InvalidRequestError, match="signature"):
        signed_by_phone(TEXT, proof[:-1] + bytes([proof[-1] ^ 1]), key=private.public_key())


@pytest.mark.parametrize(
    "change",
    [
        {"request_id": "R-2"},
        {"terminal": "12345679"},
        {"minor": 1001},
        {"currency": "840"},
        {"original_id": "S-2"},
        {"original_id": ""},
        {"nonce": "01" + "00" * 15},
    ],
)
def test_what_was_signed_for_one_refund_counts_for_no_other(change: dict[str, Any]) -> None:
    private = Ed25519PrivateKey.generate()
    for proof, key in (
        (hmac.digest(KEY, SAID, "sha256"), KEY),
        (private.sign(SAID), private.public_key()),
    ):
        with pytest.raises(InvalidRequestError, match="signature"):
            signed_by_phone(replace(TEXT, **change), proof, key=key)


def test_another_key_or_a_short_one_is_refused() -> None:
    proof = hmac.digest(b"another key of 16", SAID, "sha256")

    with pytest.raises(InvalidRequestError, match="signature"):
        signed_by_phone(TEXT, proof, key=KEY)
    with pytest.raises(ConfigError, match="16 bytes"):
        signed_by_phone(TEXT, proof, key=b"short")
