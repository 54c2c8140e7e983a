"""``posrefund selftest``: recompute known answers of every algorithm, built in or from a file. Floor 11."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from posrefund.cli.screen import JSONOption, print_json
from posrefund.crypto.selftest import BUILT_IN, Verdict, check
from posrefund.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["selftest"]


def selftest(
    vectors: Annotated[
        Path | None,
        typer.Option(
            "--vectors",
            metavar="FILE",
            help="JSON: a list of entries with id, algorithm, inputs and output.",
        ),
    ] = None,
    as_json: JSONOption = False,
) -> None:
    """Recompute known answers of every cryptographic algorithm; exit status 1 when one does not come out.

    Without a file, those that travel with the package. An entry with "verified": false passes when it does
    not come out.
    """
    found = _checked(BUILT_IN if vectors is None else _read(vectors))
    totals = Counter(verdict for _, _, verdict in found)
    if as_json:
        print_json(_as_data(found, totals))
    else:
        if vectors is None:
            _print_table(found)
        else:
            _print_failed(found)
        print(", ".join(f"{totals[verdict]} {verdict}" for verdict in Verdict))
    if totals[Verdict.FAILED]:
        raise typer.Exit(1)


_Checked = list[tuple[str, str, Verdict]]
"""Name, algorithm, and what came out."""


def _checked(entries: Iterable[dict[str, Any]]) -> _Checked:
    found = []
    for number, entry in enumerate(entries, start=1):
        verdict = check(entry)
        name = ascii(str(entry.get("id", f"entry {number}")))[1:-1]
        found.append((name, str(entry.get("algorithm", "")), verdict))
    return found


def _as_data(found: _Checked, totals: Counter[Verdict]) -> dict[str, Any]:
    return {
        "totals": {str(verdict): totals[verdict] for verdict in Verdict},
        "failed": [name for name, _, verdict in found if verdict is Verdict.FAILED],
    }


def _print_table(found: _Checked) -> None:
    rows: dict[str, Counter[Verdict]] = {}
    for _, algorithm, verdict in found:
        rows.setdefault(algorithm, Counter())[verdict] += 1
    width = max(map(len, rows))
    print(f"{'algorithm':{width}}  " + "  ".join(Verdict))
    for algorithm, counts in sorted(rows.items()):
        print(f"{algorithm:{width}}  " + "  ".join(f"{counts[v]:>{len(v)}}" for v in Verdict))


def _print_failed(found: _Checked) -> None:
    for name, _, verdict in found:
        if verdict is Verdict.FAILED:
            print(f"failed: {name}")


def _read(path: Path) -> list[dict[str, Any]]:
    try:
        found = json.loads(path.read_bytes())
    except OSError:
        raise ConfigError(f"{path} cannot be read") from None
    except (ValueError, RecursionError):
        raise ConfigError(f"{path} is no JSON") from None
    if not isinstance(found, list):
        raise ConfigError(f"{path} holds no list of known answers")
    return found
