"""A run ends with findings whatever the host does, and what it holds on the way cannot be printed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from certify.bed import CARDS, TMK, bed
from posrefund.certify import CASES, certify, evidence
from posrefund.certify.bench import Bench
from posrefund.certify.moves import sell, sign_in
from posrefund.crypto import UNIONPAY_SM4, Algorithm, Key, Purpose
from posrefund.dialects.file import load_dialect
from posrefund.emulators.host import Fault, HostProfile
from posrefund.emulators.host.deviations import DEVIATIONS, deviate
from posrefund.emulators.host.faults import EFFECTS, NO_EFFECT
from posrefund.errors import ConfigError
from posrefund.link import HostLink, TCPLink

MTIS = ("0800", "0820", "0200", "0220", "0400", "0500", "0320")
SECRETS = (*(card.pan.reveal() for card in CARDS), TMK, TMK.lower())
SM4 = """
name = "sm4"
base = "unionpay"
mac = { algorithm = "unionpay-ecb", cipher = "SM4" }
[messages.sign_in.holds]
60 = "00{batch}006"
[sign_in]
layouts = [{ cipher = "SM4", parts = "PIK:16 MAK:16 TDK:16", kcv_bytes = 4 }]
"""


@pytest.mark.slow
@pytest.mark.parametrize("kind", list(EFFECTS))
def test_whatever_a_host_does_is_a_finding_and_no_error(kind: str) -> None:
    # The totals are balanced, and nothing of this is answered with what it was asked about.
    is_harmless = kind in ("wrong_rrn", "duplicate_reply", "balanced", "wrong_original")
    # Short for a host that says nothing; one that is to pass gets the time that a busy machine takes.
    is_of_the_line = EFFECTS[kind].line is not NO_EFFECT.line or not EFFECTS[kind].sees
    with bed(answer_s=5.0 if is_harmless else 0.15, tcp=is_of_the_line) as found:
        for mti in MTIS:
            found.host.faults.add(Fault(kind, mti=mti, always=True, seconds=0.3))
        run = found.run("echo", "sale", "reversal", "settle_balanced", "sign_off")
        files = evidence(run)

    assert [result.name for result in run.results][:3] == ["profile", "sign_in", "echo"]
    assert run.verdict == ("passed" if is_harmless else "failed")
    assert not [secret for secret in SECRETS for data in files.values() if secret.encode() in data]


class OneLine:
    """A host that hangs up on a terminal's first connection when it opens a second one."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.open_links: list[TCPLink] = []

    def dial(self) -> TCPLink:
        for link in self.open_links:
            link.close()
        self.open_links = [TCPLink("127.0.0.1", self._port)]
        return self.open_links[0]


def test_a_host_that_allows_one_connection_owes_no_late_answer() -> None:
    with bed(tcp=True) as found:
        line = OneLine(found.port)
        run = certify(
            replace(found.subject, dial=line.dial), only=["late_answer", "settle_balanced"]
        )

    assert run.verdict == "passed"
    late = next(step for step in run.steps if step.note_en.startswith("it was reversed"))
    assert "no answer in time, or the line broke" in late.note_en


def test_no_connection_is_left_open_behind_a_message() -> None:
    dialled: list[HostLink] = []

    def dial(port: int) -> HostLink:
        dialled.append(HostLink([TCPLink("127.0.0.1", port)], keep_open_s=60))
        return dialled[-1]

    with bed(tcp=True) as found:
        port = found.port
        run = certify(replace(found.subject, dial=lambda: dial(port)), only=["sale", "reversal"])

    assert run.verdict == "passed"
    assert len(dialled) == len(run.steps)
    assert {link._current for link in dialled} == {None}


def test_where_nobody_listens_the_sign_in_says_so_and_the_rest_is_skipped() -> None:
    with bed() as found:
        subject = replace(found.subject, dial=lambda: TCPLink("127.0.0.1", 1))
        run = certify(subject)

    assert run.failed_checks == {"sign_in/answered", "sign_in/sign_in.approved", "echo/answered"}
    assert run.count("skipped") == len(CASES) - 3
    assert "LinkOpenError" in next(each.en for each in run.results[1].failures)


def test_only_what_is_asked_for_is_played_after_the_profile_and_a_sign_in() -> None:
    with bed() as found:
        run = found.run("void")

    assert [result.name for result in run.results] == ["profile", "sign_in", "void"]
    assert [step.message for step in run.steps] == ["sign_in", "sale", "void", "void"]


@pytest.mark.parametrize("case", [case.name for case in CASES])
def test_every_case_can_be_played_alone(case: str) -> None:
    with bed() as found:
        run = found.run(case)

    assert run.verdict == "passed"


def test_an_unknown_case_and_a_single_card_are_refused() -> None:
    with bed() as found:
        with pytest.raises(ConfigError, match="no case is called 'nothing'"):
            found.run("nothing")
        with pytest.raises(ConfigError, match="two test cards"):
            certify(replace(found.subject, cards=CARDS[:1]))


def test_a_batch_with_leftovers_is_closed_away_first() -> None:
    with bed() as found:
        found.run("sale")  # leaves a sale in the batch
        run = found.run("settle_empty", "settle_balanced")

    assert run.verdict == "passed"
    assert "unbalanced" in str([each.en for each in run.results[2].findings])


def test_a_run_is_right_across_the_cut_off_and_the_new_year() -> None:
    zone = timezone(timedelta(hours=8))
    for start in (
        datetime(2026, 12, 31, 22, 59, 59, tzinfo=zone),
        datetime(2026, 12, 31, 23, 59, 59, tzinfo=zone),
        datetime(2028, 2, 28, 23, 30, tzinfo=zone),
    ):
        with bed(start=start) as found:
            run = certify(replace(found.subject, clock=found.host.clock))
            assert run.failed_checks == frozenset()
            assert run.verdict == "passed"


def test_two_runs_one_after_the_other_both_pass() -> None:
    with bed() as found:
        first = found.run()
        second = certify(replace(found.subject, first_stan="000601"))

    assert (first.verdict, second.verdict) == ("passed", "passed")


def test_the_turned_day_is_only_asked_for_by_refunds() -> None:
    with bed(turns=False) as found:
        run = certify(found.subject)

    skipped = {result.name for result in run.results if result.verdict == "skipped"}
    assert skipped == {case.name for case in CASES if case.name.startswith("refund")}
    assert run.verdict == "incomplete"
    assert len(run.originals) == 5


def test_under_sm4_every_case_passes_too() -> None:
    known = load_dialect(SM4)
    tmk = bytes.fromhex(TMK)
    with bed(
        profile=HostProfile(mac_rule=UNIONPAY_SM4),
        known=known,
        tmk=Key(tmk, Purpose.KEK, Algorithm.SM4),
    ) as found:
        run = found.run()

    assert run.failed_checks == frozenset()
    assert run.verdict == "passed"


def test_nothing_on_the_bench_prints_a_card_or_a_key() -> None:
    with bed() as found:
        bench = Bench(found.subject)
        heard = sign_in(bench)
        sold, attempt = sell(bench, 1_234)

        printed = "".join(
            map(
                repr,
                (found.subject, heard, sold, attempt, bench.steps, bench.findings, vars(bench)),
            )
        )

    assert sold.is_done
    assert not [secret for secret in SECRETS if secret in printed]
    assert sold.fields["2"] not in printed
    assert heard.fact("key_block") not in printed


def test_a_deviation_that_is_none_and_one_of_other_messages_are_refused() -> None:
    with bed() as found, pytest.raises(KeyError):
        deviate(found.host, "nothing")
    with bed("iso87-ascii") as found, pytest.raises(ValueError, match="mti"):
        deviate(found.host, "balanced_always")


def test_every_deviation_says_what_it_is() -> None:
    assert all(each.en and (each.faults or each.leaves_out) for each in DEVIATIONS.values())
