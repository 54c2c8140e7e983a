"""Random days at a counter: the device books or not, answers, lies, is silent or is not reached; power fails anywhere.

Whatever happens: at most one question of a request reaches the device unless the one before is known not to
have been sent; nobody is told yes unless the device said it; and nothing that reached the device is forgotten.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from devices.desk_shop import Device, PowerCut, Scene, Shop, refund, void
from posrefund.devices import (
    DeviceApproved,
    DeviceInDoubt,
    DeviceNotSent,
    DeviceSettled,
)
from posrefund.engine.people import Statement
from posrefund.errors import RefusedError

SAYS = ("approved", "declined", "in_doubt", "not_sent", "refused", "other_request", "fails")
RECOVERS = ("truth", "in_doubt", "declined", "not_sent", "other_amount", "no_result", "fails")
REQUESTS: dict[str, Any] = {
    "R-1": refund("R-1", 500),
    "R-2": refund("R-2", 500),
    "R-3": refund("R-3", 700),
    "V-1": void("V-1", 500),
}

scenes = st.builds(
    Scene, st.sampled_from(SAYS), st.booleans(), st.sampled_from(["", "", "before", "after"])
)


class Counter(RuleBasedStateMachine):
    """One device, one journal, four requests."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = TemporaryDirectory()
        self.device = Device()
        self.shop = Shop(Path(self._folder.name) / "journal.db", self.device)
        self.final: dict[str, object] = {}

    def teardown(self) -> None:
        self.shop.close()
        self._folder.cleanup()

    @rule(
        name=st.sampled_from(sorted(REQUESTS)),
        scene=scenes,
        cut=st.sampled_from([0, 0, 0, 1, 2, 3, 4]),
    )
    def ask(self, name: str, scene: Scene, cut: int) -> None:
        self.device.scene = scene
        request = REQUESTS[name]
        desk = self.shop.desk
        self._play(lambda: desk.void(request) if name[0] == "V" else desk.refund(request), cut)

    @rule(recovery=st.sampled_from(RECOVERS), cut=st.sampled_from([0, 0, 1, 2]))
    def recover(self, recovery: str, cut: int) -> None:
        self.device.recovery = recovery
        asked = self.shop.desk.in_doubt()
        self._play(self.shop.desk.recover, cut)
        found = self.final.get(asked.request_id) if asked else None
        if recovery == "truth" and isinstance(found, DeviceApproved):
            assert found.request_id in self.device.booked or self._was_deceived()

    def _was_deceived(self) -> bool:
        """Whether something was booked of which the device, or people, said that it was not."""
        questions = self.shop.journal.device_questions()
        denied = {q.request_id for q in questions if q.state in ("DECLINED", "NOT_BOOKED")}
        return bool(denied.intersection(self.device.booked))

    @rule(is_booked=st.booleans())
    def settle(self, is_booked: bool) -> None:
        request = self.shop.desk.in_doubt()
        if request is not None:
            said = Statement("booked" if is_booked else "not_booked", ("Li",), "a document")
            self._learn(self.shop.desk.settle(request.request_id, said))

    @rule()
    def restart(self) -> None:
        self.shop.restart()

    def _play(self, act: object, cut: int) -> None:
        self.shop.cut_at = self.shop.steps + cut if cut else 0
        try:
            self._learn(act())  # type: ignore[operator]
        except PowerCut:
            self.shop.restart()
        except RefusedError:
            pass  # another one is in doubt, or the driver cannot
        self.shop.cut_at = 0

    def _learn(self, result: object) -> None:
        if result is None or isinstance(result, DeviceInDoubt | DeviceNotSent):
            return
        name = result.request_id  # type: ignore[attr-defined]
        assert self.final.setdefault(name, result) == result, "what was said once stays said"
        if isinstance(result, DeviceApproved):
            minor = REQUESTS[name].amount.minor
            assert (name, minor) in self.device.yes, "no yes that the device did not say"
        assert isinstance(result, DeviceSettled) == (result.evidence == "people")  # type: ignore[attr-defined]

    @invariant()
    def no_request_reaches_the_device_twice(self) -> None:
        assert len(self.device.asked) == len(set(self.device.asked))
        assert len(self.device.booked) == len(set(self.device.booked))

    @invariant()
    def nothing_that_reached_the_device_is_forgotten(self) -> None:
        questions = {q.question_id: q for q in self.shop.journal.device_questions()}
        for name in self.device.asked:
            states = [q.state for q in questions.values() if q.request_id == name]
            assert [state for state in states if state != "NOT_SENT"], "it is there"
            assert len([state for state in states if state != "NOT_SENT"]) == 1

    @invariant()
    def at_most_one_is_open(self) -> None:
        opened = [q for q in self.shop.journal.device_questions() if q.state == "OPEN"]
        assert len(opened) <= 1


def test_no_history_asks_twice_forgets_or_says_more_than_was_said() -> None:
    run_state_machine_as_test(
        Counter, settings=settings(max_examples=60, stateful_step_count=25, deadline=None)
    )
