"""The paper of a transaction, 签购单, in one call. Floor 8.

It says *accepted*, and nothing more before a settlement file has shown the money; the card number is
masked, a void or refund names its original. ``posrefund.office.slips`` has the parts it is made of.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from posrefund.office.paper import Language
from posrefund.office.slips import SlipOptions, as_text, slip_content

if TYPE_CHECKING:
    from posrefund.dialects import Dialect
    from posrefund.engine import Approved, Original
    from posrefund.office.slips import Columns

__all__ = ["slip"]


def slip(
    outcome: Approved,
    dialect: Dialect,
    *,
    original: Original | None = None,
    language: Language = "zh",
    reprint: bool = False,
    watermark: str = "",
    columns: Columns = 32,
) -> str:
    """Return the merchant's copy of the slip of an accepted transaction, as text."""
    options = SlipOptions(language=language, reprint=reprint, watermark=watermark)
    return as_text(slip_content(outcome, dialect, original, options), columns)
