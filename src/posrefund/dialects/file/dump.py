"""From a dialect to the text of its file. Floor 3.

What ``load_dialect`` reads again is equal to what was given; what says nothing new (an empty header, a field
that is shown) is left out.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from posrefund.codec import BERTLV, Layout, Nested, Tagged, specification
from posrefund.crypto import MACRule
from posrefund.dialects.emv import EMV_TAGS
from posrefund.dialects.file.inquiry import inquiry_data
from posrefund.dialects.file.keys import sign_in_data
from posrefund.dialects.file.uploads import signature_data
from posrefund.dialects.message import PIN_MESSAGES
from posrefund.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from posrefund.codec import Check, Field, Inside
    from posrefund.dialects.codes import ResponseCode
    from posrefund.dialects.definition import Dialect
    from posrefund.dialects.message import MessageTable

__all__ = ["dialect_data", "dump_dialect", "write_toml"]


def dump_dialect(known: Dialect) -> str:
    """Return the TOML of a dialect file that describes *known*, with nothing left to a base.

    Example:
        >>> from posrefund import dialect
        >>> from posrefund.dialects.file import dump_dialect, load_dialect
        >>> load_dialect(dump_dialect(dialect("iso87-ascii"))) == dialect("iso87-ascii")
        True
    """
    return write_toml(dialect_data(known))


def dialect_data(known: Dialect) -> dict[str, Any]:
    """Return *known* as the tables of a dialect file.

    Raises:
        ConfigError: A layout of it is of none of the four kinds.
    """
    offset = known.zone.utcoffset(None)
    minutes = int(offset.total_seconds()) // 60
    data = {
        "name": known.name,
        "encoding": known.encoding,
        "mti_enc": known.mti_enc,
        "bitmap_enc": known.bitmap_enc,
        "tpdu": known.tpdu.hex().upper(),
        "header": known.header.hex().upper(),
        "mac": _mac(known.mac),
        "tracks": known.tracks,
        "sign_in": sign_in_data(known.sign_in),
        "cut_off": f"{known.cut_off:%H:%M}",
        "zone": f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}",
        "clock_tolerance_s": known.clock_tolerance_s,
        "accept_pads": known.accept_pads,
        "kept": known.kept,
        "reversed_codes": sorted(known.reversed_codes),
        "managed_codes": sorted(known.managed_codes),
        "received_codes": sorted(known.received_codes),
        "unread_codes": sorted(known.unread_codes),
        "host_requests": dict(known.host_requests),
        "signature": signature_data(known.signature),
        "inquiry": inquiry_data(known.inquiry),
        "slip_title": dict(known.slip_title),
        "timers": asdict(known.timers),
        "policy": asdict(known.policy),
        "constants": dict(known.constants),
        "words": {fact: dict(said) for fact, said in known.words.items()},
        "answers": dict(known.answers),
        "echoed": dict(known.echoed),
        "fields": {number: _field(row) for number, row in known.fields.items()},
        "messages": {name: _message(table) for name, table in known.messages.items()},
        "codes": {code: _code(row) for code, row in known.codes.items()},
    }
    return {key: value for key, value in data.items() if value or key in ("name", "fields")}


def _mac(rule: MACRule) -> str | dict[str, Any]:
    if rule == MACRule(rule.algorithm):
        return rule.algorithm
    names = ("algorithm", "cipher", "padding", "length_bytes", "encoding", "covers_from")
    return {name: getattr(rule, name) for name in names}


def _field(row: Field) -> dict[str, Any]:
    data: dict[str, Any] = {"format": row.format, "zh": row.zh, "en": row.en}
    if row.show != "clear":
        data["show"] = row.show
    if row.rule is not None:
        data["rule"] = {
            key: value for key, value in row.rule.items() if (key, value) != ("desc", row.en)
        }
    if row.layout is not None:
        data["layout"] = _layout(row.layout)
    return data


def _layout(layout: Inside) -> Any:
    match layout:
        case Layout(parts, width, is_open):
            rows = [_named("name", part, width=part.width) for part in parts]
            more = ({"width": width} if width else {}) | ({"open": True} if is_open else {})
            return {**more, "parts": rows} if more else rows
        case Tagged(tags, tag_width, length_width):
            widths: dict[str, Any] = {"tag_width": tag_width, "length_width": length_width}
            return widths | {"tags": [_named("tag", tag) for tag in tags]}
        case BERTLV(names, spelling):
            kept = {} if spelling == "hex" else {"spelling": spelling}
            return {"ber_tlv": "emv" if names == EMV_TAGS else dict(names), **kept}
        case Nested():
            return _nested(layout)
        case _:
            pass
    raise ConfigError("a layout that is none of the four kinds cannot be written into a file")


def _named(key: str, row: Any, **more: Any) -> dict[str, Any]:
    """What a part and a tag have in common."""
    data = {key: row.name, **more, "zh": row.zh, "en": row.en}
    if row.show != "clear":
        data["show"] = row.show
    if row.check is not None:
        data["check"] = _check(row.check)
    inner = getattr(row, "layout", None)
    return data if inner is None else data | {"layout": _layout(inner)}


def _check(check: Check) -> dict[str, Any]:
    return {key: value for key, value in asdict(check).items() if value}


def _nested(layout: Nested) -> dict[str, Any]:
    """The rows of the subfields, each with the rule that the specification has for it, if it is another one."""
    usual = specification(layout.fields.values(), "packed")
    rows = {}
    for number, row in layout.fields.items():
        rule = layout.specification.get(number, usual[number])
        rows[number] = _field(row if rule == usual[number] else row.renamed(rule=rule))
    bitmap = layout.specification["p"]["data_enc"]
    more = {} if bitmap == "b" else {"bitmap_enc": bitmap}
    return {"spelling": layout.spelling, **more, "subfields": rows}


def _message(table: MessageTable) -> dict[str, Any]:
    data = {
        "zh": table.zh,
        "en": table.en,
        "mti": table.mti,
        "request": table.request,
        "response": table.response,
    }
    doubt = {"doubt": table.doubt, "repeat": table.repeat} if table.name in PIN_MESSAGES else {}
    pin = {"pin": table.pin} if table.name in PIN_MESSAGES or table.pin != "if_entered" else {}
    return data | doubt | pin | {"holds": dict(table.templates)}


def _code(row: ResponseCode) -> dict[str, Any]:
    return {
        key: value
        for key, value in asdict(row).items()
        if key != "code" and value is not False and (value or not key.endswith("_by_code"))
    }


# --- TOML ------------------------------------------------------------------------------------------


def write_toml(data: Mapping[str, Any], notes: Mapping[str, str] | None = None) -> str:
    """Return *data* as TOML: a line for a row that fits one, a table for any other.

    Args:
        data: Texts, numbers, lists and tables.
        notes: Comments by the name of the table that they stand above, ``""`` for the top.
    """
    lines = [f"# {line}" for line in (notes or {}).get("", "").splitlines()]
    lines += _table(data, (), notes or {})
    return "\n".join(lines).strip() + "\n"


def _table(
    data: Mapping[str, Any], path: tuple[str, ...], notes: Mapping[str, str]
) -> Iterator[str]:
    tables = {key: value for key, value in data.items() if _is_table(path, value)}
    name = ".".join(map(_key, path))
    plain = {key: value for key, value in data.items() if key not in tables}
    if path and (plain or not tables):
        yield ""
        yield from (f"# {line}" for line in notes.get(name, "").splitlines())
        yield f"[{name}]"
    for key, value in plain.items():
        yield f"{_key(key)} = {_value(value)}"
    for key, value in tables.items():
        yield from _table(value, (*path, key), notes)


def _is_table(path: tuple[str, ...], value: Any) -> bool:
    """Small tables below ``[fields]`` and ``[codes]`` are written as one line each."""
    if not isinstance(value, dict):
        return False
    if not path or any(isinstance(inner, dict | list) for inner in value.values()):
        return True
    return path[-1] not in ("fields", "codes", "subfields", "layout") and len(_value(value)) > 0


def _value(value: Any, indent: str = "") -> str:
    if isinstance(value, dict):
        inner = ", ".join(f"{_key(key)} = {_value(each, indent)}" for key, each in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, list):
        deeper = indent + "  "
        rows = [_value(each, deeper) for each in value]
        if not any(isinstance(each, dict) for each in value):
            return f"[{', '.join(rows)}]"
        return "\n".join(["[", *(f"{deeper}{row}," for row in rows), f"{indent}]"])
    # JSON's text is TOML's, but for one control character.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _key(key: str) -> str:
    is_bare = key and key.isascii() and key.replace("-", "").replace("_", "").isalnum()
    return key if is_bare else _value(key)
