"""Ways to a sale: each by an index of its own, and only to the sales of one merchant. Floor 5.

What comes from here may fit; whether it does, and how well, ``engine.lookup`` says.
"""

from __future__ import annotations

from datetime import date, timedelta
from itertools import islice
from typing import TYPE_CHECKING

from posrefund.closed import closed_class
from posrefund.engine.lookup import CANDIDATES_MAX, rank
from posrefund.journal.sales import Sales

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from posrefund.engine import FoundSales, Original, ReceiptCode, SaleQuery

__all__ = ["WAYS", "Lookups"]

WAYS: Mapping[str, str] = {
    "code": "terminal = ? AND merchant = ? AND batch = ? AND stan = ?",
    "request_id": "original_id = ? AND merchant = ?",
    "rrn_and_day": "rrn = ? AND merchant || '' = ?",
    "order_ref": "merchant = ? AND order_ref = ? AND order_ref <> ''",
    "auth_card_amount": "merchant = ? AND auth_code = ? AND card_last4 = ? AND amount_minor = ?",
    "rrn": "rrn = ? AND merchant || '' = ?",
}
"""The condition of each way; a test holds each to its index.

A database that has no statistics yet would take the merchant's index for the sake of the order: ``|| ''`` keeps it off.
"""

_ONE_MORE = CANDIDATES_MAX + 1
_NEWEST = f"ORDER BY transaction_date DESC, original_id DESC LIMIT {_ONE_MORE}"
_OF_CARD = (
    "SELECT * FROM originals WHERE merchant = ? AND card_fingerprint = ? AND made_at <> ''"
    " AND accepted_minor < amount_minor ORDER BY made_at DESC, original_id DESC LIMIT ?"
)
_RECENT = timedelta(days=31)
_LOOKED_AT = 200
_WITHOUT_CARD = (
    "SELECT * FROM originals WHERE merchant = ? AND transaction_date >= ? AND card_last4 = ''"
    " AND made_at <> '' AND accepted_minor < amount_minor"
    " ORDER BY transaction_date DESC, made_at DESC, original_id DESC LIMIT ?"
)
_REPEATED = (
    "merchant = ? AND transaction_date >= ? AND card_fingerprint <> '' AND made_at <> ''"
    " AND EXISTS (SELECT 1 FROM originals AS other WHERE other.merchant = originals.merchant"
    " AND other.card_fingerprint = originals.card_fingerprint"
    " AND other.amount_minor = originals.amount_minor AND other.made_at <> ''"
    " AND other.original_id <> originals.original_id)"
)


@closed_class
class Lookups(Sales):
    """The table of sales, as people look into it."""

    def find_sales(self, query: SaleQuery, *, merchant: str) -> FoundSales:
        """Return the sales of *merchant* that fit *query*, ranked; see ``engine.lookup.rank``."""
        rows: dict[str, dict[str, object]] = {}
        is_complete = True
        for where, values in _ways(query, merchant):
            some = self._dicts(f"SELECT * FROM originals WHERE {where} {_NEWEST}", *values)
            is_complete &= len(some) < _ONE_MORE
            rows |= {str(row["original_id"]): row for row in some}
        refunded = self._refunded(query.code) if query.code else frozenset()
        for name in refunded - rows.keys():
            where = WAYS["request_id"]
            some = self._dicts(f"SELECT * FROM originals WHERE {where}", name, merchant)
            rows |= {str(row["original_id"]): row for row in some}
        sales = [self._original(row) for row in rows.values()]
        return rank(query, sales, refunded=refunded, is_complete=is_complete)

    def sales_of_day(
        self, merchant: str, day: date, *, most: int = CANDIDATES_MAX
    ) -> list[Original]:
        """Return *merchant*'s sales with that transaction date, *most* of them at most, by terminal, batch and number."""
        where = "merchant = ? AND transaction_date = ? ORDER BY terminal, batch, stan LIMIT ?"
        rows = self._dicts(
            f"SELECT * FROM originals WHERE {where}", merchant, day.isoformat(), most
        )
        return [self._original(row) for row in rows]

    def sales_of_order(self, merchant: str, order_ref: str) -> list[Original]:
        """Return every sale of *merchant* for an order, oldest first."""
        where = f"{WAYS['order_ref']} ORDER BY transaction_date, original_id"
        rows = self._dicts(f"SELECT * FROM originals WHERE {where}", merchant, order_ref)
        return [self._original(row) for row in rows]

    def sales_of_card(
        self, merchant: str, card_fingerprint: str, *, most: int = CANDIDATES_MAX
    ) -> list[Original]:
        """Return the sales of *merchant* that a card paid, the newest first, *most* of them at most.

        Those of which all was given back are left out; one that is held by a doubt is not.
        Those of which a feed told no time or no whole card number are not among them: a slip finds them.
        """
        rows = self._dicts(_OF_CARD, merchant, card_fingerprint, most)
        return [self._original(row) for row in rows]

    def sales_by_code(self, merchant: str, *, most: int = CANDIDATES_MAX) -> list[Original]:
        """Return the sales of *merchant* that a code paid in its last month of sales, the newest first, *most* of them at most.

        Those of which all was given back are left out; one that is held by a doubt is not. Those that only a slip
        told are not among them: nobody said here how they were paid.
        """
        ((last,),) = self._rows(
            "SELECT MAX(transaction_date) FROM originals WHERE merchant = ?", merchant
        )
        if not last:
            return []
        since = date.fromisoformat(last) - _RECENT
        rows = self._dicts(_WITHOUT_CARD, merchant, since.isoformat(), _LOOKED_AT)
        sales = (self._original(row) for row in rows)
        return list(islice((sale for sale in sales if sale.wallet), most))

    def repeated_sales(self, merchant: str, since: date) -> list[Original]:
        """Return *merchant*'s sales from *since* on of which the same card paid the same amount at another time, too."""
        rows = self._dicts(
            f"SELECT * FROM originals WHERE {_REPEATED}", merchant, since.isoformat()
        )
        return [self._original(row) for row in rows]

    def _refunded(self, code: ReceiptCode) -> frozenset[str]:
        """The sale of the void or refund on whose slip *code* is printed; it was sent within two days of its day."""
        sent = (
            "SELECT original_id, host_day FROM attempts"
            " WHERE terminal = ? AND batch = ? AND stan = ? AND original_id IS NOT NULL"
        )
        found = self._rows(sent, code.terminal, code.batch, code.stan)
        return frozenset(str(name) for name, day in found if code.is_near(day))


def _ways(query: SaleQuery, merchant: str) -> Iterator[tuple[str, tuple[object, ...]]]:
    """The condition of each way that *query* gives, with its values."""
    code, amount = query.code, query.amount
    values: dict[str, tuple[object, ...]] = {
        "request_id": (query.request_id, merchant),
        "rrn_and_day": (query.rrn, merchant),
        "order_ref": (merchant, query.order_ref),
        "rrn": (query.rrn, merchant),
    }
    if code is not None:
        values["code"] = (code.terminal, merchant, code.batch, code.stan)
    if amount is not None:
        values["auth_card_amount"] = (merchant, query.auth_code, query.card_last4, amount.minor)
    for way in query.ways:
        yield WAYS[way], values[way]
