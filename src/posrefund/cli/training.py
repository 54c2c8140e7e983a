"""``[terminal] training``: nothing that people practise with may leave this machine. Floor 11."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from posrefund.errors import ConfigError

if TYPE_CHECKING:
    from posrefund.cli.host_settings import HostSettings

__all__ = ["training_setting"]


def training_setting(data: dict[str, Any], host: HostSettings) -> bool:
    """Return what ``[terminal] training`` says; false if it says nothing.

    Raises:
        ConfigError: No yes or no; or a yes, and an address of the host that is not this machine by its number.
    """
    said = data["terminal"].get("training", False)
    if not isinstance(said, bool):
        raise ConfigError("[terminal] training: expected true or false")
    if said and not all(_is_this_machine(address) for address, _ in host.addresses):
        raise ConfigError("[terminal] training: its host's address is 127.0.0.1 or ::1")
    return said


def _is_this_machine(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:  # a name may mean another machine tomorrow
        return False
