"""Random histories: never beyond the ceiling, and the chain alone tells the same story."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from engine.builders import NOW, PROPERTY
from journal.builders import dump, know, open_journal, opening
from posrefund.engine import OPEN_STATES, TABLE, Event, Move, State
from posrefund.errors import JournalWriteError, LocalProtocolError
from posrefund.journal.replay import replay

if TYPE_CHECKING:
    from posrefund.engine import Action

SALES = {"S-1": 1_000, "S-2": 50}
HELD = {
    "INTENT": "reserved",
    "SENT": "reserved",
    "IN_DOUBT": "reserved",
    "REVERSING": "reserved",
    "ACCEPTED": "accepted",
    "CONFIRMED": "accepted",
}


class Histories(RuleBasedStateMachine):
    """Random openings and steps, against a model of a few lines."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.path = Path(self.folder.name) / "journal.db"
        self.journal = open_journal(self.path)
        self.model: dict[str, dict[str, Any]] = {}
        self.stan = 0

    @initialize()
    def learn_the_sales(self) -> None:
        self.journal.commit([know(name, minor) for name, minor in SALES.items()])

    @rule(
        request=st.sampled_from(["R-1", "R-2", "R-3"]),
        sale=st.sampled_from(sorted(SALES)),
        minor=st.sampled_from([1, 25, 50, 400, 600, 1_000, 1_001]),
    )
    def open_an_attempt(self, request: str, sale: str, minor: int) -> None:
        mine = [name for name in self.model if name.startswith(request)]
        is_open = any(self._is_open(name) for name in mine)
        allowed = (
            not is_open
            and not any(self._is_open(n) for n in self.model if self.model[n]["sale"] == sale)
            and self._held(sale, "reserved") + self._held(sale, "accepted") + minor <= SALES[sale]
        )
        self.stan += 1
        action = opening(
            request,
            f"{self.stan:06d}",
            minor,
            number=len(mine) + 1,
            original_id=sale,
        )
        if self._committed([action], allowed=allowed):
            self.model[action.attempt.attempt_id] = {
                "sale": sale,
                "minor": minor,
                "state": "INTENT",
                "hold": "reserved",
            }

    @rule(pick=st.integers(0, 99), event=st.sampled_from(list(Event)))
    def move_an_attempt(self, pick: int, event: Event) -> None:
        if not self.model:
            return
        name = sorted(self.model)[pick % len(self.model)]
        item = self.model[name]
        after = TABLE.get((State(item["state"]), event))
        hold = item["hold"] if after in ("MANUAL", "MISMATCHED") else HELD.get(str(after), "none")
        others = [n for n in self.model if n != name]
        rivals = [
            n
            for n in others
            if self.model[n]["sale"] == item["sale"] or n.split("/")[0] == name.split("/")[0]
        ]
        total = hold != "none" and item["minor"]
        total += sum(
            self._held(item["sale"], kind, without=name) for kind in ("reserved", "accepted")
        )
        allowed = (
            after is not None
            and total <= SALES[item["sale"]]
            and not (after in OPEN_STATES and any(self._is_open(n) for n in rivals))
        )
        if self._committed([Move(name, event, NOW)], allowed=allowed):
            item.update(state=str(after), hold=hold)

    @rule()
    def restart(self) -> None:
        self.journal.close()
        self.journal = open_journal(self.path)

    @rule()
    def close_the_batch(self) -> None:
        self.journal.wipe_cards()

    @invariant()
    def sums_are_those_of_the_model_and_never_beyond_the_sale(self) -> None:
        for sale in self.journal.all_originals():
            reserved = self._held(sale.original_id, "reserved")
            accepted = self._held(sale.original_id, "accepted")
            assert (sale.reserved_minor, sale.accepted_minor) == (reserved, accepted)
            assert reserved + accepted <= SALES[sale.original_id]

    @invariant()
    def states_are_those_of_the_model(self) -> None:
        assert {a.attempt_id: str(a.state) for a in self.journal.attempts()} == {
            name: item["state"] for name, item in self.model.items()
        }

    @invariant()
    def chain_alone_tells_the_same_story(self) -> None:
        told = replay(self.journal.rows())
        assert list(told.values()) == self.journal.attempts()
        self.journal.verify()

    def _committed(self, actions: list[Action], *, allowed: bool) -> bool:
        if allowed:
            self.journal.commit(actions)
        else:
            before = dump(self.path)
            with pytest.raises((JournalWriteError, LocalProtocolError)):
                self.journal.commit(actions)
            assert dump(self.path) == before
        return allowed

    def _is_open(self, name: str) -> bool:
        return self.model[name]["state"] in OPEN_STATES

    def _held(self, sale: str, hold: str, without: str = "") -> int:
        return sum(
            item["minor"]
            for name, item in self.model.items()
            if item["sale"] == sale and item["hold"] == hold and name != without
        )

    def teardown(self) -> None:
        self.journal.close()
        self.folder.cleanup()


def test_random_histories_never_pass_the_ceiling_and_replay_to_the_same_attempts() -> None:
    run_state_machine_as_test(
        Histories, settings=settings(PROPERTY, max_examples=40, stateful_step_count=25)
    )
