"""What stands inside a field, in a dialect file: a list of parts, or a table that says its kind. Floor 3.

``layout = [{name = "batch", width = 6, …}]`` is parts by position; ``{parts = […], width = 80, open = true}`` the
same with more to say; ``{tags = […]}``, ``{ber_tlv = "emv"}`` and ``{subfields = {…}}`` are the other three.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from posrefund.codec import BERTLV, Check, Layout, Nested, Part, Show, Tag, Tagged, specification
from posrefund.codec.check import Calendar, Characters
from posrefund.codec.inside import Spelling
from posrefund.dialects.emv import EMV_TAGS
from posrefund.dialects.file.reader import Table

if TYPE_CHECKING:
    from posrefund.codec import Encoding, Inside

__all__ = ["read_layout"]

_KINDS = {
    "parts": ("parts", "width", "open"),
    "tags": ("tags", "tag_width", "length_width"),
    "ber_tlv": ("ber_tlv", "spelling"),
    "subfields": ("subfields", "encoding", "bitmap_enc", "spelling"),
}
_NAME = r"[A-Za-z][A-Za-z0-9_]{0,39}"
_CHECK_KEYS = ("characters", "length_min", "length_max", "luhn", "calendar", "zeros")
_DEPTH_MAX = 4
"""Layouts inside layouts: no message that we know has more than two."""


def read_layout(row: Table, size: int, encoding: Encoding, *, depth: int = 1) -> Inside | None:
    """Return the layout of the field *row*, whose values have *size* characters at most."""
    given = row.data["layout"]
    if given is False:
        return None
    table = Table(
        {"parts": given} if isinstance(given, list) else given, (*row.path, "layout"), row.findings
    )
    kinds = [kind for kind in _KINDS if kind in table]
    if len(kinds) != 1 or depth > _DEPTH_MAX:
        row.fault("layout", "a list of parts, or one of parts, tags, ber_tlv, subfields")
        return None
    table.only(_KINDS[kinds[0]])
    if kinds == ["parts"]:
        return _parts(table, size, is_list=isinstance(given, list))
    if kinds == ["tags"]:
        return _tags(table, encoding, depth)
    spelling = table.choice("spelling", get_args(Spelling), "hex")
    if kinds == ["ber_tlv"]:
        return BERTLV(_names(table), spelling)  # type: ignore[arg-type]  # reason: one of Spelling
    return _subfields(table, spelling, depth)


def _parts(table: Table, size: int, *, is_list: bool) -> Layout:
    parts: dict[str, Part] = {}
    at = table.path if is_list else (*table.path, "parts")
    for index, row in enumerate(table.rows("parts")):
        inner = Table(row.data, (*at, index), row.findings)
        inner.only(("name", "width", "zh", "en", "show", "check"))
        name = inner.needs("name", like=_NAME, what="a name of letters, digits and _")
        if name == "rest" or name in parts:
            inner.fault("name", "a name of its own, not rest")
        show = inner.choice("show", get_args(Show), "clear")
        width = inner.whole("width", 0, least=1, most=9999)
        zh, en = inner.needs("zh"), inner.needs("en")
        parts[name] = Part(name, width, zh, en, show, _check(inner))  # type: ignore[arg-type]  # reason: one of Show
    total = sum(part.width for part in parts.values())
    whole = table.whole("width", 0, least=1, most=9999) if "width" in table else None
    if not parts:
        table.findings.fault(at, "at least one part")
    elif max(total, whole or 0) > size:
        table.findings.fault(
            at, f"at most {size} characters in all; these are {max(total, whole or 0)}"
        )
    elif whole is not None and total > whole:
        table.fault("width", f"at least {total}, what the parts take")
    return Layout(tuple(parts.values()), whole, table.flag("open"))


def _tags(table: Table, encoding: Encoding, depth: int) -> Tagged:
    tag_width = table.whole("tag_width", 2, least=1, most=9)
    length_width = table.whole("length_width", 3, least=1, most=4)
    tags: dict[str, Tag] = {}
    for row in table.rows("tags"):
        row.only(("tag", "zh", "en", "show", "check", "layout"))
        name = row.needs("tag", like=f".{{{tag_width}}}", what=f"a tag of {tag_width} characters")
        if name in tags:
            row.fault("tag", "a tag of its own")
        show = row.choice("show", get_args(Show), "clear")
        inner = None
        if "layout" in row:
            inner = read_layout(row, 10**length_width - 1, encoding, depth=depth + 1)
        zh, en = row.needs("zh"), row.needs("en")
        tags[name] = Tag(name, zh, en, show, _check(row), inner)  # type: ignore[arg-type]  # reason: one of Show
    if not tags:
        table.fault("tags", "at least one tag")
    return Tagged(tuple(tags.values()), tag_width, length_width)


def _names(table: Table) -> dict[str, str]:
    """Read ``ber_tlv``: the tags that may be shown; ``"emv"`` are those that this library shows of a card."""
    if table.data["ber_tlv"] == "emv":
        return dict(EMV_TAGS)
    tags = table.words("ber_tlv", {})
    for tag in tags:
        digits = tag.isascii() and len(tag) in (2, 4, 6, 8) and tag == tag.upper()
        if not digits or tag.strip("0123456789ABCDEF"):
            table.table("ber_tlv").fault(tag, "a tag in upper-case hexadecimal: 9F26")
    return tags


def _subfields(table: Table, spelling: str, depth: int) -> Nested:
    from posrefund.dialects.file.rows import ENCODINGS, check_rules, read_fields  # each needs both

    encoding: Encoding = (
        "ascii" if table.choice("encoding", ("packed", "ascii"), "packed") == "ascii" else "packed"
    )
    inner = table.table("subfields")
    fields = read_fields(inner, {}, encoding=encoding, depth=depth + 1)
    bitmap = table.choice("bitmap_enc", ("", *ENCODINGS))
    check_rules(inner, fields, encoding)
    rules = specification(fields.values(), encoding)
    if bitmap:
        for name in ("p", "1"):
            rules[name] |= {"data_enc": bitmap, "max_len": 8 if bitmap == "b" else 16}
    return Nested(fields, rules, spelling)  # type: ignore[arg-type]  # reason: one of Spelling


def _check(row: Table) -> Check | None:
    if "check" not in row:
        return None
    table = row.table("check")
    table.only(_CHECK_KEYS)
    characters = table.choice("characters", get_args(Characters)) if "characters" in table else None
    calendar = table.choice("calendar", get_args(Calendar)) if "calendar" in table else None
    most = table.whole("length_max", 1, least=1, most=9999) if "length_max" in table else None
    return Check(
        characters,  # type: ignore[arg-type]  # reason: one of Characters
        table.whole("length_min", 0, least=0, most=9999),
        most,
        luhn=table.flag("luhn"),
        calendar=calendar,  # type: ignore[arg-type]  # reason: one of Calendar
        zeros=table.flag("zeros"),
    )
