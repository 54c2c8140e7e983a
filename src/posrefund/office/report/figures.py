"""The closed list of figures. Floor 8."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from posrefund.office.report.figures_care import CARE
from posrefund.office.report.figures_money import MONEY
from posrefund.office.report.figures_people import PEOPLE
from posrefund.office.report.figures_service import SERVICE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from posrefund.office.report.figure import Figure

__all__ = ["FIGURES"]

FIGURES: Mapping[str, Figure] = MappingProxyType(
    {figure.name: figure for figure in (*MONEY, *SERVICE, *CARE, *PEOPLE)}
)
"""By name, in the order of a report."""
