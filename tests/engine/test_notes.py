"""What a journal may keep of what people write: no card number, however it is written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.builders import PROPERTY
from posrefund.engine.notes import is_note

PAN = "6200000000000005"
BETWEEN = ["", " ", ".", "/", "-", "_", ",", "，", "、", "·", "–", "—", "\u3000", "\u00a0"]


@PROPERTY
@given(
    st.sampled_from(BETWEEN),
    st.sampled_from(["0123456789", "０１２３４５６７８９"]),
    st.sampled_from(["", "卡号 ", "card no. ", "a"]),
    st.sampled_from(["", " 谢谢", "x"]),
)
def test_no_way_to_write_a_card_number_is_a_note(
    between: str, digits: str, before: str, behind: str
) -> None:
    groups = [PAN[at : at + 4] for at in range(0, 16, 4)]
    written = between.join(groups).translate(str.maketrans("0123456789", digits))
    assert not is_note(f"{before}{written}{behind}")


@pytest.mark.parametrize(
    "note",
    [
        "2026-03-09 14:05:30, amount 1,234.56",
        "RRN 606810000062",
        "电话 138 0013 8000",
        "",
        "顾客要求退款",
    ],
)
def test_what_people_write_of_a_refund_is_a_note(note: str) -> None:
    assert is_note(note)
