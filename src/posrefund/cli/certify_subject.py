"""What ``posrefund certify`` is run against: the host of the settings, one that is named, or an emulated one. Floor 11."""

from __future__ import annotations

import secrets
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from posrefund.certify import Subject
from posrefund.cli.config import load, open_keystore, open_link
from posrefund.cli.dialect_file import find_dialect
from posrefund.cli.host_settings import host_addresses
from posrefund.crypto import Key, Purpose
from posrefund.emulators.host import (
    DIALECT_NAMES,
    EmulatedHost,
    HostProfile,
    HostServer,
    HostTime,
    TerminalRecord,
)
from posrefund.emulators.host.deviations import DEVIATIONS, deviate
from posrefund.engine import Original
from posrefund.errors import ConfigError, InvalidRequestError
from posrefund.framing import Envelope
from posrefund.link import TCPLink
from posrefund.values import PAN, RRN, Amount, CardRead, MerchantID, TerminalID, infer_year

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from posrefund.crypto import MACRule
    from posrefund.dialects import Dialect

__all__ = ["PUBLIC_CARDS", "emulated_subject", "read_card", "read_original", "real_subject"]

PUBLIC_CARDS = ("6200000000000005:3012", "6200000000000047:3012", "6205500000000000004:3012")
"""Public test numbers; the last one has an odd number of digits."""
_TERMINAL, _MERCHANT, _BATCH = "12345678", "123456789012345", "000007"
_NUMBERS_A_SECOND = 11
"""A run of another second of the day begins with other numbers: 86 400 times that is below 999 999."""


@contextmanager
def emulated_subject(
    profile: Dialect, cards: Sequence[str], *, speaks: str, deviation: str, answer_s: float
) -> Iterator[Subject]:
    """Serve an emulated host on the loopback as long as this is open.

    Args:
        profile: What is certified.
        cards: As on the command line.
        speaks: What the host speaks; empty for what the profile is called.
        deviation: What it does wrong; empty for nothing.
        answer_s: How long an answer is waited for; 0 for what the profile says.

    Raises:
        ConfigError: The host does not speak it, or has no such deviation.
    """
    language = speaks or profile.name
    if language not in DIALECT_NAMES:
        known = ", ".join(DIALECT_NAMES)
        raise ConfigError(
            f"the emulated host does not speak {language}; --speaks is one of {known}"
        )
    tmk = Key(secrets.token_bytes(16), Purpose.KEK, profile.mac.cipher)
    clock = HostTime(datetime.now(UTC).astimezone(profile.zone), runs=True)
    rules = HostProfile(
        dialect=language, mac_rule=_house_rule(profile), cut_off=profile.cut_off, zone=profile.zone
    )
    host = EmulatedHost(
        rules, [TerminalRecord(_TERMINAL, _MERCHANT, tmk, batch=_BATCH)], clock=clock
    )
    if deviation:
        _deviate(host, deviation)
    with HostServer(host) as server:

        def turn_day() -> None:
            with server.lock:
                clock.advance(timedelta(days=1))

        yield Subject(
            dialect=profile,
            terminal=TerminalID(_TERMINAL),
            merchant=MerchantID(_MERCHANT),
            tmk=tmk,
            dial=lambda: TCPLink("127.0.0.1", server.port),
            envelope=Envelope(profile.tpdu, profile.header),
            cards=tuple(map(read_card, cards or PUBLIC_CARDS)),
            clock=lambda: datetime.now(UTC),
            host=f"posrefund emulated host ({language})",
            answer_s=answer_s,
            turn_day=turn_day,
        )


def real_subject(
    config: Path,
    profile: str | None,
    hosts: Sequence[str],
    cards: Sequence[str],
    originals: Sequence[str],
    answer_s: float,
) -> Subject:
    """Return the host of the settings in *config*, at *hosts* if any are named.

    Raises:
        ConfigError: The settings or the key file cannot be used, or an option says nothing.
    """
    settings = load(config)
    if profile is not None:
        settings = replace(settings, dialect=find_dialect(profile))
    if hosts:
        settings = replace(settings, host=replace(settings.host, addresses=host_addresses(hosts)))
    now = datetime.now(UTC).astimezone(settings.dialect.zone)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    first = 1 + int((now - midnight).total_seconds()) * _NUMBERS_A_SECOND
    return Subject(
        dialect=settings.dialect,
        terminal=settings.terminal,
        merchant=settings.merchant,
        tmk=open_keystore(settings).key("tmk"),
        dial=lambda: open_link(settings),
        envelope=settings.envelope,
        cards=tuple(map(read_card, cards or PUBLIC_CARDS)),
        clock=lambda: datetime.now(UTC),
        host=", ".join(f"{name}:{port}" for name, port in settings.host.addresses),
        answer_s=answer_s,
        first_stan=f"{first:06d}",
        originals=tuple(
            read_original(each, settings.terminal, settings.merchant, now) for each in originals
        ),
    )


def read_card(text: str) -> CardRead:
    """Return the card that ``PAN:YYMM`` says, as a chip reader would give it.

    Raises:
        ConfigError: It says none; the number is not in the sentence.
    """
    number, _, expiry = text.partition(":")
    try:
        return CardRead("051", PAN(number), expiry=expiry or None, sequence_number="001")
    except InvalidRequestError:
        raise ConfigError("--card: expected a card number and its expiry, PAN:YYMM") from None


def read_original(text: str, terminal: str, merchant: str, now: datetime) -> Original:
    """Return the sale that ``RRN:MMDD:MINOR`` says.

    Raises:
        ConfigError: It says none.
    """
    rrn, mmdd, minor = (*text.split(":"), "", "")[:3]
    try:
        number, day = RRN(rrn), infer_year(mmdd, not_after=now.date())
        amount = Amount(int(minor))
    except ValueError:  # InvalidRequestError is one, too
        expected = "RRN:MMDD:AMOUNT, the amount in minor units"
        raise ConfigError(f"--original: expected {expected}") from None
    return Original(
        original_id=number,
        terminal=terminal,
        merchant=merchant,
        batch="000000",
        stan="000000",
        rrn=number,
        transaction_date=day,
        settlement_date=day,
        amount=amount,
        auth_code=None,
        card_fingerprint="",
    )


def _deviate(host: EmulatedHost, name: str) -> None:
    if name not in DEVIATIONS:
        raise ConfigError(f"--deviation is one of {', '.join(DEVIATIONS)}")
    try:
        deviate(host, name)
    except ValueError:
        raise ConfigError(f"the deviation {name} is one of UnionPay's messages") from None


def _house_rule(profile: Dialect) -> MACRule | None:
    """A dialect file says how its MAC is made, whichever language of the host's stands in for it."""
    return None if profile.name in DIALECT_NAMES else profile.mac
