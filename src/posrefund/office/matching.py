"""Which row of a file is which attempt: by its identity, then by its reference number, then only a guess. Floor 8.

Every row goes to one attempt at most, and an attempt takes one row; what stands there again is a duplicate. The
order of the rows decides nothing.

Source of the warning: a production acquirer matches card rows by reference number, date and time *without the
amount* (dbop.c of chinaljp/posp), and a wrong amount passes as a match. Here the amount counts in each pass.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import partial
from typing import TYPE_CHECKING, Literal

from posrefund.engine import State
from posrefund.engine.evidence import difference, same_transaction
from posrefund.errors import InvalidRequestError
from posrefund.values import HostClock, infer_year

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from posrefund.engine import Attempt
    from posrefund.engine.evidence import FileRow

__all__ = ["Matching", "Pair"]

How = Literal["row", "again", "return", "nobody"]

_LATE_DAYS = 2
"""A booking may stand in the file of the day before (two clocks), and of up to two days later (cut-over)."""
_NEAR = timedelta(minutes=15)
_GONE = {State.DECLINED, State.NOT_SENT, State.REVERSED, State.RELEASED}


@dataclass(frozen=True, slots=True)
class Pair:
    """One row, and what it belongs to.

    Attributes:
        row: The file's.
        attempt_id: Ours; None where it is nobody's.
        how: As its row, as one more row of it, as its money coming back, or not at all.
        suggests: An attempt that people may look at; it proves nothing.
    """

    row: FileRow
    attempt_id: str | None
    how: How
    suggests: str = ""


class Matching:
    """The attempts of one terminal, ready to be found.

    Args:
        attempts: All of them, oldest first.
        file_day: Of the file.
    """

    def __init__(self, attempts: Iterable[Attempt], file_day: date) -> None:
        self._day = file_day
        self._taken: set[str] = set()
        self._by_number: defaultdict[tuple[str, str], list[Attempt]] = defaultdict(list)
        self._by_name: defaultdict[tuple[str, str], list[Attempt]] = defaultdict(list)
        self._by_rrn: defaultdict[tuple[str, str], list[Attempt]] = defaultdict(list)
        self._by_amount: defaultdict[tuple[str, int], list[Attempt]] = defaultdict(list)
        for attempt in attempts:
            self._by_number[attempt.kind, attempt.stan].append(attempt)
            self._learn_names(attempt)
            if self._is_in_window(attempt):
                self._learn(attempt)

    def pairs(self, rows: Sequence[FileRow], returns: Sequence[FileRow]) -> list[Pair]:
        """Return one pair for each row: those of an attempt in the order in which they are to be judged."""
        found, rest = self._by_identity(rows)
        late, rest = self._by_reference(rest)
        back = [self._returned(row) for row in returns]
        return [*found, *late, *back, *(self._nobody(row) for row in rest)]

    def twins(self, rrn: str, attempt: Attempt) -> list[Attempt]:
        """Return the other attempts whose answer named the booking of *attempt*: one effect under two ids."""
        return [
            other
            for other in self._by_rrn[attempt.kind, rrn]
            if other.attempt_id not in self._taken
            and other.state is State.ACCEPTED
            and (other.terminal, other.host_day) == (attempt.terminal, attempt.host_day)
            and other.amount == attempt.amount
        ]

    # --- passes ------------------------------------------------------------------------------

    def _by_identity(self, rows: Sequence[FileRow]) -> tuple[list[Pair], list[FileRow]]:
        groups: defaultdict[str, list[FileRow]] = defaultdict(list)
        owners: dict[str, Attempt] = {}
        rest = []
        for row in rows:
            owner = self._owner(row)
            if owner is None:
                rest.append(row)
                continue
            owners[owner.attempt_id] = owner
            groups[owner.attempt_id].append(row)
        pairs = []
        for name, group in groups.items():
            self._taken.add(name)
            if len(group) > 1:
                group.sort(key=partial(_fitness, owners[name]))
            pairs += [Pair(row, name, "again" if at else "row") for at, row in enumerate(group)]
        return pairs, rest

    def _owner(self, row: FileRow) -> Attempt | None:
        if row.stan:
            known = self._by_number.get((row.kind, row.stan), ())
            same = [each for each in known if same_transaction(each, row, self._day)]
        else:
            named = self._by_name.get((row.kind, row.reference), ()) if row.reference else ()
            known = [each for each in named if self._is_in_window(each)]
            same = [each for each in known if each.state not in _GONE] or known[-1:]
        if len(same) < 2:
            return same[0] if same else None
        return min(
            same, key=lambda each: (bool(difference(each, row)), abs(each.host_day - self._day))
        )

    def _by_reference(self, rows: Sequence[FileRow]) -> tuple[list[Pair], list[FileRow]]:
        pairs, rest = [], []
        for row in sorted(rows, key=_content):
            fits = [
                each
                for each in self._by_rrn.get((row.kind, row.rrn), ())
                if each.attempt_id not in self._taken
                and each.terminal == row.terminal
                and not difference(each, row)
            ]
            if not fits:
                rest.append(row)
                continue
            self._taken.add(fits[0].attempt_id)
            pairs.append(Pair(row, fits[0].attempt_id, "row"))
        return pairs, rest

    def _returned(self, row: FileRow) -> Pair:
        """A return names the refund that came back: by our name of it, or by its number and time."""
        if row.reference:
            known = [*self._by_name.get(("refund", row.reference), ())]
        else:
            numbered = self._by_number.get(("refund", row.original_stan.strip()), ())
            known = [each for each in numbered if self._is_its_day(each, row)]
        found = [each for each in known if each.state not in _GONE] or known
        return Pair(row, found[-1].attempt_id, "return") if found else self._nobody(row)

    def _nobody(self, row: FileRow) -> Pair:
        known = self._by_amount.get((row.kind, row.amount_minor), ())
        near = [
            each
            for each in known
            if each.attempt_id not in self._taken and _looks_like(each, row, self._day)
        ]
        return Pair(row, None, "nobody", near[0].attempt_id if len(near) == 1 else "")

    # --- inside ------------------------------------------------------------------------------

    def _is_in_window(self, attempt: Attempt) -> bool:
        return -1 <= (self._day - attempt.host_day).days <= _LATE_DAYS

    def _learn_names(self, attempt: Attempt) -> None:
        self._by_name[attempt.kind, attempt.request_id].append(attempt)
        order = attempt.facts.get("order_ref", "") if attempt.kind == "sale" else ""
        if order not in ("", attempt.request_id):
            self._by_name[attempt.kind, order].append(attempt)

    def _learn(self, attempt: Attempt) -> None:
        if rrn := attempt.facts.get("rrn"):
            self._by_rrn[attempt.kind, rrn].append(attempt)
        self._by_amount[attempt.kind, attempt.amount.minor].append(attempt)

    def _is_its_day(self, attempt: Attempt, row: FileRow) -> bool:
        if row.terminal != attempt.terminal:
            return False
        try:
            day = infer_year(row.original_transmitted[:4], not_after=self._day)
        except InvalidRequestError:
            return False
        return abs((day - attempt.host_day).days) <= 1


def _content(row: FileRow) -> tuple[object, ...]:
    """What a row says, in an order that does not depend on where it stands."""
    return (row.amount_minor, row.rrn, row.transmitted, row.original_stan, row.currency, row.row)


def _fitness(attempt: Attempt, row: FileRow) -> tuple[object, ...]:
    return (bool(difference(attempt, row)), *_content(row))


def _looks_like(attempt: Attempt, row: FileRow, file_day: date) -> bool:
    """Whether card, authorisation and time are near enough to make people look."""
    if row.terminal and row.terminal != attempt.terminal:
        return False
    auth = attempt.facts.get("auth_code", "")
    if auth and row.auth_code and auth != row.auth_code:
        return False
    same_card = row.card_fingerprint and row.card_fingerprint == attempt.card_fingerprint
    return bool(same_card or (auth and auth == row.auth_code)) and _is_near(attempt, row, file_day)


def _is_near(attempt: Attempt, row: FileRow, file_day: date) -> bool:
    said = row.transmitted
    try:
        day = infer_year(said[:4], not_after=file_day + timedelta(days=1))
    except InvalidRequestError:
        return False
    ours = HostClock().at(attempt.created_at)
    seconds = int(said[4:6]) * 3600 + int(said[6:8]) * 60 + int(said[8:10])
    theirs = datetime.combine(day, time(), ours.tzinfo) + timedelta(seconds=seconds)
    return abs(theirs - ours) <= _NEAR
