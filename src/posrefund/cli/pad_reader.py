"""The reader of a terminal's cards, of the PIN pad that the settings name. Floor 11."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from posrefund.counter import PadReader
from posrefund.devices.abecs import AbecsPinPad, WorkingKey
from posrefund.errors import ConfigError
from posrefund.link import SerialStream, TCPStream

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import ExitStack

    from posrefund.cli.config import Settings
    from posrefund.cli.pad_settings import PadSettings
    from posrefund.link import Stream

__all__ = ["pad_reader"]

_BAUD = 19_200


def pad_reader(
    pad: PadSettings, settings: Settings, wrapped_pik: Callable[[], bytes | None], stack: ExitStack
) -> PadReader:
    """Return what reads cards at *pad*; nothing is opened before the first of them.

    Args:
        pad: Where it is.
        settings: Of its terminal.
        wrapped_pik: Returns the PIK of the last sign-in as it came, None without one; asked for each card whose PIN is
            wanted.
        stack: Hangs up when it is closed.
    """
    driver = stack.enter_context(AbecsPinPad(_stream(pad.at)))
    return PadReader(driver, _now, _pin_key(pad, settings, wrapped_pik))


def _pin_key(
    pad: PadSettings, settings: Settings, wrapped_pik: Callable[[], bytes | None]
) -> Callable[[], WorkingKey] | None:
    """What the customer's PIN is encrypted under, where the acquirer wants one with a refund."""
    if settings.dialect.messages["refund"].pin != "required":
        return None

    def key() -> WorkingKey:
        wrapped = wrapped_pik()
        if wrapped is None:
            raise ConfigError("a PIN needs the keys of a sign-in")
        return WorkingKey(pad.master_key, wrapped)

    return key


def _stream(where: str) -> Stream:
    host, colon, port = where.rpartition(":")
    if colon and host and port.isdigit() and "/" not in host:
        return TCPStream(host, int(port))
    return SerialStream(where, baud=_BAUD)


def _now() -> datetime:
    return datetime.now().astimezone()
