"""A new journal key: the cards move to it, the rows stand as they were signed, the old key opens nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from engine.builders import NOW, PAN_DIGITS
from journal.builders import KEY, ROWS, fill, move, opening
from posrefund.engine import Event, Note
from posrefund.errors import InvalidKeyError, JournalCorruptError, JournalError
from posrefund.values import PAN, KeptCard

if TYPE_CHECKING:
    from journal.backends import Backend
    from posrefund.journal import Journal

SECOND, THIRD = bytes([2] * 32), bytes([3] * 32)


@pytest.fixture
def rotated(filled: Journal) -> Journal:
    filled.rotate_key(SECOND, NOW)
    return filled


def test_rows_stand_as_they_were_signed_and_one_stands_upon_them(filled: Journal) -> None:
    before = filled.rows()
    filled.rotate_key(SECOND, NOW)

    assert filled.rows()[:ROWS] == before
    assert [(row.kind, row.body) for row in filled.rows()[ROWS:]] == [("key_rotated", "{}")]
    assert filled.verify() == ROWS + 1


def test_only_the_new_key_opens_the_journal(rotated: Journal, backend: Backend) -> None:
    rotated.close()
    with pytest.raises(
        JournalCorruptError,
        match=r"^the journal was made with another key: key file and journal belong together",
    ):
        backend.open(key=KEY)
    with backend.open(key=SECOND) as again:
        assert again.verify() == ROWS + 1


def test_cards_and_fingerprints_are_the_same_after_each_rotation(
    filled: Journal, backend: Backend
) -> None:
    known = filled.fingerprint(PAN(PAN_DIGITS))
    filled.rotate_key(SECOND, NOW)
    filled.commit([opening("R-5", "000005", 1, original_id="S-2"), *move("R-5/1", Event.SEND)])
    filled.rotate_key(THIRD, NOW)
    filled.commit([Note("inbound", NOW, {})])
    filled.close()

    with backend.open(key=THIRD) as again:
        assert again.fingerprint(PAN(PAN_DIGITS)) == known
        for name in ("R-1/1", "R-2/2", "R-5/1"):
            assert again.card(name) == KeptCard(PAN(PAN_DIGITS))
        assert again.verify() == ROWS + 5
    for old in (KEY, SECOND):
        with pytest.raises(JournalCorruptError, match="another key"):
            backend.open(key=old)


@pytest.mark.parametrize(
    ("statement", "row"),
    [
        ("UPDATE chain SET at = 'never' WHERE seq = 5", 5),
        ("UPDATE chain SET at = 'never' WHERE seq = 13", 13),
        ("DELETE FROM chain WHERE seq = 13", 13),
        ("UPDATE chain SET at = 'never' WHERE seq = 14", 14),
    ],
)
def test_change_before_at_and_after_the_rotation_is_named(
    rotated: Journal, backend: Backend, statement: str, row: int
) -> None:
    rotated.commit([Note("inbound", NOW, {})])
    backend.tamper(statement)
    with pytest.raises(JournalCorruptError) as caught:
        rotated.verify()

    assert caught.value.row == row


@pytest.mark.parametrize("kept", ["[]", "no list", "[[12]]", '[[12, "00"]]', '[["x", "00"]]', "{"])
def test_old_keys_that_were_changed_are_noticed(
    rotated: Journal, backend: Backend, kept: str
) -> None:
    rotated.close()
    backend.execute(f"UPDATE meta SET value = '{kept}' WHERE key = 'old_keys'")
    with pytest.raises(JournalCorruptError), backend.open(key=SECOND) as again:
        again.verify()


def test_old_keys_are_kept_sealed_and_say_nothing(rotated: Journal, backend: Backend) -> None:
    held = "\n".join(backend.dump())

    assert KEY.hex() not in held
    assert SECOND.hex() not in held
    assert repr(rotated._keys) == "JournalKeys(12345678, 1 before this one)"
    shown = f"{vars(rotated)!r} {vars(rotated._keys)!r}"
    for key in (KEY, SECOND):
        assert repr(key)[2:-1] not in shown


@pytest.mark.parametrize("key", [b"", bytes(31), bytes(33), KEY])
def test_key_that_is_none_or_the_same_is_refused(
    filled: Journal, backend: Backend, key: bytes
) -> None:
    before = backend.dump()
    with pytest.raises(InvalidKeyError, match=r"^the new journal key: 32 other bytes$"):
        filled.rotate_key(key, NOW)
    assert backend.dump() == before


def test_crash_within_the_rotation_leaves_the_old_key(
    filled: Journal, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = backend.dump()
    real = filled._append

    def cut(*words: object) -> None:
        backend.crash(filled)
        real(*words)  # type: ignore[arg-type]

    monkeypatch.setattr(filled, "_append", cut)
    with pytest.raises(JournalError):
        filled.rotate_key(SECOND, NOW)
    assert backend.dump() == before
    with backend.open(key=KEY) as again:
        assert again.verify() == ROWS
        assert again.card("R-1/1") == KeptCard(PAN(PAN_DIGITS))


def test_journal_without_a_row_can_be_given_another_key(backend: Backend) -> None:
    with backend.open() as journal:
        journal.rotate_key(SECOND, NOW)
        fill(journal)
    with backend.open(key=SECOND) as again:
        assert again.verify() == ROWS + 1
