"""Drawings for a page, by hand: a few shapes, and scales with round numbers. Floor 8.

Text stays text, so that whoever looks needs the font and not whoever draws; colours are classes of the page's style,
so that one drawing serves light, dark and paper. Lengths are pixels at full size.
"""

from __future__ import annotations

from html import escape
from math import ceil, floor, log10
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Anchor", "Drawing", "round_ticks", "text_width"]

Anchor = Literal["start", "middle", "end"]
_WIDE = 0x2E80
"""From here on characters are as wide as high."""


class Drawing:
    """A drawing that grows.

    Args:
        width: Of the whole.
        height: Of the whole.
        title: What it is; read aloud where nobody sees it.
        description: What it shows, in a sentence.
    """

    def __init__(self, width: float, height: float, title: str, description: str = "") -> None:
        self.width, self.height = width, height
        self._title, self._description = title, description
        self._parts: list[str] = []

    def rect(self, box: tuple[float, float, float, float], style: str, tip: str = "") -> None:
        """Draw a box: left, top, width, height."""
        x, y, width, height = box
        size = f'x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}" height="{max(height, 0):.1f}"'
        self._add("rect", f'{size} rx="2"', style, tip)

    def line(self, ends: tuple[float, float, float, float], style: str) -> None:
        """Draw a line from one point to another."""
        x1, y1, x2, y2 = ends
        self._add("line", f'x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"', style)

    def path(self, points: Sequence[tuple[float, float]], style: str) -> None:
        """Draw a line through *points*."""
        text = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self._add("polyline", f'points="{text}"', style)

    def area(self, points: Sequence[tuple[float, float]], style: str) -> None:
        """Fill what *points* go round."""
        text = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self._add("polygon", f'points="{text}"', style)

    def ribbon(
        self,
        start: tuple[float, float],
        end: tuple[float, float],
        width: float,
        style: str,
        tip: str,
    ) -> None:
        """Draw a band that goes over from one height to another."""
        (x1, y1), (x2, y2) = start, end
        middle = (x1 + x2) / 2
        curve = (
            f"M{x1:.1f},{y1:.1f} C{middle:.1f},{y1:.1f} {middle:.1f},{y2:.1f} {x2:.1f},{y2:.1f}"
            f" V{y2 + width:.1f} C{middle:.1f},{y2 + width:.1f} {middle:.1f},{y1 + width:.1f} {x1:.1f},{y1 + width:.1f} Z"
        )
        self._add("path", f'd="{curve}"', style, tip)

    def dot(self, x: float, y: float, radius: float, style: str, tip: str = "") -> None:
        """Draw a dot."""
        self._add("circle", f'cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}"', style, tip)

    def text(
        self, x: float, y: float, text: str, *, anchor: Anchor = "start", style: str = "label"
    ) -> None:
        """Write *text*; *y* is the line that it stands on."""
        place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
        self._parts.append(f'<text {place} class="{style}">{escape(text)}</text>')

    def __str__(self) -> str:
        """The drawing, to put into a page."""
        box = f'viewBox="0 0 {self.width:.0f} {self.height:.0f}"'
        title = f"<title>{escape(self._title)}</title>"
        described = f"<desc>{escape(self._description)}</desc>" if self._description else ""
        label = escape(f"{self._title}. {self._description}".strip(" ."), quote=True)
        inside = "".join(self._parts)
        return f'<svg {box} role="img" aria-label="{label}">{title}{described}{inside}</svg>'

    def _add(self, name: str, shape: str, style: str, tip: str = "") -> None:
        inside = f"><title>{escape(tip)}</title></{name}>" if tip else "/>"
        self._parts.append(f'<{name} {shape} class="{style}"{inside}')


def round_ticks(highest: float, count: int = 4, *, whole: bool = False) -> list[float]:
    """Return about *count* round numbers from 0 to *highest* or right above it; *whole* ones where things are counted.

    Example:
        >>> from posrefund.office.report.svg import round_ticks
        >>> round_ticks(87)
        [0.0, 25.0, 50.0, 75.0, 100.0]
    """
    if highest <= 0:
        return [0.0, 1.0]
    raw = max(highest / count, 1 if whole else 0)
    magnitude = 10 ** floor(log10(raw))
    step = next(
        m * magnitude
        for m in ((1, 2, 5, 10) if whole else (1, 2, 2.5, 5, 10))
        if m * magnitude >= raw * 0.999
    )
    return [step * n for n in range(ceil(highest / step - 1e-9) + 1)]


def text_width(text: str) -> float:
    """Return about how wide *text* is at the size of a label.

    Example:
        >>> from posrefund.office.report.svg import text_width
        >>> text_width("已受理") > text_width("abc")
        True
    """
    return sum(12.0 if ord(char) >= _WIDE else 7.2 for char in text)
