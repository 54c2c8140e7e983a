"""A host in this process and what is certified against it: from hand to hand, or over the loopback where a line is wanted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from posrefund.certify import Certification, Subject, certify
from posrefund.crypto import Key, Purpose
from posrefund.dialects import Dialect, dialect
from posrefund.emulators.host import (
    EmulatedHost,
    HostProfile,
    HostServer,
    HostTime,
    TerminalRecord,
)
from posrefund.emulators.host.deviations import deviate
from posrefund.framing import Envelope
from posrefund.link import Link, TCPLink
from posrefund.testing import MemoryLink
from posrefund.values import PAN, CardRead, MerchantID, TerminalID

TMK = "70F2A84CCBC2AE8625CBB0F2C22AB923"
TERMINAL, MERCHANT = "12345678", "123456789012345"
CARDS = tuple(
    CardRead("051", PAN(number), expiry="3012", sequence_number="001")
    for number in ("6200000000000005", "6200000000000047", "6205500000000000004")
)
START = datetime(2026, 3, 9, 10, tzinfo=timezone(timedelta(hours=8)))


@dataclass(frozen=True)
class Bed:
    """One host and its subject; *port* where it is served."""

    host: EmulatedHost
    subject: Subject
    port: int = 0

    def run(self, *only: str, switches: bool = False) -> Certification:
        return certify(self.subject, only=only, with_switches=switches)


@contextmanager
def bed(
    name: str = "unionpay",
    *deviations: str,
    profile: HostProfile | None = None,
    answer_s: float = 5.0,
    turns: bool = True,
    start: datetime = START,
    known: Dialect | None = None,
    tmk: Key | None = None,
    tcp: bool = False,
) -> Iterator[Bed]:
    """Lend a host that deviates in *deviations*: over TCP, or else from hand to hand, where an answer is there or never comes."""
    clock = HostTime(start, runs=True)
    tmk = tmk or Key(bytes.fromhex(TMK), Purpose.KEK)
    record = TerminalRecord(TERMINAL, MERCHANT, tmk, batch="000007")
    host = EmulatedHost(profile or HostProfile(dialect=name), [record], clock=clock)
    for each in deviations:
        deviate(host, each)
    spoken = known or dialect(name)
    with ExitStack() as stack:
        server = stack.enter_context(HostServer(host)) if tcp else None

        def dial() -> Link:
            return TCPLink("127.0.0.1", server.port) if server else MemoryLink(host.respond)

        def turn() -> None:
            with server.lock if server else ExitStack():
                clock.advance(timedelta(days=1))

        subject = Subject(
            dialect=spoken,
            terminal=TerminalID(TERMINAL),
            merchant=MerchantID(MERCHANT),
            tmk=tmk,
            dial=dial,
            envelope=Envelope(spoken.tpdu, spoken.header),
            cards=CARDS,
            clock=lambda: datetime.now(UTC),
            host="a host of the tests",
            answer_s=answer_s,
            turn_day=turn if turns else None,
        )
        yield Bed(host, subject, server.port if server else 0)
