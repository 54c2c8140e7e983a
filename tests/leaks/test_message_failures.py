"""Messages, frames and files that are damaged: the error holds nothing of what they carried."""

from __future__ import annotations

import subprocess
import sys
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from canary import PAN_16, PAN_19, PIK, PIN, PIN_BLOCK, TDK, TMK, TRACK, everything_in, leaks_in
from link.certificates import CA
from posrefund.cli.app import app, run
from posrefund.codec import Codec
from posrefund.codec.tlv import TLV, parse_tlv, write_tlv
from posrefund.crypto import Key, KeySet, Purpose
from posrefund.dialects.capture import open_capture
from posrefund.errors import LinkClosedError, PosRefundError
from posrefund.framing import Envelope, LengthPrefixFramer, frame
from posrefund.link import SerialStream, StreamLink, TCPLink, TLSSettings, TLSStream
from posrefund.seal import seal, unseal
from posrefund.testing import FaultyStream, MemoryLink, RecordingStream, StreamFaults, pipe
from shop import UNIONPAY

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

KEYS = KeySet(Key(PIK, Purpose.PIN), Key(TMK, Purpose.MAC))
CODEC: Codec = UNIONPAY.codec
FIELDS = {
    "t": "0200",
    "2": PAN_16,
    "3": "000000",
    "4": "000000010000",
    "11": "000001",
    "35": TRACK,
    "52": PIN_BLOCK.hex().upper(),
    "55": f"5A08{PAN_16}",
    "62": TDK.hex().upper(),
    "64": "0" * 16,
}
MESSAGE = seal(FIELDS, UNIONPAY, KEYS)


def untyped(value: Any) -> Any:
    return value


def fails(act: Callable[[], object]) -> None:
    """See that *act* fails, and that the error holds nothing."""
    with pytest.raises((PosRefundError, TypeError, AttributeError)) as caught:
        act()
    assert leaks_in(everything_in(caught.value)) == set()


READERS = [CODEC.decode, CODEC.record, CODEC.lazy, CODEC.read]


@pytest.mark.parametrize("read", READERS, ids=lambda each: each.__name__)
def test_message_cut_anywhere_is_refused_without_its_fields(
    read: Callable[[bytes], object],
) -> None:
    for _ in range(2):  # by the reference, and by what was compiled
        read(MESSAGE)
    for end in range(len(MESSAGE)):
        fails(partial(read, MESSAGE[:end]))
    fails(partial(read, MESSAGE + b"0"))
    for wrong in (None, 7, MESSAGE.hex(), [*MESSAGE]):
        fails(partial(read, untyped(wrong)))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("2", PAN_19 + "0"), ("2", PAN_16 + "x"), ("2", PAN_16.encode()), ("35", TRACK * 2), ("35", f"{TRACK}é"),
        ("52", PIN), ("52", PIN.encode()), ("62", TDK), ("62", TDK.hex() * 90), ("4", PAN_16), ("9999", PAN_16), ("t", PIN),
    ],
)  # fmt: skip
def test_field_that_does_not_fit_is_refused_without_its_neighbours(
    name: str, value: object
) -> None:
    fields = {**FIELDS, name: untyped(value)}
    fails(partial(CODEC.encode, fields))
    fails(partial(CODEC.source, fields))
    fails(partial(seal, fields, UNIONPAY, KEYS))
    assert leaks_in(repr(CODEC.faults(fields))) == set()


def test_message_that_cannot_be_sealed_is_refused_without_its_fields() -> None:
    closed = KeySet(Key(PIK, Purpose.PIN), Key(TMK, Purpose.MAC))
    closed.mak.close()
    other = KeySet(Key(PIK, Purpose.PIN), Key(TMK, Purpose.DATA))
    for keys in (None, closed, other, untyped(TMK)):
        fails(partial(seal, FIELDS, UNIONPAY, keys))
    fails(partial(seal, {**FIELDS, "128": "0" * 16}, UNIONPAY, KEYS))
    fails(partial(seal, untyped(None), UNIONPAY, KEYS))
    fails(partial(unseal, untyped(MESSAGE.hex()), UNIONPAY, KEYS))


def test_refusal_that_is_kept_with_what_came_does_not_lead_back_to_it() -> None:
    received = unseal(MESSAGE[:-9], UNIONPAY, KEYS)

    assert received.refusal is not None
    assert received.refusal.__traceback__ is None
    assert leaks_in(everything_in(received.refusal) + repr(received)) == set()


def test_tags_that_are_damaged_are_refused_without_the_others() -> None:
    inside = bytes.fromhex(
        f"5A08{PAN_16}57{len(TRACK) // 2:02X}{TRACK[: len(TRACK) & ~1]}9F6B08{PAN_16}"
    )
    for end in range(len(inside)):
        if end not in (0, 10, 10 + 2 + len(TRACK) // 2):
            fails(partial(parse_tlv, inside[:end]))
    for objects in ([TLV(b"", inside)], [TLV(b"\x5a", inside, length=b"\x01")], [untyped(inside)]):
        fails(partial(write_tlv, objects))
    layout = UNIONPAY.fields["55"].layout
    assert layout is not None
    for data in (
        [{"tag": "5A", "value": PAN_16 + "x"}],
        {"tag": PAN_16},
        [{"tag": PAN_16, "value": ""}],
    ):
        with pytest.raises(PosRefundError) as caught:
            layout.join(data)
        shown = everything_in(caught.value)
        assert leaks_in(shown.replace(caught.value.path, "")) == set()  # type: ignore[attr-defined]  # reason: EncodeError


def test_frames_and_envelopes_that_are_wrong_are_refused_without_what_they_carry() -> None:
    fails(partial(frame, MESSAGE * 100))
    fails(partial(frame, untyped(None)))
    fails(partial(LengthPrefixFramer().feed, b"\xff\xff" + MESSAGE))
    fails(partial(LengthPrefixFramer().feed, untyped(MESSAGE.hex())))
    fails(partial(Envelope.unwrap, PIN.encode()))
    for raw in (MESSAGE[:-1], MESSAGE[3:], MESSAGE * 900, b"\x00" + MESSAGE):
        fails(partial(open_capture, raw, UNIONPAY))


def test_line_that_breaks_does_not_show_the_message() -> None:
    link = MemoryLink.silent()
    link.cut_before_send = True
    fails(partial(link.send, MESSAGE))
    link.cut_after_send = True
    fails(partial(link.send, MESSAGE))
    fails(partial(TCPLink("127.0.0.1", 9).send, MESSAGE))
    with pytest.raises(LinkClosedError) as caught:
        TCPLink("127.0.0.1", 9).send(MESSAGE)
    assert caught.value.effect == "nothing_sent"


def test_streams_that_break_do_not_show_the_message(tmp_path: Path) -> None:
    for faults in (StreamFaults(cut_write_at=0), StreamFaults(cut_write_at=40)):
        near, _ = pipe()
        stream = FaultyStream(near, faults)
        stream.open(1)
        fails(partial(stream.write, MESSAGE, 0))
        stream.close()
    near, far = pipe()
    near.open(1)
    far.open(1)
    fails(partial(RecordingStream(near).write, MESSAGE * 90_000, 0))  # more than the line takes
    fails(partial(StreamLink(near).send, MESSAGE))
    far.close()
    near.close()
    fails(partial(near.write, MESSAGE, 0))
    fails(partial(SerialStream("loop://").write, MESSAGE, 0))
    tls = TLSStream(near, TLSSettings(ca=CA(tmp_path).file), server_name="host.example")
    fails(partial(tls.write, MESSAGE, 0))


# --- the command line ------------------------------------------------------------------------------


@pytest.fixture
def command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., str]:
    def run_it(*words: str) -> str:
        monkeypatch.setattr(sys, "argv", ["posrefund", *words])
        with pytest.raises(SystemExit) as ended:
            run()
        assert ended.value.code not in (0, None), words
        return "".join(capsys.readouterr())

    return run_it


def test_failing_command_says_where_and_never_what(
    command: Callable[..., str], tmp_path: Path
) -> None:
    card = tmp_path / "card.json"
    card.write_text(f'{{"t": "0200", "2": "{PAN_16}9", "35": "{TRACK}"}}')
    settings = tmp_path / "posrefund.toml"
    settings.write_text(f'[terminal]\nid = "{PAN_16}"\npassphrase = "{PIN}"\n')
    block = tmp_path / "message.bin"
    block.write_bytes(MESSAGE[:-3])
    for words in (
        ("decode", MESSAGE.hex()[:-6]),
        ("decode", MESSAGE.hex() + "zz"),
        ("decode", "--json", MESSAGE.hex()[4:]),
        ("decode", f"@{block}"),
        ("decode", f"@{tmp_path / 'none'}"),
        ("encode", f"@{card}"),
        ("encode", f"@{settings}"),
        ("diff", MESSAGE.hex()[:-6], MESSAGE.hex()),
        ("doctor", MESSAGE.hex()[:-6]),
        ("sale", "1.00", "--config", str(settings)),
        ("sign-in", "--config", str(settings)),
    ):
        assert leaks_in(command(*words)) == set(), words


def test_crash_of_a_command_prints_no_locals() -> None:
    """Typer can print the local names of every frame; here it may not."""
    assert app.pretty_exceptions_enable is False
    code = (
        f"import posrefund.codec.codec as c; c.Codec(None).decode(bytes.fromhex({MESSAGE.hex()!r}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert leaks_in(done.stderr.replace(code, "")) == set()
