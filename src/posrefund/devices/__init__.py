"""Drivers of PIN pads and integrated terminals, one open protocol each. Floor 6."""

from posrefund.devices.contract import (
    Can,
    DeviceRefund,
    DeviceRequest,
    DeviceVoid,
    IntegratedTerminal,
    TellsLast,
)
from posrefund.devices.desk import DeviceDesk
from posrefund.devices.line import DeviceLine
from posrefund.devices.memory import DeskResult, told
from posrefund.devices.profiled import PROFILES, Profile, ProfiledTerminal, profile, read_profile
from posrefund.devices.results import (
    DeviceApproved,
    DeviceDeclined,
    DeviceInDoubt,
    DeviceNotSent,
    DeviceReason,
    DeviceResult,
    DeviceSettled,
)

__all__ = [
    "PROFILES",
    "Can",
    "DeskResult",
    "DeviceApproved",
    "DeviceDeclined",
    "DeviceDesk",
    "DeviceInDoubt",
    "DeviceLine",
    "DeviceNotSent",
    "DeviceReason",
    "DeviceRefund",
    "DeviceRequest",
    "DeviceResult",
    "DeviceSettled",
    "DeviceVoid",
    "IntegratedTerminal",
    "Profile",
    "ProfiledTerminal",
    "TellsLast",
    "profile",
    "read_profile",
    "told",
]
