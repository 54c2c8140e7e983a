"""Which sale does somebody mean? Every one that fits, why it fits, and never a choice among several. Floor 4.

The journal brings what may fit; this says whether it does, and ranks it. More than one stays more than one: a person
chooses, whatever the rank.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Literal, get_args

from posrefund.engine.receipt_code import ReceiptCode
from posrefund.errors import InvalidRequestError
from posrefund.values import Amount

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from posrefund.engine.requests import Original
    from posrefund.errors import Fault

__all__ = ["CANDIDATES_MAX", "WHY", "Candidate", "FoundSales", "SaleQuery", "Why", "rank"]

CANDIDATES_MAX = 50
"""So many at most: whoever gets more has asked for too little."""

Why = Literal[
    "code",
    "request_id",
    "rrn_and_day",
    "code_of_refund",
    "order_ref",
    "auth_card_amount",
    "rrn",
    "code_near",
]
"""How a sale fits, the strongest first."""

WHY: Mapping[Why, tuple[str, str]] = {
    "code": ("小票条码", "the code of its slip"),
    "request_id": ("请求号", "its request id"),
    "rrn_and_day": ("参考号和日期", "its reference number and date"),
    "code_of_refund": ("其退货小票条码", "the code of a refund slip of it"),
    "order_ref": ("订单号", "its order"),
    "auth_card_amount": (
        "授权码、卡号后四位和金额",
        "authorisation code, last four digits, amount",
    ),
    "rrn": ("参考号（未给日期）", "its reference number, of any date"),
    "code_near": ("小票条码，日期相近", "the code of its slip but for the day"),
}
"""The same for people, in zh and en."""

_STRENGTH: Mapping[Why, int] = {why: place for place, why in enumerate(get_args(Why))}
_NEAR = timedelta(days=2)
"""A slip may say the host's day, and the journal the transaction's."""


@dataclass(frozen=True, slots=True)
class SaleQuery:
    """What is known of a sale that is looked for; each way to it is followed, and all that fits counts.

    Attributes:
        code: From the barcode of a slip, of the sale or of a refund of it.
        request_id: The shop's number of the sale.
        rrn: The host's number.
        day: With *rrn*: the transaction date, or its MMDD.
        order_ref: The shop's number of the order.
        auth_code: Together with *card_last4* and *amount*.
        card_last4: The last four digits of the card number.
        amount: What was paid.

    Raises:
        InvalidRequestError: Every fault at once: nothing to look by, or half of a way.

    Example:
        >>> from posrefund.engine import SaleQuery
        >>> SaleQuery(rrn="606710000042", day="0308").ways
        ('rrn_and_day',)
    """

    code: ReceiptCode | None = None
    request_id: str = ""
    rrn: str = ""
    day: date | str = ""
    order_ref: str = ""
    auth_code: str = ""
    card_last4: str = ""
    amount: Amount | None = None

    def __post_init__(self) -> None:
        faults: list[Fault] = [
            (name, expected)
            for name, pattern, expected in (
                ("rrn", "[0-9A-Za-z ]{12}", "12 letters, digits or spaces"),
                ("auth_code", "[0-9A-Za-z ]{6}", "6 letters, digits or spaces"),
                ("card_last4", "[0-9]{4}", "4 digits"),
            )
            if getattr(self, name) and not re.fullmatch(pattern, getattr(self, name))
        ]
        if isinstance(self.day, str) and self.day and not re.fullmatch("[0-9]{4}", self.day):
            faults.append(("day", "a date, or MMDD"))
        by_card = (self.auth_code, self.card_last4, self.amount)
        if any(by_card) and not all(by_card):
            faults.append(("auth_code", "together with card_last4 and amount"))
        if self.day and not self.rrn:
            faults.append(("day", "together with rrn"))
        if not faults and not self.ways:
            faults.append(("query", "a code, a request id, an RRN, an order or a card's three"))
        if faults:
            raise InvalidRequestError(faults)

    @property
    def ways(self) -> tuple[Why, ...]:
        """The ways to a sale that were given, the strongest first."""
        given: dict[Why, object] = {
            "code": self.code,
            "request_id": self.request_id,
            "rrn_and_day": self.rrn and self.day,
            "order_ref": self.order_ref,
            "auth_card_amount": self.amount,
            "rrn": self.rrn and not self.day,
        }
        return tuple(way for way, value in given.items() if value)

    def fits(self, sale: Original, refunded: Collection[str] = ()) -> tuple[Why, ...]:
        """Say in which ways *sale* is what is looked for; empty where it is not.

        Args:
            sale: One that the journal knows.
            refunded: Ids of the sales of which *code* is on a refund's slip.
        """
        answers: dict[Why, bool] = {
            "code": self._code_fits(sale, timedelta(0)),
            "request_id": sale.original_id == self.request_id,
            "rrn_and_day": sale.rrn == self.rrn and bool(self.day) and self._day_fits(sale),
            "code_of_refund": sale.original_id in refunded,
            "order_ref": bool(self.order_ref) and sale.order_ref == self.order_ref,
            "auth_card_amount": self._card_fits(sale),
            "rrn": sale.rrn == self.rrn and not self.day,
            "code_near": self._code_fits(sale, _NEAR),
        }
        answers["code_near"] &= not answers["code"]
        return tuple(why for why, fits in answers.items() if fits)

    def _code_fits(self, sale: Original, within: timedelta) -> bool:
        if self.code is None or abs(sale.transaction_date - self.code.day) > within:
            return False
        said = self.code.terminal, self.code.batch, self.code.stan
        return said == (sale.terminal, sale.batch, sale.stan)

    def _day_fits(self, sale: Original) -> bool:
        made = sale.transaction_date
        return self.day == (f"{made:%m%d}" if isinstance(self.day, str) else made)

    def _card_fits(self, sale: Original) -> bool:
        given = self.auth_code, self.card_last4, self.amount
        return all(given) and given == (sale.auth_code, sale.card_last4, sale.amount)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sale that fits.

    Attributes:
        rank: 1 for what fits best; sales that fit equally well have the same.
        sale: It.
        why: In which ways it fits, the strongest first.
    """

    rank: int
    sale: Original
    why: tuple[Why, ...]


@dataclass(frozen=True, slots=True)
class FoundSales:
    """What fits a query.

    Attributes:
        candidates: Best first; newest first among equals.
        is_complete: Whether these are all; if not, ask for more.
    """

    candidates: tuple[Candidate, ...] = ()
    is_complete: bool = True

    @property
    def only(self) -> Original | None:
        """The sale, if exactly one fits; None for none and for several, whatever their ranks."""
        is_one = len(self.candidates) == 1 and self.is_complete
        return self.candidates[0].sale if is_one else None


def rank(
    query: SaleQuery,
    sales: Iterable[Original],
    *,
    refunded: Collection[str] = (),
    is_complete: bool = True,
) -> FoundSales:
    """Return those of *sales* that fit *query*, best first; the order in which they come does not matter.

    Args:
        query: What is known of it.
        sales: What may fit, each of them once.
        refunded: Ids of the sales of which the query's code is on a refund's slip.
        is_complete: Whether nothing that may fit was left out.
    """
    fitting = [(sale, why) for sale in sales if (why := query.fits(sale, refunded))]
    fitting.sort(key=lambda one: (one[0].transaction_date, one[0].original_id), reverse=True)
    fitting.sort(key=lambda one: _merit(one[1]))
    places = {merit: place for place, merit in enumerate(sorted({_merit(w) for _, w in fitting}))}
    ranked = [Candidate(1 + places[_merit(why)], sale, why) for sale, why in fitting]
    is_all = is_complete and len(ranked) <= CANDIDATES_MAX
    return FoundSales(tuple(ranked[:CANDIDATES_MAX]), is_all)


def _merit(why: tuple[Why, ...]) -> tuple[int, ...]:
    """Smaller is better: the strongest way first, then the next; one way more beats one way less."""
    return (*(_STRENGTH[one] for one in why), len(_STRENGTH))
