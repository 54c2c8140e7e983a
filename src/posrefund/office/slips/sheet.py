"""A sheet of paper that is written on from the top down, as long as it has to be. Floor 8."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posrefund.office.paper import wrap
from posrefund.office.slips.pictures import blank

if TYPE_CHECKING:
    from collections.abc import Callable

    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw

    from posrefund.office.slips.typeface import Typeface

__all__ = ["BLACK", "GREY", "Sheet"]

BLACK, GREY = 0, 95
_LIGHT, _WHITE = 222, 255
_MARGIN = 22
_LEADING = 1.45
"""Height of a line in heights of its type."""
_WATERMARK_DEGREES = 32


class Sheet:
    """Paper of one width; every method writes below what stands already.

    Args:
        face: What it is written in.
        width: Between the margins, in dots.
        dots: Pixels for one dot; sizes are given in dots.

    Attributes:
        width: Between the margins, in pixels.
        dots: As given.
    """

    def __init__(self, face: Typeface, width: int, dots: int) -> None:
        self._face, self.dots = face, dots
        self.width = width * dots
        self._margin = _MARGIN * dots
        self._height = self._margin
        self._strokes: list[Callable[[Image, ImageDraw], None]] = []

    def centred(self, text: str, size: int, *, is_bold: bool = False, shade: int = BLACK) -> None:
        """Write *text* in the middle, in as many lines as it takes."""
        for part in self._wrapped(text, size):
            left = self._margin + (self.width - self._length(part, size)) / 2
            self._text(left, part, size, shade=shade, is_bold=is_bold)
            self._down(size * _LEADING)

    def paragraph(self, text: str, size: int, *, shade: int = BLACK) -> None:
        """Write *text* from the left margin on."""
        for part in self._wrapped(text, size):
            self._text(self._margin, part, size, shade=shade)
            self._down(size * _LEADING)

    def pair(self, label: str, value: str, size: int, *, is_bold: bool = False) -> None:
        """Write *label* on the left in grey and *value* on the right; below it, where there is no room beside it."""
        small = min(size, 20)
        parts = self._wrapped(value, size)
        if len(parts) > 1:
            parts = self._wrapped(value, size, indent=small)
        room = self.width - self._length(label, small) - 12 * self.dots
        fits_beside = len(parts) == 1 and self._length(value, size) <= room
        self._text(self._margin, label, small, shade=GREY, drop=(size - small) * 0.85)
        if not fits_beside:
            self._down(small * _LEADING)
        for part in parts:
            right = self._margin + self.width - self._length(part, size)
            left = right if len(parts) == 1 else self._margin + small * self.dots
            self._text(left, part, size, is_bold=is_bold)
            self._down(size * _LEADING)

    def rule(self) -> None:
        """Draw a dashed line across the paper."""
        self._down(7)
        y, step = self._height, 6 * self.dots

        def draw(_: Image, pen: ImageDraw) -> None:
            for x in range(self._margin, self._margin + self.width, step):
                right = min(x + step // 2, self._margin + self.width)
                pen.line((x, y, right, y), fill=GREY, width=self.dots)

        self._strokes.append(draw)
        self._down(8)

    def pill(self, text: str, size: int) -> None:
        """Write *text* in the middle, in a rounded frame."""
        half = (self._length(text, size) / 2) + 14 * self.dots
        middle, top = self._margin + self.width / 2, self._height
        bottom = top + size * 1.6 * self.dots

        def draw(_: Image, pen: ImageDraw) -> None:
            box = (middle - half, top, middle + half, bottom)
            pen.rounded_rectangle(box, radius=(bottom - top) / 2, outline=BLACK, width=self.dots)

        self._strokes.append(draw)
        self._down(size * 0.22)
        self.centred(text, size)
        self._down(size * 0.25)

    def banner(self, text: str) -> None:
        """Write *text* white on black across the paper; nothing for nothing."""
        if not text:
            return
        size = 22
        self._down(8)
        parts, top = self._wrapped(text, size), self._height
        bottom = top + (len(parts) * size * _LEADING + 6) * self.dots

        def draw(_: Image, pen: ImageDraw) -> None:
            pen.rectangle((self._margin, top, self._margin + self.width, bottom), fill=BLACK)

        self._strokes.append(draw)
        self._down(5)
        self.centred(text, size, is_bold=True, shade=_WHITE)
        self._down(10)

    def picture(self, picture: Image) -> None:
        """Put *picture* in the middle."""
        self._down(6)
        x, y = self._margin + (self.width - picture.width) // 2, self._height
        self._strokes.append(lambda paper, _: paper.paste(picture, (x, y)))
        self._height += picture.height
        self._down(4)

    def box(self, label: str, height: int, inside: Image | None = None) -> None:
        """Draw a frame to write in, *label* in its corner, *inside* in its middle."""
        self._down(4)
        left, top = self._margin, self._height
        right, bottom = left + self.width, top + height * self.dots

        def draw(paper: Image, pen: ImageDraw) -> None:
            corners = (left, top, right, bottom)
            pen.rounded_rectangle(corners, radius=8 * self.dots, outline=BLACK, width=self.dots)
            if inside is not None:
                x, y = (left + right - inside.width) // 2, (top + bottom - inside.height) // 2
                paper.paste(inside, (x, y))

        self._strokes.append(draw)
        self._text(left + 12 * self.dots, label, 16, shade=GREY, drop=6)
        self._down(height + 8)

    def finish(self, watermark: str = "") -> Image:
        """Return the sheet, cut off below what was written last; *watermark* lies under all of it."""
        from PIL import ImageDraw

        paper = blank(self.width + 2 * self._margin, self._height + self._margin)
        if watermark:
            self._soak(paper, watermark)
        pen = ImageDraw.Draw(paper)
        for stroke in self._strokes:
            stroke(paper, pen)
        return paper

    # --- inside ------------------------------------------------------------------------------

    def _soak(self, paper: Image, watermark: str) -> None:
        """Write *watermark* across all of *paper*, again and again, too light to hide anything."""
        from PIL import ImageDraw

        side = paper.width + paper.height
        cloth, font = blank(side, side), self._face.size(30 * self.dots)
        pen = ImageDraw.Draw(cloth)
        step = round(font.getlength(watermark)) + 60 * self.dots
        for row, y in enumerate(range(0, side, 150 * self.dots)):
            for x in range(-step // 2 * (row % 2), side, step):
                pen.text((x, y), watermark, fill=_LIGHT, font=font)
        turned = cloth.rotate(_WATERMARK_DEGREES, fillcolor=_WHITE)
        left, top = (side - paper.width) // 2, (side - paper.height) // 2
        paper.paste(turned.crop((left, top, left + paper.width, top + paper.height)))

    def _text(
        self,
        left: float,
        text: str,
        size: int,
        *,
        shade: int = BLACK,
        is_bold: bool = False,
        drop: float = 0,
    ) -> None:
        """Write one line; bold is a stroke round every letter, as fonts for Chinese seldom have a bold one."""
        font, at = self._face.size(size * self.dots), (left, self._height + drop * self.dots)
        stroke = self.dots / 2 if is_bold else 0
        self._strokes.append(
            lambda _, pen: pen.text(at, text, fill=shade, font=font, stroke_width=stroke)
        )

    def _wrapped(self, text: str, size: int, indent: int = 0) -> list[str]:
        room = self.width - indent * self.dots
        return wrap(text, room, lambda part: self._length(part, size))

    def _length(self, text: str, size: int) -> float:
        length: float = self._face.size(size * self.dots).getlength(text)
        return length

    def _down(self, dots: float) -> None:
        self._height += round(dots * self.dots)
