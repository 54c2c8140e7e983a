"""The rule of a kept connection: a late answer is never the next one's."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from posrefund.errors import ConfigError
from posrefund.link import Keeping


def after(*events: str, keep_open_s: float = 30) -> Keeping:
    keeping = Keeping(keep_open_s)
    for event in ("opened", *events):
        getattr(keeping, event)()
    return keeping


def test_answered_connection_is_kept_and_used_again_while_it_is_young() -> None:
    keeping = after("asked", "answered")

    assert keeping.ended(100.0, unread=False)
    assert keeping.unfit(129.9, peer_closed=False, unread=False) is None
    assert keeping.unfit(130.0, peer_closed=False, unread=False) == "idle"


@pytest.mark.parametrize(
    "events",
    [
        ("asked",),  # a time-out, a Ctrl-C: the answer may still come
        ("asked", "answered", "asked"),
        ("asked", "answered", "answered"),  # one of them was somebody else's
        ("answered", "asked"),  # the same, and one is missing besides
        ("asked", "failed"),
        ("asked", "answered", "failed"),
        ("failed",),
    ],
)
def test_connection_with_anything_odd_about_it_is_not_kept(events: tuple[str, ...]) -> None:
    keeping = after(*events)

    assert not keeping.ended(0.0, unread=False)
    assert keeping.unfit(0.0, peer_closed=False, unread=False) == "doubtful"


def test_what_was_not_read_spoils_a_connection() -> None:
    keeping = after("asked", "answered")
    assert not keeping.ended(0.0, unread=True)
    kept = after("asked", "answered")
    assert kept.ended(0.0, unread=False)

    assert kept.unfit(1.0, peer_closed=False, unread=True) == "unread"
    assert kept.unfit(1.0, peer_closed=True, unread=False) == "closed"


def test_keep_alive_makes_it_young_again() -> None:
    keeping = after("asked", "answered")
    keeping.ended(0.0, unread=False)
    keeping.refreshed(29.0)

    assert keeping.unfit(58.0, peer_closed=False, unread=False) is None


def test_without_a_time_none_is_kept() -> None:
    assert not after("asked", "answered", keep_open_s=0).ended(0.0, unread=False)
    assert Keeping(30).unfit(0.0, peer_closed=False, unread=False) == "doubtful"  # never opened


@pytest.mark.parametrize("wrong", [-1, float("nan"), float("inf"), 86_401])
def test_time_that_is_none_is_refused(wrong: float) -> None:
    with pytest.raises(ConfigError, match="keep_open_s"):
        Keeping(wrong)


class KeptLine(RuleBasedStateMachine):
    """A far end whose answers may come late, twice or never, and a near end that keeps the rule.

    The far end is a plain list of what is on the wire; every message on it names its question. The engine is
    left out on purpose: whatever is read first is taken for the answer. A second answer to what was answered that
    comes between the look and the next answer no link can tell; that is the engine's half.
    """

    @initialize()
    def start(self) -> None:
        self.keeping = Keeping(30)
        self.now, self.asked = 0.0, 0
        self.wire: list[int] = []
        self.late: list[int] = []
        self.surplus: list[int] = []
        self.peer_closed = False
        self.is_kept = False
        self.taken_for: list[tuple[int, int]] = []

    @rule(
        idle_s=st.floats(0, 60),
        answers=st.integers(0, 2),
        more=st.integers(0, 1),
        breaks=st.booleans(),
    )
    def exchange(self, idle_s: float, answers: int, more: int, *, breaks: bool) -> None:
        self.now += idle_s
        self._open()
        self.asked += 1
        self.keeping.asked()
        self.wire += self.late  # the worst moment: behind the look, before the answer
        self.late = []
        self.wire += [self.asked] * answers
        (self.surplus if answers else self.late).extend([self.asked] * more)
        if breaks:
            self.late += self.surplus
            self.keeping.failed()
        elif self.wire:
            self.taken_for.append((self.wire.pop(0), self.asked))
            self.keeping.answered()
        self.is_kept = self.keeping.ended(self.now, unread=bool(self.wire))

    def _open(self) -> None:
        if self.is_kept and not self.keeping.unfit(
            self.now, peer_closed=self.peer_closed, unread=bool(self.wire)
        ):
            return
        self.wire, self.late, self.surplus, self.peer_closed = [], [], [], False
        self.keeping.opened()

    @rule()
    def surplus_arrives(self) -> None:
        self.wire += self.surplus
        self.surplus = []

    @rule()
    def peer_hangs_up(self) -> None:
        self.peer_closed = True

    @invariant()
    def nothing_was_taken_for_another_ones_answer(self) -> None:
        assert all(question == asked for question, asked in self.taken_for)


TestKeptLine = KeptLine.TestCase
