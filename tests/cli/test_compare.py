"""``doctor`` and ``diff``: the right name, the reason, the field that differs, and nothing in clear."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from posrefund.cli.app import app
from published import by_name

SALE = by_name("sale_0200_mag_request_jiso").raw.hex()
BOTIM = by_name("refund_0230_response_botim").raw.hex()
VFWZ = by_name("pay_0200_ic_request_vfwz").raw.hex()


def invoke(*words: str, exit_code: int = 0) -> list[str]:
    result = CliRunner().invoke(app, words, catch_exceptions=False, env={"COLUMNS": "160"})
    assert result.exit_code == exit_code, result.output
    return [" ".join(line.split()) for line in result.output.splitlines()]


@pytest.mark.parametrize(
    ("message", "first"),
    [
        (SALE, "unionpay length prefix, TPDU, header reads: 0200, 15 fields"),
        (SALE[4:], "unionpay TPDU, header reads: 0200, 15 fields"),
        (BOTIM, "unionpay-botim TPDU, header reads: 0230, 13 fields"),
        (VFWZ, "unionpay-vfwz TPDU, header reads: 0200, 22 fields"),
    ],
)
def test_doctor_names_the_dialect_and_its_framing_first(message: str, first: str) -> None:
    assert invoke("doctor", message)[2] == first


def test_doctor_says_why_the_others_are_not_it() -> None:
    lines = invoke("doctor", VFWZ)

    assert any(
        line.startswith("unionpay no: DE46 at byte 78: expected a field of this specification")
        for line in lines
    )


def test_doctor_gives_up_on_noise() -> None:
    lines = invoke("doctor", "FFFF", exit_code=1)

    assert all("no: frame" in line for line in lines[2:])


def test_diff_of_a_message_with_itself_is_nothing() -> None:
    assert invoke("diff", SALE, SALE) == ["no difference"]


def test_diff_names_the_fields_and_parts_that_differ_and_shows_no_secret() -> None:
    other = (
        SALE.replace("000000000001001082", "000000000002001083")
        .replace("60d894d6f4978ef5", "60d894d6f4978ef6")
        .replace("22000015000501", "22000017000501")
    )

    lines = invoke("diff", SALE, other, exit_code=1)

    assert lines[2:] == [
        "DE4 amount 000000000001 000000000002",
        "DE11 STAN 001082 001083",
        "DE52 PIN block *** *** (another one)",
        "DE60.batch batch 000015 000017",
    ]


def test_diff_shows_what_only_one_of_them_has() -> None:
    lines = invoke("diff", SALE, SALE[4:], exit_code=1)

    assert lines[2:] == ["length_prefix True False"]
