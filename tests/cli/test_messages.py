"""``decode`` and ``encode`` on the command line: what goes in comes out again, masked unless asked."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from posrefund.cli.app import app, run
from published import CLEAN, Published, by_name


def invoke(*words: str, stdin: str | bytes | None = None) -> str:
    result = CliRunner().invoke(app, words, input=stdin, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.parametrize("row", CLEAN, ids=lambda row: row.name)
def test_decode_then_encode_framed_gives_the_same_bytes(row: Published) -> None:
    text = invoke("decode", "--dialect", row.dialect, "--json", "--reveal", row.raw.hex())

    again = invoke("encode", "--dialect", row.dialect, "--framed", stdin=text)

    assert again.strip() == row.raw.hex().upper()


def test_a_bitmap_in_small_letters_survives_the_json() -> None:
    raw = (b"08000220000000c00000030902000000000712345678123456789012345").hex()
    text = invoke("decode", "--dialect", "iso87-ascii", "--json", "--reveal", raw)

    assert (
        invoke("encode", "--dialect", "iso87-ascii", "--framed", stdin=text).strip() == raw.upper()
    )


SIGN_IN = by_name("signin_0810_response_40byte_keys_cib").raw.hex().upper()
SALE = by_name("sale_0200_mag_request_jiso").raw.hex().upper()


def test_the_json_of_decode_has_the_shape_that_programs_rely_on() -> None:
    data = json.loads(invoke("decode", "--json", "--reveal", SIGN_IN))

    assert data["framing"] == {
        "length_prefix": True,
        "tpdu": "6000000000",
        "header": "602200000000",
    }
    assert data["mti"] == "0810"
    assert data["fields"]["11"] == "005855"
    assert data["fields"]["60"] == {
        "raw": "00000116003",
        "type": "00",
        "batch": "000116",
        "network": "003",
    }


def test_what_was_absent_stays_absent_and_encode_without_framed_starts_at_the_mti() -> None:
    body = SIGN_IN[2 * (2 + 5 + 6) :]
    data = json.loads(invoke("decode", "--json", "--reveal", body))
    assert data["framing"] == {"length_prefix": False, "tpdu": None, "header": None}

    assert invoke("encode", "--framed", stdin=json.dumps(data)).strip() == body
    framed = invoke("decode", "--json", "--reveal", SIGN_IN)
    assert invoke("encode", stdin=framed).strip() == body


def test_decode_masks_unless_asked() -> None:
    masked = invoke("decode", SALE)
    masked_json = json.loads(invoke("decode", "--json", SALE))
    clear = json.loads(invoke("decode", "--json", "--reveal", SALE))

    for number in ("35", "36", "52"):
        assert masked_json["fields"][number] == "***"
        assert clear["fields"][number] not in masked
        assert clear["fields"][number] not in json.dumps(masked_json)
        assert bytes.fromhex(clear["fields"][number][:8]).hex(" ").upper() not in masked


def test_masked_json_is_refused_by_encode() -> None:
    result = CliRunner().invoke(app, ["encode"], input=invoke("decode", "--json", SALE))

    assert result.exit_code != 0
    assert "DE35" in str(result.exception)
    assert "--reveal" in str(result.exception)


def test_a_composite_field_may_be_given_by_its_parts() -> None:
    data = json.loads(invoke("decode", "--json", "--reveal", SIGN_IN))
    data["fields"]["60"] = {"type": "00", "batch": "000117", "network": "003"}

    changed = invoke("encode", stdin=json.dumps(data)).strip()

    assert json.loads(invoke("decode", "--json", changed))["fields"]["60"]["batch"] == "000117"


CHIP = by_name("sale_0200_ic_contactless_request").raw.hex().upper()


def test_chip_data_are_shown_by_tag_and_can_be_given_by_tag() -> None:
    shown = json.loads(invoke("decode", "--json", CHIP))["fields"]["55"]
    clear = json.loads(invoke("decode", "--json", "--reveal", CHIP))
    assert shown["raw"] == "***"
    assert shown["tags"][0] == {"tag": "9F26", "value": "95BBE372271DDA7C"}
    assert {"tag": "84", "value": "A000000333010102"} in shown["tags"]
    assert "9F26 95BBE372271DDA7C" in " ".join(invoke("decode", CHIP).split())

    del clear["fields"]["55"]["raw"]
    assert invoke("encode", "--framed", stdin=json.dumps(clear)).strip() == CHIP


def test_tags_that_may_hold_a_card_number_stay_hidden() -> None:
    data = json.loads(invoke("decode", "--json", "--reveal", CHIP))
    inner = [{"tag": "57", "value": "6200000000000005D30122"}, {"tag": "9F36", "value": "0001"}]
    data["fields"]["55"] = {
        "tags": [{"tag": "5A", "value": "6200000000000005"}, {"tag": "70", "tags": inner}]
    }

    message = invoke("encode", stdin=json.dumps(data)).strip()
    shown = json.loads(invoke("decode", "--json", message))["fields"]["55"]["tags"]

    assert shown == [
        {"tag": "5A", "value": "***"},
        {"tag": "70", "tags": [{"tag": "57", "value": "***"}, {"tag": "9F36", "value": "0001"}]},
    ]


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"60": {"raw": "00000116003", "batch": "000117", "type": "00", "network": "003"}}, "DE60"),
        ({"60": {"type": "0", "batch": "000116"}}, "DE60.type"),
        ({"60": {"batch": "000116"}}, "DE60.type"),
        ({"60": {"colour": "red"}}, "DE60.colour"),
        ({"11": 5855}, "DE11"),
        ({"11": "58555"}, "DE11"),
        ({"9": "00000000"}, "DE9"),
        ({"x": "1"}, "DEx"),
        ({"39": None}, "DE39"),
        ({"55": {"tags": "9F26"}}, "DE55.tags"),
        ({"55": {"tags": [{"tag": "9F26", "value": "***"}]}}, "DE55/9F26"),
        ({"55": {"tags": [{"tag": "9F", "value": "00"}]}}, "DE55/9F"),
    ],
)
def test_wrong_json_is_refused_by_path(change: dict[str, object], path: str) -> None:
    data = json.loads(invoke("decode", "--json", "--reveal", SIGN_IN))
    data["fields"].update(change)

    result = CliRunner().invoke(app, ["encode"], input=json.dumps(data))

    assert result.exit_code != 0
    assert getattr(result.exception, "path", None) == path


@pytest.mark.parametrize("text", ["", "[]", "{", '{"mti": "0200"}', '{"fields": {}}', "null", "1"])
def test_no_json_and_no_message_are_refused(text: str) -> None:
    result = CliRunner().invoke(app, ["encode"], input=text)

    assert type(result.exception).__name__ == "EncodeError"


@pytest.mark.parametrize("where", ["argument", "stdin", "file of hex", "file of bytes"])
def test_decode_takes_a_message_from_anywhere(where: str, tmp_path: Path) -> None:
    expected = invoke("decode", "--json", SIGN_IN)
    file = tmp_path / "message"
    match where:
        case "argument":
            found = invoke("decode", "--json", " ".join([SIGN_IN[:10], SIGN_IN[10:]]))
        case "stdin":
            found = invoke("decode", "--json", "-", stdin=SIGN_IN.lower() + "\n")
        case "file of hex":
            file.write_text(SIGN_IN[:40] + "\n" + SIGN_IN[40:], encoding="ascii")
            found = invoke("decode", "--json", f"@{file}")
        case _:
            file.write_bytes(bytes.fromhex(SIGN_IN))
            found = invoke("decode", "--json", f"@{file}")
    assert found == expected


@pytest.mark.parametrize(
    ("text", "path", "offset"),
    [
        ("", "frame", 0),
        ("zz", "hex", 0),
        ("600", "hex", 1),
        ("00AB" + SIGN_IN[4:], "frame.length_prefix", 0),
        (SIGN_IN[26:-2], "DE62", 70),
    ],
)
def test_a_refusal_names_the_field_and_the_offset(text: str, path: str, offset: int) -> None:
    result = CliRunner().invoke(app, ["decode", text])

    error = result.exception
    assert (getattr(error, "path", None), getattr(error, "offset_bytes", None)) == (path, offset)


def test_an_unknown_dialect_is_one_sentence_and_exit_status_2(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["posrefund", "decode", "--dialect", "esperanto", "0800"])

    with pytest.raises(SystemExit) as ended:
        run()

    assert ended.value.code == 2
    assert "unknown dialect 'esperanto'" in capsys.readouterr().err


def test_the_console_script_works_as_a_module() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "posrefund", "decode", "--json", SIGN_IN],
        check=True,
        capture_output=True,
        encoding="utf-8",
    )

    assert json.loads(done.stdout)["mti"] == "0810"
