"""The terminal side of a card refund: never twice, never lost, never a lie.

This face is what most callers need; everything else is imported by its room
(``from posrefund.codec import Codec``). Importing it opens no file, port or database: each name loads its
room when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from posrefund._version import __version__
from posrefund.errors import (
    CodecError,
    ConfigError,
    CryptoError,
    DeviceRefusedError,
    FramingError,
    InvalidRequestError,
    JournalError,
    LinkError,
    PosRefundError,
    ProtocolError,
    RefusedError,
)

if TYPE_CHECKING:
    from posrefund.dialects import Dialect, dialect
    from posrefund.engine import (
        Approved,
        Declined,
        DescribedSale,
        Document,
        InDoubt,
        NotSent,
        OriginalRef,
        Outcome,
        Reason,
        RefundRequest,
        SaleRequest,
        Signature,
        Statement,
    )
    from posrefund.journal import SQLiteJournal
    from posrefund.keystore import FileKeyStore
    from posrefund.link import (
        BackOff,
        HostLink,
        Link,
        SerialStream,
        StreamLink,
        TCPLink,
        TLSLink,
        TLSSettings,
    )
    from posrefund.terminal import Terminal
    from posrefund.values import (
        PAN,
        RRN,
        STAN,
        Amount,
        BackToPayer,
        CardRead,
        CodeRead,
        MerchantID,
        PayerCode,
        RequestID,
        TerminalID,
        Track2,
        Voucher,
    )

__all__ = [
    "PAN",
    "RRN",
    "STAN",
    "Amount",
    "Approved",
    "BackOff",
    "BackToPayer",
    "CardRead",
    "CodeRead",
    "CodecError",
    "ConfigError",
    "CryptoError",
    "Declined",
    "DescribedSale",
    "DeviceRefusedError",
    "Dialect",
    "Document",
    "FileKeyStore",
    "FramingError",
    "HostLink",
    "InDoubt",
    "InvalidRequestError",
    "JournalError",
    "Link",
    "LinkError",
    "MerchantID",
    "NotSent",
    "OriginalRef",
    "Outcome",
    "PayerCode",
    "PosRefundError",
    "ProtocolError",
    "Reason",
    "RefundRequest",
    "RefusedError",
    "RequestID",
    "SQLiteJournal",
    "SaleRequest",
    "SerialStream",
    "Signature",
    "Statement",
    "StreamLink",
    "TCPLink",
    "TLSLink",
    "TLSSettings",
    "Terminal",
    "TerminalID",
    "Track2",
    "Voucher",
    "__version__",
    "dialect",
]

_ROOMS = {
    "posrefund.dialects": "Dialect dialect",
    "posrefund.engine": "Approved Declined DescribedSale Document InDoubt NotSent OriginalRef Outcome Reason"
    " RefundRequest SaleRequest Signature Statement",
    "posrefund.journal": "SQLiteJournal",
    "posrefund.keystore": "FileKeyStore",
    "posrefund.link": "BackOff HostLink Link SerialStream StreamLink TCPLink TLSLink TLSSettings",
    "posrefund.terminal": "Terminal",
    "posrefund.values": "PAN RRN STAN Amount BackToPayer CardRead CodeRead MerchantID PayerCode RequestID TerminalID"
    " Track2 Voucher",
}
_ROOM_OF = {name: room for room, names in _ROOMS.items() for name in names.split()}


def __getattr__(name: str) -> Any:
    if name not in _ROOM_OF:
        raise AttributeError(f"module 'posrefund' has no attribute {name!r}")
    found = getattr(import_module(_ROOM_OF[name]), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
