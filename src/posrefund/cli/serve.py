"""``posrefund serve``: the door, HTTP and JSON for tills in any language. Floor 11."""

from __future__ import annotations

from pathlib import Path

from posrefund.cli.config import ConfigOption
from posrefund.cli.http_extra import demand_http
from posrefund.cli.serve_settings import serve_settings

__all__ = ["serve"]


def serve(config: ConfigOption = Path("posrefund.toml")) -> None:
    """Serve the terminals of the settings over HTTP until Ctrl-C or SIGTERM; then wait for what is out.

    The settings are those of one terminal, or [serve] in them names many. Who may ask: `posrefund tokens add`.

    Exit status: 0 stopped, 2 an error: an address in use, a certificate that cannot be read.
    """
    settings = serve_settings(config)
    demand_http()
    from posrefund.cli.serve_loop import serve_until_stopped

    serve_until_stopped(settings)
