"""The tree of errors is the one that is drawn, and each error says and keeps what it should."""

from __future__ import annotations

import copy
import inspect
import pickle
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posrefund import errors
from posrefund.errors import (
    CodecError,
    ConfigError,
    CryptoError,
    DecodeError,
    DeviceBusyError,
    DeviceRefusedError,
    DialectFileError,
    EncodeError,
    FramingError,
    InvalidKeyError,
    InvalidPINBlockError,
    InvalidRequestError,
    JournalCorruptError,
    JournalError,
    JournalWriteError,
    KeyUsageError,
    LinkClosedError,
    LinkError,
    LinkOpenError,
    LinkTimeoutError,
    LocalProtocolError,
    MACMismatchError,
    PosRefundError,
    ProtocolError,
    RefusedError,
    RemoteProtocolError,
    RequestConflictError,
)

MOMENT = datetime(2026, 3, 10, 15, 0, tzinfo=UTC)

# Each error, its sentence, its effect, whether the same call may be made again.
TABLE: list[tuple[PosRefundError, str, str, bool]] = [
    (PosRefundError("words"), "words", "nothing_sent", False),
    (
        InvalidRequestError([("amount_minor", "at least 1"), ("reason", "a known reason")]),
        "amount_minor: expected at least 1; reason: expected a known reason",
        "nothing_sent",
        False,
    ),
    (
        RefusedError("over_remaining", owner="merchant", hint_zh="超额", hint_en="too much"),
        "refused (over_remaining): too much",
        "nothing_sent",
        False,
    ),
    (
        RefusedError(
            "not_before", owner="acquirer", hint_zh="明天", hint_en="tomorrow", not_before=MOMENT
        ),
        "refused (not_before): tomorrow",
        "nothing_sent",
        False,
    ),
    (ConfigError("unknown dialect"), "unknown dialect", "nothing_sent", False),
    (
        DialectFileError([(3, "kept", "shown fields"), (9, "fields.60.zh", "text")]),
        "line 3: kept: expected shown fields; line 9: fields.60.zh: expected text",
        "nothing_sent",
        False,
    ),
    (CodecError("DE4", "12 digits"), "DE4: expected 12 digits", "nothing_sent", False),
    (EncodeError("DE4", "12 digits"), "DE4: expected 12 digits", "nothing_sent", False),
    (
        DecodeError("DE4", "12 digits", offset_bytes=18, partial=["MTI (2 bytes)"]),
        "DE4 at byte 18: expected 12 digits",
        "nothing_sent",
        False,
    ),
    (
        FramingError("a length of at most 4096", offset_bytes=7),
        "frame at byte 7: expected a length of at most 4096",
        "in_doubt",
        False,
    ),
    (CryptoError("words"), "words", "nothing_sent", False),
    (InvalidKeyError("a wrong key"), "a wrong key", "nothing_sent", False),
    (
        InvalidKeyError("a wrong key", kcv="08D7B4"),
        "a wrong key (KCV 08D7B4)",
        "nothing_sent",
        False,
    ),
    (InvalidPINBlockError(), "PIN block refused", "nothing_sent", False),
    (MACMismatchError(), "message authentication code does not match", "in_doubt", False),
    (
        KeyUsageError("PIN", "a MAC"),
        "a PIN key cannot be used for a MAC",
        "nothing_sent",
        False,
    ),
    (LinkError("words"), "words", "nothing_sent", False),
    (LinkOpenError("no route"), "no route", "nothing_sent", True),
    (LinkTimeoutError("no answer in time"), "no answer in time", "in_doubt", False),
    (
        LinkClosedError("the host closed the line", effect="nothing_sent"),
        "the host closed the line",
        "nothing_sent",
        True,
    ),
    (
        LinkClosedError("the host closed the line", effect="in_doubt"),
        "the host closed the line",
        "in_doubt",
        False,
    ),
    (ProtocolError("words"), "words", "nothing_sent", False),
    (LocalProtocolError("not now"), "not now", "nothing_sent", False),
    (RemoteProtocolError("not so"), "not so", "in_doubt", False),
    (DeviceBusyError("busy"), "busy", "nothing_sent", True),
    (
        DeviceRefusedError("cancelled", "013", hint_zh="已取消", hint_en="ask the customer"),
        "the device refused (cancelled, code 013): ask the customer",
        "nothing_sent",
        True,
    ),
    (
        DeviceRefusedError("card_refused", "", hint_zh="请插卡", hint_en="insert it"),
        "the device refused (card_refused): insert it",
        "nothing_sent",
        True,
    ),
    (JournalError("words"), "words", "nothing_sent", False),
    (JournalWriteError("disk full"), "disk full", "nothing_sent", False),
    (JournalCorruptError("the chain is broken"), "the chain is broken", "nothing_sent", False),
    (
        JournalCorruptError("the chain is broken", row=7),
        "the chain is broken (row 7)",
        "nothing_sent",
        False,
    ),
    (
        RequestConflictError("r-1"),
        "request id 'r-1' is already known with other content",
        "nothing_sent",
        False,
    ),
]
every_error = pytest.mark.parametrize(
    "error",
    [pytest.param(row[0], id=f"{type(row[0]).__name__}-{n}") for n, row in enumerate(TABLE)],
)

STANDARD_BASES = {
    InvalidRequestError: ValueError,
    CodecError: ValueError,
    FramingError: ValueError,
    InvalidKeyError: ValueError,
    InvalidPINBlockError: ValueError,
    KeyUsageError: TypeError,
    LinkTimeoutError: TimeoutError,
}


def every_class(root: type[PosRefundError] = PosRefundError) -> set[type[PosRefundError]]:
    below = {cls for cls in root.__subclasses__() if cls.__module__ == errors.__name__}
    return {root}.union(*(every_class(cls) for cls in below))


def drawn_tree() -> list[tuple[str, str | None]]:
    """Read the drawing: each name and the name above it."""
    found: list[tuple[str, str | None]] = []
    above: list[str] = []
    for line in inspect.getdoc(errors).splitlines():  # type: ignore[union-attr]
        name = line.strip(" │├└─")
        if not name.endswith("Error") or " " in name:
            continue
        depth = (len(line) - len(line.lstrip(" │├└─")) - (4 if line.startswith("    ") else 0)) // 4
        del above[depth:]
        found.append((name, above[-1] if above else None))
        above.append(name)
    return found


def test_tree_that_is_drawn_is_the_tree_that_is() -> None:
    real = {
        (cls.__name__, None if cls is PosRefundError else cls.__bases__[0].__name__)
        for cls in every_class()
    }

    assert set(drawn_tree()) == real
    assert len(drawn_tree()) == len(real) == 27


def test_all_errors_are_exported_and_end_in_error() -> None:
    assert {cls.__name__ for cls in every_class()} == set(errors.__all__) - {"Effect", "Fault"}
    assert all(cls.__name__.endswith("Error") for cls in every_class())


def test_table_has_every_class() -> None:
    assert {type(row[0]) for row in TABLE} == every_class()


@pytest.mark.parametrize("cls", sorted(every_class(), key=repr))
def test_error_is_of_the_standard_kind_that_callers_expect(cls: type[PosRefundError]) -> None:
    assert issubclass(cls, PosRefundError)
    for ours, standard in STANDARD_BASES.items():
        if issubclass(cls, ours):
            assert issubclass(cls, standard)
    assert cls.__doc__


@pytest.mark.parametrize(("error", "sentence", "effect", "may_retry"), TABLE)
def test_error_says_its_sentence_its_effect_and_whether_to_try_again(
    error: PosRefundError, sentence: str, effect: str, may_retry: bool
) -> None:
    assert str(error) == sentence
    assert error.effect == effect
    assert error.retry_is_safe is may_retry


def test_no_error_that_leaves_money_in_doubt_may_be_tried_again() -> None:
    for error, _, effect, may_retry in TABLE:
        assert not (effect == "in_doubt" and may_retry), error


def ways(error: PosRefundError) -> list[PosRefundError]:
    pickled = [pickle.loads(pickle.dumps(error, n)) for n in range(pickle.HIGHEST_PROTOCOL + 1)]
    return [*pickled, copy.copy(error), copy.deepcopy(error)]


@every_error
def test_error_survives_pickling_and_copying_with_all_its_facts(error: PosRefundError) -> None:
    for other in ways(error):
        assert type(other) is type(error)
        assert other.args == error.args
        assert str(other) == str(error)
        assert other.__dict__ == error.__dict__
        assert (other.effect, other.retry_is_safe) == (error.effect, error.retry_is_safe)


@given(st.text(), st.text(), st.integers(0), st.lists(st.text(), max_size=3))
def test_error_of_any_facts_survives_pickling(
    path: str, expected: str, offset_bytes: int, partial: list[str]
) -> None:
    made: list[Any] = [
        EncodeError(path, expected),
        DecodeError(path, expected, offset_bytes=offset_bytes, partial=partial),
        FramingError(expected, offset_bytes=offset_bytes),
        InvalidRequestError([(path, expected)]),
        InvalidKeyError(expected, kcv=path),
        KeyUsageError(path, expected),
        JournalCorruptError(expected, row=offset_bytes),
        RequestConflictError(path),
    ]
    for error in made:
        again = pickle.loads(pickle.dumps(error))
        assert (again.args, again.__dict__) == (error.args, error.__dict__)


def test_key_error_shows_three_bytes_of_check_value_at_most() -> None:
    assert InvalidKeyError("wrong", kcv="08D7B4CC6FFB674F").kcv == "08D7B4"
    assert str(InvalidKeyError("wrong", kcv="08D7B4CC6FFB674F")) == "wrong (KCV 08D7B4)"


def test_request_error_keeps_all_faults_as_pairs() -> None:
    error = InvalidRequestError([("a", "x"), ("b", "y")])

    assert error.faults == (("a", "x"), ("b", "y"))
