"""Bearer tokens: who asks, for which terminals, in which role. Only their digests are kept. Floor 10.

A token is 256 bits by lot, so its SHA-256 cannot be searched for, and looking a digest up in a table tells nothing
of any token by the time that it takes.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from posrefund.closed import closed
from posrefund.engine.people import same_person
from posrefund.errors import ConfigError
from posrefund.gateway.rights import ROLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from posrefund.gateway.rights import Right, Role

__all__ = ["Token", "Tokens", "digest_of", "new_token"]

_PREFIX = "prt_"
"""A token is known by it, to people and to programs that look for lost ones."""
_NAME = re.compile(r"(?!.*[0-9]{13})[0-9A-Za-z._\-]{1,32}")


@dataclass(frozen=True, slots=True)
class Token:
    """What is known of a token; not the token.

    Attributes:
        name: Of the till, or whoever has it: 1 to 32 letters, digits and ``._-``. It stands in logs.
        role: What it may do.
        sha256: Its digest, 64 hexadecimal digits.
        terminals: Numbers (DE41) of the terminals that it may speak to; None for all.
        operator: Operator number that it speaks for, where it is one person's; empty for whoever stands there.

    Raises:
        ConfigError: Something of it cannot be.

    Example:
        >>> from posrefund.gateway import Token, digest_of
        >>> Token("till-1", "till", digest_of("prt_example"), terminals=("12345678",)).may("refund")
        True
    """

    name: str
    role: Role
    sha256: str
    terminals: tuple[str, ...] | None = None
    operator: str = ""

    def __post_init__(self) -> None:
        faults = []
        if not _NAME.fullmatch(self.name):
            faults.append("name: 1 to 32 of A-Z a-z 0-9 . _ -")
        if self.role not in ROLES:
            faults.append(f"role: one of {', '.join(ROLES)}")
        if not re.fullmatch("[0-9a-f]{64}", self.sha256):
            faults.append("sha256: 64 lower-case hexadecimal digits")
        if not re.fullmatch("[0-9A-Za-z]{0,3}", self.operator):
            faults.append("operator: 1 to 3 letters or digits")
        if faults:
            raise ConfigError(f"token: expected {'; '.join(faults)}")

    def may(self, right: Right) -> bool:
        """Say whether its role has *right*."""
        return right in ROLES[self.role]

    def may_use(self, terminal: str) -> bool:
        """Say whether it may speak to *terminal*."""
        return self.terminals is None or terminal in self.terminals

    def speaks_for(self, operator: str) -> bool:
        """Say whether it may say of itself that it is *operator*."""
        return not self.operator or same_person(self.operator, operator)


class Tokens:
    """All tokens of a door.

    Args:
        tokens: Each with another digest and another name.

    Raises:
        ConfigError: Two have the same name or digest.
    """

    def __init__(self, tokens: Iterable[Token] = ()) -> None:
        self._by_digest: Mapping[str, Token] = {}
        self.become(tokens)

    def become(self, tokens: Iterable[Token]) -> None:
        """Know *tokens* from now on and no others; where that raises, the old ones stay.

        Raises:
            ConfigError: Two have the same name or digest.
        """
        known: Sequence[Token] = list(tokens)
        by_digest = {token.sha256: token for token in known}
        names = {token.name for token in known}
        if not len(known) == len(names) == len(by_digest):
            raise ConfigError("tokens: two have the same name, or are the same")
        self._by_digest = by_digest

    def __len__(self) -> int:
        return len(self._by_digest)

    def __iter__(self) -> Iterable[Token]:
        return iter(self._by_digest.values())

    def knows(self, token: Token) -> bool:
        """Say whether *token* is still one of them, its role, terminals and operator as they were."""
        return self._by_digest.get(token.sha256) == token

    @closed
    def find(self, secret: str) -> Token | None:
        """Return whose token *secret* is, or None."""
        digest = digest_of(secret)
        found = self._by_digest.get(digest)
        if found is None or not hmac.compare_digest(found.sha256, digest):
            return None
        return found


@closed
def digest_of(secret: str) -> str:
    """Return what is kept of a token."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def new_token() -> str:
    """Return a token that nobody had before: 256 bits by lot."""
    return _PREFIX + secrets.token_urlsafe(32)
