"""The examples run as they are, quickly, and print what a reader is told to expect."""

from __future__ import annotations

import runpy
import subprocess
import sys
import time
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
PRINTED = {
    "refund_next_day.py": """\
sold: ¥128.00, reference 606812000002
today: not_before, not before 03-09 23:00
      UnionPay sales slip
         Merchant copy
--------------------------------
Merchant         123456789012345
Terminal                12345678
Operator                      01
Acquirer                48021000
Issuer                  01020000
Card          620000******0005 I
--------------------------------
Type                      REFUND
Amount                 RMB 28.00
--------------------------------
Batch                     000007
Voucher                   000003
Reference           606912000003
Date/time    2026/03/10 12:00:00
--------------------------------
Orig. date            2026/03/09
Orig. ref.          606812000002
Orig. batch               000007
Orig. voucher             000002
Orig. auth                000002
Orig. amount          RMB 128.00
--------------------------------
Reason                    defect
--------------------------------
Status                  accepted
--------------------------------
I agree that this amount goes
back to the card that paid.
Cardholder's signature:


________________________________

      R0APN58QCMCAWBBY39AX

asked again: Approved(R-1/1 refund ¥28.00, ACCEPTED)
the host booked 1
""",
    "in_doubt.py": """\
InDoubt(R-1/1 refund ¥45.00, IN_DOUBT): result unknown: do not repeat it, the settlement file will tell
asked again: InDoubt(R-1/1 refund ¥45.00, IN_DOUBT)
another request for that sale: original_in_doubt
file of 2026-03-10: R-1/1 RESOLVED_YES
Approved(R-1/1 refund ¥45.00, CONFIRMED): settled, confirmed: True
the chain of 14 rows is in order
""",
    "many_terminals.py": """\
10000001: batch 000001, keys new
10000002: batch 000001, keys new
connections: 1, late answers: 0
""",
    "decode_message.py": """\
127 bytes, TPDU 6000030000, header 603200000000
MTI    message type               0220
bitmap bitmap                     702406800CC0801B
DE2    PAN                        620000******0005
DE3    processing code            200000
DE4    amount                     000000002800
DE11   STAN                       000006
DE14   expiry YYMM                ***
DE22   POS entry mode             051
DE23   card sequence number       001
DE25   POS condition code         00
DE37   RRN                        606812000002
DE38   authorisation code         000002
DE41   terminal                   12345678
DE42   merchant                   123456789012345
DE49   currency                   156
DE60   type, batch, network code  25000007000600
       DE60.type                  25
       DE60.batch                 000007
       DE60.network               000
       DE60.capability            6
       DE60.chip_condition        0
       DE60.partial               0
DE61   original transaction       0000070000020309
       DE61.batch                 000007
       DE61.stan                  000002
       DE61.date                  0309
DE63   organisation and texts     CUP
       DE63.organisation          CUP
DE64   MAC                        4144344434343536
the same bytes again: True
its MAC fits
cut short: DE61 at byte 104: expected 16 nibbles, found 2
""",
}


def test_every_example_is_tried_here() -> None:
    story = {"two_weeks.py", "two_weeks_shop.py"}  # tried in test_two_weeks.py
    assert {path.name for path in EXAMPLES.glob("*.py")} == {*PRINTED, *story}


@pytest.mark.parametrize("name", PRINTED)
def test_an_example_prints_what_it_promises_within_two_seconds(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    example = runpy.run_path(str(EXAMPLES / name))
    start = time.monotonic()
    example["main"]()
    elapsed_s = time.monotonic() - start

    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert PRINTED[name].splitlines() == lines
    assert elapsed_s < 2


def test_an_example_runs_as_a_program() -> None:
    command = [sys.executable, "-W", "error", str(EXAMPLES / "decode_message.py")]
    done = subprocess.run(command, capture_output=True, check=True, encoding="utf-8")

    assert "its MAC fits" in done.stdout
