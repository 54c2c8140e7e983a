"""ISO 8583:1987 as the host speaks it, in characters and packed: DE60 is the batch, DE90 the original.

Written from the page "The ISO 8583:1987 and 1993 dialects" of the documentation. Floor 9.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from posrefund.crypto import ISO9797_3
from posrefund.emulators.host.dialects.definition import (
    Facts,
    HostDialect,
    MessageRule,
    Original,
    field_set,
    management,
    row,
    shapes,
)
from posrefund.emulators.host.dialects.entry_mode import entry_faults, is_day
from posrefund.emulators.host.dialects.iso_fields import DATE_TIME, TIME, spec_of
from posrefund.emulators.host.dialects.iso_layout import ISO_SHAPES, IsoLayout, in_characters
from posrefund.emulators.host.profile import Codes

if TYPE_CHECKING:
    from posrefund.emulators.host.profile import HostProfile

__all__ = ["ISO87_ASCII", "ISO87_BINARY"]

Fields = dict[str, str]

_FIELDS = """
    2 n..19, 3 n6, 4 n12, 7 n10, 11 n6, 12 n6, 13 n4, 14 n4, 15 n4, 22 n3, 23 n3, 24 n3, 25 n2,
    26 n2, 32 n..11, 35 z..37, 37 an12, 38 an6, 39 an2, 41 ans8, 42 ans15, 44 ans..25, 49 an3, 52 b64,
    53 n16, 55 b...255, 60 ans...999, 62 b...255, 64 b64, 70 n3, 90 n42, 128 b64
"""

_SHAPES = {
    **ISO_SHAPES,
    "12": TIME,
    "13": r"(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])",
    "22": r"(01|02|05|07|80|90|91|95|98)[0-2]",
    "24": r"003",
    "25": r"00",
    "26": r"12",
    "39": r"(63|68|96)",
    "53": r"2600000000000000",
    "70": r"[0-9]{3}",
    "90": rf"0200[0-9]{{6}}{DATE_TIME}0{{22}}",
    "128": r"[0-9A-F]{16}",
}
"""DE39 is a reversal's reason."""

_ANSWER = row("2 3 4 7 11 12 13 14 15 23 24 25 32 37 38 39 41 42 49 60 64")
_SALE = MessageRule(
    "sale",
    field_set("3 4 7 11 12 13 22 25 41 42 49 60 64"),
    field_set("2 14 23 26 35 52 53 55"),
    _ANSWER,
)
_VOID = MessageRule(
    "void",
    field_set("3 4 7 11 12 13 22 25 37 41 42 49 60 90 128"),
    field_set("2 14 23 26 35 38 52 53"),
    _ANSWER,
)
_REFUND = replace(_VOID, kind="refund", optional=_VOID.optional | {"55"})
_REVERSAL = MessageRule(
    "reversal",
    field_set("3 4 7 11 12 13 22 25 39 41 42 49 60 90 128"),
    field_set("2 14 23 38 55"),
    row("2 3 4 7 11 12 13 15 24 25 32 37 39 41 42 49 60 64"),
    has_new_stan=False,
    reads_card=False,
)
_INQUIRY = MessageRule(
    "inquiry",
    field_set("3 4 7 11 12 13 41 42 49 60 90 128"),
    frozenset(),
    row("3 4 7 11 12 13 15 37 38 39 41 42 44 49 60 90 128"),
    is_money=False,
    has_new_stan=False,
    reads_card=False,
    asks=True,
)
_MONEY: dict[tuple[str, ...], MessageRule] = {
    ("0200", "000000"): _SALE,
    ("0200", "020000"): _VOID,
    ("0200", "200000"): _REFUND,
    ("0400", "000000"): replace(_REVERSAL, undoes="sale"),
    ("0400", "020000"): replace(_REVERSAL, undoes="void"),
}
_ASKED, _TOLD = "7 11 12 13 41 42 70", "7 11 12 13 39 41 42 60 70"
_MANAGEMENT: dict[tuple[str, ...], MessageRule] = {
    ("0800", "001"): management("sign_in", _ASKED, "", "7 11 12 13 39 41 42 60 62 70"),
    ("0800", "002"): management("sign_off", _ASKED, "", _TOLD),
    ("0800", "301"): management("echo", _ASKED, "", _TOLD),
    ("0600", "200000"): _INQUIRY,
}
"""(MTI, DE3 or DE70) → rule. A refund has no reversal."""

_CODES = Codes(
    unknown_terminal="58",
    bad_mac="63",
    window="57",
    repeated_reversal="00",
)


class _Iso87(IsoLayout):
    """DE90 is MTI (4), STAN (6), MMDDhhmmss (10), acquirer (11), forwarder (11)."""

    def rule_key(self, mti: str, fields: Fields) -> tuple[str, ...]:
        return mti, fields.get("70" if mti == "0800" else "3", "")

    def misplaced(self, rule: MessageRule, fields: Fields, profile: HostProfile) -> list[str]:
        original = self.original(fields)
        if "90" not in fields or rule.asks:
            return [] if "90" not in fields or is_day(original.day) else ["90"]
        if rule.kind == "reversal":
            # The STAN of a reversal is that of the message it undoes.
            is_right = original.stan == fields.get("11")
        else:
            is_right = original.sent_at.endswith("000000")
        return [] if is_right and is_day(original.day) else ["90"]

    def card_faults(self, fields: Fields) -> list[str]:
        """Number or track by entry mode; 26, 52 and 53 come together, and never without a PIN."""
        mode, pin_digit = fields["22"][:2], fields["22"][2]
        with_pin = sum(number in fields for number in ("26", "52", "53"))
        is_right = with_pin in ((0,) if pin_digit == "2" else (0, 3))
        return entry_faults(mode, fields) + ([] if is_right else ["52"])

    def original(self, fields: Fields) -> Original:
        de90 = fields.get("90", "")
        return Original(stan=de90[4:10], day=de90[10:14], sent_at=de90[10:20])

    def entry_mode(self, fields: Fields) -> str:
        return fields.get("22", "")

    def sent_at(self, fields: Fields) -> str:
        return fields.get("7", "")

    def network_code(self, fields: Fields) -> str:
        return fields.get("70", "")

    def host_fields(self, facts: Facts) -> Fields:
        return {
            "12": f"{facts.now:%H%M%S}",
            "13": f"{facts.now:%m%d}",
            "15": f"{facts.day:%m%d}",
            "32": facts.profile.acquirer_id,
            "37": facts.rrn,
            "39": facts.code,
        }


ISO87_ASCII = HostDialect(
    name="iso87-ascii",
    spec=spec_of(_FIELDS, is_text=True, has_second_bitmap=True),
    shapes=shapes(in_characters(_SHAPES)),
    rules=_MONEY | _MANAGEMENT,
    generic_answer=row("3 4 7 11 12 13 25 32 37 39 41 42 49 60 70"),
    layout=_Iso87(),
    codes=_CODES,
    mac_codes=("00",),
    mac_rule=ISO9797_3,
    refund_mti="0200",
    is_text=True,
)
"""Characters only, no TPDU, no DE24."""

ISO87_BINARY = replace(
    ISO87_ASCII,
    name="iso87-binary",
    spec=spec_of(_FIELDS, is_text=False, has_second_bitmap=True),
    shapes=shapes(_SHAPES),
    rules={
        **{key: replace(rule, mandatory=rule.mandatory | {"24"}) for key, rule in _MONEY.items()},
        **_MANAGEMENT,
    },
    tpdu_bytes=5,
    is_text=False,
)
"""Packed, behind a TPDU, with DE24 in every message about money."""
