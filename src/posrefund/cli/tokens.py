"""``posrefund tokens``: who may ask at the door. Floor 11."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich import box
from rich.table import Table

from posrefund.cli.config import ConfigOption, read
from posrefund.cli.http_extra import demand_http
from posrefund.cli.screen import JSONOption, as_text, print_json, stdout
from posrefund.cli.token_file import changed_tokens, read_tokens, token_path
from posrefund.errors import ConfigError

if TYPE_CHECKING:
    from posrefund.gateway import Token

__all__ = ["app"]

app = typer.Typer(help="Tokens for the door (`posrefund serve`).", no_args_is_help=True)

_Name = Annotated[str, typer.Argument(help="Of the till, or whoever has it; it stands in logs.")]


@app.command("add")
def add(
    name: _Name,
    role: Annotated[str, typer.Option(help="till, supervisor, admin or monitor.")],
    terminal: Annotated[
        list[str] | None, typer.Option(help="Number of a terminal it may speak to; all if none.")
    ] = None,
    operator: Annotated[str, typer.Option(help="The operator it speaks for, if it is one's.")] = "",
    config: ConfigOption = Path("posrefund.toml"),
    as_json: JSONOption = False,
) -> None:
    """Make a token and show it, this one time: only its digest is kept. A door that runs knows it some seconds later.

    Exit status: 0 made, 2 an error: the name is taken, say.
    """
    demand_http()
    from posrefund.gateway import Tokens, digest_of, new_token
    from posrefund.gateway.tokens import Token

    path = _path(config)
    secret = new_token()
    made = Token(
        name,
        role,  # type: ignore[arg-type]  # it is looked at there
        digest_of(secret),
        terminals=tuple(terminal) if terminal else None,
        operator=operator,
    )
    with changed_tokens(path) as known:
        known.append(made)
        Tokens(known)  # each with a name of its own
    if as_json:
        print_json({**_data(made), "token": secret})
        return
    stdout.print(secret, markup=False, soft_wrap=True)
    stdout.print(
        f"Send it as `Authorization: Bearer …`. It is shown once; {path} keeps its digest.",
        markup=False,
        soft_wrap=True,
    )


@app.command("list")
def show(config: ConfigOption = Path("posrefund.toml"), as_json: JSONOption = False) -> None:
    """List who may ask. Exit status: 0, whether there is anybody or not; 2 an error."""
    demand_http()
    found = read_tokens(_path(config))
    if as_json:
        print_json([_data(token) for token in found])
        return
    table = Table("name", "role", "terminals", "operator", box=box.SIMPLE)
    for token in found:
        terminals = "all" if token.terminals is None else ", ".join(token.terminals)
        table.add_row(*map(as_text, (token.name, token.role, terminals, token.operator)))
    stdout.print(table if found else "no tokens")


@app.command("remove")
def remove(
    name: _Name, config: ConfigOption = Path("posrefund.toml"), as_json: JSONOption = False
) -> None:
    """Take a token away. A door that runs forgets it some seconds later. Exit status: 0 done, 2 there is none."""
    demand_http()
    with changed_tokens(_path(config)) as known:
        left = [token for token in known if token.name != name]
        if len(left) == len(known):
            raise ConfigError("there is no token of that name")
        known[:] = left
    if as_json:
        print_json({"removed": name})
        return
    stdout.print(as_text(f"removed {name}"))


def _path(config: Path) -> Path:
    return token_path(read(config), config.parent)


def _data(token: Token) -> dict[str, Any]:
    terminals = None if token.terminals is None else list(token.terminals)
    return {
        "name": token.name,
        "role": token.role,
        "terminals": terminals,
        "operator": token.operator,
    }
