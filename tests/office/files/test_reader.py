"""The reader: strict, the same however a file is cut, and what it says of itself has to be true."""

from __future__ import annotations

import gc
import hashlib
import io
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.builders import PAN_DIGITS, PROPERTY
from office.files.samples import ALIPAY, SHOP, SHOP_TOML, WECHAT, ZM_LINE
from office.lines import REFUND_LINE, line
from posrefund.engine.evidence import FileRow
from posrefund.errors import DecodeError
from posrefund.office.files import Expected, FileLayout, FileReader, Skipped, layout, load_layout
from posrefund.office.files.lines import LINE_BYTES_MAX, chunks_of, lines_of

FILES: dict[str, tuple[FileLayout, bytes]] = {
    "acom": (layout("unionpay-acom"), f"{REFUND_LINE}\n{line(stan='000008')}\r\n".encode()),
    "zm": (layout("unionpay-zm"), f"{ZM_LINE}\n{ZM_LINE}".encode()),
    "wechat": (layout("wechat"), WECHAT.encode()),
    "alipay": (layout("alipay"), ALIPAY.encode()),
    "shop": (load_layout(SHOP_TOML), SHOP.encode("gbk")),
}
every_file = pytest.mark.parametrize("name", sorted(FILES))


def rows(name: str, *chunks: bytes, expected: Expected | None = None) -> list[FileRow]:
    return list(FileReader(FILES[name][0], expected=expected).rows(chunks))


def refusal(name: str, raw: bytes, expected: Expected | None = None) -> tuple[str, str]:
    with pytest.raises(DecodeError) as caught:
        rows(name, raw, expected=expected)
    assert PAN_DIGITS not in str(caught.value) + repr(caught.value)
    return caught.value.path, caught.value.expected


# --- pieces ----------------------------------------------------------------------------------


@every_file
def test_file_cut_in_two_anywhere_is_the_same_file(name: str) -> None:
    raw = FILES[name][1]
    whole = rows(name, raw)

    assert whole
    for at in range(len(raw) + 1):
        assert rows(name, raw[:at], raw[at:]) == whole


@every_file
def test_file_that_comes_byte_by_byte_is_the_same_file(name: str) -> None:
    raw = FILES[name][1]

    assert rows(name, *(raw[at : at + 1] for at in range(len(raw)))) == rows(name, raw)


@PROPERTY
@given(st.lists(st.binary(max_size=12)))
def test_lines_are_those_of_the_whole(chunks: list[bytes]) -> None:
    whole = b"".join(chunks)
    expected = whole.split(b"\n")
    expected = expected if expected[-1] else expected[:-1]

    assert list(lines_of(chunks)) == [each.removesuffix(b"\r") for each in expected]


def test_line_without_an_end_does_not_fill_the_memory() -> None:
    endless = (b"x" * 1024 for _ in range(1_000_000))
    with pytest.raises(DecodeError) as caught:
        list(lines_of(endless))

    assert (caught.value.path, caught.value.expected) == (
        "line 1",
        f"at most {LINE_BYTES_MAX} bytes",
    )


def test_memory_does_not_grow_with_the_file() -> None:
    one = f"{line(terminal='87654321')}\n".encode()

    def peak(count: int) -> int:
        reader = FileReader(layout("unionpay-acom"), terminal="12345678")
        gc.collect()
        tracemalloc.start()
        assert sum(1 for _ in reader.rows(one for _ in range(count))) == 0
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    peak(10)  # caches of the first run
    assert peak(4_000) < peak(40) + 20_000


def test_memory_does_not_grow_with_what_rows_say_of_their_kind() -> None:
    def peak(count: int) -> int:
        reader = FileReader(layout("unionpay-acom"), terminal="87654321")
        gc.collect()
        tracemalloc.start()
        lines = (f"{line(processing=f'{number:06d}')}\n".encode() for number in range(count))
        assert sum(1 for _ in reader.rows(lines)) == 0
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    peak(10)
    assert peak(6_000) < peak(2_000) + 50_000


def test_open_file_comes_in_pieces() -> None:
    raw = b"x" * 600_000

    assert b"".join(chunks_of(io.BytesIO(raw))) == raw
    assert max(map(len, chunks_of(io.BytesIO(raw)))) < 300_000


# --- what a file says of itself --------------------------------------------------------------


@every_file
def test_reader_counts_rows_bytes_and_sums(name: str) -> None:
    known, raw = FILES[name]
    reader = FileReader(known)
    found = list(reader.rows([raw]))

    assert reader.rows_read == len(found)
    assert reader.sum_minor == sum(row.amount_minor for row in found)
    assert reader.bytes_read == len(raw)
    assert reader.sha256 == hashlib.sha256(raw).hexdigest()
    assert set(reader.days) == {"0309"}


ACOM = FILES["acom"][1]
ACOM_SHA256 = hashlib.sha256(ACOM).hexdigest()
ACOM_SHA1 = hashlib.sha1(ACOM, usedforsecurity=False).hexdigest()


@pytest.mark.parametrize(
    ("expected", "is_whole"),
    [
        (Expected(), False),
        (Expected(rows=2), True),
        (Expected(sum_minor=2_000), False),
        (Expected(sha256=ACOM_SHA256), True),
        (Expected(sha1=ACOM_SHA1.upper()), True),
        (Expected(2, 2_000, ACOM_SHA256, ACOM_SHA1), True),
    ],
)
def test_totals_that_agree_prove_a_whole_file(expected: Expected, is_whole: bool) -> None:
    reader = FileReader(layout("unionpay-acom"), expected=expected)
    list(reader.rows([ACOM]))

    assert reader.is_whole == is_whole


@pytest.mark.parametrize(
    ("expected", "said"),
    [
        (Expected(rows=1), "1 lines, found 2"),
        (Expected(rows=3), "3 lines, found 2"),
        (Expected(sum_minor=2_001), "a sum of 2001, found 2000"),
        (Expected(sha256="00" * 32), "the file of that SHA-256"),
        (Expected(sha1="00" * 20), "the file of that SHA-1"),
    ],
)
def test_totals_that_differ_refuse_the_file(expected: Expected, said: str) -> None:
    assert refusal("acom", ACOM, expected) == ("file", said)


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (("`2,`100.00", "`3,`100.00"), ("line 5", "the totals of its rows, 2")),
        (("`2,`100.00,`10.00", "`2,`100.01,`10.00"), ("line 5", "the totals of its rows, 10000")),
        (("`2,`100.00,`10.00", "`2,`100.00,`10.01"), ("line 5", "the totals of its rows, 1000")),
        (("`2,`100.00", "`x,`100.00"), ("line 5", "the totals of its rows, 2")),
        (("`2,`100.00,", "`2,"), ("line 5", "7 columns")),
        (("`R-1,`10.00", "`R-1,`11.00"), ("line 5", "the totals of its rows, 1000")),
        (("交易时间", "时间"), ("line 1", "column 1 of the layout once")),
        (("用户标识", "交易状态"), ("line 1", "column 5 of the layout once")),
        (("`2026-03-09 10", "2026-03-09 10"), ("line 3", "a date and a time")),
        (("`CNY,`0.00", "`XXX,`0.00"), ("line 3", "a currency of the layout")),
    ],
)
def test_bill_whose_totals_or_columns_are_wrong_is_refused(
    change: tuple[str, str], where: tuple[str, str]
) -> None:
    assert change[0] in WECHAT
    found = refusal("wechat", WECHAT.replace(*change).encode())

    assert found[0] == where[0]
    assert found[1] == where[1] or change[0].startswith("`R-1")


@pytest.mark.parametrize("name", ["wechat", "alipay"])
def test_file_that_lost_its_last_lines_is_refused(name: str) -> None:
    raw = FILES[name][1]
    lines = raw.splitlines(keepends=True)
    rows_of = {"wechat": 3, "alipay": 3}[name]

    for keep in range(1, rows_of + 1):
        assert refusal(name, b"".join(lines[:keep])) == ("file", "its last lines")
    assert refusal(name, raw + lines[1])[1] == "nothing behind the last line"


@pytest.mark.parametrize("name", sorted(FILES))
def test_byte_that_changed_never_passes_where_a_digest_is_given(name: str) -> None:
    raw = FILES[name][1]
    expected = Expected(sha256=hashlib.sha256(raw).hexdigest())
    for at in range(len(raw)):
        changed = bytes([raw[at] ^ 1])
        with pytest.raises(DecodeError):
            rows(name, raw[:at] + changed + raw[at + 1 :], expected=expected)


@pytest.mark.parametrize("name", sorted(FILES))
@pytest.mark.parametrize("bit", [1, 16, 128])
def test_byte_that_changed_is_refused_or_leaves_count_and_sum_as_they_were(
    name: str, bit: int
) -> None:
    """With count and sum given, an amount can only change together with another one."""
    raw = FILES[name][1]
    before = rows(name, raw)
    expected = Expected(len(before), sum(row.amount_minor for row in before))
    for at in range(len(raw)):
        changed = bytes([raw[at] ^ bit])
        try:
            after = rows(name, raw[:at] + changed + raw[at + 1 :], expected=expected)
        except DecodeError:
            continue
        assert [row.amount_minor for row in after] == [row.amount_minor for row in before]


@PROPERTY
@given(st.sampled_from(sorted(FILES)), st.binary(max_size=400), st.integers(0, 2_000))
def test_whatever_the_bytes_only_a_decode_error_escapes(name: str, noise: bytes, at: int) -> None:
    known, raw = FILES[name]
    found, where = [], "file"
    try:
        found = list(FileReader(known).rows([raw[:at], noise, raw[at:]]))
    except DecodeError as error:
        where = error.path

    assert where == "file" or where.startswith("line ")
    assert all(row.amount_minor >= 0 for row in found)


# --- quotes, tolerance, cards ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "reference"),
    [('"R-1"', "R-1"), ('"R,1"', "R,1"), ('"R""1"', 'R"1'), ('""', "")],
)
def test_quotes_keep_a_separator_inside(cell: str, reference: str) -> None:
    raw = ALIPAY.replace(",R-1,", f",{cell},").encode()

    assert rows("alipay", raw)[1].reference == reference


@pytest.mark.parametrize("cell", ['"R-1', '"R-1"x', 'R"1', '"R""1'])
def test_quote_that_does_not_end_refuses_the_file(cell: str) -> None:
    path, _ = refusal("alipay", ALIPAY.replace(",R-1,", f",{cell},").encode())

    assert path == "line 3"


def test_tolerant_reader_says_what_it_passed_over_and_proves_nothing() -> None:
    raw = f"{REFUND_LINE}\nbroken\n{line(amount='00000000X000')}\n{line(stan='000008')}\n".encode()
    reader = FileReader(layout("unionpay-acom"), tolerant=True)

    assert [row.stan for row in reader.rows([raw])] == ["000007", "000008"]
    assert reader.skipped == [Skipped(2, "299 characters", 6), Skipped(3, "digits", 62)]
    assert not reader.is_whole
    counted = FileReader(layout("unionpay-acom"), tolerant=True, expected=Expected(rows=4))
    with pytest.raises(DecodeError, match="4 lines, found 2"):
        list(counted.rows([raw]))


def test_rows_of_other_terminals_are_checked_and_counted_and_do_not_come_out() -> None:
    raw = f"{REFUND_LINE}\n{line(terminal='87654321')}\n".encode()
    reader = FileReader(layout("unionpay-acom"), terminal="12345678")

    assert [row.row for row in reader.rows([raw])] == [1]
    assert (reader.rows_read, reader.rows_elsewhere) == (2, 1)
    assert (reader.sum_minor, reader.sum_elsewhere_minor) == (2_000, 1_000)
    broken = f"{REFUND_LINE}\n{line(terminal='87654321', amount='x' * 12)}\n".encode()
    with pytest.raises(DecodeError, match="line 2"):
        list(FileReader(layout("unionpay-acom"), terminal="12345678").rows([broken]))


@pytest.mark.parametrize("name", ["acom", "zm", "shop"])
def test_card_number_becomes_a_digest_or_nothing(name: str) -> None:
    known, raw = FILES[name]
    seen: list[bytes] = []

    def fingerprint(digits: bytes) -> str:
        seen.append(digits)
        return "f" * 32

    with_digest = list(FileReader(known, fingerprint=fingerprint).rows([raw]))

    assert set(seen) == {PAN_DIGITS.encode()}
    assert {row.card_fingerprint for row in with_digest} == {"f" * 32}
    assert {row.card_fingerprint for row in rows(name, raw)} == {""}
    assert PAN_DIGITS not in repr(with_digest) + repr(rows(name, raw))


@pytest.mark.parametrize("name", ["acom", "zm", "shop"])
def test_failure_takes_no_line_out_in_its_frames(name: str) -> None:
    known, raw = FILES[name]
    broken = raw.replace(b"10", b"1x")
    with pytest.raises(DecodeError) as caught:
        list(FileReader(known).rows([broken]))
    frames = []
    trace = caught.value.__traceback__
    while trace is not None:
        frames.append(trace.tb_frame)
        trace = trace.tb_next
    here = [frame for frame in frames if "posrefund" in frame.f_code.co_filename]

    assert here
    for frame in here:
        names = {k: v for k, v in frame.f_locals.items() if k != "chunks"}
        assert PAN_DIGITS not in repr(names)


@pytest.mark.parametrize("old", ["606810000123", "000007"])
def test_card_number_in_the_column_of_a_number_refuses_the_file(old: str) -> None:
    """What the journal keeps of a row has no room for one."""
    raw = SHOP.replace(old, PAN_DIGITS).encode("gbk")

    assert refusal("shop", raw)[0] == "line 2"


@pytest.mark.parametrize("fixed", ["acom", "zm"])
def test_gap_that_is_filled_refuses_a_file_of_fixed_width(fixed: str) -> None:
    known, raw = FILES[fixed]
    end = known.columns[0].width
    line_1 = raw.split(b"\n")[0]

    assert refusal(fixed, line_1[:end] + b"x" + line_1[end + 1 :]) == (
        "line 1",
        "a space between two fields",
    )
