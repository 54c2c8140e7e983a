"""A self-check policy from data: the ``[selfcheck]`` table of a settings file. Floor 4."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from posrefund.engine.selfcheck import SelfCheckPolicy
from posrefund.engine.versions import VersionRange
from posrefund.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["policy_from"]


def policy_from(data: Mapping[str, Any]) -> SelfCheckPolicy:
    """Return the policy that *data* says; what it does not say is the default.

    Raises:
        ConfigError: An entry that no policy has, or a value that it cannot have; the entry is named.

    Example:
        >>> from posrefund.engine.selfcheck_data import policy_from
        >>> policy = policy_from({"block": ["version"], "valid_s": 3600, "required": {"posrefund": ">=0.1, <2"}})
        >>> policy.valid_s, str(policy.required["posrefund"])
        (3600, '>=0.1, <2')
    """
    found = {}
    for name, value in data.items():
        if name not in _ENTRIES:
            raise ConfigError("[selfcheck]: an entry that no policy has")
        field, read = _ENTRIES[name]
        try:
            found[field] = read(value)
        except ConfigError as error:
            raise ConfigError(f"[selfcheck] {name}: {error}") from None
        except (TypeError, ValueError):
            raise ConfigError(f"[selfcheck] {name}: expected {_EXPECTED[read]}") from None
    try:
        return SelfCheckPolicy(**found)
    except ConfigError as error:
        raise ConfigError(f"[selfcheck]: {error}") from None


def _count(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError
    return value


def _seconds(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 600:
        raise ValueError
    return float(value)


def _words(value: object) -> frozenset[str]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise TypeError
    return frozenset(value)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _years(value: object) -> tuple[int, int]:
    if not isinstance(value, list) or len(value) != 2:
        raise TypeError
    return _count(value[0]), _count(value[1])


def _ranges(value: object) -> dict[str, VersionRange]:
    if not isinstance(value, dict):
        raise TypeError
    return {name: VersionRange.of_text(_text(said)) for name, said in value.items()}


_ENTRIES: dict[str, tuple[str, Callable[[object], Any]]] = {
    "block": ("blocks", _words),
    "warn": ("warns", _words),
    "valid_s": ("valid_s", _count),
    "connect_s": ("connect_s", _seconds),
    "answer_s": ("answer_s", _seconds),
    "answer_slow_ms": ("answer_slow_ms", _count),
    "storage_slow_ms": ("storage_slow_ms", _count),
    "space_low_bytes": ("space_low_bytes", _count),
    "space_full_bytes": ("space_full_bytes", _count),
    "clock_back_s": ("clock_back_s", _count),
    "years": ("years", _years),
    "sign_in_s": ("sign_in_s", _count),
    "required": ("required", _ranges),
    "profiles": ("profiles", _words),
    "min_version": ("min_version", _text),
}
_EXPECTED: dict[Callable[[object], Any], str] = {
    _count: "a whole number, 0 or more",
    _seconds: "seconds, above 0 and at most 600",
    _words: "a list of texts",
    _text: "text",
    _years: "two years",
    _ranges: "texts such as >=1.2, <2, by name",
}
