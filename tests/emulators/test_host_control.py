"""The control loop: one JSON line in, one out."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from emulators.host_peer import CARD, TERMINAL, Peer, make_host
from posrefund.emulators.host import EmulatedHost, HostServer
from posrefund.emulators.host.control import run


def talk(host: EmulatedHost, *lines: str) -> list[dict[str, Any]]:
    """Send *lines* and return the answers, the greeting left out."""
    answers = io.StringIO()
    with HostServer(host) as server:
        run(host, server, io.StringIO("".join(f"{line}\n" for line in lines)), answers)
        greeting, *rest = [json.loads(line) for line in answers.getvalue().splitlines()]
        assert greeting == {"listening": ["127.0.0.1", server.port]}
    return rest


def test_clock_is_set_and_advanced() -> None:
    host, _ = make_host()
    assert talk(host, '{"clock": "2026-03-10T12:00:00+08:00"}', '{"advance_s": 3600}') == [
        {"clock": "2026-03-10T12:00:00+08:00"},
        {"clock": "2026-03-10T13:00:00+08:00"},
    ]


def test_fault_is_queued_and_cleared() -> None:
    host, _ = make_host()
    answers = talk(host, '{"fault": {"kind": "code", "code": "91", "mti": "0800"}}')
    assert answers[0]["fault"]["code"] == "91"
    peer = Peer(host)
    assert peer.sign_in()[39] == "91"
    assert talk(host, '{"fault": {"kind": "code", "mti": "0800"}}', '{"clear_faults": true}')[
        1
    ] == {"clear_faults": True}
    assert peer.sign_in()[39] == "00"


def test_books_refusals_log_and_totals_are_told() -> None:
    host, _ = make_host()
    peer = Peer(host)
    peer.sign_in()
    peer.refund(peer.sale(700), 1)
    ledger, refusals, log, totals = talk(
        host,
        '{"ledger": true}',
        '{"refusals": true}',
        '{"log": true}',
        json.dumps({"totals": TERMINAL}),
    )
    assert [row["amount_minor"] for row in ledger["ledger"]] == [700]
    assert [row["code"] for row in refusals["refusals"]] == ["25"]
    assert log == {
        "log": ["0800 answered 00", "0200 answered 00", "0220 answered 25"],
        "unreadable_count": 0,
    }
    assert totals["totals"]["debit_minor"] == 700
    assert CARD not in json.dumps([ledger, refusals, log, totals])


def test_settlement_file_is_written(tmp_path: Path) -> None:
    host, _ = make_host()
    peer = Peer(host)
    peer.sign_in()
    peer.sale()
    path = tmp_path / "IND26030901ACOM"
    command = json.dumps({"settlement_file": "2026-03-09", "path": str(path)})
    assert talk(host, command) == [{"settlement_file": "2026-03-09", "path": str(path)}]
    assert len(path.read_text(encoding="ascii")) == 300


def test_batch_is_closed_on_the_hosts_side() -> None:
    host, _ = make_host()
    peer = Peer(host)
    peer.sign_in()
    assert talk(host, json.dumps({"close_batch": TERMINAL})) == [{"batch": "000002"}]
    assert peer.sale()[39] == "77"


def test_stop_ends_the_loop_and_so_does_the_end_of_input() -> None:
    host, _ = make_host()
    assert talk(host, '{"stop": true}', '{"ledger": true}') == [{"stopped": True}]
    assert talk(host, '{"drop_connections": true}') == [{"drop_connections": True}]
    assert talk(host) == []


@pytest.mark.parametrize(
    "line",
    [
        "",
        "not json",
        "[]",
        "{}",
        '{"unheard_of": 1}',
        "[" * 5000,
        '{"clock": "yesterday"}',
        '{"clock": "2026-03-10T12:00:00"}',
        '{"clock": 5}',
        '{"advance_s": "x"}',
        '{"advance_s": 1e300}',
        '{"advance_s": 1e12}',
        '{"fault": {"kind": "unheard_of"}}',
        '{"fault": {"kind": "code", "times": "many"}}',
        '{"fault": {"kind": []}}',
        '{"fault": {"colour": "red"}}',
        '{"fault": true}',
        '{"settlement_file": "2026-03-09"}',
        '{"settlement_file": "2026-03-09", "path": "no/such/folder/file"}',
        '{"settlement_file": "today", "path": "x"}',
        '{"close_batch": "99999999"}',
        '{"close_batch": []}',
        '{"totals": "99999999"}',
        '{"fault": "6200000000000005"}',
    ],
)
def test_bad_line_is_answered_with_error_and_the_loop_goes_on(line: str) -> None:
    host, _ = make_host()
    answers = talk(host, line, '{"ledger": true}')
    assert [list(answer) for answer in answers] == [["error"], ["ledger"]]
    assert CARD not in answers[0]["error"]


def test_clock_that_is_no_host_time_cannot_be_set() -> None:
    host, clock = make_host()
    moment = clock()
    host.clock = lambda: moment
    assert talk(host, '{"advance_s": 1}') == [{"error": "advance_s: TypeError"}]
