"""Texts with places for what is known: strict when they are read, so that none is found wanting when it is sent. Floor 8.

``$name`` stands for a value. What is in square brackets is left out where one of its values is not known; so a value
that may be missing stands in brackets, and nowhere else.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from string import Template
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self, get_args

from posrefund.engine import NoticeKind
from posrefund.errors import ConfigError
from posrefund.office.notices.words import TEXTS
from posrefund.office.paper import Language

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["LETTERS", "VARIABLES", "Letter", "Pattern", "read_letters"]

VARIABLES: Mapping[str, bool] = MappingProxyType(
    {
        "merchant": True,
        "amount": True,
        "request_id": True,
        "card_last4": False,
        "rrn": False,
        "order_ref": False,
        "expected": False,
        "phone": False,
    }
)
"""What a text may name, and whether it is always known: shop, amount, number of the request; last digits of the card,
the host's number, number of the order, day by which it should be there, the shop's telephone."""

_PARTS = ("short", "subject", "body")
_CLAIMS = re.compile(
    r"到账|到帐|已到|退款成功|已退款|\barrived?\b|\bcredited\b|\b(?:has|have) been refunded\b",
    re.IGNORECASE,
)
"""What is not said before a settlement file showed it."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """One text.

    Attributes:
        source: As it was written.

    Raises:
        ConfigError: A place that is no variable, a bracket without its other half, or a value that may be
            missing outside of brackets.

    Example:
        >>> from posrefund.office.notices import Pattern
        >>> pattern = Pattern("$amount accepted[, reference $rrn].")
        >>> pattern.fill({"amount": "RMB 10.00", "rrn": ""})
        'RMB 10.00 accepted.'
    """

    source: str

    def __post_init__(self) -> None:
        for text, is_optional in self._pieces():
            template = Template(text)
            names = template.get_identifiers() if template.is_valid() else ["$"]
            if "[" in text or "]" in text:
                raise ConfigError("expected every bracket with its other half, none within another")
            if unknown := [name for name in names if name not in VARIABLES]:
                raise ConfigError(f"expected ${', $'.join(VARIABLES)}; found ${unknown[0]}")
            if is_optional and not names:
                raise ConfigError("expected a value in every pair of brackets")
            if missing := [name for name in names if not (is_optional or VARIABLES[name])]:
                raise ConfigError(f"expected ${missing[0]} in brackets: it is not always known")

    def fill(self, values: Mapping[str, str]) -> str:
        """Return the text with *values*; what is missing or empty drops the brackets it stands in."""
        return "".join(
            Template(text).substitute(values)
            for text, is_optional in self._pieces()
            if not is_optional or all(values.get(name) for name in Template(text).get_identifiers())
        )

    def _pieces(self) -> list[tuple[str, bool]]:
        found = re.split(r"\[([^\[\]]*)\]", self.source)
        return [(text, bool(number % 2)) for number, text in enumerate(found)]


@dataclass(frozen=True, slots=True)
class Letter:
    """What is written about one kind of notice in one language.

    Attributes:
        short: For a telephone.
        subject: One line.
        body: A letter.
    """

    short: Pattern
    subject: Pattern
    body: Pattern

    @classmethod
    def of(cls, texts: Mapping[str, str], kind: NoticeKind, where: str) -> Self:
        """Return the letter of *texts*, each of them read strictly.

        Raises:
            ConfigError: Names the text of *where* that is wrong: a pattern that is none, or that says of a refund
                which no settlement file showed that its money came.
        """
        patterns = {}
        for part in _PARTS:
            claim = _CLAIMS.search(texts[part])
            if claim and kind is not NoticeKind.CONFIRMED:
                raise ConfigError(f"{where}.{part}: nobody knows yet that money came ({claim[0]})")
            try:
                patterns[part] = Pattern(texts[part])
            except ConfigError as error:
                raise ConfigError(f"{where}.{part}: {error}") from None
        return cls(**patterns)


Letters = MappingProxyType[tuple[Language, NoticeKind], Letter]

LETTERS: Letters = MappingProxyType(
    {
        (language, kind): Letter.of(texts, kind, f"{language}.{kind}")
        for (language, kind), texts in TEXTS.items()
    }
)
"""What the package itself writes, by language and kind."""


def read_letters(text: str) -> Letters:
    r"""Return the letters of a shop: those of its file, and for what it leaves out those of the package.

    Args:
        text: TOML: a table for each language and kind, such as ``[zh.accepted]``, with ``short``, ``subject``
            and ``body``, or some of them.

    Raises:
        ConfigError: No TOML, or a text that is wrong; it is named.

    Example:
        >>> from posrefund.office.notices import read_letters
        >>> letters = read_letters('[en.declined]\nshort = "$merchant: please call us[ at $phone]."')
        >>> letters["en", "declined"].short.fill({"merchant": "Noodles", "phone": "4008"})
        'Noodles: please call us at 4008.'
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"letters: no TOML: {error}") from None
    letters = dict(LETTERS)
    languages = get_args(Language)
    if data.keys() - set(languages) or not all(isinstance(some, dict) for some in data.values()):
        raise ConfigError(f"letters: expected tables of {', '.join(languages)}")
    for language in languages:
        for name, texts in data.get(language, {}).items():
            kind = _kind(name)
            letters[language, kind] = _letter(language, kind, texts)
    return MappingProxyType(letters)


def _kind(name: str) -> NoticeKind:
    try:
        return NoticeKind(name)
    except ValueError:
        raise ConfigError(f"letters: expected one of {', '.join(NoticeKind)}") from None


def _letter(language: Language, kind: NoticeKind, texts: Any) -> Letter:
    where, builtin = f"letters: {language}.{kind}", TEXTS[language, kind]
    if not isinstance(texts, dict) or not texts.keys() <= set(_PARTS):
        raise ConfigError(f"{where}: expected {', '.join(_PARTS)}")
    if not all(isinstance(text, str) and text.strip() for text in texts.values()):
        raise ConfigError(f"{where}: expected text")
    return Letter.of({**builtin, **texts}, kind, where)
