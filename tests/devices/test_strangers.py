"""The official Transbank kit and pyTeliumManager against our emulated terminals, over a pseudo terminal.

They say that the emulated terminals speak as terminals do. One of them is also why our driver looks at every check byte.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import pytest

import strangers
from posrefund.devices import DeviceInDoubt, DeviceVoid, ProfiledTerminal, profile
from posrefund.emulators.concert import ConcertTerminal
from posrefund.emulators.device import Act, DeviceServer, EmulatedDevice, Say, Scene, Script
from posrefund.emulators.transbank import TransbankTerminal
from posrefund.link import SerialStream
from posrefund.testing import PTYPair
from posrefund.values import Amount, RequestID

pytestmark = pytest.mark.skipif(os.name == "nt", reason="there is no pseudo terminal on Windows")

TRANSBANK = """
import json, sys
from transbank.POS.POSIntegrado import POSIntegrado
pos = POSIntegrado()
pos.timeout = 50  # times 0.2 s
pos.open_port(sys.argv[1], baud_rate=115200)
print(json.dumps([getattr(pos, name)(*arguments) for name, *arguments in json.loads(sys.argv[2])]))
"""
TELIUM = """
import json, sys
from telium import Telium, TeliumAsk
with_ = Telium(sys.argv[1], timeout=2)
ask = TeliumAsk.new_payment(
    12.34, payment_mode=sys.argv[2], target_currency="EUR", wait_for_transaction_to_end=True,
    collect_payment_source_info=sys.argv[3] == "long")
accepted = with_.ask(ask)
answer = with_.verify(ask, waiting_timeout=10)
print(json.dumps([accepted, answer and [
    answer.has_succeeded, answer.transaction_result, answer.amount, answer.currency_numeric, answer.pos_number]]))
"""


@contextmanager
def on_a_port(device: EmulatedDevice, voice: object = None) -> Iterator[str]:
    with PTYPair() as pair, DeviceServer(device, pair.device, voice, is_open=True):  # type: ignore[arg-type]
        yield pair.port


class OneFlippedDigit:
    """Makes ``|05|`` into ``|00|`` on the wire and leaves the check byte as it was."""

    def connect(self) -> None:
        pass

    def speak(self, said: Iterable[Say]) -> list[Act]:
        return [Act(say.data.replace(b"|05|", b"|00|"), say.after_s) for say in said]


def test_the_official_kit_polls_sells_voids_and_closes() -> None:
    strangers.need("transbank")
    device = TransbankTerminal()
    calls = """[["poll"], ["load_keys"], ["sale", 1500, "ab1"], ["last_sale"], ["refund", 126], ["refund", 126],
        ["refund", 77], ["totals"], ["close"], ["set_normal_mode"]]"""

    with on_a_port(device) as port:
        said = strangers.run(TRANSBANK, port, calls)

    poll, keys, sale, last, void, again, unknown, totals, close, normal = said
    assert (poll, normal) == (True, True)
    assert [keys["success"], sale["success"], last["success"], close["success"]] == [True] * 4
    assert (sale["operation_number"], sale["amount"], last["function_code"]) == ("126", "1500", 260)
    assert (void["success"], void["operation_number"], void["function_code"]) == (True, "126", 1210)
    assert (again["success"], again["response_message"]) == (False, "Transacción ya Fue Anulada")
    assert unknown["response_message"] == "No existe Transacción para Anular"
    assert totals["tx_count"] == "4"
    assert device.voided == ["126"]
    assert device.asked == [b"1200|126|", b"1200|126|", b"1200|77|"]


def test_one_flipped_digit_is_a_success_for_the_official_kit_and_none_for_us() -> None:
    """The terminal says 05, no such transaction. The kit looks at no check byte and reads 00."""
    strangers.need("transbank")
    device = TransbankTerminal()
    with on_a_port(device, OneFlippedDigit()) as port:
        (kit,) = strangers.run(TRANSBANK, port, '[["refund", 77]]')

    device = TransbankTerminal(repeat_s=0.2)
    with on_a_port(device, OneFlippedDigit()) as port:
        terminal = ProfiledTerminal(
            SerialStream(port, baud=115_200), profile("transbank"), answer_s=3
        )
        ours = terminal.void(DeviceVoid(RequestID("R1"), Amount(500, "152"), "77"))

    assert (kit["success"], kit["response_message"]) == (True, "Aprobado")
    assert isinstance(ours, DeviceInDoubt)
    assert device.voided == []


@pytest.mark.parametrize("length", ["short", "long"])
def test_a_client_of_concert_gets_its_credit(length: str) -> None:
    strangers.need("telium")
    device = ConcertTerminal()

    with on_a_port(device) as port:
        said = strangers.run(TELIUM, port, "credit", length)

    assert said == [True, [True, 0, 12.34, "978", "01"]]
    assert [(credit.amount_minor, credit.currency) for credit in device.credits] == [(1234, "978")]
    asked = b"0100001234" + {"short": b"0", "long": b"1"}[length] + b"11978          A010B010"
    assert device.asked == [asked]


@pytest.mark.parametrize(("mode", "code"), [("credit", "7"), ("debit", ""), ("refund", "")])
def test_a_client_of_concert_is_refused_or_asks_for_what_gives_nothing_back(
    mode: str, code: str
) -> None:
    strangers.need("telium")
    device = ConcertTerminal(Script(usual=Scene(code=code)))

    with on_a_port(device) as port:
        accepted, (has_succeeded, result, *_) = strangers.run(TELIUM, port, mode, "short")

    assert accepted
    assert (has_succeeded, result) == (not code, int(code or 0))
    assert device.credits == []


def test_a_client_of_concert_reads_our_question_as_we_mean_it() -> None:
    strangers.need("telium")
    question = "02" + (b"0100001234" + b"011978          A010B010").hex() + "0303"
    code = """
import json, sys
from telium import TeliumAsk
ask = TeliumAsk.decode(bytes.fromhex(sys.argv[1]))
print(json.dumps([ask.amount, ask.transaction_type, ask.currency_numeric, ask.pos_number, ask.answer_flag]))
"""
    assert strangers.run(code, question) == [12.34, "1", "978", "01", "0"]


def test_who_is_missing_is_named_and_missed_where_it_is_required(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def nobody(_: str) -> None:
        return None

    missing: Callable[[str], None] = nobody
    monkeypatch.setattr("importlib.util.find_spec", missing)
    monkeypatch.delenv("POSREFUND_REQUIRE_STRANGERS", raising=False)
    with pytest.raises(pytest.skip.Exception, match="transbank-pos-sdk is not installed"):
        strangers.need("transbank")
    monkeypatch.setenv("POSREFUND_REQUIRE_STRANGERS", "1")
    with pytest.raises(pytest.fail.Exception, match="pyTeliumManager is not installed"):
        strangers.need("telium")
