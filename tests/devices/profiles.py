"""Dialogues with the emulated terminals of every profile, in no time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from devices.virtual import FlippingVoice, VirtualStream, virtual
from posrefund.devices import (
    DeviceApproved,
    DeviceDeclined,
    DeviceInDoubt,
    DeviceNotSent,
    DeviceRefund,
    DeviceRequest,
    DeviceResult,
    DeviceVoid,
    ProfiledTerminal,
    profile,
)
from posrefund.emulators.caisse_ap import CaisseAPTerminal
from posrefund.emulators.concert import ConcertTerminal
from posrefund.emulators.device import LineFault, Scene, Script
from posrefund.emulators.transbank import TransbankTerminal
from posrefund.values import Amount, RequestID

Emulated = ConcertTerminal | TransbankTerminal | CaisseAPTerminal
CREDIT = DeviceRefund(RequestID("R1"), Amount(1234, "978"))
VOID = DeviceVoid(RequestID("R1"), Amount(1234, "152"), "123")


@dataclass
class Dialogue:
    """One question to one emulated terminal, and what became of it."""

    name: str
    device: Emulated
    line: VirtualStream
    terminal: ProfiledTerminal
    request: DeviceRequest
    result: DeviceResult

    @property
    def booked(self) -> int:
        """How often money was given back."""
        device = self.device
        return len(device.voided if isinstance(device, TransbankTerminal) else device.credits)

    @property
    def asked(self) -> int:
        """How many questions that move money arrived."""
        return len(self.device.asked)

    def check(self) -> None:
        """What holds whatever goes wrong on the line with a device that does as it says."""
        assert self.asked <= 1, "no second money frame"
        match self.result:
            case DeviceApproved(amount=amount):
                assert (self.booked, amount) == (1, self.request.amount)
            case DeviceDeclined() | DeviceNotSent():
                assert self.booked == 0
            case DeviceInDoubt():
                assert self.result.seen


MAKERS: dict[str, Callable[[Script], Emulated]] = {
    "concert": ConcertTerminal,
    "transbank": TransbankTerminal,
    "caisse_ap": CaisseAPTerminal,
}


def ask(
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    *faults: LineFault,
    scene: Scene | None = None,
    voice: FlippingVoice | None = None,
    request: DeviceRequest | None = None,
) -> Dialogue:
    """Ask the emulated terminal of a profile for the money question that it has."""
    device = MAKERS[name](Script(usual=scene or Scene()))
    line = virtual(monkeypatch, device, *faults, voice=voice)
    terminal = ProfiledTerminal(line, profile(name))
    request = request or (VOID if name == "transbank" else CREDIT)
    result = terminal.void(request) if isinstance(request, DeviceVoid) else terminal.refund(request)
    return Dialogue(name, device, line, terminal, request, result)
