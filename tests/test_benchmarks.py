"""The benchmarks run, and no other codec can stop them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import iso8583
import pytest
from benchmarks import peers, simulator
from benchmarks.lookup import lookup
from benchmarks.memory import memory
from benchmarks.messages import REFUND, in_ascii

from posrefund.dialects import dialect

SPEC = in_ascii(dialect("unionpay").specification)
RAW = bytes(iso8583.encode(dict(REFUND), SPEC)[0])


def broken(*_: Any) -> peers.Peer:
    raise SystemError("whatever")


def forgetful(name: str, fields: peers.Fields, spec: peers.Spec, raw: bytes) -> peers.Peer:
    return peers._checked(name, raw, lambda: raw, lambda _: {"3": "000000"}, {"3": fields["3"]})


def exact(name: str, fields: peers.Fields, spec: peers.Spec, raw: bytes) -> peers.Peer:
    return peers._checked(name, raw, lambda: raw, lambda _: fields, fields)


def test_a_peer_that_fails_or_is_absent_is_named_with_the_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    makers = {"pyiso8583": exact, "pytest": broken, "hypothesis": forgetful, "no-such-codec": exact}
    monkeypatch.setattr(peers, "_MAKERS", makers)

    able, unable = peers.peers(REFUND, SPEC, RAW)

    assert [peer.note for peer in able] == ["same bytes"]
    assert unable == [
        "pytest: SystemError: whatever",
        "hypothesis: ValueError: reads other values of 3",
        "no-such-codec: not installed",
    ]


def test_hostile_messages_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    memory(400)

    said = capsys.readouterr().out
    assert said.startswith("400 hostile messages, 396 refused")
    assert "shapes seen once" in said


def test_rate_of_the_simulator_is_that_of_seeds_without_a_violation(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    simulator.simulator(range(1, 2))
    assert capsys.readouterr().out.startswith("simulator steps/s, seeds 1 to 1, one core\n")

    broken_seed = SimpleNamespace(violation="twice", steps=1)
    monkeypatch.setattr(simulator, "run_seed", lambda _: broken_seed)
    with pytest.raises(ValueError, match="invariant"):
        simulator.simulator(range(1, 2))


def test_sale_is_found_by_each_way_among_those_that_a_feed_took_in(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lookup(300)

    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("a sale among 300, ")
    assert [line.split("  ")[1] for line in said[1:7]] == [
        "bare SQLite SELECT by primary key",
        "receipt code",
        "request id",
        "RRN and date",
        "order",
        "auth code, last four, amount",
    ]
    assert said[7].startswith("  300 sales taken in, 1000 in one commit, new: ")
    assert said[8].startswith("  300 sales taken in, 1000 in one commit, known: ")
