"""Every fault at every frame of every dialogue: what is believed, and that money is asked for once."""

from __future__ import annotations

import random
from typing import get_args

import pytest

from devices.profiles import CREDIT, MAKERS, VOID, ask
from devices.virtual import FlippingVoice
from posrefund.devices import DeviceApproved, DeviceInDoubt, DeviceNotSent, profile
from posrefund.emulators.device import FaultKind, LineFault, Scene

KINDS = get_args(FaultKind)
YES, DOUBT, NEVER = DeviceApproved, DeviceInDoubt, DeviceNotSent

# What the device says, in order; the money question leaves behind the one before the bar.
# concert: ACK of ENQ | ACK of the frame, ENQ, answer, EOT. transbank: ACK of the poll | ACK of the void, answer.
# caisse_ap: | the answer. What is not listed is repaired by the line, and approved.
EXPECTED: dict[str, list[dict[str, type]]] = {
    "concert": [
        dict.fromkeys(["late", "nak", "stall", "close_before", "close_mid", "close_after"], NEVER),
        dict.fromkeys(
            ["drop", "late", "truncate", "corrupt", "check", "nak", "no_ack", "stall", "reorder",
             "close_before", "close_mid", "close_after"], DOUBT
        ),
        dict.fromkeys(
            ["late", "duplicate", "coalesce", "stall", "reorder", "close_before", "close_mid",
             "close_after"], DOUBT
        ),
        dict.fromkeys(["late", "stall", "close_before", "close_mid", "close_after"], DOUBT),
        dict.fromkeys(["close_before", "close_mid"], DOUBT),
    ],
    "transbank": [
        dict.fromkeys(["late", "stall", "close_before", "close_mid", "close_after"], NEVER),
        dict.fromkeys(
            ["drop", "late", "truncate", "corrupt", "check", "nak", "no_ack", "stall", "reorder",
             "close_before", "close_mid", "close_after"], DOUBT
        ),
        dict.fromkeys(["late", "stall", "close_before", "close_mid", "close_after"], DOUBT),
    ],
    "caisse_ap": [
        dict.fromkeys(
            ["drop", "late", "truncate", "coalesce", "nak", "noise", "stall", "reorder",
             "close_before", "close_mid"], DOUBT
        ),
    ],
}  # fmt: skip
CASES = [
    pytest.param(name, at, kind, table.get(kind, YES), id=f"{name}-{kind}@{at}")
    for name, tables in EXPECTED.items()
    for at, table in enumerate(tables)
    for kind in KINDS
]


@pytest.mark.parametrize(("name", "at", "kind", "expected"), CASES)
def test_a_fault_on_the_line_is_repaired_or_told_and_money_is_asked_for_once(
    monkeypatch: pytest.MonkeyPatch, name: str, at: int, kind: FaultKind, expected: type
) -> None:
    fault = LineFault(kind, at, seconds=500.0 if kind == "late" else 0.05)

    done = ask(monkeypatch, name, fault)

    done.check()
    assert type(done.result) is expected
    if expected is NEVER:
        assert done.asked == 0


@pytest.mark.parametrize("name", MAKERS)
def test_two_faults_at_once_are_told_as_honestly(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    lots = random.Random(20261129)
    for _ in range(400):
        faults = [
            LineFault(
                lots.choice(KINDS), lots.randrange(6), seconds=lots.choice((0.05, 0.5, 2.0, 200.0)),
                seed=lots.randrange(1000),
            )
            for _ in range(2)
        ]  # fmt: skip

        ask(monkeypatch, name, *faults).check()


LENGTHS = {"concert": [1, 1, 1, 28, 1], "transbank": [1, 1, 43]}
_LOTS = random.Random(20261128)
PATTERNS = [1 << bit for bit in range(8)] + sorted(_LOTS.sample(range(1, 256), 24))
"""All 8 bits one by one, and 24 drawn patterns."""


@pytest.mark.parametrize(
    ("name", "at"), [(name, at) for name, lengths in LENGTHS.items() for at in range(len(lengths))]
)
def test_no_flipped_byte_of_a_checked_dialogue_makes_a_yes(
    monkeypatch: pytest.MonkeyPatch, name: str, at: int
) -> None:
    """Where it does end in a yes, the line was asked again and the right bytes came."""
    for place in range(LENGTHS[name][at]):
        for pattern in PATTERNS:
            voice = FlippingVoice(at, place, pattern)
            done = ask(monkeypatch, name, voice=voice)
            done.check()
            assert voice.is_flipped
            if LENGTHS[name][at] > 1 and isinstance(done.result, DeviceApproved):
                assert voice.repeated()


@pytest.mark.parametrize("name", LENGTHS)
@pytest.mark.parametrize("code", ["decline", "doubt"])
def test_no_flipped_byte_turns_a_no_or_a_doubt_into_anything_else(
    monkeypatch: pytest.MonkeyPatch, name: str, code: str
) -> None:
    """The digit of the result is flipped and the check byte left as it was: what a vendor's own kit takes for a yes."""
    raw = {"concert": {"decline": "7", "doubt": "9"}, "transbank": {"decline": "05", "doubt": "22"}}
    at = len(LENGTHS[name]) - (2 if name == "concert" else 1)
    for place in range(LENGTHS[name][at]):
        for pattern in PATTERNS:
            voice = FlippingVoice(at, place, pattern)
            done = ask(monkeypatch, name, scene=Scene(code=raw[name][code]), voice=voice)
            assert not isinstance(done.result, DeviceApproved | DeviceNotSent)
            assert voice.repeated() or isinstance(done.result, DeviceInDoubt)
            done.check()


def test_no_flipped_bit_of_a_line_without_a_check_makes_a_yes_of_a_no_or_approves_another_thing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Caisse-AP has no check: one bit apart are 10 (done) and 11 (taken), 00, 30; never 01 (not done) and 10."""
    tags = (b"CJ012", b"CA002", b"CE003", b"CD001", b"CB004", b"AE002")
    answer = done_answer(monkeypatch)
    approved = set()
    for place in range(len(answer)):
        for pattern in range(1, 256):
            voice = FlippingVoice(0, place, pattern)
            done = ask(monkeypatch, "caisse_ap", voice=voice)
            done.check()
            if isinstance(done.result, DeviceApproved):
                approved.add(place)
    for tag in tags:
        start = answer.index(tag)
        assert not approved & set(range(start, start + 5 + int(tag[2:]))), tag


def done_answer(monkeypatch: pytest.MonkeyPatch) -> bytes:
    done = ask(monkeypatch, "caisse_ap")
    return done.line.read[0]


@pytest.mark.parametrize("code", ["01/04", "01/05", "01/11", "01/08", "01/09"])
def test_no_flipped_byte_makes_a_yes_of_what_a_line_without_a_check_says_was_not_done(
    monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    answer = ask(monkeypatch, "caisse_ap", scene=Scene(code=code)).line.read[0]
    for place in range(len(answer)):
        for pattern in PATTERNS:
            voice = FlippingVoice(0, place, pattern)
            done = ask(monkeypatch, "caisse_ap", scene=Scene(code=code), voice=voice)
            assert voice.is_flipped
            assert not isinstance(done.result, DeviceApproved)
            done.check()


@pytest.mark.parametrize("name", MAKERS)
def test_a_late_answer_is_not_the_next_questions_answer(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """The device worked longer than anybody waited; the next conversation hears nothing of it, on a line kept or not."""
    done = ask(monkeypatch, name, scene=Scene(seconds=1000.0))
    assert isinstance(done.result, DeviceInDoubt)

    done.device.script.usual = Scene(code={"concert": "7", "transbank": "01"}.get(name, "01/04"))
    again = (
        done.terminal.void(done.request)  # type: ignore[arg-type]
        if name == "transbank"
        else done.terminal.refund(done.request)  # type: ignore[arg-type]
    )

    assert not isinstance(again, DeviceApproved)


@pytest.mark.parametrize("name", LENGTHS)
@pytest.mark.parametrize("behind_s", [0.01, 0.2, 0.5, 0.95, 1.4, 2.5, 4.0])
def test_a_late_yes_on_a_line_that_nobody_flushed_is_not_the_next_ones(
    monkeypatch: pytest.MonkeyPatch, name: str, behind_s: float
) -> None:
    """The same amount, asked for again at once and refused; the yes of the first one is still on its way.

    A line keeps the order: what was said before an ACK comes before it. A new connection holds nothing old.
    """
    late = LineFault("late", 0, "body", seconds=profile(name).patience.answer_s + behind_s)
    done = ask(monkeypatch, name, late)
    assert isinstance(done.result, DeviceInDoubt)
    done.line.keeps = True
    done.device.script.usual = Scene(code="7" if name == "concert" else "01")
    before = len(done.line.read)

    again = done.terminal.void(VOID) if name == "transbank" else done.terminal.refund(CREDIT)

    assert any(len(data) > 1 for data in done.line.read[before:]) or done.asked == 1
    assert not isinstance(again, DeviceApproved)
    assert done.asked <= 2
    assert done.booked == 1
