"""What devices say, under fuzz: read or refused, redacted to its length, and no card number kept."""

from __future__ import annotations

import hashlib
import re

from fuzz.samples import points_into
from posrefund.devices import passthrough
from posrefund.devices import zvt as zvt_driver
from posrefund.devices.passthrough.core import PassOn, RelayCore
from posrefund.devices.passthrough.messages import read_reply
from posrefund.devices.zvt.heard import Heard, Status
from posrefund.dialects import dialect
from posrefund.errors import DecodeError
from posrefund.framing import STXETXFramer

__all__ = ["relay", "zvt"]

_CARD_NUMBER = re.compile(r"[0-9]{12,}")


def zvt(data: bytes) -> None:
    """What a ZVT terminal says is read or refused; its lines hold no card number; what is kept of it can be read."""
    heard = Heard(zvt_driver.PROFILES[("generic", "cardcomplete")[data[:1] == b"\1"]])
    body = data[1:]
    heard.take(body)
    assert not any(_CARD_NUMBER.search(line) for line in heard.lines), "no line holds a card number"
    kept = zvt_driver.redact(body)
    assert len(kept) == len(body), "what is kept is as long"
    try:
        status = Status.read(body)
    except DecodeError as refusal:
        points_into(refusal, body)
        return
    if body[:2] == b"\x04\x0f":
        assert Status.read(kept) == status, "what is kept says the same of the money"


def relay(data: bytes) -> None:
    """What a terminal says is answered, passed on or refused; nothing escapes, and a body is redacted to its length."""
    settings, known = passthrough.RelaySettings(answer_s=1), dialect("unionpay")
    core = RelayCore(settings, known, lambda body: hashlib.sha256(body).hexdigest(), {})
    body = data[1 : settings.line.body_bytes_max + 1]
    framed = STXETXFramer(settings.line).frame(body) if data[:1] == b"\1" and body else data
    for step in (*core.take(framed, 0.0), *core.silence(1.0)):
        if isinstance(step, PassOn):
            assert step.question.message in framed, "what is passed on was said"
            assert len(step.question.mti) == 4
            read_reply(data, step.question, known)
    redacted = passthrough.redact(data, settings)
    assert len(redacted) == len(data), "as long as before"
