"""A shop's rules about refunds: data, and nothing that decides. Floor 4.

Every value that is left out is a rule that is not there; ``Rules()`` leaves a refund to the journal, the acquirer's
profile and the host. ``load_rules`` makes one of a file, with every wrong key named.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from posrefund.engine.calendar import BusinessCalendar
from posrefund.errors import ConfigError
from posrefund.values.amount import format_minor

if TYPE_CHECKING:
    from datetime import date

    from posrefund.engine.papers import DocumentKind

__all__ = ["Contact", "DocumentRule", "Limit", "MerchantStatus", "Period", "Role", "Rules"]

MerchantStatus = Literal["active", "suspended", "revoked"]


@dataclass(frozen=True, slots=True)
class Limit:
    """A sum for each currency; a currency that is not named is on the strict side, and without any there is no limit.

    Attributes:
        sums: ISO 4217 numeric code and minor units, by code.

    Units:
        Minor units.

    Raises:
        ConfigError: A sum that is no whole number from 0 on.

    Example:
        >>> from posrefund.engine.policy import Limit
        >>> limit = Limit((("156", 50_000),))
        >>> limit.of("156"), limit.of("840"), Limit().of("156")
        (50000, 0, None)
    """

    sums: tuple[tuple[str, int], ...] = ()

    def __post_init__(self) -> None:
        for currency, minor in self.sums:
            if type(minor) is not int or minor < 0 or not isinstance(currency, str):
                raise ConfigError("a limit: expected whole minor units by currency")

    def __bool__(self) -> bool:
        return bool(self.sums)

    def of(self, currency: str) -> int | None:
        """Return the sum for *currency*: 0 where others are named, None where there is no limit."""
        return dict(self.sums).get(currency, 0) if self.sums else None

    def __str__(self) -> str:
        return ", ".join(format_minor(minor, currency) for currency, minor in self.sums)


@dataclass(frozen=True, slots=True)
class Role:
    """What people of one role may do.

    Attributes:
        name: As the staff list calls it.
        may_refund: Ask for a refund.
        may_approve: Be the second person.
        may_key: Type a card number where it cannot be read.
        may_unreferenced: Refund a sale that nobody here knows; always with a second person.
        may_partial: Refund less than what is left.
        refund_max: At once.
        alone_max: At once without a second person.
        day_max: In one settlement day, together.
        day_count_max: How many in one settlement day; 0 for no limit.
    """

    name: str
    may_refund: bool = True
    may_approve: bool = False
    may_key: bool = False
    may_unreferenced: bool = False
    may_partial: bool = True
    refund_max: Limit = Limit()
    alone_max: Limit = Limit()
    day_max: Limit = Limit()
    day_count_max: int = 0


@dataclass(frozen=True, slots=True)
class DocumentRule:
    """A document that a refund needs.

    Attributes:
        any_of: One of these kinds; none for any kind.
        from_: From which amount on; no limit means always, a currency that is not named always, too.
    """

    any_of: tuple[DocumentKind, ...] = ()
    from_: Limit = Limit()


@dataclass(frozen=True, slots=True)
class Period:
    """Host days, the first and the last among them, on which no refund is made.

    Attributes:
        first: The first.
        last: The last.
        why: What the clerk is told; may be empty.
    """

    first: date
    last: date
    why: str = ""


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom to call.

    Attributes:
        party: ``"acquirer"`` or ``"merchant"``.
        phone: As dialled.
        mail: An address.
        hours: When somebody answers.
        zh: Who that is, Chinese.
        en: The same, English.
    """

    party: Literal["acquirer", "merchant"]
    phone: str = ""
    mail: str = ""
    hours: str = ""
    zh: str = ""
    en: str = ""

    def __str__(self) -> str:
        who = " / ".join(part for part in (self.zh, self.en) if part)
        return ", ".join(part for part in (who, self.phone, self.mail, self.hours) if part)


@dataclass(frozen=True)
class Rules:
    """The rules of one acquirer and merchant.

    Attributes:
        name: Of the file, for people.
        platform: The pack that these rules begin with: ``"wechat"``; empty for none.
        region: The same for a region.
        merchant_status: Whether the merchant may work at all.
        merchant_through: The last host day on which that holds; None for no end.
        merchant_may_refund: The acquirer's permission to refund.
        mcc: The merchant's category (ISO 18245); empty where it is not said.
        mcc_allowed: The only categories that refund; empty for all.
        mcc_blocked: Categories that do not.
        blocked_periods: Days on which nobody does.
        window_business_days: How many business days after the sale's settlement date a refund is possible; 0 for ever.
        window_days: The same in calendar days.
        calendar: Which days are business days.
        refunds_max: How many refunds of one sale; 0 for no limit.
        gap_s: How far apart two of one sale have to be.
        other_card: Whether another card than the one that paid is refused, or let through with a document and a
            second person: a reissued card, or the number that a phone has.
        other_method: The same of another way back than the money came: a card for what a code paid. The acquirer may
            refuse it all the same.
        blocked_cards: Fingerprints of this journal's (``Journal.fingerprint``) that get nothing.
        terminal_max: One refund on this terminal.
        order_required: Whether a refund names the order, or the sale by its slip.
        documents: What has to be there.
        signature_from: From which amount on the customer signs before it is sent.
        unreferenced: Whether a sale that nobody here knows may be refunded where the profile allows it.
        roles: What who may do; without any, everybody may what the other rules allow.
        default_role: Of an operator whose role nobody says.
        contacts: Whom to call at the acquirer and at the merchant.
        retention_years: How long the records have to be kept; 0 where it is not said. Nothing here deletes any.

    Units:
        Minor units, seconds, days, years.
    """

    name: str = ""
    platform: str = ""
    region: str = ""
    merchant_status: MerchantStatus = "active"
    merchant_through: date | None = None
    merchant_may_refund: bool = True
    mcc: str = ""
    mcc_allowed: tuple[str, ...] = ()
    mcc_blocked: tuple[str, ...] = ()
    blocked_periods: tuple[Period, ...] = ()
    window_business_days: int = 0
    window_days: int = 0
    calendar: BusinessCalendar = field(default_factory=BusinessCalendar)
    refunds_max: int = 0
    gap_s: int = 0
    other_card: Literal["never", "two_people"] = "never"
    other_method: Literal["never", "two_people"] = "never"
    blocked_cards: tuple[str, ...] = ()
    terminal_max: Limit = Limit()
    order_required: bool = False
    documents: tuple[DocumentRule, ...] = ()
    signature_from: Limit = Limit()
    unreferenced: bool = True
    roles: tuple[Role, ...] = ()
    default_role: str = ""
    contacts: tuple[Contact, ...] = ()
    retention_years: int = 0

    def role(self, name: str | None) -> Role | None:
        """Return the role called *name*, or the one of operators whose role nobody says; None if there is none."""
        wanted = name or self.default_role
        return next((role for role in self.roles if role.name == wanted), None)

    def contact(self, party: str) -> Contact | None:
        """Return whom to call at *party*, or None."""
        return next((contact for contact in self.contacts if contact.party == party), None)

    @property
    def counts_the_day(self) -> bool:
        """Whether a rule asks what an operator gave back today."""
        return any(role.day_max or role.day_count_max for role in self.roles)

    @property
    def counts_refunds(self) -> bool:
        """Whether a rule asks for earlier refunds of a sale."""
        return bool(self.refunds_max or self.gap_s)
