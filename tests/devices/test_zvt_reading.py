"""What is read of a ZVT terminal's words, against bytes that terminals in the field have said, and what is kept of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.zvt_lines import void
from posrefund.devices.zvt import PROFILES, ZVTSettings, redact
from posrefund.devices.zvt.bmp import command, packed, read_bmps
from posrefund.devices.zvt.codes import is_busy, proves_nothing_booked, reason_of
from posrefund.devices.zvt.heard import Heard, Status
from posrefund.devices.zvt.judge import receipt_asked
from posrefund.devices.zvt.receipt import lines_of, masked_line
from posrefund.errors import ConfigError, DecodeError, EncodeError

GENERIC = PROFILES["generic"]

# Said by terminals in the field, the card masked by themselves: unit tests of Portalum.Zvt (MIT licence,
# github.com/Portalum/Portalum.Zvt, StatusInformationParserTest.cs, PrintLineTest.cs, PrintTextBlockTest.cs).
PAYMENT = bytes.fromhex(
    "040F77 2700 04000000002040 0B000470 0C223953 0D1006 0E2512 170001 1970 22F0F8EEEEEEEEEEEE4771"
    "2928004869 2A313030343631373633202020202020 3B3631313830340000 3CF0F1F447454E2E4E522E3A363131383034"
    "490978 870470 88000470 8A2E 8BF1F7 446562 6974204D 61737465 726361726400"
)
HOBEX = bytes.fromhex(
    "040F6C 2700 04000000002040 0C210916 0D1101 0E9999 22F0F8EEEEEEEEEEEE4771 A001 2900000006 870005 0B000000"
    "8A06 8BF1F14D41535445524341524400 062E 2F08 1F120101 1F100103 601B 4307A0000000041010"
    "4410 4465626974204D61737465 7263617264 1F2B0410016005"
)
BY_CUSTOMER = bytes.fromhex(
    "040F1E 276C 2928004869 3CF0F1F9 41626272756368206475726368204B756E6465"
)
SYSTEM_ERROR = bytes.fromhex("040F18 27FF 2928004869 3CF0F1F3 4265747261672066616C736368")
CARDCOMPLETE_LINE = bytes.fromhex("06D119 40 2A2A2048C44E444C455242454C4547202A2A 06041F070101")
CLOSING = bytes.fromhex(
    "06-D3-AC-06-81-A9-1F-07-01-03-25-81-A2-07-1B-30-32-2E-31-31-2E-32-30-32-31-20-20-20-20-20-20-20-20-20-31-37-3A-"
    "30-35-3A-30-32-07-0C-54-49-44-3A-41-48-30-30-30-30-30-36-07-14-41-62-73-63-68-6C-75-73-73-20-2D-20-6B-65-69-6E-"
    "65-20-54-58-07-19-20-41-56-3A-20-2B-30-34-2E-30-37-20-28-4A-75-6E-20-31-31-20-32-30-32-31-29-07-1B-54-49-3A-20-"
    "45-20-44-54-3A-20-30-2F-30-2F-20-4F-46-3A-20-30-2F-30-2F-20-43-47-3A-07-0F-20-20-20-20-20-20-20-20-20-20-20-31-"
    "2F-30-2F-07-01-20-07-01-20-07-01-20-07-01-20-07-01-20-07-01-20-07-01-20-09-01-81".replace(
        "-", ""
    )
)


def test_a_payment_of_a_terminal_in_the_field_is_read() -> None:
    assert Status.read(PAYMENT) == Status(0, 2040, "978", "000470", "0470", "28004869", None)
    assert Status.read(PAYMENT).reference == "000470/0470"


def test_a_terminal_that_counts_only_receipts_and_names_no_currency_is_read() -> None:
    assert Status.read(HOBEX) == Status(0, 2040, None, "000000", "0005", "00000006", None)
    assert Status.read(HOBEX).reference == "000000/0005"


@pytest.mark.parametrize(("body", "code"), [(BY_CUSTOMER, 0x6C), (SYSTEM_ERROR, 0xFF)])
def test_a_no_of_a_terminal_in_the_field_is_read(body: bytes, code: int) -> None:
    assert Status.read(body).result == code


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("040F02 27", "zvt"),  # shorter than it says
        ("040F01 2700", "zvt"),
        ("040F", "zvt"),
        ("040FFF01", "zvt"),
        ("040F04 2700 2705", "BMP 27"),  # two results
        ("040F0E 04000000001234 04 000000009999", "BMP 04"),
        ("040F03 040000", "BMP 04"),
        ("040F02 F800", "BMP F8"),
        ("040F02 0700", "BMP 07"),  # no such BMP
        ("040F04 22F9FA00", "BMP 22"),
        ("040F03 22F9F9", "BMP 22"),
        ("040F02 06FF", "TLV"),
        ("040F02 0681", "TLV"),
        ("040F03 068301", "TLV"),
    ],
)
def test_what_is_no_command_is_refused_with_its_place(text: str, path: str) -> None:
    body = bytes.fromhex(text)
    with pytest.raises(DecodeError) as caught:
        read_bmps(body)
    assert caught.value.path == path
    assert 0 <= caught.value.offset_bytes <= len(body)


def test_digits_that_are_none_are_not_read_as_nothing() -> None:
    status = Status.read(bytes.fromhex("040F13 2700 0400000000123A 49097B 0B00012C 87004A"))
    assert (status.amount_minor, status.currency, status.trace) == (None, "", "")
    assert status.reference == ""


def test_lengths_of_255_bytes_and_more_are_written_long_and_read() -> None:
    short, long = command(0x06D1, bytes(254)), command(0x06D1, bytes(255))
    assert short[:3].hex() == "06d1fe"
    assert long[:5].hex() == "06d1ffff00"
    assert read_bmps(command(0x040F, b"\x3c\xf2\xf5\xf6" + bytes(256)))[0x3C] == bytes(256)
    with pytest.raises(EncodeError):
        command(0x06D1, bytes(65_536))
    with pytest.raises(EncodeError):
        packed("12345", 2)


@given(st.sampled_from(["", "040F", "0631", "06D3"]), st.binary(max_size=250))
def test_any_bytes_are_read_or_refused_with_their_place(head: str, data: bytes) -> None:
    body = bytes.fromhex(head) + bytes((len(data),)) * bool(head) + data
    refused_at = 0
    try:
        assert sum(map(len, read_bmps(body).values())) <= len(body)
    except DecodeError as refusal:
        refused_at = refusal.offset_bytes
    assert 0 <= refused_at <= len(body)


# --- codes ------------------------------------------------------------------------------------------


def test_every_code_has_a_reason_and_few_prove_that_nothing_was_booked() -> None:
    before = frozenset({0x0A, 0x4B})
    proving = {code for code in range(256) if proves_nothing_booked(code, before)}
    assert all(reason_of(code) for code in range(256))
    # a doubt: 66 71 72 74 77 7D 9A 9B 9C A0 A1 A3 CC FF and all that nobody knows, and of a host's answers 00 and
    # those that may hide a yes: 01 02 06 09 10 68 90 91 92 94 96 98
    assert proving.isdisjoint(
        bytes.fromhex("00 66 71 72 74 77 7D 9A 9B 9C A0 A1 A3 CC FF AB 60 69")
    )
    assert proving.isdisjoint({1, 2, 6, 9, 10, 68, 90, 91, 92, 94, 96, 98})
    assert {5, 51, 0x64, 0x6C, 0xB4, 0xB5, 0xF0} <= proving
    assert {code for code in range(256) if is_busy(code)} == {0x9C, 0xA0}


@pytest.mark.parametrize(
    "status", [0x04, 0x05, 0x06, 0x0E, 0x17, 0x1C, 0x44, 0xD2, 0xD3, 0xF2, 0xFF]
)
def test_after_a_sign_of_the_host_no_code_of_the_terminals_own_proves_anything(status: int) -> None:
    after = frozenset({0x0A, status})
    assert not any(proves_nothing_booked(code, after) for code in range(0x64, 0x100))
    assert proves_nothing_booked(5, after)  # the host's own no


# --- receipts -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("06D109 405249454447203530", ["RIEDG 50"]),
        ("06D114 402A2A204B415353454E5343484E495454202A2A", ["** KASSENSCHNITT **"]),
        ("06D101 40", [""]),
        ("06D101 81", []),
        ("06D102 FF03", ["", "", ""]),
        ("06D102 FFFF", [""] * 9),
        ("06D1FF 00", []),  # cut
        ("06D100", [""]),
        ("06D304 06020741", []),  # an object that is longer than its container
    ],
)
def test_lines_to_print_are_read_or_are_none(body: str, expected: list[str]) -> None:
    assert lines_of(bytes.fromhex(body), GENERIC) == expected


def test_a_container_glued_to_a_line_is_no_part_of_it() -> None:
    assert lines_of(CARDCOMPLETE_LINE, PROFILES["cardcomplete"]) == ["** HÄNDLERBELEG **"]


def test_a_block_of_lines_of_a_terminal_in_the_field_is_read() -> None:
    assert lines_of(CLOSING, GENERIC) == [
        "02.11.2021         17:05:02",
        "TID:AH000006",
        "Abschluss - keine TX",
        " AV: +04.07 (Jun 11 2021)",
        "TI: E DT: 0/0/ OF: 0/0/ CG:",
        "           1/0/",
        *[""] * 7,
    ]


@pytest.mark.parametrize("cut_at", [10, 40, 100])
def test_a_block_that_is_cut_is_no_receipt(cut_at: int) -> None:
    assert lines_of(CLOSING[:cut_at], GENERIC) == []


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("6200000000000005", "620000******0005"),
        ("Nr: 6200 0000 0000 0005", "Nr: 620000******0005"),
        ("6200-0000-0000-0005 x", "620000******0005 x"),
        ("PAN62055000000000000041230", "PAN***"),
        ("19.10.2021 13:30:04", "19.10.2021 13:30:04"),
        ("Trace-Nr: 001044 Beleg 0502", "Trace-Nr: 001044 Beleg 0502"),
        ("a\x00b\x1b[2J", "a b [2J"),
    ],
)
def test_a_line_shows_no_card_number_and_no_control(text: str, masked: str) -> None:
    assert masked_line(text) == masked


@given(
    st.lists(st.sampled_from("0123456789"), min_size=12, max_size=19),
    st.sampled_from(["", " ", "-", "  "]),
    st.integers(1, 6),
)
def test_no_grouping_saves_a_card_number_from_its_mask(
    digits: list[str], between: str, size: int
) -> None:
    number = "".join(digits)
    groups = [number[at : at + size] for at in range(0, len(number), size)]
    shown = masked_line(f"Nr {between.join(groups)} !")
    assert number not in shown.replace(" ", "").replace("-", "")
    assert sum(each.isdigit() for each in shown) <= 10


# --- what is kept -----------------------------------------------------------------------------------------


def test_what_is_kept_of_a_command_is_as_long_and_holds_no_card_and_no_password() -> None:
    kept = redact(PAYMENT)
    assert len(kept) == len(PAYMENT)
    assert Status.read(kept) == Status.read(PAYMENT)
    assert read_bmps(kept)[0x22] == bytes(8)
    assert b"Mastercard" not in kept
    assert redact(bytes.fromhex("060006 123456 BE 0978")).hex() == "060006000000000000"
    assert redact(bytes.fromhex("06D109405249454447203530")).hex() == "06d109" + "00" * 9
    assert redact(bytes.fromhex("061E016C")).hex() == "061e016c"


@given(st.binary(max_size=300))
def test_what_is_kept_is_as_long_and_only_what_stood_there(body: bytes) -> None:
    kept = redact(body)
    assert len(kept) == len(body)
    assert all(new in (0, old) for new, old in zip(kept, body, strict=True))


def test_nothing_of_a_card_is_in_what_was_heard() -> None:
    heard = Heard(GENERIC)
    heard.take(command(0x040F, b"\x27\x00\x22\xf0\xf8" + bytes.fromhex("6200000000000005")))
    heard.take(command(0x06D1, b"\x00" + b"6200000000000005"))
    assert "620000000000" not in repr(heard)
    assert heard.lines == ["620000******0005"]


def test_lines_and_words_of_a_terminal_that_never_ends_are_bounded() -> None:
    heard = Heard(GENERIC)
    for _ in range(2000):
        heard.take(command(0x06D1, b"\x00x"))
        heard.take(command(0x04FF, b"\x0a"))
    assert (len(heard.lines), len(heard.seen)) == (500, 40)


# --- settings and references ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        {"password": "12345"},
        {"password": "12345a"},
        {"currency": "EUR"},
        {"config": 256},
        {"reply_s": 0.0},
        {"silence_s": -1.0},
    ],
)
def test_settings_that_cannot_be_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ConfigError):
        ZVTSettings(**wrong)  # type: ignore[arg-type]


def test_a_password_is_not_shown() -> None:
    assert "987654" not in repr(ZVTSettings(password="987654"))


@pytest.mark.parametrize(
    ("reference", "receipt"),
    [
        ("0045", "0045"),
        ("000123/0045", "0045"),
        ("45", None),
        ("", None),
        ("000123/0000", None),
        ("000123/００４５", None),
    ],
)
def test_a_reversal_names_four_digits_of_a_receipt(reference: str, receipt: str | None) -> None:
    assert receipt_asked(void(reference)) == receipt
