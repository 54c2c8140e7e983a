"""How a terminal's line is spoken, as data: read whole, or refused before anything is opened."""

from __future__ import annotations

import pytest

from posrefund.devices.passthrough import RelaySettings
from posrefund.devices.passthrough.settings import Tags
from posrefund.errors import ConfigError
from posrefund.framing import STXETX

EVERYTHING = """
relayed_kind = "02"
host = "0A"
has_length = true
acknowledges = false
connect_s = 1
answer_s = 2.5
late_s = 3
memory_s = 4
inter_byte_s = 0.5
not_sent = "N1"
in_doubt = "D1"
repeated = "R1"
unreadable = "U1"
[line]
check = "none"
base = 1
covers_stx = true
covers_etx = false
body_bytes_max = 999
[tags]
kind = "C1"
random = "C2"
host = "C3"
message = "9F01"
result = "C5"
"""


def test_everything_can_be_set() -> None:
    assert RelaySettings.from_toml(EVERYTHING) == RelaySettings(
        line=STXETX(
            length="bcd",
            text=False,
            check="none",
            base=1,
            covers_stx=True,
            covers_etx=False,
            body_bytes_max=999,
        ),
        tags=Tags("C1", "C2", "C3", "9F01", "C5"),
        relayed_kind="02",
        host="0A",
        has_length=True,
        acknowledges=False,
        connect_s=1,
        answer_s=2.5,
        late_s=3,
        memory_s=4,
        inter_byte_s=0.5,
        not_sent="N1",
        in_doubt="D1",
        repeated="R1",
        unreadable="U1",
    )


def test_nothing_has_to_be_set() -> None:
    assert RelaySettings.from_toml("") == RelaySettings()


@pytest.mark.parametrize(
    "text",
    [
        "[",
        "speed = 1",
        "line = 1",
        "[line]\nlength = 'none'",
        "[line]\ntext = true",
        "[line]\nbase = 300",
        "[line]\nbody_bytes_max = 10000",
        "[line]\nbody_bytes_max = 'x'",
        "[tags]\nkind = 'DF1'",
        "[tags]\nkind = 1",
        "[tags]\nkind = 'DF04'",
        "[tags]\nother = 'DF04'",
        "relayed_kind = ''",
        "relayed_kind = 1",
        "host = 'x'",
        "has_length = 1",
        "answer_s = 0",
        "answer_s = 601",
        "answer_s = true",
        "answer_s = 'x'",
        "not_sent = 'x'",
        "not_sent = 'RD'",
        "in_doubt = 'RN'",
    ],
)
def test_setting_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        RelaySettings.from_toml(text)


def test_line_without_a_length_is_refused() -> None:
    with pytest.raises(ConfigError, match="a line with a length"):
        RelaySettings(line=STXETX())
