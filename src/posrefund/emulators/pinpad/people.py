"""Whose card is shown to the emulated pad, and what its owner does when asked for the PIN. Floor 9, data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from posrefund.values import PAN

__all__ = ["PINAct", "ShownCard"]

PINAct = Literal["cancel", "nothing", "short"]
"""``cancel``: presses it. ``nothing``: walks away. ``short``: presses enter after too few digits, then walks away."""


@dataclass(frozen=True, slots=True)
class ShownCard:
    """A card as it lies in front of the pad.

    Attributes:
        pan: Its number; a public test number.
        expiry: YYMM.
        way: How it is shown.
        sequence_number: Two digits, chip and contactless.
        service_code: Three digits on the stripe; 2 or 6 at its beginning says that there is a chip.
        is_chip_broken: The chip was tried and did not work.
    """

    pan: PAN = field(default_factory=lambda: PAN("6200000000000005"))
    expiry: str = "3012"
    way: Literal["chip", "stripe", "tap", "tapped_stripe"] = "chip"
    sequence_number: str = "01"
    service_code: str = "101"
    is_chip_broken: bool = False

    @property
    def track2(self) -> str:
        """What the stripe holds, without its sentinels."""
        return f"{self.pan.reveal()}={self.expiry}{self.service_code}0000000000"
