"""What a journal does, whatever it is kept in. Floor 5.

``commit`` takes actions and makes them durable all together or not at all; nothing may be sent before it
returns. It decides nothing: an illegal step, a used STAN or a ceiling passed is refused here again, by
the state table and by database constraints.
"""

from __future__ import annotations

import hmac
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from posrefund.closed import closed_class
from posrefund.engine import (
    Ask,
    Attempt,
    Decide,
    Know,
    Move,
    Note,
    Open,
    Original,
    host_only,
)
from posrefund.engine.table import OPEN_STATES, State
from posrefund.errors import (
    JournalCorruptError,
)
from posrefund.journal.cards import fingerprint_of, open_card
from posrefund.journal.complaints import check_complaints
from posrefund.journal.delegations import Delegations, check_delegations
from posrefund.journal.device_questions import DeviceQuestions, check_device_questions
from posrefund.journal.epochs import Epochs, new_journal_id
from posrefund.journal.faults import FaultLog, check_faults
from posrefund.journal.feeds import Feeds
from posrefund.journal.keys import JournalKeys
from posrefund.journal.lookups import Lookups
from posrefund.journal.memory import Memory
from posrefund.journal.outbox import check_notices
from posrefund.journal.proposals import Proposals, check_proposals
from posrefund.journal.replay import check_approvals, check_links, check_paid, check_projection
from posrefund.journal.rows import (
    FIRST_LINK,
    PAID_COLUMNS,
    Row,
    canonical,
    link_of,
    original_from_data,
)
from posrefund.journal.running import MARKS
from posrefund.journal.schema import OPEN_NAMES
from posrefund.journal.staff import StaffTable, check_staff
from posrefund.journal.steps import Steps
from posrefund.values.method import BY_CODE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from posrefund.engine import Action
    from posrefund.values import KeptCard, TerminalID
    from posrefund.values.card import Secret

__all__ = ["Journal"]


@closed_class
class Journal(
    Steps,
    Epochs,
    DeviceQuestions,
    Feeds,
    Lookups,
    Proposals,
    StaffTable,
    Delegations,
    FaultLog,
):
    """The journal of one terminal.

    Args:
        key: 32 bytes from the key store; chain, fingerprints and sealed numbers hang on it.
        terminal: Whose journal this is.

    Attributes:
        is_training: Whether people practise in it: nothing in it is money.
    """

    is_training = False

    def __init__(self, *, key: bytes, terminal: TerminalID) -> None:
        self._keys, self._terminal = JournalKeys(key, terminal), terminal
        self._memory = Memory()

    # --- writing -----------------------------------------------------------------------------

    def commit(self, actions: Iterable[Action]) -> None:
        """Make *actions* durable, in order, in one transaction.

        Raises:
            JournalWriteError: Disk full, a STAN already used, a ceiling passed: nothing was written.
            LocalProtocolError: A step the state table does not have: nothing was written.
            RequestConflictError: A request or a sale that is known otherwise: nothing was written.
        """
        with self._transaction():
            for action in actions:
                match action:
                    case Open():
                        self._write_opened()
                        self._apply_open(action)
                    case Move():
                        self._apply_move(action)
                    case Know():
                        self._apply_know(action)
                    case Ask():
                        self._apply_ask(action)
                    case Decide():
                        self._apply_decide(action)
                    case Note():
                        self._append(
                            action.kind, action.attempt_id or "", action.at, dict(action.facts)
                        )
            self._write_opened()

    def remember(
        self, at: datetime, kind: str, told: Mapping[str, str] | None = None, /, **facts: str
    ) -> None:
        """Set facts of the terminal itself (batch, STAN, keys, clock) and chain a row about it.

        Args:
            at: When.
            kind: Of the row.
            told: What stands in the row besides, and is no fact of the terminal.
            **facts: By name; each replaces the one before.

        Raises:
            JournalWriteError: Nothing was written.
        """
        with self._transaction():
            self._set_meta(**facts)
            self._append(kind, "", at, {**(told or {}), **facts})

    def wipe_cards(self, *, open_batch: str = "") -> int:
        """Destroy the item keys of the sealed cards of everything decided; return how many there were.

        What may still have to be reversed keeps its card until it is decided, and *open_batch* all that it may upload.

        Raises:
            JournalWriteError: Nothing was wiped; or the file was, and its log could not be emptied.
        """
        decided = (
            "attempt_id IN (SELECT request_id || '/' || number FROM attempts"
            f" WHERE terminal = ? AND batch <> ? AND state NOT IN ({OPEN_NAMES}))"
        )
        return self._destroy_cards(decided, self._terminal, open_batch)

    # --- reading -----------------------------------------------------------------------------

    def terminal_facts(self) -> dict[str, str]:
        """Return what ``remember`` kept."""
        return {name: said for name, said in self._facts().items() if name not in MARKS}

    def has_left_as(self, attempt_id: str, message: bytes) -> bool:
        """Say whether *message* is, to the byte, the one that was written down for this attempt."""
        digest = self.digest(message)
        opened = self.notes("open", attempt_id)
        return bool(opened) and hmac.compare_digest(opened[0]["message_hmac"], digest)

    def notes(self, kind: str, attempt_id: str | None = None) -> list[dict[str, Any]]:
        """Return the facts of the notes of one kind, oldest first."""
        about, values = (
            ("", (kind,)) if attempt_id is None else (" AND subject = ?", (kind, attempt_id))
        )
        rows = self._links(f"WHERE kind = ?{about} ORDER BY seq", *values)
        return [json.loads(row.body) for row in rows]

    def rows(self, *, after: int = 0, most: int | None = None) -> list[Row]:
        """Return the chain, oldest first; only the rows behind number *after*, and no more than *most*."""
        if most is None:
            return self._links("WHERE seq > ? ORDER BY seq", after)
        return self._links("WHERE seq > ? ORDER BY seq LIMIT ?", after, most)

    def rows_of(self, *kinds: str) -> list[Row]:
        """Return the rows of these kinds, oldest first."""
        places = ", ".join("?" * len(kinds))
        return self._links(f"WHERE kind IN ({places}) ORDER BY seq", *kinds)

    def card(self, attempt_id: str) -> KeptCard | None:
        """Return the sealed card of an attempt, or None once it was wiped, and of what was paid by a code."""
        wanted = "SELECT item_key, box FROM sealed_cards WHERE attempt_id = ?"
        found = self._rows(wanted, attempt_id)
        return open_card(self._keys.cards, attempt_id, *found[0]) if found else None

    def fingerprint(self, secret: Secret | None) -> str:
        """Return the keyed digest by which a card or a code is known again (HMAC-SHA256, 32 hex digits); of none, none."""
        return fingerprint_of(self._keys.fingerprints, secret)

    def is_disputed(self, original: Original, against: Sequence[Attempt] = ()) -> bool:
        """Say whether a file showed something given back of *original* that nobody here knows of, at any terminal.

        Args:
            original: A sale, known here or only described; zeros as its STAN may be any.
            against: Every attempt to give something back of it.
        """
        rows = self._host_only(original)
        return any(host_only.disputes(json.loads(body), original, against) for (body,) in rows)

    # --- trust -------------------------------------------------------------------------------

    def verify(self) -> int:
        """Check every link, then replay the chain and compare it with the tables; return the rows.

        Raises:
            JournalCorruptError: Names the first row that was changed, removed or put in, or the
                attempt or original whose stored state is not what its rows say.
        """
        self._memory = Memory()  # it is about what is written
        rows = self.rows()
        check_links(rows, self._keys.chain, head=self.terminal_facts().get("head"))
        check_projection(rows, self.attempts(), self._learned(), self._elsewhere())
        check_paid(rows, self.paid_by_code())
        check_approvals(rows, self.approvals())
        check_device_questions(rows, self.device_questions())
        check_notices(rows, self.notices())
        check_staff(rows, self._staff_as_chained())
        check_delegations(rows, self.delegations())
        check_faults(rows, self.faults())
        check_complaints(rows)
        check_proposals(self._terminal, rows, self._my_proposals())
        return len(rows)

    # --- inside ------------------------------------------------------------------------------

    def _check_key(self) -> None:
        facts, mine = self._facts(), self._keys.check
        if not hmac.compare_digest(facts.get("key_check", mine), mine):
            raise JournalCorruptError(
                "the journal was made with another key: key file and journal belong together,"
                " and one of them is another terminal's or was replaced"
            )
        self._keys = self._keys.opened(facts.get("old_keys"))
        self._know_epochs()
        self._check_last_link()

    def _keep_key_check(self) -> None:
        facts = {"journal_id": new_journal_id(), "key_check": self._keys.check}
        new = {name: facts[name] for name in facts.keys() - self._facts().keys()}
        if new:
            with self._transaction():
                self._set_meta(**new)

    def _check_last_link(self) -> None:
        last = self._links("ORDER BY seq DESC LIMIT 2")
        if last:
            row = last[0]
            before = last[1].link if len(last) > 1 else FIRST_LINK
            link = link_of(
                self._keys.chain(row.seq), before, row.seq, row.at, row.kind, row.subject, row.body
            )
            if not hmac.compare_digest(link, row.link):
                raise JournalCorruptError("the last row was changed", row=row.seq)

    def _append(self, kind: str, subject: str, at: datetime, facts: dict[str, Any]) -> None:
        if self._head is None:  # the first row of this run, or after one that failed
            self._mark(at)
        last, before = self.head()
        seq, body = last + 1, canonical(facts)
        link = link_of(self._keys.chain(seq), before, seq, at.isoformat(), kind, subject, body)
        self._add(Row(seq, at.isoformat(), kind, subject, body, link))
        self._set_at_end(head=link.hex())
        self._head = seq, link

    def _host_only(self, original: Original) -> list[tuple[str]]:
        """What only the host knows that may name *original*; zeros as its STAN may be any."""
        if original.stan.strip("0"):
            return self._rows(f"{_HOST_ONLY} AND subject = ?", original.stan)
        return self._rows(_HOST_ONLY)

    def _original(self, row: dict[str, Any]) -> Original:
        name = row["original_id"]
        about = self._rows(_ABOUT, name, name)
        against = {(kind, state) for about_it, kind, state, _ in about if about_it == name}
        states = {state for _, state in against}
        itself = [said for about_it, kind, *said in about if about_it != name and kind == "sale"]
        try:
            original = original_from_data(
                row,
                is_voided=any(("void", state) in against for state in _BOOKED),
                has_open_attempt=bool(states & OPEN_STATES),
                has_case=State.MISMATCHED in states or any(_is_disputed(*said) for said in itself),
                **_by_code(row, itself),
            )
            return (
                replace(original, has_case=True)
                if self._host_only(original)
                and self.is_disputed(original, self._attempts("WHERE original_id = ?", name))
                else original
            )
        except (ValueError, TypeError):
            raise JournalCorruptError("a stored original cannot be read") from None


_HOST_ONLY = "SELECT body FROM chain WHERE kind = 'host_only'"
_ABOUT = (
    "SELECT original_id, kind, state, facts FROM attempts"
    " WHERE original_id = ? OR (request_id = ? AND kind = 'sale')"
)
_BOOKED = {State.ACCEPTED, State.CONFIRMED}
_CASES = {State.MISMATCHED, State.BOUNCED, State.MANUAL}
"""A sale that was accepted and stands so now is in dispute itself."""


def _by_code(row: dict[str, Any], itself: Sequence[Sequence[str]]) -> dict[str, str]:
    """Whose wallet paid, and the voucher: the attempt that the host accepted knows them; of a feed's sale its columns."""
    facts = [json.loads(text) for _, text in itself]
    said = [each for each in facts if each.get("entry", "").startswith(BY_CODE)]
    if not said:
        return {name: row[name] for name in PAID_COLUMNS}
    return {name: max(each.get(name, "") for each in said) for name in PAID_COLUMNS}


def _is_disputed(state: str, facts: str) -> bool:
    """Whether a sale is a case, or is over because people said that it was never booked."""
    is_closed = state == State.DECLINED and json.loads(facts).get("evidence") == "people"
    return state in _CASES or is_closed
