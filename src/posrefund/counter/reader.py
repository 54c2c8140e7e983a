"""Where cards are read: a PIN pad, or cards to practise with that everybody knows. Floor 9."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posrefund.closed import closed_class
from posrefund.errors import ConfigError
from posrefund.values import PAN, CardRead

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from posrefund.devices.abecs import AbecsPinPad, PadKey

__all__ = ["CardsToPractise", "NoReader", "PadReader"]

_PUBLISHED = ("6200000000000005", "6200000000000047", "6205500000000000004")
"""Made-up numbers of the range for tests."""


class CardsToPractise:
    """Cards that everybody knows; a clerk chooses one, and it is read as a chip."""

    @property
    def cards(self) -> Sequence[str]:
        """Their numbers, masked, in order."""
        return tuple(str(PAN(number)) for number in _PUBLISHED)

    def read(self, which: int) -> CardRead:
        """Return card *which*, from 0."""
        return CardRead("051", PAN(_PUBLISHED[which]), expiry="3012", sequence_number="001")

    def stop(self) -> None:
        """Do nothing: nobody waits here."""


@closed_class
class PadReader:
    """A PIN pad on the counter.

    Args:
        pad: Its driver.
        clock: Returns the local time, for the chip.
        pin_key: Returns the key under which the customer's PIN goes to the host, where the acquirer wants a PIN with a
            refund; None: no PIN is asked for.
    """

    def __init__(
        self,
        pad: AbecsPinPad,
        clock: Callable[[], datetime],
        pin_key: Callable[[], PadKey] | None = None,
    ) -> None:
        self._pad, self._clock, self._pin_key = pad, clock, pin_key

    @property
    def cards(self) -> Sequence[str]:
        """None: what is put into it is read."""
        return ()

    def read(self, which: int) -> CardRead:
        """Wait for a card, and for its PIN where one is wanted.

        Raises:
            DeviceRefusedError: No card came, or the customer took it out, or it was stopped.
            LinkError: The pad did not answer.
            ProtocolError: The pad broke its rules.
        """
        card = self._pad.read_card(None, now=self._clock())
        if self._pin_key is not None:
            card = self._pad.enter_pin(card, self._pin_key()).card
        self._pad.finish()
        return card

    def stop(self) -> None:
        """End the wait."""
        self._pad.cancel()


class NoReader:
    """A counter without a reader."""

    @property
    def cards(self) -> Sequence[str]:
        """None."""
        return ()

    def read(self, which: int) -> CardRead:
        """Refuse.

        Raises:
            ConfigError: There is no reader.
        """
        raise ConfigError(
            "no card reader: name one in [pad] of the settings, or with --pad, or take --test-cards"
        )

    def stop(self) -> None:
        """Do nothing: nobody waits here."""
