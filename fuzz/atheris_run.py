"""One target under Atheris, guided by coverage of posrefund and pyiso8583: ``python -m fuzz.atheris_run tlv``.

What follows the name goes to libFuzzer. ``fuzz.run`` starts it with corpus, dictionary and limits.
"""

from __future__ import annotations

import importlib
import sys

PACKAGES = ["posrefund", "iso8583"]
"""Counting the branches of more than what is fuzzed would only make it slow."""


def main() -> None:
    """Fuzz until libFuzzer has enough; it ends the process."""
    atheris = importlib.import_module("atheris")  # has no types, and is not everywhere
    with atheris.instrument_imports(include=PACKAGES):
        targets = importlib.import_module("fuzz.targets")
        target = targets.TARGETS[sys.argv[1]]
        target.check(b"")  # what is only imported at the first use is instrumented too
    atheris.Setup([sys.argv[0], *sys.argv[2:]], target.check)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
