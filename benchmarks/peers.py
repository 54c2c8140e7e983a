"""Other Python codecs, each with the same fields in its own ASCII form; installed by ``make bench``.

A peer has to write the fields and read them again, or it is named with the reason why not. Where its bytes
are not ours the line says so: the fields are the same, the work is not quite.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Fields = dict[str, str]
Spec = dict[str, dict[str, Any]]

PACKED = {
    "cardutil": "text fields only",
    "py8583": "fills odd digits from the left, loses leading zeros",
    "starkbank-iso8583": "no packed lengths, fills odd digits from the left",
    "iso8583sim": "its own field table, which has no UnionPay private fields",
}
"""Why a peer has no packed form of these messages."""


@dataclass(frozen=True)
class Peer:
    """A codec that passed: what to call, and how its bytes differ."""

    name: str
    decode: Callable[[], object]
    encode: Callable[[], object]
    note: str


def peers(fields: Fields, spec: Spec, raw: bytes) -> tuple[list[Peer], list[str]]:
    """Return who can be measured with these fields as text, and a line about each who cannot."""
    able, unable = [], []
    for package, make in _MAKERS.items():
        try:
            name = f"{package} {version(package)}"
            able.append(make(name, fields, spec, raw))
        except PackageNotFoundError:
            unable.append(f"{package}: not installed")
        except Exception as error:  # noqa: BLE001 — whatever a peer does, the others are measured
            unable.append(f"{package}: {type(error).__name__}: {str(error)[:90]}")
    return able, unable


def _checked(
    name: str,
    raw: bytes,
    encode: Callable[[], Any],
    decode: Callable[[Any], Any],
    wanted: Mapping[Any, str],
) -> Peer:
    made = encode()
    found = decode(made)
    wrong = {str(key): value for key, value in wanted.items() if found.get(key) != value}
    lost = all(found.get(key, "").rstrip() == value.rstrip() for key, value in wanted.items())
    if wrong and not lost:
        raise ValueError(f"reads other values of {', '.join(wrong)}")
    own = made.encode("latin-1") if isinstance(made, str) else bytes(made)
    if own == raw:
        note = "same bytes"
    elif own.upper() == raw.upper():
        note = "same bytes but for a bitmap in small letters"
    else:
        note = f"its own form, {len(own)} bytes"
    if wrong:
        note += f", loses trailing blanks of {', '.join(wrong)}"
    return Peer(name, lambda: decode(made), encode, note)


def _sizes(fields: Fields, spec: Spec) -> list[tuple[int, int, int]]:
    """Number, digits of the length prefix, and size of each field."""
    numbers = sorted(int(name) for name in fields if name.isdigit())
    return [(n, spec[str(n)]["len_type"], spec[str(n)]["max_len"]) for n in numbers]


def _cardutil(name: str, fields: Fields, spec: Spec, raw: bytes) -> Peer:
    codec = importlib.import_module("cardutil.iso8583")
    kinds = {0: "FIXED", 2: "LLVAR", 3: "LLLVAR"}
    config = {
        str(number): {
            "field_name": "",
            "field_type": kinds[digits],
            "field_length": 0 if digits else size,
        }
        for number, digits, size in _sizes(fields, spec)
    }
    wanted = {f"DE{number}": value for number, value in fields.items() if number != "t"}
    wanted["MTI"] = fields["t"]
    return _checked(
        name,
        raw,
        lambda: codec.dumps(wanted, iso_config=config, hex_bitmap=True),
        lambda made: codec.loads(made, iso_config=config, hex_bitmap=True),
        wanted,
    )


def _py8583(name: str, fields: Fields, spec: Spec, raw: bytes) -> Peer:
    codec = importlib.import_module("py8583.py8583")
    rules = importlib.import_module("py8583.py8583spec")
    kinds = {0: codec.LT.FIXED, 2: codec.LT.LLVAR, 3: codec.LT.LLLVAR}
    table = rules.IsoSpec()
    text = {"Data": codec.DT.ASCII, "Length": codec.DT.ASCII}
    table.DataTypes = {"MTI": text, 1: text}
    table.ContentTypes = {}
    for number, digits, size in _sizes(fields, spec):
        table.DataTypes[number] = text
        kind = {"ContentType": "ans", "MaxLen": size, "LenType": kinds[digits]}
        table.ContentTypes[number] = kind
    wanted = {int(number): value for number, value in fields.items() if number != "t"}

    def encode() -> bytes:
        message = codec.Iso8583(IsoSpec=table)
        message.MTI(fields["t"])
        for number, value in wanted.items():
            message.FieldData(number, value)
            message.Field(number, 1)
        built: bytes = message.BuildIso()
        return built

    def decode(made: bytes) -> dict[int, str]:
        message = codec.Iso8583(made, table)
        return {number: message.FieldData(number) for number in wanted}

    return _checked(name, raw, encode, decode, wanted)


def _starkbank(name: str, fields: Fields, spec: Spec, raw: bytes) -> Peer:
    codec = importlib.import_module("starkbank.iso8583")
    base = importlib.import_module("starkbank.iso8583.template.base")
    field = importlib.import_module("starkbank.iso8583.utils.field").Field
    header = importlib.import_module("starkbank.iso8583.utils.header").NoHeaderRule()
    length = importlib.import_module("starkbank.iso8583.utils.length")
    parser = importlib.import_module("starkbank.iso8583.utils.parser")
    years = importlib.import_module("starkbank.iso8583.version").IsoVersion
    rows = [
        field(
            name="MTI",
            lengthRule=length.FixedLengthRule(limit=4),
            parsingRule=parser.ParseString(),
        ),
        field(
            name="DE000",
            lengthRule=length.FixedLengthRule(limit=8),
            parsingRule=parser.ParseBitmap(offset=0),
        ),
    ]
    for number, digits, size in _sizes(fields, spec):
        fixed = length.FixedLengthRule(limit=size)
        rule = length.VariableLengthRule(limit=size, byteLength=digits) if digits else fixed
        rows.append(
            field(name=f"DE{number:03d}", lengthRule=rule, parsingRule=parser.ParseString())
        )
    template = {years._1987: base.Template(headerRule=header, fields=rows)}  # noqa: SLF001
    wanted = {f"DE{int(n):03d}": value for n, value in fields.items() if n != "t"}
    wanted["MTI"] = fields["t"]
    return _checked(
        name,
        raw,
        lambda: codec.unparse(wanted, template=template),
        lambda made: codec.parse(made, template=template),
        wanted,
    )


def _iso8583sim(name: str, fields: Fields, spec: Spec, raw: bytes) -> Peer:
    del spec  # its field table is its own
    core = importlib.import_module("iso8583sim.core")
    parser, builder = core.ISO8583Parser(), core.ISO8583Builder()
    wanted = {int(number): value for number, value in fields.items() if number != "t"}

    def encode() -> str:
        message: str = builder.build(core.ISO8583Message(mti=fields["t"], fields=dict(wanted)))
        return message

    return _checked(name, raw, encode, lambda made: parser.parse(made).fields, wanted)


_MAKERS: dict[str, Callable[[str, Fields, Spec, bytes], Peer]] = {
    "cardutil": _cardutil,
    "py8583": _py8583,
    "starkbank-iso8583": _starkbank,
    "iso8583sim": _iso8583sim,
}
