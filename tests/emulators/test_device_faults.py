"""Faults of an emulated device's line, one by one: the bytes that leave, and nothing by chance."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posrefund.emulators.device import (
    Act,
    FaultKind,
    FaultyVoice,
    LineFault,
    Say,
    Scene,
    Script,
)

ACK = Say(b"\x06", "control")
BODY = Say(b"\x02BODY\x03\x18")
NEXT = Say(b"\x02NEXT\x03\x1b")


def spoken(*faults: LineFault, says: tuple[Say, ...] = (ACK, BODY, NEXT)) -> list[Act]:
    voice = FaultyVoice(faults)
    voice.connect()
    return voice.speak(says)


def test_without_faults_everything_leaves_as_it_was_said() -> None:
    assert [act.data for act in spoken()] == [ACK.data, BODY.data, NEXT.data]


@pytest.mark.parametrize(
    ("spelt", "left"),
    [
        ("drop@1", [b"\x06", b"\x02NEXT\x03\x1b"]),
        ("duplicate@1", [b"\x06", b"\x02BODY\x03\x18", b"\x02BODY\x03\x18", b"\x02NEXT\x03\x1b"]),
        ("truncate@1", [b"\x06", b"\x02BO", b"\x02NEXT\x03\x1b"]),
        ("split@1", [b"\x06", b"\x02", b"BODY\x03\x18", b"\x02NEXT\x03\x1b"]),
        ("coalesce@1", [b"\x06", b"\x02BODY\x03\x18\x02NEXT\x03\x1b"]),
        ("check@1", [b"\x06", b"\x02BODY\x03\x19", b"\x02NEXT\x03\x1b"]),
        ("nak@0", [b"\x15", b"\x02BODY\x03\x18", b"\x02NEXT\x03\x1b"]),
        ("no_ack@0", [b"\x02BODY\x03\x18", b"\x02NEXT\x03\x1b"]),
        ("reorder@1", [b"\x06", b"\x02NEXT\x03\x1b", b"\x02BODY\x03\x18"]),
        ("stall@1", [b"\x06"]),
        ("close_before@1", [b"\x06", "end"]),
        ("close_mid@1", [b"\x06", b"\x02BO", "end"]),
        ("close_after@1", [b"\x06", b"\x02BODY\x03\x18", "end"]),
    ],
)
def test_each_kind_does_what_it_says(spelt: str, left: list[bytes | str]) -> None:
    acts = spoken(LineFault.spelt(spelt))

    assert ["end" if act.is_end else act.data for act in acts] == left


def test_no_ack_hits_no_body() -> None:
    assert len(spoken(LineFault.spelt("no_ack@1"))) == 3


def test_what_leaves_later_leaves_as_much_later() -> None:
    assert [act.after_s for act in spoken(LineFault.spelt("late:2.5s@1"))] == [0, 2.5, 0]


def test_a_corrupt_frame_differs_in_one_byte_and_the_seed_says_in_which() -> None:
    corrupt = [spoken(LineFault.spelt(f"corrupt@1#{seed}"))[1].data for seed in range(40)]

    for data in corrupt:
        assert sum(a != b for a, b in zip(data, BODY.data, strict=True)) == 1
    assert len(set(corrupt)) > 10
    assert corrupt[7] == spoken(LineFault.spelt("corrupt@1#7"))[1].data


def test_noise_stands_before_the_frame_and_begins_none() -> None:
    data = spoken(LineFault.spelt("noise@1#3"))[1].data

    assert data.endswith(BODY.data)
    assert 1 <= len(data) - len(BODY.data) <= 8
    assert not set(data[: -len(BODY.data)]) & set(range(0x01, 0x20))


def test_only_bodies_or_only_controls_may_be_counted() -> None:
    assert len(spoken(LineFault("drop", at=1, only="body"))) == 2
    assert spoken(LineFault("drop", at=1, only="body"))[1].data == BODY.data
    assert spoken(LineFault("drop", at=0, only="control"))[0].data == BODY.data


def test_a_fault_goes_wrong_in_as_many_conversations_as_it_says() -> None:
    voice = FaultyVoice([LineFault("drop", at=0, conversations=2)])
    counts = []
    for _ in range(3):
        voice.connect()
        counts.append(len(voice.speak([ACK, BODY])))

    assert counts == [1, 1, 2]


def test_a_fault_that_is_added_waits_for_the_next_conversation() -> None:
    voice = FaultyVoice()
    voice.connect()
    voice.add(LineFault("drop"))

    assert len(voice.speak([ACK])) == 1
    voice.connect()
    assert len(voice.speak([ACK])) == 0


@pytest.mark.parametrize("spelt", ["", "vanish", "drop@", "drop@x", "late:2.5", "drop:1s@2#3#4"])
def test_a_fault_is_spelt_right_or_refused(spelt: str) -> None:
    with pytest.raises(ValueError, match="spelt"):
        LineFault.spelt(spelt)


@given(
    st.sampled_from(get_args(FaultKind)),
    st.integers(0, 4),
    st.integers(0, 9),
    st.lists(st.sampled_from([ACK, BODY, NEXT]), max_size=5),
)
def test_the_same_fault_gives_the_same_bytes(
    kind: FaultKind, at: int, seed: int, says: list[Say]
) -> None:
    fault = LineFault(kind, at=at, seed=seed, seconds=1.0)

    assert spoken(fault, says=tuple(says)) == spoken(fault, says=tuple(says))
    assert (len(says) > at) or spoken(fault, says=tuple(says)) == spoken(says=tuple(says))


def test_a_script_plays_its_queue_first_then_by_amount() -> None:
    script = Script({100: Scene(code="05")}, usual=Scene(status=2)).then(Scene(busy=1))

    assert [script.play(100), script.play(100), script.play(1)] == [
        Scene(busy=1),
        Scene(code="05"),
        Scene(status=2),
    ]
