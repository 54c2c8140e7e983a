"""Whether what a door needs is installed. Floor 11."""

from __future__ import annotations

from importlib.util import find_spec

from posrefund.errors import ConfigError

__all__ = ["demand_http"]

_NEEDED = ("starlette", "uvicorn", "msgspec", "prometheus_client")


def demand_http() -> None:
    """Say what to install where something is not there.

    Raises:
        ConfigError: Something is not.
    """
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        raise ConfigError(f"a door needs {missing[0]}: pip install 'posrefund[http]'")
