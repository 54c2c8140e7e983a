"""Card terminals that speak ZVT, the German, Austrian and Swiss till protocol, over a serial line or TCP. Floor 6."""

from posrefund.devices.zvt.redact import redact
from posrefund.devices.zvt.settings import PROFILES, ZVTProfile, ZVTSettings
from posrefund.devices.zvt.terminal import TCP_PORT, ZvtTerminal

__all__ = ["PROFILES", "TCP_PORT", "ZVTProfile", "ZVTSettings", "ZvtTerminal", "redact"]
