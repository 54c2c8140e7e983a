"""Pictures in files: the same that is on the screen, as SVG or HTML that fetches nothing. Floor 11."""

from __future__ import annotations

import html
import io
import itertools
import re
from typing import TYPE_CHECKING

import typer
from rich.cells import cell_len
from rich.console import Console

from posrefund.errors import InvalidRequestError

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import RenderableType

__all__ = ["own_fonts", "save_picture", "svg_of"]

_COLUMNS = 120
"""Wide enough for tree and map side by side."""
_FONT_FACE = re.compile(r"@font-face \{.*?\}", re.DOTALL)
_TEXT = re.compile(
    r'<text class="([^"]+)" x="([^"]+)" y="([^"]+)" textLength="([^"]+)"([^>]*)>(.*?)</text>'
)
_CELL_WIDTH = 12.2
"""Rich draws a cell so wide, and gives Chinese characters one cell each where they need two."""


def save_picture(picture: RenderableType, file: Path, *, title: str) -> None:
    """Draw *picture* into *file*, whose name says how.

    Raises:
        InvalidRequestError: The name ends neither in ``.svg`` nor in ``.html``.
    """
    suffix = file.suffix.lower()
    if suffix not in (".svg", ".html"):
        raise InvalidRequestError([("--save", "a file name that ends in .svg or .html")])
    console = Console(record=True, width=_COLUMNS, file=io.StringIO(), highlight=False)
    console.print(picture)
    text = svg_of(console, title=title) if suffix == ".svg" else console.export_html()
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise typer.BadParameter(f"{file}: {error.strerror}") from None


def svg_of(console: Console, *, title: str) -> str:
    """Return what *console* recorded, in the fonts of whoever looks at it."""
    return own_fonts(console.export_svg(title=title))


def own_fonts(svg: str) -> str:
    """Return a picture that Rich or Textual drew, in the fonts of whoever looks at it, wide characters in their places."""
    return _TEXT.sub(_runs, _FONT_FACE.sub("", svg))


def _runs(match: re.Match[str]) -> str:
    """Write one text as runs of wide and of narrow characters, each where its cells are."""
    style, x, y, _, rest, escaped = match.groups()
    at = float(x)
    parts = []
    for _, run in itertools.groupby(html.unescape(escaped), lambda char: cell_len(char) == 2):
        text = "".join(run)
        length = _CELL_WIDTH * cell_len(text)
        shown = html.escape(text).replace("\N{NO-BREAK SPACE}", "&#160;")
        anchor = f'x="{at:g}" y="{y}" textLength="{length:g}"{rest}'
        parts.append(f'<text class="{style}" {anchor}>{shown}</text>')
        at += length
    return "".join(parts)
