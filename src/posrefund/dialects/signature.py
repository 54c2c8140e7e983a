"""How a host takes signatures: which packets, which words of the slip beside them. Floor 3: data.

What is known of it is thin: each detail comes from one source. So all of it is data that an acquirer's file may say otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, TypeAlias

from posrefund.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["SLIP_FACTS", "BeforeClose", "SignatureUpload"]

BeforeClose: TypeAlias = Literal["remind", "refuse"]
"""What closing a batch does about signatures that did not go up: tell of them, or not begin."""

SLIP_FACTS = (
    "merchant_name",
    "transaction",
    "operator",
    "acquirer",
    "issuer",
    "moment",
    "auth_code",
    "organisation",
    "currency",
    "original_stan",
    "original_batch",
    "original_rrn",
    "original_mmdd",
    "original_auth_code",
    "original_terminal",
    "prints",
)
"""What of a slip may go up beside its signature. Never the card: its number stands in DE2. Never the customer's telephone number,
which some hosts have a tag for (FF0B): nothing needs it."""

_TAGS: Mapping[str, str] = MappingProxyType(
    {
        "FF00": "merchant_name",
        "FF01": "transaction",
        "FF02": "operator",
        "FF03": "acquirer",
        "FF04": "issuer",
        "FF06": "moment",
        "FF07": "auth_code",
        "FF09": "organisation",
        "FF0A": "currency",
        "FF60": "original_stan",
        "FF61": "original_batch",
        "FF62": "original_rrn",
        "FF63": "original_mmdd",
        "FF64": "original_auth_code",
        "FF70": "prints",
    }
)


@dataclass(frozen=True, slots=True)
class SignatureUpload:
    """How a signature goes up.

    Attributes:
        single: Number (DE60.3) of a packet that is the whole picture.
        numbered: Numbers of the packets of a longer one but its last, in their order.
        last: Number of its last packet.
        packet_bytes: How much of the picture one packet takes (DE62).
        before_close: What closing the batch does about signatures that did not go up.
        tags: What of the slip stands in DE55, by tag of four hexadecimal digits.
        packed: Those of the tags whose digits are packed two to a byte; the others are text, in GBK.

    Raises:
        ConfigError: No packet fits, or two have one number.

    Source:
        800, and 805 for the last packet of several, are terminals' (PAX, LIAO); one host (BEST) takes 800 to 809, another
        (CHAN) 301 alone. That 801 to 804 lie between them is how we read it. 512 bytes is the smaller of the two
        lengths that tables give DE62. Which tags are packed no source says; those of digits alone are, as in DE55's
        other tags. FF65 (terminal of the sale) is the offline refund's, and left out.

    Example:
        >>> from posrefund.dialects.signature import SignatureUpload
        >>> SignatureUpload().packets_max
        6
    """

    single: str = "800"
    numbered: tuple[str, ...] = ("800", "801", "802", "803", "804")
    last: str = "805"
    packet_bytes: int = 512
    before_close: BeforeClose = "remind"
    tags: Mapping[str, str] = field(default_factory=lambda: _TAGS)
    packed: tuple[str, ...] = ("FF06", "FF60", "FF61", "FF63", "FF70")

    def __post_init__(self) -> None:
        if not 0 < self.packet_bytes <= 999:
            raise ConfigError("signature: packets of 1 to 999 bytes")
        if self.last in self.numbered or len(set(self.numbered)) < len(self.numbered):
            raise ConfigError("signature: a number of its own for each packet")

    @property
    def packets_max(self) -> int:
        """So many packets a picture may take."""
        return len(self.numbered) + 1 if self.numbered else 1

    def numbers(self, count: int) -> tuple[str, ...]:
        """Return the numbers of *count* packets, of which there may be so many.

        Example:
            >>> from posrefund.dialects.signature import SignatureUpload
            >>> SignatureUpload().numbers(1), SignatureUpload().numbers(3)
            (('800',), ('800', '801', '805'))
        """
        return (self.single,) if count == 1 else (*self.numbered[: count - 1], self.last)
