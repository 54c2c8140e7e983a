"""``posrefund keys load``: components, one person at a time, typed and never shown. Floor 11.

Nobody sees more than one component; each person compares a check value with the letter, and the whole key's at the
end. Components come from the keyboard alone: arguments and environments are seen by other programs, and
pipes come out of files.
"""

from __future__ import annotations

import sys
from contextlib import ExitStack
from getpass import getpass
from pathlib import Path
from typing import Annotated

import typer

from posrefund.cli.config import ConfigOption, load, open_keystore
from posrefund.cli.screen import stderr, stdout
from posrefund.crypto import Algorithm, Component, Key, Purpose, combine
from posrefund.crypto.ksn import KSN
from posrefund.errors import ConfigError, InvalidKeyError
from posrefund.keystore import DeviceKey, FileKeyStore
from posrefund.keystore.slots import TMK, check_name

__all__ = ["load_key"]

_LENGTHS = {Algorithm.TDEA: (16, 24), Algorithm.AES: (16, 24, 32), Algorithm.SM4: (16,)}
_SHORTEST_KCV_BYTES = 2
_TRIES = 3


def load_key(  # noqa: PLR0913, PLR0917 — one per option
    slot: Annotated[str, typer.Argument(help="Where it goes: tmk, or a name of your own.")],
    config: ConfigOption = Path("posrefund.toml"),
    purpose: Annotated[Purpose, typer.Option(help="What it is for.")] = Purpose.KEK,
    algorithm: Annotated[Algorithm, typer.Option(help="Its cipher.")] = Algorithm.TDEA,
    components: Annotated[
        int, typer.Option(min=2, max=9, help="How many there are, each with a person of its own.")
    ] = 2,
    ksn: Annotated[
        str, typer.Option(help="Serial number of a DUKPT initial key; its counter is used.")
    ] = "",
    device: Annotated[
        str, typer.Option(help="The key lives in a PIN pad or token, in its slot of this name.")
    ] = "",
    replace: Annotated[
        bool, typer.Option("--replace", help="Destroy the key that is in the slot.")
    ] = False,
) -> None:
    """Load a key from its components, typed without echo by one person at a time."""
    if not _has_keyboard():
        raise ConfigError("components are typed by people: this command needs a terminal")
    if (purpose is Purpose.DUKPT) != bool(ksn):
        raise typer.BadParameter("--ksn goes with --purpose DUKPT-IK, and only with it")
    store = open_keystore(load(config))
    _check_free(store, slot, replace=replace)
    if device:
        check = typer.prompt("KCV that the device shows").strip().upper()
        named = DeviceKey(device, purpose, algorithm, check)
        store.load_device_key(slot, named, replace=replace)
        stdout.print(f"slot {slot}: the key in {device}, KCV {check}", markup=False)
        return
    with _ceremony(components, purpose, algorithm) as key:
        stdout.print(f"KCV of the whole key: {key.kcv_hex}")
        _compare(key)
        _put(store, slot, key, ksn, replace=replace)
        stdout.print(f"slot {slot}: {key.purpose} key, KCV {key.kcv_hex}", markup=False)
    if slot == TMK:
        stdout.print("The keys of earlier sign-ins are gone. Next: posrefund sign-in")


def _check_free(store: FileKeyStore, slot: str, *, replace: bool) -> None:
    """Say it before people type, not after."""
    check_name(slot)
    taken = [each.kcv for each in store.slots() if each.name == slot]
    if taken and not replace:
        message = f"slot {slot} holds a key already: --replace destroys it"
        raise InvalidKeyError(message, kcv=taken[0])


def _has_keyboard() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()


def _read_hidden(question: str) -> str:
    return getpass(question)


def _ceremony(count: int, purpose: Purpose, algorithm: Algorithm) -> Key:
    """Return the whole key; the screen is cleared before the next person comes."""
    people: list[str] = []
    parts: list[Component] = []
    with ExitStack() as wiped:
        for number in range(1, count + 1):
            people.append(_person(number, count, people))
            parts.append(wiped.enter_context(_component(number, algorithm)))
            typer.prompt("Enter clears the screen", default="", show_default=False)
            stdout.clear()
        stdout.print(f"components of {', '.join(people)}", markup=False)
        return combine(parts, purpose)


def _person(number: int, count: int, before: list[str]) -> str:
    known = {name.casefold() for name in before}
    for _ in range(_TRIES):
        name: str = " ".join(typer.prompt(f"Component {number} of {count}: your name").split())
        if name and name.casefold() not in known:
            return name
        stderr.print("each component has a person of its own")
    raise ConfigError("one person must not know two components")


def _component(number: int, algorithm: Algorithm) -> Component:
    lengths = _LENGTHS[algorithm]
    digits = " or ".join(str(2 * length) for length in lengths)
    for _ in range(_TRIES):
        part = _hex(_read_hidden(f"Component {number} ({digits} hexadecimal digits, not shown): "))
        if len(part) not in lengths:
            stderr.print(f"expected {digits} hexadecimal digits")
        elif part != _hex(_read_hidden("The same again: ")):
            stderr.print("these were two different ones")
        else:
            component = Component(part, algorithm)
            stdout.print(f"KCV of component {number}: {component.kcv_hex}")
            if typer.confirm("Is it the one on your letter?"):
                return component
    raise InvalidKeyError(f"component {number} was not typed right")


def _hex(typed: str) -> bytes:
    """Return what was typed, groups and spaces allowed; nothing if it is no hexadecimal."""
    try:
        return bytes.fromhex(typed)
    except ValueError:
        return b""


def _compare(key: Key) -> None:
    expected = typer.prompt(
        "KCV on the letter (empty: not known)", default="", show_default=False
    ).strip()
    if expected and not _fits(_hex(expected), key):
        raise InvalidKeyError(
            "the key has another check value; nothing was loaded", kcv=key.kcv_hex
        )
    if not expected and not typer.confirm("Load it without a comparison?"):
        raise typer.Abort


def _fits(expected: bytes, key: Key) -> bool:
    """Letters show 4, 6, 8 or 16 digits of the same check value."""
    return len(expected) >= _SHORTEST_KCV_BYTES and key.has_kcv(expected)


def _put(store: FileKeyStore, slot: str, key: Key, ksn: str, *, replace: bool) -> None:
    if ksn:
        store.load_dukpt(slot, key, KSN(_hex(ksn)), replace=replace)
    else:
        store.load_key(slot, key, replace=replace)
