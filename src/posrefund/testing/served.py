"""An emulated device at the other end of a line in memory, for tests of drivers and of whoever uses them. Floor 10."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, Self, TypeVar

from posrefund.emulators.device import DeviceServer, EmulatedDevice, FaultyVoice, LineFault
from posrefund.testing.memory_pipe import pipe

if TYPE_CHECKING:
    import threading

    from posrefund.link import Stream

__all__ = ["ServedDevice"]

_Device = TypeVar("_Device", bound=EmulatedDevice)


class ServedDevice(Generic[_Device]):
    """Serves *device* until it is closed.

    Args:
        device: What is there.

    Attributes:
        device: As given.
        stream: What a driver is given; each opening of it is a conversation.

    Example:
        >>> from posrefund.devices import DeviceRefund
        >>> from posrefund.devices.zvt import ZvtTerminal
        >>> from posrefund.emulators.zvt import EmulatedZVT
        >>> from posrefund.testing import ServedDevice
        >>> from posrefund.values import Amount, RequestID
        >>> with ServedDevice(EmulatedZVT()) as served:
        ...     terminal = ZvtTerminal(served.stream, serial=False)
        ...     result = terminal.refund(DeviceRefund(RequestID("R-1"), Amount(1234, "978")))
        ...     terminal.close()
        >>> type(result).__name__
        'DeviceApproved'
    """

    def __init__(self, device: _Device) -> None:
        self.device = device
        near, far = pipe()
        self.stream: Stream = near
        self._voice = FaultyVoice()
        self._server = DeviceServer(device, far, self._voice)

    @property
    def lock(self) -> threading.Lock:
        """Held while the device works; hold it to look at the device from another thread."""
        return self._server.lock

    def misbehave(self, spelt: str) -> None:
        """Let a fault go wrong in the next conversation, spelt as ``LineFault.spelt`` reads it.

        Raises:
            ValueError: It is spelt otherwise.
        """
        fault = LineFault.spelt(spelt)
        with self.lock:
            self._voice.add(fault)

    def close(self) -> None:
        """Hang up and stop."""
        self._server.close()
        self.stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
