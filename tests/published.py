"""The published messages and known answers of ``vectors/``, as values the tests can use."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from posrefund.errors import DecodeError

__all__ = ["CLEAN", "MESSAGES", "Published", "by_name", "check_refusal", "known_answers"]

_VECTORS = Path(__file__).parent / "vectors"


@dataclass(frozen=True)
class Published:
    """One row of ``vectors/unionpay/messages.jsonl``."""

    name: str
    raw: bytes
    mti: str
    length_prefix: bool
    tpdu: bool
    header_bytes: int
    clean: bool
    dialect: str
    fields: dict[str, str]
    sanitised: bool

    @property
    def body_at(self) -> int:
        """Offset of the MTI."""
        return 2 * self.length_prefix + 5 * self.tpdu + self.header_bytes

    @property
    def body(self) -> bytes:
        """From the MTI on."""
        return self.raw[self.body_at :]


def _published(row: dict[str, Any]) -> Published:
    fields = {number: text.removeprefix("hex:") for number, text in row["fields"].items()}
    kept = ("name", "mti", "length_prefix", "tpdu", "header_bytes", "clean", "dialect", "sanitised")
    facts = {name: row[name] for name in kept}
    return Published(**facts, raw=bytes.fromhex(row["hex"]), fields=fields)


def _rows() -> list[dict[str, Any]]:
    text = (_VECTORS / "unionpay" / "messages.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


MESSAGES = tuple(_published(row) for row in _rows())
CLEAN = tuple(message for message in MESSAGES if message.clean)


def by_name(name: str) -> Published:
    """Return the message called *name*."""
    return next(message for message in MESSAGES if message.name == name)


def known_answers(file: str, table: str) -> list[dict[str, str]]:
    """Return the cases ``[[table]]`` of ``vectors/crypto/<file>.toml``."""
    text = (_VECTORS / "crypto" / f"{file}.toml").read_text(encoding="utf-8")
    cases: list[dict[str, str]] = tomllib.loads(text)[table]
    return cases


def check_refusal(error: DecodeError, raw: bytes) -> None:
    """A refusal names a field, and a place within the bytes it refuses."""
    assert error.path
    assert error.expected
    assert type(error.offset_bytes) is int
    assert 0 <= error.offset_bytes <= len(raw)
