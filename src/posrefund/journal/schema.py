"""The tables of the embedded journal. Floor 5.

``chain`` is the truth: append-only, each row bound to the one before it by a keyed digest. The other
tables are its projection, kept in the same commit, and hold the guards that no code path can skip:
one open attempt per request and per original, one use of a STAN, no original refunded beyond its
amount, one open question per device, and one per request that may have left.

A version that is out is never edited: what changes is a new step at the end of ``VERSIONS``. A step may
not touch ``chain``, for its rows are signed.
"""

from __future__ import annotations

from posrefund.engine import OPEN_STATES

__all__ = [
    "APPROVALS",
    "DEVICE_QUESTIONS",
    "FIND",
    "LOOK_UP",
    "OPEN_NAMES",
    "OUTBOX",
    "RULE_LOOK_UPS",
    "SCHEMA_VERSION",
    "STAFF",
    "VERSIONS",
]

OPEN_NAMES = ", ".join(f"'{state}'" for state in sorted(OPEN_STATES))
"""The open states as they stand in SQL."""

_TABLES = f"""
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;

CREATE TABLE chain (
    seq INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    body TEXT NOT NULL,
    link BLOB NOT NULL CHECK (length(link) = 32)
) STRICT;
CREATE TRIGGER chain_is_append_only_1 BEFORE UPDATE ON chain
    BEGIN SELECT RAISE(ABORT, 'the chain is append-only'); END;
CREATE TRIGGER chain_is_append_only_2 BEFORE DELETE ON chain
    BEGIN SELECT RAISE(ABORT, 'the chain is append-only'); END;

CREATE TABLE requests (request_id TEXT PRIMARY KEY, content TEXT NOT NULL) STRICT;

CREATE TABLE originals (
    original_id TEXT PRIMARY KEY,
    terminal TEXT NOT NULL,
    merchant TEXT NOT NULL,
    batch TEXT NOT NULL,
    stan TEXT NOT NULL,
    rrn TEXT NOT NULL,
    transaction_date TEXT NOT NULL,
    settlement_date TEXT NOT NULL,
    amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
    currency TEXT NOT NULL,
    auth_code TEXT,
    card_fingerprint TEXT NOT NULL,
    organisation TEXT,
    reserved_minor INTEGER NOT NULL DEFAULT 0 CHECK (reserved_minor >= 0),
    accepted_minor INTEGER NOT NULL DEFAULT 0 CHECK (accepted_minor >= 0),
    CONSTRAINT one_id_per_sale UNIQUE (terminal, merchant, batch, stan, transaction_date),
    CONSTRAINT ceiling CHECK (reserved_minor + accepted_minor <= amount_minor)
) STRICT;
CREATE INDEX originals_by_slip ON originals (rrn, transaction_date);

CREATE TABLE attempts (
    request_id TEXT NOT NULL REFERENCES requests,
    number INTEGER NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    hold TEXT NOT NULL,
    terminal TEXT NOT NULL,
    merchant TEXT NOT NULL,
    batch TEXT NOT NULL,
    stan TEXT NOT NULL,
    amount_minor INTEGER NOT NULL,
    currency TEXT NOT NULL,
    fields TEXT NOT NULL,
    key_set_id TEXT NOT NULL,
    created_at TEXT NOT NULL,
    host_day TEXT NOT NULL,
    card_masked TEXT NOT NULL,
    card_fingerprint TEXT NOT NULL,
    original_id TEXT REFERENCES originals,
    copies INTEGER NOT NULL,
    facts TEXT NOT NULL,
    PRIMARY KEY (request_id, number),
    CONSTRAINT stan_used_once UNIQUE (terminal, batch, stan)
) STRICT;
CREATE UNIQUE INDEX one_open_attempt_per_request ON attempts (request_id)
    WHERE state IN ({OPEN_NAMES});
CREATE UNIQUE INDEX one_open_attempt_per_original ON attempts (original_id)
    WHERE original_id IS NOT NULL AND state IN ({OPEN_NAMES});
CREATE INDEX attempts_by_state ON attempts (state);

CREATE TABLE sealed_cards (
    attempt_id TEXT PRIMARY KEY,
    item_key BLOB NOT NULL,
    box BLOB NOT NULL
) STRICT;
"""

_INDEXES = """
CREATE INDEX attempts_by_original ON attempts (original_id);
CREATE INDEX attempts_by_stan ON attempts (stan);
CREATE INDEX chain_by_kind ON chain (kind, seq);
"""
"""A refund looks up all three; without them it reads the whole journal."""

APPROVALS = """
CREATE TABLE approvals (
    request_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    state TEXT NOT NULL,
    terminal TEXT NOT NULL,
    digest TEXT NOT NULL CHECK (length(digest) = 64),
    maker TEXT NOT NULL,
    asked_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
    currency TEXT NOT NULL,
    original_id TEXT NOT NULL REFERENCES originals,
    card_masked TEXT NOT NULL,
    why TEXT NOT NULL,
    checker TEXT,
    attempt INTEGER,
    PRIMARY KEY (request_id, number),
    CONSTRAINT used_by_one_attempt UNIQUE (request_id, attempt),
    CONSTRAINT approval_state
        CHECK (state IN ('AWAITING_APPROVAL', 'CLEARED', 'INTENT', 'CANCELLED', 'EXPIRED')),
    CONSTRAINT maker_is_not_checker
        CHECK (checker IS NULL OR ltrim(lower(checker), '0') <> ltrim(lower(maker), '0')),
    CONSTRAINT somebody_approved
        CHECK (state IN ('AWAITING_APPROVAL', 'CANCELLED', 'EXPIRED') OR checker IS NOT NULL),
    CONSTRAINT used_means_by_an_attempt CHECK ((state = 'INTENT') = (attempt IS NOT NULL))
)%(strict)s;
CREATE UNIQUE INDEX one_open_approval_per_request ON approvals (request_id)
    WHERE state IN ('AWAITING_APPROVAL', 'CLEARED');
CREATE INDEX approvals_by_state ON approvals (terminal, state);

ALTER TABLE originals ADD COLUMN ceiling TEXT NOT NULL DEFAULT 'journal'
    CHECK (ceiling IN ('journal', 'host_only'));
"""
"""Of either database. A second person's yes, and which sales have no ceiling here: decision 0035."""

_APPROVAL_IS_FINAL = """
CREATE TRIGGER approval_is_used_once BEFORE UPDATE ON approvals
    WHEN OLD.state NOT IN ('AWAITING_APPROVAL', 'CLEARED')
      OR OLD.digest <> NEW.digest OR OLD.maker <> NEW.maker
      OR (OLD.checker IS NOT NULL AND NEW.checker IS NOT OLD.checker)
      OR (OLD.state = 'AWAITING_APPROVAL' AND NEW.state = 'INTENT')
    BEGIN SELECT RAISE(ABORT, 'an approval is used once, for what was approved'); END;
"""

DEVICE_QUESTIONS = """
CREATE TABLE device_questions (
    request_id TEXT NOT NULL REFERENCES requests,
    number INTEGER NOT NULL,
    state TEXT NOT NULL,
    terminal TEXT NOT NULL,
    device TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('refund', 'void')),
    amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
    currency TEXT NOT NULL,
    reference TEXT NOT NULL,
    asked_at TEXT NOT NULL,
    facts TEXT NOT NULL,
    PRIMARY KEY (request_id, number),
    CONSTRAINT device_question_state CHECK
        (state IN ('OPEN', 'APPROVED', 'DECLINED', 'NOT_SENT', 'BOOKED', 'NOT_BOOKED'))
)%(strict)s;
CREATE UNIQUE INDEX one_open_question_per_device ON device_questions (device)
    WHERE state = 'OPEN';
CREATE UNIQUE INDEX one_question_that_left_per_request ON device_questions (request_id)
    WHERE state <> 'NOT_SENT';
"""
"""Of either database. Money questions to integrated terminals: decision 0043."""

_DEVICE_ANSWER_IS_FINAL = """
CREATE TRIGGER device_answer_is_final BEFORE UPDATE ON device_questions
    WHEN OLD.state <> 'OPEN'
    BEGIN SELECT RAISE(ABORT, 'a device question is answered once'); END;
"""

LOOK_UP = """
ALTER TABLE originals ADD COLUMN card_last4 TEXT NOT NULL DEFAULT '';
ALTER TABLE originals ADD COLUMN order_ref TEXT NOT NULL DEFAULT '';
"""
"""Of either database. What a person finds a sale by, besides its reference."""

OUTBOX = """
CREATE TABLE outbox (
    request_id TEXT NOT NULL REFERENCES requests,
    sequence INTEGER NOT NULL CHECK (sequence > 0),
    kind TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    terminal TEXT NOT NULL,
    at TEXT NOT NULL,
    next_try TEXT,
    PRIMARY KEY (request_id, sequence)
)%(keyed)s;
CREATE INDEX outbox_waiting ON outbox (next_try) WHERE next_try IS NOT NULL;

CREATE TABLE deliveries (
    request_id TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    channel TEXT NOT NULL,
    state TEXT NOT NULL,
    tries INTEGER NOT NULL CHECK (tries >= 0),
    last_try TEXT NOT NULL,
    next_try TEXT,
    error TEXT NOT NULL,
    PRIMARY KEY (request_id, sequence, channel),
    FOREIGN KEY (request_id, sequence) REFERENCES outbox,
    CONSTRAINT delivery_state CHECK (state IN ('WAITING', 'DELIVERED', 'SKIPPED', 'STUCK')),
    CONSTRAINT waiting_has_its_time CHECK ((state = 'WAITING') = (next_try IS NOT NULL))
)%(keyed)s;
CREATE INDEX deliveries_stuck ON deliveries (request_id, sequence, channel)
    WHERE state = 'STUCK';

CREATE TABLE contacts (
    request_id TEXT PRIMARY KEY REFERENCES requests,
    terminal TEXT NOT NULL,
    at TEXT NOT NULL,
    item_key BLOB NOT NULL,
    box BLOB NOT NULL
)%(strict)s;
"""
"""Of either database. What is to be told, how far that is, and to whom: decision 0054."""
STAFF = """
CREATE TABLE staff (
    terminal TEXT NOT NULL,
    number TEXT NOT NULL CHECK (length(number) BETWEEN 1 AND 3),
    name TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role <> ''),
    is_active INTEGER NOT NULL CHECK (is_active IN (0, 1)),
    must_change_pin INTEGER NOT NULL CHECK (must_change_pin IN (0, 1)),
    failures INTEGER NOT NULL CHECK (failures >= 0),
    lockouts INTEGER NOT NULL CHECK (lockouts >= 0),
    locked_until TEXT NOT NULL,
    revision INTEGER NOT NULL CHECK (revision > 0),
    pin TEXT NOT NULL CHECK (pin <> ''),
    PRIMARY KEY (terminal, number)
)%(strict)s;
CREATE UNIQUE INDEX one_person_per_number ON staff (terminal, ltrim(lower(number), '0'));

CREATE TABLE delegations (
    terminal TEXT NOT NULL,
    number INTEGER NOT NULL CHECK (number > 0),
    giver TEXT NOT NULL,
    taker TEXT NOT NULL,
    manager TEXT NOT NULL,
    since TEXT NOT NULL,
    until TEXT NOT NULL,
    ended_by TEXT NOT NULL,
    PRIMARY KEY (terminal, number),
    CONSTRAINT nobody_lends_to_himself
        CHECK (ltrim(lower(giver), '0') <> ltrim(lower(taker), '0')),
    CONSTRAINT nobody_records_his_own_right
        CHECK (ltrim(lower(manager), '0') <> ltrim(lower(taker), '0')),
    CONSTRAINT delegation_ends CHECK (since < until)
)%(strict)s;

ALTER TABLE approvals ADD COLUMN in_role_of TEXT
    CONSTRAINT never_in_the_makers_role
    CHECK (in_role_of IS NULL OR ltrim(lower(in_role_of), '0') <> ltrim(lower(maker), '0'));
"""
"""Of either database. Who works at a terminal, and who lends whom the right to approve: decision 0051."""

_STAFF_STAYS = """
CREATE TRIGGER nobody_is_deleted BEFORE DELETE ON staff
    BEGIN SELECT RAISE(ABORT, 'an operator is deactivated, never deleted'); END;
CREATE TRIGGER delegation_is_final BEFORE UPDATE ON delegations
    WHEN OLD.ended_by <> '' OR OLD.giver <> NEW.giver OR OLD.taker <> NEW.taker
      OR OLD.manager <> NEW.manager OR OLD.since <> NEW.since OR OLD.until <> NEW.until
    BEGIN SELECT RAISE(ABORT, 'a delegation is ended, never changed'); END;
CREATE TRIGGER role_of_a_yes_is_final BEFORE UPDATE ON approvals
    WHEN OLD.checker IS NOT NULL AND NEW.in_role_of IS NOT OLD.in_role_of
    BEGIN SELECT RAISE(ABORT, 'an approval is used once, for what was approved'); END;
"""
RULE_LOOK_UPS = """
CREATE INDEX refunds_by_day ON attempts (merchant, host_day) WHERE kind <> 'sale';
CREATE INDEX chain_holds ON chain (subject) WHERE kind IN ('hold_set', 'hold_lifted');
"""
"""Of either database. What a shop's rules ask before a refund: an operator's day, and whether the sale is held."""
FIND = """
ALTER TABLE originals ADD COLUMN made_at TEXT NOT NULL DEFAULT '';
CREATE INDEX originals_by_order
    ON originals (merchant, order_ref, transaction_date, original_id) WHERE order_ref <> '';
CREATE INDEX originals_by_auth ON originals
    (merchant, auth_code, card_last4, amount_minor, transaction_date, original_id);
CREATE INDEX originals_by_card ON originals (merchant, card_fingerprint, amount_minor, made_at)
    WHERE made_at <> '';
CREATE INDEX originals_by_day ON originals (merchant, transaction_date);

CREATE TABLE proposals (
    proposal_id TEXT PRIMARY KEY,
    terminal TEXT NOT NULL,
    rule TEXT NOT NULL CHECK (rule IN ('duplicate_sale', 'cancelled_order')),
    original_id TEXT NOT NULL REFERENCES originals,
    amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
    currency TEXT NOT NULL,
    because TEXT NOT NULL,
    proposed_at TEXT NOT NULL,
    dismissed_at TEXT,
    dismissed_by TEXT,
    dismissed_why TEXT,
    dismissed_terminal TEXT,
    CONSTRAINT one_proposal_of_a_rule UNIQUE (rule, original_id),
    CONSTRAINT somebody_dismissed CHECK ((dismissed_at IS NULL) = (dismissed_by IS NULL)
        AND (dismissed_by IS NULL) = (dismissed_why IS NULL)
        AND (dismissed_why IS NULL) = (dismissed_terminal IS NULL))
)%(strict)s;
CREATE INDEX proposals_by_terminal ON proposals (terminal);
CREATE INDEX proposals_dismissed ON proposals (dismissed_terminal)
    WHERE dismissed_terminal IS NOT NULL;
"""
"""Of either database. Each way to a sale has an index, and what a rule proposed is there once: decision 0052."""

_DISMISSAL_IS_FINAL = """
CREATE TRIGGER dismissal_is_final BEFORE UPDATE ON proposals
    WHEN OLD.dismissed_at IS NOT NULL OR OLD.rule <> NEW.rule OR OLD.original_id <> NEW.original_id
      OR OLD.amount_minor <> NEW.amount_minor
    BEGIN SELECT RAISE(ABORT, 'a proposal is dismissed once, and never changed'); END;
"""

PAID_BY_CODE = """
ALTER TABLE originals ADD COLUMN wallet TEXT NOT NULL DEFAULT '';
ALTER TABLE originals ADD COLUMN voucher TEXT NOT NULL DEFAULT '';
CREATE UNIQUE INDEX one_sale_per_voucher ON originals (merchant, voucher) WHERE voucher <> '';
"""
"""Of either database. How a feed says that a code paid; of a sale that was made here its attempt says it: decision 0064."""

VERSIONS = (
    _TABLES,
    _INDEXES,
    APPROVALS % {"strict": " STRICT"} + _APPROVAL_IS_FINAL,
    DEVICE_QUESTIONS % {"strict": " STRICT"} + _DEVICE_ANSWER_IS_FINAL,
    LOOK_UP,
    OUTBOX % {"strict": " STRICT", "keyed": " STRICT, WITHOUT ROWID"},
    STAFF % {"strict": " STRICT"} + _STAFF_STAYS,
    RULE_LOOK_UPS,
    FIND % {"strict": " STRICT"} + _DISMISSAL_IS_FINAL,
    PAID_BY_CODE,
)
"""The first makes version 1 of nothing, each one after it the next version of the one before."""

SCHEMA_VERSION = str(len(VERSIONS))
