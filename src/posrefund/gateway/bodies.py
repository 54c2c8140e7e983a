"""What a till sends: the bodies and the questions of the door, strict. Floor 10.

They say what is a shape; what a request means is judged where it is made (``RefundRequest`` and the others). A body that
holds a card or a PIN prints as its name alone.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar, Literal, TypeAlias

from msgspec import UNSET, Meta, Struct, UnsetType

from posrefund.engine import Reason
from posrefund.engine.papers import DocumentKind, SignatureKind
from posrefund.values.card import EntryMode

__all__ = [
    "ApproveBody",
    "Body",
    "Card",
    "CaseQuestion",
    "CloseBatchBody",
    "CloseFaultBody",
    "Described",
    "DocumentBody",
    "EventQuestion",
    "FaultBody",
    "FaultQuestion",
    "HostRequestDoneBody",
    "MaintainedBody",
    "RefundBody",
    "SaleBody",
    "SaleQuestion",
    "SignInBody",
    "SignatureBody",
    "SlipBody",
    "UploadBody",
    "WithdrawBody",
]

_AMOUNT_MINOR_MAX = 10**12 - 1


def _text(pattern: str, says: str, form: str = "") -> Meta:
    extra = {"format": form} if form else None
    return Meta(pattern=pattern, description=says, extra_json_schema=extra)


RequestId: TypeAlias = Annotated[
    str, _text("^[0-9A-Za-z._:-]{1,64}$", "1 to 64 of A-Z a-z 0-9 . _ : - with no run of 13 digits")
]
Operator: TypeAlias = Annotated[str, _text("^[0-9A-Za-z]{1,3}$", "1 to 3 letters or digits")]
AmountMinor: TypeAlias = Annotated[
    int,
    Meta(
        ge=1, le=_AMOUNT_MINOR_MAX, description="a whole number of minor units, 1 to 999999999999"
    ),
]
Currency: TypeAlias = Annotated[str, _text("^[0-9]{3}$", "three digits, ISO 4217 numeric")]
RRNText: TypeAlias = Annotated[str, _text("^[0-9A-Za-z ]{12}$", "12 letters, digits or spaces")]
MMDD: TypeAlias = Annotated[str, _text("^[0-9]{4}$", "month and day, MMDD")]
Digest: TypeAlias = Annotated[
    str, _text("^[0-9a-f]{64}$", "64 lower-case hexadecimal digits, SHA-256")
]
SixDigits: TypeAlias = Annotated[str, _text("^[0-9]{6}$", "6 digits")]
Pin: TypeAlias = Annotated[str, Meta(min_length=1, max_length=64, description="the operator's PIN")]
Note: TypeAlias = Annotated[
    str, Meta(max_length=200, description="at most 200 characters, no card number")
]
OrderRef: TypeAlias = Annotated[
    str, Meta(max_length=64, description="at most 64 printable characters, no card number")
]
Flag: TypeAlias = Annotated[bool, Meta(description="true or false")]
CodeText: TypeAlias = Annotated[
    str, _text("^[0-9]{16,24}$", "16 to 24 digits, as the payer's telephone shows them")
]
VoucherText: TypeAlias = Annotated[
    str, _text("^[0-9A-Za-z_-]{8,30}$", "8 to 30 letters, digits, - or _, from the slip")
]
Back: TypeAlias = Annotated[
    bool,
    Meta(description="true: back to whoever paid by a code", extra_json_schema={"const": True}),
]


class Body(Struct, forbid_unknown_fields=True):
    """One body; it never shows what is in it.

    Attributes:
        ways: Members of which exactly one is there; empty where there is no such choice.
    """

    ways: ClassVar[tuple[str, ...]] = ()

    def __repr__(self) -> str:
        """Return its name."""
        return f"{type(self).__name__}(***)"


class Card(Body):
    """A card as a reader gave it. It is used for this request and kept masked."""

    entry: Annotated[EntryMode, Meta(description="DE22: 021 stripe, 051 chip, 071 contactless, …")]
    pan: Annotated[
        str,
        _text(
            "^[0-9]{12,19}$",
            "12 to 19 digits that pass the Luhn check",
            "pan",
        ),
    ]
    expiry: Annotated[str, _text("^[0-9]{2}(0[1-9]|1[0-2])$", "YYMM")] | None = None
    sequence_number: Annotated[str, _text("^[0-9]{3}$", "3 digits, DE23")] | None = None
    track2: (
        Annotated[
            str, _text("^[0-9]{12,19}[=D][0-9]{4,24}$", "track 2 with the same number, stripe only")
        ]
        | None
    ) = None
    pin_block: (
        Annotated[
            str,
            _text(
                "^([0-9A-Fa-f]{16}|[0-9A-Fa-f]{32})$",
                "8 or 16 bytes in hexadecimal, encrypted by the PIN pad",
            ),
        ]
        | None
    ) = None
    pin_bypassed: Flag = False


class DocumentBody(Body):
    """A document that speaks for a refund."""

    kind: Annotated[DocumentKind, Meta(description="a known kind of document")]
    number: Annotated[
        str, Meta(min_length=1, max_length=64, description="1 to 64 printable characters")
    ]
    sha256: Digest | None = None


class SignatureBody(Body):
    """The customer's signature: that it was given, and the digest of it."""

    kind: Annotated[SignatureKind, Meta(description="paper, bitmap or qr")]
    sha256: Digest | None = None


class SaleBody(Body, kw_only=True):
    """A sale, paid with a card or by the code that a customer shows."""

    ways: ClassVar[tuple[str, ...]] = ("card", "code")

    request_id: RequestId
    amount_minor: AmountMinor
    card: Card | UnsetType = UNSET
    code: CodeText | UnsetType = UNSET
    currency: Currency = "156"
    operator: Operator | None = None
    order_ref: OrderRef = ""


class Described(Body):
    """A sale as its slip describes it, for a journal that may not know it."""

    day: Annotated[date, Meta(description="its transaction date, YYYY-MM-DD")]
    batch: SixDigits = "000000"
    stan: SixDigits = "000000"
    auth_code: Annotated[str, _text("^[0-9A-Za-z ]{6}$", "6 letters, digits or spaces")] | None = (
        None
    )
    organisation: Annotated[str, _text("^[0-9A-Za-z]{3}$", "3 letters or digits")] | None = None


class RefundBody(Body, kw_only=True):
    """A refund. The sale is named by its request id, or by the RRN with the date, or by the RRN and a description.

    It goes back to the card that paid; of a sale by code to whoever paid, by the voucher of the slip where the journal
    has none.
    """

    ways: ClassVar[tuple[str, ...]] = ("card", "back_to_payer", "voucher")

    request_id: RequestId
    card: Card | UnsetType = UNSET
    back_to_payer: Back | UnsetType = UNSET
    voucher: VoucherText | UnsetType = UNSET
    reason: Annotated[Reason, Meta(description="a known reason")]
    original_id: RequestId | None = None
    original_rrn: RRNText | None = None
    original_date: MMDD | None = None
    described: Described | None = None
    amount_minor: AmountMinor | None = None
    currency: Currency = "156"
    operator: Operator | None = None
    pin: Pin | None = None
    note: Note = ""
    order_ref: OrderRef = ""
    documents: Annotated[list[DocumentBody], Meta(max_length=16, description="at most 16")] = []
    corrects: RequestId | None = None
    signature: SignatureBody | None = None
    contact: Annotated[
        str, Meta(max_length=200, description="at most 200 printable characters, no card number")
    ] = ""


class ApproveBody(Body):
    """A second person's yes."""

    checker: Operator
    digest: Annotated[str, Meta(min_length=1, max_length=128, description="as it was shown")]
    pin: Pin | None = None


class WithdrawBody(Body):
    """A no, or taking back what was asked for."""

    by: Operator


class SignInBody(Body):
    """A sign-in."""

    operator: Operator | None = None
    accept_clock: Flag = False
    accept_keys: Flag = False


class CloseBatchBody(Body):
    """The end of a batch."""

    operator: Operator | None = None


class FaultBody(Body):
    """Something is broken."""

    kind: Annotated[str, _text("^[a-z][a-z0-9_]{0,31}$", "a word such as printer, without a dot")]
    detail: Note = ""


class CloseFaultBody(Body):
    """Somebody put it right."""

    by: Operator
    done: Annotated[
        str, Meta(min_length=1, max_length=200, description="what was done, no card number")
    ]


class MaintainedBody(Body):
    """Somebody looked after the terminal."""

    by: Operator
    what: Annotated[
        str, Meta(min_length=1, max_length=200, description="what was done, no card number")
    ]


class HostRequestDoneBody(Body):
    """Somebody did what the host asked for."""

    by: Operator


class UploadBody(Body):
    """An upload of signatures."""

    again: Annotated[bool, Meta(description="true: what the host refused, too")] = False


class SlipBody(Body):
    """A slip to print; that it is printed is written down before the answer."""

    copy: Annotated[
        Literal["merchant", "bank", "customer"], Meta(description="merchant, bank or customer")
    ] = "merchant"
    language: Annotated[Literal["zh", "en"], Meta(description="zh or en")] = "en"
    columns: Annotated[Literal[32, 48], Meta(description="32 or 48")] | None = None


class SaleQuestion(Body):
    """Which sale is looked for; each way to it is followed."""

    code: Annotated[str, Meta(max_length=64, description="of the barcode of a slip")] = ""
    request_id: RequestId | None = None
    rrn: RRNText | None = None
    day: MMDD | None = None
    order_ref: OrderRef = ""
    auth_code: Annotated[str, _text("^[0-9A-Za-z ]{6}$", "6 letters, digits or spaces")] | None = (
        None
    )
    card_last4: Annotated[str, _text("^[0-9]{4}$", "4 digits")] | None = None
    amount_minor: AmountMinor | None = None
    currency: Currency = "156"


class FaultQuestion(Body):
    """Which faults."""

    all: Annotated[bool, Meta(description="true: those that are closed, too")] = False


class CaseQuestion(Body):
    """Which cases."""

    all: Annotated[bool, Meta(description="true: those that are closed, too")] = False


class EventQuestion(Body):
    """Which events."""

    terminal: Annotated[list[str], Meta(max_length=32, description="terminals, at most 32")] = []
    after: Annotated[
        str, Meta(max_length=1024, description="the id of an event: those behind it")
    ] = ""
    history: Annotated[bool, Meta(description="true: from the first that there ever was")] = False
    wait: Annotated[bool, Meta(description="false: what there is now, and no more")] = True
