"""``posrefund counter`` as a child in a pseudo-terminal, against an emulated host over TCP: keys in, the host's books out."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest

from posrefund.cli.config import load, open_terminal, write
from posrefund.cli.init import make_keystore
from posrefund.crypto import Key, Purpose
from posrefund.emulators.device import DeviceServer, ListeningStream
from posrefund.emulators.host import (
    EmulatedHost,
    Fault,
    HostProfile,
    HostServer,
    HostTime,
    TerminalRecord,
)
from posrefund.emulators.pinpad import EmulatedPinPad
from posrefund.engine import SaleRequest
from posrefund.values import PAN, Amount, CardRead

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminal"),
]
if sys.platform != "win32":
    from counter.keyboard import Keyboard

PUBLISHED = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
CARD = CardRead("051", PAN("6200000000000005"), expiry="3012", sequence_number="001")
ZONE = timezone(timedelta(hours=8))


@pytest.fixture
def practice(tmp_path: Path) -> Iterator[tuple[Path, EmulatedHost]]:
    """Settings to practise with, the host that they name, and a sale of ¥128.00 of yesterday."""
    make_keystore(tmp_path, PUBLISHED, test_keys=True)
    now = datetime.now(ZONE)
    time = HostTime(now - timedelta(days=1), runs=True)
    record = TerminalRecord("TRAINING", "123456789012345", Key(PUBLISHED, Purpose.KEK))
    host = EmulatedHost(HostProfile(), [record], clock=time)
    with HostServer(host) as server:
        config = write(
            tmp_path, terminal="TRAINING", merchant="123456789012345", address="127.0.0.1",
            port=server.port, answer_s=3, training=True,
        )  # fmt: skip
        with open_terminal(load(config)) as terminal:
            terminal.sign_in(accept_clock=True)
            terminal.sale(SaleRequest("LESSON-1", Amount(12_800), CARD))
            time.set(now)
            host.close_batch("TRAINING")
            terminal.sign_in(accept_clock=True)
        yield config, host


def counter(config: Path, *words: str) -> Keyboard:
    command = [sys.executable, "-m", "posrefund", "counter", "--config", str(config), *words]
    return Keyboard(command)


def refunds(host: EmulatedHost) -> list[int]:
    return [entry.amount_minor for entry in host.ledger.entries() if entry.kind == "refund"]


def test_refund_by_six_keys_is_in_the_host_s_books(practice: tuple[Path, EmulatedHost]) -> None:
    config, host = practice
    with counter(config, "--lang", "en") as hand:
        hand.wait_for("Refund")
        assert "培训 TRAINING 无效" in hand.text()
        hand.press("1", then="620000******0005")
        hand.press("1", then="¥128.00 left")
        hand.press("1", then="¥0.01 to ¥128.00")
        hand.press("enter", then="digest")
        hand.press("enter", then="Signed on paper")
        hand.press("1", then="Accepted")
        assert hand.pressed == 6
        assert refunds(host) == [12_800]

        hand.press("enter", then="Self-check")
        hand.press("0", then=" ")
        assert hand.wait_for_the_end() == 0


def test_chinese_counter_refunds_too(practice: tuple[Path, EmulatedHost]) -> None:
    config, host = practice
    with counter(config) as hand:
        hand.wait_for("退货")
        for key, shown in (("1", "0047"), ("1", "LESSON-1"), ("1", "0.01")):
            hand.press(key, then=shown)
        hand.press("5", ".", "0", "0", "enter", then="¥")
        hand.wait_for("TRAINING")
        hand.press("enter", then="1 ")
        hand.press("1", then="RMB 5.00")

    assert refunds(host) == [500]


def test_card_comes_from_a_pad_over_tcp(practice: tuple[Path, EmulatedHost]) -> None:
    config, host = practice
    line = ListeningStream(("127.0.0.1", 0))
    words = ("--lang", "en", "--pad", line.name)
    with DeviceServer(EmulatedPinPad(), line), counter(config, *words) as hand:
        hand.wait_for("Refund")
        hand.press("1", then="¥128.00 left")
        hand.press("1", then="¥0.01 to ¥128.00")
        hand.press("enter", then="digest")
        hand.press("enter", then="Signed on paper")
        hand.press("2", then="Accepted")
    line.stop()

    assert refunds(host) == [12_800]


def test_sigint_while_the_host_is_silent_leaves_a_doubt_that_shows_itself_next_time(
    practice: tuple[Path, EmulatedHost],
) -> None:
    config, host = practice
    host.faults.add(Fault("drop_reply", mti="0220"))
    with counter(config, "--lang", "en") as hand:
        hand.wait_for("Refund")
        hand.press("1", then="620000******0005")
        hand.press("1", then="¥128.00 left")
        hand.press("1", then="¥0.01 to ¥128.00")
        hand.press("enter", then="digest")
        hand.press("enter", then="Signed on paper")
        hand.press("1", then="Refunding")
        hand.interrupt()
        hand.wait_for_the_end()
    with counter(config, "--lang", "en") as hand:
        hand.wait_for("1 in doubt")
        hand.press("4", then="¥128.00")
        hand.press("1", then="Do not repeat it")

    assert refunds(host) == [12_800]
