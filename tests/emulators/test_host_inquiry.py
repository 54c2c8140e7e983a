"""The host is asked what became of a message: it answers from its books, and from nothing else."""

from __future__ import annotations

import asyncio
import socket
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from emulators.host_peer import MERCHANT, TERMINAL, Fields, Peer, make_host
from posrefund.emulators.host import (
    AsyncHostServer,
    EmulatedHost,
    Fault,
    HostProfile,
    HostServer,
    Ledger,
)
from posrefund.framing import LengthPrefixFramer

if TYPE_CHECKING:
    from pathlib import Path

    from posrefund.emulators.host import HostTime

ASKING = HostProfile(takes_inquiries=True)


class Day:
    """The day after a sale of 100.00."""

    def __init__(self, profile: HostProfile = ASKING, ledger: Ledger | None = None) -> None:
        self.host, self.clock = self._make(profile, ledger)
        self.peer = Peer(self.host)
        self.peer.sign_in()
        self.sold = self.peer.sale(10_000)
        self.clock.advance(timedelta(days=1))

    @staticmethod
    def _make(profile: HostProfile, ledger: Ledger | None) -> tuple[EmulatedHost, HostTime]:
        return make_host(profile, ledger=ledger)

    def question(self, stan: str, minor: int = 2_500, **changes: str) -> Fields:
        fields = {
            3: "200000",
            4: f"{minor:012d}",
            11: self.peer.next_stan(),
            41: TERMINAL,
            42: MERCHANT,
            49: "156",
            60: f"25{self.peer.batch}000600",
            61: f"000001{stan}0310",
        }
        return fields | {int(name.removeprefix("de")): text for name, text in changes.items()}

    def ask(self, stan: str, minor: int = 2_500, **changes: str) -> Fields:
        return self.peer.ask("0600", self.question(stan, minor, **changes))


def told(answer: Fields) -> tuple[str, str, str]:
    assert answer[0] == "0610"
    assert 64 in answer
    return answer[39], answer.get(44, ""), answer.get(37, "")


def test_it_tells_what_it_booked_under_its_own_number_and_at_its_own_time() -> None:
    day = Day()
    booked = day.peer.refund(day.sold, 2_500)
    day.clock.advance(timedelta(hours=5))
    answer = day.ask(booked[11])

    assert told(answer) == ("00", "00", booked[37])
    assert (answer[12], answer[13], answer[15]) == (booked[12], booked[13], booked[15])
    assert (answer[11], answer[61]) == ("000004", f"000001{booked[11]}0310")
    assert [entry.kind for entry in day.host.ledger.entries()] == ["sale", "refund"]


def test_it_tells_what_it_refused_and_why() -> None:
    day = Day()
    refused = day.peer.refund(day.sold, 10_001)
    assert refused[39] == "61"

    assert told(day.ask(refused[11], 10_001)) == ("00", "61", refused[37])


def test_of_two_copies_it_tells_the_result_of_the_first() -> None:
    day = Day()
    refused = day.peer.refund(day.sold, 10_001)
    assert day.peer.send(day.peer.last_sent)[39] == "94"
    assert told(day.ask(refused[11], 10_001))[:2] == ("00", "61")

    booked = day.peer.refund(day.sold, 2_500)
    assert day.peer.send(day.peer.last_sent)[39] == "94"
    assert told(day.ask(booked[11]))[:2] == ("00", "00")


def test_what_it_could_not_take_for_a_message_of_the_terminal_is_not_found() -> None:
    day = Day()
    fields = day.peer.refund_fields(day.sold, 2_500)
    bent = day.peer.sealed("0220", fields)
    assert day.peer.send(bent[:-1] + bytes([bent[-1] ^ 1]))[39] == "A0"

    assert told(day.ask(fields[11]))[0] == "25"


@pytest.mark.parametrize(
    "changes",
    [
        {"de61": "0000010009990310"},
        {"de61": "000002" + "0000030310"},
        {"de61": "0000010000030313"},
        {"de4": "000000002501"},
    ],
)
def test_another_number_batch_day_or_amount_is_not_found(changes: dict[str, str]) -> None:
    day = Day()
    booked = day.peer.refund(day.sold, 2_500)
    assert booked[11] == "000003"

    code, result, rrn = told(day.ask("000003", 2_500, **changes))
    assert (code, result, rrn) == ("25", "", "")


def test_what_was_undone_since_is_not_found() -> None:
    day = Day()
    booked = day.peer.refund(day.sold, 2_500)
    day.host.ledger.entries()[-1].state = "reversed"

    assert told(day.ask(booked[11]))[0] == "25"


def test_it_is_in_progress_for_as_long_as_the_profile_says() -> None:
    day = Day(HostProfile(takes_inquiries=True, in_progress_s=60))
    booked = day.peer.refund(day.sold, 2_500)
    day.clock.advance(timedelta(seconds=59))
    assert told(day.ask(booked[11])) == ("09", "", "")
    day.clock.advance(timedelta(seconds=1))
    assert told(day.ask(booked[11]))[:2] == ("00", "00")


def test_a_question_without_a_right_mac_or_from_nobody_is_refused() -> None:
    day = Day()
    booked = day.peer.refund(day.sold, 2_500)
    sealed = day.peer.sealed("0600", day.question(booked[11]))
    assert day.peer.send(sealed[:-1] + bytes([sealed[-1] ^ 1]))[39] == "A0"
    assert day.ask(booked[11], de42="999999999999999")[39] == "03"
    assert day.ask(booked[11], de63="001")[39] == "30"
    day.host.terminals[TERMINAL].keys = None
    answer = day.peer.send(day.peer.sealed("0600", day.question(booked[11])))
    assert (answer[39], 64 in answer) == ("A0", False)


def test_a_question_uses_up_no_number_of_the_batch_and_books_nothing() -> None:
    day = Day(HostProfile(takes_inquiries=True, repeat="stored_answer"))
    booked = day.peer.refund(day.sold, 2_500)
    question = day.peer.sealed("0600", day.question(booked[11]))
    first, again = day.peer.send(question), day.peer.send(question)

    assert first == again
    assert not day.host.ledger.was_used((TERMINAL, "000001", first[11]))
    day.host.ledger.entries()[-1].state = "reversed"
    assert day.peer.send(question)[39] == "25"  # looked up anew, never a stored answer
    assert day.host.ledger.refusals == []


def test_a_standard_unionpay_host_knows_no_such_message() -> None:
    day = Day(HostProfile())
    booked = day.peer.refund(day.sold, 2_500)
    answer = day.ask(booked[11])

    assert (answer[0], answer[39]) == ("0610", "30")


def test_books_in_a_file_tell_the_same_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "books.json"
    day = Day(ledger=Ledger(path))
    booked, refused = day.peer.refund(day.sold, 2_500), day.peer.refund(day.sold, 9_999)
    host, clock = make_host(ASKING, ledger=Ledger.load(path))
    clock.advance(timedelta(days=1))
    day.peer.host = host
    day.peer.sign_in()

    assert told(day.ask(booked[11]))[:2] == ("00", "00")
    assert told(day.ask(refused[11], 9_999))[:2] == ("00", "61")


# --- faults ------------------------------------------------------------------------------------------


def test_it_can_lie_about_the_result_and_about_whose_it_is() -> None:
    day = Day()
    booked = day.peer.refund(day.sold, 2_500)
    day.host.faults.add(Fault("wrong_result", mti="0600", code="61"))
    assert told(day.ask(booked[11]))[:2] == ("00", "61")
    day.host.faults.add(Fault("wrong_original", mti="0600"))
    assert day.ask(booked[11])[61] == "000001" + "0001030310"
    day.host.faults.add(Fault("code", mti="0600", code="09"))
    assert told(day.ask(booked[11]))[0] == "09"
    day.host.faults.add(Fault("no_mac", mti="0600"))
    assert 64 not in day.ask(booked[11])


def test_it_can_be_late_or_silent() -> None:
    day = Day()
    booked = day.peer.refund(day.sold, 2_500)
    for kind, more in (("drop_reply", {}), ("drop_request", {}), ("delay", {"seconds": 9.0})):
        day.host.faults.add(Fault(kind, mti="0600", **more))  # type: ignore[arg-type]
        delivery = day.host.respond(day.peer.sealed("0600", day.question(booked[11])))
        assert (len(delivery.replies), delivery.delay_s) == (
            (1, 9.0) if kind == "delay" else (0, 0.0)
        )


# --- on a port ---------------------------------------------------------------------------------------


def test_both_servers_answer_it() -> None:
    day = Day()
    booked = day.peer.refund(day.sold, 2_500)
    first = day.peer.sealed("0600", day.question(booked[11]))
    with (
        HostServer(day.host) as server,
        socket.create_connection(server.address, timeout=5) as line,
    ):
        line.sendall(LengthPrefixFramer().frame(first))
        assert told(day.peer.open(_whole(line)))[:2] == ("00", "00")

    async def over_a_loop() -> bytes:
        async with AsyncHostServer(day.host) as server:
            reader, writer = await asyncio.open_connection(*server.address)
            question = day.peer.sealed("0600", day.question(booked[11]))
            writer.write(LengthPrefixFramer().frame(question))
            size = int.from_bytes(await reader.readexactly(2), "big")
            reply = await reader.readexactly(size)
            writer.close()
            await writer.wait_closed()
            return reply

    assert told(day.peer.open(asyncio.run(over_a_loop())))[:2] == ("00", "00")


def _whole(line: socket.socket) -> bytes:
    framer = LengthPrefixFramer()
    while True:
        for message in framer.feed(line.recv(4096)):
            return bytes(message)
