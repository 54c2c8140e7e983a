"""A QR code as a path of SVG, for a page that loads nothing from anywhere. Floor 10."""

from __future__ import annotations

from functools import lru_cache

__all__ = ["qr_path"]


@lru_cache(maxsize=64)
def qr_path(text: str) -> tuple[str, int]:
    """Return the path of *text*'s QR code and how many modules it is wide; nothing where there is no text.

    Without the extra ``print`` there is none: the text itself has to do.

    Example:
        >>> from posrefund.gateway.qr import qr_path
        >>> qr_path("")
        ('', 0)
    """
    if not text:
        return "", 0
    try:
        import qrcode
    except ImportError:
        return "", 0
    code = qrcode.QRCode(border=2)
    code.add_data(text)
    rows = code.get_matrix()
    dark = (
        f"M{x} {y}h1v1h-1z"
        for y, row in enumerate(rows)
        for x, is_dark in enumerate(row)
        if is_dark
    )
    return "".join(dark), len(rows)
