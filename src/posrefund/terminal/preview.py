"""What would happen to a request, said before anything does. Floor 7."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from posrefund.engine import Outcome
    from posrefund.engine.policy import Bounds
    from posrefund.errors import RefusedError
    from posrefund.values import Amount

__all__ = ["Preview"]


@dataclass(frozen=True, slots=True)
class Preview:
    """What a refund would come to now; nothing was sent and nothing written.

    Attributes:
        refusal: Why it would be refused; its ``others`` say no, too. None where it would not be.
        reviews: Why it needs a second person, where the shop's rules say so.
        route: What would be sent; None where nothing would.
        amount: How much would be given back, where that is known.
        needs_approval: Whether a second person has to say yes before it is sent.
        bounds: What may be asked for of its sale; None where nothing may, or the sale is not known.
        outcome: How the request stands, where it was made and is over: asking again tells that and nothing else.
        digest: 64 hexadecimal digits over the request's content, amount, sale and card: what a second person says yes
            to, and what the journal's rows give again once it is sent. Empty where nothing would be.
    """

    refusal: RefusedError | None = None
    reviews: tuple[RefusedError, ...] = ()
    route: Literal["void", "refund"] | None = None
    amount: Amount | None = None
    needs_approval: bool = False
    bounds: Bounds | None = None
    outcome: Outcome | None = None
    digest: str = ""

    @property
    def faults(self) -> tuple[RefusedError, ...]:
        """Everything that says no."""
        return () if self.refusal is None else (self.refusal, *self.refusal.others)
