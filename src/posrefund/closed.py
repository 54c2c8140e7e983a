"""The door that a failure leaves by with empty hands: the error goes, what the functions held stays. Floor 0.

A traceback keeps the frame of every function it went through, and a frame keeps its names: a key, a PIN, a
message with a card number. Whoever prints tracebacks with locals prints them all. So the functions that
take such a thing are ``closed``: an error that leaves one is the same error from the same lines, but the
frames below the door are empty, and what it was raised from is cut off. The caller's own frames are his.
"""

from __future__ import annotations

from contextlib import suppress
from functools import wraps
from inspect import isasyncgenfunction, iscoroutinefunction, isgeneratorfunction
from types import FunctionType
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

__all__ = ["closed", "closed_class", "wipe"]

_P = ParamSpec("_P")
_R = TypeVar("_R")
_Class = TypeVar("_Class", bound=type)


def wipe(error: BaseException) -> None:
    """Empty the frames that *error* came through, and forget what it was raised from.

    ``closed`` without its price of a call, where a microsecond counts: in a handler around the whole body,
    after a ``del`` of the body's own secrets, before a bare ``raise``.

    Example:
        >>> from posrefund.closed import wipe
        >>> def halve(pin):
        ...     return int(pin) // 2
        >>> try:
        ...     halve("12a4")
        ... except ValueError as error:
        ...     wipe(error)
        ...     error.__traceback__.tb_next.tb_frame.f_locals
        {}
    """
    error.__cause__ = error.__context__ = None
    trace = error.__traceback__
    while trace is not None:
        with suppress(RuntimeError):  # still running: its own door is further up
            trace.tb_frame.clear()
        trace = trace.tb_next


def closed(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Return *function*, but what fails in it takes no local names out.

    A generator or a coroutine is guarded until its end. One that is driven from several threads must not be
    thrown an error that names a frame which waits meanwhile: an old Python ends what stands in that.

    Raises:
        TypeError: *function* is an asynchronous generator.

    Example:
        >>> from posrefund.closed import closed
        >>> @closed
        ... def halve(pin):
        ...     return int(pin) // 2
        >>> halve("1234")
        617
    """
    if isasyncgenfunction(function):
        message = "an asynchronous generator cannot be closed: wipe() in a handler inside"
        raise TypeError(message)
    if isgeneratorfunction(function):
        return cast("Callable[_P, _R]", _closed_generator(function))
    if iscoroutinefunction(function):
        return cast("Callable[_P, _R]", _closed_coroutine(function))

    @wraps(function)
    def guarded(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        try:
            return function(*args, **kwargs)
        except BaseException as error:
            del args, kwargs
            wipe(error)
            raise

    return guarded


def _closed_generator(function: Callable[_P, Any]) -> Callable[_P, Generator[Any, Any, Any]]:
    @wraps(function)
    def guarded(*args: _P.args, **kwargs: _P.kwargs) -> Generator[Any, Any, Any]:
        try:
            return (yield from function(*args, **kwargs))
        except BaseException as error:
            del args, kwargs
            wipe(error)
            raise

    return guarded


def _closed_coroutine(function: Callable[_P, Any]) -> Callable[_P, Any]:
    @wraps(function)
    async def guarded(*args: _P.args, **kwargs: _P.kwargs) -> Any:
        try:
            return await function(*args, **kwargs)
        except BaseException as error:
            del args, kwargs
            wipe(error)
            raise

    return guarded


def closed_class(kind: _Class) -> _Class:
    """Return *kind*, its constructor and every public method and property of its own closed.

    For classes that are made of such things, or are handed them by most of their methods.
    """
    for name, member in [*vars(kind).items()]:
        if name == "__init__" or not name.startswith("_"):
            setattr(kind, name, _closed_member(member))
    return kind


def _closed_member(member: object) -> object:
    match member:
        case FunctionType():
            return closed(member)
        case classmethod():
            return classmethod(closed(member.__func__))
        case staticmethod():
            return staticmethod(closed(member.__func__))
        case property():
            get, change, delete = (
                way and closed(way) for way in (member.fget, member.fset, member.fdel)
            )
            return property(get, change, delete, member.__doc__)
        case _:
            return member
