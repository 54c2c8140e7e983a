"""``posrefund close-batch``: the slip, the exit status, and a closing that goes on when it is called again."""

from __future__ import annotations

import sys
from datetime import timedelta

import pytest

from cli.test_shop_commands import CARD, Counter, counter  # noqa: F401 — a fixture
from posrefund.cli.app import run
from posrefund.emulators.host import Fault
from posrefund.errors import LinkError, RefusedError


@pytest.fixture
def desk(counter: Counter) -> Counter:  # noqa: F811 — that very fixture
    """A sale of ¥128.00 on one day, and the sign-in of the next."""
    counter.posrefund("sign-in", "--accept-clock")
    counter.posrefund("sale", "S-1", "--amount", "128.00", "--card", CARD)
    counter.time.advance(timedelta(days=1))
    counter.posrefund("sign-in", "--accept-clock")
    return counter


def test_a_balanced_batch_prints_its_slip_in_either_language(desk: Counter) -> None:
    slip = desk.posrefund("close-batch", "--lang", "zh")

    assert "结算单" in slip
    assert "对账结果                      平" in slip
    assert "新批次号                  000002" in slip
    assert "没有结果未知的交易" in slip
    again = desk.posrefund("close-batch", "--reprint")
    assert "*** REPRINT ***" in again
    assert "Totals                     equal" in again
    assert desk.server.host.terminals["12345678"].batch == "000002"


def test_a_doubt_is_on_the_slip_and_somebody_has_to_look(desk: Counter) -> None:
    desk.server.host.faults.add(Fault("close_before_reply", mti="0220"))
    refund = ("refund", "R-1", "--original", "S-1", "--card", CARD, "--amount", "28")
    desk.posrefund(*refund, exit_code=11)
    slip = desk.posrefund("close-batch", exit_code=4)

    assert "Totals                 different" in slip
    assert "In doubt, in no total; the file" in slip
    assert "refund          RMB 28.00" in slip
    assert "May explain it (no proof):" in slip
    assert CARD not in slip
    assert CARD[:6] + "******" + CARD[-4:] in slip


def test_a_closing_without_an_answer_goes_on_when_it_is_called_again(desk: Counter) -> None:
    desk.server.host.faults.add(Fault("close_before_reply", mti="0320"))
    with pytest.raises(LinkError):
        desk.posrefund("close-batch")
    sale = ("sale", "S-2", "--amount", "1", "--card", CARD)
    with pytest.raises(RefusedError) as closing:
        desk.posrefund(*sale)
    assert closing.value.code == "batch_closing"

    assert "New batch                 000002" in desk.posrefund("close-batch")
    with pytest.raises(RefusedError) as signed_off:
        desk.posrefund(*sale)
    assert signed_off.value.code == "not_signed_in"
    desk.posrefund("sign-in", "--accept-clock")
    desk.posrefund(*sale)


def test_a_refusal_is_a_sentence_in_both_languages_and_exit_status_3(
    desk: Counter, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.posrefund("close-batch")
    config = ["--config", str(desk.folder / "posrefund.toml")]
    monkeypatch.setattr(sys, "argv", ["posrefund", "close-batch", *config])
    with pytest.raises(SystemExit) as ended:
        run()

    assert ended.value.code == 3
    assert "refused (not_signed_in): sign in first / 请先签到" in capsys.readouterr().err


def test_there_is_nothing_to_print_again_before_the_first(desk: Counter) -> None:
    assert desk.posrefund("close-batch", "--reprint", exit_code=2) == (
        "no batch was closed yet / 还没有结算过\n"
    )
