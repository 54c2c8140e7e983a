"""The ISO 8583:1987 and 1993 dialects: literal messages from the paper, and the tables of every dialect, generated.

Paper: ``docs/reference/iso-dialects.md``. The literals were written by hand from it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.builders import CHIP, NOW, STRIPE, attempt_in, original, received, view
from posrefund.codec import Codec
from posrefund.crypto import Key, KeySet, Purpose
from posrefund.dialects import dialect, names
from posrefund.dialects.capture import open_capture
from posrefund.engine import State
from posrefund.engine.compose import (
    compose_refund,
    compose_reversal,
    compose_sale,
    compose_sign_in,
    keepable,
)
from posrefund.engine.interpret import Conclusion, interpret, interpret_reversal
from posrefund.engine.table import Event
from posrefund.errors import ConfigError, DecodeError, EncodeError
from posrefund.seal import seal, unseal
from posrefund.values import PAN, Amount, CardRead, KeptCard

if TYPE_CHECKING:
    from posrefund.codec import Field
    from posrefund.dialects import Dialect, MessageTable
    from posrefund.values import MACVerdict

ISO = ("iso87-ascii", "iso87-binary", "iso93-ascii", "iso93-binary")
KEYS = KeySet(
    pik=Key(bytes.fromhex("0123456789ABCDEFFEDCBA9876543210"), Purpose.PIN),
    mak=Key(bytes.fromhex("1032547698BADCFEEFCDAB8967452301"), Purpose.MAC),
)
CARD = KeptCard(PAN("6200000000000005"), "3012")

every_iso_dialect = pytest.mark.parametrize("name", ISO)
every_dialect = pytest.mark.parametrize("name", names())


def refund(known: Dialect) -> dict[str, str]:
    return compose_refund(view(dialect=known), Amount(1_000), CHIP, original(), NOW)


# --- literal messages ------------------------------------------------------------------------------


def test_refund_of_1987_in_characters() -> None:
    known = dialect("iso87-ascii")

    assert known.codec.encode(refund(known)) == (
        b"0200" b"F23C06800CC08010" b"0000004000000001"
        b"16" b"6200000000000005" b"200000" b"000000001000" b"0309020000" b"000007" b"100000" b"0309"
        b"3012" b"051" b"001" b"00" b"606710000042" b"654321" b"12345678" b"123456789012345" b"156"
        b"006" b"000001"
        b"0200" b"000003" b"0308000000" b"00000000000" b"00000000000"
        b"0000000000000000"
    )  # fmt: skip


def test_refund_of_1987_packed() -> None:
    known = dialect("iso87-binary")

    assert known.codec.encode(refund(known)).hex(" ").upper() == (
        "02 00 F2 3C 07 80 0C C0 80 10 00 00 00 40 00 00 00 01 "
        "16 62 00 00 00 00 00 00 05 20 00 00 00 00 00 00 10 00 03 09 02 00 00 00 00 07 10 00 00 03 09 "
        "30 12 00 51 00 01 00 03 00 36 30 36 37 31 30 30 30 30 30 34 32 36 35 34 33 32 31 "
        "31 32 33 34 35 36 37 38 31 32 33 34 35 36 37 38 39 30 31 32 33 34 35 31 35 36 "
        "00 06 30 30 30 30 30 31 "
        "02 00 00 00 03 03 08 00 00 00 00 00 00 00 00 00 00 00 00 00 00 "
        "00 00 00 00 00 00 00 00"
    )


def test_refund_of_1993_in_characters() -> None:
    known = dialect("iso93-ascii")

    assert known.codec.encode(refund(known)) == (
        b"1200" b"723407000CC08111"
        b"16" b"6200000000000005" b"200000" b"000000001000" b"0309020000" b"000007" b"260309100000"
        b"3012" b"51010155414C" b"001" b"200" b"606710000042" b"654321" b"12345678"
        b"123456789012345" b"156" b"24" b"1200" b"000003" b"260308000000" b"00"
        b"006" b"000001" b"0000000000000000"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("iso87-ascii", {"t": "0400", "39": "68", "90": "02000000070309020000" + "0" * 22}),
        ("iso93-ascii", {"t": "1420", "25": "4021", "56": "120000000726030910000000"}),
    ],
)
def test_reversal_names_the_message_it_undoes_and_says_why(
    name: str, expected: dict[str, str]
) -> None:
    known = dialect(name)
    here = view(dialect=known)
    sent = compose_sale(here, Amount(10_000), CHIP, NOW)
    doubt = attempt_in(State.IN_DOUBT, "sale", fields=keepable(sent, known))
    fields = compose_reversal(doubt, here, CARD, "no_reply", NOW)

    assert {number: fields[number] for number in expected} == expected
    same = ["2", "3", "4", "11", "12", "22", "23", "41", "42", "49", "60"]
    assert [fields[number] for number in same] == [sent[number] for number in same]


@pytest.mark.parametrize(
    ("card", "expected"),
    [
        (CHIP, "51010155414C"),
        (STRIPE, "51010125414C"),
        (CardRead("051", PAN("6200000000000005"), pin_block=bytes(8)), "51010151314C"),
    ],
)
def test_pos_data_code_of_1993_says_how_the_card_was_read(card: CardRead, expected: str) -> None:
    here = view(dialect=dialect("iso93-ascii"))

    assert compose_sale(here, Amount(1), card, NOW)["22"] == expected


def test_security_control_of_1987_stands_beside_a_pin_only() -> None:
    here = view(dialect=dialect("iso87-ascii"))
    with_pin = CardRead("051", PAN("6200000000000005"), pin_block=bytes(8))

    assert compose_sale(here, Amount(1), with_pin, NOW)["53"] == "26" + "0" * 14
    assert "53" not in compose_sale(here, Amount(1), STRIPE, NOW)


@every_iso_dialect
def test_sign_in_carries_no_card_and_no_mac(name: str) -> None:
    known = dialect(name)
    fields = compose_sign_in(view(dialect=known), "01", NOW)

    assert not {"2", "35", "64", "128"} & fields.keys()
    assert known.messages["sign_in"].fits(fields)
    assert not known.messages["echo"].fits(fields)


# --- what a journal keeps --------------------------------------------------------------------------


@every_dialect
def test_a_journal_keeps_no_field_that_is_hidden(name: str) -> None:
    known = dialect(name)
    everything = dict.fromkeys(known.fields, "0" * 20)

    hidden = {number for number, row in known.fields.items() if row.show != "clear"}
    assert hidden
    assert not hidden & known.kept_of(everything).keys()


def test_dialect_that_would_keep_a_hidden_field_is_refused() -> None:
    with pytest.raises(ConfigError, match="52 may not be kept"):
        dialect("iso87-ascii").derive("leaky", kept="3 4 52")


@every_iso_dialect
def test_a_journal_keeps_no_field_of_an_answer_that_is_long_enough_for_a_card_number(
    name: str,
) -> None:
    """DE42 is the merchant's own number; a host can put what it likes into DE90 or DE56."""
    known = dialect(name)
    kept = known.kept_of(dict.fromkeys(known.fields, "6200000000000005" * 2))

    wide = {number for number in kept if int(known.fields[number].format.lstrip("anszbx+.")) >= 13}
    assert wide == {"42", "60"}
    assert kept["60"] == "620000"


# --- what is a yes ---------------------------------------------------------------------------------


YES_87 = {
    "t": "0210", "2": "6200000000000005", "3": "200000", "4": "000000001000", "7": "0309020000",
    "11": "000007", "12": "100001", "13": "0309", "15": "0309", "37": "606810000123", "39": "00",
    "41": "12345678", "42": "123456789012345", "49": "156", "60": "000001", "64": "00" * 8,
}  # fmt: skip
YES_93 = {
    **{name: value for name, value in YES_87.items() if name != "13"},
    "t": "1210", "12": "260309100001", "15": "260309", "39": "000",
}  # fmt: skip


def verdict(name: str, mac: MACVerdict = "valid", **changes: str) -> str:
    known = dialect(name)
    attempt = attempt_in(State.SENT, fields=keepable(refund(known), known))
    answer = {**(YES_93 if "93" in name else YES_87), **{k[2:]: v for k, v in changes.items()}}
    found = interpret(attempt, known.messages["refund"], received(answer, mac), known)
    assert isinstance(found, Conclusion)
    return str(found.event)


@every_iso_dialect
def test_answer_of_the_paper_is_a_yes_and_no_other_code_of_an_approval_is(name: str) -> None:
    assert verdict(name) == "accept"
    booked = [code for code, row in dialect(name).codes.items() if row.money == "booked"]
    assert booked == (["000"] if "93" in name else ["00", "11"])


@pytest.mark.parametrize("code", ["400", "800"])
def test_yes_to_a_reversal_or_a_sign_in_is_none_to_a_refund(code: str) -> None:
    assert verdict("iso93-ascii", DE39=code) == "doubt"


@every_iso_dialect
@pytest.mark.parametrize("mac", ["valid", "absent"])
def test_answer_to_a_message_of_another_moment_closes_nothing(name: str, mac: MACVerdict) -> None:
    refused = "100" if "93" in name else "05"

    assert verdict(name, mac, DE39=refused) == "decline"
    assert verdict(name, mac, DE39=refused, DE7="0308020000") == "doubt"
    assert verdict(name, DE7="0308020000") == "doubt"


@every_iso_dialect
@pytest.mark.parametrize("is_same_day", [True, False])
def test_reversal_is_undone_by_a_yes_with_a_mac_or_by_nothing_there_on_the_same_day(
    name: str, *, is_same_day: bool
) -> None:
    known = dialect(name)
    sale = compose_sale(view(dialect=known), Amount(10_000), CHIP, NOW)
    attempt = attempt_in(State.REVERSING, "sale", fields=keepable(sale, known))
    yes, nothing, mti = ("400", "914", "1430") if "93" in name else ("00", "25", "0410")
    same = {number: sale[number] for number in ("3", "4", "11", "41", "42", "49", "60")}

    def undone(code: str, mac: MACVerdict) -> bool:
        sealed = {} if mac == "absent" else {"64": "00" * 8}
        fields = {"t": mti, **same, "7": "0309020130", "39": code, **sealed}
        answer = received(fields, mac)
        found = interpret_reversal(attempt, answer, known, is_same_day=is_same_day)
        return isinstance(found, Conclusion) and found.event is Event.UNDO

    assert undone(yes, "valid")
    assert not undone(yes, "absent")
    assert undone(nothing, "absent") is is_same_day
    assert not undone("000" if "93" in name else "11", "valid")


# --- the MAC ---------------------------------------------------------------------------------------


@every_iso_dialect
def test_mac_stands_in_the_last_field_and_covers_every_byte_before_it(name: str) -> None:
    known = dialect(name)
    sealed = seal(refund(known), known, KEYS)

    assert unseal(sealed, known, KEYS).mac == "valid"
    verdicts = []
    for at in range(len(sealed)):
        flipped = sealed[:at] + bytes([sealed[at] ^ 0x01]) + sealed[at + 1 :]
        verdicts.append(unseal(flipped, known, KEYS).mac)
    assert "valid" not in verdicts
    assert verdicts.count("wrong") > len(sealed) // 2


@every_iso_dialect
def test_mac_that_is_not_the_last_field_is_wrong_whatever_it_says(name: str) -> None:
    known = dialect(name)
    fields = {**refund(known), "64": "00" * 8, "102": "1"}
    fields.pop("128", None)

    with pytest.raises(EncodeError, match=r"^DE64: expected no field after the MAC$"):
        seal(fields, known, KEYS)
    assert unseal(known.codec.encode(fields), known, KEYS).mac == "wrong"


def test_mac_of_characters_that_are_no_hexadecimal_is_wrong() -> None:
    known = dialect("iso87-ascii")
    sealed = seal(refund(known), known, KEYS)

    assert unseal(sealed[:-16] + b"not hexadecimal!", known, KEYS).mac == "wrong"
    # The same bytes in other letters are the same MAC: it is the tag that proves, not its case.
    assert unseal(sealed[:-16] + sealed[-16:].lower(), known, KEYS).mac == "valid"


# --- the tables of every dialect, generated --------------------------------------------------------

_KIND = re.compile(r"(n|z|ans|an|x\+n|b)(\.*)([0-9]+)")
_ALPHABET = {"n": "0123456789", "z": "0123456789D", "an": "AZaz09", "ans": "AZaz09 -/", "b": "09AF"}


def values(row: Field) -> st.SearchStrategy[str]:
    """Values that the table row allows, short ones for variable fields."""
    match = _KIND.match(row.format)
    assert match is not None
    kind, dots, length = match[1], match[2], int(match[3])
    if kind == "x+n":
        return st.text("0123456789", min_size=length, max_size=length).map("C{}".format)
    if kind == "b":
        digits = min(length, 20) * 2 if dots else length // 4
        sizes = st.integers(0, digits // 2).map(lambda n: 2 * n) if dots else st.just(digits)
        return sizes.flatmap(lambda n: st.text("09AF", min_size=n, max_size=n))
    size = min(length, 30) if dots else length
    return st.text(_ALPHABET[kind], min_size=0 if dots else size, max_size=size)


@st.composite
def messages(draw: st.DrawFn, known: Dialect, table: MessageTable) -> dict[str, str]:
    """A request or an answer of *table*, the conditional fields by chance."""
    mti, presence = draw(
        st.sampled_from([(table.mti, table.request), (table.mti_reply, table.response)])
    )
    fields = {"t": mti}
    for entry in presence.split():
        number = entry.rstrip("CA")
        if number in known.fields and (entry == number or draw(st.booleans())):
            fields[number] = draw(values(known.fields[number]))
    return fields


@every_dialect
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_every_message_of_the_tables_comes_back_the_same(name: str, data: st.DataObject) -> None:
    known = dialect(name)
    table = data.draw(st.sampled_from(list(known.messages.values())))
    fields = data.draw(messages(known, table))
    raw = known.codec.encode(fields)

    decoded = known.codec.decode(raw)
    assert {number: decoded[number] for number in fields} == fields
    assert known.codec.decode(raw) == decoded
    assert open_capture(raw, known).rebuild(known) == raw
    reference = Codec(known.specification, accept_pads=known.accept_pads, engine="reference")
    assert reference.decode(raw) == decoded
    assert reference.encode(fields) == raw


@every_dialect
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_wounded_message_is_read_or_refused_and_nothing_else(
    name: str, data: st.DataObject
) -> None:
    known = dialect(name)
    table = data.draw(st.sampled_from(list(known.messages.values())))
    raw = bytearray(known.codec.encode(data.draw(messages(known, table))))
    at = data.draw(st.integers(0, len(raw) - 1))
    wound = data.draw(st.binary(max_size=4))
    raw[at : at + data.draw(st.integers(0, 4))] = wound

    refusal = None
    try:
        fields = known.codec.decode(bytes(raw))
    except DecodeError as error:
        refusal, fields = error, {}
    if refusal is not None:
        assert 0 <= refusal.offset_bytes <= len(raw)
        return
    again = known.codec.encode({number: value for number, value in fields.items() if number != "p"})
    assert known.codec.decode(again) == in_capitals(fields)


def in_capitals(fields: dict[str, str]) -> dict[str, str]:
    """Bitmaps of characters may come in small letters, and are sent in capitals."""
    return {n: value.upper() if n in ("p", "1") else value for n, value in fields.items()}
