"""Whatever form a pad gives, the acquirer gets the same picture; what is none gets our error and nothing else."""

from __future__ import annotations

import struct
import sys
import zlib
from contextlib import suppress
from io import BytesIO
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.builders import PROPERTY
from posrefund.codec.jbig import encode_jbig
from posrefund.engine import Signature
from posrefund.errors import ConfigError, InvalidRequestError
from posrefund.office.signature_pictures import as_jbig, pictures_in
from posrefund.office.signatures import draw, keep

if TYPE_CHECKING:
    from pathlib import Path

ROWS = bytes.fromhex("80c0a0108140ffc0")
"""10 x 4, with a bit behind the end of the second line."""
WIDTH, HEIGHT = 10, 4
WANTED = encode_jbig(ROWS, WIDTH, HEIGHT)


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(
    lines: bytes, kind: tuple[int, ...] = (1, 0, 0, 0, 0), size: tuple[int, int] = (10, 4)
) -> bytes:
    header = struct.pack(">IIBBBBB", *size, *kind)
    data = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + data


def filtered(kind: int) -> bytes:
    """The lines of the picture under PNG's filter *kind*, as W3C PNG 9.2 defines it, with nobody's help."""
    done, above = b"", bytes(2)
    for at in range(0, len(ROWS), 2):
        line = bytes(255 - byte for byte in ROWS[at : at + 2])
        done += bytes([kind])
        for place, byte in enumerate(line):
            left = line[place - 1] if place else 0
            up, corner = above[place], above[place - 1] if place else 0
            aim = left + up - corner
            paeth = min((left, up, corner), key=lambda each: abs(aim - each))
            guess = (0, left, up, (left + up) // 2, paeth)[kind]
            done += bytes([(byte - guess) % 256])
        above = line
    return done


@pytest.mark.parametrize("kind", range(5))
def test_every_filter_of_a_png_is_undone(kind: int) -> None:
    assert as_jbig(png(filtered(kind))) == WANTED


@pytest.mark.parametrize(
    "picture",
    [
        b"P4\n10 4\n" + ROWS,
        b"P4 # by a pad\n10 4 " + ROWS,
        b"P1 10 4\n1000000011\n1010000000\n1000000101\n1111111111",
        b"P1\n# plain\n10\n4\n1000000011 1010000000 1000000101 1111111111",
    ],
)
def test_a_pbm_is_taken(picture: bytes) -> None:
    assert as_jbig(picture) == WANTED


def test_jbig_goes_up_as_it_is() -> None:
    assert as_jbig(WANTED) is WANTED


def test_what_we_draw_is_taken_without_pillow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)

    assert as_jbig(draw([[(1, 1), (5, 5)]], 10, 10))[:12] == bytes.fromhex(
        "000001000000000a0000000a"
    )


@pytest.mark.parametrize("mode", ["RGBA", "LA", "RGB", "L", "P"])
def test_what_a_browser_draws_is_black_where_it_is_dark(mode: str) -> None:
    image = pytest.importorskip("PIL.Image")
    drawn = image.frombytes("1", (WIDTH, HEIGHT), bytes(255 - byte for byte in ROWS)).convert(mode)
    out = BytesIO()
    drawn.save(out, "PNG")

    assert as_jbig(out.getvalue()) == WANTED


def test_what_is_transparent_is_paper() -> None:
    image = pytest.importorskip("PIL.Image")
    out = BytesIO()
    image.new("RGBA", (8, 8), (0, 0, 0, 0)).save(out, "PNG")

    assert as_jbig(out.getvalue()) == encode_jbig(bytes(8), 8, 8)


def test_colours_without_pillow_say_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(ConfigError, match=r"posrefund\[print\]"):
        as_jbig(png(bytes(4 * 31), (8, 2, 0, 0, 0)))


@pytest.mark.parametrize(
    "picture",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"GIF89a", id="another form"),
        pytest.param(WANTED[:-3], id="cut JBIG"),
        pytest.param(b"P4\n10\n", id="PBM without height"),
        pytest.param(b"P4 10 4 " + ROWS[:-1], id="cut PBM"),
        pytest.param(b"P1 2 2 101", id="cut plain PBM"),
        pytest.param(b"P1 2 2 1012", id="PBM of greys"),
        pytest.param(b"P4 2001 1 " + bytes(251), id="wide PBM"),
        pytest.param(b"P1 0 1 ", id="empty PBM"),
        pytest.param(b"\x89PNG\r\n\x1a\n", id="PNG of nothing"),
        pytest.param(png(filtered(0))[:40], id="cut PNG"),
        pytest.param(png(filtered(0)[:-1]), id="PNG of too few lines"),
        pytest.param(png(b"\x05" + filtered(0)[1:]), id="filter that is none"),
        pytest.param(png(filtered(0), size=(2001, 4)), id="wide PNG"),
        pytest.param(png(filtered(0)).replace(zlib.compress(filtered(0)), b"x" * 21), id="bent"),
        pytest.param(png(filtered(0), (8, 6, 0, 0, 0)), id="PNG of another depth"),
    ],
)
def test_what_is_no_picture_is_refused(picture: bytes) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        as_jbig(picture)

    assert caught.value.faults[0][0] == "picture"


@PROPERTY
@given(
    st.sampled_from(
        [b"", b"P1", b"P4", b"P4 8 8 ", b"\x89PNG\r\n\x1a\n", WANTED[:20], png(filtered(4))]
    ),
    st.binary(max_size=80),
    st.integers(0, 100),
)
def test_whatever_the_bytes_only_our_errors_leave(head: bytes, tail: bytes, at: int) -> None:
    for picture in (head + tail, head[:at] + tail + head[at + len(tail) :]):
        with suppress(InvalidRequestError, ConfigError):
            as_jbig(picture)


def test_a_folder_gives_what_was_signed_and_nothing_else(tmp_path: Path) -> None:
    picture_of = pictures_in(tmp_path)
    signature = keep(png(filtered(0)), tmp_path)
    assert picture_of(signature) == WANTED

    (tmp_path / signature.sha256).write_bytes(draw([[(1, 1)]], 10, 4))
    with pytest.raises(InvalidRequestError, match="signature"):
        picture_of(signature)
    with pytest.raises(ConfigError):
        picture_of(Signature.of("bitmap", b"another"))
