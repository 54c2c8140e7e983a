"""A font that is known to have every character before anything is drawn with it. Floor 8.

A font draws an empty box, or nothing, for what it does not have, and says no word about it. So each character is drawn
and compared with what the font draws for code points that are no characters.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from posrefund.errors import ConfigError
from posrefund.office.slips.pictures import blank

if TYPE_CHECKING:
    from pathlib import Path

    from PIL.ImageFont import FreeTypeFont

__all__ = ["Typeface"]

_NO_CHARACTERS = ("\uffff", "\U0010ffff")
_PROOF_PIXELS = 24


class Typeface:
    """One font file, in every size.

    Args:
        path: A TrueType or OpenType font, or a collection of them.

    Raises:
        ConfigError: Pillow is not installed, or the file is no font or cannot be read.
    """

    def __init__(self, path: Path) -> None:
        blank(1, 1)
        self._path = path
        self._sizes: dict[int, FreeTypeFont] = {}
        self.size(_PROOF_PIXELS)

    def size(self, pixels: int) -> FreeTypeFont:
        """Return the font in one size."""
        from PIL import ImageFont

        if pixels not in self._sizes:
            try:
                self._sizes[pixels] = ImageFont.truetype(
                    str(self._path), pixels, layout_engine=ImageFont.Layout.BASIC
                )
            except (OSError, ValueError):
                raise ConfigError(f"{self._path} cannot be read as a font") from None
        return self._sizes[pixels]

    def require(self, text: str) -> None:
        """Check that the font has every character of *text*.

        Raises:
            ConfigError: It has not; the first that is missing is named.
        """
        missing = [char for char in sorted(set(text)) if not self.has(char)]
        if missing:
            first = missing[0]
            raise ConfigError(
                f"{self._path} lacks {len(missing)} characters of this slip, U+{ord(first):04X} {first} first; "
                "a Chinese slip needs a Chinese font (Debian: fonts-wqy-microhei)"
            )

    def has(self, char: str) -> bool:
        """Say whether the font draws *char* and not what it draws for anything it does not have."""
        return char.isspace() or self._drawn(char) not in self._for_nothing

    @cached_property
    def _for_nothing(self) -> set[bytes]:
        return {self._drawn(char) for char in _NO_CHARACTERS}

    def _drawn(self, char: str) -> bytes:
        from PIL import ImageDraw

        paper: Any = blank(2 * _PROOF_PIXELS, 2 * _PROOF_PIXELS)
        ImageDraw.Draw(paper).text((4, 4), char, fill=0, font=self.size(_PROOF_PIXELS))
        drawn: bytes = paper.tobytes()
        return drawn
