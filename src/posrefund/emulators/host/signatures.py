"""The host's side of signature uploads: whose slip it is under, in which order its packets come, what is said beside them.

Written from the fact sheet alone, its own reading of the tags included. It decodes no picture: it looks at the twenty bytes of its
header and keeps the rest. Used by ``Exchange`` alone. Floor 9.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from posrefund.emulators.host.business import Case
    from posrefund.emulators.host.ledger import Entry, StanKey

__all__ = ["SIGNATURE_NUMBERS", "SignatureFile", "take_signature"]

SIGNATURE_NUMBERS = tuple(f"80{digit}" for digit in range(10))
"""DE60.3 of a packet: 800 the first, 805 the last of several; one public host (BEST) takes 800 to 809."""
_FIRST, _LAST = SIGNATURE_NUMBERS[0], SIGNATURE_NUMBERS[5]
_HEADER_BYTES = 20
_NEEDED = ("FF01", "FF06")
_PACKED = ("FF06", "FF60", "FF61", "FF63", "FF70")


@dataclass(slots=True, eq=False)
class SignatureFile:
    """What the host has of one signature.

    Attributes:
        packets: Parts of the picture by their number, in the order in which they came.
        tags: What stood beside it, by tag.
    """

    packets: dict[str, bytes] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def picture(self) -> bytes:
        """All of it that is here."""
        return b"".join(self.packets.values())

    @property
    def is_whole(self) -> bool:
        """Whether its last packet is here, or one that was never followed and ends as a picture does."""
        ends = self.picture[-2:] in (b"\xff\x02", b"\xff\x03")
        return _LAST in self.packets or (list(self.packets) == [_FIRST] and ends)


def take_signature(case: Case, on_file: dict[StanKey, SignatureFile]) -> str:
    """Take one packet; return its code."""
    codes, get = case.codes, case.request.get
    entry = case.ledger.find_stan((get("41"), case.request.batch, get("11")))
    if code := _why_not_its_slip(case, entry):
        return code
    assert entry is not None
    tags = _read_tags(bytes.fromhex(get("55")))
    if tags is None or not _says_the_truth(tags, entry):
        return codes.format_error
    number, part = case.request.network_code, bytes.fromhex(get("62"))
    known = on_file.get(entry.stan_key)
    if known is not None and known.packets.get(number) == part:
        return codes.approved  # it came before
    if number == _FIRST:
        if known is not None and known.is_whole:
            return codes.duplicate
        if not _is_header(part):
            return codes.format_error
        on_file[entry.stan_key] = SignatureFile({number: part}, tags)
        return codes.approved
    if known is None or number not in _next_numbers(known):
        return codes.format_error
    known.packets[number] = part
    return codes.approved


def _why_not_its_slip(case: Case, entry: Entry | None) -> str | None:
    """Return the code of what is wrong with whose signature it says it is, or None."""
    codes, get = case.codes, case.request.get
    if entry is None or entry.kind == "reversal" or entry.rrn != get("37"):
        return codes.no_original
    if entry.state == "reversed":
        return codes.original_state
    if entry.pan != case.card:
        return codes.other_card
    if entry.amount_minor != case.amount_minor:
        return codes.original_amount
    if get("15") not in ("", f"{entry.settlement_day:%m%d}"):
        return codes.no_original
    return None


def _next_numbers(known: SignatureFile) -> tuple[str, ...]:
    """The one after the last that is here, or the last of all; none after that."""
    if _LAST in known.packets:
        return ()
    return f"{int(list(known.packets)[-1]) + 1}", _LAST


def _is_header(part: bytes) -> bool:
    """Whether the first bytes are those of a picture of one bit, one layer and sides above zero (ITU-T T.82, 6.2.4)."""
    if len(part) < _HEADER_BYTES or part[0] > part[1] or part[2] != 1 or part[3]:
        return False
    sides = (int.from_bytes(part[at : at + 4], "big") for at in (4, 8, 12))
    return all(0 < side <= 4096 for side in sides)


def _read_tags(data: bytes) -> dict[str, str] | None:
    """Return the values by tag: two bytes of tag, one of length; None where they do not end with the field."""
    found: dict[str, str] = {}
    at = 0
    while at < len(data):
        tag, length = data[at : at + 2].hex().upper(), data[at + 2 : at + 3]
        if not tag.startswith("FF") or not length or length[0] > 0x7F or tag in found:
            return None
        value = data[at + 3 : at + 3 + length[0]]
        if len(value) < length[0]:
            return None
        try:
            found[tag] = value.hex() if tag in _PACKED else value.decode("gbk")
        except UnicodeDecodeError:
            return None
        at += 3 + length[0]
    return found


def _says_the_truth(tags: Mapping[str, str], entry: Entry) -> bool:
    """Whether the words are those of this transaction; a refund names its sale, a void too."""
    wanted = {"FF06": f"{entry.host_time:%Y%m%d%H%M%S}", "FF0A": entry.currency}
    if entry.kind == "refund":
        wanted |= {"FF62": entry.original_rrn, "FF63": entry.original_time[:4]}
    if entry.kind == "void":
        wanted |= {"FF60": entry.original_stan}
    return all(tag in tags for tag in _NEEDED) and all(
        tags.get(tag) == value for tag, value in wanted.items()
    )
