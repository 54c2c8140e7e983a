"""The messages and response codes of a dialect file: ``[messages.refund]``, ``[codes.05]``. Floor 3."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, get_args

from posrefund.dialects.codes import CodeClass, Money, Owner, ResponseCode
from posrefund.dialects.message import Doubt, MessageTable, PINPolicy, Repeat, doubt_faults

if TYPE_CHECKING:
    from collections.abc import Mapping

    from posrefund.dialects.definition import Dialect
    from posrefund.dialects.file.reader import Table

__all__ = ["read_codes", "read_messages"]

_MESSAGE_KEYS = ("zh", "en", "mti", "request", "response", "doubt", "repeat", "pin", "holds")
_CODE_KEYS = (
    "as", "zh", "en", "kind", "money", "owner", "clerk_zh", "clerk_en", "may_retry", "sign_in_first",
    "clerk_zh_by_code", "clerk_en_by_code",
)  # fmt: skip
_NAME = re.compile("[a-z][a-z0-9_]{0,39}")
_CODE = re.compile("[0-9A-Za-z]{1,3}")
_MTI, _MTI_WORDS = "[0-9]{2}[02468][0-9]", "four digits of a request, whose answer is ten more"


def read_messages(table: Table, base: Mapping[str, MessageTable]) -> dict[str, MessageTable]:
    """Return the messages of *base* with what *table* says of them."""
    found = dict(base)
    for name, row in table.data.items():
        if not _NAME.fullmatch(name):
            table.fault(name, "a name of small letters, digits and _")
        elif row is False:
            found.pop(name, None)
        else:
            found[name] = _message(table.table(name), name, base.get(name))
    return found


def _message(table: Table, name: str, old: MessageTable | None) -> MessageTable:
    table.only(_MESSAGE_KEYS)
    if old is None:
        for key in ("zh", "en", "mti", "request", "response"):
            table.needs(key)
        old = MessageTable(name, "", "", "0000", "", "")
    mti = table.text("mti", old.mti, like=_MTI, what=_MTI_WORDS)
    doubt = table.choice("doubt", get_args(Doubt), old.doubt)
    repeat = table.choice("repeat", get_args(Repeat), old.repeat)
    faults = doubt_faults(name, mti, doubt, repeat)
    for key, expected in faults:
        table.fault(key, expected)
    request = table.text("request", old.request)
    return MessageTable(
        name,
        table.text("zh", old.zh),
        table.text("en", old.en),
        mti,
        request,
        table.text("response", old.response),
        table.words("holds", _still_listed(old, request)),
        pin=table.choice("pin", get_args(PINPolicy), old.pin),  # type: ignore[arg-type]  # reason: one of them
        doubt="resolve" if faults else doubt,  # type: ignore[arg-type]  # reason: one of them
        repeat="none" if faults else repeat,  # type: ignore[arg-type]  # reason: one of them
    )


def _still_listed(old: MessageTable, request: str) -> dict[str, str]:
    """The templates of *old* without those of conditional fields that the new request does not list any more.

    A profile that was written before its base learned to fill a field stays right without a word.
    """
    listed = {entry.rstrip("CA") for entry in request.split()}
    optional = {entry[:-1] for entry in old.request.split() if entry.endswith("C")}
    return {
        number: template
        for number, template in old.templates.items()
        if number in listed or number not in optional
    }


def read_codes(
    table: Table, base: Mapping[str, ResponseCode], known: Mapping[str, Dialect]
) -> dict[str, ResponseCode]:
    """Return the codes of *base* with what *table* says of them.

    Args:
        table: ``[codes]``.
        base: The codes of the dialect that this one begins with.
        known: The built-in dialects, of which ``as`` takes a row.
    """
    found = dict(base)
    rows = base or known["unionpay"].codes
    for code, row in table.data.items():
        if not _CODE.fullmatch(code):
            table.fault(code, "one to three letters or digits, as in DE39")
        elif row is False:
            found.pop(code, None)
        else:
            found[code] = _code(
                table.table(code), code, _as(table.table(code), rows, known) or base.get(code)
            )
    return found


def _as(
    table: Table, rows: Mapping[str, ResponseCode], known: Mapping[str, Dialect]
) -> ResponseCode | None:
    """The row that ``as = "05"`` or ``as = "unionpay:05"`` names."""
    if "as" not in table:
        return None
    name, colon, code = table.text("as").rpartition(":")
    if colon:
        rows = known[name].codes if name in known else {}
    if code not in rows:
        table.fault("as", "a code of the base, or NAME:CODE of a built-in dialect")
    return rows.get(code)


def _code(table: Table, code: str, old: ResponseCode | None) -> ResponseCode:
    table.only(_CODE_KEYS)
    if old is None:
        for key in _CODE_KEYS[1:8]:
            if key not in table and "as" not in table:
                table.fault(key, "a value; it is missing")
        old = ResponseCode(code, "", "", "system", "unknown", "acquirer", "", "")
    return replace(
        old,
        code=code,
        zh=table.text("zh", old.zh),
        en=table.text("en", old.en),
        kind=table.choice("kind", get_args(CodeClass), old.kind),  # type: ignore[arg-type]  # reason: one of them
        money=table.choice("money", get_args(Money), old.money),  # type: ignore[arg-type]  # reason: one of them
        owner=table.choice("owner", get_args(Owner), old.owner),  # type: ignore[arg-type]  # reason: one of them
        clerk_zh=table.text("clerk_zh", old.clerk_zh),
        clerk_en=table.text("clerk_en", old.clerk_en),
        may_retry=table.flag("may_retry", default=old.may_retry),
        sign_in_first=table.flag("sign_in_first", default=old.sign_in_first),
        clerk_zh_by_code=_by_code(table, "clerk_zh", old.clerk_zh_by_code),
        clerk_en_by_code=_by_code(table, "clerk_en", old.clerk_en_by_code),
    )


def _by_code(table: Table, name: str, old: str) -> str:
    """The words where a code paid; whoever writes other words for a card and none for a code means both."""
    return table.text(f"{name}_by_code", "" if name in table else old)
