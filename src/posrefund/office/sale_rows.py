"""Rows of a feed as sales: every cell checked, the card number gone before the row is. Floor 8.

Nothing is guessed: a date has its year, an amount no more digits than its currency has, a sale its merchant. Who knows no
whole card number may give what a slip shows of it; decision 0052 says what becomes of such a sale.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, get_args

from posrefund.closed import closed_class
from posrefund.engine import Original, receipt_code
from posrefund.engine.notes import is_note
from posrefund.errors import InvalidRequestError
from posrefund.values import (
    PAN,
    RRN,
    STAN,
    Amount,
    BatchNumber,
    MerchantID,
    RequestID,
    TerminalID,
    Voucher,
    settlement_day,
)
from posrefund.values.method import Wallet

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import timezone

    from posrefund.errors import Fault
    from posrefund.office.feed_rows import FeedRow

__all__ = ["COLUMNS", "SaleReader", "is_order_ref"]

COLUMNS: Mapping[str, str] = {
    "id": "请求号",
    "terminal": "终端号",
    "merchant": "商户号",
    "batch": "批次号",
    "stan": "凭证号",
    "rrn": "参考号",
    "date": "交易日期",
    "time": "交易时间",
    "settlement_date": "清算日期",
    "amount": "金额",
    "amount_minor": "金额分",
    "currency": "币种",
    "auth_code": "授权码",
    "card": "卡号",
    "wallet": "钱包",
    "voucher": "付款凭证码",
    "organisation": "卡组织",
    "order_ref": "订单号",
}
"""The columns that a feed may have, and their Chinese names."""

_ENGLISH = {chinese: english for english, chinese in COLUMNS.items()}
_NEEDED = ("terminal", "batch", "stan", "rrn", "date")
_DAYS_AHEAD = timedelta(days=2)
"""Two clocks, and a host's day that begins at 23:00."""
_SETTLEMENT_DAYS = timedelta(days=10)
"""A settlement day may lie behind a long holiday."""
_FIRST_DAY = date(2000, 1, 1)
_CURRENCY = "156"
_WALLETS: Mapping[str, Wallet] = {"云闪付": "unionpay", "微信": "wechat", "支付宝": "alipay"}
_SHOWN = re.compile(r"[0-9]{0,6}[*xX.]{2,}([0-9]{4})|([0-9]{4})")
"""What a slip shows of a card number."""
_DATE = re.compile(r"([0-9]{4})(-?)([0-9]{2})\2([0-9]{2})")
_TIME = re.compile(r"([0-9]{2})(:?)([0-9]{2})(?:\2([0-9]{2}))?")


@dataclass(frozen=True, slots=True)
class _Card:
    """What is kept of a card number."""

    fingerprint: str
    last4: str


_NO_CARD = _Card("", "")


@dataclass(slots=True)
class _Cells:
    """The cells of one row, what was made of them, and what is wrong with them."""

    line: int
    given: dict[str, str | int] = field(repr=False)
    made: dict[str, Any] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def make(self, column: str, kind: Callable[[str], Any], *, needed: bool = False) -> None:
        """Make *column* into what it says; the cell itself is dropped."""
        cell = self.given.pop(column, None)
        if cell is None:
            if needed:
                self.fault(column, "a value")
            return
        try:
            self.made[column] = kind(cell if isinstance(cell, str) else "")
        except InvalidRequestError as error:
            is_text = isinstance(cell, str)
            self.fault(column, error.faults[0][1] if is_text else "text, its zeros with it")

    def fault(self, column: str, expected: str) -> None:
        """Say what should have stood in *column*."""
        self.faults.append((f"line {self.line}, {column}", expected))

    def has_fault(self, *columns: str) -> bool:
        """Say whether something is wrong with one of *columns*."""
        paths = {f"line {self.line}, {column}" for column in columns}
        return any(path in paths for path, _ in self.faults)


@closed_class
@dataclass(frozen=True, slots=True)
class SaleReader:
    """Makes sales of rows.

    Attributes:
        merchant: Whose sales they have to be.
        zone: Of dates, and of times that do not say theirs.
        cut_off: When a settlement day ends, for rows that have a time and no settlement date.
        today: In that zone; a sale of more than two days later is a mistake.
        fingerprint: Returns the keyed digest of a card number.
        columns: Other names of columns, each with the column that it means; one that means nothing is left out.
    """

    merchant: str
    zone: timezone
    cut_off: time
    today: date
    fingerprint: Callable[[PAN], str]
    columns: Mapping[str, str] = field(default_factory=dict)

    def read(self, row: FeedRow) -> Original:
        """Return the sale of *row*; of its card number nothing is kept but the digest and the last four digits.

        Raises:
            InvalidRequestError: Every fault of the row, each with line and column, and no value.
        """
        cells = _Cells(row.line, {})
        self._name(cells, row)
        for column, kind in self._kinds().items():
            cells.make(column, kind, needed=column in _NEEDED)
        self._check_merchant(cells)
        _check_payer(cells)
        self._make_amount(cells)
        self._make_moments(cells)
        for column in cells.given:
            cells.fault(_shown(column), f"one of {', '.join(COLUMNS)}")
        if cells.faults:
            raise InvalidRequestError(cells.faults)
        return self._sale(cells.made)

    def _name(self, cells: _Cells, row: FeedRow) -> None:
        for name, cell in row.values.items():
            column = self.columns.get(name, _ENGLISH.get(name, name))
            if column in cells.given:
                cells.fault(_shown(column), "given once")
            elif column or name not in self.columns:
                cells.given[column] = cell

    def _kinds(self) -> dict[str, Callable[[str], Any]]:
        return {
            "id": RequestID,
            "terminal": TerminalID,
            "merchant": MerchantID,
            "batch": BatchNumber,
            "stan": STAN,
            "rrn": RRN,
            "date": _date,
            "settlement_date": _date,
            "auth_code": _pattern("[0-9A-Za-z ]{6}", "6 letters, digits or spaces"),
            "organisation": _pattern("[0-9A-Za-z]{3}", "3 letters or digits"),
            "currency": _pattern("[0-9]{3}", "three digits, ISO 4217 numeric"),
            "order_ref": _order_ref,
            "card": self._card,
            "wallet": _wallet,
            "voucher": _voucher,
        }

    def _card(self, text: str) -> _Card:
        shown = _SHOWN.fullmatch(text)
        if shown:
            return _Card("", shown[1] or shown[2])
        try:
            pan = PAN(text)
        except InvalidRequestError:
            raise _wrong("a card number that passes the Luhn check, or its last 4 digits") from None
        return _Card(self.fingerprint(pan), str(pan)[-4:])

    def _check_merchant(self, cells: _Cells) -> None:
        if cells.made.get("merchant", self.merchant) != self.merchant:
            cells.fault("merchant", "this merchant's number")

    def _make_amount(self, cells: _Cells) -> None:
        currency = cells.made.get("currency", _CURRENCY)
        minor = cells.given.pop("amount_minor", None)
        if minor is not None and "amount" not in cells.given:
            digits = re.fullmatch("[0-9]{1,12}", str(minor))
            cells.given["amount"] = str(minor)
            cells.make("amount", lambda text: Amount(int(text) if digits else 0, currency))
        elif minor is not None:
            del cells.given["amount"]
            cells.fault("amount_minor", "amount or amount_minor, not both")
        else:
            cells.make("amount", lambda text: Amount.parse(text, currency), needed=True)

    def _make_moments(self, cells: _Cells) -> None:
        """The time, and the settlement day that follows from it where none is given."""
        day: date | None = cells.made.get("date")
        if day is not None and not _FIRST_DAY <= day <= self.today + _DAYS_AHEAD:
            cells.fault("date", "a day that has come, from 2000 on")
            day = None
        if day is None:
            cells.given.pop("time", None)
            return
        cells.make("time", lambda text: self._moment(text, day))
        moment: datetime | None = cells.made.get("time")
        settled: date | None = cells.made.get("settlement_date")
        if settled is None and moment is not None:
            settled = settlement_day(moment.astimezone(self.zone), self.cut_off)
            cells.made["settlement_date"] = settled
        if settled is None:
            if not cells.has_fault("settlement_date", "time"):
                cells.fault("settlement_date", "a date; or a time, from which it follows")
        elif abs(settled - day) > _SETTLEMENT_DAYS:
            cells.fault("settlement_date", "a day near that of the sale")

    def _moment(self, text: str, day: date) -> datetime:
        try:
            moment = self._clock_time(text, day)
            is_near = abs(moment.astimezone(self.zone).date() - day) <= _DAYS_AHEAD
        except (ValueError, OverflowError):
            raise _wrong("hh:mm:ss, or a date and time") from None
        if not is_near:
            raise _wrong("a time near the date")
        return moment.astimezone(UTC)

    def _clock_time(self, text: str, day: date) -> datetime:
        """A time of that day, or one with a date of its own."""
        clock = _TIME.fullmatch(text)
        if clock:
            at = time(int(clock[1]), int(clock[3]), int(clock[4] or 0))
            return datetime.combine(day, at, self.zone)
        moment = datetime.fromisoformat(text)
        return moment if moment.tzinfo else moment.replace(tzinfo=self.zone)

    def _sale(self, made: dict[str, Any]) -> Original:
        card: _Card = made.get("card", _NO_CARD)
        sale = Original(
            original_id=made.get("id", ""),
            terminal=made["terminal"],
            merchant=self.merchant,
            batch=made["batch"],
            stan=made["stan"],
            rrn=made["rrn"],
            transaction_date=made["date"],
            settlement_date=made["settlement_date"],
            amount=made["amount"],
            auth_code=made.get("auth_code"),
            card_fingerprint=card.fingerprint,
            organisation=made.get("organisation"),
            card_last4=card.last4,
            order_ref=made.get("order_ref", ""),
            made_at=made.get("time"),
            wallet=made.get("wallet", ""),
            voucher=made.get("voucher", ""),
        )
        return sale if sale.original_id else replace(sale, original_id=receipt_code(sale))


def _check_payer(cells: _Cells) -> None:
    """A card paid, or a code did; nothing is guessed where neither is said."""
    has_card, has_wallet = ("card" in cells.made, "wallet" in cells.made)
    if cells.has_fault("card", "wallet"):
        return
    if has_card == has_wallet:
        cells.fault("card", "a card, or the wallet of whoever paid by a code")
    elif "voucher" in cells.made and not has_wallet:
        cells.fault("voucher", "nothing where a card paid")


def _wrong(expected: str) -> InvalidRequestError:
    """A cell that is not what it has to be."""
    return InvalidRequestError([("cell", expected)])


def _pattern(pattern: str, expected: str) -> Callable[[str], str]:
    def kind(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise _wrong(expected)
        return text

    return kind


def _wallet(text: str) -> str:
    name = _WALLETS.get(text, text)
    if name not in get_args(Wallet):
        raise _wrong(f"one of {', '.join(get_args(Wallet))}")
    return name


def _voucher(text: str) -> str:
    return Voucher.of_paper(text).reveal()


def _date(text: str) -> date:
    parts = _DATE.fullmatch(text)
    try:
        if parts and text.isascii():
            return date(int(parts[1]), int(parts[3]), int(parts[4]))
    except ValueError:
        pass
    raise _wrong("YYYY-MM-DD")


def is_order_ref(text: object) -> bool:
    """Say whether *text* may be the number of an order: what a ``SaleRequest`` takes."""
    return isinstance(text, str) and len(text) <= 64 and text.isprintable() and is_note(text)


def _order_ref(text: str) -> str:
    if not is_order_ref(text):
        raise _wrong("at most 64 printable characters, no card number")
    return text


def _shown(name: str) -> str:
    """A column's name as an error may say it: it is from outside, and could be anything."""
    is_plain = name.isidentifier() and len(name) <= 32 and not any(map(str.isdigit, name))
    return name if is_plain else "a column"
