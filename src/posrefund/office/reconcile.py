"""Holds a settlement file against the journal and lets the engine draw its conclusions. Floor 8.

Both directions are reported: what the file has and the journal lacks is as bad as the reverse. A file is applied
in one commit, all of it or nothing; reading it again changes nothing.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, BinaryIO

from posrefund.closed import closed
from posrefund.engine import OPEN_STATES, Move, Note, State, host_only
from posrefund.engine.evidence import (
    FileRow,
    complete_days,
    hints_at,
    judge_absence,
    judge_repeated,
    judge_return,
    judge_row,
    judge_twin,
    settlement_days,
)
from posrefund.errors import DecodeError, InvalidRequestError
from posrefund.office.case_notes import case_notes
from posrefund.office.file_rows import FileContent, read_file
from posrefund.office.files import layout as built_in
from posrefund.office.findings import Finding, Reconciliation
from posrefund.office.matching import Matching
from posrefund.values import infer_year

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from posrefund.engine import Action, Attempt
    from posrefund.engine.evidence import Category, Sold
    from posrefund.journal import Journal
    from posrefund.office.files import Expected, FileLayout
    from posrefund.office.matching import Pair

__all__ = ["reconcile"]

_RIGHT: frozenset[Category] = frozenset({"MATCH", "LATE_MATCH", "RESOLVED_YES"})


@closed
def reconcile(
    journal: Journal,
    source: str | bytes | BinaryIO | Iterable[bytes],
    *,
    file_day: date,
    now: datetime,
    line_count: int | None = None,
    layout: FileLayout | None = None,
    expected: Expected | None = None,
) -> Reconciliation:
    """Apply the settlement file of *file_day*.

    Args:
        journal: Of one terminal; rows of others are counted and left alone.
        source: The file: open for reading bytes, in pieces, or as a whole.
        file_day: Its settlement day.
        now: The time.
        line_count: How many rows the acquirer says it has, once the day is over. Without it, without another
            total, the file may have been cut off between two lines, so what it holds counts and what it lacks
            proves nothing.
        layout: What the file looks like; None for UnionPay's ``unionpay-acom``.
        expected: What else the acquirer says of it.

    Raises:
        DecodeError: The file does not fit its layout, its totals or its digest; nothing was applied.
        JournalError: The conclusions could not be written down; none of them is.
        LocalProtocolError: The terminal moved an attempt meanwhile; nothing was applied: read the file again.
    """
    content = read_file(
        journal, source, layout or built_in(_FIRST_LAYOUT), expected, line_count=line_count
    )
    _check_day(journal, content, file_day)
    run = _Run(journal, content, file_day, now)
    found = run.findings()
    run.write()
    return found


def _check_day(journal: Journal, content: FileContent, file_day: date) -> None:
    """Refuse the file of another day: what it lacks would be taken for absent."""
    days = {f"{file_day + timedelta(days=shift):%m%d}" for shift in (-2, -1, 0, 1)}
    wrong = [line for day, line in content.days.items() if day not in days]
    if wrong:
        raise DecodeError(f"line {min(wrong)}", f"a row of {file_day}", offset_bytes=0)
    # The last file of a day counts: one that was read for a wrong day must still serve its own.
    latest = {note["day"]: note["sha256"] for note in journal.notes("file")} if content.days else {}
    for day, known in latest.items():
        if known == content.sha256 and day != file_day.isoformat():
            raise DecodeError("file", f"another file than that of {day}", offset_bytes=0)


class _Run:
    """One file being held against one journal; nothing is written before ``write``."""

    def __init__(
        self, journal: Journal, content: FileContent, file_day: date, now: datetime
    ) -> None:
        self._journal, self._content, self._day, self._now = journal, content, file_day, now
        self._attempts = {each.attempt_id: each for each in journal.attempts()}
        self._sales = {sale.original_id: sale for sale in journal.sold_here()}
        self._files = [note for note in journal.notes("file") if _layout_of(note) == content.layout]
        self._actions: list[Action] = []
        self._stands: dict[str, str] = {}

    def findings(self) -> Reconciliation:
        """Judge every row and every attempt that has none, and remember what follows."""
        content = self._content
        matching = Matching(self._attempts.values(), self._day)
        pairs = matching.pairs(content.booked, content.returns)
        found = [self._finding(pair) for pair in pairs]
        twins = [finding for pair in pairs for finding in self._twins(pair, matching)]
        found = self._over_refunds(found)
        found.sort(key=lambda each: each.row.row if each.row else 0)
        hinted = self._keep_hints(content.hints)
        self._keep_host_only(found)
        supersedes = self._keep_file()
        found = [*found, *twins, *self._absent(found, hinted), *self._dropped(found, supersedes)]
        self._actions += case_notes(
            self._journal, found, self._attempts, self._day, self._now, is_whole=content.is_whole
        )
        return Reconciliation(
            self._day,
            tuple(found),
            content.file,
            content.left_out,
            is_whole=content.is_whole,
            sha256=content.sha256,
            supersedes=supersedes,
        )

    def write(self) -> None:
        """Make it durable, all together."""
        if self._actions:
            self._journal.commit(self._actions)

    # --- rows --------------------------------------------------------------------------------

    def _finding(self, pair: Pair) -> Finding:
        row = pair.row
        if pair.attempt_id is None:
            return Finding("HOST_ONLY", None, row, suggests=pair.suggests)
        attempt = self._attempts[pair.attempt_id]  # a row before this one may have moved it
        sale = self._sales.get(attempt.original_id or "")
        if pair.how == "again":
            actions, category = judge_repeated(attempt, self._day, self._now)
        elif pair.how == "return":
            actions, category = judge_return(attempt, row, self._day, self._now)
        else:
            actions, category = judge_row(attempt, row, self._day, self._now, sale)
        self._move(actions)
        if category in _RIGHT and self._is_wrong_fee(row):
            category = "FEE"
        return Finding(category, attempt.attempt_id, row, attempt.amount.minor)

    def _is_wrong_fee(self, row: FileRow) -> bool:
        rule = self._content.fee
        if rule is None or row.fee_minor is None or row.kind != "refund":
            return False
        return not rule.fits(row.amount_minor, row.fee_minor)

    def _twins(self, pair: Pair, matching: Matching) -> Iterable[Finding]:
        if pair.how != "row" or pair.attempt_id is None or not pair.row.rrn:
            return
        for twin in matching.twins(pair.row.rrn, self._attempts[pair.attempt_id]):
            actions, category = judge_twin(twin, self._now)
            self._move(actions)
            yield Finding(category, twin.attempt_id, None, twin.amount.minor)

    def _over_refunds(self, found: list[Finding]) -> list[Finding]:
        """What nobody here made may be more than its sale brought in; of several such rows, all are."""
        named = {
            at: sale
            for at, each in enumerate(found)
            if each.category == "HOST_ONLY" and each.row and host_only.gives_back(each.row)
            for sale in self._named_by(each.row)
        }
        given = {sale.original_id: sale.given_back_minor for sale in named.values()}
        for at, sale in named.items():
            row = found[at].row
            given[sale.original_id] += row.amount_minor if row else 0
        over = {at for at, sale in named.items() if given[sale.original_id] > sale.amount_minor}
        return [
            replace(each, category="OVER_REFUND") if at in over else each
            for at, each in enumerate(found)
        ]

    def _named_by(self, row: FileRow) -> list[Sold]:
        """The one sale that *row* takes from; none where it may be any of several."""
        sales = self._journal.sold_as(row.original_stan.strip().zfill(6))
        try:
            day = infer_year(row.original_transmitted[:4], not_after=self._day)
        except InvalidRequestError:
            return []
        near = [sale for sale in sales if abs((sale.day - day).days) <= 1]
        return near if len(near) == 1 else []

    # --- what the file lacks -----------------------------------------------------------------

    def _absent(self, found: Sequence[Finding], hinted: set[str]) -> Iterable[Finding]:
        seen = {finding.attempt_id for finding in found}
        days_read = complete_days(self._files)
        for attempt in list(self._attempts.values()):
            if attempt.attempt_id in seen or self._day not in settlement_days(attempt):
                continue
            judged = judge_absence(attempt, days_read, self._now)
            if judged is not None and attempt.attempt_id not in hinted:
                self._move(judged[0])
                yield Finding(judged[1], attempt.attempt_id, None, attempt.amount.minor)

    def _dropped(self, found: Sequence[Finding], supersedes: str) -> Iterable[Finding]:
        """A corrected file lacks what the one before had shown: settled it stays, and people look at it."""
        seen = {finding.attempt_id for finding in found}
        day = self._day.isoformat()
        for attempt in self._attempts.values() if supersedes else ():
            is_of_it = attempt.facts.get("file_day") == day and attempt.state is State.CONFIRMED
            if is_of_it and attempt.attempt_id not in seen:
                yield Finding("JOURNAL_ONLY", attempt.attempt_id, None, attempt.amount.minor)

    # --- notes -------------------------------------------------------------------------------

    def _keep_hints(self, hints: Sequence[FileRow]) -> set[str]:
        """Write down, once, that the host knows of an attempt which a row shows and does not decide."""
        numbers = {row.stan for row in hints if row.stan}
        known = {row.subject for row in self._journal.rows_of("open_row")}
        for attempt in self._attempts.values() if numbers else ():
            is_open = attempt.state in OPEN_STATES or attempt.state is State.ACCEPTED
            if not is_open or attempt.stan not in numbers or attempt.attempt_id in known:
                continue
            if any(hints_at(attempt, row, self._day) for row in hints if row.stan == attempt.stan):
                facts = {"day": self._day.isoformat()}
                self._actions.append(Note("open_row", self._now, facts, attempt.attempt_id))
                known.add(attempt.attempt_id)
        return known

    def _keep_host_only(self, found: Sequence[Finding]) -> None:
        """Write down, once, what was given back of a sale and is no attempt of ours: its ceiling is not known."""
        alone = [each.row for each in found if each.attempt_id is None and each.row]
        known = self._journal.notes("host_only") if alone else []
        for row in alone:
            note = host_only.note_of(row, self._day, self._now)
            if host_only.gives_back(row) and note.facts not in known:
                self._actions.append(note)
                known.append(dict(note.facts))

    def _keep_file(self) -> str:
        """Write down that it was read, unless the last one of its day was the same; return what it corrects."""
        day, content = self._day.isoformat(), self._content
        before = [note for note in self._files if note["day"] == day]
        whole = [note for note in before if note["complete"] == "yes"]
        corrected = whole[-1]["sha256"] if whole and content.is_whole else ""
        supersedes = "" if corrected == content.sha256 else corrected
        facts = {
            "day": day,
            "rows": str(content.rows_here),
            "complete": "yes" if content.is_whole else "no",
            "sha256": content.sha256,
        }
        facts |= {"supersedes": supersedes} if supersedes else {}
        facts |= {"layout": content.layout} if content.layout != _FIRST_LAYOUT else {}
        is_same = before and all(before[-1].get(name) == facts[name] for name in _SAME)
        if not is_same:
            self._actions.append(Note("file", self._now, facts))
            self._files.append(facts)
        return supersedes

    def _move(self, actions: Iterable[Action]) -> None:
        for action in actions:
            self._actions.append(action)
            if isinstance(action, Move):
                attempt: Attempt = self._attempts[action.attempt_id]
                self._attempts[action.attempt_id] = attempt.after(action.event, action.facts)


_SAME = ("rows", "complete", "sha256")
_FIRST_LAYOUT = "unionpay-acom"
"""Of a note that names none: once there was no other."""


def _layout_of(note: Mapping[str, str]) -> str:
    """Files of two kinds never prove an absence together: each may hold what the other leaves out."""
    return note.get("layout", _FIRST_LAYOUT)
