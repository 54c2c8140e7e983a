"""One message of a dialect: which fields it carries, and what a terminal writes into them. Floor 3.

Presence is written as the paper writes it: ``"2C 3 4 37A 64A"`` — a bare number is mandatory, ``C``
conditional, ``A`` mandatory in an answer that approves; a field that is not listed is forbidden. Contents
are templates over facts: ``"25{batch}000600"``. A template that names a fact which is not there, or is
empty, leaves its field out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from posrefund.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from posrefund.errors import Fault

__all__ = [
    "ANSWER_FACTS",
    "CLOSING",
    "COPIES",
    "FACTS",
    "PIN_MESSAGES",
    "SECURITY_WORDS",
    "Doubt",
    "MessageTable",
    "PINPolicy",
    "Presence",
    "Repeat",
    "doubt_faults",
    "reversal_reasons",
]

Presence = Literal["", "C", "A"]
PINPolicy = Literal["never", "if_entered", "required"]
"""Whether a message carries a PIN block: never one, the one there is, or always one."""
PIN_MESSAGES = ("sale", "refund", "void")
"""The messages that can carry one."""
Doubt = Literal["resolve", "reverse"]
"""What becomes of a message nobody believably answered: evidence settles it, or it is reversed at once."""
Repeat = Literal["none", "same_mti", "next_mti"]
"""How the same identity may leave once more: never, as it was (0220), or as a repeat (0221)."""
SECURITY_WORDS = ("pin", "track", "sealed_track", "pin_sealed_track")
"""What the fact ``security`` says: a PIN block, a clear track without one, an encrypted track without and with one."""
_ENTRY = re.compile(r"([0-9]{1,3})([CA]?)")
_FACT = re.compile(r"\{([a-z0-9_.]+)\}")

_MANAGEMENT = frozenset(
    "stan batch terminal merchant utc_mmddhhmmss hhmmss mmdd yymmddhhmmss".split()  # noqa: SIM905
)
_MONEY = _MANAGEMENT.union(
    "amount currency mac pan track2 expiry sequence_number entry_mode entry verification".split(),  # noqa: SIM905
    "pin_digits pin_block security".split(),  # noqa: SIM905
    "payer_code payer_code_length payer_code_end wallet".split(),  # noqa: SIM905
)
_ORIGINAL = _MONEY.union(
    "rrn auth_code organisation original_batch original_stan original_mmdd".split(),  # noqa: SIM905
    ["original_yymmdd", "voucher", "voucher_length"],
)
_TOTALS = tuple(
    f"{part}{side}_{what}"
    for part in ("", "foreign_")
    for side in ("debit", "credit")
    for what in ("amount", "count")
)
FACTS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "sign_in": _MANAGEMENT | {"operator"},
        "sign_off": _MANAGEMENT,
        "echo": _MANAGEMENT,
        "sale": _MONEY,
        "refund": _ORIGINAL,
        "void": _ORIGINAL,
        "inquiry": _MANAGEMENT.union(
            ("mac", "original_batch", "original_stan", "original_mmdd", "original_yymmdd")
        ),
        "reversal": frozenset(
            "utc_mmddhhmmss hhmmss mmdd yymmddhhmmss reason mac pan expiry auth_code".split()  # noqa: SIM905
        ),
        "settlement": _MANAGEMENT.union(_TOTALS, ("currency", "operator")),
        "upload_details": _MANAGEMENT | {"mac", "count", "items"},
        "upload_refund": frozenset(
            "utc_mmddhhmmss hhmmss mmdd yymmddhhmmss mac pan expiry batch".split()  # noqa: SIM905
        ),
        "upload_end": _MANAGEMENT | {"mac", "total"},
        "balanced_end": _MANAGEMENT | {"mac", "total"},
        "upload_signature": _MANAGEMENT.union(
            "amount currency mac pan rrn settlement_mmdd packet picture slip".split()  # noqa: SIM905
        ),
    }
)
"""The messages that the engine sends, and the facts it has for each; the ``COPIES`` have besides what their
original sent and the journal kept, ``{sent.11}``. A test of the engine holds this list."""

COPIES = ("reversal", "inquiry", "upload_refund")
"""The messages that repeat what another one sent, or a part of it."""
CLOSING = ("settlement", "upload_details", "upload_refund", "upload_end", "balanced_end")
"""The messages that close a batch: a dialect has all of them or none."""

ANSWER_FACTS = (
    *"batch key_block rrn auth_code host_time host_date host_year settlement_date settlement_year institutions organisation".split(),  # noqa: SIM905
    "voucher",
    *_TOTALS,
    "verdict",
    "foreign_verdict",
)
"""What the engine asks an answer for."""


def reversal_reasons(*, no_answer: str, bad_mac: str, other: str) -> dict[str, str]:
    """Return a host's words for why something is reversed, by our reasons.

    Example:
        >>> from posrefund.dialects.message import reversal_reasons
        >>> reversal_reasons(no_answer="98", bad_mac="A0", other="06")["restart"]
        '98'
    """
    silent = ("no_reply", "restart", "interrupted", "closed")
    forged = ("bad_mac", "no_mac")
    return dict.fromkeys(silent, no_answer) | dict.fromkeys(forged, bad_mac) | {"*": other}


def doubt_faults(name: str, mti: str, doubt: str, repeat: str) -> tuple[Fault, ...]:
    """Say what cannot be meant by a message's ``doubt`` and ``repeat``.

    A refund is never reversed: whoever undoes one by itself takes money from a customer.

    Example:
        >>> from posrefund.dialects.message import doubt_faults
        >>> doubt_faults("refund", "0220", "reverse", "none")
        (('doubt', 'resolve: only a sale or a void is reversed'),)
    """
    found = []
    if doubt == "reverse" and name not in ("sale", "void"):
        found.append(("doubt", "resolve: only a sale or a void is reversed"))
    if repeat != "none" and name not in PIN_MESSAGES:
        found.append(("repeat", "none: only what moves money is in doubt"))
    elif repeat != "none" and doubt == "reverse":
        found.append(("repeat", "none: what is reversed is not sent again"))
    elif repeat == "next_mti" and mti[-1:] not in ("0", "2", "4"):
        found.append(("repeat", "same_mti: only 0, 2 or 4 at the end of an MTI has a repeat"))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class MessageTable:
    """The table of one message and its answer.

    Attributes:
        name: Our name for it: ``"refund"``.
        zh: What a slip calls it, Chinese.
        en: The same in English.
        mti: Request's message type; the answer's is ten more.
        request: Fields of the request, as above.
        response: Fields of the answer, as above.
        templates: What a request's fields hold, by number.
        pin: Whether it carries a PIN block.
        doubt: What a doubt about it comes to: settlement evidence, or a reversal before the next message.
        repeat: Anything but ``"none"`` states that *this* host stores its answer and repeats it.

    Raises:
        ConfigError: Doubt and repeat do not go together with this message.
    """

    name: str
    zh: str
    en: str
    mti: str
    request: str
    response: str
    templates: Mapping[str, str] = field(default_factory=dict)
    pin: PINPolicy = "if_entered"
    doubt: Doubt = "resolve"
    repeat: Repeat = "none"

    def __post_init__(self) -> None:
        for key, expected in doubt_faults(self.name, self.mti, self.doubt, self.repeat):
            message = f"message {self.name}: {key}: expected {expected}"
            raise ConfigError(message)

    @property
    def mti_reply(self) -> str:
        """MTI of the answer: the third digit of the request plus one."""
        return f"{self.mti[:2]}{int(self.mti[2]) + 1}{self.mti[3]}"

    @property
    def mti_repeat(self) -> str:
        """MTI of a repeat of the request."""
        return self.mti if self.repeat != "next_mti" else f"{self.mti[:3]}{int(self.mti[3]) + 1}"

    @property
    def mti_replies(self) -> tuple[str, ...]:
        """MTIs that an answer may have: that of the request's and, of a host that says so, of the repeat's.

        Example:
            >>> from dataclasses import replace
            >>> from posrefund.dialects import dialect
            >>> refund = dialect("unionpay").messages["refund"]
            >>> refund.mti_replies, replace(refund, repeat="next_mti").mti_replies
            (('0230',), ('0230', '0231'))
        """
        again = self.mti_repeat
        return tuple(dict.fromkeys((self.mti_reply, f"{self.mti_reply[:3]}{again[3]}")))

    def says(self, fact: str) -> bool:
        """Say whether a request has a place for *fact*.

        Example:
            >>> from posrefund.dialects import dialect
            >>> known = dialect("unionpay").messages
            >>> known["sale"].says("payer_code"), known["refund"].says("payer_code")
            (True, False)
        """
        return any(fact in _FACT.findall(template) for template in self.templates.values())

    def copies(self, number: str) -> bool:
        """Say whether field *number* of a reversal is that of the message it undoes."""
        return self.templates.get(number) == f"{{sent.{number}}}"

    def fill(self, facts: Mapping[str, str]) -> dict[str, str]:
        """Return the fields of a request; one whose template names a missing fact is left out.

        Example:
            >>> from posrefund.dialects import dialect
            >>> echo = dialect("unionpay").messages["echo"]
            >>> echo.fill({"stan": "000007", "batch": "000001"})
            {'t': '0820', '11': '000007', '60': '00000001301'}
        """
        fields = {"t": self.mti}
        for number, template in self.templates.items():
            said = [
                facts.get(piece, "") if is_name else piece for is_name, piece in _pieces(template)
            ]
            if all(said):
                fields[number] = "".join(said)
        return fields

    def fits(self, fields: Mapping[str, str]) -> bool:
        """Say whether *fields* can be this message or its answer: MTI, processing code and the like."""
        if fields.get("t") not in (self.mti, self.mti_repeat, *self.mti_replies):
            return False
        return all(
            pattern.match(fields[number])
            for number, pattern in _signs(tuple(self.templates.items()))
            if number in fields
        )

    def request_faults(self, fields: Mapping[str, str]) -> tuple[Fault, ...]:
        """Say what is missing from or too much in a request; empty when it is right."""
        return _faults(self.request, fields, approved=True)

    def response_faults(self, fields: Mapping[str, str], *, approved: bool) -> tuple[Fault, ...]:
        """Say what is missing from or too much in an answer; empty when it is right.

        Example:
            >>> from posrefund.dialects import dialect
            >>> echo = dialect("unionpay").messages["echo"]
            >>> echo.response_faults({"t": "0830", "39": "00", "35": "1"}, approved=True)[-1]
            ('DE35', 'no such field in this message')
        """
        return _faults(self.response, fields, approved=approved)


@cache
def _pieces(template: str) -> list[tuple[bool, str]]:
    """Take a template apart: names of facts, and what is fixed between them."""
    split = enumerate(_FACT.split(template))
    return [(at % 2 == 1, piece) for at, piece in split if piece or at % 2]


@cache
def _signs(templates: tuple[tuple[str, str], ...]) -> list[tuple[str, re.Pattern[str]]]:
    """The fields that tell a message from its neighbours: those whose templates hold fixed digits."""
    return [
        (number, re.compile(".*".join(map(re.escape, _FACT.split(template)[::2]))))
        for number, template in templates
        if _FACT.sub("", template)
    ]


@cache
def _presence(table: str) -> dict[str, Presence]:
    found: dict[str, Presence] = {}
    for entry in table.split():
        match = _ENTRY.fullmatch(entry)
        if match is None:
            message = f"{entry!r} is no entry of a message table"
            raise ConfigError(message)
        found[match[1]] = match[2]  # type: ignore[assignment]  # reason: the pattern allows no other
    return found


def _faults(table: str, fields: Collection[str], *, approved: bool) -> tuple[Fault, ...]:
    presence = _presence(table)
    wanted = {"", "A"} if approved else {""}
    missing = [
        (n, "this field") for n, rule in presence.items() if rule in wanted and n not in fields
    ]
    surplus = [
        (n, "no such field in this message")
        for n in fields
        if n.isdigit() and n != "1" and n not in presence
    ]
    return tuple((f"DE{number}", expected) for number, expected in missing + surplus)
