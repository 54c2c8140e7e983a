"""An emulated ABECS PIN pad with keys, a card and a customer of its own. Floor 9."""

from posrefund.emulators.pinpad.keys import PadKeys
from posrefund.emulators.pinpad.pad import EmulatedPinPad
from posrefund.emulators.pinpad.people import PINAct, ShownCard

__all__ = ["EmulatedPinPad", "PINAct", "PadKeys", "ShownCard"]
