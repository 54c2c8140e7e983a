"""What a PIN pad gives. Floor 6."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from posrefund.values import CardRead

__all__ = ["Encrypted", "EnteredPIN", "PadIdentity"]


@dataclass(frozen=True, slots=True)
class EnteredPIN:
    """A PIN that the customer entered; nobody but the host can read it.

    Attributes:
        card: The card it was entered for, with its PIN block (ISO 9564 format 0): one never goes without the other.
        ksn: Serial number of the key, 20 hexadecimal digits, for the host; empty under a working key.
    """

    card: CardRead
    ksn: str = ""


@dataclass(frozen=True, slots=True)
class Encrypted:
    """Data that the pad encrypted.

    Attributes:
        data: As many bytes as were given.
        ksn: As in ``EnteredPIN``.
    """

    data: bytes = field(repr=False)
    ksn: str = ""


@dataclass(frozen=True, slots=True)
class PadIdentity:
    """Who the pad says it is, and which keys it has.

    Attributes:
        serial_number: Of the maker.
        maker: Its name.
        model: Name and memory.
        specification: Version of the protocol, such as 2.12.
        master_keys: Numbers of its TDEA master keys for PINs.
        dukpt_keys: Numbers of its TDEA DUKPT registers for PINs.
    """

    serial_number: str
    maker: str
    model: str
    specification: str
    master_keys: frozenset[int]
    dukpt_keys: frozenset[int]
