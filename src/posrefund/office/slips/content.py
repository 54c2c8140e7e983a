"""What stands on a slip, before anybody knows on what it is printed. Floor 8.

One content, many renderers: text, a printer's bytes, a picture. Whatever a slip says is decided where the content
is made; a renderer may lay it out, and may leave nothing out.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

__all__ = ["Section", "SignaturePlace", "SlipContent", "SlipLine"]


@dataclass(frozen=True, slots=True)
class SlipLine:
    """One thing that a slip says.

    Attributes:
        label: What it is.
        value: The thing.
    """

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Section:
    """Lines that belong together.

    Attributes:
        lines: In order.
        is_large: What people look at first: the kind and the amount.
    """

    lines: tuple[SlipLine, ...]
    is_large: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class SignaturePlace:
    """Where the customer signs, or that it was done.

    Attributes:
        label: What stands over it.
        consent: What is signed to.
        given: How it was given already; empty: there is a line to sign on.
        digest: SHA-256 of what was given, in hexadecimal digits; empty for paper.
        picture: The signature itself, a picture that Pillow reads; empty where there is none.
        scan: What the QR code says that the customer signs by on his own phone; empty for none.
        scan_label: What stands under that QR code.
    """

    label: str
    consent: str
    given: str = ""
    digest: str = ""
    picture: bytes = b""
    scan: str = ""
    scan_label: str = ""


@dataclass(frozen=True, slots=True)
class SlipContent:
    """A whole slip.

    Attributes:
        title: Above all.
        copy: Whose copy it is.
        marks: What makes it another thing than the first print: that it is a reprint.
        sections: What it says.
        remarks: Sentences below that.
        signature: None: nothing is to be signed on it.
        code: The reference for a scanner, in the alphanumeric set of QR codes; empty for none.
        is_barcode: Whether it is printed as a bar code and not as a QR code.
        watermark: What makes it worthless, at the top, in the middle and at the end; empty for none.
        is_notice: Whether it says that something was *not* done, or is not known: no slip.
    """

    title: str
    copy: str
    sections: tuple[Section, ...]
    marks: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    signature: SignaturePlace | None = None
    code: str = ""
    is_barcode: bool = False
    watermark: str = ""
    is_notice: bool = False

    @property
    def middle(self) -> int:
        """Before which section the watermark stands a second time."""
        return len(self.sections) // 2

    def as_data(self) -> dict[str, Any]:
        """Return all of it as data that JSON holds; of a signature the digest, not the picture."""
        data = asdict(self)
        if data["signature"] is not None:
            del data["signature"]["picture"]
        return data

    @property
    def text(self) -> str:
        """Every character of it, to see what a font or a code page must have."""
        signed = self.signature
        place = (
            [signed.label, signed.consent, signed.given, signed.digest, signed.scan_label]
            if signed
            else []
        )
        parts = [
            text
            for section in self.sections
            for each in section.lines
            for text in (each.label, each.value)
        ]
        return "".join(
            [
                self.title,
                self.copy,
                *self.marks,
                *parts,
                *self.remarks,
                *place,
                self.code,
                self.watermark,
            ]
        )
