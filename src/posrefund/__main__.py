"""The console script: runs the command line, or says in one line how to install it. Floor 11."""

from __future__ import annotations

import sys

__all__ = ["main"]


def main() -> None:
    """Run ``posrefund``."""
    try:
        import rich  # noqa: F401 — only asking whether the extra is there
        import typer  # noqa: F401
    except ModuleNotFoundError:
        sys.exit("The command line is an extra: pip install 'posrefund[cli]'")
    from posrefund.cli.app import run

    run()


if __name__ == "__main__":
    main()
