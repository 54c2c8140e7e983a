"""One request on its way to its answer: check, decide, book, compose.

The order of the checks is the order of the answers: form, terminal and merchant, batch, MAC,
repeated STAN, and only then the rules about money. Used by ``EmulatedHost`` alone. Floor 9.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from posrefund.crypto import mac, verify
from posrefund.emulators.host.business import DECIDE, Case, day_of
from posrefund.emulators.host.cards import read_card
from posrefund.emulators.host.closing import CLOSING, stranger_batch, totals_field
from posrefund.emulators.host.dialects import Facts
from posrefund.emulators.host.faults import EFFECTS, NO_EFFECT
from posrefund.emulators.host.inquiry import tell
from posrefund.emulators.host.ledger import Refusal
from posrefund.emulators.host.signatures import take_signature
from posrefund.emulators.host.terminals import issue_keys
from posrefund.emulators.host.wire import encode_reply
from posrefund.errors import MACMismatchError

if TYPE_CHECKING:
    from posrefund.crypto import Key, MACRule
    from posrefund.emulators.host.dialects.definition import Kind
    from posrefund.emulators.host.faults import Fault
    from posrefund.emulators.host.host import EmulatedHost
    from posrefund.emulators.host.ledger import StanKey
    from posrefund.emulators.host.terminals import TerminalRecord
    from posrefund.emulators.host.wire import Request
    from posrefund.framing import Envelope

__all__ = ["Exchange"]


class Exchange:
    """One request on its way to its answer.

    Attributes:
        code: DE39 as the host's rules gave it, once ``reply`` was called.
        is_repeat: Whether it said again what it had answered to a copy before.
    """

    def __init__(self, host: EmulatedHost, request: Request, fault: Fault | None) -> None:
        self.code = ""
        self.is_repeat = False
        self._stored = host.stored
        self._signatures = host.signatures
        self._request = request
        self._rule = request.rule
        self._record = record = host.terminals.get(request.get("41"))
        self._profile = host.profile
        self._dialect = host.dialect
        self._codes = host.codes
        self._ledger = host.ledger
        self._now = host.clock().astimezone(host.profile.zone)
        self._fault = fault
        self._effect = EFFECTS[fault.kind] if fault else NO_EFFECT
        self._random_bytes = host.random_bytes
        self._sequence = host.ledger.next_sequence()
        layout, is_by_code = host.dialect.layout, host.dialect.layout.payer_code(request.fields)
        self._own = {layout.code_field: ""} if is_by_code else {}  # nobody says a code again
        self._is_authentic = False
        keys = record.keys if record else None
        self._mak = keys.mak if keys else None
        self._card = read_card(request.fields, keys.tdk if keys else None)

    def reply(self) -> bytes:
        """Check, decide and book; return the answer from its envelope to its end."""
        self.code = self._refusal() or self._act()
        if self.code not in self._codes.approvals and self._is_money and not self.is_repeat:
            self._ledger.refusals.append(self._as_refusal())
        if self._is_money or self._closes:
            self._ledger.keep()
        envelope = self._request.envelope.reply(processing_request=self._asks)
        return envelope.wrap(self._body(envelope))

    @property
    def _asks(self) -> int:
        return self._record.asks if self._record else 0

    @property
    def _is_money(self) -> bool:
        return self._rule is not None and self._rule.is_money

    @property
    def _has_mac(self) -> bool:
        return self._rule is not None and self._rule.has_mac

    @property
    def _is_inquiry(self) -> bool:
        return self._rule is not None and self._rule.asks

    @property
    def _closes(self) -> bool:
        return self._rule is not None and self._rule.closes

    @property
    def _stan_key(self) -> StanKey:
        return self._request.get("41"), self._request.batch, self._request.get("11")

    @property
    def _rrn(self) -> str:
        """Last digit of the year, day of the year, hour, and the host's count."""
        return f"{self._now:%y%j%H}"[1:] + f"{self._sequence:06d}"

    # ---- checks ----------------------------------------------------------------------------

    def _refusal(self) -> str | None:
        """Return the code of the first check that fails."""
        checks = [self._check_form, self._check_terminal]
        if self._has_mac and not self._is_inquiry:  # that may be about an earlier batch
            checks += [self._check_batch]
        if self._has_mac:
            checks += [self._check_mac]
        if self._is_money:
            checks += [self._check_copy, self._check_stan]
        if self._closes:
            checks += [self._check_closing_batch]
        return next((code for check in checks if (code := check())), None)

    def _check_form(self) -> str | None:
        if self._request.fault:
            return self._codes.format_error
        if self._rule is None:
            return self._codes.unknown_processing
        if self._request.get("49") not in ("", self._profile.currency):
            return self._codes.format_error
        return None

    def _check_terminal(self) -> str | None:
        if self._record is None:
            return self._codes.unknown_terminal
        if self._record.merchant_id != self._request.get("42"):
            return self._codes.unknown_merchant
        return self._codes.disabled_terminal if self._record.is_disabled else None

    def _check_batch(self) -> str | None:
        is_open = self._record is not None and self._record.batch == self._request.batch
        return None if self._mak and is_open else self._codes.batch

    def _check_closing_batch(self) -> str | None:
        """A settlement has no code to refuse with: its verdict is *error*, over totals of nothing."""
        rule, record = self._rule, self._record
        assert rule is not None
        assert record is not None
        if not stranger_batch(rule.kind, self._request.batch, record):
            return None
        if rule.kind == "settlement":
            self._own["48"] = totals_field(None)
        return self._codes.batch

    def _check_mac(self) -> str | None:
        request = self._request
        self._is_authentic = self._mak is not None and _fits(
            self._mak, request, self._dialect.mac_rule
        )
        is_taken = self._is_authentic or "mac" in self._profile.leaves_out
        return None if is_taken else self._codes.bad_mac

    def _check_copy(self) -> str | None:
        """An authentic message that says what one before it said gets the code that that one got."""
        stored = self._stored.get(self._request.content)
        self.is_repeat = stored is not None
        return stored["39"] if stored else None

    def _check_stan(self) -> str | None:
        if self._rule is None or not self._rule.has_new_stan:
            return None
        is_used = self._ledger.was_used(self._stan_key)
        self._ledger.mark_used(self._stan_key)
        is_refused = is_used and "stan" not in self._profile.leaves_out
        return self._codes.duplicate if is_refused else None

    # ---- what is asked for -----------------------------------------------------------------

    def _act(self) -> str:
        """Do what the request asks for and return its code."""
        rule, record = self._rule, self._record
        assert rule is not None
        assert record is not None
        if rule.asks:
            self._own |= {"37": "", "44": ""}
        if not self._effect.books and self._fault is not None:
            return self._fault.code
        if rule.kind in DECIDE:
            return self._decide(rule.kind)
        if rule.asks:
            code, told = tell(self._case())
            self._own |= told
            return code
        if rule.kind in CLOSING:
            code, self._own["48"] = CLOSING[rule.kind](self._case(), record)
            return code
        if rule.kind == "upload_signature":
            self._own["37"] = self._request.get("37")
            return take_signature(self._case(), self._signatures)
        return self._tend(rule.kind, record)

    def _tend(self, kind: Kind, record: TerminalRecord) -> str:
        """Sign a terminal in or off, or say that the host is there."""
        self._own["60"] = self._dialect.layout.batch_field(kind, self._request.fields, record.batch)
        if kind == "sign_in":
            self._sign_in(record)
        if kind == "sign_off":
            record.keys = None
        return self._codes.management_approved

    def _sign_in(self, record: TerminalRecord) -> None:
        layout = self._dialect.layout.key_block(self._request.network_code, self._profile)
        record.keys, block = issue_keys(layout, record.tmk, self._random_bytes)
        self._own["62"] = block.hex().upper()
        if record.asks == _SIGN_IN_AGAIN:
            record.asks = 0

    def _case(self) -> Case:
        return Case(
            request=self._request,
            profile=self._profile,
            codes=self._codes,
            ledger=self._ledger,
            now=self._now,
            rrn=self._rrn,
            sequence=self._sequence,
            card=self._card,
        )

    def _decide(self, kind: str) -> str:
        decision = DECIDE[kind](self._case())
        if decision.entry is not None:
            self._ledger.book(decision.entry)
            self._own["2"] = "" if decision.entry.voucher else decision.entry.pan.reveal()
            self._own["38"] = decision.entry.auth
            if decision.entry.voucher:
                self._own |= self._dialect.layout.voucher_fields(decision.entry.voucher)
        if kind == "reversal" and decision.code == self._codes.reversal_approved:
            self._ledger.mark_used(self._stan_key)
        return decision.code

    def _as_refusal(self) -> Refusal:
        get = self._request.get
        return Refusal(
            host_time=self._now.isoformat(),
            mti=self._request.mti,
            terminal=get("41"),
            batch=self._request.batch,
            stan=get("11"),
            rrn=self._rrn,
            code=self.code,
            amount_minor=self._request.amount_minor,
            is_authentic=self._is_authentic,
        )

    # ---- the answer ------------------------------------------------------------------------

    def _body(self, envelope: Envelope) -> bytes:
        """Return the answer from its MTI to its end; its MAC may cover its *envelope*, too."""
        fields = self._fields()
        is_decided = self._is_authentic and self._effect.books  # else it is the fault that speaks
        if self._profile.repeat == "stored_answer" and is_decided and self._is_money:
            fields = dict(self._stored.setdefault(self._request.content, fields))
        if self._fault is not None:
            self._effect.fields(fields, self._fault)
        dialect, profile = self._dialect, self._profile
        mac_codes = dialect.mac_codes if profile.mac_codes is None else profile.mac_codes
        has_mac = self._is_inquiry or profile.mac_on_declines or fields.get("39") in mac_codes
        if self._mak is None or not self._has_mac or not has_mac:
            return encode_reply(fields, dialect)
        place = "128" if "90" in fields else "64"
        body = encode_reply({**fields, place: _NO_MAC}, dialect)[: -dialect.mac_line_bytes]
        rule = self._effect.mac_rule or dialect.mac_rule
        tag = mac(self._mak, _head(envelope, rule) + body, rule).ljust(8, b"\0")
        if self._fault is not None:
            tag = self._effect.tag(tag, self._fault)
        return body + dialect.mac_on_line(tag) if tag else encode_reply(fields, dialect)

    def _fields(self) -> dict[str, str]:
        """Return the answer's fields: the host's own, else the request's."""
        values = self._request.fields | self._host_fields() | self._own
        wanted = self._rule.answer if self._rule else self._dialect.generic_answer
        if "39" not in wanted and "48" not in self._own:
            wanted = self._dialect.generic_answer  # an answer without a code cannot refuse
        answer = {n: values[n] for n in wanted if values.get(n)}
        if "last_digit" in self._profile.leaves_out and len(answer.get("2", "")) % 2:
            answer["2"] = f"0{answer['2'][:-1]}"
        return {"t": self._request.reply_mti, **answer}

    def _host_fields(self) -> dict[str, str]:
        profile = self._profile
        day = day_of(self._now, profile.cut_off)
        fields = self._dialect.layout.host_fields(
            Facts(now=self._now, day=day, rrn=self._rrn, code=self.code, profile=profile)
        )
        return fields | ({"2": self._card.reveal()} if self._card else {})


_NO_MAC = "00" * 8
_SIGN_IN_AGAIN = 3


def _fits(mak: Key, request: Request, rule: MACRule) -> bool:
    tag, filler = request.tag[: rule.tag_bytes], request.tag[rule.tag_bytes :]
    if filler.count(0) != len(filler):
        return False
    try:
        verify(mak, _head(request.envelope, rule) + request.mac_input, tag, rule)
    except MACMismatchError:
        return False
    return True


def _head(envelope: Envelope, rule: MACRule) -> bytes:
    """What a MAC by *rule* covers before the MTI."""
    parts = {"mti": b"", "header": envelope.header, "tpdu": envelope.tpdu + envelope.header}
    return parts[rule.covers_from]
