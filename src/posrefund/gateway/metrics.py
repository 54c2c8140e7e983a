"""What a door counts and how long things take, as Prometheus reads it. Floor 10.

No request id, no card, no person is in a label: routes as they are written in the table of routes, terminals by their
number, states by their name. Each door has a registry of its own.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from posrefund import __version__
from posrefund.aio import AsyncLink
from posrefund.closed import closed
from posrefund.errors import LinkOpenError, LinkTimeoutError
from posrefund.gateway.kept import TerminalState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from prometheus_client.core import Metric
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from posrefund.gateway.kept import KeptTerminals
    from posrefund.journal import Journal

__all__ = ["CONTENT_TYPE", "Metered", "MeteredLink", "Metrics"]

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)
_SLOW = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_TOO_MANY = 429
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
"""Of HTTP; any other word is for whoever asks to choose, and is counted as one."""


class Metrics:
    """Everything that one door measures.

    Attributes:
        registry: Where it stands; nothing else does.

    Example:
        >>> from posrefund.gateway.metrics import Metrics
        >>> b"posrefund_http_rate_limited_total 0.0" in Metrics().text()
        True
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        named: dict[str, Any] = {"namespace": "posrefund", "registry": self.registry}
        self._requests = Counter(
            "http_requests", "Requests answered", ["route", "method", "status"], **named
        )
        self._request_s = Histogram(
            "http_request_seconds", "From the request to the end of its answer",
            ["route"], buckets=_SLOW, **named,
        )  # fmt: skip
        self._limited = Counter("http_rate_limited", "Requests refused as too many", **named)
        self._exchange_s = Histogram(
            "host_exchange_seconds", "From a message sent to what came for it",
            ["result"], buckets=_SLOW, **named,
        )  # fmt: skip
        self._unreached = Counter("host_unreachable", "Connections that did not open", **named)
        self._commit_s = Histogram(
            "journal_commit_seconds", "A commit, until it has lasted", buckets=_FAST, **named
        )
        for result in ("answered", "silent", "failed"):
            self._exchange_s.labels(result)
        ProcessCollector(registry=self.registry)

    def text(self) -> bytes:
        """Return all of it in Prometheus's text format, 0.0.4."""
        return generate_latest(self.registry)

    def watch(self, terminals: KeptTerminals) -> None:
        """Tell of *terminals*, too, whenever it is asked."""
        self.registry.register(_Terminals(terminals))

    def watch_journal(self, journal: Journal) -> None:
        """Measure each commit of *journal* from now on."""
        commit, observe = journal.commit, self._commit_s.observe

        def measured(actions: Any) -> None:
            began = time.perf_counter()
            commit(actions)
            observe(time.perf_counter() - began)

        journal.commit = closed(measured)  # type: ignore[method-assign]

    def link(self, link: AsyncLink) -> MeteredLink:
        """Return *link*, its exchanges measured."""
        return MeteredLink(link, self._exchanged, self._unreached.inc)

    def answered(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count a request of HTTP.

        Args:
            route: As the table of routes writes it; empty where none fits.
            method: Of HTTP.
            status: Of the answer.
            seconds: How long it took.
        """
        known = method if method in _METHODS else "other"
        self._requests.labels(route, known, str(status)).inc()
        self._request_s.labels(route).observe(seconds)
        if status == _TOO_MANY:
            self._limited.inc()

    def _exchanged(self, result: str, seconds: float) -> None:
        self._exchange_s.labels(result).observe(seconds)


class MeteredLink:
    """A link that says how long an answer took; an ``AsyncLink``.

    Args:
        link: Which does it all.
        exchanged: Told the result, ``answered``, ``silent`` or ``failed``, and the seconds since the last message left.
        unreached: Called when it did not open.
    """

    def __init__(
        self,
        link: AsyncLink,
        exchanged: Callable[[str, float], None],
        unreached: Callable[[], None],
    ) -> None:
        self._link, self._exchanged, self._unreached = link, exchanged, unreached
        self._sent_at = 0.0

    async def open(self, timeout_s: float) -> None:
        """Begin an exchange. Raises as the link's."""
        try:
            await self._link.open(timeout_s)
        except LinkOpenError:
            self._unreached()
            raise

    @closed
    async def send(self, message: bytes) -> None:
        """Send one message once. Raises as the link's."""
        await self._link.send(message)
        self._sent_at = time.perf_counter()

    @closed
    async def receive(self, timeout_s: float) -> bytes:
        """Return the next message. Raises as the link's."""
        result = "failed"
        try:
            message = await self._link.receive(timeout_s)
            result = "answered"
        except LinkTimeoutError:
            result = "silent"
            raise
        finally:
            self._exchanged(result, time.perf_counter() - self._sent_at)
        return message

    def close(self) -> None:
        """End the exchange."""
        self._link.close()


class Metered:
    """An ASGI application whose requests are counted.

    Args:
        app: What answers them.
        metrics: What counts.
        route_of: Returns the route that a scope was given to, as the table writes it; empty if none.
        ending: Called when the server is being stopped: what would go on for ever ends then.
    """

    def __init__(
        self,
        app: ASGIApp,
        metrics: Metrics,
        route_of: Callable[[Scope], str],
        ending: Callable[[], object] = lambda: None,
    ) -> None:
        self._app, self._metrics, self._route_of = app, metrics, route_of
        self.end = ending

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, and count."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), 500

        async def counted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, counted)
        finally:
            seconds = time.perf_counter() - began
            self._metrics.answered(self._route_of(scope), scope["method"], status, seconds)


class _Terminals:
    """What is asked of the terminals when somebody reads the metrics, and stands nowhere else."""

    def __init__(self, terminals: KeptTerminals) -> None:
        self._terminals = terminals

    def collect(self) -> Iterable[Metric]:
        """Yield them all."""
        yield from self._of_process()
        yield from self._of_each()

    def _of_process(self) -> Iterator[Metric]:
        states = [each.state for each in self._terminals.standings()]
        counted = GaugeMetricFamily(
            "posrefund_terminals", "Terminals by how they stand here", labels=["state"]
        )
        for state in TerminalState:
            counted.add_metric([state.value], states.count(state))
        yield counted
        yield CounterMetricFamily(
            "posrefund_terminals_taken_over",
            "Terminals opened that another process had before",
            value=self._terminals.taken_over,
        )
        yield CounterMetricFamily(
            "posrefund_terminals_lost",
            "Terminals that another process took over while they were open here",
            value=self._terminals.lost,
        )
        build = GaugeMetricFamily("posrefund_build", "Always 1", labels=["version"])
        build.add_metric([__version__], 1)
        yield build

    def _of_each(self) -> Iterator[Metric]:
        one = ["terminal"]
        is_open = GaugeMetricFamily("posrefund_terminal_open", "1 if it is open here", labels=one)
        moves = CounterMetricFamily(
            "posrefund_attempts",
            "How often an attempt came to a state, since the terminal was opened here",
            labels=["terminal", "kind", "state"],
        )
        looked = {
            name: GaugeMetricFamily(f"posrefund_{name}", about, labels=one)
            for name, (about, _) in _LOOKED.items()
        }
        for each in self._terminals.standings():
            is_open.add_metric([each.name], each.state is TerminalState.OPEN)
            for (kind, state), count in self._terminals.tally(each.name).moves.items():
                moves.add_metric([each.name, kind, state], count)
            if each.figures is None:
                continue
            for name, (_, value_of) in _LOOKED.items():
                value = value_of(each.figures)
                if value is not None:
                    looked[name].add_metric([each.name], value)
        yield from (is_open, moves, *looked.values())


def _age_s(figures: Any) -> float | None:
    return time.time() - figures.selfcheck_at.timestamp() if figures.selfcheck_at else None


_LOOKED: dict[str, tuple[str, Callable[[Any], float | None]]] = {
    "in_doubt": ("Attempts in doubt, or being undone", lambda each: each.in_doubt),
    "with_people": ("Attempts that people have to decide", lambda each: each.with_people),
    "open_faults": ("Open entries of the fault log", lambda each: each.open_faults),
    "signed_in": ("1 if it has working keys", lambda each: each.signed_in),
    "selfcheck_age_seconds": ("Since the last self-check", _age_s),
}
