"""``posrefund init``: ask for a terminal's settings and make its files. Floor 11."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Annotated

import typer

from posrefund.cli.config import load, write
from posrefund.cli.screen import stdout
from posrefund.errors import ConfigError
from posrefund.keystore import FileKeyStore

__all__ = ["init"]


def init(
    folder: Annotated[Path, typer.Argument(help="Where the files go.")] = Path(),
) -> None:
    """Ask for terminal, merchant, host and TMK; write posrefund.toml, keys.json and passphrase."""
    if (folder / "posrefund.toml").exists():
        raise ConfigError(f"{folder / 'posrefund.toml'} exists already")
    terminal = typer.prompt("Terminal (DE41, 8 characters)")
    merchant = typer.prompt("Merchant (DE42, 15 characters)")
    address = typer.prompt("Host address", default="127.0.0.1")
    port = typer.prompt("Host port", default=8583, type=int)
    tmk = _tmk()
    folder.mkdir(parents=True, exist_ok=True)
    path = write(folder, terminal=terminal, merchant=merchant, address=address, port=port)
    try:
        load(path)
    except ConfigError:
        path.unlink()
        raise
    store = make_keystore(folder, tmk)
    stdout.print(f"{path} written; the TMK's check value is {store.tmk.kcv_hex}.")
    stdout.print("Next: posrefund sign-in")


def make_keystore(folder: Path, tmk: bytes) -> FileKeyStore:
    """Make a key file and a fresh random passphrase for it, both readable by their owner only."""
    passphrase = secrets.token_urlsafe(24).encode("ascii")
    path = folder / "passphrase"
    path.touch(mode=0o600)
    path.write_bytes(passphrase + b"\n")
    return FileKeyStore.create(folder / "keys.json", passphrase, tmk=tmk)


def _tmk() -> bytes:
    typed = typer.prompt("TMK (32 hexadecimal digits, not shown)", hide_input=True)
    try:
        return bytes.fromhex(typed)
    except ValueError:
        raise ConfigError("the TMK is 32 hexadecimal digits") from None
