"""The benchmarks run, and no other codec can stop them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import iso8583
from benchmarks import peers
from benchmarks.memory import memory
from benchmarks.messages import REFUND, in_ascii

from posrefund.dialects import dialect

if TYPE_CHECKING:
    import pytest

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
