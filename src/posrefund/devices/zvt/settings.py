"""How one ZVT terminal is spoken to: its password, its times, and in what its kind departs from the paper. Floor 6."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from posrefund.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["PROFILES", "ZVTProfile", "ZVTSettings"]

_CONFIG_BYTE = 0xBE
"""The till prints what the terminal sends (02, 04, 80), hears intermediate statuses (08), and nobody starts
anything at the terminal itself (10, 20): what it remembers last is then what a till asked for last."""


@dataclass(frozen=True, slots=True)
class ZVTProfile:
    """In what one kind of terminal departs from the paper.

    Attributes:
        charset: Of its texts: a name of Python's.
        can_abort: Whether it can be stopped while it waits for a card.
        says_currency: Whether its status information names the currency; one that is named has to be right anyhow.
        lines_end_in_tlv: Whether a TLV container is glued to each line to print.

    Source:
        Deviations that integrators saw and published; none was seen by us.
    """

    charset: Literal["cp437", "latin-1"] = "cp437"
    can_abort: bool = True
    says_currency: bool = True
    lines_end_in_tlv: bool = False


PROFILES: Mapping[str, ZVTProfile] = {
    "generic": ZVTProfile(),
    "cardcomplete": ZVTProfile(charset="latin-1", lines_end_in_tlv=True),
    "hobex": ZVTProfile(says_currency=False),
    "global-payments": ZVTProfile(can_abort=False),
}
"""Kinds of terminal by name."""


@dataclass(frozen=True, slots=True)
class ZVTSettings:
    """How a terminal is spoken to; times in seconds.

    Attributes:
        password: Six digits.
        currency: ISO 4217, three digits; a refund in another one is refused.
        config: The configuration byte of the registration.
        profile: Of this kind of terminal.
        looks_before: Whether each refund begins by asking which transaction the terminal remembers last. Without it an
            older equal one cannot be told apart, and nothing is ever recovered.
        open_s: The line is open in this time.
        ack_s: A frame is acknowledged in this time (T2, serial only).
        reply_s: The terminal says in this time whether it takes a command (T3).
        silence_s: It is never silent longer than this between two of its commands (T4).
        total_s: No dialogue lasts longer.
        inter_byte_s: No frame pauses longer between two bytes (T1).
        nak_discards: Whether this terminal's NAK proves that it threw the frame away. The paper only implies it.

    Raises:
        ConfigError: One of them cannot be.

    Source:
        Times: PA00P016. A frame over TCP may pause longer than T1, which is a serial line's.
    """

    password: str = field(default="000000", repr=False)
    currency: str = "978"
    config: int = _CONFIG_BYTE
    profile: ZVTProfile = PROFILES["generic"]
    looks_before: bool = True
    open_s: float = 10.0
    ack_s: float = 5.0
    reply_s: float = 5.0
    silence_s: float = 180.0
    total_s: float = 900.0
    inter_byte_s: float = 0.2
    nak_discards: bool = False

    def __post_init__(self) -> None:
        for right, expected in (
            (_is_digits(self.password, 6), "a password of six digits"),
            (_is_digits(self.currency, 3), "a currency of three digits"),
            (self.config in range(256), "a configuration byte"),
            (min(self.open_s, self.ack_s, self.reply_s) > 0, "times that are more than nothing"),
            (min(self.silence_s, self.total_s, self.inter_byte_s) > 0, "times that are some"),
        ):
            if not right:
                raise ConfigError(f"zvt: expected {expected}")


def _is_digits(text: object, count: int) -> bool:
    return isinstance(text, str) and len(text) == count and text.isascii() and text.isdigit()
