"""``posrefund mac-probe``: which MAC is this? Floor 11."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from posrefund.cli.decode import read_message
from posrefund.cli.screen import JSONOption, print_json
from posrefund.crypto import Algorithm, Key, Purpose
from posrefund.crypto.probe import Finding, probe
from posrefund.errors import ConfigError, InvalidKeyError

__all__ = ["mac_probe"]

_KEYS = {
    "whole": "the whole key",
    "left half": "the left half of the key",
    "right half": "the right half of the key",
    "halves swapped": "the key with its halves swapped",
}


def mac_probe(
    message: Annotated[str, typer.Argument(help="Hex digits, - for standard input, or @FILE.")],
    mac: Annotated[
        str, typer.Option(help="The right MAC: hex digits, or the text that stands in its field.")
    ],
    key_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Hex digits of the MAC key; without it they are typed, unseen."
        ),
    ] = None,
    as_json: JSONOption = False,
) -> None:
    """Say which rule, key part and range reproduce a MAC; exit status 1 when none does."""
    raw = read_message(message)
    with _key(key_file) as key:
        ways = (list(probe(key, raw, tag)) for tag in _tags(mac, raw))
        found = next(filter(None, ways), [])
    if as_json:
        print_json({"ways": [_as_data(finding) for finding in found]})
    else:
        for finding in found:
            print(_sentence(finding, raw))
        print(f"{len(found) or 'no'} way{'' if len(found) == 1 else 's'} to this MAC")
    if not found:
        raise typer.Exit(1)


def _as_data(finding: Finding) -> dict[str, object]:
    rule = finding.rule
    return {
        "algorithm": rule.algorithm,
        "cipher": rule.cipher,
        "padding": rule.padding,
        "length_bytes": rule.length_bytes,
        "encoding": rule.encoding,
        "key_part": finding.key_part,
        "start": finding.start,
        "end": finding.end,
    }


def _tags(text: str, message: bytes) -> list[bytes]:
    """Return what may stand in the field for *text*; what does stand there comes first."""
    try:
        raw = bytes.fromhex(text)
    except ValueError:
        raise ConfigError("the MAC is given in hexadecimal digits") from None
    digits = text.replace(" ", "").upper().encode("ascii")
    return sorted({raw, digits}, key=lambda tag: (tag not in message, tag != digits))


def _key(file: Path | None) -> Key:
    text = typer.prompt("MAC key", hide_input=True) if file is None else _read(file)
    try:
        material = bytes.fromhex(text)
    except ValueError:
        raise InvalidKeyError("a key is typed in hexadecimal digits") from None
    algorithm = Algorithm.AES if len(material) == 32 else Algorithm.TDEA
    return Key(material, Purpose.MAC, algorithm)


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError):
        raise ConfigError(f"{file.name} cannot be read") from None


def _sentence(finding: Finding, message: bytes) -> str:
    rule = finding.rule
    form = "as text" if rule.encoding == "hex" else "raw"
    return (
        f"{rule.algorithm}, {rule.cipher}, padding {rule.padding}, {rule.length_bytes} bytes {form}; "
        f"{_KEYS[finding.key_part]}; bytes {finding.start} to {finding.end - 1} of {len(message)}"
        f"{_landmark(message[finding.start : finding.start + 4])}"
    )


def _landmark(head: bytes) -> str:
    """Name the MTI where the range begins with one, packed or as text."""
    for mti in (head[:2].hex(), head.decode("latin-1")):
        if len(mti) == 4 and mti.isdigit() and mti[0] in "01" and mti[1] != "0" and mti[3] in "015":
            return f", from the MTI {mti}"
    return ""
