"""Bytes over a serial port, by pyserial: a device, a COM port, or any of its URLs. Floor 5.

pyserial is loaded when a port is opened. A port is opened for this stream alone, and what came before that
is dropped; pulling the plug is noticed by the next look at it.
"""

from __future__ import annotations

import errno
import re
import selectors
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Literal

from posrefund.errors import ConfigError, LinkClosedError, LinkOpenError
from posrefund.link.waiting import READ_BYTES, WaitingStream

if TYPE_CHECKING:
    from serial import SerialBase

__all__ = ["SerialStream"]

_FORM = re.compile(r"([5-8])([NEOMS])(1|1\.5|2)")
_FLOWS = {"none": {}, "rts_cts": {"rtscts": True}, "xon_xoff": {"xonxoff": True}}
_GONE = re.compile(r"returned no data|disconnected|reader thread died|Errno (?:5|6|19)\b")
"""pyserial's own words for a port that is not there any more."""
_WRITE_S = 10.0
"""For ports without a descriptor, where a write cannot be watched while it waits."""
_WORDS = {
    errno.ENOENT: "there is no such port",
    errno.ENODEV: "nothing is plugged in there",
    errno.ENXIO: "nothing is plugged in there",
    errno.EACCES: "permission denied; this user may not use the port",
    errno.EPERM: "permission denied; this user may not use the port",
    errno.EAGAIN: "another stream or program has it open",
    errno.EBUSY: "another stream or program has it open",
}
_WINDOWS_WORDS = {
    "FileNotFoundError": _WORDS[errno.ENOENT],
    "PermissionError": "another stream or program has it open, or this user may not use it",
}


class SerialStream(WaitingStream):
    """A serial port.

    On a port that has a descriptor (all but ``COM3``, ``loop://`` and ``rfc2217://``) a failed write says
    exactly whether a byte was taken; on the others it leaves a doubt. How long opening may take is the
    driver's own business there.

    Args:
        port: ``/dev/ttyUSB0``, ``/dev/rfcomm0``, ``COM3``, ``socket://host:port``, ``rfc2217://host:port``.
        baud: Bits per second.
        form: Data bits, parity (N, E, O, M, S) and stop bits.
        flow: How the other side asks for a pause.

    Raises:
        ConfigError: No such form, flow or speed.

    Example:
        >>> from posrefund.link import SerialStream
        >>> SerialStream("/dev/ttyUSB0", baud=9600, form="7E1").name
        '/dev/ttyUSB0'
    """

    def __init__(
        self,
        port: str,
        *,
        baud: int = 9600,
        form: str = "8N1",
        flow: Literal["none", "rts_cts", "xon_xoff"] = "none",
    ) -> None:
        super().__init__()
        found = _FORM.fullmatch(form)
        if not found:
            raise ConfigError("form: expected data bits, parity and stop bits, like 8N1")
        if flow not in _FLOWS:
            raise ConfigError("expected flow none, rts_cts or xon_xoff")
        if baud < 1:
            raise ConfigError("baud: expected bits per second")
        bits, parity, stop = found.groups()
        self._url = port
        self._settings: dict[str, Any] = {
            "baudrate": baud,
            "bytesize": int(bits),
            "parity": parity,
            "stopbits": float(stop) if "." in stop else int(stop),
            **_FLOWS[flow],
        }
        self._port: SerialBase | None = None
        self._fd: int | None = None

    @property
    def name(self) -> str:
        """The port."""
        return self._url

    def _connect(self, timeout_s: float) -> None:
        import serial

        try:
            self._port = serial.serial_for_url(
                self._url, do_not_open=True, timeout=0, exclusive=True, **self._settings
            )
            self._fd = None
            self._port.open()
            self._fd = _descriptor_of(self._port)
            if not self._url.lower().startswith("rfc2217:"):  # it knows no time limit
                self._port.write_timeout = _WRITE_S if self._fd is None else 0
        except Exception as error:  # noqa: BLE001 — a URL's driver raises whatever it likes
            self._free()
            raise LinkOpenError(f"{self.name} cannot be opened: {_why(error)}") from None

    def _descriptor(self) -> int | None:
        return self._fd

    def _take(self) -> bytes | None:
        return self._asked(lambda port: port.read(READ_BYTES)) or None

    def _give(self, data: memoryview) -> int:
        if self._fd is not None:
            return self._give_some(self._fd, data)
        try:
            self._line().write(bytes(data))
        except Exception as error:  # noqa: BLE001 — as above, and nobody knows how much it took
            reason = f"sending failed: {_why(error)}"
            raise LinkClosedError(reason, effect="in_doubt") from None
        return len(data)

    def _give_some(self, descriptor: int, data: memoryview) -> int:
        """Give only what is taken at once: pyserial would spin on a line that takes nothing."""
        if not _takes_now(descriptor):
            return 0
        return int(self._asked(lambda port: port.write(bytes(data))))

    def _asked(self, ask: Any) -> Any:
        try:
            return ask(self._line())
        except OSError as error:
            raise OSError(error.errno, _why(error)) from None
        except Exception as error:  # noqa: BLE001 — as above
            raise OSError(errno.EIO, _why(error)) from None

    def _line(self) -> SerialBase:
        assert self._port is not None, "inside an open door"
        return self._port

    def _free(self) -> None:
        port, self._port = self._port, None
        if port is not None:
            with suppress(Exception):
                port.close()


def _descriptor_of(port: SerialBase) -> int | None:
    try:
        return int(port.fileno())
    except (OSError, AttributeError):
        return None


def _takes_now(descriptor: int) -> bool:
    with selectors.DefaultSelector() as selector:
        selector.register(descriptor, selectors.EVENT_WRITE)
        return bool(selector.select(0))


def _why(error: Exception) -> str:
    """Say it in words that help; pyserial's own hide the number in a sentence."""
    if isinstance(error, OSError) and error.errno in _WORDS:
        return _WORDS[error.errno]
    if type(error).__module__ == "termios":
        return "the port does not take this speed or form"
    text = str(error)
    known = [words for kind, words in _WINDOWS_WORDS.items() if f"{kind}(" in text]
    if known:
        return known[0]
    if _GONE.search(text):
        return "the other side closed the line, or it was unplugged"
    return text if text and isinstance(error, (OSError, ValueError)) else type(error).__name__
