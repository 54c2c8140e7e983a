"""The real terminal on the bench: its own rules, journal and procedures, in a folder that goes when the case is over. Floor 10."""

from __future__ import annotations

import secrets
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from posrefund.certify.trace import Step, tree_of
from posrefund.closed import closed_class
from posrefund.errors import CodecError, FramingError, LinkTimeoutError
from posrefund.framing import Envelope
from posrefund.journal import SQLiteJournal
from posrefund.keystore import FileKeyStore
from posrefund.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from posrefund.certify.bench import Bench
    from posrefund.link import Link

__all__ = ["LossyLink", "whole_terminal"]

_KEY_BYTES = 32


class _Throwaway:
    """Seals a key file that lives as long as a case: with bytes that nobody keeps."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(_KEY_BYTES)

    def new(self) -> tuple[dict[str, str], bytes]:
        return {"kind": "certify"}, self._key

    def open(self, header: Mapping[str, str]) -> bytes:
        del header
        return self._key


class LossyLink:
    """A link that loses an answer when it is told to.

    Attributes:
        loses_next: Whether the next answer is taken off the line and thrown away.
    """

    def __init__(self, link: Link) -> None:
        self._link = link
        self.loses_next = False

    def open(self, timeout_s: float) -> None:
        """As the link does."""
        self._link.open(timeout_s)

    def send(self, message: bytes) -> None:
        """As the link does."""
        self._link.send(message)

    def receive(self, timeout_s: float) -> bytes:
        """As the link does; an answer that is to be lost is a time-out.

        Raises:
            LinkTimeoutError: None came, or it was lost.
        """
        message = self._link.receive(timeout_s)
        if self.loses_next:
            self.loses_next = False
            raise LinkTimeoutError("no answer in time")
        return message

    def close(self) -> None:
        """As the link does."""
        self._link.close()


@closed_class
class _Ear:
    """Writes what a terminal says and hears into the bench's trace."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    def __call__(self, way: str, message: bytes) -> None:
        dialect, ours = self._bench.dialect, self._bench.subject.envelope
        try:
            _, body = Envelope.unwrap(message, len(ours.tpdu), len(ours.header))
            fields = dialect.codec.decode(body)
        except (CodecError, FramingError):
            return  # the terminal itself says what it makes of that
        tree = tree_of(fields, dialect)
        steps = self._bench.steps
        if way == "received" and steps:
            steps[-1] = replace(steps[-1], received=tree, length_bytes=len(message))
            return
        table = next((each for each in dialect.messages.values() if each.fits(fields)), None)
        step = Step(
            number=len(steps) + 1,
            case=self._bench.case,
            message=table.name if table else "",
            title_zh=table.zh if table else "",
            title_en=table.en if table else "",
            at=self._bench.now,
            sent=tree,
        )
        steps.append(step)


@contextmanager
def whole_terminal(bench: Bench) -> Iterator[tuple[Terminal, LossyLink]]:
    """Open a terminal of posrefund with the bench's identity, and its link.

    Raises:
        ConfigError: A file cannot be written.
        JournalError: The same, of the journal.
    """
    subject = bench.subject
    timers = subject.dialect.timers
    dialect = subject.dialect.derive(
        subject.dialect.name,
        timers=replace(timers, answer_s=subject.answer_s or timers.answer_s),
    )
    with TemporaryDirectory(prefix="posrefund-certify-") as name:
        folder = Path(name)
        store = FileKeyStore.create(
            folder / "keys.json", _Throwaway(), tmk=subject.tmk, test_keys=True
        )
        journal = SQLiteJournal(
            folder / "journal.db", key=store.journal_key, terminal=subject.terminal
        )
        link = LossyLink(subject.dial())
        with Terminal(
            subject.terminal,
            subject.merchant,
            dialect=dialect,
            keystore=store,
            journal=journal,
            link=link,
            clock=subject.clock,
            envelope=subject.envelope,
            tap=_Ear(bench),
        ) as terminal:
            yield terminal, link
