"""The picture of a message: complete in bytes, and blind where it must be."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posrefund.codec import Field, Node, describe
from posrefund.codec.mask import HIDDEN, mask
from posrefund.dialects import dialect
from published import CLEAN, Published

UNIONPAY = dialect("unionpay")
PAN = "6200000000000005"
every_clean = pytest.mark.parametrize("row", [pytest.param(row, id=row.name) for row in CLEAN])

# What no picture may show, under the field that carries it.
CANARIES = {
    "2": PAN,
    "14": "3012",
    "35": f"{PAN}D3012101777777",
    "36": f"99{PAN}D156177777777",
    "48": "00000000099901100000000000200210000000000000000000000000000001",
    "52": "C0FFEE77C0FFEE77",
    "54": "0001156C000000077777",
    "55": "5A0862000000000000055F2403301231DF0108DEADBEEFDEADBEEF",
    "57": f"card {PAN}",
    "58": "DEADBEEF58",
    "59": f"A2 {PAN}",
    "62": "11" * 16 + "AABBCCDD" + "22" * 16 + "EEFF0011",
}


def walk(nodes: tuple[Node, ...]) -> Iterator[Node]:
    for node in nodes:
        yield node
        yield from walk(node.children)


def value_of(nodes: tuple[Node, ...], path: str) -> str:
    return next(node.value for node in walk(nodes) if node.path == path)


@pytest.mark.parametrize(
    ("value", "show", "shown"),
    [
        ("6200000000000005", "pan", "620000******0005"),
        ("6205500000000000004", "pan", "620550*********0004"),
        ("6200000000005", "pan", "620000***0005"),
        ("620000000005", "pan", "********0005"),
        ("62000005", "pan", "****0005"),
        ("6200005", "pan", "***"),
        ("1234", "pan", "***"),
        ("", "pan", "***"),
        ("62000000000000D5", "pan", "***"),
        ("６２００００００００００００００", "pan", "***"),
        ("000001", "clear", "000001"),
        ("6200000000000005", "never", "***"),
        ("", "never", "***"),
    ],
)
def test_mask_shows_no_more_than_it_is_allowed(value: str, show: str, shown: str) -> None:
    assert mask(value, show) == shown  # type: ignore[arg-type]  # reason: the table is plain text


@given(st.from_regex(r"[0-9]{0,30}", fullmatch=True))
def test_mask_of_a_number_never_shows_more_than_first_six_and_last_four(digits: str) -> None:
    shown = mask(digits, "pan")

    if shown != HIDDEN:
        assert len(shown) == len(digits)
        assert len(shown.replace("*", "")) <= min(10, len(digits) - 3)
        assert shown.endswith(digits[-4:])


@given(st.text(max_size=40))
def test_mask_of_a_secret_shows_nothing(text: str) -> None:
    assert mask(text, "never") == HIDDEN


@pytest.mark.parametrize("name", list(CANARIES))
def test_picture_hides_what_must_not_be_seen(name: str) -> None:
    nodes = describe({"t": "0200", **CANARIES}, UNIONPAY.fields)

    told = "\n".join(repr(node) for node in walk(nodes))
    assert CANARIES[name] not in told
    assert value_of(nodes, f"DE{name}") == ("620000******0005" if name == "2" else HIDDEN)


def test_picture_shows_no_card_number_and_no_key_anywhere() -> None:
    told = "\n".join(
        repr(node) for node in walk(describe({"t": "0200", **CANARIES}, UNIONPAY.fields))
    )

    for secret in (PAN, "11" * 16, "22" * 16, "C0FFEE77", "DEADBEEF", "3012"):
        assert secret not in told


@pytest.mark.parametrize("name", list(CANARIES))
def test_picture_shows_the_clear_value_when_asked_to_reveal(name: str) -> None:
    nodes = describe({"t": "0200", **CANARIES}, UNIONPAY.fields, reveal=True)

    assert value_of(nodes, f"DE{name}") == CANARIES[name]


def test_picture_names_the_parts_of_the_sign_in_keys_only_when_asked_to_reveal() -> None:
    fields = {"t": "0810", "62": CANARIES["62"]}
    closed, opened = (
        describe(fields, UNIONPAY.fields),
        describe(fields, UNIONPAY.fields, reveal=True),
    )

    assert [node.path for node in walk(closed)] == ["MTI", "DE62"]
    assert value_of(opened, "DE62.pik") == "11" * 16
    assert value_of(opened, "DE62.mak_kcv") == "EEFF0011"


def test_picture_hides_a_field_that_no_table_names() -> None:
    nodes = describe({"t": "0200", "99": PAN}, UNIONPAY.fields)

    assert nodes[-1] == Node("DE99", "未知域", "unknown field", HIDDEN, None)
    assert describe({"99": PAN}, {}, reveal=True)[0].value == PAN


def test_picture_hides_what_is_left_over_in_a_field_that_is_never_shown() -> None:
    from posrefund.codec import Layout, Part

    layout = Layout((Part("kind", 2, "类", "kind"),))
    table = {
        "60": Field(60, "n...17", "域", "field", layout=layout),
        "61": Field(61, "n...29", "域", "field", show="pan", layout=layout),
    }
    nodes = describe({"60": "25000001", "61": "25" + PAN}, table)

    assert value_of(nodes, "DE60.rest") == "000001"
    assert value_of(nodes, "DE61.rest") == "620000******0005"


def test_picture_is_in_the_order_of_the_bytes_and_speaks_both_languages() -> None:
    fields = {
        "64": "00" * 8,
        "11": "000001",
        "p": "0" * 16,
        "4": "000000000001",
        "t": "0200",
        "2": PAN,
    }
    nodes = describe(fields, UNIONPAY.fields)

    assert [node.path for node in nodes] == ["MTI", "bitmap", "DE2", "DE4", "DE11", "DE64"]
    assert (nodes[3].zh, nodes[3].en) == ("交易金额", "amount")


def test_picture_of_a_refund_shows_its_parts() -> None:
    nodes = describe(
        {"60": "25000001000600", "61": "0000000000000309", "63": "CUP"}, UNIONPAY.fields
    )

    assert value_of(nodes, "DE60.type") == "25"
    assert value_of(nodes, "DE60.batch") == "000001"
    assert value_of(nodes, "DE60.network") == "000"
    assert value_of(nodes, "DE61.date") == "0309"
    assert value_of(nodes, "DE63.organisation") == "CUP"


@every_clean
def test_picture_covers_every_byte_of_a_published_message_once(row: Published) -> None:
    found = dialect(row.dialect)
    body = row.body if row.name != "sale_0200_request_mab_worked_mac" else row.body + bytes(8)
    reading = found.codec.read(body)
    nodes = describe(reading.fields, found.fields, spans=reading.spans)

    edges = [0]
    for node in nodes:
        assert node.span is not None
        assert node.span[0] == edges[-1]
        edges.append(node.span[1])
    assert edges[-1] == len(body)


@every_clean
def test_picture_of_a_published_message_shows_no_number_track_or_pin_block(row: Published) -> None:
    told = "\n".join(repr(node) for node in walk(describe(row.fields, dialect(row.dialect).fields)))

    for number in ("2", "35", "36", "52", "55", "59"):
        value = row.fields.get(number, "")
        assert len(value) < 8 or value not in told
    if "62" in row.fields and len(row.fields["62"]) == 80:
        assert row.fields["62"][:32] not in told


@given(
    st.dictionaries(st.sampled_from([*map(str, range(2, 129)), "t", "p"]), st.text(max_size=60), max_size=9),
    st.sampled_from(["unionpay", "unionpay-botim", "unionpay-vfwz", "unionpay-p8583"]),
)  # fmt: skip
def test_picture_of_any_fields_is_drawn_and_hides_all_that_is_never_shown(
    fields: dict[str, str], name: str
) -> None:
    table = dialect(name).fields
    for node in describe(fields, table):
        key = node.path.removeprefix("DE")
        row = table.get(key)
        if key.isdigit() and (row is None or row.show == "never"):
            assert node.value == HIDDEN
            assert node.children == ()
