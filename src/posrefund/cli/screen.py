"""Where the command line writes. Floor 11."""

from __future__ import annotations

import sys

from rich.console import Console

__all__ = ["print_json", "stderr", "stdout"]

stdout = Console(highlight=False, soft_wrap=False)
stderr = Console(stderr=True, highlight=False, soft_wrap=True)


def print_json(data: object) -> None:
    """Print *data* as JSON that a program can read: no colour, no wrapping, Chinese as it is."""
    import json

    sys.stdout.write(json.dumps(data, ensure_ascii=False, indent=2) + "\n")
