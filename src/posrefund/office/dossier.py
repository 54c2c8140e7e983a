"""Everything a journal knows of one request, in order and in words: for support, and for a dispute. Floor 8.

A customer who says that no credit came, or an acquirer who asks what was sent: the slip, what the host answered, its
reference number, each step with its time, and the sale it belongs to with everything else that was given back of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from posrefund.dialects.codes import look_up
from posrefund.engine import Approved, outcome_of
from posrefund.engine.refusals import refuse
from posrefund.office.paper import TRAINING, money
from posrefund.office.shown import shown_row
from posrefund.office.slip import slip
from posrefund.office.story_words import STATES, sentence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from posrefund.dialects import Dialect
    from posrefund.engine import Attempt, Original
    from posrefund.journal import Journal, Row
    from posrefund.office.paper import Language

__all__ = ["Dossier", "dossier"]

_Lines = list[str]


@dataclass(frozen=True, slots=True)
class Dossier:
    """One request; no card data.

    Attributes:
        request_id: Which.
        attempts: Everything that was tried under it, oldest first.
        original: The sale it gives back of; None for a sale, or if nobody here knows it.
        beside: Other attempts against the same sale.
        rows: All rows of the journal that are about any of this, oldest first.
        slip: The customer's slip as a reprint, by language; empty where none was printed.
        dialect: What the host speaks.
    """

    request_id: str
    attempts: tuple[Attempt, ...]
    original: Original | None
    beside: tuple[Attempt, ...]
    rows: tuple[Row, ...]
    slip: dict[Language, str]
    dialect: Dialect

    def text(self, language: Language) -> str:
        """Return it for people."""
        pieces = [_heading(self, language), _steps(self, language)]
        if self.original is not None:
            pieces.insert(1, _of_original(self, self.original, language))
        if self.slip:
            pieces.append(self.slip[language].rstrip().splitlines())
        return "\n\n".join("\n".join(lines) for lines in pieces) + "\n"

    def as_data(self) -> dict[str, Any]:
        """Return it as JSON-able data, as far as it may leave the shop."""
        last = self.attempts[-1]
        return {
            "request": self.request_id,
            "state": str(last.state),
            "rrn": last.facts.get("rrn", ""),
            "code": last.facts.get("code", ""),
            "original": self.original.original_id if self.original else "",
            "rows": [shown_row(row) for row in self.rows],
        }


def dossier(journal: Journal, dialect: Dialect, request_id: str) -> Dossier:
    """Return what *journal* knows of a request; it reads the whole chain.

    Raises:
        RefusedError: code ``original_unknown`` — nothing is known under that id.
        JournalError: The journal cannot be read.
    """
    mine = [attempt for attempt in journal.attempts() if attempt.request_id == request_id]
    if not mine:
        raise refuse("original_unknown")
    sale = mine[-1].original_id or request_id
    found = journal.originals(sale)
    original = found[0] if found else None
    beside = [
        attempt
        for attempt in journal.attempts()
        if attempt.original_id == sale and attempt.request_id != request_id
    ]
    about = {request_id, *([sale] if original else [])}
    rows = tuple(row for row in journal.rows() if _is_about(row, about))
    return Dossier(
        request_id,
        tuple(mine),
        original if mine[-1].original_id else None,
        tuple(beside),
        rows,
        _slips(mine[-1], dialect, original, TRAINING if journal.is_training else ""),
        dialect,
    )


def _is_about(row: Row, names: set[str]) -> bool:
    subject = row.subject.rpartition("/")[0] or row.subject
    if subject in names or row.subject in names:
        return True
    return row.kind in ("ask", "approval") and row.facts.get("request_id") in names


def _slips(
    attempt: Attempt, dialect: Dialect, original: Original | None, mark: str
) -> dict[Language, str]:
    outcome = outcome_of(attempt, dialect)
    if not isinstance(outcome, Approved):
        return {}
    languages: tuple[Language, Language] = ("zh", "en")
    return {
        language: slip(
            outcome,
            dialect,
            original=original,
            language=language,
            reprint=True,
            watermark=mark,
        )
        for language in languages
    }


# --- in words --------------------------------------------------------------------------------------


def _heading(about: Dossier, language: Language) -> _Lines:
    last, at = about.attempts[-1], 0 if language == "zh" else 1
    code = last.facts.get("code", "")
    row = look_up(about.dialect.codes, code)
    titles = _TITLES[language]
    values = (
        about.request_id,
        STATES.get(last.state, (str(last.state),) * 2)[at],
        money(last.amount.minor, last.amount.currency),
        last.card_masked,
        f"{last.terminal} / {last.merchant}",
        f"{last.batch} / {last.stan}",
        last.facts.get("rrn", ""),
        last.facts.get("auth_code", ""),
        f"{code} {row.zh if at == 0 else row.en}" if code else "",
        last.facts.get("mac", ""),
    )
    return [f"{title}: {value}" for title, value in zip(titles, values, strict=True) if value]


def _of_original(about: Dossier, sale: Original, language: Language) -> _Lines:
    zh = language == "zh"
    amount, left = (
        money(minor, sale.amount.currency) for minor in (sale.amount.minor, sale.remaining_minor)
    )
    day = f"{sale.transaction_date:%Y-%m-%d}"
    lines = [
        f"原交易 {sale.original_id}：{day}，参考号 {sale.rrn}，金额 {amount}，未退余额 {left}"
        if zh
        else f"Sale {sale.original_id} of {day}, RRN {sale.rrn}, {amount}; not given back: {left}"
    ]
    for attempt in about.beside:
        minor = money(attempt.amount.minor, attempt.amount.currency)
        state = STATES.get(attempt.state, (str(attempt.state),) * 2)[0 if zh else 1]
        lines.append(f"  {attempt.attempt_id}: {minor}, {state}")
    return lines


def _steps(about: Dossier, language: Language) -> _Lines:
    head = (
        "流水（主机时间，终端时钟推算）"
        if language == "zh"
        else "Journal (times of the host's zone, by our clock)"
    )
    return [head, *(_step(row, about.dialect, language) for row in about.rows)]


def _step(row: Row, dialect: Dialect, language: Language) -> str:
    at = datetime.fromisoformat(row.at).astimezone(dialect.zone)
    return f"  {at:%Y-%m-%d %H:%M:%S}  #{row.seq} {row.subject}: {sentence(row, language)}"


_TITLES: dict[Language, Sequence[str]] = {
    "zh": ("单号", "状态", "金额", "卡号", "终端/商户", "批次/凭证", "参考号", "授权码", "主机应答", "应答 MAC"),
    "en": ("Request", "State", "Amount", "Card", "Terminal/merchant", "Batch/STAN", "RRN", "Auth code", "Host's answer", "MAC of it"),
}  # fmt: skip
