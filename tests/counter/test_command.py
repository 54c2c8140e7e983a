"""``posrefund counter`` as far as it needs no keyboard: what is missing is said before anything is opened."""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from posrefund.cli.app import app
from posrefund.cli.config import load, write
from posrefund.cli.counter_desk import _pad, counter_of
from posrefund.cli.init import make_keystore
from posrefund.cli.pad_settings import PadSettings
from posrefund.cli.screen import Lang
from posrefund.counter import CardsToPractise, new_id
from posrefund.errors import ConfigError
from posrefund.values import RequestID

if TYPE_CHECKING:
    from pathlib import Path


def test_library_of_the_screens_that_is_missing_is_named_with_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delitem(sys.modules, "posrefund.counter.text_app", raising=False)
    monkeypatch.delitem(sys.modules, "posrefund.counter.text_draw", raising=False)
    for name in [name for name in sys.modules if name.partition(".")[0] == "textual"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "textual", None)
    result = CliRunner().invoke(app, ["counter"])

    assert isinstance(result.exception, ConfigError)
    assert str(result.exception) == "the counter needs Textual: pip install 'posrefund[counter]'"


@pytest.mark.parametrize(
    ("named", "number", "is_practice", "expected"),
    [
        ("", None, False, PadSettings("COM3", 4)),
        ("", 9, False, PadSettings("COM3", 9)),
        ("", None, True, None),
        ("pad:5000", None, False, PadSettings("pad:5000", 4)),
        ("pad:5000", 0, True, PadSettings("pad:5000", 0)),
    ],
)
def test_pad_is_the_one_that_was_named_else_that_of_the_settings(
    tmp_path: Path, named: str, number: int | None, is_practice: bool, expected: PadSettings | None
) -> None:
    config = write(
        tmp_path, terminal="12345678", merchant="123456789012345", address="127.0.0.1", port=1
    )
    assert _pad(load(config), "", None, is_practice=is_practice) is None  # none is named
    with config.open("a", encoding="utf-8") as file:
        file.write('\n[pad]\nat = "COM3"\nmaster_key = 4\n')
    assert _pad(load(config), named, number, is_practice=is_practice) == expected


def test_settings_that_are_missing_are_told_as_everywhere(tmp_path: Path) -> None:
    pytest.importorskip("textual")
    result = CliRunner().invoke(app, ["counter", "--config", str(tmp_path / "none.toml")])

    assert isinstance(result.exception, ConfigError)
    assert "cannot be read" in str(result.exception)


def test_request_ids_are_ids_and_never_the_same() -> None:
    now = datetime(2026, 3, 9, 14, 5, 30, tzinfo=UTC)
    ids = {new_id(now) for _ in range(200)}

    assert len(ids) == 200
    assert {each[:15] for each in ids} == {"C260309-140530-"}
    assert all(re.fullmatch("C[0-9]{6}-[0-9]{6}-[0-9a-f]{8}", RequestID(each)) for each in ids)


def test_counter_speaks_for_the_shop_of_the_settings(tmp_path: Path) -> None:
    published = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
    make_keystore(tmp_path, published, test_keys=True)
    config = write(
        tmp_path, terminal="TRAINING", merchant="123456789012345", address="127.0.0.1", port=1,
        training=True,
    )  # fmt: skip
    with config.open("a", encoding="utf-8") as file:
        file.write('\n[slip]\nmerchant_name = "Good Neighbour"\n')
    counter = counter_of(load(config), Lang.EN, "07", CardsToPractise())

    assert (counter.language, counter.operator) == ("en", "07")
    assert counter.slip.merchant_name == "Good Neighbour"
    assert counter.screen("menu", "").watermark == "培训 TRAINING 无效"
    assert len(counter.cards) == 3
