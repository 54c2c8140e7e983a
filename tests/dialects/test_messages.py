"""The message tables: every field exists, and presence says what is missing and what is too much."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posrefund.dialects import MessageTable, dialect, names
from posrefund.dialects.message import _presence
from posrefund.errors import ConfigError
from published import CLEAN, Published

UNIONPAY = dialect("unionpay")
TABLES = UNIONPAY.messages

every_table = pytest.mark.parametrize("name", sorted(TABLES))

# MTI, answer's MTI, DE3, DE25, DE60, MAC, reversal — the transaction matrix of the papers.
MATRIX = {
    "sign_in": ("0800", "0810", None, None, "00{batch}003", False, False),
    "sign_off": ("0820", "0830", None, None, "00{batch}002", False, False),
    "echo": ("0820", "0830", None, None, "00{batch}301", False, False),
    "sale": ("0200", "0210", "000000", "00", "22{batch}000{de60_tail}", True, True),
    "void": ("0200", "0210", "200000", "00", "23{batch}000{de60_tail}", True, True),
    "refund": ("0220", "0230", "200000", "00", "25{batch}000{de60_tail}", True, False),
    "reversal": ("0400", "0410", "{sent.3}", "{sent.25}", "{sent.60}", True, False),
    "settlement": ("0500", "0510", None, None, "00{batch}201", False, False),
    "upload_details": ("0320", "0330", None, None, "00{batch}201", False, False),
    "upload_refund": (
        "0320",
        "0330",
        "200000",
        "{sent.25}",
        "25{batch}000{de60_tail}",
        False,
        False,
    ),
    "upload_end": ("0320", "0330", None, None, "00{batch}202", False, False),
    "balanced_end": ("0320", "0330", None, None, "00{batch}207", False, False),
    "upload_signature": ("0820", "0830", None, None, "07{batch}{packet}", True, False),
}


def numbers(table: str, rule: str) -> set[int]:
    return {int(number) for number, found in _presence(table).items() if found == rule}


@every_table
def test_table_has_the_codes_of_the_transaction_matrix(name: str) -> None:
    table = TABLES[name]

    assert table.name == name
    assert (
        table.mti,
        table.mti_reply,
        table.templates.get("3"),
        table.templates.get("25"),
        table.templates["60"],
        "64" in table.templates,
        table.doubt == "reverse",
    ) == MATRIX[name]


def test_matrix_is_complete_for_what_the_dialect_knows() -> None:
    assert set(MATRIX) <= set(TABLES)


@pytest.mark.parametrize(
    ("dialect_name", "name"),
    [(each, name) for each in names() for name in sorted(dialect(each).messages)],
)
def test_table_names_only_fields_of_the_field_table(dialect_name: str, name: str) -> None:
    found = dialect(dialect_name)
    table = found.messages[name]
    answers_only = {"56"}  # answer texts of a derived dialect, tolerated in all of them

    assert set(_presence(table.request)) <= set(found.fields)
    assert set(_presence(table.response)) <= set(found.fields) | answers_only


@every_table
def test_table_names_no_field_twice(name: str) -> None:
    for table in (TABLES[name].request, TABLES[name].response):
        entries = [entry.rstrip("CA") for entry in table.split()]
        assert len(set(entries)) == len(entries)


@every_table
def test_table_asks_for_a_mac_where_the_message_has_one(name: str) -> None:
    table = TABLES[name]

    has_mac = "64" in table.templates
    assert ("64" in _presence(table.request)) is has_mac
    # No source says whether the answer to a signature has one: it is checked if it is there.
    expected = "C" if name == "upload_signature" else "A" if has_mac else None
    assert _presence(table.response).get("64") == expected


def test_refund_request_carries_what_the_papers_say() -> None:
    request = TABLES["refund"].request

    assert numbers(request, "") == {3, 4, 11, 22, 25, 37, 41, 42, 49, 60, 61, 63, 64}
    assert numbers(request, "C") == {2, 14, 23, 26, 35, 36, 38, 52, 53, 55, 59}
    assert not {12, 13, 15, 32, 39, 44, 48, 54, 62} & {int(n) for n in _presence(request)}


def test_refund_answer_carries_what_the_papers_say() -> None:
    response = TABLES["refund"].response

    assert numbers(response, "") == {3, 11, 39, 41}
    assert numbers(response, "A") == {4, 12, 13, 15, 37, 42, 49, 64}
    assert not {22, 26, 35, 36, 52, 61} & {int(n) for n in _presence(response)}


# --- presence --------------------------------------------------------------------------------------


def test_presence_reads_mandatory_conditional_and_approving_entries() -> None:
    assert _presence("2C 3 37A 64") == {"2": "C", "3": "", "37": "A", "64": ""}
    assert _presence("") == {}


@pytest.mark.parametrize("entry", ["C", "3B", "3CC", "3c", "C3", "-3", "1234", "３", "2-4", "2,"])
def test_presence_refuses_an_entry_that_the_paper_does_not_know(entry: str) -> None:
    with pytest.raises(ConfigError, match=r"is no entry of a message table$"):
        _presence(f"2C {entry} 64")


def table_of(request: str, response: str = "") -> MessageTable:
    return MessageTable("test", "测试", "test", "0200", request, response)


def test_request_faults_name_the_missing_in_table_order_and_then_the_surplus() -> None:
    table = table_of("2C 3 4 37A")

    assert table.request_faults({"t": "0200", "p": "", "2": "", "3": "", "4": "", "37": ""}) == ()
    assert table.request_faults({"t": "0200", "39": "", "35": ""}) == (
        ("DE3", "this field"),
        ("DE4", "this field"),
        ("DE37", "this field"),
        ("DE39", "no such field in this message"),
        ("DE35", "no such field in this message"),
    )


def test_response_faults_ask_for_more_when_it_approves() -> None:
    table = table_of("", "3 37A 64A 44C")

    assert table.response_faults({"3": ""}, approved=False) == ()
    assert table.response_faults({"3": ""}, approved=True) == (
        ("DE37", "this field"),
        ("DE64", "this field"),
    )
    assert table.response_faults({"3": "", "37": "", "64": "", "44": ""}, approved=True) == ()
    assert table.response_faults({"3": "", "5": ""}, approved=False) == (
        ("DE5", "no such field in this message"),
    )


@given(
    st.dictionaries(st.integers(2, 128), st.sampled_from(["", "C", "A"]), max_size=12),
    st.sets(st.integers(2, 128), max_size=12),
    st.booleans(),
)
def test_faults_are_exactly_the_missing_and_the_surplus(
    rules: dict[int, str], there: set[int], approved: bool
) -> None:
    table = table_of("", " ".join(f"{number}{rule}" for number, rule in rules.items()))
    faults = table.response_faults({str(number): "" for number in there}, approved=approved)
    wanted = {number for number, rule in rules.items() if rule == "" or (approved and rule == "A")}

    assert {path for path, expected in faults if expected == "this field"} == {
        f"DE{number}" for number in wanted - there
    }
    assert {path for path, expected in faults if expected != "this field"} == {
        f"DE{number}" for number in there - set(rules)
    }


# --- against what was seen on the line -------------------------------------------------------------

ANSWERS = {"0210": "sale", "0410": "reversal", "0810": "sign_in"}


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(row, id=row.name)
        for row in CLEAN
        if row.mti in ANSWERS and row.dialect == "unionpay" and "download" not in row.name
    ],
)
def test_published_answer_has_nothing_that_its_table_forbids(row: Published) -> None:
    table = TABLES[ANSWERS[row.mti]]
    faults = table.response_faults(row.fields, approved=row.fields.get("39") == "00")

    assert [fault for fault in faults if fault[1] != "this field"] == []


def test_no_built_in_dialect_repeats_a_message_or_reverses_a_refund() -> None:
    for name in names():
        for table in dialect(name).messages.values():
            assert table.repeat == "none"
            undoes = table.name in ("sale", "void") and name != "aggregator"
            assert table.doubt == ("reverse" if undoes else "resolve")


@pytest.mark.parametrize(
    ("message", "changes", "path"),
    [
        ("refund", {"doubt": "reverse"}, "doubt"),
        ("sale", {"repeat": "same_mti"}, "repeat"),
        ("echo", {"repeat": "next_mti"}, "repeat"),
        ("refund", {"repeat": "next_mti", "mti": "0223"}, "repeat"),
    ],
)
def test_a_table_whose_doubt_makes_no_sense_is_none(
    message: str, changes: dict[str, Any], path: str
) -> None:
    with pytest.raises(ConfigError, match=f"^message {message}: {path}: expected "):
        replace(TABLES[message], **changes)


@pytest.mark.parametrize(
    ("mti", "repeat", "sent", "answered"),
    [
        ("0220", "none", "0220", ("0230",)),
        ("0220", "same_mti", "0220", ("0230",)),
        ("0220", "next_mti", "0221", ("0230", "0231")),
        ("1224", "next_mti", "1225", ("1234", "1235")),
    ],
)
def test_mti_of_a_repeat_and_of_what_answers_it(
    mti: str, repeat: Any, sent: str, answered: tuple[str, ...]
) -> None:
    table = replace(TABLES["refund"], mti=mti, repeat=repeat)

    assert (table.mti_repeat, table.mti_replies) == (sent, answered)
