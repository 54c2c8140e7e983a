"""A slip as the bytes of a receipt printer: ESC/POS through python-escpos, Chinese as GB18030. Floor 8.

Chinese printers take Chinese characters as they stand in GB 18030 once ``FS &`` was sent, and print each in two columns;
ASCII stays what it is. So nothing here asks for code pages. What a printer has of its own (QR codes, a knife) is asked
of its profile; a QR code that it lacks goes as a picture.
"""

from __future__ import annotations

import io
from contextlib import redirect_stdout
from typing import TYPE_CHECKING, Any

from posrefund.errors import ConfigError
from posrefund.office.paper import centred, lines, rule, width, wrap
from posrefund.office.slips.pictures import (
    bar_modules,
    blank,
    drawn_signature,
    qr_dots,
    qr_picture,
)
from posrefund.office.slips.text import check_paper

if TYPE_CHECKING:
    from collections.abc import Iterable

    from PIL.Image import Image

    from posrefund.office.slips.content import Section, SignaturePlace, SlipContent
    from posrefund.office.slips.text import Columns

__all__ = ["as_escpos"]

_CHINESE = b"\x1c&"
"""FS &: what follows may hold characters of two and four bytes."""
_ANY_PRINTER = "default"
"""Nobody said which: its columns are believed."""
_DOTS_A_COLUMN = 12
_QR_DOTS = 6
_QR_LEVEL_M = 1
_BAR_DOTS, _BAR_DOTS_HIGH = 2, 80
_LARGE = 2
_SIGNATURE_DOTS_HIGH = 160
_WAYS, _OLDEST_WAY = ("bitImageRaster", "graphics"), "bitImageColumn"


def as_escpos(content: SlipContent, columns: Columns = 32, *, profile: str = _ANY_PRINTER) -> bytes:
    """Return *content* for a printer, from its reset to the cut.

    Args:
        content: What to print.
        columns: Of its paper.
        profile: The printer, by its name in the ESC/POS printer database that python-escpos brings.

    Raises:
        ConfigError: python-escpos is not installed, or knows no such printer; the printer has not so many
            columns, or no printer has, or they are too few for a bar code; or the signature is no picture.

    Source:
        Epson, ESC/POS Command Reference: ESC @, ESC a, ESC E, GS !, GS B, GS ( k, GS k, GS V; FS & as printers sold in
        China document it.
    """
    check_paper(content, columns)
    job = _Job(_printer(profile, columns), columns)
    job.begin(has_chinese=not content.text.isascii())
    job.print(content)
    return job.end()


def _printer(profile: str, columns: int) -> Any:
    try:
        from escpos.printer import Dummy
    except ImportError:
        raise ConfigError("ESC/POS needs python-escpos: pip install 'posrefund[print]'") from None
    try:
        printer = Dummy(profile=profile)
        has = int(printer.profile.get_columns("a"))
    except KeyError:
        raise ConfigError("python-escpos knows no printer profile of that name") from None
    if profile != _ANY_PRINTER and has < columns:
        raise ConfigError(f"that printer has {has} columns on a line, not {columns}")
    return printer


class _Job:
    """One slip on its way into a printer."""

    def __init__(self, printer: Any, columns: int) -> None:
        self._printer, self._columns = printer, columns

    def begin(self, *, has_chinese: bool) -> None:
        self._printer.hw("INIT")
        if has_chinese:
            self._printer._raw(_CHINESE)  # noqa: SLF001 — its way to say what it has no word for

    def end(self) -> bytes:
        self._printer.cut()
        done: bytes = self._printer.output
        return done

    def print(self, content: SlipContent) -> None:
        self._banner(content.watermark)
        self._large(content.title)
        self._lines(self._middle(content.copy))
        for mark in content.marks:
            self._lines(self._middle(mark))
        for place, section in enumerate(content.sections):
            if place == content.middle:
                self._banner(content.watermark)
            self._lines([rule(self._columns)])
            self._section(section)
        self._lines([rule(self._columns)])
        for remark in content.remarks:
            self._lines(wrap(remark, self._columns))
        if content.signature is not None:
            self._signature(content.signature)
        if content.code:
            (self._barcode if content.is_barcode else self._qr)(content.code)
            self._lines(self._middle(content.code))
        self._banner(content.watermark)

    def _section(self, section: Section) -> None:
        """What is large is twice as high, so that as much goes on a line."""
        if section.is_large:
            self._size(1, 2)
            self._printer.set(bold=True)
        for each in section.lines:
            self._lines(lines(each.label, each.value, self._columns))
        if section.is_large:
            self._size(1, 1)
            self._printer.set(bold=False)

    def _signature(self, place: SignaturePlace) -> None:
        self._lines(wrap(place.consent, self._columns))
        if place.given:
            self._lines(lines(place.label, place.given, self._columns))
            self._lines(wrap(place.digest, self._columns))
            if place.picture:
                dots = self._columns * _DOTS_A_COLUMN
                self._image(drawn_signature(place.picture, dots, _SIGNATURE_DOTS_HIGH))
            return
        if place.scan:
            self._qr(place.scan)
            self._lines(self._middle(place.scan_label))
        self._lines([f"{place.label}:", "", "", "_" * self._columns])

    def _banner(self, text: str) -> None:
        """White on black."""
        if text:
            self._printer.set(invert=True, bold=True)
            for part in self._middle(text):
                self._lines([part + " " * (self._columns - width(part))])  # black to both edges
            self._printer.set(invert=False, bold=False)

    def _large(self, text: str) -> None:
        """In letters of twice the size, in the middle."""
        columns = self._columns // _LARGE
        self._size(_LARGE, _LARGE)
        self._lines([centred(part, columns).rstrip() for part in wrap(text, columns)])
        self._size(1, 1)

    def _size(self, wide: int, high: int) -> None:
        """GS !, which counts for Chinese characters, too; ESC ! does not, and ends bold type."""
        self._printer.set(custom_size=True, width=wide, height=high)

    def _qr(self, text: str) -> None:
        """By the printer's own means where it has them, else as a picture."""
        dots = qr_dots(text, self._columns * _DOTS_A_COLUMN, _QR_DOTS)
        if not self._printer.profile.supports("qrCode"):
            self._image(qr_picture(text, dots))
            return
        self._printer.set(align="center")
        self._printer.qr(text, native=True, ec=_QR_LEVEL_M, size=dots)
        self._printer.set(align="left")

    def _barcode(self, text: str) -> None:
        """By the printer's own means, which all of 48 columns have; the text below it is ours."""
        bar_modules(text)  # that it fits
        with redirect_stdout(io.StringIO()):  # it prints that it prints
            self._printer.barcode(
                f"{{B{text}", "CODE128", _BAR_DOTS_HIGH, _BAR_DOTS, "OFF", function_type="B"
            )
        self._printer.set(align="left")

    def _image(self, picture: Image) -> None:
        """In the first way of pictures that the printer has, in the middle of the paper."""
        has = self._printer.profile.supports
        way = next((way for way in _WAYS if has(way)), _OLDEST_WAY)
        wide = blank(self._columns * _DOTS_A_COLUMN, picture.height)
        wide.paste(picture, ((wide.width - picture.width) // 2, 0))
        with redirect_stdout(io.StringIO()):  # it prints what it thinks of the profile
            self._printer.image(wide.convert("RGB"), impl=way)

    def _middle(self, text: str) -> list[str]:
        return [centred(part, self._columns) for part in wrap(text, self._columns)]

    def _lines(self, text: Iterable[str]) -> None:
        for each in text:
            self._printer._raw(f"{each}\n".encode("gb18030"))  # noqa: SLF001 — text() would look for a code page
