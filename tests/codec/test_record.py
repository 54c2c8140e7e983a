"""Record and view: the same answers as ``decode`` in another dress, and nothing shown."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posrefund.codec import Codec, Record, View
from posrefund.dialects import dialect
from posrefund.errors import DecodeError, EncodeError

if TYPE_CHECKING:
    from collections.abc import Callable

UNIONPAY = dialect("unionpay")
CHECKS = {number: field.check() for number, field in UNIONPAY.fields.items()}
REFUND = {
    "t": "0220",
    "2": "6205500000000000004",
    "3": "200000",
    "4": "000000002800",
    "11": "000006",
    "22": "021",
    "35": "6205500000000000004D30122010000000000",
    "38": "0000 2",
    "41": "12345678",
    "52": "0123456789ABCDEF",
    "63": "CUP \u00e9",
}
SECRETS = [REFUND[number] for number in ("2", "35", "52")]


def warmed(fields: dict[str, str] = REFUND, **more: Any) -> tuple[Codec, bytes]:
    """A codec that has a stencil for *fields*, and their bytes."""
    codec = Codec(UNIONPAY.specification, **more)
    raw = b""
    for _ in range(5):
        raw = codec.encode(fields)
        codec.decode(raw)
    assert codec._engine._stencil_count == 1
    return codec, raw


def answer(call: Callable[[], object]) -> object:
    try:
        return call()
    except DecodeError as error:
        return error.path, error.offset_bytes, error.expected


def answers(codec: Codec, raw: bytes) -> list[object]:
    """What decode, record and view say of *raw*."""
    return [
        answer(lambda: codec.decode(raw)),
        answer(lambda: codec.record(raw).fields()),
        answer(lambda: dict(codec.lazy(raw))),
    ]


# --- the same as decode ----------------------------------------------------------------------------


@pytest.mark.parametrize("checks", [{}, CHECKS], ids=["plain", "checks"])
def test_every_cut_and_every_changed_byte_is_answered_as_decode_answers(checks: Any) -> None:
    codec, raw = warmed(checks=checks)
    plain = Codec(UNIONPAY.specification, checks=checks, engine="reference")
    damaged = [raw[:end] for end in range(len(raw))] + [raw + b"\0"]
    for place in range(len(raw)):
        changes = (0x01, 0x0F, 0x10, 0x80, 0xFF, raw[place], raw[place] ^ 0x3A)
        others = (bytes([raw[place] ^ change]) for change in changes)
        damaged += [raw[:place] + other + raw[place + 1 :] for other in others]

    for one in damaged:
        expected = answer(lambda one=one: plain.decode(one))  # type: ignore[misc]
        assert answers(codec, one) == [expected] * 3


@given(data=st.data())
def test_messages_with_checks_are_answered_as_the_reference_answers(data: st.DataObject) -> None:
    codec, raw = SHARED
    at = data.draw(st.integers(0, len(raw)))
    cut = data.draw(st.integers(0, 3))
    broken = raw[:at] + data.draw(st.binary(max_size=3)) + raw[at + cut :]

    expected = answer(lambda: SHARED_REFERENCE.decode(broken))
    assert answers(codec, broken) == [expected] * 3


SHARED = warmed(checks=CHECKS)
SHARED_REFERENCE = Codec(UNIONPAY.specification, checks=CHECKS, engine="reference")

TEXT = st.text(alphabet="0123456789ABCDFabf =D\u00e9\x1f", max_size=20)


@given(number=st.sampled_from(sorted(REFUND, key=str)), value=TEXT)
def test_values_with_checks_are_encoded_or_refused_as_the_reference_does(
    number: str, value: str
) -> None:
    codec, _ = SHARED
    fields = REFUND | {number: value}

    def said(one: Codec) -> object:
        try:
            return one.encode(fields)
        except EncodeError as error:
            return error.path, error.expected

    assert said(codec) == said(SHARED_REFERENCE)


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_any_kind_of_bytes_is_read(kind: type) -> None:
    codec, raw = warmed()

    assert codec.record(kind(raw)).fields() == codec.decode(raw)
    assert dict(codec.lazy(kind(raw))) == codec.decode(raw)


def test_a_view_does_not_change_with_the_buffer_it_was_made_from() -> None:
    codec, raw = warmed()
    buffer = bytearray(raw)
    view = codec.lazy(buffer)  # type: ignore[arg-type]
    buffer[:] = bytes(len(buffer))

    assert dict(view) == codec.decode(raw)


@pytest.mark.parametrize("value", ["0200", 5, None, [1, 2]])
def test_what_is_no_bytes_is_a_type_error(value: Any) -> None:
    codec, _ = warmed()
    for read in (codec.record, codec.lazy):
        with pytest.raises(TypeError, match="bytes"):
            read(value)


def test_a_message_without_fields_has_a_record_too() -> None:
    codec, raw = warmed({"t": "0820"})

    assert codec.record(raw).t == "0820"
    assert dict(codec.lazy(raw)) == codec.decode(raw) == {"t": "0820", "p": "0" * 16}


# --- what they are ---------------------------------------------------------------------------------


def both(fields: dict[str, str] = REFUND) -> list[tuple[Record, View]]:
    """Record and view from a stencil, and those of a codec that meets the shape for the first time."""
    codec, raw = warmed(fields)
    fresh = Codec(UNIONPAY.specification)
    return [(codec.record(raw), codec.lazy(raw)), (fresh.record(raw), fresh.lazy(raw))]


@pytest.mark.parametrize("which", [0, 1], ids=["stencil", "first"])
def test_fields_are_read_by_name_and_absent_ones_are_none(which: int) -> None:
    record, view = both()[which]

    assert (record.t, record.de4, record.de63) == ("0220", "000000002800", "CUP \u00e9")
    assert record.de39 is None
    assert record.h is None
    assert (view["4"], view.get("39"), "39" in view, len(view)) == ("000000002800", None, False, 12)
    assert isinstance(view, Mapping)
    with pytest.raises(KeyError, match="39"):
        view["39"]
    for wrong in ("de0", "de193", "x", "de", "_other", "pan"):
        with pytest.raises(AttributeError, match=wrong):
            getattr(record, wrong)


@pytest.mark.parametrize("which", [0, 1], ids=["stencil", "first"])
def test_a_record_cannot_be_changed(which: int) -> None:
    record, view = both()[which]
    for name in ("t", "de4", "de39", "other"):
        with pytest.raises(AttributeError):
            setattr(record, name, "1")
    record.fields()["4"] = "1"
    with pytest.raises(TypeError):
        view["4"] = "1"  # type: ignore[index]

    assert record.de4 == view["4"] == "000000002800"


def test_equality_is_that_of_fields_however_they_were_read() -> None:
    (made, lazy), (plain, view) = both()
    other = both(REFUND | {"11": "000007"})[0]

    assert made == plain
    assert hash(made) == hash(plain)
    assert lazy == view == made.fields()
    assert made != other[0]
    assert lazy != other[1]
    assert made != made.fields()


@pytest.mark.parametrize("which", [0, 1], ids=["stencil", "first"])
def test_nothing_is_shown_but_numbers(which: int) -> None:
    for one in both()[which]:
        for shown in (repr(one), str(one), f"{one}", f"{one!r:>5}", str([one]), "%s" % one):  # noqa: UP031
            assert shown.strip("[]").endswith("of t, p, 2, 3, 4, 11, 22, 35, 38, 41, 52, 63>")
            assert not [secret for secret in SECRETS if secret in shown]


def test_a_record_has_no_shape_that_printers_unfold() -> None:
    record, _ = both()[0]

    assert not isinstance(record, tuple | list | dict | set | Mapping)
    assert not hasattr(record, "__dict__")
    assert not hasattr(record, "__rich_repr__")


@pytest.mark.parametrize("which", [0, 1], ids=["stencil", "first"])
def test_copies_are_equal_and_show_as_little(which: int) -> None:
    for one in both()[which]:
        for made in (copy.copy(one), copy.deepcopy(one), pickle.loads(pickle.dumps(one))):
            assert made == one
            assert repr(made) == repr(one)


def test_a_stencil_keeps_no_value_of_the_message_it_was_made_from() -> None:
    codec, raw = warmed()
    codec.record(raw), codec.lazy(raw)
    (lengths,) = codec._stencils.values()
    (stencil,) = lengths.values()
    held = [getattr(stencil, name) for name in type(stencil).__slots__]

    def walk(value: Any) -> str:
        names = getattr(value, "__globals__", {})
        kept = {k: v for k, v in names.items() if k != "__builtins__" and not callable(v)}
        return f"{value!r} {kept!r}"

    text = " ".join(walk(value) for value in held)
    assert not [secret for secret in SECRETS if secret in text]
    assert f"{raw[20:30]!r}" not in text


@pytest.mark.parametrize("count", [1, 2, 6, 7, 12])
def test_a_stencil_reads_messages_of_any_number_of_fields(count: int) -> None:
    names = ["3", "4", "11", "12", "13", "14", "15", "37", "38", "39", "41", "42"][:count]
    sizes = {name: UNIONPAY.specification[name]["max_len"] for name in names}
    codec, raw = warmed({"t": "0800", **{name: "1" * size for name, size in sizes.items()}})
    (lengths,) = codec._stencils.values()
    (stencil,) = lengths.values()

    assert stencil.decode(raw) == codec.decode(raw) == codec._engine.decode(raw)
    record, view = stencil.record(raw), stencil.view(raw)
    assert record is not None
    assert view is not None
    assert record.fields() == dict(view) == codec.decode(raw)
