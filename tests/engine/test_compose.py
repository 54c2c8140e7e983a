"""Every request, field by field, as the public tables write it."""

from __future__ import annotations

import re
from dataclasses import fields as dataclass_fields
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.builders import (
    CHIP,
    DIALECT,
    NOW,
    PAN_DIGITS,
    PROPERTY,
    STRIPE,
    TAP,
    TRACK2,
    attempt_in,
    original,
    view,
)
from inquiring import INQUIRING
from posrefund.dialects import Dialect
from posrefund.dialects.message import ANSWER_FACTS, COPIES, FACTS
from posrefund.engine import Original, State, interpret
from posrefund.engine.batch import Closing, Stage
from posrefund.engine.compose import (
    compose_details,
    compose_echo,
    compose_end,
    compose_inquiry,
    compose_refund,
    compose_reversal,
    compose_sale,
    compose_settlement,
    compose_sign_in,
    compose_sign_off,
    compose_signature,
    compose_uploaded_refund,
    compose_void,
    keepable,
)
from posrefund.engine.settlement import ASKED
from posrefund.engine.signature_upload import Packet
from posrefund.errors import InvalidRequestError
from posrefund.values import (
    PAN,
    STAN,
    Amount,
    BackToPayer,
    BatchNumber,
    CardRead,
    CodeRead,
    KeptCard,
    PayerCode,
    Track2,
    Voucher,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

CARD = KeptCard(PAN(PAN_DIGITS), "3012")

MONEY = {
    "4": "000000012345",
    "11": "000007",
    "25": "00",
    "41": "12345678",
    "42": "123456789012345",
    "49": "156",
    "64": "0000000000000000",
}
OF_CHIP = {"2": "6200000000000005", "14": "3012", "22": "051", "23": "001"}
OF_TAP = {"2": "6200000000000005", "14": "3012", "22": "071", "23": "002"}
OF_STRIPE = {"22": "021", "35": TRACK2, "53": "0600000000000000"}
SALE = {"t": "0200", "3": "000000", "60": "22000001000600", **MONEY}
REFUND = {
    "t": "0220",
    "3": "200000",
    "37": "606710000042",
    "38": "654321",
    "60": "25000001000600",
    "61": "0000010000030308",
    "63": "CUP",
    **MONEY,
}
VOID = {
    "t": "0200",
    "3": "200000",
    "37": "606710000042",
    "38": "654321",
    "60": "23000001000600",
    "61": "000001000003",
    **MONEY,
    "4": "000000010000",
}

NEVER_KEPT = {"2", "35", "36", "45", "48", "52", "55", "62", "64"}
CARDS = pytest.mark.parametrize(
    ("card", "fields"),
    [
        pytest.param(CHIP, OF_CHIP, id="chip 051"),
        pytest.param(TAP, OF_TAP, id="contactless 071"),
        pytest.param(STRIPE, OF_STRIPE, id="stripe 021"),
    ],
)


@CARDS
def test_sale_has_exactly_the_fields_of_its_table(card: CardRead, fields: dict[str, str]) -> None:
    assert compose_sale(view(), Amount(12_345), card, NOW) == SALE | fields


@CARDS
def test_refund_has_exactly_the_fields_of_its_table(card: CardRead, fields: dict[str, str]) -> None:
    assert compose_refund(view(), Amount(12_345), card, original(), NOW) == REFUND | fields


@CARDS
def test_void_has_exactly_the_fields_of_its_table(card: CardRead, fields: dict[str, str]) -> None:
    assert compose_void(view(), card, original(), NOW) == VOID | fields


def test_sign_in_has_exactly_the_fields_of_its_table() -> None:
    assert compose_sign_in(view(), "01", NOW) == {
        "t": "0800",
        "11": "000007",
        "41": "12345678",
        "42": "123456789012345",
        "60": "00000001003",
        "63": "01 ",
    }


def test_echo_has_exactly_the_fields_of_its_table() -> None:
    assert compose_echo(view(), NOW) == {
        "t": "0820",
        "11": "000007",
        "41": "12345678",
        "42": "123456789012345",
        "60": "00000001301",
    }


def test_pin_brings_its_block_its_capture_code_and_the_key_that_made_it() -> None:
    card = replace(CHIP, pin_block=bytes.fromhex("0123456789abcdef"))

    assert compose_sale(view(), Amount(12_345), card, NOW) == SALE | OF_CHIP | {
        "26": "12",
        "52": "0123456789ABCDEF",
        "53": "2600000000000000",
    }


def test_stripe_with_pin_says_both_in_one_security_control_field() -> None:
    card = replace(STRIPE, pin_block=bytes(8))
    fields = compose_refund(view(), Amount(12_345), card, original(), NOW)

    assert (fields["26"], fields["52"], fields["53"]) == (
        "12",
        "0000000000000000",
        "2600000000000000",
    )


def test_stripe_never_sends_the_number_twice() -> None:
    fields = compose_refund(view(), Amount(1), STRIPE, original(), NOW)

    assert "2" not in fields
    assert [name for name, value in fields.items() if PAN_DIGITS in value] == ["35"]


def test_chip_without_expiry_and_sequence_number_leaves_both_out() -> None:
    fields = compose_sale(view(), Amount(12_345), CardRead("052", PAN(PAN_DIGITS)), NOW)

    assert fields == SALE | {"2": "6200000000000005", "22": "052"}


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, {"37": "606710000042", "61": "0000010000030308", "63": "CUP"}),
        (
            {"batch": "000002", "stan": "999999", "transaction_date": date(2025, 12, 31)},
            {"37": "606710000042", "61": "0000029999991231", "63": "CUP"},
        ),
        (
            {"transaction_date": date(2024, 2, 29), "organisation": "VIS", "rrn": "AB34567890 2"},
            {"37": "AB34567890 2", "61": "0000010000030229", "63": "VIS"},
        ),
        ({"organisation": None}, {"37": "606710000042", "61": "0000010000030308", "63": "000"}),
    ],
)
def test_refund_names_its_original_in_de37_de61_and_de63(
    facts: dict[str, Any], expected: dict[str, str]
) -> None:
    fields = compose_refund(view(), Amount(1), CHIP, original(**facts), NOW)

    assert {name: fields[name] for name in ("37", "61", "63")} == expected


def test_original_without_authorisation_code_leaves_de38_out() -> None:
    assert "38" not in compose_refund(view(), Amount(1), CHIP, original(auth_code=None), NOW)
    assert "38" not in compose_void(view(), CHIP, original(auth_code=None), NOW)


def test_void_is_always_for_the_whole_amount() -> None:
    fields = compose_void(view(), CHIP, original(amount=Amount(77, "344"), accepted_minor=1), NOW)

    assert (fields["4"], fields["49"]) == ("000000000077", "344")


def test_batch_and_number_are_those_of_the_terminal_now() -> None:
    here = view(batch=BatchNumber("000042"), stan=STAN("123456"))
    fields = compose_refund(here, Amount(1), CHIP, original(), NOW)

    assert (fields["11"], fields["60"]) == ("123456", "25000042000600")
    assert fields["61"] == "0000010000030308"


def test_de60_ends_in_what_the_acquirer_s_dialect_wants() -> None:
    here = view(dialect=view().dialect.derive("house", constants={"de60_tail": "50"}))

    assert compose_sale(here, Amount(1), CHIP, NOW)["60"] == "2200000100050"
    assert compose_echo(here, NOW)["60"] == "00000001301"


def test_reversal_of_a_chip_sale_copies_its_identity_and_gives_a_reason() -> None:
    fields = compose_reversal(attempt_in(State.IN_DOUBT, "sale"), view(), CARD, "no_reply", NOW)

    assert fields == {
        "t": "0400",
        "2": "6200000000000005",
        "3": "000000",
        "4": "000000010000",
        "11": "000007",
        "14": "3012",
        "22": "051",
        "23": "001",
        "25": "00",
        "39": "98",
        "41": "12345678",
        "42": "123456789012345",
        "49": "156",
        "60": "22000001000600",
        "64": "0000000000000000",
    }


def test_reversal_of_a_stripe_sale_carries_neither_number_nor_track_nor_pin() -> None:
    card = replace(STRIPE, pin_block=bytes(8))
    kept = keepable(compose_sale(view(), Amount(10_000), card, NOW), DIALECT)
    stripe = attempt_in(State.IN_DOUBT, "sale", fields=kept)

    assert compose_reversal(stripe, view(), KeptCard(PAN(PAN_DIGITS)), "closed_oddly", NOW) == {
        "t": "0400",
        "3": "000000",
        "4": "000000010000",
        "11": "000007",
        "22": "021",
        "25": "00",
        "39": "06",
        "41": "12345678",
        "42": "123456789012345",
        "49": "156",
        "60": "22000001000600",
        "64": "0000000000000000",
    }


def test_reversal_of_a_void_names_the_void_s_original_and_no_reference_number() -> None:
    fields = compose_reversal(attempt_in(State.IN_DOUBT, "void"), view(), CARD, "no_reply", NOW)

    assert fields == {
        "t": "0400",
        "2": "6200000000000005",
        "3": "200000",
        "4": "000000010000",
        "11": "000007",
        "14": "3012",
        "22": "051",
        "23": "001",
        "25": "00",
        "39": "98",
        "41": "12345678",
        "42": "123456789012345",
        "49": "156",
        "60": "23000001000600",
        "61": "000001000003",
        "64": "0000000000000000",
    }


def test_reversal_keeps_batch_and_number_of_the_original_whatever_the_terminal_s_are_now() -> None:
    later = view(batch=BatchNumber("000009"), stan=STAN("000123"))
    fields = compose_reversal(attempt_in(State.IN_DOUBT, "sale"), later, CARD, "no_reply", NOW)

    assert (fields["11"], fields["60"]) == ("000007", "22000001000600")


def test_reversal_carries_the_authorisation_code_if_an_answer_brought_one() -> None:
    known = attempt_in(State.IN_DOUBT, "sale", facts={"auth_code": "654321"})

    assert compose_reversal(known, view(), CARD, "bad_mac", NOW)["38"] == "654321"


@pytest.mark.parametrize(
    ("facts", "faults"),
    [
        ({"rrn": "60671000004?"}, (("DE37", "letters, digits and spaces"),)),
        ({"auth_code": "6543/1"}, (("DE38", "letters, digits and spaces"),)),
        ({"batch": "00000A"}, (("DE61", "digits"),)),
        ({"organisation": "", "stan": "x00003"}, (("DE61", "digits"),)),
    ],
)
def test_original_that_does_not_fit_its_fields_is_refused(
    facts: dict[str, Any], faults: tuple[tuple[str, str], ...]
) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        compose_refund(view(), Amount(1), CHIP, original(**facts), NOW)

    assert caught.value.faults == faults


def test_every_fault_of_a_message_is_named_at_once() -> None:
    sale = original(rrn="?", auth_code="?", batch="?")
    with pytest.raises(InvalidRequestError) as caught:
        compose_refund(view(), Amount(1), CHIP, sale, NOW)

    assert [path for path, _ in caught.value.faults] == ["DE37", "DE38", "DE61"]


def test_field_that_the_table_lacks_is_a_fault() -> None:
    messages = view().dialect.messages
    refund = replace(messages["refund"], request="3 4 11 22 25 41 42 49 60 61 64")
    narrow = view(dialect=view().dialect.derive("narrow", messages={**messages, "refund": refund}))
    with pytest.raises(InvalidRequestError) as caught:
        compose_refund(narrow, Amount(1), CHIP, original(), NOW)

    surplus = "no such field in this message"
    assert sorted(caught.value.faults) == [
        ("DE14", surplus),
        ("DE2", surplus),
        ("DE23", surplus),
        ("DE37", surplus),
        ("DE38", surplus),
        ("DE63", surplus),
    ]


def test_field_that_the_table_wants_is_a_fault_when_missing() -> None:
    messages = view().dialect.messages
    echo = replace(messages["echo"], request="11 41 42 60 62 63")
    wide = view(dialect=view().dialect.derive("wide", messages={**messages, "echo": echo}))
    with pytest.raises(
        InvalidRequestError, match=r"^DE62: expected this field; DE63: expected this field$"
    ):
        compose_echo(wide, NOW)


@CARDS
@pytest.mark.parametrize("name", ["sale", "refund", "void"])
def test_what_is_kept_of_a_request_holds_no_number_and_no_track(
    name: str, card: CardRead, fields: dict[str, str]
) -> None:
    card = replace(card, pin_block=bytes.fromhex("C0FFEEC0FFEEC0FF"))
    message = {
        "sale": lambda: compose_sale(view(), Amount(1), card, NOW),
        "refund": lambda: compose_refund(view(), Amount(1), card, original(), NOW),
        "void": lambda: compose_void(view(), card, original(), NOW),
    }[name]()
    kept = keepable(message, DIALECT)

    assert not set(kept) & NEVER_KEPT
    assert kept["card"] == ("35" if "35" in fields else "2")
    assert PAN_DIGITS not in str(kept)
    assert "C0FFEE" not in str(kept)
    assert set(message) - set(kept) <= {"2", "14", "35", "52", "64"}


def test_free_text_after_the_organisation_is_not_kept() -> None:
    assert keepable({"63": "CUP6200000000000005 paid"}, DIALECT) == {"63": "CUP"}


field_names = st.integers(1, 128).map(str) | st.sampled_from(["t", "p", "h", "card", "57", "5A"])


@PROPERTY
@given(st.dictionaries(field_names, st.text(max_size=40), max_size=20))
def test_what_is_kept_never_holds_card_data_whatever_the_message(fields: dict[str, str]) -> None:
    kept = keepable(fields, DIALECT)

    assert not set(kept) & NEVER_KEPT
    assert set(kept) <= {*fields, "card"}
    assert kept.get("card", "2") in ("2", "35")
    assert all(kept[name] == fields[name] for name in set(kept) - {"card", "63"})
    assert set(kept) <= {
        *("t", "3", "4", "11", "12", "13", "15", "22", "23", "25", "26", "32", "37", "38"),
        *("39", "41", "42", "44", "49", "53", "60", "61", "63", "card"),
    }


@PROPERTY
@given(
    st.integers(1, 10**12 - 1),
    st.sampled_from(["021", "022", "051", "052", "071", "072"]),
    st.dates(date(2025, 3, 10), date(2026, 3, 9)),
)
def test_refund_always_fits_its_table(minor: int, entry_mode: Any, day: date) -> None:
    track2 = Track2(TRACK2) if entry_mode.startswith("02") else None
    card = CardRead(entry_mode, PAN(PAN_DIGITS), track2=track2)
    sale: Original = original(transaction_date=day)
    fields = compose_refund(view(), Amount(minor), card, sale, NOW)

    assert int(fields["4"]) == minor
    assert len(fields["4"]) == 12
    assert fields["61"][12:] == f"{day.month:02d}{day.day:02d}"
    assert ("2" in fields) != ("35" in fields)


# --- what dialects may ask for ---------------------------------------------------------------------


class _AllTold(Dialect):
    """Remembers the facts that it is given."""

    told: ClassVar[dict[str, set[str]]] = {}

    def compose(self, name: str, facts: Mapping[str, str]) -> dict[str, str]:
        self.told.setdefault(name, set()).update(facts)
        return super().compose(name, facts)


def test_the_facts_that_dialects_may_name_are_those_that_the_engine_has() -> None:
    curious = _AllTold(
        **{each.name: getattr(INQUIRING, each.name) for each in dataclass_fields(INQUIRING)}
    )
    desk = replace(view(), dialect=curious)
    with_pin = replace(STRIPE, pin_block=bytes(8), entry_mode="021")
    by_code = CodeRead(PayerCode("6201234567890123451"))
    for card in (CHIP, TAP, STRIPE, with_pin, by_code):
        compose_sale(desk, Amount(12345), card, NOW)
        compose_refund(desk, Amount(12345), card, original(), NOW)
        compose_void(desk, card, original(), NOW)
    back = BackToPayer(Voucher("58210526789789570802"))
    compose_refund(desk, Amount(12345), back, original(), NOW)
    compose_void(desk, back, original(), NOW)
    compose_sign_in(desk, "01", NOW)
    compose_echo(desk, NOW)
    compose_inquiry(attempt_in(State.IN_DOUBT), desk, NOW)
    attempt = attempt_in(State.IN_DOUBT, kind="sale")
    compose_reversal(replace(attempt, facts={"auth_code": "654321"}), desk, CARD, "no_reply", NOW)
    closing = Closing(Stage.ASKING, BatchNumber("000001"), NOW, "01")
    compose_settlement(desk, closing, NOW)
    compose_details(desk, [(attempt, CARD)], NOW)
    compose_uploaded_refund(attempt_in(State.ACCEPTED), CARD, desk, NOW)
    compose_end(desk, closing, 1, NOW)
    compose_end(desk, replace(closing, verdict="balanced"), 1, NOW)
    compose_sign_off(desk, NOW)
    accepted = attempt_in(State.ACCEPTED, kind="refund")
    accepted = replace(accepted, facts={"rrn": "606810000123", "settlement_date": "0310"})
    packet = Packet("800", b"picture", 1, 1)
    compose_signature(accepted, CARD, desk, packet, b"slip", NOW)

    told = {
        name: {fact for fact in facts if "." not in fact} for name, facts in curious.told.items()
    }
    assert told == FACTS
    for name in COPIES:
        sent = {fact for fact in curious.told[name] if "." in fact}
        assert sent <= {f"sent.{name}" for name in ("t", "card", *DIALECT.fields)}


def test_the_facts_that_the_engine_asks_an_answer_for_are_listed() -> None:
    rooms = Path(interpret.__file__).parent.parent
    source = [path for room in ("engine", "terminal") for path in (rooms / room).rglob("*.py")]
    text = "".join(path.read_text(encoding="utf-8") for path in source)

    asked = set(re.findall(r'(?:\bsaid|\.fact)\("([a-z_]+)"', text)) | set(interpret._KEPT)
    asked |= set(ASKED)
    assert asked == set(ANSWER_FACTS)
