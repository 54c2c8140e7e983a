"""ISO 8583:1987, as text and packed for terminals behind a TPDU: two dialects, one set of tables. Floor 3."""

from __future__ import annotations

from types import MappingProxyType

from posrefund.crypto import ISO9797_3
from posrefund.dialects.definition import Dialect
from posrefund.dialects.iso87.codes import CODES
from posrefund.dialects.iso87.fields import FIELDS
from posrefund.dialects.iso87.messages import ANSWERS, ECHOED, INQUIRY, KEPT, MESSAGES, WORDS

__all__ = ["ISO87_ASCII", "ISO87_BINARY"]

ISO87_ASCII = Dialect(
    "iso87-ascii",
    FIELDS,
    MESSAGES,
    CODES,
    mac=ISO9797_3,
    encoding="ascii",
    constants=MappingProxyType({"nii": ""}),
    words=WORDS,
    answers=ANSWERS,
    echoed=ECHOED,
    kept=KEPT,
    inquiry=INQUIRY,
    managed_codes=frozenset({"00"}),
    reversed_codes=frozenset({"00", "25"}),
    received_codes=frozenset({"94"}),
    unread_codes=frozenset({"03", "12", "30", "40", "58", "63", "77"}),
)
ISO87_BINARY = ISO87_ASCII.derive(
    "iso87-binary",
    encoding="packed",
    tpdu=bytes.fromhex("6000030000"),
    constants=MappingProxyType({"nii": "003"}),
)
