"""What makes one acquirer's ISO 8583 different from another's, in one frozen value. Floor 3."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import time, timedelta, timezone
from functools import cache, cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from posrefund.codec import Codec, Field, specification
from posrefund.crypto import UNIONPAY_ECB, UNIONPAY_SIGN_IN, MACRule, SignInRule
from posrefund.dialects.policy import Policy
from posrefund.dialects.signature import SignatureUpload
from posrefund.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from posrefund.codec import Encoding
    from posrefund.dialects.codes import ResponseCode
    from posrefund.dialects.inquiry import Inquiry
    from posrefund.dialects.message import MessageTable
    from posrefund.errors import Fault

__all__ = ["MAC_BYTES", "MAC_FIELDS", "MAC_PLACE", "NEVER_KEPT", "Dialect", "Timers", "TrackForm"]

TrackForm = Literal["clear", "encrypted"]

MAC_FIELDS, MAC_BYTES = ("64", "128"), 8
"""Where a MAC may stand; both fields are ``b64``."""
MAC_PLACE = "00" * MAC_BYTES
"""Holds the place of a MAC that is not made yet."""
_WRITTEN = frozenset({"encoding", "mti_enc", "bitmap_enc", "accept_pads"})
"""What a codec is made of, but for the fields."""
NEVER_KEPT = frozenset({"35", "36", "45", "52"})
"""Tracks and PIN block: no journal holds them, whatever a field table says of them. PCI DSS v4.0.1, 3.3.1."""

_PLACE = re.compile(r"([0-9]{1,3})(?:/([0-9A-Za-z]{1,4})|\[([0-9]+):([0-9]+)\])?")


_SLIP_TITLE: Mapping[str, str] = MappingProxyType({"zh": "签购单", "en": "Sales slip"})


@dataclass(frozen=True, slots=True)
class Timers:
    """How long the terminal waits and how often it tries.

    Attributes:
        connect_s: For a connection.
        answer_s: For an answer.
        reversal_tries: How often a reversal is sent.
        repeat_tries: How often a message that may be repeated is, at most.
        repeat_after_s: How long the last copy has to be out before the next one.

    Units:
        Seconds; tries are counts of messages sent.
    """

    connect_s: float = 10.0
    answer_s: float = 60.0
    reversal_tries: int = 3
    repeat_tries: int = 3
    repeat_after_s: float = 60.0


@dataclass(frozen=True)
class Dialect:
    """A dialect: every fact of it that code needs, and no code.

    Attributes:
        name: As the command line and the configuration call it.
        fields: The field table by number.
        messages: The message tables by our names.
        codes: The response codes as they stand in DE39.
        encoding: How fields stand on the line.
        mac: The MAC rule; the MAC stands in the last field, 64 or 128, a shorter one with zero bytes behind it.
        sign_in: Which keys a sign-in may bring, and in what form they stand.
        tracks: How DE35 and DE36 are sent: clear, or with a block of them under the TDK.
        timers: Waiting times.
        policy: What is left to people.
        cut_off: When the host's settlement day ends, host time.
        zone: The host's civil time zone.
        clock_tolerance_s: How far a sign-in may find the host's clock from ours before people have to accept it.
        tpdu: Default TPDU of a request: 5 bytes, or none.
        header: Default message header: 6 bytes, or none.
        constants: Facts for the templates that never change.
        words: What the host calls a fact of ours: for its name, each value and its own; ``*`` is any other.
        answers: Where an answer holds a fact: ``"37"``, ``"60[2:8]"``, ``"59/A4"`` (a tag of a field's layout).
        echoed: Fields of a request that an answer repeats, and how many characters have to be equal.
        kept: What a journal may hold of a message, as an allow-list: ``"3 4 63:3"`` (three characters).
        reversed_codes: Answers to a reversal that mean: undone.
        managed_codes: Answers to a management message that mean: done.
        received_codes: Answers to a repeat of ours that mean: a copy is here. They say nothing about money.
        unread_codes: Answers of a host that could not take this copy as a message of ours (form, MAC, terminal,
            batch): about another copy they say nothing.
        host_requests: What digit 6 of an answer's header asks for, by the digit in hexadecimal.
        signature: How signatures go up, where there is a message for it.
        inquiry: What an answer to an inquiry says; None where the host cannot be asked.
        slip_title: What stands above a slip, by language.
        accept_pads: Filler nibbles that an odd-length field may end in; UnionPay ignores them all.
        mti_enc: How the MTI stands on the line where ``encoding`` does not say it: ``"b"`` packed, or a text encoding.
        bitmap_enc: The same for the bitmaps: ``"b"`` bytes, or the encoding of hexadecimal digits.
    """

    name: str
    fields: Mapping[str, Field]
    messages: Mapping[str, MessageTable]
    codes: Mapping[str, ResponseCode]
    mac: MACRule = UNIONPAY_ECB
    sign_in: SignInRule = UNIONPAY_SIGN_IN
    tracks: TrackForm = "clear"
    timers: Timers = field(default_factory=Timers)
    policy: Policy = field(default_factory=Policy)
    cut_off: time = time(23)
    zone: timezone = timezone(timedelta(hours=8))
    clock_tolerance_s: int = 900
    encoding: Encoding = "packed"
    tpdu: bytes = b""
    header: bytes = b""
    constants: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    answers: Mapping[str, str] = field(default_factory=dict)
    echoed: Mapping[str, int] = field(default_factory=dict)
    kept: str = ""
    reversed_codes: frozenset[str] = frozenset()
    managed_codes: frozenset[str] = frozenset()
    received_codes: frozenset[str] = frozenset()
    unread_codes: frozenset[str] = frozenset()
    host_requests: Mapping[str, str] = field(default_factory=dict)
    signature: SignatureUpload = field(default_factory=SignatureUpload)
    inquiry: Inquiry | None = None
    slip_title: Mapping[str, str] = field(default_factory=lambda: _SLIP_TITLE)
    accept_pads: str = ""
    mti_enc: str = ""
    bitmap_enc: str = ""

    def __post_init__(self) -> None:
        if self.mac.tag_bytes > MAC_BYTES:
            message = f"dialect {self.name}: a MAC has at most {MAC_BYTES} bytes, as its field"
            raise ConfigError(message)
        hidden = [
            n
            for n in _kept_places(self.kept)
            if n in NEVER_KEPT or (n in self.fields and self.fields[n].show != "clear")
        ]
        if hidden:
            message = (
                f"dialect {self.name}: fields {', '.join(hidden)} may not be kept, they are hidden"
            )
            raise ConfigError(message)

    @cached_property
    def specification(self) -> dict[str, dict[str, Any]]:
        """The pyiso8583 specification of this dialect; give it to pyiso8583 and it works there."""
        rules = specification(self.fields.values(), self.encoding)
        for name, encoding, width in (
            ("t", self.mti_enc, 2),
            ("p", self.bitmap_enc, 8),
            ("1", self.bitmap_enc, 8),
        ):
            if encoding:
                length = width if encoding == "b" else 2 * width
                rules[name] |= {"data_enc": encoding, "max_len": length}
        return rules

    @property
    def approval(self) -> str:
        """The plain approval among the codes."""
        return next(row.code for row in self.codes.values() if row.money == "booked")

    @property
    def mac_width(self) -> int:
        """Bytes that a MAC takes on the line: 8, or as many hexadecimal digits as it has."""
        rules = self.specification
        rule = rules.get("64") or rules.get("128") or rules["t"]
        return MAC_BYTES if rule["data_enc"] == "b" else 2 * MAC_BYTES

    @cached_property
    def codec(self) -> Codec:
        """The codec of this dialect."""
        return Codec(self.specification, accept_pads=self.accept_pads)

    def compose(self, name: str, facts: Mapping[str, str]) -> dict[str, str]:
        """Return the fields of the request called *name*: *facts* in the host's words, in their places."""
        said = {key: self.word(key, value) for key, value in facts.items()}
        return self.messages[name].fill({**self.constants, **said})

    def fact(self, name: str, fields: Mapping[str, str]) -> str | None:
        """Return what an answer says of *name*, or None if it says nothing.

        Example:
            >>> from posrefund.dialects import dialect
            >>> dialect("unionpay").fact("batch", {"60": "00000123003"})
            '000123'
            >>> dialect("unionpay").fact("voucher", {"59": "A402058210526789789570802"})
            '58210526789789570802'
        """
        return self.said_at(self.answers.get(name, ""), fields)

    def said_at(self, place: str, fields: Mapping[str, str]) -> str | None:
        """Return what stands at *place* (``"37"``, ``"60[2:8]"``, or below a tag) of *fields*, or None if nothing does.

        Example:
            >>> from posrefund.dialects import dialect
            >>> dialect("unionpay").said_at("44[0:2]", {"44": "61"})
            '61'
        """
        number, tag, part = _place(place)
        if number not in fields:
            return None
        return self._tag(number, tag, fields[number]) if tag else fields[number][part]

    def _tag(self, number: str, tag: str, value: str) -> str | None:
        """What stands under *tag*; nothing where it stands there twice, for nobody says which is meant."""
        layout = self.fields[number].layout
        found = layout.scan(value).pieces if layout else ()
        values = [piece.value for piece in found if piece.is_tag and piece.name == tag]
        return values[0] if len(values) == 1 else None

    @property
    def wallets(self) -> tuple[str, ...]:
        """The wallets that this host takes, by our names."""
        return tuple(self.words.get("wallet", ()))

    def kept_of(self, fields: Mapping[str, str]) -> dict[str, str]:
        """Return what a journal may hold of *fields*; never a card number, a track, a PIN or a key."""
        places = _kept_places(self.kept)
        return {name: value[: places[name]] for name, value in fields.items() if name in places}

    def takes_pin_block(self, name: str, length_bytes: int) -> bool | None:
        """Say whether the message called *name* takes a PIN block so long; None if it has no place for one.

        Example:
            >>> from posrefund.dialects import dialect
            >>> known = dialect("unionpay")
            >>> known.takes_pin_block("refund", 8), known.takes_pin_block("refund", 16)
            (True, False)
            >>> known.takes_pin_block("echo", 8) is None
            True
        """
        templates = self.messages[name].templates
        number = next((n for n, template in templates.items() if template == "{pin_block}"), None)
        if number is None:
            return None
        rule = self.specification[number]
        length = length_bytes if rule["data_enc"] == "b" else 2 * length_bytes
        return bool(length <= rule["max_len"] if rule["len_type"] else length == rule["max_len"])

    def value_faults(self, fields: Mapping[str, str]) -> tuple[Fault, ...]:
        """Name every field whose characters are not those of its table row."""
        found = []
        for number, value in fields.items():
            fault = self._fault_of.get(number)
            expected = fault(value) if fault else None
            if expected:
                found.append((f"DE{number}", expected))
        return tuple(found)

    def inner_faults(self, fields: Mapping[str, str]) -> tuple[Fault, ...]:
        """Name everything inside composite fields that is not as their tables say: for what is sent, not what came."""
        found = []
        for number, value in fields.items():
            row = self.fields.get(number)
            misfits = row.layout.scan(value).misfits if row and row.layout else ()
            found += [(f"DE{number}{each.path}", each.expected) for each in misfits]
        return tuple(found)

    @cached_property
    def _fault_of(self) -> dict[str, Callable[[str], str | None]]:
        """What each table row says of a value: looked for once, for every value of every message is asked about."""
        return {number: row.check().fault for number, row in self.fields.items()}

    def derive(self, name: str, *, fields: Iterable[Field] = (), **changes: Any) -> Dialect:
        """Return a dialect that differs only in what is given; *fields* are added or replaced.

        Example:
            >>> from posrefund.dialects import dialect
            >>> house = dialect("unionpay").derive("my-bank", constants={"de60_tail": "50"})
            >>> house.name, house.constants["de60_tail"]
            ('my-bank', '50')
        """
        more = {str(row.number): row for row in fields}
        table = MappingProxyType({**self.fields, **more})
        derived = replace(self, name=name, fields=table, **changes)
        if "codec" in vars(self) and not more and _WRITTEN.isdisjoint(changes):
            vars(derived)["codec"] = self.codec  # made once: it knows nothing of the rest
        return derived

    def word(self, name: str, value: str) -> str:
        """Return the host's word for the fact *name* where it is *value*; *value* itself if it has none.

        Example:
            >>> from posrefund.dialects import dialect
            >>> dialect("unionpay").word("card_class", "VIS"), dialect("unionpay").word("card_class", "")
            ('01', '00')
        """
        words = self.words.get(name, {})
        return words.get(value, words.get("*", value))


@cache
def _place(text: str) -> tuple[str, str, slice]:
    """Read ``"60[2:8]"`` or ``"59/A4"``: the field, and which tag or which of its characters."""
    match = _PLACE.fullmatch(text)
    if match is None:
        return "", "", slice(None)
    number, tag, start, end = match.groups()
    return number, tag or "", slice(int(start), int(end)) if start else slice(None)


@cache
def _kept_places(text: str) -> dict[str, int | None]:
    entries = [entry.partition(":") for entry in text.split()]
    return {"t": None, **{name: int(width) if width else None for name, _, width in entries}}
