"""The slip of a request as it stands in a terminal's journal, on a shop's paper. Floor 8."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from posrefund.errors import PosRefundError
from posrefund.office.paper import TRAINING
from posrefund.office.signatures import fetch
from posrefund.office.slips.build import slip_content
from posrefund.office.status import of_attempt

if TYPE_CHECKING:
    from datetime import date

    from posrefund.engine import Attempt, Outcome, Signature
    from posrefund.engine.calendar import Arrival
    from posrefund.office.paper import Language
    from posrefund.office.slips.content import SlipContent
    from posrefund.office.slips.options import Copy
    from posrefund.office.slips.settings import SlipSettings
    from posrefund.terminal.desk import Desk

__all__ = ["slip_of_request"]


def slip_of_request(
    desk: Desk,
    outcome: Outcome,
    settings: SlipSettings,
    *,
    language: Language,
    copy: Copy,
    arrival: Arrival | None = None,
    expected_by: date | None = None,
) -> SlipContent:
    """Return what is on the paper: what the journal knows, and what the shop says of itself.

    It is a reprint where that copy was printed before; write the print down (``Desk.note_print``) before you print.

    Args:
        desk: Of the terminal that the request was made at.
        outcome: How it stands.
        settings: The shop's.
        language: Of all words.
        copy: For whom.
        arrival: How long a refund takes; None says nothing.
        expected_by: When the customer may expect the money; by *arrival*, if left out.

    Raises:
        InvalidRequestError: Something of *settings* cannot be printed.
        JournalError: The journal cannot be read.
    """
    request = outcome.attempt.request_id
    signature = desk.signature(request)
    sales = desk.journal.originals(outcome.attempt.original_id or "")
    said = settings.options()
    options = replace(
        said,
        language=language,
        copy=copy,
        expected_by=expected_by or _expected(outcome.attempt, arrival),
        watermark=TRAINING if desk.journal.is_training else said.watermark,
        signature=signature,
        picture=_picture(signature, settings),
        reprint=desk.prints(request, copy) > 0,
    )
    return slip_content(outcome, desk.dialect, sales[0] if sales else None, options)


def _expected(attempt: Attempt, arrival: Arrival | None) -> date | None:
    """The day of *arrival*; none of a sale, where nothing was accepted, or where it is booked already."""
    if arrival is None or attempt.kind == "sale":
        return None
    expected = of_attempt(attempt, attempt.host_day, arrival).expected
    return expected.latest if expected else None


def _picture(signature: Signature | None, settings: SlipSettings) -> bytes:
    """The signature that was drawn, where it is still kept; its digest is printed either way."""
    if signature is not None and signature.kind == "bitmap":
        with suppress(PosRefundError):
            return fetch(signature, settings.signatures)
    return b""
