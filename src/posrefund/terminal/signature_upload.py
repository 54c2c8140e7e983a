"""Uploads signatures to the host, packet by packet, while the numbers of their cards are still there. Floor 7.

No money moves here, so nothing of it stops a refund. Where the host does not answer, it is asked again another time, from the
packet that has no answer; it takes one again that it has.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from typing import TYPE_CHECKING

from posrefund.closed import closed_class
from posrefund.engine import Note
from posrefund.engine.compose import compose_signature
from posrefund.engine.machine import require_sign_in
from posrefund.engine.refusals import refuse
from posrefund.engine.signature_upload import (
    TAKEN,
    SignatureSent,
    packets_of,
    packets_taken,
    slip_facts,
    slip_tags,
    to_upload,
)
from posrefund.engine.signing import SIGNED
from posrefund.errors import (
    ConfigError,
    EncodeError,
    InvalidRequestError,
    LinkError,
    RemoteProtocolError,
)
from posrefund.terminal.ask import ask, no_answer
from posrefund.terminal.signing import prints

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from posrefund.dialects import Dialect
    from posrefund.engine import Attempt, Signature, TerminalView
    from posrefund.engine.signature_upload import Packet
    from posrefund.journal import Journal
    from posrefund.terminal.keyring import Keyring
    from posrefund.terminal.line import Line, Steps
    from posrefund.values import KeptCard

__all__ = ["SignatureUploader"]

_MESSAGE = "upload_signature"


@closed_class
class SignatureUploader:
    """Uploads the signatures of one terminal.

    Args:
        line: To the host.
        keyring: Seals and judges: this message has a MAC.
        journal: The terminal's.
        dialect: What the host speaks.
        clock: Returns the time, aware.
        view: Returns what the engine may know of the terminal now.
    """

    def __init__(
        self,
        line: Line,
        keyring: Keyring,
        journal: Journal,
        dialect: Dialect,
        clock: Callable[[], datetime],
        view: Callable[[], TerminalView],
    ) -> None:
        self._line, self._keyring, self._journal = line, keyring, journal
        self._dialect, self._clock, self._view = dialect, clock, view

    def waiting(self, *, again: bool = False) -> list[tuple[Attempt, Signature]]:
        """Return what of the open batch was signed with a picture and has still to go up; what was refused too, with *again*."""
        if _MESSAGE not in self._dialect.messages:
            return []
        about: dict[str, dict[str, list[Mapping[str, str]]]] = {
            SIGNED: defaultdict(list),
            TAKEN: defaultdict(list),
        }
        for row in self._journal.rows_of(SIGNED, TAKEN):
            about[row.kind][row.subject].append(row.facts)
        attempts = self._journal.attempts(batch=self._view().batch)
        approval = self._dialect.approval
        return to_upload(attempts, about[SIGNED], about[TAKEN], approval, again=again)

    def check_closing(self) -> None:
        """Refuse to begin closing the batch, where the host wants its signatures first and some could still go up.

        Raises:
            RefusedError: code ``signatures_waiting``.
        """
        if self._dialect.signature.before_close == "refuse" and any(
            self._journal.card(attempt.attempt_id) for attempt, _ in self.waiting()
        ):
            raise refuse("signatures_waiting")

    def upload(
        self,
        picture_of: Callable[[Signature], bytes],
        merchant_name: str,
        *,
        again: bool = False,
    ) -> Steps[tuple[SignatureSent, ...]]:
        """See ``Terminal.upload_signatures``."""
        if _MESSAGE not in self._dialect.messages:
            raise refuse("no_signature_upload")
        require_sign_in(self._view())
        done: list[SignatureSent] = []
        for attempt, signature in self.waiting(again=again):
            sent = yield from self._upload_one(attempt, signature, picture_of, merchant_name)
            done.append(sent)
            if sent.result == "unanswered":
                break  # nobody is there: the others wait as well
        return tuple(done)

    # --- inside ------------------------------------------------------------------------------

    def _upload_one(
        self,
        attempt: Attempt,
        signature: Signature,
        picture_of: Callable[[Signature], bytes],
        merchant_name: str,
    ) -> Steps[SignatureSent]:
        name = attempt.attempt_id
        card = self._journal.card(name)
        if card is None:
            return SignatureSent(name, "no_card")
        try:
            picture = picture_of(signature)
        except (ConfigError, InvalidRequestError):
            return SignatureSent(name, "no_picture")
        try:
            return (yield from self._send_all(attempt, card, picture, merchant_name))
        except (InvalidRequestError, EncodeError):
            return SignatureSent(name, "does_not_fit")
        except (LinkError, RemoteProtocolError):
            return SignatureSent(name, "unanswered")

    def _send_all(
        self, attempt: Attempt, card: KeptCard, picture: bytes, merchant_name: str
    ) -> Steps[SignatureSent]:
        name, approval = attempt.attempt_id, self._dialect.approval
        packets = packets_of(picture, self._dialect.signature)
        digest = hashlib.sha256(picture).hexdigest()
        slip = self._slip(attempt, merchant_name)
        notes = self._journal.notes(TAKEN, name)
        for packet in packets[packets_taken(notes, digest, approval) :]:
            code = yield from self._send(attempt, card, packet, slip)
            told = {
                "picture": digest,
                "packet": packet.number,
                "place": str(packet.place),
                "of": str(packet.count),
                "code": code,
            }
            self._journal.commit([Note(TAKEN, self._clock(), told, name)])
            if code != approval:
                return SignatureSent(name, "refused", code)
        return SignatureSent(name, "uploaded", approval)

    def _send(self, attempt: Attempt, card: KeptCard, packet: Packet, slip: bytes) -> Steps[str]:
        sent = compose_signature(attempt, card, self._view(), packet, slip, self._clock())
        fields = yield from ask(
            self._line, self._view(), _MESSAGE, sent, is_refusable=True, keyring=self._keyring
        )
        # Every packet goes under one number: what tells their answers apart is the field with the packet's.
        for number, template in self._dialect.messages[_MESSAGE].templates.items():
            if "{packet}" in template and fields.get(number, sent[number]) != sent[number]:
                raise no_answer(f"the answer's DE{number} is not that of the request")
        return fields["39"]

    def _slip(self, attempt: Attempt, merchant_name: str) -> bytes:
        sales = self._journal.originals(attempt.original_id) if attempt.original_id else []
        facts = slip_facts(
            attempt,
            sales[0] if sales else None,
            self._dialect,
            merchant_name=merchant_name,
            prints=prints(self._journal, attempt.request_id, "merchant"),
        )
        return slip_tags(facts, self._dialect.signature)
