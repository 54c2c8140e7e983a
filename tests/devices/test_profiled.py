"""The profiles: published bytes both ways, what each code proves, what is compared, and what is kept of it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.profiles import CREDIT, MAKERS, VOID, ask
from devices.virtual import VirtualStream, virtual
from posrefund.devices import (
    PROFILES,
    Can,
    DeviceApproved,
    DeviceDeclined,
    DeviceInDoubt,
    DeviceNotSent,
    DeviceReason,
    DeviceRefund,
    DeviceRequest,
    DeviceResult,
    DeviceVoid,
    ProfiledTerminal,
    profile,
)
from posrefund.devices.profiled.judge import judge
from posrefund.emulators.concert import ConcertTerminal
from posrefund.emulators.device import Act, Say, Scene, Script
from posrefund.emulators.transbank import TransbankTerminal
from posrefund.errors import ConfigError, InvalidRequestError, RefusedError
from posrefund.values import Amount, RequestID

# Published bytes. Concert: a client's own 34 characters for a credit of 12.34 EUR, whose LRC happens to be 03.
CONCERT_CREDIT = b"\x02" + b"0100001234" + b"011978" + b" " * 10 + b"A010B010" + b"\x03\x03"
# Caisse-AP: what a public client sends and a public simulator takes.
CAISSE_CREDIT = b"CZ0040300CJ012012345678901CA00201CE003978BA0010CD0011CB0041234"
# Transbank: poll, void of 123 and of 10, last sale, as its reference and its kits have them.
POLL = bytes.fromhex("02 30313030 03 02")
VOID_123 = bytes.fromhex("02 313230307C3132337C 03 30")
VOID_10 = bytes.fromhex("02 313230307C31307C 03 01")
LAST_SALE = bytes.fromhex("02 303235307C 03 78")
# Its answer in the form of the reference; 46 is the XOR of the 40 characters and ETX.
VOIDED_123 = b"\x02" + b"1210|00|597029414300|75001088|794981|123" + b"\x03\x46"


def refund(minor: int, currency: str = "978") -> DeviceRefund:
    return DeviceRefund(RequestID("R1"), Amount(minor, currency))


def void(reference: str, minor: int = 1234, currency: str = "152") -> DeviceVoid:
    return DeviceVoid(RequestID("R1"), Amount(minor, currency), reference)


# --- published bytes ---------------------------------------------------------------------------------


def test_concert_sends_the_published_credit_and_reads_its_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    done = ask(monkeypatch, "concert")

    assert done.line.written == [b"\x05", CONCERT_CREDIT, b"\x04", b"\x06", b"\x06"]
    # 01, done, 00001234, a card, 978, ten blanks; 31 is the XOR of the 25 characters and ETX.
    answer = b"\x02" + b"01000001234" + b"1978" + b" " * 10 + b"\x03\x31"
    assert done.line.read == [b"\x06", b"\x06", b"\x05", answer, b"\x04"]
    assert done.result == DeviceApproved(request_id="R1", amount=Amount(1234, "978"), raw_code="0")
    assert done.result.evidence == "device"


def test_caisse_ap_sends_the_published_credit_and_reads_its_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    done = ask(monkeypatch, "caisse_ap")

    assert done.line.written == [CAISSE_CREDIT]
    assert done.line.read[0].startswith(CAISSE_CREDIT + b"AE00210")
    assert done.result == DeviceApproved(request_id="R1", amount=Amount(1234, "978"), raw_code="10")


def test_transbank_polls_and_sends_the_published_void_and_reads_its_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    done = ask(monkeypatch, "transbank")

    assert done.line.written == [POLL, VOID_123, b"\x06"]
    assert done.line.read == [b"\x06", b"\x06", VOIDED_123]
    assert done.result == DeviceApproved(
        request_id="R1", amount=Amount(1234, "152"), raw_code="00", reference="123"
    )


def test_transbank_voids_by_any_number_of_up_to_six_digits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert ask(monkeypatch, "transbank", request=void("10")).line.written[1] == VOID_10


# --- what is refused before anything leaves ------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "request_", "reason"),
    [
        ("concert", refund(10**8), DeviceReason.AMOUNT),  # eight digits
        ("transbank", void("123", currency="978"), DeviceReason.CURRENCY),
        ("transbank", void("1234567"), DeviceReason.ORIGINAL_NOT_FOUND),
        ("transbank", void(""), DeviceReason.ORIGINAL_NOT_FOUND),
        ("transbank", void("12|3"), DeviceReason.ORIGINAL_NOT_FOUND),
        ("transbank", void("１２３"), DeviceReason.ORIGINAL_NOT_FOUND),
    ],
)
def test_what_no_frame_of_the_device_says_is_not_sent(
    monkeypatch: pytest.MonkeyPatch, name: str, request_: DeviceRequest, reason: DeviceReason
) -> None:
    done = ask(monkeypatch, name, request=request_)

    assert isinstance(done.result, DeviceNotSent)
    assert done.result.reason is reason
    assert done.line.written == []


@pytest.mark.parametrize("name", MAKERS)
def test_what_the_device_cannot_is_refused(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    terminal = ProfiledTerminal(virtual(monkeypatch, ConcertTerminal()), profile(name))
    cannot = terminal.refund if name == "transbank" else terminal.void

    with pytest.raises(RefusedError, match="device_cannot"):
        cannot(CREDIT if name == "transbank" else VOID)  # type: ignore[arg-type]
    assert Can.RECOVER_LAST not in terminal.can


@pytest.mark.parametrize("name", MAKERS)
def test_nobody_at_the_other_end_is_not_sent(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    done = ask(monkeypatch, name)
    done.line.is_dead = True

    again = done.terminal.void(VOID) if name == "transbank" else done.terminal.refund(CREDIT)

    assert isinstance(again, DeviceNotSent)
    assert again.reason is DeviceReason.LINK


def test_a_busy_terminal_was_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    done = ask(monkeypatch, "concert", scene=Scene(busy=1))

    assert isinstance(done.result, DeviceNotSent)
    assert (done.result.reason, done.asked) == (DeviceReason.BUSY, 0)
    assert isinstance(done.terminal.refund(CREDIT), DeviceApproved)


def test_a_value_that_a_field_cannot_carry_is_named_without_it() -> None:
    operation = profile("concert").refund
    assert operation is not None

    with pytest.raises(InvalidRequestError) as caught:
        operation.request.write({"pos": "01", "amount": "1" * 9, "currency": "978"})

    assert caught.value.faults == (("amount", "8 characters of digits"),)


# --- codes -------------------------------------------------------------------------------------------

TRANSBANK_DECLINES = {
    "01": "host_refused", "93": "host_refused", "04": "already_refunded", "05": "original_not_found",
    "11": "original_not_found", "06": "card_refused", "09": "card_refused", "20": "card_refused",
    "07": "cancelled", "08": "not_refundable", "21": "not_refundable", "10": "amount", "12": "not_allowed",
    "18": "not_allowed", "13": "batch_full", "67": "batch_full", "74": "batch_full", "76": "batch_full",
    "77": "batch_full", "15": "device_fault", "17": "card_mismatch", "19": "card_mismatch",
    "26": "keys_missing", "73": "not_signed_on",
}  # fmt: skip
TRANSBANK_DOUBTS = {
    "02": "host_unreachable", "03": "host_unreachable", "14": "host_unreachable", "16": "protocol",
    "65": "protocol", "94": "protocol", "22": "timeout", "24": "printer", "95": "printer", "99": "unknown",
    "80": "unknown",
}  # fmt: skip
CODES = [
    *(("transbank", code, DeviceDeclined, reason) for code, reason in TRANSBANK_DECLINES.items()),
    *(("transbank", code, DeviceInDoubt, reason) for code, reason in TRANSBANK_DOUBTS.items()),
    ("concert", "7", DeviceDeclined, "host_refused"),
    *(("concert", code, DeviceInDoubt, "unknown") for code in "1234568 9".replace(" ", "")),
    ("caisse_ap", "01/04", DeviceDeclined, "host_refused"),
    ("caisse_ap", "01/05", DeviceDeclined, "not_allowed"),
    ("caisse_ap", "01/11", DeviceDeclined, "cancelled"),
    ("caisse_ap", "01/08", DeviceInDoubt, "timeout"),
    ("caisse_ap", "01/09", DeviceInDoubt, "protocol"),
    ("caisse_ap", "01", DeviceInDoubt, "unknown"),
    ("caisse_ap", "01/99", DeviceInDoubt, "unknown"),
    ("caisse_ap", "11", DeviceInDoubt, "unknown"),
    ("caisse_ap", "10/09", DeviceInDoubt, "unknown"),  # done, and why not
]


@pytest.mark.parametrize(("name", "code", "kind", "reason"), CODES)
def test_only_a_code_that_proves_that_nothing_was_booked_declines(
    monkeypatch: pytest.MonkeyPatch, name: str, code: str, kind: type, reason: str
) -> None:
    done = ask(monkeypatch, name, scene=Scene(code=code))

    assert isinstance(done.result, DeviceDeclined | DeviceInDoubt)
    assert (type(done.result), done.result.reason, done.result.raw_code) == (kind, reason, code)


def test_no_digit_but_the_published_one_is_a_yes() -> None:
    assert [code for code in map(str, range(10)) if approves("concert", code)] == ["0"]
    assert [code for code in two_digits() if approves("transbank", code)] == ["00"]
    assert [code for code in two_digits() if approves("caisse_ap", code)] == ["10"]


def two_digits() -> list[str]:
    return [f"{code:02}" for code in range(100)]


def approves(name: str, code: str) -> bool:
    return profile(name).meaning(code).kind == "approved"


# --- what is compared --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "lie", "seen"),
    [
        ("concert", "amount", "amount"),
        ("concert", "terminal", "pos number"),
        ("concert", "currency", "currency"),
        ("caisse_ap", "amount", "CB"),
        ("caisse_ap", "terminal", "CA"),
        ("caisse_ap", "currency", "CE"),
        ("caisse_ap", "reference", "CJ"),
        ("transbank", "reference", "operation"),
    ],
)
@pytest.mark.parametrize("code", ["", "no"])
def test_an_answer_about_something_else_is_neither_yes_nor_no(
    monkeypatch: pytest.MonkeyPatch, name: str, lie: str, seen: str, code: str
) -> None:
    no = {"concert": "7", "transbank": "05", "caisse_ap": "01/04"}[name]

    done = ask(monkeypatch, name, scene=Scene(code=no if code else "", lie=lie))  # type: ignore[arg-type]

    assert isinstance(done.result, DeviceInDoubt)
    assert done.result.reason is DeviceReason.PROTOCOL
    assert done.result.seen == (f"an answer with another {seen}",)


ANSWERS = {
    "concert": b"01000001234" + b"1978" + b" " * 10,
    "transbank": b"1210|00|597029414300|75001088|794981|123",
    "caisse_ap": CAISSE_CREDIT + b"AE00210",
}


def judged(name: str, body: bytes) -> DeviceResult:
    known = profile(name)
    operation = known.void or known.refund
    assert operation is not None
    request = VOID if name == "transbank" else CREDIT
    asked = {"amount": "1234", "currency": "978", "reference": "123"}
    asked |= {key: setting.default for key, setting in known.settings.items()}
    return judge(known, operation, asked, request, body)


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_cut_short_or_too_long_is_none(name: str) -> None:
    """What an XOR may let through is held against the form of every field and their number."""
    body = ANSWERS[name]
    assert isinstance(judged(name, body), DeviceApproved)

    for changed in (
        *(body[:end] for end in range(len(body) - 1)),
        *(body[start:] for start in range(1, len(body))),
        body + b"0000",
        body + b"|",
        body + body,
        body.replace(b"1", b"\xb1"),
        body.replace(b"0", "０".encode()),
    ):
        assert not isinstance(judged(name, changed), DeviceApproved | DeviceDeclined), changed


def test_an_operation_that_lost_its_last_digit_is_another_one() -> None:
    assert isinstance(judged("transbank", ANSWERS["transbank"][:-1]), DeviceInDoubt)


def test_numbers_are_compared_as_numbers_for_terminals_pad_them_as_they_like() -> None:
    padded = ANSWERS["transbank"].replace(b"|123", b"|000123")
    assert isinstance(judged("transbank", padded), DeviceApproved)
    assert isinstance(judged("transbank", padded + b"0"), DeviceInDoubt)


@pytest.mark.parametrize("tag", ["CZ", "CJ", "CA", "CE", "CD", "CB", "AE"])
def test_a_tagged_answer_without_what_was_asked_or_with_it_twice_proves_nothing(tag: str) -> None:
    body = ANSWERS["caisse_ap"].decode()
    at = body.index(tag)
    field = body[at : at + 5 + int(body[at + 2 : at + 5])]

    assert isinstance(judged("caisse_ap", body.replace(field, "").encode()), DeviceInDoubt)
    assert isinstance(judged("caisse_ap", (body + field).encode()), DeviceInDoubt)


def test_tags_come_in_any_order_and_with_others_that_nobody_asked_for() -> None:
    body = b"CZ0040300AE00210CB0041234CD0011CA00201CE003978ZZ003abcCJ012012345678901"

    assert isinstance(judged("caisse_ap", body), DeviceApproved)


def test_a_debit_is_no_answer_to_a_credit() -> None:
    body = ANSWERS["caisse_ap"].replace(b"CD0011", b"CD0010")

    assert isinstance(judged("caisse_ap", body), DeviceInDoubt)


def test_a_concert_terminal_may_take_no_notice_of_the_short_answer_that_is_wanted() -> None:
    report = b"620000******0005".ljust(55)
    long = b"010000012341" + report + b"978" + b"A123456789"

    result = judged("concert", long)

    assert isinstance(result, DeviceApproved)
    assert (result.reference, result.receipt) == ("A123456789", ())


def test_a_terminal_that_is_at_work_is_waited_for_and_one_that_never_ends_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    done = ask(monkeypatch, "transbank", scene=Scene(status=3, seconds=60.0))
    assert isinstance(done.result, DeviceApproved)

    done = ask(monkeypatch, "transbank", scene=Scene(status=300))
    assert isinstance(done.result, DeviceInDoubt)
    assert done.result.seen == ("the device is at work without end",)


# --- recovery ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["concert", "caisse_ap"])
def test_a_device_that_cannot_say_how_it_ended_is_not_even_asked(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    done = ask(monkeypatch, name)
    written = list(done.line.written)

    result = done.terminal.recover(CREDIT)

    assert isinstance(result, DeviceInDoubt)
    assert result.seen == ("this kind of device does not say how its last transaction ended",)
    assert done.line.written == written


@pytest.mark.parametrize(
    ("sales", "seen"),
    [
        ({"123": 1234}, "its last sale is the one asked about; whether it was undone the device does not say"),
        ({"123": 1234, "124": 1234}, "its last sale is another one"),
        ({"123": 1235}, "its last sale is another one"),
        ({}, "it told of no last sale"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("is_voided", [True, False])
def test_the_last_sale_never_ends_a_doubt_about_a_void(
    monkeypatch: pytest.MonkeyPatch, sales: dict[str, int], seen: str, is_voided: bool
) -> None:
    device = TransbankTerminal(sales=sales)
    device.voided += ["123"] * is_voided
    line = virtual(monkeypatch, device)

    result = ProfiledTerminal(line, profile("transbank")).recover(VOID)

    assert isinstance(result, DeviceInDoubt)
    assert result.seen == (seen,)
    assert line.written == [LAST_SALE, b"\x06"]
    assert device.asked == []


def test_recovery_on_a_dead_line_stays_a_doubt_and_says_why(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    line = virtual(monkeypatch, TransbankTerminal())
    line.is_dead = True

    result = ProfiledTerminal(line, profile("transbank")).recover(VOID)

    assert isinstance(result, DeviceInDoubt)
    assert (result.reason, result.seen) == (DeviceReason.LINK, ("nobody is there",))


# --- settings, and what is kept ------------------------------------------------------------------------


def test_a_till_says_its_own_number(monkeypatch: pytest.MonkeyPatch) -> None:
    line = virtual(monkeypatch, ConcertTerminal())
    terminal = ProfiledTerminal(line, profile("concert"), {"pos": "42"})

    assert isinstance(terminal.refund(CREDIT), DeviceApproved)
    assert line.written[1].startswith(b"\x0242")


@pytest.mark.parametrize(
    "settings_", [{"pos": "1"}, {"pos": "AB"}, {"till": "01"}, {"pos": "１２"}]
)
def test_a_setting_of_another_form_is_refused(
    monkeypatch: pytest.MonkeyPatch, settings_: dict[str, str]
) -> None:
    with pytest.raises(ConfigError):
        ProfiledTerminal(virtual(monkeypatch, ConcertTerminal()), profile("concert"), settings_)


def test_a_card_number_in_an_answer_goes_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the clear in the report of a long answer, and once where the form does not allow it."""
    pan = b"6200000000000005"
    for body in (
        b"010000012341" + pan.ljust(55) + b"978" + b" " * 10,
        b"010000012341" + pan.ljust(55) + b"840" + b" " * 10,
        b"01" + pan + b" " * 10,
    ):
        result = judged("concert", body)
        assert pan.decode() not in repr(result)
    tagged = CAISSE_CREDIT + b"AE00210AA016" + pan
    assert pan.decode() not in repr(judged("caisse_ap", tagged))
    account = b"0260|00|1|T|1|A|1234|0|0|0005|123|DB||" + pan + b"|VI|||0|0|"
    line = virtual(monkeypatch, Saying(b"\x02" + account + b"\x03"))
    result = ProfiledTerminal(line, profile("transbank")).recover(VOID)
    assert pan.decode() not in repr(result)


class Saying:
    """Acknowledges and says one thing, whatever its check byte has to be."""

    deadline = None

    def __init__(self, frame: bytes) -> None:
        check = 0
        for byte in frame[1:]:
            check ^= byte
        self._frame = frame + bytes((check,))

    def connect(self) -> None:
        pass

    def receive(self, chunk: bytes, now: float) -> list[Say]:
        return [] if chunk == b"\x06" else [Say(b"\x06", "control"), Say(self._frame)]

    def deadline_passed(self, now: float) -> list[Say]:
        return []


@pytest.mark.parametrize(
    ("name", "body", "kept"),
    [
        ("concert", CONCERT_CREDIT[1:-2], CONCERT_CREDIT[1:-2]),
        (
            "concert",
            b"010000012341" + b"6200000000000005".ljust(55) + b"978" + b"A123456789",
            b"01000001234" + b"0" * 56 + b"978" + b"0" * 10,
        ),
        (
            "caisse_ap",
            CAISSE_CREDIT + b"AE00210AA0166200000000000005CC003001",
            CAISSE_CREDIT.replace(b"0300", b"0000") + b"AE00210AA0160000000000000000CC003000",
        ),
        (
            "transbank",
            b"0260|00|597|T|1|A|1234|0|0|0005|123|DB|2911|6200000000000005|VI|||0|0|",
            b"0260|00|000|0|0|0|1234|0|0|0000|123|00|0000|0000000000000000|00|||0|0|",
        ),
        ("transbank", b"0100", b"0100"),
        ("transbank", b"9999|6200000000000005", b"0" * 21),
    ],
)
def test_a_log_keeps_what_was_asked_and_codes_and_nothing_else(
    name: str, body: bytes, kept: bytes
) -> None:
    assert profile(name).redact(body) == kept


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(PROFILES), st.binary(max_size=200))
def test_a_redacted_message_is_as_long_and_can_be_framed(name: str, body: bytes) -> None:
    redacted = profile(name).redact(body)

    assert len(redacted) == len(body)
    assert profile(name).redact(redacted) == redacted


# --- anything from the device --------------------------------------------------------------------------


class Babbling:
    """Says drawn bytes to whatever it hears, for ever or until it has no more."""

    deadline = None

    def __init__(self, said: list[bytes]) -> None:
        self._said = said
        self.heard: list[bytes] = []

    def connect(self) -> None:
        self._left = list(self._said)

    def receive(self, chunk: bytes, now: float) -> list[Say]:
        self.heard.append(chunk)
        return [Say(self._left.pop(0))] if self._left else []

    def deadline_passed(self, now: float) -> list[Say]:
        return []


PIECES = st.lists(
    st.one_of(
        st.binary(min_size=1, max_size=60),
        st.sampled_from(
            [b"\x06", b"\x05", b"\x06\x05", b"\x04", b"\x15", VOIDED_123, CAISSE_CREDIT]
        ),
    ),
    max_size=12,
)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(PROFILES), PIECES)
def test_whatever_a_device_says_ends_in_a_result_and_money_is_asked_for_once(
    name: str, said: list[bytes]
) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        device = Babbling(said)
        terminal = ProfiledTerminal(virtual(monkeypatch, device), profile(name))
        result = terminal.void(VOID) if name == "transbank" else terminal.refund(CREDIT)

    money = [chunk for chunk in device.heard if chunk in (VOID_123, CONCERT_CREDIT, CAISSE_CREDIT)]
    assert len(money) <= 1
    if isinstance(result, DeviceNotSent):
        assert money == []
    if isinstance(result, DeviceApproved):
        assert VOIDED_123 in b"".join(said)


class Cutting:
    """Cuts all that is said into pieces that follow one another at once."""

    def __init__(self, cuts: list[int]) -> None:
        self._cuts = cuts

    def connect(self) -> None:
        self._left = list(self._cuts)

    def speak(self, said: list[Say]) -> list[Act]:
        acts = []
        for say in said:
            data = say.data
            while data:
                size = self._left.pop(0) if self._left else len(data)
                acts.append(Act(data[:size], 0.01))
                data = data[size:]
        return acts


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(PROFILES), st.lists(st.integers(1, 20), max_size=60))
def test_any_split_of_the_bytes_gives_the_same_result(name: str, cuts: list[int]) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        line = VirtualStream(MAKERS[name](Script()), Cutting(cuts))  # type: ignore[arg-type]
        monkeypatch.setattr("posrefund.devices.line._now", line.clock)
        terminal = ProfiledTerminal(line, profile(name))
        result = terminal.void(VOID) if name == "transbank" else terminal.refund(CREDIT)

    assert isinstance(result, DeviceApproved)
