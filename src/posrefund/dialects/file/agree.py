"""Whether the parts of a dialect agree: messages with fields, templates with facts, codes with each other. Floor 3.

Each part may be right alone and the whole still send what no host reads. What is checked here would else show
at the counter, at the first refund.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from posrefund.dialects.definition import MAC_FIELDS
from posrefund.dialects.file.inquiry import check_inquiry
from posrefund.dialects.file.reader import Table
from posrefund.dialects.file.rows import widest
from posrefund.dialects.message import ANSWER_FACTS, CLOSING, COPIES, FACTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from posrefund.dialects.definition import Dialect
    from posrefund.dialects.file.reader import Findings
    from posrefund.dialects.message import MessageTable

__all__ = ["check_agreement"]

_ENTRY = re.compile("([0-9]{1,3})([CA]?)")
_FACT = re.compile(r"\{([a-z0-9_.]+)\}")
_PLACE = re.compile(r"([0-9]{1,3})(?:/([0-9A-Za-z]{1,4})|\[([0-9]{1,4}):([0-9]{1,4})\])?")
_WIDE_TOLERANCE_S = 3_600
_SIGN_IN_FACTS = ("batch", "key_block", "host_date", "host_time")
_OPTIONAL = ("sign_off", "inquiry", *CLOSING, "upload_signature")
"""Messages without which a terminal refunds all the same."""
_WORDS_ONLY = ("card_class", "verdict")
"""Facts that no template holds, and the host has words for."""


def check_agreement(known: Dialect, findings: Findings) -> None:
    """Fault what does not agree, and warn of what will surprise."""
    for name, table in known.messages.items():
        request = _presence(known, findings, ("messages", name, "request"), table.request)
        response = _presence(known, findings, ("messages", name, "response"), table.response)
        _check_mac(known, findings, table, request, response)
        _check_holds(known, findings, table, request)
    _check_answers(known, findings)
    _check_codes(known, findings)
    _check_doubt(known, findings)
    _check_words(known, findings)
    check_inquiry(known, findings)
    for number in known.echoed:
        if number not in known.fields:
            findings.fault(("echoed", number), f"a field of the table; DE{number} is not in it")
        elif known.fields[number].show == "never":
            findings.warn(
                ("echoed", number), f"DE{number} is never shown: who compares answers cannot see it"
            )
    _warn(known, findings)


def _presence(
    known: Dialect, findings: Findings, path: tuple[str, ...], text: str
) -> dict[str, str]:
    """Read ``"2C 3 4 64A"``: the rule of each field."""
    found: dict[str, str] = {}
    for entry in text.split():
        match = _ENTRY.fullmatch(entry)
        if match is None:
            findings.fault(path, "numbers of fields, with C or A where not mandatory: 2C 3 4 64A")
        elif match[1] not in known.fields:
            findings.fault(path, f"fields of the table; DE{match[1]} is not in it")
        elif match[1] in found:
            findings.fault(path, f"each field once; DE{match[1]} stands there twice")
        else:
            found[match[1]] = match[2]
    return found


def _check_mac(
    known: Dialect,
    findings: Findings,
    table: MessageTable,
    request: dict[str, str],
    response: dict[str, str],
) -> None:
    """The MAC covers what stands before it, so nothing may stand after it."""
    for side, presence in (("request", request), ("response", response)):
        last = max(map(int, presence), default=0)
        for number in MAC_FIELDS:
            if number in presence and last > int(number):
                findings.fault(
                    ("messages", table.name, side), f"no field after the MAC in DE{number}"
                )
    for number, template in table.templates.items():
        path = ("messages", table.name, "holds", number)
        is_place = number in MAC_FIELDS and template == "{mac}"
        if "{mac}" in template and not is_place:
            findings.fault(path, "the MAC alone in DE64 or DE128")
        elif is_place and number in known.fields and not _holds_mac(known, number):
            expected = "b64 for the MAC: eight bytes, or their digits in ASCII"
            findings.fault(("fields", number), expected)


def _holds_mac(known: Dialect, number: str) -> bool:
    rule = known.specification[number]
    is_fixed = rule["len_type"] == 0 and rule["data_enc"] in ("b", "ascii", "latin-1")
    return is_fixed and widest(known.fields[number], known.encoding) == 16


def _check_holds(
    known: Dialect, findings: Findings, table: MessageTable, request: dict[str, str]
) -> None:
    at = ("messages", table.name, "holds")
    for number, template in table.templates.items():
        if number not in request:
            findings.fault((*at, number), "a field that the request lists")
        for expected in _template_faults(known, table.name, number, template):
            findings.fault((*at, number), expected)
    for number, rule in request.items():
        if not rule and table.name in FACTS and number not in table.templates:
            findings.fault(at, f"what DE{number} holds, for the request needs it")


def _template_faults(known: Dialect, message: str, number: str, template: str) -> Iterator[str]:
    for fact in _FACT.findall(template):
        if not _is_fact(known, message, fact):
            yield f"a fact of this message or a constant; {fact} is none"
    fixed = _FACT.sub("", template)
    if "{" in fixed or "}" in fixed:
        yield "facts in braces, small letters: {stan}"
    elif number in known.fields and len(fixed) > widest(known.fields[number], known.encoding):
        yield f"at most {widest(known.fields[number], known.encoding)} characters"


def _is_fact(known: Dialect, message: str, fact: str) -> bool:
    head, dot, number = fact.partition(".")
    if dot:
        kept = [entry.partition(":")[0] for entry in known.kept.split()]
        return message in COPIES and head == "sent" and number in ("t", *kept)
    facts = FACTS.get(message) or frozenset[str]().union(*FACTS.values())
    return fact in facts or fact in known.constants


def _check_answers(known: Dialect, findings: Findings) -> None:
    Table(known.answers, ("answers",), findings).only(ANSWER_FACTS, "a fact")
    for fact, text in known.answers.items():
        place = _PLACE.fullmatch(text)
        if place is None:
            findings.fault(
                ("answers", fact), "a field, characters or a tag of it: 37, 60[2:8], 59/A4"
            )
        elif place[1] not in known.fields:
            findings.fault(("answers", fact), f"a field of the table; DE{place[1]} is not in it")
        elif place[2] and known.fields[place[1]].layout is None:
            findings.fault(("answers", fact), f"a field with tags; DE{place[1]} has no layout")
        elif place[3] and not (
            int(place[3]) < int(place[4]) <= widest(known.fields[place[1]], known.encoding)
        ):
            findings.fault(
                ("answers", fact), f"characters that DE{place[1]} has, the first one first"
            )


def _check_codes(known: Dialect, findings: Findings) -> None:
    if (known.messages or known.codes) and not any(
        row.money == "booked" for row in known.codes.values()
    ):
        findings.fault(("codes",), 'a code that approves: money = "booked"')
    width = widest(known.fields["39"], known.encoding) if "39" in known.fields else 0
    for code in known.codes:
        if width and len(code) != width:
            findings.fault(("codes", code), f"{width} characters, as many as DE39 has")
    for key in ("reversed_codes", "managed_codes", "received_codes", "unread_codes"):
        for code in sorted(getattr(known, key)):
            if code not in known.codes:
                findings.fault((key,), f"codes of the table; {code[:3]} is not in it")


def _check_doubt(known: Dialect, findings: Findings) -> None:
    """A reversal needs its message; a repeat needs to know what proves nothing."""
    for name, table in known.messages.items():
        if table.doubt == "reverse" and "reversal" not in known.messages:
            findings.fault(("messages", name, "doubt"), "resolve, for there is no reversal message")
        if table.repeat != "none" and not known.unread_codes:
            findings.warn(
                ("messages", name, "repeat"),
                "no unread_codes: a no to a garbled copy would speak for the first one",
            )


def _check_words(known: Dialect, findings: Findings) -> None:
    facts = frozenset(_WORDS_ONLY).union(*FACTS.values())
    for fact, said in known.words.items():
        if fact not in facts:
            findings.fault(("words", fact), "a fact that messages hold")
        elif fact == "reason" and "*" not in said:
            findings.warn(("words", fact), "no word for any other reason: *")


def _warn(known: Dialect, findings: Findings) -> None:
    if known.clock_tolerance_s > _WIDE_TOLERANCE_S:
        findings.warn(
            ("clock_tolerance_s",), "more than an hour: a forged time can move the day unasked"
        )
    _warn_of_half_a_closing(known, findings)
    doubts = [table.doubt for table in known.messages.values() if table.name in ("sale", "void")]
    is_undone = not doubts or "reverse" in doubts
    optional = _OPTIONAL if is_undone else (*_OPTIONAL, "reversal")
    missing = [name for name in FACTS if name not in (*known.messages, *optional)]
    if missing:
        findings.warn(("messages",), f"no {', '.join(missing)}: can read, cannot talk to a host")
        return
    for name in _missing_answers(known):
        findings.warn(("answers", name), "no place for it: nobody can sign in")
    for name in ("sale", "refund", "void", "reversal"):
        table = known.messages.get(name)
        if table and not any(number in table.templates for number in MAC_FIELDS):
            findings.warn(("messages", name, "holds"), "no MAC: it is sent without one")


def _warn_of_half_a_closing(known: Dialect, findings: Findings) -> None:
    there = [name for name in CLOSING if name in known.messages]
    if there and len(there) < len(CLOSING):
        lacking = ", ".join(name for name in CLOSING if name not in there)
        findings.warn(("messages",), f"no {lacking}: no batch can be closed")
    if there and not {"balanced", "unbalanced"} <= known.words.get("verdict", {}).keys():
        findings.warn(("words", "verdict"), "no word for balanced and unbalanced: no batch ends")


def _missing_answers(known: Dialect) -> Iterator[str]:
    return (name for name in _SIGN_IN_FACTS if name not in known.answers)
