"""What a token may want at a counter: no more than it may ask for at the door. Floor 10.

A screen takes any operator's number. Whose token it is says which of them it speaks for, and what it approves.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from posrefund.closed import closed
from posrefund.counter.refund_effects import Approve, Ask, SendRefund, Withdraw
from posrefund.counter.shop_effects import SignIn, Standing
from posrefund.errors import RefusedError
from posrefund.gateway.faults import CODES, DoorError
from posrefund.gateway.people import demand_proof

if TYPE_CHECKING:
    from posrefund.aio import AsyncTerminal
    from posrefund.counter import Effect
    from posrefund.gateway.operation import Call

__all__ = ["CounterRights", "for_a_clerk"]


class CounterRights:
    """What may be wanted, and seen of what came of it, at one counter.

    Args:
        call: Of whoever sat down.
    """

    def __init__(self, call: Call) -> None:
        self._call = call

    @closed
    async def check(self, effect: Effect, terminal: AsyncTerminal) -> None:
        """Refuse what the token may not do.

        Raises:
            RefusedError: In the words of the door, for a clerk.
        """
        call = self._call
        try:
            match effect:
                case Approve():
                    await terminal.at_desk(
                        lambda desk: demand_proof(call, desk, effect.checker, effect.pin)
                    )
                case Ask() | SendRefund():
                    call.operator(effect.request.operator)
                case SignIn():
                    call.operator(effect.operator)
                case Withdraw():
                    call.operator(effect.by)
                case _:
                    pass
        except DoorError as error:
            raise for_a_clerk(error) from None

    def seen(self, result: Any) -> Any:
        """Return *result* without what was done at a terminal that the token may not speak to."""
        if not isinstance(result, Standing):
            return result
        outcome, asked = result.outcome, result.approval
        if outcome is not None and not self._call.may_see(outcome.attempt.terminal):
            return Standing()
        if asked is not None and not self._call.may_see(asked.terminal):
            return replace(result, approval=None)
        return result


def for_a_clerk(error: DoorError) -> RefusedError:
    """Return what *error* says, as a clerk reads it."""
    _, zh, en = CODES[error.code]
    return RefusedError(error.code, owner="merchant", hint_zh=zh, hint_en=en)
