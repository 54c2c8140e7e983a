"""The literal bytes of ABECS 2.12: commands as the paper writes them, answers as it lets pads write them."""

from __future__ import annotations

import pytest

from devices.abecs.bench import KEY, NOW, TIMES, WRAPPED_PIK, emulated, serving
from posrefund.devices import DeviceReason
from posrefund.devices.abecs import AbecsPinPad, DUKPTKey, WorkingKey, redact
from posrefund.devices.abecs.card import read_card
from posrefund.devices.abecs.codes import refusal
from posrefund.devices.abecs.message import (
    command,
    parameters,
    read_answer,
    read_parameters,
)
from posrefund.errors import DeviceRefusedError, InvalidRequestError, RemoteProtocolError
from posrefund.framing import ABECSFramer
from posrefund.testing import RecordingStream, pipe
from posrefund.values import PAN, Amount, CardRead

# --- what goes out -----------------------------------------------------------------------------------


def sent_by(act: str) -> list[str]:
    """Every byte that the driver writes, one entry for each write, in hexadecimal."""
    near, far = pipe()
    wire = RecordingStream(near)
    with AbecsPinPad(wire, TIMES) as pad, serving(emulated(), far):
        match act:
            case "open":
                pad.open()
            case "display":
                pad.display("ERRO DE OPERAÇÃO", "CÓDIGO:  2112/76")
            case "serial":
                pad.serial_number_of(DUKPTKey(1))
            case "identity":
                pad.identity()
            case "card":
                pad.read_card(Amount(1234), now=NOW, within_s=60)
            case "pin":
                card = CardRead("051", PAN("6200000000000005"))
                pad.enter_pin(card, KEY, digits=(4, 6), prompt=("R$ 12.34", "PIN"))
            case _:
                raise AssertionError(act)
    return [data.hex().upper() for direction, data in wire.passed if direction == "sent"]


def framed(text: str) -> str:
    return ABECSFramer().frame(text.encode("latin-1")).hex().upper()


def test_a_conversation_begins_with_can_and_then_opens_as_printed() -> None:
    assert sent_by("open") == ["18", "164F504E17A8A9"]  # ABECS 2.12, 2.2.2.1


def test_display_is_the_printed_example() -> None:
    body = bytes.fromhex(
        "44 53 50 30 33 32 45 52 52 4F 20 44 45 20 4F 50 45 52 41 C7 C3 4F"
        "43 D3 44 49 47 4F 3A 20 20 32 31 31 32 2F 37 36"
    )  # 3.3.5
    assert bytes.fromhex(sent_by("display")[1])[1:-3] == body


def test_serial_number_is_asked_for_as_printed() -> None:
    assert sent_by("serial") == ["18", framed("GDU003301")]  # 3.3.9, register 01


def test_identity_names_what_it_wants() -> None:
    wanted = "GIX016\x00\x01\x00\x0c\x80\x01\x80\x03\x80\x04\x80\x07\x80\x32\x80\x35"
    assert sent_by("identity")[1] == framed(wanted)  # 3.2.4


def test_card_is_asked_for_masked_and_then_in_clear() -> None:
    first = (
        "GCX063"
        "\x00\x21\x00\x01\x20"  # refund
        "\x00\x13\x00\x0c000000001234"
        "\x00\x15\x00\x06260310"
        "\x00\x16\x00\x06150405"
        "\x00\x17\x00\x0510000"
        "\x00\x23\x00\x040604"
        "\x00\x0c\x00\x01<"  # 60 seconds
    )
    second = "GTK008\x00\x07\x00\x041010"
    assert sent_by("card") == ["18", framed(first), framed(second)]  # 3.7.1, 3.3.12


def test_pin_is_asked_for_with_the_wrapped_key_and_the_number() -> None:
    body = (
        "GPN093"
        "1" "01" "6701EAD6A9AD51E51AA406E2C27FCFA9"
        "16" "6200000000000005   "
        "1" "04" "06"
        "R$ 12.34        PIN             "
    )  # fmt: skip
    assert sent_by("pin") == ["18", framed(body)]  # 3.3.11


def test_dukpt_sends_zeros_for_the_key() -> None:
    from posrefund.devices.abecs.keys import method_of

    assert method_of(DUKPTKey(7)) == (b"3", 7, b"0" * 32)
    assert method_of(WorkingKey(8, WRAPPED_PIK))[0:2] == (b"1", 8)


def test_parameters_are_never_cut_in_two() -> None:
    blocks = parameters({1: bytes(600), 2: bytes(600), 3: b"x"})

    assert [len(block) for block in blocks] == [604, 609]
    assert command("EBX", *blocks)[:6] == b"EBX604"
    assert read_parameters(blocks) == {1: bytes(600), 2: bytes(600), 3: b"x"}


@pytest.mark.parametrize(
    ("make", "path"),
    [
        (lambda: WorkingKey(100, WRAPPED_PIK), "key.master"),
        (lambda: WorkingKey(1, WRAPPED_PIK[:8]), "key.wrapped"),
        (lambda: WorkingKey(True, WRAPPED_PIK), "key.master"),
        (lambda: DUKPTKey(-1), "key.index"),
    ],
)
def test_a_key_that_no_pad_has_is_refused(make: object, path: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        make()  # type: ignore[operator]
    assert [fault[0] for fault in caught.value.faults] == [path]


# --- what comes back ---------------------------------------------------------------------------------


def test_answers_of_the_paper() -> None:
    assert read_answer(b"OPN000", "OPN").is_done
    assert read_answer(b"GKY013", "GKY").status == "013"
    gpn = read_answer(b"GPN000036BB6BE28FDF3522E900000000000000000000", "GPN")
    assert gpn.blocks == (b"BB6BE28FDF3522E900000000000000000000",)
    assert read_parameters([bytes.fromhex("804C000AFFFFF123450088000001")]) == {
        0x804C: bytes.fromhex("FFFFF123450088000001")
    }


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"GP",
        b"GPN",
        b"GPN00",
        b"GPN0 0",
        b"GTK000",  # an answer to something else
        b"NTM000000",
        b"ERR000",
        b"GPN013004abcd",  # data behind a refusal
        b"GPN00004",
        b"GPN000005abcd",
        b"GPN000-01",
        b"GPN000004abcd1",
    ],
)
def test_what_is_no_answer_to_this_command_is_refused(body: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        read_answer(body, "GPN")


@pytest.mark.parametrize(
    "block", [b"\x80", b"\x80\x01\x00", b"\x80\x01\x00\x02x", b"\x80\x01\0\0" * 2]
)
def test_numbered_data_with_a_wrong_length_or_twice_are_refused(block: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        read_parameters([block])


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ("010", DeviceReason.PROTOCOL),
        ("011", DeviceReason.PROTOCOL),
        ("012", DeviceReason.TIMEOUT),
        ("013", DeviceReason.CANCELLED),
        ("019", DeviceReason.PROTOCOL),
        ("040", DeviceReason.DEVICE_FAULT),
        ("041", DeviceReason.CARD_REFUSED),
        ("042", DeviceReason.KEYS_MISSING),
        ("043", DeviceReason.CARD_REFUSED),
        ("044", DeviceReason.BUSY),
        ("060", DeviceReason.CARD_REFUSED),
        ("077", DeviceReason.AMOUNT),
        ("079", DeviceReason.CARD_REFUSED),
        ("087", DeviceReason.CARD_REFUSED),
        ("001", DeviceReason.UNKNOWN),
        ("999", DeviceReason.UNKNOWN),
    ],
)
def test_status_has_a_reason_a_raw_code_and_words_in_two_languages(
    status: str, reason: DeviceReason
) -> None:
    error = refusal(status)

    assert (error.reason, error.raw_code) == (reason, status)
    assert (error.hint_en.isascii(), error.hint_zh.isascii()) == (True, False)
    assert (error.effect, error.retry_is_safe) == ("nothing_sent", True)


# --- cards -------------------------------------------------------------------------------------------

CHIP = {0x804F: b"03", 0x8052: b"620000******0005", 0x8053: b"01", 0x805D: b"301231"}
CHIP_CLEAR = {0x804A: bytes.fromhex("6200000000000005")}
STRIPE = {0x804F: b"00", 0x8050: b"0", 0x8042: b"620000******0005=3012101"}
TRACK = "6200000000000005=30121010000000000"
STRIPE_CLEAR = {0x8045: bytes.fromhex("6200000000000005D30121010000000000".ljust(34, "F"))}


def test_chip_gives_number_expiry_and_sequence() -> None:
    card = read_card(CHIP, CHIP_CLEAR)

    assert card == CardRead("051", PAN("6200000000000005"), "3012", "001")
    assert read_card({**CHIP, 0x804F: b"06"}, CHIP_CLEAR).entry_mode == "071"


def test_stripe_gives_its_track() -> None:
    card = read_card(STRIPE, STRIPE_CLEAR)

    assert (card.entry_mode, card.expiry) == ("021", "3012")
    assert card.track2 is not None
    assert card.track2.reveal() == TRACK.replace("=", "D")
    tapped = read_card({**STRIPE, 0x804F: b"05"}, STRIPE_CLEAR)
    assert (tapped.entry_mode, tapped.track2) == ("071", None)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({**CHIP, 0x8052: b"620001******0005"}, CHIP_CLEAR),
        ({**CHIP, 0x8052: b"620000******0006"}, CHIP_CLEAR),
        ({**CHIP, 0x8052: b"620000*****0005"}, CHIP_CLEAR),
        ({**CHIP, 0x8052: b""}, CHIP_CLEAR),
        ({**CHIP, 0x804F: b"09"}, CHIP_CLEAR),
        ({**CHIP, 0x8053: b"\xff\xff"}, CHIP_CLEAR),
        (CHIP, {}),
        (CHIP, STRIPE_CLEAR),
        ({key: CHIP[key] for key in CHIP if key != 0x8053}, CHIP_CLEAR),
        ({**STRIPE, 0x8042: b"620001******0005=3012101"}, STRIPE_CLEAR),
        ({}, {}),
    ],
)
def test_two_answers_that_are_not_about_one_card_are_refused(
    first: dict[int, bytes], second: dict[int, bytes]
) -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        read_card(first, second)
    assert "62" not in str(caught.value)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (CHIP, {0x804A: bytes.fromhex("6200000000000006")}),  # no check digit
        (CHIP, {0x804A: bytes.fromhex("62")}),
        (STRIPE, {}),
        (STRIPE, {0x8045: b"\xee"}),
        ({**CHIP, 0x805D: b"309931"}, CHIP_CLEAR),
        ({**CHIP, 0x8053: b"x1"}, CHIP_CLEAR),
    ],
)
def test_what_is_no_payment_card_is_refused_with_words_for_the_clerk(
    first: dict[int, bytes], second: dict[int, bytes]
) -> None:
    with pytest.raises(DeviceRefusedError) as caught:
        read_card(first, second)
    assert caught.value.reason is DeviceReason.CARD_REFUSED


def test_stripe_of_a_card_with_a_chip_that_works_is_refused() -> None:
    with_chip = {**STRIPE, 0x8042: b"620000******0005=3012201"}

    with pytest.raises(DeviceRefusedError, match="insert"):
        read_card(with_chip, STRIPE_CLEAR)
    assert read_card({**with_chip, 0x8050: b"1"}, STRIPE_CLEAR).entry_mode == "021"


# --- what a log may hold -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        (b"OPN", b"OPN"),
        (b"OPN000", b"OPN000"),
        (b"GPN013", b"GPN013"),
        (b"GDU000020FFFFF9132500432004A1", b"GDU000020FFFFF9132500432004A1"),
        (b"GPN000036BB6BE28FDF3522E9FFFFF9132500432004A1", b"GPN0000360000000000000000FFFFF9132500432004A1"),
        (
            b"GPN093101" + b"A5" * 16 + b"166200000000000005   10412" + b"PIN".ljust(32),
            b"GPN093101" + b"0" * 32 + b"16" + b"0" * 19 + b"10412" + b"0" * 32,
        ),
        (b"GTK000012\x80\x4a\x00\x08\x62\x00\x00\x00\x00\x00\x00\x05", b"GTK000012\x80\x4a\x00\x08" + b"0" * 8),
        (b"GCX000006\x80\x4f\x00\x0203", b"GCX000006\x80\x4f\x00\x0203"),
        (b"GCX000020\x80\x52\x00\x10620000******0005", b"GCX000020\x80\x52\x00\x10" + b"0" * 16),
        (b"6200000000000005", b"0" * 16),
        (b"GTK6200", b"GTK6200"[:6] + b"0"),
        (b"XYZ0056200!", b"XYZ00500000"),
        (b"", b""),
    ],
)  # fmt: skip
def test_redacted_keeps_the_form_and_what_is_harmless(body: bytes, kept: bytes) -> None:
    found = redact(body)

    assert len(found) == len(body)
    assert found == kept
