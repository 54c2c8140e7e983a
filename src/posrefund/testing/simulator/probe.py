"""Tries steps that the state table does not have: the journal has to refuse every one. Floor 10."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posrefund.engine import Move
from posrefund.engine.table import TABLE, Event, State
from posrefund.errors import LocalProtocolError
from posrefund.testing.simulator.checker import ViolationError

if TYPE_CHECKING:
    from posrefund.testing.simulator.world import World

__all__ = ["ILLEGAL", "UNUSED", "try_an_illegal_step"]

ILLEGAL = frozenset((state, event) for state in State for event in Event) - TABLE.keys()
"""Every pair that is not in the table."""

UNUSED = frozenset(
    {
        *((State.DRAFT, Event.CHECK), (State.CHECKED, Event.CLEAR)),
        *((State.CHECKED, Event.CANCEL), (State.CHECKED, Event.EXPIRE)),
        *((State.INTENT, Event.FAIL), (State.INTENT, Event.DOUBT)),
        *((State.CONFIRMED, Event.BOUNCE), (State.BOUNCED, Event.GIVE_UP)),
    }
)
"""Steps of the table that the product never writes down as it is; docs/concepts/simulator.md says why."""


def try_an_illegal_step(world: World) -> tuple[State, Event] | None:
    """Ask the journal for a step from some attempt's state that does not exist; return the pair.

    Raises:
        ViolationError: It was not refused, or something was written.
    """
    witness = world.checker.evidence.witness
    if not witness.attempts:
        return None
    name = world.random.choice(list(witness.attempts))
    state = State(witness.attempts[name].state)
    event = world.random.choice([event for event in Event if (state, event) not in TABLE])
    try:
        world.terminal.journal.commit([Move(name, event, world.time.terminal())])
    except LocalProtocolError:
        world.checker.step()
        return state, event
    raise ViolationError("I7", f"the journal took {event} from {state}")
