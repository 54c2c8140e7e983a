"""All that can be asked at the door. Floor 10."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posrefund.gateway.care import CARE
from posrefund.gateway.complaints import COMPLAINTS
from posrefund.gateway.errands import ERRANDS
from posrefund.gateway.events import EVENTS
from posrefund.gateway.money import MONEY
from posrefund.gateway.people import PEOPLE
from posrefund.gateway.slips import SLIPS

if TYPE_CHECKING:
    from posrefund.gateway.operation import Operation

__all__ = ["OPERATIONS"]

OPERATIONS: tuple[Operation, ...] = (*MONEY, *SLIPS, *PEOPLE, *CARE, *ERRANDS, *COMPLAINTS, *EVENTS)
"""What is asked most often comes first: addresses are tried in this order."""
