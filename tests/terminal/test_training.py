"""What people practise with never reaches a live host, and a live journal is never practised in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from posrefund.crypto import Key, Purpose
from posrefund.emulators.host import EmulatedHost, HostProfile, HostTime, TerminalRecord
from posrefund.errors import ConfigError, InvalidKeyError, JournalError, RefusedError
from posrefund.journal import SQLiteJournal
from posrefund.keystore import FileKeyStore
from posrefund.terminal import Terminal
from posrefund.testing import MemoryLink
from shop import MERCHANT, TERMINAL, UNIONPAY, Shop, sale

if TYPE_CHECKING:
    from pathlib import Path

SECRET = bytes.fromhex("B5D0C8A72F61E94338D51C7A90E6F24D")
PUBLISHED = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")


def open_training(folder: Path, tmk: bytes, host: EmulatedHost) -> tuple[Terminal, MemoryLink]:
    path, link = folder / "keys.json", MemoryLink(host.respond)
    if not path.exists():
        FileKeyStore.create(path, b"only for tests", tmk=tmk, test_keys=True)
    keystore = FileKeyStore(path, b"only for tests")
    journal = SQLiteJournal(
        folder / "training.db", key=keystore.journal_key, terminal=TERMINAL, training=True
    )
    try:
        terminal = Terminal(
            TERMINAL, MERCHANT, dialect=UNIONPAY, keystore=keystore, journal=journal, link=link
        )
    except BaseException:
        journal.close()
        raise
    return terminal, link


def host_with(tmk: bytes, shop: Shop) -> EmulatedHost:
    record = TerminalRecord(TERMINAL, MERCHANT, Key(tmk, Purpose.KEK), batch="000007")
    return EmulatedHost(HostProfile(), [record], clock=HostTime(shop.start))


def test_training_terminal_takes_no_secret_master_key(shop: Shop, tmp_path: Path) -> None:
    folder = tmp_path / "lessons"
    folder.mkdir()
    with pytest.raises(ConfigError, match="training takes a key file with a published TMK"):
        open_training(folder, SECRET, host_with(SECRET, shop))


def test_live_host_s_keys_do_not_open_in_training_and_nothing_but_a_sign_in_leaves(
    shop: Shop, tmp_path: Path
) -> None:
    folder = tmp_path / "lessons"
    folder.mkdir()
    live = host_with(SECRET, shop)
    terminal, link = open_training(folder, PUBLISHED, live)
    with terminal:
        with pytest.raises(InvalidKeyError):
            terminal.sign_in(accept_clock=True)
        assert len(link.sent) == 1
        with pytest.raises(RefusedError, match="not_signed_in"):
            terminal.sale(sale("S-1", 12_800))
        assert len(link.sent) == 1
    assert live.ledger.entries() == ()


def test_live_journal_is_not_practised_in_and_a_training_journal_is_not_lived_in(
    shop: Shop, tmp_path: Path
) -> None:
    shop.terminal.close()
    key = shop.open_keys().journal_key
    live = {"key": key, "terminal": TERMINAL}
    with pytest.raises(JournalError, match=r"^this is the journal of one terminal$"):
        SQLiteJournal(tmp_path / "journal.db", training=True, **live)  # type: ignore[arg-type]
    SQLiteJournal(tmp_path / "lessons.db", training=True, **live).close()  # type: ignore[arg-type]
    with pytest.raises(JournalError, match=r"^this is the journal of a training terminal$"):
        SQLiteJournal(tmp_path / "lessons.db", **live)  # type: ignore[arg-type]


def test_copy_of_a_training_journal_is_one(shop: Shop, tmp_path: Path) -> None:
    live = {"key": shop.open_keys().journal_key, "terminal": TERMINAL}
    with SQLiteJournal(tmp_path / "a.db", training=True, **live) as journal:  # type: ignore[arg-type]
        journal.backup(tmp_path / "b.db")
    with pytest.raises(JournalError, match="training"):
        SQLiteJournal(tmp_path / "b.db", **live)  # type: ignore[arg-type]
