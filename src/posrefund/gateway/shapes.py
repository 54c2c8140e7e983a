"""Bodies and questions out of bytes, every fault of them at once, and answers into bytes. Floor 10.

A sound body is decoded once. Only one that is not is looked at again, member by member: by what it should have been,
never by what it is, for a name that nobody knows may be a card number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args, get_origin
from urllib.parse import parse_qsl

import msgspec

from posrefund.closed import closed
from posrefund.errors import InvalidRequestError
from posrefund.gateway.faults import DoorError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from msgspec import Struct

    from posrefund.errors import Fault

__all__ = ["decoder_of", "encoded", "read_body", "read_query"]

_DEPTH_MAX = 8
"""No body here is deeper; msgspec itself stops a great deal later."""
_PARAMETERS_MAX = 64


def _plain(value: object) -> str:
    """An identifier as the text that it is; msgspec encodes none by itself."""
    if isinstance(value, str):
        return str.__str__(value)
    message = f"{type(value).__name__} is no data"
    raise TypeError(message)


encoded = msgspec.json.Encoder(enc_hook=_plain).encode
"""Returns data as JSON, in bytes."""


def decoder_of(kind: type[Struct]) -> msgspec.json.Decoder[Any]:
    """Return what reads bodies of *kind*."""
    return msgspec.json.Decoder(kind)


@closed
def read_body(raw: bytes, decoder: msgspec.json.Decoder[Any]) -> Any:
    """Return the body in *raw*.

    Raises:
        DoorError: It is no JSON.
        InvalidRequestError: It has another shape; every fault at once.
    """
    try:
        body = decoder.decode(raw)
        if not (faults := _ways_fault(decoder.type, _said_in(body))):
            return body
        raise InvalidRequestError(faults)
    except msgspec.ValidationError:
        pass
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        raise DoorError("bad_json") from None
    try:
        found = msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        raise DoorError("bad_json") from None
    raise InvalidRequestError(_faults(found, decoder.type, ""))


@closed
def read_query(raw: bytes, kind: type[Struct]) -> Any:
    """Return the question in the part of an address behind its question mark.

    A parameter of a list may be said often, any other once.

    Raises:
        InvalidRequestError: It has another shape; every fault at once.
    """
    try:
        pairs = parse_qsl(
            raw.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=bool(raw),
            errors="strict",
            max_num_fields=_PARAMETERS_MAX,
        )
    except ValueError:
        raise InvalidRequestError([("query", "names and values, UTF-8, escaped")]) from None
    many = {each.encode_name for each in msgspec.structs.fields(kind) if _is_list(each.type)}
    said: dict[str, Any] = {}
    for name, value in pairs:
        if name in many:
            said.setdefault(name, []).append(value)
        elif name in said:
            raise InvalidRequestError([("query", "each parameter once")])
        else:
            said[name] = value
    try:
        return msgspec.convert(said, kind, strict=False)
    except msgspec.ValidationError:
        raise InvalidRequestError(_faults(said, kind, "", strict=False)) from None


def _faults(found: object, kind: Any, path: str, *, strict: bool = True) -> list[Fault]:
    """Every member of *found* that is not as *kind* wants it."""
    if not isinstance(found, dict):
        return [(path or "body", "an object")]
    fields = msgspec.structs.fields(kind)
    faults: list[Fault] = []
    for each in fields:
        where = f"{path}.{each.encode_name}" if path else each.encode_name
        if each.encode_name in found:
            faults += _member(found[each.encode_name], each.type, where, strict=strict)
        elif each.required:
            faults.append((where, _expected(each.type)))
    faults += _ways_fault(kind, found)
    names = [each.encode_name for each in fields]
    if not found.keys() <= set(names):
        faults.append((path or "body", f"only {', '.join(names)}"))
    return faults


def _ways_fault(kind: Any, said: Iterable[str]) -> list[Fault]:
    """Of some members exactly one has to be there."""
    ways: tuple[str, ...] = getattr(kind, "ways", ())
    if not ways or len({*ways} & {*said}) == 1:
        return []
    return [(ways[0], f"exactly one of {', '.join(ways)}")]


def _said_in(body: Any) -> list[str]:
    return [name for name in getattr(body, "ways", ()) if getattr(body, name) is not msgspec.UNSET]


def _member(found: object, kind: Any, where: str, *, strict: bool) -> list[Fault]:
    try:
        msgspec.convert(found, kind, strict=strict)
    except msgspec.ValidationError:
        pass
    else:
        return []
    struct = _struct_in(kind)
    if struct is not None and isinstance(found, dict) and where.count(".") < _DEPTH_MAX:
        return _faults(found, struct, where)
    element = _struct_in(*get_args(_bare(kind))) if _is_list(kind) else None
    if element is not None and isinstance(found, list):
        inside = [
            fault
            for place, one in enumerate(found)
            for fault in _member(one, element, f"{where}[{place}]", strict=strict)
        ]
        return inside or [(where, _expected(kind))]
    return [(where, _expected(kind))]


def _bare(kind: Any) -> Any:
    """*kind* without what is said about it."""
    return kind.__origin__ if hasattr(kind, "__metadata__") else kind


def _is_list(kind: Any) -> bool:
    return get_origin(_bare(kind)) is list


def _struct_in(*kinds: Any) -> Any:
    """The structure among *kinds*, or among what one of them may be."""
    for kind in kinds:
        bare = _bare(kind)
        if isinstance(bare, type) and issubclass(bare, msgspec.Struct):
            return bare
        if get_origin(bare) is not list:
            found = _struct_in(*get_args(bare))
            if found is not None:
                return found
    return None


def _expected(kind: Any) -> str:
    """What the shape says of itself."""
    for meta in getattr(kind, "__metadata__", ()):
        if isinstance(meta, msgspec.Meta) and meta.description:
            return meta.description
    if not _is_list(kind):
        for each in get_args(_bare(kind)):
            if each is not type(None):
                return _expected(each)
    return "an object" if _struct_in(kind) else "something else"
