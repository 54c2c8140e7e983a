"""What is left of a message for a log: what the allow-list names, and no card data in any place or spelling."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from canary import PAN_16, PAN_19, PIK, PIN_BLOCK, TDK, TRACK, leaks_in
from posrefund.codec.tlv import TLV, write_tlv
from posrefund.dialects import Dialect, dialect, names
from posrefund.dialects.capture import open_capture
from posrefund.dialects.redact import redacted_pan, redactor
from posrefund.errors import EncodeError
from posrefund.framing import Envelope
from posrefund.values.card import passes_luhn
from shop import UNIONPAY

ENVELOPE = Envelope(UNIONPAY.tpdu, UNIONPAY.header)
REDACT = redactor(UNIONPAY)
KEYS = (PIK + bytes(4) + TDK + bytes(4)).hex().upper()
SALE = {
    "t": "0200",
    "2": PAN_16,
    "3": "000000",
    "4": "000000012345",
    "11": "000123",
    "14": "3012",
    "22": "021",
    "25": "00",
    "35": TRACK,
    "41": "12345678",
    "42": "123456789012345",
    "49": "156",
    "52": PIN_BLOCK.hex().upper(),
    "55": f"5A08{PAN_16}9F2608A1B2C3D4E5F60718",
    "60": "22000001000501",
    "62": KEYS,
    "63": f"CUP{PAN_16}",
    "64": "A1B2C3D4E5F60708",
}


def message(fields: dict[str, str], known: Dialect = UNIONPAY) -> bytes:
    return known.tpdu + known.header + known.codec.encode(fields)


def left(fields: dict[str, str]) -> dict[str, str]:
    """The fields of a UnionPay message after the redactor."""
    body = message(fields)
    redacted = REDACT(body)
    assert len(redacted) == len(body)
    return open_capture(redacted, UNIONPAY).fields


def test_sale_keeps_what_a_journal_may_and_the_ends_of_its_card_number() -> None:
    found = left(SALE)

    assert {name: found[name] for name in found if name != "p"} == {
        "t": "0200",
        "2": "6200000000010005",
        "3": "000000",
        "4": "000000012345",
        "11": "000123",
        "14": "0000",
        "22": "021",
        "25": "00",
        "35": "0" * len(TRACK),
        "41": "12345678",
        "42": "123456789012345",
        "49": "156",
        "52": "0" * 16,
        "55": "0" * len(SALE["55"]),
        "60": "22000001000501",
        "62": "0" * len(KEYS),
        "63": "CUP" + "0" * 16,
        "64": "A1B2C3D4E5F60708",
    }


def test_envelope_stays_where_it_is_one() -> None:
    assert REDACT(message(SALE))[:11] == bytes.fromhex("6000030000 603200000000")
    assert REDACT(b"\x61" + message(SALE)[1:]) == bytes(len(message(SALE)))


@pytest.mark.parametrize(
    ("clear", "shown"),
    [
        ("4111111111111111", "4111110000001111"),
        ("6200000000000005", "6200000000010005"),  # with zeros alone it would be itself
        ("6200000000000006", "6200000000010006"),  # no card number, but it does not stay either
        ("4012345678909", "4012340008909"),
        ("620000000003", "000000000003"),
        ("1234567", "0000000"),
        ("12345678D0123456", "0000000000000000"),
        ("", ""),
    ],
)  # fmt: skip
def test_card_number_keeps_six_and_four_of_its_digits(clear: str, shown: str) -> None:
    assert redacted_pan(clear) == shown


@given(st.text("0123456789", min_size=8, max_size=19))
def test_no_redacted_card_number_is_one_itself(digits: str) -> None:
    found = redacted_pan(digits)

    assert len(found) == len(digits)
    assert found != digits
    assert found[-4:] == digits[-4:]
    if len(digits) >= 13:
        assert not passes_luhn(found) or found[6:-4].strip("0")


def test_number_that_looks_like_a_cards_is_not_kept_because_of_its_field() -> None:
    known = UNIONPAY.derive("free", kept=UNIONPAY.kept.replace("63:3", "63"))
    redact = redactor(known)

    def text_left(text: str) -> str:
        body = message({"t": "0210", "11": "000001", "63": text}, known)
        return open_capture(redact(body), known).fields["63"]

    assert text_left(f"CUPcard {PAN_16} used") == f"CUPcard {'0' * 16} used"
    assert text_left("CUPcard 4111-1111-1111-1111") == "CUPcard 0000-0000-0000-0000"
    assert (
        text_left("CUP" + "1" * 25) == "CUP" + "0" * 25
    )  # a card number could begin anywhere in it
    assert (
        text_left("CUPterminal 12345678, 4111111111111112")
        == "CUPterminal 12345678, 4111111111111112"
    )


@pytest.mark.parametrize("number", ["44", "60", "61"])
def test_message_that_repeats_its_card_number_elsewhere_is_not_kept_at_all(number: str) -> None:
    """Their digits are not looked at one by one: they hold a layout, or other text."""
    value = {"44": PAN_16.ljust(22), "60": "0" + PAN_16, "61": PAN_16}[number]
    fields = {"t": "0210", "11": "000123", number: value}
    other = message({**fields, "2": "4111111111111111"})
    same = message({**fields, "2": PAN_16})

    assert any(
        REDACT(other)
    )  # what no part of the message calls a card number is not known to be one
    assert not any(REDACT(same))


def test_hidden_part_of_a_field_that_is_shown_is_blanked() -> None:
    from posrefund.codec import Field, Layout, Part

    rows = [Field(44, "ans..25", "x", "x", layout=Layout((Part("a", 4, "x", "x"), Part("b", 6, "x", "x", show="never"), Part("c", 4, "x", "x"))))]  # fmt: skip
    known = UNIONPAY.derive("parts", fields=rows)
    body = message({"t": "0210", "44": "SEENhiddenSEEN"}, known)

    assert open_capture(redactor(known)(body), known).fields["44"] == "SEEN000000SEEN"


def test_mac_that_a_dialect_hides_is_blanked() -> None:
    row = UNIONPAY.fields["64"].renamed(show="never")
    known = UNIONPAY.derive("quiet", fields=[row])
    body = message({"t": "0210", "64": "A1B2C3D4E5F60708"}, known)

    assert redactor(known)(body) == body[:-8] + bytes(8)


def test_filler_of_an_odd_number_is_not_kept() -> None:
    """It may be any nibble: another place for a digit."""
    body = UNIONPAY.tpdu + UNIONPAY.header + bytes.fromhex("0200 4000000000000000 19") + bytes.fromhex(PAN_19 + "7")  # fmt: skip

    assert REDACT(body)[-1:] == bytes.fromhex("40")


def test_field_without_a_row_and_field_of_the_wrong_characters_are_blanked() -> None:
    assert left({"t": "0210", "4": "00000000000A"})["4"] == "0" * 12
    assert left({"t": "0210", "47" if "47" in UNIONPAY.fields else "48": "12"})


@pytest.mark.parametrize("end", range(0, 60, 7))
def test_message_that_is_cut_becomes_zeros(end: int) -> None:
    assert REDACT(message(SALE)[:end]) == bytes(end)


def test_what_a_mac_is_computed_over_is_read_without_its_mac() -> None:
    whole = message(SALE)

    assert REDACT(whole[:-8]) == REDACT(whole)[:-8]


@pytest.mark.parametrize("name", names())
def test_second_reading_of_what_is_left_says_the_same(name: str) -> None:
    """Redacting is done once: what is left is a message, and loses nothing more."""
    known = dialect(name)
    mti = known.messages["echo"].mti
    fields = {"t": mti, "11": "000123", "41": "12345678", "42": "123456789012345"}
    once = redactor(known)(message(fields, known))

    assert redactor(known)(once) == once
    assert open_capture(once, known).fields["11"] == "000123"


# --- any message ----------------------------------------------------------------------------------

DIGITS = (PAN_16, PAN_19, TRACK)
SECRETS = (
    *DIGITS,
    PIN_BLOCK.hex().upper(),
    PIK.hex().upper(),
    TDK.hex().upper(),
    write_tlv([TLV(bytes.fromhex("5A"), bytes.fromhex(PAN_16))]).hex().upper(),
    *(number.encode().hex() for number in (PAN_16, PAN_19)),
)


def is_hidden(number: str, known: Dialect) -> bool:
    kept = known.kept_of({number: "x"})
    return known.fields[number].show != "clear" or not (kept or number in ("64", "128"))


def fitted(number: str, secret: str, known: Dialect) -> str:
    """As much of *secret* as the field can hold, in a form that it can hold."""
    rule = known.specification[number]
    is_bytes = rule["data_enc"] == "b" and rule.get("len_count") != "nibbles"
    size = rule["max_len"] * (2 if is_bytes else 1)
    found = secret[:size] if rule["len_type"] else secret[:size].ljust(size, "0")
    return found[: len(found) & ~1] if is_bytes else found


@st.composite
def with_secrets(draw: st.DrawFn) -> tuple[bytes, str]:
    """A message of any dialect: secrets wherever it hides something, and its card number anywhere."""
    known = dialect(draw(st.sampled_from(names())))
    pan = draw(st.sampled_from((PAN_16, PAN_19)))
    numbers = draw(
        st.lists(st.sampled_from(sorted(known.fields, key=int)), max_size=12, unique=True)
    )
    fields = {"t": draw(st.sampled_from([row.mti for row in known.messages.values()]))}
    for number in numbers:
        secret = draw(st.sampled_from(SECRETS)) if is_hidden(number, known) else pan
        fields[number] = fitted(number, secret, known)
    fields["2"] = pan
    try:
        return message(fields, known), known.name
    except EncodeError:  # a letter in a packed number
        return message({"t": "0200", "2": pan, "35": TRACK}, known), known.name


@settings(max_examples=400, deadline=None)
@given(made=with_secrets())
def test_no_secret_is_left_of_any_message(made: tuple[bytes, str]) -> None:
    body, name = made
    found = redactor(dialect(name))(body)

    assert len(found) == len(body)
    assert not [secret for secret in SECRETS if secret in found.decode("latin-1")]
    assert not [secret for secret in SECRETS if secret.lower() in found.hex()]


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200), st.sampled_from(names()))
def test_garbage_becomes_zeros_or_a_message(garbage: bytes, name: str) -> None:
    known = dialect(name)
    found = redactor(known)(garbage)

    assert len(found) == len(garbage)
    if any(found):
        at = len(known.tpdu) + len(known.header)
        known.codec.read(found[at:] if at else found)


def test_no_flipped_bit_uncovers_anything() -> None:
    """One in the bitmap moves every field behind it: what is read then has to end where the message does."""
    body = message(SALE)
    for at in range(8 * len(body)):
        damaged = bytearray(body)
        damaged[at // 8] ^= 1 << at % 8
        found = REDACT(bytes(damaged))

        assert len(found) == len(body)
        assert leaks_in(found) == set()
        assert PAN_16[:12] not in found.hex()
        if any(found):
            UNIONPAY.codec.read(found[11:])


@settings(max_examples=200, deadline=None)
@given(start=st.integers(0, 300), end=st.integers(0, 300))
def test_no_piece_of_a_message_uncovers_anything(start: int, end: int) -> None:
    piece = message(SALE)[start:end]

    assert leaks_in(REDACT(piece)) == set()
