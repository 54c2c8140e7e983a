"""``docs/procedure.md``: every row of the shop's procedure names the test that proves it, and that test exists.

The rows are those of the list that the project was given, sentence by sentence; a row that is left out, a
priority that is changed or a test that was renamed fails here.
"""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
P0 = [
    "I-1",
    "I-2",
    "I-4",
    "I-5",
    "2.1.1",
    "2.1.2",
    "2.1.3",
    "2.1.4",
    "2.1.5",
    "2.2.1",
    "2.2.2",
    "2.2.5",
    "2.2.6",
    "2.3.3",
    "3.1.1",
    "3.1.2",
    "3.1.3",
    "3.1.4",
    "3.1.6",
    "3.2.1",
    "3.2.3",
    "3.2.4",
    "3.3.1",
    "3.4.1",
    "3.4.2",
    "3.4.3",
    "3.4.4",
    "4.1",
    "4.2",
    "4.3",
    "4.4",
    "4.7",
    "5.1",
    "5.2",
    "5.4",
    "5.5",
    "5.6",
    "6.1",
    "6.4",
    "6.5",
    "7.4",
    "8.1",
    "8.3",
]
P1 = [
    "I-3",
    "I-6",
    "I-7",
    "I-8",
    "2.2.3",
    "2.3.1",
    "2.3.2",
    "2.3.4",
    "3.1.5",
    "3.2.2",
    "3.3.2",
    "3.4.5",
    "4.5",
    "4.6",
    "4.9",
    "5.3",
    "6.2",
    "6.3",
    "7.1",
    "7.2",
    "7.3",
    "7.5",
    "8.2",
]
P2 = ["2.2.4", "3.3.3", "4.8", "4.10", "4.11", "8.4", "8.5"]
PRIORITIES = {**dict.fromkeys(P0, "P0"), **dict.fromkeys(P1, "P1"), **dict.fromkeys(P2, "P2")}

_ROW = re.compile(
    r"^\| (?P<id>[I0-9][-0-9.]+) \| (?P<what>[^|]+) \| (?P<priority>P[012]) \| (?P<proof>[^|]+) \|$"
)
_TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


def rows() -> dict[str, re.Match[str]]:
    text = (ROOT / "docs" / "procedure.md").read_text(encoding="utf-8")
    found = [match for line in text.splitlines() if (match := _ROW.match(line))]
    assert len({match["id"] for match in found}) == len(found)
    return {match["id"]: match for match in found}


@cache
def functions_of(path: Path) -> frozenset[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def test_every_row_is_there_with_its_priority() -> None:
    assert {name: match["priority"] for name, match in rows().items()} == PRIORITIES


@pytest.mark.parametrize("name", list(PRIORITIES))
def test_row_names_tests_that_exist_or_says_why_there_is_none(name: str) -> None:
    proof = rows()[name]["proof"]
    named = _TEST.findall(proof)
    for path, test in named:
        assert (ROOT / path).is_file(), path
        assert test in functions_of(ROOT / path), f"{path}::{test}"
    if not named:
        assert PRIORITIES[name] == "P2"
        assert proof.startswith("not done: ")
        assert len(proof) > 30
