"""ISO 8583:1993 as the host speaks it, in characters and packed: DE24 is the function, DE56 the original.

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
from posrefund.emulators.host.dialects.iso_fields import DATE_TIME, spec_of
from posrefund.emulators.host.dialects.iso_layout import ISO_SHAPES, IsoLayout, in_characters
from posrefund.emulators.host.profile import Codes

if TYPE_CHECKING:
    from posrefund.emulators.host.profile import HostProfile

__all__ = ["ISO93_ASCII", "ISO93_BINARY"]

Fields = dict[str, str]

_FIELDS = """
    2 n..19, 3 n6, 4 n12, 7 n10, 11 n6, 12 n12, 14 n4, 15 n6, 22 an12, 23 n3, 24 n3, 25 n4,
    32 n..11, 35 z..37, 37 an12, 38 an6, 39 n3, 41 ans8, 42 ans15, 44 ans..99, 49 n3, 52 b64, 55 b...255,
    56 n..35, 60 ans...999, 62 b...255, 64 b64
"""

_SHAPES = {
    **ISO_SHAPES,
    "12": rf"[0-9]{{2}}{DATE_TIME}",
    "22": r"510101[256](13|54)14C",
    "24": r"[0-9]{3}",
    "25": r"(4007|4020|4021)",
    "56": rf"1200[0-9]{{8}}{DATE_TIME}00",
}
"""A request has no DE39; DE25 is a reversal's reason."""

_ANSWER = row("2 3 4 7 11 12 14 15 23 24 32 37 38 39 41 42 49 60 64")
_SALE = MessageRule(
    "sale",
    field_set("3 4 7 11 12 22 24 41 42 49 60 64"),
    field_set("2 14 23 35 52 55"),
    _ANSWER,
)
_VOID = MessageRule(
    "void",
    field_set("3 4 7 11 12 22 24 37 41 42 49 56 60 64"),
    field_set("2 14 23 35 38 52"),
    _ANSWER,
)
_REFUND = replace(_VOID, kind="refund", optional=_VOID.optional | {"55"})
_REVERSAL = MessageRule(
    "reversal",
    field_set("3 4 7 11 12 22 24 25 41 42 49 56 60 64"),
    field_set("2 14 23 38 55"),
    row("2 3 4 7 11 12 15 24 32 37 39 41 42 49 60 64"),
    has_new_stan=False,
    reads_card=False,
)
_INQUIRY = MessageRule(
    "inquiry",
    field_set("3 4 7 11 12 24 41 42 49 56 60 64"),
    frozenset(),
    row("3 4 7 11 12 15 24 37 38 39 41 42 44 49 56 60 64"),
    is_money=False,
    has_new_stan=False,
    reads_card=False,
    asks=True,
)
_ASKED, _TOLD = "7 11 12 24 41 42", "7 11 12 24 39 41 42 60"
_RULES: dict[tuple[str, ...], MessageRule] = {
    ("1804", "801", ""): management("sign_in", _ASKED, "", "7 11 12 24 39 41 42 60 62"),
    ("1804", "802", ""): management("sign_off", _ASKED, "", _TOLD),
    ("1804", "831", ""): management("echo", _ASKED, "", _TOLD),
    ("1604", "697", "200000"): _INQUIRY,
    ("1200", "200", "000000"): _SALE,
    ("1200", "200", "020000"): _VOID,
    ("1200", "200", "200000"): _REFUND,
    ("1420", "400", "000000"): replace(_REVERSAL, undoes="sale"),
    ("1420", "400", "020000"): replace(_REVERSAL, undoes="void"),
}
"""(MTI, DE24, DE3) → rule. A refund has no reversal."""

_CODES = Codes(
    approved="000",
    reversal_approved="400",
    management_approved="800",
    format_error="904",
    unknown_processing="902",
    unknown_terminal="120",
    unknown_merchant="109",
    disabled_terminal="120",
    batch="940",
    bad_mac="916",
    duplicate="913",
    keyed_pan="120",
    invalid_card="111",
    invalid_amount="110",
    no_original="914",
    original_state="902",
    other_card="111",
    same_day_refund="914",
    window="119",
    over_refund="121",
    told="000",
    in_progress="923",
    not_found="914",
    original_amount="902",
    repeated_reversal="400",
    other_day_reversal="914",
)

_ENTRY_MODES = {"2": "02", "5": "05", "6": "01"}
"""Seventh position of DE22 → first two digits of DE22 in 1987."""


class _Iso93(IsoLayout):
    """DE56 is MTI (4), STAN (6), YYMMDDhhmmss (12), and the length of an acquirer that is none."""

    def rule_key(self, mti: str, fields: Fields) -> tuple[str, ...]:
        return mti, fields.get("24", ""), "" if mti == "1804" else fields.get("3", "")

    def misplaced(self, rule: MessageRule, fields: Fields, profile: HostProfile) -> list[str]:
        original = self.original(fields)
        if "56" not in fields or rule.asks:
            return [] if "56" not in fields or is_day(original.day[2:]) else ["56"]
        if rule.kind == "reversal":
            # It copies STAN and DE12 of the message it undoes.
            named = fields.get("11"), fields.get("12")
            is_right = (original.stan, original.sent_at) == named
        else:
            is_right = original.sent_at.endswith("000000")
        return [] if is_right and is_day(original.day[2:]) else ["56"]

    def card_faults(self, fields: Fields) -> list[str]:
        """Number or track by entry mode; a PIN block if, and only if, DE22 tells of one."""
        mode, pin_digit = self.entry_mode(fields)[:2], self.entry_mode(fields)[2]
        is_right = (pin_digit == "1") == ("52" in fields)
        return entry_faults(mode, fields) + ([] if is_right else ["52"])

    def original(self, fields: Fields) -> Original:
        de56 = fields.get("56", "")
        return Original(stan=de56[4:10], day=de56[10:16], sent_at=de56[10:22])

    def entry_mode(self, fields: Fields) -> str:
        de22 = fields.get("22", "")
        return _ENTRY_MODES.get(de22[6:7], "") + ("1" if de22[7:9] == "13" else "2")

    def sent_at(self, fields: Fields) -> str:
        return fields.get("12", "")

    def network_code(self, fields: Fields) -> str:
        return fields.get("24", "")

    def host_fields(self, facts: Facts) -> Fields:
        return {
            "12": f"{facts.now:%y%m%d%H%M%S}",
            "15": f"{facts.day:%y%m%d}",
            "32": facts.profile.acquirer_id,
            "37": facts.rrn,
            "39": facts.code,
        }


ISO93_ASCII = HostDialect(
    name="iso93-ascii",
    spec=spec_of(_FIELDS, is_text=True, has_second_bitmap=False),
    shapes=shapes(in_characters(_SHAPES)),
    rules=_RULES,
    generic_answer=row("3 4 7 11 12 24 32 37 39 41 42 49 60"),
    layout=_Iso93(),
    codes=_CODES,
    mac_codes=("000", "400"),
    mac_rule=ISO9797_3,
    refund_mti="1200",
    is_text=True,
)
"""Characters only."""

ISO93_BINARY = replace(
    ISO93_ASCII,
    name="iso93-binary",
    spec=spec_of(_FIELDS, is_text=False, has_second_bitmap=False),
    shapes=shapes(_SHAPES),
    is_text=False,
)
"""Packed; no TPDU either."""
