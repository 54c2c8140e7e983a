"""The file of a door's tokens: who may ask, in which role, for which terminals; of each token only its digest. Floor 11."""

from __future__ import annotations

import json
import tomllib
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from posrefund.errors import ConfigError
from posrefund.keystore import disk

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from posrefund.gateway.tokens import Token

__all__ = ["changed_tokens", "read_tokens", "token_path", "write_tokens"]

_HEAD = (
    "# Who may ask at the door. `posrefund tokens add` makes one; a token itself stands nowhere.\n"
)
_NAMES = {"name", "role", "sha256", "terminals", "operator"}


def token_path(data: dict[str, Any], folder: Path) -> Path:
    """Return where the tokens of a file of settings are: ``tokens`` in ``[serve]``, or ``tokens.toml`` beside it."""
    table = data.get("serve", {})
    name = table.get("tokens", "tokens.toml") if isinstance(table, dict) else None
    if not isinstance(name, str) or not name:
        raise ConfigError("[serve] tokens: expected the name of a file")
    return folder / name


def read_tokens(path: Path) -> list[Token]:
    """Return the tokens of a file; none where there is no file.

    Raises:
        ConfigError: It cannot be read, or something in it is no token.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return []
    except OSError:
        raise ConfigError(f"{path} cannot be read") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is no TOML: {error}") from None
    rows = data.get("token", [])
    if set(data) - {"token"} or not isinstance(rows, list):
        raise ConfigError(f"{path}: expected [[token]] and nothing else")
    return [_token(row, path) for row in rows]


@contextmanager
def changed_tokens(path: Path) -> Iterator[list[Token]]:
    """Lend the tokens of a file to be changed, and write them; whoever else changes them waits until then.

    Raises:
        ConfigError: As ``read_tokens`` and ``write_tokens``, or the file cannot be locked; the old one stands.
    """
    with disk.alone(path):
        tokens = read_tokens(path)
        yield tokens
        write_tokens(path, tokens)


def write_tokens(path: Path, tokens: Sequence[Token]) -> None:
    """Put *tokens* in the place of what stands in the file, readable by its owner only; see ``changed_tokens``.

    Raises:
        ConfigError: It cannot be written; the old one stands.
    """
    disk.replace(path, (_HEAD + "".join(map(_row, tokens))).encode())


def _row(token: Token) -> str:
    said: dict[str, Any] = {"name": token.name, "role": token.role, "sha256": token.sha256}
    if token.terminals is not None:
        said["terminals"] = list(token.terminals)
    if token.operator:
        said["operator"] = token.operator
    lines = [f"{name} = {json.dumps(value)}" for name, value in said.items()]
    return "\n[[token]]\n" + "\n".join(lines) + "\n"


def _token(row: object, path: Path) -> Token:
    from posrefund.gateway.tokens import Token

    if not isinstance(row, dict) or not {"name", "role", "sha256"} <= row.keys() <= _NAMES:
        raise ConfigError(f"{path}: expected in each [[token]] of {', '.join(sorted(_NAMES))}")
    terminals = row.get("terminals")
    is_list = isinstance(terminals, list) and all(isinstance(name, str) for name in terminals)
    texts = {name: value for name, value in row.items() if name != "terminals"}
    if not all(isinstance(value, str) for value in texts.values()):
        raise ConfigError(f"{path}: expected text in each [[token]]")
    if terminals is not None and not is_list:
        raise ConfigError(f"{path}: expected a list of numbers as terminals")
    return Token(**texts, terminals=tuple(terminals) if terminals is not None else None)
