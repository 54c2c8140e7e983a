"""A door's event loop: uvicorn in this process, stopped with care, and its terminals around it. Floor 11."""

from __future__ import annotations

import asyncio
import signal
import socket
import ssl
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import uvicorn
from prometheus_client import disable_created_metrics

from posrefund.cli.pad_reader import pad_reader
from posrefund.cli.screen import as_text, stderr, stdout
from posrefund.cli.serve_http import HEAD_BYTES_MAX, http_protocol
from posrefund.cli.serve_terminals import Openings
from posrefund.cli.token_file import read_tokens
from posrefund.cli.token_watch import TokenFile
from posrefund.errors import ConfigError, PosRefundError
from posrefund.gateway import DoorOptions, RateLimit, Tokens
from posrefund.gateway.chores import Chores
from posrefund.gateway.kept import KeptTerminals, Pace, TerminalState
from posrefund.gateway.metrics import Metered, Metrics
from posrefund.gateway.watching import watched_door

if TYPE_CHECKING:
    from collections.abc import (
        AsyncIterator,
        Awaitable,
        Callable,
        Coroutine,
        Iterator,
        Mapping,
        Sequence,
    )
    from types import FrameType

    from posrefund.cli.serve_settings import ServeSettings
    from posrefund.counter import Reader
    from posrefund.gateway.kept import Standing

__all__ = ["serve_until_stopped"]

_THREADS_MOST = 32
_TOKENS_EVERY_S = 2.0
_PATIENCE_S = 10.0
"""The door says that it listens once the first try to open each terminal is over, or none has ended for so long."""
_NAMED_MOST = 10


def serve_until_stopped(
    settings: ServeSettings,
    *,
    tokens: Tokens | None = None,
    started: Callable[[str], object] | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT; then wait for what is out, and close everything.

    Args:
        settings: Where, and for whom.
        tokens: Who may ask; whoever the file of the settings names if left out.
        started: Told the address once it listens and the first try to open each terminal is over, unless one hangs; of
            the terminals only trouble is said then.

    Raises:
        ConfigError: The address cannot be used, or certificate or tokens cannot be read.
    """
    known = Tokens() if tokens is None else tokens
    file = None if tokens is not None else TokenFile(settings.tokens, known)
    if file is not None:
        known.become(read_tokens(settings.tokens))
    tls = _tls(settings)
    listener = _listener(settings)
    if not len(known):
        stdout.print(
            f"Nobody may ask yet: {settings.tokens} has no token. Make one:"
            "\n  posrefund tokens add till-1 --role till --config …",
            markup=False,
            soft_wrap=True,
        )
    with listener, asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_serve(settings, known, file, tls, listener, started))


async def _serve(
    settings: ServeSettings,
    tokens: Tokens,
    file: TokenFile | None,
    tls: ssl.SSLContext | None,
    listener: socket.socket,
    started: Callable[[str], object] | None,
) -> None:
    disable_created_metrics()  # type: ignore[no-untyped-call]  # when a counter was made tells nobody anything
    plans = settings.terminals
    threads = settings.threads or min(_THREADS_MOST, len(plans) + 4)
    metrics = Metrics()
    with (
        ThreadPoolExecutor(threads, thread_name_prefix="door") as executor,
        ExitStack() as pads,
    ):
        openings = Openings(
            plans,
            executor=executor,
            metrics=metrics,
            shared=settings.shared_connection,
            on_late=lambda name, message: _take_late(kept, name, message),
        )
        kept = KeptTerminals(
            openings.all(),
            executor=executor,
            chores=_chores(settings),
            standby=[str(plan.settings.terminal) for plan in plans if plan.is_standby],
            pace=Pace(elsewhere_s=settings.elsewhere_s, standby_s=settings.standby_s),
            told=_tell if started is None else _tell_trouble,
        )
        url = _url(listener, tls)
        options = _options(settings, tokens, url, _readers(settings, openings, pads))
        app = watched_door(kept, options, metrics, metrics_open=settings.metrics_open)
        try:
            async with kept:

                async def say() -> None:
                    if started is None:
                        _say_opening(len(plans))
                    await kept.settled(_PATIENCE_S)
                    if started is None:
                        _say_started(url, kept.standings())
                    else:
                        started(url)

                async with _beside(file.follow(_TOKENS_EVERY_S) if file else None):
                    await _server(app, settings, tls, say).serve([listener])
        finally:
            openings.close()


@asynccontextmanager
async def _beside(work: Coroutine[Any, Any, None] | None) -> AsyncIterator[None]:
    """Let *work* go on until what is inside is over."""
    task = None if work is None else asyncio.create_task(work)
    try:
        yield
    finally:
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


_LATE: set[asyncio.Task[object]] = set()
"""Kept until they are done: the loop itself holds on to no task."""


def _take_late(kept: KeptTerminals, name: str, message: bytes) -> None:
    """Hand an answer that came late to its terminal; the doubt stays where that does not work."""

    async def take() -> None:
        try:
            await (await kept.lend(name)).receive_late(message)
        except PosRefundError as error:
            stderr.print(as_text(f"terminal {name}: a late answer: {type(error).__name__}"))

    task: asyncio.Task[object] = asyncio.get_running_loop().create_task(take())
    _LATE.add(task)
    task.add_done_callback(_LATE.discard)


def _tell(standing: Standing) -> None:
    """Say on the error output how a terminal stands: that is what a journal of the system keeps."""
    if standing.state is not TerminalState.OPENING:
        with suppress(OSError, SystemExit):  # whoever read it is gone: a door goes on without
            stderr.print(as_text(f"terminal {_said(standing)}"))


def _tell_trouble(standing: Standing) -> None:
    if standing.state is TerminalState.FAILED:
        _tell(standing)


def _readers(settings: ServeSettings, openings: Openings, pads: ExitStack) -> dict[str, Reader]:
    """What reads cards, by terminal, where its settings name a PIN pad."""
    own = {str(plan.settings.terminal): plan.settings for plan in settings.terminals}
    return {
        name: pad_reader(each.pad, each, partial(openings.wrapped_pik, name), pads)
        for name, each in own.items()
        if each.pad is not None
    }


def _options(
    settings: ServeSettings, tokens: Tokens, url: str, readers: Mapping[str, Reader]
) -> DoorOptions:
    rate = RateLimit(settings.per_second, settings.burst) if settings.per_second else None
    own = {str(plan.settings.terminal): plan.settings for plan in settings.terminals}
    return DoorOptions(
        tokens=tokens,
        rate=rate,
        slips={name: each.slip for name, each in own.items()},
        arrivals={name: each.arrival for name, each in own.items()},
        readers=readers,
        phone_url=url if settings.phone_url is None else settings.phone_url,
        levels={name: each.complaints for name, each in own.items()},
    )


def _chores(settings: ServeSettings) -> Chores:
    lease_s = min(plan.settings.lease_s for plan in settings.terminals)
    return Chores(
        every_s=min(5.0, lease_s / 8),
        prolong_s=lease_s / 4,
        resolve_s=settings.resolve_s,
        sign_in_s=30.0 if settings.sign_in else 0.0,
    )


def _tls(settings: ServeSettings) -> ssl.SSLContext | None:
    if settings.certificate is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(settings.certificate, settings.key, lambda: "")  # asks no keyboard
    except OSError:
        raise ConfigError(
            "[serve] certificate: it and its key cannot be read, or are not the PEM they should be"
        ) from None
    return context


def _listener(settings: ServeSettings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family, backlog=1024)
    except OSError as error:
        why = error.strerror or "no such address"
        raise ConfigError(f"cannot listen on {settings.host}:{settings.port}: {why}") from None


def _url(listener: socket.socket, tls: ssl.SSLContext | None) -> str:
    name, port = listener.getsockname()[:2]
    return f"{'https' if tls else 'http'}://{f'[{name}]' if ':' in name else name}:{port}"


def _say_opening(count: int) -> None:
    stdout.print(f"opening {_terminals(count)} …")


def _say_started(url: str, standings: Sequence[Standing]) -> None:
    """Name who is not open, then say that it listens: whoever waits for that line may ask at once."""
    closed = [each for each in standings if each.state is not TerminalState.OPEN]
    for each in closed[:_NAMED_MOST]:
        stdout.print(as_text(f"  not open: {_said(each)}"), soft_wrap=True)
    if more := closed[_NAMED_MOST:]:
        stdout.print(f"  … and {len(more)} more; /v1/health names them")
    count = len(standings)
    open_ = f", {count - len(closed)} open," if closed else ""
    stdout.print(f"door of {_terminals(count)}{open_} on {url}; Ctrl-C stops it", soft_wrap=True)


def _terminals(count: int) -> str:
    return f"{count} terminal{'s' if count > 1 else ''}"


def _said(standing: Standing) -> str:
    why = f" ({standing.reason})" if standing.reason else ""
    return f"{standing.name}: {standing.state.value}{why}"


def _server(
    app: Metered,
    settings: ServeSettings,
    tls: ssl.SSLContext | None,
    started: Callable[[], Awaitable[None]],
) -> _Server:
    timers = [plan.settings.dialect.timers for plan in settings.terminals]
    longest_s = max(2 * (each.connect_s + each.answer_s) for each in timers)
    config = uvicorn.Config(
        app,
        http=http_protocol(),
        h11_max_incomplete_event_size=HEAD_BYTES_MAX,
        lifespan="on",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=int(settings.stop_s or longest_s + 5),
    )
    config.load()
    config.ssl = tls
    return _Server(config, started, app.end)


class _Server(uvicorn.Server):
    """Says when it listens, and serves meanwhile; a signal stops it, and then it is over and not repeated."""

    def __init__(
        self,
        config: uvicorn.Config,
        started: Callable[[], Awaitable[None]],
        ending: Callable[[], object],
    ) -> None:
        super().__init__(config)
        self._say_started, self._end_streams = started, ending

    async def main_loop(self) -> None:
        async with _beside(self._saying()):
            await super().main_loop()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._end_streams()
        await super().shutdown(sockets=sockets)

    async def _saying(self) -> None:
        with suppress(OSError, SystemExit):  # whoever read it is gone: a door goes on without
            await self._say_started()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        signals: Sequence[signal.Signals] = (signal.SIGINT, signal.SIGTERM)
        before = {each: signal.signal(each, self._stop) for each in signals}
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)

    def _stop(self, number: int, _: FrameType | None) -> None:
        """The first signal stops with care; one more does not wait for who is still connected."""
        self.force_exit = self.should_exit
        self.should_exit = True


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return what makes uvloop's loop where it is installed (extra ``fast``)."""
    try:
        import uvloop
    except ImportError:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory
