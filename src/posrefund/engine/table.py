"""The states of a money attempt and every step between them, as one table. Floor 4.

Everything that touches the machine is here. A step that is not in ``TABLE`` does not exist: asking for
one is a ``LocalProtocolError``, in the engine and again in the journal. The diagram in the documents is
drawn from this table.

An attempt that may have moved money holds its amount on the original (``hold_after``) until an answer,
a settlement file or two people say otherwise. Time never releases anything.
"""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from posrefund.errors import LocalProtocolError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["OPEN_STATES", "TABLE", "Event", "Hold", "State", "hold_after", "next_state"]

Hold = Literal["none", "reserved", "accepted"]
"""What an attempt takes from its original's ceiling."""


class State(StrEnum):
    """Where an attempt stands."""

    DRAFT = "DRAFT"
    CHECKED = "CHECKED"
    AWAITING_APPROVAL = "AWAITING_APPROVAL"
    CLEARED = "CLEARED"
    INTENT = "INTENT"
    SENT = "SENT"
    NOT_SENT = "NOT_SENT"
    ACCEPTED = "ACCEPTED"
    DECLINED = "DECLINED"
    IN_DOUBT = "IN_DOUBT"
    REVERSING = "REVERSING"
    REVERSED = "REVERSED"
    CONFIRMED = "CONFIRMED"
    MISMATCHED = "MISMATCHED"
    BOUNCED = "BOUNCED"
    MANUAL = "MANUAL"
    RELEASED = "RELEASED"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"


class Event(StrEnum):
    """What can happen to an attempt."""

    CHECK = "check"
    """The rules said yes."""
    ASK = "ask"
    """A rule wants a second person."""
    CLEAR = "clear"
    """Nothing stands in the way any more."""
    CANCEL = "cancel"
    EXPIRE = "expire"
    INTEND = "intend"
    """Identity taken, amount reserved, everything written down."""
    SEND = "send"
    """About to hand bytes to the line, the first time or again; written before the first one leaves."""
    FAIL = "fail"
    """This very process saw that no byte left, of the only copy there is."""
    ACCEPT = "accept"
    """The host took it: an authentic answer, a file row, or two people with evidence."""
    DECLINE = "decline"
    """The host did not book it, by the same kinds of evidence."""
    DOUBT = "doubt"
    """No answer, no believable answer, or a restart."""
    REVERSE = "reverse"
    """A sale or void in doubt is being undone."""
    UNDO = "undo"
    """The host confirmed the reversal."""
    CONFIRM = "confirm"
    """The settlement file shows it."""
    CONTRADICT = "contradict"
    """Evidence says the opposite of what was concluded."""
    BOUNCE = "bounce"
    """The money came back."""
    GIVE_UP = "give_up"
    """Nothing automatic is left to try; people take over."""
    RELEASE = "release"
    """Absence proven; two people said so, or the acquirer has given its word for what its host does not find."""


_S, _E = State, Event

TABLE: Mapping[tuple[State, Event], State] = MappingProxyType(
    {
        (_S.DRAFT, _E.CHECK): _S.CHECKED,
        (_S.CHECKED, _E.ASK): _S.AWAITING_APPROVAL,
        (_S.CHECKED, _E.CLEAR): _S.CLEARED,
        (_S.CHECKED, _E.CANCEL): _S.CANCELLED,
        (_S.CHECKED, _E.EXPIRE): _S.EXPIRED,
        (_S.AWAITING_APPROVAL, _E.CLEAR): _S.CLEARED,
        (_S.AWAITING_APPROVAL, _E.CANCEL): _S.CANCELLED,
        (_S.AWAITING_APPROVAL, _E.EXPIRE): _S.EXPIRED,
        (_S.CLEARED, _E.INTEND): _S.INTENT,
        (_S.CLEARED, _E.CANCEL): _S.CANCELLED,
        (_S.CLEARED, _E.EXPIRE): _S.EXPIRED,
        (_S.INTENT, _E.SEND): _S.SENT,
        (_S.INTENT, _E.FAIL): _S.NOT_SENT,
        (_S.INTENT, _E.DOUBT): _S.IN_DOUBT,
        (_S.SENT, _E.FAIL): _S.NOT_SENT,
        (_S.SENT, _E.ACCEPT): _S.ACCEPTED,
        (_S.SENT, _E.DECLINE): _S.DECLINED,
        (_S.SENT, _E.DOUBT): _S.IN_DOUBT,
        (_S.IN_DOUBT, _E.SEND): _S.SENT,
        (_S.IN_DOUBT, _E.ACCEPT): _S.ACCEPTED,
        (_S.IN_DOUBT, _E.DECLINE): _S.DECLINED,
        (_S.IN_DOUBT, _E.GIVE_UP): _S.MANUAL,
        (_S.IN_DOUBT, _E.REVERSE): _S.REVERSING,
        (_S.REVERSING, _E.UNDO): _S.REVERSED,
        (_S.REVERSING, _E.GIVE_UP): _S.MANUAL,
        (_S.ACCEPTED, _E.CONFIRM): _S.CONFIRMED,
        (_S.ACCEPTED, _E.CONTRADICT): _S.MISMATCHED,
        (_S.DECLINED, _E.CONTRADICT): _S.MISMATCHED,
        (_S.NOT_SENT, _E.CONTRADICT): _S.MISMATCHED,
        (_S.REVERSED, _E.CONTRADICT): _S.MISMATCHED,
        (_S.RELEASED, _E.CONTRADICT): _S.MISMATCHED,
        (_S.CONFIRMED, _E.CONTRADICT): _S.MISMATCHED,
        (_S.CONFIRMED, _E.BOUNCE): _S.BOUNCED,
        (_S.MISMATCHED, _E.GIVE_UP): _S.MANUAL,
        (_S.BOUNCED, _E.GIVE_UP): _S.MANUAL,
        (_S.MANUAL, _E.ACCEPT): _S.ACCEPTED,
        (_S.MANUAL, _E.DECLINE): _S.DECLINED,
        (_S.MANUAL, _E.CONFIRM): _S.CONFIRMED,
        (_S.MANUAL, _E.RELEASE): _S.RELEASED,
        (
            _S.MANUAL,
            _E.DOUBT,
        ): _S.MANUAL,  # evidence that changes the case, and people still hold it
    }
)

OPEN_STATES = frozenset({_S.INTENT, _S.SENT, _S.IN_DOUBT, _S.REVERSING, _S.MANUAL})
"""An attempt in one of these may still turn out either way: its request and original are blocked."""

_HOLDS: Mapping[State, Hold] = {
    _S.INTENT: "reserved",
    _S.SENT: "reserved",
    _S.IN_DOUBT: "reserved",
    _S.REVERSING: "reserved",
    _S.ACCEPTED: "accepted",
    _S.CONFIRMED: "accepted",
}
_KEEP_HOLD = frozenset({_S.MANUAL, _S.MISMATCHED})


def next_state(state: State, event: Event) -> State:
    """Return where *event* leads from *state*.

    Raises:
        LocalProtocolError: There is no such step.

    Example:
        >>> from posrefund.engine.table import Event, State, next_state
        >>> next_state(State.SENT, Event.DOUBT).name
        'IN_DOUBT'
    """
    try:
        return TABLE[state, event]
    except KeyError:
        message = f"no step {event} from {state}"
        raise LocalProtocolError(message) from None


def hold_after(hold: Hold, state: State) -> Hold:
    """Return what an attempt that held *hold* takes of its original once it is in *state*.

    A contradiction and a hand-over to people change nothing: what was held stays held.
    """
    return hold if state in _KEEP_HOLD else _HOLDS.get(state, "none")
