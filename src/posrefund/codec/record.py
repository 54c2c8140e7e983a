"""A message that was read, other than as a dict: ``Record`` by attribute, ``View`` cut when looked at. Floor 2.

Neither shows a value when it is printed, logged or formatted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["Record", "View", "plain_record", "plain_view", "record_class"]

_ATTRIBUTE = re.compile(r"de([1-9][0-9]?|1[0-8][0-9]|19[0-2])|[thp]")
_FIELD = re.compile(r"[0-9]+")


def _attribute(name: str) -> str:
    return f"de{name}" if _FIELD.fullmatch(name) else name


class Record:
    """The fields of one message as attributes: ``t`` the MTI, ``p`` the bitmap, ``de2`` … ``de192``.

    A field that the message lacks is None. Nothing can be assigned, and nothing is shown when it is
    printed but the numbers of its fields. Records are equal when their fields are.

    Example:
        >>> from iso8583.specs import default_ascii
        >>> from posrefund.codec import Codec
        >>> record = Codec(default_ascii).record(b"08000020000000000000000001")
        >>> record.t, record.de11, record.de39
        ('0800', '000001', None)
        >>> record
        <Record of t, p, 11>
    """

    __slots__ = ("_values",)

    _names: ClassVar[tuple[str, ...]] = ()
    _held: ClassVar[tuple[str, ...]] = ()
    _fixed: ClassVar[Mapping[str, str]] = {}
    _values: Any

    t: str
    p: str

    def fields(self) -> dict[str, str]:
        """Return what ``Codec.decode`` returns for the same message."""
        found = dict.fromkeys(self._names, "")
        found.update(self._fixed)
        found.update(zip(self._held, self._values, strict=True))
        return found

    def __getattr__(self, name: str) -> str | None:
        if _ATTRIBUTE.fullmatch(name):
            return None
        message = f"a record has no attribute {name!r}: fields are t, p, h, de1 to de192"
        raise AttributeError(message)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Record):
            return NotImplemented
        return self.fields() == other.fields()

    def __hash__(self) -> int:
        return hash(frozenset(self.fields().items()))

    def __repr__(self) -> str:
        return f"<Record of {', '.join(self._names)}>"

    def __reduce__(self) -> tuple[Callable[[dict[str, str]], Record], tuple[dict[str, str]]]:
        return plain_record, (self.fields(),)


class _PlainRecord(Record):
    """A record of a shape that has no class of its own; its values are the dict."""

    __slots__ = ()

    def fields(self) -> dict[str, str]:
        return dict(self._values)

    def __getattr__(self, name: str) -> str | None:
        if not _ATTRIBUTE.fullmatch(name):
            return super().__getattr__(name)
        value: str | None = self._values.get(name.removeprefix("de"))
        return value

    def __repr__(self) -> str:
        return f"<Record of {', '.join(self._values)}>"


def plain_record(fields: dict[str, str]) -> Record:
    """Return the record of *fields*."""
    record = object.__new__(_PlainRecord)
    record._values = fields
    return record


def record_class(
    names: tuple[str, ...], held: tuple[str, ...], fixed: Mapping[str, str]
) -> type[Record]:
    """Return the class of one shape: properties for what it holds, constants for what is fixed.

    Args:
        names: All fields in order.
        held: Those whose values a record holds.
        fixed: The others: MTI and bitmaps.
    """
    body: dict[str, Any] = {"__slots__": (), "_names": names, "_held": held, "_fixed": fixed}
    body |= {_attribute(name): value for name, value in fixed.items()}
    body |= {_attribute(name): property(_reader(at)) for at, name in enumerate(held)}
    return type("Record", (Record,), body)


def _reader(at: int) -> Callable[[Record], str]:
    def read(record: Record) -> str:
        value: str = record._values[at]  # noqa: SLF001 — a property of that very class
        return value

    return read


class View(Mapping[str, str]):
    """The fields of one message as a mapping, cut from its bytes when they are asked for.

    For gateways and log readers, who look at three fields of twenty. The message was checked as a
    whole before there was a view: what ``decode`` refuses has none. Shows field numbers only.

    Example:
        >>> from iso8583.specs import default_ascii
        >>> from posrefund.codec import Codec
        >>> view = Codec(default_ascii).lazy(b"08000020000000000000000001")
        >>> view["11"], view.get("39"), dict(view) == Codec(default_ascii).decode(
        ...     b"08000020000000000000000001")
        ('000001', None, True)
        >>> view
        <View of t, p, 11>
    """

    __slots__ = ("_cuts", "_source")

    _cuts: Mapping[str, Callable[[Any], str]]
    _source: Any

    def __getitem__(self, name: str) -> str:
        return self._cuts[name](self._source)

    def __iter__(self) -> Iterator[str]:
        return iter(self._cuts)

    def __len__(self) -> int:
        return len(self._cuts)

    def __contains__(self, name: object) -> bool:
        return name in self._cuts

    def __repr__(self) -> str:
        return f"<View of {', '.join(self._cuts)}>"

    def __reduce__(self) -> tuple[Callable[[dict[str, str]], View], tuple[dict[str, str]]]:
        return plain_view, (dict(self),)


def plain_view(fields: dict[str, str]) -> View:
    """Return the view of *fields*."""
    view = object.__new__(View)
    view._source, view._cuts = fields, {name: _getter(name) for name in fields}
    return view


def _getter(name: str) -> Callable[[Mapping[str, str]], str]:
    return lambda fields: fields[name]
