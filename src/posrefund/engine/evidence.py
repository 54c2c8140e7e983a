"""What a settlement file proves. Floor 4.

A row that is there proves the booking; a row that is not there proves nothing until the complete files
of three days are read — the day it was sent, and one on either side, for two clocks never agree to the
second about 23:00 — and even then only people release the money.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Literal

from posrefund.engine.actions import Know, Move
from posrefund.engine.exceptions import Category
from posrefund.engine.notes import is_note
from posrefund.engine.requests import Original
from posrefund.engine.table import TABLE, Event, State
from posrefund.errors import InvalidRequestError
from posrefund.values import infer_year

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import datetime

    from posrefund.engine.actions import Action
    from posrefund.engine.attempt import Attempt, Kind

__all__ = [
    "Category",
    "FileRow",
    "Sold",
    "check_word",
    "complete_days",
    "difference",
    "hints_at",
    "judge_absence",
    "judge_repeated",
    "judge_return",
    "judge_row",
    "judge_twin",
    "same_transaction",
    "settlement_days",
]

_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class FileRow:
    """One transaction of a settlement file, its card number already dropped.

    Attributes:
        kind: Which message it was; ``"reversal"`` undoes another row, ``"return"`` says that a refund came
            back, ``"other"`` is none of ours.
        terminal: DE41.
        merchant: DE42.
        stan: DE11.
        rrn: DE37 of this transaction.
        amount_minor: DE4.
        transmitted: MMDDhhmmss, host time.
        original_stan: STAN of the transaction it refers to; empty where none.
        row: Line of the file, from 1.
        is_booked: Whether its response code says so; one that does not still shows that the host
            knows the transaction.
        original_transmitted: MMDDhhmmss of the transaction it refers to; zeros or empty where none.
        currency: ISO 4217 number; empty where the file does not say.
        sign: 1 where the money goes to the merchant, -1 from it, 0 where the file does not say.
        auth_code: DE38; empty where the file has none.
        card_fingerprint: Keyed digest of the card number; empty where it was dropped.
        reference: What the merchant calls it; empty where the file has no such name.
        original_reference: What the merchant calls the sale it takes from.
        fee_minor: What the acquirer kept, or with a minus gave back; None where the file does not say.
        year: Four digits, where the file says them.
    """

    kind: Kind | Literal["reversal", "return", "other"]
    terminal: str
    merchant: str
    stan: str
    rrn: str
    amount_minor: int
    transmitted: str
    original_stan: str
    row: int
    is_booked: bool = True
    original_transmitted: str = ""
    currency: str = ""
    sign: int = 0
    auth_code: str = ""
    card_fingerprint: str = ""
    reference: str = ""
    original_reference: str = ""
    fee_minor: int | None = None
    year: str = ""


@dataclass(frozen=True, slots=True)
class Sold:
    """What is known of a sale that rows refer to.

    Attributes:
        original_id: Its name.
        stan: DE11; zeros where nobody knows it.
        day: Host's date.
        amount_minor: What it brought in.
        given_back_minor: What was accepted of it; a doubt is not counted.
    """

    original_id: str
    stan: str
    day: date
    amount_minor: int
    given_back_minor: int


def same_transaction(attempt: Attempt, row: FileRow, file_day: date) -> bool:
    """Say whether *row* of the file of *file_day* carries the identity of *attempt*.

    The amount is compared afterwards, so that a wrong one is found and not overlooked.
    """
    ours = (attempt.kind, attempt.terminal, attempt.merchant, attempt.stan)
    theirs = (row.kind, row.terminal, row.merchant, row.stan)
    return file_day in settlement_days(attempt) and ours == theirs


def hints_at(attempt: Attempt, row: FileRow, file_day: date) -> bool:
    """Say whether *row* may have to do with *attempt*, whatever its kind, code or merchant.

    Such a row proves no booking, but it forbids to call the attempt absent.
    """
    near = file_day in settlement_days(attempt)
    return near and (row.terminal, row.stan) == (attempt.terminal, attempt.stan)


def settlement_days(attempt: Attempt) -> tuple[date, date, date]:
    """Return the days whose files may hold *attempt*: the host's cut-over is not ours to the second."""
    day = attempt.host_day
    return day - _ONE_DAY, day, day + _ONE_DAY


def judge_row(
    attempt: Attempt, row: FileRow, file_day: date, now: datetime, sale: Sold | None = None
) -> tuple[list[Action], Category]:
    """Say what follows from finding *row* for *attempt*, which gives back of *sale* where that is known."""
    facts = _facts(row, file_day, now)
    if differs := difference(attempt, row):
        return _contradict(attempt, facts, now), differs
    if attempt.state is State.CONFIRMED and _was_in_another(attempt, file_day):
        return judge_repeated(attempt, file_day, now)
    if attempt.state in _BELIEVED and _wrong_sale(row, sale, file_day):
        return _contradict(attempt, facts, now), "ORIG_MISMATCH"
    return _judge_booked(attempt, row, file_day, now)


def _judge_booked(
    attempt: Attempt, row: FileRow, file_day: date, now: datetime
) -> tuple[list[Action], Category]:
    """The money is right: what the row proves depends on where the attempt stands."""
    match attempt.state:
        case State.CONFIRMED:
            return [], _on_time(attempt, file_day)
        case State.ACCEPTED:
            return _confirm(attempt, row, file_day, now), _on_time(attempt, file_day)
        case State.IN_DOUBT | State.MANUAL:
            return _resolve(attempt, row, file_day, now), "RESOLVED_YES"
        case State.INTENT | State.SENT | State.REVERSING:
            return [], "PENDING"
        case State.MISMATCHED | State.BOUNCED:
            return [], "OPEN_CASE"
        case _:
            facts = _facts(row, file_day, now)
            return _contradict(attempt, facts, now), "DECLINED_BUT_BOOKED"


_BELIEVED = {State.CONFIRMED, State.ACCEPTED, State.IN_DOUBT, State.MANUAL}


def _was_in_another(attempt: Attempt, file_day: date) -> bool:
    return attempt.facts.get("file_day") not in (None, file_day.isoformat())


def _on_time(attempt: Attempt, file_day: date) -> Category:
    return "LATE_MATCH" if file_day > attempt.host_day else "MATCH"


def difference(attempt: Attempt, row: FileRow) -> Category | None:
    """Return what of the money itself differs, the first that does; None where nothing does."""
    if row.amount_minor != attempt.amount.minor or _rrn_differs(attempt, row):
        return "AMOUNT"
    if row.currency and row.currency != attempt.amount.currency:
        return "CURRENCY"
    if row.sign and row.sign != (1 if attempt.kind == "sale" else -1):
        return "SIGN"
    return None


def _wrong_sale(row: FileRow, sale: Sold | None, file_day: date) -> bool:
    """Whether *row* names another sale; what it or the journal leaves out contradicts nothing."""
    named, known = row.original_stan.strip(" 0"), (sale.stan if sale else "").strip(" 0")
    if sale is None or not named or not known:
        return False
    if row.original_stan.strip().zfill(6) != sale.stan:
        return True
    try:
        day = infer_year(row.original_transmitted[:4], not_after=file_day + _ONE_DAY)
    except InvalidRequestError:
        return False  # a file that says no date, or one of long ago
    return abs(day - sale.day) > _ONE_DAY


def judge_return(
    attempt: Attempt, row: FileRow, file_day: date, now: datetime
) -> tuple[list[Action], Category]:
    """Say what follows from *row*, which says that the money of *attempt* came back."""
    facts = {"returned": file_day.isoformat(), "at": now.isoformat()}
    if row.amount_minor != attempt.amount.minor:
        return [], "AMOUNT"
    bounce = Move(attempt.attempt_id, Event.BOUNCE, now, facts)
    match attempt.state:
        case State.CONFIRMED:
            return [bounce], "BOUNCED"
        case State.ACCEPTED:
            return [*_confirm(attempt, row, file_day, now), bounce], "BOUNCED"
        case State.BOUNCED:
            return [], "BOUNCED"
        case State.INTENT | State.SENT | State.REVERSING:
            return [], "PENDING"
        case State.MISMATCHED | State.MANUAL | State.IN_DOUBT:
            return [], "OPEN_CASE"
        case _:
            return _contradict(attempt, facts, now), "DECLINED_BUT_BOOKED"


def judge_twin(attempt: Attempt, now: datetime) -> tuple[list[Action], Category]:
    """Say what follows where the booking of *attempt* is another attempt's too: one effect under two ids."""
    return _contradict(attempt, {"twin": "yes", "at": now.isoformat()}, now), "DUPLICATE_JOURNAL"


def judge_repeated(
    attempt: Attempt, file_day: date, now: datetime
) -> tuple[list[Action], Category]:
    """Say what follows from finding *attempt* a second time: the host booked it twice."""
    facts = {"file_day": file_day.isoformat(), "at": now.isoformat()}
    return _contradict(attempt, facts, now), "DUPLICATE_HOST"


def judge_absence(
    attempt: Attempt, days_read: Collection[date], now: datetime
) -> tuple[list[Action], Category] | None:
    """Say what follows from not finding *attempt* in the complete files of *days_read*; None: nothing.

    An attempt that any file has shown a row of, right or wrong, is never absent.
    """
    if not set(settlement_days(attempt)) <= set(days_read) or attempt.facts.get("file_day"):
        return None
    if attempt.state is State.ACCEPTED:
        facts = {"missing": "three files", "at": now.isoformat()}
        return _contradict(attempt, facts, now), "JOURNAL_ONLY"
    if attempt.state in (State.IN_DOUBT, State.MANUAL) and not attempt.facts.get("absent"):
        facts = {"absent": "three files", "at": now.isoformat()}
        event = Event.GIVE_UP if attempt.state is State.IN_DOUBT else Event.DOUBT
        return [Move(attempt.attempt_id, event, now, facts)], "RESOLVED_NO"
    return None


def _confirm(attempt: Attempt, row: FileRow, file_day: date, now: datetime) -> list[Action]:
    """The row that was waited for; of a sale that people only said was booked it says the dates, too."""
    facts = _facts(row, file_day, now)
    actions: list[Action] = []
    if attempt.facts.get("original") == "unknown":
        try:
            actions = [Know(_original(attempt, row, file_day), now)]
        except InvalidRequestError:  # the row's date is none: it stays unknown
            return [Move(attempt.attempt_id, Event.CONFIRM, now, facts)]
        facts["original"] = "known"
    return [Move(attempt.attempt_id, Event.CONFIRM, now, facts), *actions]


def complete_days(notes: Iterable[Mapping[str, str]]) -> set[date]:
    """Return the settlement days whose whole file was read, by the notes of the files that were."""
    return {date.fromisoformat(note["day"]) for note in notes if note.get("complete") == "yes"}


def check_word(people: tuple[str, str], evidence: str, what: str) -> None:
    """Refuse the word of fewer than two people, or one that names no evidence of *what*.

    Raises:
        InvalidRequestError: It is.
    """
    first, second = people
    if not first or not second or first == second:
        raise InvalidRequestError([("people", "two different people")])
    if not evidence or not all(is_note(text) for text in (first, second, evidence)):
        raise InvalidRequestError([("evidence", f"{what}, no card number")])


def _resolve(attempt: Attempt, row: FileRow, file_day: date, now: datetime) -> list[Action]:
    facts = (
        _facts(row, file_day, now)
        | {
            "code": "",  # the file says that it was booked, in no words of the host
            "evidence": "settlement file",
            "host_date": row.transmitted[:4],
            "host_time": row.transmitted[4:],
            "settlement_date": f"{file_day:%m%d}",
        }
    )
    actions: list[Action] = [
        Move(attempt.attempt_id, Event.ACCEPT, now, facts),
        Move(attempt.attempt_id, Event.CONFIRM, now),
    ]
    if attempt.kind != "sale":
        return actions
    try:
        return [*actions, Know(_original(attempt, row, file_day), now)]
    except InvalidRequestError:  # the row's date is none: for people
        return _contradict(attempt, {"file_day": file_day.isoformat(), "at": now.isoformat()}, now)


def _original(attempt: Attempt, row: FileRow, file_day: date) -> Original:
    return Original(
        original_id=attempt.request_id,
        terminal=attempt.terminal,
        merchant=attempt.merchant,
        batch=attempt.batch,
        stan=attempt.stan,
        rrn=row.rrn,
        transaction_date=infer_year(row.transmitted[:4], not_after=file_day),
        settlement_date=file_day,
        amount=attempt.amount,
        auth_code=None,
        card_fingerprint=attempt.card_fingerprint,
        card_last4=attempt.card_last4,
        order_ref=attempt.facts.get("order_ref", ""),
        made_at=attempt.created_at,
        wallet=attempt.facts.get("wallet", ""),
        voucher=attempt.facts.get("voucher", ""),
    )


def _facts(row: FileRow, file_day: date, now: datetime) -> dict[str, str]:
    """What a row lets know; a file without reference numbers takes none away."""
    facts = {"file_day": file_day.isoformat(), "at": now.isoformat()}
    return {"rrn": row.rrn, **facts} if row.rrn else facts


def _rrn_differs(attempt: Attempt, row: FileRow) -> bool:
    known = attempt.facts.get("rrn")
    return known is not None and row.rrn not in ("", known)


def _contradict(attempt: Attempt, facts: dict[str, str], now: datetime) -> list[Action]:
    """Open a case where the table has that step; a doubt with a wrong row stays a doubt, for people.

    A row that does not fit also takes back what its absence had proven.
    """
    facts = {**facts, "reason": "contradiction", "absent": ""}
    facts.pop("rrn", None)
    if attempt.state is State.IN_DOUBT:
        return [Move(attempt.attempt_id, Event.GIVE_UP, now, facts)]
    if attempt.state is State.MANUAL and attempt.facts.get("absent"):
        return [Move(attempt.attempt_id, Event.DOUBT, now, facts)]
    if (attempt.state, Event.CONTRADICT) not in TABLE:
        return []  # a case already, or not decided yet: the next reading of the file finds it again
    return [Move(attempt.attempt_id, Event.CONTRADICT, now, facts)]
