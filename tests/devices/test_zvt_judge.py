"""What follows from what a ZVT terminal said: every way in which its words do not agree is a doubt."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from devices.still_line import VirtualStream
from devices.zvt_lines import REFUND, void
from posrefund.devices import (
    DeviceApproved,
    DeviceDeclined,
    DeviceInDoubt,
    DeviceNotSent,
    DeviceReason,
    DeviceRequest,
    DeviceResult,
)
from posrefund.devices.zvt import PROFILES, ZVTSettings, ZvtTerminal
from posrefund.devices.zvt.heard import Heard
from posrefund.devices.zvt.judge import Expected, judge
from posrefund.emulators.device import Say, Scene, Script
from posrefund.emulators.zvt import EmulatedZVT
from posrefund.errors import LinkClosedError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

DONE, ABORT = "060F00", "061E016C"
YES = "040f17 2700 04000000001234 0b000123 2912345678 490978 870045"


def judged(
    *said: str, request: DeviceRequest = REFUND, after: str = "000122/0044", named: bool = True
) -> DeviceResult:
    heard = Heard(PROFILES["generic"])
    for text in said:
        heard.take(bytes.fromhex(text))
    assert heard.is_over
    return judge(request, heard, Expected(after, "12345678", named))


def changed(old: str, new: str) -> str:
    assert YES.count(old) == 1
    body = bytes.fromhex(YES.replace(old, new))
    return (body[:2] + bytes((len(body) - 3,)) + body[3:]).hex()


def test_a_status_information_and_a_completion_that_agree_are_a_yes() -> None:
    result = judged(changed("2700", "2700"), DONE)
    assert isinstance(result, DeviceApproved)
    assert result.reference == "000123/0045"


YES = changed("2700", "2700")


def test_the_yes_of_these_tests_is_whole() -> None:
    assert isinstance(judged(YES, YES, DONE), DeviceApproved)  # said twice, both alike
    assert isinstance(judged(YES, DONE, after=""), DeviceApproved)  # it told no number before


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("2700", "", DeviceReason.UNKNOWN),
        ("2700", "2705", DeviceReason.HOST_REFUSED),  # and yet it ended by a completion
        ("04000000001234", "", DeviceReason.AMOUNT),
        ("04000000001234", "04000000001235", DeviceReason.AMOUNT),
        ("04000000001234", "0400000000123a", DeviceReason.AMOUNT),
        ("490978", "", DeviceReason.CURRENCY),
        ("490978", "490840", DeviceReason.CURRENCY),
        ("490978", "491978", DeviceReason.CURRENCY),
        ("490978", "49097f", DeviceReason.CURRENCY),
        ("0b000123", "0b00012f", DeviceReason.PROTOCOL),
        ("870045", "87004a", DeviceReason.PROTOCOL),
        ("2912345678", "2987654321", DeviceReason.PROTOCOL),
        ("2912345678", "291234567f", DeviceReason.PROTOCOL),
        ("0b000123", "0b000122", None),  # another receipt: another transaction
        ("2912345678", "", None),  # it has not said who it is
    ],
)
def test_one_field_that_is_not_what_was_asked_for_makes_it_a_doubt(
    old: str, new: str, reason: DeviceReason | None
) -> None:
    result = judged(changed(old, new), DONE)
    if reason is None:
        assert isinstance(result, DeviceApproved)
    else:
        assert isinstance(result, DeviceInDoubt)
        assert (result.reason, result.after) == (reason, "000122/0044")


def test_a_currency_that_need_not_be_named_has_to_be_right_if_it_is() -> None:
    assert isinstance(judged(changed("490978", ""), DONE, named=False), DeviceApproved)
    for wrong in ("490840", "49097f"):
        assert isinstance(judged(changed("490978", wrong), DONE, named=False), DeviceInDoubt)


@pytest.mark.parametrize(
    "said",
    [
        (DONE,),
        (YES, ABORT),  # yes, and an abort
        (changed("2700", "2705"), ABORT),  # two codes
        ("040F01 27", ABORT),  # one that nobody can read
        (YES, changed("870045", "870046"), DONE),  # two transactions
        (changed("870045", "870046"), YES, DONE),
        (YES, "040F01 27", DONE),
        ("040F01 27", YES, DONE),
        (YES, "061E00"),
        ("061E00",),
        ("04FF010E", ABORT),  # "please wait" was shown
    ],
)
def test_words_that_do_not_agree_are_a_doubt(said: tuple[str, ...]) -> None:
    assert isinstance(judged(*said), DeviceInDoubt)


def test_an_abort_that_its_status_information_agrees_with_is_a_no() -> None:
    for said in ((ABORT,), ("04FF010A", changed("2700", "276C"), ABORT), ("04FF014B", ABORT)):
        result = judged(*said)
        assert isinstance(result, DeviceDeclined)
        assert (result.reason, result.raw_code) == (DeviceReason.CANCELLED, "6C")


def test_the_last_transaction_said_again_is_no_yes() -> None:
    assert isinstance(judged(YES, DONE, after="000123/0045"), DeviceInDoubt)


def test_a_reversal_of_another_transaction_is_no_yes() -> None:
    of = changed("0b000123", "0b000123 37000100")
    assert isinstance(judged(of, DONE, request=void("000100/0009")), DeviceApproved)
    assert isinstance(judged(of, DONE, request=void("0009")), DeviceApproved)
    other = judged(of, DONE, request=void("000101/0009"))
    assert isinstance(other, DeviceInDoubt)
    assert other.reason is DeviceReason.ORIGINAL_NOT_FOUND


# --- with the driver around it -------------------------------------------------------------------------


class Between:
    """The emulated terminal, and somebody who changes what it says."""

    deadline = None

    def __init__(self, change: Callable[[int, bytes], bytes], device: EmulatedZVT) -> None:
        self.inner, self._change, self._count = device, change, 0

    def connect(self) -> None:
        self.inner.connect()

    def receive(self, chunk: bytes, now: float) -> Sequence[Say]:
        return [Say(self._changed(say.data)) for say in self.inner.receive(chunk, now)]

    def deadline_passed(self, now: float) -> Sequence[Say]:
        return ()

    def _changed(self, body: bytes) -> bytes:
        if body[:2] != b"\x04\x0f":
            return self._change(-1, body)
        self._count += 1
        return self._change(self._count, body)


def driven(device: object, monkeypatch: pytest.MonkeyPatch) -> ZvtTerminal:
    stream = VirtualStream(device)  # type: ignore[arg-type]
    stream.patch(monkeypatch)
    return ZvtTerminal(stream, ZVTSettings(), serial=False)


@pytest.mark.parametrize("which", [2, 3])
def test_a_no_or_a_yes_that_is_told_only_once_is_not_recovered(
    which: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first status information is the refund's; one of the two answers to ``recover`` is changed."""

    def change(count: int, body: bytes) -> bytes:
        return body.replace(b"\x27\x00\x04", b"\x27\x05\x04") if count == which else body

    driver = driven(Between(change, EmulatedZVT()), monkeypatch)
    assert isinstance(driver.refund(REFUND), DeviceApproved)
    assert isinstance(driver.recover(replace(REFUND, after="000121/0043")), DeviceInDoubt)
    assert isinstance(driver.recover(replace(REFUND, after="000121/0043")), DeviceApproved)


def test_a_terminal_that_counts_in_another_currency_is_asked_for_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    device = EmulatedZVT()

    def change(_count: int, body: bytes) -> bytes:
        return body.replace(bytes.fromhex("490978"), bytes.fromhex("490840"))

    result = driven(Between(change, device), monkeypatch).refund(REFUND)
    assert isinstance(result, DeviceNotSent)
    assert (result.reason, result.raw_code) == (DeviceReason.CURRENCY, "6F")
    assert device.money_asked == 0


def test_once_the_terminal_has_the_command_no_error_says_that_nothing_was_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    device = EmulatedZVT()
    driver = driven(device, monkeypatch)
    whole = driver._line.receive_within

    def receive(seconds: float) -> bytes | None:
        if device.money_asked:
            raise LinkClosedError("planted", effect="nothing_sent")
        return whole(seconds)

    monkeypatch.setattr(driver._line, "receive_within", receive)
    assert isinstance(driver.refund(REFUND), DeviceInDoubt)


def test_who_wants_to_stop_before_money_is_asked_for_asks_for_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    device = EmulatedZVT(Script(usual=Scene()))
    driver: ZvtTerminal

    def change(_count: int, body: bytes) -> bytes:
        driver.abort()
        return body

    driver = driven(Between(change, device), monkeypatch)
    result = driver.refund(REFUND)
    assert isinstance(result, DeviceNotSent)
    assert result.reason is DeviceReason.CANCELLED
    assert device.money_asked == 0
