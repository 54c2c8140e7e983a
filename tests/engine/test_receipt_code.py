"""The code of a slip: literal ones, any one, and everything that a scanner or a hand can do to it."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.builders import PROPERTY, attempt_in, original
from posrefund.engine import ReceiptCode, State, receipt_code
from posrefund.errors import InvalidRequestError
from posrefund.values import STAN, BatchNumber, TerminalID

CODE = "R0APN58QCKDAWBBZA9AW"
"""12345678, batch 000007, STAN 000042, 9 March 2026. By hand: (((12345678 * 10**6 + 7) * 10**6 + 42) * 2**15 + 9564), 17
digits of base 32, and modulo 479 the letters KD (9, 3)."""
SAID = ReceiptCode(TerminalID("12345678"), BatchNumber("000007"), STAN("000042"), date(2026, 3, 9))

six = st.integers(1, 999_999).map("{:06d}".format)
terminals = st.one_of(
    st.integers(0, 99_999_999).map("{:08d}".format),
    st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=8, max_size=8),
)
codes = st.builds(
    ReceiptCode,
    terminals.map(TerminalID),
    six.map(BatchNumber),
    six.map(STAN),
    st.dates(date(2000, 1, 1), date(2089, 9, 17)),
)


def test_code_of_a_sale_is_twenty_characters() -> None:
    assert str(SAID) == CODE
    assert ReceiptCode.parse(CODE) == SAID


def test_code_is_the_number_that_its_docstring_says() -> None:
    digits = CODE[1:9] + CODE[11:]
    number = sum(
        "0123456789ABCDEFGHJKMNPQRSTVWXYZ".index(character) * 32**place
        for place, character in enumerate(reversed(digits))
    )

    assert number == (((12345678 * 10**6 + 7) * 10**6 + 42) << 15) + 9564
    assert number % 479 == 9 * 22 + 3  # K and D: ABCDEFGHJK has K at 9, D at 3


def test_code_of_any_other_terminal_is_twenty_five_characters() -> None:
    code = ReceiptCode(
        TerminalID("POS #0~1"), BatchNumber("999999"), STAN("999999"), date(2089, 9, 1)
    )

    assert str(code) == "R2QHM57941YRDYAS2W3KZZZZF"
    assert ReceiptCode.parse("R2QHM57941YRDYAS2W3KZZZZF") == code


@pytest.mark.parametrize(
    "typed",
    [
        "r0apn58qckdawbbza9aw",
        "R0APN-58QCK-DAWBB-ZA9AW",
        "ROAPN 58QCK DAWBB ZA9AW",
        " R0APN58QCKDAWBBZA9AW ",
    ],
)
def test_code_may_be_typed_as_people_do(typed: str) -> None:
    assert ReceiptCode.parse(typed) == SAID


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "R and 19 or 24 letters and digits"),
        ("R", "R and 19 or 24 letters and digits"),
        ("606710000042", "R and 19 or 24 letters and digits"),
        (CODE[:-1], "R and 19 or 24 letters and digits"),
        (CODE + "0", "R and 19 or 24 letters and digits"),
        ("X" + CODE[1:], "R and 19 or 24 letters and digits"),
        (CODE.replace("W", "U"), "R and 19 or 24 letters and digits"),
        (CODE.replace("W", "Ｗ"), "R and 19 or 24 letters and digits"),
        (CODE.replace("W", "ß"), "R and 19 or 24 letters and digits"),
        (CODE.replace("C", "D"), "as it is printed: its check does not fit"),
        ("RZZZZZZZZZZZZZZZZZZZ", "as it is printed: its check does not fit"),
    ],
)
def test_what_is_no_code_is_refused_without_being_quoted(text: str, expected: str) -> None:
    with pytest.raises(InvalidRequestError) as refusal:
        ReceiptCode.parse(text)

    assert refusal.value.faults == (("code", expected),)


@PROPERTY
@given(codes)
def test_every_code_comes_back_and_holds_no_long_run_of_digits(code: ReceiptCode) -> None:
    text = str(code)

    assert ReceiptCode.parse(text) == code
    assert len(text) in (20, 25)
    assert not re.search("[0-9]{13}", text)


@PROPERTY
@given(codes, st.data())
def test_one_wrong_character_is_always_seen(code: ReceiptCode, data: st.DataObject) -> None:
    text = str(code)
    place = data.draw(st.integers(1, len(text) - 1))
    wrong = data.draw(
        st.sampled_from("0123456789ABCDEFGHJKMNPQRSTVWXYZ").filter(lambda one: one != text[place])
    )

    with pytest.raises(InvalidRequestError):
        ReceiptCode.parse(text[:place] + wrong + text[place + 1 :])


@PROPERTY
@given(codes, st.data())
def test_two_characters_that_changed_places_are_always_seen(
    code: ReceiptCode, data: st.DataObject
) -> None:
    text = str(code)
    half = (len(text) - 3) // 2
    places = [n for n in range(1, len(text)) if n not in (1 + half, 2 + half)]
    one, other = data.draw(
        st.tuples(st.sampled_from(places), st.sampled_from(places)).filter(
            lambda pair: text[pair[0]] != text[pair[1]]
        )
    )
    swapped = list(text)
    swapped[one], swapped[other] = text[other], text[one]

    with pytest.raises(InvalidRequestError):
        ReceiptCode.parse("".join(swapped))


@PROPERTY
@given(st.text(max_size=40))
def test_any_text_is_a_code_or_refused(text: str) -> None:
    with suppress(InvalidRequestError):
        assert ReceiptCode.parse(str(ReceiptCode.parse(text))) == ReceiptCode.parse(text)


def test_code_that_fits_by_chance_and_names_no_slip_is_refused() -> None:
    """Base 32 holds more than a terminal of eight digits: such a number has a check and no terminal."""
    number = 10**8 * 10**12 << 15
    digits = "".join(
        "0123456789ABCDEFGHJKMNPQRSTVWXYZ"[number >> 5 * place & 31] for place in range(16, -1, -1)
    )
    letters = "ABCDEFGHJKMNPQRSTVWXYZ"
    check = letters[number % 479 // 22] + letters[number % 479 % 22]

    with pytest.raises(InvalidRequestError) as refusal:
        ReceiptCode.parse(f"R{digits[:8]}{check}{digits[8:]}")

    assert refusal.value.faults == (("code", "of a slip"),)


def test_sale_and_its_attempt_have_one_code() -> None:
    attempt = attempt_in(State.ACCEPTED, kind="sale")
    attempt = replace(attempt, facts={**attempt.facts, "host_date": "0308"})
    sale = replace(
        original(),
        terminal=attempt.terminal,
        batch=attempt.batch,
        stan=attempt.stan,
        transaction_date=date(2026, 3, 8),
    )

    assert receipt_code(attempt) == receipt_code(sale)


def test_attempt_without_an_answer_goes_by_the_hosts_day() -> None:
    attempt = attempt_in(State.SENT, kind="refund")

    code = ReceiptCode.parse(receipt_code(attempt))
    assert (code.day, code.stan) == (attempt.host_day, attempt.stan)


def test_new_years_eve_stays_in_its_year() -> None:
    attempt = replace(attempt_in(State.ACCEPTED, kind="sale"), host_day=date(2026, 1, 1))
    attempt = replace(attempt, facts={**attempt.facts, "host_date": "1231"})

    assert ReceiptCode.parse(receipt_code(attempt)).day == date(2025, 12, 31)


@pytest.mark.parametrize(
    "changes",
    [
        {"terminal": "?606710000042"},  # only described
        {"batch": "7"},
        {"transaction_date": date(1999, 12, 31)},
        {"transaction_date": date(2000, 1, 1) + timedelta(days=1 << 15)},
    ],
)
def test_sale_without_a_place_in_a_batch_has_no_code(changes: dict[str, object]) -> None:
    with pytest.raises(InvalidRequestError):
        receipt_code(replace(original(), **changes))  # type: ignore[arg-type]
