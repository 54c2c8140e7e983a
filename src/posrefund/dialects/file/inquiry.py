"""The ``[inquiry]`` of a dialect file: how a host tells what became of a message. Floor 3."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from posrefund.dialects.definition import MAC_FIELDS
from posrefund.dialects.file.settings import texts
from posrefund.dialects.inquiry import ABSENCES, Inquiry
from posrefund.dialects.message import PIN_MESSAGES
from posrefund.errors import ConfigError

if TYPE_CHECKING:
    from posrefund.dialects.definition import Dialect
    from posrefund.dialects.file.reader import Findings, Table

__all__ = ["check_inquiry", "inquiry_data", "read_inquiry"]

_KEYS = (
    "about", "told_codes", "pending_codes", "absent_codes", "result", "repeats", "transit_s", "absence", "answer_s",
    "pauses_s", "tries",
)  # fmt: skip
_CODE_KEYS = ("told_codes", "pending_codes", "absent_codes")
_PLACE = r"([0-9]{1,3}(\[[0-9]{1,4}:[0-9]{1,4}\])?)?"
_TRANSIT_S_MAX = 31 * 86_400
_ANSWER_S_MAX = 600


def read_inquiry(above: Table, base: Inquiry | None) -> Inquiry | None:
    """Return what the file says of the answer to an inquiry; None where there is none, or it is ``false``."""
    if above.data.get("inquiry") is False:
        return None
    if "inquiry" not in above:
        return base
    table = above.table("inquiry")
    table.only(_KEYS)
    old = base or Inquiry(told_codes=frozenset({"-"}), repeats=("-",))
    values: dict[str, Any] = {
        "about": tuple(texts(table, "about", old.about)),
        "result": table.text(
            "result", old.result, like=_PLACE, what="a field, or characters of it: 44[0:2]"
        ),
        "repeats": tuple(texts(table, "repeats", old.repeats if base else ())),
        "transit_s": table.whole("transit_s", old.transit_s, least=1, most=_TRANSIT_S_MAX),
        "absence": table.choice("absence", ABSENCES, old.absence),
        "answer_s": _answer_s(table, old.answer_s),
        "pauses_s": _pauses(table, old.pauses_s),
        "tries": table.whole("tries", old.tries, least=1, most=999),
    }
    for key in _CODE_KEYS:
        values[key] = frozenset(texts(table, key, getattr(old, key) if base else ()))
    try:
        return Inquiry(**values)
    except ConfigError as error:
        key, _, expected = str(error).removeprefix("inquiry: ").partition(": expected ")
        table.fault(key, expected)
        return base


def _answer_s(table: Table, default: float) -> float:
    value = table.data.get("answer_s", default)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if is_number and 0 < value <= _ANSWER_S_MAX:
        return float(value)
    table.fault("answer_s", f"seconds, above 0 and at most {_ANSWER_S_MAX}")
    return default


def _pauses(table: Table, default: tuple[int, ...]) -> tuple[int, ...]:
    found = table.data.get("pauses_s", list(default))
    if isinstance(found, list) and all(
        isinstance(each, int) and not isinstance(each, bool) and 0 < each <= _TRANSIT_S_MAX
        for each in found
    ):
        return tuple(found)
    table.fault("pauses_s", "a list of whole seconds above 0")
    return default


def inquiry_data(known: Inquiry | None) -> dict[str, Any]:
    """Return *known* as the table of a dialect file; empty for none."""
    if known is None:
        return {}
    data = {key: getattr(known, key) for key in _KEYS}
    return {
        key: sorted(value)
        if isinstance(value, frozenset)
        else list(value)
        if isinstance(value, tuple)
        else value
        for key, value in data.items()
        if value != ""
    }


def check_inquiry(known: Dialect, findings: Findings) -> None:
    """Fault an inquiry that does not fit its message, and warn of one that can prove nothing."""
    if known.inquiry is None:
        return
    if "inquiry" not in known.messages:
        findings.fault(("inquiry",), "a message called inquiry, with what it holds")
        return
    _check_about(known, known.inquiry, findings)
    for key in _CODE_KEYS:
        for code in sorted(getattr(known.inquiry, key)):
            if code not in known.codes:
                findings.fault(("inquiry", key), f"codes of the table; {code[:3]} is not in it")
    _check_names(known, known.inquiry, findings)
    answer = known.messages["inquiry"].response.replace("A", "").split()
    if not any(number in answer for number in MAC_FIELDS):
        findings.warn(
            ("messages", "inquiry", "response"), "no MAC: what it says is noted, and moves nothing"
        )


def _check_about(known: Dialect, rule: Inquiry, findings: Findings) -> None:
    for kind in rule.about:
        if kind not in PIN_MESSAGES:
            findings.fault(("inquiry", "about"), f"of {', '.join(PIN_MESSAGES)}")
        elif kind in known.messages and known.messages[kind].doubt == "reverse":
            findings.warn(("inquiry", "about"), f"a {kind} is reversed, and is not asked about")


def _check_names(known: Dialect, rule: Inquiry, findings: Findings) -> None:
    """An inquiry has a number of its own, and says whose result it wants in fields that come back."""
    table = known.messages["inquiry"]
    held = table.templates
    if "{stan}" not in held.get("11", ""):
        findings.fault(("messages", "inquiry", "holds", "11"), "{stan}: a number of its own")
    named = "".join(held.get(number, "") for number in rule.repeats)
    if not any(fact in named for fact in ("{sent.11}", "{original_stan}")):
        findings.fault(("inquiry", "repeats"), "the field that holds {sent.11} or {original_stan}")
    known_fields = {*table.response.replace("A", "").replace("C", "").split()}
    number = rule.result.partition("[")[0]
    if number and number not in known_fields:
        findings.fault(("inquiry", "result"), "a field of the answer")
    for number in rule.repeats:
        if number not in known_fields or number not in held:
            findings.fault(("inquiry", "repeats"), "fields of the request and of the answer")
    if not rule.result and rule.told_codes & known.unread_codes:
        findings.fault(
            ("inquiry", "told_codes"),
            "no code that the host says of an inquiry it could not take, for the answer has no other",
        )
