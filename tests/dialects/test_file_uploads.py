"""Requests in the header and signatures that go up, in a dialect file: what it says, what is wrong, and the way back."""

from __future__ import annotations

import pytest

from posrefund.dialects import dialect
from posrefund.dialects.file import dump_dialect, load_dialect
from posrefund.dialects.signature import SignatureUpload
from posrefund.errors import DialectFileError

BASE = 'name = "house"\nbase = "unionpay"\n'


def test_a_file_says_what_digits_ask_for_and_how_signatures_go_up() -> None:
    house = load_dialect(
        BASE
        + """\
[host_requests]
A = "software"
6 = false

[signature]
single = "301"
numbered = []
packet_bytes = 999
before_close = "refuse"
packed = ["FF06"]

[signature.tags]
FF65 = "original_terminal"
FF00 = false
"""
    )

    assert house.host_requests["A"] == "software"
    assert "6" not in house.host_requests
    assert house.signature.numbers(1) == ("301",)
    assert house.signature.packets_max == 1
    assert (house.signature.packet_bytes, house.signature.before_close) == (999, "refuse")
    assert house.signature.tags["FF65"] == "original_terminal"
    assert "FF00" not in house.signature.tags
    assert house.signature.packed == ("FF06",)
    assert load_dialect(dump_dialect(house)) == house


def test_a_file_that_says_nothing_of_them_leaves_them_as_they_are() -> None:
    house = load_dialect(BASE)

    assert house.host_requests == dialect("unionpay").host_requests
    assert house.signature == SignatureUpload()
    assert "[signature" not in dump_dialect(house)


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ('host_requests.0 = "software"', "host_requests.0: a hexadecimal digit in capitals, not 0"),
        ('host_requests.b = "software"', "host_requests.b: a hexadecimal digit in capitals, not 0"),
        ('host_requests.A = "coffee"', "host_requests.A: one of sign_in, software"),
        ("host_requests.A = 3", "host_requests.A: text"),
        ("signature.numbers = []", "signature.numbers: "),
        ('signature.single = "80"', "signature.single: three digits"),
        ('signature.last = "80A"', "signature.last: three digits"),
        ('signature.numbered = ["80"]', "signature.numbered: a list of three digits each"),
        ('signature.numbered = "800"', "signature.numbered: a list of texts"),
        ('signature.last = "800"', "signature.numbered: a number of its own for each packet"),
        ("signature.packet_bytes = 1000", "signature.packet_bytes: a whole number from 1 to 999"),
        ('signature.before_close = "wait"', "signature.before_close: one of remind, refuse"),
        ('signature.tags.FF = "operator"', "signature.tags.FF: a tag of four hexadecimal digits"),
        ('signature.tags.FF66 = "pan"', "signature.tags.FF66: one of merchant_name"),
        ('signature.packed = ["FFFF"]', "signature.packed: tags that stand in tags"),
    ],
)
def test_a_fault_is_named_with_its_line(line: str, fault: str) -> None:
    with pytest.raises(DialectFileError) as caught:
        load_dialect(f"{BASE}{line}\n")

    assert [each for each in caught.value.faults if f"{each[1]}: {each[2]}".startswith(fault)]
    assert {each[0] for each in caught.value.faults} == {3}


def test_a_dialect_without_the_message_needs_nothing_of_it() -> None:
    house = load_dialect(f"{BASE}messages.upload_signature = false\n")

    assert "upload_signature" not in house.messages
