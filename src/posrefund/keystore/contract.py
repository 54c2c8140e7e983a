"""What a terminal asks of a key store, and a key store of what opens it. Floor 5.

``KeyStore`` is what a ``Terminal`` needs; ``FileKeyStore`` is one. ``Lock`` opens a key file: a passphrase, or
a token. ``HighWater`` remembers, somewhere else, how new the file was; an ``Anchor``, how far the journal was.
``DeviceKey`` names a key that is not here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from posrefund.crypto import UNIONPAY_ECB, Algorithm, KeySet, MACRule, Purpose, SignInRule
from posrefund.errors import InvalidKeyError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

__all__ = ["Anchor", "DeviceKey", "HighWater", "KeyStore", "Lock"]

_KCV_DIGITS = 6
_NAME_CHARACTERS_MAX = 64


class Lock(Protocol):
    """Gives the key under which a key file is sealed: 32 bytes that stand nowhere in clear.

    The header stands readable in the file. It is sealed with the file, but read before the seal can be
    checked: ``open`` has to bound what it asks for.
    """

    def new(self) -> tuple[dict[str, str], bytes]:
        """Return a header for a new file, ``kind`` among its entries, and the 32 bytes that belong to it.

        Raises:
            ConfigError: What makes the key is not there.
        """
        ...

    def open(self, header: Mapping[str, str]) -> bytes:
        """Return the 32 bytes that belong to *header*.

        Raises:
            ConfigError: The header is one of another kind of lock, or asks for too much; the device is not
                there.
            InvalidKeyError: The lock can say itself that it is the wrong one.
        """
        ...


class HighWater(Protocol):
    """The highest generation of a key file that was ever seen, kept where the file is not."""

    def read(self) -> int:
        """Return the mark; 0 before the first.

        Raises:
            ConfigError: It cannot be read.
        """
        ...

    def raise_to(self, generation: int) -> None:
        """Keep *generation*, durably, if it is higher than the mark; the mark never falls.

        Raises:
            ConfigError: It cannot be written.
        """
        ...


@dataclass(frozen=True, slots=True)
class Anchor:
    """One place in a journal that once was its end, kept where the journal is not.

    A journal without this row is an older one, a copy, or another.

    Attributes:
        terminal: DE41.
        merchant: DE42.
        journal_id: Name of the journal and its epoch.
        seq: The row; 0 before the first.
        link: Of that row, 32 bytes.
        stan: The last number that was taken.
        at: When, in the host's time.
    """

    terminal: str
    merchant: str
    journal_id: str
    seq: int
    link: bytes
    stan: str
    at: datetime


class KeyStore(Protocol):
    """What a terminal needs.

    Attributes:
        sign_in_rule: By which it opens DE62, one that it kept included; a ``Terminal`` sets its dialect's.
    """

    sign_in_rule: SignInRule

    @property
    def journal_key(self) -> bytes:
        """32 bytes for the journal: chain, fingerprints, sealed numbers."""
        ...

    @property
    def generation(self) -> int:
        """A number that grows with every change of the store and never falls; 0 if it has none."""
        ...

    @property
    def has_published_master(self) -> bool:
        """Whether everybody can know the TMK: to practise with, and never for a live host."""
        ...

    def keep_sign_in(
        self,
        block: bytes,
        rule: MACRule = UNIONPAY_ECB,
        *,
        still_needed: Collection[str] = (),
    ) -> KeySet:
        """Open DE62 of a sign-in answer and keep it, and of the sets before only those that are needed.

        Args:
            block: As it stands in the answer.
            rule: What its MAC key has to serve.
            still_needed: Ids of older sets that something open was sent under; for verifying only.

        Raises:
            InvalidKeyError: The set is refused; what was kept before stays as it was.
        """
        ...

    def id_of(self, block: bytes) -> str:
        """Return the name of the keys of DE62, once they open rightly; nothing is kept.

        Raises:
            InvalidKeyError: The set is refused.
        """
        ...

    def forget_sets(self, *, still_needed: Collection[str]) -> None:
        """Destroy every replaced set but those that are needed; the last one stays.

        Raises:
            ConfigError: The store cannot be written; nothing was destroyed.
        """
        ...

    def working_keys(self) -> KeySet | None:
        """Return the keys of the last sign-in, or None before the first."""
        ...

    def key_set(self, key_set_id: str) -> KeySet | None:
        """Return the last set, or one that is still needed, to verify with, by its id; None if it is gone."""
        ...

    def anchor(self) -> Anchor | None:
        """Return the last anchor that was kept; None before the first.

        Raises:
            ConfigError: It cannot be read.
            InvalidKeyError: It was changed, or is another key store's.
        """
        ...

    def keep_anchor(self, anchor: Anchor) -> None:
        """Keep *anchor*, durably, in the place of the one before.

        Raises:
            ConfigError: It cannot be written; the one before stands.
        """
        ...


@dataclass(frozen=True, slots=True)
class DeviceKey:
    """A key that stays in a PIN pad or a token: its name there, and nothing to compute with.

    Attributes:
        slot_name: What the device calls it: a number or a label, 1 to 64 printable characters.
        purpose: What it is for.
        algorithm: The cipher it is for.
        kcv_hex: The check value that the device gave, 6 digits.

    Raises:
        InvalidKeyError: The name or the check value is none.

    Example:
        >>> from posrefund.crypto import Algorithm, Purpose
        >>> from posrefund.keystore import DeviceKey
        >>> DeviceKey("7", Purpose.PIN, Algorithm.SM4, "08793E").kcv_hex
        '08793E'
    """

    slot_name: str
    purpose: Purpose
    algorithm: Algorithm
    kcv_hex: str

    def __post_init__(self) -> None:
        if not (0 < len(self.slot_name) <= _NAME_CHARACTERS_MAX and self.slot_name.isprintable()):
            reason = f"a device's slot has a name of 1 to {_NAME_CHARACTERS_MAX} characters"
            raise InvalidKeyError(reason)
        digits = set("0123456789ABCDEF")
        if len(self.kcv_hex) != _KCV_DIGITS or not set(self.kcv_hex) <= digits:
            reason = f"a device's key has a check value of {_KCV_DIGITS} hexadecimal digits"
            raise InvalidKeyError(reason)
