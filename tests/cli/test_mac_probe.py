"""``posrefund mac-probe``: what a person sees, and that the key is seen nowhere."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from posrefund.cli.app import app
from posrefund.errors import ConfigError, InvalidKeyError

KEY = "0723C80DB5F4CD3D0723C80DB5F4CD3D"
SENT = (  # q.cnblogs.com/q/128930, behind a TPDU
    "600001000002003020048000C08015000000000000001234000002030099303030303030303139353237313831383232"
    "313738373531353600192600000100060000000000435F01123238343431323334353637383930313233345F03063136"
    "303033365F04063230303832365C023031"
)
FOUND = (
    "unionpay-ecb, TDEA, padding 1, 4 bytes as text; the whole key; "
    "bytes 5 to 112 of 113, from the MTI 0200"
)


def run(*words: str, typed: str = "") -> tuple[int, list[str]]:
    result = CliRunner().invoke(app, ["mac-probe", *words], input=typed, catch_exceptions=False)
    return result.exit_code, result.output.splitlines()


@pytest.mark.parametrize("mac", ["B3A092AE", "b3a092ae", "4233413039324145"])
def test_way_is_printed_and_the_typed_key_is_not(mac: str) -> None:
    status, lines = run(SENT, "--mac", mac, typed=KEY + "\n")

    assert status == 0
    assert lines[1:] == [FOUND, "1 way to this MAC"]
    assert KEY not in "".join(lines)


def test_key_may_come_from_a_file_and_the_message_too(tmp_path: Path) -> None:
    key, message = tmp_path / "key.txt", tmp_path / "sent.hex"
    key.write_text(KEY + "\n", encoding="ascii")
    message.write_text(SENT, encoding="ascii")

    status, lines = run(f"@{message}", "--mac", "B3A092AE", "--key-file", str(key))
    assert (status, lines) == (0, [FOUND, "1 way to this MAC"])


def test_no_way_ends_with_status_1() -> None:
    status, lines = run(SENT, "--mac", "00000000", typed=KEY + "\n")
    assert (status, lines[-1]) == (1, "no ways to this MAC")


def test_what_is_no_key_or_no_mac_is_refused_without_being_shown(tmp_path: Path) -> None:
    with pytest.raises(InvalidKeyError) as caught:
        run(SENT, "--mac", "B3A092AE", typed="CANARY-KEY\n")
    assert "CANARY" not in str(caught.value) + repr(caught.value.__context__)
    with pytest.raises(ConfigError, match=r"^the MAC is given in hexadecimal digits$"):
        run(SENT, "--mac", "no mac", typed=KEY + "\n")
    with pytest.raises(ConfigError, match=r"^none cannot be read$"):
        run(SENT, "--mac", "B3A092AE", "--key-file", str(tmp_path / "none"))
