"""A drawing of upright columns side by side: its axes, its names, and a legend. Floor 8."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posrefund.office.report.svg import Drawing, round_ticks, text_width

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["Columns", "legend"]

_WIDTH, _HEIGHT = 600, 270
_TOP, _BOTTOM = 18, 30
_GAP = 0.28
_NARROW = 0.86
"""Most fonts are narrower than the one that widths are guessed for; names of columns may come close."""


class Columns(Drawing):
    """Columns over names.

    Args:
        title: What it is.
        description: What it shows.
        names: Under the columns.
        highest: The highest value.
        lowest: The lowest, 0 or less.
        shown: How a value is written on the axis.
        more: Room on top for a legend.
        whole: Whether things are counted.
    """

    def __init__(  # noqa: PLR0913 — an axis has so many sides
        self,
        title: str,
        description: str,
        *,
        names: Sequence[str],
        highest: float,
        shown: Callable[[float], str],
        lowest: float = 0,
        more: float = 0,
        whole: bool = False,
    ) -> None:
        super().__init__(_WIDTH, _HEIGHT + more, title, description)
        below = [-tick for tick in round_ticks(-lowest, 1)[:0:-1]] if lowest < 0 else []
        self._ticks = below + round_ticks(highest, whole=whole)
        self._top = _TOP + more
        labels = [shown(tick) for tick in self._ticks]
        self._left = max(34.0, max(map(text_width, labels)) + 12)
        self._names = list(names)
        for tick, label in zip(self._ticks, labels, strict=True):
            y = self.y(tick)
            self.line((self._left, y, self.width - 4, y), "axis" if tick == 0 else "grid")
            self.text(self._left - 7, y + 4, label, anchor="end", style="tick")
        self._write_names()

    def y(self, value: float) -> float:
        """Return how far down *value* is."""
        low, high = self._ticks[0], self._ticks[-1]
        bottom = self.height - _BOTTOM
        return bottom - (value - low) / (high - low) * (bottom - self._top)

    def band(self, place: int, gap: float = _GAP) -> tuple[float, float]:
        """Return left side and width of the column at *place*."""
        step = (self.width - 4 - self._left) / max(len(self._names), 1)
        # A lone column as wide as the drawing would be a wall.
        width = min(step * (1 - gap), 84)
        return self._left + step * place + (step - width) / 2, width

    def column(
        self, place: int, start: float, end: float, style: str, *, tip: str = "", gap: float = _GAP
    ) -> None:
        """Draw one from the value *start* to the value *end*."""
        left, width = self.band(place, gap)
        top, bottom = self.y(max(start, end)), self.y(min(start, end))
        height = max(bottom - top, 1.5 if start != end else 0)
        self.rect((left, bottom - height, width, height), style, tip)

    def middle(self, place: int) -> float:
        """Return the middle of the column at *place*."""
        left, width = self.band(place)
        return left + width / 2

    def _write_names(self) -> None:
        widest = max(map(text_width, self._names), default=0) * _NARROW + 6
        step = (self.width - 4 - self._left) / max(len(self._names), 1)
        every = max(1, -int(-widest // step))
        for place, name in enumerate(self._names):
            if place % every == 0:
                self.text(self.middle(place), self.height - _BOTTOM + 17, name, anchor="middle")


def legend(drawing: Drawing, entries: Sequence[tuple[str, str]], *, y: float = 12) -> None:
    """Write a legend from the right side: styles and their words."""
    x = drawing.width - 4
    for style, text in reversed(entries):
        x -= text_width(text)
        drawing.text(x, y, text)
        x -= 15
        drawing.rect((x, y - 9, 10, 10), style)
        x -= 14
