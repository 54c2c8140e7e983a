"""``posrefund keys``: load, list, rotate, export. No command shows a key, and none takes one as an argument. Floor 11."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.table import Table

from posrefund.cli import keys_load, keys_rotate
from posrefund.cli.config import ConfigOption, load, open_keystore
from posrefund.cli.screen import as_text, print_json, stdout
from posrefund.crypto.keyblock import wrap_key_block
from posrefund.errors import InvalidKeyError

__all__ = ["app"]

app = typer.Typer(help="Load and look after keys.", no_args_is_help=True)


@app.callback()
def _no_core_dump() -> None:
    """A crash of these commands leaves no picture of the memory on disk, where the system can say so."""
    try:
        import resource
    except ImportError:  # pragma: no cover — Windows has none
        return
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, hard))


app.command("load")(keys_load.load_key)
app.command("rotate")(keys_rotate.rotate)


@app.command("list")
def list_(
    config: ConfigOption = Path("posrefund.toml"),
    json: Annotated[bool, typer.Option("--json", help="As data.")] = False,
) -> None:
    """List the slots of the key file: purposes and check values, no keys."""
    store = open_keystore(load(config))
    slots = [asdict(slot) for slot in store.slots()]
    lock = store.lock_header
    if json:
        print_json(
            {
                "generation": store.generation,
                "test_keys": store.test_keys,
                "lock": lock,
                "slots": slots,
            }
        )
        return
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for name in ("slot", "purpose", "algorithm", "KCV", "counter", "lives in", "KSN"):
        table.add_column(name, overflow="fold")
    for slot in slots:
        table.add_row(*(as_text(str(value) or "-") for value in slot.values()))
    stdout.print(table)
    cost = f", N = {lock['n']}" if "n" in lock else ""
    stdout.print(as_text(f"generation {store.generation}; locked by {lock['kind']}{cost}"))
    if store.test_keys:
        stdout.print("TEST KEYS: this file takes published keys; never use it with a real host")


@app.command()
def export(
    slot: Annotated[str, typer.Argument(help="The key to hand over.")],
    under: Annotated[
        str, typer.Option("--under", help="The slot of the key-encrypting key it goes under.")
    ],
    config: ConfigOption = Path("posrefund.toml"),
) -> None:
    """Print a key as a key block: TR-31 version B under a TDEA key, D under AES. In clear it never leaves."""
    store = open_keystore(load(config))
    if slot == under:
        raise InvalidKeyError("a key is not exported under itself")
    with store.key(under) as protection, store.key(slot) as key:
        block = wrap_key_block(protection, key)
        print(block)
        stdout.print(f"{slot}: KCV {key.kcv_hex}, under {under}: KCV {protection.kcv_hex}")
