"""What a response code (DE39) says, and what follows from it.

One record per code: its words in both languages, what the clerk does now, who can mend it, and the
only question that counts for money: was it booked. Data, no decisions. Floor 3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["CodeClass", "Money", "Owner", "ResponseCode", "look_up"]

Money = Literal["booked", "not_booked", "unknown"]
Owner = Literal["merchant", "acquirer", "issuer", "engineer"]
CodeClass = Literal["approved", "retry", "declined", "operator", "system"]
"""UnionPay's classes A to E: success; failed, may be tried again; failed; the operator acts; system fault."""


@dataclass(frozen=True, slots=True)
class ResponseCode:
    """One row of a dialect's table of response codes.

    Attributes:
        code: Two characters, or three, as they stand in DE39.
        zh: The table's own text, Chinese.
        en: The same, English.
        kind: The table's class.
        money: Whether the host has booked the transaction when it answers so.
        owner: Who can mend the cause.
        clerk_zh: What the person at the counter does now, Chinese.
        clerk_en: The same, English.
        may_retry: Whether a new attempt (new STAN) may follow, if ``money`` is ``"not_booked"``.
        sign_in_first: Whether that attempt needs a sign-in before it.
        clerk_zh_by_code: What he does where a code paid and no card was read, Chinese; empty: the same.
        clerk_en_by_code: The same, English.
    """

    code: str
    zh: str
    en: str
    kind: CodeClass
    money: Money
    owner: Owner
    clerk_zh: str
    clerk_en: str
    may_retry: bool = False
    sign_in_first: bool = False
    clerk_zh_by_code: str = ""
    clerk_en_by_code: str = ""

    def clerk(self, *, is_by_code: bool) -> tuple[str, str]:
        """Return what the person at the counter does now, Chinese and English.

        Args:
            is_by_code: Whether a code paid, or what a code paid is given back.

        Example:
            >>> from posrefund import dialect
            >>> dialect("unionpay").codes["54"].clerk(is_by_code=True)[1][:40]
            'not accepted, the card behind the code h'
        """
        if is_by_code:
            return self.clerk_zh_by_code or self.clerk_zh, self.clerk_en_by_code or self.clerk_en
        return self.clerk_zh, self.clerk_en


def look_up(codes: Mapping[str, ResponseCode], code: str) -> ResponseCode:
    """Return the row of *code*; a code that nobody listed proves nothing about money.

    Example:
        >>> from posrefund.dialects.codes import look_up
        >>> look_up({}, "ZZ").money
        'unknown'
    """
    return codes.get(code) or ResponseCode(
        code,
        "未知应答码",
        "unlisted response code",
        "system",
        "unknown",
        "acquirer",
        "结果未知：不要重做，等待对账或联系收单机构",
        "result unknown: do not repeat it; wait for the settlement file or call the acquirer",
    )
