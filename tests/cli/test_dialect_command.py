"""``posrefund dialect``, and a dialect file wherever the name of a dialect is taken."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from posrefund.cli.app import app, run
from posrefund.cli.config import load, write
from posrefund.cli.dialect_file import find_dialect
from posrefund.dialects import dialect, names
from posrefund.dialects.file import dialect_data, load_dialect
from posrefund.errors import ConfigError
from published import by_name

SALE = by_name("sale_0200_mag_request_jiso").raw.hex()
TWO_LINES = 'name = "my-bank"\nbase = "unionpay"\n'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my.toml").write_text(TWO_LINES, encoding="utf-8")
    return tmp_path


def invoke(*words: str, exit_code: int = 0, stdin: str | None = None) -> list[str]:
    result = CliRunner().invoke(
        app, words, catch_exceptions=False, env={"COLUMNS": "160"}, input=stdin
    )
    assert result.exit_code == exit_code, result.output
    return result.output.splitlines()


# --- list, show, lint ------------------------------------------------------------------------------


def test_list_names_every_dialect() -> None:
    lines = invoke("dialect", "list")

    assert [line.split()[0] for line in lines[2:]] == list(names())
    assert " ".join(lines[2].split()) == "unionpay packed 36 13 unionpay-ecb TPDU, header"


def test_show_prints_a_file_that_is_the_dialect() -> None:
    assert load_dialect("\n".join(invoke("dialect", "show", "iso93-binary"))) == dialect(
        "iso93-binary"
    )
    shown = json.loads("\n".join(invoke("dialect", "show", "unionpay", "--json")))
    assert shown == dialect_data(dialect("unionpay"))


def test_show_writes_out_what_a_base_leaves_unsaid(folder: Path) -> None:
    whole = "\n".join(invoke("dialect", "show", "my.toml"))

    assert "base" not in whole
    assert load_dialect(whole) == find_dialect("my.toml")


def test_show_says_what_is_wanted_of_pins_tracks_and_keys() -> None:
    shown = invoke("dialect", "show", "unionpay")

    assert shown.count('pin = "if_entered"') == 3
    assert 'tracks = "clear"' in shown
    assert '  { cipher = "TDEA", parts = "PIK:16 MAK:16 TDK:16", kcv_bytes = 4 },' in shown


def test_lint_is_content_with_two_lines(folder: Path) -> None:
    assert invoke("dialect", "lint", "my.toml") == ["ok: 0 faults, 36 fields, 13 messages"]


def test_lint_prints_every_fault_with_file_and_line(folder: Path) -> None:
    (folder / "bad.toml").write_text(
        TWO_LINES
        + '[messages.refund]\nreqest = "3"\n[fields.60]\nformat = "n..x"\n[echoed]\n48 = 3\n',
        encoding="utf-8",
    )

    assert invoke("dialect", "lint", "bad.toml", exit_code=1) == [
        "bad.toml:4: messages.refund.reqest: expected a key that is known; did you mean request?",
        "bad.toml:6: fields.60.format: expected a format like n6, n3<, n..19, z..37, an12, ans...999, x+n8, b64 or b...255",
        "bad.toml:8: warning: echoed.48: DE48 is never shown: who compares answers cannot see it",
        "2 faults",
    ]  # fmt: skip


def test_lint_warns_of_a_table_that_can_only_read(folder: Path) -> None:
    text = 'name = "x"\nencoding = "ascii"\nfields.3 = { format = "n6", zh = "x", en = "x" }\n'
    (folder / "read.toml").write_text(text, encoding="utf-8")

    assert invoke("dialect", "lint", "read.toml") == [
        "read.toml:1: warning: messages: no sign_in, echo, sale, refund, void, reversal: can read, cannot talk to a host",
        "ok: 0 faults, 1 fields, 0 messages",
    ]


def test_lint_reads_json_by_its_ending(folder: Path) -> None:
    (folder / "my.json").write_text(
        '{"name": "x",\n "base": "unionpay",\n "tpdu": 6}', encoding="utf-8"
    )

    assert invoke("dialect", "lint", "my.json", exit_code=1)[0].startswith(
        "my.json:3: tpdu: expected 10"
    )


# --- import ----------------------------------------------------------------------------------------

XML = """<isopackager>
<isofield id="0" length="4" name="MTI" class="org.jpos.iso.IFA_NUMERIC"/>
<isofield id="1" length="16" name="MAP" class="org.jpos.iso.IFA_BITMAP"/>
<isofield id="11" length="6" name="STAN" class="org.jpos.iso.IFA_NUMERIC"/>
{}
</isopackager>
"""


def test_import_gives_a_file_that_decode_reads_by(folder: Path) -> None:
    (folder / "theirs.xml").write_text(XML.format(""), encoding="utf-8")
    result = CliRunner().invoke(app, ["dialect", "import", "theirs.xml", "--name", "theirs"])
    (folder / "theirs.toml").write_text(result.stdout, encoding="utf-8")

    assert result.exit_code == 0
    assert result.stderr == "1 fields, 0 left out\n"
    shown = invoke(
        "decode", "--dialect", "theirs.toml", b"08000020000000000000000007".hex(), "--json"
    )
    assert json.loads("\n".join(shown))["fields"]["11"] == "000007"


def test_import_names_what_it_leaves_out(folder: Path) -> None:
    odd = '<isofield id="28" length="9" name="FEE" class="org.jpos.iso.IFB_AMOUNT"/>'
    (folder / "theirs.xml").write_text(XML.format(odd), encoding="utf-8")
    result = CliRunner().invoke(app, ["dialect", "import", "theirs.xml"])

    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        "theirs.xml:5: field 28: IFB_AMOUNT: is not supported",
        "1 fields, 1 left out",
    ]
    assert list(load_dialect(result.stdout).fields) == ["11"]


def test_import_takes_json_for_a_specification(folder: Path) -> None:
    def row(kind: str, length: int, enc: str) -> dict[str, object]:
        return {
            "type": kind,
            "length": length,
            "description": "x",
            "enc": enc,
            "prefix": "ASCII.Fixed",
        }

    fields = {
        "0": row("String", 4, "ASCII"),
        "1": row("Bitmap", 8, "Binary"),
        "11": row("Numeric", 6, "ASCII"),
    }
    (folder / "theirs.json").write_text(json.dumps({"fields": fields}), encoding="utf-8")

    text = "\n".join(invoke("dialect", "import", "theirs.json"))
    assert 'bitmap_enc = "b"' in text


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("x.xml", "<a/>", "x.xml:1: file: expected <isopackager> as the root"),
        ("x.json", "{\n[", "x.json:2: file: expected JSON"),
        ("none.xml", None, "none.xml cannot be read: No such file or directory"),
    ],
)
def test_import_says_what_is_wrong_with_a_file(
    folder: Path, name: str, text: str | None, said: str
) -> None:
    if text is not None:
        (folder / name).write_text(text, encoding="utf-8")

    with pytest.raises(ConfigError) as caught:
        CliRunner().invoke(app, ["dialect", "import", name], catch_exceptions=False)
    assert str(caught.value).startswith(said)


# --- a file for a name -----------------------------------------------------------------------------


def test_messages_are_read_written_and_compared_by_a_file(folder: Path) -> None:
    read = "\n".join(invoke("decode", "--dialect", "my.toml", "--json", "--reveal", SALE))

    assert invoke("encode", "--dialect", "my.toml", "--framed", stdin=read) == [SALE.upper()]
    assert invoke("diff", "--dialect", "my.toml", SALE, SALE) == ["no difference"]


def test_doctor_ranks_a_file_among_the_others(folder: Path) -> None:
    (folder / "vfwz.toml").write_text(
        TWO_LINES + 'fields.46 = { format = "ans...999", zh = "x", en = "x", show = "never" }\n'
        'fields.56 = { format = "b...999", zh = "x", en = "x", show = "never" }\n'
        'fields.63 = { format = "b...163", show = "never", layout = false }\n'
        f'kept = "{dialect("unionpay-vfwz").kept}"\nmessages.upload_refund.holds.63 = "000"\nanswers.organisation = "63[0:6]"\n',
        encoding="utf-8",
    )
    message = by_name("pay_0200_ic_request_vfwz").raw.hex()

    lines = [" ".join(line.split()) for line in invoke("doctor", "--dialect", "vfwz.toml", message)]
    assert lines[2].startswith("my-bank TPDU, header reads: 0200")
    assert len(lines) == len(names()) + 3


def test_settings_name_a_file_beside_them(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = folder / "shop"
    shop.mkdir()
    (shop / "bank.toml").write_text(TWO_LINES + 'tpdu = "6000060000"\n', encoding="utf-8")
    path = write(
        shop, terminal="12345678", merchant="1" * 15, address="h", port=1, dialect_name="bank.toml"
    )

    settings = load(path)
    assert settings.dialect.name == "my-bank"
    assert settings.envelope.tpdu.hex() == "6000060000"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("visa", "unknown dialect 'visa'; known: unionpay, iso87-ascii"),
        ("none.toml", "none.toml cannot be read: No such file or directory"),
        ("a\0b.toml", "a\0b.toml cannot be read: no name of a file"),
        ("latin.toml", "latin.toml:2: no UTF-8 text"),
        ("bad.toml", "bad.toml:3: kept: expected fields that are shown; DE2 is not (and 1 more: posrefund dialect lint bad.toml)"),
    ],
)  # fmt: skip
def test_what_is_no_dialect_is_one_sentence(
    folder: Path,
    name: str,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (folder / "latin.toml").write_bytes(b'name = "x"\nbase = "\xe9"')
    kept = dialect("unionpay").kept
    (folder / "bad.toml").write_text(TWO_LINES + f'kept = "2 {kept}"\ntpdu = 1\n', encoding="utf-8")

    monkeypatch.setattr(sys, "argv", ["posrefund", "decode", "--dialect", name, SALE])
    with pytest.raises(SystemExit) as exit_:
        run()
    assert exit_.value.code == 2
    assert capsys.readouterr().err.startswith(f"ConfigError: {said}")


# --- the page that explains it ---------------------------------------------------------------------

PAGE = Path(__file__).parents[2] / "docs" / "howto" / "dialect.md"
TOML_BLOCKS = re.findall(
    r"^```toml\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
)


def test_the_files_of_the_page_are_dialects_and_its_faults_are_those_that_lint_prints(
    folder: Path,
) -> None:
    outcomes = []
    for block in TOML_BLOCKS:
        (folder / "my-bank.toml").write_text(block, encoding="utf-8")
        outcomes.append(CliRunner().invoke(app, ["dialect", "lint", "my-bank.toml"]))

    assert [outcome.exit_code for outcome in outcomes] == [0, 0, 0, 1, 0, 0, 0]
    assert outcomes[0].output in f"`{PAGE.read_text(encoding='utf-8')}".replace("`", "\n")
    assert f"```text\n{outcomes[3].output}```" in PAGE.read_text(encoding="utf-8")
