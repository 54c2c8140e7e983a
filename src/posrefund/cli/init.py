"""``posrefund init``: ask for a terminal's settings and make its files. Floor 11."""

from __future__ import annotations

import secrets
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from posrefund.cli.config import write
from posrefund.cli.screen import stderr, stdout
from posrefund.crypto import Key, Purpose, is_well_known
from posrefund.errors import ConfigError, InvalidKeyError, InvalidRequestError
from posrefund.keystore import FileKeyStore
from posrefund.values import MerchantID, TerminalID

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["init"]


def init(
    folder: Annotated[Path, typer.Argument(help="Where the files go.")] = Path(),
    test_keys: Annotated[
        bool,
        typer.Option("--test-keys", help="Take a published TMK; the key file says so for ever."),
    ] = False,
) -> None:
    """Ask for terminal, merchant, host and TMK; write posrefund.toml, keys.json and passphrase.

    A TMK in components is loaded afterwards, by two people: leave it empty here, then `posrefund keys load`.
    """
    if (folder / "posrefund.toml").exists():
        raise ConfigError(f"{folder / 'posrefund.toml'} exists already")
    terminal = _ask("Terminal (DE41, 8 characters)", TerminalID)
    merchant = _ask("Merchant (DE42, 15 characters)", MerchantID)
    address = typer.prompt("Host address", default="127.0.0.1")
    port = _port()
    tmk = _tmk(test_keys)
    folder.mkdir(parents=True, exist_ok=True)
    store = make_keystore(folder, tmk, test_keys=test_keys)
    path = write(folder, terminal=terminal, merchant=merchant, address=address, port=port)
    stdout.print(f"{path} written; the TMK's check value is {store.tmk.kcv_hex}.")
    if test_keys:
        stdout.print("The key file takes published keys: never use it with a real host.")
    enter = "" if folder.resolve() == Path.cwd() else f"cd {shlex.quote(str(folder))} && "
    stdout.print(f"Next: {enter}posrefund sign-in", markup=False, soft_wrap=True)


def _ask(question: str, kind: Callable[[str], str]) -> str:
    """Ask until the answer is one; a wrong one is told at once."""
    while True:
        try:
            return kind(typer.prompt(question))
        except InvalidRequestError as fault:
            stderr.print(str(fault))


def _port() -> int:
    while True:
        port: int = typer.prompt("Host port", default=8583, type=int)
        if 0 < port < 65_536:
            return port
        stderr.print("expected 1 to 65535")


def make_keystore(folder: Path, tmk: bytes, *, test_keys: bool = False) -> FileKeyStore:
    """Make a key file and a fresh random passphrase for it, both readable by their owner only."""
    passphrase = secrets.token_urlsafe(24).encode("ascii")
    store = FileKeyStore.create(folder / "keys.json", passphrase, tmk=tmk, test_keys=test_keys)
    path = folder / "passphrase"
    path.touch(mode=0o600)
    path.write_bytes(passphrase + b"\n")
    return store


def _tmk(test_keys: bool) -> bytes:
    """Ask for the TMK without showing it, until it is one; a random one is made for no answer."""
    while True:
        question = "TMK (32 hexadecimal digits, not shown; empty: a random one)"
        typed = typer.prompt(question, default="", hide_input=True, show_default=False)
        if not typed:
            return secrets.token_bytes(16)
        try:
            tmk = bytes.fromhex(typed)
            with Key(tmk, Purpose.KEK) as key:
                is_refused = is_well_known(key) and not test_keys
        except (ValueError, InvalidKeyError):
            stderr.print("expected 32 hexadecimal digits, two different halves")
            continue
        if not is_refused:
            return tmk
        stderr.print("this key was published: only `posrefund init --test-keys` takes it")
