"""Card data: checked once, shown masked, and in no way out but ``reveal``."""

from __future__ import annotations

import copy
import dataclasses
import json
import pickle
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posrefund.errors import InvalidRequestError
from posrefund.values import PAN, CardRead, Track2
from posrefund.values.card import mask_pan, passes_luhn

NUMBER = "6200000000000005"
OTHER = "6200000000000047"
TRACK = f"{NUMBER}D30122010000000"
CARD = PAN(NUMBER)

anything = st.one_of(
    st.none(),
    st.integers(),
    st.floats(),
    st.booleans(),
    st.text(),
    st.binary(),
    st.lists(st.text()),
)


def with_check_digit(payload: str) -> str:
    """Return *payload* and its check digit, by the table of ISO/IEC 7812-1 annex B."""
    doubled = dict(zip("0123456789", (0, 2, 4, 6, 8, 1, 3, 5, 7, 9), strict=True))
    total = sum(
        doubled[char] if place % 2 == 0 else int(char)
        for place, char in enumerate(reversed(payload))
    )
    return payload + str(-total % 10)


numbers = st.from_regex(r"[0-9]{11,18}", fullmatch=True).map(with_check_digit)


# --- Luhn and masks --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("digits", "passes"),
    [
        ("79927398713", True),  # the example of ISO/IEC 7812-1
        ("79927398710", False),
        ("79927398718", False),
        (NUMBER, True),
        (OTHER, True),
        ("6200000000000006", False),
        ("0", True),
        ("", True),
    ],
)
def test_luhn_says_whether_the_last_digit_checks_the_others(digits: str, passes: bool) -> None:
    assert passes_luhn(digits) is passes


@given(numbers)
def test_luhn_finds_every_single_wrong_digit(digits: str) -> None:
    assert passes_luhn(digits)
    for place, char in enumerate(digits):
        wrong = digits[:place] + str((int(char) + 1) % 10) + digits[place + 1 :]
        assert not passes_luhn(wrong)


@pytest.mark.parametrize(
    ("digits", "shown"),
    [
        (NUMBER, "620000******0005"),
        ("6205500000000000004", "620550*********0004"),
        ("6200000000005", "620000***0005"),
        ("123456789012", "********9012"),
        ("12345678", "****5678"),
        ("1234567", "***"),
        ("", "***"),
        ("62000000000000D5", "***"),
        ("６２００００００００００００００", "***"),
    ],
)
def test_mask_shows_first_six_and_last_four_or_less(digits: str, shown: str) -> None:
    assert mask_pan(digits) == shown


# --- PAN -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "digits", ["620000000003", NUMBER, "6205500000000000004", "6200000000000000003"]
)
def test_pan_takes_twelve_to_nineteen_digits(digits: str) -> None:
    right = with_check_digit(digits[:-1])

    assert PAN(right).reveal() == right


@pytest.mark.parametrize(
    "digits",
    [
        "",
        "62000000004",
        "62000000000000000006",
        "6200000000000006",
        "6200000000000005 ",
        " 6200000000000005",
        "6200000000000005\n",
        "６２００００００００００００００５",
        "62٠٠000000000005",
        "62000000000000²",
        "+620000000000005",
        "6200_0000_0000_0005",
        "62000000000000A",
        6200000000000005,
        b"6200000000000005",
        None,
        ["6200000000000005"],
    ],
)
def test_pan_refuses_what_is_no_account_number_and_does_not_repeat_it(digits: object) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        PAN(digits)  # type: ignore[arg-type]

    assert caught.value.faults == (("pan", "12 to 19 digits that pass the Luhn check"),)
    assert not re.search("[0-9]{3}", str(caught.value))


@given(numbers)
def test_pan_takes_every_number_with_a_right_check_digit(digits: str) -> None:
    assert PAN(digits).reveal() == digits


@given(anything)
def test_pan_of_anything_is_right_or_refused(given: Any) -> None:
    try:
        pan = PAN(given)
    except InvalidRequestError:
        return
    assert passes_luhn(pan.reveal())


# --- track 2 ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [TRACK, TRACK.replace("D", "="), f"{NUMBER}D3012"])
def test_track2_gives_number_and_expiry_whatever_the_separator(data: str) -> None:
    track = Track2(data)

    assert track.pan == CARD
    assert track.expiry == "3012"
    assert track.reveal() == data.replace("=", "D")


@pytest.mark.parametrize(
    "data",
    [
        "",
        "D",
        NUMBER,
        f"{NUMBER}D",
        f"{NUMBER}D301",
        f"{NUMBER}D3012D1",
        f"{NUMBER}d3012",
        f"{NUMBER}D30 12",
        f"{NUMBER}D" + "1" * 21,
        "6200000000000006D3012201",
        "D30122010000000",
        "1234D30122010000000",
        f"{NUMBER}D３０１２",
        f";{NUMBER}=3012?",
        None,
        37,
        TRACK.encode(),
    ],
)
def test_track2_refuses_what_is_no_track(data: object) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        Track2(data)  # type: ignore[arg-type]

    assert caught.value.faults == (("track2", "PAN, separator, YYMM and digits, at most 37"),)


@given(numbers, st.from_regex(r"[0-9]{4,17}", fullmatch=True))
def test_track2_of_any_right_track_gives_its_number(digits: str, rest: str) -> None:
    assert Track2(f"{digits}D{rest}").pan.reveal() == digits


@given(anything)
def test_track2_of_anything_is_right_or_refused(given: Any) -> None:
    try:
        track = Track2(given)
    except InvalidRequestError:
        return
    assert track.pan.reveal()


# --- secrets stay in --------------------------------------------------------------------------------

every_secret = pytest.mark.parametrize("secret", [CARD, Track2(TRACK)], ids=["PAN", "Track2"])


@every_secret
def test_secret_shows_itself_masked_however_it_is_printed(secret: PAN | Track2) -> None:
    told = [
        str(secret),
        repr(secret),
        f"{secret}",
        f"{secret!r}",
        f"{secret:>40}",
        "%s %r" % (secret, secret),  # noqa: UP031
    ]
    told += [format(secret, "^60"), repr([secret]), repr({"card": secret}), repr((secret,))]

    for text in told:
        assert NUMBER not in text
        assert TRACK not in text
    assert repr(CARD) == "PAN(620000******0005)"
    assert repr(Track2(TRACK)) == "Track2(***)"


@every_secret
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_secret_cannot_be_pickled(secret: PAN | Track2, protocol: int) -> None:
    with pytest.raises(TypeError, match=r"cannot be pickled or copied"):
        pickle.dumps(secret, protocol)


@every_secret
def test_secret_cannot_be_hashed_or_written_as_json(secret: PAN | Track2) -> None:
    with pytest.raises(TypeError):
        hash(secret)
    with pytest.raises(TypeError):
        json.dumps(secret)


@every_secret
def test_secret_has_no_dict_and_takes_no_attribute(secret: PAN | Track2) -> None:
    with pytest.raises(TypeError):
        vars(secret)
    with pytest.raises(AttributeError):
        secret.note = "x"  # type: ignore[union-attr]


@every_secret
def test_secret_is_its_own_copy_for_there_is_only_one(secret: PAN | Track2) -> None:
    assert copy.copy(secret) is secret
    assert copy.deepcopy([secret])[0] is secret


def test_secret_equals_only_the_same_secret_of_its_own_type() -> None:
    assert PAN(NUMBER) == PAN(NUMBER)
    assert PAN(NUMBER) != PAN(OTHER)
    assert PAN(NUMBER) != NUMBER
    assert Track2(TRACK) == Track2(TRACK.replace("D", "="))
    assert Track2(TRACK) != PAN(NUMBER)


# --- a card read -----------------------------------------------------------------------------------


@pytest.mark.parametrize("entry_mode", ["051", "052", "071", "072"])
def test_card_read_of_a_chip_needs_no_track(entry_mode: Any) -> None:
    read = CardRead(entry_mode, CARD, expiry="3012", sequence_number="001", pin_block=bytes(8))

    assert not read.is_magnetic


@pytest.mark.parametrize("entry_mode", ["021", "022"])
def test_card_read_of_a_stripe_needs_its_track(entry_mode: Any) -> None:
    assert CardRead(entry_mode, CARD, track2=Track2(TRACK)).is_magnetic
    with pytest.raises(
        InvalidRequestError, match=r"^card.track2: expected track 2 with the same PAN$"
    ):
        CardRead(entry_mode, CARD)


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"entry_mode": "031"}, "card.entry_mode"),
        ({"entry_mode": "032"}, "card.entry_mode"),
        ({"entry_mode": "05"}, "card.entry_mode"),
        ({"entry_mode": None}, "card.entry_mode"),
        ({"entry_mode": 51}, "card.entry_mode"),
        ({"entry_mode": ["051"]}, "card.entry_mode"),
        ({"pan": NUMBER}, "card.pan"),
        ({"pan": None}, "card.pan"),
        ({"expiry": "3013"}, "card.expiry"),
        ({"expiry": "3000"}, "card.expiry"),
        ({"expiry": "301"}, "card.expiry"),
        ({"expiry": "３０１２"}, "card.expiry"),
        ({"expiry": 3012}, "card.expiry"),
        ({"sequence_number": "1"}, "card.sequence_number"),
        ({"sequence_number": "00A"}, "card.sequence_number"),
        ({"sequence_number": 1}, "card.sequence_number"),
        ({"track2": Track2(TRACK)}, "card.track2"),
        ({"entry_mode": "021", "track2": Track2(f"{OTHER}D3012")}, "card.track2"),
        ({"entry_mode": "021", "track2": TRACK}, "card.track2"),
        ({"pin_block": bytes(7)}, "card.pin_block"),
        ({"pin_block": "12345678"}, "card.pin_block"),
        ({"pin_block": 8}, "card.pin_block"),
    ],
)
def test_card_read_refuses_a_fault_by_its_path(changes: dict[str, Any], path: str) -> None:
    right: dict[str, Any] = {"entry_mode": "051", "pan": CARD}
    with pytest.raises(InvalidRequestError) as caught:
        CardRead(**{**right, **changes})

    assert [found for found, _ in caught.value.faults] == [path]


def test_card_read_tells_all_faults_at_once_in_the_order_of_its_fields() -> None:
    with pytest.raises(InvalidRequestError) as caught:
        CardRead("031", NUMBER, "9999", "x", TRACK, b"x")  # type: ignore[arg-type]

    assert [path for path, _ in caught.value.faults] == [
        "card.entry_mode",
        "card.pan",
        "card.expiry",
        "card.sequence_number",
        "card.track2",
        "card.pin_block",
    ]
    assert NUMBER not in str(caught.value)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "expiry": anything,
            "sequence_number": anything,
            "track2": anything | st.just(Track2(TRACK)),
            "pin_block": anything,
        },
    ),
    anything | st.sampled_from(["021", "051", "072"]),
    anything | st.just(CARD),
)
def test_card_read_of_anything_is_right_or_refused(
    parts: dict[str, Any], entry_mode: Any, pan: Any
) -> None:
    try:
        read = CardRead(entry_mode, pan, **parts)
    except InvalidRequestError as error:
        refused = [path for path, _ in error.faults]
    else:
        assert read.pan == CARD
        return
    assert refused
    assert all(path.startswith("card.") for path in refused)


def test_card_read_shows_nothing_but_the_masked_number() -> None:
    read = CardRead("021", CARD, "3012", None, Track2(TRACK), bytes.fromhex("C0FFEE77C0FFEE77"))

    assert repr(read) == str(read) == "CardRead(021, 620000******0005)"
    assert "C0FFEE77" not in repr(dataclasses.asdict(read)["pan"])


def test_card_read_cannot_be_pickled_hashed_or_changed() -> None:
    read = CardRead("051", CARD)
    with pytest.raises(TypeError):
        pickle.dumps(read)
    with pytest.raises(TypeError):
        hash(read)
    with pytest.raises(AttributeError):
        read.pan = PAN(OTHER)  # type: ignore[misc]
