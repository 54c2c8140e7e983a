"""``posrefund init``: ask for a terminal's settings and make its files. Floor 11."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from posrefund.cli.config import write
from posrefund.cli.screen import stderr, stdout
from posrefund.crypto import Key, Purpose
from posrefund.errors import ConfigError, InvalidKeyError, InvalidRequestError
from posrefund.keystore import FileKeyStore
from posrefund.values import MerchantID, TerminalID

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["init"]


def init(
    folder: Annotated[Path, typer.Argument(help="Where the files go.")] = Path(),
) -> None:
    """Ask for terminal, merchant, host and TMK; write posrefund.toml, keys.json and passphrase."""
    if (folder / "posrefund.toml").exists():
        raise ConfigError(f"{folder / 'posrefund.toml'} exists already")
    terminal = _ask("Terminal (DE41, 8 characters)", TerminalID)
    merchant = _ask("Merchant (DE42, 15 characters)", MerchantID)
    address = typer.prompt("Host address", default="127.0.0.1")
    port = _port()
    tmk = _tmk()
    folder.mkdir(parents=True, exist_ok=True)
    store = make_keystore(folder, tmk)
    path = write(folder, terminal=terminal, merchant=merchant, address=address, port=port)
    stdout.print(f"{path} written; the TMK's check value is {store.tmk.kcv_hex}.")
    stdout.print("Next: posrefund sign-in")


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


def make_keystore(folder: Path, tmk: bytes) -> FileKeyStore:
    """Make a key file and a fresh random passphrase for it, both readable by their owner only."""
    passphrase = secrets.token_urlsafe(24).encode("ascii")
    store = FileKeyStore.create(folder / "keys.json", passphrase, tmk=tmk)
    path = folder / "passphrase"
    path.touch(mode=0o600)
    path.write_bytes(passphrase + b"\n")
    return store


def _tmk() -> bytes:
    """Ask for the TMK without showing it, until it is a key."""
    while True:
        typed = typer.prompt("TMK (32 hexadecimal digits, not shown)", hide_input=True)
        try:
            tmk = bytes.fromhex(typed)
            Key(tmk, Purpose.KEK).close()
        except (ValueError, InvalidKeyError):
            stderr.print("expected 32 hexadecimal digits, two different halves")
        else:
            return tmk
