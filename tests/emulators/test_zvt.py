"""The emulated ZVT terminal on its own: literal bytes, the order it insists on, and its books."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posrefund.emulators.device import Scene, Script
from posrefund.emulators.zvt import Card, EmulatedZVT, ZVTModel

REGISTER = bytes.fromhex("060006 000000 BE 0978")
REFUND = bytes.fromhex("06310D 000000 04 000000001234 49 0978")
REPEAT = bytes.fromhex("062005 000000 0303")
TAKEN = bytes.fromhex("800000")


def connected(script: Script | None = None, **model: object) -> EmulatedZVT:
    terminal = EmulatedZVT(script, ZVTModel(**model))  # type: ignore[arg-type]
    terminal.connect()
    return terminal


def says(terminal: EmulatedZVT, text: bytes | str, now: float = 0.0) -> list[str]:
    data = bytes.fromhex(text) if isinstance(text, str) else text
    return [say.data.hex() for say in terminal.receive(data, now)]


def registered(script: Script | None = None, **model: object) -> EmulatedZVT:
    terminal = connected(script, **model)
    assert says(terminal, REGISTER) == ["800000", "060f0a19002912345678490978"]
    says(terminal, TAKEN)
    return terminal


def dialogue(terminal: EmulatedZVT, command: bytes | str) -> list[str]:
    """Play one command to its end over TCP; return all that the terminal said."""
    heard = says(terminal, command)
    while said := says(terminal, TAKEN):
        heard += said
    return heard


def test_a_refund_in_bytes() -> None:
    heard = dialogue(registered(), REFUND)
    assert heard[:2] == ["800000", "04ff010a"]
    assert heard[2][6:].startswith("2700040000000012340b000122")
    assert "490978870044" in heard[2]
    assert heard[3].startswith("06d113002a2a2048")  # ** H
    assert heard[-1] == "060f00"


def test_a_serial_line_gets_marks_checks_and_acknowledgements() -> None:
    """The checks were computed bit by bit, with the polynomial 8408 of CRC-16/KERMIT."""
    terminal = connected()
    assert says(terminal, "1002 060006000000BE0978 1003 3CAA") == ["06", "10028000001003f51f"]
    assert says(terminal, "06") == ["1002060f0a19002912345678490978100357ef"]
    assert says(terminal, "06") == []


def test_who_has_not_registered_is_refused() -> None:
    assert says(connected(), REFUND) == ["846b00"]


@pytest.mark.parametrize("currency", ["0000", "9780", "0979", "FFFF"])
def test_a_currency_that_is_none_gets_no_answer(currency: str) -> None:
    terminal = connected()
    assert says(terminal, f"060006 000000 BE {currency}") == []
    assert says(terminal, REFUND) == ["846b00"]


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("06310D 999999 04 000000001234 49 0978", ["848300"]),  # a wrong password
        ("06310D 000000 04 000000001234 04 0978", ["848300"]),  # two amounts
        ("06310D 000000 04 000000001234 F8 0978", ["848300"]),  # no such field
        ("06310D 000000 04 000000001234 49 0840", ["800000", "061e016f"]),
        ("06310D 000000 04 000000000000 49 0978", ["800000", "061e01b7"]),
        ("063006 000000 87 9999", ["800000", "061e01b5"]),
        ("069303 000000", ["848300"]),
    ],
)
def test_what_cannot_be_done_is_said(command: str, answer: list[str]) -> None:
    terminal = registered()
    assert dialogue(terminal, command) == answer
    assert terminal.ledger.bookings == []


def test_a_command_in_the_middle_of_another_one_is_told_to_wait() -> None:
    terminal = registered()
    says(terminal, REFUND)
    assert says(terminal, REFUND) == ["849c00"]
    assert terminal.money_asked == 2
    terminal.connect()
    assert terminal.ledger.refunded_minor == 1234  # a till that vanishes stops nothing


def test_a_sale_is_reversed_once() -> None:
    terminal = registered()
    sale = terminal.ledger.sell(1234)
    assert sale.reference == "000122/0044"
    first = dialogue(terminal, "063006 000000 87 0044")
    assert "37000122" in first[2]
    assert dialogue(terminal, "063006 000000 87 0044") == ["800000", "061e01b4"]
    assert [each.kind for each in terminal.ledger.bookings] == ["sale", "reversal"]


def test_what_was_last_is_said_again_without_printing() -> None:
    terminal = registered()
    assert dialogue(terminal, REPEAT) == ["800000", "060f00"]
    status = dialogue(terminal, REFUND)[2]
    assert dialogue(terminal, REPEAT) == ["800000", status, "060f00"]
    assert len(dialogue(terminal, "062003 000000")) == 7  # printed, without a status


def test_what_it_says_and_what_it_does_are_two_things() -> None:
    script = Script().then(Scene(code="6C", does_act=True)).then(Scene(does_act=False))
    terminal = registered(script)
    assert dialogue(terminal, REFUND)[-1] == "061e016c"
    assert dialogue(terminal, REFUND)[-1] == "060f00"
    assert terminal.ledger.refunded_minor == 1234


def test_it_is_busy_as_often_as_its_scene_says() -> None:
    terminal = registered(Script().then(Scene(busy=2)))
    assert [says(terminal, REFUND)[0] for _ in range(3)] == ["849c00", "849c00", "800000"]


def test_it_is_stopped_while_it_waits_for_a_card_and_books_nothing() -> None:
    terminal = registered(Script(usual=Scene(seconds=30)))
    assert says(terminal, REFUND) == ["800000", "04ff010a"]
    assert says(terminal, TAKEN, 1.0) == []
    assert terminal.deadline == 31.0
    assert says(terminal, "06B000", 2.0) == ["800000", "061e016c"]
    says(terminal, TAKEN, 2.1)
    terminal.connect()
    assert terminal.ledger.bookings == []


@pytest.mark.parametrize(
    ("scene", "model"),
    [(Scene(seconds=30, status=1), {}), (Scene(seconds=30), {"can_abort": False})],
)
def test_it_is_not_stopped_after_the_host_was_asked_or_where_it_cannot(
    scene: Scene, model: dict[str, object]
) -> None:
    terminal = registered(Script(usual=scene), **model)
    says(terminal, REFUND)
    for _ in range(scene.status + 1):
        says(terminal, TAKEN, 1.0)
    assert says(terminal, "06B000", 2.0) == ["849c00"]
    assert [say.data[:2].hex() for say in terminal.deadline_passed(31.0)] == ["040f"]


def test_a_till_that_does_not_reply_is_given_up_and_what_was_begun_is_booked() -> None:
    terminal = registered()
    says(terminal, REFUND)
    deadlines = [terminal.deadline]
    terminal.deadline_passed(5.0)
    deadlines.append(terminal.deadline)
    assert deadlines == [5.0, None]
    assert terminal.ledger.refunded_minor == 1234


def test_a_frame_that_is_not_acknowledged_is_said_three_times() -> None:
    terminal = connected(form="serial")
    heard = says(terminal, b"\x10\x02" + REGISTER + b"\x10\x03" + bytes.fromhex("0000"))
    assert heard == ["15"]  # a wrong check
    frame = terminal._mouth.say(TAKEN, 0.0)
    assert terminal._mouth.deadline_passed(5.0) == terminal._mouth.deadline_passed(10.0) == frame
    assert terminal._mouth.deadline_passed(15.0) == []
    assert terminal.deadline is None


def test_a_card_is_masked_unless_it_is_not() -> None:
    number = "6200000000000005"
    assert number not in "".join(dialogue(registered(), REFUND))
    shown = "".join(dialogue(registered(card=Card(is_masked=False)), REFUND))
    assert f"22f1f6{number}" in shown or f"22f0f8{number}" in shown


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=12), st.booleans())
def test_it_never_raises_and_books_nothing_that_nobody_asked_for(
    chunks: list[bytes], is_serial: bool
) -> None:
    terminal = connected(form="serial" if is_serial else "tcp")
    for at, chunk in enumerate(chunks):
        terminal.receive(chunk, float(at))
        terminal.deadline_passed(float(at))
    assert len(terminal.ledger.bookings) <= terminal.money_asked
