"""The demonstration's PIN pad: an emulated one behind a pseudo terminal, spoken to over it through pyserial. Floor 11.

The TMK is injected into it at the beginning, as a maker would do; after that no key goes there in clear.
"""

from __future__ import annotations

import sys
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Literal, Self

from posrefund.devices.abecs import AbecsPinPad, WorkingKey
from posrefund.emulators.device import DeviceServer
from posrefund.emulators.pinpad import EmulatedPinPad, PadKeys
from posrefund.errors import ConfigError
from posrefund.link import SerialStream
from posrefund.testing import PTYPair

if TYPE_CHECKING:
    from posrefund.cli.demo_screen import Screen
    from posrefund.crypto import Key
    from posrefund.keystore import FileKeyStore
    from posrefund.values import Amount, CardRead

__all__ = ["DemoPad", "PinPad", "check_pin_pad"]

_MASTER = 1
_BAUD = 19_200


class PinPad(StrEnum):
    """Where card and PIN come from."""

    NONE = "none"
    PTY = "pty"


def check_pin_pad(pinpad: PinPad) -> None:
    """Refuse a pseudo terminal where there is none.

    Raises:
        ConfigError: This is Windows.
    """
    if pinpad is PinPad.PTY and sys.platform == "win32":
        raise ConfigError(
            "--pinpad pty needs a pseudo terminal, and Windows has none; leave it out, or take Linux or macOS"
        )


class DemoPad:
    """One pad on one port, and its driver.

    Args:
        tmk: Injected into the pad as its master key for PINs number 1.
        screen: Shows what happens.

    Raises:
        LinkOpenError: The system has no pseudo terminal to give.
    """

    def __init__(self, tmk: Key, screen: Screen) -> None:
        self._screen = screen
        self._pair = PTYPair()
        self._emulated = EmulatedPinPad(keys=PadKeys(pin_masters={_MASTER: tmk}))
        self._server = DeviceServer(self._emulated, self._pair.device, is_open=True)
        self._pad = AbecsPinPad(SerialStream(self._pair.port, baud=_BAUD))

    def introduce(self) -> None:
        """Say what stands on the counter."""
        who = self._pad.identity()
        port = self._pair.port
        self._screen.say(
            f"密码键盘：模拟 ABECS {who.specification}，{port}（伪终端，经 pyserial）；卡号和密码由它提供，"
            f"PIN 密钥只以密文交给它，密码在键盘内加密",
            f"PIN pad: an emulated ABECS {who.specification} on {port} (a pseudo terminal, through pyserial);"
            " card and PIN come from it, the PIN key goes to it encrypted, and the PIN is encrypted inside it",
        )

    def read(
        self, kind: Literal["sale", "refund"], amount: Amount | None, keystore: FileKeyStore
    ) -> CardRead:
        """Return a card with its PIN block under the present PIK."""
        wrapped = keystore.wrapped_pik()
        if wrapped is None:
            raise ConfigError("a PIN needs the keys of a sign-in")
        card = self._pad.read_card(amount, now=datetime.now().astimezone(), kind=kind)
        entered = self._pad.enter_pin(card, WorkingKey(_MASTER, wrapped))
        self._pad.finish("posrefund")
        self._screen.say(
            f"密码键盘：读到 {card.pan}，密码已加密",
            f"PIN pad: read {card.pan}, the PIN is encrypted",
        )
        return entered.card

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pad.close()
        self._server.close()
        self._pair.unplug()
