"""UnionPay as the host speaks it: DE60 tells the kind and the batch, DE61 the original. Floor 9."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posrefund.crypto import UNIONPAY_ECB
from posrefund.emulators.host.dialects.definition import Facts, HostDialect, Layout, Original
from posrefund.emulators.host.dialects.entry_mode import entry_faults, is_day
from posrefund.emulators.host.dialects.unionpay_tables import (
    FIELD_SHAPES,
    GENERIC_ANSWER,
    RULES,
    SPEC,
)
from posrefund.emulators.host.payers import tagged, voucher_number
from posrefund.emulators.host.profile import Codes
from posrefund.emulators.host.terminals import KeyBlock

if TYPE_CHECKING:
    from datetime import datetime

    from posrefund.emulators.host.dialects.definition import Kind, MessageRule
    from posrefund.emulators.host.profile import HostProfile

__all__ = ["UNIONPAY", "UnionPay"]

Fields = dict[str, str]
_WITH_TDK = ("004", "006")
"""DE60.3 of a sign-in: 004 asks for a track key too, 006 says the terminal has SM4 (BEST)."""


class UnionPay(Layout):
    """DE60 is kind (2), batch (6), network code (3) and more; DE61 batch (6), STAN (6), MMDD."""

    code_field = "59"

    def rule_key(self, mti: str, fields: Fields) -> tuple[str, ...]:
        """MTI, DE3, DE60.1 and DE60.3."""
        de60 = fields.get("60", "")
        return mti, fields.get("3", ""), de60[:2], self.network_code(fields)

    def misplaced(self, rule: MessageRule, fields: Fields, profile: HostProfile) -> list[str]:
        """DE60, DE48 and DE61 of a length or a day that the rule does not know."""
        wrong = []
        is_long = rule.is_money or rule.asks or rule.kind == "upload_refund"
        if len(fields.get("60", "")) not in (profile.de60_digits if is_long else (11,)):
            wrong.append("60")
        if rule.kind == "upload_refund" and profile.needs_uploaded_track:
            wrong += [] if "35" in fields else ["35"]
        if "48" in fields and "48" in rule.mandatory and not _is_batch_data(rule, fields["48"]):
            wrong.append("48")
        if (
            "61" in fields
            and "61" in rule.mandatory | rule.optional
            and not _is_original(rule, fields["61"])
        ):
            wrong.append("61")
        return wrong

    def card_faults(self, fields: Fields) -> list[str]:
        """Number or track, PIN and DE53 belong together."""
        mode, pin_digit = fields["22"][:2], fields["22"][2]
        wrong = entry_faults(mode, fields)
        has_code = bool(self.payer_code(fields) or self.voucher(fields))
        if (mode == "03") != has_code or (has_code and not _is_sound(fields)):
            wrong.append("59")
        if ("26" in fields) != ("52" in fields) or (pin_digit == "2" and "52" in fields):
            wrong.append("52")
        if ("53" in fields) != bool({"35", "36", "52"} & fields.keys()):
            wrong.append("53")
        return wrong

    def batch(self, fields: Fields) -> str:
        """DE60.2."""
        return fields.get("60", "")[2:8]

    def original(self, fields: Fields) -> Original:
        """DE61."""
        de61 = fields.get("61", "")
        return Original(batch=de61[:6], stan=de61[6:12], day=de61[12:16])

    def entry_mode(self, fields: Fields) -> str:
        """DE22."""
        return fields.get("22", "")

    def sent_at(self, fields: Fields) -> str:
        """Nothing: DE61 of a reversal names batch and STAN only."""
        return ""

    def payer_code(self, fields: Fields) -> str:
        """DE59, tag A3."""
        return _tags(fields).get("A3", "")

    def voucher(self, fields: Fields) -> str:
        """DE59, tag A4."""
        return _tags(fields).get("A4", "")

    def voucher_fields(self, voucher: str) -> Fields:
        """DE59 with tag A4 alone."""
        return {"59": f"A4{len(voucher):03d}{voucher}".encode("ascii").hex().upper()}

    def new_voucher(self, now: datetime, rrn: str) -> str:
        """Twenty digits."""
        return voucher_number(now, rrn)

    def network_code(self, fields: Fields) -> str:
        """DE60.3."""
        return fields.get("60", "")[8:11]

    def key_block(self, network_code: str, profile: HostProfile) -> KeyBlock:
        """By DE60.3: 001 has single keys, 004 and 006 a track key, too."""
        if network_code == "001":
            return KeyBlock(8, 8)
        mak_bytes = 16 if profile.double_length_mak else 8
        tdk_bytes = 16 if network_code in _WITH_TDK else 0
        return KeyBlock(16, mak_bytes, tdk_bytes, profile.kcv_bytes)

    def batch_field(self, kind: Kind, fields: Fields, batch: str) -> str:
        """Only a sign-in tells the batch; the others repeat the request's DE60."""
        if kind != "sign_in":
            return fields.get("60", "")
        return f"00{batch}{self.network_code(fields)}"

    def host_fields(self, facts: Facts) -> Fields:
        """Time, days, acquirer, RRN, code, banks and CUP."""
        profile = facts.profile
        return {
            "12": f"{facts.now:%H%M%S}",
            "13": f"{facts.now:%m%d}",
            "15": f"{facts.day:%m%d}",
            "32": profile.acquirer_id,
            "37": facts.rrn,
            "39": facts.code,
            "44": f"{profile.issuer_id:<11}{profile.acquirer_id:<11}",
            "63": "CUP",
        }


def _tags(fields: Fields) -> dict[str, str]:
    """DE59: two characters of tag, three digits of length."""
    return tagged(bytes.fromhex(fields.get("59", "")).decode("latin-1"), 2, 3) or {}


def _is_sound(fields: Fields) -> bool:
    """Whether DE59 has a code or a voucher in the form of one, and the device's random factor is the end of the code."""
    tags = _tags(fields)
    code, voucher = tags.get("A3"), tags.get("A4")
    factor = (tagged(tags.get("A2", ""), 2, 2) or {}).get("03", "")
    is_code = code is None or (code.isdigit() and factor in ("", code[-6:]))
    is_voucher = voucher is None or (len(voucher) == 20 and voucher.isdigit())
    return is_code and is_voucher and not (code and voucher)


def _is_original(rule: MessageRule, de61: str) -> bool:
    return len(de61) in rule.original_digits and (len(de61) == 12 or is_day(de61[12:16]))


def _is_batch_data(rule: MessageRule, de48: str) -> bool:
    """Totals with no verdict in them yet, one to eight items and their count, or a number of items."""
    match rule.kind:
        case "settlement":
            return len(de48) == 62 and de48[30] == de48[61] == "0"
        case "upload_details":
            return de48[:2] in _ITEM_COUNTS and len(de48) == 2 + 40 * int(de48[:2])
        case _:
            return len(de48) == 4


_ITEM_COUNTS = tuple(f"{count:02d}" for count in range(1, 9))


UNIONPAY = HostDialect(
    name="unionpay",
    spec=SPEC,
    shapes=FIELD_SHAPES,
    rules=RULES,
    generic_answer=GENERIC_ANSWER,
    layout=UnionPay(),
    codes=Codes(),
    mac_codes=("00", "10"),
    mac_rule=UNIONPAY_ECB,
    refund_mti="0220",
    tpdu_bytes=5,
    header_bytes=6,
)
