"""``posrefund counter`` as a child in a pseudo-terminal, against an emulated host over TCP: keys in, the host's books out."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest

from posrefund.cli.config import load, open_terminal, write
from posrefund.cli.demo_host import HostProcess
from posrefund.cli.init import make_keystore
from posrefund.emulators.device import DeviceServer, ListeningStream
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
def practice(tmp_path: Path) -> Iterator[tuple[Path, HostProcess]]:
    """Settings to practise with, the host that they name, and a sale of ¥128.00 of yesterday."""
    make_keystore(tmp_path, PUBLISHED, test_keys=True)
    config = write(
        tmp_path, terminal="TRAINING", merchant="123456789012345", address="127.0.0.1", port=1,
        answer_s=3, training=True,
    )  # fmt: skip
    with HostProcess(config, tmp_path / "ledger.json", batch="000001") as host:
        text = config.read_text(encoding="utf-8")
        config.write_text(text.replace("port = 1\n", f"port = {host.port}\n"), encoding="utf-8")
        now = datetime.now(ZONE)
        with open_terminal(load(config)) as terminal:
            host.set_clock(now - timedelta(days=1))
            terminal.sign_in(accept_clock=True)
            terminal.sale(SaleRequest("LESSON-1", Amount(12_800), CARD))
            host.set_clock(now)
            host.close_batch("TRAINING")
            terminal.sign_in(accept_clock=True)
        yield config, host


def counter(config: Path, *words: str) -> Keyboard:
    command = [sys.executable, "-m", "posrefund", "counter", "--config", str(config), *words]
    return Keyboard(command)


def refunds(host: HostProcess) -> list[int]:
    return [entry["amount_minor"] for entry in host.ledger() if entry["kind"] == "refund"]


def test_refund_by_six_keys_is_in_the_host_s_books(practice: tuple[Path, HostProcess]) -> None:
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


def test_chinese_counter_refunds_too(practice: tuple[Path, HostProcess]) -> None:
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


def test_card_comes_from_a_pad_over_tcp(practice: tuple[Path, HostProcess]) -> None:
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
    practice: tuple[Path, HostProcess],
) -> None:
    config, host = practice
    host.lose_next_answer("0220")
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
