"""``posrefund slip``: print the slip of a request, or the notice that there is none. Floor 11."""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, assert_never, cast

import typer

from posrefund.cli.config import ConfigOption, load, open_terminal
from posrefund.cli.days import day_or_none
from posrefund.cli.money import EXIT_STATUS
from posrefund.cli.screen import Lang, LangOption, stderr, stdout
from posrefund.errors import ConfigError
from posrefund.office.slips import as_escpos, as_png, as_text, slip_of_request

if TYPE_CHECKING:
    from posrefund.office.slips import Columns, SlipContent

__all__ = ["slip"]


class SlipFormat(StrEnum):
    """What a slip can be."""

    TEXT = "text"
    ESCPOS = "escpos"
    PNG = "png"
    JSON = "json"


class CopyName(StrEnum):
    """For whom it is."""

    MERCHANT = "merchant"
    BANK = "bank"
    CUSTOMER = "customer"


class Width(StrEnum):
    """Columns of the paper."""

    NARROW = "32"
    WIDE = "48"


def slip(  # noqa: PLR0913, PLR0917 — one per option
    request: Annotated[str, typer.Argument(help="The request whose slip it is.")],
    config: ConfigOption = Path("posrefund.toml"),
    kind: Annotated[
        SlipFormat,
        typer.Option(
            "--format", help="escpos: bytes for a receipt printer; json: to lay it out yourself."
        ),
    ] = SlipFormat.TEXT,
    columns: Annotated[
        Width | None, typer.Option(help="58 mm paper has 32, 80 mm 48; as configured if left out.")
    ] = None,
    copy: Annotated[
        CopyName, typer.Option(help="The customer's shows four digits of the card.")
    ] = CopyName.MERCHANT,
    out: Annotated[
        Path | None,
        typer.Option(help="File or printer device; text and json go to the screen without it."),
    ] = None,
    font: Annotated[
        Path | None, typer.Option(help="Font file of a PNG; as configured if left out.")
    ] = None,
    expected_by: Annotated[
        str,
        typer.Option(
            help="When the customer may expect the money, YYYY-MM-DD; by [arrival] if left out."
        ),
    ] = "",
    lang: LangOption = Lang.EN,
) -> None:
    """Print the slip of a request; a copy that was printed before says that it is a reprint.

    What the host did not accept has no slip: a notice says how it stands instead. Every print is in the journal.

    Exit status: 0 a slip; a notice: 10 declined, 11 in doubt, 12 not sent; 2 an error.
    """
    if out is None and kind in (SlipFormat.ESCPOS, SlipFormat.PNG):
        raise ConfigError(f"--format {kind} needs --out")
    settings = load(config)
    with open_terminal(settings) as terminal:
        found = terminal.status(request)
        if found is None:
            stderr.print(f"request {request} is unknown / 没有这个请求号", markup=False)
            raise typer.Exit(2)
        content = slip_of_request(
            terminal,
            found,
            settings.slip,
            language=lang.value,
            copy=copy.value,
            arrival=settings.arrival,
            expected_by=day_or_none(expected_by, "--expected-by"),
        )
        width = cast("Columns", int(columns or settings.slip.columns))
        made = _made(content, kind, width, font or settings.slip.font, settings.slip.printer)
        terminal.note_print(request, copy.value)
    _put(made, out)
    raise typer.Exit(EXIT_STATUS[type(found).__name__])


def _made(
    content: SlipContent, kind: SlipFormat, columns: Columns, font: Path | None, printer: str
) -> bytes:
    match kind:
        case SlipFormat.TEXT:
            return as_text(content, columns).encode()
        case SlipFormat.ESCPOS:
            return as_escpos(content, columns, profile=printer)
        case SlipFormat.PNG:
            if font is None:
                raise ConfigError("a PNG needs a font: --font, or font in [slip]")
            return as_png(content, columns, font=font)
        case SlipFormat.JSON:
            said = json.dumps(content.as_data(), ensure_ascii=False, indent=2)
            return f"{said}\n".encode()
        case _:
            assert_never(kind)


def _put(made: bytes, out: Path | None) -> None:
    if out is None:
        sys.stdout.write(made.decode())
        return
    try:
        out.write_bytes(made)
    except OSError as error:
        raise ConfigError(f"{out} cannot be written: {error.strerror}") from None
    stdout.print(f"{out}: {len(made)} bytes", markup=False)
