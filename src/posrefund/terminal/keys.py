"""Which keys a terminal takes: the dialect says it, the key store does it. Floor 7."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

from posrefund.crypto import UNIONPAY_SIGN_IN
from posrefund.errors import ConfigError

if TYPE_CHECKING:
    from posrefund.crypto import SignInRule
    from posrefund.dialects import Dialect

__all__ = ["TakesSignInRule", "hand_over"]


@runtime_checkable
class TakesSignInRule(Protocol):
    """A key store that opens sign-ins by another rule than UnionPay's.

    Attributes:
        sign_in_rule: By which it opens DE62, one that it kept included.
    """

    sign_in_rule: SignInRule


def hand_over(dialect: Dialect, keystore: object) -> None:
    """Tell *keystore* which keys *dialect* takes, before it opens any.

    Raises:
        ConfigError: The dialect has a rule of its own, and the store knows UnionPay's only.
    """
    if isinstance(keystore, TakesSignInRule):
        keystore.sign_in_rule = dialect.sign_in
    elif dialect.sign_in != UNIONPAY_SIGN_IN:
        message = (
            f"dialect {dialect.name} has sign-in rules of its own, and this key store takes none"
        )
        raise ConfigError(message)
