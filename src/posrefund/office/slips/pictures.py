"""Small pictures on a slip: the QR code, and a signature that was drawn. Floor 8."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from posrefund.errors import ConfigError

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = [
    "bar_modules",
    "barcode_picture",
    "blank",
    "drawn_signature",
    "qr_dots",
    "qr_modules",
    "qr_picture",
]

_WHITE = 255
_QUIET_MODULES = 4
"""ISO/IEC 18004: as much white on each side."""
_BAR_MODULES_MAX = 48 * 12 // 2
"""Modules of a bar code, two dots each, that go on paper of 48 columns."""
_QUIET_BAR_MODULES = 10
"""ISO/IEC 15417: as much white on each side."""
_SIDE_MAX = 2000
"""Pixels of a signature, each way; more is no signature."""


def blank(width: int, height: int) -> Image:
    """Return white paper of *width* by *height* pixels, 8 bits of grey each.

    Raises:
        ConfigError: Pillow is not installed.
    """
    try:
        from PIL import Image
    except ImportError:
        raise ConfigError("pictures need Pillow: pip install 'posrefund[print]'") from None
    return Image.new("L", (width, height), _WHITE)


def qr_picture(text: str, dots: int) -> Image:
    """Return the QR code of *text*, a module *dots* pixels wide, in the quiet zone that readers want; correction level M.

    Args:
        text: ASCII.
        dots: Whole pixels, so that every edge is sharp.

    Raises:
        ConfigError: A library for it is not installed.
    """
    modules = qr_modules(text)
    picture = blank(len(modules), len(modules))
    picture.putdata([0 if dark else _WHITE for row in modules for dark in row])
    side = len(modules) * dots
    return picture.resize((side, side), resample=0)


def qr_dots(text: str, room: int, most: int) -> int:
    """Return how many dots a module of the QR code of *text* takes: *most*, or fewer where *room* dots are not enough.

    Raises:
        ConfigError: A library for it is not installed.
    """
    return min(most, room // len(qr_modules(text)))


def bar_modules(text: str) -> str:
    """Return the modules of *text* as Code 128 and the quiet zones beside them; dark is 1.

    Raises:
        ConfigError: A library for it is not installed, or the text is too long for paper of 48 columns.
    """
    try:
        from barcode.codex import Code128
    except ImportError:
        raise ConfigError("bar codes need python-barcode: pip install 'posrefund[print]'") from None
    (modules,) = Code128(text).build()
    quiet = "0" * _QUIET_BAR_MODULES
    if len(modules) + 2 * _QUIET_BAR_MODULES > _BAR_MODULES_MAX:
        raise ConfigError("the reference is too long for a bar code: take a QR code")
    return f"{quiet}{modules}{quiet}"


def barcode_picture(text: str, dots: int, height: int) -> Image:
    """Return *text* as Code 128, a module *dots* pixels wide, *height* pixels high, with the white that readers want.

    Args:
        text: ASCII.
        dots: Whole pixels, so that every edge is sharp.
        height: Pixels.

    Raises:
        ConfigError: A library for it is not installed, or the text is too long for paper of 48 columns.
    """
    modules = bar_modules(text)
    row = blank(len(modules), 1)
    row.putdata([0 if module == "1" else _WHITE for module in modules])
    return row.resize((len(modules) * dots, height), resample=0)


def drawn_signature(picture: bytes, width: int, height: int, dots: int = 1) -> Image:
    """Return a signature in grey, *dots* pixels for one of its own, but no larger than *width* by *height*.

    Raises:
        ConfigError: Pillow is not installed, or reads no picture there.
    """
    blank(1, 1)
    from PIL import Image

    try:
        with Image.open(io.BytesIO(picture)) as opened:
            if max(opened.size) > _SIDE_MAX:
                raise ConfigError("the signature is larger than 2000 pixels")
            drawn = opened.convert("L")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise ConfigError("the signature is no picture that Pillow reads") from None
    drawn = drawn.resize((drawn.width * dots, drawn.height * dots), resample=0)
    drawn.thumbnail((width, height))
    return drawn


def qr_modules(text: str) -> list[list[bool]]:
    """Return the rows of the QR code of *text*, with its quiet zone; dark is True.

    Raises:
        ConfigError: qrcode is not installed.
    """
    try:
        from qrcode.constants import ERROR_CORRECT_M
        from qrcode.main import QRCode
    except ImportError:
        raise ConfigError("QR codes need qrcode: pip install 'posrefund[print]'") from None
    code = QRCode(border=_QUIET_MODULES, error_correction=ERROR_CORRECT_M)
    code.add_data(text)
    return [[bool(dark) for dark in row] for row in code.get_matrix()]
