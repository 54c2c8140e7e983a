"""A script as a file, for people: which amount ends how, and what comes first. Floor 9."""

from __future__ import annotations

import tomllib
from collections import deque
from dataclasses import fields
from typing import Any, get_args

from posrefund.emulators.device.script import Lie, Scene, Script

__all__ = ["read_script"]

_KINDS = {
    "code": str,
    "lie": str,
    "does_act": bool,
    "busy": int,
    "status": int,
    "seconds": (int, float),
}


def read_script(text: str) -> Script:
    """Read a script.

    Args:
        text: TOML: ``[amounts.1234]`` for what ends so, ``[usual]`` for all others, ``[[queue]]`` for what is
            played first, one for each money question; in each of them any of ``code``, ``lie``, ``does_act``, ``busy``,
            ``status``, ``seconds``, as ``Scene`` has them.

    Raises:
        ValueError: It is not that; the message names the place.

    Example:
        >>> from posrefund.emulators.device import read_script
        >>> read_script('amounts = {1234 = {code = "05"}}').play(1234).code
        '05'
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        raise _wrong("the file", "TOML") from None
    _require(set(data) <= {"amounts", "usual", "queue"}, "the file", "amounts, usual, queue")
    amounts, queue = data.get("amounts", {}), data.get("queue", [])
    _require(isinstance(amounts, dict), "amounts", "a table")
    _require(isinstance(queue, list), "queue", "an array of tables")
    return Script(
        {_minor(minor): _scene(scene, f"amounts.{minor}") for minor, scene in amounts.items()},
        _scene(data.get("usual", {}), "usual"),
        deque(_scene(scene, f"queue[{at}]") for at, scene in enumerate(queue)),
    )


def _minor(text: str) -> int:
    _require(text.isascii() and text.isdigit(), "amounts", "minor units as keys")
    return int(text)


def _scene(data: Any, path: str) -> Scene:
    _require(isinstance(data, dict), path, "a table")
    for key, value in data.items():
        _require(key in _KINDS, path, f"one of {', '.join(field.name for field in fields(Scene))}")
        is_right = isinstance(value, _KINDS[key]) and (  # type: ignore[arg-type]
            key == "does_act" or not isinstance(value, bool)
        )
        _require(is_right and not _is_negative(value), f"{path}.{key}", "another kind of value")
    _require(data.get("lie") in (None, *get_args(Lie)), f"{path}.lie", ", ".join(get_args(Lie)))
    return Scene(**data)


def _is_negative(value: object) -> bool:
    return isinstance(value, int | float) and value < 0


def _require(fact: object, path: str, expected: str) -> None:
    if not fact:
        raise _wrong(path, expected)


def _wrong(path: str, expected: str) -> ValueError:
    return ValueError(f"script: {path}: expected {expected}")
