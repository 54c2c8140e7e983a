"""What an answer proves: the one place where a host's bytes may become a yes.

The good answer is literal; then everything in it is changed, taken out or added, one at a time, and
every response code is tried with every verdict on its MAC.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from string import ascii_uppercase, digits
from typing import TYPE_CHECKING, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.builders import (
    DIALECT,
    PROPERTY,
    REFUND_ANSWER,
    REVERSAL_ANSWER,
    SALE_ANSWER,
    VOID_ANSWER,
    attempt_in,
    received,
)
from posrefund.engine import Attempt, Event, State
from posrefund.engine.interpret import Conclusion, Stranger, interpret, interpret_reversal
from posrefund.errors import DecodeError
from posrefund.values import MACVerdict, Received

if TYPE_CHECKING:
    from posrefund.engine.attempt import Kind

SENT = attempt_in(State.SENT)
VERDICTS: tuple[MACVerdict, ...] = get_args(MACVerdict)
NO_MAC_PROOF: tuple[MACVerdict, ...] = ("wrong", "absent", "no_key")
EVERY_CODE = ["".join(pair) for pair in product(digits + ascii_uppercase, repeat=2)]
BOOKED = {"00", "11", "A2", "A4", "A5", "A6"}
_NOT_BOOKED = """
    01 02 03 04 05 07 12 13 14 15 19 21 22 23 25 30 31 33 34 35 36 37 38 39 40 41 42 43 44 51 52 53
    54 55 56 57 58 59 60 61 62 63 64 65 66 67 75 77 93 97 99 A0 A1 A3
"""
NOT_BOOKED = set(_NOT_BOOKED.split())
"""Written out here, so that no change of the dialect's table can turn a doubt into a no unseen."""

OTHER = {
    "t": "0210",
    "2": "6200000000000047",
    "3": "000000",
    "4": "000000000999",
    "11": "000008",
    "12": "235959",
    "13": "0310",
    "14": "2901",
    "15": "0310",
    "22": "051",
    "23": "009",
    "25": "06",
    "26": "06",
    "27": "1",
    "32": "99990000",
    "35": "6200000000000005D3012",
    "36": "996200000000000005",
    "37": "606810000999",
    "38": "ABCDEF",
    "39": "05",
    "41": "87654321",
    "42": "999999999999999",
    "44": "03080000   48021000   ",
    "48": "0" * 62,
    "49": "344",
    "52": "0123456789ABCDEF",
    "53": "2600000000000000",
    "54": "1002156C000000010000",
    "55": "9F2608AABBCCDDEEFF0011",
    "57": "text",
    "58": "00",
    "59": "A2003ABC",
    "60": "22000002000500",
    "61": "0000010000030308",
    "62": "00112233",
    "63": "VIS",
    "64": "8877665544332211",
}
"""Another valid-looking value of every field of the dialect."""

CHANGED_AND_STILL_ACCEPTED = {
    *("12", "13", "15", "32", "37", "44", "63"),
    "64",  # what stands in it is judged by ``seal``; here the verdict counts
}
REMOVED_AND_STILL_ACCEPTED = {"2", "25", "32", "44", "60", "63"}
ADDED_AND_STILL_ACCEPTED = {"14", "23", "38", "53", "54", "55", "57", "59", "62"}
KEY_FIELDS = {"t": "MTI", "11": "DE11", "41": "DE41"}


def verdict_on(
    fields: dict[str, str],
    mac: MACVerdict = "valid",
    *,
    attempt: Attempt = SENT,
    without: tuple[str, ...] = (),
) -> str:
    """Say in a word what an answer proves."""
    table = DIALECT.messages[attempt.kind]
    answer = received(fields, mac, without=without)
    return word(interpret(attempt, table, answer, DIALECT))


def word(verdict: Conclusion | Stranger) -> str:
    """``accept``, ``decline``, ``undo``, ``doubt: reason`` or ``stranger: field``."""
    if isinstance(verdict, Stranger):
        return f"stranger: {verdict.path}"
    reason = verdict.facts.get("reason")
    where = verdict.facts.get("where")
    return ": ".join([str(verdict.event), *filter(None, [reason, where])])


def undone(fields: dict[str, str], mac: MACVerdict = "valid", without: tuple[str, ...] = ()) -> str:
    """Say in a word what an answer to the reversal of a sale proves."""
    sale = attempt_in(State.REVERSING, "sale")
    return word(
        interpret_reversal(sale, received(fields, mac, without=without), DIALECT, is_same_day=True)
    )


@pytest.mark.parametrize(
    ("kind", "answer"),
    [("refund", REFUND_ANSWER), ("void", VOID_ANSWER), ("sale", SALE_ANSWER)],
)
def test_answer_that_is_right_in_everything_is_accepted(kind: Kind, answer: dict[str, str]) -> None:
    assert verdict_on(answer, attempt=attempt_in(State.SENT, kind)) == "accept"
    assert verdict_on(answer, attempt=attempt_in(State.IN_DOUBT, kind)) == "accept"
    assert verdict_on(answer, attempt=attempt_in(State.IN_DOUBT, kind, copies=2)) == "accept"


def test_what_an_accepted_answer_says_is_kept_without_card_data() -> None:
    answer = received(REFUND_ANSWER | {"38": "654321", "63": "CUP6200000000000005"})
    verdict = interpret(SENT, DIALECT.messages["refund"], answer, DIALECT)

    assert isinstance(verdict, Conclusion)
    assert verdict.facts == {
        "code": "00",
        "mac": "valid",
        "rrn": "606810000123",
        "auth_code": "654321",
        "host_time": "100001",
        "host_date": "0309",
        "settlement_date": "0309",
        "institutions": "01020000   48020000   ",
        "organisation": "CUP",
    }


def test_every_field_of_the_dialect_has_another_value_in_this_file() -> None:
    assert set(OTHER) == {"t", *DIALECT.fields}
    for name, value in OTHER.items():
        assert REFUND_ANSWER.get(name) != value
        assert not DIALECT.value_faults({name: value})


@pytest.mark.parametrize("name", list(REFUND_ANSWER))
def test_answer_with_one_field_changed_is_accepted_only_where_the_field_informs(name: str) -> None:
    verdict = verdict_on(REFUND_ANSWER | {name: OTHER[name]})

    if name in CHANGED_AND_STILL_ACCEPTED:
        assert verdict == "accept"
    elif name in KEY_FIELDS:
        assert verdict == f"stranger: {KEY_FIELDS[name]}"
    elif name == "39":
        assert verdict == "decline"
    else:
        assert verdict == f"doubt: mismatch: DE{name}"


@pytest.mark.parametrize("name", list(REFUND_ANSWER))
def test_answer_with_one_field_missing_is_accepted_only_where_the_field_informs(name: str) -> None:
    verdict = verdict_on(REFUND_ANSWER, without=(name,))

    if name in REMOVED_AND_STILL_ACCEPTED:
        assert verdict == "accept"
    elif name in KEY_FIELDS:
        assert verdict == f"stranger: {KEY_FIELDS[name]}"
    elif name == "39":
        assert verdict == "doubt: mismatch: DE39"
    else:
        assert verdict == f"doubt: mismatch: DE{name}"


@pytest.mark.parametrize("number", range(2, 129))
def test_answer_with_one_field_added_is_accepted_only_where_the_table_has_it(number: int) -> None:
    name = str(number)
    if name in REFUND_ANSWER:
        return
    verdict = verdict_on(REFUND_ANSWER | {name: OTHER.get(name, "00")})

    if name in ADDED_AND_STILL_ACCEPTED:
        assert verdict == "accept"
    else:
        assert verdict == f"doubt: mismatch: DE{name}"


@pytest.mark.parametrize("mac", NO_MAC_PROOF)
def test_answer_without_a_right_mac_is_never_accepted_whatever_is_changed(mac: MACVerdict) -> None:
    for name, value in OTHER.items():
        changed = verdict_on(REFUND_ANSWER | {name: value}, mac)
        removed = verdict_on(REFUND_ANSWER, mac, without=(name,))
        for verdict in (changed, removed):
            assert verdict.startswith(("doubt", "stranger", "decline"))
            assert not verdict.startswith("decline") or mac == "absent"


@pytest.mark.parametrize(
    ("mac", "without", "expected"),
    [
        ("wrong", (), "doubt: bad_mac"),
        ("no_key", (), "doubt: bad_mac"),
        ("absent", ("64",), "doubt: mismatch: DE64"),
        ("absent", (), "doubt: no_mac"),
        ("valid", ("64",), "doubt: mismatch: DE64"),
    ],
)
def test_yes_without_a_valid_mac_is_a_doubt(
    mac: MACVerdict, without: tuple[str, ...], expected: str
) -> None:
    assert verdict_on(REFUND_ANSWER, mac, without=without) == expected


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("12", "10000A"),
        ("13", "03:9"),
        ("15", "    "),
        ("32", "480Z"),
        ("37", "60681000012\n"),
        ("38", "65?321"),
        ("4", "00000000100D"),
        ("63", "CUP\x00"),
    ],
)
def test_field_with_characters_of_another_type_is_a_doubt_unless_it_is_free_text(
    name: str, value: str
) -> None:
    expected = "accept" if name == "63" else f"doubt: mismatch: DE{name}"

    assert verdict_on(REFUND_ANSWER | {name: value}) == expected


@pytest.mark.parametrize("rrn", ["", "60681000012", "6068100001234"])
def test_reference_number_of_another_length_is_a_doubt(rrn: str) -> None:
    assert verdict_on(REFUND_ANSWER | {"37": rrn}) == "doubt: mismatch: DE37"


@pytest.mark.parametrize(
    ("de60", "expected"),
    [
        ("25000001000600", "accept"),
        ("25000001000501", "accept"),
        ("25000001", "accept"),
        ("25000001000", "accept"),
        ("25000002000600", "doubt: mismatch: DE60"),
        ("23000001000600", "doubt: mismatch: DE60"),
        ("2500000", "doubt: mismatch: DE60"),
        ("", "doubt: mismatch: DE60"),
    ],
)
def test_answer_repeats_type_and_batch_and_may_say_what_it_likes_of_the_reader(
    de60: str, expected: str
) -> None:
    assert verdict_on(REFUND_ANSWER | {"60": de60}) == expected


def test_partial_approval_is_not_the_refund_that_was_asked() -> None:
    assert verdict_on(REFUND_ANSWER | {"39": "10"}) == "doubt: code_10"
    assert verdict_on(REFUND_ANSWER | {"39": "10", "4": "000000000500"}) == ("doubt: mismatch: DE4")


@pytest.mark.parametrize("copies", [1, 2])
@pytest.mark.parametrize("mac", VERDICTS)
def test_every_response_code_with_every_verdict_on_the_mac(mac: MACVerdict, copies: int) -> None:
    attempt = replace(SENT, copies=copies)
    for code in EVERY_CODE:
        verdict = verdict_on(REFUND_ANSWER | {"39": code}, mac, attempt=attempt)
        if mac in ("wrong", "no_key"):
            assert verdict == "doubt: bad_mac"
        elif code in BOOKED:
            assert verdict == ("accept" if mac == "valid" else "doubt: no_mac")
        elif code == "94" and copies == 2:
            assert verdict == "doubt: received"  # our own repeat: a copy is there, no more
        elif code not in NOT_BOOKED:
            assert verdict == f"doubt: code_{code}"
        else:
            assert verdict == ("decline" if copies == 1 else "doubt: declined_after_repeat")


def test_code_in_small_letters_is_a_code_that_nobody_listed() -> None:
    assert verdict_on(REFUND_ANSWER | {"39": "a2"}) == "doubt: code_a2"


def test_no_without_a_mac_counts_and_is_marked_as_unauthenticated() -> None:
    answer = received(REFUND_ANSWER | {"39": "61"}, "absent", without=("64",))
    verdict = interpret(SENT, DIALECT.messages["refund"], answer, DIALECT)

    assert verdict == Conclusion(Event.DECLINE, {"code": "61", "mac": "absent"})


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("6200000000000005", "accept"),
        ("6200001234560005", "accept"),  # what is kept of a number cannot tell more
        ("6200000000000047", "doubt: mismatch: DE2"),
        ("6205500000000000004", "doubt: mismatch: DE2"),
        ("620000000005", "doubt: mismatch: DE2"),
        ("62000000000000005", "doubt: mismatch: DE2"),
        ("4200000000000005", "doubt: mismatch: DE2"),
        ("620000******0005", "doubt: mismatch: DE2"),
        ("", "doubt: mismatch: DE2"),
    ],
)
def test_answer_about_another_card_is_a_doubt(number: str, expected: str) -> None:
    assert verdict_on(REFUND_ANSWER | {"2": number}) == expected


@pytest.mark.parametrize("name", ["2", "3", "4", "25", "42", "49", "60"])
def test_no_that_repeats_another_identity_closes_nothing(name: str) -> None:
    fields = REFUND_ANSWER | {"39": "61", name: OTHER[name]}

    assert verdict_on(fields, "absent", without=("64",)) == f"doubt: mismatch: DE{name}"


@pytest.mark.parametrize("mac", VERDICTS)
def test_bytes_that_are_no_message_are_a_doubt(mac: MACVerdict) -> None:
    refusal = DecodeError("DE4", "12 digits", offset_bytes=17)
    verdict = interpret(SENT, DIALECT.messages["refund"], Received({}, mac, refusal, 30), DIALECT)

    assert word(verdict) == "doubt: unreadable: DE4"
    undo = interpret_reversal(
        attempt_in(State.REVERSING, "sale"),
        Received({}, mac, refusal, 30),
        DIALECT,
        is_same_day=True,
    )
    assert word(undo) == "doubt: unreadable: DE4"


def test_stranger_says_which_key_differs_and_how() -> None:
    answer = received(REFUND_ANSWER | {"11": "000006"})
    verdict = interpret(SENT, DIALECT.messages["refund"], answer, DIALECT)

    assert verdict == Stranger("DE11", "000007", "000006")


def test_answer_to_a_sale_is_a_stranger_to_a_refund_even_under_the_same_number() -> None:
    assert verdict_on(SALE_ANSWER) == "stranger: MTI"
    assert verdict_on(REVERSAL_ANSWER) == "stranger: MTI"


# --- reversals ---------------------------------------------------------------------------------


def test_reversal_is_undone_by_00_with_a_valid_mac() -> None:
    assert undone(REVERSAL_ANSWER) == "undo"


@pytest.mark.parametrize("code", ["12", "25"])
@pytest.mark.parametrize("mac", ["valid", "absent"])
def test_reversal_is_undone_by_an_answer_that_there_is_nothing_to_undo(
    mac: MACVerdict, code: str
) -> None:
    assert undone(REVERSAL_ANSWER | {"39": code}, mac) == "undo"


@pytest.mark.parametrize("mac", VERDICTS)
def test_every_response_code_of_a_reversal_with_every_verdict_on_the_mac(mac: MACVerdict) -> None:
    for code in EVERY_CODE:
        authentic = code == "00" and mac == "valid"
        nothing_there = code in ("12", "25") and mac in ("valid", "absent")
        expected = "undo" if authentic or nothing_there else "doubt: reversal_refused"

        assert undone(REVERSAL_ANSWER | {"39": code}, mac) == expected


@pytest.mark.parametrize("tail", ["001600", "0006001"])
def test_without_a_mac_every_digit_that_is_echoed_counts(tail: str) -> None:
    """A host refuses a reversal whose DE60 was bent on the way with 12, the sale stays booked."""
    bent = REVERSAL_ANSWER | {"60": f"22000001{tail}"}

    assert undone(bent | {"39": "12"}, "absent") == "doubt: reversal_refused"
    assert undone(bent) == "undo"
    assert undone(REVERSAL_ANSWER | {"39": "12", "60": "22000001000"}, "absent") == "undo"


@pytest.mark.parametrize("code", ["00", "12", "25"])
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("t", "stranger: MTI"),
        ("11", "stranger: DE11"),
        ("41", "stranger: DE41"),
        ("3", "doubt: reversal_refused"),
        ("2", "doubt: reversal_refused"),
        ("4", "doubt: reversal_refused"),
        ("25", "doubt: reversal_refused"),
        ("42", "doubt: reversal_refused"),
        ("49", "doubt: reversal_refused"),
        ("60", "doubt: reversal_refused"),
    ],
)
def test_answer_to_another_reversal_undoes_nothing(name: str, expected: str, code: str) -> None:
    value = "200000" if name == "3" else OTHER[name]
    value = "23000001000600" if name == "60" else value

    assert undone(REVERSAL_ANSWER | {"39": code, name: value}) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("t", "stranger: MTI"),
        ("11", "stranger: DE11"),
        ("41", "stranger: DE41"),
        ("39", "doubt: reversal_refused"),
    ],
)
def test_reversal_answer_without_its_key_or_code_undoes_nothing(name: str, expected: str) -> None:
    assert undone(REVERSAL_ANSWER, without=(name,)) == expected


# --- properties --------------------------------------------------------------------------------

names = st.sampled_from(["t", *map(str, range(2, 129))])
near = st.dictionaries(
    names, st.sampled_from([*REFUND_ANSWER.values(), *OTHER.values()]) | st.text(max_size=12)
)
answers = st.one_of(
    st.dictionaries(names, st.text(max_size=30), max_size=30),
    near.map(lambda changes: REFUND_ANSWER | changes),
    near.map(lambda changes: REVERSAL_ANSWER | changes),
)


@PROPERTY
@given(answers, st.sampled_from(VERDICTS), st.integers(1, 3))
def test_arbitrary_fields_never_raise_and_never_become_a_yes_without_proof(
    fields: dict[str, str], mac: MACVerdict, copies: int
) -> None:
    verdict = verdict_on(fields, mac, attempt=replace(SENT, copies=copies))

    if verdict == "accept":
        assert mac == "valid"
        assert fields["39"] in BOOKED
        identity = {name: fields[name] for name in ("t", "3", "4", "11", "41", "42", "49")}
        assert identity == {
            "t": "0230",
            "3": "200000",
            "4": "000000001000",
            "11": "000007",
            "41": "12345678",
            "42": "123456789012345",
            "49": "156",
        }
    if verdict == "decline":
        assert copies == 1
        assert mac in ("valid", "absent")
        assert fields["39"] in NOT_BOOKED


@PROPERTY
@given(answers, st.sampled_from(VERDICTS))
def test_arbitrary_fields_never_raise_and_never_undo_without_proof(
    fields: dict[str, str], mac: MACVerdict
) -> None:
    if undone(fields, mac) == "undo":
        assert (fields["t"], fields["11"], fields["41"]) == ("0410", "000007", "12345678")
        assert (fields["39"], mac) in [
            ("00", "valid"),
            ("12", "valid"),
            ("25", "valid"),
            ("12", "absent"),
            ("25", "absent"),
        ]


@PROPERTY
@given(st.sets(names, max_size=6))
def test_taking_fields_out_never_turns_a_doubt_into_a_yes(without: set[str]) -> None:
    verdict = verdict_on(REFUND_ANSWER, without=tuple(without))

    if without & set(REFUND_ANSWER) - REMOVED_AND_STILL_ACCEPTED:
        assert verdict.startswith(("doubt", "stranger"))
    else:
        assert verdict == "accept"
