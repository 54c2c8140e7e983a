"""Messages in a capture file, and what Wireshark's own ISO 8583 dissector reads in them.

The file is written here, in the open pcap format: IPv4 and TCP around each message, one packet a message.
Nobody of this project wrote the dissector; where it is known to be wrong, the tests leave the field out.
"""

from __future__ import annotations

import json
import shutil
import struct
import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["needs_tshark", "read_by_tshark", "read_capture_by_tshark"]

needs_tshark = pytest.mark.skipif(
    shutil.which("tshark") is None,
    reason="tshark is not installed (Debian: apt-get install tshark)",
)

_PORT = 8583
_RAW_IP = 101
_LOCALHOST = bytes([127, 0, 0, 1])
_CHARSET = {
    "ascii": ("Digits represented as ASCII Characters", "Bin data encoded as Hex Ascii characters"),
    "packed": ("Digits represented in nibbles", "Bin data not encoded"),
}


def _packet(number: int, message: bytes) -> bytes:
    payload = len(message).to_bytes(2, "big") + message
    tcp = struct.pack(">HHIIBBHHH", 40_000 + number, _PORT, 1, 1, 5 << 4, 0x18, 65_535, 0, 0)
    length = 20 + len(tcp) + len(payload)
    ip = struct.pack(">BBHHHBBH", 0x45, 0, length, number, 0, 64, 6, 0) + _LOCALHOST * 2
    return struct.pack("<IIII", number, 0, length, length) + ip + tcp + payload


def read_by_tshark(messages: list[bytes], encoding: str, folder: Path) -> list[dict[str, str]]:
    """Return for each message what the dissector reads: ``t`` and the fields by number.

    A message it calls malformed, or does not recognise, is an empty dict.
    """
    capture = folder / "messages.pcap"
    head = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65_535, _RAW_IP)
    packets = [_packet(number, message) for number, message in enumerate(messages)]
    capture.write_bytes(head + b"".join(packets))
    return read_capture_by_tshark(capture, encoding, _PORT)


def read_capture_by_tshark(
    capture: Path, encoding: str, port: int, *, to_the_end: bool = True
) -> list[dict[str, str]]:
    """Return for each packet of a capture what the dissector reads in it, as ``read_by_tshark``.

    Unless *to_the_end*, what it reads before it calls a message malformed counts, too.
    """
    charset, binary = _CHARSET[encoding]
    done = subprocess.run(
        [
            *("tshark", "-r", str(capture), "-T", "json", "-d", f"tcp.port=={port},iso8583"),
            *("-o", "iso8583.len_endian:Big endian", "-o", f"iso8583.charset:{charset}"),
            *("-o", f"iso8583.binencode:{binary}"),
        ],
        capture_output=True,
        check=True,
        timeout=120,
    )
    frames = [frame["_source"]["layers"] for frame in json.loads(done.stdout)]
    return [_fields(layers, to_the_end=to_the_end) for layers in frames]


def _fields(layers: dict[str, object], *, to_the_end: bool) -> dict[str, str]:
    layer = layers.get("iso8583")
    if not isinstance(layer, dict):
        return {}
    if to_the_end and "malformed" in json.dumps(layers).lower():
        return {}
    found = {"t": layer["iso8583.mti"]}
    for name, value in layer.items():
        number = name.removeprefix("iso8583.bit")
        if number.isdigit():
            found[number] = value
    return found
