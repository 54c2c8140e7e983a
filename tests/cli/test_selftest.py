"""``posrefund selftest``: what is right passes, what is wrong fails, and the answer never helps."""

from __future__ import annotations

import copy
import json
import os
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from posrefund.cli.app import app
from posrefund.crypto.selftest import BUILT_IN, COMPUTATIONS, Verdict, check
from posrefund.errors import ConfigError

SLOW = {"SM4-ECB-ITERATED"}


def run(*words: str) -> tuple[int, list[str]]:
    result = CliRunner().invoke(app, ["selftest", *words], catch_exceptions=False)
    return result.exit_code, result.output.splitlines()


def written(path: Path, entries: object) -> str:
    path.write_text(json.dumps(entries), encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("entry", BUILT_IN, ids=lambda entry: entry["id"])
def test_built_in_answer_comes_out_and_a_changed_one_does_not(entry: dict[str, Any]) -> None:
    wrong = copy.deepcopy(entry)
    wrong["output"] = {"valid": "invalid", "invalid": "valid"}.get(str(entry["output"]), "0")

    assert entry["source"]
    assert check(entry) is Verdict.PASSED
    assert check(wrong) is Verdict.FAILED
    assert check(wrong | {"verified": False}) is Verdict.PASSED
    assert check(entry | {"verified": False}) is Verdict.FAILED


def test_every_algorithm_has_a_built_in_answer() -> None:
    assert set(COMPUTATIONS) - SLOW == {entry["algorithm"] for entry in BUILT_IN}


def test_table_of_built_in_answers_is_printed() -> None:
    status, lines = run()

    assert status == 0
    assert lines[0].split() == ["algorithm", "passed", "failed", "unsupported"]
    assert [line.split()[0] for line in lines[1:-1]] == sorted(set(COMPUTATIONS) - SLOW)
    assert lines[-1] == f"{len(BUILT_IN)} passed, 0 failed, 0 unsupported"


def test_file_is_recomputed_and_what_fails_is_named(tmp_path: Path) -> None:
    good, wrong = dict(BUILT_IN[0]), {**BUILT_IN[1], "id": "wrong-1", "output": "00"}
    known = {**BUILT_IN[2], "output": "00", "verified": False}
    strange = {"id": "strange", "algorithm": "ROT13", "inputs": {}, "output": ""}
    file = written(tmp_path / "some.json", [good, wrong, known, strange])

    assert run("--vectors", file) == (1, ["failed: wrong-1", "2 passed, 1 failed, 1 unsupported"])


def test_file_without_a_failure_ends_well(tmp_path: Path) -> None:
    file = written(tmp_path / "all.json", list(BUILT_IN))

    assert run("--vectors", file) == (0, [f"{len(BUILT_IN)} passed, 0 failed, 0 unsupported"])


@pytest.mark.parametrize("text", ["", "{}", "[1]", '[{"id": "x"}]', "[[]]", "\x00"])
def test_file_of_another_form_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "odd.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError):
        run("--vectors", str(path))
    with pytest.raises(ConfigError, match="cannot be read"):
        run("--vectors", str(tmp_path / "none.json"))


@pytest.mark.parametrize("inputs", [{}, {"cipher": "ROT13"}, [], None, {"cipher": "AES", "key": 3}])
def test_inputs_of_another_form_never_pass(inputs: object) -> None:
    for algorithm in COMPUTATIONS:
        entry = {"algorithm": algorithm, "inputs": inputs, "output": ""}
        assert check(entry) is not Verdict.PASSED


def collection() -> list[dict[str, Any]]:
    folder = os.environ.get("POSREFUND_VECTORS", "")
    file = Path(folder) / "crypto.json"
    if not folder or not file.is_file():
        pytest.skip("POSREFUND_VECTORS names no directory with crypto.json")
    entries: list[dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))
    return entries


def altered(entry: dict[str, Any]) -> dict[str, Any]:
    """The entry with one character of what it expects changed."""
    output = entry["output"]
    wrong: object = {"valid": "invalid", "invalid": "valid"}.get(str(output))
    if wrong is None and isinstance(output, str):
        wrong = output[:-1] + ("1" if output[-1:] == "0" else "0")
    elif wrong is None:
        name = min(output)
        wrong = output | {name: output[name][:-1] + ("1" if output[name][-1:] == "0" else "0")}
    return entry | {"output": wrong}


def test_answers_of_a_given_collection_come_out(tmp_path: Path) -> None:
    entries = collection()

    status, lines = run("--vectors", written(tmp_path / "all.json", entries))
    assert (status, lines) == (0, [f"{len(entries)} passed, 0 failed, 0 unsupported"])


def test_every_altered_answer_of_a_given_collection_fails_and_nothing_else(tmp_path: Path) -> None:
    entries = collection()
    verified = [place for place, entry in enumerate(entries) if entry["verified"]]
    for odd in (0, 1):  # half of them at a time: each among right neighbours
        touched = {place for place in verified if place % 2 == odd}
        mixed = [altered(e) if place in touched else e for place, e in enumerate(entries)]
        status, lines = run("--vectors", written(tmp_path / "mixed.json", mixed))

        assert status == 1
        assert lines[:-1] == [f"failed: {entries[place]['id']}" for place in sorted(touched)]


def test_altered_built_in_answer_fails_and_nothing_else(tmp_path: Path) -> None:
    for place, entry in enumerate(BUILT_IN):
        mixed = [*BUILT_IN[:place], altered(entry), *BUILT_IN[place + 1 :]]
        status, lines = run("--vectors", written(tmp_path / "mixed.json", mixed))

        assert (status, lines[:-1]) == (1, [f"failed: {entry['id']}"])
