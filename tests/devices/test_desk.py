"""The desk: written down before it leaves, never twice, nothing while one is in doubt, and no more than was said."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from devices.desk_shop import Device, PowerCut, Scene, Shop, refund, void
from journal.builders import dump
from posrefund.devices import (
    Can,
    DeviceApproved,
    DeviceDeclined,
    DeviceDesk,
    DeviceInDoubt,
    DeviceNotSent,
    DeviceReason,
    DeviceRefund,
    DeviceSettled,
    DeviceVoid,
    TellsLast,
    told,
)
from posrefund.devices.zvt import ZvtTerminal
from posrefund.engine.people import Statement
from posrefund.errors import (
    ConfigError,
    InvalidRequestError,
    JournalWriteError,
    LinkTimeoutError,
    LocalProtocolError,
    RefusedError,
    RequestConflictError,
)
from posrefund.values import Amount, RequestID

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LETTER = Statement("booked", ("Wang",), "letter 4711 of 12 March")


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    shop = Shop(tmp_path / "journal.db")
    yield shop
    shop.close()


def states(shop: Shop) -> list[tuple[str, int, str]]:
    return [(q.request_id, q.number, q.state) for q in shop.journal.device_questions()]


# --- once ------------------------------------------------------------------------------------------


def test_what_the_device_said_is_kept_and_given_again_without_asking(shop: Shop) -> None:
    first = shop.desk.refund(refund())
    shop.restart()
    again = shop.desk.refund(refund())

    assert isinstance(first, DeviceApproved)
    assert first == again
    assert (first.raw_code, first.reference) == ("00", "0001")
    assert first.receipt == ("REFUND", "620000******0005")
    assert first.evidence == "device"
    assert shop.device.asked == ["R-1"]


def test_decline_stays_a_decline_and_asks_nothing(shop: Shop) -> None:
    shop.device.scene = Scene("declined", books=False)
    first = shop.desk.refund(refund())
    shop.device.scene = Scene()

    assert isinstance(first, DeviceDeclined)
    assert first.reason is DeviceReason.HOST_REFUSED
    assert shop.desk.refund(refund()) == first
    assert shop.device.asked == ["R-1"]


def test_what_was_not_sent_is_sent_the_next_time(shop: Shop) -> None:
    shop.device.scene = Scene("not_sent")
    first = shop.desk.refund(refund())
    shop.device.scene = Scene()
    second = shop.desk.refund(refund())

    assert isinstance(first, DeviceNotSent)
    assert isinstance(second, DeviceApproved)
    assert states(shop) == [("R-1", 1, "NOT_SENT"), ("R-1", 2, "APPROVED")]


def test_void_goes_to_the_device_with_its_reference_and_once(shop: Shop) -> None:
    assert isinstance(shop.desk.void(void()), DeviceApproved)
    assert isinstance(shop.desk.void(void()), DeviceApproved)
    assert shop.device.last == DeviceVoid(RequestID("V-1"), Amount(500), "0007")
    assert shop.device.asked == ["V-1"]


@pytest.mark.parametrize(
    "other",
    [
        lambda desk: desk.refund(refund(minor=501)),
        lambda desk: desk.void(void("R-1")),
        lambda desk: desk.refund(replace(refund(), amount=Amount(500, "978"))),
    ],
    ids=["amount", "kind", "currency"],
)
def test_same_id_with_another_content_is_a_conflict_and_asks_nothing(
    shop: Shop, other: Any
) -> None:
    shop.desk.refund(refund())

    with pytest.raises(RequestConflictError):
        other(shop.desk)
    assert shop.device.asked == ["R-1"]


def test_void_of_another_reference_is_another_content(shop: Shop) -> None:
    shop.desk.void(void())
    with pytest.raises(RequestConflictError):
        shop.desk.void(void(reference="0008"))


def test_question_is_durable_before_the_device_hears_of_it(shop: Shop) -> None:
    seen: list[str] = []

    def look(_: object) -> Any:
        seen.extend(dump(shop.path))

    shop.device.refund = look  # type: ignore[method-assign,assignment]
    shop.desk.refund(refund())

    assert any("INSERT INTO" in line and "device_questions" in line for line in seen)


def test_two_clerks_at_once_ask_once(shop: Shop) -> None:
    asked = shop.device.refund
    begun, go = threading.Event(), threading.Event()

    def slowly(request: Any) -> Any:
        begun.set()
        go.wait(10)
        return asked(request)

    shop.device.refund = slowly  # type: ignore[method-assign]
    results: list[Any] = []
    clerks = [
        threading.Thread(target=lambda: results.append(shop.desk.refund(refund()))) for _ in "ab"
    ]
    clerks[0].start()
    assert begun.wait(10)
    clerks[1].start()
    go.set()
    for clerk in clerks:
        clerk.join(10)

    assert results[0] == results[1]
    assert shop.device.asked == ["R-1"]


# --- in doubt --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "says", ["in_doubt", "other_request", "other_amount", "no_result", "fails"]
)
def test_whatever_is_no_result_of_this_question_is_a_doubt(shop: Shop, says: str) -> None:
    shop.device.scene = Scene(says)
    result = shop.desk.refund(refund())

    assert isinstance(result, DeviceInDoubt)
    assert states(shop) == [("R-1", 1, "OPEN")]
    assert shop.desk.in_doubt() == refund()


def test_device_in_doubt_gets_no_other_money_question(shop: Shop) -> None:
    shop.device.scene = Scene("in_doubt")
    first = shop.desk.refund(refund())
    shop.device.scene = Scene()

    asks: list[Callable[[], object]] = [
        lambda: shop.desk.refund(refund("R-2")),
        lambda: shop.desk.void(void()),
    ]
    for ask in asks:
        with pytest.raises(RefusedError) as caught:
            ask()
        assert caught.value.code == "device_in_doubt"
        assert caught.value.hint_zh.startswith("此设备上一笔结果未知")
        assert caught.value.effect == "nothing_sent"
    assert shop.desk.refund(refund()) == first  # of itself only what is known is said
    assert shop.device.asked == ["R-1"]
    assert states(shop) == [("R-1", 1, "OPEN")]


def test_another_device_is_not_in_doubt(shop: Shop) -> None:
    shop.device.scene = Scene("in_doubt")
    shop.desk.refund(refund())

    other = DeviceDesk(Device(), shop.journal, name="kiosk", clock=lambda: shop.now)
    assert isinstance(other.refund(refund("R-2")), DeviceApproved)
    assert other.recover() is None


def test_request_in_doubt_at_one_device_is_not_asked_of_another(shop: Shop) -> None:
    shop.device.scene = Scene("in_doubt")
    first = shop.desk.refund(refund())
    device = Device()
    other = DeviceDesk(device, shop.journal, name="kiosk", clock=lambda: shop.now)

    assert other.refund(refund()) == first
    assert device.asked == []


def test_device_that_remembers_ends_the_doubt(shop: Shop) -> None:
    shop.device.scene = Scene("in_doubt")
    shop.desk.refund(refund())
    shop.restart()
    found = shop.desk.recover()

    assert isinstance(found, DeviceApproved)
    assert shop.desk.refund(refund()) == found
    assert shop.desk.recover() is None
    assert shop.device.asked == ["R-1"]
    shop.desk.refund(refund("R-2"))


@pytest.mark.parametrize(
    "recovery", ["in_doubt", "not_sent", "other_request", "fails", "no_result"]
)
def test_doubt_stays_where_the_device_does_not_say_how_that_one_ended(
    shop: Shop, recovery: str
) -> None:
    """``not_sent`` is the trap: that the *recovery* did not reach it says nothing about the money."""
    shop.device.scene, shop.device.recovery = Scene("in_doubt"), recovery
    shop.desk.refund(refund())

    assert isinstance(shop.desk.recover(), DeviceInDoubt)
    assert isinstance(shop.desk.recover(), DeviceInDoubt)
    with pytest.raises(RefusedError, match="device_in_doubt"):
        shop.desk.refund(refund("R-2"))
    assert shop.device.asked == ["R-1"]


def test_device_that_says_it_was_not_done_ends_the_doubt(shop: Shop) -> None:
    shop.device.scene, shop.device.recovery = Scene("in_doubt", books=False), "declined"
    shop.desk.refund(refund())

    assert isinstance(shop.desk.recover(), DeviceDeclined)
    assert isinstance(shop.desk.refund(refund()), DeviceDeclined)


def test_device_without_a_memory_is_not_asked(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "journal.db", Device(Can.REFUND_UNLINKED, Scene("in_doubt")))
    shop.desk.refund(refund())

    assert isinstance(shop.desk.recover(), DeviceInDoubt)
    assert shop.device.recoveries == 0
    shop.close()


def test_yes_to_an_older_refund_of_the_same_amount_is_no_yes_to_this_one(shop: Shop) -> None:
    """The second never reached the device: what it remembers is the first, and it knows no request ids."""
    shop.desk.refund(refund("R-1"))
    shop.device.scene = Scene(dies="before")
    with pytest.raises(PowerCut):
        shop.desk.refund(refund("R-2"))
    shop.restart()

    assert isinstance(shop.desk.recover(), DeviceInDoubt)
    shop.desk.settle(RequestID("R-2"), Statement("not_booked", ("Li",), "the device's journal"))
    assert shop.device.booked == ["R-1"]


def test_yes_under_a_new_number_is_of_this_one_though_an_older_had_its_amount(shop: Shop) -> None:
    shop.desk.refund(refund("R-1"))
    shop.device.scene = Scene(dies="after")
    with pytest.raises(PowerCut):
        shop.desk.refund(refund("R-2"))
    shop.restart()

    found = shop.desk.recover()
    assert isinstance(found, DeviceApproved)
    assert found.reference == "0002"


class Counting(Device):
    """A device that numbers its transactions and, as its driver, compares."""

    befores: list[str]
    is_down = False

    def last_reference(self) -> str:
        if self.is_down:
            message = "no answer"
            raise LinkTimeoutError(message)
        return f"{self.number:04d}"

    def refund(self, request: DeviceRefund) -> Any:
        self.befores = [request.after]
        return super().refund(request)

    def void(self, request: DeviceVoid) -> Any:
        self.befores = [request.after]
        return super().void(request)

    def recover(self, request: Any) -> Any:
        self.befores.append(request.after)
        return super().recover(request)


def test_devices_last_number_is_durable_before_the_question_and_its_recovery_gets_it(
    tmp_path: Path,
) -> None:
    device = Counting()
    shop = Shop(tmp_path / "journal.db", device)
    shop.desk.refund(refund("R-1"))
    device.scene = Scene(dies="after")
    with pytest.raises(PowerCut):
        shop.desk.refund(refund("R-2"))
    shop.restart()

    doubt = shop.desk.refund(refund("R-2"))
    assert isinstance(doubt, DeviceInDoubt)
    assert doubt.after == "0001"
    assert isinstance(shop.desk.recover(), DeviceApproved)
    assert device.befores == ["0001", "0001"]
    shop.close()


def test_number_from_before_outlives_a_recovery_that_says_nothing(tmp_path: Path) -> None:
    device = Counting(scene=Scene("in_doubt"), recovery="in_doubt")
    shop = Shop(tmp_path / "journal.db", device)
    shop.desk.refund(refund())
    for _ in range(2):
        shop.desk.recover()
        shop.restart()

    assert device.befores == ["0000"] * 3
    shop.close()


def test_device_that_does_not_tell_its_last_number_is_asked_all_the_same(tmp_path: Path) -> None:
    device = Counting()
    device.is_down = True
    shop = Shop(tmp_path / "journal.db", device)

    assert isinstance(shop.desk.void(void()), DeviceApproved)
    assert device.befores == [""]
    shop.close()


def test_zvt_driver_that_told_its_last_number_is_one_of_those() -> None:
    assert isinstance(ZvtTerminal.on_tcp("127.0.0.1", 1), TellsLast)
    assert not isinstance(Device(), TellsLast)


# --- people ----------------------------------------------------------------------------------------


def test_people_settle_a_doubt_on_a_document_and_it_says_so(shop: Shop) -> None:
    shop.device.scene = Scene("in_doubt")
    shop.desk.refund(refund())
    settled = shop.desk.settle(RequestID("R-1"), LETTER)
    shop.restart()

    assert isinstance(settled, DeviceSettled)
    assert (settled.is_booked, settled.people) == (True, ("Wang",))
    assert settled.document == "letter 4711 of 12 March"
    assert settled.evidence == "people"
    assert shop.desk.refund(refund()) == settled
    assert shop.device.asked == ["R-1"]
    shop.device.scene = Scene()
    shop.desk.refund(refund("R-2"))


def test_what_people_say_was_not_booked_is_over_and_not_asked_again(shop: Shop) -> None:
    shop.device.scene = Scene("in_doubt")
    shop.desk.refund(refund())
    shop.desk.settle(RequestID("R-1"), replace(LETTER, verdict="not_booked"))

    settled = shop.desk.refund(refund())
    assert isinstance(settled, DeviceSettled)
    assert not settled.is_booked
    assert shop.device.asked == ["R-1"]


def test_people_settle_only_what_is_in_doubt(shop: Shop) -> None:
    shop.desk.refund(refund())
    for name in ("R-1", "R-2"):
        with pytest.raises(LocalProtocolError, match="not in doubt"):
            shop.desk.settle(RequestID(name), LETTER)


def test_where_two_people_are_wanted_one_settles_nothing(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "journal.db", Device(scene=Scene("in_doubt")), people_min=2)
    shop.desk.refund(refund())
    with pytest.raises(InvalidRequestError, match="two different people"):
        shop.desk.settle(RequestID("R-1"), LETTER)
    assert states(shop) == [("R-1", 1, "OPEN")]

    shop.desk.settle(RequestID("R-1"), replace(LETTER, people=("Wang", "Li")))
    assert states(shop) == [("R-1", 1, "BOOKED")]
    shop.close()


# --- refused ---------------------------------------------------------------------------------------


def test_what_the_device_cannot_is_refused_and_not_written_down(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "journal.db", Device(Can.RECOVER_LAST))
    asks: list[Callable[[], object]] = [
        lambda: shop.desk.refund(refund()),
        lambda: shop.desk.void(void()),
    ]
    for ask in asks:
        with pytest.raises(RefusedError, match="device_cannot"):
            ask()
    assert states(shop) == []
    shop.close()


def test_what_the_driver_refuses_was_not_sent(shop: Shop) -> None:
    shop.device.scene = Scene("refused")
    with pytest.raises(RefusedError, match="device_cannot"):
        shop.desk.refund(refund())

    assert states(shop) == [("R-1", 1, "NOT_SENT")]
    shop.device.scene = Scene()
    assert isinstance(shop.desk.refund(refund()), DeviceApproved)


@pytest.mark.parametrize(
    "ask",
    [
        lambda desk: desk.refund(void()),
        lambda desk: desk.void(refund()),
        lambda desk: desk.refund(DeviceRefund(cast("RequestID", "6200000000000005"), Amount(1))),
        lambda desk: desk.void(void(reference="")),
        lambda desk: desk.void(void(reference="6200000000000005")),
    ],
)
def test_request_that_is_none_is_refused_and_not_written_down(shop: Shop, ask: Any) -> None:
    with pytest.raises(InvalidRequestError):
        ask(shop.desk)
    assert states(shop) == []


@pytest.mark.parametrize(
    "options", [{"name": ""}, {"name": "6200000000000005"}, {"name": "a b"}, {"people_min": 3}]
)
def test_desk_without_a_name_or_people_is_not_set_up(shop: Shop, options: Any) -> None:
    with pytest.raises(ConfigError):
        DeviceDesk(shop.device, shop.journal, clock=lambda: shop.now, **{"name": "a"} | options)


# --- the journal fails -----------------------------------------------------------------------------


def broken(*_: object) -> Any:
    raise JournalWriteError("disk full")


def test_without_a_row_nothing_is_asked(shop: Shop) -> None:
    shop.journal.ask_device = broken  # type: ignore[method-assign,assignment]
    with pytest.raises(JournalWriteError) as caught:
        shop.desk.refund(refund())

    assert caught.value.effect == "nothing_sent"
    assert shop.device.asked == []


def test_answer_that_cannot_be_written_down_is_a_doubt_until_it_is_asked_for(shop: Shop) -> None:
    whole = shop.journal.answer_device
    shop.journal.answer_device = broken  # type: ignore[method-assign,assignment]
    with pytest.raises(JournalWriteError) as caught:
        shop.desk.refund(refund())
    shop.journal.answer_device = whole  # type: ignore[method-assign]

    assert caught.value.effect == "in_doubt"
    assert not caught.value.retry_is_safe
    assert isinstance(shop.desk.refund(refund()), DeviceInDoubt)
    assert isinstance(shop.desk.recover(), DeviceApproved)
    assert shop.device.asked == ["R-1"]


# --- power -----------------------------------------------------------------------------------------


def day(shop: Shop) -> Any:
    """Refund; after a power cut the shop starts again, asks how it ended, and presses the same keys."""
    try:
        shop.desk.refund(refund())
    except PowerCut:
        shop.restart()
        shop.desk.recover()
    return shop.desk.refund(refund())


@pytest.mark.parametrize("dies", ["before", "after"])
@pytest.mark.parametrize("answers", [True, False])
def test_power_cut_at_the_device_never_asks_twice(
    tmp_path: Path, dies: str, *, answers: bool
) -> None:
    shop = Shop(tmp_path / "journal.db", Device(scene=Scene(dies=dies)))
    shop.device.recovery = "truth" if answers else "in_doubt"
    result = day(shop)

    is_known = answers and dies == "after"
    assert isinstance(result, DeviceApproved if is_known else DeviceInDoubt)
    assert shop.device.asked == (["R-1"] if dies == "after" else [])
    assert shop.device.booked == shop.device.asked
    shop.close()


@pytest.mark.parametrize("cut_at", [1, 2, 3, 4])
def test_power_cut_at_any_write_never_asks_twice_and_loses_nothing(
    tmp_path: Path, cut_at: int
) -> None:
    """1 before the row is there; 2 after it, the device has heard nothing; 3 answered, not written; 4 written."""
    shop = Shop(tmp_path / "journal.db")
    shop.cut_at = cut_at
    result = day(shop)

    assert isinstance(result, DeviceInDoubt if cut_at == 2 else DeviceApproved)
    assert shop.device.booked == ([] if cut_at == 2 else ["R-1"])
    assert shop.steps >= 4
    shop.close()


# --- what people read ------------------------------------------------------------------------------


def test_words_say_whose_word_it_is_and_never_that_money_arrived(shop: Shop) -> None:
    zh, en = told(shop.desk.refund(refund()))
    assert zh == "¥5.00：设备称已受理，尚无主机凭证 [00]"
    assert en == (
        "¥5.00: the device says that it was accepted; no host has confirmed it to us [00]"
    )
    for says in ("declined", "not_sent", "in_doubt"):
        shop.device.scene = Scene(says, books=False)
        zh, en = told(shop.desk.refund(refund(says)))
        assert "到账" not in zh
        assert "approved" not in en
        assert "accepted" not in en
    zh, en = told(shop.desk.settle(RequestID("in_doubt"), LETTER))
    assert (zh, en) == (
        "¥5.00：Wang 凭单据确认已入账",
        "¥5.00: Wang said, on a document, that it was booked",
    )


def test_card_number_that_a_driver_lets_through_is_not_kept(shop: Shop) -> None:
    def careless(request: Any) -> Any:
        return DeviceApproved(
            request_id=request.request_id,
            amount=request.amount,
            raw_code="00",
            reference="6200000000000005",
            receipt=("CARD 6200 0000 0000 0005", "TOTAL 5.00"),
        )

    shop.device.refund = careless  # type: ignore[method-assign]
    result = shop.desk.refund(refund())

    assert isinstance(result, DeviceApproved)
    assert (result.reference, result.receipt) == ("***", ("***", "TOTAL 5.00"))
    assert not [line for line in dump(shop.path) if "0005" in line]


def test_result_is_neither_true_nor_false(shop: Shop) -> None:
    shop.device.scene = Scene("in_doubt")
    shop.desk.refund(refund())
    with pytest.raises(TypeError):
        bool(shop.desk.settle(RequestID("R-1"), LETTER))


def test_closing_hangs_up_and_leaves_the_journal_to_its_owner(shop: Shop) -> None:
    shop.desk.cancel()
    shop.desk.close()

    assert shop.device.is_closed
    shop.journal.verify()
