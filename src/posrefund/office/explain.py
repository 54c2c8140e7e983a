"""Which answers were nobody's, and by which field. Floor 8.

Nothing that arrives is dropped: what fits no message of this terminal stands in the journal, with the key that
was expected, the key that was seen, and the first field that differs.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from posrefund.engine.correlate import key_of
from posrefund.errors import JournalError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from posrefund.dialects import Dialect
    from posrefund.journal import Journal

__all__ = ["Unmatched", "explain"]


@dataclass(frozen=True, slots=True)
class Unmatched:
    """An answer that is no answer to any message of this terminal; no card data.

    Attributes:
        at: When it came.
        asked: The attempt that was listened for; empty where it came by another way.
        nearest: The attempt that it fits best; empty where none has its number.
        field: The first field that differs: ``MTI``, ``DE11``…; ``key`` where several attempts fit.
        expected: What it is there.
        seen: What it is in the answer.
        key_expected: All that tells one message from another, by name, of the nearest attempt.
        key_seen: The same of the answer, as far as it may be kept.
    """

    at: datetime
    asked: str
    nearest: str
    field: str
    expected: str
    seen: str
    key_expected: Mapping[str, str]
    key_seen: Mapping[str, str]

    @property
    def text_en(self) -> str:
        """The difference in a sentence."""
        near = self.nearest or self.asked or "any message"
        return f"no answer to {near}: {self.field} is {self.seen or 'missing'}, not {self.expected or 'one in use'}"

    @property
    def text_zh(self) -> str:
        """The same in Chinese."""
        near = self.nearest or self.asked or "任何报文"
        return f"不是 {near} 的应答：{self.field} 为 {self.seen or '缺失'}，应为 {self.expected or '在用的编号'}"


def explain(journal: Journal, dialect: Dialect, request_id: str | None = None) -> list[Unmatched]:
    """Return the unmatched answers, oldest first.

    Args:
        journal: A terminal's.
        dialect: What its host speaks.
        request_id: Only those that came while this request was asked, or that are nearest to it.

    Raises:
        JournalError: The journal cannot be read.
    """
    found = _unmatched(journal, dialect)
    if request_id is None:
        return list(found)
    return [each for each in found if request_id in map(_request_of, (each.asked, each.nearest))]


def _request_of(attempt_id: str) -> str:
    return attempt_id.rpartition("/")[0]


def _unmatched(journal: Journal, dialect: Dialect) -> Iterator[Unmatched]:
    for row in journal.rows():
        said = row.facts
        if row.kind != "inbound" or "differs" not in said:
            continue
        nearest = str(said.get("nearest", row.subject))
        expected = _expected(journal, dialect, nearest, said)
        yield Unmatched(
            datetime.fromisoformat(row.at),
            row.subject,
            nearest,
            said["differs"],
            said["expected"],
            said["seen"],
            expected,
            _seen(dialect, expected, said),
        )


def _expected(
    journal: Journal, dialect: Dialect, nearest: str, said: Mapping[str, str]
) -> dict[str, str]:
    """The key of *nearest*; none where several are, or it is none."""
    try:
        attempt = journal.attempt(nearest)
    except JournalError:
        return {}
    reversal = dialect.messages.get("reversal")
    is_reversal = reversal is not None and said.get("mti") in reversal.mti_replies
    return key_of(attempt, dialect, is_reversal=is_reversal)


def _seen(dialect: Dialect, expected: Mapping[str, str], said: Mapping[str, str]) -> dict[str, str]:
    date_field = dialect.answers.get("host_date", "").partition("[")[0]
    fields = {name.removeprefix("DE"): value for name, value in said.items()}
    date = dialect.fact("host_date", fields) if date_field in fields else None
    names = expected or ("mti", "DE41", "DE11", "DE4")
    seen = {name: str(said.get(name, "")) for name in names}
    return seen | ({f"DE{date_field}": date} if date else {})
