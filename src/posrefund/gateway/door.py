"""The door itself: who asks, may he, what does he want, and what is answered. Floor 10.

It speaks ASGI directly, without a stack of wrappers: every request passes here once. What is asked of a terminal that
money may hang on goes on to its end even if who asked has hung up.
"""

from __future__ import annotations

import asyncio
import logging
import math
from typing import TYPE_CHECKING, Any

import msgspec

from posrefund.closed import closed, wipe
from posrefund.errors import LocalProtocolError, PosRefundError
from posrefund.gateway.faults import DoorError, said_of, unexpected
from posrefund.gateway.limits import Buckets
from posrefund.gateway.operation import Answer, Call
from posrefund.gateway.shapes import decoder_of, encoded, read_body, read_query
from posrefund.gateway.stream import News

if TYPE_CHECKING:
    from collections.abc import Coroutine, Mapping, Sequence

    from starlette.types import Message, Receive, Scope, Send

    from posrefund.gateway.operation import Operation
    from posrefund.gateway.options import DoorOptions
    from posrefund.gateway.terminals import Terminals
    from posrefund.gateway.tokens import Token

__all__ = ["Door", "send_json"]

_LOG = logging.getLogger(__name__)
_BEARER = b"bearer "
_JSON_TYPE = b"application/json"
_HANG_UP = {"Connection": "close"}
"""To whoever has not said all of his body: what he still sends is nobody's next request."""
_DIGITS_MAX = 18
"""Of a length: a number of thousands of digits is none to Python."""


class _HungUpError(Exception):
    """Who asked is gone before he had said what he wants."""


class Door:
    """What all addresses of a door have in common.

    Args:
        terminals: For whom it speaks.
        options: How it is.

    Attributes:
        options: How it is.
        news: Where changes are told; ``news.end()`` lets every event stream end, before a server waits for them.
    """

    def __init__(self, terminals: Terminals, options: DoorOptions) -> None:
        self._terminals, self.options = terminals, options
        self._buckets = Buckets(options.rate, options.monotonic) if options.rate else None
        self._under_way: set[asyncio.Task[Any]] = set()
        self.news = News()

    def at(self, operations: Sequence[Operation]) -> _Address:
        """Return the application of one address, with what can be asked there."""
        return _Address(self, operations)

    async def drained(self) -> None:
        """Wait for what is under way though who asked is gone; before the terminals are closed."""
        while self._under_way:
            await asyncio.wait(self._under_way)

    # --- who asks ----------------------------------------------------------------------------

    def let_in(self, operation: Operation, headers: Mapping[bytes, bytes]) -> Token | None:
        """Return whose request it is.

        Raises:
            DoorError: No token, one that may not do this, or one that asks too often.
        """
        if operation.right is None:
            return None
        said = headers.get(b"authorization", b"")
        is_bearer = said[: len(_BEARER)].lower() == _BEARER
        secret = said[len(_BEARER) :].strip().decode("latin-1") if is_bearer else ""
        token = self.options.tokens.find(secret) if secret else None
        if token is None:
            raise DoorError("token_needed", headers={"WWW-Authenticate": "Bearer"})
        if self._buckets is not None and (wait := self._buckets.wait_s(token.name)):
            raise DoorError(
                "too_many_requests", headers={"Retry-After": str(max(1, math.ceil(wait)))}
            )
        if not token.may(operation.right):
            raise DoorError("role_not_allowed")
        return token

    # --- what for ----------------------------------------------------------------------------

    async def read(
        self, headers: Mapping[bytes, bytes], receive: Receive, decoder: msgspec.json.Decoder[Any]
    ) -> Any:
        """Return the body, once all of it is there: before that nothing is begun.

        Raises:
            DoorError: It is no JSON, too large, or too slow.
            InvalidRequestError: It has another shape.
        """
        kind = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
        if kind != _JSON_TYPE:
            raise DoorError("not_json_type")
        most = self.options.body_bytes_max
        length = headers.get(b"content-length", b"0")
        if length.isdigit() and (len(length) > _DIGITS_MAX or int(length) > most):
            raise DoorError("body_too_large", headers=_HANG_UP)
        try:
            async with asyncio.timeout(self.options.body_s):
                raw = await _whole(receive, most)
        except TimeoutError:
            raise DoorError("body_too_slow", headers=_HANG_UP) from None
        if len(raw) > most:
            raise DoorError("body_too_large", headers=_HANG_UP)
        return read_body(raw, decoder)

    def call(self, token: Token | None, scope: Scope) -> Call:
        """Return the request, its terminal not lent yet.

        Raises:
            DoorError: The terminal that it names is none of the token's.
        """
        path: Mapping[str, str] = scope.get("path_params") or {}
        name = path.get("terminal")
        if name is not None and token is not None and not token.may_use(name):
            raise DoorError("terminal_unknown")
        return Call(self.options, self._terminals, token, path, self.news, self.keep)

    # --- what is done ------------------------------------------------------------------------

    async def work(self, operation: Operation, call: Call) -> Any:
        """Do what is asked; what has to be finished is, whatever becomes of this task."""
        if not operation.is_finished:
            return await self._work(operation, call)
        return await asyncio.shield(self.keep(self._work(operation, call)))

    def keep(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Return a task that does *work* to its end, whoever asked for it has hung up."""
        task = asyncio.ensure_future(work)
        self._under_way.add(task)
        task.add_done_callback(self._ended)
        return task

    async def _work(self, operation: Operation, call: Call) -> Any:
        name = call.path.get("terminal")
        if name is not None:
            try:
                call.lent = await self._terminals.lend(name)
            except LocalProtocolError:
                raise DoorError("terminal_unknown") from None
        try:
            return await operation.work(call)
        finally:
            if name is not None:
                self.news.tell(name)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._under_way.discard(task)
        if not task.cancelled():
            task.exception()  # looked at: nobody may be left to hear of it


class _Address:
    """The application of one address."""

    def __init__(self, door: Door, operations: Sequence[Operation]) -> None:
        self._door = door
        self._operations = {each.method: each for each in operations}
        self._decoders = {
            each.method: decoder_of(each.body) for each in operations if each.body is not None
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        operation = self._operations.get(scope["method"])
        try:
            found = await self._answer(operation, scope, receive)
            answer = _Ready(found) if isinstance(found, Answer) else found
        except _HungUpError:
            return
        except PosRefundError as error:
            said = said_of(error)
            wipe(error)
            await send_json(send, said.status, said.data, said.headers)
            return
        except Exception as error:  # noqa: BLE001 — nothing of it may go out, and no trace of it stay
            said = unexpected("in_doubt" if operation and operation.is_money else "nothing_sent")
            wipe(error)
            _LOG.error("unexpected %s", type(error).__name__)
            await send_json(send, said.status, said.data)
            return
        await answer(scope, receive, send)

    async def _answer(self, operation: Operation | None, scope: Scope, receive: Receive) -> Any:
        if operation is None:
            allowed = ", ".join(sorted(self._operations))
            raise DoorError("method_not_allowed", headers={"Allow": allowed})
        headers = _headers(scope["headers"])
        token = self._door.let_in(operation, headers)
        if token is not None:
            _LOG.info("%s: %s", token.name, operation.name)
        call = self._door.call(token, scope)
        if operation.query is not None:
            call.query = read_query(scope["query_string"], operation.query)
        if operation.body is not None:
            decoder = self._decoders[operation.method]
            call.body = await self._door.read(headers, receive, decoder)
        if operation.headers:
            call.headers = {
                name: headers.get(name.encode(), b"").decode("latin-1")
                for name in operation.headers
            }
        return await self._door.work(operation, call)


class _Ready:
    """An answer in bytes: what cannot be encoded is found out before anything of it went out."""

    def __init__(self, answer: Answer) -> None:
        self._status, self._body = answer.status, encoded(answer.data)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await _send(send, self._status, self._body, {})


async def send_json(
    send: Send, status: int, data: object, headers: Mapping[str, str] | None = None
) -> None:
    """Answer with *data*; nobody on the way may keep it."""
    await _send(send, status, encoded(data), headers or {})


async def _send(send: Send, status: int, body: bytes, headers: Mapping[str, str]) -> None:
    lines = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        *((name.lower().encode(), value.encode()) for name, value in headers.items()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": lines})
    await send({"type": "http.response.body", "body": body})


@closed
async def _whole(receive: Receive, most: int) -> bytes:
    """The body, or enough of it to know that it is longer than *most*."""
    message = await _next(receive)
    pieces, length = [message.get("body", b"")], len(message.get("body", b""))
    while message.get("more_body", False) and length <= most:
        message = await _next(receive)
        pieces.append(message.get("body", b""))
        length += len(pieces[-1])
    return b"".join(pieces)


async def _next(receive: Receive) -> Message:
    message = await receive()
    if message["type"] != "http.request":
        raise _HungUpError
    return message


def _headers(lines: Sequence[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """By name; what is said twice is said by nobody."""
    found: dict[bytes, bytes] = {}
    for name, value in lines:
        found[name] = value if name not in found else b""
    return found
