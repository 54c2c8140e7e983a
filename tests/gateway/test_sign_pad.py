"""Whatever is drawn is either a picture that the host takes, or a fault; nothing else comes of it."""

from __future__ import annotations

import json
import random
import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posrefund.codec.jbig import read_jbig
from posrefund.counter import Pad
from posrefund.dialects import dialect
from posrefund.dialects.signature import SignatureUpload
from posrefund.errors import ConfigError, InvalidRequestError
from posrefund.gateway import DoorError
from posrefund.gateway.shapes import decoder_of, read_body
from posrefund.gateway.sign_door import DrawnBody
from posrefund.gateway.sign_pad import HEIGHT, INK_MAX, WIDTH, SignPad
from posrefund.office.signature_pictures import as_jbig
from posrefund.office.signatures import keep

RULE = dialect("unionpay").signature
PAD = SignPad(rule=RULE)
DECODER = decoder_of(DrawnBody)
assert RULE is not None
BYTES_MAX = RULE.packets_max * RULE.packet_bytes


def handed_in(raw: bytes) -> bytes | None:
    """The picture, or None for a fault that is said as one."""
    try:
        body: DrawnBody = read_body(raw, DECODER)
        return PAD.picture(body.strokes)
    except InvalidRequestError as error:
        if {path for path, _ in error.faults} <= {"strokes", "body"}:
            return None
        raise
    except DoorError as error:
        if error.code == "bad_json":
            return None
        raise


points = st.tuples(st.integers(0, WIDTH - 1), st.integers(0, HEIGHT - 1))
near = st.one_of(
    st.integers(-2, WIDTH + 2), st.floats(), st.none(), st.text(max_size=3), st.just(2**70)
)
nearly = st.lists(st.lists(st.lists(near, max_size=3), max_size=4), max_size=4)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(nearly | anything)
def test_any_json_is_a_picture_or_a_fault(strokes: Any) -> None:
    for body in ({"strokes": strokes}, strokes):
        picture = handed_in(json.dumps(body).encode())
        assert picture is None or picture.startswith(b"\x89PNG")


@given(st.binary(max_size=60))
def test_any_bytes_are_a_fault(raw: bytes) -> None:
    assert handed_in(raw) is None


@given(st.lists(st.lists(points, min_size=1, max_size=30), min_size=1, max_size=8))
def test_what_is_taken_the_host_takes(strokes: list[list[tuple[int, int]]]) -> None:
    picture = handed_in(json.dumps({"strokes": strokes}).encode())
    if picture is None:
        return
    assert struct.unpack(">II", picture[16:24]) == (WIDTH, HEIGHT)
    sent = as_jbig(picture)
    header = read_jbig(sent)
    assert (header.width, header.height, header.planes) == (WIDTH, HEIGHT, 1)
    assert len(sent) <= BYTES_MAX


def scrawl(ink: int) -> list[list[tuple[int, int]]]:
    """Dots and dashes everywhere, which no coder makes small."""
    lot = random.Random(69)
    strokes, at = [], 0
    while at < ink:
        x, y = lot.randrange(WIDTH - 60), lot.randrange(HEIGHT)
        stroke = [(x, y)]
        for _ in range(60):
            stroke.append((stroke[-1][0] + 1, min(max(y + lot.randrange(-1, 2), 0), HEIGHT - 1)))
        strokes.append(stroke)
        at += 60
    return strokes


def test_more_than_a_name_takes_is_refused_before_it_is_drawn() -> None:
    with pytest.raises(InvalidRequestError, match="16 to 12000 pixels"):
        PAD.picture(scrawl(INK_MAX + 60))
    with pytest.raises(InvalidRequestError, match="16 to 12000 pixels"):
        PAD.picture([[(0, 0), (383, 127)] * 2_000])


def test_more_than_the_host_takes_is_refused_while_the_customer_is_still_there() -> None:
    drawn = scrawl(INK_MAX // 2)
    narrow = SignatureUpload(numbered=(), packet_bytes=512)
    assert len(as_jbig(SignPad().picture(drawn))) > 512
    with pytest.raises(InvalidRequestError, match="no more than the host takes"):
        SignPad(rule=narrow).picture(drawn)


def test_where_a_customer_may_draw_follows_from_the_settings(tmp_path: Path) -> None:
    assert SignPad().pads == SignPad(phone_url="https://sign.shop.example").pads == ()
    assert SignPad(tmp_path).pads == (Pad.HERE,)
    assert SignPad(tmp_path, phone_url="https://sign.shop.example").pads == (Pad.HERE, Pad.PHONE)


def test_no_folder_keeps_nothing() -> None:
    with pytest.raises(ConfigError, match="no folder is set"):
        keep(b"picture", None)
