"""An emulated ZVT terminal, serial or TCP, with books of its own. Floor 9."""

from posrefund.emulators.zvt.commands import Card
from posrefund.emulators.zvt.ledger import Booking, ZVTLedger
from posrefund.emulators.zvt.terminal import CURRENCIES, EmulatedZVT, ZVTModel

__all__ = ["CURRENCIES", "Booking", "Card", "EmulatedZVT", "ZVTLedger", "ZVTModel"]
