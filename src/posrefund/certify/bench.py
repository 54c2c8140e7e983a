"""The bench: a terminal without opinions that says what a case tells it to, and looks at every answer. Floor 10.

Its messages are those of the real one: ``engine.compose`` fills them, ``seal`` protects them, a link of ``link``
carries them. Only what the real one would refuse to do is possible here: bend a MAC, say a number twice, refund too much,
hang up, listen too late. So every case runs against any host, and nothing is asked of the host's own side.
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from posrefund.certify.books import Books
from posrefund.certify.examine import examine
from posrefund.certify.finding import AbsentError, BlockedError, Finding
from posrefund.certify.heard import Heard
from posrefund.certify.trace import Step, tree_of
from posrefund.closed import closed_class
from posrefund.dialects.definition import MAC_BYTES, MAC_FIELDS
from posrefund.engine import TerminalView
from posrefund.errors import FramingError, LinkError
from posrefund.framing import Envelope
from posrefund.seal import seal, unseal
from posrefund.values import STAN, BatchNumber, HostClock

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from posrefund.certify.subject import Subject
    from posrefund.crypto import KeySet
    from posrefund.dialects import Dialect
    from posrefund.engine import Original
    from posrefund.link import Link

__all__ = ["Bench", "Pending"]

_WITH_CARD = ("sale", "refund")
_NOTES = {
    "": ("", ""),
    "bent": ("发出前改动 MAC 一位", "one character of the MAC was changed before it was sent"),
    "lost": ("应答在本侧丢弃，视为未收到", "its answer was thrown away on our side, as if lost"),
    "held": ("不等应答即另行冲正，之后才接收", "it was reversed before its answer was taken"),
    "again": ("与上一报文完全相同，再发一次", "the message before it, sent once more as it was"),
}
"""What was done to a message on our side."""


class Pending:
    """A message whose answer nobody has taken yet.

    Attributes:
        heard: What was sent.
    """

    def __init__(self, heard: Heard, link: Link | None, began: float) -> None:
        self.heard = heard
        self.link = link
        self.began = began


@closed_class
class Bench:
    """Says messages to the host under test.

    Args:
        subject: What is certified.

    Attributes:
        subject: As given.
        view: The terminal now: batch, next number, the host's clock.
        keys: Of the last sign-in; None before it.
        books: What the host should have in the open batch.
        steps: The trace.
        findings: Those of the case that runs.
        originals: Sales of an earlier settlement day that can be given back.
        has_failed: Whether any expectation of an earlier case was not met.
        has_fresh_batch: Whether nothing stands in the open batch yet.
        tomorrow: Sales of today that can be given back when the day is over.
        case: Name of the case that runs.
    """

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.view = TerminalView(
            dialect=subject.dialect,
            terminal=subject.terminal,
            merchant=subject.merchant,
            batch=BatchNumber(subject.batch),
            stan=STAN(subject.first_stan),
            host_clock=HostClock(subject.dialect.zone),
        )
        self.keys: KeySet | None = None
        self.books = Books(subject.dialect)
        self.steps: list[Step] = []
        self.findings: list[Finding] = []
        self.originals: list[Original] = list(subject.originals)
        self.has_failed = self.has_fresh_batch = False
        self.tomorrow: list[Original] = []
        self.case = ""

    @property
    def dialect(self) -> Dialect:
        """The profile."""
        return self.view.dialect

    @property
    def now(self) -> datetime:
        """The time."""
        return self.subject.clock()

    # --- saying ------------------------------------------------------------------------------

    def ask(self, name: str, fields: Mapping[str, str], *, how: str = "") -> Heard:
        """Send a message, take its answer, and look at it.

        Args:
            name: Of the message.
            fields: Composed; the number in it is used up.
            how: ``"bent"`` for a wrong MAC, ``"again"`` for a copy, ``"lost"`` for an answer that is not looked at.
        """
        pending = self.say(name, fields, how=how)
        if how != "lost":
            return self.collect(pending)
        return self._received(pending)

    def say(self, name: str, fields: Mapping[str, str], *, how: str = "") -> Pending:
        """Send a message and leave its answer on the line; *how* as for ``ask``, or ``"held"``."""
        if fields.get("11") == self.view.stan:
            self.skip_number()
        self.has_fresh_batch = self.has_fresh_batch and "4" not in fields
        table = self.dialect.messages[name]
        body = self._sealed(fields, bent=how == "bent")
        step = Step(
            number=len(self.steps) + 1,
            case=self.case,
            message=name,
            title_zh=table.zh,
            title_en=table.en,
            at=self.now,
            sent=tree_of(self._with_mac(fields, body), self.dialect),
            note_zh=_NOTES[how][0],
            note_en=_NOTES[how][1],
        )
        self.steps.append(step)
        heard = Heard(name, self.dialect, step.number, dict(fields), self.subject.envelope)
        return self._sent(heard, self.subject.envelope.wrap(body))

    def collect(self, pending: Pending, *, is_owed: bool = True) -> Heard:
        """Take the answer to what was said, and look at it.

        Args:
            pending: What was said.
            is_owed: Whether the host has to answer; else it may have hung up meanwhile.
        """
        heard = self._received(pending)
        if heard.received is None:
            zh, en = "限时内无应答或线路中断", "no answer in time, or the line broke"
            self._note_step(heard, zh, f"{en} ({heard.trouble})")
            if not is_owed:
                return heard
            self.expect("answered", heard=heard, is_met=False, zh=zh, en=f"{en}: {heard.trouble}")
            return heard
        zh, en = "主机在限时内应答", "the host answered in time"
        self.expect("answered", heard=heard, is_met=True, zh=zh, en=en)
        self.findings += examine(heard, self.view, self.keys, self.now)
        return heard

    def skip_number(self) -> None:
        """Use a number up without sending anything."""
        self.view = replace(self.view, stan=self.view.stan.next())

    # --- saying what was found ---------------------------------------------------------------

    def expect(
        self, check: str, *, is_met: bool, zh: str, en: str, heard: Heard | None = None
    ) -> bool:
        """Write an expectation down; return whether it was met."""
        step = heard.step if heard else 0
        self.findings.append(Finding(check, is_met, zh, en, step))
        return is_met

    def need(self, *, is_there: bool, zh: str, en: str) -> None:
        """End the case here if something it stands on is not there.

        Raises:
            BlockedError: It is not there.
        """
        if not is_there:
            raise BlockedError(zh, en)

    def need_message(self, *names: str) -> None:
        """End the case if the profile lacks one of the messages *names*, or takes no card where one is played.

        Raises:
            AbsentError: It is so.
        """
        lacking = [name for name in names if name not in self.dialect.messages]
        if lacking:
            what = ", ".join(lacking)
            raise AbsentError(f"本参数中没有：报文 {what}", f"not in this profile: message {what}")
        tables = [self.dialect.messages[name] for name in names if name in _WITH_CARD]
        if not all(table.says("pan") or table.says("track2") for table in tables):
            raise AbsentError(
                "本参数中没有：银行卡，本案例只用卡试验",
                "not in this profile: it takes no cards, and this case is played with cards",
            )

    def need_keys(self) -> None:
        """End the case if nobody is signed in."""
        zh, en = (
            "未签到成功，没有工作密钥",
            "there are no working keys: the sign-in did not succeed",
        )
        self.need(is_there=self.keys is not None, zh=zh, en=en)

    # --- inside ------------------------------------------------------------------------------

    def _sealed(self, fields: Mapping[str, str], *, bent: bool) -> bytes:
        body = seal(fields, self.dialect, self.keys, self.subject.envelope)
        if not bent:
            return body
        width = self.dialect.mac_width
        at = len(body) - width  # the first byte: a shorter MAC has zeros behind it
        other = ord("1") if body[at] == ord("0") else ord("0")
        return body[:at] + bytes([other]) + body[at + 1 :]

    def _with_mac(self, fields: Mapping[str, str], body: bytes) -> dict[str, str]:
        """The fields as they left: the MAC itself where its place was."""
        place = next((number for number in MAC_FIELDS if number in fields), None)
        if place is None:
            return dict(fields)
        tag = body[-self.dialect.mac_width :]
        is_raw = len(tag) == MAC_BYTES
        return {**fields, place: tag.hex().upper() if is_raw else tag.decode("latin-1")}

    def _sent(self, heard: Heard, message: bytes) -> Pending:
        link = self.subject.dial()
        try:
            link.open(self.dialect.timers.connect_s)
            link.send(message)
        except (LinkError, FramingError) as error:
            _hang_up(link)
            return Pending(replace(heard, trouble=type(error).__name__), None, 0.0)
        return Pending(heard, link, time.monotonic())

    def _received(self, pending: Pending) -> Heard:
        link, heard = pending.link, pending.heard
        if link is None:
            return replace(heard, trouble=heard.trouble or "LinkClosedError")
        ours = heard.sent_in
        try:
            message = link.receive(self.subject.answer_s or self.dialect.timers.answer_s)
            envelope, body = Envelope.unwrap(message, len(ours.tpdu), len(ours.header))
        except (LinkError, FramingError) as error:
            return replace(heard, trouble=type(error).__name__)
        finally:
            _hang_up(link)
        answer_ms = round((time.monotonic() - pending.began) * 1000)
        received = unseal(body, self.dialect, self.keys, envelope)
        heard = replace(heard, received=received, received_in=envelope, body=body)
        self.steps[heard.step - 1] = replace(
            self.steps[heard.step - 1],
            received=tree_of(received.fields, self.dialect),
            length_bytes=len(message),
            answer_ms=answer_ms,
        )
        return heard

    def _note_step(self, heard: Heard, zh: str, en: str) -> None:
        step = self.steps[heard.step - 1]
        zh = f"{step.note_zh}；{zh}" if step.note_zh else zh
        en = f"{step.note_en}; {en}" if step.note_en else en
        self.steps[heard.step - 1] = replace(step, note_zh=zh, note_en=en)


def _hang_up(link: Link) -> None:
    """Close a link that may keep its connection at the first time it is asked to."""
    with suppress(LinkError):
        link.close()
        link.close()
