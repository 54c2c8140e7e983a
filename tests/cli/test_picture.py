"""The picture of ``decode``: on narrow and wide screens and in files, and no secret in any of them."""

from __future__ import annotations

import html
import io
import json
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from posrefund.cli import decode as decode_module
from posrefund.cli import encode as encode_module
from posrefund.cli.app import app
from posrefund.cli.picture import message_picture
from posrefund.codec import Field, Layout, Nested, Part, specification
from posrefund.dialects import Dialect, dialect
from posrefund.dialects.capture import open_capture
from posrefund.errors import EncodeError, InvalidRequestError
from published import by_name

UNIONPAY = dialect("unionpay")
SALE = by_name("sale_0200_ic_contactless_request").raw
PAN = "6200000000000005"
SECRETS = {
    "2": PAN,
    "14": "3012",
    "35": f"{PAN}D3012101777777",
    "52": "C0FFEE77C0FFEE77",
    "55": f"5A08{PAN}5713{PAN}D3012101{'0' * 14}9F36020157DF010455AA55AA",
    "59": f"A1008\xc0\xff\xee\x77\xc0\xff\xee\x77A2010{'0306000005'}A3016{PAN}A402058210526789789570802",
    "62": "11" * 16 + "AABBCCDD" + "22" * 16 + "EEFF0011",
}
TOLD = (
    "620000000000",
    "C0FFEE77",
    "C0 FF EE 77",
    "11 11 11",
    "55AA55AA",
    "55 AA 55 AA",
    "3012",
    "000005",
)
CANARY = UNIONPAY.codec.encode({"t": "0200", "4": "000000000100", **SECRETS})


def invoke(*words: str, stdin: str | None = None) -> str:
    result = CliRunner().invoke(app, words, input=stdin, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def drawn(raw: bytes, width: int, *, known: Dialect = UNIONPAY, lang: str = "en") -> list[str]:
    console = Console(width=width, file=io.StringIO(), highlight=False)
    console.print(message_picture(raw, open_capture(raw, known), known, lang=lang))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


def words_of(file: Path) -> str:
    """What a person reads in a picture, one line of the screen to a line."""
    text = file.read_text(encoding="utf-8")
    if file.suffix == ".html":
        return html.unescape(re.sub(r"<[^>]+>", "", text.partition("<pre")[2]))
    lines: dict[str, str] = {}
    for each in ElementTree.fromstring(text).iter("{http://www.w3.org/2000/svg}text"):
        lines[each.get("y", "")] = lines.get(each.get("y", ""), "") + (each.text or "")
    return "\n".join(line.replace("\N{NO-BREAK SPACE}", " ") for line in lines.values())


# --- wide and narrow ---------------------------------------------------------------------------------


def test_a_wide_screen_has_the_tree_beside_the_map() -> None:
    lines = drawn(SALE, 120)

    assert " ".join(lines[0].split()) == (
        "length 426 01 AA 60 00 06 00 00 60 31 00 31 10 03 02 00 70"
    )
    assert max(map(len, lines)) <= 120
    assert any(line.startswith("├ 9F26 ") and "95BBE372271DDA7C" in line for line in lines)
    assert any(line.startswith("└ partial ") for line in lines)


@pytest.mark.parametrize("width", [40, 80, 115])
def test_a_narrow_screen_has_the_map_below_the_tree(width: int) -> None:
    lines = drawn(SALE, width)
    first = next(place for place, line in enumerate(lines) if line.startswith("01 AA 60 00"))

    assert first > 25
    assert lines[first - 1].strip() == ""
    assert len(lines) - first >= 18


def test_bytes_of_tags_that_are_shown_are_shown_and_those_of_others_are_not() -> None:
    body = UNIONPAY.codec.encode({"t": "0200", "55": SECRETS["55"]})
    text = "\n".join(drawn(body, 80))

    assert "9F 36 02 01 57" in " ".join(text.split())
    assert "5A 08" not in text
    assert "DF 01" not in text


def test_pieces_of_pieces_are_drawn_in_both_widths() -> None:
    text = f"A2010{'0306000005'}A4020{'58210526789789570802'}"
    raw = UNIONPAY.codec.encode({"t": "0210", "59": text})

    wide, narrow = drawn(raw, 120), " ".join(" ".join(drawn(raw, 80)).split())
    assert [line[:6].strip() for line in wide if line[:1] in "├└│"] == ["├ A2", "│ └ 03", "└ A4"]
    assert "A2 (03 ***) · A4 58210526789789570802" in narrow


# --- files -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["picture.svg", "picture.HTML"])
def test_a_saved_picture_is_the_one_on_a_wide_screen(name: str, tmp_path: Path) -> None:
    file = tmp_path / name
    invoke("decode", SALE.hex(), "--save", str(file))

    words = "".join(words_of(file.rename(file.with_suffix(file.suffix.lower()))).split())
    for line in drawn(SALE, 120):
        assert "".join(line.split()) in words


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_saved_picture_fetches_nothing(lang: str, tmp_path: Path) -> None:
    for file in (tmp_path / "picture.svg", tmp_path / "picture.html"):
        invoke("decode", SALE.hex(), "--save", str(file), "--lang", lang)
        text = file.read_text(encoding="utf-8")

        assert not re.search(r"url\((?!#)|<script|<link|@import|src=", text)


@pytest.mark.parametrize("name", ["picture.png", "picture", "picture.svg.txt", "svg"])
def test_another_suffix_is_refused_and_the_two_are_named(name: str, tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["decode", SALE.hex(), "--save", str(tmp_path / name)])

    assert isinstance(result.exception, InvalidRequestError)
    assert str(result.exception) == "--save: expected a file name that ends in .svg or .html"
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_wrong_usage(tmp_path: Path) -> None:
    result = CliRunner().invoke(
        app, ["decode", SALE.hex(), "--save", str(tmp_path / "no" / "a.svg")]
    )

    assert result.exit_code == 2


# --- what nobody may see -----------------------------------------------------------------------------


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_no_picture_and_no_json_holds_a_number_a_track_a_pin_block_or_a_key(
    lang: str, tmp_path: Path
) -> None:
    svg, page = tmp_path / "a.svg", tmp_path / "a.html"
    invoke("decode", CANARY.hex(), "--save", str(svg))
    told = [
        invoke("decode", CANARY.hex(), "--lang", lang, "--save", str(page)),
        invoke("decode", CANARY.hex(), "--json"),
        "\n".join(drawn(CANARY, 120, lang=lang)),
        words_of(svg),
        words_of(page),
        svg.read_text(encoding="utf-8").rpartition("</style>")[2],
        page.read_text(encoding="utf-8").rpartition("</style>")[2],
    ]

    for text in told:
        assert "58210526789789570802" in text  # the voucher may be seen: the page is not empty
        assert not [secret for secret in TOLD if secret in text]


def test_reveal_shows_them_for_it_was_asked_to() -> None:
    assert PAN in invoke("decode", CANARY.hex(), "--reveal")


# --- data --------------------------------------------------------------------------------------------

NODES = Layout((Part("source", 3, "源", "source"), Part("sink", 3, "宿", "sink")))
INNER = (
    Field(2, "ans..32", "交换键", "switch key"),
    Field(3, "an6", "路由", "routing", layout=NODES),
    Field(10, "n3", "卡验证码", "CVV2", show="never"),
)
HOUSE = UNIONPAY.derive(
    "house",
    fields=[
        Field(
            127,
            "b...999",
            "自定义域127",
            "Postilion",
            show="never",
            layout=Nested({str(row.number): row for row in INNER}, specification(INNER), "hex"),
        )
    ],
)
NESTED = HOUSE.codec.encode(
    {"t": "0200", "11": "000001", "127": "6040000000000000" "03414243" "535243534E4B" "0123"}
)  # fmt: skip


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (decode_module, encode_module):
        monkeypatch.setattr(module, "find_dialect", lambda _: HOUSE)


@pytest.mark.usefixtures("house")
def test_a_bitmap_inside_a_field_goes_through_decode_and_encode() -> None:
    text = invoke("decode", "--json", "--reveal", NESTED.hex())
    data = json.loads(text)

    assert data["fields"]["127"] == {
        "raw": "604000000000000003414243535243534E4B0123",
        "2": "ABC",
        "3": {"raw": "SRCSNK", "source": "SRC", "sink": "SNK"},
        "10": "123",
    }
    assert invoke("encode", stdin=text).strip() == NESTED.hex().upper()
    del data["fields"]["127"]["raw"], data["fields"]["127"]["3"]["raw"]
    data["fields"]["127"]["3"]["sink"] = "SIN"
    changed = invoke("encode", stdin=json.dumps(data)).strip()
    assert changed == NESTED.hex().upper().replace("534E4B", "53494E")


@pytest.mark.usefixtures("house")
def test_a_bitmap_inside_a_field_is_drawn_and_its_secrets_are_not() -> None:
    shown = json.loads(invoke("decode", "--json", NESTED.hex()))["fields"]["127"]
    wide = [" ".join(line.split()) for line in drawn(NESTED, 120, known=HOUSE)]
    narrow = " ".join(" ".join(drawn(NESTED, 80, known=HOUSE)).split())

    assert (shown["raw"], shown["2"], shown["10"]) == ("***", "ABC", "***")
    assert [line for line in wide if line[:1] in "├└│"] == [
        "├ 2 switch key ABC",
        "├ 3 routing SRCSNK",
        "│ ├ source source SRC",
        "│ └ sink sink SNK",
        "└ 10 CVV2 ***",
    ]
    assert "2 switch key ABC · 3 routing (source SRC · sink SNK) · 10 CVV2 ***" in narrow
    result = CliRunner().invoke(app, ["encode"], input=invoke("decode", "--json", NESTED.hex()))
    assert isinstance(result.exception, EncodeError)
    assert result.exception.path.startswith("DE127")


def test_tags_in_text_go_through_decode_and_encode() -> None:
    text = invoke("decode", "--json", "--reveal", CANARY.hex())
    data = json.loads(text)

    assert [row["tag"] for row in data["fields"]["59"]["tags"]] == ["A1", "A2", "A3", "A4"]
    assert invoke("encode", stdin=text).strip() == CANARY.hex().upper()
    for number in ("55", "59"):
        del data["fields"][number]["raw"]
    assert invoke("encode", stdin=json.dumps(data)).strip() == CANARY.hex().upper()


def test_tags_and_the_whole_that_differ_are_refused() -> None:
    data = json.loads(invoke("decode", "--json", "--reveal", SALE.hex()))
    data["fields"]["55"]["tags"][0]["value"] = "00"
    result = CliRunner().invoke(app, ["encode"], input=json.dumps(data))

    assert isinstance(result.exception, EncodeError)
    assert (result.exception.path, result.exception.expected) == (
        "DE55",
        "parts that are those of raw; leave raw out to change one",
    )


# --- what a peer may not do to a screen ------------------------------------------------------------


HOSTILE = dialect("iso87-ascii").codec.encode(
    {"t": "0210", "41": "[/x]\x1b[2J", "60": "\x1b]0;mine\x07\x9b31m[red]"}
)


def test_escape_sequences_and_markup_of_a_message_are_shown_and_never_obeyed(
    tmp_path: Path,
) -> None:
    file = tmp_path / "message.svg"
    words = ("--dialect", "iso87-ascii", "--save", str(file))
    shown = invoke("decode", HOSTILE.hex(), *words)

    assert "[/x]\ufffd[2J" in shown
    assert "\ufffd]0;mine\ufffd\ufffd31m[red]" in shown
    assert not set(shown) & {"\x1b", "\x07", "\x9b"}
    ElementTree.fromstring(file.read_text(encoding="utf-8"))


def test_difference_of_two_hostile_messages_is_a_table() -> None:
    other = dialect("iso87-ascii").codec.encode({"t": "0210", "60": "[/]"})
    result = CliRunner().invoke(
        app,
        ["diff", HOSTILE.hex(), other.hex(), "--dialect", "iso87-ascii"],
        catch_exceptions=False,
    )

    assert result.exit_code == 1
    assert "[/]" in result.output
    assert not set(result.output) & {"\x1b", "\x07", "\x9b"}
