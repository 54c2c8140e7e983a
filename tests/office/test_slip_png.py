"""Slips as pictures: every word is drawn inside the paper, with a font that has it, or not at all."""

from __future__ import annotations

import io
import re
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from engine.builders import DIALECT, original
from office.slip_shop import FONTS, accepted, options, outcome
from posrefund.engine import Signature, State
from posrefund.errors import ConfigError
from posrefund.office.signatures import draw
from posrefund.office.slips import Columns, SlipContent, as_png, slip_content
from posrefund.office.slips.pictures import barcode_picture, drawn_signature, qr_picture
from posrefund.office.slips.typeface import Typeface
from posrefund.office.slips.words import WORDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from PIL.Image import Image

pytest.importorskip("PIL", reason="pip install 'posrefund[print]'")
pytest.importorskip("qrcode", reason="pip install 'posrefund[print]'")

CHINESE, WESTERN = Path(FONTS["zh"]), Path(FONTS["en"])
needs_chinese = pytest.mark.skipif(
    not CHINESE.exists(), reason=f"no {CHINESE} here: apt-get install fonts-wqy-microhei"
)
needs_western = pytest.mark.skipif(
    not WESTERN.exists(), reason=f"no {WESTERN} here: apt-get install fonts-dejavu-core"
)
ENGLISH: dict[str, Any] = {"language": "en", "merchant_name": "Store", "institutions": {}}


def content(**changes: Any) -> SlipContent:
    return slip_content(accepted(), DIALECT, original(), options(**changes))


def opened(png: bytes) -> Image:
    from PIL import Image

    assert png.startswith(b"\x89PNG")
    return Image.open(io.BytesIO(png))


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, float, float]]:
    """Every text that is drawn: what, from where and to where."""
    from PIL import ImageDraw

    drawn: list[tuple[str, float, float]] = []
    real = ImageDraw.ImageDraw.text

    def text(self: Any, at: tuple[float, float], words: str, **how: Any) -> None:
        if how.get("fill") != 222:  # the watermark under it all
            drawn.append((words, at[0], at[0] + how["font"].getlength(words)))
        real(self, at, words, **how)

    monkeypatch.setattr(ImageDraw.ImageDraw, "text", text)
    return drawn


@needs_chinese
@pytest.mark.parametrize("copy", ["merchant", "bank", "customer"])
@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("width", [32, 48])
def test_every_word_of_the_slip_is_drawn_inside_the_paper(
    written: list[tuple[str, float, float]], width: Columns, language: str, copy: str
) -> None:
    slip = content(language=language, copy=copy, watermark="培训 TRAINING 无效", reprint=True)
    written.clear()
    picture = opened(as_png(slip, width, font=CHINESE))

    assert picture.size[0] == (width * 12 + 2 * 22) * 2
    said = re.sub(r"\s", "", "".join(words for words, left, _ in written if left != 4))
    for part in (slip.title, slip.copy, slip.code, *slip.marks, *slip.remarks):
        assert re.sub(r"\s", "", part) in said
    for section in slip.sections:
        for each in section.lines:
            assert re.sub(r"\s", "", each.label + each.value) in said
    assert said.count("培训TRAINING无效") == 3
    assert (
        min(left for _, left, _ in written if left != 4) >= 2 * 22
    )  # 4: where a font is tried out
    assert max(right for _, _, right in written) <= picture.size[0] - 2 * 22


@needs_chinese
@pytest.mark.parametrize("dots", [1, 2])
def test_the_qr_code_stands_in_the_middle_dot_for_dot_with_white_around_it(dots: int) -> None:
    from PIL import ImageChops

    picture = opened(as_png(content(watermark="TRAINING"), font=CHINESE, dots=dots))
    code = qr_picture("R0APN58QCGAAPM8J79AW", 6 * dots)
    left = (picture.width - code.width) // 2
    found = [
        top
        for top in range(picture.height // 2, picture.height - code.height)
        if ImageChops.difference(
            picture.crop((left, top, left + code.width, top + code.height)), code
        ).getbbox()
        is None
    ]

    assert len(found) == 1
    assert code.crop((0, 0, code.width, 24 * dots)).getcolors() == [(code.width * 24 * dots, 255)]


@needs_chinese
def test_the_qr_code_is_the_one_of_the_standard() -> None:
    code = qr_picture("R0APN58QCGAAPM8J79AW", 1)
    modules = [[code.getpixel((x, y)) == 0 for x in range(4, 25)] for y in range(4, 25)]

    assert code.size == (29, 29)  # version 1 holds 20 alphanumeric characters at level M
    # ISO/IEC 18004: finder patterns in three corners, timing patterns between them, one module that is always dark
    finder = ["1111111", "1000001", "1011101", "1011101", "1011101", "1000001", "1111111"]
    for x, y in ((0, 0), (14, 0), (0, 14)):
        seen = [
            "".join(str(int(dark)) for dark in modules[y + down][x : x + 7]) for down in range(7)
        ]
        assert seen == finder
    assert [modules[6][x] for x in range(8, 13)] == [True, False, True, False, True]
    assert [modules[y][6] for y in range(8, 13)] == [True, False, True, False, True]
    assert modules[13][8]


def test_a_bar_code_is_the_one_of_the_standard() -> None:
    picture = barcode_picture("AB", 1, 3)
    row = "".join("#" if picture.getpixel((x, 1)) == 0 else "." for x in range(picture.width))

    # ISO/IEC 15417: start B, A (33), B (34), check (104 + 1*33 + 2*34) mod 103 = 102, stop; 10 modules of white around
    start, letter_a, letter_b = "##.#..#....", "#.#...##...", "#...#.##..."
    check, stop = "####.#.###.", "##...###.#.##"
    assert row == f"{'.' * 10}{start}{letter_a}{letter_b}{check}{stop}{'.' * 10}"


@needs_chinese
def test_a_bar_code_stands_in_the_middle_of_wide_paper_alone() -> None:
    picture = opened(as_png(content(is_barcode=True), 48, font=CHINESE))
    code = barcode_picture("R0APN58QCGAAPM8J79AW", 4, 160)
    left = (picture.width - code.width) // 2
    found = [
        top
        for top in range(picture.height // 2, picture.height - code.height)
        if picture.crop((left, top, left + code.width, top + code.height)).tobytes()
        == code.tobytes()
    ]

    assert len(found) == 1
    with pytest.raises(ConfigError, match="takes paper of 48 columns"):
        as_png(content(is_barcode=True), 32, font=CHINESE)


@needs_chinese
def test_a_watermark_blackens_the_top_the_middle_and_the_end_and_greys_the_rest() -> None:
    said = {"copy": "customer"}  # no frame to sign in
    plain = opened(as_png(content(**said), font=CHINESE))
    marked = opened(as_png(content(**said, watermark="培训 TRAINING 无效"), font=CHINESE))

    def black_bands(picture: Image) -> list[float]:
        """Where bands of mostly black rows begin, as parts of the height."""
        dark = [shade < 60 for shade in picture.resize((1, picture.height)).tobytes()]
        begins = [y for y in range(len(dark)) if dark[y] and not any(dark[max(0, y - 80) : y])]
        return [y / picture.height for y in begins]

    assert black_bands(plain) == []
    top, middle, end = black_bands(marked)
    assert top < 0.05
    assert 0.3 < middle < 0.6
    assert end > 0.95
    light = {shade: count for count, shade in marked.getcolors() or []}
    assert light[222] > 10_000


@needs_chinese
def test_a_signature_from_a_pad_is_in_its_frame() -> None:
    picture = draw([[(0, 20), (199, 20)], [(0, 60), (199, 60)]], 200, 80)
    given = Signature.of("bitmap", picture)
    signed = content(signature=given, picture=picture)
    unsigned = opened(as_png(content(), font=CHINESE))
    seen = opened(as_png(signed, font=CHINESE))

    drawn = drawn_signature(picture, 1000, 200, 2)
    assert drawn.size == (400, 160)  # two pixels for a dot
    places = [
        (x, y)
        for y in range(unsigned.height // 2, seen.height - drawn.height)
        for x in [(seen.width - drawn.width) // 2]
        if seen.crop((x, y, x + drawn.width, y + drawn.height)).tobytes() == drawn.tobytes()
    ]
    assert len(places) == 1
    assert given.sha256 in signed.text


# --- fonts ---------------------------------------------------------------------------------------


@needs_chinese
def test_a_chinese_font_has_every_word_of_ours() -> None:
    face = Typeface(CHINESE)

    for words in WORDS.values():
        for word in words.values():
            face.require(word)


@needs_western
def test_a_font_without_chinese_is_refused_with_the_first_character_that_it_lacks() -> None:
    with pytest.raises(
        ConfigError, match=r"lacks [0-9]+ characters of this slip, U\+[0-9A-F]{4}"
    ) as caught:
        as_png(content(), font=WESTERN)

    assert "fonts-wqy-microhei" in str(caught.value)
    assert not Typeface(WESTERN).has("银")
    assert all(Typeface(WESTERN).has(char) for char in "Aé *0")


@needs_western
def test_an_english_slip_needs_no_chinese_font() -> None:
    assert opened(as_png(content(**ENGLISH), 48, font=WESTERN)).size[0] == (48 * 12 + 44) * 2
    with pytest.raises(ConfigError, match="U\\+4E0A 上 first"):
        as_png(content(**(ENGLISH | {"merchant_name": "上"})), font=WESTERN)


@pytest.mark.parametrize("what", [None, b"", b"no font", b"\x00\x01\x00\x00" + bytes(100)])
def test_what_is_no_font_is_refused(what: bytes | None, tmp_path: Path) -> None:
    file = tmp_path / "font.ttf"
    if what is not None:
        file.write_bytes(what)

    with pytest.raises(ConfigError, match="cannot be read as a font"):
        as_png(content(), font=file)


@pytest.mark.parametrize(
    ("module", "made"),
    [
        ("PIL", qr_picture),
        ("qrcode.main", qr_picture),
        ("barcode.codex", partial(barcode_picture, height=1)),
    ],
    ids=["Pillow", "qrcode", "python-barcode"],
)
def test_without_a_library_the_error_says_what_to_install(
    module: str, made: Callable[[str, int], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)

    with pytest.raises(ConfigError, match=re.escape("pip install 'posrefund[print]'")):
        made("A", 1)
    if module == "PIL":
        with pytest.raises(ConfigError, match="Pillow"):
            as_png(content(), font=CHINESE)


# --- pictures of others --------------------------------------------------------------------------


@pytest.mark.parametrize("picture", [b"", b"JBIG", b"\x89PNG\r\n\x1a\n", draw([[(1, 1)]])[:90]])
def test_a_signature_that_is_no_picture_is_refused(picture: bytes) -> None:
    with pytest.raises(ConfigError, match="no picture that Pillow reads"):
        drawn_signature(picture, 100, 100)


def test_a_huge_picture_is_refused_before_it_is_unpacked() -> None:
    from PIL import Image

    file = io.BytesIO()
    Image.new("1", (2001, 1)).save(file, "PNG")
    with pytest.raises(ConfigError, match="larger than 2000"):
        drawn_signature(file.getvalue(), 100, 100)


@needs_chinese
def test_a_notice_is_a_picture_without_code_or_frame() -> None:
    notice = slip_content(outcome(State.IN_DOUBT), DIALECT, original(), options(copy="customer"))
    picture = opened(as_png(notice, font=CHINESE))

    assert picture.height < opened(as_png(content(copy="customer"), font=CHINESE)).height


def test_paper_that_there_is_not_is_refused() -> None:
    with pytest.raises(ConfigError, match="32 or 48"):
        as_png(content(), 33, font=CHINESE)  # type: ignore[arg-type]  # reason: wrong on purpose
