"""Calls: a task ends with what came of it, and with nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from engine.builders import NOW
from journal.builders import move, open_journal
from office.notices.told import FakeChannel, refund, relay
from posrefund.engine import Event, NoticeKind
from posrefund.errors import InvalidRequestError, LocalProtocolError
from posrefund.office.notices import (
    Call,
    CallChannel,
    CallOutcome,
    FileChannel,
    PrintChannel,
    calls,
    close_call,
)
from posrefund.testing import ManualClock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from posrefund.journal import SQLiteJournal

BOUNCE = (Event.ACCEPT, Event.CONFIRM, Event.BOUNCE)
OPEN = Call("R-1:3", "R-1/1", NoticeKind.BOUNCED)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[SQLiteJournal]:
    """One refund that bounced, and one that went well; a call is asked for."""
    with open_journal(tmp_path / "journal.db") as opened:
        refund(opened, "R-1", "000001", *BOUNCE)
        refund(opened, "R-2", "000002", Event.ACCEPT)
        relay(opened, CallChannel(opened, clock=ManualClock(NOW))).deliver()
        yield opened


def closed(journal: SQLiteJournal, **changes: Any) -> None:
    told = {"outcome": CallOutcome.SETTLED, "by": "07", "now": NOW, **changes}
    close_call(journal, told.pop("notice", "R-1:3"), **told)


def test_bounced_refund_is_a_call_and_a_good_one_is_none(journal: SQLiteJournal) -> None:
    assert calls(journal) == [OPEN]
    journal.verify()


def test_call_is_asked_for_once_however_often_it_is_delivered(journal: SQLiteJournal) -> None:
    messages = FakeChannel("keep")
    journal.put_off(journal.notices("R-1")[2], NOW)
    relay(journal, messages).deliver()
    (message,) = messages.sent
    again = CallChannel(journal, clock=ManualClock(NOW))
    again.send(message)
    again.send(message)

    assert calls(journal) == [OPEN]


def test_call_ends_with_its_outcome_and_does_not_end_twice(journal: SQLiteJournal) -> None:
    closed(journal, note="agrees to a bank transfer")
    assert calls(journal) == [
        Call(
            "R-1:3",
            "R-1/1",
            NoticeKind.BOUNCED,
            CallOutcome.SETTLED,
            "07",
            "agrees to a bank transfer",
        )
    ]
    with pytest.raises(LocalProtocolError, match="no open task"):
        closed(journal)
    journal.verify()


def test_nobody_is_called_about_what_is_settled_already(tmp_path: Path) -> None:
    with open_journal(tmp_path / "j.db") as journal:
        refund(journal, "R-1", "000001", *BOUNCE, Event.GIVE_UP, Event.ACCEPT)
        relay(journal, CallChannel(journal, clock=ManualClock(NOW))).deliver()
        assert calls(journal) == []


@pytest.mark.parametrize("outcome", [None, "", "done", "settled"])
def test_call_does_not_end_without_an_outcome(journal: SQLiteJournal, outcome: Any) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        closed(journal, outcome=outcome, by="", note="6200000000000005")

    assert [path for path, _ in caught.value.faults] == ["outcome", "by", "note"]
    assert "6200" not in str(caught.value)
    assert calls(journal) == [OPEN]


def test_call_that_nobody_asked_for_has_no_end(journal: SQLiteJournal) -> None:
    with pytest.raises(LocalProtocolError, match="no open task"):
        closed(journal, notice="R-2:1")


def test_wordless_channels_say_what_they_are_given(tmp_path: Path) -> None:
    said: list[str] = []
    with open_journal(tmp_path / "j.db") as journal:
        refund(journal)
        relay(journal, FileChannel(tmp_path / "told.jsonl"), PrintChannel(said.append)).deliver()
        journal.commit(move("R-1/1", Event.CONFIRM))
        relay(journal, FileChannel(tmp_path / "nowhere" / "x"), PrintChannel(said.append)).deliver()
        lines = (tmp_path / "told.jsonl").read_text(encoding="utf-8").splitlines()
        (failed,) = [each for each in journal.deliveries("R-1") if each.error]

    assert (len(lines), '"id":"R-1:1"' in lines[0]) == (1, True)
    assert said[0].startswith("R-1:1 【面馆】您的退款RMB 10.00已受理")
    assert len(said) == 2
    assert failed.error == "the file cannot be written: No such file or directory"
