"""Parts of a composite field: named when whole, left over when not, and the same text again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posrefund.codec import Layout, Part
from posrefund.errors import EncodeError

DE61 = Layout(
    (
        Part("batch", 6, "原批次号", "original batch"),
        Part("stan", 6, "原流水号", "original STAN"),
        Part("date", 4, "原交易日期", "original date"),
    )
)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", {}),
        ("00001", {"rest": "00001"}),
        ("000001", {"batch": "000001"}),
        ("0000010000", {"batch": "000001", "rest": "0000"}),
        ("000001000002", {"batch": "000001", "stan": "000002"}),
        ("0000010000020309", {"batch": "000001", "stan": "000002", "date": "0309"}),
        (
            "000001000002030900",
            {"batch": "000001", "stan": "000002", "date": "0309", "rest": "00"},
        ),
    ],
)
def test_layout_names_whole_parts_and_keeps_the_rest(text: str, parts: dict[str, str]) -> None:
    assert DE61.split(text) == parts
    assert DE61.join(parts) == text


@given(st.text(max_size=30), st.lists(st.integers(1, 8), max_size=5))
def test_layout_joins_what_it_split_whatever_the_text(text: str, widths: list[int]) -> None:
    layout = Layout(
        tuple(Part(f"part{i}", width, "部分", "part") for i, width in enumerate(widths))
    )

    assert layout.join(layout.split(text)) == text


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"stan": "000002"}, r"^DE61\.batch: expected 6 characters$"),
        ({"batch": "000001", "date": "0309"}, r"^DE61\.stan: expected 6 characters$"),
        ({"batch": "00001"}, r"^DE61\.batch: expected 6 characters$"),
        ({"batch": "0000001"}, r"^DE61\.batch: expected 6 characters$"),
        ({"batch": "000001", "year": "26"}, r"^DE61\.year: expected one of batch, stan, date, rest$"),
    ],
)  # fmt: skip
def test_layout_refuses_to_join_what_has_a_hole_or_another_width(
    values: dict[str, str], message: str
) -> None:
    with pytest.raises(EncodeError, match=message):
        DE61.join(values, path="DE61")


def test_layout_takes_parts_in_any_order_of_the_mapping() -> None:
    assert DE61.join({"stan": "000002", "batch": "000001"}) == "000001000002"


@given(
    st.dictionaries(
        st.sampled_from(["batch", "stan", "date", "rest", "other"]), st.text(max_size=8)
    )
)
def test_layout_joins_any_mapping_or_names_the_part(values: dict[str, str]) -> None:
    refusal = None
    try:
        text = DE61.join(values, path="DE61")
    except EncodeError as error:
        refusal, text = error, ""
    if refusal is None:
        assert len(text) == sum(map(len, values.values()))
    else:
        assert refusal.path.startswith("DE61.")
