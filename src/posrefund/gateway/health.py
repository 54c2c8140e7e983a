"""Is the door there, may it be asked, and how is everything: for whoever watches. Floor 10."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from posrefund.gateway.kept import TerminalState

if TYPE_CHECKING:
    from posrefund.gateway.kept import KeptTerminals, Standing

__all__ = ["is_ready", "readiness", "terminals_data"]


def is_ready(terminals: KeptTerminals) -> bool:
    """Say whether it is worth asking: a terminal is open here.

    A process whose terminals all are another's is alive and not ready: a balancer asks the other one.
    """
    return any(each.state is TerminalState.OPEN for each in terminals.standings())


def readiness(terminals: KeptTerminals) -> dict[str, Any]:
    """Return what ``GET /ready`` says: how many terminals stand how, and none by its number."""
    states = [each.state for each in terminals.standings()]
    counted = {state.value: states.count(state) for state in TerminalState}
    return {"ready": is_ready(terminals), "terminals": counted}


def terminals_data(terminals: KeptTerminals) -> list[dict[str, Any]]:
    """Return how each terminal stands, as ``GET /v1/health`` says it."""
    return [_data(each) for each in terminals.standings()]


def _data(each: Standing) -> dict[str, Any]:
    found = each.figures
    return {
        "terminal": each.name,
        "state": each.state.value,
        "reason": each.reason,
        "since": datetime.fromtimestamp(int(each.since), UTC).isoformat(),
        "trouble": each.trouble,
        "in_doubt": found.in_doubt if found else None,
        "with_people": found.with_people if found else None,
        "open_faults": found.open_faults if found else None,
        "signed_in": found.signed_in if found else None,
        "selfcheck_at": found.selfcheck_at.isoformat() if found and found.selfcheck_at else None,
    }
