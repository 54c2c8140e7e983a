"""How a shop's slips are: what they say besides what the journal knows, and how they are printed. Floor 8."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from posrefund.office.slips.options import SlipOptions

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["SlipSettings"]


@dataclass(frozen=True, slots=True)
class SlipSettings:
    """How a shop's slips are.

    Attributes:
        merchant_name: As on the shop's door.
        merchant_contact: Whom the customer calls.
        acquirer_contact: Whom the shop calls.
        watermark: On every slip, such as ``培训 TRAINING 无效``.
        barcode: Whether the reference is a bar code and not a QR code; on paper of 48 columns.
        columns: Of the paper: 32 (58 mm) or 48 (80 mm).
        printer: Its profile for python-escpos.
        font: A font file for pictures.
        signatures: The folder where signatures are kept; None for nowhere.
        institutions: Names of banks by their code.
    """

    merchant_name: str = ""
    merchant_contact: str = ""
    acquirer_contact: str = ""
    watermark: str = ""
    barcode: bool = False
    columns: int = 32
    printer: str = "default"
    font: Path | None = None
    signatures: Path | None = None
    institutions: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def options(self) -> SlipOptions:
        """Return what the shop says on every slip.

        Raises:
            InvalidRequestError: Something of it cannot be printed.
        """
        return SlipOptions(
            merchant_name=self.merchant_name,
            merchant_contact=self.merchant_contact,
            acquirer_contact=self.acquirer_contact,
            institutions=self.institutions,
            is_barcode=self.barcode,
            watermark=self.watermark,
        )
