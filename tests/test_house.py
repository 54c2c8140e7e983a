"""Rules of the house that a machine can hold: sizes, names, imports, and what no file may contain."""

from __future__ import annotations

import ast
import importlib
import re
import statistics
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import posrefund
from posrefund.values.card import passes_luhn

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "posrefund"
MODULES = sorted(SOURCE.rglob("*.py"))

FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 60
MEDIAN_BODY_LINES = 10

every_module = pytest.mark.parametrize(
    "path", [pytest.param(path, id=str(path.relative_to(SOURCE))) for path in MODULES]
)


def name_of(path: Path) -> str:
    parts = path.relative_to(SOURCE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def body_sizes(path: Path) -> Iterator[tuple[str, int]]:
    """Each function of a file and the lines of its body, the docstring not counted."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) is not None else node.body
            last = body[-1].end_lineno if body else None
            yield node.name, (last - body[0].lineno + 1) if last else 0


# --- sizes -----------------------------------------------------------------------------------------


@every_module
def test_file_has_one_idea_and_at_most_four_hundred_lines(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= FILE_LINES_MAX


@every_module
def test_function_needs_no_scrolling(path: Path) -> None:
    assert [found for found in body_sizes(path) if found[1] > FUNCTION_LINES_MAX] == []


def test_functions_are_short_in_the_median() -> None:
    sizes = [size for path in MODULES for _, size in body_sizes(path)]

    assert len(sizes) > 300
    assert statistics.median(sizes) < MEDIAN_BODY_LINES


# --- words and names -------------------------------------------------------------------------------


@every_module
def test_module_opens_with_what_it_does(path: Path) -> None:
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))

    assert docstring
    assert docstring.splitlines()[0].rstrip().endswith((".", ":", "。"))


def declared(path: Path) -> list[str] | None:
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            names: list[str] = ast.literal_eval(node.value)
            return names
    return None


def isort_key(name: str) -> tuple[int, str]:
    """Constants, then classes, then the rest: the order that ruff keeps."""
    return (0 if name.isupper() and len(name) > 1 else 1 if name[0].isupper() else 2, name)


@every_module
def test_exports_are_sorted_unique_and_there(path: Path) -> None:
    names = declared(path)
    if names is None:
        assert path.name in ("__init__.py", "__main__.py", "_version.py") or "cli" in path.parts
        return
    if "cli" in path.parts:
        pytest.importorskip("typer")
    module = importlib.import_module(name_of(path))

    assert names == sorted(set(names), key=isort_key)
    assert not [name for name in names if not hasattr(module, name)]


def test_front_door_opens_every_name_it_promises() -> None:
    for name in posrefund.__all__:
        assert getattr(posrefund, name) is not None
    assert dir(posrefund) == sorted(posrefund.__all__)
    with pytest.raises(AttributeError, match=r"has no attribute 'nothing'"):
        _ = posrefund.nothing


# --- light imports ---------------------------------------------------------------------------------

HEAVY = ("serial", "sqlite3", "typer", "rich", "socket", "ssl", "asyncio", "http", "selectors")


@pytest.mark.parametrize(
    "module",
    [
        "posrefund",
        "posrefund.errors",
        "posrefund.values",
        "posrefund.codec",
        "posrefund.crypto",
        "posrefund.framing",
        "posrefund.dialects",
        "posrefund.dialects.capture",
        "posrefund.seal",
        "posrefund.engine",
    ],
)
def test_import_of_a_pure_room_loads_no_port_database_or_screen(module: str) -> None:
    code = f"import sys, {module}; print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "[]"


# --- what no file may contain ----------------------------------------------------------------------

PUBLISHED = ROOT / "tests" / "vectors" / "unionpay" / "messages.jsonl"
TEST_NUMBERS = {
    "6200000000000005",  # made up, in the range of UnionPay test cards
    "6200000000000047",
    "6205500000000000004",
    "620000000003",
    "6200000000000000003",
    "4012345678909",  # ANSI X9.24-1, appendix A.4
    "4111111111111111",  # ANSI X9.24-3, supplement, page 31
    "5413330002001015",  # printed in public PIN block examples
    "5413339000001513",
    "6799998900000070017",
}
NO_NUMBERS = {
    "0000010000070309",  # DE61: batch, STAN and day of a sale
    "0000010001030310",
    "0000020000030310",
    "0011000000010030",  # DE60 and its neighbours
    "0011000000013010",
    "0011220000010000",
    "2600000000000000",  # DE53
    "4142434445464748",  # ASCII "ABCDEFGH" in hexadecimal
    "54657374205573696",  # texts of MAC vectors in hexadecimal
    "7768617420646",
    "6172676572205468616",
    "65737361676520",
    "112233445566778899",  # account of a PIN block example, a count of doubled digits
    "30121010000000000",  # tail of a track
    "20323030333829",  # ASCII " 20038)" in hexadecimal
    "3756489069157",  # in a cipher text of RFC 8998
    "1320200818004100",  # length and time stamp in a key block
}
_RUN = re.compile(r"(?<![0-9])[0-9]{13,19}(?![0-9])")
_MACHINE_PATHS = tuple("/" + room for room in ("work/", "root/", "home/", "Users/", "tmp/dev/"))


def texts() -> Iterator[tuple[Path, str]]:
    for room in ("tests", "docs", "src", "examples"):
        for path in sorted((ROOT / room).rglob("*")):
            if path.suffix in {
                ".py",
                ".md",
                ".toml",
                ".json",
                ".jsonl",
                ".txt",
                ".cfg",
                ".rst",
                ".yml",
            }:
                yield path, path.read_text(encoding="utf-8")


def test_no_file_holds_a_card_number_that_is_not_a_known_test_number() -> None:
    found = {
        (str(path.relative_to(ROOT)), run)
        for path, text in texts()
        if path != PUBLISHED
        for run in _RUN.findall(text)
        if passes_luhn(run) and run not in TEST_NUMBERS | NO_NUMBERS and set(run) != {"0"}
    }

    assert found == set()


def test_no_file_names_a_path_of_somebodys_machine() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path, text in texts()
        for number, line in enumerate(text.splitlines(), start=1)
        if any(piece in line for piece in _MACHINE_PATHS)
    ]

    assert found == []


# --- warnings --------------------------------------------------------------------------------------

_SILENCERS = re.compile(
    r"filterwarnings|simplefilter|catch_warnings|PYTHONWARNINGS|-W *\"?, *\"?ignore|-Wignore"
)
_MAY_SILENCE = {
    "tests/crypto/test_oracle.py",  # psec imports TripleDES from where it no longer belongs
    "benchmarks/crypto.py",  # the same library
    "tests/cli/test_notices_command.py",  # the same as
    "tests/office/notices/test_by_apprise.py",  # one of the services that Apprise knows imports imghdr
    "tests/link/test_stream_contract.py",  # pyserial's RFC 2217 client calls setDaemon() and setName()
}


def test_warnings_are_errors_in_every_test_but_those_of_psec() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert settings["tool"]["pytest"]["ini_options"]["filterwarnings"] == ["error"]

    rooms = ("src", "tests", "fuzz", "benchmarks", "examples")
    paths = [
        path for room in rooms for path in (ROOT / room).rglob("*.py") if path != Path(__file__)
    ]
    silent = {
        path.relative_to(ROOT).as_posix()
        for path in paths
        if _SILENCERS.search(path.read_text(encoding="utf-8"))
    }
    assert silent == _MAY_SILENCE
