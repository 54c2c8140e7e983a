"""ZVT terminals of both forms on a line in memory, and what the tests of the driver ask them."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from posrefund.devices import DeviceRefund, DeviceVoid
from posrefund.devices.zvt import ZVTProfile, ZVTSettings, ZvtTerminal
from posrefund.emulators.device import DeviceServer, FaultyVoice, LineFault, Scene, Script
from posrefund.emulators.zvt import EmulatedZVT, ZVTModel
from posrefund.testing import FaultyStream, StreamFaults, pipe
from posrefund.values import Amount, RequestID

if TYPE_CHECKING:
    from collections.abc import Iterator

EUROS = Amount(1234, "978")
REFUND = DeviceRefund(RequestID("R-1"), EUROS)
FORMS = ("serial", "tcp")


def settings(**given: object) -> ZVTSettings:
    """Times short enough for a test, long enough for a busy machine."""
    times = {"ack_s": 0.4, "reply_s": 0.6, "silence_s": 0.6, "total_s": 5.0, "inter_byte_s": 0.1}
    return ZVTSettings(**{**times, "open_s": 2.0, **given})  # type: ignore[arg-type]


def emulated(scene: Scene | None = None, **model: object) -> EmulatedZVT:
    times = {"ack_s": 0.15, "reply_s": 0.5}
    return EmulatedZVT(
        Script(usual=scene or Scene()),
        ZVTModel(**{**times, **model}),  # type: ignore[arg-type]
    )


def void(reference: str, amount: Amount = EUROS) -> DeviceVoid:
    return DeviceVoid(RequestID("V-1"), amount, reference)


class Rig:
    """One terminal, its driver, and the line between them."""

    def __init__(self, device: EmulatedZVT, driver: ZvtTerminal, near: FaultyStream) -> None:
        self.device, self.driver, self.near = device, driver, near
        self.voice = FaultyVoice()

    @property
    def booked(self) -> int:
        return len(self.device.ledger.bookings)


@contextmanager
def rig(
    form: str,
    device: EmulatedZVT | None = None,
    *faults: LineFault,
    profile: ZVTProfile | None = None,
    reads: StreamFaults | None = None,
    **given: object,
) -> Iterator[Rig]:
    device = device or emulated()
    near, far = pipe()
    stream = FaultyStream(near, reads)
    how = settings(**given) if profile is None else settings(profile=profile, **given)
    driver = ZvtTerminal(stream, how, serial=form == "serial")
    made = Rig(device, driver, stream)
    made.voice = FaultyVoice(faults)
    with DeviceServer(device, far, made.voice):
        try:
            yield made
        finally:
            driver.close()
