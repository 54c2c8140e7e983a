"""Delivery: at least once under one name, in the order of each refund, never silently not at all."""

from __future__ import annotations

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.builders import NOW, PAN_DIGITS, PROPERTY, TRACK2
from journal.backends import FleetBackend, PostgresBackend
from journal.builders import KEY, dump, know, move, open_journal, opening
from office.notices.told import PHONE, FakeChannel, later, refund, relay
from posrefund.engine import Event
from posrefund.errors import ConfigError, JournalWriteError
from posrefund.journal import DeliveryState, SQLiteJournal
from posrefund.office.notices import CLAIM, RETRIES, Relayed, Retries
from posrefund.testing import ManualClock
from posrefund.values import TerminalID

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from posrefund.office.notices import Message

QUICK = Retries((timedelta(seconds=10), timedelta(minutes=1)), jitter=0.5)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[SQLiteJournal]:
    with open_journal(tmp_path / "journal.db") as opened:
        yield opened


# --- once --------------------------------------------------------------------------------------


def test_each_notice_goes_to_each_channel_once(journal: SQLiteJournal) -> None:
    refund(journal, "R-1", "000001", Event.ACCEPT, Event.CONFIRM)
    refund(journal, "R-2", "000002", Event.DOUBT)
    sms, erp = FakeChannel("sms"), FakeChannel("erp")
    done = relay(journal, sms, erp).deliver()

    assert sms.ids == erp.ids == ["R-1:1", "R-1:2", "R-2:1"]
    assert (done.delivered, done.failed, done.stuck, done.errors) == (6, 0, (), ())
    assert relay(journal, sms, erp).deliver().delivered == 0
    assert journal.waiting_notices() == 0
    journal.verify()


def test_channel_is_told_where_the_customer_is(journal: SQLiteJournal) -> None:
    refund(journal)
    sms = FakeChannel()
    relay(journal, sms).deliver()
    (message,) = sms.sent

    assert message.contact == PHONE
    assert PHONE not in repr(message)
    assert message.short.startswith("【面馆】您的退款RMB 10.00已受理，退回尾号0005的卡。单号R-1")


def test_channel_that_has_nothing_to_do_with_it_is_left_out(journal: SQLiteJournal) -> None:
    refund(journal)
    sms, none = FakeChannel("sms"), FakeChannel("none")
    none.is_idle = True
    relay(journal, none, sms).deliver()

    states = {each.channel: each.state for each in journal.deliveries("R-1")}
    assert states == {"none": DeliveryState.SKIPPED, "sms": DeliveryState.DELIVERED}
    assert (none.sent, journal.waiting_notices()) == ([], 0)


def test_so_many_refunds_and_no_more(journal: SQLiteJournal) -> None:
    for number in range(1, 6):
        refund(journal, f"R-{number}", f"{number:06d}")
    sms = FakeChannel()
    outbound = relay(journal, sms)

    assert [outbound.deliver(requests_max=2).delivered for _ in range(4)] == [2, 2, 1, 0]
    assert sorted(sms.ids) == [f"R-{number}:1" for number in range(1, 6)]


@pytest.mark.parametrize("channels", [(), (FakeChannel("a"), FakeChannel("a"))])
def test_relay_needs_channels_of_different_names(
    journal: SQLiteJournal, channels: tuple[Any, ...]
) -> None:
    with pytest.raises(ConfigError, match="each under a name of its own"):
        relay(journal, *channels)


def test_notices_of_training_are_marked_and_stay_on_this_machine(tmp_path: Path) -> None:
    with SQLiteJournal(
        tmp_path / "journal.db", key=KEY, terminal=TerminalID("12345678"), training=True
    ) as journal:
        refund(journal)
        sms, screen = FakeChannel("sms"), FakeChannel("screen")
        screen.stays_here = True
        with pytest.raises(ConfigError, match="training: notices stay on this machine"):
            relay(journal, screen, sms)
        relay(journal, screen).deliver()

    (message,) = screen.sent
    for text in (message.short, message.subject, message.body):
        assert text.startswith("【培训 TRAINING】")
    assert message.data["training"] == "yes"


# --- what fails --------------------------------------------------------------------------------


def test_failure_puts_off_its_channel_and_no_other(journal: SQLiteJournal) -> None:
    refund(journal)
    down, up = FakeChannel("down", lambda _: True), FakeChannel("up")
    done = relay(journal, down, up, retries=QUICK).deliver()

    assert (done.delivered, done.failed) == (1, 1)
    assert done.errors == (("R-1:1", "down", "the receiver did not answer in time"),)
    assert journal.due_times("R-1") == {1: NOW + timedelta(seconds=10)}
    assert relay(journal, down, up, clock=later(seconds=9)).deliver().failed == 0
    down.fails = lambda _: False
    assert relay(journal, down, up, clock=later(seconds=10)).deliver().delivered == 1
    assert (down.ids, up.ids) == (["R-1:1"], ["R-1:1"])


def test_two_channels_that_fail_keep_a_pause_of_their_own(journal: SQLiteJournal) -> None:
    refund(journal)
    lots = iter([0.0, 1.0])
    one, two = FakeChannel("one", lambda _: True), FakeChannel("two", lambda _: True)
    relay(journal, one, two, retries=QUICK, chance=lambda: next(lots)).deliver()
    one.fails = two.fails = lambda _: False
    assert relay(journal, one, two, clock=later(seconds=5)).deliver().delivered == 1
    assert (one.ids, two.ids) == ([], ["R-1:1"])
    relay(journal, one, two, clock=later(seconds=10)).deliver()

    assert (one.ids, two.ids) == (["R-1:1"], ["R-1:1"])


def test_pauses_are_those_of_the_schedule_and_the_last_failure_is_for_people(
    journal: SQLiteJournal,
) -> None:
    refund(journal)
    down, clock = FakeChannel("down", lambda _: True), ManualClock(NOW)
    tried, done = [], Relayed()
    while due := journal.due_times("R-1"):
        clock.set(due[1])
        tried.append(due[1] - NOW)
        done = relay(journal, down, clock=clock).deliver()

    assert [str(one) for one in tried] == [
        *("0:00:00", "0:00:10", "0:01:10", "0:06:10", "0:21:10", "1:21:10", "4:21:10"),
        *("10:21:10", "22:21:10", "1 day, 22:21:10"),
    ]
    assert [each.notice_id for each in done.stuck] == ["R-1:1"]
    (stuck,) = journal.stuck_deliveries()
    assert (stuck.tries, stuck.state) == (10, DeliveryState.STUCK)
    assert journal.notes("notice_stuck", "R-1/1") == [
        {
            "notice": "R-1:1",
            "channel": "down",
            "tries": "10",
            "error": "the receiver did not answer in time",
        }
    ]
    journal.verify()


def test_what_was_given_up_is_tried_anew_when_people_say_so(journal: SQLiteJournal) -> None:
    refund(journal)
    down = FakeChannel("down", lambda _: True)
    relay(journal, down, retries=Retries(())).deliver()
    down.fails = lambda _: False
    assert relay(journal, down, clock=later(days=9)).deliver().delivered == 0
    journal.retry_stuck("R-1", NOW)

    assert relay(journal, down).deliver().delivered == 1
    assert journal.stuck_deliveries() == []


def test_error_of_a_strange_channel_keeps_nothing_of_what_it_says(journal: SQLiteJournal) -> None:
    refund(journal)

    class Loud(FakeChannel):
        def send(self, message: Message) -> None:
            raise ValueError(f"cannot send to {message.contact}")

    done = relay(journal, Loud()).deliver()
    assert done.errors == (("R-1:1", "sms", "ValueError"),)
    assert journal.deliveries("R-1")[0].error == "ValueError"


def test_nothing_that_is_kept_or_logged_names_the_customer_or_his_card(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "journal.db"

    class Loud(FakeChannel):
        def send(self, message: Message) -> None:
            raise RuntimeError(message.contact, message.body)

    with open_journal(path) as journal, caplog.at_level("DEBUG"):
        refund(journal, "R-1", "000001", Event.ACCEPT, Event.CONFIRM)
        sms = FakeChannel()
        done = relay(journal, Loud("loud"), sms, retries=Retries(())).deliver()
        kept = "\n".join(dump(path))
        said = f"{done} {journal.notices()} {journal.deliveries('R-1')} {caplog.text} {sms.sent}"
        bodies = " ".join(f"{m.body} {m.short} {m.subject} {m.json!r}" for m in sms.sent)

    assert "R-1" in kept
    for secret in (PHONE, PHONE[3:], PAN_DIGITS, PAN_DIGITS[:9], TRACK2):
        for text in (kept, said, bodies):
            assert secret not in text
            assert secret.encode().hex().upper() not in text


def test_failing_journal_is_no_failing_channel(journal: SQLiteJournal) -> None:
    refund(journal)

    class Full(FakeChannel):
        def send(self, message: Message) -> None:
            raise JournalWriteError("disk full")

    with pytest.raises(JournalWriteError):
        relay(journal, Full()).deliver()
    assert journal.deliveries("R-1") == []


@pytest.mark.parametrize(
    ("pauses", "jitter"), [((timedelta(0),), 0.5), ((), -0.1), ((), 1.1), ((), float("nan"))]
)
def test_schedule_has_pauses(pauses: tuple[timedelta, ...], jitter: float) -> None:
    with pytest.raises(ConfigError):
        Retries(pauses, jitter)


@given(st.integers(1, 20), st.floats(0, 1))
@PROPERTY
def test_lot_makes_a_pause_shorter_by_half_at_most(tries: int, chance: float) -> None:
    pause = RETRIES.pause(tries, chance)
    if tries > 9:
        assert pause is None
    else:
        assert pause is not None
        assert RETRIES.pauses[tries - 1] / 2 <= pause <= RETRIES.pauses[tries - 1]


# --- in order ----------------------------------------------------------------------------------


def test_later_notice_waits_for_the_one_before_it(journal: SQLiteJournal) -> None:
    refund(journal, "R-1", "000001", Event.ACCEPT)
    flaky, other = FakeChannel("flaky", lambda _: True), FakeChannel("other")
    relay(journal, flaky, other, retries=QUICK).deliver()
    journal.commit(move("R-1/1", Event.CONFIRM))
    flaky.fails = lambda _: False
    relay(journal, flaky, other, clock=later(seconds=1), retries=QUICK).deliver()
    assert (flaky.ids, other.ids) == ([], ["R-1:1", "R-1:2"])
    relay(journal, flaky, other, clock=later(seconds=10), retries=QUICK).deliver()

    assert flaky.ids == ["R-1:1", "R-1:2"]


def test_notice_after_one_that_was_given_up_goes_on(journal: SQLiteJournal) -> None:
    refund(journal, "R-1", "000001", Event.ACCEPT, Event.CONFIRM)
    flaky = FakeChannel("flaky", lambda message: message.notice.sequence == 1)
    relay(journal, flaky, retries=Retries(())).deliver()

    assert flaky.ids == ["R-1:2"]
    assert [each.sequence for each in journal.stuck_deliveries()] == [1]


def test_channel_that_is_new_gets_only_what_is_not_through(journal: SQLiteJournal) -> None:
    refund(journal, "R-1", "000001", Event.ACCEPT)
    old, new = FakeChannel("old"), FakeChannel("new")
    relay(journal, old).deliver()
    journal.commit(move("R-1/1", Event.CONFIRM))
    relay(journal, old, new).deliver()

    assert (old.ids, new.ids) == (["R-1:1", "R-1:2"], ["R-1:2"])


def test_what_is_overtaken_already_is_old_news(journal: SQLiteJournal) -> None:
    """A file that ends a doubt says accepted and confirmed at once: a customer's telephone rings once."""
    refund(journal, "R-1", "000001", Event.ACCEPT, Event.CONFIRM)
    sms = FakeChannel()
    relay(journal, sms).deliver()

    assert [message.is_old_news for message in sms.sent] == [True, False]


# --- crashes -----------------------------------------------------------------------------------


class Died(BaseException):
    """The end of the process."""


class Doomed:
    """Dies at the moment *at*: before or after what it counts is done."""

    def __init__(self, at: int) -> None:
        self.left = at

    def __call__(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise Died


class DoomedChannel(FakeChannel):
    """Dies before or after a message has gone."""

    def __init__(self, name: str, doom: Doomed, sent: list[Message]) -> None:
        super().__init__(name)
        self.doom, self.sent = doom, sent

    def send(self, message: Message) -> None:
        self.doom()
        super().send(message)
        self.doom()


def doomed(journal: SQLiteJournal, doom: Doomed, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every writing of the journal be a moment to die, before and after."""
    for name in ("claim_notices", "keep_delivery", "put_off"):
        method = getattr(journal, name)

        def dying(*args: Any, _method: Any = method, **options: Any) -> Any:
            doom()
            found = _method(*args, **options)
            doom()
            return found

        monkeypatch.setattr(journal, name, dying)


NOTICES = ["R-1:1", "R-1:2", "R-2:1"]
MOMENTS = 30
"""Of a whole run, before and after each: 3 claims, 6 messages, 6 deliveries written down."""


@pytest.mark.parametrize("moment", range(1, MOMENTS + 2))
def test_crash_between_any_two_steps_loses_nothing_and_renames_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: int
) -> None:
    path, sent, doom = tmp_path / "journal.db", {"sms": [], "erp": []}, Doomed(moment)  # type: ignore[var-annotated]  # reason: lists of messages
    with open_journal(path) as journal:
        refund(journal, "R-1", "000001", Event.ACCEPT, Event.CONFIRM)
        refund(journal, "R-2", "000002", Event.DOUBT)
        with monkeypatch.context() as patch:
            doomed(journal, doom, patch)
            with suppress(Died):
                relay(journal, *(DoomedChannel(n, doom, s) for n, s in sent.items())).deliver()
        journal._db.close()  # as the end of its process does
        journal._lock.release()
    assert (doom.left <= 0) == (moment <= MOMENTS)  # the one after the last is never reached
    with open_journal(path) as again:
        clock = ManualClock(NOW + CLAIM)
        for _ in range(2):
            relay(
                again, *(DoomedChannel(n, Doomed(0), s) for n, s in sent.items()), clock=clock
            ).deliver()
            clock.advance(CLAIM)
        assert again.waiting_notices() == 0
        again.verify()
    for messages in sent.values():
        names = [message.notice.notice_id for message in messages]
        first = list(dict.fromkeys(names))
        assert sorted(first) == NOTICES
        assert first.index("R-1:1") < first.index("R-1:2")
        assert max(Counter(names).values()) <= 2
        assert len({message.json for message in messages}) == len(NOTICES)


def test_what_was_committed_is_delivered_by_the_next_process(tmp_path: Path) -> None:
    path, sms = tmp_path / "journal.db", FakeChannel()
    with open_journal(path) as journal:
        refund(journal)
        journal._db.close()
        journal._lock.release()
    with open_journal(path) as again:
        relay(again, sms).deliver()

    assert sms.ids == ["R-1:1"]


def test_claim_of_a_dead_relay_runs_out(journal: SQLiteJournal) -> None:
    refund(journal)
    journal.claim_notices(NOW, NOW + CLAIM)
    sms = FakeChannel()

    assert relay(journal, sms, clock=later(minutes=9)).deliver().delivered == 0
    assert relay(journal, sms, clock=later(minutes=10)).deliver().delivered == 1


@given(st.integers(0, 2**32))
@settings(PROPERTY, max_examples=8)
def test_outbox_drains_whatever_fails(seed: int) -> None:
    """L2: with receivers that fail two times in three, each notice ends delivered or with people."""
    import tempfile
    from pathlib import Path

    lot = random.Random(seed)
    with (
        tempfile.TemporaryDirectory() as folder,
        open_journal(Path(folder) / "journal.db") as journal,
    ):
        refund(journal, "R-1", "000001", Event.ACCEPT, Event.CONFIRM, Event.BOUNCE)
        refund(journal, "R-2", "000002", Event.DOUBT, Event.GIVE_UP, Event.RELEASE)
        channels = [FakeChannel(name, lambda _: lot.random() < 2 / 3) for name in ("a", "b")]
        outbound = relay(journal, *channels, clock=(clock := ManualClock(NOW)), chance=lot.random)
        passes = 0
        while journal.waiting_notices():
            dues = [*journal.due_times("R-1").values(), *journal.due_times("R-2").values()]
            clock.set(max(clock(), min(dues)))
            outbound.deliver()
            passes += 1
            assert passes < 500
        stuck = [(each.channel, each.notice_id) for each in journal.stuck_deliveries()]
        for channel in channels:
            given_up = [name for where, name in stuck if where == channel.name]
            assert sorted([*channel.ids, *given_up]) == [
                *("R-1:1", "R-1:2", "R-1:3", "R-2:1", "R-2:2")
            ]
            for name in ("R-1", "R-2"):
                mine = [each for each in channel.ids if each.startswith(name)]
                assert mine == sorted(mine)
        journal.verify()


# --- two at a time -----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [FleetBackend, PostgresBackend], ids=lambda kind: kind.name)
def test_two_relays_of_the_same_tables_send_each_notice_once(
    kind: type[FleetBackend] | type[PostgresBackend], tmp_path: Path
) -> None:
    backend = kind(tmp_path)
    try:
        with backend.open() as one, backend.open(terminal="87654321") as other:
            one.commit([know("S-1", 1_000_000)])
            for number in range(1, 31):
                journal = other if number % 2 else one
                name, terminal = f"R-{number}", "87654321" if number % 2 else "12345678"
                journal.commit([opening(name, f"{number:06d}", 100, terminal=terminal)])
                journal.commit(move(f"{name}/1", Event.SEND, Event.ACCEPT, Event.CONFIRM))
            sms = FakeChannel()
            relays = [relay(journal, sms, everyone=True) for journal in (one, other)]
            with ThreadPoolExecutor(2) as threads:
                done = list(threads.map(lambda each: each.deliver(), relays))
            assert sum(each.delivered for each in done) == 60
            assert Counter(sms.ids) == {f"R-{n}:{s}": 1 for n in range(1, 31) for s in (1, 2)}
            assert one.waiting_notices() == 0
            one.verify()
            other.verify()
    finally:
        backend.remove()


def test_notice_waits_for_one_that_another_terminal_has_to_deliver(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = FleetBackend(tmp_path)
    try:
        with backend.open() as one, backend.open(terminal="87654321") as other:
            refund(one, "R-1", "000001", Event.DECLINE)
            again = opening("R-1", "000001", number=2, original_id="S-R-1", terminal="87654321")
            other.commit([again, *move("R-1/2", Event.SEND, Event.ACCEPT)])
            sms = FakeChannel()
            claims: list[object] = []
            claim = other.claim_notices

            def counted(*args: Any, **options: Any) -> Any:
                claims.append(args)
                return claim(*args, **options)

            monkeypatch.setattr(other, "claim_notices", counted)
            assert relay(other, sms).deliver().delivered == 0
            assert len(claims) == 2  # it does not run in circles
            assert other.due_times("R-1")[2] == NOW + timedelta(seconds=10)
            relay(one, sms).deliver()
            relay(other, sms, clock=later(seconds=10)).deliver()
            assert sms.ids == ["R-1:1", "R-1:2"]
    finally:
        backend.remove()


def test_relay_of_one_terminal_leaves_the_others_alone(tmp_path: Path) -> None:
    backend = FleetBackend(tmp_path)
    try:
        with backend.open() as one, backend.open(terminal="87654321") as other:
            refund(one)
            sms = FakeChannel()
            assert relay(other, sms).deliver().delivered == 0
            assert relay(other, sms, everyone=True).deliver().delivered == 1
    finally:
        backend.remove()
