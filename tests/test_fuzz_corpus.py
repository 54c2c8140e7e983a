"""Every input that fuzzing starts from, or ever broke something with, through its target; and the drivers."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from fuzz import corpus, run, targets
from fuzz.lines import FAMILIES
from fuzz.plain import Mutator, hunt
from fuzz.targets import TARGETS

from posrefund.dialects import dialect, names
from posrefund.dialects.capture import open_capture
from posrefund.errors import DecodeError, FramingError
from posrefund.framing import LengthPrefixFramer
from posrefund.seal import unseal
from posrefund.wirelog import as_line

if TYPE_CHECKING:
    from posrefund.crypto import KeySet
    from posrefund.dialects import Dialect
    from posrefund.framing import Event, Framer
    from posrefund.values import Received

CRASHES = sorted(path for path in corpus.CRASHES.glob("*/*") if path.name != "README.md")
every_target = pytest.mark.parametrize("name", TARGETS)


def files(kind: str) -> list[Path]:
    return sorted((corpus.CORPUS / kind).iterdir())


def check_seeds(name: str) -> None:
    for path in files(TARGETS[name].corpus):
        TARGETS[name].check(path.read_bytes())


def under_every_dialect(name: str, data: bytes) -> list[bytes]:
    """The same input as each dialect reads it: another dialect may become the nearest one."""
    if not TARGETS[name].reads_dialect:
        return [data]
    return [data, *(targets.selector(dialect(each)) + data[1:] for each in names())]


@every_target
def test_seeds_that_are_checked_in_hold_their_invariant(name: str) -> None:
    seeds = files(TARGETS[name].corpus)

    assert seeds
    for seed in seeds:
        try:
            TARGETS[name].check(seed.read_bytes())
        except Exception as escape:
            raise AssertionError(f"{name} does not hold for {seed.name}") from escape


@every_target
def test_messages_made_of_every_dialect_of_today_hold_their_invariant(name: str) -> None:
    for seed, data in corpus.seeds()[TARGETS[name].corpus].items():
        try:
            TARGETS[name].check(data)
        except Exception as escape:
            raise AssertionError(f"{name} does not hold for {seed}") from escape


@every_target
def test_what_once_broke_an_invariant_holds_it_now(name: str) -> None:
    for path in CRASHES:
        if path.parent.name != name:
            continue
        for data in under_every_dialect(name, path.read_bytes()):
            try:
                TARGETS[name].check(data)
            except Exception as escape:
                raise AssertionError(f"{name} does not hold for {path.name}") from escape


def test_crashes_lie_in_the_folders_of_targets() -> None:
    assert {path.parent.name for path in CRASHES} <= set(TARGETS)


def test_every_dialect_has_a_byte_and_messages_of_its_own() -> None:
    first_bytes = {targets.selector(dialect(name)) for name in names()}
    made = Counter(data[:1] for data in corpus.seeds()["message"].values())

    assert len(first_bytes) == len(names())
    assert first_bytes == set(made)
    assert min(made.values()) > 5


@pytest.mark.parametrize("name", names())
def test_first_byte_chooses_its_dialect(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    monkeypatch.setattr(targets, "unseal", lambda _body, known, _keys: read.append(known.name))

    with pytest.raises(AttributeError):
        TARGETS["unseal"].check(targets.selector(dialect(name)) + b"anything")

    assert read == [name, name]


def test_most_seeds_can_be_read() -> None:
    read = 0
    for path in files("message"):
        known, raw = targets._chosen(path.read_bytes())
        try:
            open_capture(raw, known)
        except DecodeError:
            continue
        read += 1

    assert read > len(files("message")) / 2


def test_dictionary_is_one_that_libfuzzer_reads() -> None:
    words = corpus.words()

    assert b"\x9f\x26\x08" in words
    assert b"0200" in words
    assert len(words) == len(set(words))
    assert all(0 < len(word) <= 64 for word in words)


# --- the drivers find what is there ------------------------------------------------------------------


def test_plain_driver_stops_at_the_first_input_that_breaks_the_invariant(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def check(data: bytes) -> None:
        if b"\x9f\x26\x08" in data:
            raise KeyError("planted")

    inputs = Mutator(random.Random(1), [b"", b"seed"], corpus.words(), 64)

    count, escape = hunt(check, inputs, seconds=60)

    assert escape is not None
    assert b"\x9f\x26\x08" in escape
    assert 0 < count < 10_000
    assert "planted" in capsys.readouterr().err


def test_plain_driver_repeats_itself_and_keeps_to_its_length() -> None:
    seeds = [path.read_bytes() for path in files("message")]

    def some() -> list[bytes]:
        inputs = Mutator(random.Random(7), seeds, corpus.words(), 100)
        return [inputs.next() for _ in range(200)]

    assert some() == some()
    assert max(map(len, some())) == 100


def test_an_input_that_broke_something_is_kept_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(corpus, "CRASHES", tmp_path)

    first, again = corpus.keep_crash("tlv", b"\x9f"), corpus.keep_crash("tlv", b"\x9f")

    assert first == again
    assert first.parent == tmp_path / "tlv"
    assert [path.read_bytes() for path in tmp_path.glob("*/*")] == [b"\x9f"]


def test_without_atheris_the_same_targets_run_and_the_reason_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["run", "--seconds", "0.1", "--target", "tlv", "--found", str(tmp_path)]
    monkeypatch.setattr("sys.argv", arguments)
    monkeypatch.setattr(run, "why_no_atheris", lambda: "there is none for this machine")

    run.main()

    said = capsys.readouterr().out
    assert "WITHOUT ATHERIS" in said
    assert "there is none for this machine" in said
    assert "tlv" in said
    assert "0 escapes" in said


def test_a_target_that_finds_something_ends_the_run_badly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["run", "--seconds", "1", "--target", "tlv", "--found", str(tmp_path)]
    monkeypatch.setattr("sys.argv", arguments)
    found = run.Outcome(1, 1.0, "", "KeyError: planted")
    monkeypatch.setattr(run, "run_target", lambda *_args, **_options: found)

    with pytest.raises(SystemExit, match="1 of 1 targets"):
        run.main()

    assert "FOUND SOMETHING" in capsys.readouterr().out


# --- the targets see what they are made to see -------------------------------------------------------


def test_framing_target_sees_a_framer_that_loses_a_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = LengthPrefixFramer.feed
    monkeypatch.setattr(
        LengthPrefixFramer, "feed", lambda self, chunk: whole(self, chunk[:1] + chunk[1:][:300])
    )

    longest = (corpus.CORPUS / "framing" / "longest").read_bytes()

    with pytest.raises(AssertionError):
        TARGETS["framing"].check(longest)


@pytest.mark.parametrize("name", FAMILIES)
def test_target_of_a_line_sees_a_framer_that_loses_a_byte_between_two_pieces(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for framer in {type(make()) for make in FAMILIES[name].variants}:
        whole = framer.feed
        monkeypatch.setattr(
            framer,
            "feed",
            lambda self, chunk, whole=whole: whole(self, chunk[self.pending_bytes == 2 :]),
        )

    with pytest.raises(AssertionError):
        check_seeds(name)


@pytest.mark.parametrize("name", FAMILIES)
def test_target_of_a_line_sees_a_framer_that_delivers_what_never_stood_there(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for framer in {type(make()) for make in FAMILIES[name].variants}:
        whole = framer.feed

        def changed(self: Framer, chunk: bytes, whole: Any = whole) -> list[Event]:
            return [
                event[:-1] + b"~" if isinstance(event, bytes) else event
                for event in whole(self, chunk)
            ]

        monkeypatch.setattr(framer, "feed", changed)

    with pytest.raises((AssertionError, FramingError)):
        check_seeds(name)


@pytest.mark.parametrize("escape", [KeyError("2"), IndexError(), ValueError(), RecursionError()])
def test_decode_target_sees_every_error_that_is_no_decode_error(
    escape: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(_self: object, _raw: bytes) -> None:
        raise escape

    monkeypatch.setattr("posrefund.codec.Codec.read", read)

    with pytest.raises(type(escape)):
        TARGETS["decode"].check(b"\0whatever")


def test_identity_target_sees_engines_that_disagree(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled, _ = targets._engines("unionpay", checked=False)
    wrong = {"t": "0800", "p": "0000000000000000"}
    seeds = [path for path in files("message") if path.name == "unionpay-echo-request"]
    data = seeds[0].read_bytes()
    TARGETS["identity"].check(data)
    monkeypatch.setattr(compiled, "decode", lambda _raw: wrong)

    with pytest.raises(AssertionError, match="read the same"):
        TARGETS["identity"].check(data)


def test_unseal_target_reaches_every_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    verdicts: Counter[str] = Counter()

    def counted(body: bytes, known: Dialect, keys: KeySet | None) -> Received:
        found = unseal(body, known, keys)
        verdicts[found.mac] += 1
        return found

    monkeypatch.setattr(targets, "unseal", counted)
    for path in files("message"):
        TARGETS["unseal"].check(path.read_bytes())

    assert set(verdicts) == {"valid", "wrong", "absent", "no_key"}


def test_redacted_target_sees_a_hidden_field_that_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("posrefund.dialects.redact._left_of", lambda _name, value, _known: value)
    monkeypatch.setattr("posrefund.dialects.redact._holds_any", lambda _raw, _secrets: False)

    with pytest.raises(AssertionError):
        check_seeds("redacted")


def test_wirelog_target_sees_an_entry_that_is_written_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("fuzz.logs.as_line", lambda entry: as_line(entry).replace(b"sent", b""))

    with pytest.raises(AssertionError):
        check_seeds("wirelog")
