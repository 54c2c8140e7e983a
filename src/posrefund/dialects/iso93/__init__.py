"""ISO 8583:1993, as text and packed: two dialects, one set of tables. Floor 3."""

from __future__ import annotations

from posrefund.crypto import ISO9797_3
from posrefund.dialects.definition import Dialect
from posrefund.dialects.iso93.codes import CODES
from posrefund.dialects.iso93.fields import FIELDS
from posrefund.dialects.iso93.messages import ANSWERS, ECHOED, INQUIRY, KEPT, MESSAGES, WORDS

__all__ = ["ISO93_ASCII", "ISO93_BINARY"]

ISO93_ASCII = Dialect(
    "iso93-ascii",
    FIELDS,
    MESSAGES,
    CODES,
    mac=ISO9797_3,
    encoding="ascii",
    words=WORDS,
    answers=ANSWERS,
    echoed=ECHOED,
    kept=KEPT,
    inquiry=INQUIRY,
    reversed_codes=frozenset({"400", "914"}),
    received_codes=frozenset({"913"}),
    unread_codes=frozenset({"109", "115", "120", "902", "904", "916", "940"}),
    managed_codes=frozenset({"800"}),
)
ISO93_BINARY = ISO93_ASCII.derive("iso93-binary", encoding="packed")
