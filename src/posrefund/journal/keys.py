"""The keys that hang on the journal key, and the journal keys that came before it. Floor 5.

A row is signed under the key of its time and is never signed again. An old key stays, sealed under the
newest one, to check its rows; the first one also to know a card again.
"""

from __future__ import annotations

import hmac
import json
from functools import cache
from typing import TYPE_CHECKING, Self

from posrefund.crypto import open_box, seal_box
from posrefund.errors import InvalidKeyError, JournalCorruptError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["JournalKeys"]


class JournalKeys:
    """The keys of one terminal's journal.

    Args:
        key: The journal key of today.
        terminal: Whose; the chain's keys depend on it.
        old: The keys before it, oldest first, each with the last row it signed.
        epochs: Those after the first, oldest first, each with its first row; no secret.
    """

    def __init__(
        self,
        key: bytes,
        terminal: str,
        old: tuple[tuple[int, bytes], ...] = (),
        epochs: tuple[tuple[int, str], ...] = (),
    ) -> None:
        # Behind functions: printed, copied or saved with their owner, they show nothing.
        self._current: Callable[[], bytes] = lambda: key
        self._old: Callable[[], tuple[tuple[int, bytes], ...]] = lambda: old
        self._derived = cache(lambda purpose: _derive(key, purpose))
        """What the key of today gives, by purpose."""
        self._terminal = terminal
        self.epochs = epochs

    def __repr__(self) -> str:
        return f"JournalKeys({self._terminal}, {len(self._old())} before this one)"

    @property
    def current(self) -> bytes:
        """The journal key of today."""
        return self._current()

    @property
    def check(self) -> str:
        """What says, without telling it, which key this is."""
        return _derive(self._derived(self._of_chain()), "key check").hex()

    @property
    def cards(self) -> bytes:
        """Seals the keys of the cards."""
        return self._derived("cards")

    @property
    def contacts(self) -> bytes:
        """Seals the keys of where customers can be reached."""
        return self._derived("contacts")

    @property
    def messages(self) -> bytes:
        """Makes the digest of a message that leaves."""
        return self._derived("messages")

    @property
    def fingerprints(self) -> bytes:
        """Knows a card again: of the first key, for what is written cannot be computed anew."""
        return _derive(self._first, "fingerprint")

    @property
    def pins(self) -> bytes:
        """Makes the digests of operators' PINs: of the first key, for nobody types his PIN again at a rotation."""
        return _derive(self._first, "operator pins")

    @property
    def staff(self) -> bytes:
        """Binds in the chain what the chain does not say of an operator: of the first key, too."""
        return _derive(self._first, "staff")

    def chain(self, seq: int) -> bytes:
        """Return what signs row *seq*."""
        purpose = self._of_chain(*[name for first, name in self.epochs if first <= seq][-1:])
        for last, key in self._old():
            if seq <= last:
                return _derive(key, purpose)
        return self._derived(purpose)

    def after(self, key: bytes, last: int) -> Self:
        """Return the keys once *key* has taken over after row *last*."""
        old = (*self._old(), (last, self.current))
        return type(self)(key, self._terminal, old, self.epochs)

    def from_epoch(self, first: int, name: str) -> Self:
        """Return the keys once epoch *name* has begun with row *first*."""
        epochs = (*self.epochs, (first, name))
        return type(self)(self.current, self._terminal, self._old(), epochs)

    def sealed(self) -> str:
        """Return the old keys as the journal may keep them."""
        box = _derive(self.current, "old keys")
        kept = [
            [last, seal_box(box, key, context=self._place(last)).hex()] for last, key in self._old()
        ]
        return json.dumps(kept)

    def opened(self, sealed: str | None) -> Self:
        """Return these keys with the old ones that the journal keeps.

        Raises:
            JournalCorruptError: They do not open.
        """
        box = _derive(self.current, "old keys")
        try:
            old = tuple(
                (int(last), open_box(box, bytes.fromhex(kept), context=self._place(last)))
                for last, kept in json.loads(sealed or "[]")
            )
        except (InvalidKeyError, ValueError, TypeError):
            old = None
        if old is None:
            raise JournalCorruptError("the old keys of the journal were changed")
        return type(self)(self.current, self._terminal, old)

    @property
    def _first(self) -> bytes:
        old = self._old()
        return old[0][1] if old else self.current

    def _of_chain(self, *epoch: str) -> str:
        return " ".join(["chain", self._terminal, *epoch])

    def _place(self, last: int) -> bytes:
        return f"{self._terminal} {last}".encode()


def _derive(key: bytes, purpose: str) -> bytes:
    return hmac.digest(key, purpose.encode(), "sha256")
