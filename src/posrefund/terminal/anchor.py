"""Is this the journal that the key store knows, and all of it? Floor 7.

A journal that was put back from an older copy, lost or swapped would give back what it has forgotten. It stands
in another file than the keys, so the key store remembers a row of it for whatever was sent. Decision 0033.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from posrefund.closed import closed_class
from posrefund.engine import restored
from posrefund.errors import ConfigError, InvalidKeyError
from posrefund.keystore import Anchor
from posrefund.terminal.view import host_clock_of
from posrefund.values import settlement_day

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from posrefund.dialects import Dialect
    from posrefund.engine import TerminalView
    from posrefund.journal import Journal
    from posrefund.keystore import KeyStore
    from posrefund.values import MerchantID, TerminalID

__all__ = ["Mooring"]

_STANS = 999_999
_LEAP = 100_000
"""How many numbers are passed over where nobody knows the last one: more than any journal can have lost unseen."""


@dataclass(frozen=True, slots=True)
class _Loss:
    why: str
    anchor: Anchor | None = None


@closed_class
class Mooring:
    """Holds a journal to its anchor.

    Args:
        identity: DE41 and DE42.
        dialect: What the host speaks.
        journal: The terminal's.
        keystore: Keeps the anchor.
        clock: Returns the time, aware.
        view: Returns what the engine may know of the terminal now.
    """

    def __init__(
        self,
        identity: tuple[TerminalID, MerchantID],
        dialect: Dialect,
        journal: Journal,
        keystore: KeyStore,
        clock: Callable[[], datetime],
        view: Callable[[], TerminalView],
    ) -> None:
        self._identity, self._dialect = identity, dialect
        self._journal, self._keystore = journal, keystore
        self._clock, self._view = clock, view

    def keep(self) -> None:
        """Anchor the last row; before a byte leaves, so that nothing that was sent can be forgotten unseen.

        Raises:
            ConfigError: The anchor cannot be written; the one before holds.
        """
        facts, (seq, link) = self._journal.terminal_facts(), self._journal.head()
        stan, at = _stan_of(facts), host_clock_of(facts, self._dialect).at(self._clock())
        name = facts["journal_id"]
        self._keystore.keep_anchor(Anchor(*self._identity, name, seq, link, stan, at))

    def check(self) -> bool:
        """Compare the journal with its anchor; begin a new epoch, without refunds, if it lost rows.

        Before anything else is written: the last row says since when something may be missing.

        Returns:
            Whether the anchored row is there; if not, ``go_on`` has to follow.

        Raises:
            ConfigError: The key store is of another terminal or merchant, or the anchor cannot be read or written.
            JournalError: It could not be written down.
        """
        try:
            anchor = self._keystore.anchor()
        except InvalidKeyError:
            loss: _Loss | None = _Loss("anchor_changed")
        else:
            loss = self._loss(anchor)
            if anchor is not None and loss is None:
                return True
        if loss is not None and not self._is_known(loss):
            self._begin_anew(loss)
        return False

    def go_on(self) -> None:
        """Hand over what is open, and anchor the journal as it is now; a crash before that begins here again.

        Raises:
            ConfigError: The anchor cannot be written.
            JournalError: It could not be written down.
        """
        attempts, view = self._journal.open_attempts(), self._view()
        if view.is_behind:
            waiting = self._journal.approvals(waiting=True)
            self._journal.commit(restored.hand_over(attempts, waiting, view, self._clock()))
        self.keep()

    def _loss(self, anchor: Anchor | None) -> _Loss | None:
        """What the journal lacks of what *anchor* remembers."""
        if anchor is None:  # written before the first number is taken
            taken = "stan" in self._journal.terminal_facts()
            return _Loss("anchor_missing") if taken else None
        self._check_owner(anchor)
        if anchor.journal_id != self._journal.journal_id:
            return _Loss("other_journal", anchor)
        row = self._journal.row(anchor.seq)
        if row is None and anchor.seq:
            return _Loss("rows_missing", anchor)
        if row is not None and not hmac.compare_digest(row.link, anchor.link):
            return _Loss("other_rows", anchor)
        return None

    def _check_owner(self, anchor: Anchor) -> None:
        terminal, merchant = self._identity
        if (anchor.terminal, anchor.merchant) != self._identity:
            message = (
                f"the key store was last used by terminal {anchor.terminal} of merchant {anchor.merchant}, and this"
                f" is {terminal} of {merchant}: take the key file that belongs to this terminal"
            )
            raise ConfigError(message)

    def _is_known(self, loss: _Loss) -> bool:
        """Whether the power failed when it was written down and not yet anchored."""
        known = self._journal.notes("epoch")[-1:] if self._view().is_behind else []
        link = loss.anchor.link.hex() if loss.anchor else None
        return any(note.get("anchor_link") == link for note in known) and link is not None

    def _begin_anew(self, loss: _Loss) -> None:
        now, view = self._clock(), self._view()
        cut_off = self._dialect.cut_off
        seq, _ = self._journal.head()
        row = self._journal.row(seq)
        today = view.host_day(now)
        lost = settlement_day(loss.anchor.at, cut_off) if loss.anchor else today
        last = view.host_day(datetime.fromisoformat(row.at)) if row else lost
        told = {"why": loss.why, **restored.days_to_read(last, max(lost, today))}
        for before in self._journal.notes("epoch")[-1:] if view.is_behind else []:
            told["from_day"] = min(told["from_day"], before["from_day"])  # it was never reconciled
        if loss.anchor:
            told |= {"anchor_seq": str(loss.anchor.seq), "anchor_link": loss.anchor.link.hex()}
        self._journal.begin_epoch(now, told, stan=self._last_stan(loss))

    def _last_stan(self, loss: _Loss) -> str:
        """The further one of the journal's last number and the anchor's; far away where there is no anchor."""
        ours = int(_stan_of(self._journal.terminal_facts()))
        theirs = int(loss.anchor.stan) if loss.anchor else ours + _LEAP
        ahead = (theirs - ours) % _STANS
        return f"{(ours + (ahead if ahead < _STANS // 2 else 0) - 1) % _STANS + 1:06d}"


def _stan_of(facts: Mapping[str, str]) -> str:
    return facts.get("stan", f"{_STANS}")
