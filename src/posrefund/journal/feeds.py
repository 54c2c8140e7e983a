"""Sales made elsewhere, taken in many at a time: one commit, and a word about each. Floor 5."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from posrefund.closed import closed_class
from posrefund.engine import receipt_code
from posrefund.errors import InvalidRequestError
from posrefund.journal.rows import LOOK_UP_COLUMNS, original_as_data, paid_as_data
from posrefund.journal.sales import Sales

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from posrefund.engine import Original

__all__ = ["ATTEMPTED", "FeedVerdict", "Feeds"]

FeedVerdict = Literal["new", "known", "other_content", "other_id", "described", "own"]
"""What became of a sale: taken in, or known already; or refused: its id has another sale, it has another id, something of it
may have been given back while nobody here knew it, or it is an attempt that this journal knows better."""

ATTEMPTED = (
    "SELECT 1 FROM attempts WHERE request_id = ? OR (terminal = ? AND batch = ? AND stan = ?)"
)
"""Whether something was made here under the id, or at the place, of a sale."""

_MAY_BE_UNSAID = ("auth_code", "card_fingerprint", "organisation", "wallet", "voucher")
"""A feed may know less than the journal, or more; what both say has to be the same."""


@closed_class
class Feeds(Sales):
    """The table of sales, as a feed fills it."""

    def take_in(
        self, sales: Sequence[Original], at: datetime, *, dry_run: bool = False
    ) -> list[FeedVerdict]:
        """Take in what is new of *sales*, in one commit; say of each what became of it.

        A sale that is refused keeps no other one out.

        Args:
            sales: Made elsewhere, nothing of them given back.
            at: When.
            dry_run: Only say what would become of them; those of one call do not know of each other then.

        Raises:
            JournalWriteError: Nothing was taken in.
        """
        if dry_run:
            return [self._judge(sale) or self._at_place(sale) or "new" for sale in sales]
        with self._transaction():
            return [self._take_in(sale, at) for sale in sales]

    def _take_in(self, sale: Original, at: datetime) -> FeedVerdict:
        verdict = self._judge(sale)
        if verdict is not None:
            return verdict
        if self._insert(_as_data(sale), at):
            return "new"
        return self._at_place(sale) or "other_content"

    def _judge(self, sale: Original) -> FeedVerdict | None:
        """What becomes of *sale* by its id, by what was described, and by what was attempted here; None: nothing yet."""
        known = self._dicts("SELECT * FROM originals WHERE original_id = ?", sale.original_id)
        if known:
            return "known" if _is_same(_as_data(sale), known[0]) else "other_content"
        if self._under_another_ceiling(sale):
            return "described"
        if sale.voucher and self.by_voucher(sale.merchant, sale.voucher):
            return "other_id"  # one payment under two ids would have two ceilings
        place = sale.original_id, sale.terminal, sale.batch, sale.stan
        if self._rows(ATTEMPTED, *place):
            return self._at_place(sale) or "own"
        return None

    def _at_place(self, sale: Original) -> FeedVerdict | None:
        """How the sale at the same place of a batch, under another id, stands to *sale*; None if there is none."""
        data = _as_data(sale)
        there = self._dicts(
            "SELECT * FROM originals WHERE terminal = ? AND merchant = ? AND batch = ? AND stan = ?"
            " AND transaction_date = ?",
            *(data[name] for name in ("terminal", "merchant", "batch", "stan", "transaction_date")),
        )
        if not there:
            return None
        if not _is_unnamed(sale):
            return "other_id"
        return "known" if _is_same(data, there[0], besides="original_id") else "other_content"


def _as_data(sale: Original) -> dict[str, Any]:
    return original_as_data(sale) | paid_as_data(sale)


def _is_same(said: dict[str, Any], known: dict[str, Any], besides: str = "") -> bool:
    """Whether nothing that a feed says contradicts what is known; what either of them does not say does not."""
    unsaid = {name for name in _MAY_BE_UNSAID if not (said.get(name) and known[name])}
    compared = said.keys() - set(LOOK_UP_COLUMNS) - unsaid - {besides}
    last4 = {str(row.get("card_last4")) for row in (said, known)} - {"", "None"}
    is_one_by_code = any(row.get("wallet") for row in (said, known))
    if is_one_by_code and last4:  # a card and a code did not both pay
        return False
    return len(last4) < 2 and all(said[name] == known[name] for name in compared)


def _is_unnamed(sale: Original) -> bool:
    """Whether its id was only made from its place: who knows it under another one knows it better."""
    try:
        return sale.original_id == receipt_code(sale)
    except InvalidRequestError:
        return False
