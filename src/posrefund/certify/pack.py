"""The evidence pack: files for an acquirer, scanned before there are any. Floor 10.

Where the scanner finds what could be card data there is no pack at all.
"""

from __future__ import annotations

import hashlib
import json
import platform
import re
from importlib import metadata
from typing import TYPE_CHECKING, Literal

from posrefund import __version__
from posrefund.certify.absent import absences
from posrefund.certify.page import as_html
from posrefund.certify.switches import fragment
from posrefund.certify.text import trace_text
from posrefund.dialects import names
from posrefund.dialects.file import dump_dialect, profile_digest
from posrefund.errors import InvalidRequestError
from posrefund.office import find_card_data

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from posrefund.certify.run import Certification

__all__ = ["evidence", "results_data"]

_LIBRARIES = ("pyiso8583", "cryptography")


def evidence(run: Certification, language: Literal["zh", "en"] = "zh") -> dict[str, bytes]:
    """Return the files of the pack by name: page, results, trace, profile, what was found, and their digests.

    Args:
        run: What it is about.
        language: The one that the page shows first.

    Raises:
        InvalidRequestError: Something in it could be card data: file and place are named, and nothing was made.
    """
    texts = {
        "report.html": as_html(run, language),
        "results.json": json.dumps(results_data(run), ensure_ascii=False, indent=2) + "\n",
        "trace.txt": trace_text(run),
        "profile.toml": dump_dialect(run.dialect),
    }
    if run.switches:
        texts["found.toml"] = fragment(
            run.switches, run.dialect, is_built_in=run.dialect.name in names()
        )
    words = [word for said in run.dialect.words.values() for word in said.values() if word]
    profile = {"profile.toml": _own_text(texts["profile.toml"], words)}
    _refuse_card_data(texts | profile)
    packed = {name: text.encode("utf-8") for name, text in texts.items()}
    sums = "".join(f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in packed.items())
    return {**packed, "SHA256SUMS": sums.encode()}


def results_data(run: Certification) -> dict[str, object]:
    """Return all that a run came to as plain data."""
    return {
        "verdict": run.verdict,
        "profile": {"name": run.dialect.name, "digest": profile_digest(run.dialect)},
        "terminal": run.terminal,
        "merchant": run.merchant,
        "host": run.host,
        "began": run.began.isoformat(),
        "ended": run.ended.isoformat(),
        "versions": _versions(),
        "cases": [result.as_data() for result in run.results],
        "not_in_profile": [absence.as_data() for absence in absences(run)],
        "switches": [switch.as_data() for switch in run.switches],
        "originals": [
            {
                "rrn": sale.rrn,
                "date": sale.transaction_date.isoformat(),
                "minor": sale.amount.minor,
            }
            for sale in run.originals
        ],
        "messages": [step.as_data() for step in run.steps],
    }


def _versions() -> dict[str, str]:
    libraries = {name: metadata.version(name) for name in _LIBRARIES}
    return {"posrefund": __version__, "python": platform.python_version(), **libraries}


def _own_text(profile: str, words: Iterable[str]) -> str:
    """Return a profile without what looks like card numbers in it and is none: words for DE53, lists of fields."""
    for word in words:
        profile = profile.replace(f'"{word}"', '""')
    return re.sub("(?<=[0-9A-Z]) (?=[0-9])", ",", profile)


def _refuse_card_data(texts: Mapping[str, str]) -> None:
    found = [
        (f"{name} at character {place.offset}", f"nothing that could be a {place.kind}")
        for name, text in texts.items()
        for place in find_card_data(text)
    ]
    if found:
        raise InvalidRequestError(found)
