"""Connects an event loop to a host: its addresses in order, with pauses, within one deadline. Floor 8.

The steps are those of ``posrefund.link.Dialling``, which a thread goes, too.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from typing import TYPE_CHECKING

from posrefund.aio.wire import Wire
from posrefund.errors import ConfigError, LinkOpenError
from posrefund.framing import LengthPrefixFramer
from posrefund.link import BackOff, Dial, Dialling
from posrefund.link._tls_session import TLSSession, client_context
from posrefund.link.opening import cannot_open, none_opened, word_for
from posrefund.link.waiting import why

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from posrefund.aio.wire import Owner
    from posrefund.framing import Framer
    from posrefund.link import TLSSettings
    from posrefund.link.opening import Why

__all__ = ["Dialler"]

_LOT = secrets.SystemRandom()


class Dialler:
    """The way to one host.

    Args:
        addresses: Host and port of each, the preferred one first.
        tls: Whom to trust; None for no TLS.
        framer: Makes the framer of each connection; two bytes of length, if None.
        back_off: How often, and with which pauses, all of them are dialled; once, if None.

    Raises:
        ConfigError: No address, or a file of *tls* cannot be used.
    """

    def __init__(
        self,
        addresses: Sequence[tuple[str, int]],
        *,
        tls: TLSSettings | None,
        framer: Callable[[], Framer] | None,
        back_off: BackOff | None,
    ) -> None:
        if not addresses:
            raise ConfigError("a host link: expected an address")
        self._addresses = list(addresses)
        self._settings, self._context = tls, client_context(tls) if tls else None
        self._framer = framer or LengthPrefixFramer
        self._back_off = back_off or BackOff(tries=1)
        self._chance = _LOT.random
        self._last_good = 0

    async def connect(self, owner: Owner, timeout_s: float) -> Wire:
        """Return a connection to the first address that answers.

        Raises:
            LinkOpenError: None in time; why, for each. Nothing was sent.
        """
        dialling = Dialling(
            len(self._addresses),
            last_good=self._last_good,
            back_off=self._back_off,
            chance=self._chance,
            deadline=time.monotonic() + timeout_s,
        )
        failures: dict[int, LinkOpenError] = {}
        while (step := dialling.step(time.monotonic())) is not None:
            if not isinstance(step, Dial):
                await asyncio.sleep(step.seconds)
                continue
            try:
                wire = await self._try(self._addresses[step.address], owner, step.timeout_s)
            except LinkOpenError as error:
                failures[step.address] = error
            else:
                self._last_good = step.address
                return wire
        raise none_opened(failures)

    async def _try(self, address: tuple[str, int], owner: Owner, timeout_s: float) -> Wire:
        name = f"{'TLS to ' if self._settings else ''}{address[0]}:{address[1]}"
        wire = self._wire(address[0], owner, name)
        word: Why
        try:
            async with asyncio.timeout(timeout_s):
                await asyncio.get_running_loop().create_connection(lambda: wire, *address)
                await wire.greeting
        except TimeoutError:
            reason, word = "timed out", "silent"
        except LinkOpenError as error:
            reason, word = str(error), error.why
        except OSError as error:
            reason, word = why(error), word_for(error)
        except (ValueError, OverflowError):
            reason, word = "no address", ""
        except BaseException:
            wire.close()
            raise
        else:
            return wire
        wire.close()
        raise cannot_open(f"no connection to {name}: {reason}", word)

    def _wire(self, host: str, owner: Owner, name: str) -> Wire:
        settings, context = self._settings, self._context
        if settings is None or context is None:
            return Wire(self._framer(), owner, None)
        server_name = settings.server_name or host
        try:
            session = TLSSession(context, server_name)
        except ValueError:
            raise LinkOpenError(f"{name}: no name that a certificate could show") from None
        return Wire(self._framer(), owner, (session, settings.pins, server_name))
