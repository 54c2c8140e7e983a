"""Is the key store the newest one that this journal has seen? Floor 7.

An older copy put back would bring old keys back, and used DUKPT counters. The journal stands in another file, so it
remembers the generation for the store. Decision 0022.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from posrefund.errors import ConfigError

if TYPE_CHECKING:
    from datetime import datetime

    from posrefund.journal import Journal
    from posrefund.keystore import KeyStore

__all__ = ["check_generation", "remembered_generation"]

_FACT = "key_generation"


def remembered_generation(journal: Journal) -> int:
    """Return the highest generation of the key store that *journal* was opened with; 0 if none.

    Raises:
        ConfigError: What the journal remembers is no number.
    """
    text = journal.terminal_facts().get(_FACT, "0")
    if not (text.isascii() and text.isdecimal() and len(text) <= 16):
        message = "the journal remembers no number as the generation of the key store"
        raise ConfigError(message)
    return int(text)


def check_generation(journal: Journal, keystore: KeyStore, now: datetime) -> None:
    """Refuse a key store that is older than the journal remembers; remember a newer one.

    Raises:
        ConfigError: It is an older copy.
        JournalWriteError: The newer one could not be remembered.
    """
    seen, found = remembered_generation(journal), keystore.generation
    if found < seen:
        message = (
            f"the key store is an older copy: generation {found}, and the journal has seen {seen}; "
            "after a restored backup, `posrefund keys rotate --restored`"
        )
        raise ConfigError(message)
    if found > seen:
        journal.remember(now, "keys_seen", **{_FACT: str(found)})
