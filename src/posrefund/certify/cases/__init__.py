"""The scripted cases, in the order in which they are played. Floor 10."""

from posrefund.certify.cases.closing import SETTLE_BALANCED, SETTLE_EMPTY, SETTLE_UNBALANCED
from posrefund.certify.cases.definition import Case
from posrefund.certify.cases.doubts import LATE_ANSWER, REVERSAL, REVERSAL_UNKNOWN, VOID_REVERSAL
from posrefund.certify.cases.line import ECHO, SIGN_IN, SIGN_OFF
from posrefund.certify.cases.profile import PROFILE
from posrefund.certify.cases.refunds import (
    REFUND,
    REFUND_LOST,
    REFUND_OTHER_CARD,
    REFUND_OVER,
    REFUND_PARTIAL,
    REFUND_UNKNOWN,
    REFUND_WRONG_MAC,
)
from posrefund.certify.cases.sales import BAD_BATCH, DUPLICATE, ODD_CARD, SALE, VOID, WRONG_MAC
from posrefund.certify.cases.terminal import TERMINAL
from posrefund.certify.cases.uploads import UPLOAD_AGAIN, UPLOAD_MAC

__all__ = ["CASES", "Case"]

CASES: tuple[Case, ...] = (
    PROFILE,
    SIGN_IN,
    ECHO,
    SETTLE_EMPTY,
    SALE,
    VOID,
    ODD_CARD,
    WRONG_MAC,
    BAD_BATCH,
    DUPLICATE,
    REVERSAL,
    LATE_ANSWER,
    REVERSAL_UNKNOWN,
    VOID_REVERSAL,
    REFUND,
    REFUND_PARTIAL,
    REFUND_OVER,
    REFUND_UNKNOWN,
    REFUND_OTHER_CARD,
    REFUND_WRONG_MAC,
    REFUND_LOST,
    SETTLE_BALANCED,
    SETTLE_UNBALANCED,
    UPLOAD_AGAIN,
    UPLOAD_MAC,
    TERMINAL,
    SIGN_OFF,
)
"""Refunds stand behind what needs no other day; a settlement behind all that its totals are to prove."""
