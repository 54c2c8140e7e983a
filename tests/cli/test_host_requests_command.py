"""``posrefund host-requests`` and ``upload-signatures``, against an emulated host in this process."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from cli.test_shop_commands import CARD, Counter, counter
from posrefund.emulators.host import Fault
from posrefund.errors import LocalProtocolError
from posrefund.office.signatures import draw

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["counter"]  # a fixture

SIGNATURE = draw([[(20, 60), (90, 20), (160, 70)]])


@pytest.fixture
def shop(counter: Counter) -> Counter:
    """A shop that has signed in and sold S-1."""
    counter.posrefund("sign-in", "--accept-clock")
    counter.posrefund("sale", "S-1", "--amount", "128.00", "--card", CARD)
    return counter


def ask(shop: Counter, digit: int) -> None:
    """Let the host ask for *digit*, and the terminal hear it."""
    shop.server.host.terminals["12345678"].asks = digit
    name = f"S-{len(shop.server.host.ledger.entries()) + 1}"
    shop.posrefund("sale", name, "--amount", "1.00", "--card", CARD)


def test_what_the_host_asks_for_is_listed_and_done_by_people(shop: Counter) -> None:
    assert "asks for nothing" in shop.posrefund("host-requests", "list")
    assert "没有要求" in shop.posrefund("host-requests", "list", "--lang", "zh")
    ask(shop, 6)

    assert "have the software's supplier update it" in shop.posrefund("host-requests", "list")
    assert "由软件供应商更新" in shop.posrefund("host-requests", "list", "--lang", "zh")
    (told,) = json.loads(shop.posrefund("host-requests", "list", "--json"))
    assert told["name"] == "software"
    shop.server.host.terminals["12345678"].asks = 0
    with pytest.raises(LocalProtocolError):
        shop.posrefund("host-requests", "done", "status", "--by", "07")
    shop.posrefund("host-requests", "done", "software", "--by", "07")
    assert json.loads(shop.posrefund("host-requests", "list", "--json")) == []


def test_a_timer_lets_the_terminal_obey(shop: Counter) -> None:
    assert shop.posrefund("host-requests", "obey") == ""
    ask(shop, 3)

    told = json.loads(shop.posrefund("host-requests", "obey", "--json"))
    assert told == {"tried": True, "still_asked": False}
    ask(shop, 3)
    assert "still asks" in shop.posrefund("host-requests", "obey", exit_code=1)
    assert "仍要求" in shop.posrefund("host-requests", "obey", "--lang", "zh", exit_code=1)


def test_following_up_obeys_too(shop: Counter) -> None:
    ask(shop, 3)
    shop.posrefund("follow-up")

    assert json.loads(shop.posrefund("host-requests", "list", "--json")) == []
    assert shop.server.host.terminals["12345678"].asks == 0


def test_signatures_go_up_before_the_batch_is_closed(shop: Counter, tmp_path: Path) -> None:
    assert "no signature waits" in shop.posrefund("upload-signatures")
    picture = tmp_path / "pad.png"
    picture.write_bytes(SIGNATURE)
    shop.posrefund("sign", "S-1", "--picture", str(picture))
    shop.server.host.faults.add(Fault("drop_reply", mti="0820"))
    shop.server.host.faults.add(Fault("code", mti="0820", code="30"))

    said = json.loads(shop.posrefund("upload-signatures", "--json", exit_code=1))
    assert said == {
        "signatures": [{"attempt_id": "S-1/1", "result": "unanswered", "code": None}],
        "waiting": ["S-1"],
    }
    assert "refused by the host (30)" in shop.posrefund("upload-signatures", exit_code=1)
    assert "已上送" in shop.posrefund("upload-signatures", "--again", "--lang", "zh")
    (stored,) = shop.server.host.signatures.values()
    assert stored.is_whole


def test_closing_the_batch_reminds_of_signatures_that_have_not_gone_up(
    shop: Counter, tmp_path: Path
) -> None:
    picture = tmp_path / "pad.png"
    picture.write_bytes(SIGNATURE)
    shop.posrefund("sign", "S-1", "--picture", str(picture))
    shop.server.host.clock.advance(timedelta(minutes=1))  # type: ignore[attr-defined]  # reason: a HostTime

    assert "upload-signatures" in shop.posrefund("close-batch")
