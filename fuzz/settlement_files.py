"""Settlement files under fuzz: any bytes are rows or a ``DecodeError``, however they are cut, and the sums are the rows'.

The first byte of an input chooses the layout, the second where the file is cut in two; the rest is the file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from posrefund.errors import DecodeError
from posrefund.office.files import FileReader, layout, layout_names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from posrefund.engine.evidence import FileRow
    from posrefund.office.files import FileLayout

__all__ = ["check", "file_seeds"]

_Found = tuple[list["FileRow"], int, int, str]

_ACOM = (
    b"48020000    48020000    000007 0309100000 6200000000000005    000000001000 000000000000 000000000000 0220 200000"
    b" 5411 12345678 123456789012345 606810000123 00 654321 01020000    000003 00 051 000000000000 000000000000"
    b" C00000000000           0308233000 01020000                                       "
)
_WECHAT = (
    "交易时间,商户号,商户订单号,交易状态,货币种类,应结订单金额,商户退款单号,退款金额,退款状态,手续费\r\n"
    "`2026-03-09 10:00:00,`1900000109,`S-1,`REFUND,`CNY,`0.00,`R-1,`10.00,`SUCCESS,`-0.06000\r\n"
    "总交易单数,应结订单总金额,退款总金额\r\n`1,`0.00,`10.00\r\n"
).encode()
_ALIPAY = (
    b"customerId,transactionRequestId,transactionType,paymentTime,transactionAmountValue,transactionCurrency\n"
    b'"2188",R-1,REFUND,2026-03-09T10:00:00+08:00,1000,HKD\n<END>\n'
)


def check(data: bytes) -> None:
    """Rows or a refusal, the same for every cut; count, sum and length are those of what came out."""
    if len(data) < 2:
        return
    known = layout(layout_names()[data[0] % len(layout_names())])
    raw = data[2:]
    at = data[1] * len(raw) // 256
    whole, cut = _read(known, raw), _read(known, raw[:at], raw[at:])
    assert whole == cut, "a file that comes in pieces is the same file"
    rows, count, total, refusal = whole
    if not refusal:
        assert count == len(rows), "every row is counted"
        assert total == sum(row.amount_minor for row in rows), "and every amount"
    assert all(row.amount_minor >= 0 for row in rows), "no amount is negative"


def _read(known: FileLayout, *chunks: bytes) -> _Found:
    reader = FileReader(known)
    rows: list[FileRow] = []
    refusal = ""
    try:
        rows.extend(reader.rows(chunks))
    except DecodeError as error:
        assert error.path == "file" or error.path.startswith("line "), "a refusal says where"
        refusal = f"{error}"
    assert refusal or reader.bytes_read == sum(map(len, chunks)), "the file is read to its end"
    return rows, reader.rows_read, reader.sum_minor, refusal


def file_seeds() -> Iterator[tuple[str, bytes]]:
    """Yield a file of each kind that is small: whole, cut, and with a line twice."""
    names = layout_names()
    for name, raw in (("unionpay-acom", _ACOM), ("wechat", _WECHAT), ("alipay", _ALIPAY)):
        head = bytes((names.index(name), 100))
        yield f"{name}-whole", head + raw
        yield f"{name}-cut", head + raw[: len(raw) * 2 // 3]
        yield f"{name}-twice", head + raw + b"\n" + raw
