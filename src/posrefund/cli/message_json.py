"""A caught message as JSON and back: what ``decode --json`` prints, ``encode`` reads. Floor 11.

Composite fields are objects with their parts and the whole under ``raw``. Masked output cannot be
encoded again: it says so instead of sending stars to a host.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from posrefund.codec import Layout
from posrefund.codec.inside import data_of, join_value, masked
from posrefund.codec.mask import mask
from posrefund.dialects.capture import Capture, Framing
from posrefund.errors import EncodeError

if TYPE_CHECKING:
    from posrefund.codec import Field
    from posrefund.dialects import Dialect

__all__ = ["capture_as_data", "capture_from_data", "with_value"]


def capture_as_data(capture: Capture, dialect: Dialect, *, reveal: bool) -> dict[str, Any]:
    """Return the JSON-able picture of *capture*, masked unless *reveal*."""
    # The second bitmap is made again from the fields, as the first is.
    numbers = sorted((name for name in capture.fields if name.isdigit() and name != "1"), key=int)
    return {
        "framing": _framing_as_data(capture.framing),
        "mti": capture.fields["t"],
        "fields": {
            number: _value(capture.fields[number], dialect.fields.get(number), reveal=reveal)
            for number in numbers
        },
    }


def capture_from_data(data: object, dialect: Dialect) -> Capture:
    """Return the capture that ``capture_as_data`` (revealed) described.

    Raises:
        EncodeError: Something is missing, masked or of another shape; the path says what.
    """
    whole = _object(data, "message", "a JSON object with mti and fields")
    fields = _object(whole.get("fields"), "fields", "a JSON object of fields by number")
    framing = _framing_from_data(whole.get("framing", {}))
    mti = _text(whole.get("mti"), "mti")
    values = {
        number: _raw(number, value, dialect.fields.get(number)) for number, value in fields.items()
    }
    return Capture(framing, {"t": mti, **values}, {})


def with_value(data: object, path: str, value: str, dialect: Dialect) -> dict[str, Any]:
    """Return *data* with one field, or one part of a field, changed; an empty *value* takes it out.

    Args:
        data: As ``capture_from_data`` takes it.
        path: ``"mti"``, ``"4"``, or ``"61.date"`` for a part by name.
        value: Its text.
        dialect: Whose table says what stands inside a field.

    Raises:
        EncodeError: There is no such field or part; the path says which.
    """
    whole = _object(data, "message", "a JSON object with mti and fields")
    if path == "mti":
        return {**whole, "mti": value}
    fields = dict(_object(whole.get("fields"), "fields", "a JSON object of fields by number"))
    number, dot, part = path.partition(".")
    if number not in dialect.fields:
        raise EncodeError(f"DE{number}", "a field of this dialect")
    if dot:
        fields[number] = _with_part(fields.get(number), number, part, value, dialect)
    else:
        fields[number] = value
    if not fields[number]:
        del fields[number]
    return {**whole, "fields": fields}


def _with_part(
    given: object, number: str, part: str, value: str, dialect: Dialect
) -> dict[str, Any]:
    """Return the parts of a field by position with one of them changed."""
    layout = dialect.fields[number].layout
    if not isinstance(layout, Layout) or part not in [each.name for each in layout.parts]:
        raise EncodeError(f"DE{number}.{part}", "a part of this field, by position")
    whole = join_value(layout, given or "", f"DE{number}", dialect.fields[number].show)
    parts = {name: text for name, text in layout.split(whole).items() if name != part}
    if value:
        parts[part] = value
    order = [each.name for each in layout.parts]
    return {name: parts[name] for name in (*order, "rest") if name in parts}


def _framing_as_data(framing: Framing) -> dict[str, Any]:
    data: dict[str, Any] = {
        "length_prefix": framing.length_prefix,
        "tpdu": framing.tpdu.hex().upper() or None,
        "header": framing.header.hex().upper() or None,
    }
    if framing.mac_missing:
        data["mac_missing"] = framing.mac_missing
    if framing.pads:
        data["pads"] = framing.pads
    if framing.bitmap:
        data["bitmap"] = framing.bitmap
    return data


def _framing_from_data(data: object) -> Framing:
    framing = _object(data, "framing", "a JSON object")
    pads = _object(framing.get("pads", {}), "framing.pads", "a JSON object")
    return Framing(
        length_prefix=framing.get("length_prefix") is True,
        tpdu=_bytes(framing.get("tpdu"), "framing.tpdu", 5),
        header=_bytes(framing.get("header"), "framing.header", 6),
        mac_missing=_one_of(
            framing.get("mac_missing", ""), "framing.mac_missing", ("", "64", "128")
        ),
        pads={number: _text(pad, f"framing.pads.{number}") for number, pad in pads.items()},
        bitmap=_text(framing.get("bitmap", ""), "framing.bitmap"),
    )


def _value(value: str, field: Field | None, *, reveal: bool) -> str | dict[str, Any]:
    show = field.show if field else "never"
    shown = value if reveal else mask(value, show)
    layout = field.layout if field else None
    pieces = layout.scan(value, "clear" if reveal else show).pieces if layout else ()
    if not pieces:
        return shown
    data = data_of(pieces if reveal else masked(pieces))
    return {"raw": shown, **({"tags": data} if isinstance(data, list) else data)}


def _raw(number: str, value: object, field: Field | None) -> str:
    layout, show = (field.layout, field.show) if field else (None, "never")
    return join_value(layout, value, f"DE{number}", show)


def _object(value: object, path: str, expected: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise EncodeError(path, expected)
    return value


def _text(value: object, path: str) -> str:
    if not isinstance(value, str):
        raise EncodeError(path, "text")
    return value


def _one_of(value: object, path: str, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        raise EncodeError(path, " or ".join(filter(None, allowed)))
    return str(value)


def _bytes(value: object, path: str, length_bytes: int) -> bytes:
    if value is None:
        return b""
    try:
        found = bytes.fromhex(_text(value, path))
    except ValueError:
        found = b""
    if len(found) != length_bytes:
        raise EncodeError(path, f"{2 * length_bytes} hexadecimal digits, or null")
    return found
