"""What is looked at in an answer: each check on bytes of its own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certify.bed import TERMINAL
from posrefund.certify.examine import GROUPS, examine
from posrefund.certify.heard import Heard
from posrefund.crypto import ISO9797_1, Key, KeySet, Purpose
from posrefund.dialects import dialect
from posrefund.engine import TerminalView
from posrefund.framing import Envelope
from posrefund.seal import seal, unseal
from posrefund.values import STAN, BatchNumber, HostClock, MerchantID, TerminalID

KNOWN = dialect("unionpay")
KEYS = KeySet(
    Key(bytes.fromhex("0123456789ABCDEFFEDCBA9876543210"), Purpose.PIN),
    Key(bytes.fromhex("2222222222222222"), Purpose.MAC),
)
NOW = datetime(2026, 3, 9, 2, 0, tzinfo=UTC)  # 10:00 at the host
SENT_IN = Envelope(bytes.fromhex("6000030000"), bytes.fromhex("603200322012"))
VIEW = TerminalView(
    dialect=KNOWN,
    terminal=TerminalID(TERMINAL),
    merchant=MerchantID("123456789012345"),
    batch=BatchNumber("000017"),
    stan=STAN("000002"),
    host_clock=HostClock(KNOWN.zone),
    signed_in_at=NOW,
)
REQUEST = {
    "t": "0200",
    "2": "6200000000000005",
    "3": "000000",
    "4": "000000001234",
    "11": "000001",
    "22": "051",
    "25": "00",
    "41": TERMINAL,
    "42": "123456789012345",
    "49": "156",
    "60": "22000017000600",
    "64": "0" * 16,
}
ANSWER = {
    **{name: REQUEST[name] for name in ["2", "3", "4", "11", "25", "41", "42", "49", "60", "64"]},
    "t": "0210",
    "12": "100000",
    "13": "0309",
    "15": "0309",
    "32": "48021000",
    "37": "606810000001",
    "39": "00",
    "44": "01020000   48021000   ",
    "63": "CUP",
}


def checks(
    changes: dict[str, str | None],
    *,
    envelope: Envelope | None = None,
    rule: object = None,
    now: datetime = NOW,
    body: bytes | None = None,
) -> dict[str, str]:
    """The checks that were not met by an answer with *changes*, each with what it said in English."""
    fields = {n: v for n, v in {**ANSWER, **changes}.items() if v is not None}
    spoken = KNOWN if rule is None else KNOWN.derive("other", mac=rule)
    raw = seal(fields, spoken, KEYS) if body is None else body
    around = envelope or SENT_IN.reply()
    heard = Heard("sale", KNOWN, 1, REQUEST, SENT_IN, unseal(raw, KNOWN, KEYS), around, raw)
    found = examine(heard, VIEW, KEYS, now)
    return {each.check: each.en for each in found if not each.is_met}


def test_an_answer_that_is_right_meets_every_group() -> None:
    raw = seal(ANSWER, KNOWN, KEYS)
    heard = Heard(
        "sale", KNOWN, 1, REQUEST, SENT_IN, unseal(raw, KNOWN, KEYS), SENT_IN.reply(), raw
    )

    found = examine(heard, VIEW, KEYS, NOW)

    assert [each.check for each in found if each.is_met] == list(GROUPS)
    assert all(each.is_met for each in found)


@pytest.mark.parametrize(
    ("changes", "check"),
    [
        ({"t": "0230"}, "mti"),
        ({"3": "200000"}, "echo.DE3"),
        ({"4": "000000001235"}, "echo.DE4"),
        ({"11": "000002"}, "echo.DE11"),
        ({"2": "6200000000000047"}, "echo.DE2"),
        ({"41": "12345679"}, "echo.DE41"),
        ({"42": "123456789012346"}, "echo.DE42"),
        ({"60": "22000018000600"}, "echo.DE60"),
        ({"11": None}, "missing.DE11"),
        ({"12": None}, "missing.DE12"),
        ({"37": None}, "missing.DE37"),
        ({"22": "051"}, "extra.DE22"),
        ({"39": "ZZ", "64": None}, "code.unlisted"),
        ({"13": "0310"}, "clock.DE13"),
        ({"12": "111500"}, "clock.DE12"),
        ({"15": "0310"}, "clock.DE15"),
        ({"64": None}, "mac.missing"),
    ],
)
def test_one_wrong_field_is_named_and_no_other(changes: dict[str, str | None], check: str) -> None:
    assert list(checks(changes)) == [check]


def test_a_field_in_another_format_is_named() -> None:
    assert list(checks({"38": "12\x01456"})) == ["form.DE38"]


def test_a_decline_needs_neither_the_fields_of_an_approval_nor_a_mac() -> None:
    declined = {"39": "51", "64": None, "37": None, "12": None, "13": None, "15": None, "4": None}

    assert checks(declined) == {}


def test_a_mac_by_another_rule_is_wrong_and_the_rule_is_named() -> None:
    found = checks({}, rule=ISO9797_1)

    assert list(found) == ["mac.wrong"]
    assert "iso9797-1, TDEA, 8 bytes raw" in found["mac.wrong"]


def test_a_mac_by_no_known_rule_says_so() -> None:
    raw = bytearray(seal(ANSWER, KNOWN, KEYS))
    raw[-1] ^= 0x01

    found = checks({}, body=bytes(raw))

    assert list(found) == ["mac.wrong"]
    assert "no rule that is known" in found["mac.wrong"]


def test_digit_6_of_the_header_may_change_and_no_other() -> None:
    wish = SENT_IN.reply(processing_request=3)
    others = [wish.header[:5] + bytes([wish.header[5] ^ 1]), bytes([0x61]) + wish.header[1:]]

    assert checks({}, envelope=wish) == {}
    for header in others:
        assert list(checks({}, envelope=Envelope(wish.tpdu, header))) == ["frame.header"]


def test_addresses_that_are_not_swapped_are_named() -> None:
    assert list(checks({}, envelope=Envelope(SENT_IN.tpdu, SENT_IN.header))) == ["frame.tpdu"]


def test_near_the_cut_off_either_settlement_date_is_right() -> None:
    late = NOW + timedelta(hours=13, minutes=2)  # 23:02 at the host
    told = {"12": "230200", "13": "0309"}

    assert checks({**told, "15": "0309"}, now=late) == {}
    assert checks({**told, "15": "0310"}, now=late) == {}
    assert list(checks({**told, "15": "0311"}, now=late)) == ["clock.DE15"]


def test_no_finding_holds_a_card_number() -> None:
    found = checks({"2": "6200000000000047"})

    assert "6200000000000047" not in str(found)
    assert "620000******0047" in found["echo.DE2"]


def test_what_cannot_be_read_is_one_finding_with_its_place() -> None:
    raw = seal(ANSWER, KNOWN, KEYS)

    assert list(checks({}, body=raw[:40])) == ["readable"]


@given(st.binary(max_size=160))
def test_whatever_bytes_come_are_findings_and_no_error(raw: bytes) -> None:
    found = checks({}, body=raw)

    assert all(isinstance(text, str) for text in found.values())


@given(st.integers(0, 400), st.integers(1, 255))
def test_a_bent_byte_never_passes(place: int, bits: int) -> None:
    raw = bytearray(seal(ANSWER, KNOWN, KEYS))
    raw[place % len(raw)] ^= bits

    assert checks({}, body=bytes(raw)) != {}


def test_every_group_has_its_words() -> None:
    assert all(zh and en for zh, en in GROUPS.values())
