"""A terminal to practise on: its refunds can never reach a live host. Floor 7.

Its journal says so in the file, and its key file holds keys that everybody knows: no live host computes a MAC with
them, and none of a live host's working keys opens under them. Decision 0059.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from posrefund.errors import ConfigError

if TYPE_CHECKING:
    from posrefund.journal import Journal
    from posrefund.keystore import KeyStore

__all__ = ["check_training"]


def check_training(journal: Journal, keystore: KeyStore) -> None:
    """Refuse to practise with keys that a live host might know.

    Raises:
        ConfigError: The journal is one for training and the TMK is a secret.
    """
    if journal.is_training and not keystore.has_published_master:
        raise ConfigError(
            "training takes a key file with a published TMK: `posrefund train` makes one"
        )
