"""What the emulated PIN pads and terminals share: scripts, faults, and a thread that serves one. Floor 9."""

from posrefund.emulators.device.contract import EmulatedDevice, Say
from posrefund.emulators.device.faults import Act, FaultKind, FaultyVoice, LineFault
from posrefund.emulators.device.listening import ListeningStream
from posrefund.emulators.device.script import Lie, Scene, Script
from posrefund.emulators.device.script_file import read_script
from posrefund.emulators.device.server import DeviceServer

__all__ = [
    "Act",
    "DeviceServer",
    "EmulatedDevice",
    "FaultKind",
    "FaultyVoice",
    "Lie",
    "LineFault",
    "ListeningStream",
    "Say",
    "Scene",
    "Script",
    "read_script",
]
