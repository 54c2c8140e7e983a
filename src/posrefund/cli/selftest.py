"""``posrefund selftest``: recompute known answers of every algorithm, built in or from a file. Floor 11."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

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
) -> None:
    """Recompute known answers of every cryptographic algorithm; exit status 1 when one does not come out.

    Without a file, those that travel with the package. An entry with "verified": false passes when it does
    not come out.
    """
    totals = _built_in() if vectors is None else _of_file(_read(vectors))
    print(", ".join(f"{totals[verdict]} {verdict}" for verdict in Verdict))
    if totals[Verdict.FAILED]:
        raise typer.Exit(1)


def _built_in() -> Counter[Verdict]:
    rows: dict[str, Counter[Verdict]] = {}
    for entry in BUILT_IN:
        rows.setdefault(entry["algorithm"], Counter())[check(entry)] += 1
    width = max(map(len, rows))
    print(f"{'algorithm':{width}}  " + "  ".join(Verdict))
    for algorithm, found in sorted(rows.items()):
        print(f"{algorithm:{width}}  " + "  ".join(f"{found[v]:>{len(v)}}" for v in Verdict))
    return sum(rows.values(), Counter())


def _of_file(entries: Iterable[dict[str, Any]]) -> Counter[Verdict]:
    totals: Counter[Verdict] = Counter()
    for number, entry in enumerate(entries, start=1):
        verdict = check(entry)
        totals[verdict] += 1
        if verdict is Verdict.FAILED:
            name = ascii(str(entry.get("id", f"entry {number}")))
            print(f"failed: {name[1:-1]}")
    return totals


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
