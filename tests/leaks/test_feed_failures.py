"""Feeds that are wrong, with a card number in every cell that can hold one: the error, the bar and the journal hold none."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

import pytest

from canary import PAN_16, PAN_19, everything_in, leaks_in
from posrefund.errors import DecodeError, InvalidRequestError
from posrefund.office import import_sales, read_order_refs
from posrefund.office.sale_rows import COLUMNS
from shop import Shop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

NOW = datetime(2026, 3, 10, 2, tzinfo=UTC)
ROW = {
    "terminal": "87654321",
    "batch": "000007",
    "stan": "000042",
    "rrn": "606710000042",
    "date": "2026-03-09",
    "time": "14:05:30",
    "amount": "128.00",
    "card": PAN_16,
}


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = Shop(tmp_path)
    yield made
    made.terminal.close()


def fails(act: Callable[[], object]) -> None:
    with pytest.raises((DecodeError, InvalidRequestError)) as caught:
        act()
    assert leaks_in(everything_in(caught.value)) == set()


@pytest.mark.parametrize("number", [PAN_16, PAN_19, f" {PAN_16}x", f"{PAN_16}\n{PAN_19}"])
@pytest.mark.parametrize("column", [*(name for name in COLUMNS if name != "card"), "colour"])
def test_card_number_in_a_wrong_cell_is_not_in_the_error(
    shop: Shop, column: str, number: str
) -> None:
    fails(
        partial(import_sales, shop.terminal, json.dumps({**ROW, column: number}).encode(), now=NOW)
    )
    assert shop.terminal.journal.all_originals() == []


@pytest.mark.parametrize(
    "data",
    [
        f"{PAN_16}\n1,{PAN_16}",
        f"{PAN_16},{PAN_16}\n",
        f'"{PAN_16}',
        f"card\n{PAN_16[:-1]}0",
        f"{PAN_16}\n{PAN_19}",
        f'{{"{PAN_16}": 1}}',
        f'{{"{PAN_16}": [1]}}',
        f'{{"card": {PAN_16}}}',
        f'{{"card": {PAN_16}.5}}',
        f'[{{"card": "{PAN_16}"}},',
        f'[{{"card": "{PAN_16}"}} {PAN_16}',
        f'{{"card": "{PAN_16}", "card": "{PAN_16}"}}',
    ],
)
def test_card_number_in_a_file_that_is_none_is_not_in_the_error(shop: Shop, data: str) -> None:
    fails(partial(import_sales, shop.terminal, data.encode(), now=NOW))
    fails(partial(import_sales, shop.terminal, b"\xff" + data.encode(), now=NOW))
    fails(partial(read_order_refs, data.encode() + b"\xff"))


def test_what_was_taken_in_is_nowhere_in_what_the_journal_keeps(shop: Shop) -> None:
    import_sales(shop.terminal, json.dumps(ROW).encode(), now=NOW)
    shop.terminal.close()

    for file in sorted(shop.folder.iterdir()):
        assert leaks_in(file.read_bytes()) == set()
    shop.terminal = shop.open()
