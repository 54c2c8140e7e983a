"""At the counter: what a code paid goes back with nothing read, and a doubt asks the host, where it can be asked."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from counter.desk import Clerk
from posrefund.counter import NoReader, PadReader, Tone, perform
from posrefund.counter.refund_effects import ReadCard, StopReading
from posrefund.devices.abecs import AbecsPinPad
from posrefund.dialects import Policy, dialect
from posrefund.emulators.device import DeviceServer
from posrefund.emulators.host import HostProfile
from posrefund.emulators.pinpad import EmulatedPinPad
from posrefund.engine import Approved
from posrefund.errors import DeviceRefusedError
from posrefund.testing import pipe
from posrefund.values import CodeRead, PayerCode
from shop import UNIONPAY, Shop, sale

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def code(number: int, beginning: str = "62", digits: int = 16) -> CodeRead:
    return CodeRead(PayerCode(f"{beginning}{number:0{digits}d}0"))


@pytest.fixture
def by_code(shop: Shop) -> Shop:
    """The shop of the counter, and S-4 and S-5 of today by code."""
    assert isinstance(shop.terminal.sale(sale("S-4", 500, code(4))), Approved)
    shop.clock.advance(timedelta(minutes=1))
    assert isinstance(shop.terminal.sale(sale("S-5", 700, code(5))), Approved)
    shop.to(2, 10)
    return shop


@pytest.fixture
def wallets(tmp_path: Path) -> Iterator[Shop]:
    """An aggregator's shop, the day after S-1 of 128.00."""
    profile = HostProfile(dialect="aggregator")
    made = Shop(tmp_path, profile=profile, dialect=dialect("aggregator"))
    assert isinstance(made.terminal.sale(sale("S-1", 12_800, code(1, "13", 15))), Approved)
    made.to(1, 10)
    yield made
    made.terminal.close()


def amounts(clerk: Clerk) -> list[str]:
    return [each.label for each in clerk.screen.choices if each.key.isdigit() and each.key < "8"]


def test_what_a_code_paid_is_listed_without_a_card_and_goes_back_in_five_steps(
    by_code: Shop,
) -> None:
    clerk = Clerk(by_code.terminal)
    assert ("0", "Paid by code (QR): no card") in [
        (each.key, each.label) for each in clerk.press("1").choices
    ]
    listed = clerk.press("0")
    assert listed.lines == ("What was paid by code and may go back",)
    assert amounts(clerk) == ["¥7.00", "¥5.00"]
    clerk.press("2", "enter")
    assert clerk.fact("back to") == "whoever paid by code"
    clerk.press("enter", "1")

    names = [screen.name for screen in clerk.seen]
    assert names == ["menu", "card", "original", "amount", "check", "sign", "slip"]
    assert [screen.step for screen in clerk.seen if screen.step] == [1, 2, 3, 4, 5]
    assert clerk.pressed == 6
    assert clerk.screen.tone is Tone.GOOD
    assert by_code.booked("refund") == [500]
    given = by_code.host.ledger.entries()[-1]
    assert any(given.voucher in line for line in clerk.screen.paper)


def test_a_clerk_reads_it_in_chinese(by_code: Shop) -> None:
    clerk = Clerk(by_code.terminal, language="zh")

    assert "扫码支付，无卡" in [each.label for each in clerk.press("1").choices]
    clerk.press("0", "1", "enter")
    assert clerk.fact("退回") == "扫码付款人"


def test_a_slip_names_the_payment_and_what_a_card_paid_is_refused(by_code: Shop) -> None:
    clerk = Clerk(by_code.terminal)
    clerk.press("1", "0", "8")
    assert clerk.enter("S-4").name == "amount"
    clerk = Clerk(by_code.terminal)
    clerk.press("1", "0", "8")
    refused = clerk.enter("S-1")

    assert (refused.name, [each.code for each in refused.objections]) == (
        "refused",
        ["card_needed"],
    )


def test_where_no_code_paid_a_slip_is_asked_for_at_once(shop: Shop) -> None:
    clerk = Clerk(shop.terminal)
    typed = clerk.press("1", "0")

    assert typed.name == "original_typed"
    assert typed.lines[0].startswith("No payment by code is known here")


def test_a_voucher_that_nobody_told_is_taken_from_the_slip(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    layout = type(shop.host.dialect.layout)
    with monkeypatch.context() as patch:
        patch.setattr(layout, "voucher_fields", lambda _self, _voucher: {})
        shop.terminal.sale(sale("S-4", 500, code(4)))
    voucher = shop.host.ledger.entries()[-1].voucher
    shop.to(2, 10)
    clerk = Clerk(shop.terminal)

    assert clerk.press("1", "0", "1").name == "voucher"
    assert clerk.screen.step == 2
    wrong = clerk.enter("x")
    assert wrong.field is not None
    assert wrong.field.error.startswith("8 to 30 letters")
    assert clerk.enter(voucher).name == "amount"
    assert clerk.press("enter", "enter", "1").tone is Tone.GOOD
    assert shop.booked("refund") == [500]


def test_a_reader_that_waits_is_stopped_by_the_key_and_nothing_is_read(by_code: Shop) -> None:
    near, far = pipe()
    with DeviceServer(EmulatedPinPad(card=None), far), AbecsPinPad(near) as pad:
        reader = PadReader(pad, by_code.clock)
        clerk = Clerk(by_code.terminal, reader=reader)
        effect = clerk.dialogue.press("1")
        assert isinstance(effect, ReadCard)
        assert list(clerk.screen.keys) == ["0", "esc"]
        results: list[Any] = []
        waiting = threading.Thread(
            target=lambda: results.append(perform(effect, by_code.terminal, reader))
        )
        waiting.start()
        stop = clerk.dialogue.press("0")
        assert isinstance(stop, StopReading)
        while waiting.is_alive():  # it may not have begun to wait
            perform(stop, by_code.terminal, reader)
            waiting.join(0.05)
        assert isinstance(results[0].error, DeviceRefusedError)
        clerk.perform(clerk.dialogue.resume(results[0]))

    assert clerk.screen.name == "original"
    assert amounts(clerk) == ["¥7.00", "¥5.00"]


def test_a_counter_without_a_reader_gives_back_what_a_code_paid(by_code: Shop) -> None:
    clerk = Clerk(by_code.terminal, reader=NoReader())
    assert clerk.press("1").name == "refused"
    assert clerk.press("0").name == "original"


def test_a_second_person_agrees_to_it_later_and_it_goes_on_with_nothing_read(
    tmp_path: Path,
) -> None:
    policy = Policy(approval_from_minor=1)
    shop = Shop(tmp_path, dialect=UNIONPAY.derive("unionpay", policy=policy))
    shop.terminal.sale(sale("S-1", 500, code(1)))
    shop.to(1, 10)
    clerk = Clerk(shop.terminal)
    clerk.press("1", "0", "1", "enter", "enter")
    assert clerk.screen.name == "approve"
    clerk.press("esc")
    asked = shop.terminal.pending_approvals()[0]
    shop.terminal.approve("C-1", checker="02", digest=asked.digest)
    later = Clerk(shop.terminal)
    later.press("5", "1", "1", "0")
    assert later.screen.name == "check"
    later.press("enter")
    assert later.press("1").tone is Tone.GOOD
    assert shop.booked("refund") == [500]
    shop.terminal.close()


# --- a host that takes codes alone, and can be asked --------------------------------------------------


def test_where_no_card_is_taken_none_is_asked_for(wallets: Shop) -> None:
    clerk = Clerk(wallets.terminal)

    assert clerk.press("1").name == "original"
    assert clerk.press("1", "enter", "enter", "1").tone is Tone.GOOD
    assert wallets.booked("refund") == [12_800]


def in_doubt(shop: Shop) -> Clerk:
    clerk = Clerk(shop.terminal)
    clerk.press("1", "1", "enter", "enter")
    shop.fault("drop_reply", "0200")
    assert clerk.press("1").name == "doubt"
    return clerk


def test_a_doubt_asks_the_host_and_never_sends_the_refund_again(wallets: Shop) -> None:
    clerk = in_doubt(wallets)
    assert list(clerk.screen.keys) == ["3", "enter"]
    sent = len(wallets.link.sent)
    told = clerk.press("3")

    assert (told.name, told.tone) == ("slip", Tone.GOOD)
    assert len(clerk.sent()) == 1
    assert len(wallets.link.sent) == sent + 1
    assert bytes.fromhex("730000") in wallets.link.sent[-1]
    assert wallets.booked("refund") == [12_800]


def test_a_host_that_does_not_answer_leaves_it_in_doubt_and_says_so(wallets: Shop) -> None:
    clerk = in_doubt(wallets)
    wallets.fault("drop_reply", "0200")
    asked = clerk.press("3")

    assert (asked.name, list(asked.keys)) == ("doubt", ["3", "enter"])
    assert len(asked.objections) == 1
    assert clerk.press("3").name == "slip"


def test_what_is_still_unknown_is_said_to_be(wallets: Shop) -> None:
    clerk = in_doubt(wallets)
    wallets.fault("no_mac", "0200")
    asked = clerk.press("3")

    assert asked.lines[0] == "Asked: still unknown."
    assert asked.objections == ()
    menu = clerk.press("enter")
    assert menu.lines[0].startswith("1 in doubt")
    assert clerk.press("4", "1", "3").name == "slip"
