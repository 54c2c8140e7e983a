"""``posrefund sign-in``: what it takes, what it refuses, and what it says of a jump, in both languages."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta, timezone

import pytest

from cli.test_shop_commands import CARD, Counter, counter  # noqa: F401 — a fixture
from posrefund.cli.app import run
from posrefund.cli.config import load, open_keystore
from posrefund.emulators.host import Fault, HostProfile, settlement_file
from posrefund.errors import RefusedError
from posrefund.values import settlement_day

ZONE = timezone(timedelta(hours=8))


@pytest.fixture
def desk(counter: Counter) -> Counter:  # noqa: F811 — that very fixture
    """The same counter with a host whose clock is right, signed in once."""
    counter.time.set(datetime.now(UTC).astimezone(ZONE))
    counter.posrefund("sign-in")
    return counter


def words(text: str) -> str:
    """What is printed, however the screen broke it."""
    return " ".join(text.split())


def test_ordinary_sign_in_is_one_line(desk: Counter) -> None:
    said = desk.posrefund("sign-in")

    assert said.startswith("signed in: batch 000001, keys ")
    assert len(said.splitlines()) == 1
    assert desk.posrefund("sign-in", "--lang", "zh").startswith("已签到：批次 000001，密钥 ")


def test_clock_that_is_days_off_is_refused_with_the_difference_and_taken_when_accepted(
    desk: Counter,
) -> None:
    desk.time.advance(timedelta(days=2, hours=3, minutes=30))
    with pytest.raises(RefusedError) as refused:
        desk.posrefund("sign-in")

    assert refused.value.code == "clock_differs"
    assert "2 d 3 h ahead of this terminal's" in refused.value.hint_en
    assert "比本机快 2 天 3 小时" in refused.value.hint_zh
    said = words(desk.posrefund("sign-in", "--accept-clock"))
    assert "the host's clock is 2 d 3 h ahead of this terminal's at the last sign-in it was" in said
    zh = desk.posrefund("sign-in", "--lang", "zh")  # accepted once is expected from then on
    assert "主机时钟比本机快 2 天 3 小时" in zh


def test_refusal_names_the_option_that_accepts(
    desk: Counter, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.time.advance(timedelta(days=2))
    config = ["--config", str(desk.folder / "posrefund.toml")]
    monkeypatch.setattr(sys, "argv", ["posrefund", "sign-in", *config])
    with pytest.raises(SystemExit) as ended:
        run()

    assert ended.value.code == 3
    assert "确认接受: posrefund sign-in --accept-clock" in capsys.readouterr().err


def test_clock_that_moved_within_the_tolerance_is_said(desk: Counter) -> None:
    desk.time.advance(timedelta(minutes=5, seconds=30))
    said = desk.posrefund("sign-in", "--lang", "zh")

    assert "主机时钟比本机快 5 分" in said
    assert "上次签到时" in said
    assert len(desk.posrefund("sign-in").splitlines()) == 1


def test_next_batch_is_named_and_a_jump_is_explained(desk: Counter) -> None:
    desk.server.host.close_batch("12345678")
    said = desk.posrefund("sign-in")
    assert said.startswith("signed in: batch 000002 (the host's), keys ")
    assert "jumped" not in said

    desk.server.host.terminals["12345678"].batch = "000120"
    said = words(desk.posrefund("sign-in"))
    assert "the batch jumped by +118: the answer has no MAC and proves nothing" in said

    desk.server.host.terminals["12345678"].batch = "000002"
    zh = desk.posrefund("sign-in", "--lang", "zh")
    assert "批次 000002（主机指定）" in zh
    assert "批次号跳变 -118" in zh


def test_keys_that_were_here_before_are_reported_or_refused(desk: Counter) -> None:
    first, second = (bytes([seed]) + bytes(range(1, 16)) for seed in (0x10, 0x20))
    host = desk.server.host

    def hand_out(pik: bytes) -> None:
        parts = iter([pik, bytes(reversed(pik))])
        host.random_bytes = lambda size: next(parts)[:size]

    hand_out(first)
    assert "keys" in desk.posrefund("sign-in")
    hand_out(first)
    assert "the host did not change the keys" in words(desk.posrefund("sign-in"))
    hand_out(first)
    assert "主机没有更换密钥" in desk.posrefund("sign-in", "--lang", "zh")
    hand_out(second)
    desk.posrefund("sign-in")
    hand_out(first)
    with pytest.raises(RefusedError) as refused:
        desk.posrefund("sign-in")
    assert refused.value.code == "keys_came_back"
    hand_out(first)
    said = words(desk.posrefund("sign-in", "--accept-keys"))
    assert "the keys are those of an earlier sign-in" in said


def test_settling_destroys_the_keys_that_only_its_doubt_needed(desk: Counter) -> None:
    def is_kept(key_set_id: str) -> bool:
        return open_keystore(load(desk.folder / "posrefund.toml")).key_set(key_set_id) is not None

    desk.posrefund("sale", "S-1", "--amount", "1.00", "--card", CARD)
    desk.time.advance(timedelta(days=1))
    sent_with = desk.posrefund("sign-in", "--accept-clock").split()[5]
    desk.server.host.faults.add(Fault("close_before_reply", mti="0220"))
    desk.posrefund("refund", "R-1", "--original", "S-1", "--card", CARD, exit_code=11)
    desk.posrefund("sign-in")
    assert is_kept(sent_with)

    day = settlement_day(desk.time(), HostProfile().cut_off)
    file = desk.folder / settlement_file.file_name(day)
    settlement_file.write(file, desk.server.host.ledger, day, HostProfile())
    desk.posrefund("settle", str(file), "--day", day.isoformat())

    assert not is_kept(sent_with)
