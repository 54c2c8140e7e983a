"""Terminals of the STX/ETX/LRC family and of Caisse-AP: one driver, and a profile for each as data. Floor 6."""

from posrefund.devices.profiled.field import Field
from posrefund.devices.profiled.layout import Layout, Span
from posrefund.devices.profiled.load import read_profile
from posrefund.devices.profiled.profile import (
    PROFILES,
    Code,
    Operation,
    Patience,
    Profile,
    Setting,
    profile,
)
from posrefund.devices.profiled.terminal import ProfiledTerminal

__all__ = [
    "PROFILES",
    "Code",
    "Field",
    "Layout",
    "Operation",
    "Patience",
    "Profile",
    "ProfiledTerminal",
    "Setting",
    "Span",
    "profile",
    "read_profile",
]
