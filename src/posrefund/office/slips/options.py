"""What a slip says besides what the journal knows: the shop, the date, whom to call; and for whom it is. Floor 8."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, get_args

from posrefund.engine.notes import is_note
from posrefund.errors import InvalidRequestError
from posrefund.office.paper import Language

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from posrefund.engine import Signature
    from posrefund.errors import Fault

__all__ = ["Copy", "SlipOptions"]

Copy = Literal["merchant", "bank", "customer"]
"""商户存根, 银行存根, 持卡人存根."""

_TEXTS = ("watermark", "merchant_name", "merchant_contact", "acquirer_contact")
_SCAN_CHARACTERS_MAX = 600


@dataclass(frozen=True, slots=True)
class SlipOptions:
    """How a slip is to be, and what nobody wrote into the journal.

    Attributes:
        language: Of all words.
        copy: For whom: the customer's shows the last four digits of the card alone, and no line to sign on; the bank's
            leaves out what is the shop's own business.
        reprint: Say that it was printed before.
        watermark: What makes it worthless, such as ``培训 TRAINING 无效``.
        merchant_name: As on the shop's door.
        institutions: Names of acquirers and issuers by the code of DE44; a code without one is printed as it is.
        expected_by: When the customer may expect the money; nobody promises it.
        merchant_contact: Whom the customer calls.
        acquirer_contact: Whom the shop calls.
        signature: The one that was given; None: the one that the attempt was made with, if any.
        picture: The signature itself; only one whose digest is the signature's.
        scan_to_sign: What the customer reads with his phone to sign there; see ``TextToSign``.
        is_barcode: Print the reference as a bar code (Code 128), for scanners that read no other; paper of 48 columns has
            room for it.
        code: The reference that a scanner reads; None: the attempt's own ``receipt_code``; empty: none.

    Raises:
        InvalidRequestError: Every fault at once.

    Example:
        >>> from posrefund.office.slips import SlipOptions
        >>> SlipOptions(copy="customer").copy
        'customer'
    """

    language: Language = "zh"
    copy: Copy = "merchant"
    reprint: bool = False
    watermark: str = ""
    merchant_name: str = ""
    institutions: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    expected_by: date | None = None
    merchant_contact: str = ""
    acquirer_contact: str = ""
    signature: Signature | None = None
    picture: bytes = field(default=b"", repr=False)
    scan_to_sign: str = ""
    is_barcode: bool = False
    code: str | None = None

    def __post_init__(self) -> None:
        faults: list[Fault] = []
        for name, among in (("language", get_args(Language)), ("copy", get_args(Copy))):
            if getattr(self, name) not in among:
                faults.append((f"slip.{name}", f"one of {', '.join(among)}"))
        expected = "at most 200 characters, no card number"
        faults += [
            (f"slip.{name}", expected) for name in _TEXTS if not is_note(getattr(self, name))
        ]
        if self.code is not None and not (is_note(self.code) and _is_scannable(self.code)):
            faults.append(("slip.code", "at most 200 printable ASCII characters, no card number"))
        if not _is_scannable(self.scan_to_sign):
            faults.append(("slip.scan_to_sign", "at most 600 printable ASCII characters"))
        if faults:
            raise InvalidRequestError(faults)


def _is_scannable(text: object) -> bool:
    return (
        isinstance(text, str)
        and len(text) <= _SCAN_CHARACTERS_MAX
        and text.isascii()
        and text.isprintable()
    )
