"""What whoever watches a door asks of it: is it ready, how is each terminal, what was counted. Floor 10."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from msgspec import Struct
from starlette.responses import Response

from posrefund.gateway.app import gateway_app
from posrefund.gateway.health import is_ready, readiness, terminals_data
from posrefund.gateway.metrics import CONTENT_TYPE, Metered
from posrefund.gateway.operation import Answer, Operation

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from starlette.applications import Starlette
    from starlette.routing import BaseRoute
    from starlette.types import Scope

    from posrefund.gateway.kept import KeptTerminals
    from posrefund.gateway.metrics import Metrics
    from posrefund.gateway.operation import Call
    from posrefund.gateway.options import DoorOptions

__all__ = ["HealthOfAll", "Readiness", "StandingData", "watched_door", "watching"]

_NOT_READY = 503


class Readiness(Struct):
    """Whether it is worth asking here, and how many terminals stand how."""

    ready: bool
    terminals: dict[str, int]


class StandingData(Struct):
    """How a terminal stands at this process; what was looked at is null where it is not open here."""

    terminal: str
    state: Literal["opening", "open", "elsewhere", "failed", "closed"]
    reason: str
    since: str
    trouble: str
    in_doubt: int | None
    with_people: int | None
    open_faults: int | None
    signed_in: bool | None
    selfcheck_at: str | None


class HealthOfAll(Struct):
    """How every terminal stands that this token may speak to."""

    terminals: list[StandingData]


def watching(
    terminals: KeptTerminals, metrics: Metrics, *, metrics_open: bool = False
) -> tuple[Operation, ...]:
    """Return what can be asked about *terminals* besides what a terminal itself is asked.

    Args:
        terminals: Of the door.
        metrics: Of the same door.
        metrics_open: Whether the metrics ask for no token.
    """

    async def ready(_: Call) -> Answer:
        return Answer(readiness(terminals), 200 if is_ready(terminals) else _NOT_READY)

    async def health(call: Call) -> Answer:
        await terminals.look()
        token = call.token
        data: list[Mapping[str, Any]] = [
            each
            for each in terminals_data(terminals)
            if token is None or token.may_use(each["terminal"])
        ]
        return Answer({"terminals": data})

    async def counted(_: Call) -> Response:
        await terminals.look()
        return Response(metrics.text(), headers={"content-type": CONTENT_TYPE})

    return (
        Operation(
            "GET", "/ready", "ready", "Say whether any terminal is open here.", None, ready,
            {200: Readiness, _NOT_READY: Readiness},
        ),
        Operation(
            "GET", "/v1/health", "health_of_terminals", "Tell how every terminal stands here.",
            "watch", health, {200: HealthOfAll},
        ),
        Operation(
            "GET", "/metrics", "metrics", "Tell what was counted, as Prometheus reads it.",
            None if metrics_open else "watch", counted, {}, is_published=False,
        ),
    )  # fmt: skip


def watched_door(
    terminals: KeptTerminals,
    options: DoorOptions,
    metrics: Metrics,
    *,
    metrics_open: bool = False,
    operations: Iterable[Operation] = (),
    routes: Iterable[BaseRoute] = (),
) -> Metered:
    """Return the ASGI application that speaks for *terminals*, counts every request and can be watched.

    Args:
        terminals: For whom it speaks.
        options: How it is.
        metrics: What counts.
        metrics_open: Whether the metrics ask for no token.
        operations: Further ones, as for ``gateway_app``.
        routes: Further ones, as for ``gateway_app``.
    """
    metrics.watch(terminals)
    more = [*watching(terminals, metrics, metrics_open=metrics_open), *operations]
    app = gateway_app(terminals, options, operations=more, routes=routes)
    return Metered(app, metrics, _Paths(app), app.state.door.news.end)


class _Paths:
    """The address that a request was given to, as it is written in the table: no request id is in it."""

    def __init__(self, app: Starlette) -> None:
        self._by_endpoint = {
            id(endpoint): str(getattr(route, "path", ""))
            for route in app.routes
            if (endpoint := getattr(route, "endpoint", None)) is not None
        }

    def __call__(self, scope: Scope) -> str:
        return self._by_endpoint.get(id(scope.get("endpoint")), "")
