"""The driver of ABECS PIN pads: card, PIN block and encryption, and no key in this process. Floor 6."""

from posrefund.devices.abecs.keys import DUKPTKey, PadKey, WorkingKey
from posrefund.devices.abecs.pad import AbecsPinPad
from posrefund.devices.abecs.redact import redact
from posrefund.devices.abecs.results import Encrypted, EnteredPIN, PadIdentity
from posrefund.devices.abecs.session import PadTimes

__all__ = [
    "AbecsPinPad",
    "DUKPTKey",
    "Encrypted",
    "EnteredPIN",
    "PadIdentity",
    "PadKey",
    "PadTimes",
    "WorkingKey",
    "redact",
]
