"""``posrefund keys rotate``: another passphrase, another file key, or a restored backup. Floor 11.

Two files change: the passphrase and the key file. The new passphrase is on disk, under another name, before the key
file needs it; a rotation that a crash cut short is finished by the next one.
"""

from __future__ import annotations

import secrets
from enum import StrEnum
from getpass import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from posrefund.cli.config import ConfigOption, load, open_journal, read_passphrase
from posrefund.cli.screen import stdout
from posrefund.cli.token_settings import open_token
from posrefund.errors import ConfigError, InvalidKeyError
from posrefund.keystore import FileKeyStore, HighWaterFile, disk
from posrefund.terminal.generation import remembered_generation

if TYPE_CHECKING:
    from posrefund.cli.config import Settings

__all__ = ["rotate"]


class NewPassphrase(StrEnum):
    """Where the passphrase comes from."""

    RANDOM = "random"
    ASK = "ask"
    KEEP = "keep"


def rotate(
    config: ConfigOption = Path("posrefund.toml"),
    passphrase: Annotated[
        NewPassphrase,
        typer.Option(help="A random one, one that is typed, or the old one with a new file key."),
    ] = NewPassphrase.RANDOM,
    restored: Annotated[
        bool,
        typer.Option(
            "--restored",
            help="The file is a backup: go on with it, without keys of sign-ins and DUKPT.",
        ),
    ] = False,
) -> None:
    """Seal every slot anew under another passphrase or file key. Old copies still open with the old one."""
    settings = load(config)
    token, lock = open_token(settings.token) if settings.token else (None, None)
    if lock is not None:
        raise ConfigError("a token locks this key file: FileKeyStore.change_lock seals it anew")
    waiting = _waiting(settings)
    _finish_interrupted(settings, waiting)
    old = read_passphrase(settings.passphrase_file)
    mark = HighWaterFile(settings.high_water_file) if settings.high_water_file else None
    store = FileKeyStore(settings.key_file, old, token=token, high_water=None if restored else mark)
    if restored:
        store.accept_restored(max(mark.read() if mark else 0, _remembered(settings, store)))
    new = _new_passphrase(passphrase, old)
    if new != old:
        disk.replace(waiting, new + b"\n")
    store.change_lock(new)
    if new != old:
        disk.replace(settings.passphrase_file, new + b"\n")
        waiting.unlink()
    if mark:
        mark.raise_to(store.generation)
    stdout.print(f"sealed anew, generation {store.generation}")
    stdout.print("Copies made before open with the old passphrase: destroy them.")


def _waiting(settings: Settings) -> Path:
    file = settings.passphrase_file
    return file.with_name(file.name + ".next")


def _finish_interrupted(settings: Settings, waiting: Path) -> None:
    """Take the waiting passphrase if the key file wants it already; forget it if not."""
    if not waiting.exists():
        return
    new = read_passphrase(waiting)
    try:
        FileKeyStore(settings.key_file, new)
    except InvalidKeyError:
        stdout.print("a rotation before was cut short: the old passphrase still holds")
    else:
        disk.replace(settings.passphrase_file, new + b"\n")
        stdout.print("a rotation before was cut short and is finished now")
    waiting.unlink()


def _remembered(settings: Settings, store: FileKeyStore) -> int:
    if settings.journal_file is not None and not settings.journal_file.exists():
        return 0
    with open_journal(settings, store.journal_key) as journal:
        return remembered_generation(journal)


def _new_passphrase(source: NewPassphrase, old: bytes) -> bytes:
    if source is NewPassphrase.KEEP:
        return old
    if source is NewPassphrase.RANDOM:
        return secrets.token_urlsafe(24).encode("ascii")
    typed = _read_hidden("New passphrase (not shown): ").strip()
    if not typed or typed != _read_hidden("The same again: ").strip():
        raise ConfigError("these were two different passphrases, or none")
    return typed.encode()


def _read_hidden(question: str) -> str:
    return getpass(question)
