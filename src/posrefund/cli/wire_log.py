"""``posrefund wirelog``: read a log of the line again, without the line. Floor 11.

A capture may be somebody else's and hold clear bytes: what no table masks is shown only on request.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from posrefund.cli.config import load
from posrefund.cli.dialect_file import find_dialect
from posrefund.cli.message_json import capture_as_data
from posrefund.cli.picture import message_picture
from posrefund.cli.screen import Lang, LangOption, as_text, print_json, stdout
from posrefund.cli.wire_log_settings import HOST_LINE
from posrefund.dialects.capture import open_capture
from posrefund.errors import ConfigError, DecodeError
from posrefund.framing import (
    STXETX,
    ABECSFramer,
    Damaged,
    LengthPrefixFramer,
    Progress,
    STXETXFramer,
    TagTextFramer,
    ZVTSerialFramer,
    ZVTTCPFramer,
)
from posrefund.wirelog import PcapFile, read_log, replay

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from posrefund.dialects import Dialect
    from posrefund.dialects.capture import Capture
    from posrefund.framing import Framer
    from posrefund.wirelog import Entry, Replayed

__all__ = ["app"]

app = typer.Typer(help="Logs of the line: read them again, convert them.", no_args_is_help=True)

_FRAMERS: dict[str, Callable[[], Framer]] = {
    HOST_LINE: LengthPrefixFramer,
    "abecs": ABECSFramer,
    "stx-etx": lambda: STXETXFramer(STXETX()),
    "tag-text": TagTextFramer,
    "zvt-serial": ZVTSerialFramer,
    "zvt-tcp": ZVTTCPFramer,
}
_WAYS = {"sent": ("→", "发出", "sent"), "received": ("←", "收到", "received"), "": ("·", "", "")}
_WHAT = {
    "open": ("线路打开", "line opened"),
    "frame": ("报文", "frame"),
    "bytes": ("报文", "frame"),
    "control": ("控制字符", "control"),
    "progress": ("终端提示（不保存）", "progress, not kept"),
    "damage": ("无法识别的字节（不保存）", "bytes that are no frame, not kept"),
    "broken": ("发送失败", "sending failed"),
    "close": ("线路关闭", "line closed"),
}

LogFile = Annotated[Path, typer.Argument(help="JSON lines, or a pcap file.")]
_Line = Annotated[str, typer.Option(help=f"What is spoken there: {', '.join(_FRAMERS)}.")]


@app.command("show")
def show(
    file: LogFile,
    dialect: Annotated[
        str, typer.Option(help="Which table to read messages by: a name, or a dialect file.")
    ] = "unionpay",
    line: _Line = HOST_LINE,
    config: Annotated[
        Path | None,
        typer.Option(
            help="Settings whose dialect and framing the line has; --dialect is not looked at then."
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
    reveal: Annotated[
        bool, typer.Option("--reveal", help="Show the bytes, too. Mind who is watching.")
    ] = False,
    lang: LangOption = Lang.EN,
) -> None:
    """Print what passed, in order: through the framers of the line and the tables of the dialect, masked."""
    settings = load(config) if config else None
    known = settings.dialect if settings else find_dialect(dialect)
    framer = settings.host.framer if settings and line == HOST_LINE else _framer(line)
    found = replay(_entries(file, line), framer)
    if json:
        print_json([_as_data(each, known, line, reveal=reveal) for each in found])
        return
    for each in found:
        stdout.print(as_text(_headline(each, lang), "bold"), soft_wrap=True)
        if isinstance(each.event, bytes):
            _print_body(
                each.event, _capture_of(each.event, known, line), known, lang, reveal=reveal
            )


@app.command("to-pcap")
def to_pcap(
    file: LogFile,
    capture: Annotated[Path, typer.Argument(help="The capture to make; must not exist.")],
    port: Annotated[int, typer.Option(help="Of the host, in the capture; 0 for serial.")] = 8583,
    bare: Annotated[
        int, typer.Option(help="Bytes of TPDU and header to leave out of every message.")
    ] = 0,
) -> None:
    """Write a log of JSON lines as a capture that Wireshark opens."""
    if capture.exists():
        raise ConfigError(f"{capture} exists")
    sink = PcapFile(capture, port or None, bare_of_bytes=bare)
    for entry in read_log(_bytes_of(file)):
        sink.write(entry)


def _framer(line: str) -> Callable[[], Framer]:
    if line not in _FRAMERS:
        raise ConfigError(f"--line: expected one of {', '.join(_FRAMERS)}")
    return _FRAMERS[line]


def _entries(file: Path, line: str) -> Iterator[Entry]:
    """Yield those of one kind of line; a capture does not say of which kind it is."""
    return (entry for entry in read_log(_bytes_of(file)) if entry.line in ("", line))


def _bytes_of(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error.strerror}") from None


def _headline(each: Replayed, lang: Lang) -> str:
    entry, event = each
    is_zh = lang is Lang.ZH
    arrow, *way = _WAYS[entry.way]
    what = _WHAT["damage" if isinstance(event, Damaged) else entry.what]
    length = len(event) if isinstance(event, bytes) else entry.length_bytes
    parts = [
        f"{entry.time:%Y-%m-%d %H:%M:%S.%f}",
        f"#{entry.conversation}",
        arrow,
        way[not is_zh],
        what[not is_zh],
        (f"{length} 字节" if is_zh else f"{length} bytes") if length else "",
        entry.note,
    ]
    return " ".join(filter(None, parts))


def _print_body(
    body: bytes, capture: Capture | None, known: Dialect, lang: Lang, *, reveal: bool
) -> None:
    if capture is not None:
        stdout.print(message_picture(body, capture, known, reveal=reveal, lang=lang))
    elif reveal:
        stdout.print(as_text(body.hex(" ")))


def _capture_of(body: bytes, known: Dialect, line: str) -> Capture | None:
    """Read a message; None for what is none, or was not kept."""
    if line != HOST_LINE:
        return None
    try:
        return open_capture(body, known)
    except DecodeError:
        return None


def _as_data(each: Replayed, known: Dialect, line: str, *, reveal: bool) -> dict[str, object]:
    entry, event = each
    data: dict[str, object] = {
        "time": entry.time.isoformat(),
        "conversation": entry.conversation,
        "what": entry.what,
        "way": entry.way,
        "length": entry.length_bytes,
        "note": entry.note,
    }
    match event:
        case bytes():
            capture = _capture_of(event, known, line)
            data["length"] = len(event)
            if reveal:
                data["hex"] = event.hex()
            if capture is not None:
                data["message"] = capture_as_data(capture, known, reveal=reveal)
        case Damaged():
            data["what"], data["length"], data["note"] = "damage", event.length_bytes, event.reason
        case Progress() | None:
            pass
        case control:
            data["what"], data["note"] = "control", control.name
    return data
