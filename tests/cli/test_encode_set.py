"""``encode --from --set``: a message changed in one field, or made from nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from posrefund.cli.app import app
from posrefund.cli.message_json import capture_from_data, with_value
from posrefund.dialects import dialect
from posrefund.errors import EncodeError, PosRefundError

UNIONPAY = dialect("unionpay")
ECHO = "082000200000000000100000010011000000013010"
REFUND = "0220100000000000000800000000010000160000010000020309"


def invoke(*words: str, stdin: str = "") -> str:
    result = CliRunner().invoke(app, words, input=stdin, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output.strip()


def test_a_message_is_made_from_nothing() -> None:
    words = ("--set", "mti=0820", "--set", "11=000001", "--set", "60=00000001301")

    assert invoke("encode", *words) == ECHO
    assert invoke("encode", *(word.replace("11=", "DE11=") for word in words)) == ECHO


def test_a_field_made_of_parts() -> None:
    parts = ("61.batch=000001", "61.stan=000002", "61.date=0309", "4=000000000100", "mti=0220")

    assert invoke("encode", *(word for part in parts for word in ("--set", part))) == REFUND


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("4=000000000101", REFUND.replace("000000000100", "000000000101")),
        ("61.date=0310", REFUND.replace("0309", "0310")),
        ("61.date=", REFUND.replace("160000010000020309", "12000001000002")),
        ("4=", "0220000000000000000800160000010000020309"),
        ("mti=0230", REFUND.replace("0220", "0230", 1)),
    ],
)
def test_one_change_to_a_message_from_a_file(change: str, expected: str, tmp_path: Path) -> None:
    file = tmp_path / "message.json"
    file.write_text(invoke("decode", "--json", "--reveal", REFUND), encoding="utf-8")

    assert invoke("encode", "--from", str(file), "--set", change) == expected
    assert invoke("encode", "--set", change, stdin=file.read_text(encoding="utf-8")) == expected


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ("4", "--set"),
        ("4=12", "DE4"),
        ("7=1", "DE7"),
        ("x=1", "DEx"),
        ("61.foo=1", "DE61.foo"),
        ("61.batch=1", "DE61.batch"),
        ("61.stan=000001", "DE61.batch"),
        ("55.9F26=00", "DE55.9F26"),
    ],
)
def test_a_wrong_change_is_refused_by_its_place(change: str, path: str) -> None:
    base = json.dumps({"mti": "0220", "fields": {}})
    result = CliRunner().invoke(app, ["encode", "--set", change], input=base)

    assert isinstance(result.exception, EncodeError)
    assert result.exception.path == path


def test_a_part_of_a_masked_field_is_not_changed() -> None:
    data = {"mti": "0220", "fields": {"61": "***"}}

    with pytest.raises(EncodeError):
        capture_from_data(with_value(data, "61.date", "0309", UNIONPAY), UNIONPAY)


def test_a_file_that_is_not_there_and_one_that_is_no_json(tmp_path: Path) -> None:
    for name, text in (("absent.json", None), ("bad.json", "{"), ("list.json", "[]")):
        if text is not None:
            (tmp_path / name).write_text(text, encoding="utf-8")
        words = ["encode", "--from", str(tmp_path / name), "--set", "mti=0200"]
        assert isinstance(CliRunner().invoke(app, words).exception, PosRefundError)


@given(
    st.dictionaries(
        st.sampled_from(["mti", "fields", "framing"]), st.none() | st.text() | st.just({})
    ),
    st.sampled_from(["mti", "4", "61.date", "61", "55", "62.pik", "127", ""]),
    st.text(max_size=8),
)
def test_any_change_to_anything_is_made_or_refused(data: object, path: str, value: str) -> None:
    refusal = None
    try:
        capture = capture_from_data(with_value(data, path, value, UNIONPAY), UNIONPAY)
        capture.rebuild(UNIONPAY)
    except EncodeError as error:
        refusal = error

    assert refusal is None or refusal.expected
