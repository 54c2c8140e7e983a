"""Random histories on every backend, against a model of a few lines that knows no database.

The model holds what was committed: nothing else may be there, after a refusal, a crash or a restart too.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, ClassVar

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

from engine.builders import NOW, PAN_DIGITS, PROPERTY
from journal.backends import BACKENDS, FleetBackend, PostgresBackend, SQLiteBackend
from journal.builders import know, opening
from posrefund.engine import OPEN_STATES, TABLE, Event, Move, Note, State
from posrefund.errors import JournalError, JournalWriteError, LocalProtocolError
from posrefund.journal.memory import Memory
from posrefund.journal.replay import replay
from posrefund.values import PAN, KeptCard

if TYPE_CHECKING:
    from collections.abc import Iterator

    from journal.backends import Backend
    from posrefund.engine import Action
    from posrefund.journal import Journal

SALES = {"S-1": 1_000, "S-2": 50}
HELD = {
    "INTENT": "reserved",
    "SENT": "reserved",
    "IN_DOUBT": "reserved",
    "REVERSING": "reserved",
    "ACCEPTED": "accepted",
    "CONFIRMED": "accepted",
}

SAYS = {
    "ACCEPTED": "accepted",
    "DECLINED": "declined",
    "IN_DOUBT": "checking",
    "REVERSING": "checking",
    "MANUAL": "checking",
    "MISMATCHED": "checking",
    "REVERSED": "not_refunded",
    "RELEASED": "not_refunded",
    "CONFIRMED": "confirmed",
    "BOUNCED": "bounced",
}
"""What a customer is told of a refund in such a state."""


@dataclass
class Item:
    """An attempt of the model."""

    sale: str
    minor: int
    stan: str
    state: str = "INTENT"
    hold: str = "reserved"
    has_card: bool = True

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES


class Histories(RuleBasedStateMachine):
    """Random openings, steps, notes, facts, wipes, crashes and restarts."""

    kind: ClassVar[type[Backend]]

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.backend = self.kind(Path(self.folder.name))
        self.journal = self.backend.open()
        self.model: dict[str, Item] = {}
        self.notes: list[dict[str, str]] = []
        self.facts: dict[str, str] = {}
        self.told: dict[str, list[str]] = {}
        self.rows = 0

    @initialize()
    def learn_the_sales(self) -> None:
        self.journal.commit([know(name, minor) for name, minor in SALES.items()])
        self.rows = len(SALES)

    # --- money -------------------------------------------------------------------------------

    @rule(
        request=st.sampled_from(["R-1", "R-2", "R-3"]),
        sale=st.sampled_from(sorted(SALES)),
        minor=st.sampled_from([1, 25, 50, 400, 600, 1_000, 1_001]),
        reuse=st.sampled_from([False, False, False, True]),
    )
    def open_an_attempt(self, request: str, sale: str, minor: int, reuse: bool) -> None:
        mine = [name for name in self.model if name.startswith(request)]
        used = sorted(item.stan for item in self.model.values())
        stan = used[0] if reuse and used else f"{len(self.model) + 1:06d}"
        allowed = (
            stan not in used
            and not any(self.model[name].is_open for name in mine)
            and not any(item.is_open for item in self.model.values() if item.sale == sale)
            and self._held(sale) + minor <= SALES[sale]
        )
        action = opening(request, stan, minor, number=len(mine) + 1, original_id=sale)
        if self._committed([action], allowed=allowed):
            self.model[action.attempt.attempt_id] = Item(sale, minor, stan)
            self.facts["stan"] = stan

    @rule(pick=st.integers(0, 99), event=st.sampled_from(list(Event)))
    def move_an_attempt(self, pick: int, event: Event) -> None:
        if not self.model:
            return
        name = sorted(self.model)[pick % len(self.model)]
        item = self.model[name]
        after, hold = self._step(item, event)
        rivals = [
            other
            for rival, other in self.model.items()
            if rival != name
            and (other.sale == item.sale or rival.split("/")[0] == name.split("/")[0])
        ]
        total = (hold != "none") * item.minor + self._held(item.sale, without=item)
        allowed = (
            after is not None
            and total <= SALES[item.sale]
            and not (after in OPEN_STATES and any(other.is_open for other in rivals))
        )
        if self._committed([Move(name, event, NOW)], allowed=allowed):
            item.state, item.hold = str(after), hold
            self._tell(name.split("/")[0], SAYS.get(item.state))

    # --- what else is kept -------------------------------------------------------------------

    @rule(text=st.text(max_size=20))
    def take_a_note(self, text: str) -> None:
        self._committed([Note("inbound", NOW, {"text": text})], allowed=True)
        self.notes.append({"text": text})

    @rule(batch=st.integers(1, 999_999))
    def remember_a_fact(self, batch: int) -> None:
        self.journal.remember(NOW, "signed_in", batch=f"{batch:06d}")
        self.facts["batch"] = f"{batch:06d}"
        self.rows += 1

    @rule()
    def close_the_batch(self) -> None:
        decided = [item for item in self.model.values() if item.has_card and not item.is_open]
        assert self.journal.wipe_cards() == len(decided)
        for item in decided:
            item.has_card = False

    # --- what goes wrong ---------------------------------------------------------------------

    @rule()
    def restart(self) -> None:
        self.journal.close()
        self.journal = self.backend.open()

    @rule()
    def crash(self) -> None:
        self.backend.crash(self.journal)
        self.journal = self.backend.open()

    @rule(written=st.integers(0, 2))
    def crash_within_a_commit(self, written: int) -> None:
        lost: list[Action] = [know("S-3"), Note("inbound", NOW, {"text": "lost"})]

        def cut_off() -> Iterator[Action]:
            yield from lost[:written]
            self.backend.crash(self.journal)
            yield Note("inbound", NOW, {"text": "lost too"})

        with suppress(JournalError):
            self.journal.commit(cut_off())
            raise AssertionError("the commit of a dead process came through")
        self.journal = self.backend.open()

    # --- what always holds -------------------------------------------------------------------

    @invariant()
    def sums_are_those_of_the_model_and_never_beyond_the_sale(self) -> None:
        found = self.journal.all_originals()
        assert {sale.original_id for sale in found} <= set(SALES)
        for sale in found:
            reserved = self._held(sale.original_id, "reserved")
            accepted = self._held(sale.original_id, "accepted")
            assert (sale.reserved_minor, sale.accepted_minor) == (reserved, accepted)
            assert reserved + accepted <= SALES[sale.original_id]

    @invariant()
    def attempts_and_cards_are_those_of_the_model(self) -> None:
        found = {attempt.attempt_id: attempt for attempt in self.journal.attempts()}
        assert {name: (str(a.state), a.hold, a.stan) for name, a in found.items()} == {
            name: (item.state, item.hold, item.stan) for name, item in self.model.items()
        }
        for name, item in self.model.items():
            kept = KeptCard(PAN(PAN_DIGITS)) if item.has_card else None
            assert self.journal.card(name) == kept

    @invariant()
    def notices_are_those_of_the_model(self) -> None:
        found: dict[str, list[str]] = {}
        for notice in self.journal.notices():
            of_request = found.setdefault(notice.request_id, [])
            of_request.append(str(notice.kind))
            assert notice.sequence == len(of_request)
        assert found == self.told

    @invariant()
    def notes_and_facts_are_those_of_the_model(self) -> None:
        assert self.journal.notes("inbound") == self.notes
        facts = self.journal.terminal_facts()
        assert {name: facts.get(name) for name in self.facts} == self.facts

    @invariant()
    def chain_has_every_row_and_alone_tells_the_same_story(self) -> None:
        told = replay(self.journal.rows())
        assert list(told.values()) == self.journal.attempts()
        remembered = self.journal._memory
        assert self.journal.verify() == self.rows
        self.journal._memory = remembered  # verify forgets it: the next step is to meet it

    @invariant()
    def what_is_remembered_is_what_is_written(self) -> None:
        """Compares what stands in the memory now with what a look into the tables finds."""
        looked_up = [known(self.journal, self.model), known(self.journal, self.model)]
        remembered, self.journal._memory = self.journal._memory, Memory()
        looked_up.append(known(self.journal, self.model))
        self.journal._memory = remembered
        assert looked_up[0] == looked_up[1] == looked_up[2]

    # --- inside ------------------------------------------------------------------------------

    def _committed(self, actions: list[Action], *, allowed: bool) -> bool:
        if allowed:
            self.journal.commit(actions)
            self.rows += len(actions)
        else:
            before = self.backend.dump()
            with pytest.raises((JournalWriteError, LocalProtocolError)):
                self.journal.commit(actions)
            assert self.backend.dump() == before
        return allowed

    def _step(self, item: Item, event: Event) -> tuple[State | None, str]:
        after = TABLE.get((State(item.state), event))
        if after in ("MANUAL", "MISMATCHED"):
            return after, item.hold
        return after, HELD.get(str(after), "none")

    def _tell(self, request: str, word: str | None) -> None:
        told = self.told.get(request, [])
        last = told[-1] if told else None
        if word not in (None, last) and (last, word) != ("bounced", "checking"):
            self.told[request] = [*told, str(word)]

    def _held(self, sale: str, hold: str = "", *, without: Item | None = None) -> int:
        return sum(
            item.minor
            for item in self.model.values()
            if item.sale == sale
            and item is not without
            and (item.hold == hold if hold else item.hold != "none")
        )

    def teardown(self) -> None:
        self.journal.close()
        self.backend.remove()
        self.folder.cleanup()


_EXAMPLES = {SQLiteBackend: 30, FleetBackend: 15, PostgresBackend: 15}


def known(journal: Journal, model: dict[str, Item]) -> list[object]:
    """Return all of what a journal may answer from its memory."""
    return [
        journal.terminal_facts(),
        journal.open_attempts(),
        journal.attempts(states=[State.MANUAL, State.IN_DOUBT]),
        [journal.attempt(name) for name in model],
        [journal.next_stan(batch) for batch in ("000001", "000002", "000001")],
        journal.staff(),
        journal.head(),
    ]


@pytest.mark.parametrize("kind", BACKENDS, ids=lambda kind: kind.name)
def test_random_histories_are_what_the_model_says(kind: type[Backend]) -> None:
    kind(Path()).remove()  # skips where there is no such server
    machine = type("Histories", (Histories,), {"kind": kind})
    run_state_machine_as_test(
        machine, settings=settings(PROPERTY, max_examples=_EXAMPLES[kind], stateful_step_count=25)
    )
