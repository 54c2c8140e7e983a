"""The journal remembers how new the key file was: an older copy of it opens no terminal."""

from __future__ import annotations

import pytest

from posrefund.errors import ConfigError
from posrefund.journal import SQLiteJournal
from posrefund.keystore import FileKeyStore
from posrefund.terminal import Terminal
from posrefund.terminal.generation import remembered_generation
from shop import MERCHANT, TERMINAL, Shop


def test_older_key_file_opens_no_terminal(shop: Shop) -> None:
    older = (shop.folder / "keys.json").read_bytes()
    shop.terminal.sign_in()
    newer = (shop.folder / "keys.json").read_bytes()
    shop.terminal.close()
    (shop.folder / "keys.json").write_bytes(older)
    keys = FileKeyStore(shop.folder / "keys.json", b"only for tests")
    path = shop.folder / "journal.db"
    with (
        SQLiteJournal(path, key=keys.journal_key, terminal=TERMINAL) as journal,
        pytest.raises(ConfigError, match=r"generation 2, and the journal has seen 3"),
    ):
        Terminal(
            TERMINAL,
            MERCHANT,
            dialect=shop.dialect,
            keystore=keys,
            journal=journal,
            link=shop.link,
            clock=shop.clock,
        )

    (shop.folder / "keys.json").write_bytes(newer)
    shop.terminal = shop.open()
    assert shop.terminal.journal.verify() > 0


def test_sign_in_and_opening_remember_the_generation(shop: Shop) -> None:
    assert remembered_generation(shop.terminal.journal) == 2
    shop.terminal.sign_in()
    assert remembered_generation(shop.terminal.journal) == 3
    rows = len(shop.terminal.journal.rows())
    shop.restart()
    assert len(shop.terminal.journal.rows()) == rows, "what is known is not written again"


def test_number_that_is_none_is_refused(shop: Shop) -> None:
    shop.terminal.journal.remember(shop.clock(), "keys_seen", key_generation="many")
    with pytest.raises(ConfigError, match="remembers no number"):
        remembered_generation(shop.terminal.journal)
