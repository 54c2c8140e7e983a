"""The link to a host that has several addresses, and that may like connections to stay open. Floor 5.

It dials again, never sends again: pauses and tries are about opening alone. The decisions are those of
``Dialling`` and ``Keeping``; here is only what a thread does about them.
"""

from __future__ import annotations

import secrets
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from posrefund.closed import closed
from posrefund.errors import ConfigError, LinkClosedError, LinkError, LinkOpenError
from posrefund.link.back_off import BackOff
from posrefund.link.dialling import Dial, Dialling
from posrefund.link.keeping import Keeping
from posrefund.link.opening import none_opened
from posrefund.link.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from posrefund.link.contract import Link
    from posrefund.link.stream_link import StreamLink
    from posrefund.link.tally import LinkTally

__all__ = ["HostLink"]


class HostLink:
    """One host behind several links, tried in order; a ``Link`` itself.

    Each exchange has a connection of its own, unless *keep_open_s* says that one may serve again. Then ``close``
    keeps what ended clean, and ``close`` once more hangs up. One thread does everything but ``cancel``.

    Args:
        links: One for each address, the preferred one first.
        back_off: How often, and with which pauses, all of them are dialled.
        keep_open_s: How long a connection may lie idle and still be used; 0 keeps none.
        sign_on: Called with each new connection before its first message (a network sign-on, an echo). What it
            sends moves no money. Its ``open`` and ``close`` do nothing, its ``receive`` ends with the opening's time.
        chance: Draws a number from 0 to 1 for each pause.

    Raises:
        ConfigError: No link, or a *keep_open_s* that is none.

    Example:
        >>> from posrefund.link import HostLink, TCPLink
        >>> host = HostLink([TCPLink("10.0.0.1", 8583), TCPLink("10.0.0.2", 8583)], keep_open_s=30)
        >>> host.seen().addresses[1].name
        '10.0.0.2:8583'
    """

    def __init__(
        self,
        links: Sequence[StreamLink],
        *,
        back_off: BackOff | None = None,
        keep_open_s: float = 0.0,
        sign_on: Callable[[Link], None] | None = None,
        chance: Callable[[], float] | None = None,
    ) -> None:
        if not links:
            raise ConfigError("a host link: expected an address")
        self._links = list(links)
        self._back_off = back_off or BackOff()
        self._keeping = Keeping(keep_open_s)
        self._sign_on = sign_on
        self._chance = chance or secrets.SystemRandom().random
        self._tally = Tally(link.name for link in links)
        self._last_good = 0
        self._current: StreamLink | None = None
        self._is_in_exchange = False
        self._cancelled = threading.Event()

    def open(self, timeout_s: float) -> None:
        """Begin an exchange, on the kept connection if it is fit, else on a new one.

        Raises:
            LinkOpenError: No address could be reached in time, or somebody cancelled; why, for each. Nothing was sent.
        """
        deadline = self._now() + timeout_s
        if self._is_in_exchange:
            self.close()
        self._cancelled.clear()
        if not self._reuse():
            self._dial(deadline)
        self._is_in_exchange = True

    @closed
    def send(self, message: bytes) -> None:
        """Send one message once.

        Raises:
            LinkClosedError: ``effect`` is ``"nothing_sent"`` only if no byte was taken.
            FramingError: It does not fit a frame; nothing was sent.
        """
        if not self._is_in_exchange:
            raise LinkClosedError("the link is not open", effect="nothing_sent")
        self._ask(message)

    @closed
    def receive(self, timeout_s: float) -> bytes:
        """Return the next message.

        Raises:
            LinkTimeoutError: None came in time.
            LinkClosedError: The host closed the line before a whole message.
            FramingError: What came is no frame.
        """
        if not self._is_in_exchange:
            raise LinkClosedError("the link is not open", effect="in_doubt")
        return self._hear(timeout_s)

    def keep_alive(self, now: float) -> bool:
        """Between exchanges: send a frame of nothing on the kept connection, where the framing has one.

        Args:
            now: This moment of ``time.monotonic()``; the connection is idle from here on.

        Returns:
            Whether a connection is kept still; one that is not fit any more is closed.
        """
        link = self._current
        if link is None or self._is_in_exchange or not self._is_fit(link, now):
            return False
        try:
            if link.keep_alive():
                self._keeping.refreshed(now)
        except LinkClosedError:
            self._hang_up()
        return self._current is not None

    def cancel(self) -> None:
        """End the exchange from any thread; whoever opens, sends or receives leaves within half a second."""
        self._cancelled.set()
        link = self._current
        if link is not None:
            link.cancel()

    def close(self) -> None:
        """End the exchange and keep its connection if it may be kept; outside of one, hang up."""
        link, was_in_exchange = self._current, self._is_in_exchange
        self._is_in_exchange = False
        if link is None:
            return
        if not was_in_exchange or not self._keeps(link):
            self._hang_up()

    def seen(self) -> LinkTally:
        """Return what happened so far, for diagnostics."""
        return self._tally.seen()

    # --- opening -------------------------------------------------------------------------------

    def _reuse(self) -> bool:
        link = self._current
        if link is None or not self._is_fit(link, self._now()):
            return False
        self._tally.reused()
        return True

    def _is_fit(self, link: StreamLink, now: float) -> bool:
        """Whether the kept connection may serve again; it is closed if not."""
        peer_closed, unread = link.look()
        why = self._keeping.unfit(now, peer_closed=peer_closed, unread=unread)
        if why is not None:
            self._tally.unfit(why)
            self._hang_up()
        return why is None

    def _dial(self, deadline: float) -> None:
        dialling = Dialling(
            len(self._links),
            last_good=self._last_good,
            back_off=self._back_off,
            chance=self._chance,
            deadline=deadline,
        )
        failures: dict[int, LinkOpenError] = {}
        while (step := dialling.step(self._now())) is not None:
            if not isinstance(step, Dial):
                self._pause(step.seconds)
            elif (failure := self._try(step, deadline)) is None:
                return
            else:
                failures[step.address] = failure
            if self._cancelled.is_set():
                raise LinkOpenError("opening was cancelled")
        raise none_opened(failures)

    def _try(self, step: Dial, deadline: float) -> LinkOpenError | None:
        """Dial one address; return why that did not work, or None if it did."""
        link = self._current = self._links[step.address]
        try:
            link.open(step.timeout_s)
            self._keeping.opened()
            if self._sign_on is not None:
                self._begin(link, self._sign_on, deadline)
            self._check_cancelled()
        except LinkOpenError as error:
            self._hang_up()
            self._tally.failed(step.address, str(error))
            return error
        except BaseException:
            self._hang_up()
            raise
        self._last_good = step.address
        self._tally.opened(step.address)
        return None

    def _check_cancelled(self) -> None:
        if self._cancelled.is_set():
            raise LinkOpenError("opening was cancelled")

    def _begin(self, link: StreamLink, sign_on: Callable[[Link], None], deadline: float) -> None:
        """Let the owner say who we are; a question that he leaves open would be answered in the first exchange."""
        try:
            sign_on(_Beginning(self, deadline))
        except LinkError as error:
            raise LinkOpenError(f"{link.name}: the sign-on failed: {error}") from None
        except Exception as error:  # noqa: BLE001 — whatever it was, no message has left yet
            reason = f"{link.name}: the sign-on failed: {type(error).__name__}"
            raise LinkOpenError(reason) from None
        peer_closed, unread = link.look()
        if peer_closed or unread or not self._keeping.is_clean:
            raise LinkOpenError(f"{link.name}: the sign-on left a question open")

    # --- one conversation ----------------------------------------------------------------------

    def _ask(self, message: bytes) -> None:
        self._keeping.asked()
        with self._spoiled_by_failure() as link:
            link.send(message)

    def _hear(self, timeout_s: float) -> bytes:
        with self._spoiled_by_failure() as link:
            message = link.receive(timeout_s)
        self._keeping.answered()
        return message

    @contextmanager
    def _spoiled_by_failure(self) -> Iterator[StreamLink]:
        assert self._current is not None, "in an exchange"
        try:
            yield self._current
        except BaseException:
            self._keeping.failed()
            raise

    def _keeps(self, link: StreamLink) -> bool:
        if not self._keeping.may_be_kept or self._cancelled.is_set():
            return False
        peer_closed, unread = link.look()
        return self._keeping.ended(self._now(), unread=unread or peer_closed)

    def _hang_up(self) -> None:
        link, self._current = self._current, None
        self._keeping.failed()
        if link is not None:
            link.close()

    # --- time ----------------------------------------------------------------------------------

    def _now(self) -> float:
        return time.monotonic()

    def _pause(self, seconds: float) -> None:
        self._cancelled.wait(seconds)


class _Beginning:
    """What a sign-on is given: the new connection, which it can neither open nor close."""

    def __init__(self, host: HostLink, deadline: float) -> None:
        self._host, self._deadline = host, deadline

    def open(self, timeout_s: float) -> None:
        """It is open."""

    @closed
    def send(self, message: bytes) -> None:
        self._host._ask(message)  # noqa: SLF001 — a part of it

    @closed
    def receive(self, timeout_s: float) -> bytes:
        left_s = self._deadline - self._host._now()  # noqa: SLF001 — a part of it
        return self._host._hear(max(0.0, min(timeout_s, left_s)))  # noqa: SLF001 — the same

    def close(self) -> None:
        """It stays open."""
