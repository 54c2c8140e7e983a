"""What a strict reader refuses inside fields: by path and byte, all at once, and never by value."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posrefund.codec import BERTLV, Check, Codec, Field, Layout, Part, describe, faults_inside
from posrefund.codec.inside import Piece, join_value, octets
from posrefund.codec.place import Place, place_of
from posrefund.dialects import dialect
from posrefund.dialects.capture import open_capture
from posrefund.errors import DecodeError, EncodeError
from published import CLEAN, Published, by_name

UNIONPAY = dialect("unionpay")
FIELDS = UNIONPAY.fields
OTHER_FORM = "sale_0200_ic_contactless_request"
"""Its DE59 has lengths of two digits."""


def faults(
    number: str, value: str, span: tuple[int, int] | None = None
) -> list[tuple[str, str, int]]:
    spans = {number: span} if span else None
    found = faults_inside({number: value}, FIELDS, spans=spans)
    return [(fault.path, fault.expected, fault.offset_bytes) for fault in found]


@pytest.mark.parametrize(
    "row", [row for row in CLEAN if row.name != OTHER_FORM], ids=lambda row: row.name
)
def test_a_strict_reader_takes_the_inside_of_every_published_message(row: Published) -> None:
    known = dialect(row.dialect)
    capture = open_capture(row.raw, known)

    assert faults_inside(capture.fields, known.fields, spans=capture.spans) == ()


def test_a_strict_reader_points_into_the_frame_of_a_refund() -> None:
    fields = {"t": "0220", "60": "25000001000600", "61": "0000010000020231"}
    body = UNIONPAY.codec.encode(fields)
    reading = UNIONPAY.codec.read(body)

    (fault,) = faults_inside(reading.fields, FIELDS, spans=reading.spans)
    assert (fault.path, fault.expected) == ("DE61.date", "a date or time MMDD")
    assert body[fault.offset_bytes : fault.offset_bytes + 2].hex() == "0231"
    assert fault.partial == ("DE61.batch (6 characters)", "DE61.stan (6 characters)")


@pytest.mark.parametrize(
    ("number", "value", "span", "found"),
    [
        ("61", "0000010000020229", (40, 50), []),
        ("61", "0000010000020000", (40, 50), []),  # a day that the terminal does not know
        ("61", "0000010000021301", (40, 50), [("DE61.date", "a date or time MMDD", 48)]),
        ("61", "00000100000", (40, 48), [("DE61.stan", "6 characters, found 5", 45)]),
        ("61", "00000A000002", (40, 48), [("DE61.batch", "digits", 42)]),
        ("61", "0" * 30, (40, 57), [("DE61.rest", "nothing after the last part", 56)]),
        ("60", "2200001500050", (40, 49), []),
        ("60", "22000015000501000A", (40, 51), [("DE60.rest", "nothing after the last part", 50)]),
        ("53", "A600000000000000", (40, 48), [("DE53.pin_format", "digits", 40)]),
        ("53", "2A00000000000000", (40, 48), [("DE53.key_length", "digits", 40)]),
        ("63", "CUPany text may follow", (40, 64), []),
        ("63", "CU", (40, 44), [("DE63.organisation", "3 characters, found 2", 42)]),
        ("62", "AB" * 24, (40, 66), []),  # not the forty bytes that are laid out
        ("55", "9F2608EBC2FD01", (40, 49), [("DE55/9F26", "8 bytes, found 4", 45)]),
        ("55", "9F260195" + "700A9F2608", (40, 51), [("DE55/70", "10 bytes, found 3", 48)]),
        ("55", "70059F26059F26", (40, 49), [("DE55/70/9F26", "5 bytes, found 2", 47)]),
        ("55", "9F2", (40, 44), [("DE55", "whole bytes", 42)]),
        ("11", "00000A", (40, 43), []),  # composite fields only
        ("99", "anything", (40, 48), []),
    ],
)  # fmt: skip
def test_a_strict_reader_names_the_place(
    number: str, value: str, span: tuple[int, int], found: list[tuple[str, str, int]]
) -> None:
    assert sorted(faults(number, value, span)) == sorted(found)


def test_without_spans_a_place_counts_from_the_data_of_its_field() -> None:
    assert faults("61", "0000010000020231") == [("DE61.date", "a date or time MMDD", 6)]
    assert faults("55", "9F2608EBC2") == [("DE55/9F26", "8 bytes, found 2", 3)]
    assert faults("44", "0104") == [("DE44.issuer", "11 characters, found 4", 0)]


def test_no_fault_carries_what_it_found() -> None:
    secret = "6200000000000005"
    fields = {
        "44": secret,
        "55": f"5A08{secret}DF",
        "59": f"A3016{secret}A4016{secret}",
        "61": secret,
    }
    found = faults_inside(fields, FIELDS)

    assert len(found) == 4
    for fault in found:
        again = pickle.loads(pickle.dumps(fault))
        told = f"{fault} {fault!r} {fault.args} {vars(fault)} {again!r}"
        assert "62000" not in told
        assert (again.path, again.partial) == (fault.path, fault.partial)
    assert secret not in repr(Piece("A4", secret, 0, 16))


# --- places ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "value", "span", "place", "first", "last"),
    [
        ("n6", "123456", (10, 13), (10, 1, 0), (10, 11), (12, 13)),
        ("n3", "021", (10, 12), (10, 1, 1), (10, 11), (11, 12)),
        ("n3<", "021", (10, 12), (10, 1, 0), (10, 11), (11, 12)),
        ("n..19", "12345", (10, 14), (11, 1, 0), (11, 12), (13, 14)),
        ("n...29", "123456", (10, 15), (12, 1, 0), (12, 13), (14, 15)),
        ("an12", "ABC", (10, 13), (10, 2, 0), (10, 11), (12, 13)),
        ("ans...999", "ABC", (10, 15), (12, 2, 0), (12, 13), (14, 15)),
        ("b64", "00112233", (10, 14), (10, 1, 0), (10, 11), (13, 14)),
        ("b...999", "001122", (10, 15), (12, 1, 0), (12, 13), (14, 15)),
        ("n6", "123456", (10, 16), (10, 2, 0), (10, 11), (15, 16)),  # digits in ASCII
        ("n..19", "12345", (10, 17), (12, 2, 0), (12, 13), (16, 17)),
        ("b64", "0011223344556677", (10, 26), (10, 2, 0), (10, 11), (25, 26)),
        ("ans...999", "ABC", (10, 19), (16, 2, 0), (16, 17), (18, 19)),  # six digits of length
    ],
)  # fmt: skip
def test_characters_have_their_bytes(
    kind: str,
    value: str,
    span: tuple[int, int],
    place: tuple[int, int, int],
    first: tuple[int, int],
    last: tuple[int, int],
) -> None:
    found = place_of(Field(9, kind, "域", "field"), value, span)

    assert found == Place(*place)
    assert (found.span(0, 1), found.span(len(value) - 1, len(value))) == (first, last)


@pytest.mark.parametrize("row", CLEAN, ids=lambda row: row.name)
def test_every_piece_of_a_published_message_stands_where_its_bytes_are(row: Published) -> None:
    known = dialect(row.dialect)
    capture = open_capture(row.raw, known)
    for node in describe(capture.fields, known.fields, spans=capture.spans, reveal=True):
        is_text = node.path.startswith("DE") and known.fields[node.path[2:]].format.startswith("a")
        for child in node.children:
            assert child.span is not None
            stands = row.raw[slice(*child.span)]
            if "/" in child.path and not is_text:
                stands = stands[-len(child.value) // 2 :] if child.value else b""
            found = stands.decode("latin-1") if is_text else stands.hex().upper()
            assert child.value in found


# --- one concept -------------------------------------------------------------------------------------

LAYOUTS = [
    pytest.param(row.layout, id=f"DE{number}") for number, row in FIELDS.items() if row.layout
]
values = st.one_of(
    st.text(max_size=50),
    st.text("0123456789ABCDEF", max_size=60),
    st.binary(max_size=40).map(lambda raw: raw.hex().upper()),
    st.from_regex(r"(9F(26|36)0[0-4]|70[01][0-9]|8A02[0-9]{4}){0,6}", fullmatch=True),
)


@pytest.mark.parametrize("layout", LAYOUTS)
@given(value=values)
def test_a_layout_takes_anything_and_gives_the_same_again(layout: Layout, value: str) -> None:
    assert layout.join(layout.split(value)) == value
    scan = layout.scan(value)
    for piece in scan.pieces:
        assert 0 <= piece.start < piece.end <= len(value)
    for misfit in scan.misfits:
        assert 0 <= misfit.at <= len(value)


@pytest.mark.parametrize("layout", LAYOUTS)
@given(data=st.recursive(
    st.none() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["tag", "tags", "value", "raw", "rest", "batch", "A4", "length"]), inner),
    max_leaves=8,
))  # fmt: skip
def test_a_layout_joins_any_data_or_says_where_they_are_wrong(layout: Layout, data: object) -> None:
    try:
        text = layout.join(data, path="DE1")  # type: ignore[arg-type]  # reason: any JSON is the point
    except EncodeError as refusal:
        assert refusal.path.startswith("DE1")  # noqa: PT017 — most data are refused, some are not
    else:
        assert isinstance(text, str)


@given(st.dictionaries(st.sampled_from([*FIELDS]), values, max_size=6))
def test_a_strict_reader_answers_with_decode_errors_only(fields: dict[str, str]) -> None:
    for fault in faults_inside(fields, FIELDS):
        assert type(fault) is DecodeError
        assert fault.offset_bytes >= 0


def test_an_odd_length_is_kept_without_the_whole() -> None:
    layout = BERTLV({"9F36": "transaction counter"})
    rows = [{"tag": "70", "tags": [{"tag": "9F36", "length": "8102", "value": "031E"}]}]

    assert layout.split("7006" "9F368102031E") == rows  # fmt: skip
    assert layout.join(rows) == "70069F368102031E"
    with pytest.raises(EncodeError, match=r"^DE55/70/9F36: expected a length of 1$"):
        layout.join(
            [{"tag": "70", "tags": [{"tag": "9F36", "length": "8102", "value": "03"}]}], path="DE55"
        )
    with pytest.raises(EncodeError, match=r"^DE55/9F36: expected a length of 1$"):
        layout.join([{"tag": "9F36", "length": "82", "value": "03"}], path="DE55")


def test_bertlv_may_stand_in_a_field_of_text() -> None:
    layout = BERTLV({"9F36": "transaction counter"}, "latin-1")
    (piece,) = layout.scan("\x9f\x36\x02\x03\x1e").pieces

    assert (piece.value, piece.start, piece.end) == ("031E", 0, 5)
    assert layout.join(layout.split("\x9f\x36\x02\x03\x1e")) == "\x9f\x36\x02\x03\x1e"


def test_lower_case_hexadecimal_is_no_value_of_a_field_of_bytes() -> None:
    assert octets("9f", "hex") is None
    assert octets("9F", "hex") == b"\x9f"
    assert octets("日", "latin-1") is None


def test_a_check_may_allow_zeros_for_what_is_not_known() -> None:
    known, unknown = (Check("n", calendar="MMDD", zeros=zeros) for zeros in (False, True))

    assert [known.fault("0000"), unknown.fault("0000")] == ["a date or time MMDD", None]
    assert [unknown.fault("0230"), unknown.fault("")] == ["a date or time MMDD"] * 2


def test_the_codec_itself_asks_nothing_of_the_inside() -> None:
    codec: Codec = UNIONPAY.codec
    fields = {"t": "0220", "61": "9999999999999999", "59": "A4", "55": "9F2608"}

    assert codec.decode(codec.encode(fields)).items() >= fields.items()
    assert len(faults_inside(fields, FIELDS)) == 3


def test_parts_may_be_left_out_of_the_published_chip_data() -> None:
    value = by_name(OTHER_FORM).fields["55"]
    layout = FIELDS["55"].layout
    assert isinstance(layout, BERTLV)
    rows = [row for row in layout.split(value) if row["tag"] != "9F26"]

    assert layout.join(rows) == value.removeprefix("9F260895BBE372271DDA7C")


def test_a_part_by_position_in_a_field_that_is_never_shown_is_not_shown() -> None:
    layout = Layout((Part("flag", 1, "标志", "flag"),))

    assert layout.scan("6200000000000005", "never").pieces == ()


def test_stars_of_a_masked_number_are_not_joined_to_anything() -> None:
    layout = Layout((Part("kind", 2, "类", "kind"),))

    with pytest.raises(
        EncodeError, match=r"^DE61: expected a clear value: decode it with --reveal$"
    ):
        join_value(layout, {"kind": "25", "rest": "620000******0005"}, "DE61", "pan")


def test_a_long_value_gets_the_shortest_length_that_fits() -> None:
    layout = BERTLV({})
    value = layout.join([{"tag": "9F7C", "value": "AB" * 200}])

    assert value.startswith("9F7C81C8AB")
    assert layout.split(value) == [{"tag": "9F7C", "value": "AB" * 200}]
