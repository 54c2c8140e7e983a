"""What screens want of a shop: what stands, lists, slips, the sign-in, a self-check; as data. Floor 9."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from posrefund.closed import closed_class
from posrefund.counter.contract import AtDesk, OnLine
from posrefund.engine import State
from posrefund.engine.inquiry import can_ask
from posrefund.office.slips import slip_of_request

if TYPE_CHECKING:
    from posrefund.engine import Approval, Attempt, Outcome
    from posrefund.engine.attempt import Kind
    from posrefund.engine.calendar import Arrival
    from posrefund.engine.staff import Operator
    from posrefund.office.paper import Language
    from posrefund.office.slips import SlipContent, SlipSettings
    from posrefund.terminal.desk import Desk

__all__ = [
    "AskHost",
    "CounterFacts",
    "LastSlip",
    "ListApprovals",
    "ListDoubts",
    "Look",
    "NameContact",
    "PrintSlip",
    "Prove",
    "SelfCheck",
    "SignIn",
    "Standing",
    "TellStatus",
    "doubts_at",
]

_MONEY_BACK: tuple[Kind, ...] = ("refund", "void")


# --- what stands -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CounterFacts:
    """What the menu shows and what it offers.

    Attributes:
        terminal: DE41.
        is_training: Whether people practise here.
        is_signed_in: Whether it may talk about money with the host.
        asks_for_pin: Whether a second person's yes needs a PIN.
        may_refund: Whether a refund is offered.
        doubts: How many refunds and voids are not decided.
        waiting: How many wait for a second person, or have a yes and were not sent.
        has_slip: Whether there is a slip to print again.
        takes_cards: Whether this host gives money back to cards.
        takes_codes: Whether it gives back what a code paid.
        askable: The kinds of message that the host can be asked about.
    """

    terminal: str = ""
    is_training: bool = False
    is_signed_in: bool = False
    asks_for_pin: bool = False
    may_refund: bool = False
    doubts: int = 0
    waiting: int = 0
    has_slip: bool = False
    takes_cards: bool = True
    takes_codes: bool = False
    askable: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Look(AtDesk):
    """Look at what the menu has to show; gives ``CounterFacts``."""

    operator: str

    def at_desk(self, desk: Desk) -> CounterFacts:
        """Read it."""
        view, back = desk.view(), desk.dialect.messages["refund"]
        return CounterFacts(
            terminal=view.terminal,
            is_training=desk.journal.is_training,
            is_signed_in=view.signed_in_at is not None and not view.is_signed_off,
            asks_for_pin=desk.staff.asks_for_pin,
            may_refund=desk.may_refund(self.operator),
            doubts=len(doubts_at(desk)),
            waiting=len(desk.pending_approvals()),
            has_slip=_last_accepted(desk) is not None,
            takes_cards=back.says("pan") or back.says("track2"),
            takes_codes=back.says("voucher"),
            askable=tuple(kind for kind in _MONEY_BACK if can_ask(kind, desk.dialect)),
        )


@dataclass(frozen=True, slots=True)
class ListDoubts(AtDesk):
    """Gives every refund and void that is not decided, oldest first."""

    def at_desk(self, desk: Desk) -> list[Attempt]:
        """Read them."""
        return doubts_at(desk)


@dataclass(frozen=True, slots=True)
class ListApprovals(AtDesk):
    """Gives what waits for a second person, or has a yes and was not sent, oldest first."""

    def at_desk(self, desk: Desk) -> list[Approval]:
        """Read them."""
        return desk.pending_approvals()


@dataclass(frozen=True, slots=True)
class Standing:
    """How a request stands.

    Attributes:
        outcome: What became of it; None where nothing was sent.
        approval: What waits, or waited, for a second person.
        is_known: Whether anything is known under that id.
    """

    outcome: Outcome | None = None
    approval: Approval | None = None

    @property
    def is_known(self) -> bool:
        """Whether anything is known under that id."""
        return self.outcome is not None or self.approval is not None


@dataclass(frozen=True, slots=True)
class TellStatus(AtDesk):
    """Gives the ``Standing`` of a request."""

    request_id: str

    def at_desk(self, desk: Desk) -> Standing:
        """Read it."""
        outcome = desk.status(self.request_id)
        asked = desk.journal.last_approval(self.request_id) if outcome is None else None
        return Standing(outcome, asked)


@dataclass(frozen=True, slots=True)
class AskHost(OnLine):
    """Ask the host what became of a request; gives the outcome. No money moves by it, and nothing is sent again."""

    request_id: str

    def on_line(self, terminal: Any) -> Any:
        """Ask."""
        return terminal.inquire(self.request_id)


@dataclass(frozen=True, slots=True)
class NameContact(AtDesk):
    """Gives whom to call about an outcome; empty where nobody need be."""

    outcome: Outcome

    def at_desk(self, desk: Desk) -> str:
        """Read it."""
        return desk.contact_for(self.outcome)


# --- paper -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PrintSlip(AtDesk):
    """Gives the content of the merchant's copy of a request's slip; the journal has every print.

    Attributes:
        request_id: Whose.
        settings: What the shop says of itself.
        language: The clerk's.
        arrival: How long a refund takes; None says nothing.
    """

    request_id: str
    settings: SlipSettings
    language: Language
    arrival: Arrival | None = None

    def at_desk(self, desk: Desk) -> SlipContent | None:
        """Write the print down and return it; None where nothing is known under that id."""
        outcome = desk.status(self.request_id)
        if outcome is None:
            return None
        content = slip_of_request(
            desk,
            outcome,
            self.settings,
            language=self.language,
            copy="merchant",
            arrival=self.arrival,
        )
        desk.note_print(self.request_id, "merchant")
        return content


@dataclass(frozen=True, slots=True)
class LastSlip(AtDesk):
    """Gives the request id of the refund that was accepted last in this batch, or None."""

    def at_desk(self, desk: Desk) -> str | None:
        """Read it."""
        found = _last_accepted(desk)
        return found.request_id if found is not None else None


# --- people and host -------------------------------------------------------------------------------


@closed_class
@dataclass(frozen=True, slots=True)
class Prove(AtDesk):
    """Gives the operator, if the PIN is right."""

    operator: str
    pin: str = field(repr=False)

    def at_desk(self, desk: Desk) -> Operator:
        """Prove it."""
        return desk.prove(self.operator, self.pin)


@dataclass(frozen=True, slots=True)
class SignIn(OnLine):
    """Sign the terminal in at its host; gives a ``SignedIn``."""

    operator: str
    accept_clock: bool = False
    accept_keys: bool = False

    def on_line(self, terminal: Any) -> Any:
        """Do it."""
        return terminal.sign_in(
            self.operator, accept_clock=self.accept_clock, accept_keys=self.accept_keys
        )


@dataclass(frozen=True, slots=True)
class SelfCheck(OnLine):
    """Gives the report of a self-check."""

    def on_line(self, terminal: Any) -> Any:
        """Do it."""
        return terminal.selfcheck()


# --- inside ----------------------------------------------------------------------------------------


def doubts_at(desk: Desk) -> list[Attempt]:
    """Return every refund and void that is not decided, oldest first."""
    return [one for one in desk.journal.open_attempts() if one.kind in _MONEY_BACK]


def _last_accepted(desk: Desk) -> Attempt | None:
    states = (State.ACCEPTED, State.CONFIRMED)
    found = desk.journal.attempts(states=states, batch=desk.view().batch)
    backs = [attempt for attempt in found if attempt.kind in _MONEY_BACK]
    return backs[-1] if backs else None
