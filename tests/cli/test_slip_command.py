"""``posrefund slip`` and ``sign`` in a shop of its own, against an emulated host in this process."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.test_shop_commands import CARD, Counter, counter
from office.slip_shop import FONTS
from posrefund.cli.app import app
from posrefund.cli.slip_settings import SlipSettings, slip_settings
from posrefund.emulators.host import Fault
from posrefund.engine import Signature
from posrefund.errors import ConfigError, JournalWriteError, RefusedError, RequestConflictError
from posrefund.office.signatures import draw
from posrefund.terminal import Terminal

__all__ = ["counter"]  # a fixture

SLIP = """
[slip]
merchant_name = "上海百货"
merchant_contact = "021-55551234"
acquirer_contact = "95516"
font = "{font}"
printer = "POS-5890"
[slip.institutions]
01020000 = "工商银行"
"""


@pytest.fixture
def shop(counter: Counter) -> Counter:
    """A shop with a sale of yesterday and a refund of today, and what its slips say."""
    counter.posrefund("sign-in", "--accept-clock")
    counter.posrefund("sale", "S-1", "--amount", "128.00", "--card", CARD)
    counter.time.advance(timedelta(days=1))
    counter.posrefund("sign-in", "--accept-clock")
    counter.posrefund("refund", "R-1", "--original", "S-1", "--card", CARD, "--amount", "28")
    with (counter.folder / "posrefund.toml").open("a", encoding="utf-8") as settings:
        settings.write(SLIP.format(font=FONTS["zh"]))
    return counter


def test_the_first_print_is_the_slip_and_the_second_a_reprint_of_it(shop: Counter) -> None:
    first = shop.posrefund("slip", "R-1", "--copy", "customer", "--lang", "zh")
    second = shop.posrefund("slip", "R-1", "--copy", "customer", "--lang", "zh")
    merchants = shop.posrefund("slip", "R-1", "--lang", "zh")

    assert "重打印" not in first
    assert second.replace("         *** 重打印 ***         \n", "") == first
    assert "重打印" in second
    assert "重打印" in merchants  # the refund printed it
    assert "商户名称                上海百货" in first
    assert "收单机构电话               95516" in merchants
    assert "620000******0005" not in first
    assert "************0005 I" in first
    assert "all in order" in shop.posrefund("journal", "verify")


@pytest.mark.parametrize(("lang", "reprint"), [("zh", "重打印"), ("en", "REPRINT")])
def test_a_refund_prints_the_slip_of_the_shop_and_what_comes_after_is_a_reprint_of_it(
    shop: Counter, lang: str, reprint: str
) -> None:
    words = ["--original", "S-1", "--card", CARD, "--amount", "10", "--lang", lang]
    first = shop.posrefund("refund", "R-2", *words)

    assert "上海百货" in first
    assert "95516" in first
    assert reprint not in first
    mark = f"{f'*** {reprint} ***':^{32 - (3 if lang == 'zh' else 0)}}\n"
    later = [
        shop.posrefund("slip", "R-2", "--lang", lang),
        shop.posrefund("status", "R-2", "--lang", lang),
        shop.posrefund("refund", "R-2", *words),
    ]
    assert [each.replace(mark, "") for each in later] == [first] * 3
    assert all(mark in each for each in later)
    prints = json.loads(shop.posrefund("journal", "show", "--rows", "--json"))
    assert sum("printed" in json.dumps(row) for row in prints) == 2 + 4  # S-1, R-1; R-2


def test_what_only_asks_for_data_prints_nothing(shop: Counter) -> None:
    words = ["--original", "S-1", "--card", CARD, "--amount", "10"]
    shop.posrefund("refund", "R-2", *words, "--json")
    shop.posrefund("status", "R-2", "--json")

    assert "REPRINT" not in shop.posrefund("status", "R-2")


def test_a_sale_is_printed_on_the_paper_of_the_shop_and_says_nothing_of_a_day(
    shop: Counter,
) -> None:
    with (shop.folder / "posrefund.toml").open("r+", encoding="utf-8") as settings:
        text = settings.read().replace("[slip]", "[slip]\ncolumns = 48")
        settings.seek(0)
        settings.write(text)
    slip = shop.posrefund("sale", "S-2", "--amount", "12", "--card", CARD)

    assert "上海百货" in slip
    assert max(len(line) for line in slip.splitlines()) == 48
    assert "Expected by" not in slip


def test_a_slip_says_when_the_money_may_be_expected(shop: Counter) -> None:
    text = shop.posrefund(
        "slip", "R-1", "--copy", "customer", "--columns", "48", "--expected-by", "2030-03-12"
    )

    assert "Expected by                           2030/03/12\n" in text
    shop.posrefund("slip", "R-1", "--expected-by", "soon", exit_code=2)


def test_a_slip_goes_into_a_file_or_a_printer(shop: Counter) -> None:
    out = shop.folder / "slip.bin"
    said = shop.posrefund("slip", "R-1", "--format", "escpos", "--lang", "zh", "--out", str(out))

    data = out.read_bytes()
    assert re.sub(r"\s", "", said) == re.sub(r"\s", "", f"{out}:{len(data)}bytes")
    assert data.startswith(b"\x1b@\x1c&")
    assert "退货(REFUND)".encode("gb18030") in data
    text = shop.folder / "slip.txt"
    shop.posrefund("slip", "S-1", "--out", str(text))
    assert "SALE\n" in text.read_text(encoding="utf-8")


@pytest.mark.skipif(
    not Path(FONTS["zh"]).exists(),
    reason="no Chinese font here: apt-get install fonts-wqy-microhei",
)
def test_a_picture_takes_the_font_of_the_settings(shop: Counter) -> None:
    out = shop.folder / "slip.png"
    shop.posrefund("slip", "R-1", "--format", "png", "--lang", "zh", "--out", str(out))

    assert out.read_bytes().startswith(b"\x89PNG")


def test_what_cannot_be_printed_is_no_print(shop: Counter) -> None:
    out = str(shop.folder / "slip.png")
    no_font = str(shop.folder / "posrefund.toml")
    for words in (
        ["--format", "png", "--out", out, "--font", no_font],
        ["--format", "png"],
        ["--format", "escpos", "--out", out, "--columns", "48"],  # the printer has 32
    ):
        with pytest.raises(ConfigError):
            shop.posrefund("slip", "R-1", "--copy", "customer", *words)

    assert "REPRINT" not in shop.posrefund("slip", "R-1", "--copy", "customer")
    with pytest.raises(ConfigError, match="cannot be written"):
        shop.posrefund("slip", "R-1", "--out", str(shop.folder))


def test_what_the_host_did_not_accept_gets_a_notice_and_its_exit_status(shop: Counter) -> None:
    shop.server.host.faults.add(Fault("close_before_reply", mti="0220"))
    words = ["--original", "S-1", "--card", CARD, "--amount", "10"]
    shop.posrefund("refund", "R-2", *words, exit_code=11)
    text = shop.posrefund("slip", "R-2", "--lang", "zh", "--copy", "customer", exit_code=11)

    assert "交易通知单" in text
    assert "请勿重复办理" in text
    assert "已受理" not in text
    shop.posrefund("slip", "R-9", exit_code=2)


def test_a_signature_is_kept_written_down_and_printed(shop: Counter) -> None:
    picture = draw([[(10, 10), (90, 30)]], 100, 40)
    file = shop.folder / "pad.png"
    file.write_bytes(picture)
    said = shop.posrefund("sign", "R-1", "--picture", str(file))

    digest = Signature.of("bitmap", picture).sha256
    assert said.split() == ["bitmap", digest]
    assert (shop.folder / "signatures" / digest).read_bytes() == picture
    text = shop.posrefund("slip", "R-1")
    assert "signed on the screen" in text
    assert digest in text.replace("\n", "")
    out = shop.folder / "slip.bin"
    shop.posrefund("slip", "R-1", "--format", "escpos", "--out", str(out))
    assert out.read_bytes().count(b"\x1dv0") == 2  # QR code and signature

    with pytest.raises(RequestConflictError):
        shop.posrefund("sign", "R-1")
    (shop.folder / "signatures" / digest).unlink()
    assert digest in shop.posrefund("slip", "R-1").replace("\n", "")


def test_a_slip_is_data_for_who_lays_it_out_himself(shop: Counter) -> None:
    signed = json.loads(shop.posrefund("sign", "R-1", "--json"))
    assert signed == {"request": "R-1", "kind": "paper", "sha256": ""}
    data = json.loads(shop.posrefund("slip", "R-1", "--format", "json", "--copy", "bank"))

    assert data["title"] == "UnionPay sales slip"
    assert data["sections"][1]["lines"][1] == {"label": "Amount", "value": "RMB 28.00"}
    assert data["signature"]["given"] == "signed on paper"
    assert "picture" not in data["signature"]
    assert data["is_notice"] is False


def test_paper_is_signed_without_a_picture(shop: Counter) -> None:
    assert shop.posrefund("sign", "S-1") == "paper\n"
    with pytest.raises(RefusedError):
        shop.posrefund("sign", "R-9")
    with pytest.raises(ConfigError, match="cannot be read"):
        shop.posrefund("sign", "R-1", "--picture", str(shop.folder / "nothing"))


def test_everything_that_is_printed_where_people_practise_is_marked(tmp_path: Path) -> None:
    lessons = tmp_path / "lessons"
    CliRunner().invoke(app, ["train", str(lessons), "--once"], catch_exceptions=False)
    option = ["--config", str(lessons / "posrefund.toml"), "--lang", "zh"]
    for command in ("slip", "status"):
        said = CliRunner().invoke(app, [command, "LESSON-1", *option]).output

        assert said.count("培训 TRAINING 无效") == 3


# --- settings ------------------------------------------------------------------------------------


def test_paths_of_the_settings_are_relative_to_them(tmp_path: Path) -> None:
    said = slip_settings({"font": "a.ttf", "columns": 48, "signatures": "kept"}, tmp_path)

    assert (said.font, said.signatures) == (tmp_path / "a.ttf", tmp_path / "kept")
    assert said.columns == 48
    assert slip_settings({}, tmp_path) == SlipSettings(signatures=tmp_path / "signatures")


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ("text", r"\[slip\]: expected a table"),
        ({"colums": 32}, "colums: expected one of merchant_name"),
        ({"columns": 40}, "columns: expected 32 or 48"),
        ({"columns": 32.0}, "columns: expected 32 or 48"),
        ({"barcode": 1}, "barcode: expected true or false"),
        ({"merchant_name": 5}, "merchant_name: expected text"),
        ({"font": ""}, "font: expected text"),
        ({"institutions": {"01020000": 5}}, "institutions: expected a table"),
        ({"merchant_name": "x" * 201}, "merchant_name: expected at most 200 characters"),
    ],
)
def test_settings_that_are_none_are_named(table: object, expected: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=expected):
        slip_settings(table, tmp_path)


def test_a_refund_that_no_slip_can_be_printed_of_is_told_all_the_same(
    shop: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise JournalWriteError("disk full")

    monkeypatch.setattr(Terminal, "note_print", full)
    words = ["--original", "S-1", "--card", CARD, "--amount", "10"]
    said = shop.posrefund("refund", "R-2", *words)
    again = shop.posrefund("refund", "R-2", *words)

    assert said == again
    assert said.startswith("approved, RRN ")
    assert "no slip" in said
    assert "disk full" in said
