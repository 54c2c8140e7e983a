"""A layout as TOML text: in comes the text, out comes the layout or every fault of it. Floor 8."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any, get_args

from posrefund.errors import ConfigError
from posrefund.office.files.layout import (
    ROLES,
    Column,
    ColumnType,
    FeeRule,
    FileLayout,
    KindRule,
    RowKind,
    Trailer,
)
from posrefund.office.files.patterns import is_form

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["load_layout"]

_ENCODINGS = ("utf-8", "utf-8-sig", "gbk", "latin-1")
_KEYS = frozenset(
    [
        "name",
        "form",
        "encoding",
        "separator",
        "prefix",
        "sources",
        "currency",
        "columns",
        "currencies",
        "booked",
        "kind",
        "trailer",
        "fee",
    ]
)
_COLUMN_KEYS = frozenset(
    ["name", "width", "type", "role", "form", "take", "places", "minus", "optional"]
)
_WIDTH_MAX, _COLUMNS_MAX = 1_000, 200
_INSTEAD = ("rrn", "amount", "reference", "time", "fee")
_NEEDED = ("amount", "time", "terminal", "stan", "reference")
_TYPES_OF_ROLE: Mapping[str, tuple[str, ...]] = {
    "amount": ("minor", "decimal"),
    "fee": ("minor", "decimal", "signed"),
    "net": ("minor", "decimal", "signed"),
    "time": ("time",),
    "card": ("card",),
    "stan": ("digits",),
}
_FIRST_SPLIT_BYTE = 0x40
"""In GBK the second half of a character may be this byte or one above: no such byte can part columns."""


def load_layout(text: str) -> FileLayout:
    """Return the layout that *text* describes.

    Args:
        text: TOML, as the layouts in ``posrefund/office/files/layouts`` have it.

    Raises:
        ConfigError: Names every fault by its place in the text, never a value.

    Example:
        >>> from posrefund.office.files import load_layout
        >>> load_layout('name = "shop"')
        Traceback (most recent call last):
        ...
        posrefund.errors.ConfigError: layout: form: fixed or csv; columns: a list of tables; kind: a list of tables
    """
    try:
        data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        raise ConfigError("layout: no TOML") from None
    draft = _Draft(data)
    found = draft.layout()
    if found is None:
        raise ConfigError(f"layout: {'; '.join(draft.faults)}")
    return found


class _Draft:
    """A layout being read: goes on after a fault, so that all of them are told at once."""

    def __init__(self, data: dict[str, Any]) -> None:
        self._data = data
        self.faults: list[str] = []

    def layout(self) -> FileLayout | None:
        data = self._data
        self._check(data.keys() <= _KEYS, "layout", f"only {' '.join(sorted(_KEYS))}")
        form = self._one_of("form", data.get("form"), ("fixed", "csv"), "fixed or csv")
        encoding = self._one_of("encoding", data.get("encoding", "utf-8"), _ENCODINGS)
        separator = self._separator(form, encoding)
        prefix = self._text("prefix", data.get("prefix", ""), longest=4)
        columns = self._columns(form)
        names = {column.name for column in columns if column.type != "card"}
        kinds = self._kinds(names)
        booked = self._booked(names)
        trailer = self._trailer(names)
        found = FileLayout(
            name=self._text("name", data.get("name", "")),
            form="csv" if form == "csv" else "fixed",
            encoding=encoding,
            separator=separator,
            prefix=prefix.encode("ascii", "replace"),
            columns=columns,
            kinds=kinds,
            booked=booked,
            sources=self._text("sources", data.get("sources", "")),
            trailer=trailer,
            fee=self._fee(),
            currency=self._text("currency", data.get("currency", ""), longest=3),
            currencies=self._texts("currencies", data.get("currencies", {})),
        )
        return None if self.faults else found

    # --- parts -------------------------------------------------------------------------------

    def _separator(self, form: str, encoding: str) -> bytes:
        text = self._text("separator", self._data.get("separator", "," if form == "csv" else " "))
        raw = text.encode("ascii", "replace")
        is_one = len(raw) == 1 and raw not in b'"?\r\n' and not raw.isalnum()
        self._check(is_one or (form == "fixed" and not raw), "separator", "one character, no quote")
        splits = form == "csv" and encoding == "gbk" and raw >= bytes([_FIRST_SPLIT_BYTE])
        self._check(not splits, "separator", "one that is no half of a character in gbk")
        return raw

    def _columns(self, form: str) -> tuple[Column, ...]:
        rows = self._tables("columns", self._data.get("columns"))
        self._check(len(rows) <= _COLUMNS_MAX, "columns", f"at most {_COLUMNS_MAX}")
        columns = tuple(
            self._column(f"columns[{at}]", row, form)
            for at, row in enumerate(rows[:_COLUMNS_MAX], start=1)
        )
        if rows:
            self._check_roles([column.role for column in columns if column.role])
        names = [column.name for column in columns]
        self._check(len(names) == len(set(names)), "columns", "names that differ")
        return columns

    def _column(self, at: str, row: dict[str, Any], form: str) -> Column:
        self._check(row.keys() <= _COLUMN_KEYS, at, f"only {' '.join(sorted(_COLUMN_KEYS))}")
        width = self._number(f"{at}.width", row.get("width", 0), _WIDTH_MAX)
        self._check((width > 0) == (form == "fixed"), f"{at}.width", "a width in a fixed file only")
        kind = self._one_of(f"{at}.type", row.get("type", "text"), get_args(ColumnType))
        self._check(form == "csv" or kind != "decimal", f"{at}.type", "minor in a fixed file")
        role = self._role(f"{at}.role", row.get("role", ""), kind)
        time_form = self._text(f"{at}.form", row.get("form", ""))
        self._check((kind == "time") == bool(time_form), f"{at}.form", "a form for a time only")
        self._check(not time_form or is_form(time_form), f"{at}.form", "MM DD hh mm ss once each")
        may_lack = row.get("optional", False) is not True or role not in _NEEDED
        self._check(may_lack, f"{at}.optional", "no column that every row needs")
        wide = form == "fixed" and kind == "time" and width != len(time_form)
        self._check(not wide, f"{at}.form", "as wide as the column")
        return Column(
            name=self._text(f"{at}.name", row.get("name", "")) or self._missing(f"{at}.name"),
            width=width,
            type=kind,
            role=role,
            form=time_form,
            take=self._number(f"{at}.take", row.get("take", 0), _WIDTH_MAX),
            places=self._number(f"{at}.places", row.get("places", 2), 6),
            minus=row.get("minus", False) is True,
            optional=row.get("optional", False) is True,
        )

    def _role(self, at: str, role: Any, kind: str) -> str:
        plain = self._text(at, role).removeprefix("refund_")
        is_known = plain == role or plain in _INSTEAD
        self._check(not plain or (plain in ROLES and is_known), at, f"one of {' '.join(ROLES)}")
        wanted = _TYPES_OF_ROLE.get(plain)
        self._check(wanted is None or kind in wanted, at, f"a column of type {wanted}")
        self._check(kind != "card" or plain == "card", at, "card, for a column of that type")
        return role if isinstance(role, str) else ""

    def _check_roles(self, roles: list[str]) -> None:
        self._check(len(roles) == len(set(roles)), "columns", "each role once")
        self._check({"amount", "time"} <= set(roles), "columns", "the roles amount and time")
        is_named = "reference" in roles or {"terminal", "stan"} <= set(roles)
        self._check(is_named, "columns", "the roles terminal and stan, or reference")

    def _kinds(self, names: Iterable[str]) -> tuple[KindRule, ...]:
        rules = []
        for at, row in enumerate(self._tables("kind", self._data.get("kind")), start=1):
            self._check(row.keys() == {"is", "when"}, f"kind[{at}]", "is and when")
            kind = self._one_of(f"kind[{at}].is", row.get("is"), get_args(RowKind))
            when = self._texts(f"kind[{at}].when", row.get("when", {}))
            self._check(when.keys() <= set(names), f"kind[{at}].when", "columns of this layout")
            rules.append(KindRule(kind, when))
        return tuple(rules)

    def _booked(self, names: Iterable[str]) -> dict[str, frozenset[str]]:
        rows = self._data.get("booked", {})
        is_fine = isinstance(rows, dict) and all(
            isinstance(values, list) and all(isinstance(value, str) for value in values)
            for values in rows.values()
        )
        self._check(is_fine, "booked", "a table of lists of text")
        if not is_fine:
            return {}
        self._check(rows.keys() <= set(names), "booked", "columns of this layout")
        return {name: frozenset(values) for name, values in rows.items()}

    def _trailer(self, names: Iterable[str]) -> Trailer:
        row = self._data.get("trailer", {})
        is_table = isinstance(row, dict) and row.keys() <= {"end", "heading", "count", "sums"}
        self._check(is_table, "trailer", "a table of end, heading, count and sums")
        if not is_table:
            return Trailer("", "", "", {})
        sums = self._texts("trailer.sums", row.get("sums", {}))
        of_money = {
            str(column.get("name"))
            for column in self._tables("columns", self._data.get("columns"))
            if column.get("type") in ("minor", "decimal")
        }
        self._check(set(sums.values()) <= of_money, "trailer.sums", "columns that are amounts")
        end, heading, count = (
            self._text(f"trailer.{key}", row.get(key, "")) for key in ("end", "heading", "count")
        )
        self._check(
            bool(heading) == bool(count or sums), "trailer", "a heading where there are totals"
        )
        return Trailer(end, heading, count, sums)

    def _fee(self) -> FeeRule | None:
        row = self._data.get("fee")
        if row is None:
            return None
        is_table = isinstance(row, dict) and row.keys() <= {"refund_rate_ppm", "tolerance_minor"}
        self._check(is_table, "fee", "a table of refund_rate_ppm and tolerance_minor")
        known = row if is_table else {}
        return FeeRule(
            self._number("fee.refund_rate_ppm", known.get("refund_rate_ppm", 0), 1_000_000),
            self._number("fee.tolerance_minor", known.get("tolerance_minor", 0), 1_000_000),
        )

    # --- values ------------------------------------------------------------------------------

    def _check(self, fact: bool, at: str, expected: str) -> None:  # noqa: FBT001 — the fact itself
        if not fact and (fault := f"{at}: {expected}") not in self.faults:
            self.faults.append(fault)

    def _missing(self, at: str) -> str:
        self._check(False, at, "a name")  # noqa: FBT003
        return ""

    def _text(self, at: str, value: Any, *, longest: int = 200) -> str:
        is_fine = isinstance(value, str) and len(value) <= longest
        self._check(is_fine, at, f"text of at most {longest} characters")
        return value if is_fine else ""

    def _texts(self, at: str, value: Any) -> dict[str, str]:
        is_fine = isinstance(value, dict) and all(isinstance(v, str) for v in value.values())
        self._check(is_fine, at, "a table of text")
        return dict(value) if is_fine else {}

    def _tables(self, at: str, value: Any) -> list[dict[str, Any]]:
        is_fine = isinstance(value, list) and value and all(isinstance(v, dict) for v in value)
        self._check(bool(is_fine), at, "a list of tables")
        return value if is_fine else []

    def _number(self, at: str, value: Any, most: int) -> int:
        is_fine = type(value) is int and 0 <= value <= most
        self._check(is_fine, at, f"a whole number up to {most}")
        return value if is_fine else 0

    def _one_of(self, at: str, value: Any, known: tuple[Any, ...], said: str = "") -> Any:
        is_fine = isinstance(value, str) and value in known
        self._check(is_fine, at, said or f"one of {' '.join(known)}")
        return value if is_fine else known[0]
