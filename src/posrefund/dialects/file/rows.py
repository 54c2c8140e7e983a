"""The field table of a dialect file: ``[fields.60]``, and the rule of a field that no encoding says. Floor 3."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, get_args

from posrefund.codec import Codec, Encoding, Field, Layout, Show, specification
from posrefund.dialects.file.inside import read_layout
from posrefund.dialects.file.reader import Table
from posrefund.errors import CodecError, ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from posrefund.codec import Inside

__all__ = ["ENCODINGS", "RULE_KEYS", "WORDS", "check_rules", "read_fields", "widest"]

WORDS = "ascii latin-1 cp037 cp500 cp1140 cp273 cp1252"
"""Text encodings of one byte a character, as Python calls them. Free text may be GBK and stays ``latin-1``."""
ENCODINGS = ("b", *WORDS.split())
RULE_KEYS = (
    "data_enc", "len_enc", "len_type", "max_len", "len_count", "left_pad", "right_pad", "desc",
)  # fmt: skip
"""The keys of a pyiso8583 rule."""
_FIELD_KEYS = ("format", "zh", "en", "show", "layout", "rule")
_FORMAT = r"(n|z|an|ans|x\+n|b)(\.{2,3}|)(?=0*[1-9])([0-9]{1,4})<?"
_FORMAT_WORDS = "a format like n6, n3<, n..19, z..37, an12, ans...999, x+n8, b64 or b...255"
_STAND_IN = "ans...999"
"""For a format that is none, so that the fault is told once and not at every use of the field."""
_NUMBER = re.compile("[1-9][0-9]{0,2}")
_MTI = "0000"


def read_fields(
    table: Table, base: Mapping[str, Field], *, encoding: Encoding, depth: int = 1
) -> dict[str, Field]:
    """Return the rows of *base* with what *table* says of them, by number and in their order.

    Args:
        table: ``[fields]``, or the subfields of a layout.
        base: The rows of the dialect that this one begins with.
        encoding: What a row without a rule is written in.
        depth: How deep the layouts of the rows stand.
    """
    found = dict(base)
    for number, row in table.data.items():
        if not _NUMBER.fullmatch(number) or not 2 <= int(number) <= 128 or number == "65":
            table.fault(number, "a field from 2 to 128, not 65")
        elif row is False:
            found.pop(number, None)
        else:
            found[number] = _row(table.table(number), base.get(number), encoding, depth)
    return dict(sorted(found.items(), key=lambda item: int(item[0])))


def _row(table: Table, old: Field | None, encoding: Encoding, depth: int) -> Field:
    table.only(_FIELD_KEYS)
    if old is None:
        form = table.needs("format", like=_FORMAT, what=_FORMAT_WORDS)
        zh, en = table.needs("zh"), table.needs("en")
    else:
        form = table.text("format", old.format, like=_FORMAT, what=_FORMAT_WORDS)
        zh, en = table.text("zh", old.zh), table.text("en", old.en)
    if form and (expected := _misfit(form, has_rule="rule" in table)):
        table.fault("format", expected)
        form = ""
    form = form or _STAND_IN
    number = int(table.path[-1])
    show = table.choice("show", get_args(Show), old.show if old else "clear")
    rule = old.rule if old and "format" not in table else None
    if "rule" in table:
        rule = _rule(table.table("rule"), en)
    row = Field(number, form, zh, en, show, None, rule)  # type: ignore[arg-type]  # reason: one of Show
    return row.renamed(layout=_layout(table, row, old, encoding, depth))


def _layout(
    table: Table, row: Field, old: Field | None, encoding: Encoding, depth: int
) -> Inside | None:
    size = widest(row, encoding)
    if "layout" in table:
        layout = read_layout(table, size, encoding, depth=depth)
        if row.format.startswith("b") and getattr(layout, "spelling", "hex") != "hex":
            table.fault("layout", 'spelling = "hex", for the field holds bytes')
        return layout
    kept = old.layout if old else None
    if isinstance(kept, Layout) and sum(part.width for part in kept.parts) > size:
        table.fault("format", "room for the layout of the base; say another, or layout = false")
    return kept


def _misfit(form: str, *, has_rule: bool) -> str:
    """Say what is wrong with a format that is one by its letters."""
    found = re.fullmatch(_FORMAT, form)
    assert found is not None
    kind, dots, length = found[1], found[2], int(found[3])
    if kind == "b" and not dots and length % 8:
        return "bits in whole bytes: b64"
    most = 10 ** len(dots) - 1
    if dots and length > most and not has_rule:
        return f"a length of at most {most}, what its digits can count"
    return ""


def widest(row: Field, encoding: Encoding) -> int:
    """Return how many characters the longest value of a field has."""
    rule = row.rule or getattr(row, encoding)()
    counts_bytes = rule["data_enc"] == "b" and rule.get("len_count", "bytes") == "bytes"
    return min(int(rule["max_len"]), _largest(rule)) * (2 if counts_bytes else 1)


def _largest(rule: Mapping[str, Any]) -> int:
    """What the length prefix of a rule can count."""
    if not rule["len_type"]:
        return int(rule["max_len"])
    digits = rule["len_type"] * (2 if rule["len_enc"] in ("b", "bcd") else 1)
    return int((16 if rule["len_enc"] == "b" else 10) ** digits) - 1


def _rule(table: Table, en: str) -> dict[str, Any] | None:
    """Read a whole pyiso8583 rule; None where it is none."""
    table.only(RULE_KEYS, "a key of a pyiso8583 rule")
    for key in RULE_KEYS[:4]:
        if key not in table:
            table.fault(key, "a value; a rule is whole: data_enc, len_enc, len_type, max_len")
            return None
    rule: dict[str, Any] = {
        "data_enc": table.choice("data_enc", ENCODINGS),
        "len_enc": table.choice("len_enc", ("bcd", *ENCODINGS)),
        "len_type": table.whole("len_type", 0, least=0, most=4),
        "max_len": table.whole("max_len", 1, least=1, most=9999),
        "desc": table.text("desc", en),
    }
    if "len_count" in table:
        rule["len_count"] = table.choice("len_count", ("bytes", "nibbles"))
    for key in ("left_pad", "right_pad"):
        if key in table:
            rule[key] = table.text(key, "0", like="[0-9A-F]", what="one hexadecimal digit")
    if rule.get("len_count") == "nibbles" and rule["data_enc"] != "b":
        table.fault("len_count", "bytes: only packed data is counted in nibbles")
    return rule


def check_rules(table: Table, fields: Mapping[str, Field], encoding: Encoding) -> None:
    """Fault every field whose longest value its rule cannot write and read again."""
    rules = specification(fields.values(), encoding)
    for number, row in fields.items():
        size = widest(row, encoding)
        value = ("C" if row.format.startswith("x") else "0") + "0" * (size - 1)
        message = {"t": _MTI, number: value}
        try:
            codec = Codec({**rules, number: rules[number]}, engine="reference")
            is_read = codec.decode(codec.encode(message))[number] == value
        except (CodecError, ConfigError):
            is_read = False
        if not is_read:
            table.fault(
                number, f"a rule that writes a value of {size} characters and reads it again"
            )
