"""A caught message as JSON and back: what ``decode --json`` prints, ``encode`` reads. Floor 11.

Composite fields are objects with their parts and the whole under ``raw``. Masked output cannot be
encoded again: it says so instead of sending stars to a host.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from posrefund.codec import describe
from posrefund.codec.describe import HIDDEN, mask
from posrefund.codec.tlv import TLV, write_tlv
from posrefund.dialects.capture import Capture, Framing
from posrefund.errors import EncodeError

if TYPE_CHECKING:
    from posrefund.codec import Field, Node
    from posrefund.dialects import Dialect

__all__ = ["capture_as_data", "capture_from_data"]


def capture_as_data(capture: Capture, dialect: Dialect, *, reveal: bool) -> dict[str, Any]:
    """Return the JSON-able picture of *capture*, masked unless *reveal*."""
    numbers = sorted((name for name in capture.fields if name.isdigit()), key=int)
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
    )


def _value(value: str, field: Field | None, *, reveal: bool) -> str | dict[str, Any]:
    show = field.show if field else "never"
    shown = value if reveal else mask(value, show)
    if field is not None and field.tags is not None:
        return _tlv_as_data(value, field, shown, reveal=reveal)
    layout = field.layout_of(value) if field else None
    if layout is None or (show == "never" and not reveal):
        return shown
    kinds = {part.name: part.show for part in layout.parts}
    parts = {
        name: text if reveal else mask(text, kinds.get(name, show))
        for name, text in layout.split(value).items()
    }
    return {"raw": shown, **parts}


def _tlv_as_data(value: str, field: Field, shown: str, *, reveal: bool) -> str | dict[str, Any]:
    (node,) = describe({str(field.number): value}, {str(field.number): field}, reveal=reveal)
    return (
        {"raw": shown, "tags": [_object_as_data(item) for item in node.children]}
        if node.children
        else shown
    )


def _object_as_data(node: Node) -> dict[str, Any]:
    tag = node.path.rpartition("/")[2]
    if node.children:
        return {"tag": tag, "tags": [_object_as_data(child) for child in node.children]}
    return {"tag": tag, "value": node.value}


def _tlv_from_data(path: str, items: object) -> list[TLV]:
    if not isinstance(items, list):
        raise EncodeError(f"{path}.tags", "a list of objects with tag and value or tags")
    found = []
    for item in items:
        row = _object(item, f"{path}.tags", "objects with tag and value or tags")
        tag = _from_hex(row.get("tag"), f"{path}.tags")
        inner = f"{path}/{tag.hex().upper()}"
        if "tags" in row:
            found.append(TLV(tag, b"", tuple(_tlv_from_data(inner, row["tags"]))))
        else:
            found.append(TLV(tag, _from_hex(row.get("value"), inner)))
    return found


def _from_hex(value: object, path: str) -> bytes:
    try:
        return bytes.fromhex(_text(value, path))
    except ValueError:
        raise EncodeError(path, "hexadecimal digits; masked ones need decode --reveal") from None


def _raw(number: str, value: object, field: Field | None) -> str:
    path = f"DE{number}"
    if isinstance(value, dict):
        value = _joined(path, value, field)
    text = _text(value, path)
    masked = HIDDEN in text or ("*" in text and field is not None and field.show != "clear")
    if masked and (field is None or field.show != "clear"):
        raise EncodeError(path, "a clear value: decode it with --reveal")
    return text


def _joined(path: str, value: dict[str, object], field: Field | None) -> object:
    if field is not None and field.tags is not None:
        # The raw text wins: it keeps odd forms of a length that tags and values do not tell.
        return value.get("raw") or write_tlv(_tlv_from_data(path, value.get("tags"))).hex().upper()
    parts = {name: _text(text, f"{path}.{name}") for name, text in value.items() if name != "raw"}
    layout = field.layout if field else None
    if not parts or layout is None:
        return value.get("raw")
    joined = layout.join(parts, path=path)
    if value.get("raw") not in (None, joined):
        raise EncodeError(path, "parts that are those of raw; leave raw out to change a part")
    return joined


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
