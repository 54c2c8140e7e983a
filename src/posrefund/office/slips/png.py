"""A slip as a picture: for a screen, a mail, or a printer that prints pictures. Floor 8."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from posrefund.office.slips.pictures import (
    barcode_picture,
    drawn_signature,
    qr_dots,
    qr_picture,
)
from posrefund.office.slips.sheet import BLACK, GREY, Sheet
from posrefund.office.slips.text import check_paper
from posrefund.office.slips.typeface import Typeface

if TYPE_CHECKING:
    from pathlib import Path

    from posrefund.office.slips.content import Section, SignaturePlace, SlipContent
    from posrefund.office.slips.text import Columns

__all__ = ["as_png"]

_TITLE, _BODY, _SMALL, _LARGE, _LARGEST = 32, 21, 18, 28, 40
"""Heights of type in dots of a receipt printer, 8 a millimetre."""
_QR_DOTS, _BAR_DOTS, _SIGNATURE_DOTS = 6, 80, 110


def as_png(content: SlipContent, columns: Columns = 32, *, font: Path, dots: int = 2) -> bytes:
    """Return *content* as a PNG, in grey.

    Args:
        content: What to draw.
        columns: Of the paper: 32 are 58 mm, 48 are 80 mm.
        font: A font file that has every character of it.
        dots: Pixels for a dot of a receipt printer: 1 to print it, 2 for a screen.

    Raises:
        ConfigError: Pillow or qrcode is not installed; the font cannot be read, or lacks a character; neither 32 nor
            48 columns, or a bar code on 32; or the signature is no picture.
    """
    check_paper(content, columns)
    face = Typeface(font)
    face.require(content.text)
    sheet = Sheet(face, columns * 12, dots)
    sheet.banner(content.watermark)
    _head(sheet, content)
    for place, section in enumerate(content.sections):
        if place == content.middle:
            sheet.banner(content.watermark)
        sheet.rule()
        _section(sheet, section)
    sheet.rule()
    for remark in content.remarks:
        size, shade = (_BODY, BLACK) if content.is_notice else (_SMALL, GREY)
        sheet.paragraph(remark, size, shade=shade)
    if content.signature is not None:
        _signature(sheet, content.signature)
    if content.code:
        if content.is_barcode:
            sheet.picture(barcode_picture(content.code, 2 * dots, _BAR_DOTS * dots))
        else:
            _qr(sheet, content.code)
        sheet.centred(content.code, _SMALL)
    sheet.banner(content.watermark)
    file = io.BytesIO()
    sheet.finish(content.watermark).save(file, format="PNG")
    return file.getvalue()


def _head(sheet: Sheet, content: SlipContent) -> None:
    sheet.centred(content.title, _TITLE, is_bold=True)
    sheet.pill(content.copy, _SMALL)
    for mark in content.marks:
        sheet.centred(mark, _BODY, is_bold=True)


def _section(sheet: Sheet, section: Section) -> None:
    """What people look at first is large, and the last of it, the amount or the result, larger."""
    for place, each in enumerate(section.lines, start=1):
        large = _LARGEST if place == len(section.lines) else _LARGE
        size = large if section.is_large else _BODY
        sheet.pair(each.label, each.value, size, is_bold=section.is_large)


def _signature(sheet: Sheet, place: SignaturePlace) -> None:
    sheet.paragraph(place.consent, _SMALL, shade=GREY)
    if place.scan:
        _qr(sheet, place.scan)
        sheet.centred(place.scan_label, _SMALL)
    if place.given:
        sheet.pair(place.label, place.given, _BODY)
        sheet.paragraph(place.digest, 14, shade=GREY)
    if place.picture or not place.given:
        room = (sheet.width - 40 * sheet.dots, (_SIGNATURE_DOTS - 10) * sheet.dots)
        drawn = drawn_signature(place.picture, *room, sheet.dots) if place.picture else None
        sheet.box("" if place.given else place.label, _SIGNATURE_DOTS, drawn)


def _qr(sheet: Sheet, text: str) -> None:
    dots = qr_dots(text, sheet.width // sheet.dots, _QR_DOTS)
    sheet.picture(qr_picture(text, dots * sheet.dots))
