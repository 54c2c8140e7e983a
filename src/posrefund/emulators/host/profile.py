"""What one acquirer's host does differently from the next, as data. No behaviour stands here.

The defaults are those on which the published terminals and hosts agree; where they differ, the
choice is named beside the field. Floor 9; read by every other file of the host.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time, timedelta, timezone
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from posrefund.crypto import MACRule

__all__ = ["Codes", "HostProfile"]


@dataclass(frozen=True, slots=True)
class Codes:
    """DE39 of each approval and refusal; the defaults are UnionPay's.

    Attributes:
        approved: The request for money was done.
        reversal_approved: The reversal was done.
        management_approved: The sign-in, sign-off or echo was done.
        format_error: A field is missing, too much, or malformed.
        unknown_processing: MTI known, but no such kind of message with it.
        unknown_terminal: DE41 is not on file.
        unknown_merchant: DE42 is not the terminal's merchant.
        disabled_terminal: The terminal is on file and switched off.
        batch: Not signed in, or the batch is not the open one.
        bad_mac: The MAC is not that of the message.
        duplicate: The STAN was used in this batch before.
        keyed_pan: Refund with a typed card number. 58 "not permitted to the terminal": the request
            is well formed (not 30), and it is the terminal that must not do it (not 57).
        invalid_card: No card number, or its check digit is wrong.
        invalid_amount: DE4 is zero.
        no_original: Nothing on file matches the reference to the original.
        original_state: The original is voided, reversed or refunded.
        other_card: Another card than the original's (other hosts: 63).
        unknown_code: A payer's code is nobody's.
        used_code: It has paid already.
        same_day_refund: The original is of this settlement day: it is to be voided.
        window: The original is too old.
        over_refund: More than what is left of the original (other hosts: 64, 13).
        original_amount: A void or reversal of another amount than the original's.
        repeated_reversal: The original is reversed already.
        other_day_reversal: The original is of another settlement day.
        told: The answer to an inquiry tells what became of the message.
        in_progress: It is still under way.
        not_found: Nothing on file is what was asked about.
    """

    approved: str = "00"
    reversal_approved: str = "00"
    management_approved: str = "00"
    format_error: str = "30"
    unknown_processing: str = "12"
    unknown_terminal: str = "97"
    unknown_merchant: str = "03"
    disabled_terminal: str = "58"
    batch: str = "77"
    bad_mac: str = "A0"
    duplicate: str = "94"
    keyed_pan: str = "58"
    invalid_card: str = "14"
    invalid_amount: str = "13"
    no_original: str = "25"
    original_state: str = "12"
    other_card: str = "14"
    unknown_code: str = "56"
    used_code: str = "14"
    same_day_refund: str = "25"
    window: str = "22"
    over_refund: str = "61"
    original_amount: str = "64"
    repeated_reversal: str = "25"
    other_day_reversal: str = "25"
    told: str = "00"
    in_progress: str = "09"
    not_found: str = "25"

    @property
    def approvals(self) -> frozenset[str]:
        """The codes that say that something was done."""
        return frozenset((self.approved, self.reversal_approved, self.management_approved))


@dataclass(frozen=True, slots=True)
class HostProfile:
    """The rules of one host.

    Attributes:
        dialect: What it speaks: ``"unionpay"``, ``"iso87-ascii"``, ``"iso87-binary"``,
            ``"iso93-ascii"``, ``"iso93-binary"`` or ``"aggregator"``.
        codes: Which code says which refusal; the dialect's own if None.
        cut_off: The settlement day ends at this host time.
        zone: The host's civil time.
        refund_window_days: How many settlement days after the sale a refund is accepted.
        takes_keyed_refunds: Accept a refund of a typed card number, as for mass refunds under a contract.
        same_day_refund_allowed: Accept a refund on the sale's own settlement day.
        mac_codes: The DE39 with which an answer carries a MAC; the dialect's own if None.
        mac_on_declines: Every answer to a signed-in terminal carries a MAC.
        repeat: What a repeated STAN gets: ``"none"`` answers *duplicate* whatever became of the
            first copy; ``"stored_answer"`` says again what it answered first, under a fresh MAC, to an authentic
            message that says the same, and knows the MTI of a repeat (0221) for what it is.
        takes_inquiries: UnionPay only: it can be asked about refunds (0600), as the other dialects can.
        in_progress_s: How long after a booking an inquiry is told *in progress*.
        double_length_mak: Sign-in hands out a MAK of 16 bytes, else 8 bytes and eight zero bytes
            (UnionPay only; the other dialects need 16).
        kcv_bytes: Length of the check value behind each key of a sign-in (UnionPay only).
        mac_rule: How the MAC is made; as the dialect says if None. A terminal whose TMK is of SM4 needs
            ``UNIONPAY_SM4``.
        de60_digits: Lengths of DE60 that a transaction may have (UnionPay only).
        pads: Nibbles that may fill an odd number of digits in a field with a length; it sends the first of them
            (UnionPay only).
        number_from: The side at which an odd card number begins in DE2: ``"left"``, with the filler behind it, or
            ``"right"``, with a zero before it (UnionPay only).
        upload_mac: Whether an upload (0320) carries a MAC: ``"none"`` may, ``"taken"`` any that is there is not looked
            at, ``"needed"`` each does (UnionPay only).
        needs_uploaded_track: A refund goes up with its track, as a comment in one terminal of 2011 wants (UnionPay only).
        currency: The only DE49 taken.
        acquirer_id: DE32 and the second half of DE44.
        issuer_id: The first half of DE44.
        merchant_type: Merchant category code, settlement file only.
        leaves_out: What it does not do though it should, as a faulty host would: ``"mac"``, ``"stan"``, ``"card"`` and
            ``"over_refund"`` are checks; ``"reversal"`` is confirmed and not booked, and at an end ``"next_batch"`` is not
            opened. An item goes up more than ``"once"`` and counts each time; ``"upload_answer"`` is none to an upload
            with a MAC; an odd card number comes back without its ``"last_digit"``, the filler before it.
    """

    dialect: str = "unionpay"
    codes: Codes | None = None
    cut_off: time = time(23)
    zone: timezone = timezone(timedelta(hours=8))
    refund_window_days: int = 30
    takes_keyed_refunds: bool = False
    same_day_refund_allowed: bool = False
    mac_codes: tuple[str, ...] | None = None
    mac_on_declines: bool = False
    repeat: Literal["none", "stored_answer"] = "none"
    takes_inquiries: bool = False
    in_progress_s: int = 0
    double_length_mak: bool = False
    kcv_bytes: int = 4
    mac_rule: MACRule | None = None
    de60_digits: tuple[int, ...] = (11, 13, 14, 17)
    pads: str = "0F"
    number_from: Literal["left", "right"] = "left"
    upload_mac: Literal["none", "taken", "needed"] = "none"
    needs_uploaded_track: bool = False
    currency: str = "156"
    acquirer_id: str = "48021000"
    issuer_id: str = "01020000"
    merchant_type: str = "5411"
    leaves_out: frozenset[str] = frozenset()
