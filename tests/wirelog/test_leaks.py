"""Marked secrets go over watched lines in every way there is, and stand in no log of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from canary import MAK, PAN_16, PAN_19, PIK, PIN_BLOCK, TDK, TRACK, everything_in, leaks_in
from framing.lines import in_pieces
from posrefund.crypto import Key, KeySet, Purpose
from posrefund.dialects import dialect
from posrefund.dialects.redact import redactor
from posrefund.errors import LinkClosedError
from posrefund.framing import (
    ABECSFramer,
    LengthPrefixFramer,
    STXETXFramer,
    frame,
    keep_only,
    redact_all,
)
from posrefund.seal import seal
from posrefund.wirelog import (
    JSONLinesFile,
    LoggedStream,
    MemorySink,
    PcapFile,
    WireLog,
    as_line,
    read_log,
    replay,
)
from shop import UNIONPAY
from wirelog.lines import NOW, Script, Ticks

if TYPE_CHECKING:
    from pathlib import Path

    from posrefund.dialects import Dialect
    from posrefund.wirelog import Entry, Sink

KEYS = KeySet(Key(PIK, Purpose.PIN), Key(MAK, Purpose.MAC))
ISO = dialect("iso87-ascii")
SALE = {
    "t": "0200",
    "2": PAN_16,
    "4": "000000010000",
    "11": "000001",
    "35": TRACK,
    "41": "12345678",
    "52": PIN_BLOCK.hex().upper(),
    "55": f"5A08{PAN_16}57{len(TRACK) // 2:02X}{TRACK[: len(TRACK) & ~1]}",
    "62": (PIK + TDK).hex().upper(),
}
REFUND = {**SALE, "t": "0220", "2": PAN_19, "35": f"{PAN_19}D3012", "63": f"CUP{PAN_19}"}


def messages_of(known: Dialect) -> list[bytes]:
    fields = [SALE, {**REFUND, "63": "CUP"} if known is ISO else REFUND]
    around = known.tpdu + known.header
    return [around + seal({**each, "64": "0" * 16}, known, KEYS) for each in fields]


def nibbles_swapped(data: bytes) -> bytes:
    return bytes((octet >> 4) | (octet & 0x0F) << 4 for octet in data)


def leaks_in_file(data: bytes) -> set[str]:
    """Look at the bytes of a log as they are, turned around, and at those that its hexadecimal spells."""
    digits = bytes.fromhex("".join(entry.data.hex() for entry in entries_of(data)))
    found = leaks_in(data)
    for each in (data, digits):
        for form in (each, nibbles_swapped(each), each[::-1]):
            found |= leaks_in(form) | leaks_in(form.hex()) | leaks_in(form.hex()[1:])
    return found


def entries_of(data: bytes) -> list[Entry]:
    return [entry for entry in read_log(data) if entry.data]


@pytest.mark.parametrize("known", [UNIONPAY, ISO], ids=lambda known: known.name)
@pytest.mark.parametrize("redact", ["redactor", "redact_all", "broken"])
def test_no_file_holds_a_secret_of_what_passed(known: Dialect, redact: str, tmp_path: Path) -> None:
    def broken(body: bytes) -> bytes:
        raise ValueError(body)

    chosen = {"redactor": redactor(known), "redact_all": redact_all, "broken": broken}[redact]
    files = [tmp_path / name for name in ("line.jsonl", "line.pcap", "bare.pcap")]
    sinks: list[Sink] = [
        JSONLinesFile(files[0]),
        PcapFile(files[1], 8583),
        PcapFile(files[2], 8583, bare_of_bytes=len(known.tpdu + known.header)),
    ]
    log = WireLog(sinks, Ticks())
    whole = messages_of(known)
    inner = Script([frame(each) for each in whole] + [frame(whole[0])[:50], whole[1] * 9])
    watch = log.watch("iso8583", LengthPrefixFramer, chosen)
    stream = LoggedStream(inner, watch)
    stream.open(1)
    for message in whole:
        stream.write(frame(message), 0)
        stream.read_some(0)
    for _ in range(3):
        stream.read_some(0)
    stream.close()

    assert watch.faults == 0
    assert log.failed == {}
    frames = [entry for entry in read_log(files[0].read_bytes()) if entry.what == "frame"]
    assert len(frames) >= 4
    assert bool(entries_of(files[0].read_bytes())) == (redact != "broken")
    for file in files:
        assert leaks_in_file(file.read_bytes()) == set()


def test_log_of_clear_bytes_would_be_noticed(tmp_path: Path) -> None:
    """The same look at a log without a redactor finds what there is."""
    log = WireLog([JSONLinesFile(tmp_path / "clear")], Ticks())
    for message in messages_of(UNIONPAY):
        log.watch("iso8583", LengthPrefixFramer, bytes).passed("sent", frame(message))

    found = leaks_in_file((tmp_path / "clear").read_bytes())

    assert {PAN_16, PAN_19, PIN_BLOCK.hex(), PIK.hex(), TDK.hex()} <= {each.lower() for each in found}  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_no_split_and_no_damage_of_the_line_uncovers_a_secret(data: st.DataObject) -> None:
    """Frames that are cut, joined, flipped, out of step: whatever the framers make of them."""
    known = data.draw(st.sampled_from([UNIONPAY, ISO]))
    frames = [frame(message) for message in messages_of(known)]
    passing = bytearray(b"".join(data.draw(st.lists(st.sampled_from(frames), max_size=4))))
    for at in data.draw(st.lists(st.integers(0, 2000), max_size=4)):
        if at < len(passing):
            passing[at] ^= 1 << at % 8
    drop = data.draw(st.slices(max(1, len(passing))))
    if drop.step in (None, 1):
        del passing[drop]
    kept = MemorySink()
    watch = WireLog([kept], Ticks()).watch("iso8583", LengthPrefixFramer, redactor(known))
    for piece in in_pieces(bytes(passing), data.draw(st.lists(st.integers(0, 2000), max_size=6))):
        watch.passed(data.draw(st.sampled_from(["sent", "received"])), piece)
    watch.ended()

    text = b"".join(map(as_line, kept.entries)) + b"".join(e.data for e in kept.entries)
    assert leaks_in(text) == set()
    assert leaks_in(repr(kept.entries)) == set()


def test_serial_lines_keep_what_their_redactor_names(tmp_path: Path) -> None:
    """A PIN pad answers with a PIN block; the same digits come in a frame that does not check."""

    def pin_pad(body: bytes) -> bytes:
        return keep_only(body, [(0, 9)], "text")

    answer = b"GPN000036" + PIN_BLOCK.hex().upper().encode() + PAN_16.encode()
    good = ABECSFramer().frame(answer)
    file = tmp_path / "pad.pcap"
    kept = MemorySink()
    log = WireLog([kept, PcapFile(file)], Ticks())
    watch = log.watch("abecs", ABECSFramer, pin_pad)
    watch.passed("received", b"\x06" + good + good[:-1] + b"\0" + answer + good[:20])
    watch.ended()

    assert [e.what for e in kept.entries] == ["control", "frame", "damage", "damage", "damage", "close"]  # fmt: skip
    assert leaks_in_file(file.read_bytes()) == set()
    assert leaks_in(b"".join(map(as_line, kept.entries))) == set()
    found = [each.event for each in replay(read_log(file.read_bytes()), ABECSFramer)]
    assert found == [6, b"GPN000036" + b"0" * 32]


def test_failing_line_and_failing_log_show_nothing() -> None:
    class Full:
        name = "full"

        def write(self, entry: Entry) -> None:
            raise OSError(entry.data)

    log = WireLog([Full()], Ticks())
    message = frame(messages_of(UNIONPAY)[0])
    stream = LoggedStream(
        Script(breaks="in_doubt"), log.watch("iso8583", LengthPrefixFramer, redactor(UNIONPAY))
    )
    stream.open(1)
    with pytest.raises(LinkClosedError) as caught:
        stream.write(message, 0)

    assert leaks_in(everything_in(caught.value)) == set()
    assert log.failed == {"full": "OSError"}
    assert leaks_in(repr(log.failed)) == set()


def test_progress_text_of_a_terminal_is_not_kept() -> None:
    from posrefund.framing import STXETX

    kept = MemorySink()
    line = STXETX(base=0x7F, progress_bytes=len(PAN_16))
    watch = WireLog([kept], Ticks()).watch("ecr17", lambda: STXETXFramer(line), redact_all)
    watch.passed("received", b"\x01" + PAN_16.encode() + b"\x04")

    assert [(e.what, e.length_bytes, e.data) for e in kept.entries] == [("progress", 16, b"")]
    assert leaks_in(as_line(kept.entries[0])) == set()
    assert kept.entries[0].time > NOW
