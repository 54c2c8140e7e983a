"""What a refund rests on besides the card: documents and a signature, each by its digest. Floor 4.

The paper or the picture itself is kept by whoever made it. The journal keeps what kind it is, its own number and
the SHA-256 of its bytes, so that what is shown later can be held against what was there.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from posrefund.engine.notes import is_note
from posrefund.errors import InvalidRequestError

if TYPE_CHECKING:
    from posrefund.errors import Fault

__all__ = ["Document", "DocumentKind", "Signature", "SignatureKind"]

DocumentKind = Literal["receipt", "invoice", "fapiao", "red_letter_fapiao", "order", "photo"]
"""``fapiao`` is the tax invoice 发票 of the sale, ``red_letter_fapiao`` the one (红字发票) that takes it back."""

SignatureKind = Literal["paper", "bitmap", "qr"]
"""On the slip; as a picture from a pad; given on the customer's own phone after a QR code was read."""

_SHA256 = re.compile("[0-9a-f]{64}")
_NUMBER_CHARACTERS_MAX = 64
_FAPIAO = re.compile("[0-9]{20}|(?:(?:[0-9]{10}|[0-9]{12})[ -])?[0-9]{8}")
"""Fully digital ones (数电票) have a number of 20 digits; older ones a code of 10 or 12 and a number of 8."""


@dataclass(frozen=True, slots=True)
class Document:
    """One document that speaks for a refund.

    Attributes:
        kind: What it is.
        number: Its own number: of a receipt, a fapiao, an order; no card number. At most 64 characters. A fapiao's is
            20 digits, or 8 with or without the 10 or 12 of its code and a space before them.
        sha256: Digest of its picture or file, 64 lower-case hexadecimal digits; empty for paper alone.

    Raises:
        InvalidRequestError: Every fault at once.

    Example:
        >>> from posrefund.engine import Document
        >>> Document("receipt", "000001-000042").said
        'receipt 000001-000042'
    """

    kind: DocumentKind
    number: str
    sha256: str = ""

    def __post_init__(self) -> None:
        faults: list[Fault] = []
        if self.kind not in get_args(DocumentKind):
            faults.append(("document.kind", f"one of {', '.join(get_args(DocumentKind))}"))
        if not _is_number(self.number, is_fapiao="fapiao" in str(self.kind)):
            faults.append(("document.number", "1 to 64 printable characters, no card number"))
        if self.sha256 and not _is_sha256(self.sha256):
            faults.append(("document.sha256", "64 lower-case hexadecimal digits"))
        if faults:
            raise InvalidRequestError(faults)

    @property
    def said(self) -> str:
        """How the journal and a list say it."""
        return " ".join(part for part in (self.kind, self.number, self.sha256) if part)


@dataclass(frozen=True, slots=True)
class Signature:
    """The customer's signature.

    Attributes:
        kind: How it was given.
        sha256: Digest of the picture, or of what was signed by phone; empty for paper.

    Raises:
        InvalidRequestError: A kind that is none, or a digest missing or too much.

    Example:
        >>> from posrefund.engine import Signature
        >>> Signature("paper").said
        'paper'
    """

    kind: SignatureKind
    sha256: str = ""

    def __post_init__(self) -> None:
        if self.kind not in get_args(SignatureKind):
            raise InvalidRequestError(
                [("signature.kind", f"one of {', '.join(get_args(SignatureKind))}")]
            )
        is_right = not self.sha256 if self.kind == "paper" else _is_sha256(self.sha256)
        if not is_right:
            wanted = "nothing for paper, else 64 lower-case hexadecimal digits"
            raise InvalidRequestError([("signature.sha256", wanted)])

    @property
    def said(self) -> str:
        """How the journal says it."""
        return f"{self.kind} {self.sha256}".strip()

    @classmethod
    def read(cls, said: str) -> Signature:
        """Return the signature of which this is ``said``.

        Raises:
            InvalidRequestError: It is that of none.

        Example:
            >>> from posrefund.engine import Signature
            >>> Signature.read("paper")
            Signature(kind='paper', sha256='')
        """
        kind, _, sha256 = said.partition(" ")
        return cls(kind, sha256)  # type: ignore[arg-type]  # reason: checked there

    @classmethod
    def of(cls, kind: SignatureKind, what: bytes) -> Signature:
        """Return the signature by *what* was given: a picture, or what a phone signed."""
        return cls(kind, hashlib.sha256(what).hexdigest())

    def check(self, what: bytes) -> None:
        """Check that *what* is what was given.

        Raises:
            InvalidRequestError: Path ``signature``: it is something else; or it was given on paper.
        """
        if not hmac.compare_digest(hashlib.sha256(what).hexdigest(), self.sha256):
            raise InvalidRequestError([("signature", "the bytes whose digest is in the journal")])


def _is_number(number: object, *, is_fapiao: bool) -> bool:
    if not isinstance(number, str) or not 0 < len(number) <= _NUMBER_CHARACTERS_MAX:
        return False
    if is_fapiao and _FAPIAO.fullmatch(number):
        return True  # of more digits than a card has, or of fewer
    return is_note(number) and number.isprintable()


def _is_sha256(text: object) -> bool:
    return isinstance(text, str) and bool(_SHA256.fullmatch(text))
