"""The receiver's side of a webhook: whose is it, is it new, was it here before. Floor 8.

What is delivered at least once comes twice now and then. A receiver that acts on the name of a notice, and not on its
arrival, does everything once.
"""

from __future__ import annotations

import hmac
import json
import re
import sqlite3
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from posrefund.closed import closed
from posrefund.engine import NoticeKind
from posrefund.errors import JournalError, MACMismatchError, RemoteProtocolError
from posrefund.office.notices.webhook import signature_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime
    from os import PathLike
    from typing import Self

__all__ = ["Seen", "WebhookNotice", "verify_webhook"]

TOLERANCE = timedelta(minutes=5)
"""So far the clocks of both sides may be apart, the way included."""


@dataclass(frozen=True, slots=True)
class WebhookNotice:
    """A notice that is authentic and new enough. Whether it was here before, ``Seen`` knows.

    Attributes:
        notice_id: Its name; the same each time it comes.
        request_id: The refund it is about.
        sequence: 1, 2, 3… of that refund: a lower one that comes later is old news.
        kind: What it says.
        data: All of it.
    """

    notice_id: str
    request_id: str
    sequence: int
    kind: NoticeKind
    data: Mapping[str, Any]


@closed
def verify_webhook(
    headers: Mapping[str, str],
    body: bytes,
    *,
    secrets: Sequence[bytes],
    now: datetime,
    tolerance: timedelta = TOLERANCE,
) -> WebhookNotice:
    """Check a request to a webhook and return what it says; what it says unsigned is not looked at.

    Args:
        headers: Of the request; upper and lower case are the same.
        body: To the byte, as it came.
        secrets: Any of them may have signed it: the old and the new one while they change.
        now: The time.
        tolerance: How old it may be, and how far ahead the sender's clock.

    Raises:
        MACMismatchError: Nobody who has one of *secrets* signed this body at this time.
        RemoteProtocolError: A header is missing, it is too old or from the future, or is none of these notices.
    """
    named = {name.lower(): value for name, value in headers.items()}
    timestamp = named.get("x-posrefund-timestamp", "")
    signature = named.get("x-posrefund-signature", "")
    if not re.fullmatch("[0-9]{1,12}", timestamp, flags=re.ASCII) or not signature.isascii():
        raise RemoteProtocolError("webhook: expected X-Posrefund-Timestamp and -Signature")
    expected = [signature_of(secret, timestamp, body) for secret in secrets]
    if not any([hmac.compare_digest(each, signature) for each in expected]):  # noqa: C419 — all, always
        raise MACMismatchError
    if abs(now.timestamp() - int(timestamp)) > tolerance.total_seconds():
        raise RemoteProtocolError("webhook: too old, or from the future")
    return _read(body)


def _read(body: bytes) -> WebhookNotice:
    try:
        data = json.loads(body)
        name, request_id, sequence = data["id"], data["request_id"], data["sequence"]
        kind = NoticeKind(data["kind"])
    except (ValueError, TypeError, KeyError, RecursionError):
        raise RemoteProtocolError("webhook: the body is no notice") from None
    if not isinstance(sequence, int) or name != f"{request_id}:{sequence}":
        raise RemoteProtocolError("webhook: the body is no notice")
    return WebhookNotice(name, request_id, sequence, kind, data)


class Seen:
    """The names of notices that were dealt with, in a file of their own; several threads and processes may share it.

    Args:
        path: The file; made when it is not there.

    Raises:
        JournalError: It cannot be opened or written.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> from posrefund.office.notices import Seen
        >>> with Seen(Path(tempfile.mkdtemp()) / "seen.db") as seen:
        ...     for name in ("R-1:1", "R-1:2", "R-1:1"):
        ...         with seen.once(name) as is_new:
        ...             print(name, is_new)
        R-1:1 True
        R-1:2 True
        R-1:1 False
    """

    def __init__(self, path: str | PathLike[str]) -> None:
        with _as_ours():
            self._db = sqlite3.connect(path, isolation_level=None, timeout=30)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.execute("CREATE TABLE IF NOT EXISTS seen (name TEXT PRIMARY KEY) STRICT")

    @contextmanager
    def once(self, notice_id: str) -> Iterator[bool]:
        """Say whether *notice_id* is new; if what is done with it fails, it is new the next time, too.

        Nobody else is told of any name meanwhile: what is done within should be short.
        """
        with _as_ours():
            self._db.execute("BEGIN IMMEDIATE")
        try:
            with _as_ours():
                done = self._db.execute(
                    "INSERT INTO seen VALUES (?) ON CONFLICT DO NOTHING", (notice_id,)
                )
            yield done.rowcount == 1
            with _as_ours():
                self._db.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                self._db.execute("ROLLBACK")
            raise

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@contextmanager
def _as_ours() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        name = getattr(error, "sqlite_errorname", "SQLITE")
        raise JournalError(f"the names of what was seen: {name}") from None
