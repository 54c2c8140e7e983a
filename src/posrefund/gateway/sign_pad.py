"""What is drawn on a screen becomes a picture that a host takes, and is kept where the shop's signatures are. Floor 10."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, TypeAlias

from msgspec import Meta

from posrefund.counter import Pad
from posrefund.engine.signature_upload import packets_of
from posrefund.errors import InvalidRequestError
from posrefund.office.signature_pictures import as_jbig
from posrefund.office.signatures import draw, keep

if TYPE_CHECKING:
    from pathlib import Path

    from posrefund.dialects.signature import SignatureUpload

__all__ = ["HEIGHT", "INK_MAX", "WIDTH", "SignPad", "Strokes"]

WIDTH, HEIGHT = 384, 128
"""Pixels of the picture; a page draws it at any size."""
INK_MIN, INK_MAX = 16, 12_000
"""Pixels that the pen goes over, all together: less is a slip of the finger, more is nobody's name."""

_X: TypeAlias = Annotated[int, Meta(ge=0, lt=WIDTH)]
_Y: TypeAlias = Annotated[int, Meta(ge=0, lt=HEIGHT)]
Strokes: TypeAlias = Annotated[
    list[Annotated[list[tuple[_X, _Y]], Meta(min_length=1, max_length=4_000)]],
    Meta(
        min_length=1,
        max_length=256,
        description="1 to 256 strokes of 1 to 4000 points [x, y], 0 to 383 from the left and 0 to 127 from above",
    ),
]
"""From pen down to pen up, each."""


@dataclass(frozen=True, slots=True)
class SignPad:
    """What one counter does with drawings.

    Attributes:
        folder: Where pictures are kept; None: nowhere.
        rule: How the host takes them; None where it takes none.
        phone_url: Where phones reach this door; empty: nowhere.
        shop: What the customer knows the shop by.
    """

    folder: Path | None = None
    rule: SignatureUpload | None = None
    phone_url: str = ""
    shop: str = ""

    @property
    def pads(self) -> tuple[Pad, ...]:
        """Where customers may draw."""
        if self.folder is None:
            return ()
        return (Pad.HERE, Pad.PHONE) if self.phone_url else (Pad.HERE,)

    def address(self, secret: str) -> str:
        """Return what a phone opens to draw."""
        return f"{self.phone_url}/sign/{secret}"

    def picture(self, strokes: list[list[tuple[int, int]]]) -> bytes:
        """Return what was drawn as a PNG of black and white, 384 × 128.

        Raises:
            InvalidRequestError: Path ``strokes``: hardly anything, or more than a name takes or the host does.
        """
        ink = sum(
            max(abs(to_x - x), abs(to_y - y))
            for stroke in strokes
            for (x, y), (to_x, to_y) in pairwise(stroke)
        )
        if not INK_MIN <= ink <= INK_MAX:
            raise _unlike(f"lines of {INK_MIN} to {INK_MAX} pixels all together")
        picture = draw(strokes, WIDTH, HEIGHT)
        if self.rule is not None:
            try:
                packets_of(as_jbig(picture), self.rule)
            except InvalidRequestError:
                raise _unlike("no more than the host takes of a picture") from None
        return picture

    def keep(self, picture: bytes) -> None:
        """Store *picture* where ``posrefund upload-signatures`` finds it.

        Raises:
            ConfigError: It cannot be written there.
        """
        assert self.folder is not None
        keep(picture, self.folder)


def _unlike(expected: str) -> InvalidRequestError:
    return InvalidRequestError([("strokes", expected)])
