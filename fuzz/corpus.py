"""The inputs that fuzzing starts from, and where inputs are kept. ``python -m fuzz.corpus`` writes the seeds.

Seeds are the published messages of ``tests/vectors`` (test numbers only), one message of each kind that each
dialect can express, their data objects, and streams made of them. Nothing here was ever on a real line.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

from fuzz.lines import FAMILIES, line_seeds
from fuzz.logs import log_seeds
from fuzz.pin_pad import pin_pad_seeds
from fuzz.samples import head_of, sample_messages
from fuzz.settlement_files import file_seeds
from fuzz.targets import FRAME_BYTES_MAX, KEYS, TARGETS, selector
from fuzz.text_terminals import terminal_seeds
from posrefund.codec.tlv import TLV, parse_tlv, write_tlv
from posrefund.dialects import dialect, names
from posrefund.dialects.capture import open_capture
from posrefund.emulators.zvt import EmulatedZVT, ZVTModel
from posrefund.emulators.zvt.commands import block
from posrefund.errors import DecodeError, EncodeError
from posrefund.framing import frame
from posrefund.seal import seal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from posrefund.dialects import Dialect

__all__ = ["CORPUS", "CRASHES", "DICTIONARY", "FOUND", "keep_crash", "seeds", "words", "write"]

_HERE = Path(__file__).parent
CORPUS, CRASHES, FOUND = _HERE / "corpus", _HERE / "crashes", _HERE / "found"
"""Seeds, and inputs that once broke something: both checked in. What fuzzing keeps for itself: not."""
DICTIONARY = _HERE / "iso8583.dict"
_PUBLISHED = _HERE.parent / "tests" / "vectors" / "unionpay" / "messages.jsonl"
_WORD = re.compile(r'^(?:\w+=)?"((?:[^"\\]|\\.)*)"$')
_ESCAPE = re.compile(r'\\(x[0-9A-Fa-f]{2}|["\\])')


def seeds() -> dict[str, dict[str, bytes]]:
    """Return the seeds of each corpus folder by name."""
    messages = {**_published(), **_generated()}
    return {
        "message": messages,
        "tlv": dict(_objects(messages)),
        "framing": dict(_streams(messages)),
        "wirelog": dict(log_seeds()),
        "settlement-file": dict(file_seeds()),
        "text-terminal": dict(terminal_seeds()),
        "zvt": dict(_zvt_commands()),
        "relay": dict(_relayed(messages)),
        "pinpad": dict(pin_pad_seeds()),
        **{name: dict(line_seeds(name)) for name in FAMILIES},
    }


def _relayed(messages: dict[str, bytes]) -> Iterator[tuple[str, bytes]]:
    """Bodies that hand a message of the main dialect over, behind the byte that has them framed."""
    mine = selector(dialect("unionpay"))
    for name, data in messages.items():
        if data[:1] == mine:
            body = bytes.fromhex("DF010101DF04021234") + write_tlv([TLV(b"\xdf\x06", data[1:])])
            yield name, b"\1" + body


def write(folder: Path) -> int:
    """Write every seed under *folder*; return how many there are."""
    count = 0
    for kind, found in seeds().items():
        (folder / kind).mkdir(parents=True, exist_ok=True)
        for name, data in found.items():
            (folder / kind / name).write_bytes(data)
            count += 1
    return count


def keep_crash(target: str, data: bytes) -> Path:
    """Write *data* where the tests find it; return its path."""
    digest = hashlib.sha256(data).hexdigest()[:16]
    path = CRASHES / target / f"crash-{digest}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def words() -> list[bytes]:
    """Return the words of the dictionary, as libFuzzer reads them."""
    found = []
    for number, line in enumerate(DICTIONARY.read_text(encoding="ascii").splitlines(), start=1):
        if not line or line.startswith("#"):
            continue
        match = _WORD.match(line)
        if match is None:
            message = f"{DICTIONARY.name}:{number} is no word"
            raise ValueError(message)
        text = _ESCAPE.sub(
            lambda escape: chr(int(escape[1][1:], 16)) if escape[1][0] == "x" else escape[1],
            match[1],
        )
        found.append(text.encode("latin-1"))
    return found


def _published() -> dict[str, bytes]:
    """As they were published, and from the MTI on where that is something else."""
    found = {}
    for line in _PUBLISHED.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        known, raw = dialect(row["dialect"]), bytes.fromhex(row["hex"])
        found[f"published-{row['name']}"] = selector(known) + raw
        body_at = 2 * row["length_prefix"] + 5 * row["tpdu"] + row["header_bytes"]
        if body_at:
            found[f"published-{row['name']}-body"] = selector(known) + raw[body_at:]
    return found


def _generated() -> dict[str, bytes]:
    """One message of each kind; the longest also as it is framed on the line, and damaged."""
    found: dict[str, bytes] = {}
    for name in names():
        known = dialect(name)
        made = {kind: _sealed(fields, known) for kind, fields in sample_messages(known)}
        if made:
            made |= _damaged(max(made.values(), key=len), known)
        found |= {f"{name}-{kind}": selector(known) + raw for kind, raw in made.items()}
    return found


def _damaged(message: bytes, known: Dialect) -> dict[str, bytes]:
    bitmap_at, bitmap_end = head_of(known.codec)

    def with_bitmap(bits: str) -> bytes:
        bitmap = bytes.fromhex(bits) if bitmap_end - bitmap_at == 8 else bits.encode()
        return message[:bitmap_at] + bitmap + message[bitmap_end:]

    return {
        "framed": frame(known.tpdu + known.header + message),
        "cut": message[: len(message) // 2],
        "without-mac": message[:-8],
        "longer": message + b"\0",
        "every-field": with_bitmap("7FFFFFFFFFFFFFFF"),
        "secondary-bitmap": with_bitmap("8000000000000000"),
        "fields-forgotten": with_bitmap("0000000000000000"),
        "odd-filler": message.replace(b"\x11\x10", b"\x11\x1f"),
    }


def _sealed(fields: dict[str, str], known: Dialect) -> bytes:
    try:
        return seal(fields, known, KEYS)
    except EncodeError:  # a dialect without this kind of MAC
        return known.codec.encode(fields)


def _objects(messages: dict[str, bytes]) -> Iterator[tuple[str, bytes]]:
    """Yield the chip data of the published messages, and a few objects in odd but legal forms."""
    for name, data in messages.items():
        chips = (_chip_data(data[1:], dialect(each)) for each in names())
        chip = next(filter(None, chips), b"")
        if chip and not name.endswith("-body"):
            yield name, chip
    yield "empty", b""
    yield "template", bytes.fromhex("700B9F2608") + bytes(8)
    yield "nested", bytes.fromhex("6F0E8407A0000003330101A5039F3800")
    yield "three-deep", bytes.fromhex("E106E204E3029500")
    yield "long-length", bytes.fromhex("9F2681028001")
    yield "longest-length", bytes.fromhex("95009584000000015A")
    yield "four-byte-tag", bytes.fromhex("DFFF81010155")


def _chip_data(raw: bytes, known: Dialect) -> bytes:
    try:
        chip = bytes.fromhex(open_capture(raw, known).fields.get("55", ""))
        parse_tlv(chip)
    except (DecodeError, ValueError):
        return b""
    return chip if any(chip) else b""


def _zvt_commands() -> Iterator[tuple[str, bytes]]:
    """Yield what a ZVT terminal says in a refund; the first byte chooses a kind of terminal."""
    device = EmulatedZVT(model=ZVTModel(form="tcp", lines_in_tlv=True))
    device.connect()
    heard: list[bytes] = []
    for command in ("060006000000BE0978", "800000", "06310D000000040000000012344909 78", "800000"):
        heard += (say.data for say in device.receive(bytes.fromhex(command), 0.0))
    while says := device.receive(bytes.fromhex("800000"), 0.0):
        heard += (say.data for say in says)
    heard += [block(["Nr: 6200 0000 0000 0005", "EUR 12,34"], "cp437"), bytes.fromhex("061E016C")]
    for number, body in enumerate(dict.fromkeys(heard)):
        yield f"{number:02d}", bytes((number % 2,)) + body
        yield f"{number:02d}-cut", bytes((number % 2,)) + body[:-1]


def _streams(messages: dict[str, bytes]) -> Iterator[tuple[str, bytes]]:
    """Yield streams of frames, cut in several ways; the first byte counts the cuts."""
    some = [data[1:] for name, data in messages.items() if name.endswith("-body")][:3]
    line = b"".join(frame(message) for message in some)
    yield "one-frame", b"\0" + frame(some[0])
    yield "three-frames", b"\0" + line
    yield "three-frames-in-pieces", bytes((4, 1, 1, 100, 255)) + line
    yield "cut", b"\0" + line[:-5]
    yield "keep-alives", bytes((2, 3, 1)) + bytes(4) + frame(b"z") + bytes(2)
    yield "wrong-prefix", bytes((1, 5)) + frame(b"abc") + b"\x10\x01rest"
    yield "longest", bytes((1, 200)) + frame(b"\1" * FRAME_BYTES_MAX)
    yield "envelope-only", b"\0" + frame(bytes.fromhex("6000030000603200000000"))
    yield "half-an-envelope", b"\0" + frame(bytes.fromhex("60000300006032"))


def main() -> None:
    """Write the seeds where they are checked in."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    count = write(CORPUS)
    folders = ", ".join(sorted({target.corpus for target in TARGETS.values()}))
    print(f"{count} seeds in fuzz/corpus ({folders})")


if __name__ == "__main__":
    main()
