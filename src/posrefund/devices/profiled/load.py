"""A profile as a file: TOML text in, a profile or every fault of it out. Floor 6."""

from __future__ import annotations

import tomllib
from dataclasses import fields
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from posrefund.devices.contract import Can
from posrefund.devices.profiled.field import Field
from posrefund.devices.profiled.layout import Layout
from posrefund.devices.profiled.profile import Code, Operation, Patience, Profile, Setting
from posrefund.devices.results import DeviceReason
from posrefund.errors import ConfigError
from posrefund.exchanges import ENQ, AckNak
from posrefund.framing import STXETX, Control, TagText

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["read_profile"]

_Made = TypeVar("_Made")
_KEYS = frozenset(each.name for each in fields(Profile)) - {"rules"} | {"exchange"}
_FIELD_KEYS = frozenset(("name", "digits", "text", "always", "carries", "tells", "optional"))
_OPERATION_KEYS = frozenset(("form", "request", "replies"))
_ASKED = frozenset(("amount", "currency", "reference"))
_LINES: dict[str, type] = {"stx_etx": STXETX, "tag_text": TagText}
_RULES: dict[str, type] = {"enq": ENQ, "ack_nak": AckNak}


def read_profile(text: str) -> Profile:
    """Read a profile.

    Args:
        text: TOML, as the files of this package.

    Raises:
        ConfigError: It is none; every place that is wrong is named.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        raise ConfigError("profile: expected TOML") from None
    return _Reader(data).profile()


class _Reader:
    """Reads all of it and keeps what is wrong."""

    def __init__(self, data: dict[str, Any]) -> None:
        self._data = data
        self._faults: list[str] = []

    def profile(self) -> Profile:
        data, table = self._data, self._table
        self._only(data, _KEYS, "the file")
        settings = self._settings(table(data.get("settings", {}), "settings"))
        operations: dict[str, Any] = {
            key: self._operation(table(data[key], key), key, frozenset(settings))
            for key in ("refund", "void", "last")
            if key in data
        }
        made: dict[str, Any] = {
            "name": self._text(data.get("name"), "name"),
            "title": self._text(data.get("title"), "title"),
            "can": self._can(data.get("can")),
            "line": self._line(table(data.get("line"), "line")),
            "rules": self._rules(table(data.get("exchange"), "exchange")),
            "patience": self._build(
                Patience, table(data.get("patience", {}), "patience"), "patience"
            ),
            "codes": MappingProxyType(self._codes(table(data.get("codes"), "codes"))),
            "currencies": frozenset(self._texts(data.get("currencies", []), "currencies")),
            "settings": MappingProxyType(settings),
            "poll": self._text(data.get("poll", ""), "poll").encode(),
            "progress": self._text(data.get("progress", ""), "progress").encode(),
            **operations,
        }
        if self._faults:
            raise ConfigError(f"profile: {'; '.join(self._faults)}")
        return Profile(**made)

    # --- parts -------------------------------------------------------------------------------

    def _can(self, names: Any) -> Can:
        can = Can.NOTHING
        for name in self._texts(names, "can"):
            found = Can.__members__.get(name.upper())
            self._require(found, f"can: no such thing as {name}")
            can |= found or Can.NOTHING
        return can

    def _line(self, table: dict[str, Any]) -> Any:
        kind = _LINES.get(table.pop("framing", ""))
        if kind is None:
            return self._fault("line.framing: expected stx_etx or tag_text")
        if "controls" in table:
            names = self._texts(table["controls"], "line.controls")
            known = all(name in Control.__members__ for name in names)
            self._require(known, "line.controls: expected names of controls")
            table["controls"] = frozenset(Control[name] for name in names) if known else frozenset()
        if "first" in table:
            table["first"] = self._text(table["first"], "line.first").encode()
        return self._build(kind, table, "line")

    def _rules(self, table: dict[str, Any]) -> Any:
        name = table.pop("kind", "")
        if name == "bare":
            self._only(table, frozenset(), "exchange")
            return None
        if name not in _RULES:
            return self._fault("exchange.kind: expected enq, ack_nak or bare")
        return self._build(_RULES[name], table, "exchange")

    def _settings(self, table: dict[str, Any]) -> dict[str, Setting]:
        settings = {}
        for name, found in table.items():
            path = f"settings.{name}"
            row = self._table(found, path)
            default = self._text(row.pop("default", None), f"{path}.default")
            made = self._field({"name": name, **row}, path, frozenset())
            if made is not None:
                self._require(made.fits(default), f"{path}.default: expected its own form")
                settings[name] = Setting(made, default)
        return settings

    def _codes(self, table: dict[str, Any]) -> dict[str, Code]:
        self._only(table, frozenset(("approved", "declined", "in_doubt")), "codes")
        found = {
            code: Code("approved") for code in self._texts(table.get("approved"), "codes.approved")
        }
        for kind in ("declined", "in_doubt"):
            for reason, codes in self._table(table.get(kind, {}), f"codes.{kind}").items():
                path = f"codes.{kind}.{reason}"
                self._require(reason in set(DeviceReason), f"{path}: no such reason")
                for code in self._texts(codes, path):
                    self._require(code not in found, f"{path}: {code} stands there twice")
                    if reason in set(DeviceReason):
                        found[code] = Code(kind, DeviceReason(reason))
        return found

    def _operation(
        self, table: dict[str, Any], path: str, settings: frozenset[str]
    ) -> Operation | None:
        self._only(table, _OPERATION_KEYS, path)
        carried = _ASKED | settings
        request = self._layout(table, table.get("request"), f"{path}.request", carried)
        replies = table.get("replies")
        self._require(isinstance(replies, list) and replies, f"{path}.replies: expected layouts")
        read = [
            self._layout(table, rows, f"{path}.replies[{at}]", carried)
            for at, rows in enumerate(replies if isinstance(replies, list) else [])
        ]
        for at, layout in enumerate(read):
            tells = layout is None or any(field.tells == "code" for field in layout.fields)
            self._require(tells, f"{path}.replies[{at}]: expected a field that tells the code")
        layouts = tuple(layout for layout in read if layout is not None)
        return Operation(request, layouts) if request is not None else None

    def _layout(
        self, table: dict[str, Any], rows: Any, path: str, carried: frozenset[str]
    ) -> Layout | None:
        if not isinstance(rows, list):
            self._fault(f"{path}: expected rows of fields")
            return None
        made = [self._field(row, f"{path}[{at}]", carried) for at, row in enumerate(rows)]
        form = self._text(table.get("form"), f"{path}: form")
        whole = tuple(field for field in made if field is not None)
        if len(whole) < len(made):
            return None
        return self._made(path, lambda: Layout(form, whole))  # type: ignore[arg-type]

    def _field(self, row: Any, path: str, carried: frozenset[str]) -> Field | None:
        row = self._table(row, path)
        self._only(row, _FIELD_KEYS, path)
        always = row.get("always")
        form = "text" if always is not None or "text" in row else "digits"
        size = len(always) if isinstance(always, str) else row.get(form)
        sizes = size if isinstance(size, list) else [size, size]
        if len(sizes) != 2 or not all(type(each) is int for each in sizes):
            self._fault(f"{path}: expected digits, text or always, a length or two")
            return None
        carries = row.get("carries", "")
        self._require(not carries or carries in carried, f"{path}.carries: expected what was asked")
        rest = {key: row[key] for key in ("always", "carries", "tells", "optional") if key in row}
        name = self._text(row.get("name", ""), f"{path}.name")
        return self._made(path, lambda: Field(name, form, *sizes, **rest))  # type: ignore[arg-type]

    # --- kinds of values ---------------------------------------------------------------------

    def _build(self, kind: type[_Made], table: dict[str, Any], path: str) -> _Made | None:
        """Return *kind* of what the table says, where its values are of the kind that the class has."""
        known = {each.name: each.default for each in fields(kind)}  # type: ignore[arg-type]
        self._only(table, frozenset(known), path)
        for key in sorted(set(table) & set(known)):
            wanted = float if isinstance(known[key], float) else type(known[key])
            is_right = isinstance(table[key], wanted) or (
                wanted is float and type(table[key]) is int
            )
            self._require(is_right, f"{path}.{key}: expected {wanted.__name__}")
        return None if self._faults else self._made(path, lambda: kind(**table))

    def _made(self, path: str, make: Callable[[], _Made]) -> _Made | None:
        try:
            return make()
        except ConfigError as error:
            self._fault(f"{path}: {error}")
        except TypeError:
            self._fault(f"{path}: expected other kinds of values")
        return None

    def _table(self, found: Any, path: str) -> dict[str, Any]:
        self._require(isinstance(found, dict), f"{path}: expected a table")
        return dict(found) if isinstance(found, dict) else {}

    def _text(self, found: Any, path: str) -> str:
        is_right = isinstance(found, str) and found.isascii()
        self._require(is_right, f"{path}: expected text")
        return found if is_right else ""

    def _texts(self, found: Any, path: str) -> list[str]:
        is_right = isinstance(found, list) and all(isinstance(each, str) for each in found)
        self._require(is_right, f"{path}: expected a list of texts")
        return found if is_right else []

    def _only(self, table: Iterable[str], known: frozenset[str], path: str) -> None:
        for key in sorted(set(table) - known):
            self._fault(f"{path}: nothing is known of {key}")

    def _require(self, fact: object, fault: str) -> None:
        if not fact:
            self._fault(fault)

    def _fault(self, text: str) -> None:
        self._faults.append(text)
