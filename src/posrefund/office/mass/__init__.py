"""Mass refunds: one file for a recall or a cancelled event, looked at by two people, each of its refunds once. Floor 8."""

from posrefund.office.mass.file import MassFile, MassRow, read_mass_file
from posrefund.office.mass.run import MassDesk, MassLine, MassReport, MassState

__all__ = [
    "MassDesk",
    "MassFile",
    "MassLine",
    "MassReport",
    "MassRow",
    "MassState",
    "read_mass_file",
]
